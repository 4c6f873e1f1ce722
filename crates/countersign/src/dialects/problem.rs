//! Problem details in JSON (RFC 9457), for whoever bears no scheme's marks.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::{Occasion, Spoken};
use crate::refusal::Refusal;

pub(super) fn speak(refusal: &Refusal, occasion: &Occasion<'_>) -> Spoken {
    let (status, code) = match refusal {
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
    };
    // As everywhere: Java's HTTP library cannot read a 401 to a request with a body.
    let unreadable = occasion.has_body && status == StatusCode::UNAUTHORIZED;
    let status = if unreadable { StatusCode::FORBIDDEN } else { status };
    let title = status.canonical_reason().unwrap_or_default();
    let body = format!(
        "{{\"title\":\"{title}\",\"status\":{},\"code\":\"{code}\",\"detail\":{},\"request_id\":{}}}\n",
        status.as_u16(),
        quoted(&refusal.to_string()),
        quoted(occasion.request_id),
    );
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Spoken { status, code, headers, body: body.into() }
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
}
