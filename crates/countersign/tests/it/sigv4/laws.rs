//! Laws: what is signed verifies in every form, what is changed does not, requests that share a signature mean the same,
//! and no bytes make anything panic.

use countersign::canonical::{decode, parameters};
use countersign::{Body, Place, Readings, Refusal, Request, fresh, schemes};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use std::time::Duration;

use super::{SECRET, Signed, judge, now, options, presigned, prove};

const PATH: &str = "(/[a-zA-Z0-9_%.~!$'()*+,;:@-]{0,12}){0,4}";
const QUERY: &str = "[a-zA-Z0-9_%.~!$'()*+,;:@/?=&-]{0,40}";

/// As the strict reading has it, ambiguous or not.
fn strict(signed: &Signed, method: &str, target: &str) -> bool {
    let request = Request::new(method, target, &signed.parts.headers, Body::Whole(&signed.body));
    let proven = prove(&request, SECRET, Readings::Preserving { and: &[] });
    proven.is_ok_and(|proven| proven.body_matches(&signed.body))
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_what_is_changed_does_not(
        path in PATH,
        query in proptest::option::of(QUERY),
        value in "[ -~]{0,30}",
        body in proptest::collection::vec(any::<u8>(), 0..40),
        service in prop_oneof!["s3", "sts", "s3express", "execute-api"],
        presign in any::<bool>(),
        at in any::<prop::sample::Index>(),
    ) {
        let target = format!("{}{}", if path.is_empty() { "/" } else { &path }, query.map(|query| format!("?{query}")).unwrap_or_default());
        let options = if presign { presigned(&service, 600) } else { options(&service) };
        let signed = || Signed::new("PUT", &target, &[("x-amz-meta-a", value.trim()), ("b", "1"), ("content-type", "text/plain")], &body, &options);
        let right = signed();
        let target = right.target();
        prop_assert!(strict(&right, "PUT", &target));

        prop_assert!(!strict(&right, "POST", &target));
        let elsewhere = format!("/x{target}");
        prop_assert!(!strict(&right, "PUT", &elsewhere));
        let with_more = format!("{target}{}x=y", if target.contains('?') { '&' } else { '?' });
        prop_assert!(!strict(&right, "PUT", &with_more));
        for name in ["x-amz-meta-a", "b", "content-type", "host"] {
            let mut other = signed();
            let longer = [other.parts.headers[name].as_bytes(), b"x"].concat();
            other.parts.headers.insert(name, HeaderValue::from_bytes(&longer).unwrap());
            prop_assert!(!strict(&other, "PUT", &target), "{}", name);
            other.parts.headers.remove(name);
            prop_assert!(!strict(&other, "PUT", &target), "{}", name);
            let mut other = signed();
            other.parts.headers.append(name, HeaderValue::from_static("y"));
            prop_assert!(!strict(&other, "PUT", &target), "{}", name);
        }
        let mut other = signed();
        other.body.push(b'x');
        let uncovered = presign && service.starts_with("s3");
        prop_assert_eq!(strict(&other, "PUT", &target), uncovered);

        // Any character of what carries the signature: what is left verifies only if nothing was changed.
        let carrier = if presign { target.clone() } else { right.authorization().to_owned() };
        // The id in a header field is not signed: it names the key, and another key is another secret.
        let start = carrier.rfind(if presign { "X-Amz-Algorithm" } else { "20261121" }).unwrap();
        let place = start + at.index(carrier.len() - start);
        let changed = |to: u8| {
            let mut bytes = carrier.clone().into_bytes();
            bytes[place] = to;
            String::from_utf8(bytes).unwrap()
        };
        let to = if carrier.as_bytes()[place] == b'0' { b'1' } else { b'0' };
        let mut other = signed();
        if presign {
            prop_assert!(!strict(&other, "PUT", &changed(to)), "{}", changed(to));
        } else {
            other.set("authorization", &changed(to));
            prop_assert!(!strict(&other, "PUT", &target), "{}", changed(to));
        }
    }

    /// The fence: of all targets with one signature, those that a server accepts mean the same.
    #[test]
    fn targets_that_share_a_signature_and_are_accepted_mean_the_same(
        path in "(/[ab.%/]{0,4}(%2[eEfF]|%41)?){1,3}",
        query in "([ab+]{0,2}(%2[06bB3]|%3B)?[=;&]?){0,4}",
        other_path in "(/[ab.%/]{0,4}(%2[eEfF]|%41|A)?){1,3}",
        other_query in "([ab+]{0,2}(%2[06bB])?[=;&#]?){0,4}",
        service in prop_oneof!["s3", "sts"],
        keep in 0..5u8,
    ) {
        let signed = Signed::new("GET", &format!("{path}?{query}"), &[], b"", &options(&service));
        let target = match keep {
            0 => format!("{path}?{other_query}"),
            1 => format!("{other_path}?{query}"),
            // The likeliest twins: the parameters in another order, and separators for what is encoded.
            2 => format!("{path}?{}", query.split('&').rev().collect::<Vec<_>>().join("&")),
            3 => {
                let plain = |text: &str| {
                    let pairs = [("%3B", ";"), ("%23", "#"), ("%26", "&"), ("%2F", "/"), ("%2f", "/"), ("%2b", "+")];
                    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
                };
                format!("{}?{}", plain(&path), plain(&query))
            }
            _ => format!("{other_path}?{other_query}"),
        };
        if signed.verdict().is_ok() && signed.at(&target).is_ok() {
            prop_assert_eq!(meaning(&target), meaning(&signed.target()));
        }
    }

    #[test]
    fn nothing_that_a_stranger_sends_panics(
        method in "[A-Z]{0,8}",
        target in prop_oneof![
            any::<String>(),
            "/[ -~]{0,20}\\?(X-Amz-[A-Za-z0-9-]{0,14}=[ -~]{0,30}&){0,8}X-Amz-Signature=[0-9a-f]{64}",
        ],
        authorization in prop_oneof![
            "AWS4-HMAC-SHA256[ -~]{0,80}",
            "AWS4-HMAC-SHA256 Credential=[ -~]{0,30}/20261121/[a-z]{0,3}/s?3?/aws4_request, SignedHeaders=[a-z;-]{0,20}, Signature=[0-9a-f]{64}",
            Just(String::new()),
        ],
        extra in proptest::collection::vec(("(x-amz-|date|host|)[a-z0-9]{0,14}", proptest::collection::vec(any::<u8>(), 0..20)), 0..6),
    ) {
        let mut headers = HeaderMap::new();
        if !authorization.is_empty() {
            headers.insert("authorization", authorization.parse().unwrap());
        }
        for (name, value) in extra {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(&value)) {
                headers.append(name, value);
            }
        }
        let request = Request::new(&method, &target, &headers, Body::Whole(b"x"));
        if let Some((scheme, Ok(claim))) = schemes::read(&request) {
            let _ = scheme.ambiguity(Place::default(), &request, claim);
            let _ = fresh(claim, now(), Duration::from_secs(900));
        }
        if schemes::read(&request).is_some_and(|(scheme, _)| scheme.name() == "sigv4") {
            let _ = judge(&request);
            let occasion = countersign::dialects::Occasion { request_id: "1", host: "h", has_body: true, request, now: now() };
            let _ = countersign::dialects::Dialect::Aws.speak(&Refusal::Unsigned, &occasion);
        }
    }
}

type Segments = Vec<Vec<u8>>;
type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// What a server behind this one makes of a target: its path in segments, and its parameters by name.
fn meaning(target: &str) -> (Segments, Pairs) {
    let (path, query) = target.split_once('?').unwrap();
    // A fragment is none of the server's business, and `;` separates parameters for some: neither may be taken for data.
    assert!(!target.contains(['#', ';']), "{target}");
    let segments: Vec<_> = path.split('/').map(|segment| decode(segment.as_bytes()).into_owned()).collect();
    let mut query: Vec<_> = parameters(query.as_bytes())
        .iter()
        .map(|parameter| (parameter.name().to_vec(), parameter.value().to_vec()))
        .collect();
    query.sort_by(|a, b| a.0.cmp(&b.0));
    (segments, query)
}
