//! Requests captured from real clients, and some of our own for what those do not exercise: each verifies, and
//! reproduces its string to sign byte for byte.

use countersign::crypto::HmacSha1;
use countersign::{
    AccessKeySecret, Body, Key, Place, Readings, Refusal, Request, StringToSign, schemes, verify,
};
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
    pub(crate) endpoint: String,
    pub(crate) secret: String,
    pub(crate) method: String,
    pub(crate) request_target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) canonical_string: String,
    pub(crate) verifies_with: String,
}

impl Vector {
    pub(crate) fn all() -> Vec<Self> {
        [
            include_str!("../../../../vectors/odps/pyodps.json"),
            include_str!("../../../../vectors/odps/odpscmd.json"),
            include_str!("../../../../vectors/odps/alternates.json"),
        ]
        .into_iter()
        .flat_map(|text| serde_json::from_str::<File>(text).unwrap().vectors)
        .collect()
    }

    /// The path of the endpoint, as its client was configured.
    pub(crate) fn base(&self) -> &str {
        let authority = self.endpoint.split_once("://").unwrap().1;
        authority.find('/').map_or("", |at| &authority[at..])
    }

    pub(crate) fn headers(&self) -> HeaderMap {
        let pair = |(name, value): &(String, String)| {
            let name: HeaderName = name.to_ascii_lowercase().parse().unwrap();
            (name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        self.headers.iter().map(pair).collect()
    }

    pub(crate) fn request<'r>(&'r self, headers: &'r HeaderMap) -> Request<'r> {
        Request::new(&self.method, &self.request_target, headers, Body::Unread)
    }
}

/// Verifies and returns the name of the reading that matched.
pub(crate) fn judge(
    request: &Request<'_>,
    base: &str,
    secret: &str,
    accepted: Readings<'_>,
) -> Result<&'static str, Refusal> {
    let secret = AccessKeySecret::new(secret);
    let hmac_sha1 = HmacSha1::new(secret.expose().as_bytes());
    let (scheme, claim) = schemes::read(request).ok_or(Refusal::Unsigned)?;
    let key = Key::secret(secret.expose().as_bytes(), &hmac_sha1);
    verify(scheme, Place::at(base), request, claim?, key, accepted).map(|proven| proven.reading().name)
}

#[test]
fn every_vector_verifies_and_reproduces_its_string_to_sign() {
    let vectors = Vector::all();
    assert!(vectors.len() >= 143 + 12);
    for vector in vectors {
        let headers = vector.headers();
        let request = vector.request(&headers);
        let matched = judge(&request, vector.base(), &vector.secret, Readings::Every);
        let matched = matched.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", vector.id));
        let expected = match vector.verifies_with.as_str() {
            "STD" => "strict".to_owned(),
            name => name.to_ascii_lowercase(),
        };
        assert_eq!(matched, expected, "{}", vector.id);

        let (scheme, claim) = schemes::read(&request).unwrap();
        let reading = scheme.readings().iter().find(|reading| reading.name == matched).unwrap();
        let mut text = StringToSign::new();
        assert!(scheme.write(*reading, Place::at(vector.base()), &request, claim.unwrap(), &mut text));
        assert_eq!(text.to_text(), vector.canonical_string, "{}", vector.id);
    }
}

#[test]
fn by_default_a_reading_that_changes_a_name_or_a_value_is_refused_by_its_name() {
    for vector in Vector::all() {
        let headers = vector.headers();
        let request = vector.request(&headers);
        let accepted = judge(&request, vector.base(), &vector.secret, Readings::Preserving { and: &[] });
        match vector.verifies_with.as_str() {
            "STD" => assert_eq!(accepted, Ok("strict"), "{}", vector.id),
            "NO-LEADING-SLASH" => assert_eq!(accepted, Ok("no-leading-slash"), "{}", vector.id),
            "IGNORE-FORM-CONTENT-TYPE" => {
                assert_eq!(accepted, Ok("ignore-form-content-type"), "{}", vector.id)
            }
            name => {
                let name = name.to_ascii_lowercase();
                let Err(Refusal::ReadingNotAccepted(refused)) = accepted else {
                    panic!("{}: {accepted:?}", vector.id)
                };
                assert_eq!(refused, name, "{}", vector.id);
                let named = Readings::Preserving { and: &[name] };
                assert_eq!(
                    judge(&request, vector.base(), &vector.secret, named),
                    Ok(refused),
                    "{}",
                    vector.id
                );
            }
        }
    }
}

#[test]
fn another_secret_does_not_verify() {
    for vector in Vector::all() {
        let headers = vector.headers();
        let request = vector.request(&headers);
        let refused = judge(&request, vector.base(), "anotherSecret", Readings::Every);
        assert!(matches!(refused, Err(Refusal::SignatureMismatch { .. })), "{}: {refused:?}", vector.id);
    }
}
