//! What is particular to ACS3.

use super::*;
use countersign::Payload;

fn post() -> Message {
    signed(
        schemes::ACS3,
        ("POST", "/clusters?b=x%20y&a=1&e=", "{}"),
        &[
            ("host", "ram.example:8640"),
            ("content-type", "application/json"),
            ("x-acs-action", "CreateCluster"),
            ("x-acs-version", "2015-12-15"),
        ],
    )
}

/// The same with another text in its `Authorization`.
fn rewritten(message: &Message, from: &str, to: &str) -> Message {
    let text = message.authorization();
    assert!(text.contains(from), "{from} in {text}");
    message.with("authorization", &text.replacen(from, to, 1))
}

#[test]
fn the_parts_of_an_authorization_come_in_any_order() {
    let message = post();
    let (name, rest) = message.authorization().split_once(' ').unwrap();
    let parts: Vec<&str> = rest.split(',').collect();
    let [credential, names, signature] = parts[..] else { panic!("{rest}") };
    for text in [
        format!("{name} {credential},{signature},{names}"),
        format!("{name} {signature}, {names}, {credential}"),
        format!("{name} {names} ,{credential} , {signature}"),
    ] {
        assert_eq!(verdict(&message.with("authorization", &text)), Ok("strict"), "{text}");
    }
    for (name, part) in [("Credential", credential), ("SignedHeaders", names), ("Signature", signature)] {
        let twice = message.with("authorization", &format!("{},{part}", message.authorization()));
        assert_eq!(malformed(&twice), Malformed::Repeated(name.to_owned()));
    }
    for (name, part) in [("SignedHeaders", format!(",{names}")), ("Signature", format!(",{signature}"))] {
        assert_eq!(malformed(&rewritten(&message, &part, "")), Malformed::Missing(name));
    }
    let other = message.with("authorization", &format!("{},X=1", message.authorization()));
    assert!(is_unreadable(&other, "Authorization"));
}

#[test]
fn sm3_is_the_hash_of_the_body_and_of_the_canonical_request() {
    let by_sm3 =
        SignOptions { algorithm: Some(Algorithm::Hmac(countersign::crypto::Hash::Sm3)), ..options() };
    let message = signed_with(schemes::ACS3, ("POST", "http://h/?a=1", "x"), &[], &by_sm3).unwrap();
    assert!(message.authorization().starts_with("ACS3-HMAC-SM3 Credential=CSAK1,SignedHeaders=host;x-acs-"));
    assert_eq!(verdict(&message), Ok("strict"));
    assert_eq!(verdict(&Message { body: b"y".to_vec(), ..message.clone() }), Err(Refusal::BodyMismatch));

    // Java puts the digest into a field of its own. What stands in both is refused.
    let digest = message.headers["x-acs-content-sha256"].to_str().unwrap().to_owned();
    let names = "x-acs-content-sha256";
    let by_java = rewritten(
        &message.without(names).with("x-acs-content-sm3", &digest),
        "x-acs-content-sha256",
        "x-acs-content-sm3",
    );
    let request = by_java.request();
    let (scheme, claim) = read(&request).unwrap();
    assert!(claim.payload.matches(b"x") && !claim.payload.matches(b"y"));
    let mut text = StringToSign::new();
    assert!(scheme.write(scheme.readings()[0], Place::default(), &request, claim, &mut text));
    let canonical_request = String::from_utf8_lossy(text.canonical_request()).into_owned();
    assert!(canonical_request.ends_with(&digest) && canonical_request.contains("\nx-acs-content-sm3:"));
    let both = rewritten(
        &message.with("x-acs-content-sm3", &digest),
        "x-acs-content-sha256",
        "x-acs-content-sha256;x-acs-content-sm3",
    );
    assert!(is_unreadable(&both, "x-acs-content-sm3"));
}

