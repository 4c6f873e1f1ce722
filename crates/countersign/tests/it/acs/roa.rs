//! What is particular to the ROA scheme.

use super::*;
use countersign::{Ambiguity, Payload};

const BODY: &str = "{\"name\":\"a\"}";

fn put() -> Message {
    signed(
        schemes::ACS_ROA,
        ("PUT", "/clusters/c%201?b=x%20y&a=1&e=", BODY),
        &[("content-type", "application/json"), ("x-acs-version", "2015-12-15"), ("x-acs-action", "Put")],
    )
}

#[test]
fn a_request_without_a_nonce_has_its_signature_for_one() {
    let message = vector("aliyun-python-sdk-core/roa-get").message();
    let request = message.request();
    let nonce = read(&request).unwrap().1.nonce.as_deref().unwrap();
    assert_eq!(nonce, message.authorization().rsplit_once(':').unwrap().1);
    assert_eq!(read(&put().request()).unwrap().1.nonce.as_deref(), Some("nonce-1"));
    let without = SignOptions { nonce: None, ..options() };
    let message = signed_with(schemes::ACS_ROA, ("GET", "/a", ""), &[], &without).unwrap();
    assert!(!message.headers.contains_key("x-acs-signature-nonce"));
    assert_eq!(verdict(&message), Ok("strict"));
    assert!(is_unreadable(&put().with("x-acs-signature-nonce", ""), "x-acs-signature-nonce"));
}

#[test]
fn the_body_is_compared_where_there_is_a_content_md5() {
    let message = put();
    assert_eq!(verdict(&message), Ok("strict"));
    assert_eq!(verdict(&Message { body: b"{}".to_vec(), ..message.clone() }), Err(Refusal::BodyMismatch));
    let payload = |message: &Message| read(&message.request()).unwrap().1.payload.clone();
    assert_eq!(payload(&message.without("content-md5")), Payload::Uncovered);
    for value in ["", "x", "a8b594bf8dcca656fb1eb1b66344940a", "qLWUv43Mplb7HrG2Y0SUCh=="] {
        assert_eq!(payload(&message.with("content-md5", value)), Payload::Unreadable, "{value}");
    }
    // And it is signed, so it can neither be taken away nor be replaced.
    assert!(is_mismatch(&message.without("content-md5")));
    assert!(is_mismatch(&message.with("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")));
}

#[test]
fn a_credential_that_is_not_judged_is_named() {
    let with_token = SignOptions { security_token: Some("CAIS/+=".to_owned()), ..options() };
    let message = signed_with(schemes::ACS_ROA, ("GET", "/a", ""), &[], &with_token).unwrap();
    let request = message.request();
    let claim = read(&request).unwrap().1;
    assert_eq!(claim.unjudged.as_slice(), ["x-acs-security-token"]);
    assert_eq!(claim.security_token.as_deref(), Some("CAIS/+="));
    let bearer = signed(schemes::ACS_ROA, ("GET", "/a", ""), &[("x-acs-bearer-token", "x")]);
    assert_eq!(read(&bearer.request()).unwrap().1.unjudged.as_slice(), ["x-acs-bearer-token"]);
}

#[test]
fn case_08_an_algorithm_that_is_not_known_is_none() {
    for name in ["HMAC-SHA256", "hmac-sha1", "", "none"] {
        let message = put().with("x-acs-signature-method", name);
        assert_eq!(malformed(&message), Malformed::UnknownAlgorithm(name.to_owned()));
    }
    assert!(is_unreadable(&put().with("x-acs-signature-version", "2.0"), "x-acs-signature-version"));
    // There is no RSA here.
    let by_rsa = SignOptions { algorithm: Some(Algorithm::RsaSha256), ..options() };
    assert!(signed_with(schemes::ACS_ROA, ("GET", "/a", ""), &[], &by_rsa).is_err());
}

#[test]
fn case_10_a_header_field_of_the_scheme_that_is_added_or_taken_away_breaks_the_signature() {
    assert!(is_mismatch(&put().with("x-acs-extra", "1")));
    assert!(is_mismatch(&put().with("accept", "application/xml")));
    assert!(is_mismatch(&put().without("content-type")));
    assert!(is_mismatch(&put().without("x-acs-version")));
    let covered: Vec<_> =
        read(&put().request()).unwrap().1.covered.headers.iter().map(|f| f.name.to_owned()).collect();
    assert_eq!(
        covered,
        [
            "accept",
            "content-md5",
            "content-type",
            "date",
            "x-acs-action",
            "x-acs-signature-method",
            "x-acs-signature-nonce",
            "x-acs-signature-version",
            "x-acs-version",
        ]
    );
}

#[test]
fn case_18_a_field_that_is_signed_stands_once() {
    for name in ["accept", "content-md5", "content-type", "date", "x-acs-action", "x-acs-signature-nonce"] {
        let message = put();
        let value = message.headers[name].to_str().unwrap().to_owned();
        assert_eq!(malformed(&message.and(name, &value)), Malformed::Repeated(name.to_owned()));
    }
    let authorization = put().authorization().to_owned();
    assert!(matches!(malformed(&put().and("authorization", &authorization)), Malformed::Repeated(_)));
}

#[test]
fn case_20_two_signatures_or_two_ids_are_refused() {
    let message = Message { target: "/a?AccessKeyId=CSAK2&Signature=AAAA".to_owned(), ..put() };
    assert_eq!(malformed(&message), Malformed::TwoSignatures);
    let captured = vector("alibabacloud-tea-openapi (python)/v2-roa-sts").message();
    assert!(is_unreadable(&captured.with("x-acs-accesskey-id", "CSAK2"), "x-acs-accesskey-id"));
}

