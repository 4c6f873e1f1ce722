//! Attacks on the signatures of OSS, by the numbers of the list of attack cases.

use std::time::Duration;

use countersign::crypto::Hash;
use countersign::{
    Ambiguity, Body, Covered, Lifetime, Malformed, Payload, Place, ReadError, Readings, Refusal, Request,
    Timestamp, fresh, schemes,
};
use http::{HeaderMap, HeaderValue};

use crate::oss::{DEFAULT, claim, forms, judge, now, options, signed, signed_as, target, verdict};

const V1: (&dyn countersign::Scheme, bool) = (schemes::OSS, false);
const V2: (&dyn countersign::Scheme, bool) = (schemes::OSS2, false);
const V4: (&dyn countersign::Scheme, bool) = (schemes::OSS4, false);
const V1_QUERY: (&dyn countersign::Scheme, bool) = (schemes::OSS, true);
const V2_QUERY: (&dyn countersign::Scheme, bool) = (schemes::OSS2, true);
const V4_QUERY: (&dyn countersign::Scheme, bool) = (schemes::OSS4, true);

fn read(target: &str, headers: &HeaderMap) -> Result<(), Malformed> {
    let request = Request::new("GET", target, headers, Body::Unread);
    match schemes::read(&request).expect("it bears the marks of a scheme").1 {
        Ok(_) => Ok(()),
        Err(ReadError::Malformed(malformed)) => Err(malformed),
        Err(ReadError::NeedsBody) => unreachable!("it reads no body"),
    }
}

/// Whether two refusals are of one kind.
fn is_unreadable(result: &Result<(), Malformed>) -> bool {
    matches!(result, Err(Malformed::Unreadable { .. }))
}

fn is_mismatch(result: &Result<&'static str, Refusal>) -> bool {
    matches!(result, Err(Refusal::SignatureMismatch { .. }))
}

/// The same header fields with one `Authorization` changed.
fn with(headers: &HeaderMap, name: &'static str, change: impl Fn(&str) -> String) -> HeaderMap {
    let mut changed = headers.clone();
    let value = change(headers[name].to_str().unwrap());
    changed.insert(name, HeaderValue::from_str(&value).unwrap());
    changed
}

#[test]
fn case_03_credentials_moved_to_the_query_are_still_verified() {
    let none = HeaderMap::new();
    let blank = |length: usize| countersign_base64(&vec![0; length]);
    let targets = [
        format!("/b/k?OSSAccessKeyId=CSAK1&Expires=1795306452&Signature={}", blank(20)),
        format!(
            "/b/k?x-oss-signature-version=OSS2&x-oss-access-key-id=CSAK1&x-oss-expires=1795306452&x-oss-signature={}",
            blank(32)
        ),
        format!(
            "/b/k?x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential=CSAK1/20261121/r/oss/aliyun_v4_request&\
             x-oss-date=20261121T232313Z&x-oss-expires=60&x-oss-signature={}",
            "0".repeat(64)
        ),
    ];
    for target in targets {
        assert_eq!(read(&target, &none), Ok(()), "{target}");
        assert!(is_mismatch(&verdict("GET", &target, &none)), "{target}");
    }
}

/// Base 64 with its signs encoded, as it stands in a query.
fn countersign_base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .encode(bytes)
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}

#[test]
fn case_03_a_signature_in_a_header_field_and_another_in_the_query_are_refused() {
    for in_header in [V1, V2, V4] {
        let headers = signed(in_header, "GET", "/b/k", &[]).headers;
        for in_query in [V1_QUERY, V2_QUERY, V4_QUERY] {
            let presigned = signed(in_query, "GET", "/b/k", &[]);
            assert_eq!(read(target(&presigned), &headers), Err(Malformed::TwoSignatures));
        }
        // Whatever stands in the query of it, however it is written.
        for mark in [
            "OSSAccessKeyId=x",
            "Signature=x",
            "signature",
            "x-oss-signature=x",
            "X-Oss-Credential=x",
            "x-oss-access-key-id=x",
            "%78-oss-signature-version=x",
        ] {
            assert_eq!(read(&format!("/b/k?{mark}"), &headers), Err(Malformed::TwoSignatures), "{mark}");
        }
    }
    for in_query in [V1_QUERY, V2_QUERY, V4_QUERY] {
        let parts = signed(in_query, "GET", "/b/k", &[]);
        let mut headers = parts.headers.clone();
        headers.insert("authorization", HeaderValue::from_static("Bearer x"));
        assert_eq!(read(target(&parts), &headers), Err(Malformed::TwoSignatures));
        // Marks of the other versions.
        for (mark, of) in
            [("Signature=x", V1_QUERY), ("x-oss-access-key-id=x", V2_QUERY), ("x-oss-credential=x", V4_QUERY)]
        {
            if std::ptr::eq(of.0.name(), in_query.0.name()) {
                continue;
            }
            let both = format!("{}&{mark}", target(&parts));
            assert_eq!(read(&both, &parts.headers), Err(Malformed::TwoSignatures), "{both}");
        }
    }
}

