//! Explanations: good requests are told to be good, and each usual mistake is told by its name.

use std::time::Duration;

use countersign::crypto::{Hash, HmacSha1, hmac_sha256};
use countersign::explain::{About, Captured, Explanation, explain, origin_form};
use countersign::{AccessKeySecret, Timestamp};
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use crate::vectors::Vector;

const SECRET: &str = "exampleSecretexampleSecret0001";
const DATE: &str = "Sat, 21 Nov 2026 23:23:13 GMT";

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn captured(vector: &Vector) -> Captured {
    Captured {
        method: vector.method.clone(),
        target: vector.request_target.clone(),
        headers: vector.headers(),
        body: None,
    }
}

/// A request that was signed by hand: `text` went into the MAC, whatever else is sent.
fn signed(method: &str, target: &str, fields: &[(&str, &str)], body: &[u8], text: &str) -> Captured {
    signed_with(SECRET, method, target, fields, body, text)
}

fn signed_with(
    secret: &str,
    method: &str,
    target: &str,
    fields: &[(&str, &str)],
    body: &[u8],
    text: &str,
) -> Captured {
    let signature = base64(&HmacSha1::new(secret.as_bytes()).mac(text.as_bytes()));
    let mut http = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in fields {
        http.push_str(&format!("{name}: {value}\r\n"));
    }
    if !fields.iter().any(|(name, _)| *name == "Date") {
        http.push_str(&format!("Date: {DATE}\r\n"));
    }
    http.push_str(&format!("Authorization: ODPS CSAK1:{signature}\r\n\r\n"));
    let mut bytes = http.into_bytes();
    bytes.extend_from_slice(body);
    Captured::from_http(&bytes).unwrap()
}

fn told(captured: &Captured, secret: &str) -> Explanation {
    let secret = AccessKeySecret::new(secret);
    let explanation =
        explain(captured, &About { base: Some("/api"), secret: Some(&secret), ..About::default() });
    keeps_to_itself(captured, &explanation, &secret);
    explanation
}

/// Whether an explanation holds no secret, no key and no signature, in any spelling in which one could be used.
fn keeps_to_itself(captured: &Captured, explanation: &Explanation, secret: &AccessKeySecret) {
    let shown = format!("{explanation:#?}\n{explanation:?}");
    let mut kept = vec![secret.expose().trim().to_owned(), base64(secret.expose().as_bytes())];
    if let Some(authorization) = captured.headers.get("authorization") {
        let authorization = authorization.to_str().unwrap_or("");
        kept.push(authorization.rsplit_once(':').map_or("", |(_, signature)| signature).to_owned());
    }
    let mut keys = vec![secret.expose().trim().as_bytes().to_vec(), secret.expose().as_bytes().to_vec()];
    if let Some(scope) = &explanation.scope {
        let mut key = format!("aliyun_v4{}", secret.expose().trim()).into_bytes();
        for part in scope.split('/') {
            key = hmac_sha256(&key, part.as_bytes()).to_vec();
            keys.push(key.clone());
        }
    }
    let hypothesis = explanation.hypothesis.as_ref();
    let texts =
        [explanation.string_to_sign.clone(), hypothesis.and_then(|found| found.string_to_sign.clone())];
    for key in &keys {
        kept.push(base64(key));
        kept.push(key.iter().map(|byte| format!("{byte:02x}")).collect());
        for text in texts.iter().flatten() {
            let mac = HmacSha1::new(key).mac(text.as_bytes());
            kept.push(base64(&mac));
            kept.push(mac.iter().map(|byte| format!("{byte:02x}")).collect());
        }
    }
    for text in kept.iter().filter(|text| text.len() >= 8) {
        assert!(!shown.contains(text.as_str()), "{text:?} is told in {shown}");
    }
}

/// Asserts that one mistake is named and proven, and gives back the words for it.
fn named(captured: &Captured, secret: &str, name: &str) -> String {
    let explanation = told(captured, secret);
    assert_eq!(explanation.verified, Some(false), "{explanation:#?}");
    let hypothesis = explanation.hypothesis.expect("there is a hypothesis");
    assert_eq!(hypothesis.name, name, "{}", hypothesis.cause);
    assert!(hypothesis.proven, "{}", hypothesis.cause);
    assert_eq!(explanation.reason.as_ref(), Some(&hypothesis.cause));
    assert!(matches!(explanation.accepted_by_serve, Some(Err(_))));
    hypothesis.cause
}

