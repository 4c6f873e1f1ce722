//! Testing a claim with a key: what all schemes have in common.

use std::time::Duration;

use crate::claim::{BodyCheck, Claim, Lifetime, Payload};
use crate::crypto::equal;
use crate::key::{Algorithm, KeptKeys, Key, SigningKey, SigningKeys};
use crate::refusal::Refusal;
use crate::request::{Body, Request};
use crate::scheme::{Place, Reading, Scheme, StringToSign};
use crate::time::Timestamp;

/// A claim that its signature bears out. Only [`verify`] makes one, from a comparison in constant time.
#[derive(Debug)]
pub struct Proven<'a, 'r> {
    claim: &'a Claim<'r>,
    scheme: &'static dyn Scheme,
    reading: Reading,
    /// What has proven the signature, where signatures of the body go on from it.
    key: Option<Box<SigningKey>>,
}

impl<'a, 'r> Proven<'a, 'r> {
    /// What the request says of itself, now believed as far as [`Claim::covered`] goes.
    pub fn claim(&self) -> &'a Claim<'r> {
        self.claim
    }

    /// The scheme that it was signed by.
    pub fn scheme(&self) -> &'static dyn Scheme {
        self.scheme
    }

    /// The reading under which the signature matched.
    pub fn reading(&self) -> Reading {
        self.reading
    }

    /// Begins to compare the body with what was signed, piece by piece.
    pub fn body_check(&self) -> BodyCheck {
        self.claim.payload.check(self.key.as_deref())
    }

    /// Whether a body is the one that was signed, or nothing was said of it.
    pub fn body_matches(&self, body: &[u8]) -> bool {
        match &self.claim.payload {
            Payload::Uncovered | Payload::Form => true,
            Payload::Digest(hash, digest) => hash.digest(body) == *digest,
            Payload::Chunks(_) | Payload::Unreadable => {
                let mut check = self.body_check();
                check.update(body) && check.finish()
            }
        }
    }
}

/// Which readings to accept besides the strict one.
#[derive(Clone, Copy, Debug)]
pub enum Readings<'a> {
    /// Those that leave every name and value as it is, and those named here. Where a reading names the client that needs
    /// it, from that client alone.
    Preserving { and: &'a [String] },
    /// All: for explaining a signature, never for letting a request through.
    Every,
}

impl Readings<'_> {
    /// Whether a claim may be proven under a reading.
    pub fn accept(self, reading: Reading, claim: &Claim<'_>) -> bool {
        let Self::Preserving { and } = self else { return true };
        let from_its_client = || {
            let Some(client) = reading.client else { return true };
            claim.user_agent.is_some_and(|user_agent| user_agent.starts_with(client.as_bytes()))
        };
        reading.is_strict()
            || (reading.preserves && from_its_client())
            || and.iter().any(|name| name == reading.name)
    }
}

/// Tests the signature of a claim with a key, under the strict reading first and then under each alternative that
/// applies, until one matches.
///
/// A request signed under a reading that is not accepted is refused with its name: only a holder of the secret learns
/// it. The work does not depend on whether the key is the right one, so a caller that has none uses a placeholder.
///
/// # Errors
///
/// [`Refusal::SignatureMismatch`] with the strict string to sign, or [`Refusal::ReadingNotAccepted`].
#[inline]
pub fn verify<'a, 'r>(
    scheme: &'static dyn Scheme,
    place: Place<'_>,
    request: &Request<'r>,
    claim: &'a Claim<'r>,
    key: Key<'_>,
    accepted: Readings<'_>,
) -> Result<Proven<'a, 'r>, Refusal> {
    let (reading, key) = matching(scheme, place, request, claim, key, accepted)?;
    Ok(Proven { claim, scheme, reading, key })
}

/// The reading under which the signature matches, and the key, where the body is yet to be tested with it.
fn matching(
    scheme: &'static dyn Scheme,
    place: Place<'_>,
    request: &Request<'_>,
    claim: &Claim<'_>,
    key: Key<'_>,
    accepted: Readings<'_>,
) -> Result<(Reading, Option<Box<SigningKey>>), Refusal> {
    // What is ready: the secret as it is, or what was made of it before.
    let (as_it_is, kept) = match key {
        Key::Secret(secret) if scheme.keeps_keys(claim) => (None, secret.made),
        Key::Secret(secret) if claim.algorithm == Algorithm::HMAC_SHA1 => (Some(secret.hmac_sha1), None),
        _ => (None, None),
    };
    let found = kept.and_then(|made| made.get(scheme.name(), claim.algorithm, claim.scope.as_ref()));
    let is_ready = as_it_is.is_some() || found.is_some();
    let made = if is_ready { SigningKeys::new() } else { scheme.keys(key, claim) };
    let keys = found.as_ref().map_or(made.as_slice(), KeptKeys::keys);
    let mut text = StringToSign::new();
    for reading in scheme.readings() {
        text.clear();
        if !scheme.write(*reading, place, request, claim, &mut text) {
            continue;
        }
        let proving = match as_it_is {
            Some(hmac_sha1) => equal(&hmac_sha1.mac(text.as_bytes()), &claim.signature).then_some(None),
            None => keys.iter().find(|key| key.proves(text.as_bytes(), &claim.signature)).map(Some),
        };
        if let Some(proving) = proving {
            let signs_body = matches!(claim.payload, Payload::Chunks(_));
            let of_the_body = proving.filter(|_| signs_body).map(|key| Box::new(key.clone()));
            if let (Some(kept), None) = (kept, &found) {
                kept.keep(scheme.name(), claim.algorithm, claim.scope.as_ref(), made);
            }
            if !accepted.accept(*reading, claim) {
                return Err(Refusal::ReadingNotAccepted(reading.name));
            }
            return Ok((*reading, of_the_body));
        }
    }
    if found.is_some() {
        // A key that was kept saved the work of making it, and nobody is to tell that by the time that a refusal takes.
        std::hint::black_box(scheme.keys(key, claim));
    }
    Err(mismatch(scheme, place, request, claim))
}

