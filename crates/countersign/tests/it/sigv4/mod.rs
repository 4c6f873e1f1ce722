//! Signature Version 4: AWS's suites and examples, requests of botocore, laws, chunks, and attacks.

mod attacks;
mod chunks;
mod laws;
mod vectors;

use countersign::crypto::HmacSha1;
use countersign::{
    AccessKeyId, AccessKeySecret, Body, Credential, Key, Malformed, Place, Proven, ReadError, Readings,
    Refusal, Request, SignOptions, Timestamp, schemes, sign, verify,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

const SECRET: &str = "secret/of+SigV4=";

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-21T23:23:13Z").unwrap()
}

fn credential() -> Credential {
    Credential { id: AccessKeyId::new("CSAK1").unwrap(), secret: AccessKeySecret::new(SECRET) }
}

fn options(service: &str) -> SignOptions {
    SignOptions {
        region: Some("eu-central-1".to_owned()),
        service: Some(service.to_owned()),
        ..SignOptions::at(now())
    }
}

fn presigned(service: &str, seconds: u64) -> SignOptions {
    SignOptions { presign: Some(std::time::Duration::from_secs(seconds)), ..options(service) }
}

/// A request that was signed, as a server receives it.
struct Signed {
    parts: Parts,
    body: Vec<u8>,
}

impl Signed {
    fn new(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8], options: &SignOptions) -> Self {
        Self::try_new(method, target, headers, body, options).unwrap()
    }

    fn try_new(
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        options: &SignOptions,
    ) -> Result<Self, Malformed> {
        let mut request = http::Request::builder().method(method).uri(target).header("host", "h:8640");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        sign(schemes::SIGV4, Place::default(), &mut parts, body, &credential(), options)?;
        Ok(Self { parts, body: body.to_vec() })
    }

    fn target(&self) -> String {
        self.parts.uri.path_and_query().unwrap().as_str().to_owned()
    }

    fn authorization(&self) -> &str {
        self.parts.headers["authorization"].to_str().unwrap()
    }

    fn set(&mut self, name: &str, value: &str) -> &mut Self {
        let name: HeaderName = name.parse().unwrap();
        self.parts.headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    fn verdict(&self) -> Result<&'static str, Refusal> {
        self.at(&self.target())
    }

    /// As it would be judged at another target.
    fn at(&self, target: &str) -> Result<&'static str, Refusal> {
        let request =
            Request::new(self.parts.method.as_str(), target, &self.parts.headers, Body::Whole(&self.body));
        judge(&request)
    }
}

/// What `serve` says by default, but for time and keys.
fn judge(request: &Request<'_>) -> Result<&'static str, Refusal> {
    let accepted = Readings::Preserving { and: &[] };
    let proven = prove(request, SECRET, accepted)?;
    if let Some(ambiguity) = proven.scheme().ambiguity(Place::default(), request, proven.claim()) {
        return Err(ambiguity.into());
    }
    match request.body() {
        Body::Whole(body) if !proven.body_matches(body) => Err(Refusal::BodyMismatch),
        _ => Ok(proven.reading().name),
    }
}

fn prove<'a, 'r>(
    request: &'a Request<'r>,
    secret: &str,
    accepted: Readings<'_>,
) -> Result<Proven<'a, 'r>, Refusal> {
    let (scheme, claim) = schemes::read(request).ok_or(Refusal::Unsigned)?;
    assert_eq!(scheme.name(), "sigv4");
    let hmac_sha1 = HmacSha1::new(secret.as_bytes());
    let key = Key::secret(secret.as_bytes(), &hmac_sha1);
    verify(scheme, Place::default(), request, claim?, key, accepted)
}

/// Why a request that bears the scheme's marks has no claim.
fn malformed(request: &Request<'_>) -> Malformed {
    match schemes::read(request).expect("it bears the marks").1 {
        Err(ReadError::Malformed(malformed)) => malformed,
        other => panic!("{other:?}"),
    }
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        let name: HeaderName = name.to_ascii_lowercase().parse().unwrap();
        (name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    pairs.iter().map(pair).collect()
}
