//! The judgement on a request: by the keyring, at a time, under the demands of whoever asks.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use countersign::crypto::HmacSha1;
use countersign::{
    AccessKeySecret, Algorithm, Body, BodyCheck, Claim, Key, Malformed, Place, Proven, ReadError, Readings,
    Refusal, Request, Scheme, Timestamp, Unsigned,
};
use countersign::{covers, fresh, mismatch, schemes, stands_until, verify};
use rand_core::CryptoRng;

use crate::change::Revision;
use crate::keyring::{AccessKeyInForce, Keyring, Snapshot, Standing};
use crate::replay::{DEFAULT_CAPACITY, Replays};

/// How far a signer's clock may differ from this one unless the operator says otherwise, before and after.
pub const DEFAULT_CLOCK_SKEW: Duration = Duration::from_secs(15 * 60);

/// What an endpoint asks of the requests that it lets through.
#[derive(Clone, Debug)]
pub struct Demands {
    /// The path of the endpoint, such as `/api`, which some schemes leave out of what they sign.
    pub base: String,
    /// Whether clients speak TLS with this server, as far as it knows.
    pub secure: bool,
    /// The domains whose subdomains are buckets (OSS).
    pub bucket_domains: Vec<String>,
    /// How far the signer's clock may differ, before and after.
    pub clock_skew: Duration,
    /// The schemes that are taken, by name. None: all.
    pub schemes: Option<Vec<String>>,
    /// Readings to accept by name besides those that change no name and no value.
    pub readings: Vec<String>,
    /// Whether signatures of ODPS by derived keys (version 4) are taken.
    pub derived_keys: bool,
    /// Whether signatures by RSA with SHA-1 are taken.
    pub rsa_sha1: bool,
    /// What need not be signed, where it is the signer who chooses what to sign.
    pub unsigned: Unsigned,
    /// Header fields that must be signed where the request has them, in lower case, whatever the scheme.
    pub signed_headers: Vec<String>,
    /// Whether to refuse the second of two requests with the same signature where the method is not one that may be
    /// repeated (RFC 9110, section 9.2.2). What has a nonce, or is never signed twice, is used up in any case.
    pub refuse_repeats: bool,
    /// Whether to take requests that the signature does not tell from others: repeated names, encoded separators.
    pub ambiguous: bool,
    /// Whether an unknown AccessKey is answered as a wrong signature is.
    pub hide_unknown_keys: bool,
}

impl Demands {
    /// What is asked by default of requests to an endpoint with this path.
    pub fn at(base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            secure: false,
            bucket_domains: Vec::new(),
            clock_skew: DEFAULT_CLOCK_SKEW,
            schemes: None,
            readings: Vec::new(),
            derived_keys: true,
            rsa_sha1: false,
            unsigned: Unsigned::default(),
            signed_headers: Vec::new(),
            refuse_repeats: false,
            ambiguous: false,
            hide_unknown_keys: false,
        }
    }

    fn place(&self) -> Place<'_> {
        Place { base: &self.base, secure: self.secure, bucket_domains: &self.bucket_domains }
    }

    fn take_scheme(&self, scheme: &dyn Scheme) -> Result<(), Refusal> {
        match &self.schemes {
            Some(taken) if !taken.iter().any(|name| name == scheme.name()) => {
                Err(Refusal::SchemeNotAllowed(scheme.name()))
            }
            _ => Ok(()),
        }
    }

    /// What can be told of a claim without any key and without the time.
    fn take(&self, scheme: &dyn Scheme, claim: &Claim<'_>) -> Result<(), Refusal> {
        self.take_scheme(scheme)?;
        if claim.algorithm == Algorithm::RsaSha1 && !self.rsa_sha1 {
            return Err(Refusal::AlgorithmNotAllowed(claim.algorithm));
        }
        if let Some(name) = claim.unjudged.first() {
            return Err(Refusal::Unsupported(name));
        }
        if claim.scope.is_some() && !self.derived_keys && scheme.name() == schemes::ODPS.name() {
            return Err(Refusal::DerivedKeysOff);
        }
        Ok(())
    }

    /// Whether all is signed that must be.
    fn cover(&self, request: &Request<'_>, claim: &Claim<'_>) -> Result<(), Refusal> {
        covers(request, claim, self.unsigned)?;
        let covered = &claim.covered;
        let is_signed = |name: &str| covered.headers.iter().any(|field| field.name == name);
        match self
            .signed_headers
            .iter()
            .find(|name| request.headers().contains_key(*name) && !is_signed(name))
        {
            Some(name) => Err(Malformed::NotSigned(name.clone()).into()),
            None => Ok(()),
        }
    }
}

/// When a request is judged, and by which demands.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c> {
    pub now: Timestamp,
    pub demands: &'c Demands,
    /// The address that it came from. None where there is none, as over a unix socket: an AccessKey with source networks
    /// is then refused.
    pub peer: Option<IpAddr>,
}

