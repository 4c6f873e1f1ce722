//! Laws of the signatures of OSS: what is signed verifies in every form, what is changed does not or means the same,
//! and no bytes make anything panic.

use std::time::Duration;

use countersign::crypto::HmacSha1;
use countersign::{
    AccessKeyId, AccessKeySecret, Ambiguity, Body, Credential, Key, Malformed, Place, Readings, Refusal,
    Request, SignOptions, fresh, schemes, sign, verify,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use crate::oss::{DEFAULT, claim, forms, judge, now, options, signed, signed_as, target, verdict};

fn form() -> impl Strategy<Value = (&'static dyn countersign::Scheme, bool)> {
    (0..6usize).prop_map(|number| forms()[number])
}

/// Changes the byte of a text in base 64 or in hexadecimal to another one of the same alphabet.
fn other_digit(byte: u8) -> char {
    if byte == b'a' { 'b' } else { 'a' }
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_what_is_changed_does_not(
        form in form(),
        path in "(/[a-zA-Z0-9_%.~!$'()*+,;:@-]{1,12}){1,4}",
        query in "([a-zA-Z0-9_%.~!$'()*+,;:@/?-]{1,8}=[a-zA-Z0-9_%.~!$'()*+,;:@/?-]{0,8}&){0,3}",
        value in "[!-~]([ -~]{0,20}[!-~])?",
        byte in 0..28usize,
    ) {
        let sent = format!("{path}?{query}acl=x");
        let headers = [("x-oss-meta-a", &*value), ("x-oss-meta-b", "1"), ("content-type", "text/plain")];
        let parts = signed_as(form.0, "GET", &sent, &headers, &options(form.1)).unwrap();
        let at = target(&parts);
        let same = verdict("GET", at, &parts.headers);
        if matches!(same, Err(Refusal::Ambiguous(_))) {
            return Ok(());
        }
        prop_assert_eq!(same, Ok("strict"));

        let refused = |method: &str, target: &str, headers: &HeaderMap| verdict(method, target, headers).is_err();
        prop_assert!(refused("PUT", at, &parts.headers));
        prop_assert!(refused("GET", &["/x", at].concat(), &parts.headers));
        prop_assert!(refused("GET", &at.replace("acl=x", "acl=y"), &parts.headers));
        prop_assert!(refused("GET", &at.replace("acl=x", "acm=x"), &parts.headers));
        prop_assert!(refused("GET", &at.replace("acl=x", "zzz=z"), &parts.headers));
        let mut dated = 0;
        for name in parts.headers.keys().filter(|name| *name != "host") {
            dated += usize::from(matches!(name.as_str(), "date" | "x-oss-date"));
            let mut other = parts.headers.clone();
            other.remove(name);
            prop_assert!(refused("GET", at, &other), "without {}", name);
            other.insert(HeaderName::from_static("x-oss-other"), parts.headers[name].clone());
            prop_assert!(refused("GET", at, &other), "{} by another name", name);
            let mut other = parts.headers.clone();
            let changed = format!("{}x", parts.headers[name].to_str().unwrap());
            other.insert(name, HeaderValue::from_str(&changed).unwrap());
            prop_assert!(refused("GET", at, &other), "another {}", name);
        }
        prop_assert_eq!(dated, usize::from(!form.1));
        let mut later = parts.headers.clone();
        for (name, value) in [("date", "Sat, 21 Nov 2026 23:23:14 GMT"), ("x-oss-date", "20261121T232314Z")] {
            if later.contains_key(name) {
                later.insert(name, HeaderValue::from_static(value));
                prop_assert!(refused("GET", at, &later));
            }
        }

        // One digit of the signature, and the AccessKey id, wherever they stand.
        if let Some(text) = parts.headers.get("authorization").map(|text| text.to_str().unwrap()) {
            let start = text.rfind(if form.0.name() == "oss4" { '=' } else { ':' }).unwrap() + 1;
            let mut bytes = text.as_bytes().to_vec();
            let place = start + byte % 26;
            bytes[place] = other_digit(bytes[place]) as u8;
            for other in [String::from_utf8(bytes).unwrap(), text.replace("CSAK1", "CSAK1.")] {
                let mut headers = parts.headers.clone();
                headers.insert("authorization", other.parse().unwrap());
                let request = Request::new("GET", at, &headers, Body::Unread);
                let known = claim(at, &parts.headers);
                let id_is_other = schemes::read(&request).unwrap().1.is_ok_and(|claim| claim.access_key_id != known.access_key_id);
                // Which secret is tested with is the id's business.
                prop_assert!(id_is_other || refused("GET", at, &headers));
            }
        } else {
            let start = at.to_lowercase().rfind("signature=").unwrap() + "signature=".len();
            if at.as_bytes()[start + byte % 26].is_ascii_alphanumeric() {
                let mut bytes = at.as_bytes().to_vec();
                bytes[start + byte % 26] = other_digit(bytes[start + byte % 26]) as u8;
                prop_assert!(refused("GET", &String::from_utf8(bytes).unwrap(), &parts.headers));
            }
            let ends = (now().unix_seconds() + 600).to_string();
            let longer = (now().unix_seconds() + 601).to_string();
            let longer = at.replace(&ends, &longer).replace("x-oss-expires=600", "x-oss-expires=601");
            prop_assert!(refused("GET", &longer, &parts.headers));
            prop_assert!(refused("GET", &at.replace("20261121T232313Z", "20261121T232314Z"), &parts.headers) == (form.0.name() == "oss4"));
        }
    }

    #[test]
    fn what_is_not_signed_is_not_said_to_be(form in form(), name in "[a-z]{3,10}", value in "[!-~]{1,10}") {
        prop_assume!(name != "acl" && !matches!(&*name, "authorization" | "date" | "host"));
        let parts = signed(form, "GET", "/b/k", &[("host", "h")]);
        let mut headers = parts.headers.clone();
        headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(&value).unwrap());
        prop_assert_eq!(verdict("GET", target(&parts), &headers), Ok("strict"));
        let claim = claim(target(&parts), &headers);
        prop_assert!(claim.covered.headers.iter().all(|field| field.name != name && field.name != "host"));
        prop_assert!(!claim.covered.authority);
    }

    #[test]
    fn nothing_that_a_stranger_sends_panics(
        method in "[A-Z]{0,8}",
        target in prop_oneof![
            any::<String>(),
            "/[ -~]{0,20}\\?(OSSAccessKeyId|Expires|Signature|acl|x-oss-date)=[ -~]{0,20}(&(Expires|Signature)=[ -~]{0,30}){0,3}",
            "/b\\?x-oss-signature-version=(OSS2|OSS4-HMAC-SHA256|[ -~]{0,9})(&x-oss-(date|expires|credential|signature|access-key-id|additional-headers)=[ -~]{0,40}){0,6}",
            "/b\\?x-oss-signature-version=OSS2&x-oss-access-key-id=a&x-oss-expires=[0-9]{1,20}&x-oss-additional-headers=[a-z;%-]{0,20}&x-oss-signature=[A-Za-z0-9]{43}%3D",
        ],
        authorization in proptest::option::of(prop_oneof![
            "OSS[24]?(-HMAC-SHA256)? [ -~]{0,60}",
            "OSS [A-Za-z0-9]{1,5}:[A-Za-z0-9+/]{27}=",
            "OSS2 AccessKeyId:[A-Za-z0-9]{1,5},(AdditionalHeaders:[a-z;-]{0,20},)?Signature:[A-Za-z0-9+/]{42}A=",
            "OSS4-HMAC-SHA256 Credential=[a-z]{1,3}/20261121/[ -~]{0,5}/oss/aliyun_v4_request,(AdditionalHeaders=[a-z;-]{0,20},)?Signature=[0-9a-f]{64}",
        ]),
        date in prop_oneof![Just("Sat, 21 Nov 2026 23:23:13 GMT".to_owned()), Just("20261121T232313Z".to_owned()), "[ -~]{0,40}"],
        host in "[ -~]{0,30}",
        domains in proptest::collection::vec("[a-z.=]{0,10}", 0..3),
        extra in proptest::collection::vec(("(x-oss-|content-|date|)[a-z0-9]{0,5}", proptest::collection::vec(any::<u8>(), 0..20)), 0..6),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in [("authorization", authorization.unwrap_or_default()), ("date", date.clone()), ("x-oss-date", date), ("host", host)] {
            if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_str(&value)) {
                headers.append(name, value);
            }
        }
        headers.append("x-oss-content-sha256", HeaderValue::from_static("UNSIGNED-PAYLOAD"));
        for (name, value) in extra {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(&value)) {
                headers.append(name, value);
            }
        }
        let request = Request::new(&method, &target, &headers, Body::Whole(b""));
        let place = Place { bucket_domains: &domains, ..Place::default() };
        let hmac_sha1 = HmacSha1::new(b"secret");
        if let Some((scheme, Ok(claim))) = schemes::read(&request) {
            let _ = scheme.ambiguity(place, &request, claim);
            let _ = fresh(claim, now(), Duration::from_secs(900));
            let _ = claim.payload.matches(b"");
            let refused = verify(scheme, place, &request, claim, Key::secret(b"secret", &hmac_sha1), Readings::Every);
            prop_assert!(refused.is_err());
        }
    }
}

