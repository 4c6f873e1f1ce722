//! HTTP Message Signatures: the RFC's own cases, and attacks.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::crypto::{HmacSha1, PublicKey, hmac_sha256};
use countersign::{
    Algorithm, Body, Claim, Key, Lifetime, Malformed, Payload, Place, Readings, Refusal, Request,
    SignOptions, Timestamp, fresh, schemes, verify,
};
use http::HeaderMap;

use crate::chosen::{
    self, SECRET, Vector, header_map, is_mismatch, malformed, now, prove, signed, signed_with, verdict,
};

const CREATED: &str = ";created=1795341600;keyid=\"CSAKownVector1\"";

fn vectors() -> Vec<Vector> {
    chosen::vectors(&[
        include_str!("../../../../vectors/rfc9421/appendix-b.json"),
        include_str!("../../../../vectors/rfc9421/own.json"),
        include_str!("../../../../vectors/rfc9421/python.json"),
        include_str!("../../../../vectors/rfc9421/node.json"),
    ])
}

fn vector(id: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.id == id).unwrap()
}

/// A request that is signed by hand, as a client might that does not go by our signer: `lines` go into the MAC.
fn by_hand(fields: &[(&str, &str)], components: &str, parameters: &str, lines: &str) -> HeaderMap {
    let text = format!("{lines}\"@signature-params\": {components}{parameters}");
    let mut headers = header_map(fields);
    headers.insert("signature-input", format!("a={components}{parameters}").parse().unwrap());
    let mac = BASE64.encode(hmac_sha256(SECRET.as_bytes(), text.as_bytes()));
    headers.insert("signature", format!("a=:{mac}:").parse().unwrap());
    headers
}

fn claim<'r>(headers: &'r HeaderMap, target: &'r str) -> Claim<'r> {
    schemes::read(&Request::new("GET", target, headers, Body::Unread)).unwrap().1.unwrap().clone()
}

#[test]
fn every_vector_verifies_and_reproduces_its_string_to_sign() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 11 + 6 + 12 + 8);
    chosen::check_vectors(&vectors, schemes::RFC9421);
}

