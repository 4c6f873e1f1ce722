//! Laws: what is signed verifies, what is changed does not, and no bytes make anything panic.

use countersign::crypto::HmacSha1;
use countersign::{
    AccessKeyId, AccessKeySecret, Ambiguity, Body, Credential, Key, Malformed, Payload, Place, ReadError,
    Readings, Refusal, Request, SignOptions, Timestamp, fresh, schemes, sign, verify,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use std::time::Duration;

use crate::vectors::{Vector, judge};

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-21T23:23:13Z").unwrap()
}

fn options(region: Option<&str>, corporation: &str) -> SignOptions {
    SignOptions {
        region: region.map(str::to_owned),
        corporation: corporation.to_owned(),
        ..SignOptions::at(now())
    }
}

/// Signs a request and gives back its header fields.
fn signed(method: &str, target: &str, headers: &[(&str, &str)], options: &SignOptions) -> HeaderMap {
    let mut request = http::Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let credential =
        Credential { id: AccessKeyId::new("CSAK1").unwrap(), secret: AccessKeySecret::new("secret") };
    sign(schemes::ODPS, Place::at("/api"), &mut parts, b"", &credential, options).unwrap();
    parts.headers
}

fn verdict(method: &str, target: &str, headers: &HeaderMap) -> Result<&'static str, Refusal> {
    let request = Request::new(method, target, headers, Body::Unread);
    judge(&request, "/api", "secret", Readings::Preserving { and: &[] })
}

/// Reads, verifies and looks for ambiguities, as a server would, of whatever stands here.
fn judge_anything(method: &str, target: &str, base: &str, headers: &HeaderMap) {
    let request = Request::new(method, target, headers, Body::Whole(b""));
    let secret = AccessKeySecret::new("secret");
    let hmac_sha1 = HmacSha1::new(b"secret");
    if let Some((scheme, Ok(claim))) = schemes::read(&request) {
        let _ = scheme.ambiguity(Place::at(base), &request, claim);
        let _ = fresh(claim, now(), Duration::from_secs(900));
        let key = Key::secret(secret.expose().as_bytes(), &hmac_sha1);
        let _ = verify(scheme, Place::at(base), &request, claim, key, Readings::Every);
    }
}

fn header_value() -> impl Strategy<Value = HeaderValue> {
    "[ -~]{0,30}".prop_map(|text| HeaderValue::from_str(text.trim()).unwrap())
}

proptest! {
    #[test]
    fn what_is_signed_verifies(
        path in "(/[a-zA-Z0-9_%.~!$'()*+,;:@-]{0,12}){0,4}",
        query in proptest::option::of("[a-zA-Z0-9_%.~!$'()*+,;:@/?=&-]{0,40}"),
        value in header_value(),
        v4 in any::<bool>(),
    ) {
        let target = format!("/api{path}{}", query.map(|query| format!("?{query}")).unwrap_or_default());
        let options = options(v4.then_some("cn-hangzhou"), "aliyun");
        let headers = signed("GET", &target, &[("x-odps-a", value.to_str().unwrap()), ("x-odps-b", "1")], &options);
        prop_assert_eq!(verdict("GET", &target, &headers), Ok("strict"));

        prop_assert!(verdict("PUT", &target, &headers).is_err());
        let mut other = headers.clone();
        other.insert("x-odps-b", HeaderValue::from_static("2"));
        prop_assert!(verdict("GET", &target, &other).is_err());
        other.remove("x-odps-b");
        prop_assert!(verdict("GET", &target, &other).is_err());
        let longer = format!("/api/x{}", &target[4..]);
        prop_assert!(verdict("GET", &longer, &headers).is_err());
    }

    #[test]
    fn nothing_that_a_stranger_sends_panics(
        method in "[A-Z]{0,8}",
        target in any::<String>(),
        base in "(/[a-z]{0,3}){0,2}",
        authorization in prop_oneof![
            "ODPS [ -~]{0,60}",
            "ODPS [A-Za-z0-9]{1,5}(/[ -~]{0,8}){0,5}:[A-Za-z0-9+/]{27}=",
        ],
        date in prop_oneof![Just("Sat, 21 Nov 2026 23:23:13 GMT".to_owned()), "[ -~]{0,40}"],
        extra in proptest::collection::vec(("(x-odps-|content-|date|)[a-z0-9]{0,5}", proptest::collection::vec(any::<u8>(), 0..20)), 0..6),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in [("authorization", authorization.as_bytes()), ("date", date.as_bytes())] {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.append(name, value);
            }
        }
        for (name, value) in extra {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(&value)) {
                headers.append(name, value);
            }
        }
        judge_anything(&method, &target, &base, &headers);
    }
}

