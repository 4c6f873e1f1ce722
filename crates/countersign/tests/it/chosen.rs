//! What the tests of schemes whose signers choose what they cover have in common, and the laws that hold for all of them.

use std::time::Duration;

use countersign::crypto::HmacSha1;
use countersign::explain::{About, Captured, explain};
use countersign::{
    AccessKeyId, AccessKeySecret, Algorithm, Body, Credential, Key, Malformed, Place, Proven, Readings,
    Refusal, Request, Scheme, SignOptions, StringToSign, Timestamp, fresh, schemes, sign, verify,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use serde::Deserialize;

pub(crate) const SECRET: &str = "ownSecretownSecret01";
pub(crate) const ALL: [&dyn Scheme; 3] = [schemes::RFC9421, schemes::KONG, schemes::APISIX];

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

/// A signed request, and how it was signed.
#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
    pub(crate) public_key: Option<String>,
    pub(crate) private_key: Option<String>,
    pub(crate) method: String,
    pub(crate) request_target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) canonical_string: String,
    pub(crate) verifies_with: String,
}

impl Vector {
    pub(crate) fn headers(&self) -> HeaderMap {
        header_map(&self.headers)
    }

    pub(crate) fn request<'r>(&'r self, headers: &'r HeaderMap) -> Request<'r> {
        Request::new(&self.method, &self.request_target, headers, Body::Whole(self.body.as_bytes()))
    }
}

pub(crate) fn vectors(files: &[&str]) -> Vec<Vector> {
    files.iter().flat_map(|text| serde_json::from_str::<File>(text).unwrap().vectors).collect()
}

