//! Problem details in JSON (RFC 9457), for whoever bears no scheme's marks, and for signers by RFC 9421.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{Occasion, Spoken};
use crate::refusal::Refusal;

const ACCEPT_SIGNATURE: HeaderName = HeaderName::from_static("accept-signature");

/// What a refusal is to a client of no family.
pub(super) fn speak(refusal: &Refusal, occasion: &Occasion<'_>) -> Spoken {
    let (status, code) = status_and_code(refusal);
    // As everywhere: Java's HTTP library cannot read a 401 to a request with a body.
    let unreadable = occasion.has_body && status == StatusCode::UNAUTHORIZED;
    let status = if unreadable { StatusCode::FORBIDDEN } else { status };
    let title = status.canonical_reason().unwrap_or_default();
    let body = format!(
        "{{\"title\":\"{title}\",\"status\":{},\"code\":\"{code}\",\"detail\":{},\"request_id\":{}{}}}\n",
        status.as_u16(),
        quoted(&refusal.to_string()),
        quoted(occasion.request_id),
        members(refusal),
    );
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Spoken { status, code, headers, body: body.into() }
}

/// The same to a signer by RFC 9421, with a request for a signature that would do (section 5.1), where another one might.
pub(super) fn speak_to_signer(refusal: &Refusal, occasion: &Occasion<'_>) -> Spoken {
    let mut spoken = speak(refusal, occasion);
    if status_and_code(refusal).0 == StatusCode::UNAUTHORIZED {
        let wanted = match occasion.has_body {
            true => r#"sig1=("@method" "@authority" "@path" "@query" "content-digest");created"#,
            false => r#"sig1=("@method" "@authority" "@path" "@query");created"#,
        };
        spoken.headers.insert(ACCEPT_SIGNATURE, HeaderValue::from_static(wanted));
    }
    spoken
}

/// The word for a refusal that programs read.
pub(super) fn code(refusal: &Refusal) -> &'static str {
    status_and_code(refusal).1
}

fn status_and_code(refusal: &Refusal) -> (StatusCode, &'static str) {
    match refusal {
        Refusal::Unsigned => (StatusCode::UNAUTHORIZED, "Unsigned"),
        Refusal::Malformed(_) => (StatusCode::BAD_REQUEST, "Malformed"),
        Refusal::Unsupported(_) => (StatusCode::BAD_REQUEST, "Unsupported"),
        Refusal::DerivedKeysOff => (StatusCode::UNAUTHORIZED, "DerivedKeysOff"),
        Refusal::UnknownAccessKey(_) => (StatusCode::UNAUTHORIZED, "UnknownAccessKey"),
        Refusal::DisabledAccessKey => (StatusCode::UNAUTHORIZED, "DisabledAccessKey"),
        Refusal::ExpiredAccessKey(_) => (StatusCode::UNAUTHORIZED, "ExpiredAccessKey"),
        Refusal::SuspendedAccount => (StatusCode::UNAUTHORIZED, "SuspendedAccount"),
        Refusal::SourceNotAllowed(_) => (StatusCode::FORBIDDEN, "SourceNotAllowed"),
        Refusal::Stale { .. } => (StatusCode::UNAUTHORIZED, "Stale"),
        Refusal::SignatureMismatch { .. } => (StatusCode::UNAUTHORIZED, "SignatureMismatch"),
        Refusal::ReadingNotAccepted(_) => (StatusCode::UNAUTHORIZED, "ReadingNotAccepted"),
        Refusal::Ambiguous(_) => (StatusCode::UNAUTHORIZED, "Ambiguous"),
        Refusal::BodyMismatch => (StatusCode::BAD_REQUEST, "BodyMismatch"),
        Refusal::Expired { .. } => (StatusCode::UNAUTHORIZED, "Expired"),
        Refusal::FormTooLong { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "FormTooLong"),
        Refusal::NotCovered(_) => (StatusCode::UNAUTHORIZED, "NotCovered"),
        Refusal::SchemeNotAllowed(_) => (StatusCode::UNAUTHORIZED, "SchemeNotAllowed"),
        Refusal::AlgorithmNotAllowed(_) => (StatusCode::UNAUTHORIZED, "AlgorithmNotAllowed"),
        Refusal::Replayed => (StatusCode::UNAUTHORIZED, "Replayed"),
        Refusal::ReplaysFull { .. } => (StatusCode::SERVICE_UNAVAILABLE, "ReplaysFull"),
    }
}