#[test]
fn case_05_a_signature_that_is_cut_short_or_empty_is_malformed() {
    for (form, cuts) in [(V1, 28), (V2, 44), (V4, 64)] {
        let headers = signed(form, "GET", "/b/k", &[]).headers;
        for left in 0..cuts {
            let cut = with(&headers, "authorization", |text| text[..text.len() - cuts + left].to_owned());
            assert!(is_unreadable(&read("/b/k", &cut)), "{left} of {cuts}");
        }
        let longer = with(&headers, "authorization", |text| format!("{text}AAAA"));
        assert!(is_unreadable(&read("/b/k", &longer)));
    }
    for form in [V1_QUERY, V2_QUERY, V4_QUERY] {
        let parts = signed(form, "GET", "/b/k", &[]);
        let signed = target(&parts);
        let start = signed.to_lowercase().rfind("signature=").unwrap() + "signature=".len();
        for left in start..signed.len() {
            assert!(is_unreadable(&read(&signed[..left], &parts.headers)), "{}", &signed[..left]);
        }
        assert!(is_unreadable(&read(&format!("{signed}0"), &parts.headers)));
    }
}

#[test]
fn case_07_a_value_is_signed_under_its_name() {
    for form in forms() {
        let fields =
            [("x-oss-meta-a", "1"), ("x-oss-meta-b", "2"), ("content-type", "1"), ("content-md5", "2")];
        let parts = signed(form, "PUT", "/b/k?acl=1&policy=2", &fields);
        assert_eq!(verdict("PUT", target(&parts), &parts.headers), Ok("strict"));
        for (a, b) in [
            ("x-oss-meta-a", "x-oss-meta-b"),
            ("content-type", "content-md5"),
            ("content-type", "x-oss-meta-b"),
        ] {
            let mut swapped = parts.headers.clone();
            swapped.insert(a, parts.headers[b].clone());
            swapped.insert(b, parts.headers[a].clone());
            assert!(is_mismatch(&verdict("PUT", target(&parts), &swapped)), "{a} {b}");
        }
        let swapped = target(&parts).replace("acl=1&policy=2", "acl=2&policy=1");
        assert!(is_mismatch(&verdict("PUT", &swapped, &parts.headers)));
    }
}

#[test]
fn case_10_a_header_field_that_oss_acts_on_cannot_be_added_or_doubled_after_signing() {
    for form in forms() {
        let parts = signed(form, "PUT", "/b/k", &[("x-oss-meta-a", "1"), ("content-type", "text/plain")]);
        for (name, value) in [
            ("x-oss-copy-source", "/b/secret"),
            ("x-oss-tagging", "a=b"),
            ("x-oss-object-acl", "public-read"),
            ("x-oss-meta-a", "2"),
            ("content-md5", "XUFAKrxLKna5cZ2REBfFkg=="),
        ] {
            let mut added = parts.headers.clone();
            added.append(name, value.parse().unwrap());
            assert!(is_mismatch(&verdict("PUT", target(&parts), &added)), "{} {name}", form.0.name());
        }
        let mut second = parts.headers.clone();
        second.append("content-type", "text/html".parse().unwrap());
        let refused = verdict("PUT", target(&parts), &second);
        assert_eq!(refused, Err(Malformed::Repeated("content-type".to_owned()).into()));
    }
}

#[test]
fn case_12_a_fresh_date_beside_the_signed_x_oss_date_counts_for_nothing() {
    let headers = signed_as(
        schemes::OSS,
        "GET",
        "/b/k",
        &[("x-oss-date", "replaced when it is signed")],
        &options(false),
    );
    let mut headers = headers.unwrap().headers;
    headers.insert("date", "Sun, 22 Nov 2099 00:00:00 GMT".parse().unwrap());
    assert_eq!(verdict("GET", "/b/k", &headers), Ok("strict"));
    let claim = claim("/b/k", &headers);
    assert_eq!(claim.signed_at, now());
    assert!(!claim.covered.headers.iter().any(|field| field.name == "date"));
    let mut without = headers.clone();
    without.remove("x-oss-date");
    assert!(is_mismatch(&verdict("GET", "/b/k", &without)));
}