#[test]
fn names_of_parameters_that_are_not_encoded_are_taken_from_the_client_that_signs_so() {
    let captured = vector("alibabacloud-tea-openapi (python)/acs3-query-key-special");
    let (message, secret) = (captured.message(), captured.secret.unwrap());
    assert_eq!(judge(&message.request(), &secret, DEFAULT), Ok("raw-query-keys"));
    // What could be read otherwise is not read so.
    let readings = schemes::ACS3.readings();
    for (query, applies) in [
        ("a%20b=1", true),
        ("%E4%B8%AD=1&a=2", true),
        ("%23=1", true),
        ("a=1", false),
        ("a%20b=1&c%26d=1", false),
        ("a%3Db=1", false),
        ("a%25b=1", false),
        ("a%2Bb=1", false),
        ("a%0Ab=1", false),
        ("a%7Fb=1", false),
    ] {
        let target = format!("http://h/?{query}");
        let message = signed(schemes::ACS3, ("GET", &target, ""), &[]);
        let request = message.request();
        let (scheme, claim) = read(&request).unwrap();
        let mut text = StringToSign::new();
        assert_eq!(
            scheme.write(readings[1], Place::default(), &request, claim, &mut text),
            applies,
            "{query}"
        );
    }
}

#[test]
fn a_credential_that_is_not_judged_is_named() {
    let with_token = SignOptions { security_token: Some("CAIS/+=".to_owned()), ..options() };
    let message = signed_with(schemes::ACS3, ("GET", "http://h/", ""), &[], &with_token).unwrap();
    let request = message.request();
    let claim = read(&request).unwrap().1;
    assert_eq!(claim.unjudged.as_slice(), ["x-acs-security-token"]);
    assert_eq!(claim.security_token.as_deref(), Some("CAIS/+="));
    let bearer = signed(schemes::ACS3, ("GET", "http://h/", ""), &[("x-acs-bearer-token", "x")]);
    assert_eq!(read(&bearer.request()).unwrap().1.unjudged.as_slice(), ["x-acs-bearer-token"]);
}

#[test]
fn signing_needs_a_nonce_and_a_host() {
    let without = SignOptions { nonce: None, ..options() };
    let refused = signed_with(schemes::ACS3, ("GET", "http://h/", ""), &[], &without);
    assert_eq!(refused.unwrap_err(), Malformed::Missing("x-acs-signature-nonce"));
    let refused = signed_with(schemes::ACS3, ("GET", "/", ""), &[], &options());
    assert_eq!(refused.unwrap_err(), Malformed::Missing("Host"));
}

#[test]
fn case_07_the_names_of_header_fields_are_signed() {
    // The value moves to another field of the same place in the order.
    let message = post().without("x-acs-action").with("x-acs-bction", "CreateCluster");
    assert!(is_mismatch(&rewritten(&message, "x-acs-action", "x-acs-bction")));
}

#[test]
fn case_08_an_algorithm_that_is_not_known_is_none() {
    for name in ["ACS3-HMAC-SHA1", "ACS3-RSA-SHA1", "ACS3-hmac-sha256", "ACS3-none", "ACS3-"] {
        let message = rewritten(&post(), "ACS3-HMAC-SHA256", name);
        assert_eq!(malformed(&message), Malformed::UnknownAlgorithm(name.to_owned()));
    }
    // Another one that is known signs something else.
    assert!(is_mismatch(&rewritten(&post(), "ACS3-HMAC-SHA256", "ACS3-HMAC-SM3")));
    assert!(is_unreadable(&rewritten(&post(), "ACS3-HMAC-SHA256", "ACS3-RSA-SHA256"), "Authorization"));
}

#[test]
fn case_10_a_field_that_matters_and_is_not_signed_is_refused() {
    let signed_alone = signed(schemes::ACS3, ("GET", "http://h/", ""), &[]);
    for (name, value) in
        [("x-acs-action", "DeleteUser"), ("content-type", "text/plain"), ("x-acs-security-token", "x")]
    {
        let message = signed_alone.with(name, value);
        assert_eq!(malformed(&message), Malformed::NotSigned(name.to_owned()));
    }
    // Nor can any of them be left out of the list.
    for name in [
        "content-type",
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
    ] {
        let message = rewritten(&post(), &format!("{name};"), "");
        assert_eq!(malformed(&message), Malformed::NotSigned(name.to_owned()));
    }
    // What is not the scheme's may be there, and is not covered.
    let message = post().with("x-forwarded-for", "192.0.2.1");
    assert_eq!(verdict(&message), Ok("strict"));
    let request = message.request();
    let covered = &read(&request).unwrap().1.covered;
    assert!(
        covered.by_choice
            && covered.authority
            && covered.headers.iter().all(|field| field.name != "x-forwarded-for")
    );
}