/// The refusal of a signature that no reading explains.
pub fn mismatch(scheme: &dyn Scheme, place: Place<'_>, request: &Request<'_>, claim: &Claim<'_>) -> Refusal {
    let text = written(scheme, place, request, claim);
    let canonical_request = String::from_utf8_lossy(text.canonical_request()).into_owned();
    let canonical_request = Some(canonical_request).filter(|text| !text.is_empty());
    Refusal::SignatureMismatch { string_to_sign: text.to_text(), canonical_request }
}

/// The string to sign under the strict reading, as text; empty where the request is not under the place's base path.
pub fn string_to_sign(
    scheme: &dyn Scheme,
    place: Place<'_>,
    request: &Request<'_>,
    claim: &Claim<'_>,
) -> String {
    written(scheme, place, request, claim).to_text()
}

fn written(scheme: &dyn Scheme, place: Place<'_>, request: &Request<'_>, claim: &Claim<'_>) -> StringToSign {
    let mut text = StringToSign::new();
    let strict = scheme.readings().iter().find(|reading| reading.is_strict());
    if !strict.is_some_and(|strict| scheme.write(*strict, place, request, claim, &mut text)) {
        text.clear();
    }
    text
}

/// The longest that a presigned URL may stand: seven days, as S3 and OSS have it.
pub const LONGEST_PRESIGNED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Whether a claim stands at `now`: signed within `window` before or after, or presigned and not yet at its end.
///
/// All is taken in whole seconds, which is as finely as most schemes tell the time: 900 seconds apart is within 900
/// seconds, whatever the fraction of a second at which the request arrives.
///
/// # Errors
///
/// [`Refusal::Stale`], with both times and the window; [`Refusal::Expired`] where the signer has set an end.
pub fn fresh(claim: &Claim<'_>, now: Timestamp, window: Duration) -> Result<(), Refusal> {
    let signed_at = claim.signed_at;
    let stale = Refusal::Stale { signed_at, now, window };
    let ahead = signed_at.unix_seconds().saturating_sub(now.unix_seconds());
    let within = |seconds: i64, limit: Duration| seconds.unsigned_abs() <= limit.as_secs();
    let ended = |at: Timestamp| Err(Refusal::Expired { at, now });
    match claim.lifetime {
        Lifetime::Window if !within(ahead, window) => Err(stale),
        Lifetime::Window => Ok(()),
        Lifetime::WindowUntil(_) if !within(ahead, window) => Err(stale),
        Lifetime::WindowUntil(at) if now.unix_seconds() >= at.unix_seconds() => ended(at),
        Lifetime::WindowUntil(_) => Ok(()),
        Lifetime::For(_) if ahead > 0 && !within(ahead, window) => Err(stale),
        Lifetime::For(lifetime) if ahead < 0 && !within(ahead, lifetime.min(LONGEST_PRESIGNED)) => {
            ended(signed_at.plus(lifetime))
        }
        Lifetime::For(_) => Ok(()),
        Lifetime::Until(at) if now.unix_seconds() > at.unix_seconds() => ended(at),
        // Whoever signs for longer than that has not said when, or has miscounted.
        Lifetime::Until(at) if at.unix_seconds() > now.plus(LONGEST_PRESIGNED).unix_seconds() => {
            Err(Refusal::Stale { signed_at, now, window: LONGEST_PRESIGNED })
        }
        Lifetime::Until(_) => Ok(()),
    }
}

/// What may go unsigned, where it is the signer who chooses what to sign.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unsigned {
    /// The method, the path and the query.
    pub target: bool,
    /// The time by which the signature is judged: whoever has captured a request could use it at any time.
    pub time: bool,
    /// A body that is there.
    pub body: bool,
}

