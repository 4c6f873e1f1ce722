//! The signing side: what clients of OSS add to a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, DATE, HOST};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Uri};

use crate::canonical::encode;
use crate::refusal::Malformed;
use crate::scheme::SignOptions;

const OSS_DATE: HeaderName = HeaderName::from_static("x-oss-date");
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-oss-security-token");

/// A signature as versions 1 and 2 write it.
pub(in crate::schemes) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Puts the time into `Date`, and into an `x-oss-date` that is there: it would count instead.
pub(super) fn put_date(parts: &mut Parts, options: &SignOptions) -> Result<(), Malformed> {
    let date = value("Date", &options.now.http_date())?;
    if parts.headers.contains_key(OSS_DATE) {
        parts.headers.insert(OSS_DATE, date.clone());
    }
    parts.headers.insert(DATE, date);
    Ok(())
}

/// Puts a security token into its header field.
pub(in crate::schemes) fn put_security_token(
    parts: &mut Parts,
    options: &SignOptions,
) -> Result<(), Malformed> {
    if let Some(token) = &options.security_token {
        let mut token = value("x-oss-security-token", token)?;
        token.set_sensitive(true);
        parts.headers.insert(SECURITY_TOKEN, token);
    }
    Ok(())
}

/// Puts an `Authorization` with a blank signature, and the host, which may hold the bucket.
pub(in crate::schemes) fn put_authorization(parts: &mut Parts, text: &str) -> Result<(), Malformed> {
    put_host(parts)?;
    parts.headers.insert(AUTHORIZATION, value("Authorization", text)?);
    Ok(())
}

fn put_host(parts: &mut Parts) -> Result<(), Malformed> {
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    if let Some(authority) = authority.filter(|_| !parts.headers.contains_key(HOST)) {
        let host = value("Host", authority)?;
        parts.headers.insert(HOST, host);
    }
    Ok(())
}

/// Adds parameters to the query, and a blank signature behind them.
pub(in crate::schemes) fn presign(
    parts: &mut Parts,
    added: &[(&str, &str)],
    signature: &str,
    blank: &str,
) -> Result<(), Malformed> {
    put_host(parts)?;
    let mut target = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str).as_bytes().to_vec();
    let mut separator = if target.contains(&b'?') { b'&' } else { b'?' };
    for (name, value) in added.iter().chain([&(signature, blank)]) {
        target.push(separator);
        separator = b'&';
        target.extend_from_slice(name.as_bytes());
        target.push(b'=');
        encode(value.as_bytes(), b"", &mut target);
    }
    put_target(parts, target)
}

/// Puts a signature in the place of the blank one: behind the last of these in `Authorization`, or where there is none,
/// behind the last of those in the target.
pub(in crate::schemes) fn attach(
    parts: &mut Parts,
    [in_header, in_query]: [&str; 2],
    signature: &str,
) -> Result<(), Malformed> {
    let before = |text: &str, mark: &str| {
        text.rsplit_once(mark)
            .map(|(before, _)| format!("{before}{mark}"))
            .ok_or(Malformed::Missing("the signature"))
    };
    if let Some(authorization) = parts.headers.get(AUTHORIZATION) {
        let text = authorization.to_str().map_err(|_| Malformed::Missing("Authorization"))?;
        let text = before(text, in_header)? + signature;
        parts.headers.insert(AUTHORIZATION, value("Authorization", &text)?);
        return Ok(());
    }
    let target = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let mut target = before(target, in_query)?.into_bytes();
    encode(signature.as_bytes(), b"", &mut target);
    put_target(parts, target)
}

fn put_target(parts: &mut Parts, target: Vec<u8>) -> Result<(), Malformed> {
    let unreadable =
        || Malformed::unreadable("the target", "with a signature in its query it is no target any more");
    let mut uri = parts.uri.clone().into_parts();
    uri.path_and_query = Some(PathAndQuery::from_maybe_shared(target).map_err(|_| unreadable())?);
    parts.uri = Uri::from_parts(uri).map_err(|_| unreadable())?;
    Ok(())
}

pub(in crate::schemes) fn value(name: &'static str, text: &str) -> Result<HeaderValue, Malformed> {
    HeaderValue::from_str(text)
        .map_err(|_| Malformed::unreadable(name, "it holds a character that a header field cannot"))
}