#[test]
fn case_16_the_list_of_signed_fields_is_sorted_and_has_no_empty_name() {
    for (from, to) in [
        ("SignedHeaders=content-type;host", "SignedHeaders=host;content-type"),
        ("SignedHeaders=content-type;", "SignedHeaders=;content-type;"),
        ("content-type;host", "content-type;;host"),
        ("content-type;host", "content-type;host;host"),
        ("x-acs-version,", "x-acs-version;,"),
        ("content-type;host", "Content-Type;host"),
    ] {
        let message = rewritten(&post(), from, to);
        assert!(
            matches!(malformed(&message), Malformed::Unreadable { .. } | Malformed::NotSigned(_)),
            "{to}"
        );
    }
    let (before, _) = post()
        .authorization()
        .split_once("SignedHeaders=")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let empty = format!("{before}SignedHeaders=,Signature={}", "0".repeat(64));
    assert!(is_unreadable(&post().with("authorization", &empty), "Authorization"));
}

#[test]
fn case_16_a_request_without_a_host_is_malformed() {
    let message = rewritten(&post().without("host"), "host;", "");
    assert_eq!(malformed(&message), Malformed::Missing("host"));
}

#[test]
fn case_17_a_signed_field_that_is_not_there_is_malformed() {
    let message = rewritten(&post(), "content-type;host", "content-type;accept;host");
    assert!(matches!(malformed(&message), Malformed::Unreadable { .. }));
    let message = rewritten(&post(), "SignedHeaders=content-type", "SignedHeaders=accept;content-type");
    assert!(is_unreadable(&message, "accept"));
    assert!(is_unreadable(&post().without("x-acs-action"), "x-acs-action"));
}

#[test]
fn case_18_a_signed_field_stands_once() {
    for name in ["host", "content-type", "x-acs-action", "x-acs-date", "x-acs-content-sha256"] {
        let value = post().headers[name].to_str().unwrap().to_owned();
        assert_eq!(malformed(&post().and(name, &value)), Malformed::Repeated(name.to_owned()));
    }
    let authorization = post().authorization().to_owned();
    assert!(matches!(malformed(&post().and("authorization", &authorization)), Malformed::Repeated(_)));
}

#[test]
fn case_19_a_repeated_parameter_is_refused_for_its_order_is_not_signed() {
    let message = signed(schemes::ACS3, ("GET", "http://h/?k=2&k=1", ""), &[]);
    let expected = countersign::Ambiguity::RepeatedName("k".to_owned());
    assert_eq!(verdict(&message), Err(Refusal::Ambiguous(expected)));
    assert!(is_mismatch(
        &signed(schemes::ACS3, ("GET", "http://h/?k=1", ""), &[]).replaced("k=1", "k=1&K=2")
    ));
}

#[test]
fn case_20_two_signatures_or_two_ids_are_refused() {
    let target = "/clusters?AccessKeyId=CSAK2&SignatureNonce=1&Signature=AAAA";
    let message = Message { target: target.to_owned(), ..post() };
    assert_eq!(malformed(&message), Malformed::TwoSignatures);
    // The id beside a security token is the one that signs.
    let captured = vector("alibabacloud-tea-openapi (python)/acs3-sts-token-get").message();
    assert!(is_unreadable(&captured.with("x-acs-accesskey-id", "CSAK2"), "x-acs-accesskey-id"));
}