#[test]
fn what_decoded_text_cannot_tell_apart_is_found_in_version_1_alone() {
    let cases = [
        ("/b/k?acl=1&acl=2", Some(Ambiguity::RepeatedName("acl".to_owned()))),
        ("/b/k%3Facl", Some(Ambiguity::PathSeparator('?'))),
        ("/b/k%0Ax", Some(Ambiguity::ControlCharacter)),
        ("/b/k?response-content-type=%00", Some(Ambiguity::ControlCharacter)),
        ("/b/k?callback=a%26policy%3Dp", Some(Ambiguity::QuerySeparator('&'))),
        ("/b/k?callback=a%26x%26policy", Some(Ambiguity::QuerySeparator('&'))),
        // A key may hold any other separator, and so may a value, if what follows is no sub-resource.
        ("/b/k%26acl%3D%23%2B?callback=a%3Dpolicy%3Fx%26y%23", None),
        ("/b/k?response-content-disposition=attachment%3B%20filename%3D%22R%26D.pdf%22", None),
        // What is not signed is not covered, which is said elsewhere.
        ("/b/k?prefix=a&prefix=%00%26acl", None),
    ];
    for (sent, expected) in cases {
        let headers = signed((schemes::OSS, false), "GET", sent, &[]).headers;
        let request = Request::new("GET", sent, &headers, Body::Unread);
        let (scheme, claim) = schemes::read(&request).unwrap();
        assert_eq!(scheme.ambiguity(Place::default(), &request, claim.unwrap()), expected, "{sent}");
        let accepted = judge(&request, Place::default(), "secret", DEFAULT);
        assert_eq!(accepted, expected.map_or(Ok("strict"), |ambiguity| Err(ambiguity.into())));
        if sent.contains("=1&") || sent.contains("prefix") {
            continue;
        }
        for scheme in [schemes::OSS2, schemes::OSS4] {
            let headers = signed((scheme, false), "GET", sent, &[]).headers;
            assert_eq!(verdict("GET", sent, &headers), Ok("strict"), "{sent}");
        }
    }
    // Two requests of one string to sign: one of the two is refused.
    for (one, other) in [
        ("/b/k?acl", "/b/k%3Facl"),
        ("/b/k?callback=a&policy=p", "/b/k?callback=a%26policy%3Dp"),
        ("/b/k?acl=1&acl=2", "/b/k?acl=2&acl=1"),
    ] {
        let headers = signed((schemes::OSS, false), "GET", one, &[]).headers;
        assert!(matches!(verdict("GET", other, &headers), Err(Refusal::Ambiguous(_))), "{other}");
        for scheme in [schemes::OSS2, schemes::OSS4].into_iter().filter(|_| !one.contains("acl=1")) {
            let headers = signed((scheme, false), "GET", one, &[]).headers;
            assert!(
                matches!(verdict("GET", other, &headers), Err(Refusal::SignatureMismatch { .. })),
                "{other}"
            );
        }
    }
}