#[test]
fn every_vector_is_explained_as_it_was_signed() {
    for vector in Vector::all() {
        let captured = captured(&vector);
        let secret = AccessKeySecret::new(vector.secret.as_str());
        let about = About {
            base: Some(vector.base()),
            secret: Some(&secret),
            client_string: Some(&vector.canonical_string),
            ..About::default()
        };
        let explanation = explain(&captured, &about);
        keeps_to_itself(&captured, &explanation, &secret);
        let id = &vector.id;
        assert_eq!(explanation.scheme, Some("odps"), "{id}");
        assert_eq!(explanation.verified, Some(true), "{id}");
        assert_eq!(explanation.string_to_sign.as_ref(), Some(&vector.canonical_string), "{id}");
        let lines: Vec<_> = explanation.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines.join("\n"), vector.canonical_string, "{id}");
        assert_eq!((explanation.hypothesis, explanation.difference), (None, None), "{id}");
        let expected = match vector.verifies_with.as_str() {
            "STD" => "strict".to_owned(),
            name => name.to_ascii_lowercase(),
        };
        assert_eq!(explanation.reading, Some(expected.as_str()), "{id}");
        // Accepted or refused with a reason, never neither.
        match explanation.accepted_by_serve.unwrap() {
            Ok(()) => assert_eq!(explanation.reason, None, "{id}"),
            Err(reason) => assert_eq!(explanation.reason, Some(reason), "{id}"),
        }
    }
}

#[test]
fn without_a_secret_nothing_is_judged_and_all_is_shown() {
    for vector in Vector::all() {
        let captured = captured(&vector);
        let explanation = explain(&captured, &About { base: Some(vector.base()), ..About::default() });
        assert_eq!(explanation.verified, None, "{}", vector.id);
        assert_eq!(explanation.hypothesis, None, "{}", vector.id);
        assert!(explanation.string_to_sign.is_some() && explanation.access_key_id.is_some(), "{}", vector.id);
        assert!(!matches!(explanation.accepted_by_serve, Some(Ok(()))), "{}", vector.id);
        assert!(explanation.reason.unwrap().contains("no secret was given"), "{}", vector.id);
    }
}

#[test]
fn another_secret_is_told_as_such() {
    for vector in Vector::all() {
        let captured = captured(&vector);
        let secret = AccessKeySecret::new("anotherSecretanotherSecret");
        let mut about = About { base: Some(vector.base()), secret: Some(&secret), ..About::default() };
        let explanation = explain(&captured, &about);
        keeps_to_itself(&captured, &explanation, &secret);
        assert_eq!(explanation.verified, Some(false), "{}", vector.id);
        let hypothesis = explanation.hypothesis.unwrap();
        assert_eq!((hypothesis.name, hypothesis.proven), ("wrong secret", false), "{}", vector.id);

        // The client's own string to sign makes it certain: both sides read the same.
        about.client_string = Some(&vector.canonical_string);
        let explanation = explain(&captured, &about);
        assert_eq!(explanation.hypothesis.unwrap().name, "wrong secret", "{}", vector.id);
        let reason = explanation.reason.unwrap();
        assert!(reason.contains("so the secret is wrong"), "{}: {reason}", vector.id);
        assert_eq!(explanation.difference, None, "{}", vector.id);
    }
}

