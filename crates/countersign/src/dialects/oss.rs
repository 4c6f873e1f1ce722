//! OSS's errors: XML, of which clients read `Code` and `Message`, and `ServerTime` to set their clocks by.
//!
//! Sources: oss2 2.19.1 `oss2/exceptions.py` (`make_exception`), alibabacloud-oss-v2 1.4 (which needs a `Date`), ali-oss
//! 6.23 `lib/client.js` (`requestError`) and `lib/browser/client.js`; Alibaba Cloud's pages on OSS's error responses and
//! on signature errors.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER, SERVER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::xml::escaped;
use super::{Occasion, Spoken};
use crate::canonical::encode_hex;
use crate::claim::Claim;
use crate::refusal::{Malformed, Refusal};
use crate::schemes;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-oss-request-id");
const EC: HeaderName = HeaderName::from_static("x-oss-ec");
const SERVER_TIME: HeaderName = HeaderName::from_static("x-oss-server-time");
const ERR: HeaderName = HeaderName::from_static("x-oss-err");

/// How long the XML in a header field may be, in bytes. Python's client takes no line longer than 64 KiB, and Node none
/// of more than 16 KiB with all the others; base 64 adds a third.
const LONGEST_IN_HEADER: usize = 6000;

/// What is said of a refusal.
struct Said {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// OSS's own number for it, where it is known.
    ec: Option<&'static str>,
    /// More elements, in order.
    details: Vec<(&'static str, String)>,
}

impl Said {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), ec: None, details: Vec::new() }
    }

    fn ec(self, ec: &'static str) -> Self {
        Self { ec: Some(ec), ..self }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    fn xml(&self, occasion: &Occasion<'_>, with_details: bool) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n");
        let mut element = |name: &str, text: &str| {
            xml.push_str(&format!("  <{name}>{}</{name}>\n", escaped(text)));
        };
        element("Code", self.code);
        element("Message", &self.message);
        element("RequestId", occasion.request_id);
        element("HostId", occasion.host);
        for (name, text) in self.details.iter().filter(|_| with_details) {
            element(name, text);
        }
        if let Some(ec) = self.ec {
            element("EC", ec);
        }
        xml.push_str("</Error>\n");
        xml
    }
}

/// What a refusal is to a client of OSS.
pub(super) fn speak(refusal: &Refusal, occasion: &Occasion<'_>) -> Spoken {
    let said = say(refusal, occasion);
    let mut headers = HeaderMap::new();
    headers.insert(SERVER, HeaderValue::from_static("AliyunOSS"));
    headers.insert(SERVER_TIME, HeaderValue::from_static("0"));
    let mut put = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    // One of the SDKs fails on an answer that does not tell the time.
    put(DATE, &occasion.now.http_date());
    put(REQUEST_ID, occasion.request_id);
    if let Some(ec) = said.ec {
        put(EC, ec);
    }
    if let Refusal::ReplaysFull { retry } = refusal {
        put(RETRY_AFTER, &retry.as_secs().to_string());
    }
    let mut body = said.xml(occasion, true);
    if occasion.request.method() == "HEAD" {
        // There is no body: clients read the same from a header field.
        if body.len() > LONGEST_IN_HEADER {
            body = said.xml(occasion, false);
        }
        put(ERR, &BASE64.encode(&body));
        body.clear();
    } else {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    }
    Spoken { status: said.status, code: said.code, headers, body: body.into() }
}