#[test]
fn case_15_how_long_a_presigned_url_stands_is_read_strictly() {
    let presigned = signed(V4_QUERY, "GET", "/b/k", &[]);
    let standing = |text: &str| target(&presigned).replace("x-oss-expires=600", text);
    assert_eq!(read(&standing("x-oss-expires=604800"), &presigned.headers), Ok(()));
    for text in ["0", "604801", "-1", "+60", "060", "6e2", "", "18446744073709551616", "60.5", "%2060"] {
        let changed = standing(&format!("x-oss-expires={text}"));
        assert!(is_unreadable(&read(&changed, &presigned.headers)), "{text}");
    }
    assert_eq!(read(&standing("a=b"), &presigned.headers), Err(Malformed::Missing("x-oss-expires")));

    for (form, name) in [(V1_QUERY, "Expires"), (V2_QUERY, "x-oss-expires")] {
        let presigned = signed(form, "GET", "/b/k", &[]);
        let ends = now().unix_seconds() + 600;
        let standing = |text: &str| target(&presigned).replace(&format!("{name}={ends}"), text);
        for text in [
            "-1",
            "+1795306452",
            "01795306452",
            "1e9",
            "",
            "9223372036854775807",
            "99999999999999999999",
            "1.5",
        ] {
            let changed = standing(&format!("{name}={text}"));
            assert!(is_unreadable(&read(&changed, &presigned.headers)), "{text}");
        }
        assert_eq!(read(&standing("a=b"), &presigned.headers), Err(Malformed::Missing(name)));
        assert_eq!(
            claim(target(&presigned), &presigned.headers).lifetime,
            Lifetime::Until(now().plus(Duration::from_secs(600)))
        );
    }
}

#[test]
fn case_15_a_presigned_url_ends_when_it_says_and_not_beyond_seven_days() {
    let window = Duration::from_secs(900);
    for form in [V1_QUERY, V2_QUERY, V4_QUERY] {
        let presigned = signed(form, "GET", "/b/k", &[]);
        let claim = claim(target(&presigned), &presigned.headers);
        let at = |seconds: i64| Timestamp::from_unix_millis(now().unix_millis() + seconds * 1000);
        assert_eq!(fresh(&claim, at(600), window), Ok(()));
        assert!(matches!(fresh(&claim, at(601), window), Err(Refusal::Expired { .. })));
        assert!(fresh(&claim, at(-604_200), window).is_ok() != (form.0.name() == "oss4"));
        assert!(fresh(&claim, at(-604_201), window).is_err());
    }
    let weeks = |scheme| {
        let options =
            countersign::SignOptions { presign: Some(Duration::from_secs(604_801)), ..options(true) };
        signed_as(scheme, "GET", "/b/k", &[], &options)
    };
    assert!(matches!(weeks(schemes::OSS4), Err(Malformed::Unreadable { .. })));
    let presigned = weeks(schemes::OSS).unwrap();
    let refused = fresh(&claim(target(&presigned), &presigned.headers), now(), window);
    assert!(matches!(refused, Err(Refusal::Stale { .. })), "{refused:?}");
}

#[test]
fn case_16_a_list_of_additional_header_fields_is_read_strictly() {
    let blank = "0".repeat(64);
    let with_list = |list: &str| {
        let mut headers =
            signed(V4, "GET", "/b/k", &[("host", "h"), ("range", "bytes=0-1"), ("if-match", "a")]).headers;
        let value = format!(
            "OSS4-HMAC-SHA256 Credential=CSAK1/20261121/r/oss/aliyun_v4_request,AdditionalHeaders={list},Signature={blank}"
        );
        headers.insert("authorization", value.parse().unwrap());
        read("/b/k", &headers)
    };
    // An empty one is what the reqsign crate writes where there is nothing to list.
    for list in ["", "host", "host;range", "range;host", "host;if-match;range"] {
        assert_eq!(with_list(list), Ok(()), "{list}");
    }
    for list in [";", "host;", ";host", "host;;range", "Host", "host; range", "host;authority", "h"] {
        assert!(is_unreadable(&with_list(list)), "{list}");
    }
    assert_eq!(with_list("host;range;host"), Err(Malformed::Repeated("host".to_owned())));
}

/// Signs with additional header fields, which no client of ours does: what it lists is put into the blank signature.
fn signed_with_additional(list: &str, in_query: bool, scheme_2: bool) -> (String, HeaderMap) {
    use countersign::crypto::HmacSha1;
    use countersign::{Key, StringToSign};
    let fields = [("host", "h"), ("range", "bytes=0-1"), ("if-match", "a")];
    let scheme = if scheme_2 { schemes::OSS2 } else { schemes::OSS4 };
    let query = if in_query {
        format!("?x-oss-additional-headers={}", list.replace(';', "%3B"))
    } else {
        String::new()
    };
    let mut parts = signed((scheme, in_query), "GET", &format!("/b/k{query}"), &fields);
    if !in_query {
        let separator = if scheme_2 { ':' } else { '=' };
        let changed = with(&parts.headers, "authorization", |text| {
            text.replace(",Signature", &format!(",AdditionalHeaders{separator}{list},Signature"))
        });
        parts.headers = changed;
        let target = target(&parts).to_owned();
        let headers = parts.headers.clone();
        let request = Request::new("GET", &target, &headers, Body::Unread);
        let claim = scheme.read(&request).unwrap();
        let mut text = StringToSign::new();
        assert!(scheme.write(scheme.readings()[0], Place::default(), &request, &claim, &mut text));
        let hmac_sha1 = HmacSha1::new(b"secret");
        let key = &scheme.keys(Key::secret(b"secret", &hmac_sha1), &claim)[0];
        let signature = key.sign(text.as_bytes()).unwrap();
        scheme.attach(&mut parts, &signature).unwrap();
    }
    (target(&parts).to_owned(), parts.headers)
}