#[test]
fn a_secret_with_blanks_around_it() {
    let text = format!("GET\n\n\n{DATE}\n/tenants");
    let plain = signed("GET", "/api/tenants", &[], b"", &text);
    for given in
        ["{}\n", "{}\r\n", " {}", "{} ", "\t{}\n", "\"{}\"", "'{}'", "\u{feff}{}", "\"{}\"\n", "\" {} \""]
    {
        let cause = named(&plain, &given.replace("{}", SECRET), "secret with blanks around it");
        assert!(cause.contains("the secret given here has"), "{given:?}: {cause}");
    }
    for with in ["{}\n", "{}\r", "{}\r\n", " {}", "{} ", " {} ", "\t{}", "{}\t", "\"{}\"", "'{}'"] {
        let other = signed_with(&with.replace("{}", SECRET), "GET", "/api/tenants", &[], b"", &text);
        let cause = named(&other, SECRET, "secret with blanks around it");
        assert!(cause.starts_with("the client signed with"), "{with:?}: {cause}");
    }
    for (with, given) in
        [("ab", "a\\b"), ("a\\b", "a\\\\b"), ("abc", "abc=="), ("a b", "a+b"), ("a/b", "a%2Fb")]
    {
        let other = signed_with(with, "GET", "/api/tenants", &[], b"", &text);
        named(&other, given, "secret read otherwise");
    }
}

#[test]
fn a_date_that_was_set_anew() {
    let cases = [
        ("Sat, 21 Nov 2026 23:23:14 GMT", "HTTP library or a proxy"),
        ("Sat, 21 Nov 2026 23:23:08 GMT", "HTTP library or a proxy"),
        ("Sat, 21 Nov 2026 15:23:13 GMT", "local time"),
        ("Sun, 22 Nov 2026 07:23:13 GMT", "local time"),
        ("Sun, 22 Nov 2026 13:23:13 GMT", "local time"),
        ("Sat, 21 Nov 2026 23:23:13 +0000", "another form"),
    ];
    for (date, advice) in cases {
        let captured = signed("GET", "/api/tenants", &[], b"", &format!("GET\n\n\n{date}\n/tenants"));
        let cause = named(&captured, SECRET, "clock");
        assert!(cause.contains(advice) && cause.contains(date), "{cause}");
        let difference = told(&captured, SECRET).difference.unwrap();
        assert_eq!((difference.line, difference.name), (4, "Date"));
        assert_eq!((difference.server.as_deref(), difference.client.as_deref()), (Some(DATE), Some(date)));
    }
}

#[test]
fn a_key_that_was_derived_for_another_day() {
    for (day, found) in [("20261120", true), ("20261122", true), ("20261021", false)] {
        let mut key = hmac_sha256(format!("aliyun_v4{SECRET}").as_bytes(), day.as_bytes());
        for part in ["cn-qd", "odps", "aliyun_v4_request"] {
            key = hmac_sha256(&key, part.as_bytes());
        }
        let text = format!("GET\n\n\n{DATE}\n/tenants");
        let mut captured = signed("GET", "/api/tenants", &[], b"", &text);
        let signature = base64(&HmacSha1::new(&key).mac(text.as_bytes()));
        let authorization = format!("ODPS CSAK1/20261121/cn-qd/odps/aliyun_v4_request:{signature}");
        captured.headers.insert("authorization", authorization.parse().unwrap());
        if found {
            let cause = named(&captured, SECRET, "clock");
            assert!(cause.contains(day) && cause.contains("20261121"), "{cause}");
        } else {
            assert_eq!(told(&captured, SECRET).hypothesis.unwrap().name, "wrong secret");
        }
    }
}

#[test]
fn another_base_path() {
    let cases = [
        // As the client signed it, as it was received.
        ("/api/tenants", "/api/tenants"),
        ("/tenants?a=b", "/api/v1/tenants?a=b"),
        ("/tenants", "/gw/odps/api/tenants"),
        ("/odps/api/tenants", "/gw/odps/api/tenants"),
        ("tenants", "/gw/tenants"),
        ("/api/tenants", "/tenants"),
        ("/tenants", "/tenants"),
    ];
    for (signed_path, target) in cases {
        let text = format!("GET\n\n\n{DATE}\n{signed_path}");
        let captured = signed("GET", target, &[], b"", &text);
        let cause = named(&captured, SECRET, "base path");
        assert!(cause.contains("/api"), "{cause}");
    }
}

