//! The HMAC dialects of Kong and APISIX: vectors, and attacks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::crypto::{Hash, PublicKey};
use countersign::{
    Algorithm, Body, Claim, Key, Malformed, Payload, Readings, Refusal, Request, Scheme, SignOptions, schemes,
};
use http::HeaderMap;

use crate::chosen::{
    self, SECRET, Vector, header_map, is_mismatch, malformed, now, prove, replaced, signed, signed_with,
    verdict,
};

const DATE: &str = "Sun, 22 Nov 2026 10:00:00 GMT";
const OLD: &str = "Sun, 22 Nov 2020 10:00:00 GMT";
const BOTH: [&dyn Scheme; 2] = [schemes::KONG, schemes::APISIX];

fn vectors(scheme: &dyn Scheme) -> Vec<Vector> {
    chosen::vectors(&[match scheme.name() {
        "kong-hmac" => include_str!("../../../../vectors/kong-hmac/own.json"),
        _ => include_str!("../../../../vectors/apisix-hmac/own.json"),
    }])
}

/// A request that is signed by hand: `lines` go into the MAC.
fn by_hand(scheme: &dyn Scheme, fields: &[(&str, &str)], listed: &str, lines: &str) -> HeaderMap {
    let text = match scheme.name() {
        "kong-hmac" => lines.trim_end_matches('\n').to_owned(),
        _ => format!("CSAKownVector1\n{lines}"),
    };
    let mac = BASE64.encode(Hash::Sha256.mac(SECRET.as_bytes(), text.as_bytes()));
    with(scheme, fields, &format!("algorithm=\"hmac-sha256\",headers=\"{listed}\",signature=\"{mac}\""))
}

/// A request with an `Authorization` that says this behind the id.
fn with(scheme: &dyn Scheme, fields: &[(&str, &str)], rest: &str) -> HeaderMap {
    let word = if scheme.name() == "kong-hmac" { "hmac username" } else { "Signature keyId" };
    let mut headers = header_map(fields);
    headers.insert("authorization", format!("{word}=\"CSAKownVector1\",{rest}").parse().unwrap());
    headers
}

fn target(scheme: &dyn Scheme) -> &'static str {
    if scheme.name() == "kong-hmac" { "@request-target: get /" } else { "GET /" }
}

fn claim<'r>(headers: &'r HeaderMap) -> Claim<'r> {
    schemes::read(&Request::new("GET", "/", headers, Body::Unread)).unwrap().1.unwrap().clone()
}

#[test]
fn every_vector_verifies_and_reproduces_its_string_to_sign() {
    for (scheme, count) in [(schemes::KONG, 12), (schemes::APISIX, 5)] {
        let vectors = vectors(scheme);
        assert_eq!(vectors.len(), count);
        chosen::check_vectors(&vectors, scheme);
    }
}

#[test]
fn the_version_of_http_is_taken_for_another_only_where_it_is_named() {
    for vector in vectors(schemes::KONG).iter().filter(|vector| vector.verifies_with != "strict") {
        let headers = vector.headers();
        let request = vector.request(&headers);
        let secret = vector.secret.as_deref().unwrap();
        let refused = prove(&request, secret, Readings::Preserving { and: &[] }).map(drop);
        assert!(matches!(refused, Err(Refusal::ReadingNotAccepted(name)) if name == vector.verifies_with));
        let named = [vector.verifies_with.clone()];
        assert!(prove(&request, secret, Readings::Preserving { and: &named }).is_ok());
    }
}

#[test]
fn clients_write_the_form_that_the_plugins_read() {
    let kong = signed(schemes::KONG, "GET", "/a", &[], b"");
    let text = kong["authorization"].to_str().unwrap();
    let start = r#"hmac username="CSAKownVector1", algorithm="hmac-sha256", headers="date @request-target", signature=""#;
    assert!(text.starts_with(start), "{text}");
    let apisix = signed(schemes::APISIX, "POST", "/a", &[], b"x");
    let text = apisix["authorization"].to_str().unwrap();
    let start = r#"Signature keyId="CSAKownVector1",algorithm="hmac-sha256",headers="@request-target date digest",signature=""#;
    assert!(text.starts_with(start), "{text}");
    assert_eq!(apisix["digest"], "SHA-256=LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=");
    for scheme in BOTH {
        for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha512] {
            let options = SignOptions { algorithm: Some(Algorithm::Hmac(hash)), ..SignOptions::at(now()) };
            let headers = signed_with(scheme, "GET", "/a?b", &[], b"", SECRET, &options).unwrap();
            assert_eq!(verdict("GET", "/a?b", &headers, b""), Ok(()));
        }
        let md5 = SignOptions { algorithm: Some(Algorithm::Hmac(Hash::Md5)), ..SignOptions::at(now()) };
        assert!(signed_with(scheme, "GET", "/a", &[], b"", SECRET, &md5).is_err());
    }
}

