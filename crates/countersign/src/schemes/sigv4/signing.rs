//! The signing side of Signature Version 4: what a client adds to a request.

use http::header::{AUTHORIZATION, HOST, HeaderName};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Uri};

use super::{ALGORITHM, CONTENT_SHA256, TERMINATOR, is_s3};
use crate::canonical::{encode, encode_hex};
use crate::crypto::sha256;
use crate::key::AccessKeyId;
use crate::refusal::Malformed;
use crate::scheme::SignOptions;
use crate::verify::LONGEST_PRESIGNED;

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const HASH: HeaderName = HeaderName::from_static(CONTENT_SHA256);
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// The fields that what stands between client and server may alter, and that no client signs (botocore `auth.py`,
/// `SIGNED_HEADERS_BLACKLIST`).
const LEFT_OUT: [&str; 13] = [
    "authorization",
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];

/// Adds host, date and hash of the body, and a signature that is still blank.
pub(super) fn prepare(
    parts: &mut Parts,
    body: &[u8],
    id: &AccessKeyId,
    options: &SignOptions,
) -> Result<(), Malformed> {
    let region = options.region.as_deref().ok_or(Malformed::Missing("region"))?;
    let service = options.service.as_deref().ok_or(Malformed::Missing("service"))?;
    let day = options.now.scope_date();
    let credential = format!("{id}/{day}/{region}/{service}/{TERMINATOR}");
    if !parts.headers.contains_key(HOST) {
        let authority = parts.uri.authority().ok_or(Malformed::Missing("Host"))?;
        parts.headers.insert(HOST, value("Host", authority.as_str())?);
    }
    match options.presign {
        Some(lifetime) => {
            if lifetime.as_secs() == 0 || lifetime > LONGEST_PRESIGNED {
                let why = "it should be from 1 second to 7 days";
                return Err(Malformed::unreadable("the lifetime of the URL", why));
            }
            for name in [DATE, AUTHORIZATION] {
                parts.headers.remove(name);
            }
            let token = options.security_token.as_deref();
            presign(parts, &credential, &options.now.basic(), lifetime.as_secs(), token)
        }
        None => {
            parts.headers.insert(DATE, value("x-amz-date", &options.now.basic())?);
            if let Some(token) = &options.security_token {
                let mut token = value("x-amz-security-token", token)?;
                token.set_sensitive(true);
                parts.headers.insert(SECURITY_TOKEN, token);
            }
            // Whoever has said it before means to send the body in chunks, or unsigned.
            if is_s3(service) && !parts.headers.contains_key(HASH) {
                let mut hash = Vec::with_capacity(64);
                encode_hex(&sha256(body), &mut hash);
                let hash = HeaderValue::from_bytes(&hash);
                parts.headers.insert(HASH, hash.map_err(|_| Malformed::Missing(CONTENT_SHA256))?);
            }
            let names = signed_names(parts);
            put(parts, &format!("{ALGORITHM} Credential={credential}, SignedHeaders={names}"), &[0; 32])
        }
    }
}

/// Puts the signature in the place of the blank one.
pub(super) fn attach(parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed> {
    let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(authorization) = authorization {
        let start = authorization.rsplit_once(", Signature=").map(|(start, _)| start.to_owned());
        return put(parts, &start.ok_or(Malformed::Missing("Authorization"))?, signature);
    }
    let target = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let (start, _) = target.rsplit_once("X-Amz-Signature=").ok_or(Malformed::Missing("X-Amz-Signature"))?;
    let target = format!("{start}X-Amz-Signature={}", hex(signature));
    set_target(parts, &target)
}

fn put(parts: &mut Parts, start: &str, signature: &[u8]) -> Result<(), Malformed> {
    let authorization = format!("{start}, Signature={}", hex(signature));
    parts.headers.insert(AUTHORIZATION, value("Authorization", &authorization)?);
    Ok(())
}

fn presign(
    parts: &mut Parts,
    credential: &str,
    date: &str,
    seconds: u64,
    token: Option<&str>,
) -> Result<(), Malformed> {
    let target = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let separator = if target.contains('?') { '&' } else { '?' };
    let (credential, names) = (encoded(credential), encoded(&signed_names(parts)));
    let token = token.map(|token| format!("&X-Amz-Security-Token={}", encoded(token))).unwrap_or_default();
    let target = format!(
        "{target}{separator}X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={credential}&X-Amz-Date={date}\
         &X-Amz-Expires={seconds}&X-Amz-SignedHeaders={names}{token}&X-Amz-Signature={}",
        hex(&[0; 32])
    );
    set_target(parts, &target)
}

/// The names of all fields that are there but those that no client signs.
fn signed_names(parts: &Parts) -> String {
    let names = parts.headers.keys().map(HeaderName::as_str);
    let mut names: Vec<_> = names.filter(|name| !LEFT_OUT.contains(name)).collect();
    names.sort_unstable();
    names.join(";")
}

fn set_target(parts: &mut Parts, target: &str) -> Result<(), Malformed> {
    let why = "it holds a character that a URL cannot";
    let unreadable = || Malformed::unreadable("the target", why);
    let mut uri = parts.uri.clone().into_parts();
    uri.path_and_query = Some(target.parse().map_err(|_| unreadable())?);
    parts.uri = Uri::from_parts(uri).map_err(|_| unreadable())?;
    Ok(())
}

fn encoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 16);
    encode(text.as_bytes(), b"", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    encode_hex(bytes, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn value(name: &'static str, text: &str) -> Result<HeaderValue, Malformed> {
    HeaderValue::from_str(text)
        .map_err(|_| Malformed::unreadable(name, "it holds a character that a header field cannot"))
}