#[test]
fn case_16_additional_header_fields_are_covered_by_name_and_value() {
    for (in_query, scheme_2) in [(false, false), (true, false), (false, true), (true, true)] {
        let (target, headers) = signed_with_additional("host;range", in_query, scheme_2);
        assert_eq!(verdict("GET", &target, &headers), Ok("strict"), "{target}");
        let covered = claim(&target, &headers).covered;
        assert!(covered.authority && covered.headers.iter().any(|field| field.name == "range"));
        assert!(!covered.headers.iter().any(|field| field.name == "if-match"));
        assert!(covered.headers.is_sorted_by(|a, b| a.name <= b.name));
        for (name, value) in [("host", "i"), ("range", "bytes=0-2")] {
            let changed = with(&headers, name, |_| value.to_owned());
            assert!(is_mismatch(&verdict("GET", &target, &changed)), "{name}");
        }
        assert_eq!(verdict("GET", &target, &with(&headers, "if-match", |_| "b".to_owned())), Ok("strict"));
        if !in_query {
            // One that is listed cannot be left out of the list, nor one be put in; their order is nothing.
            let list = |list: &str| with(&headers, "authorization", |text| text.replace("host;range", list));
            assert_eq!(verdict("GET", &target, &list("range;host")), Ok("strict"));
            for other in ["host", "range", "host;if-match;range"] {
                assert!(is_mismatch(&verdict("GET", &target, &list(other))), "{other}");
            }
        }
    }
}

#[test]
fn case_17_a_listed_header_field_that_is_absent_is_malformed() {
    for (in_query, scheme_2) in [(false, false), (true, false), (false, true), (true, true)] {
        let (target, mut headers) = signed_with_additional("host;range", in_query, scheme_2);
        headers.remove("range");
        assert!(is_unreadable(&read(&target, &headers)), "{target}");
    }
}

#[test]
fn case_18_a_header_field_that_stands_twice_is_refused_or_signed_with_all_its_values() {
    for form in forms() {
        let parts = signed(
            form,
            "GET",
            "/b/k",
            &[("x-oss-meta-a", "1,2"), ("host", "h"), ("content-type", "a"), ("content-md5", "b")],
        );
        for name in [
            "host",
            "content-type",
            "content-md5",
            "authorization",
            "date",
            "x-oss-date",
            "x-oss-content-sha256",
        ] {
            let Some(value) = parts.headers.get(name).cloned() else { continue };
            let mut doubled = parts.headers.clone();
            doubled.append(name, value);
            assert_eq!(read(target(&parts), &doubled), Err(Malformed::Repeated(name.to_owned())));
        }
        let values = |values: [&'static str; 2]| {
            let mut headers = parts.headers.clone();
            headers.insert("x-oss-meta-a", HeaderValue::from_static(values[0]));
            headers.append("x-oss-meta-a", HeaderValue::from_static(values[1]));
            verdict("GET", target(&parts), &headers)
        };
        assert_eq!(values(["1", "2"]), Ok("strict"));
        assert!(is_mismatch(&values(["2", "1"])));
    }
}

#[test]
fn case_19_parameters_that_sign_stand_once_in_whichever_case() {
    for (form, names) in [
        (V1_QUERY, &["OSSAccessKeyId", "Expires", "Signature", "ossaccesskeyid", "signature", "EXPIRES"][..]),
        (
            V2_QUERY,
            &[
                "x-oss-access-key-id",
                "x-oss-expires",
                "x-oss-signature",
                "x-oss-signature-version",
                "X-Oss-Signature",
            ],
        ),
        (
            V4_QUERY,
            &[
                "x-oss-credential",
                "x-oss-date",
                "x-oss-expires",
                "x-oss-signature",
                "X-OSS-Date",
                "x%2Doss-expires",
            ],
        ),
    ] {
        let parts = signed(form, "GET", "/b/k", &[]);
        for name in names {
            for both in [
                format!("{}&{name}=x", target(&parts)),
                target(&parts).replacen('?', &format!("?{name}=x&"), 1),
            ] {
                let refused = verdict("GET", &both, &parts.headers);
                let malformed = matches!(
                    refused,
                    Err(Refusal::Malformed(
                        Malformed::Repeated(_) | Malformed::UnknownAlgorithm(_) | Malformed::TwoSignatures
                    ))
                );
                assert!(malformed, "{both}: {refused:?}");
            }
        }
    }
}

