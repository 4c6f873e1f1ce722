//! Explaining a signature: what stands in a request, what its signature covers, and why it does not match.
//!
//! ```
//! use countersign::AccessKeySecret;
//! use countersign::explain::{About, Captured, explain};
//!
//! let captured = Captured::from_http(
//!     b"GET /api/tenants HTTP/1.1\n\
//!       Date: Sat, 21 Nov 2026 23:23:13 GMT\n\
//!       Authorization: ODPS CSAKexample:aHOTTME1qi58Wu8o71n33Bd2cM4=\n\n",
//! )?;
//! let secret = AccessKeySecret::new("the secret\n");
//! let explained = explain(&captured, &About { secret: Some(&secret), ..About::default() });
//! assert_eq!(explained.string_to_sign.as_deref(), Some("GET\n\n\nSat, 21 Nov 2026 23:23:13 GMT\n/tenants"));
//! assert_eq!(explained.verified, Some(false));
//! assert_eq!(explained.hypothesis.unwrap().name, "secret with blanks around it");
//! # Ok::<(), countersign::explain::NotARequest>(())
//! ```
//!
//! No explanation holds a secret, a key that was derived from one, or the signature that would have matched. It does
//! hold what the request holds and its string to sign covers.

mod captured;
mod difference;
mod encoding;
mod hypotheses;
mod steps;

use std::time::Duration;

use http::header::HOST;

pub use captured::{Captured, NotARequest, origin_form};
pub use difference::{Difference, Line};
pub use hypotheses::Hypothesis;
pub use steps::Step;

use self::difference::{from_log, lines, parting};
use self::hypotheses::{Held, Trial, Written, of_the_key, of_the_text, prove, written};
use crate::canonical::decode;
use crate::claim::{Claim, Payload, Scope};
use crate::crypto::PublicKey;
use crate::dialects::Dialect;
use crate::key::{AccessKeySecret, Algorithm};
use crate::refusal::Refusal;
use crate::request::{Body, Request};
use crate::scheme::{Place, ReadError, Reading, Scheme};
use crate::schemes;
use crate::time::Timestamp;
use crate::verify::{Proven, Readings, Unsigned, covers, fresh, mismatch};

/// What is known about a request besides what stands in it.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The path of the endpoint. `None`: `/api`, as endpoints have it by default. Most schemes do not ask.
    pub base: Option<&'a str>,
    /// The domains whose subdomains are buckets ([`Place::bucket_domains`]).
    pub bucket_domains: &'a [String],
    /// The secret of the AccessKey. Without it, or a public key, the signature is not judged.
    pub secret: Option<&'a AccessKeySecret>,
    /// The AccessKey itself, where it is the public half of a pair.
    pub public_key: Option<&'a PublicKey>,
    /// What the client says that it signed, as it stands in its log.
    pub client_string: Option<&'a str>,
    /// When the request arrived. `None`: when it was signed.
    pub now: Option<Timestamp>,
    /// How far the signer's clock may differ, before and after.
    pub clock_skew: Duration,
}

impl<'a> About<'a> {
    fn held(&self) -> Held<'a> {
        Held { secret: self.secret, public_key: self.public_key }
    }

    fn place(&self) -> Place<'a> {
        Place { bucket_domains: self.bucket_domains, ..Place::at(self.base.unwrap_or("/api")) }
    }
}

impl Default for About<'_> {
    fn default() -> Self {
        Self {
            base: None,
            bucket_domains: &[],
            secret: None,
            public_key: None,
            client_string: None,
            now: None,
            clock_skew: Duration::from_secs(900),
        }
    }
}