#[test]
fn case_21_spellings_of_a_query_that_mean_the_same_have_one_signature() {
    let message = post();
    for (from, to) in [("x%20y", "x+y"), ("a=1", "%61=%31"), ("b=x%20y&a=1", "a=1&&b=x%20y"), ("e=", "e")] {
        assert_eq!(verdict(&message.replaced(from, to)), Ok("strict"), "{to}");
    }
    for (from, to) in [("x%20y", "x%2By"), ("&e=", ""), ("a=1&e=", "a=1%26e="), ("a=1&e=", "a=1;e=")] {
        assert!(is_mismatch(&message.replaced(from, to)), "{to}");
    }
}

#[test]
fn case_22_path_and_query_are_signed() {
    assert!(is_mismatch(&post().replaced("/clusters", "/cluster")));
    assert!(is_mismatch(&post().replaced("a=1", "a=2")));
    assert!(is_mismatch(&Message { target: "/clusters".to_owned(), ..post() }));
    assert!(is_mismatch(&post().with("host", "ram.example")));
}

#[test]
fn case_23_the_path_is_signed_as_it_was_sent() {
    let message = signed(schemes::ACS3, ("GET", "http://h/public/c", ""), &[]);
    for path in ["/public/../admin", "/public//c", "/public/%63", "/public/c/", "/public/./c", "/public%2Fc"]
    {
        assert!(is_mismatch(&message.replaced("/public/c", path)), "{path}");
    }
}

#[test]
fn case_27_a_signature_has_one_spelling() {
    let message = post();
    let (before, signature) = message.authorization().rsplit_once("Signature=").unwrap();
    for text in [
        "",
        &signature[2..],
        &format!("{signature}00"),
        &signature.to_ascii_uppercase(),
        &format!("+{}", &signature[1..]),
    ] {
        assert!(
            is_unreadable(
                &message.with("authorization", &format!("{before}Signature={text}")),
                "Authorization"
            ),
            "{text}"
        );
    }
}

#[test]
fn case_30_the_digest_of_the_body_is_signed_and_compared() {
    assert_eq!(verdict(&Message { body: b"{ }".to_vec(), ..post() }), Err(Refusal::BodyMismatch));
    assert_eq!(verdict(&Message { body: Vec::new(), ..post() }), Err(Refusal::BodyMismatch));
    let digest = post().headers["x-acs-content-sha256"].to_str().unwrap().to_owned();
    assert!(is_mismatch(&post().with("x-acs-content-sha256", &format!("00{}", &digest[2..]))));
    for value in ["UNSIGNED-PAYLOAD", "", &digest.to_ascii_uppercase(), &digest[2..], &format!("{digest}00")]
    {
        let message = post().with("x-acs-content-sha256", value);
        assert_eq!(read(&message.request()).unwrap().1.payload, Payload::Unreadable, "{value}");
    }
    let without = rewritten(&post().without("x-acs-content-sha256"), "x-acs-content-sha256;", "");
    assert_eq!(malformed(&without), Malformed::Missing("x-acs-content-sha256"));
}

#[test]
fn case_36_a_list_of_any_length_is_read_in_time() {
    let names: String = (0..20_000).map(|number| format!("a{number:05};")).collect();
    let message = rewritten(&post(), "SignedHeaders=", &format!("SignedHeaders={names}"));
    assert!(is_unreadable(&message, "a00000"));
}

#[test]
fn case_40_method_time_nonce_and_action_are_signed() {
    assert!(is_mismatch(&Message { method: "DELETE".to_owned(), ..post() }));
    assert!(is_mismatch(&post().with("x-acs-action", "DeleteCluster")));
    assert!(is_mismatch(&post().with("x-acs-date", "2026-11-21T23:23:14Z")));
    assert!(is_mismatch(&post().with("x-acs-signature-nonce", "nonce-2")));
    assert!(is_unreadable(&post().with("x-acs-signature-nonce", ""), "x-acs-signature-nonce"));
    assert!(is_unreadable(&post().with("x-acs-date", "20261121T232313Z"), "x-acs-date"));
    for name in ["x-acs-date", "x-acs-signature-nonce"] {
        let without = rewritten(&post().without(name), &format!("{name};"), "");
        let expected = if name == "x-acs-date" { "x-acs-date" } else { "x-acs-signature-nonce" };
        assert_eq!(malformed(&without), Malformed::Missing(expected));
    }
}