fn say(refusal: &Refusal, occasion: &Occasion<'_>) -> Said {
    let forbidden = StatusCode::FORBIDDEN;
    let denied = |message: String| Said::new(forbidden, "AccessDenied", message);
    let argument = || Said::new(StatusCode::BAD_REQUEST, "InvalidArgument", refusal.to_string());
    let key = |message: &str| Said::new(forbidden, "InvalidAccessKeyId", message);
    match refusal {
        Refusal::Malformed(malformed) if concerns_date(malformed) => {
            denied(format!("OSS authentication requires a valid Date. ({refusal})"))
        }
        Refusal::Malformed(Malformed::Missing(_)) | Refusal::Unsigned => denied(refusal.to_string()),
        Refusal::Malformed(_) | Refusal::FormTooLong { .. } => argument(),
        Refusal::Unsupported(_) => {
            Said::new(forbidden, "InvalidSecurityToken", refusal.to_string()).ec("0002-00000006")
        }
        Refusal::UnknownAccessKey(id) => {
            key("The OSS Access Key Id you provided does not exist in our records.")
                .with("OSSAccessKeyId", id)
                .ec("0002-00000902")
        }
        Refusal::DisabledAccessKey => key("The OSS Access Key Id you provided is disabled."),
        Refusal::ExpiredAccessKey(_) | Refusal::SuspendedAccount => {
            key(&format!("The OSS Access Key Id you provided is disabled: {refusal}."))
        }
        Refusal::Stale { signed_at, now, window } => Said::new(
            forbidden,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        )
        .with("MaxAllowedSkewMilliseconds", window.as_millis().to_string())
        .with("RequestTime", signed_at.iso8601())
        .with("ServerTime", now.iso8601())
        .ec("0002-00000504"),
        Refusal::Expired { at, now } => denied("Request has expired.".to_owned())
            .with("Expires", at.iso8601())
            .with("ServerTime", now.iso8601()),
        Refusal::SignatureMismatch { string_to_sign, canonical_request } => {
            mismatch(string_to_sign, canonical_request.as_deref(), occasion)
        }
        Refusal::ReadingNotAccepted(_) | Refusal::Ambiguous(_) => {
            Said::new(forbidden, "SignatureDoesNotMatch", refusal.to_string())
        }
        Refusal::BodyMismatch => {
            let message =
                "The Content-MD5 or the x-oss-content-sha256 you specified is not that of what we received.";
            Said::new(StatusCode::BAD_REQUEST, "InvalidDigest", message)
        }
        Refusal::DerivedKeysOff
        | Refusal::SourceNotAllowed(_)
        | Refusal::NotCovered(_)
        | Refusal::SchemeNotAllowed(_)
        | Refusal::AlgorithmNotAllowed(_)
        | Refusal::Replayed => denied(refusal.to_string()),
        Refusal::ReplaysFull { .. } => {
            Said::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", refusal.to_string())
        }
    }
}

fn concerns_date(malformed: &Malformed) -> bool {
    let name = match malformed {
        Malformed::Missing(name) => name,
        Malformed::Unreadable { what, .. } => what.as_str(),
        _ => return false,
    };
    matches!(name, "Date" | "x-oss-date")
}

/// What the server would have signed, beside what the client signed with. It holds only what the client sent.
fn mismatch(string_to_sign: &str, canonical_request: Option<&str>, occasion: &Occasion<'_>) -> Said {
    let mut said = Said::new(
        StatusCode::FORBIDDEN,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing \
         method.",
    )
    .ec("0002-00000040");
    if let Some((_, Ok(claim))) = schemes::read(&occasion.request) {
        said = said.with("OSSAccessKeyId", &*claim.access_key_id).with("SignatureProvided", provided(claim));
    }
    let bytes: Vec<String> = string_to_sign.bytes().map(|byte| format!("{byte:02X}")).collect();
    said = said.with("StringToSign", string_to_sign).with("StringToSignBytes", bytes.join(" "));
    match canonical_request {
        Some(text) => said.with("CanonicalRequest", text),
        None => said,
    }
}

