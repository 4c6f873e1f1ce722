//! MaxCompute's errors: XML of four elements, of which `Code` names an exception class of PyODPS and `Message` begins
//! with a number that other tools search for.
//!
//! Sources: PyODPS `odps/errors.py` (`parse_response`, `RequestTimeTooSkewed`), aliyun-datahub-sdk-python issue 24 for
//! the form, and the error codes page of MaxCompute's user guide.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::xml::in_cdata;
use super::{Occasion, Spoken};
use crate::refusal::{Malformed, Refusal};

pub use super::xml::escaped;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-odps-request-id");

/// What a refusal is to a client of MaxCompute.
pub(super) fn speak(refusal: &Refusal, occasion: &Occasion<'_>) -> Spoken {
    // A wrong credential is 401, except to a request with a body: Java cannot read that answer.
    let unproven = if occasion.has_body { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
    let bad = StatusCode::BAD_REQUEST;
    let credential = |detail: &str| format!("ODPS-0410051:Invalid credentials - {detail}");
    let signature = |detail: &str| format!("ODPS-0410042:Invalid signature value - {detail}");
    let (status, code, message) = match refusal {
        Refusal::Unsigned | Refusal::Malformed(Malformed::Missing(_)) => (
            bad,
            "AuthorizationRequired",
            format!("ODPS-0410001:Missing authentication parameters - {refusal}"),
        ),
        Refusal::Malformed(_) | Refusal::Unsupported(_) => (
            bad,
            "InvalidAuthorization",
            format!("ODPS-0410011:Invalid authentication parameters - {refusal}"),
        ),
        // PyODPS goes on with version 2 when it reads this pair of code and number. Nothing else may say it.
        Refusal::DerivedKeysOff => (unproven, "InvalidParameter", credential(&refusal.to_string())),
        Refusal::UnknownAccessKey(id) => {
            (unproven, "AccessKeyIdNotFound", credential(&format!("accessKeyId not found: {id}")))
        }
        Refusal::DisabledAccessKey => (unproven, "AccessKeyDisabled", credential("accessKeyId is disabled")),
        Refusal::ExpiredAccessKey(at) => {
            (unproven, "AccessKeyExpired", credential(&format!("accessKeyId has expired at {at}")))
        }
        Refusal::SuspendedAccount => {
            (unproven, "AccountSuspended", credential("the account of this accessKeyId is suspended"))
        }
        // In the words of MaxCompute's own address lists.
        Refusal::SourceNotAllowed(seen) => {
            let seen = seen.map(|address| address.to_string()).unwrap_or_default();
            let text = format!(
                "ODPS-0420095: Access Denied - sourceIP:'{seen}' is not in white list of this accessKeyId"
            );
            (StatusCode::FORBIDDEN, "NoPermission", text)
        }
        Refusal::Stale { signed_at, now, window } => {
            // The code is misspelt and the text has two blanks: PyODPS and others read both as they are.
            let limit = window.as_millis();
            let text = format!(
                "ODPS-0410031:Authentication request expired - the expire time interval  exceeds the max limitation: \
                 {limit}, max_interval_date:{limit},expire_date:{signed_at},now_date:{now}"
            );
            (bad, "RequestTimeTooSkewd", text)
        }
        Refusal::Expired { .. } => {
            (bad, "RequestTimeTooSkewd", format!("ODPS-0410031:Authentication request expired - {refusal}"))
        }
        Refusal::SignatureMismatch { string_to_sign, .. } => {
            let text = format!(
                "User signature does not match; the string to sign is here: {}",
                string_to_sign.replace('\n', "\\n")
            );
            (unproven, "SignatureNotMatch", signature(&text))
        }
        Refusal::ReadingNotAccepted(_) | Refusal::Ambiguous(_) => {
            (unproven, "SignatureNotMatch", signature(&refusal.to_string()))
        }
        Refusal::BodyMismatch => (bad, "SignatureNotMatch", signature("Content-MD5 is not that of the body")),
        Refusal::NotCovered(_) | Refusal::FormTooLong { .. } => (
            bad,
            "InvalidAuthorization",
            format!("ODPS-0410011:Invalid authentication parameters - {refusal}"),
        ),
        Refusal::SchemeNotAllowed(_) | Refusal::AlgorithmNotAllowed(_) => {
            (unproven, "InvalidCredentials", credential(&refusal.to_string()))
        }
        Refusal::Replayed => (bad, "RequestReplayed", signature(&refusal.to_string())),
        Refusal::ReplaysFull { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            "RequestRateTooHigh",
            format!("ODPS-0420031:Flow exceeded - {refusal}"),
        ),
    };
    answer(status, code, &message, occasion)
}

/// An error of MaxCompute's form, whatever the reason. All four elements are there: PyODPS drops what it is told
/// where one is missing.
pub fn answer(status: StatusCode, code: &'static str, message: &str, occasion: &Occasion<'_>) -> Spoken {
    let message = in_cdata(message);
    let (request_id, host) = (escaped(occasion.request_id), escaped(occasion.host));
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n\t<Code>{code}</Code>\n\t<Message><![CDATA[{message}]]></Message>\n\t\
         <RequestId>{request_id}</RequestId>\n\t<HostId>{host}</HostId>\n</Error>\n"
    );
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml; charset=utf-8"));
    if let Ok(id) = HeaderValue::from_str(occasion.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    Spoken { status, code, headers, body: body.into() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::dialects::testing::{every_refusal, occasion};
    use crate::time::Timestamp;

    fn text(refusal: &Refusal, occasion: &Occasion<'_>) -> (u16, String) {
        let spoken = speak(refusal, occasion);
        (spoken.status.as_u16(), String::from_utf8(spoken.body.to_vec()).unwrap())
    }

    #[test]
    fn an_error_has_four_elements_and_its_request_id_in_a_header() {
        let (status, body) = text(&Refusal::DisabledAccessKey, &occasion());
        assert_eq!(status, 401);
        assert_eq!(
            body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n\t<Code>AccessKeyDisabled</Code>\n\t<Message>\
             <![CDATA[ODPS-0410051:Invalid credentials - accessKeyId is disabled]]></Message>\n\t\
             <RequestId>5C72047D38FEF58A549C872A</RequestId>\n\t<HostId>h:1</HostId>\n</Error>\n"
        );
        let spoken = speak(&Refusal::DisabledAccessKey, &occasion());
        assert_eq!(spoken.headers[REQUEST_ID], "5C72047D38FEF58A549C872A");
    }

    #[test]
    fn a_request_with_a_body_is_never_answered_401() {
        let occasion = Occasion { has_body: true, ..occasion() };
        for refusal in every_refusal() {
            let (with_body, _) = text(&refusal, &occasion);
            assert!((400..500).contains(&with_body) && with_body != 401, "{refusal:?}");
        }
    }

    #[test]
    fn only_the_downgrade_says_invalid_parameter_with_0410051() {
        for refusal in every_refusal() {
            let (_, body) = text(&refusal, &occasion());
            let downgrades = body.contains("<Code>InvalidParameter</Code>") && body.contains("ODPS-0410051");
            assert_eq!(downgrades, refusal == Refusal::DerivedKeysOff, "{body}");
            // PyODPS also downgrades on these words.
            for words in ["invalid or missing", "need ak v3 support", "accesskey acl denied"] {
                assert!(!body.contains(words), "{body}");
            }
        }
    }

    #[test]
    fn the_clock_message_is_the_one_that_clients_parse() {
        let signed_at = Timestamp::parse_rfc3339("2018-01-20T16:20:17.012Z").unwrap();
        let now = Timestamp::parse_rfc3339("2018-01-20T19:20:09.034Z").unwrap();
        let (status, body) =
            text(&Refusal::Stale { signed_at, now, window: Duration::from_secs(900) }, &occasion());
        assert_eq!(status, 400);
        assert!(body.contains("<Code>RequestTimeTooSkewd</Code>"));
        assert!(body.contains(
            "ODPS-0410031:Authentication request expired - the expire time interval  exceeds the max limitation: \
             900000, max_interval_date:900000,expire_date:2018-01-20T16:20:17.012Z,now_date:2018-01-20T19:20:09.034Z"
        ));
    }

    #[test]
    fn what_the_sender_wrote_cannot_leave_its_element() {
        let refusal = Refusal::SignatureMismatch {
            string_to_sign: "]]><Code>x</Code>\u{1}".to_owned(),
            canonical_request: None,
        };
        let (_, body) = text(&refusal, &Occasion { host: "<h&>", ..occasion() });
        assert!(body.contains("]]]]><![CDATA[><Code>x</Code>\u{fffd}"), "{body}");
        assert!(body.contains("<HostId>&lt;h&amp;&gt;</HostId>"), "{body}");
    }
}