#[test]
fn an_authorization_is_read_in_any_order_and_with_blanks() {
    let headers = signed((schemes::OSS4, false), "GET", "/b/k", &[]).headers;
    let text = headers["authorization"].to_str().unwrap();
    let (credential, signature) = text.strip_prefix("OSS4-HMAC-SHA256 ").unwrap().split_once(',').unwrap();
    let read = |text: String| {
        let mut headers = headers.clone();
        headers.insert("authorization", text.parse().unwrap());
        verdict("GET", "/b/k", &headers)
    };
    assert_eq!(read(format!("OSS4-HMAC-SHA256 {signature}, {credential}")), Ok("strict"));
    assert_eq!(read(format!("OSS4-HMAC-SHA256  {credential} ,  {signature}")), Ok("strict"));
    for text in [
        format!("OSS4-HMAC-SHA256 {credential},{signature},"),
        format!("OSS4-HMAC-SHA256 {credential},{signature},x=y"),
        format!("OSS4-HMAC-SHA256 {credential}"),
        format!("OSS4-HMAC-SHA256 {signature}"),
        format!("OSS4-HMAC-SHA256 {credential},{signature},{signature}"),
        "OSS4-HMAC-SHA256 ".to_owned(),
    ] {
        assert!(matches!(read(text.clone()), Err(Refusal::Malformed(_))), "{text}");
    }
    // Each version has its own words.
    for text in [
        "OSS a",
        "OSS a/b:AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "OSS2 a:AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "OSS2 AccessKeyId=a,Signature=x",
    ] {
        assert!(matches!(read(text.to_owned()), Err(Refusal::Malformed(_))), "{text}");
    }
}

