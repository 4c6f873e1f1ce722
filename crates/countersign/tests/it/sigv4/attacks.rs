//! Ways in which verifiers of Signature Version 4 were broken, by their numbers in the list of attack cases.

use std::time::Duration;

use countersign::{
    Ambiguity, Body, Malformed, Payload, Readings, Refusal, Request, Timestamp, fresh, schemes,
};
use http::HeaderValue;

use super::{Signed, headers, judge, malformed, now, options, presigned, prove};

/// What a request is refused as before any key is asked.
fn unread(signed: &Signed) -> Malformed {
    let target = signed.target();
    malformed(&Request::new(signed.parts.method.as_str(), &target, &signed.parts.headers, Body::Unread))
}

fn unread_at(signed: &Signed, target: &str) -> Malformed {
    malformed(&Request::new(signed.parts.method.as_str(), target, &signed.parts.headers, Body::Unread))
}

fn is_mismatch(verdict: &Result<&'static str, Refusal>) -> bool {
    matches!(verdict, Err(Refusal::SignatureMismatch { .. }))
}

#[test]
fn case_02_every_form_of_a_signature_is_verified() {
    let hash = |value| ("x-amz-content-sha256", value);
    let length = ("x-amz-decoded-content-length", "0");
    let trailer = ("x-amz-trailer", "a");
    for fields in [
        &[][..],
        &[hash("UNSIGNED-PAYLOAD")],
        &[hash("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), length],
        &[hash("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"), length, trailer],
        &[hash("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), length, trailer],
    ] {
        for service in ["s3", "sts"] {
            let mut signed = Signed::new("PUT", "/k", fields, b"", &options(service));
            let fields_of_it = signed.parts.headers.clone();
            let request = Request::new("PUT", "/k", &fields_of_it, Body::Whole(b""));
            assert!(prove(&request, super::SECRET, Readings::Every).is_ok(), "{fields:?}");
            let authorization = signed.authorization().to_owned();
            signed.set("authorization", &other_signature(&authorization));
            assert!(is_mismatch(&signed.verdict()), "{fields:?}");
        }
    }
    for service in ["s3", "sts"] {
        let signed = Signed::new("PUT", "/k", &[], b"", &presigned(service, 60));
        assert_eq!(signed.verdict(), Ok("strict"));
        assert!(is_mismatch(&signed.at(&other_signature(&signed.target()))));
    }
}

/// The last digit of a signature changed.
fn other_signature(text: &str) -> String {
    let last = if text.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &text[..text.len() - 1])
}

#[test]
fn case_03_a_credential_moved_to_the_query_is_verified_or_refused() {
    let signed = Signed::new("GET", "/k", &[], b"", &options("s3"));
    let authorization = signed.authorization();
    let signature = authorization.rsplit_once('=').unwrap().1;
    let moved = format!(
        "/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=CSAK1%2F20261121%2Feu-central-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20261121T232313Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}"
    );
    let host = headers(&[("host", "h:8640")]);
    assert!(is_mismatch(&judge(&Request::new("GET", &moved, &host, Body::Unread))));
    // In both places: it does not matter which is right.
    assert_eq!(unread_at(&signed, &moved), Malformed::TwoSignatures);
    for part in ["X-Amz-Algorithm=a", "X-Amz-Credential=a", "X-Amz-SignedHeaders=host", "X%2DAmz-Signature=a"]
    {
        let target = format!("/k?{part}");
        let expected = if part.contains("%2D") {
            Malformed::Unreadable {
                what: "X-Amz-Signature".to_owned(),
                why: "its name is spelled in another way",
            }
        } else {
            Malformed::TwoSignatures
        };
        assert_eq!(unread_at(&signed, &target), expected, "{part}");
    }
    // With anything in `Authorization`, a presigned URL is refused.
    let mut presigned = Signed::new("GET", "/k", &[], b"", &presigned("s3", 60));
    assert_eq!(presigned.verdict(), Ok("strict"));
    presigned.set("authorization", "Bearer a");
    assert_eq!(unread(&presigned), Malformed::TwoSignatures);
}

#[test]
fn case_05_a_signature_is_whole() {
    let mut signed = Signed::new("GET", "/k", &[], b"", &options("s3"));
    let authorization = signed.authorization().to_owned();
    let (start, signature) = authorization.rsplit_once('=').unwrap();
    for wrong in ["", "0", &signature[..62], &format!("{signature}00"), &format!("{signature},")] {
        signed.set("authorization", &format!("{start}={wrong}"));
        assert!(matches!(unread(&signed), Malformed::Unreadable { .. }), "{wrong}");
    }
}

#[test]
fn case_08_no_other_algorithm_is_fallen_back_to() {
    let mut signed = Signed::new("GET", "/k", &[], b"", &options("s3"));
    let authorization = signed.authorization().to_owned();
    for name in ["AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA1", "AWS4-", "AWS4-HMAC-SHA256-PAYLOAD"] {
        signed.set("authorization", &authorization.replace("AWS4-HMAC-SHA256", name));
        assert_eq!(unread(&signed), Malformed::UnknownAlgorithm(name.to_owned()));
    }
    let signed = Signed::new("GET", "/k", &[], b"", &presigned("s3", 60));
    for name in ["AWS4-HMAC-SHA1", ""] {
        let target = signed.target().replace("AWS4-HMAC-SHA256", name);
        assert_eq!(unread_at(&signed, &target), Malformed::UnknownAlgorithm(name.to_owned()));
    }
}

#[test]
fn case_10_a_field_of_amazon_that_is_not_signed_is_refused_in_each_form() {
    for options in [options("s3"), presigned("s3", 60)] {
        let signed = || Signed::new("PUT", "/k", &[("x-amz-acl", "private")], b"", &options);
        for name in ["x-amz-copy-source", "x-amz-tagging", "x-amz-meta-a"] {
            let mut other = signed();
            other.set(name, "a");
            assert_eq!(unread(&other), Malformed::NotSigned(name.to_owned()));
        }
        // The second value of a signed field is signed too.
        let mut other = signed();
        other.parts.headers.append("x-amz-acl", HeaderValue::from_static("public-read"));
        assert!(is_mismatch(&other.verdict()));
    }
}

#[test]
fn case_11_the_date_that_counts_is_signed() {
    let mut signed = Signed::new("GET", "/k", &[], b"", &options("sts"));
    let authorization = signed.authorization().replace(";x-amz-date", "");
    signed.parts.headers.remove("x-amz-date");
    signed.set("authorization", &authorization);
    assert_eq!(unread(&signed), Malformed::Missing("x-amz-date"));
    signed.set("date", "Sat, 21 Nov 2026 23:23:13 GMT");
    assert_eq!(unread(&signed), Malformed::NotSigned("date".to_owned()));
    signed.set("authorization", &authorization.replace("=host", "=date;host"));
    assert!(is_mismatch(&signed.verdict()));
    signed.set("date", "20261121T232313Z");
    assert!(is_mismatch(&signed.verdict()));
    signed.set("date", "2026-11-21T23:23:13Z");
    assert!(matches!(unread(&signed), Malformed::Unreadable { .. }));
}

#[test]
fn case_12_of_two_dates_the_signed_one_of_amazon_counts() {
    let mut signed =
        Signed::new("GET", "/k", &[("date", "Sun, 22 Nov 2026 23:23:13 GMT")], b"", &options("s3"));
    let signed_at = |signed: &Signed| {
        let request = Request::new("GET", "/k", &signed.parts.headers, Body::Whole(b""));
        schemes::read(&request).unwrap().1.unwrap().signed_at
    };
    assert_eq!(signed_at(&signed), now());
    signed.set("date", "Mon, 23 Nov 2026 23:23:13 GMT");
    assert!(is_mismatch(&signed.verdict()));
    for name in ["x-amz-date", "date", "host", "x-amz-content-sha256"] {
        let mut twice = Signed::new("GET", "/k", &[], b"", &options("s3"));
        twice.parts.headers.append(name, HeaderValue::from_static("a"));
        if name != "date" {
            assert_eq!(unread(&twice), Malformed::Repeated(name.to_owned()));
        }
    }
}

#[test]
fn case_13_and_14_a_signature_has_a_quarter_of_an_hour_both_ways() {
    let window = Duration::from_secs(900);
    let at = |seconds: i64| Timestamp::from_unix_millis(now().unix_millis() + seconds * 1000);
    let judged = |signed: &Signed, seconds| {
        let target = signed.target();
        let request = Request::new("GET", &target, &signed.parts.headers, Body::Whole(b""));
        fresh(schemes::read(&request).unwrap().1.unwrap(), at(seconds), window)
    };
    let signed = Signed::new("GET", "/k", &[], b"", &options("s3"));
    for (seconds, good) in [(900, true), (-900, true), (901, false), (-901, false), (86_400, false)] {
        assert_eq!(judged(&signed, seconds).is_ok(), good, "{seconds}");
    }
    let signed = Signed::new("GET", "/k", &[], b"", &presigned("s3", 3600));
    for (seconds, good) in [(3600, true), (3601, false), (-900, true), (-901, false)] {
        assert_eq!(judged(&signed, seconds).is_ok(), good, "{seconds}");
    }
    assert!(matches!(judged(&signed, 3601), Err(Refusal::Expired { .. })));
}

#[test]
fn case_15_a_presigned_url_stands_from_a_second_to_a_week() {
    let signed = Signed::new("GET", "/k", &[], b"", &presigned("s3", 604_800));
    let target = signed.target();
    for wrong in ["0", "604801", "-1", "+60", "060", "60.5", "", "1e3", "18446744073709551617", "60 "] {
        let target = target.replace("Expires=604800", &format!("Expires={wrong}"));
        assert!(matches!(unread_at(&signed, &target), Malformed::Unreadable { .. }), "{wrong}");
    }
    let without = target.replace("&X-Amz-Expires=604800", "");
    assert_eq!(unread_at(&signed, &without), Malformed::Missing("X-Amz-Expires"));
    assert!(is_mismatch(&signed.at(&target.replace("Expires=604800", "Expires=604799"))));
    for seconds in [0, 604_801] {
        let refused = Signed::try_new("GET", "/k", &[], b"", &presigned("s3", seconds));
        assert!(matches!(refused.err(), Some(Malformed::Unreadable { .. })), "{seconds}");
    }
}

#[test]
fn case_16_the_names_of_signed_fields_are_sorted_unique_and_with_a_host() {
    let mut signed = Signed::new("GET", "/k", &[("a", "1")], b"", &options("s3"));
    let authorization = signed.authorization().to_owned();
    let names = "a;host;x-amz-content-sha256;x-amz-date";
    assert!(authorization.contains(names));
    for wrong in [
        "a;host;x-amz-content-sha256;x-amz-date;",
        ";a;host;x-amz-content-sha256;x-amz-date",
        "a;;host;x-amz-content-sha256;x-amz-date",
        "a;a;host;x-amz-content-sha256;x-amz-date",
        "host;a;x-amz-content-sha256;x-amz-date",
        "A;host;x-amz-content-sha256;x-amz-date",
        "a;Host;x-amz-content-sha256;x-amz-date",
        "a; host;x-amz-content-sha256;x-amz-date",
        "",
    ] {
        signed.set("authorization", &authorization.replace(names, wrong));
        assert!(matches!(unread(&signed), Malformed::Unreadable { .. }), "{wrong}");
    }
    signed.set("authorization", &authorization.replace("a;host;", "a;"));
    assert_eq!(unread(&signed), Malformed::NotSigned("host".to_owned()));
}

#[test]
fn case_17_a_field_that_is_named_as_signed_is_there() {
    let mut signed = Signed::new("GET", "/k", &[("a", "")], b"", &options("s3"));
    assert_eq!(signed.verdict(), Ok("strict"));
    signed.parts.headers.remove("a");
    assert!(matches!(unread(&signed), Malformed::Unreadable { what, .. } if what == "a"));
    let mut signed = Signed::new("GET", "/k", &[], b"", &options("s3"));
    signed.parts.headers.remove("host");
    assert!(matches!(unread(&signed), Malformed::Unreadable { what, .. } if what == "host"));
}

#[test]
fn case_18_values_of_one_field_are_signed_in_their_order() {
    let mut signed =
        Signed::new("GET", "/k", &[("a", "1"), ("a", "2"), ("a", "  3   4 ")], b"", &options("s3"));
    assert_eq!(signed.verdict(), Ok("strict"));
    // Joined by a comma they are the same (RFC 9110, section 5.3), and so are blanks and a blank.
    signed.set("a", "1,2,3 4");
    assert_eq!(signed.verdict(), Ok("strict"));
    for wrong in ["2,1,3 4", "1,2", "1, 2,3 4", "1,2,34"] {
        signed.set("a", wrong);
        assert!(is_mismatch(&signed.verdict()), "{wrong}");
    }
}

#[test]
fn case_19_a_signing_parameter_stands_once_in_one_spelling() {
    let signed = Signed::new("GET", "/k", &[], b"", &presigned("s3", 60));
    let target = signed.target();
    for name in ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"] {
        for other in [format!("X-Amz-{name}"), format!("x-amz-{}", name.to_lowercase())] {
            let expected = Malformed::Repeated(format!("X-Amz-{name}"));
            assert_eq!(unread_at(&signed, &format!("{target}&{other}=a")), expected, "{other}");
            let first = unread_at(&signed, &target.replace('?', &format!("?{other}=a&")));
            let spelled = matches!(first, Malformed::Unreadable { .. }) && other.starts_with('x');
            assert!(first == expected || spelled, "{other}");
        }
        let lower = target.replace(&format!("X-Amz-{name}="), &format!("x-amz-{name}="));
        assert!(matches!(unread_at(&signed, &lower), Malformed::Unreadable { .. }), "{lower}");
    }
}

#[test]
fn case_20_a_header_field_and_a_parameter_do_not_say_the_same() {
    let streaming = "/k?X-Amz-Content-Sha256=STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    let refused = Signed::try_new("GET", streaming, &[], b"", &presigned("s3", 60)).err();
    assert!(matches!(refused, Some(Malformed::Unreadable { .. })), "{refused:?}");
    for (name, parameter) in [
        ("x-amz-date", "X-Amz-Date"),
        ("x-amz-security-token", "X-Amz-Security-Token"),
        ("x-amz-content-sha256", "X-Amz-Content-Sha256"),
    ] {
        let mut options = presigned("s3", 60);
        options.security_token = Some("t".to_owned());
        let mut signed = Signed::new("GET", "/k?X-Amz-Content-Sha256=UNSIGNED-PAYLOAD", &[], b"", &options);
        let target = signed.target().replace("SignedHeaders=host", &format!("SignedHeaders=host%3B{name}"));
        signed.set(name, "20261121T232313Z");
        assert_eq!(unread_at(&signed, &target), Malformed::Repeated(parameter.to_owned()), "{name}");
    }
}

#[test]
fn case_21_parameters_are_signed_whatever_their_order_and_spelling() {
    let signed = Signed::new("GET", "/k?b=2&a=x%20y&c&=e", &[], b"", &options("s3"));
    for same in ["/k?a=x%20y&b=2&c=&=e", "/k?a=x+y&&c&%62=2&=e", "/k?a=x%20y&b=2&c=&=e&"] {
        assert_eq!(signed.at(same), Ok("strict"), "{same}");
    }
    for other in ["/k?b=2&a=x%2By&c&=e", "/k?b=2&a=x%20y&c", "/k?b=2&a=x%20y&c&e", "/k?b=2&a=x%20y&c&=e&d"] {
        assert!(is_mismatch(&signed.at(other)), "{other}");
    }
    // Of values of one name the order is not signed, and a raw `;` separates parameters for some servers.
    let ambiguous = |target: &str| {
        let signed = Signed::new("GET", target, &[], b"", &options("s3"));
        match signed.verdict() {
            Err(Refusal::Ambiguous(ambiguity)) => Some(ambiguity),
            verdict => verdict.map(|_| None).unwrap(),
        }
    };
    assert_eq!(ambiguous("/k?a=2&a=1"), Some(Ambiguity::RepeatedName("a".to_owned())));
    assert_eq!(ambiguous("/k?a=2&%61=1"), Some(Ambiguity::RepeatedName("a".to_owned())));
    assert_eq!(ambiguous("/k?a=1;b=2"), Some(Ambiguity::QuerySeparator(';')));
    for clear in ["/k?a=1&a=1", "/k?a=1%3Bb=2", "/k?a=1%26b=2", "/k?a&b&c", "/k?A=1&a=2"] {
        assert_eq!(ambiguous(clear), None, "{clear}");
    }
}

#[test]
fn case_23_a_path_that_servers_resolve_in_different_ways_is_refused() {
    let verdict =
        |service: &str, target: &str| Signed::new("GET", target, &[], b"", &options(service)).verdict();
    let segment = |text: &str| Err(Refusal::Ambiguous(Ambiguity::PathSegment(text.to_owned())));
    for service in ["s3", "execute-api"] {
        for (target, found) in [
            ("/public/../admin", ".."),
            ("/public/%2e%2E/admin", "%2e%2E"),
            ("/public/.%2e/admin", ".%2e"),
            ("/./admin", "."),
            ("/admin/.", "."),
            ("/admin/%2e", "%2e"),
            ("/..", ".."),
        ] {
            assert_eq!(verdict(service, target), segment(found), "{service} {target}");
        }
        for target in ["/a/..b/c...", "/a/", "/", "/.well-known/x", "/a%2Fb"] {
            assert_eq!(verdict(service, target), Ok("strict"), "{service} {target}");
        }
    }
    // S3 signs empty segments as they are; elsewhere they are not signed.
    assert_eq!(verdict("s3", "/a//b"), Ok("strict"));
    for target in ["/a//b", "//a", "//"] {
        assert_eq!(verdict("execute-api", target), segment(""), "{target}");
    }

    // What one of these was signed as is another's signature, and refused whichever of them arrives.
    let signed = Signed::new("GET", "/admin", &[], b"", &options("execute-api"));
    for target in ["/public/../admin", "//admin", "/./admin", "/admin/."] {
        assert!(matches!(signed.at(target), Err(Refusal::Ambiguous(_))), "{target}");
    }
    for target in ["/public/%2e%2e/admin", "/admin/", "/Admin"] {
        assert!(is_mismatch(&signed.at(target)), "{target}");
    }
    assert_eq!(signed.at("/%61dmin"), Err(Refusal::ReadingNotAccepted("path-as-sent")));
    let signed = Signed::new("GET", "/a/b", &[], b"", &options("s3"));
    for target in ["/a%2Fb", "/a//b", "/a/c/../b", "/a%2fb"] {
        assert!(is_mismatch(&signed.at(target)), "{target}");
    }
    assert_eq!(signed.at("/a/%62"), Ok("strict"));
}

#[test]
fn case_24_a_fragment_is_not_taken_for_a_part_of_the_path_or_the_query() {
    let signed = Signed::new("GET", "/a%23b?c=d%23e", &[], b"", &options("s3"));
    assert_eq!(signed.verdict(), Ok("strict"));
    assert_eq!(signed.at("/a#b?c=d%23e"), Err(Refusal::Ambiguous(Ambiguity::PathSeparator('#'))));
    assert_eq!(signed.at("/a%23b?c=d#e"), Err(Refusal::Ambiguous(Ambiguity::QuerySeparator('#'))));
}

#[test]
fn case_25_another_spelling_of_the_host_is_another_host() {
    let mut signed = Signed::new("GET", "/k", &[], b"", &options("s3"));
    for host in ["h", "H:8640", "h:08640", "h:8640.", "other:8640"] {
        signed.set("host", host);
        assert!(is_mismatch(&signed.verdict()), "{host}");
    }
    signed.set("host", "h").set("x-forwarded-host", "h:8640");
    assert!(is_mismatch(&signed.verdict()));
}

#[test]
fn case_27_a_signature_and_a_hash_have_one_spelling() {
    let mut signed = Signed::new("PUT", "/k", &[], b"body", &options("s3"));
    let authorization = signed.authorization().to_owned();
    let (start, signature) = authorization.rsplit_once('=').unwrap();
    assert_ne!(signature.to_uppercase(), signature);
    signed.set("authorization", &format!("{start}={}", signature.to_uppercase()));
    assert!(matches!(unread(&signed), Malformed::Unreadable { .. }));
    let hash = signed.parts.headers["x-amz-content-sha256"].to_str().unwrap().to_uppercase();
    signed.set("authorization", &authorization).set("x-amz-content-sha256", &hash);
    assert!(matches!(unread(&signed), Malformed::Unreadable { .. }));

    let signed = Signed::new("GET", "/k", &[], b"", &presigned("s3", 60));
    let (start, signature) =
        signed.target().rsplit_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    for wrong in [
        signature.to_uppercase(),
        signature.replacen(&signature[..1], &format!("%{:02X}", signature.as_bytes()[0]), 1),
    ] {
        assert!(
            matches!(unread_at(&signed, &format!("{start}={wrong}")), Malformed::Unreadable { .. }),
            "{wrong}"
        );
    }
}

#[test]
fn case_28_the_scope_is_of_the_day_and_its_region_and_service_are_signed() {
    let mut signed = Signed::new("GET", "/k", &[], b"", &options("sts"));
    let authorization = signed.authorization().to_owned();
    for day in ["20261120", "20261122", "2026112", "202611211", "2026112a"] {
        signed.set("authorization", &authorization.replace("20261121", day));
        assert!(matches!(unread(&signed), Malformed::Unreadable { .. }), "{day}");
    }
    for (from, to) in [("/eu-central-1/", "/us-east-1/"), ("/sts/", "/iam/"), ("/sts/", "/s3express/")] {
        signed.set("authorization", &authorization.replace(from, to));
        let verdict = signed.verdict();
        let needs_hash = verdict == Err(Malformed::Missing("x-amz-content-sha256").into());
        assert!(is_mismatch(&verdict) || needs_hash, "{to}: {verdict:?}");
    }
    for (from, to) in [
        ("/eu-central-1/", "//"),
        ("/sts/", "//"),
        ("aws4_request", "aws4_requests"),
        ("aws4_request", "aliyun_v4_request"),
        ("/sts/", "/sts/x/"),
        ("/sts/", "/s%74s/"),
        ("/sts/", "/s s/"),
        ("CSAK1/", "CSAK1%2F"),
        ("CSAK1", ""),
        ("CSAK1", "a b"),
    ] {
        signed.set("authorization", &authorization.replace(from, to));
        assert!(matches!(unread(&signed), Malformed::Unreadable { .. }), "{to}");
    }
    // The verifier is told what the scope is.
    signed.set("authorization", &authorization);
    let request = Request::new("GET", "/k", &signed.parts.headers, Body::Whole(b""));
    let scope = schemes::read(&request).unwrap().1.unwrap().scope.as_ref().unwrap();
    assert_eq!(scope.to_text(), "20261121/eu-central-1/sts/aws4_request");
}

#[test]
fn case_30_a_hash_is_that_of_the_body_and_an_unsigned_body_is_said_to_be() {
    let mut signed = Signed::new("PUT", "/k", &[], b"body", &options("s3"));
    assert_eq!(signed.verdict(), Ok("strict"));
    signed.body = b"Body".to_vec();
    assert_eq!(signed.verdict(), Err(Refusal::BodyMismatch));

    let payload = |signed: &Signed, body| {
        let target = signed.target();
        let request = Request::new(signed.parts.method.as_str(), &target, &signed.parts.headers, body);
        schemes::read(&request).unwrap().1.map(|claim| claim.payload.clone())
    };
    let unsigned =
        Signed::new("PUT", "/k", &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")], b"", &options("s3"));
    assert_eq!(payload(&unsigned, Body::Unread), Ok(Payload::Uncovered));
    assert_eq!(
        payload(&Signed::new("PUT", "/k", &[], b"", &presigned("s3", 60)), Body::Unread),
        Ok(Payload::Uncovered)
    );
    // Said later, it is another request.
    signed.set("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    assert!(is_mismatch(&signed.verdict()));
    signed.parts.headers.remove("x-amz-content-sha256");
    let authorization = signed.authorization().replace("x-amz-content-sha256;", "");
    signed.set("authorization", &authorization);
    assert_eq!(unread(&signed), Malformed::Missing("x-amz-content-sha256"));

    // Where the request says nothing of it, the body itself is asked for, and signed.
    for options in [options("sts"), presigned("sts", 60)] {
        let mut signed = Signed::new("POST", "/", &[], b"body", &options);
        assert_eq!(payload(&signed, Body::Unread), Err(countersign::ReadError::NeedsBody));
        assert_eq!(signed.verdict(), Ok("strict"));
        signed.body = b"Body".to_vec();
        assert!(is_mismatch(&signed.verdict()));
        // Rubbish is refused before a body is read for it.
        signed.parts.headers.insert("x-amz-meta-a", HeaderValue::from_static("b"));
        assert_eq!(unread(&signed), Malformed::NotSigned("x-amz-meta-a".to_owned()));
    }
}

#[test]
fn case_31_a_form_with_a_policy_is_not_signed() {
    let fields = headers(&[("host", "h"), ("content-type", "multipart/form-data; boundary=b")]);
    let body = b"--b\r\nContent-Disposition: form-data; name=\"x-amz-signature\"\r\n\r\n0\r\n--b--\r\n";
    assert!(schemes::read(&Request::new("POST", "/bucket", &fields, Body::Whole(body))).is_none());
}

#[test]
fn case_36_what_is_long_or_broken_is_refused_and_nothing_more() {
    let many = (0..8_000).map(|n| format!("{n:x}=b")).collect::<Vec<_>>().join("&");
    let signed = Signed::new("GET", &format!("/k?{many}"), &[], b"", &options("s3"));
    assert_eq!(signed.verdict(), Ok("strict"));
    let names = (0..10_000).map(|n| format!("a{n:05}")).collect::<Vec<_>>().join(";");
    let mut signed = Signed::new("GET", "/k", &[], b"", &options("s3"));
    let authorization = signed.authorization().to_owned();
    for wrong in [
        authorization.replace("=host", &format!("={names};host")),
        authorization.replace("CSAK1", &"A".repeat(10_000)),
        authorization.replace("CSAK1", "é"),
        authorization.replace(", ", ",,"),
        authorization.replace(", ", " "),
        authorization.replace("Credential=", "Credential"),
        format!("{authorization}, Signature={}", "0".repeat(64)),
        format!("{authorization}, Other=1"),
        "AWS4-HMAC-SHA256".to_owned(),
        "AWS4-HMAC-SHA256 ".to_owned(),
        "AWS4-HMAC-SHA256 =,=,=".to_owned(),
    ] {
        signed.set("authorization", &wrong);
        let malformed = unread(&signed);
        assert!(matches!(malformed, Malformed::Unreadable { .. } | Malformed::Repeated(_)), "{malformed}");
    }
    // Blanks between the parts, and their order, are nobody's business.
    let (_, parts) = authorization.split_once(' ').unwrap();
    let mut parts: Vec<_> = parts.split(", ").collect();
    parts.reverse();
    signed.set("authorization", &format!("AWS4-HMAC-SHA256 {}", parts.join(",")));
    assert_eq!(signed.verdict(), Ok("strict"));
}

#[test]
fn case_40_another_method_is_another_request() {
    let mut signed = Signed::new("GET", "/k", &[], b"", &options("s3"));
    for method in ["HEAD", "DELETE", "get"] {
        signed.parts.method = method.parse().unwrap();
        assert!(is_mismatch(&signed.verdict()), "{method}");
    }
}

#[test]
fn case_44_a_refusal_shows_what_was_sent_and_no_signature_that_would_match() {
    let mut signed = Signed::new("GET", "/k", &[], b"", &options("s3"));
    let authorization = signed.authorization().to_owned();
    let right = authorization.rsplit_once('=').unwrap().1.to_owned();
    signed.set("authorization", &other_signature(&authorization));
    let refusal = signed.verdict().unwrap_err();
    let request = Request::new("GET", "/k", &signed.parts.headers, Body::Whole(b""));
    let occasion =
        countersign::dialects::Occasion { request_id: "1", host: "h", has_body: false, request, now: now() };
    let spoken = countersign::dialects::Dialect::Aws.speak(&refusal, &occasion);
    let shown = format!("{refusal:?}{}", String::from_utf8_lossy(&spoken.body));
    assert!(
        shown.contains("x-amz-date:20261121T232313Z")
            && !shown.contains(&right)
            && !shown.contains(super::SECRET)
    );
}

#[test]
fn a_security_token_is_carried_and_not_judged() {
    let mut options = options("s3");
    options.security_token = Some("a/b+c==".to_owned());
    let header = Signed::new("GET", "/k", &[], b"", &options);
    options.presign = Some(Duration::from_secs(60));
    let query = Signed::new("GET", "/k", &[], b"", &options);
    for signed in [&header, &query] {
        assert_eq!(signed.verdict(), Ok("strict"));
        let target = signed.target();
        let request = Request::new("GET", &target, &signed.parts.headers, Body::Whole(b""));
        let claim = schemes::read(&request).unwrap().1.unwrap();
        assert_eq!(claim.security_token.as_deref(), Some("a/b+c=="));
        assert_eq!(claim.unjudged.as_slice(), ["x-amz-security-token"]);
    }
    let parts = [("x-amz-s3session-token", "t")];
    let session = Signed::new("GET", "/k", &parts, b"", &super::options("s3express"));
    let aside = Signed::new("GET", "/k?X-Amz-Security-Token=t", &[], b"", &super::options("s3"));
    let query = "/k?X-Amz-S3session-Token=t";
    let in_query = Signed::new("GET", query, &[], b"", &presigned("s3express", 60));
    let session_token = "x-amz-s3session-token";
    for (signed, name) in
        [(session, session_token), (in_query, session_token), (aside, "x-amz-security-token")]
    {
        let target = signed.target();
        let request = Request::new("GET", &target, &signed.parts.headers, Body::Whole(b""));
        assert_eq!(schemes::read(&request).unwrap().1.unwrap().unjudged.as_slice(), [name]);
    }
}
