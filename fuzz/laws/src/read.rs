//! Reading a claim: what it says stands in the request, and is written in one way only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::dialects::{Dialect, Occasion, Spoken};
use countersign::{AccessKeyId, Body, Claim, Refusal, Request, Timestamp, fresh, schemes};
use http::header::AUTHORIZATION;

/// The law.
pub fn law(bytes: &[u8]) {
    let Some(captured) = crate::captured(bytes) else { return };
    let request = captured.request();
    match schemes::read(&request) {
        None => told(&Refusal::Unsigned),
        Some((_, Err(malformed))) => told(&malformed.into()),
        Some((scheme, Ok(claim))) => {
            if let Some(ambiguity) = scheme.ambiguity(crate::PLACE, &request, claim) {
                told(&ambiguity.into());
            }
            told(&Refusal::UnknownAccessKey(claim.access_key_id.to_string()));
            assert!(AccessKeyId::new(&claim.access_key_id).is_ok(), "{claim:?}");
            if scheme.name() == schemes::ODPS.name() {
                believable(&request, claim);
            }
        }
    }
}

fn believable(request: &Request<'_>, claim: &Claim<'_>) {
    assert!(fresh(claim, claim.signed_at, std::time::Duration::ZERO).is_ok());

    // One spelling: what is signed is all that stands there.
    let values: Vec<_> = request.headers().get_all(AUTHORIZATION).iter().collect();
    let [authorization] = values.as_slice() else { panic!("{} credentials", values.len()) };
    let scope = claim.scope.as_ref().map_or_else(String::new, |scope| {
        format!("/{}/{}/{}/{}", scope.date, scope.region, scope.service, scope.terminator)
    });
    let written = format!("ODPS {}{scope}:{}", claim.access_key_id, STANDARD.encode(&claim.signature));
    assert_eq!(authorization.as_bytes(), written.as_bytes());

    // What is covered stands in the request, in order, and every field that is signed by name is covered.
    assert!(claim.covered.headers.is_sorted_by_key(|field| field.name));
    for field in &claim.covered.headers {
        let values = request.headers().get_all(field.name);
        assert!(values.iter().any(|value| value.as_bytes() == field.value), "{}", field.name);
    }
    let by_name = |name: &str| name.starts_with("x-odps-");
    let sent = request.headers().iter().filter(|(name, _)| by_name(name.as_str())).count();
    assert_eq!(claim.covered.headers.iter().filter(|field| by_name(field.name)).count(), sent);
    if let Body::Whole(body) = request.body() {
        let _ = claim.payload.matches(body);
    }
}

/// A refusal is an answer that its reader can read, whatever the sender wrote.
pub(crate) fn told(refusal: &Refusal) {
    let headers = http::HeaderMap::new();
    for has_body in [false, true] {
        let request = Request::new("GET", "/", &headers, Body::Unread);
        let now = Timestamp::from_unix_millis(0);
        let occasion = Occasion { request_id: "0123", host: "h:1", has_body, request, now };
        let Spoken { status, body, .. } = Dialect::Odps.speak(refusal, &occasion);
        assert!(status.is_client_error() && !(has_body && status == 401), "{status}: {refusal:?}");
        let text = std::str::from_utf8(&body).expect("XML in UTF-8");
        let mut rest = text;
        for tag in ["<Error>", "<Code>", "</Code>", "<Message><![CDATA["] {
            rest = rest.split_once(tag).unwrap_or_else(|| panic!("no {tag}: {text}")).1;
        }
        // The message ends where it should: what it quotes does not end it.
        let (message, rest) = rest.rsplit_once("]]></Message>").expect("an end of the message");
        assert!(!message.replace("]]]]><![CDATA[>", "").contains("]]>"), "{text}");
        for tag in ["<RequestId>0123</RequestId>", "<HostId>h:1</HostId>", "</Error>"] {
            assert!(rest.contains(tag), "{text}");
        }
        assert!(!text.contains(|c: char| c.is_control() && !"\t\n\r".contains(c)), "{text:?}");

        let Spoken { status, body, .. } = Dialect::Problem.speak(refusal, &occasion);
        assert!(status.is_client_error());
        let problem: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(
            problem.get("status").and_then(serde_json::Value::as_u64),
            Some(u64::from(status.as_u16()))
        );
    }
}