/// What became of a request.
#[derive(Debug)]
pub enum Verdict<'a, 'r> {
    Verified(Verified<'a, 'r>),
    /// The body is a part of what is signed, and has not been read: read it and ask again. Nothing is proven yet.
    NeedsBody,
    /// All is well as far as the head tells. The body is still to be compared with what was signed.
    Pending(Pending<'a, 'r>),
    Refused(Refused),
}

/// A proven claim by an AccessKey in good standing.
#[derive(Debug)]
pub struct Verified<'a, 'r> {
    pub proven: Proven<'a, 'r>,
    pub access_key: Arc<AccessKeyInForce>,
    /// The revision of the keyring by which it was judged.
    pub revision: Revision,
}

/// A refusal, and by which scheme the request was read. The scheme knows in which dialect to say it.
#[derive(Debug)]
pub struct Refused {
    pub refusal: Refusal,
    pub scheme: Option<&'static dyn Scheme>,
}

/// A proven claim whose body is being read: it is compared as it comes, and nothing of it is held.
#[derive(Debug)]
#[must_use = "nothing is verified before `Verifier::finish` says so"]
pub struct Pending<'a, 'r> {
    verified: Verified<'a, 'r>,
    scheme: &'static dyn Scheme,
    check: BodyCheck,
    /// Until when what it uses up is to be remembered, if it may be sent once.
    used_until: Option<Timestamp>,
}

impl Pending<'_, '_> {
    /// Takes the next piece of the body.
    ///
    /// # Errors
    ///
    /// [`Refusal::BodyMismatch`], as soon as it is certain.
    pub fn update(&mut self, piece: &[u8]) -> Result<(), Refused> {
        if self.check.update(piece) {
            return Ok(());
        }
        Err(Refused { refusal: Refusal::BodyMismatch, scheme: Some(self.scheme) })
    }
}

/// A body that is compared with what was signed on its way to somebody else.
#[derive(Debug)]
#[must_use = "the body is not the one that was signed before `Streaming::finish` says so"]
pub struct Streaming {
    scheme: &'static dyn Scheme,
    check: BodyCheck,
}

impl Streaming {
    /// Takes the next piece of the body.
    ///
    /// # Errors
    ///
    /// [`Refusal::BodyMismatch`], as soon as it is certain.
    pub fn update(&mut self, piece: &[u8]) -> Result<(), Refused> {
        if self.check.update(piece) { Ok(()) } else { Err(self.mismatch()) }
    }

    /// Ends the comparison: all of the body was taken.
    ///
    /// # Errors
    ///
    /// [`Refusal::BodyMismatch`].
    pub fn finish(self) -> Result<(), Refused> {
        let mismatch = self.mismatch();
        if self.check.finish() { Ok(()) } else { Err(mismatch) }
    }

    fn mismatch(&self) -> Refused {
        Refused { refusal: Refusal::BodyMismatch, scheme: Some(self.scheme) }
    }
}

/// Judges requests by a keyring. It does no I/O and waits for nothing.
#[derive(Debug)]
pub struct Verifier {
    keyring: Arc<Keyring>,
    replays: Replays,
    placeholder: Placeholder,
    /// The latest time at which a proven request was judged, in milliseconds. A clock that is set back does not go
    /// back behind it: see [`Verifier::not_before`].
    latest: AtomicI64,
}

/// The key that stands in for one that is not there, so that an unknown id costs what a wrong secret does. Its secret
/// is made anew with each verifier: nobody can sign with it.
#[derive(Debug)]
struct Placeholder {
    secret: AccessKeySecret,
    hmac_sha1: HmacSha1,
}

impl Verifier {
    /// A verifier that judges by the latest snapshot of a keyring, and remembers as much as is usual.
    pub fn new(keyring: Arc<Keyring>, random: &mut impl CryptoRng) -> Self {
        let replays = Replays::new(DEFAULT_CAPACITY, random);
        Self::with_replays(keyring, replays, random)
    }

    /// A verifier with this memory of what has been used.
    pub fn with_replays(keyring: Arc<Keyring>, replays: Replays, random: &mut impl CryptoRng) -> Self {
        let secret = AccessKeySecret::generate(random);
        let hmac_sha1 = HmacSha1::new(secret.expose().as_bytes());
        let placeholder = Placeholder { secret, hmac_sha1 };
        Self { keyring, replays, placeholder, latest: AtomicI64::new(i64::MIN) }
    }

    /// What it remembers as used.
    pub fn replays(&self) -> &Replays {
        &self.replays
    }