#[test]
fn another_encoding() {
    // As the client signed it, as it was received, and a word of the advice.
    let cases = [
        ("/t/a%20b", "/t/a%20b", "still percent-encoded"),
        ("/t?v=a%2Fb+c", "/t?v=a%2Fb+c", "still percent-encoded"),
        ("/t/a b?v=a%2Fb", "/t/a%20b?v=a%2Fb", "the query as it stands on the wire"),
        ("/t/a%20b?v=a/b", "/t/a%20b?v=a%2Fb", "the path as it stands on the wire"),
        ("/t/%e8%a1", "/t/%E8%A1", "lower-case"),
        ("/t/%E8%A1", "/t/%e8%a1", "upper-case"),
        ("/t/a%2520b", "/t/a%20b", "once more"),
        ("/t?v=a+b", "/t?v=a+b", "with `+` as `+`"),
        ("/t?v=a+b", "/t?v=a%20b", "`+` for each blank"),
        ("/t/a+b", "/t/a%20b", "`+` for each blank"),
        ("/t?v=a%20b", "/t?v=a+b", "percent-encoded"),
        ("/t/a%20b?k=a%20b", "/t/a%20b?k=a+b", "percent-encoded"),
        ("/t?v=a%27b%2Fc", "/t?v=a'b/c", "names and values percent-encoded"),
        ("/t?v=a%27b/c", "/t?v=a'b/c", "but for `/`"),
        ("/t?v=a*b~%20", "/t?v=a%2Ab%7E+", "as a URL allows it"),
        ("/t?v=a*b%7E+", "/t?v=a%2Ab~%20", "as a form is"),
    ];
    for (resource, target, advice) in cases {
        let text = format!("GET\n\n\n{DATE}\n{resource}");
        let captured = signed("GET", &format!("/api{target}"), &[], b"", &text);
        let cause = named(&captured, SECRET, "encoding");
        assert!(cause.contains(advice), "{target}: {cause}");
        let hypothesis = told(&captured, SECRET).hypothesis.unwrap();
        assert_eq!(hypothesis.string_to_sign.as_deref(), Some(text.as_str()), "{target}");
    }
}

#[test]
fn a_target_that_was_rewritten() {
    let cases = [
        ("/t", "/t/", "path"),
        ("/t/", "/t", "path"),
        ("/a/b", "/a//b", "path"),
        ("/t", "/t?curr_project=p", "query"),
        ("/t?a=1&b=2", "/t?a=1&trace=x&b=2", "query"),
    ];
    for (resource, target, name) in cases {
        let text = format!("GET\n\n\n{DATE}\n{resource}");
        named(&signed("GET", &format!("/api{target}"), &[], b"", &text), SECRET, name);
    }
}

#[test]
fn fields_that_were_added_after_signing() {
    let xml = ("Content-Type", "application/xml");
    let digest = base64(&Hash::Md5.digest(b"<x/>"));
    let hex: String = Hash::Md5.digest(b"<x/>").iter().map(|byte| format!("{byte:02x}")).collect();
    let named = |fields: &[(&str, &str)], content_md5: &str, content_type: &str, rest: &str, name: &str| {
        let text = format!("PUT\n{content_md5}\n{content_type}\n{DATE}\n{rest}/t");
        named(&signed("PUT", "/api/t", fields, b"<x/>", &text), SECRET, name)
    };
    assert!(named(&[xml], "", "", "", "body").contains("signed no `Content-Type`"));
    named(&[xml], "", "application/xml; charset=utf-8", "", "body");
    named(&[xml], "", "application/xml;charset=UTF-8", "", "body");
    named(&[("Content-Type", "application/xml; charset=UTF-8")], "", "application/xml", "", "body");
    assert!(named(&[], "", "application/xml", "", "body").contains("but the request has none"));
    assert!(named(&[("Content-MD5", &digest)], "", "", "", "body").contains("signed no `Content-MD5`"));
    named(&[], &digest, "", "", "body");
    named(&[], &hex, "", "", "body");
    named(&[("Content-MD5", &digest)], &hex, "", "", "body");
    named(&[("Content-MD5", &hex), xml], &digest, "", "", "body");
    named(&[("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")], &digest, "", "", "body");

    let added = ("x-odps-trace", "1");
    let kept = ("x-odps-user-agent", "u");
    let cause = named(&[kept, added], "", "", "x-odps-user-agent:u\n", "header field");
    assert!(cause.contains("`x-odps-trace`"), "{cause}");
}