#[test]
fn case_20_what_stands_in_the_query_and_in_a_header_field_is_not_chosen_between() {
    let parts = signed(V4_QUERY, "GET", "/b/k", &[]);
    let mut headers = parts.headers.clone();
    headers.insert("x-oss-date", "20261121T232313Z".parse().unwrap());
    assert_eq!(read(target(&parts), &headers), Err(Malformed::Repeated("x-oss-date".to_owned())));
    // A credential beside the signature is named, wherever it stands.
    for form in forms() {
        let parts = signed(form, "GET", "/b/k?security-token=x", &[("x-oss-security-token", "y")]);
        let claim = claim(target(&parts), &parts.headers);
        assert_eq!(claim.unjudged.as_slice(), ["x-oss-security-token", "security-token"]);
    }
}

#[test]
fn case_21_repeated_values_have_no_order_and_are_refused_where_they_are_signed() {
    for form in forms() {
        // Version 1 signs no more of a query than sub-resources.
        let parts = signed(form, "GET", "/b/k?acl=1&acl=2", &[]);
        let refused = verdict("GET", target(&parts), &parts.headers);
        assert_eq!(refused, Err(Ambiguity::RepeatedName("acl".to_owned()).into()), "{}", form.0.name());
        let parts = signed(form, "GET", "/b/k?prefix=1&prefix=2", &[]);
        let expected = match form.0.name() {
            "oss" => Ok("strict"),
            _ => Err(Ambiguity::RepeatedName("prefix".to_owned()).into()),
        };
        assert_eq!(verdict("GET", target(&parts), &parts.headers), expected);
    }
}

#[test]
fn case_21_a_query_is_read_as_a_form_and_its_spelling_is_nothing() {
    for form in [V1, V2, V4] {
        let headers = signed(form, "GET", "/b/k?response-content-type=a+b~*&acl&callback=%2B;", &[]).headers;
        for same in [
            "/b/k?response-content-type=a%20b%7E%2A&acl=&callback=%2b%3B",
            "/b/k?callback=%2B;&&acl&response-content-type=a+b~*",
        ] {
            assert_eq!(verdict("GET", same, &headers), Ok("strict"), "{same}");
        }
        for other in [
            "/b/k?response-content-type=a%2Bb~*&acl&callback=%2B;",
            "/b/k?response-content-type=a+b~*&acl&callback=+;",
            "/b/k?response-content-type=a+b~*&acl=1&callback=%2B;",
            "/b/k?response-content-type=a+b~*&callback=%2B;",
            "/b/k?response-content-type=a+b~*&acl&callback=%2B;&policy",
        ] {
            assert!(is_mismatch(&verdict("GET", other, &headers)), "{other}");
        }
    }
    // An empty name is a name.
    for form in [V2, V4] {
        let headers = signed(form, "GET", "/b/k?=v", &[]).headers;
        assert_eq!(verdict("GET", "/b/k?=v", &headers), Ok("strict"));
        assert!(is_mismatch(&verdict("GET", "/b/k?v", &headers)));
    }
}

#[test]
fn case_22_what_is_covered_is_what_is_said_to_be() {
    let list = |target: &'static str, headers: &HeaderMap, expected: [bool; 6]| {
        let Covered { method, path, query, authority, time, by_choice, .. } = claim(target, headers).covered;
        assert_eq!([method, path, query, authority, time, by_choice], expected);
    };
    for form in [V1, V2, V4] {
        let headers = signed(form, "GET", "/b/k?prefix=a", &[("host", "h"), ("range", "r")]).headers;
        let is_v1 = form.0.name() == "oss";
        list("/b/k?prefix=a", &headers, [true, true, !is_v1, false, true, false]);
        assert!(is_mismatch(&verdict("GET", "/b/l?prefix=a", &headers)));
        assert!(is_mismatch(&verdict("PUT", "/b/k?prefix=a", &headers)));
        // A parameter that is not signed in version 1 can be changed, added and left out, which is why it says so.
        for other in ["/b/k?prefix=b", "/b/k?prefix=a&marker=c", "/b/k"] {
            assert_eq!(verdict("GET", other, &headers).is_ok(), is_v1, "{other}");
        }
        assert!(claim("/b/k?prefix=a", &headers).covered.headers.iter().all(|field| field.name != "range"));
    }
}

