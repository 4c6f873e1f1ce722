//! Captured requests as they come in: raw HTTP, or JSON as the vectors have it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::AccessKeySecret;
use countersign::crypto::PublicKey;
use countersign::explain::{Captured, origin_form};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

/// A request to explain, and what came with it.
#[derive(Debug)]
pub struct Item {
    /// Its name in its file.
    pub id: Option<String>,
    /// The request, or why there is none.
    pub captured: Result<Captured, String>,
    /// The path of the endpoint that it went to.
    pub base: Option<String>,
    pub secret: Option<AccessKeySecret>,
    /// The AccessKey itself, where it is the public half of a pair.
    pub public_key: Option<PublicKey>,
    /// The domains whose subdomains were buckets where it went.
    pub bucket_domains: Vec<String>,
    /// What its client signed.
    pub client_string: Option<String>,
}

impl Item {
    fn bare(captured: Result<Captured, String>) -> Self {
        Self {
            id: None,
            captured,
            base: None,
            secret: None,
            public_key: None,
            bucket_domains: Vec::new(),
            client_string: None,
        }
    }
}

/// The requests in a file; at least one, which may be one that cannot be read.
pub fn items(bytes: &[u8]) -> Vec<Item> {
    if !matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return vec![http(bytes)];
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Array(vectors)) => vectors_of(&vectors),
        Ok(Value::Object(object)) => match object.get("vectors") {
            Some(Value::Array(vectors)) => vectors_of(vectors),
            Some(_) => vec![Item::bare(Err("`vectors` is not an array".to_owned()))],
            None => vec![vector(1, &Value::Object(object))],
        },
        // What curl prints may begin with a brace too.
        Ok(_) | Err(_) if bytes.windows(3).any(|window| window == b"\n> ") => vec![http(bytes)],
        Ok(_) => vec![Item::bare(Err("it is neither an object nor an array".to_owned()))],
        // Line and column only: the text around them may hold a secret.
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            vec![Item::bare(Err(format!("it is not JSON, for all that it begins like it: see {place}")))]
        }
    }
}

fn http(bytes: &[u8]) -> Item {
    Item::bare(Captured::from_http(bytes).map_err(|error| format!("it is not an HTTP request: {error}")))
}

fn vectors_of(vectors: &[Value]) -> Vec<Item> {
    if vectors.is_empty() {
        return vec![Item::bare(Err("there is no request in it".to_owned()))];
    }
    vectors.iter().enumerate().map(|(at, value)| vector(at + 1, value)).collect()
}

fn vector(number: usize, value: &Value) -> Item {
    let id = match value.get("id") {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => number.to_string(),
    };
    let read = || {
        let fields = Fields(value.as_object().ok_or("it is not an object")?);
        Ok(Item {
            id: Some(id.clone()),
            captured: Ok(captured(&fields)?),
            base: fields.text("endpoint")?.map(path_of),
            secret: fields.text("secret")?.map(AccessKeySecret::new),
            public_key: fields.text("public_key_pem")?.map(public_key).transpose()?,
            bucket_domains: fields.texts("bucket_domains")?,
            client_string: fields
                .first(&["canonical_request", "canonical_string", "string_to_sign"])?
                .map(str::to_owned),
        })
    };
    read().unwrap_or_else(|why: String| Item {
        id: Some(id.clone()),
        ..Item::bare(Err(format!("vector `{id}`: {why}")))
    })
}

/// The fields of a vector. One that is null is as good as missing.
struct Fields<'v>(&'v Map<String, Value>);

impl<'v> Fields<'v> {
    fn get(&self, name: &str) -> Option<&'v Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let texts =
            value.as_array().map(|values| values.iter().map(|v| v.as_str().map(str::to_owned)).collect());
        texts.flatten().ok_or_else(|| format!("`{name}` is not a list of texts"))
    }

    /// The first of these that is there.
    fn first(&self, names: &[&str]) -> Result<Option<&'v str>, String> {
        let named = names.iter().find(|name| self.get(name).is_some());
        named.map_or(Ok(None), |name| self.text(name))
    }

    fn text(&self, name: &str) -> Result<Option<&'v str>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| format!("`{name}` is not a text"))
    }
}

fn captured(fields: &Fields<'_>) -> Result<Captured, String> {
    let missing = |name: &str| format!("`{name}` is missing");
    let method = fields.text("method")?.ok_or_else(|| missing("method"))?;
    let named =
        ["request_target", "target", "full_url", "url"].into_iter().find(|name| fields.get(name).is_some());
    let named = named.ok_or_else(|| missing("request_target"))?;
    let target = fields.text(named)?.unwrap_or_default();
    let target = origin_form(target).map_err(|why| format!("`{named}`: {why}"))?;
    let headers = headers(fields.get("headers").ok_or_else(|| missing("headers"))?)?;
    let body = body(fields, &headers)?;
    Ok(Captured { method: method.to_owned(), target: target.into_owned(), headers, body })
}

fn public_key(pem: &str) -> Result<PublicKey, String> {
    PublicKey::from_pem(pem).map_err(|why| format!("`public_key_pem`: {why}"))
}

