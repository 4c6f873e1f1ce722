//! Laws: what is signed verifies in every form, one thing changed does not, and no bytes make anything panic.

use proptest::prelude::*;

use super::*;

/// The forms that signatures come in: scheme, algorithm, and whether there is a form in the body.
fn forms() -> impl Strategy<Value = (&'static dyn Scheme, Option<Algorithm>, bool)> {
    let sm3 = Algorithm::Hmac(countersign::crypto::Hash::Sm3);
    prop_oneof![
        4 => Just((schemes::ACS_RPC, None, false)),
        4 => Just((schemes::ACS_RPC, None, true)),
        1 => Just((schemes::ACS_RPC, Some(Algorithm::RsaSha256), false)),
        4 => Just((schemes::ACS_ROA, None, false)),
        4 => Just((schemes::ACS3, None, false)),
        3 => Just((schemes::ACS3, Some(sm3), true)),
        1 => Just((schemes::ACS3, Some(Algorithm::RsaSha256), false)),
    ]
}

fn verdict_of(message: &Message, algorithm: Option<Algorithm>) -> Result<&'static str, Refusal> {
    match algorithm.and_then(Algorithm::public_key_kind) {
        None => verdict(message),
        Some(_) => judge_public(&message.request(), PUBLIC_KEY, DEFAULT),
    }
}

/// Names that stand once, and are nobody's.
fn query() -> impl Strategy<Value = String> {
    let value = "[a-zA-Z0-9.~!$'()*,;:@/?_-]{0,8}(%[2-7][0-9A-F])?";
    proptest::collection::vec(value, 0..5).prop_map(|values| {
        let named = values.iter().enumerate().map(|(number, value)| format!("k{number}={value}"));
        named.collect::<Vec<_>>().join("&")
    })
}

/// What someone on the way may make of a query.
const ALTERATIONS: [(&str, &str); 21] = [
    ("&", "%26"),
    ("%26", "&"),
    ("=", "%3D"),
    ("%3D", "="),
    ("=&", "&"),
    ("&", "=&"),
    ("+", "%2B"),
    ("%2B", "+"),
    ("%20", "+"),
    ("%", "%25"),
    ("%25", "%"),
    ("%23", "#"),
    ("=", ""),
    ("&", ""),
    ("&", "&&"),
    ("a", "%61"),
    ("%20", " "),
    ("%26", "="),
    ("&", "%0A"),
    ("%E4", "%e4"),
    ("b", "%2562"),
];

