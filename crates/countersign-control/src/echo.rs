//! The echo: a verified request that nothing here serves is told who signed it, by what, and what the signature covers.
//! So any client can be pointed here before there is a service behind.

use bytes::Bytes;
use countersign::dialects::{Spoken, odps};
use countersign::{Payload, crypto::Hash};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::arrival::Arrival;
use crate::judge::Judged;

/// What is told: a name, and a text, a truth, or a list.
type Told = Vec<(&'static str, Value)>;

/// Tells the sender of a verified request what was verified. It holds nothing that the sender has not sent, but for whose
/// the AccessKey is.
pub(crate) fn tell(judged: &Judged, arrival: &Arrival<'_>) -> Spoken {
    let told = told(judged, arrival);
    let scheme = judged.signed.scheme;
    let (content_type, body) = match scheme.dialect().wants_xml(&arrival.occasion()) {
        true => ("application/xml; charset=utf-8", xml(&told)),
        false => ("application/json;charset=utf-8", json(&told)),
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    scheme.dialect().add_headers(&arrival.occasion(), &mut headers);
    Spoken { status: StatusCode::OK, code: "OK", headers, body: Bytes::from(body) }
}

fn told(judged: &Judged, arrival: &Arrival<'_>) -> Told {
    let signed = &judged.signed;
    vec![
        ("AccessKeyId", judged.access_key.id().into()),
        ("AccountId", judged.access_key.account.as_str().into()),
        ("Scheme", signed.scheme.name().into()),
        ("Reading", signed.reading.into()),
        ("Algorithm", signed.algorithm.name().into()),
        ("SignedAt", signed.at.to_string().into()),
        (
            "Covered",
            json!({
                "Method": signed.method,
                "Path": signed.path,
                "Query": signed.query,
                "Authority": signed.authority,
                "Headers": signed.headers,
                "Body": payload(&signed.payload),
            }),
        ),
        ("RequestId", arrival.request_id.into()),
    ]
}

/// How the body is covered: by which digest, by standing in the text itself, or not.
fn payload(payload: &Payload) -> &'static str {
    match payload {
        Payload::Uncovered => "no",
        Payload::Digest(Hash::Md5, _) => "MD5",
        Payload::Digest(Hash::Sha1, _) => "SHA-1",
        Payload::Digest(Hash::Sha224, _) => "SHA-224",
        Payload::Digest(Hash::Sha256, _) => "SHA-256",
        Payload::Digest(Hash::Sha384, _) => "SHA-384",
        Payload::Digest(Hash::Sha512, _) => "SHA-512",
        Payload::Digest(Hash::Sm3, _) => "SM3",
        _ => "signed",
    }
}

fn json(told: &Told) -> String {
    let object: serde_json::Map<String, Value> =
        told.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Value::Object(object).to_string()
}

fn xml(told: &Told) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Echo>".to_owned();
    for (name, value) in told {
        element(name, value, &mut out);
    }
    out.push_str("</Echo>\n");
    out
}

fn element(name: &str, value: &Value, out: &mut String) {
    out.push_str(&format!("<{name}>"));
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| element(name, value, out)),
        Value::Array(values) => values.iter().for_each(|value| element("Name", value, out)),
        Value::String(text) => out.push_str(&odps::escaped(text)),
        value => out.push_str(&value.to_string()),
    }
    out.push_str(&format!("</{name}>"));
}