pub(crate) fn header_map(pairs: &[(impl AsRef<str>, impl AsRef<str>)]) -> HeaderMap {
    let pair = |(name, value): &(_, _)| {
        let (name, value): (&str, &str) = (AsRef::as_ref(name), AsRef::as_ref(value));
        let name: HeaderName = name.to_ascii_lowercase().parse().unwrap();
        (name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    pairs.iter().map(|(name, value)| pair(&(name.as_ref(), value.as_ref()))).collect()
}

pub(crate) fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap()
}

/// Reads and verifies with a shared secret.
pub(crate) fn prove<'a, 'r>(
    request: &'a Request<'r>,
    secret: &str,
    accepted: Readings<'_>,
) -> Result<Proven<'a, 'r>, Refusal> {
    let hmac_sha1 = HmacSha1::new(secret.as_bytes());
    let (scheme, claim) = schemes::read(request).ok_or(Refusal::Unsigned)?;
    verify(scheme, Place::default(), request, claim?, Key::secret(secret.as_bytes(), &hmac_sha1), accepted)
}

/// What a server would say that names no reading, with a body that it has read.
pub(crate) fn verdict(method: &str, target: &str, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    let request = Request::new(method, target, headers, Body::Whole(body));
    let proven = prove(&request, SECRET, Readings::Preserving { and: &[] })?;
    fresh(proven.claim(), now(), Duration::from_secs(900))?;
    if proven.claim().payload.matches(body) { Ok(()) } else { Err(Refusal::BodyMismatch) }
}

/// Why a request cannot be read.
pub(crate) fn malformed(method: &str, target: &str, headers: &HeaderMap) -> Malformed {
    match verdict(method, target, headers, b"") {
        Err(Refusal::Malformed(malformed)) => malformed,
        other => panic!("{other:?} for {method} {target} {headers:?}"),
    }
}

pub(crate) fn is_mismatch(verdict: &Result<(), Refusal>) -> bool {
    matches!(verdict, Err(Refusal::SignatureMismatch { .. }))
}

pub(crate) fn signed_with(
    scheme: &dyn Scheme,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
    secret: &str,
    options: &SignOptions,
) -> Result<HeaderMap, Malformed> {
    let request = http::Request::builder().method(method).uri(target);
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    parts.headers = header_map(headers);
    let credential =
        Credential { id: AccessKeyId::new("CSAKownVector1").unwrap(), secret: AccessKeySecret::new(secret) };
    sign(scheme, Place::default(), &mut parts, body, &credential, options)?;
    Ok(parts.headers)
}

pub(crate) fn signed(
    scheme: &dyn Scheme,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> HeaderMap {
    let mut all = vec![("host", "127.0.0.1:8640")];
    all.extend_from_slice(headers);
    signed_with(scheme, method, target, &all, body, SECRET, &SignOptions::at(now())).unwrap()
}

/// Checks each vector, and that another secret does not do.
pub(crate) fn check_vectors(vectors: &[Vector], scheme: &dyn Scheme) {
    for vector in vectors {
        let headers = vector.headers();
        let request = vector.request(&headers);
        let (read_by, claim) = schemes::read(&request).unwrap();
        assert_eq!(read_by.name(), scheme.name(), "{}", vector.id);
        let claim = claim.unwrap_or_else(|error| panic!("{}: {error}", vector.id));
        assert!(claim.payload.matches(vector.body.as_bytes()), "{}", vector.id);

        let reading = read_by.readings().iter().find(|reading| reading.name == vector.verifies_with).unwrap();
        let mut text = StringToSign::new();
        assert!(read_by.write(*reading, Place::default(), &request, claim, &mut text));
        assert_eq!(text.to_text(), vector.canonical_string, "{}", vector.id);

        let hmac_sha1 = HmacSha1::new(vector.secret.as_deref().unwrap_or_default().as_bytes());
        let public =
            vector.public_key.as_deref().map(|pem| countersign::crypto::PublicKey::from_pem(pem).unwrap());
        let key = match &public {
            Some(public) => Key::Public(public),
            None => Key::secret(vector.secret.as_deref().unwrap().as_bytes(), &hmac_sha1),
        };
        let proven = verify(read_by, Place::default(), &request, claim, key, Readings::Every);
        let proven = proven.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", vector.id));
        assert_eq!(proven.reading().name, vector.verifies_with, "{}", vector.id);
        if let Some(secret) = &vector.secret {
            is_explained(vector, &headers, secret);
        }
        let refused = prove(&request, "anotherSecret", Readings::Every);
        assert!(matches!(refused, Err(Refusal::SignatureMismatch { .. })), "{}", vector.id);
    }
}

fn is_explained(vector: &Vector, headers: &HeaderMap, secret: &str) {
    let captured = Captured {
        method: vector.method.clone(),
        target: vector.request_target.clone(),
        headers: headers.clone(),
        body: Some(vector.body.clone().into_bytes()),
    };
    let secret = AccessKeySecret::new(secret);
    let text = Some(vector.canonical_string.as_str());
    let about = About { base: Some(""), secret: Some(&secret), client_string: text, ..About::default() };
    let explanation = explain(&captured, &about);
    assert_eq!(explanation.verified, Some(true), "{}: {explanation:#?}", vector.id);
    assert_eq!(explanation.string_to_sign.as_deref(), text, "{}", vector.id);
    let shown = format!("{explanation:?}");
    let (_, signature) = signature_of(headers);
    assert!(!shown.contains(secret.expose()) && !shown.contains(&signature), "{shown}");
}

#[test]
fn what_is_signed_tells_what_it_covers() {
    for scheme in ALL {
        let headers = signed(scheme, "POST", "/a?b=c", &[("x-other", "1")], b"body");
        let request = Request::new("POST", "/a?b=c", &headers, Body::Unread);
        let proven = prove(&request, SECRET, Readings::Preserving { and: &[] }).unwrap();
        let covered = &proven.claim().covered;
        assert!(covered.by_choice && covered.method && covered.path && covered.query && covered.time);
        assert_eq!(covered.authority, scheme.name() == "rfc9421");
        assert!(covered.headers.is_sorted_by_key(|field| field.name));
        assert!(proven.claim().payload.matches(b"body") && !proven.claim().payload.matches(b""));
    }
}

#[test]
fn signing_refuses_what_a_scheme_does_not_have() {
    for scheme in ALL {
        let with = |options: &SignOptions| {
            signed_with(scheme, "GET", "/", &[("host", "h")], b"", SECRET, options).map(drop)
        };
        let presigned = SignOptions { presign: Some(Duration::from_secs(60)), ..SignOptions::at(now()) };
        assert!(matches!(with(&presigned), Err(Malformed::Unreadable { .. })), "{scheme:?}");
        let by_sha1 = SignOptions { algorithm: Some(Algorithm::RsaSha1), ..SignOptions::at(now()) };
        assert_eq!(with(&by_sha1), Err(Malformed::UnknownAlgorithm("RSA-SHA1".to_owned())), "{scheme:?}");
    }
}

#[test]
fn case_05_a_signature_that_is_cut_short_or_empty_is_malformed() {
    for scheme in ALL {
        let headers = signed(scheme, "GET", "/a", &[], b"");
        let (name, old) = signature_of(&headers);
        for new in ["", "AAAA", &old[..40], &format!("{old}AAAA"), &format!("v1,{old}"), "%3D"] {
            let other = replaced(&headers, &name, &old, new);
            assert!(matches!(malformed("GET", "/a", &other), Malformed::Unreadable { .. }), "{new}");
        }
        let mut other = headers.clone();
        other.remove(name);
        assert!(verdict("GET", "/a", &other, b"").is_err());
    }
}

#[test]
fn case_13_the_time_that_is_signed_is_judged() {
    for scheme in ALL {
        let headers = signed(scheme, "GET", "/a", &[], b"");
        let request = Request::new("GET", "/a", &headers, Body::Whole(b""));
        let proven = prove(&request, SECRET, Readings::Preserving { and: &[] }).unwrap();
        assert_eq!(proven.claim().signed_at, now());
        for (shift, inside) in [(900, true), (-900, true), (901, false), (-901, false), (86_400, false)] {
            let at = Timestamp::from_unix_millis(now().unix_millis() + shift * 1000);
            assert_eq!(fresh(proven.claim(), at, Duration::from_secs(900)).is_ok(), inside, "{shift}");
        }
    }
}

#[test]
fn case_24_a_fragment_or_a_line_end_in_the_target_is_malformed() {
    for scheme in ALL {
        let headers = signed(scheme, "GET", "/a", &[], b"");
        for target in ["/a#b", "/a?b#c", "/a\nx: y", "/a?\r\n", "/a b", "/é", "a", "", "*", "http://h/a"] {
            assert!(matches!(malformed("GET", target, &headers), Malformed::Unreadable { .. }), "{target:?}");
        }
        for method in ["", "GET /x", "G\nET", "Gé"] {
            assert!(matches!(malformed(method, "/a", &headers), Malformed::Unreadable { .. }), "{method:?}");
        }
    }
}

#[test]
fn case_27_a_signature_has_one_spelling() {
    for scheme in ALL {
        let headers = signed(scheme, "GET", "/a", &[], b"");
        let (name, old) = signature_of(&headers);
        let unpadded = old.trim_end_matches('=');
        let (before, last) = unpadded.split_at(unpadded.len() - 1);
        // Of the last character of 32 bytes the two lowest bits say nothing.
        let twin = char::from(last.as_bytes()[0] + 1);
        for new in [unpadded, &format!("{before}{twin}="), &old.replace('=', "%3D"), &format!(" {old}")] {
            assert!(verdict("GET", "/a", &replaced(&headers, &name, &old, new), b"").is_err(), "{new} {old}");
            malformed("GET", "/a", &replaced(&headers, &name, &old, new));
        }
    }
}

#[test]
fn case_30_a_body_that_is_not_the_one_of_the_signed_digest_is_refused() {
    for scheme in ALL {
        let headers = signed(scheme, "POST", "/a", &[], b"body");
        assert_eq!(verdict("POST", "/a", &headers, b"body"), Ok(()));
        for body in [&b""[..], b"Body", b"body "] {
            assert_eq!(verdict("POST", "/a", &headers, body), Err(Refusal::BodyMismatch));
        }
        let name = if scheme.name() == "rfc9421" { "content-digest" } else { "digest" };
        let mut other = headers.clone();
        other.remove(name);
        malformed("POST", "/a", &other);
        let mut other = headers.clone();
        other.insert(name, signed(scheme, "POST", "/a", &[], b"Body")[name].clone());
        assert!(is_mismatch(&verdict("POST", "/a", &other, b"Body")));
    }
}

#[test]
fn case_40_another_method_or_target_is_another_signature() {
    for scheme in ALL {
        let headers = signed(scheme, "GET", "/a?b=c", &[], b"");
        assert_eq!(verdict("GET", "/a?b=c", &headers, b""), Ok(()));
        for (method, target) in
            [("DELETE", "/a?b=c"), ("GET", "/a?b=d"), ("GET", "/a"), ("GET", "/a/?b=c"), ("GET", "/%61?b=c")]
        {
            assert!(is_mismatch(&verdict(method, target, &headers, b"")), "{method} {target}");
        }
        assert!(verdict("get", "/a?b=c", &headers, b"").is_err());
    }
}

#[test]
fn case_44_a_mismatch_shows_what_was_sent_and_nothing_else() {
    for scheme in ALL {
        let headers = signed(scheme, "GET", "/a", &[], b"");
        let right = signature_of(&headers).1;
        let Err(Refusal::SignatureMismatch { string_to_sign, canonical_request }) =
            verdict("PUT", "/a", &headers, b"")
        else {
            panic!("{scheme:?}")
        };
        assert!(string_to_sign.to_lowercase().contains("put") && canonical_request.is_none());
        let of_put = signature_of(&signed(scheme, "PUT", "/a", &[], b"")).1;
        for kept in [SECRET, &right, &of_put] {
            assert!(!string_to_sign.contains(kept));
        }
    }
}

/// The field that bears the signature, and its base 64.
pub(crate) fn signature_of(headers: &HeaderMap) -> (HeaderName, String) {
    let (name, start, end) = match headers.get("signature") {
        Some(_) => ("signature", "=:", ":"),
        None if headers["authorization"].to_str().unwrap().contains("signature=") => {
            ("authorization", "signature=\"", "\"")
        }
        None => ("proxy-authorization", "signature=\"", "\""),
    };
    let text = headers[name].to_str().unwrap();
    let signature = text.split_once(start).unwrap().1.strip_suffix(end).unwrap();
    (HeaderName::from_static(name), signature.to_owned())
}

pub(crate) fn replaced(headers: &HeaderMap, name: &HeaderName, old: &str, new: &str) -> HeaderMap {
    let mut headers = headers.clone();
    let text = headers[name].to_str().unwrap().replacen(old, new, 1);
    headers.insert(name.clone(), text.parse().unwrap());
    headers
}

fn scheme() -> impl Strategy<Value = &'static dyn Scheme> {
    (0..ALL.len()).prop_map(|at| ALL[at])
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_one_thing_changed_does_not(
        scheme in scheme(),
        method in "(GET|POST|PUT|DELETE|PATCH)",
        path in "(/[a-zA-Z0-9_%.~!$'()*+,;:@-]{0,12}){1,4}",
        query in proptest::option::of("[a-zA-Z0-9_%.~!$'()*+,;:@/?=&-]{1,40}"),
        body in proptest::collection::vec(any::<u8>(), 0..40),
        at in any::<prop::sample::Index>(),
    ) {
        let target = format!("{path}{}", query.map(|query| format!("?{query}")).unwrap_or_default());
        let headers = signed(scheme, &method, &target, &[], &body);
        prop_assert_eq!(verdict(&method, &target, &headers, &body), Ok(()));

        prop_assert!(verdict("OPTIONS", &target, &headers, &body).is_err());
        let mut other = target.clone();
        // One character more anywhere.
        other.insert(1 + at.index(other.len()), 'x');
        prop_assert!(verdict(&method, &other, &headers, &body).is_err());
        let mut other = body.clone();
        other.push(b'x');
        prop_assert_eq!(verdict(&method, &target, &headers, &other).is_err(), !body.is_empty());

        // Each field that is covered, and both that bear the signature.
        let request = Request::new(&method, &target, &headers, Body::Unread);
        let proven = prove(&request, SECRET, Readings::Preserving { and: &[] }).unwrap();
        let mut names: Vec<&str> = proven.claim().covered.headers.iter().map(|field| field.name).collect();
        names.extend(["authorization", "signature", "signature-input"]);
        names.retain(|name| headers.contains_key(*name));
        for name in names {
            let text = headers[name].to_str().unwrap();
            let mut other = headers.clone();
            let mut bytes = text.as_bytes().to_vec();
            let place = at.index(bytes.len());
            bytes[place] = if bytes[place] == b'1' { b'2' } else { b'1' };
            other.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(&bytes).unwrap());
            // Kong does not sign the id. Another one is another key's, whose secret is another.
            let is_of_another = || {
                let request = Request::new(&method, &target, &other, Body::Unread);
                let claim = schemes::read(&request).unwrap().1.unwrap();
                scheme.name() == "kong-hmac" && claim.access_key_id != "CSAKownVector1"
            };
            let verdict_of_other = verdict(&method, &target, &other, &body);
            prop_assert!(verdict_of_other.is_err() || is_of_another(), "{} {:?}", name, other);
            other.remove(name);
            prop_assert!(verdict(&method, &target, &other, &body).is_err());
            let mut other = headers.clone();
            other.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), headers[name].clone());
            prop_assert!(verdict(&method, &target, &other, &body).is_err());
        }
    }

    #[test]
    fn case_36_nothing_that_a_stranger_sends_panics(
        method in "[A-Z]{0,8}|[ -~]{0,4}",
        target in prop_oneof![any::<String>(), "/[ -~]{0,20}"],
        authorization in prop_oneof![
            "(hmac|Hmac|Signature) [ -~]{0,60}",
            r#"(hmac|Signature) (username|keyId)="[a-z ]{0,5}", ?algorithm="hmac-sha(1|256|512)", ?headers="[a-z@ -]{0,30}", ?signature="[A-Za-z0-9+/]{27}=""#,
        ],
        input in prop_oneof![
            "[ -~]{0,60}",
            r#"[a-z]=\(("@?[a-z-]{1,12}"(;[a-z]{2,4}="[a-z%]{0,3}")? ?){0,4}\)(;(created|expires|keyid|nonce|alg)=("[a-z0-9-]{0,12}"|[0-9]{1,16})){0,5}"#,
        ],
        signature in prop_oneof!["[ -~]{0,60}", "[a-z]=:[A-Za-z0-9+/]{43}=:"],
        extra in proptest::collection::vec(("(content-digest|digest|date|x-date|host|[a-z]{1,5})", proptest::collection::vec(any::<u8>(), 0..20)), 0..6),
        fields in 1..4u8,
    ) {
        let mut headers = HeaderMap::new();
        let ours = [("authorization", authorization), ("signature-input", input), ("signature", signature)];
        for (name, value) in ours.into_iter().filter(|(name, _)| (*name == "authorization") == (fields == 1)) {
            headers.append(name, HeaderValue::from_str(&value).unwrap());
        }
        for (name, value) in extra {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(&value)) {
                headers.append(name, value);
            }
        }
        let _ = verdict(&method, &target, &headers, b"");
        let request = Request::new(&method, &target, &headers, Body::Unread);
        if let Some((scheme, Ok(claim))) = schemes::read(&request) {
            // What was read can be written.
            let mut text = StringToSign::new();
            prop_assert!(scheme.write(scheme.readings()[0], Place::default(), &request, claim, &mut text));
        }
    }
}
