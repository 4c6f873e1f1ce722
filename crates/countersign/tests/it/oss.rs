//! Requests to OSS captured from real clients: each verifies under the strict reading, and reproduces its string to sign
//! and its canonical request byte for byte. Those of clients that sign wrongly do not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::crypto::HmacSha1;
use countersign::{
    AccessKeyId, AccessKeySecret, Body, Claim, Credential, Key, Place, Readings, Refusal, Request, Scheme,
    SignOptions, StringToSign, Timestamp, schemes, sign, verify,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

/// The fields that a captured request has; the files hold more, about how it was captured.
#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) id: String,
    scheme: String,
    pub(crate) secret: String,
    pub(crate) method: String,
    pub(crate) request_target: String,
    pub(crate) headers: Vec<(String, String)>,
    body_b64: String,
    #[serde(alias = "documented_string")]
    canonical_string: String,
    canonical_request: Option<String>,
    #[serde(default)]
    pub(crate) bucket_domains: Vec<String>,
    verifies_with: Option<String>,
}

impl Vector {
    fn of(text: &str) -> Vec<Self> {
        serde_json::from_str::<File>(text).unwrap().vectors
    }

    pub(crate) fn all() -> Vec<Self> {
        [
            include_str!("../../../../vectors/oss/oss2.json"),
            include_str!("../../../../vectors/oss/ali-oss.json"),
            include_str!("../../../../vectors/oss/documented.json"),
        ]
        .into_iter()
        .flat_map(Self::of)
        .collect()
    }

    fn place(&self) -> Place<'_> {
        Place { bucket_domains: &self.bucket_domains, ..Place::default() }
    }

    fn headers(&self) -> HeaderMap {
        let pair = |(name, value): &(String, String)| {
            let name: HeaderName = name.to_ascii_lowercase().parse().unwrap();
            (name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        self.headers.iter().map(pair).collect()
    }

    fn request<'r>(&'r self, headers: &'r HeaderMap) -> Request<'r> {
        Request::new(&self.method, &self.request_target, headers, Body::Unread)
    }
}

/// Verifies, and refuses what is ambiguous, as a server does. Returns the name of the reading that matched.
pub(crate) fn judge(
    request: &Request<'_>,
    place: Place<'_>,
    secret: &str,
    accepted: Readings<'_>,
) -> Result<&'static str, Refusal> {
    let hmac_sha1 = HmacSha1::new(secret.as_bytes());
    let (scheme, claim) = schemes::read(request).ok_or(Refusal::Unsigned)?;
    let key = Key::secret(secret.as_bytes(), &hmac_sha1);
    let proven = verify(scheme, place, request, claim?, key, accepted)?;
    match scheme.ambiguity(place, request, proven.claim()) {
        Some(ambiguity) => Err(ambiguity.into()),
        None => Ok(proven.reading().name),
    }
}

/// What a server accepts by default.
pub(crate) const DEFAULT: Readings<'static> = Readings::Preserving { and: &[] };

pub(crate) fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-21T23:23:13Z").unwrap()
}

/// The forms in which a request may be signed: a scheme, and whether in the query.
pub(crate) fn forms() -> Vec<(&'static dyn Scheme, bool)> {
    [schemes::OSS, schemes::OSS2, schemes::OSS4]
        .into_iter()
        .flat_map(|scheme| [(scheme, false), (scheme, true)])
        .collect()
}

pub(crate) fn options(in_query: bool) -> SignOptions {
    SignOptions {
        region: Some("cn-hangzhou".to_owned()),
        presign: in_query.then(|| std::time::Duration::from_secs(600)),
        ..SignOptions::at(now())
    }
}

/// Signs a request by the key that tests have.
pub(crate) fn signed_as(
    scheme: &'static dyn Scheme,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    options: &SignOptions,
) -> Result<Parts, countersign::Malformed> {
    let mut request = http::Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let credential =
        Credential { id: AccessKeyId::new("CSAK1").unwrap(), secret: AccessKeySecret::new("secret") };
    sign(scheme, Place::default(), &mut parts, b"", &credential, options)?;
    Ok(parts)
}