#[test]
fn both_edges_of_the_clock_window() {
    let headers = signed("GET", "/api/tenants", &[], &options(None, "aliyun"));
    let request = Request::new("GET", "/api/tenants", &headers, Body::Unread);
    let claim = schemes::read(&request).unwrap().1.unwrap();
    let window = Duration::from_secs(900);
    for (shift, inside) in [(900, true), (-900, true), (901, false), (-901, false)] {
        // Whatever the fraction of the second at which it arrives.
        for fraction in [0, 1, 500, 999] {
            let at = Timestamp::from_unix_millis(now().unix_millis() + shift * 1000 + fraction);
            assert_eq!(fresh(claim, at, window).is_ok(), inside, "{shift} s and {fraction} ms");
        }
    }
}

#[test]
fn a_private_cloud_names_itself_in_scope_and_key() {
    let headers = signed("GET", "/api/tenants", &[], &options(Some("cn-qd"), "apsara"));
    let text = headers["authorization"].to_str().unwrap().to_owned();
    assert!(text.starts_with("ODPS CSAK1/20261121/cn-qd/odps/apsara_v4_request:"), "{text}");
    assert_eq!(verdict("GET", "/api/tenants", &headers), Ok("strict"));

    // One build of the Java SDK derives the key as `aliyun` whatever the scope says.
    let mixed = Vector::all().into_iter().find(|vector| vector.id == "own-v4-mixed-corporation").unwrap();
    let headers = mixed.headers();
    assert_eq!(judge(&mixed.request(&headers), "/api", &mixed.secret, Readings::Every), Ok("strict"));
}

#[test]
fn the_date_of_a_scope_may_be_a_day_off_and_no_more() {
    let with_scope = |date: &str| {
        let mut headers = signed("GET", "/api/tenants", &[], &options(Some("cn-qd"), "aliyun"));
        let text = headers["authorization"].to_str().unwrap().replace("20261121", date);
        headers.insert("authorization", text.parse().unwrap());
        verdict("GET", "/api/tenants", &headers)
    };
    for date in ["20261120", "20261122"] {
        // Readable; the key is another day's, so it does not match.
        assert!(matches!(with_scope(date), Err(Refusal::SignatureMismatch { .. })), "{date}");
    }
    for date in ["20261119", "20261123", "00000000", "2026112a"] {
        assert!(matches!(with_scope(date), Err(Refusal::Malformed(_))), "{date}");
    }
}

#[test]
fn an_authorization_that_cannot_be_read_is_malformed() {
    let signature = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for credential in [
        "",
        "a b",
        "a/b",
        "a/20261121/r/odps",
        "a/20261121/r/oss/aliyun_v4_request",
        "a/20261121/r/odps/x",
        "a/20261121//odps/aliyun_v4_request",
        "a/20261121/r/odps/_v4_request",
        "a/20261121/r/odps/aliyun_v4_request/x",
    ] {
        assert!(
            matches!(read(&format!("ODPS {credential}:{signature}")), Err(Malformed::Unreadable { .. })),
            "{credential}"
        );
    }
    // Two spellings of the same bytes are two signatures: only the canonical one is read.
    for signature in [
        "",
        "AAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAB=",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAA=\u{20}x",
    ] {
        assert!(
            matches!(read(&format!("ODPS a:{signature}")), Err(Malformed::Unreadable { .. })),
            "{signature}"
        );
    }
    assert!(read(&format!("ODPS a:{signature}")).is_ok());

    fn read(authorization: &str) -> Result<(), Malformed> {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", authorization.parse().unwrap());
        headers.insert("date", "Sat, 21 Nov 2026 23:23:13 GMT".parse().unwrap());
        let request = Request::new("GET", "/api", &headers, Body::Unread);
        match schemes::read(&request).unwrap().1 {
            Ok(_) => Ok(()),
            Err(ReadError::Malformed(malformed)) => Err(malformed),
            Err(ReadError::NeedsBody) => unreachable!("it reads no body"),
        }
    }
}

#[test]
fn a_field_that_signer_and_server_could_take_differently_stands_once() {
    for name in ["authorization", "date", "content-type", "content-md5"] {
        let mut headers =
            signed("GET", "/api/tenants", &[("content-type", "a"), ("content-md5", "b")], &options(None, ""));
        let again = headers[name].clone();
        headers.append(HeaderName::from_static(name), again);
        assert_eq!(
            verdict("GET", "/api/tenants", &headers),
            Err(Refusal::Malformed(Malformed::Repeated(name.to_owned())))
        );
    }
}