#[test]
fn another_method() {
    for (method, sent, advice) in [
        ("get", "GET", "as it is sent"),
        ("POST", "GET", "redirect"),
        ("HEAD", "GET", "redirect"),
        ("PUT", "POST", "redirect"),
    ] {
        let text = format!("{method}\n\n\n{DATE}\n/t");
        let cause = named(&signed(sent, "/api/t", &[], b"", &text), SECRET, "method");
        assert!(cause.contains(advice), "{cause}");
    }
}

#[test]
fn the_clients_own_string_to_sign_is_compared() {
    let text = format!("GET\n\n\n{DATE}\n/t?a=1");
    let captured = signed("GET", "/api/t?a=2", &[], b"", &text);
    let secret = AccessKeySecret::new(SECRET);
    let mut about = About { secret: Some(&secret), client_string: Some(&text), ..About::default() };
    let explanation = explain(&captured, &about);
    keeps_to_itself(&captured, &explanation, &secret);
    assert_eq!(explanation.hypothesis, None);
    assert!(explanation.reason.unwrap().starts_with("the secret is right"));
    let difference = explanation.difference.unwrap();
    assert_eq!((difference.line, difference.name, difference.column), (5, "canonical resource", 6));
    assert_eq!(
        (difference.server.as_deref(), difference.client.as_deref()),
        (Some("/t?a=2"), Some("/t?a=1"))
    );

    // A cause is looked for without the secret, and with a wrong one, as well.
    let lower = format!("get\n\n\n{DATE}\n/t?a=2\n");
    let wrong = AccessKeySecret::new("wrongSecret");
    for secret in [None, Some(&wrong)] {
        about = About { secret, client_string: Some(&lower), ..about };
        let explanation = explain(&captured, &about);
        let hypothesis = explanation.hypothesis.unwrap();
        assert_eq!((hypothesis.name, hypothesis.proven), ("method", false));
        assert_eq!(explanation.verified, secret.map(|_| false));
        assert_eq!(explanation.difference.unwrap().name, "method");
        assert_eq!(explanation.reason.unwrap().contains("the secret is wrong too"), secret.is_some());
    }

    // Whoever takes the wrong file does not get its secret shown.
    let mixed_up = format!("{SECRET}\n");
    about = About { secret: Some(&secret), client_string: Some(&mixed_up), ..about };
    let explanation = explain(&captured, &about);
    keeps_to_itself(&captured, &explanation, &secret);
    assert!(explanation.reason.unwrap().contains("holds the secret"));
}

#[test]
fn what_a_server_would_refuse_all_the_same() {
    let refused = |captured: &Captured, now: Option<Timestamp>| {
        let secret = AccessKeySecret::new(SECRET);
        let about =
            About { secret: Some(&secret), now, clock_skew: Duration::from_secs(60), ..About::default() };
        let explanation = explain(captured, &about);
        assert_eq!(explanation.verified, Some(now.is_none()), "{explanation:#?}");
        assert_eq!(explanation.reason, explanation.accepted_by_serve.clone().unwrap().err());
        explanation.reason
    };
    let text = format!("GET\n\n\n{DATE}\n/t");
    let mut plain = signed("GET", "/api/t", &[], b"", &text);
    assert_eq!(refused(&plain, None), None);
    let later = Timestamp::parse_rfc3339("2026-11-21T23:24:14Z");
    assert!(refused(&plain, later).unwrap().contains("may differ by 60 s"));
    plain.headers.insert("authorization-sts-token", HeaderValue::from_static("very-secret-token"));
    assert!(refused(&plain, None).unwrap().contains("`authorization-sts-token` is not supported"));
    let secret = AccessKeySecret::new(SECRET);
    let explanation = explain(&plain, &About { secret: Some(&secret), ..About::default() });
    assert!(!format!("{explanation:?}").contains("very-secret-token"));

    let twice = signed("GET", "/api/t?a=1&a=2", &[], b"", &format!("GET\n\n\n{DATE}\n/t?a=2"));
    assert!(refused(&twice, None).unwrap().contains("names `a` more than once"));
    let python = signed("GET", "/api/t?a=%2B", &[], b"", &format!("GET\n\n\n{DATE}\n/t?a= "));
    assert!(refused(&python, None).unwrap().contains("py-double-decode"));

    let digest = base64(&Hash::Md5.digest(b"one"));
    let other =
        signed("PUT", "/api/t", &[("Content-MD5", &digest)], b"two", &format!("PUT\n{digest}\n\n{DATE}\n/t"));
    assert!(refused(&other, None).unwrap().contains("the body is not the one"));
    let secret = AccessKeySecret::new(SECRET);
    let about = About { secret: Some(&secret), ..About::default() };
    assert_eq!(explain(&other, &about).body_matches, Some(false));
    let same = Captured { body: Some(b"one".to_vec()), ..other.clone() };
    assert_eq!(explain(&same, &about).body_matches, Some(true));
    assert_eq!(explain(&Captured { body: None, ..other }, &about).body_matches, None);
}