#[test]
fn what_a_client_signs_against_the_rfc_is_read_and_refused() {
    let vectors = chosen::vectors(&[include_str!("../../../../vectors/rfc9421/client-bugs.json")]);
    assert_eq!(vectors.len(), 1);
    for vector in vectors {
        let headers = vector.headers();
        let request = vector.request(&headers);
        let public = PublicKey::from_pem(vector.public_key.as_deref().unwrap()).unwrap();
        let claim = schemes::RFC9421.read(&request).unwrap();
        let key = Key::Public(&public);
        let refused = verify(schemes::RFC9421, Place::default(), &request, &claim, key, Readings::Every);
        let Err(Refusal::SignatureMismatch { string_to_sign, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(string_to_sign, vector.canonical_string);
    }
}

#[test]
fn what_appendix_b_4_calls_altered_is_refused() {
    let vector = vector("rfc9421-b.4-1");
    let public = PublicKey::from_pem(vector.public_key.as_deref().unwrap()).unwrap();
    let judge = |method: &str, headers: &HeaderMap| {
        let request = Request::new(method, &vector.request_target, headers, Body::Whole(b""));
        let (scheme, claim) = schemes::read(&request).unwrap();
        verify(scheme, Place::default(), &request, claim.unwrap(), Key::Public(&public), Readings::Every)
            .is_ok()
    };
    let headers = vector.headers();
    assert!(judge("GET", &headers) && !judge("POST", &headers));
    let mut other = headers.clone();
    other.insert("host", "example.com".parse().unwrap());
    assert!(!judge("GET", &other));
    let mut other = headers.clone();
    other.remove("accept");
    other.append("accept", "*/*".parse().unwrap());
    other.append("accept", "application/json".parse().unwrap());
    assert!(!judge("GET", &other));
}

#[test]
fn a_signature_by_ed25519_is_the_one_of_the_rfc_and_each_algorithm_signs_what_verifies() {
    let vector = vector("rfc9421-b.2.6");
    let private = countersign::crypto::PrivateKey::from_pem(vector.private_key.as_deref().unwrap()).unwrap();
    let made = private.sign(Algorithm::Ed25519, vector.canonical_string.as_bytes()).unwrap();
    assert!(vector.headers.iter().any(|(_, value)| value.contains(&BASE64.encode(&made))));

    let options = SignOptions { algorithm: Some(Algorithm::Ed25519), ..SignOptions::at(now()) };
    let secret = vector.private_key.as_deref().unwrap();
    let fields = [("host", "h"), ("content-type", "text/plain")];
    let headers = signed_with(schemes::RFC9421, "GET", "/a", &fields, b"x", secret, &options).unwrap();
    let public = PublicKey::from_pem(vector.public_key.as_deref().unwrap()).unwrap();
    let request = Request::new("GET", "/a", &headers, Body::Whole(b"x"));
    let claim = schemes::RFC9421.read(&request).unwrap();
    assert_eq!(claim.algorithm, Algorithm::Ed25519);
    let key = Key::Public(&public);
    verify(schemes::RFC9421, Place::default(), &request, &claim, key, Readings::Every).unwrap();
}

#[test]
fn signing_takes_the_host_from_the_target_and_puts_a_nonce() {
    let options = SignOptions { nonce: Some(r#"a"b\c"#.to_owned()), ..SignOptions::at(now()) };
    let uri = "http://user:word@example.com:8080/a?b";
    let headers = signed_with(schemes::RFC9421, "GET", uri, &[], b"", SECRET, &options).unwrap();
    assert_eq!(headers["host"], "example.com:8080");
    assert_eq!(verdict("GET", "/a?b", &headers, b""), Ok(()));
    assert_eq!(claim(&headers, "/a?b").nonce.as_deref(), Some(r#"a"b\c"#));
    let missing = signed_with(schemes::RFC9421, "GET", "/a", &[], b"", SECRET, &options);
    assert_eq!(missing.unwrap_err(), Malformed::Missing("Host"));
}

#[test]
fn a_secret_in_base_64_stands_for_its_bytes_too() {
    let bytes = b"\x00\xffsome bytes that are no text at all";
    let lines = "\"@method\": GET\n";
    let text = format!("{lines}\"@signature-params\": (\"@method\"){CREATED}");
    let mut headers = by_hand(&[], "(\"@method\")", CREATED, lines);
    let mac = BASE64.encode(hmac_sha256(bytes, text.as_bytes()));
    headers.insert("signature", format!("a=:{mac}:").parse().unwrap());
    let proves = |headers: &HeaderMap, secret: &str, accepted: Readings<'_>| {
        prove(&Request::new("GET", "/", headers, Body::Whole(b"")), secret, accepted).is_ok()
    };
    let default = Readings::Preserving { and: &[] };
    assert!(proves(&headers, &BASE64.encode(bytes), default) && !proves(&headers, SECRET, default));
    // An empty key is nobody's.
    let mac = BASE64.encode(hmac_sha256(b"", text.as_bytes()));
    headers.insert("signature", format!("a=:{mac}:").parse().unwrap());
    assert!(!proves(&headers, "=", Readings::Every) && !proves(&headers, SECRET, Readings::Every));
}

#[test]
fn the_scheme_of_the_target_is_that_of_the_place() {
    let headers = by_hand(
        &[("host", "Example.com:443")],
        "(\"@target-uri\" \"@scheme\" \"@authority\")",
        CREATED,
        "\"@target-uri\": https://example.com/a?b\n\"@scheme\": https\n\"@authority\": example.com\n",
    );
    let request = Request::new("GET", "/a?b", &headers, Body::Whole(b""));
    let hmac_sha1 = HmacSha1::new(SECRET.as_bytes());
    let judge = |secure| {
        let place = Place { secure, ..Place::default() };
        let claim = schemes::RFC9421.read(&request).unwrap();
        let key = Key::secret(SECRET.as_bytes(), &hmac_sha1);
        verify(schemes::RFC9421, place, &request, &claim, key, Readings::Every).is_ok()
    };
    assert!(judge(true) && !judge(false));
}

#[test]
fn case_01_a_signature_that_is_wrong_in_one_bit_is_refused() {
    let headers = signed(schemes::RFC9421, "GET", "/a", &[], b"");
    let (name, old) = chosen::signature_of(&headers);
    let mut bytes = BASE64.decode(&old).unwrap();
    for at in 0..bytes.len() {
        bytes[at] ^= 1;
        let other = chosen::replaced(&headers, &name, &old, &BASE64.encode(&bytes));
        assert!(is_mismatch(&verdict("GET", "/a", &other, b"")));
        bytes[at] ^= 1;
    }
}

#[test]
fn case_07_the_names_of_fields_are_bound() {
    let fields = [("x-a", "1"), ("x-b", "1")];
    let headers = by_hand(&fields, "(\"x-a\")", CREATED, "\"x-a\": 1\n");
    assert_eq!(verdict("GET", "/", &headers, b""), Ok(()));
    let other = chosen::replaced(&headers, &"signature-input".parse().unwrap(), "x-a", "x-b");
    assert!(is_mismatch(&verdict("GET", "/", &other, b"")));
}

#[test]
fn case_08_an_unknown_algorithm_is_refused_by_its_name() {
    for alg in
        ["", "none", "hmac-sha1", "HMAC-SHA256", "hmac-sha512", "ecdsa-p384-sha384", "rsa-sha1", "HS256"]
    {
        let parameters = format!("{CREATED};alg=\"{alg}\"");
        let headers = by_hand(&[], "(\"@method\")", &parameters, "\"@method\": GET\n");
        assert_eq!(malformed("GET", "/", &headers), Malformed::UnknownAlgorithm(alg.to_owned()));
    }
}

#[test]
fn case_09_no_key_stands_in_for_one_of_another_kind() {
    // The text of a public key, which anybody has, is no secret, whatever the signature calls itself.
    let rsa = vector("rfc9421-b.2.1").public_key.unwrap();
    let ed25519 = vector("rfc9421-b.2.6").public_key.unwrap();
    let p256 = vector("rfc9421-b.3").public_key.unwrap();
    for pem in [&rsa, &ed25519, &p256] {
        let public = PublicKey::from_pem(pem).unwrap();
        for secret in [pem.as_bytes(), public.as_der(), b""] {
            for alg in ["", ";alg=\"hmac-sha256\""] {
                let lines = "\"@method\": GET\n";
                let parameters = format!("{CREATED}{alg}");
                let text = format!("{lines}\"@signature-params\": (\"@method\"){parameters}");
                let mut headers = by_hand(&[], "(\"@method\")", &parameters, lines);
                let mac = BASE64.encode(hmac_sha256(secret, text.as_bytes()));
                headers.insert("signature", format!("a=:{mac}:").parse().unwrap());
                let request = Request::new("GET", "/", &headers, Body::Whole(b""));
                let claim = schemes::RFC9421.read(&request).unwrap();
                assert!(schemes::RFC9421.keys(Key::Public(&public), &claim).is_empty());
            }
        }
    }
    // What is named must be what the key is for, though the signature is right by what the key is for.
    for (id, alg, fits) in [
        ("rfc9421-b.2.6", "ecdsa-p256-sha256", false),
        ("rfc9421-b.3", "ed25519", false),
        ("rfc9421-b.2.3", "rsa-v1_5-sha256", false),
        ("rfc9421-b.2.3", "rsa-pss-sha512", true),
        ("rfc9421-b.3", "ecdsa-p256-sha256", true),
        ("rfc9421-b.2.6", "ed25519", true),
    ] {
        let vector = vector(id);
        let mut headers = vector.headers();
        let input = format!("{};alg=\"{alg}\"", headers["signature-input"].to_str().unwrap());
        headers.insert("signature-input", input.parse().unwrap());
        let claim = schemes::RFC9421.read(&vector.request(&headers)).unwrap();
        let public = PublicKey::from_pem(vector.public_key.as_deref().unwrap()).unwrap();
        let keys = schemes::RFC9421.keys(Key::Public(&public), &claim);
        let proven = keys.iter().any(|key| key.proves(vector.canonical_string.as_bytes(), &claim.signature));
        assert_eq!(proven, fits, "{id} {alg}");
    }
    // Nor does a secret prove what a public key should.
    let vector = vector("rfc9421-b.2.6");
    let headers = vector.headers();
    let claim = schemes::RFC9421.read(&vector.request(&headers)).unwrap();
    let hmac_sha1 = HmacSha1::new(b"secret");
    assert!(schemes::RFC9421.keys(Key::secret(b"secret", &hmac_sha1), &claim).is_empty());
}

#[test]
fn case_10_a_field_that_was_added_is_not_among_the_covered() {
    let mut headers = signed(schemes::RFC9421, "GET", "/a", &[("content-type", "text/plain")], b"");
    headers.insert("x-copy-source", "/secret".parse().unwrap());
    let claim = claim(&headers, "/a");
    let names: Vec<_> = claim.covered.headers.iter().map(|field| field.name).collect();
    assert_eq!(names, ["content-type"]);
}

#[test]
fn case_11_a_signature_without_its_time_or_its_key_is_malformed() {
    for (parameters, missing) in [(";keyid=\"a\"", "created"), (";created=1795341600", "keyid")] {
        let headers = by_hand(&[("date", "Sun, 22 Nov 2026 10:00:00 GMT")], "(\"date\")", parameters, "");
        assert_eq!(malformed("GET", "/", &headers), Malformed::Missing(missing));
    }
    for created in ["", "-1", "01", "1.5", "\"1\"", "?1", "1000000000000000"] {
        let parameters = format!(";created={created};keyid=\"a\"");
        let headers = by_hand(&[], "(\"@method\")", &parameters, "");
        assert!(matches!(malformed("GET", "/", &headers), Malformed::Unreadable { .. }), "{created}");
    }
}

#[test]
fn case_15_an_end_shortens_the_window_and_never_lengthens_it() {
    let with = |expires: &str| by_hand(&[], "()", &format!("{CREATED};expires={expires}"), "");
    assert_eq!(verdict("GET", "/", &with("1795341601"), b""), Ok(()));
    for past in ["1795341600", "0", "1"] {
        assert!(matches!(verdict("GET", "/", &with(past), b""), Err(Refusal::Expired { .. })), "{past}");
    }
    for far in ["1895341600", "999999999999999"] {
        let headers = with(far);
        let claim = claim(&headers, "/");
        assert!(matches!(claim.lifetime, Lifetime::WindowUntil(_)));
        let later = now().plus(Duration::from_secs(901));
        assert!(
            matches!(fresh(&claim, later, Duration::from_secs(900)), Err(Refusal::Stale { .. })),
            "{far}"
        );
    }
    let far = by_hand(&[], "()", ";created=999999999999999;keyid=\"CSAKownVector1\"", "");
    assert!(matches!(verdict("GET", "/", &far, b""), Err(Refusal::Stale { .. })));
    assert_eq!(Timestamp::from_unix_millis(i64::MAX), claim(&far, "/").signed_at);
}

#[test]
fn case_16_the_list_of_components_has_one_spelling() {
    for components in [
        "",
        "(",
        "()x",
        "(\"\")",
        "( \"@method\")",
        "(\"@method\" )",
        "(\"@method\"  \"@path\")",
        "(\"@method\"\"@path\")",
        "(\"@method\" \"@method\")",
        "(@method)",
        "(\"Date\")",
        "(\"@Method\")",
        "(\"@signature-params\")",
        "(\"@status\")",
        "(\"@unknown\")",
        "(\"date\" \"date\")",
        "(\"date\";sf)",
        "(\"date\";key=\"a\")",
        "(\"date\";bs)",
        "(\"date\";tr)",
        "(\"@method\";req)",
        "(\"@method\";name=\"a\")",
        "(\"@query-param\")",
        "(\"@query-param\";name)",
        "(\"@query-param\";name=\"a\";name=\"a\")",
        "(\"@query-param\";name=\"%61\")",
        "(\"signature\")",
        "(\"signature-input\")",
        "(\"da te\")",
    ] {
        let headers = by_hand(&[("date", "x")], components, CREATED, "");
        malformed("GET", "/?a=1", &headers);
    }
    for parameters in [
        "; created=1795341600;keyid=\"a\"",
        ";created=1795341600;keyid=a",
        ";created=1795341600;created=1795341600;keyid=\"a\"",
        ";created=1795341600;keyid=\"a\";keyid=\"a\"",
        ";created=1795341600;keyid=\"a\";tag=\"a\";tag=\"b\"",
        ";created=1795341600;keyid=\"a\";unknown=1",
        ";created=1795341600;keyid=\"a\";nonce",
        ";created=1795341600;keyid=\"a/b\"",
        ";created=1795341600;keyid=\"\"",
        ";created=1795341600;keyid=\"a\" ;nonce=\"a\"",
        ";created=1795341600;keyid=\"a\";",
    ] {
        malformed("GET", "/", &by_hand(&[], "(\"@method\")", parameters, "\"@method\": GET\n"));
    }
    let many = (0..65).map(|at| format!("\"x-{at}\"")).collect::<Vec<_>>().join(" ");
    malformed("GET", "/", &by_hand(&[], &format!("({many})"), CREATED, ""));
}

#[test]
fn case_17_a_covered_field_that_is_absent_is_malformed() {
    for component in ["\"x-absent\"", "\"content-digest\"", "\"@authority\"", "\"@query-param\";name=\"b\""] {
        malformed("GET", "/?a=1", &by_hand(&[], &format!("({component})"), CREATED, ""));
    }
}

#[test]
fn case_18_a_field_that_stands_twice_is_joined_or_refused() {
    let list = [("x-list", "a"), ("x-list", "b")];
    let headers = by_hand(&list, "(\"x-list\")", CREATED, "\"x-list\": a, b\n");
    assert_eq!(verdict("GET", "/", &headers, b""), Ok(()));
    for other in [&[("x-list", "b"), ("x-list", "a")][..], &[("x-list", "a")], &[("x-list", "a,b")]] {
        let mut changed = header_map(other);
        changed.extend(
            ["signature", "signature-input"].map(|name| (Some(name.parse().unwrap()), headers[name].clone())),
        );
        assert!(is_mismatch(&verdict("GET", "/", &changed, b"")), "{other:?}");
    }
    for name in ["host", "date", "content-type", "content-length", "authorization"] {
        let headers = by_hand(&[(name, "1"), (name, "1")], &format!("(\"{name}\")"), CREATED, "");
        assert_eq!(malformed("GET", "/", &headers), Malformed::Repeated(name.to_owned()));
    }
    for name in ["signature", "signature-input", "host"] {
        let mut headers = signed(schemes::RFC9421, "GET", "/a", &[], b"");
        let again = headers[name].clone();
        headers.append(name, again);
        assert_eq!(malformed("GET", "/a", &headers), Malformed::Repeated(name.to_owned()));
    }
}

#[test]
fn case_19_a_parameter_that_stands_twice_is_not_covered_by_its_name() {
    let headers = by_hand(&[], "(\"@query-param\";name=\"a\")", CREATED, "\"@query-param\";name=\"a\": 1\n");
    assert_eq!(verdict("GET", "/?a=1&A=2", &headers, b""), Ok(()));
    for target in ["/?a=1&a=1", "/?a=1&%61=2", "/?a=2&b=1&a=1"] {
        assert_eq!(malformed("GET", target, &headers), Malformed::Repeated("a".to_owned()), "{target}");
    }
    assert!(is_mismatch(&verdict("GET", "/?a=2", &headers, b"")));
}

#[test]
fn case_22_what_is_covered_is_told_exactly() {
    let flags = |component: &str| {
        let fields = [("host", "h"), ("date", "d"), ("user-agent", "u")];
        let headers = by_hand(&fields, &format!("({component})"), CREATED, "");
        let covered = claim(&headers, "/?a=1").covered;
        assert!(covered.by_choice && covered.time);
        [covered.method, covered.path, covered.query, covered.authority]
    };
    for (component, expected) in [
        ("", [false, false, false, false]),
        ("\"@method\"", [true, false, false, false]),
        ("\"@path\"", [false, true, false, false]),
        ("\"@query\"", [false, false, true, false]),
        ("\"@query-param\";name=\"a\"", [false, false, false, false]),
        ("\"@authority\"", [false, false, false, true]),
        ("\"host\"", [false, false, false, true]),
        ("\"@scheme\"", [false, false, false, false]),
        ("\"@request-target\"", [false, true, true, false]),
        ("\"@target-uri\"", [false, true, true, true]),
        ("\"date\"", [false, false, false, false]),
    ] {
        assert_eq!(flags(component), expected, "{component}");
    }
    let headers = by_hand(&[("user-agent", "u")], "(\"user-agent\")", CREATED, "");
    assert_eq!(claim(&headers, "/").user_agent, Some(&b"u"[..]));
    let headers = by_hand(&[("user-agent", "u")], "()", CREATED, "");
    assert_eq!(claim(&headers, "/").user_agent, None);
}

#[test]
fn case_25_a_host_is_compared_in_its_normal_form() {
    let headers =
        by_hand(&[("host", "example.com")], "(\"@authority\")", CREATED, "\"@authority\": example.com\n");
    let judge = |host: &str| {
        let mut headers = headers.clone();
        headers.insert("host", host.parse().unwrap());
        verdict("GET", "/", &headers, b"")
    };
    for same in ["example.com", "EXAMPLE.com", "example.com:80"] {
        assert_eq!(judge(same), Ok(()), "{same}");
    }
    for other in ["example.com:443", "example.com:8080", "example.org", "example.com.", "[::1]:80"] {
        assert!(is_mismatch(&judge(other)), "{other}");
    }
    for bad in ["", "a@example.com", "example.com, example.org", "example.com/x"] {
        assert!(matches!(judge(bad), Err(Refusal::Malformed(_))), "{bad}");
    }
}

#[test]
fn case_30_a_digest_that_is_not_covered_binds_nothing() {
    let digest = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";
    let headers = by_hand(&[("content-digest", digest)], "(\"@method\")", CREATED, "");
    assert_eq!(claim(&headers, "/").payload, Payload::Uncovered);
    let headers = by_hand(&[("content-digest", digest)], "(\"content-digest\")", CREATED, "");
    let payload = claim(&headers, "/").payload;
    assert!(payload.matches(b"hello") && !payload.matches(b"") && !payload.matches(b"hullo"));
    let headers =
        by_hand(&[("content-digest", "md5=:XUFAKrxLKna5cZ2REBfFkg==:")], "(\"content-digest\")", CREATED, "");
    assert!(!claim(&headers, "/").payload.matches(b"hello"));
}

#[test]
fn case_34_a_request_has_one_signature() {
    let headers = signed(schemes::RFC9421, "GET", "/a", &[], b"");
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let input = text("signature-input");
    let signature = text("signature");
    let other = |name: &str, value: &str| {
        let mut other = headers.clone();
        other.insert(name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap());
        other
    };
    let more = [
        other("signature-input", &format!("{input}, {}", input.replace("sig1", "sig2"))),
        other("signature-input", &format!("sig0=(){CREATED}, {input}")),
        other("signature", &format!("{signature}, {}", signature.replace("sig1", "sig2"))),
        other("signature", &format!("sig0=:AAAA:, {signature}")),
        other("signature", &signature.replace("sig1", "sig2")),
        other("signature", &format!("{signature};a")),
        other("signature", signature.trim_start_matches("sig1=")),
    ];
    for headers in more {
        assert!(matches!(malformed("GET", "/a", &headers), Malformed::Unreadable { .. }), "{headers:?}");
    }
    let mut alone = headers.clone();
    alone.remove("signature-input");
    assert_eq!(verdict("GET", "/a", &alone, b""), Err(Refusal::Unsigned));
    let mut alone = headers.clone();
    alone.remove("signature");
    assert_eq!(malformed("GET", "/a", &alone), Malformed::Missing("Signature"));
}

#[test]
fn the_lines_have_names() {
    let name = |text| schemes::RFC9421.line_name(0, text);
    assert_eq!(name("\"@method\": GET"), "method");
    assert_eq!(name("\"@query-param\";name=\"a\": 1"), "query parameter");
    assert_eq!(name("\"date\": x"), "header field");
    assert_eq!(name("\"@signature-params\": ()"), "signature parameters");
}
