//! Alibaba Cloud's errors, as its management APIs (POP) have them: JSON or XML with a code that SDKs act on, and texts
//! that some of them parse.
//!
//! Sources: aliyun-python-sdk-core `client.py` (`_parse_error_info_from_response_body`, and the comparison of strings to
//! sign), alibaba-cloud-sdk-go `sdk/errors/signature_does_not_match_wrapper.go`, the Java SDK's `DefaultAcsClient`,
//! alibabacloud-tea-openapi `client.py` (`x-acs-retry-after`), and the *Common errors* page of Alibaba Cloud's
//! documentation.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::xml::escaped;
use super::{Occasion, Spoken};
use crate::refusal::{Malformed, Refusal};
use crate::request::Body;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-acs-request-id");
/// In seconds.
const RETRY_AFTER: HeaderName = HeaderName::from_static("x-acs-retry-after");

/// Which texts a signature that does not match is told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Texts {
    /// Those of RPC and ROA.
    V1,
    /// Those of ACS3.
    V3,
}

/// What a refusal is to a client of Alibaba Cloud.
pub(super) fn speak(refusal: &Refusal, texts: Texts, occasion: &Occasion<'_>) -> Spoken {
    let bad = StatusCode::BAD_REQUEST;
    let mandatory = |name: &str| format!("{name} is mandatory for this action.");
    let incomplete = || format!("The request signature does not conform to Aliyun standards. {refusal}");
    let method = || format!("Specified signature method is not valid. {refusal}");
    let (status, code, message) = match refusal {
        Refusal::Unsigned => (bad, "MissingAccessKeyId", mandatory("AccessKeyId")),
        // The words are misleading, and those that are known.
        Refusal::Malformed(Malformed::Missing("Date")) => (
            bad,
            "IllegalTimestamp",
            "The input parameter \"Timestamp\" that is mandatory for processing this request is not supplied. \
             The header field `Date` is missing"
                .to_owned(),
        ),
        Refusal::Malformed(Malformed::Missing(name)) => (bad, missing(name), mandatory(name)),
        Refusal::Malformed(Malformed::UnknownAlgorithm(_)) => (bad, "InvalidSignatureMethod", method()),
        Refusal::Malformed(Malformed::Unreadable { what, .. })
            if matches!(what.as_str(), "Timestamp" | "Date" | "x-acs-date") =>
        {
            let text = format!("Specified time stamp or date value is not well formatted. {refusal}");
            (bad, "InvalidTimeStamp.Format", text)
        }
        Refusal::Malformed(_) | Refusal::NotCovered(_) => (bad, "IncompleteSignature", incomplete()),
        Refusal::Unsupported(_) => {
            (bad, "InvalidSecurityToken.Malformed", format!("Specified SecurityToken is malformed. {refusal}"))
        }
        Refusal::DerivedKeysOff | Refusal::SchemeNotAllowed(_) | Refusal::AlgorithmNotAllowed(_) => {
            (bad, "InvalidSignatureMethod", method())
        }
        Refusal::UnknownAccessKey(_) => (
            StatusCode::NOT_FOUND,
            "InvalidAccessKeyId.NotFound",
            "Specified access key is not found.".to_owned(),
        ),
        Refusal::DisabledAccessKey => {
            (bad, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.".to_owned())
        }
        Refusal::ExpiredAccessKey(_) => {
            (bad, "InvalidAccessKeyId.Inactive", format!("Specified access key is disabled. {refusal}"))
        }
        Refusal::SuspendedAccount | Refusal::SourceNotAllowed(_) => (
            StatusCode::FORBIDDEN,
            "Forbidden",
            format!("User not authorized to operate on the specified resource. {refusal}"),
        ),
        Refusal::Stale { .. } | Refusal::Expired { .. } => (
            bad,
            "InvalidTimeStamp.Expired",
            format!("Specified time stamp or date value is expired. {refusal}"),
        ),
        Refusal::SignatureMismatch { string_to_sign, canonical_request } => {
            (bad, "SignatureDoesNotMatch", mismatch(texts, string_to_sign, canonical_request.as_deref()))
        }
        // Without the words by which SDKs find a string to sign, for there is none to compare.
        Refusal::ReadingNotAccepted(_) | Refusal::Ambiguous(_) | Refusal::BodyMismatch => (
            bad,
            "SignatureDoesNotMatch",
            format!("Specified signature is not matched with our calculation. {refusal}"),
        ),
        Refusal::FormTooLong { .. } => {
            (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", refusal.to_string())
        }
        Refusal::Replayed => {
            (bad, "SignatureNonceUsed", "Specified signature nonce was used already.".to_owned())
        }
        Refusal::ReplaysFull { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            "Throttling.User",
            format!("Request was denied due to user flow control. {refusal}"),
        ),
    };
    let mut spoken = answer(status, code, &message, occasion);
    if let Refusal::ReplaysFull { retry } = refusal {
        spoken.headers.insert(RETRY_AFTER, HeaderValue::from(retry.as_secs().max(1)));
    }
    spoken
}

/// The text of a signature that does not match. Behind the colon stands the string to sign and nothing else: SDKs
/// compare it with their own, and where it is the same say that the AccessKey secret is wrong.
fn mismatch(texts: Texts, string_to_sign: &str, canonical_request: Option<&str>) -> String {
    match texts {
        Texts::V1 => format!(
            "Specified signature is not matched with our calculation. server string to sign is:{string_to_sign}"
        ),
        Texts::V3 => format!(
            "Specified signature does not match our calculation. server StringToSign is [{string_to_sign}] \
             server CanonicalRequest is [{}]",
            canonical_request.unwrap_or_default()
        ),
    }
}

/// The code of what is missing.
fn missing(name: &str) -> &'static str {
    match name {
        "AccessKeyId" | "Credential" => "MissingAccessKeyId",
        "Signature" => "MissingSignature",
        "SignatureMethod" => "MissingSignatureMethod",
        "SignatureVersion" => "MissingSignatureVersion",
        "SignatureNonce" | "x-acs-signature-nonce" => "MissingSignatureNonce",
        "Timestamp" | "x-acs-date" => "MissingTimestamp",
        _ => "MissingParameter",
    }
}

/// An error of the form that these APIs have, whatever the reason.
pub fn answer(status: StatusCode, code: &'static str, message: &str, occasion: &Occasion<'_>) -> Spoken {
    let fields =
        [("RequestId", occasion.request_id), ("HostId", occasion.host), ("Code", code), ("Message", message)];
    said(status, code, "Error", &fields, occasion)
}

/// What an action answers that succeeded: its request id, and these fields with texts as their values.
pub fn success(action: &str, fields: &[(&str, &str)], occasion: &Occasion<'_>) -> Spoken {
    let mut all = vec![("RequestId", occasion.request_id)];
    all.extend_from_slice(fields);
    said(StatusCode::OK, "OK", &format!("{action}Response"), &all, occasion)
}

fn said(
    status: StatusCode,
    code: &'static str,
    element: &str,
    fields: &[(&str, &str)],
    occasion: &Occasion<'_>,
) -> Spoken {
    let mut headers = HeaderMap::new();
    let (content_type, body) = if wants_xml(occasion) {
        // SDKs look for exactly this text.
        ("text/xml;charset=utf-8", xml(element, fields))
    } else {
        ("application/json;charset=utf-8", json(fields))
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(id) = HeaderValue::from_str(occasion.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    Spoken { status, code, headers, body: body.into() }
}

/// Whether the client wishes XML: by the parameter `Format`, by `Accept`, or by neither, as the documentation of the RPC
/// scheme has it. SDKs name JSON wherever they expect it.
pub(super) fn wants_xml(occasion: &Occasion<'_>) -> bool {
    let request = &occasion.request;
    if let Some(format) = request.parameters_with_form().named("Format") {
        return format.value().eq_ignore_ascii_case(b"xml");
    }
    let accept =
        request.headers().get(ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default().to_ascii_lowercase();
    let accepts = |word: &[u8]| accept.windows(word.len()).any(|part| part == word);
    // A form that holds `Format` is not kept for the answer. Of the clients that put everything into it, pop-core reads JSON
    // alone.
    let in_form = matches!(request.body(), Body::Unread) && is_form(request.headers());
    match (accepts(b"xml"), accepts(b"json")) {
        (xml, false) => xml || !(in_form || request.headers().contains_key(AUTHORIZATION)),
        (_, true) => false,
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    kind.to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded")
}

fn xml(element: &str, fields: &[(&str, &str)]) -> String {
    let mut text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{element}>");
    for (name, value) in fields {
        text.push_str(&format!("<{name}>{}</{name}>", escaped(value)));
    }
    text.push_str(&format!("</{element}>\n"));
    text
}

fn json(fields: &[(&str, &str)]) -> String {
    let members: Vec<_> =
        fields.iter().map(|(name, value)| format!("\"{name}\":{}", quoted(value))).collect();
    format!("{{{}}}", members.join(","))
}

/// A JSON string (RFC 8259, section 7).
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::dialects::Dialect;
    use crate::dialects::testing::{every_refusal, occasion};
    use crate::request::Request;
    use crate::time::Timestamp;

    fn text(spoken: &Spoken) -> &str {
        std::str::from_utf8(&spoken.body).unwrap()
    }

    fn asking<'a>(target: &'a str, headers: &'a HeaderMap) -> Occasion<'a> {
        Occasion { request: Request::new("POST", target, headers, Body::Whole(b"")), ..occasion() }
    }

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn an_error_is_json_of_four_members_with_its_request_id_in_a_header() {
        let none = HeaderMap::new();
        let spoken = Dialect::Acs.speak(&Refusal::DisabledAccessKey, &asking("/?Format=json", &none));
        assert_eq!(
            (spoken.status.as_u16(), text(&spoken)),
            (
                400,
                "{\"RequestId\":\"5C72047D38FEF58A549C872A\",\"HostId\":\"h:1\",\
                 \"Code\":\"InvalidAccessKeyId.Inactive\",\"Message\":\"Specified access key is disabled.\"}"
            )
        );
        assert_eq!(spoken.headers[REQUEST_ID], "5C72047D38FEF58A549C872A");
        assert_eq!(spoken.headers[CONTENT_TYPE], "application/json;charset=utf-8");
    }

    #[test]
    fn the_format_is_what_the_request_asks_for() {
        let (signed, none) = ([("authorization", "ACS3-…")], []);
        let xml = [("accept", "application/xml")];
        let json = [("accept", "application/json")];
        let any = [("accept", "*/*")];
        for (target, fields, is_xml) in [
            ("/?Format=XML", &json[..], true),
            ("/?Format=xml", &none[..], true),
            ("/?Format=JSON", &xml[..], false),
            ("/?Format=json", &none[..], false),
            ("/?Action=a", &none[..], true),
            ("/?Action=a", &any[..], true),
            ("/?Action=a", &json[..], false),
            ("/clusters", &xml[..], true),
        ] {
            let headers: HeaderMap = fields
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            let spoken = Dialect::Acs.speak(&Refusal::Replayed, &asking(target, &headers));
            let found = spoken.headers[CONTENT_TYPE] == "text/xml;charset=utf-8";
            assert_eq!((found, text(&spoken).contains("<Code>")), (is_xml, is_xml), "{target} {fields:?}");
        }
        let mut headers = headers(&none);
        headers.insert("authorization", HeaderValue::from_bytes(signed[0].1.as_bytes()).unwrap());
        let spoken = Dialect::Acs3.speak(&Refusal::Replayed, &asking("/", &headers));
        assert_eq!(spoken.headers[CONTENT_TYPE], "application/json;charset=utf-8");

        let empty = HeaderMap::new();
        let form = Request::new("POST", "/", &empty, Body::Whole(b"Action=a&Format=Json"));
        let spoken = Dialect::Acs.speak(&Refusal::Replayed, &Occasion { request: form, ..occasion() });
        assert!(text(&spoken).starts_with('{'));
    }

    #[test]
    fn a_mismatch_is_told_in_the_words_that_sdks_parse() {
        let refusal = Refusal::SignatureMismatch {
            string_to_sign: "GET&%2F&AccessKeyId%3Dtestid".to_owned(),
            canonical_request: None,
        };
        let none = HeaderMap::new();
        let spoken = Dialect::Acs.speak(&refusal, &asking("/?Format=JSON", &none));
        // What aliyun-python-sdk-core does with it.
        let message = text(&spoken).split("\"Message\":\"").nth(1).unwrap().trim_end_matches("\"}");
        assert_eq!(message.split(':').nth(1), Some("GET&%2F&AccessKeyId%3Dtestid"));
        assert!(message.starts_with(
            "Specified signature is not matched with our calculation. server string to sign is:GET&"
        ));

        let refusal = Refusal::SignatureMismatch {
            string_to_sign: "ACS3-HMAC-SHA256\nab".to_owned(),
            canonical_request: Some("POST\n/\n\"".to_owned()),
        };
        let headers = headers(&[("authorization", "ACS3-")]);
        let spoken = Dialect::Acs3.speak(&refusal, &asking("/", &headers));
        assert!(text(&spoken).ends_with(
            "\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"Specified signature does not match our calculation. \
             server StringToSign is [ACS3-HMAC-SHA256\\nab] server CanonicalRequest is [POST\\n/\\n\\\"]\"}"
        ));
        // Only a real mismatch says so: an SDK would blame the secret.
        for refusal in every_refusal() {
            let spoken = Dialect::Acs.speak(&refusal, &asking("/", &none));
            let says = text(&spoken).contains("string to sign is:");
            assert_eq!(says, matches!(refusal, Refusal::SignatureMismatch { .. }), "{refusal:?}");
        }
    }

    #[test]
    fn the_clock_is_told_with_both_times_and_the_window() {
        let signed_at = Timestamp::parse_rfc3339("2018-01-20T16:20:17Z").unwrap();
        let now = Timestamp::parse_rfc3339("2018-01-20T19:20:09Z").unwrap();
        let refusal = Refusal::Stale { signed_at, now, window: Duration::from_secs(900) };
        let none = HeaderMap::new();
        let spoken = Dialect::Acs.speak(&refusal, &asking("/?Format=JSON", &none));
        for part in ["InvalidTimeStamp.Expired", "2018-01-20T16:20:17", "2018-01-20T19:20:09", "900 s"] {
            assert!(text(&spoken).contains(part), "{part}");
        }
    }

    #[test]
    fn every_refusal_is_one_of_the_client_with_a_code_and_a_text() {
        let none = HeaderMap::new();
        for refusal in every_refusal() {
            for dialect in [Dialect::Acs, Dialect::Acs3] {
                for target in ["/?Format=JSON", "/?Format=XML"] {
                    let spoken = dialect.speak(&refusal, &asking(target, &none));
                    assert!(spoken.status.is_client_error() && spoken.status != 401, "{refusal:?}");
                    assert!(text(&spoken).contains(spoken.code));
                }
            }
        }
        let full = Refusal::ReplaysFull { retry: Duration::from_secs(60) };
        let spoken = Dialect::Acs.speak(&full, &asking("/", &none));
        assert_eq!((spoken.code, &spoken.headers[RETRY_AFTER]), ("Throttling.User", &HeaderValue::from(60)));
        let nonce = Refusal::Malformed(Malformed::Missing("SignatureNonce"));
        assert_eq!(Dialect::Acs.speak(&nonce, &asking("/", &none)).code, "MissingSignatureNonce");
    }

    #[test]
    fn whoever_sends_a_form_that_is_not_at_hand_reads_json() {
        let form = headers(&[("content-type", "application/x-www-form-urlencoded")]);
        let unread = |target, headers| Occasion {
            request: Request::new("POST", target, headers, Body::Unread),
            ..occasion()
        };
        assert!(!wants_xml(&unread("/", &form)));
        assert!(wants_xml(&unread("/?Format=XML", &form)));
        assert!(wants_xml(&unread("/", &HeaderMap::new())));
    }

    #[test]
    fn what_an_action_answers_has_its_request_id_in_both_forms() {
        let none = HeaderMap::new();
        let fields = [("AccountId", "1234"), ("Arn", "acs:ram::1234:root")];
        let spoken = success("GetCallerIdentity", &fields, &asking("/?Format=JSON", &none));
        assert_eq!(
            (spoken.status.as_u16(), text(&spoken)),
            (
                200,
                "{\"RequestId\":\"5C72047D38FEF58A549C872A\",\"AccountId\":\"1234\",\"Arn\":\"acs:ram::1234:root\"}"
            )
        );
        let spoken = success("GetCallerIdentity", &fields, &asking("/?Format=XML", &none));
        assert!(text(&spoken).ends_with(
            "<GetCallerIdentityResponse><RequestId>5C72047D38FEF58A549C872A</RequestId><AccountId>1234</AccountId>\
             <Arn>acs:ram::1234:root</Arn></GetCallerIdentityResponse>\n"
        ));
    }

    #[test]
    fn what_the_sender_wrote_cannot_leave_its_place() {
        assert_eq!(quoted("\"\\\n\u{1}\u{7f}é\""), "\"\\\"\\\\\\n\\u0001\\u007fé\\\"\"");
        let none = HeaderMap::new();
        let occasion = Occasion { host: "<h&\">", ..asking("/?Format=XML", &none) };
        let spoken = Dialect::Acs.speak(&Refusal::Replayed, &occasion);
        assert!(text(&spoken).contains("<HostId>&lt;h&amp;&quot;&gt;</HostId>"));
    }
}