fn body(fields: &Fields<'_>, headers: &HeaderMap) -> Result<Option<Vec<u8>>, String> {
    if let Some(text) = fields.text("body_b64")? {
        return BASE64.decode(text).map(Some).map_err(|_| "`body_b64` is not base 64".to_owned());
    }
    let Some(text) = fields.text("body")? else { return Ok(None) };
    let decoded = BASE64.decode(text).ok().filter(|bytes| is_rather(bytes, text, headers));
    Ok(Some(decoded.unwrap_or_else(|| text.as_bytes().to_vec())))
}

/// Whether these bytes are the body rather than the text that they are base 64 of: some recorders write bytes so whatever
/// they call the field. The length that was sent tells, and where there was none, whether it is a form.
fn is_rather(bytes: &[u8], text: &str, headers: &HeaderMap) -> bool {
    let value =
        |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    if headers.contains_key(CONTENT_LENGTH) {
        let fits = |length: usize| value(CONTENT_LENGTH).parse() == Ok(length);
        return fits(bytes.len()) && !fits(text.len());
    }
    let names_something = text.trim_end_matches('=').contains(['=', '&']);
    value(CONTENT_TYPE).starts_with("application/x-www-form-urlencoded")
        && !names_something
        && bytes.contains(&b'=')
}

fn headers(value: &Value) -> Result<HeaderMap, String> {
    let neither = || "`headers` is neither an object of texts nor a list of pairs of texts".to_owned();
    let mut headers = HeaderMap::new();
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Array(values) => {
                        for value in values {
                            add(&mut headers, name, value.as_str().ok_or_else(neither)?)?;
                        }
                    }
                    value => add(&mut headers, name, value.as_str().ok_or_else(neither)?)?,
                }
            }
        }
        Value::Array(pairs) => {
            for pair in pairs {
                let pair = pair.as_array().map(Vec::as_slice);
                let Some([Value::String(name), Value::String(value)]) = pair else { return Err(neither()) };
                add(&mut headers, name, value)?;
            }
        }
        _ => return Err(neither()),
    }
    Ok(headers)
}

fn add(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), String> {
    let field = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`headers`: `{name}` cannot name a header field"))?;
    // A recipient takes no notice of blanks around a value (RFC 9110, section 5.5).
    let value = HeaderValue::from_bytes(value.trim_matches([' ', '\t']).as_bytes())
        .map_err(|_| format!("`headers`: the value of `{name}` holds a control character"))?;
    headers.try_append(field, value).map_err(|_| "`headers`: there are too many".to_owned())?;
    Ok(())
}

/// The path of an endpoint's URL.
fn path_of(endpoint: &str) -> String {
    let behind = endpoint.split_once("://").map_or(endpoint, |(_, behind)| behind);
    let path = behind.find('/').and_then(|at| behind.get(at..)).unwrap_or_default();
    path.split(['?', '#']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_a_path_or_none() {
        for (endpoint, path) in [
            ("http://h:1/api", "/api"),
            ("http://h", ""),
            ("https://h/gw/api/?x", "/gw/api/"),
            ("h/api", "/api"),
            ("", ""),
        ] {
            assert_eq!(path_of(endpoint), path, "{endpoint}");
        }
    }

    #[test]
    fn a_body_that_has_its_length_only_when_decoded_is_base_64() {
        let read = |length: &str, text: &str| {
            let vector = serde_json::json!({
                "method": "POST", "url": "/", "headers": [["Content-Length", length]], "body": text,
            });
            items(vector.to_string().as_bytes()).remove(0).captured.unwrap().body.unwrap()
        };
        assert_eq!(read("3", "YT1i"), b"a=b");
        assert_eq!(read("4", "YT1i"), b"YT1i");
        assert_eq!(read("x", "YT1i"), b"YT1i");
        let form = |text: &str| {
            let vector = serde_json::json!({
                "method": "POST", "url": "/", "body": text,
                "headers": [["Content-Type", "application/x-www-form-urlencoded"]],
            });
            items(vector.to_string().as_bytes()).remove(0).captured.unwrap().body.unwrap()
        };
        assert_eq!(form("YT1i"), b"a=b");
        assert_eq!(form("a=b&YT1i"), b"a=b&YT1i");
        assert_eq!(form("name"), b"name");
    }

    #[test]
    fn headers_may_be_pairs_or_an_object() {
        let pairs = serde_json::json!([["A", "1"], ["a", " 2 "], ["B", "\u{e4}"]]);
        let object = serde_json::json!({ "A": ["1", "2"], "b": "\u{e4}" });
        assert_eq!(headers(&pairs), headers(&object));
        assert_eq!(headers(&pairs).unwrap().get_all("a").iter().count(), 2);
    }

    #[test]
    fn what_curl_prints_may_begin_like_json() {
        let items = items(b"{ [5 bytes data]\n> GET / HTTP/1.1\n>\n");
        assert_eq!(items[0].captured.as_ref().unwrap().target, "/");
    }
}