#[test]
fn case_23_a_path_is_signed_as_it_is_and_never_normalized() {
    for form in [V1, V2, V4] {
        let headers = signed(form, "GET", "/b/public/../admin", &[]).headers;
        assert_eq!(verdict("GET", "/b/public/../admin", &headers), Ok("strict"));
        // Two spellings of one key: whoever acts on it decodes it once.
        assert_eq!(verdict("GET", "/b/public/%2e%2e/admin", &headers), Ok("strict"));
        assert_eq!(verdict("GET", "/b%2Fpublic/../admin", &headers), Ok("strict"));
        // A bucket alone is the same with and without a slash behind it.
        let bucket = signed(form, "GET", "/b", &[]).headers;
        for (path, same) in
            [("/b", true), ("/b/", true), ("/b//", false), ("/", false), ("/b/b", false), ("//b", false)]
        {
            assert_eq!(verdict("GET", path, &bucket).is_ok(), same, "{path}");
        }
        for other in [
            "/b/admin",
            "/b/public/../admin/",
            "/b/public//../admin",
            "//b/public/../admin",
            "/b/public/%252e%252e/admin",
            "/b/./public/../admin",
        ] {
            assert!(is_mismatch(&verdict("GET", other, &headers)), "{other}");
        }
    }
}

#[test]
fn case_25_only_a_host_below_a_known_domain_says_the_bucket() {
    let domains = ["oss.example.com".to_owned(), "files.example.com=b".to_owned()];
    let place = Place { bucket_domains: &domains, ..Place::default() };
    for form in [V1, V2, V4] {
        let verdict = |target: &str, host: &'static str, forwarded: &'static str| {
            let mut headers = signed(form, "GET", "/b/k", &[]).headers;
            headers.insert("host", HeaderValue::from_static(host));
            headers.insert("x-forwarded-host", HeaderValue::from_static(forwarded));
            judge(&Request::new("GET", target, &headers, Body::Unread), place, "secret", DEFAULT)
        };
        for (target, host) in [
            ("/b/k", "oss.example.com"),
            ("/k", "b.oss.example.com"),
            ("/k", "b.OSS.example.com:80"),
            ("/k", "files.example.com"),
        ] {
            assert_eq!(verdict(target, host, "c.oss.example.com"), Ok("strict"), "{host}");
        }
        for (target, host) in [
            ("/b/k", "b.oss.example.com"),
            ("/k", "c.oss.example.com"),
            ("/k", "a.b.oss.example.com"),
            ("/b/k", "a.b.oss.example.com"),
            ("/k", "oss.example.com"),
        ] {
            assert!(is_mismatch(&verdict(target, host, "b.oss.example.com")), "{host}");
        }
        let unknown = verdict("/k", "b.elsewhere.net", "b.oss.example.com");
        assert_eq!(unknown, Err(Refusal::ReadingNotAccepted("bucket-in-host")));
    }
}

#[test]
fn case_27_a_signature_has_one_spelling() {
    for form in [V1, V2] {
        let headers = signed(form, "GET", "/b/k", &[]).headers;
        for change in [
            |text: &str| text.trim_end_matches('=').to_owned(),
            |text: &str| format!("{text}="),
            |text: &str| text.replace('=', "%3D"),
        ] {
            assert!(is_unreadable(&read("/b/k", &with(&headers, "authorization", change))));
        }
        // The last bits before the padding, which a lenient decoder leaves out.
        let last = headers["authorization"].to_str().unwrap().trim_end_matches('=').chars().last().unwrap();
        let other = char::from(u8::try_from(last).unwrap() + 1);
        let loose = with(&headers, "authorization", |text| {
            format!("{}{other}=", &text.trim_end_matches('=')[..text.len() - 2])
        });
        assert!(read("/b/k", &loose).is_err(), "{loose:?}");
    }
    let headers = signed(V4, "GET", "/b/k", &[]).headers;
    let upper = with(&headers, "authorization", |text| {
        let (before, signature) = text.rsplit_once('=').unwrap();
        format!("{before}={}", signature.to_uppercase())
    });
    assert!(is_unreadable(&read("/b/k", &upper)));
}

#[test]
fn case_28_a_scope_is_of_the_day_of_the_signature_and_complete() {
    let headers = signed(V4, "GET", "/b/k", &[]).headers;
    let scope = |scope: &str| {
        with(&headers, "authorization", |text| {
            text.replace("20261121/cn-hangzhou/oss/aliyun_v4_request", scope)
        })
    };
    for other in [
        "20261120/cn-hangzhou/oss/aliyun_v4_request",
        "20261122/cn-hangzhou/oss/aliyun_v4_request",
        "2026112/cn-hangzhou/oss/aliyun_v4_request",
        "20261121/cn-hangzhou/oss/aws4_request",
        "20261121/cn-hangzhou/oss/apsara_v4_request",
        "20261121/cn-hangzhou/oss",
        "20261121/cn-hangzhou/oss/aliyun_v4_request/x",
        "20261121//oss/aliyun_v4_request",
        "20261121/cn-hangzhou//aliyun_v4_request",
        "20261121/cn hangzhou/oss/aliyun_v4_request",
    ] {
        assert!(is_unreadable(&read("/b/k", &scope(other))), "{other}");
    }
    // Another region or product is another key.
    for other in
        ["20261121/cn-beijing/oss/aliyun_v4_request", "20261121/cn-hangzhou/oss-cloudbox/aliyun_v4_request"]
    {
        assert!(is_mismatch(&verdict("GET", "/b/k", &scope(other))), "{other}");
    }
    let read_scope = claim("/b/k", &headers).scope.unwrap().to_text();
    assert_eq!(read_scope, "20261121/cn-hangzhou/oss/aliyun_v4_request");
}