/// Whether all is signed that must be, but for what may go unsigned. Most schemes leave their signers no choice: what
/// those do not cover, they cannot.
///
/// # Errors
///
/// [`Refusal::NotCovered`].
pub fn covers(request: &Request<'_>, claim: &Claim<'_>, unsigned: Unsigned) -> Result<(), Refusal> {
    let covered = &claim.covered;
    if !covered.by_choice {
        return Ok(());
    }
    let has_body = !matches!(request.body(), Body::Whole(b""));
    let parts = [
        ("the method", covered.method || unsigned.target),
        ("the path", covered.path || unsigned.target),
        ("the query", covered.query || unsigned.target || request.query().is_none()),
        ("the date", covered.time || unsigned.time),
        ("a digest of the body", claim.payload != Payload::Uncovered || unsigned.body || !has_body),
    ];
    match parts.iter().find(|(_, is_fine)| !is_fine) {
        Some((part, _)) => Err(Refusal::NotCovered(part)),
        None => Ok(()),
    }
}

/// Until when at the latest a claim stands, where clocks may differ by `window`.
pub fn stands_until(claim: &Claim<'_>, window: Duration) -> Timestamp {
    match claim.lifetime {
        Lifetime::Window => claim.signed_at.plus(window),
        Lifetime::WindowUntil(at) => at.min(claim.signed_at.plus(window)),
        Lifetime::For(lifetime) => claim.signed_at.plus(lifetime.min(LONGEST_PRESIGNED)),
        Lifetime::Until(at) => at,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::crypto::HmacSha1;
    use crate::crypto::counting::blocks;
    use crate::schemes;

    /// The work of refusing a request that was signed with another key than this.
    fn work(authorization: &str, target: &str, secret: &str) -> usize {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", authorization),
            ("date", "Sat, 21 Nov 2026 23:23:13 GMT"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-odps-user-agent", "JavaSDK"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let request = Request::new("POST", target, &headers, Body::Unread);
        let hmac_sha1 = HmacSha1::new(secret.as_bytes());
        blocks(|| {
            let (scheme, claim) = schemes::read(&request).unwrap();
            let key = Key::secret(secret.as_bytes(), &hmac_sha1);
            let refused = verify(scheme, Place::at("/api"), &request, claim.unwrap(), key, Readings::Every);
            assert!(matches!(refused, Err(Refusal::SignatureMismatch { .. })));
        })
    }

    #[test]
    fn case_42_refusing_costs_the_same_whatever_key_it_is_tested_with() {
        let version_2 = "ODPS CSAK1:AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let version_4 = "ODPS CSAK1/20261121/r/odps/apsara_v4_request:AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let mut seen = Vec::new();
        for authorization in [version_2, version_4] {
            for target in ["/api/t", "/api/a+b?x-odps-c=1&k=1&k=2&v=%2541", "/api//h/a;b?x=%25"] {
                let work = |secret| work(authorization, target, secret);
                let placeholder = "CSSK0123456789012345678901234567890123456789";
                let costs = [work("secret"), work(placeholder), work(""), work(&"long".repeat(40))];
                assert!(costs.iter().all(|cost| *cost == costs[0]), "{target}: {costs:?}");
                seen.push(costs[0]);
            }
        }
        // The alternates are counted too, and so is the second key of a private cloud.
        assert!(seen[1] > 3 * seen[0] && seen[3] > 2 * seen[0], "{seen:?}");
    }

    #[test]
    fn case_42_a_key_that_was_kept_does_not_make_a_refusal_cheaper() {
        let credential = crate::Credential {
            id: crate::AccessKeyId::new("CSAK1").unwrap(),
            secret: crate::AccessKeySecret::new("secret"),
        };
        let mut options = crate::SignOptions::at(Timestamp::from_unix_millis(0));
        options.region = Some("r".to_owned());
        let (mut parts, ()) = http::Request::get("/api/t").body(()).unwrap().into_parts();
        crate::sign(schemes::ODPS, Place::at("/api"), &mut parts, b"", &credential, &options).unwrap();
        let hmac_sha1 = HmacSha1::new(b"secret");
        let (kept, none) = (crate::MadeKeys::default(), crate::MadeKeys::default());
        let work = |target, made: Option<&crate::MadeKeys>, proves| {
            let request = Request::new("GET", target, &parts.headers, Body::Unread);
            let key = Key::Secret(crate::SecretKey { secret: b"secret", hmac_sha1: &hmac_sha1, made });
            blocks(|| {
                let claim = schemes::ODPS.read(&request).unwrap();
                let verdict =
                    verify(schemes::ODPS, Place::at("/api"), &request, &claim, key, Readings::Every);
                assert_eq!(verdict.is_ok(), proves);
            })
        };
        let (first, second) = (work("/api/t", Some(&kept), true), work("/api/t", Some(&kept), true));
        assert!(second < first, "{second} {first}");
        let refused = work("/api/u", None, false);
        assert_eq!(work("/api/u", Some(&kept), false), refused);
        // Nothing is kept that has not proven a signature.
        assert_eq!(work("/api/u", Some(&none), false), refused);
        assert_eq!(work("/api/t", Some(&none), true), first);
    }
}