    /// The time by which to judge what has ended: now, or the latest time at which a proven request was judged, if the
    /// clock was set back since. What had expired stays so, and a signature that was too old is not new again.
    ///
    /// Only a proven and fresh request moves it. A clock that was wrong for a while, during which honest clients were
    /// refused, holds nobody up once it is right again.
    pub fn not_before(&self, now: Timestamp) -> Timestamp {
        now.max(Timestamp::from_unix_millis(self.latest.load(Ordering::Relaxed)))
    }

    /// The keyring that it judges by.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Judges a request.
    ///
    /// The order is a decision. What costs nothing and needs no secret comes first; what tells about a key is told only
    /// to one who has proven to hold its secret.
    pub fn verify<'a, 'r>(&self, request: &'a Request<'r>, context: &Context<'_>) -> Verdict<'a, 'r> {
        let demands = context.demands;
        let (scheme, claim) = match schemes::read(request) {
            Some((scheme, Ok(claim))) => (scheme, claim),
            // What is not taken anyway is not worth reading.
            Some((scheme, Err(ReadError::NeedsBody))) => match demands.take_scheme(scheme) {
                Ok(()) => return Verdict::NeedsBody,
                Err(refusal) => return refused(scheme, refusal),
            },
            Some((scheme, Err(ReadError::Malformed(malformed)))) => {
                return refused(scheme, malformed.into());
            }
            None => return Verdict::Refused(Refused { refusal: Refusal::Unsigned, scheme: None }),
        };
        let now = match self.admit(scheme, claim, context) {
            Ok(now) => now,
            Err(refusal) => return refused(scheme, refusal),
        };

        // One snapshot for the whole request.
        let snapshot = self.keyring.snapshot();
        let access_key = find(&snapshot, &claim.access_key_id);
        // An unknown id does the same work, so that time does not tell it from a wrong secret.
        let key = access_key.map_or_else(|| self.placeholder.key(), |access_key| access_key.key());
        let readings = Readings::Preserving { and: &demands.readings };
        let place = demands.place();
        let proven = verify(scheme, place, request, claim, key, readings);
        let Some(access_key) = access_key else {
            return refused(
                scheme,
                match demands.hide_unknown_keys {
                    true => as_mismatch(proven, place, request),
                    false => Refusal::UnknownAccessKey(claim.access_key_id.to_string()),
                },
            );
        };
        let proven = match proven {
            Ok(proven) => proven,
            Err(refusal) => return refused(scheme, refusal),
        };
        self.remember(context.now);

        if let Err(refusal) = standing(&snapshot, access_key, now, context.peer) {
            return refused(scheme, refusal);
        }
        if !demands.ambiguous
            && let Some(ambiguity) = scheme.ambiguity(place, request, proven.claim())
        {
            return refused(scheme, Refusal::Ambiguous(ambiguity));
        }
        if let Err(refusal) = demands.cover(request, proven.claim()) {
            return refused(scheme, refusal);
        }
        let used_until = used_until(request, proven.claim(), demands);
        let access_key = Arc::clone(access_key);
        let revision = snapshot.revision();
        // The body comes after all that needs no more than the head: what a stranger sends is not worth reading.
        let payload = &proven.claim().payload;
        match request.body() {
            Body::Unread if payload.is_compared() => {
                let check = proven.body_check();
                let verified = Verified { proven, access_key, revision };
                return Verdict::Pending(Pending { verified, scheme, check, used_until });
            }
            Body::Whole(body) if !proven.body_matches(body) => return refused(scheme, Refusal::BodyMismatch),
            Body::Unread | Body::Whole(_) => {}
        }
        let verified = Verified { proven, access_key, revision };
        match self.use_up(&verified, used_until, context.now) {
            Ok(()) => Verdict::Verified(verified),
            Err(refusal) => refused(scheme, refusal),
        }
    }

    /// Ends a judgement whose body has been read to its end.
    ///
    /// # Errors
    ///
    /// [`Refused`], where the body is not the one that was signed, or the request has been used up meanwhile.
    pub fn finish<'a, 'r>(
        &self,
        pending: Pending<'a, 'r>,
        now: Timestamp,
    ) -> Result<Verified<'a, 'r>, Refused> {
        let Pending { verified, scheme, check, used_until } = pending;
        let refused = |refusal| Refused { refusal, scheme: Some(scheme) };
        if !check.finish() {
            return Err(refused(Refusal::BodyMismatch));
        }
        self.use_up(&verified, used_until, now).map_err(refused)?;
        Ok(verified)
    }

    /// Lets a request through whose body is still on its way, for whoever hands both on: the head is all that is
    /// verified, and [`Streaming`] compares the body as it passes.
    ///
    /// Whoever is handed the head may act on it before the body has come, so what the request uses up is used up now.
    ///
    /// # Errors
    ///
    /// [`Refused`], where the request has been used up already.
    pub fn stream<'a, 'r>(
        &self,
        pending: Pending<'a, 'r>,
        now: Timestamp,
    ) -> Result<(Verified<'a, 'r>, Streaming), Refused> {
        let Pending { verified, scheme, check, used_until } = pending;
        let refused = |refusal| Refused { refusal, scheme: Some(scheme) };
        self.use_up(&verified, used_until, now).map_err(refused)?;
        Ok((verified, Streaming { scheme, check }))
    }