#[test]
fn case_08_an_unknown_algorithm_is_no_other_one() {
    let headers = signed(V4, "GET", "/b/k", &[]).headers;
    for name in ["OSS4-HMAC-SHA1", "OSS4-HMAC-SHA512", "OSS4-", "OSS4-HMAC-SHA256x"] {
        let other = with(&headers, "authorization", |text| text.replace("OSS4-HMAC-SHA256", name));
        assert_eq!(read("/b/k", &other), Err(Malformed::UnknownAlgorithm(name.to_owned())));
    }
    let parts = signed(V4_QUERY, "GET", "/b/k", &[]);
    for name in ["OSS4-HMAC-SHA1", "OSS", "oss2", ""] {
        let other = target(&parts).replace("OSS4-HMAC-SHA256", name);
        assert_eq!(read(&other, &parts.headers), Err(Malformed::UnknownAlgorithm(name.to_owned())));
    }
}

#[test]
fn case_30_a_declared_digest_is_that_of_the_body_and_unsigned_is_said_to_be() {
    let digest = |text: &'static str, md5: Option<&'static str>| {
        let mut fields = vec![("x-oss-content-sha256", text)];
        fields.extend(md5.map(|md5| ("content-md5", md5)));
        let headers = signed(V4, "PUT", "/b/k", &fields).headers;
        claim("/b/k", &headers).payload
    };
    const X: &str = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    const MD5_OF_X: &str = "ndTkYSaMgDT1yFZOFVxnpg==";
    let signed_digest = digest(X, None);
    assert!(matches!(&signed_digest, Payload::Digest(Hash::Sha256, _)));
    assert!(signed_digest.matches(b"x") && !signed_digest.matches(b"y") && !signed_digest.matches(b""));
    assert_eq!(digest("UNSIGNED-PAYLOAD", None), Payload::Uncovered);
    // Content-MD5 is signed where it is sent.
    let by_md5 = digest("UNSIGNED-PAYLOAD", Some(MD5_OF_X));
    assert_eq!(by_md5, Payload::Digest(Hash::Md5, Hash::Md5.digest(b"x")));
    assert!(matches!(digest(X, Some("nonsense")), Payload::Digest(Hash::Sha256, _)));
    assert_eq!(digest("UNSIGNED-PAYLOAD", Some("nonsense")), Payload::Unreadable);

    let headers = signed(V4, "PUT", "/b/k", &[("x-oss-content-sha256", X)]).headers;
    let unsigned = with(&headers, "x-oss-content-sha256", |_| "UNSIGNED-PAYLOAD".to_owned());
    assert!(is_mismatch(&verdict("PUT", "/b/k", &unsigned)));
    for value in ["", "unsigned-payload", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", &X.to_uppercase(), &X[2..]] {
        let other = with(&headers, "x-oss-content-sha256", |_| value.to_owned());
        assert!(is_unreadable(&read("/b/k", &other)), "{value}");
    }
    let mut without = headers.clone();
    without.remove("x-oss-content-sha256");
    assert_eq!(read("/b/k", &without), Err(Malformed::Missing("x-oss-content-sha256")));
    // In the other versions, and in a query, there is Content-MD5 or nothing.
    for form in [V1, V2, V1_QUERY, V2_QUERY, V4_QUERY] {
        let parts = signed(form, "PUT", "/b/k", &[]);
        assert_eq!(claim(target(&parts), &parts.headers).payload, Payload::Uncovered);
        let parts = signed(form, "PUT", "/b/k", &[("content-md5", MD5_OF_X)]);
        assert!(matches!(claim(target(&parts), &parts.headers).payload, Payload::Digest(Hash::Md5, _)));
    }
}

#[test]
fn case_21_a_plus_in_a_path_is_a_plus_unless_the_operator_names_the_reading() {
    let headers = signed(V1, "GET", "/b/a%20c", &[]).headers;
    let request = Request::new("GET", "/b/a+c", &headers, Body::Unread);
    let refused = judge(&request, Place::default(), "secret", DEFAULT);
    assert_eq!(refused, Err(Refusal::ReadingNotAccepted("path-plus-as-space")));
    let named = ["path-plus-as-space".to_owned()];
    let accepted = judge(&request, Place::default(), "secret", Readings::Preserving { and: &named });
    assert_eq!(accepted, Ok("path-plus-as-space"));
    // Together with a bucket in a host that nobody has told the server.
    let mut headers = headers.clone();
    headers.insert("host", HeaderValue::from_static("b.elsewhere.net"));
    let request = Request::new("GET", "/a+c", &headers, Body::Unread);
    let explained = judge(&request, Place::default(), "secret", Readings::Every);
    assert_eq!(explained, Ok("path-plus-as-space+bucket-in-host"));
    for form in [V2, V4] {
        let headers = signed(form, "GET", "/b/a%20c", &[]).headers;
        let request = Request::new("GET", "/b/a+c", &headers, Body::Unread);
        assert!(is_mismatch(&judge(&request, Place::default(), "secret", Readings::Every)));
    }
}