#[test]
fn a_scheme_that_is_known_and_not_supported_is_named() {
    for (authorization, name) in [
        (
            "ACS4-HMAC-SHA256 Credential=a/20261122/r/Ram/aliyun_v4_request,SignedHeaders=host,Signature=00",
            "ACS4-HMAC-SHA256",
        ),
        ("ACS4-HMAC-SM3 Credential=a", "ACS4-HMAC-SM3"),
        ("LOG a:tYYctGxnWhj+IBa2MTqhUaKZt1A=", "SLS version 1"),
        ("SLS4-HMAC-SHA256 Credential=a", "SLS4-HMAC-SHA256"),
    ] {
        let text = format!("GET / HTTP/1.1\nAuthorization: {authorization}\n\n");
        let explained = explain(&Captured::from_http(text.as_bytes()).unwrap(), &About::default());
        let reason = explained.reason.unwrap();
        assert!(reason.contains(name) && reason.contains("known and not supported here"), "{reason}");
        assert!(!reason.contains("Credential=") && !reason.contains("tYYct"), "{reason}");
    }
}

#[test]
fn what_cannot_be_read_has_a_clear_reason() {
    let reason = |http: &str| {
        let explanation = explain(&Captured::from_http(http.as_bytes()).unwrap(), &About::default());
        assert_eq!(explanation.verified, None, "{http}");
        assert!(matches!(explanation.accepted_by_serve, Some(Err(_))), "{http}");
        assert!(!explanation.steps.is_empty(), "{http}");
        explanation.reason.unwrap()
    };
    let cases = [
        ("GET /api/t HTTP/1.1\n\n", "it has no `Authorization`"),
        ("GET /api/t HTTP/1.1\nAuthorization: Bearer hunter2\n\n", "`Authorization: Bearer …`"),
        ("GET /api/t HTTP/1.1\nAuthorization: hunter2\n\n", "as it stands there"),
        ("GET /api/t HTTP/1.1\nAuthorization: hunter2! x\n\n", "as it stands there"),
        (
            "GET /api/t HTTP/1.1\nAuthorization: ODPS a\n\n",
            "it should read `ODPS <AccessKey id>:<signature>`",
        ),
        ("GET /api/t HTTP/1.1\nAuthorization: ODPS a:AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n", "`Date` is missing"),
        (
            "GET /api/t HTTP/1.1\nDate: today\nAuthorization: ODPS a:AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n",
            "`Date` cannot be read",
        ),
    ];
    for (http, expected) in cases {
        let reason = reason(http);
        assert!(reason.contains(expected) && !reason.contains("hunter2"), "{http}: {reason}");
    }

    let outside = signed("GET", "/elsewhere/t", &[], b"", "x");
    let explanation = told(&outside, SECRET);
    assert_eq!((explanation.string_to_sign, explanation.hypothesis), (None, None));
    assert!(explanation.reason.unwrap().contains("does not stand behind the base path `/api`"));

    let long = Captured { target: "/".repeat(2 << 20), ..signed("GET", "/api/t", &[], b"", "x") };
    assert!(told(&long, SECRET).reason.unwrap().contains("longer than 1 MiB"));
}