#[test]
fn case_07_the_names_of_fields_are_bound() {
    for scheme in BOTH {
        let fields = [("date", DATE), ("x-a", "1"), ("x-b", "1")];
        let headers = by_hand(scheme, &fields, "date x-a", &format!("date: {DATE}\nx-a: 1\n"));
        assert_eq!(verdict("GET", "/", &headers, b""), Ok(()));
        let other = replaced(&headers, &"authorization".parse().unwrap(), "x-a", "x-b");
        assert!(is_mismatch(&verdict("GET", "/", &other, b"")));
    }
}

#[test]
fn case_08_an_unknown_algorithm_is_refused_by_its_name() {
    for scheme in BOTH {
        let headers = by_hand(scheme, &[("date", DATE)], "date", &format!("date: {DATE}\n"));
        for name in ["", "none", "hmac-md5", "HMAC-SHA256", "rsa-sha256", "hs2019", "hmac-sha256 "] {
            let other = replaced(&headers, &"authorization".parse().unwrap(), "hmac-sha256", name);
            assert_eq!(malformed("GET", "/", &other), Malformed::UnknownAlgorithm(name.to_owned()), "{name}");
        }
        // Another known one needs another signature.
        let other = replaced(&headers, &"authorization".parse().unwrap(), "hmac-sha256", "hmac-sha1");
        assert!(matches!(malformed("GET", "/", &other), Malformed::Unreadable { .. }));
    }
}

#[test]
fn case_09_a_public_key_is_no_secret() {
    let vectors = chosen::vectors(&[include_str!("../../../../vectors/rfc9421/appendix-b.json")]);
    let pem = vectors.iter().find_map(|vector| vector.public_key.as_deref()).unwrap();
    let public = PublicKey::from_pem(pem).unwrap();
    for scheme in BOTH {
        let options = SignOptions::at(now());
        let fields = [("host", "h")];
        let headers = signed_with(scheme, "GET", "/", &fields, b"", pem, &options).unwrap();
        assert!(scheme.keys(Key::Public(&public), &claim(&headers)).is_empty());
    }
}

#[test]
fn case_11_a_date_that_is_not_signed_does_not_count_as_signed() {
    for scheme in BOTH {
        let line = format!("{}\n", target(scheme));
        let headers = by_hand(scheme, &[("date", DATE)], "@request-target", &line);
        let claim = claim(&headers);
        assert!(!claim.covered.time && claim.covered.method && claim.covered.by_choice);
        let headers = by_hand(scheme, &[], "@request-target", &line);
        assert_eq!(malformed("GET", "/", &headers), Malformed::Missing("Date"));
        let headers = by_hand(scheme, &[("date", "yesterday")], "date", "date: yesterday\n");
        assert!(matches!(malformed("GET", "/", &headers), Malformed::Unreadable { .. }));
        let headers = by_hand(scheme, &[("date", DATE), ("date", DATE)], "@request-target", &line);
        assert_eq!(malformed("GET", "/", &headers), Malformed::Repeated("date".to_owned()));
    }
}