/// What a program may want to know besides: each begins with a comma.
fn members(refusal: &Refusal) -> String {
    match refusal {
        // They hold only what the sender sent.
        Refusal::SignatureMismatch { string_to_sign, canonical_request } => {
            let canonical_request = canonical_request
                .as_ref()
                .map_or_else(String::new, |text| format!(",\"canonical_request\":{}", quoted(text)));
            format!(",\"string_to_sign\":{}{canonical_request}", quoted(string_to_sign))
        }
        Refusal::Stale { signed_at, now, window } => format!(
            ",\"signed_at\":\"{signed_at}\",\"now\":\"{now}\",\"window_seconds\":{}",
            window.as_secs()
        ),
        Refusal::Expired { at, now } => format!(",\"expired_at\":\"{at}\",\"now\":\"{now}\""),
        _ => String::new(),
    }
}

/// A JSON string (RFC 8259, section 7).
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_json_whatever_the_sender_wrote() {
        let occasion = Occasion { request_id: "1\"\\\n\u{7f}", ..crate::dialects::testing::occasion() };
        let spoken = speak(&Refusal::UnknownAccessKey("é\"".to_owned()), &occasion);
        let value: serde_json::Value = serde_json::from_slice(&spoken.body).unwrap();
        assert_eq!(value["request_id"], "1\"\\\n\u{7f}");
        assert_eq!(value["detail"], "there is no AccessKey `é\"`");
        assert_eq!(value["status"], 401);
    }

    #[test]
    fn a_mismatch_and_a_wrong_clock_tell_what_a_program_needs() {
        let value = |refusal: Refusal| -> serde_json::Value {
            serde_json::from_slice(&speak(&refusal, &crate::dialects::testing::occasion()).body).unwrap()
        };
        let told = value(Refusal::SignatureMismatch {
            string_to_sign: "a\n\"b\"".to_owned(),
            canonical_request: Some("GET\n/".to_owned()),
        });
        assert_eq!(
            (&told["string_to_sign"], &told["canonical_request"]),
            (&"a\n\"b\"".into(), &"GET\n/".into())
        );
        let none = Refusal::SignatureMismatch { string_to_sign: String::new(), canonical_request: None };
        assert!(value(none).get("canonical_request").is_none());
        let at = |text| crate::time::Timestamp::parse_rfc3339(text).unwrap();
        let told = value(Refusal::Stale {
            signed_at: at("2026-11-21T23:23:13Z"),
            now: at("2026-11-22T00:23:13Z"),
            window: std::time::Duration::from_secs(900),
        });
        assert_eq!(told["signed_at"], "2026-11-21T23:23:13.000Z");
        assert_eq!(told["now"], "2026-11-22T00:23:13.000Z");
        assert_eq!(told["window_seconds"], 900);
    }

    #[test]
    fn every_answer_is_json_and_a_signer_is_told_what_to_sign() {
        for refusal in crate::dialects::testing::every_refusal() {
            for has_body in [false, true] {
                let occasion = Occasion { has_body, ..crate::dialects::testing::occasion() };
                let spoken = speak_to_signer(&refusal, &occasion);
                serde_json::from_slice::<serde_json::Value>(&spoken.body).unwrap();
                let wanted = spoken.headers.get(ACCEPT_SIGNATURE).map(|value| value.to_str().unwrap());
                let (status, _) = status_and_code(&refusal);
                assert_eq!(wanted.is_some(), status == 401, "{refusal:?}");
                assert!(wanted.is_none_or(|wanted| wanted.contains("content-digest") == has_body));
            }
        }
    }
}
