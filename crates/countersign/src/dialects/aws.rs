//! AWS's errors, in the three forms that its services have. SDKs read the code; people read the message, so it has the
//! words that they will search for.
//!
//! ```text
//! S3 and its kin   <Error><Code>…</Code><Message>…</Message>…</Error>
//! query protocol   <ErrorResponse><Error><Type>Sender</Type><Code>…</Code><Message>…</Message></Error>…
//! JSON protocols   {"__type":"…","message":"…"}
//! ```
//!
//! The service stands in the credential scope; JSON is for whoever sends it. The code is in `x-amzn-ErrorType` as well, for
//! a client of a JSON protocol whose request has no body.
//!
//! Sources: "Error Responses", Amazon S3 API reference; "Common Error Types" of IAM, STS and DynamoDB; botocore
//! `parsers.py`.

mod words;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::problem::quoted;
use super::xml::escaped;
use super::{Occasion, Spoken};
use crate::refusal::{Malformed, Refusal};
use crate::request::Request;
use crate::schemes::sigv4::{Caller, caller, is_s3};

const S3_REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// The form of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    S3,
    Query,
    /// With the media type that the client has sent.
    Json(&'static str),
}

impl Form {
    fn of(request: &Request<'_>, caller: Option<&Caller<'_>>) -> Self {
        match caller {
            Some(caller) if is_s3(&caller.service) => return Self::S3,
            // Of those who do not say it, S3's clients alone send this field, or a query with a signature.
            None if request.headers().contains_key("x-amz-content-sha256") => return Self::S3,
            None if !request.headers().contains_key("authorization") => return Self::S3,
            _ => {}
        }
        let sent = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        let kinds = ["application/x-amz-json-1.0", "application/x-amz-json-1.1", "application/json"];
        let kind = kinds.into_iter().find(|kind| sent.starts_with(kind.as_bytes()));
        kind.map_or(Self::Query, Self::Json)
    }
}

/// What a refusal is to a client of AWS.
pub(super) fn speak(refusal: &Refusal, occasion: &Occasion<'_>) -> Spoken {
    let caller = caller(&occasion.request);
    let form = Form::of(&occasion.request, caller.as_ref());
    let mut spoken = match form {
        Form::S3 => {
            let words = words::of_s3(refusal, occasion, caller.as_ref());
            let body = s3(&words, occasion);
            answer(words.status, words.code, "application/xml", body)
        }
        Form::Query => {
            let words = words::of_others(refusal, false);
            let body = query(&words, occasion);
            answer(words.status, words.code, "text/xml", body)
        }
        Form::Json(kind) => {
            let words = words::of_others(refusal, true);
            let body =
                format!("{{\"__type\":{},\"message\":{}}}", quoted(words.code), quoted(&words.message));
            // The older protocols know no status but this for what the caller did wrong.
            let status = if kind == "application/json" { words.status } else { StatusCode::BAD_REQUEST };
            answer(status, words.code, kind, body)
        }
    };
    if let Ok(id) = HeaderValue::from_str(occasion.request_id) {
        spoken.headers.insert(if form == Form::S3 { S3_REQUEST_ID } else { REQUEST_ID }, id);
    }
    if form != Form::S3 {
        spoken.headers.insert(ERROR_TYPE, HeaderValue::from_static(spoken.code));
    }
    if let Refusal::ReplaysFull { retry } = refusal {
        spoken.headers.insert(RETRY_AFTER, HeaderValue::from(retry.as_secs()));
    }
    spoken
}

/// Whether the client of this request reads XML.
pub(super) fn wants_xml(occasion: &Occasion<'_>) -> bool {
    !matches!(Form::of(&occasion.request, caller(&occasion.request).as_ref()), Form::Json(_))
}

fn answer(status: StatusCode, code: &'static str, kind: &'static str, body: String) -> Spoken {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Spoken { status, code, headers, body: body.into() }
}

fn s3(words: &words::Words, occasion: &Occasion<'_>) -> String {
    let mut body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>",
        words.code,
        escaped(&words.message)
    );
    for (name, text) in &words.details {
        body.push_str(&format!("<{name}>{}</{name}>", escaped(text)));
    }
    let (request_id, host) = (escaped(occasion.request_id), escaped(occasion.host));
    body.push_str(&format!("<RequestId>{request_id}</RequestId><HostId>{host}</HostId></Error>"));
    body
}

fn query(words: &words::Words, occasion: &Occasion<'_>) -> String {
    format!(
        "<ErrorResponse>\n  <Error>\n    <Type>Sender</Type>\n    <Code>{}</Code>\n    <Message>{}</Message>\n  \
         </Error>\n  <RequestId>{}</RequestId>\n</ErrorResponse>\n",
        words.code,
        escaped(&words.message),
        escaped(occasion.request_id)
    )
}

/// Whether a header field of the request was not signed, which S3 tells apart from what cannot be read.
fn not_signed(malformed: &Malformed) -> Option<&str> {
    match malformed {
        Malformed::NotSigned(name) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
