//! Alibaba Cloud's RPC, ROA and ACS3 schemes: requests of real clients, laws, and attacks.

mod acs3;
mod laws;
mod roa;
mod rpc;
mod rsa;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::crypto::{HmacSha1, PublicKey};
use countersign::explain::{About, Captured, explain};
use countersign::{
    AccessKeyId, AccessKeySecret, Algorithm, Body, Claim, Credential, Key, Malformed, Place, ReadError,
    Readings, Refusal, Request, Scheme, SignOptions, StringToSign, Timestamp, fresh, schemes, sign, verify,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

const SECRET: &str = "secret";
const PRIVATE_KEY: &str = include_str!("../../../../../vectors/keys/rsa-2048.pem");
const PUBLIC_KEY: &str = include_str!("../../../../../vectors/keys/rsa-2048.pub.pem");

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(Clone, Deserialize)]
struct Vector {
    id: String,
    secret: Option<String>,
    public_key_pem: Option<String>,
    method: String,
    request_target: String,
    headers: Vec<(String, String)>,
    body_b64: String,
    canonical_string: String,
    canonical_request: Option<String>,
    verifies_with: String,
}

/// The vectors of a scheme, each with its name.
fn vectors() -> Vec<(&'static str, Vector)> {
    [
        ("acs-rpc", include_str!("../../../../../vectors/acs-rpc/captured.json")),
        ("acs-rpc", include_str!("../../../../../vectors/acs-rpc/rsa.json")),
        ("acs-roa", include_str!("../../../../../vectors/acs-roa/captured.json")),
        ("acs3", include_str!("../../../../../vectors/acs3/captured.json")),
        ("odps", include_str!("../../../../../vectors/odps/rsa.json")),
    ]
    .into_iter()
    .flat_map(|(scheme, text)| {
        let vectors = serde_json::from_str::<File>(text).unwrap().vectors;
        vectors.into_iter().map(move |vector| (scheme, vector))
    })
    .collect()
}

fn vector(id: &str) -> Vector {
    vectors().into_iter().find(|(_, vector)| vector.id == id).unwrap().1
}

/// A request with all that it consists of, to be changed.
#[derive(Clone, Debug)]
struct Message {
    method: String,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Message {
    fn request(&self) -> Request<'_> {
        Request::new(&self.method, &self.target, &self.headers, Body::Whole(&self.body))
    }

    fn unread(&self) -> Request<'_> {
        Request::new(&self.method, &self.target, &self.headers, Body::Unread)
    }

    fn replaced(&self, from: &str, to: &str) -> Self {
        assert!(self.target.contains(from), "{from} in {}", self.target);
        Self { target: self.target.replacen(from, to, 1), ..self.clone() }
    }

    fn with(&self, name: &'static str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        changed
    }

    fn and(&self, name: &'static str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        changed
    }

    fn without(&self, name: &str) -> Self {
        let mut changed = self.clone();
        assert!(changed.headers.remove(name).is_some(), "{name}");
        changed
    }

    fn authorization(&self) -> &str {
        self.headers["authorization"].to_str().unwrap()
    }
}

impl Vector {
    fn message(&self) -> Message {
        let pair = |(name, value): &(String, String)| {
            let name: HeaderName = name.to_ascii_lowercase().parse().unwrap();
            (name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        Message {
            method: self.method.clone(),
            target: self.request_target.clone(),
            headers: self.headers.iter().map(pair).collect(),
            body: BASE64.decode(&self.body_b64).unwrap(),
        }
    }

    fn judge(&self, request: &Request<'_>, accepted: Readings<'_>) -> Result<&'static str, Refusal> {
        match (&self.secret, &self.public_key_pem) {
            (Some(secret), _) => judge(request, secret, accepted),
            (None, Some(pem)) => judge_public(request, pem, accepted),
            (None, None) => panic!("{} has no key", self.id),
        }
    }
}

fn read<'a, 'r>(request: &'a Request<'r>) -> Result<(&'static dyn Scheme, &'a Claim<'r>), Refusal> {
    let (scheme, claim) = schemes::read(request).ok_or(Refusal::Unsigned)?;
    Ok((scheme, claim?))
}

/// Why a request cannot be read.
fn malformed(message: &Message) -> Malformed {
    match schemes::read(&message.request()).unwrap().1 {
        Err(ReadError::Malformed(malformed)) => malformed,
        other => panic!("{other:?}"),
    }
}

/// Whether it cannot be read because of this.
fn is_unreadable(message: &Message, name: &str) -> bool {
    matches!(malformed(message), Malformed::Unreadable { what, .. } if what == name)
}

/// Verifies as a server does that demands nothing of its own: the signature, what is ambiguous, and the body.
fn judge_by(request: &Request<'_>, key: Key<'_>, accepted: Readings<'_>) -> Result<&'static str, Refusal> {
    let (scheme, claim) = read(request)?;
    let proven = verify(scheme, Place::at("/api"), request, claim, key, accepted)?;
    if let Some(ambiguity) = scheme.ambiguity(Place::at("/api"), request, proven.claim()) {
        return Err(Refusal::Ambiguous(ambiguity));
    }
    if let Body::Whole(body) = request.body()
        && !proven.claim().payload.matches(body)
    {
        return Err(Refusal::BodyMismatch);
    }
    Ok(proven.reading().name)
}

fn judge(request: &Request<'_>, secret: &str, accepted: Readings<'_>) -> Result<&'static str, Refusal> {
    let hmac_sha1 = HmacSha1::new(secret.as_bytes());
    judge_by(request, Key::secret(secret.as_bytes(), &hmac_sha1), accepted)
}

fn judge_public(request: &Request<'_>, pem: &str, accepted: Readings<'_>) -> Result<&'static str, Refusal> {
    judge_by(request, Key::Public(&PublicKey::from_pem(pem).unwrap()), accepted)
}