#[test]
fn case_21_no_reading_that_changes_anything_is_accepted_by_default() {
    for scheme in [schemes::OSS, schemes::OSS2, schemes::OSS4] {
        let readings = scheme.readings();
        assert!(readings[0].is_strict() && readings.len() <= 4, "at most four MACs for a request");
        for reading in &readings[1..] {
            assert!(!reading.preserves && reading.client.is_none(), "{reading:?}");
        }
    }
}

#[test]
fn case_40_a_signature_is_of_one_method_and_one_resource() {
    for form in forms() {
        let parts = signed(form, "GET", "/b/k", &[]);
        assert_eq!(verdict("GET", target(&parts), &parts.headers), Ok("strict"));
        for method in ["HEAD", "PUT", "DELETE", "POST", "get", ""] {
            assert!(is_mismatch(&verdict(method, target(&parts), &parts.headers)), "{method}");
        }
        for path in ["/b/l", "/c/k", "/b/k/", "/b", "/", "/b/K"] {
            let other = target(&parts).replacen("/b/k", path, 1);
            assert!(is_mismatch(&verdict("GET", &other, &parts.headers)), "{path}");
        }
    }
}

#[test]
fn case_40_a_signature_in_one_form_is_none_in_another() {
    // The same secret, and in versions 1 and 2 nearly the same text.
    for one in forms() {
        let parts = signed(one, "GET", "/b/k", &[]);
        let signature = claim(target(&parts), &parts.headers).signature;
        for other in forms() {
            let (scheme, in_query) = other;
            let same = scheme.name() == one.0.name() && in_query == one.1;
            let mut there = signed(other, "GET", "/b/k", &[]);
            let length = claim(target(&there), &there.headers).signature.len();
            if same || length != signature.len() {
                continue;
            }
            scheme.attach(&mut there, &signature).unwrap();
            assert!(is_mismatch(&verdict("GET", target(&there), &there.headers)));
        }
    }
}

#[test]
fn case_44_what_is_shown_of_a_mismatch_holds_no_key_and_no_signature_but_the_one_that_was_sent() {
    use countersign::crypto::HmacSha1;
    use countersign::dialects::{Dialect, Occasion};
    use countersign::{Key, SigningKey};
    const SECRET: &str = "theSecretThatNobodyMaySee";
    for form in forms() {
        let parts = signed(form, "GET", "/b/k?acl", &[]);
        let request = Request::new("GET", target(&parts), &parts.headers, Body::Unread);
        let refused = judge(&request, Place::default(), SECRET, DEFAULT).unwrap_err();
        let occasion = Occasion {
            request_id: "5C72047D38FEF58A549C872A",
            host: "h",
            has_body: false,
            request: request.clone(),
            now: now(),
        };
        let spoken = Dialect::Oss.speak(&refused, &occasion);
        let body = std::str::from_utf8(&spoken.body).unwrap();
        assert_eq!((spoken.status.as_u16(), spoken.code), (403, "SignatureDoesNotMatch"));
        assert!(
            body.contains("<OSSAccessKeyId>CSAK1</OSSAccessKeyId>") && body.contains("<SignatureProvided>"),
            "{body}"
        );
        assert_eq!(body.contains("<CanonicalRequest>"), form.0.name() == "oss4");

        // What would have been right, as it would be written.
        let Refusal::SignatureMismatch { string_to_sign, .. } = &refused else { unreachable!("{refused:?}") };
        let claim = form.0.read(&request).unwrap();
        let hmac_sha1 = HmacSha1::new(SECRET.as_bytes());
        let keys = form.0.keys(Key::secret(SECRET.as_bytes(), &hmac_sha1), &claim);
        let right = keys.first().and_then(|key: &SigningKey| key.sign(string_to_sign.as_bytes())).unwrap();
        let mut right_parts = parts.clone();
        form.0.attach(&mut right_parts, &right).unwrap();
        let request = Request::new("GET", target(&right_parts), &right_parts.headers, Body::Unread);
        assert_eq!(judge(&request, Place::default(), SECRET, DEFAULT), Ok("strict"));
        let hexadecimal: String = right.iter().map(|byte| format!("{byte:02x}")).collect();
        for secret in [SECRET, &hexadecimal, &countersign_base64(&right)[..20]] {
            assert!(!body.contains(secret), "{body}");
        }
    }
}