    /// The last step: a request that is refused for anything else uses up nothing, so a stranger cannot spend what is
    /// another's.
    fn use_up(
        &self,
        verified: &Verified<'_, '_>,
        used_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(until) = used_until else { return Ok(()) };
        let claim = verified.proven.claim();
        let used = claim.nonce.as_ref().map_or(&*claim.signature, |nonce| nonce.as_bytes());
        self.replays.use_up(&claim.access_key_id, used, claim.signed_at, until, self.not_before(now))
    }

    /// The AccessKey of this id if a request by it could be let through now. For whatever acts in the name of a key
    /// without a signature of its own, such as a token that the key was used to obtain.
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownAccessKey`], or what is wrong with the key's standing.
    pub fn in_good_standing(
        &self,
        id: &str,
        now: Timestamp,
        peer: Option<IpAddr>,
    ) -> Result<Arc<AccessKeyInForce>, Refusal> {
        let snapshot = self.keyring.snapshot();
        let access_key = find(&snapshot, id).ok_or_else(|| Refusal::UnknownAccessKey(id.to_owned()))?;
        standing(&snapshot, access_key, self.not_before(now), peer)?;
        Ok(Arc::clone(access_key))
    }

    /// Notes that a proven request was judged at this time; to the second is enough, and leaves the memory that all
    /// threads share alone most of the time.
    fn remember(&self, now: Timestamp) {
        let (now, latest) = (now.unix_millis(), self.latest.load(Ordering::Relaxed));
        if now > latest.saturating_add(999) {
            self.latest.fetch_max(now, Ordering::Relaxed);
        }
    }

    /// What can be told of a claim without any key. Returns the time by which to judge what has ended.
    fn admit(
        &self,
        scheme: &dyn Scheme,
        claim: &Claim<'_>,
        context: &Context<'_>,
    ) -> Result<Timestamp, Refusal> {
        let demands = context.demands;
        demands.take(scheme, claim)?;
        fresh(claim, context.now, demands.clock_skew)?;
        let now = self.not_before(context.now);
        if claim.signed_at < now {
            fresh(claim, now, demands.clock_skew)?;
        }
        Ok(now)
    }
}

/// Until when what a request uses up, its nonce or else its signature, is to be remembered, if it may be sent once.
fn used_until(request: &Request<'_>, claim: &Claim<'_>, demands: &Demands) -> Option<Timestamp> {
    let may_repeat = || matches!(request.method(), "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE");
    let once = claim.nonce.is_some() || (demands.refuse_repeats && !may_repeat());
    once.then(|| stands_until(claim, demands.clock_skew))
}

fn refused<'a, 'r>(scheme: &'static dyn Scheme, refusal: Refusal) -> Verdict<'a, 'r> {
    Verdict::Refused(Refused { refusal, scheme: Some(scheme) })
}

/// What a wrong secret is answered, for a key that is not there.
fn as_mismatch(proven: Result<Proven<'_, '_>, Refusal>, place: Place<'_>, request: &Request<'_>) -> Refusal {
    match proven {
        Err(mismatch) => mismatch,
        // Nobody knows the placeholder's secret; if somebody did, it would open nothing.
        Ok(proven) => mismatch(proven.scheme(), place, request, proven.claim()),
    }
}

impl Placeholder {
    fn key(&self) -> Key<'_> {
        Key::secret(self.secret.expose().as_bytes(), &self.hmac_sha1)
    }
}

/// The key of this id. One in the recycle bin is as good as gone.
fn find<'s>(snapshot: &'s Snapshot, id: &str) -> Option<&'s Arc<AccessKeyInForce>> {
    snapshot.get(id).filter(|access_key| access_key.standing != Standing::Deleted)
}

fn standing(
    snapshot: &Snapshot,
    access_key: &AccessKeyInForce,
    now: Timestamp,
    peer: Option<IpAddr>,
) -> Result<(), Refusal> {
    if access_key.standing != Standing::Enabled {
        return Err(Refusal::DisabledAccessKey);
    }
    if let Some(expires) = access_key.expires().filter(|expires| *expires <= now) {
        return Err(Refusal::ExpiredAccessKey(expires));
    }
    if snapshot.is_suspended(&access_key.account) {
        return Err(Refusal::SuspendedAccount);
    }
    if snapshot.networks(access_key).is_some_and(|networks| !networks.allow(peer)) {
        return Err(Refusal::SourceNotAllowed(peer));
    }
    Ok(())
}