const DEFAULT: Readings<'_> = Readings::Preserving { and: &[] };

/// What a server makes of it that holds `SECRET`.
fn verdict(message: &Message) -> Result<&'static str, Refusal> {
    judge(&message.request(), SECRET, DEFAULT)
}

fn is_mismatch(message: &Message) -> bool {
    matches!(verdict(message), Err(Refusal::SignatureMismatch { .. }))
}

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-21T23:23:13Z").unwrap()
}

fn options() -> SignOptions {
    SignOptions { nonce: Some("nonce-1".to_owned()), ..SignOptions::at(now()) }
}

/// Signs a request by `SECRET`, or by `PRIVATE_KEY` where the algorithm wants one.
fn signed_with(
    scheme: &dyn Scheme,
    (method, target, body): (&str, &str, &str),
    headers: &[(&str, &str)],
    options: &SignOptions,
) -> Result<Message, Malformed> {
    let mut request = http::Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let is_secret = options.algorithm.is_none_or(|algorithm| algorithm.public_key_kind().is_none());
    let secret = AccessKeySecret::new(if is_secret { SECRET } else { PRIVATE_KEY });
    let credential = Credential { id: AccessKeyId::new("CSAK1").unwrap(), secret };
    sign(scheme, Place::at("/api"), &mut parts, body.as_bytes(), &credential, options)?;
    Ok(Message {
        method: method.to_owned(),
        target: parts.uri.path_and_query().unwrap().to_string(),
        headers: parts.headers,
        body: body.as_bytes().to_vec(),
    })
}

fn signed(scheme: &dyn Scheme, request: (&str, &str, &str), headers: &[(&str, &str)]) -> Message {
    signed_with(scheme, request, headers, &options()).unwrap()
}

#[test]
fn every_vector_verifies_and_reproduces_what_was_signed() {
    let vectors = vectors();
    let count = |name| vectors.iter().filter(|(scheme, _)| *scheme == name).count();
    assert_eq!((count("acs-rpc"), count("acs-roa"), count("acs3"), count("odps")), (33, 21, 44, 2));
    for (scheme_name, vector) in &vectors {
        let message = vector.message();
        let request = message.request();
        let matched = vector.judge(&request, Readings::Every);
        assert_eq!(matched.as_deref(), Ok(vector.verifies_with.as_str()), "{}", vector.id);

        let (scheme, claim) = read(&request).unwrap();
        assert_eq!(scheme.name(), *scheme_name, "{}", vector.id);
        assert!(fresh(claim, claim.signed_at, Duration::ZERO).is_ok());
        let reading = scheme.readings().iter().find(|reading| reading.name == vector.verifies_with).unwrap();
        let mut text = StringToSign::new();
        assert!(scheme.write(*reading, Place::at("/api"), &request, claim, &mut text), "{}", vector.id);
        assert_eq!(text.to_text(), vector.canonical_string, "{}", vector.id);
        let canonical_request = vector.canonical_request.as_deref().unwrap_or_default();
        assert_eq!(String::from_utf8_lossy(text.canonical_request()), canonical_request, "{}", vector.id);
    }
}

#[test]
fn only_these_vectors_need_a_reading_that_has_to_be_named() {
    let mut needed = Vec::new();
    for (_, vector) in vectors() {
        match vector.judge(&vector.message().request(), DEFAULT) {
            Ok(_) => {}
            Err(Refusal::ReadingNotAccepted(name)) => {
                let named = [name.to_owned()];
                let accepted = Readings::Preserving { and: &named };
                assert_eq!(vector.judge(&vector.message().request(), accepted), Ok(name), "{}", vector.id);
                needed.push((name, vector.id));
            }
            other => panic!("{}: {other:?}", vector.id),
        }
    }
    let expected = [
        // Others that sign so say who they are in what they sign.
        ("raw-query-keys", "@alicloud/openapi-client/acs3-query-key-special"),
    ];
    assert_eq!(needed, expected.map(|(name, id)| (name, id.to_owned())));
}

