//! AWS's own test suites, the examples of its documentation, and requests of botocore.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::{
    AccessKeyId, AccessKeySecret, Body, Claim, Credential, Place, Readings, Refusal, Request, SignOptions,
    StringToSign, schemes, sign,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

use super::prove;

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

/// The fields of a vector that are compared.
#[derive(Deserialize)]
pub(super) struct Vector {
    pub(super) id: String,
    method: String,
    request_target: String,
    headers: Vec<(String, String)>,
    pub(super) secret: String,
    body: Option<String>,
    body_b64: Option<String>,
    canonical_request: String,
    canonical_string: String,
    verifies_with: String,
    /// Sizes and signatures of the chunks of the body.
    #[serde(default)]
    pub(super) chunks: Vec<(usize, String)>,
    #[serde(default)]
    pub(super) trailers: Vec<(String, String)>,
    pub(super) trailer_signature: Option<String>,
}

impl Vector {
    pub(super) fn all() -> Vec<Self> {
        [
            include_str!("../../../../../vectors/sigv4/suite.json"),
            include_str!("../../../../../vectors/sigv4/suite_2015.json"),
            include_str!("../../../../../vectors/sigv4/suite_blanks.json"),
            include_str!("../../../../../vectors/sigv4/s3.json"),
            include_str!("../../../../../vectors/sigv4/botocore.json"),
        ]
        .into_iter()
        .flat_map(|text| serde_json::from_str::<File>(text).unwrap().vectors)
        .collect()
    }

    pub(super) fn headers(&self) -> HeaderMap {
        let pair = |(name, value): &(String, String)| {
            let name: HeaderName = name.to_ascii_lowercase().parse().unwrap();
            (name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        self.headers.iter().map(pair).collect()
    }

    fn whole_body(&self) -> Option<Vec<u8>> {
        match (&self.body, &self.body_b64) {
            (Some(text), _) => Some(text.clone().into_bytes()),
            (None, Some(text)) => Some(BASE64.decode(text).unwrap()),
            (None, None) => None,
        }
    }

    pub(super) fn request<'r>(&'r self, headers: &'r HeaderMap, body: Option<&'r [u8]>) -> Request<'r> {
        Request::new(&self.method, &self.request_target, headers, body.map_or(Body::Unread, Body::Whole))
    }
}

#[test]
fn every_vector_verifies_and_reproduces_all_intermediates() {
    let vectors = Vector::all();
    assert_eq!(vectors.len(), 76 + 31 + 7 + 29);
    for vector in vectors {
        let headers = vector.headers();
        let body = vector.whole_body();
        let request = vector.request(&headers, body.as_deref());
        let proven = prove(&request, &vector.secret, Readings::Every);
        let claim =
            schemes::read(&request).unwrap().1.unwrap_or_else(|error| panic!("{}: {error}", vector.id));
        let texts = |number: usize| {
            let mut text = StringToSign::new();
            let reading = schemes::SIGV4.readings()[number];
            schemes::SIGV4.write(reading, Place::default(), &request, claim, &mut text);
            let canonical = String::from_utf8_lossy(text.canonical_request()).into_owned();
            (text.to_text(), canonical)
        };
        let number = schemes::SIGV4
            .readings()
            .iter()
            .position(|reading| reading.name == vector.verifies_with)
            .unwrap();
        let (text, canonical) = texts(number);
        assert_eq!(canonical, vector.canonical_request, "{}", vector.id);
        assert_eq!(text, vector.canonical_string, "{}", vector.id);
        let proven = proven.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", vector.id));
        assert_eq!(proven.reading().name, vector.verifies_with, "{}", vector.id);
        assert!(body.as_ref().is_none_or(|body| proven.body_matches(body)), "{}", vector.id);
        is_covered_exactly(&vector, proven.claim());
    }
}