#[test]
fn case_12_of_two_dates_the_signed_one_counts() {
    for (listed, signed, other) in [("date", "date", "x-date"), ("x-date", "x-date", "date")] {
        // The unsigned one cannot make an old signature new, nor a new one old.
        let fields = [(signed, OLD), (other, DATE)];
        let headers = by_hand(schemes::KONG, &fields, listed, &format!("{signed}: {OLD}\n"));
        assert!(matches!(verdict("GET", "/", &headers, b""), Err(Refusal::Stale { .. })), "{listed}");
        let fields = [(signed, DATE), (other, OLD)];
        let headers = by_hand(schemes::KONG, &fields, listed, &format!("{signed}: {DATE}\n"));
        assert_eq!(verdict("GET", "/", &headers, b""), Ok(()));
        assert!(claim(&headers).covered.time);
    }
    // Both signed: the one that Kong takes first.
    let fields = [("date", DATE), ("x-date", OLD)];
    let headers = by_hand(schemes::KONG, &fields, "date x-date", &format!("date: {DATE}\nx-date: {OLD}\n"));
    assert!(matches!(verdict("GET", "/", &headers, b""), Err(Refusal::Stale { .. })));
    // Neither.
    let headers = by_hand(schemes::KONG, &fields, "@request-target", "@request-target: get /\n");
    assert!(!claim(&headers).covered.time);
    // APISIX knows one.
    let headers = by_hand(schemes::APISIX, &[("x-date", DATE)], "x-date", &format!("x-date: {DATE}\n"));
    assert_eq!(malformed("GET", "/", &headers), Malformed::Missing("Date"));
}

#[test]
fn case_16_the_list_has_no_empty_name_and_no_name_twice() {
    for scheme in BOTH {
        for listed in [
            "",
            " ",
            "date ",
            " date",
            "date  @request-target",
            "date;host",
            "date,host",
            "date @Request-Target",
        ] {
            let headers = by_hand(scheme, &[("date", DATE), ("host", "h")], listed, "");
            assert!(matches!(malformed("GET", "/", &headers), Malformed::Unreadable { .. }), "{listed:?}");
        }
        for listed in ["date date", "date Date", "date @request-target @request-target"] {
            let headers = by_hand(scheme, &[("date", DATE)], listed, "");
            assert!(matches!(malformed("GET", "/", &headers), Malformed::Repeated(_)), "{listed:?}");
        }
        let names: Vec<_> = (0..65).map(|at| format!("x-{at}")).collect();
        let fields: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
        malformed("GET", "/", &by_hand(scheme, &fields, &names.join(" "), ""));
    }
}

#[test]
fn case_17_a_listed_field_that_is_absent_is_malformed() {
    for scheme in BOTH {
        // What Kong would sign, and what APISIX would.
        for lines in [format!("date: {DATE}\nx-absent:\n"), format!("date: {DATE}\n")] {
            let headers = by_hand(scheme, &[("date", DATE)], "date x-absent", &lines);
            assert!(matches!(malformed("GET", "/", &headers), Malformed::Unreadable { .. }));
        }
        // Nor is the other dialect's name for the target one here.
        for listed in ["date (request-target)", "date request-line"] {
            let headers = by_hand(scheme, &[("date", DATE)], listed, "");
            let borne = listed.ends_with("line") && scheme.name() == "kong-hmac";
            assert_eq!(matches!(verdict("GET", "/", &headers, b""), Err(Refusal::Malformed(_))), !borne);
        }
    }
    let fields = [("date", DATE), ("request-line", "GET / HTTP/1.1")];
    malformed("GET", "/", &by_hand(schemes::KONG, &fields, "date request-line", ""));
}

#[test]
fn case_18_a_listed_field_stands_once() {
    for scheme in BOTH {
        for (first, second) in [("1", "2"), ("2", "1"), ("1", "1")] {
            let fields = [("date", DATE), ("x-a", first), ("x-a", second)];
            let headers = by_hand(scheme, &fields, "date x-a", &format!("date: {DATE}\nx-a: 1\n"));
            assert_eq!(malformed("GET", "/", &headers), Malformed::Repeated("x-a".to_owned()));
        }
        let mut headers = signed(scheme, "GET", "/", &[], b"");
        let again = headers["authorization"].clone();
        headers.append("authorization", again);
        assert_eq!(malformed("GET", "/", &headers), Malformed::Repeated("authorization".to_owned()));
    }
}

#[test]
fn case_22_what_is_covered_is_told_exactly() {
    for scheme in BOTH {
        let fields = [("date", DATE), ("host", "h"), ("user-agent", "u")];
        let headers = by_hand(scheme, &fields, "date host User-Agent", "");
        let claim = claim(&headers);
        assert!(!claim.covered.method && !claim.covered.path && !claim.covered.query);
        assert!(claim.covered.authority && claim.covered.time && claim.covered.by_choice);
        let names: Vec<_> = claim.covered.headers.iter().map(|field| field.name).collect();
        assert_eq!(names, ["date", "host", "user-agent"]);
        assert_eq!(claim.user_agent, Some(&b"u"[..]));
    }
}