#[test]
fn every_vector_with_a_secret_is_explained_as_it_was_signed() {
    let mut explained = 0;
    for (scheme, vector) in vectors() {
        let Some(secret) = vector.secret.as_deref().map(AccessKeySecret::new) else { continue };
        let Message { method, target, headers, body } = vector.message();
        let captured = Captured { method, target, headers, body: Some(body) };
        let about = About { secret: Some(&secret), ..About::default() };
        let found = explain(&captured, &about);
        assert_eq!(
            (found.scheme, found.verified),
            (Some(scheme), Some(true)),
            "{}: {:?}",
            vector.id,
            found.reason
        );
        assert_eq!(found.reading, Some(vector.verifies_with.as_str()), "{}", vector.id);
        assert_eq!(found.string_to_sign.as_deref(), Some(vector.canonical_string.as_str()), "{}", vector.id);
        // A server without temporary credentials refuses those that bear a token, and the readings that need a name.
        let has_token = vector.canonical_string.contains("SecurityToken")
            || vector.headers.iter().any(|(name, _)| name == "x-acs-security-token");
        let is_default = vector.judge(&vector.message().request(), DEFAULT).is_ok();
        assert_eq!(found.accepted_by_serve.unwrap().is_ok(), is_default && !has_token, "{}", vector.id);
        explained += 1;
    }
    assert_eq!(explained, 29 + 21 + 37);

    // A form that was not captured is said to be needed.
    let Message { method, target, headers, .. } = vector("@alicloud/pop-core/rpc-post").message();
    let found = explain(&Captured { method, target, headers, body: None }, &About::default());
    assert!(found.reason.unwrap().contains("body"));
}

#[test]
fn another_key_does_not_verify_a_vector() {
    for (_, vector) in vectors() {
        let message = vector.message();
        for secret in ["anotherSecret", "", &format!("{}&", vector.secret.as_deref().unwrap_or_default())] {
            let refused = judge(&message.request(), secret, Readings::Every);
            assert!(matches!(refused, Err(Refusal::SignatureMismatch { .. })), "{}: {refused:?}", vector.id);
        }
        if vector.public_key_pem.as_deref() != Some(PUBLIC_KEY) {
            let refused = judge_public(&message.request(), PUBLIC_KEY, Readings::Every);
            assert!(matches!(refused, Err(Refusal::SignatureMismatch { .. })), "{}: {refused:?}", vector.id);
        }
    }
}

#[test]
fn case_09_a_public_key_is_nobodys_secret() {
    // Whoever knows the public key signs with it as if it were a shared secret.
    let (mut tried, der) = (0, PublicKey::from_pem(PUBLIC_KEY).unwrap().as_der().to_vec());
    for secret in [PUBLIC_KEY.to_owned(), PUBLIC_KEY.trim().to_owned(), String::from_utf8_lossy(&der).into()]
    {
        for (scheme, target) in [
            (schemes::ACS_RPC, "/?a=1"),
            (schemes::ACS3, "http://h/?a=1"),
            (schemes::ACS_ROA, "/a"),
            (schemes::ODPS, "/api/a"),
        ] {
            let (mut parts, ()) = http::Request::get(target).body(()).unwrap().into_parts();
            let credential = Credential {
                id: AccessKeyId::new("CSAK1").unwrap(),
                secret: AccessKeySecret::new(secret.clone()),
            };
            sign(scheme, Place::at("/api"), &mut parts, b"", &credential, &options()).unwrap();
            let target = parts.uri.path_and_query().unwrap().as_str();
            let request = Request::new("GET", target, &parts.headers, Body::Whole(b""));
            assert_eq!(judge(&request, &secret, DEFAULT), Ok("strict"));
            let refused = judge_public(&request, PUBLIC_KEY, Readings::Every);
            assert!(matches!(refused, Err(Refusal::SignatureMismatch { .. })), "{refused:?}");
            tried += 1;
        }
    }
    assert_eq!(tried, 12);
    // And nothing is signed or verified by a secret where the request names a public key.
    let by_rsa = SignOptions { algorithm: Some(Algorithm::RsaSha256), ..options() };
    let message = signed_with(schemes::ACS_RPC, ("GET", "/?a=1", ""), &[], &by_rsa).unwrap();
    assert!(matches!(verdict(&message), Err(Refusal::SignatureMismatch { .. })));
    assert_eq!(judge_public(&message.request(), PUBLIC_KEY, DEFAULT), Ok("strict"));
}