pub(crate) fn signed(
    (scheme, in_query): (&'static dyn Scheme, bool),
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
) -> Parts {
    signed_as(scheme, method, target, headers, &options(in_query)).unwrap()
}

pub(crate) fn target(parts: &Parts) -> &str {
    parts.uri.path_and_query().unwrap().as_str()
}

/// The default verdict on a request, with what was signed or something else in its place.
pub(crate) fn verdict(method: &str, target: &str, headers: &HeaderMap) -> Result<&'static str, Refusal> {
    let request = Request::new(method, target, headers, Body::Unread);
    judge(&request, Place::default(), "secret", DEFAULT)
}

pub(crate) fn claim<'r>(target: &'r str, headers: &'r HeaderMap) -> Claim<'r> {
    schemes::read(&Request::new("GET", target, headers, Body::Unread)).unwrap().1.unwrap().clone()
}

#[test]
fn every_vector_verifies_and_reproduces_its_string_to_sign() {
    let vectors = Vector::all();
    assert_eq!(vectors.len(), 145);
    for vector in vectors {
        let headers = vector.headers();
        let request = vector.request(&headers);
        let matched = judge(&request, vector.place(), &vector.secret, DEFAULT);
        assert_eq!(matched, Ok(vector.verifies_with.as_deref().unwrap()), "{}", vector.id);

        let (scheme, claim) = schemes::read(&request).unwrap();
        let claim = claim.unwrap();
        assert_eq!(scheme.name(), vector.scheme, "{}", vector.id);
        let mut text = StringToSign::new();
        assert!(scheme.write(scheme.readings()[0], vector.place(), &request, claim, &mut text));
        assert_eq!(text.to_text(), vector.canonical_string, "{}", vector.id);
        let canonical_request = String::from_utf8_lossy(text.canonical_request());
        assert_eq!(
            canonical_request,
            vector.canonical_request.as_deref().unwrap_or_default(),
            "{}",
            vector.id
        );

        // Content-MD5 is the digest of the body that was sent; in the documented example it is not a digest at all.
        let body = BASE64.decode(&vector.body_b64).unwrap();
        assert_eq!(claim.payload.matches(&body), !vector.id.starts_with("docs/"), "{}", vector.id);
    }
}

#[test]
fn a_bucket_in_a_host_that_the_server_does_not_know_is_explained_and_not_accepted() {
    let mut seen = 0;
    for vector in Vector::all() {
        let host = vector.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host")).unwrap();
        let in_host = host.1.contains("aliyuncs.com") && !host.1.starts_with('.');
        let headers = vector.headers();
        let request = vector.request(&headers);
        let accepted = judge(&request, Place::default(), &vector.secret, DEFAULT);
        let explained = judge(&request, Place::default(), &vector.secret, Readings::Every);
        if in_host {
            seen += 1;
            assert_eq!(accepted, Err(Refusal::ReadingNotAccepted("bucket-in-host")), "{}", vector.id);
            assert_eq!(explained, Ok("bucket-in-host"), "{}", vector.id);
        } else if vector.bucket_domains.is_empty() || host.1.starts_with('.') {
            assert_eq!(accepted, Ok("strict"), "{}", vector.id);
        } else {
            // Nothing in the request tells whose this host is.
            assert!(matches!(explained, Err(Refusal::SignatureMismatch { .. })), "{}", vector.id);
        }
    }
    assert_eq!(seen, 19);
}

#[test]
fn what_clients_sign_wrongly_does_not_verify_under_any_reading() {
    let vectors = Vector::of(include_str!("../../../../vectors/oss/client-bugs.json"));
    assert_eq!(vectors.len(), 3);
    for vector in vectors {
        let headers = vector.headers();
        let request = vector.request(&headers);
        let refused = judge(&request, vector.place(), &vector.secret, Readings::Every);
        let Err(Refusal::SignatureMismatch { string_to_sign, .. }) = refused else {
            panic!("{}: {refused:?}", vector.id)
        };
        // Here it is what the documented rule makes of the request.
        assert_eq!(string_to_sign, vector.canonical_string, "{}", vector.id);
    }
}

#[test]
fn another_secret_does_not_verify() {
    for vector in Vector::all() {
        let headers = vector.headers();
        let refused = judge(&vector.request(&headers), vector.place(), "anotherSecret", Readings::Every);
        assert!(matches!(refused, Err(Refusal::SignatureMismatch { .. })), "{}: {refused:?}", vector.id);
    }
}