/// A signature as its version writes it.
fn provided(claim: &Claim<'_>) -> String {
    if claim.scope.is_none() {
        return BASE64.encode(&claim.signature);
    }
    let mut text = Vec::with_capacity(64);
    encode_hex(&claim.signature, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::dialects::testing::{every_refusal, occasion};
    use crate::request::{Body, Request};
    use crate::time::Timestamp;

    fn text(refusal: &Refusal, occasion: &Occasion<'_>) -> (u16, String) {
        let spoken = speak(refusal, occasion);
        (spoken.status.as_u16(), String::from_utf8(spoken.body.to_vec()).unwrap())
    }

    #[test]
    fn an_error_is_the_one_that_oss_documents() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "OSS LTAI5t:AAAAAAAAAAAAAAAAAAAAAAAAAAA=".parse().unwrap());
        headers.insert("date", "Tue, 23 May 2023 15:24:55 GMT".parse().unwrap());
        let request = Request::new("PUT", "/bucket/?acl", &headers, Body::Unread);
        let occasion = Occasion { request, host: "bucket.oss.example.com", ..occasion() };
        let refusal =
            Refusal::SignatureMismatch { string_to_sign: "PUT\n/&".to_owned(), canonical_request: None };
        let (status, body) = text(&refusal, &occasion);
        assert_eq!(status, 403);
        assert_eq!(
            body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  <Code>SignatureDoesNotMatch</Code>\n  <Message>The \
             request signature we calculated does not match the signature you provided. Check your key and signing \
             method.</Message>\n  <RequestId>5C72047D38FEF58A549C872A</RequestId>\n  \
             <HostId>bucket.oss.example.com</HostId>\n  <OSSAccessKeyId>LTAI5t</OSSAccessKeyId>\n  \
             <SignatureProvided>AAAAAAAAAAAAAAAAAAAAAAAAAAA=</SignatureProvided>\n  \
             <StringToSign>PUT\n/&amp;</StringToSign>\n  <StringToSignBytes>50 55 54 0A 2F 26</StringToSignBytes>\n  \
             <EC>0002-00000040</EC>\n</Error>\n"
        );
        let spoken = speak(&refusal, &occasion);
        for (name, value) in [
            ("x-oss-request-id", "5C72047D38FEF58A549C872A"),
            ("x-oss-ec", "0002-00000040"),
            ("x-oss-server-time", "0"),
            ("server", "AliyunOSS"),
            ("content-type", "application/xml"),
        ] {
            assert_eq!(spoken.headers[name], value, "{name}");
        }
    }

    #[test]
    fn every_answer_tells_the_time_and_is_a_client_error_or_asks_to_wait() {
        for refusal in every_refusal() {
            let spoken = speak(&refusal, &occasion());
            assert_eq!(spoken.headers["date"], "Wed, 14 Oct 2026 17:46:40 GMT", "{refusal:?}");
            let waits = matches!(refusal, Refusal::ReplaysFull { .. });
            assert_eq!(spoken.headers.get("retry-after").is_some(), waits);
            assert_eq!(spoken.status.is_client_error(), !waits, "{refusal:?}");
            // Java's HTTP library cannot read a 401 to a request with a body.
            assert_ne!(spoken.status, StatusCode::UNAUTHORIZED, "{refusal:?}");
        }
    }

    #[test]
    fn a_clock_that_is_off_is_told_both_times_and_the_window() {
        let signed_at = Timestamp::parse_rfc3339("2018-01-20T16:20:17.012Z").unwrap();
        let now = Timestamp::parse_rfc3339("2018-01-20T19:20:09.034Z").unwrap();
        let (status, body) =
            text(&Refusal::Stale { signed_at, now, window: Duration::from_secs(900) }, &occasion());
        assert_eq!(status, 403);
        assert!(body.contains(
            "<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>\n  \
             <RequestTime>2018-01-20T16:20:17.012Z</RequestTime>\n  <ServerTime>2018-01-20T19:20:09.034Z</ServerTime>"
        ));
        let (_, body) = text(&Refusal::Expired { at: signed_at, now }, &occasion());
        assert!(
            body.contains("<Code>AccessDenied</Code>\n  <Message>Request has expired.</Message>"),
            "{body}"
        );
    }

    #[test]
    fn a_head_request_is_answered_in_a_header_field_that_clients_can_take() {
        let headers = HeaderMap::new();
        let head = Request::new("HEAD", "/", &headers, Body::Unread);
        let occasion = Occasion { request: head, ..occasion() };
        for length in [10, 100_000] {
            let refusal =
                Refusal::SignatureMismatch { string_to_sign: "é".repeat(length), canonical_request: None };
            let spoken = speak(&refusal, &occasion);
            assert!(spoken.body.is_empty() && !spoken.headers.contains_key(CONTENT_TYPE));
            let header = spoken.headers[ERR].as_bytes();
            assert!(header.len() <= LONGEST_IN_HEADER.div_ceil(3) * 4);
            let xml = String::from_utf8(BASE64.decode(header).unwrap()).unwrap();
            assert!(xml.contains("<Code>SignatureDoesNotMatch</Code>"), "{xml}");
            assert_eq!(xml.contains("<StringToSign>"), length == 10);
        }
    }

    #[test]
    fn what_the_sender_wrote_cannot_leave_its_element() {
        let refusal = Refusal::SignatureMismatch {
            string_to_sign: "</StringToSign><Code>x</Code>\u{1}".to_owned(),
            canonical_request: Some("]]><x>".to_owned()),
        };
        let (_, body) = text(&refusal, &Occasion { host: "<h&>", ..occasion() });
        assert!(body.contains("&lt;/StringToSign&gt;&lt;Code&gt;x&lt;/Code&gt;\u{fffd}<"), "{body}");
        assert!(body.contains("<CanonicalRequest>]]&gt;&lt;x&gt;</CanonicalRequest>"), "{body}");
        assert!(body.contains("<HostId>&lt;h&amp;&gt;</HostId>"), "{body}");
    }

    #[test]
    fn the_date_is_named_where_it_is_what_is_wrong() {
        for refusal in [
            Refusal::Malformed(Malformed::Missing("Date")),
            Refusal::Malformed(Malformed::unreadable("x-oss-date", "so")),
        ] {
            let (status, body) = text(&refusal, &occasion());
            assert_eq!(status, 403);
            assert!(
                body.contains(
                    "<Code>AccessDenied</Code>\n  <Message>OSS authentication requires a valid Date."
                )
            );
        }
        let (status, body) = text(&Refusal::Malformed(Malformed::TwoSignatures), &occasion());
        assert_eq!((status, body.contains("<Code>InvalidArgument</Code>")), (400, true));
    }
}