/// What the claim says that it covers is what stands in the canonical request.
fn is_covered_exactly(vector: &Vector, claim: &Claim<'_>) {
    let lines: Vec<_> =
        vector.canonical_request.split('\n').skip(3).take_while(|line| !line.is_empty()).collect();
    let mut names: Vec<_> = lines.iter().map(|line| line.split(':').next().unwrap()).collect();
    names.dedup();
    let mut covered: Vec<_> = claim.covered.headers.iter().map(|field| field.name).collect();
    covered.dedup();
    assert_eq!(covered, names, "{}", vector.id);
    assert!(claim.covered.authority && claim.covered.by_choice, "{}", vector.id);
}

#[test]
fn another_secret_does_not_verify() {
    for vector in Vector::all() {
        let headers = vector.headers();
        let body = vector.whole_body();
        let request = vector.request(&headers, body.as_deref());
        let refused = prove(&request, "anotherSecret", Readings::Every);
        assert!(matches!(refused, Err(Refusal::SignatureMismatch { .. })), "{}: {refused:?}", vector.id);
    }
}

#[test]
fn by_default_only_the_strict_reading_is_accepted() {
    for vector in Vector::all() {
        let headers = vector.headers();
        let body = vector.whole_body();
        let request = vector.request(&headers, body.as_deref());
        let accepted = prove(&request, &vector.secret, Readings::Preserving { and: &[] });
        match vector.verifies_with.as_str() {
            "strict" => assert!(accepted.is_ok(), "{}: {accepted:?}", vector.id),
            name => {
                assert!(
                    matches!(accepted, Err(Refusal::ReadingNotAccepted(refused)) if refused == name),
                    "{}: {accepted:?}",
                    vector.id
                );
                let named = Readings::Preserving { and: &[name.to_owned()] };
                assert!(prove(&request, &vector.secret, named).is_ok(), "{}", vector.id);
            }
        }
    }
}

/// The suite both ways: what we sign is what AWS's suite signs, wherever the same fields are signed.
#[test]
fn signing_a_request_of_the_suite_gives_its_signature() {
    let mut signed = 0;
    for vector in Vector::all().into_iter().filter(|vector| vector.verifies_with == "strict") {
        let headers = vector.headers();
        let body = vector.whole_body().unwrap_or_default();
        let request = vector.request(&headers, Some(&body));
        let claim = schemes::read(&request).unwrap().1.unwrap();
        if claim.covered.headers.iter().any(|field| ["content-length", "user-agent"].contains(&field.name)) {
            continue;
        }
        let Ok(uri) = vector
            .request_target
            .split("X-Amz-Algorithm")
            .next()
            .unwrap()
            .trim_end_matches(['&', '?'])
            .parse::<http::Uri>()
        else {
            continue;
        };
        let scope = claim.scope.as_ref().unwrap();
        let mut options = SignOptions::at(claim.signed_at);
        options.region = Some(scope.region.to_string());
        options.service = Some(scope.service.to_string());
        options.security_token = claim.security_token.as_ref().map(|token| token.to_string());
        if let countersign::Lifetime::For(lifetime) = claim.lifetime {
            options.presign = Some(lifetime);
        }
        let (mut parts, ()) =
            http::Request::builder().method(&*vector.method).uri(uri).body(()).unwrap().into_parts();
        for field in claim.covered.headers.iter().filter(|field| field.name != "x-amz-security-token") {
            let name: HeaderName = field.name.parse().unwrap();
            parts.headers.append(name, HeaderValue::from_bytes(field.value).unwrap());
        }
        let credential = Credential {
            id: AccessKeyId::new(&claim.access_key_id).unwrap(),
            secret: AccessKeySecret::new(vector.secret.as_str()),
        };
        if vector.id.contains("sts-header-after") {
            continue;
        }
        let text = sign(schemes::SIGV4, Place::default(), &mut parts, &body, &credential, &options);
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", vector.id));
        let canonical = String::from_utf8_lossy(text.canonical_request()).into_owned();
        assert_eq!(canonical, vector.canonical_request, "{}", vector.id);
        signed += 1;
    }
    assert!(signed > 100, "{signed}");
}