#[test]
fn case_21_what_decoded_text_cannot_tell_apart_is_refused() {
    let refused = |target: &str| match verdict(&signed(schemes::ACS_ROA, ("GET", target, ""), &[])) {
        Err(Refusal::Ambiguous(ambiguity)) => Some(ambiguity),
        Ok(_) => None,
        other => panic!("{other:?}"),
    };
    for (target, expected) in [
        ("/a?a=1%26b%3D2", Some(Ambiguity::QuerySeparator('&'))),
        ("/a?a%26b=2", Some(Ambiguity::QuerySeparator('&'))),
        ("/a?a%3D=2", Some(Ambiguity::QuerySeparator('='))),
        ("/a?a=%23", Some(Ambiguity::QuerySeparator('#'))),
        ("/a?a=%0Ab", Some(Ambiguity::ControlCharacter)),
        ("/a?k=1&k=2", Some(Ambiguity::RepeatedName("k".to_owned()))),
        ("/a?a=1%3D2&b=%2B%3F%2F&c=x%20y", None),
    ] {
        assert_eq!(refused(target), expected, "{target}");
    }
    // The twin has the signature of the request, and is refused for it.
    let message = signed(schemes::ACS_ROA, ("GET", "/a?a=1&b=2", ""), &[]);
    assert_eq!(verdict(&message), Ok("strict"));
    let twin = message.replaced("a=1&b=2", "a=1%26b%3D2");
    assert!(matches!(verdict(&twin), Err(Refusal::Ambiguous(_))));
}

#[test]
fn case_21_an_empty_value_that_keeps_its_sign_shares_a_signature_with_nothing_that_is_let_through() {
    let message = vector("@alicloud/openapi-client/v2-roa-empty").message();
    let named = ["empty-keeps-eq".to_owned()];
    let accepted = Readings::Preserving { and: &named };
    let secret = vector("@alicloud/openapi-client/v2-roa-empty").secret.unwrap();
    let judged = |message: &Message| judge(&message.request(), &secret, accepted);
    assert_eq!(judged(&message), Ok("empty-keeps-eq"));
    // The same parameters, so the same request.
    assert_eq!(judged(&message.replaced("a=&", "a&")), Ok("empty-keeps-eq"));
    // A parameter of the name `a=` reads so too.
    assert!(matches!(judged(&message.replaced("a=&", "a%3D&")), Err(Refusal::Ambiguous(_))));
}

#[test]
fn case_23_the_path_is_signed_as_it_was_sent() {
    let message = signed(schemes::ACS_ROA, ("GET", "/public/c", ""), &[]);
    for path in ["/public/../admin", "/public//c", "/public/%63", "/public/c/", "/public/./c", "/public%2Fc"]
    {
        assert!(is_mismatch(&message.replaced("/public/c", path)), "{path}");
    }
}

#[test]
fn case_23_a_path_that_was_signed_decoded_is_no_other_path() {
    let captured = vector("aliyun-python-sdk-core/roa-path-nonascii");
    let (message, secret) = (captured.message(), captured.secret.unwrap());
    let named = ["path-decoded".to_owned()];
    let judged = |message: &Message| judge(&message.request(), &secret, Readings::Preserving { and: &named });
    assert_eq!(judged(&message), Ok("path-decoded"));
    assert!(judged(&message.replaced("%20", "%2B")).is_err());
    // Signed as it stands, it is not taken for what it would be encoded: only blanks and what is beyond ASCII are.
    for (signed_path, sent) in
        [("/a/b", "/a%2Fb"), ("/a/b", "/%61/b"), ("/%41", "/%2541"), ("/..", "/%2e%2e"), ("/a;b", "/a%3Bb")]
    {
        let message = signed(schemes::ACS_ROA, ("GET", signed_path, ""), &[]);
        let sent = Message { target: sent.to_owned(), ..message };
        let refused = judge(&sent.request(), SECRET, Readings::Every);
        assert!(matches!(refused, Err(Refusal::SignatureMismatch { .. })), "{signed_path}: {refused:?}");
    }
}

#[test]
fn case_27_a_signature_has_one_spelling() {
    let message = put();
    let (before, signature) = message.authorization().rsplit_once(':').unwrap();
    for text in
        ["", "AAAA", signature.trim_end_matches('='), &format!("{signature}="), &format!(" {signature}")]
    {
        assert!(
            is_unreadable(&message.with("authorization", &format!("{before}:{text}")), "Authorization"),
            "{text}"
        );
    }
    for text in ["acs ", "acs :x", "acs a/b:AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "acs x"] {
        assert!(is_unreadable(&message.with("authorization", text), "Authorization"), "{text}");
    }
}

#[test]
fn case_40_method_time_and_id_are_signed() {
    assert!(is_mismatch(&Message { method: "DELETE".to_owned(), ..put() }));
    assert!(is_mismatch(&put().with("date", "Sat, 21 Nov 2026 23:23:14 GMT")));
    assert!(is_mismatch(&put().with("x-acs-signature-nonce", "nonce-2")));
    assert_eq!(malformed(&put().without("date")), Malformed::Missing("Date"));
    assert!(is_unreadable(&put().with("date", "2026-11-21T23:23:13Z"), "Date"));
}
