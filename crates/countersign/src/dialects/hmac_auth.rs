//! Kong's and APISIX's answers of their plugins hmac-auth: 401, `WWW-Authenticate: hmac`, and a message in JSON.
//!
//! Where the plugins say no more than that a signature cannot be verified, what is wrong follows behind a colon. Clients
//! that search for the plugins' own words find them.
//!
//! Sources: Kong `kong/plugins/hmac-auth/access.lua` (`unauthorized`); Apache APISIX `apisix/plugins/hmac-auth.lua`
//! (`find_consumer`, `rewrite`).

use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::problem::quoted;
use super::{Occasion, Spoken, problem};
use crate::refusal::{Malformed, Refusal};

/// What a refusal is to a client of Kong.
pub(super) fn speak_kong(refusal: &Refusal, occasion: &Occasion<'_>) -> Spoken {
    const NOT_SAME: &str = "HMAC signature does not match";
    let message = match refusal {
        Refusal::Unsigned => "Unauthorized".to_owned(),
        Refusal::Malformed(Malformed::Missing("Date")) | Refusal::Stale { .. } | Refusal::Expired { .. } => {
            format!(
                "HMAC signature cannot be verified, a valid date or x-date header is required for HMAC Authentication: \
             {refusal}"
            )
        }
        Refusal::SignatureMismatch { string_to_sign, .. } => mismatch(NOT_SAME, string_to_sign),
        Refusal::ReadingNotAccepted(_) | Refusal::BodyMismatch => format!("{NOT_SAME}: {refusal}"),
        _ => format!("HMAC signature cannot be verified: {refusal}"),
    };
    answer(refusal, occasion, &message, HeaderValue::from_static("hmac"))
}

/// What a refusal is to a client of APISIX.
pub(super) fn speak_apisix(refusal: &Refusal, occasion: &Occasion<'_>) -> Spoken {
    const UNVALIDATED: &str = "client request can't be validated";
    let message = match refusal {
        Refusal::Unsigned => format!("{UNVALIDATED}: missing Authorization header"),
        Refusal::Malformed(Malformed::Missing("Date")) => {
            format!("{UNVALIDATED}: Date header missing. failed to validate clock skew")
        }
        Refusal::Malformed(Malformed::UnknownAlgorithm(_)) | Refusal::AlgorithmNotAllowed(_) => {
            format!("{UNVALIDATED}: Invalid algorithm: {refusal}")
        }
        Refusal::Stale { .. } | Refusal::Expired { .. } => {
            format!("{UNVALIDATED}: Clock skew exceeded: {refusal}")
        }
        Refusal::UnknownAccessKey(_) => format!("{UNVALIDATED}: Invalid key_id: {refusal}"),
        Refusal::BodyMismatch => format!("{UNVALIDATED}: Invalid digest: {refusal}"),
        Refusal::SignatureMismatch { string_to_sign, .. } => {
            mismatch("client request can't be validated: Invalid signature", string_to_sign)
        }
        _ => format!("{UNVALIDATED}: {refusal}"),
    };
    answer(refusal, occasion, &message, HeaderValue::from_static("hmac realm=\"hmac\""))
}

/// What the server would have signed holds only what the sender sent.
fn mismatch(message: &str, string_to_sign: &str) -> String {
    format!("{message}; the string to sign is here: {}", string_to_sign.replace('\n', "\\n"))
}

fn answer(refusal: &Refusal, occasion: &Occasion<'_>, message: &str, challenge: HeaderValue) -> Spoken {
    // Both plugins say 401 to whatever they refuse, with a body or without. What is not about the signature is not that.
    let status = match refusal {
        Refusal::SourceNotAllowed(_) => StatusCode::FORBIDDEN,
        Refusal::FormTooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::ReplaysFull { .. } => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNAUTHORIZED,
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
    let request_id = quoted(occasion.request_id);
    let body = format!("{{\"message\":{},\"request_id\":{request_id}}}\n", quoted(message));
    Spoken { status, code: problem::code(refusal), headers, body: body.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::testing::{every_refusal, occasion};

    fn message(spoken: &Spoken) -> String {
        let value: serde_json::Value = serde_json::from_slice(&spoken.body).unwrap();
        value["message"].as_str().unwrap().to_owned()
    }

    #[test]
    fn every_401_bears_a_challenge_and_every_answer_a_message() {
        for refusal in every_refusal() {
            for speak in [speak_kong, speak_apisix] {
                let spoken = speak(&refusal, &occasion());
                let challenge = spoken.headers.get(WWW_AUTHENTICATE);
                assert_eq!(challenge.is_some(), spoken.status == 401, "{refusal:?}");
                assert!(challenge.is_none_or(|value| value.as_bytes().starts_with(b"hmac")));
                assert!(
                    !message(&spoken).is_empty() && spoken.status.is_client_error() | (spoken.status == 503)
                );
            }
        }
    }

    #[test]
    fn the_words_are_those_of_the_plugins() {
        let kong = |refusal| message(&speak_kong(&refusal, &occasion()));
        assert_eq!(kong(Refusal::Unsigned), "Unauthorized");
        assert!(kong(Malformed::Missing("username").into()).starts_with("HMAC signature cannot be verified"));
        assert!(kong(Malformed::Missing("Date").into()).starts_with(
            "HMAC signature cannot be verified, a valid date or x-date header is required for HMAC Authentication"
        ));
        let apisix = |refusal| message(&speak_apisix(&refusal, &occasion()));
        assert_eq!(
            apisix(Refusal::Unsigned),
            "client request can't be validated: missing Authorization header"
        );
        assert!(
            apisix(Refusal::UnknownAccessKey("a".into()))
                .starts_with("client request can't be validated: Invalid key_id")
        );
    }

    #[test]
    fn a_mismatch_tells_the_string_to_sign() {
        let refusal = Refusal::SignatureMismatch {
            string_to_sign: "date: \"x\"\n@request-target: get /".into(),
            canonical_request: None,
        };
        let spoken = speak_kong(&refusal, &occasion());
        assert_eq!(
            message(&spoken),
            "HMAC signature does not match; the string to sign is here: date: \"x\"\\n@request-target: get /"
        );
        assert_eq!(spoken.code, "SignatureMismatch");
        assert!(
            message(&speak_apisix(&refusal, &occasion())).contains("Invalid signature; the string to sign")
        );
    }
}