proptest! {
    #[test]
    fn what_is_signed_verifies_and_what_is_changed_does_not(
        (scheme, algorithm, has_form) in forms(),
        path in "(/[a-zA-Z0-9_.~%!$'()*+,;:@-]{0,6}){1,3}",
        query in query(),
        value in "[!-~]([ -~]{0,12}[!-~])?",
        body in "[a-z]{1,6}=[a-z0-9]{1,6}",
    ) {
        let path = if scheme.name() == "acs-rpc" { "/" } else { path.as_str() };
        let target = format!("http://h{path}?{query}");
        let content_type = if has_form { "application/x-www-form-urlencoded" } else { "text/plain" };
        let headers = [("content-type", content_type), ("x-acs-a", &value), ("x-acs-b", "1"), ("x-acs-action", "A")];
        let options = SignOptions { algorithm, ..options() };
        let message = signed_with(scheme, ("POST", &target, &body), &headers, &options).unwrap();
        let is_ambiguous = {
            let request = message.request();
            let (_, claim) = read(&request).unwrap();
            scheme.ambiguity(Place::default(), &request, claim).is_some()
        };
        prop_assume!(!is_ambiguous);
        prop_assert_eq!(verdict_of(&message, algorithm), Ok("strict"));

        let mut changed = vec![
            Message { method: "PUT".to_owned(), ..message.clone() },
            Message { target: message.target.replacen('?', "?new=1&", 1), ..message.clone() },
        ];
        if scheme.name() != "acs-rpc" || has_form {
            changed.push(Message { body: format!("{body}1").into_bytes(), ..message.clone() });
        }
        if scheme.name() == "acs-rpc" {
            changed.push(message.replaced("2026-11-21", "2026-11-22"));
            changed.push(message.replaced("CSAK1", "CSAK2"));
            changed.push(message.replaced("nonce-1", "nonce-2"));
        } else {
            changed.push(message.with("x-acs-a", &format!("{value}1")));
            changed.push(message.with("x-acs-signature-nonce", "nonce-2"));
            changed.push(message.with("content-type", "text/html"));
            changed.push(message.with("x-acs-c", "1"));
            changed.push(message.without("x-acs-b"));
            changed.push(Message { target: format!("/x{}", message.target), ..message.clone() });
            let date = if scheme.name() == "acs3" { "x-acs-date" } else { "date" };
            let other = if scheme.name() == "acs3" { "2026-11-21T23:23:14Z" } else { "Sat, 21 Nov 2026 23:23:14 GMT" };
            changed.push(message.with(date, other));
        }
        for changed in &changed {
            prop_assert!(verdict_of(changed, algorithm).is_err(), "{:?}", changed);
        }
        if algorithm.is_none() {
            prop_assert!(judge(&message.request(), "Secret", Readings::Every).is_err());
        }
    }

    #[test]
    fn every_byte_of_a_signature_matters(
        (scheme, algorithm, _) in forms(),
        at in any::<prop::sample::Index>(),
        by in 1u8..=255,
    ) {
        let options = SignOptions { algorithm, ..options() };
        let message = signed_with(scheme, ("GET", "http://h/?a=1", ""), &[], &options).unwrap();
        let request = message.request();
        let (scheme, claim) = read(&request).unwrap();
        let mut signature = claim.signature.to_vec();
        let at = at.index(signature.len());
        signature[at] ^= by;
        let changed = {
            let (mut parts, ()) = http::Request::get(&message.target).body(()).unwrap().into_parts();
            parts.headers = message.headers.clone();
            scheme.attach(&mut parts, &signature).unwrap();
            Message { target: parts.uri.to_string(), headers: parts.headers, ..message.clone() }
        };
        let refused = verdict_of(&changed, algorithm);
        prop_assert!(matches!(refused, Err(Refusal::SignatureMismatch { .. })), "{:?}", refused);
    }

    #[test]
    fn two_queries_with_different_parameters_have_no_signature_in_common(
        one in "([ab]{0,2}(=|%3D|&|%26|%20|[+]|%2B|%25|%23|%0A|%E4|=&)){0,5}[ab]{0,2}",
        at in any::<prop::sample::Index>(),
        with_readings in any::<bool>(),
    ) {
        let named = ["raw-query-keys", "empty-keeps-eq", "path-decoded+empty-keeps-eq"].map(str::to_owned);
        let accepted = Readings::Preserving { and: if with_readings { &named } else { &[] } };
        let parsed = |query: &str| {
            let parameters = countersign::canonical::parameters(query.as_bytes());
            let mut pairs: Vec<_> = parameters.iter().map(|p| (p.name().to_vec(), p.value().to_vec())).collect();
            pairs.sort();
            pairs
        };
        let others: Vec<String> = ALTERATIONS
            .iter()
            .filter_map(|(from, to)| {
                let places: Vec<usize> = one.match_indices(from).map(|(place, _)| place).collect();
                let place = if places.is_empty() { return None } else { places[at.index(places.len())] };
                Some(format!("{}{to}{}", &one[..place], &one[place + from.len()..]))
            })
            .collect();
        for (scheme, path) in [(schemes::ACS_ROA, "/a"), (schemes::ACS3, "/a"), (schemes::ACS_RPC, "/")] {
            let message = signed(scheme, ("GET", &format!("http://h{path}?{one}"), ""), &[]);
            let request = message.request();
            let (_, claim) = read(&request).unwrap();
            if scheme.ambiguity(Place::default(), &request, claim).is_some() {
                continue;
            }
            // As a client signs that has such a habit, too.
            for reading in scheme.readings() {
                let mut text = StringToSign::new();
                if !scheme.write(*reading, Place::default(), &request, claim, &mut text) {
                    continue;
                }
                let hmac_sha1 = HmacSha1::new(SECRET.as_bytes());
                let keys = scheme.keys(Key::secret(SECRET.as_bytes(), &hmac_sha1), claim);
                let signature = keys[0].sign(text.as_bytes()).unwrap();
                let (mut parts, ()) = http::Request::get(&message.target).body(()).unwrap().into_parts();
                parts.headers = message.headers.clone();
                scheme.attach(&mut parts, &signature).unwrap();
                for other in &others {
                    let target = match message.target.find("AccessKeyId") {
                        None => format!("{path}?{other}"),
                        Some(at) => format!("{path}?{other}&{}", &parts.uri.to_string()[at..]),
                    };
                    let twin = Message { target, headers: parts.headers.clone(), ..message.clone() };
                    if judge(&twin.request(), SECRET, accepted).is_ok() {
                        prop_assert_eq!(parsed(&one), parsed(other), "{} {}", scheme.name(), reading.name);
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_that_a_stranger_sends_panics(
        method in "[A-Z]{0,8}",
        target in prop_oneof![
            any::<String>(),
            "/\\?((AccessKeyId|Signature|SignatureMethod|SignatureNonce|SignatureVersion|SignatureType|Timestamp|BearerToken)=[A-Za-z0-9%:.+-]{0,12}&){0,9}",
        ],
        authorization in proptest::option::of(prop_oneof![
            "acs [ -~]{0,60}",
            "ACS3-HMAC-SHA256 [ -~]{0,80}",
            "ACS3-(HMAC-SHA256|HMAC-SM3|RSA-SHA256) Credential=a,SignedHeaders=[a-z;-]{0,20},Signature=[0-9a-f]{64}",
            "ODPS-RSA-[ -~]{0,80}",
        ]),
        extra in proptest::collection::vec(("(x-acs-|content-|date|host|accept)[a-z0-9-]{0,14}", proptest::collection::vec(any::<u8>(), 0..20)), 0..8),
        body in proptest::collection::vec(any::<u8>(), 0..60),
        is_form in any::<bool>(),
    ) {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.append("authorization", HeaderValue::from_str(&value).unwrap());
        }
        if is_form {
            headers.append("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        for (name, value) in extra {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(&value)) {
                headers.append(name, value);
            }
        }
        let message = Message { method, target, headers, body };
        let _ = schemes::read(&message.unread());
        let _ = judge(&message.request(), SECRET, Readings::Every);
        let request = message.request();
        for scheme in [schemes::ACS_RPC, schemes::ACS_ROA, schemes::ACS3, schemes::ODPS] {
            if let Ok(claim) = scheme.read(&request) {
                let _ = scheme.ambiguity(Place::default(), &request, &claim);
            }
        }
    }
}

#[test]
fn one_signed_thing_of_a_captured_request_changed_is_refused() {
    let mut refused = 0;
    for (scheme, vector) in vectors() {
        let named = [vector.verifies_with.clone()];
        let message = vector.message();
        let mut changed = vec![Message { method: "PATCH".to_owned(), ..message.clone() }];
        let request = message.request();
        let claim = read(&request).unwrap().1;
        for field in &claim.covered.headers {
            let name: HeaderName = field.name.parse().unwrap();
            let mut other = message.clone();
            let mut value = field.value.to_vec();
            value.push(b'x');
            other.headers.insert(name.clone(), HeaderValue::from_bytes(&value).unwrap());
            changed.push(other);
            let mut without = message.clone();
            without.headers.remove(name);
            // A field that is empty and one that is missing are the same to ROA.
            changed.push(without);
        }
        let (path, query) = message.target.split_once('?').unwrap_or((&message.target, ""));
        let parts: Vec<&str> = query.split('&').filter(|part| !part.is_empty()).collect();
        for at in 0..parts.len() {
            for (from, to) in [("", "x"), ("=", "=x"), ("=", "x=")] {
                let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
                parts[at] = if from.is_empty() {
                    format!("{}{to}", parts[at])
                } else {
                    parts[at].replacen(from, to, 1)
                };
                changed.push(Message { target: format!("{path}?{}", parts.join("&")), ..message.clone() });
            }
            let mut fewer = parts.clone();
            fewer.remove(at);
            changed.push(Message { target: format!("{path}?{}", fewer.join("&")), ..message.clone() });
        }
        changed.push(Message { target: format!("{path}x?{query}"), ..message.clone() });
        if claim.payload != countersign::Payload::Uncovered {
            let mut body = message.body.clone();
            body.extend_from_slice(b"x=1");
            changed.push(Message { body, ..message.clone() });
        }
        for changed in changed {
            let verdict = vector.judge(&changed.request(), Readings::Preserving { and: &named });
            assert!(verdict.is_err(), "{scheme} {}: {changed:?}", vector.id);
            refused += 1;
        }
    }
    assert!(refused > 2500, "{refused}");
}