#[test]
fn several_values_of_one_field_are_signed_joined_by_commas() {
    let headers = signed("GET", "/api/tenants", &[("x-odps-a", "1,2")], &options(None, "aliyun"));
    let mut split = headers.clone();
    split.insert("x-odps-a", HeaderValue::from_static("1"));
    split.append("x-odps-a", HeaderValue::from_static("2"));
    assert_eq!(verdict("GET", "/api/tenants", &split), Ok("strict"));
    let mut swapped = headers;
    swapped.insert("x-odps-a", HeaderValue::from_static("2"));
    swapped.append("x-odps-a", HeaderValue::from_static("1"));
    assert!(verdict("GET", "/api/tenants", &swapped).is_err());
}

#[test]
fn what_decoded_text_cannot_tell_apart_is_found() {
    let find = |target: &str| {
        let headers = signed("GET", target, &[], &options(None, "aliyun"));
        let request = Request::new("GET", target, &headers, Body::Unread);
        let claim = schemes::ODPS.read(&request).unwrap();
        schemes::ODPS.ambiguity(Place::at("/api"), &request, &claim)
    };
    let cases = [
        ("/api/a?k=1&k=2", Some(Ambiguity::RepeatedName("k".to_owned()))),
        ("/api/a?k&%6b=2", Some(Ambiguity::RepeatedName("k".to_owned()))),
        ("/api/a?k=1%26b", Some(Ambiguity::QuerySeparator('&'))),
        ("/api/a?k%3D1=b", Some(Ambiguity::QuerySeparator('='))),
        ("/api/a?k=%23", Some(Ambiguity::QuerySeparator('#'))),
        ("/api/a?k%3F=1", Some(Ambiguity::QuerySeparator('?'))),
        ("/api/a%3Fb", Some(Ambiguity::PathSeparator('?'))),
        ("/api/a%26b", Some(Ambiguity::PathSeparator('&'))),
        ("/api/a%23b", Some(Ambiguity::PathSeparator('#'))),
        ("/api/a%0Ab", Some(Ambiguity::ControlCharacter)),
        ("/api/a?k=%00", Some(Ambiguity::ControlCharacter)),
        ("/api/a?%7f", Some(Ambiguity::ControlCharacter)),
        ("/api/a%2Bb?k=a%3Db%3Dc&l=pt%3D%27a%2Fb+c%27", None),
    ];
    for (target, expected) in cases {
        assert_eq!(find(target), expected, "{target}");
    }
}

#[test]
fn a_content_md5_is_read_in_base_64_and_in_hexadecimal() {
    let payload = |value: &str| {
        let headers = signed("PUT", "/api/a", &[("content-md5", value)], &options(None, "aliyun"));
        let request = Request::new("PUT", "/api/a", &headers, Body::Unread);
        schemes::read(&request).unwrap().1.unwrap().payload.clone()
    };
    for value in
        ["qLWUv43Mplb7HrG2Y0SUCg==", "a8b594bf8dcca656fb1eb1b66344940a", "A8B594BF8DCCA656FB1EB1B66344940A"]
    {
        assert!(payload(value).matches(b"<x/>") && !payload(value).matches(b"<y/>"), "{value}");
    }
    for value in ["", "x", "qLWUv43Mplb7HrG2Y0SUCh==", "zzb594bf8dcca656fb1eb1b66344940a"] {
        assert_eq!(payload(value), Payload::Unreadable, "{value}");
    }
}

#[test]
fn a_credential_that_is_not_judged_is_named() {
    for name in ["authorization-sts-token", "application-authentication", "sts-token", "x-odps-bearer-token"]
    {
        let headers = signed("GET", "/api/tenants", &[(name, "x")], &options(None, "aliyun"));
        let request = Request::new("GET", "/api/tenants", &headers, Body::Unread);
        let claim = schemes::read(&request).unwrap().1.unwrap();
        assert_eq!(claim.unjudged.as_slice(), [name]);
    }
}

#[test]
fn a_request_that_cannot_be_signed_stays_as_it_was() {
    let (mut parts, ()) = http::Request::get("/elsewhere").body(()).unwrap().into_parts();
    let credential =
        Credential { id: AccessKeyId::new("CSAK1").unwrap(), secret: AccessKeySecret::new("secret") };
    let result =
        sign(schemes::ODPS, Place::at("/api"), &mut parts, b"", &credential, &options(None, "aliyun"));
    assert!(matches!(result, Err(Malformed::Unreadable { .. })), "{result:?}");
    assert!(parts.headers.is_empty());
}