#[test]
fn a_security_token_is_named_and_covered_in_every_form() {
    for form in forms() {
        let options = SignOptions { security_token: Some("CAIS/+==".to_owned()), ..options(form.1) };
        let parts = signed_as(form.0, "GET", "/b/k", &[], &options).unwrap();
        assert_eq!(verdict("GET", target(&parts), &parts.headers), Ok("strict"));
        let claim = claim(target(&parts), &parts.headers);
        assert_eq!(claim.security_token.as_deref(), Some("CAIS/+=="));
        let name = if form.1 && form.0.name() != "oss4" { "security-token" } else { "x-oss-security-token" };
        assert_eq!(claim.unjudged.as_slice(), [name]);
        let other = target(&parts).replace("CAIS", "CAIT");
        let mut headers = parts.headers.clone();
        if !form.1 {
            headers.insert("x-oss-security-token", "CAIT/+==".parse().unwrap());
        }
        assert!(matches!(verdict("GET", &other, &headers), Err(Refusal::SignatureMismatch { .. })));
    }
    // One SDK sends it in a second header field, which nothing signs.
    let headers = signed((schemes::OSS, false), "GET", "/b/k", &[("security-token", "x")]).headers;
    let claim = claim("/b/k", &headers);
    assert_eq!((claim.unjudged.as_slice(), claim.security_token), (&["security-token"][..], None));
}

#[test]
fn both_edges_of_the_clock_window() {
    for scheme in [schemes::OSS, schemes::OSS2, schemes::OSS4] {
        let headers = signed((scheme, false), "GET", "/b/k", &[]).headers;
        let claim = claim("/b/k", &headers);
        assert_eq!(claim.signed_at, now());
        for (shift, inside) in [(900, true), (-900, true), (901, false), (-901, false)] {
            let at = countersign::Timestamp::from_unix_millis(now().unix_millis() + shift * 1000);
            assert_eq!(fresh(&claim, at, Duration::from_secs(900)).is_ok(), inside, "{shift} s");
        }
    }
}

#[test]
fn a_signer_says_the_bucket_as_its_verifier_knows_it() {
    let domains = ["oss.example.com".to_owned()];
    let place = Place { bucket_domains: &domains, ..Place::default() };
    let credential =
        Credential { id: AccessKeyId::new("CSAK1").unwrap(), secret: AccessKeySecret::new("secret") };
    for (scheme, in_query) in forms() {
        let request = http::Request::get("http://pictures.oss.example.com:8640/k?acl").body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        sign(scheme, place, &mut parts, b"", &credential, &options(in_query)).unwrap();
        assert_eq!(parts.uri.authority().unwrap(), "pictures.oss.example.com:8640");
        let request = Request::new("GET", target(&parts), &parts.headers, Body::Unread);
        assert_eq!(judge(&request, place, "secret", DEFAULT), Ok("strict"));
        // Addressed by the path, it is the same resource.
        if !in_query {
            let mut headers = parts.headers.clone();
            headers.insert("host", HeaderValue::from_static("oss.example.com"));
            let request = Request::new("GET", "/pictures/k?acl", &headers, Body::Unread);
            assert_eq!(judge(&request, place, "secret", DEFAULT), Ok("strict"));
        }
    }
}

#[test]
fn what_a_scheme_needs_and_is_not_given_is_said() {
    let options = SignOptions::at(now());
    let refused = signed_as(schemes::OSS4, "GET", "/b/k", &[], &options);
    assert_eq!(refused.err(), Some(Malformed::Missing("region")));
    // A request that is presigned already is not presigned again.
    for form in forms().into_iter().filter(|form| form.1) {
        let parts = signed(form, "GET", "/b/k", &[]);
        let again = signed_as(form.0, "GET", target(&parts), &[], &crate::oss::options(true));
        assert!(matches!(again, Err(Malformed::Repeated(_))), "{again:?}");
    }
}

/// The two have one form of text. It is why a route takes one of them and not both.
#[test]
fn a_bare_request_for_odps_reads_as_one_of_version_1() {
    let credential =
        Credential { id: AccessKeyId::new("CSAK1").unwrap(), secret: AccessKeySecret::new("secret") };
    let sign_as_odps = |headers: &[(&'static str, &'static str)]| {
        let (mut parts, ()) = http::Request::get("/api/projects/p").body(()).unwrap().into_parts();
        for (name, value) in headers {
            parts.headers.insert(*name, HeaderValue::from_static(value));
        }
        sign(schemes::ODPS, Place::at("/api"), &mut parts, b"", &credential, &SignOptions::at(now()))
            .unwrap();
        let text = parts.headers["authorization"].to_str().unwrap().replace("ODPS ", "OSS ");
        parts.headers.insert("authorization", text.parse().unwrap());
        parts.headers
    };
    assert_eq!(verdict("GET", "/projects/p", &sign_as_odps(&[])), Ok("strict"));
    // Clients of MaxCompute say who they are, by a name that is signed.
    let real = sign_as_odps(&[("x-odps-user-agent", "pyodps/0.13.2")]);
    assert!(matches!(verdict("GET", "/projects/p", &real), Err(Refusal::SignatureMismatch { .. })));
}