/// What there is to say about the signature of a request. Texts are as they stand in the request: control characters
/// are to be escaped before they are shown.
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    /// The scheme whose marks the request bears.
    pub scheme: Option<&'static str>,
    pub access_key_id: Option<String>,
    pub signed_at: Option<Timestamp>,
    /// The credential scope, where the key is derived: `20261121/cn-hangzhou/odps/aliyun_v4_request`.
    pub scope: Option<String>,
    /// What was read, in the order of reading.
    pub steps: Vec<Step>,
    /// The server's: under the reading that matched, otherwise under the strict one.
    pub string_to_sign: Option<String>,
    /// Its lines.
    pub lines: Vec<Line>,
    /// The canonical request whose hash stands in it, where the scheme has one.
    pub canonical_request: Option<String>,
    /// Its lines.
    pub canonical_lines: Vec<Line>,
    /// Whether the signature matches under any reading. `None`: that could not be judged.
    pub verified: Option<bool>,
    /// The reading under which it matches.
    pub reading: Option<&'static str>,
    /// Whether a server with default demands that knows the AccessKey would let the request through, or why not.
    /// `None`: nothing speaks against it, but the signature was not judged.
    pub accepted_by_serve: Option<Result<(), String>>,
    /// Why it does not match, why it could not be judged, or why a server refuses it all the same.
    pub reason: Option<String>,
    /// Where the server's string to sign and the client's part. The client's is the one that was given, otherwise the
    /// one of the hypothesis.
    pub difference: Option<Difference>,
    /// What explains a signature that does not match.
    pub hypothesis: Option<Hypothesis>,
    /// Whether the body is the one that was signed. `None`: it is not covered, or was not captured.
    pub body_matches: Option<bool>,
}

/// Explains the signature of a request.
pub fn explain(captured: &Captured, about: &About<'_>) -> Explanation {
    if captured.head_length() > captured::HEAD_LIMIT {
        let reason = "the head of the request is longer than 1 MiB; no server takes it".to_owned();
        return Explanation {
            accepted_by_serve: Some(Err(reason.clone())),
            reason: Some(reason),
            ..Explanation::default()
        };
    }
    let request = captured.request();
    let Some((scheme, read)) = schemes::read(&request) else {
        return Explanation {
            steps: steps::of_request(&request, None),
            accepted_by_serve: Some(Err(Refusal::Unsigned.to_string())),
            reason: Some(unsigned(&request)),
            ..Explanation::default()
        };
    };
    let base = scheme.leaves_base_out().then(|| about.place().base);
    let steps = steps::of_request(&request, base);
    match read {
        Ok(claim) => judged(scheme, captured, claim, about, steps),
        Err(ReadError::NeedsBody) => Explanation {
            scheme: Some(scheme.name()),
            steps,
            reason: Some("the body is a part of what is signed, and it was not captured".to_owned()),
            ..Explanation::default()
        },
        Err(ReadError::Malformed(malformed)) => Explanation {
            scheme: Some(scheme.name()),
            steps,
            accepted_by_serve: Some(Err(malformed.to_string())),
            reason: Some(malformed.to_string()),
            ..Explanation::default()
        },
    }
}