#[test]
fn a_long_request_is_explained_in_reasonable_time() {
    let parameters: Vec<_> = (0..1000).map(|number| format!("parameter{number}=%20+{number}")).collect();
    let target = format!("/api{}?{}", "/a".repeat(200), parameters.join("&"));
    let captured = signed("PUT", &target, &[("Content-Type", "a/b")], b"x", "something else");
    let begin = std::time::Instant::now();
    assert_eq!(told(&captured, SECRET).hypothesis.unwrap().name, "wrong secret");
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(captured) = Captured::from_http(&bytes) {
            told(&captured, SECRET);
        }
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let _ = origin_form(text);
        }
    }

    #[test]
    fn no_request_makes_it_panic(
        start in "(> )?[A-Z]{1,7} /[!-~é]{0,30} HTTP/1.1",
        fields in proptest::collection::vec("(> )?(x-odps-[a-z]{0,3}|content-(md5|type|length)|host): ?[ -~ä]{0,20}", 0..6),
        date in prop_oneof![Just(DATE.to_owned()), "[ -~]{0,30}"],
        credential in "[a-z]{1,3}(/2026112[0-3]/[a-z]{1,3}/odps/[a-z]{1,3}_v4_request)?",
        client in proptest::option::of("[ -~\n\r\\\\é]{0,40}"),
        secret in "[ -~]{0,10}[\n ]?",
        base in "(/[a-zé]{0,3}){0,2}",
        body in "[ -~\n]{0,20}",
    ) {
        let head = format!(
            "{start}\n{}\nDate: {date}\nAuthorization: ODPS {credential}:AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n{body}",
            fields.join("\n")
        );
        if let Ok(captured) = Captured::from_http(head.as_bytes()) {
            let secret = AccessKeySecret::new(secret);
            let about = About { base: Some(&base), secret: Some(&secret), client_string: client.as_deref(), ..About::default() };
            let explanation = explain(&captured, &about);
            prop_assert_ne!(explanation.verified, Some(true));
            prop_assert!(explanation.reason.is_some());
        }
    }

    #[test]
    fn http_that_is_written_is_read_back(
        target in "/[!-~]{0,30}",
        value in proptest::collection::vec(any::<u8>(), 0..20),
        body in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let value = HeaderValue::from_bytes(&value);
        prop_assume!(value.is_ok());
        let value = value.unwrap();
        let mut bytes = format!("PUT {target} HTTP/1.1\r\ncontent-length: {}\r\nx-odps-a:", body.len()).into_bytes();
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes.extend_from_slice(&body);
        let captured = Captured::from_http(&bytes).unwrap();
        prop_assert_eq!(Some(captured.target.as_str()), target.split('#').next());
        prop_assert_eq!(captured.headers[HeaderName::from_static("x-odps-a")].as_bytes(), value.as_bytes().trim_ascii());
        prop_assert_eq!(captured.body, Some(body));
    }
}

#[test]
fn a_request_that_came_too_late_does_not_verify_at_that_time() {
    let vector = crate::vectors::Vector::all().into_iter().find(|vector| vector.id == "py-002").unwrap();
    let captured = Captured {
        method: vector.method.clone(),
        target: vector.request_target.clone(),
        headers: vector.headers(),
        body: None,
    };
    let secret = AccessKeySecret::new(vector.secret.as_str());
    let at = |seconds: i64| {
        let signed_at = Timestamp::parse_rfc3339("2026-11-21T23:23:13Z").unwrap();
        let now = Timestamp::from_unix_millis(signed_at.unix_millis() + seconds * 1000);
        let base = Some(vector.base());
        explain(&captured, &About { base, secret: Some(&secret), now: Some(now), ..About::default() })
    };
    for seconds in [-900, 0, 900] {
        assert_eq!(at(seconds).verified, Some(true), "{seconds}");
    }
    for seconds in [-901, 901] {
        let explained = at(seconds);
        assert_eq!(explained.verified, Some(false), "{seconds}");
        assert_eq!(explained.hypothesis.unwrap().name, "clock");
        assert!(explained.reason.unwrap().contains("they may differ by 900 s"));
    }
}