#[test]
fn case_30_a_digest_that_is_not_signed_binds_nothing() {
    let digest = "SHA-256=LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
    for scheme in BOTH {
        let payload = |value: &str, listed: &str| {
            let headers = by_hand(scheme, &[("date", DATE), ("digest", value)], listed, "");
            claim(&headers).payload
        };
        assert_eq!(payload(digest, "date"), Payload::Uncovered);
        assert!(
            payload(digest, "date digest").matches(b"hello") && !payload(digest, "date digest").matches(b"")
        );
        for value in ["", "MD5=XUFAKrxLKna5cZ2REBfFkg==", "SHA-256=AAAA", &digest.replace("LPJ", "%4c")] {
            assert_eq!(payload(value, "date digest"), Payload::Unreadable, "{value}");
        }
    }
}

#[test]
fn case_34_a_request_has_one_signature() {
    let headers = signed(schemes::KONG, "GET", "/", &[], b"");
    let mut proxy = headers.clone();
    proxy.insert("proxy-authorization", headers["authorization"].clone());
    assert_eq!(malformed("GET", "/", &proxy), Malformed::Repeated("signature".to_owned()));
    // What is no signature stands beside one.
    proxy.insert("authorization", "Bearer x".parse().unwrap());
    assert_eq!(verdict("GET", "/", &proxy, b""), Ok(()));
    let mut other = headers.clone();
    other.insert("proxy-authorization", "Basic x".parse().unwrap());
    assert_eq!(verdict("GET", "/", &other, b""), Ok(()));
    // A signature that covers its own field never comes to an end.
    let headers = by_hand(schemes::KONG, &[("date", DATE)], "date authorization", "");
    malformed("GET", "/", &headers);
    // APISIX knows no other field.
    let mut apisix = signed(schemes::APISIX, "GET", "/", &[], b"");
    let value = apisix.remove("authorization").unwrap();
    apisix.insert("proxy-authorization", value);
    assert_eq!(verdict("GET", "/", &apisix, b""), Err(Refusal::Unsigned));
}

#[test]
fn case_36_parameters_are_known_complete_and_stand_once() {
    let right =
        r#"algorithm="hmac-sha256",headers="date",signature="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=""#;
    for scheme in BOTH {
        assert!(is_mismatch(&verdict("GET", "/", &with(scheme, &[("date", DATE)], right), b"")));
        for rest in [
            "",
            "x",
            r#"algorithm="hmac-sha256",headers="date""#,
            r#"algorithm="hmac-sha256",signature="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=""#,
            &format!("{right},"),
            &format!("{right} "),
            &format!("{right},{right}"),
            &format!("{right},extra=\"1\""),
            &right.replace(',', ";"),
            &right.replace(',', ""),
            &right.replace('"', ""),
            &right.replace("algorithm=", "algorithm ="),
            &right.replace("headers", "Headers"),
        ] {
            malformed("GET", "/", &with(scheme, &[("date", DATE)], rest));
        }
        let mut headers = with(scheme, &[("date", DATE)], right);
        let text = headers["authorization"].to_str().unwrap().replace("CSAKownVector1", "a/b");
        headers.insert("authorization", text.parse().unwrap());
        assert!(matches!(malformed("GET", "/", &headers), Malformed::Unreadable { .. }));
    }
    assert_eq!(verdict("GET", "/", &header_map(&[("authorization", "hmac")]), b""), Err(Refusal::Unsigned));
    malformed("GET", "/", &header_map(&[("authorization", "hmac username=,algorithm,"), ("date", DATE)]));
}

#[test]
fn the_lines_have_names() {
    let name = |line, text| (schemes::KONG.line_name(line, text), schemes::APISIX.line_name(line, text));
    assert_eq!(name(1, "date: x"), ("header field", "header field"));
    assert_eq!(schemes::KONG.line_name(0, "@request-target: get /"), "request target");
    assert_eq!(schemes::KONG.line_name(0, "GET / HTTP/1.1"), "request line");
    assert_eq!(schemes::APISIX.line_name(0, "CSAK1"), "AccessKey id");
    assert_eq!(schemes::APISIX.line_name(1, "GET /"), "request target");
}