fn judged<'c>(
    scheme: &'static dyn Scheme,
    captured: &'c Captured,
    claim: &Claim<'c>,
    about: &About<'_>,
    mut steps: Vec<Step>,
) -> Explanation {
    let request = captured.request();
    let (mut place, held) = (about.place(), about.held());
    steps.extend(steps::of_claim(&request, claim));
    let mut proven = prove(scheme, place, &request, claim, held);
    let named = named_bucket(scheme, &request, about).map(|domain| [domain]);
    let mut needs_domain = None;
    if let (None, Some(named)) = (&proven, &named) {
        let told = Place { bucket_domains: named, ..place };
        proven = prove(scheme, told, &request, claim, held);
        if proven.is_some() {
            place = told;
            needs_domain = named.first();
        }
    }
    let verified = held.is_some().then_some(proven.is_some());
    let body_matches = body_matches(&request, claim, proven.as_ref());
    let matched = proven.map(|proven| proven.reading());
    let strict = || scheme.readings().iter().find(|reading| reading.is_strict()).copied();
    let text = matched.or_else(strict).and_then(|reading| written(scheme, reading, place, &request, claim));
    let canonical = text.as_ref().and_then(|text| text.canonical_request.as_deref());
    let canonical_lines = canonical
        .map(|text| lines(&|at, text| scheme.canonical_line_name(at, text), text))
        .unwrap_or_default();
    let named = |text: &Written| lines(&|at, text| scheme.line_name(at, text), &text.string_to_sign);

    let mut explanation = Explanation {
        scheme: Some(scheme.name()),
        access_key_id: Some(claim.access_key_id.to_string()),
        signed_at: Some(claim.signed_at),
        scope: claim.scope.as_ref().map(Scope::to_text),
        steps,
        lines: text.as_ref().map(named).unwrap_or_default(),
        canonical_lines,
        verified,
        reading: matched.map(|reading| reading.name),
        body_matches,
        ..Explanation::default()
    };
    if let Some(text) = &text {
        explanation.string_to_sign = Some(text.string_to_sign.clone());
        explanation.canonical_request.clone_from(&text.canonical_request);
    }
    if let Some(domain) = needs_domain {
        let reason = format!(
            "the client takes the host for a bucket, which nothing in the request says: `bucket_domains` must hold \
             `{domain}`"
        );
        explanation.reason = Some(reason.clone());
        explanation.accepted_by_serve = Some(Err(reason));
        return explanation;
    }
    match refused(scheme, &request, claim, about, matched, body_matches) {
        Some(refusal) => {
            let reason = refusal.to_string();
            explanation.reason = Some(reason.clone());
            explanation.accepted_by_serve = Some(Err(reason));
        }
        None => explanation.accepted_by_serve = matched.map(|_| Ok(())),
    }
    if matched.is_none() {
        find_cause(scheme, captured, claim, text.as_ref(), about, &mut explanation);
    } else if let Some(now) = about.now
        && fresh(claim, now, about.clock_skew).is_err()
    {
        // Whoever names a time asks whether the request was good then.
        explanation.verified = Some(false);
        explanation.hypothesis = Some(stale(claim, now));
    }
    explanation
}

/// What a server must be told where a host is one bucket: `host=bucket`, with the bucket that the client's own text names.
fn named_bucket(scheme: &dyn Scheme, request: &Request<'_>, about: &About<'_>) -> Option<String> {
    if scheme.dialect() != Dialect::Oss || !about.bucket_domains.is_empty() {
        return None;
    }
    let host = request.headers().get(HOST)?.to_str().ok()?;
    let host = host.split_once(':').map_or(host, |(name, _)| name);
    let resource = |line: &str| {
        let line = decode(line.as_bytes()).into_owned();
        let bucket = line.strip_prefix(b"/")?.split(|byte| matches!(byte, b'/' | b'?')).next()?.to_vec();
        String::from_utf8(bucket).ok().filter(|bucket| !bucket.is_empty())
    };
    let bucket = about.client_string?.lines().find_map(resource)?;
    Some(format!("{host}={bucket}"))
}

/// The cause of a signature that is right and came at the wrong time.
fn stale(claim: &Claim<'_>, now: Timestamp) -> Hypothesis {
    let apart = claim.signed_at.unix_seconds().abs_diff(now.unix_seconds());
    let order = if claim.signed_at > now { "before" } else { "after" };
    let cause = format!(
        "the signature is right, but the request came {apart} s {order} it was signed: one of the two clocks is wrong, \
         or the request was kept and sent later"
    );
    Hypothesis {
        name: "clock",
        cause,
        proven: true,
        reading: None,
        string_to_sign: None,
        canonical_request: None,
    }
}

