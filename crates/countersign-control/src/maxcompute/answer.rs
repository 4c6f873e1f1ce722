//! Answers that are not errors, in the three forms that MaxCompute's clients read.

use bytes::Bytes;
use countersign::dialects::Spoken;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};

/// An XML document.
pub(super) fn xml(root: &str) -> Spoken {
    ok("application/xml; charset=utf-8", format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{root}\n"))
}

/// A JSON document.
pub(super) fn json(value: &serde_json::Value) -> Spoken {
    ok("application/json", value.to_string())
}

/// A text, to the letter: clients take all of it for the value.
pub(super) fn text(text: String) -> Spoken {
    ok("text/plain; charset=utf-8", text)
}

fn ok(content_type: &'static str, body: String) -> Spoken {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    Spoken { status: StatusCode::OK, code: "OK", headers, body: Bytes::from(body) }
}