/// What a server with default demands says, in the order in which it judges. The standing of the AccessKey is its own
/// business, and so is the signature where there is no secret here.
fn refused(
    scheme: &'static dyn Scheme,
    request: &Request<'_>,
    claim: &Claim<'_>,
    about: &About<'_>,
    matched: Option<Reading>,
    body_matches: Option<bool>,
) -> Option<Refusal> {
    let place = about.place();
    if claim.algorithm == Algorithm::RsaSha1 {
        return Some(Refusal::AlgorithmNotAllowed(claim.algorithm));
    }
    if let Some(name) = claim.unjudged.first() {
        return Some(Refusal::Unsupported(name));
    }
    if let Err(stale) = fresh(claim, about.now.unwrap_or(claim.signed_at), about.clock_skew) {
        return Some(stale);
    }
    match matched {
        None if about.held().is_some() => {
            return Some(mismatch(scheme, place, request, claim));
        }
        Some(reading) if !(Readings::Preserving { and: &[] }).accept(reading, claim) => {
            return Some(Refusal::ReadingNotAccepted(reading.name));
        }
        None | Some(_) => {}
    }
    if let Some(ambiguity) = scheme.ambiguity(place, request, claim) {
        return Some(Refusal::Ambiguous(ambiguity));
    }
    if let Err(refusal) = covers(request, claim, Unsigned::default()) {
        return Some(refusal);
    }
    (body_matches == Some(false)).then_some(Refusal::BodyMismatch)
}

fn body_matches(request: &Request<'_>, claim: &Claim<'_>, proven: Option<&Proven<'_, '_>>) -> Option<bool> {
    let Body::Whole(body) = request.body() else { return None };
    match (&claim.payload, proven) {
        (Payload::Uncovered, _) => None,
        // Only the key that has proven the head tells whether the chunks are right.
        (Payload::Chunks(_), proven) => proven.map(|proven| proven.body_matches(body)),
        (payload, _) => Some(payload.matches(body)),
    }
}

/// Says why a signature does not match, or was not judged, as well as that can be known.
fn find_cause(
    scheme: &'static dyn Scheme,
    captured: &Captured,
    claim: &Claim<'_>,
    server: Option<&Written>,
    about: &About<'_>,
    explanation: &mut Explanation,
) {
    let request = captured.request();
    let (place, held) = (about.place(), about.held());
    if client_string_holds_secret(about) {
        explanation.reason =
            Some("the client's string to sign holds the secret: is it the right file?".to_owned());
        return;
    }
    let own = server.map(|server| server.string_to_sign.as_str()).unwrap_or_default();
    let client = about.client_string.map(|client| from_log(client, own));
    // The reading under which both sides read the same.
    let same = client.as_deref().and_then(|client| {
        let same = |reading: &&Reading| {
            written(scheme, **reading, place, &request, claim).is_some_and(|written| written.is(client))
        };
        scheme.readings().iter().find(same).map(|reading| reading.name)
    });

    let differs = client.as_deref().filter(|_| same.is_none());
    let mut trial = Trial::new(scheme, captured, claim, place, held, differs);
    let found = of_the_key(&mut trial).or_else(|| same.is_none().then(|| of_the_text(&mut trial)).flatten());
    let signed = found
        .as_ref()
        .and_then(|found| found.canonical_request.as_deref().or(found.string_to_sign.as_deref()));
    if let (Some(server), Some(signed), None) = (server, differs.or(signed), same) {
        explanation.difference = parting(scheme, server, signed);
    }
    if let Some(found) = found.as_ref().filter(|found| found.proven) {
        explanation.reason = Some(found.cause.clone());
    } else {
        explanation.reason = Some(match (differs, same, held.is_some().then_some(held)) {
            (_, Some(reading), held) => both_read(reading, held.is_some()),
            (Some(client), None, Some(held)) => apart(signs(scheme, claim, held, client)).to_owned(),
            (Some(_), None, None) => {
                format!("the client signed something else than what was received; {NOT_JUDGED}")
            }
            (None, None, None) => NOT_JUDGED.to_owned(),
            (None, None, Some(_)) if server.is_some() => "no usual mistake explains it".to_owned(),
            (None, None, Some(_)) => format!(
                "the path `{}` does not stand behind the base path `{base}`, so there is nothing to compare",
                request.path(),
                base = place.base,
            ),
        });
    }
    let is_other_secret = held.is_some() && differs.is_none() && server.is_some();
    explanation.hypothesis =
        found.or_else(|| is_other_secret.then(|| wrong_secret(&claim.access_key_id, same)));
}

const NOT_JUDGED: &str = "no secret was given, so the signature was not judged";

fn both_read(reading: &str, with_secret: bool) -> String {
    let same = format!("the client signed what the server reads (reading `{reading}`)");
    match with_secret {
        true => format!("{same}, so the secret is wrong: it is not the one that the client signs with"),
        false => format!("{same}; {NOT_JUDGED}"),
    }
}

/// Where the client's string to sign is not the server's: `signs` tells whether the signature is one of the client's.
fn apart(signs: bool) -> &'static str {
    if signs {
        return "the secret is right, but the client signed something else than what was received";
    }
    "the client's string to sign is not the server's, and the signature is not one of it either: the secret is wrong \
     too, or that string is of another request"
}

fn wrong_secret(id: &str, same: Option<&'static str>) -> Hypothesis {
    let anew = format!("take the secret of the AccessKey `{id}` anew on both sides, the whole of it");
    let cause = match same {
        Some(_) => format!("both sides sign the same text, so they hold different secrets: {anew}"),
        None => format!(
            "none of the usual mistakes explains the signature, so most likely the client signs with another secret: \
             {anew}; if that does not help, compare with the client's own string to sign, which its log shows"
        ),
    };
    Hypothesis {
        name: "wrong secret",
        cause,
        proven: false,
        reading: same,
        string_to_sign: None,
        canonical_request: None,
    }
}

/// Whether someone took the file of the secret for that of the string to sign. What stands there would be shown.
fn client_string_holds_secret(about: &About<'_>) -> bool {
    let (Some(client), Some(secret)) = (about.client_string, about.secret) else { return false };
    let secret = secret.expose().trim();
    secret.len() >= 8 && client.contains(secret)
}

/// Whether what is held signs this text as the claim says.
fn signs(scheme: &dyn Scheme, claim: &Claim<'_>, held: Held<'_>, text: &str) -> bool {
    let keys = held.with(|key| scheme.keys(key, claim)).unwrap_or_default();
    keys.iter().any(|key| key.proves(text.as_bytes(), &claim.signature))
}

/// Why no scheme reads a request.
fn unsigned(request: &Request<'_>) -> String {
    let known: Vec<_> = schemes::ALL.iter().map(|scheme| format!("`{}`", scheme.name())).collect();
    let known = known.join(", ");
    let mut values = request.headers().get_all(http::header::AUTHORIZATION).iter().peekable();
    if values.peek().is_none() {
        return format!(
            "the request is not signed: it has no `Authorization`, and no parameters of the schemes known here ({known})"
        );
    }
    let known_name = |value: &http::HeaderValue| schemes::known_but_unsupported(value.as_bytes());
    if let Some(name) = request.headers().get_all(http::header::AUTHORIZATION).iter().find_map(known_name) {
        return format!(
            "the request is signed by {name}, which is known and not supported here (supported are {known})"
        );
    }
    // Only the word that names the way of authorizing is shown: what stands behind it may be a credential.
    let word = |value: &http::HeaderValue| {
        let text = value.to_str().ok()?;
        let (word, _) = text.split_once(' ')?;
        let short = word.len() <= 24 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        short.then(|| word.to_owned())
    };
    match values.find_map(word) {
        Some(word) => {
            format!("no scheme known here signs with `Authorization: {word} …` (known are {known})")
        }
        None => format!("no scheme known here writes `Authorization` as it stands there (known are {known})"),
    }
}
