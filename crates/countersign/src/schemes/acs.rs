//! What Alibaba Cloud's schemes for its management APIs (RPC, ROA, ACS3) have in common.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;

use crate::canonical::{Parameter, Parameters};
use crate::claim::HeaderField;
use crate::refusal::{Ambiguity, Malformed};
use crate::request::Request;
use crate::time::Timestamp;

/// What begins the names of the header fields that are signed.
pub(super) const SIGNED_PREFIX: &str = "x-acs-";
pub(super) const NONCE: &str = "x-acs-signature-nonce";
pub(super) const SECURITY_TOKEN: &str = "x-acs-security-token";
pub(super) const BEARER_TOKEN: &str = "x-acs-bearer-token";
/// The AccessKey id again, beside a security token.
pub(super) const ACCESS_KEY_ID: &str = "x-acs-accesskey-id";

/// Bytes of a signature by RSA: of the shortest key that is taken, and of the longest.
const RSA: std::ops::RangeInclusive<usize> = 256..=1024;
/// Bytes of a nonce at most; clients send up to 36. It is remembered for a while.
const LONGEST_NONCE: usize = 256;
/// Parameters at most. The longest calls list some hundred items.
pub(super) const MOST_PARAMETERS: usize = 1000;

/// Whether the query of a request that is signed in its header fields bears a signature of the RPC scheme as well.
pub(super) fn is_signed_twice(request: &Request<'_>) -> bool {
    request.has_parameter("Signature")
        && (request.has_parameter("AccessKeyId") || request.has_parameter("SignatureNonce"))
}

/// Whether the body is a form, as its Content-Type has it.
pub(super) fn has_form(request: &Request<'_>) -> Result<bool, Malformed> {
    const FORM: &[u8] = b"application/x-www-form-urlencoded";
    let content_type = request.header(&CONTENT_TYPE)?.unwrap_or_default();
    let media_type = || content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    Ok(content_type.len() >= FORM.len() && media_type().trim_ascii().eq_ignore_ascii_case(FORM))
}

/// Reads an instant such as `2026-11-21T23:23:13Z`.
pub(super) fn read_time(name: &str, text: &[u8]) -> Result<Timestamp, Malformed> {
    Timestamp::parse_iso8601(text)
        .ok_or_else(|| Malformed::unreadable(name, "it should read like `2026-11-21T23:23:13Z`"))
}

/// Reads a nonce: anything, but not nothing.
pub(super) fn read_nonce<'r>(name: &'static str, nonce: Cow<'r, str>) -> Result<Cow<'r, str>, Malformed> {
    match nonce.len() {
        0 => Err(Malformed::unreadable(name, "it is empty: give each request a value of its own")),
        1..=LONGEST_NONCE => Ok(nonce),
        _ => Err(Malformed::unreadable(name, "it is longer than 256 bytes")),
    }
}

/// A value that must be text.
pub(super) fn text<'r>(name: &str, value: &'r [u8]) -> Result<&'r str, Malformed> {
    std::str::from_utf8(value).map_err(|_| not_text(name))
}

/// The value of a parameter, which must be text.
pub(super) fn parameter_text<'r>(
    name: &str,
    parameter: Parameter<'_, 'r>,
) -> Result<Cow<'r, str>, Malformed> {
    parameter.text().ok_or_else(|| not_text(name))
}

fn not_text(name: &str) -> Malformed {
    Malformed::unreadable(name, "it is not UTF-8")
}

/// Whether a signature has as many bytes as one by RSA may have.
pub(super) fn is_as_long_as_rsa(signature: &[u8]) -> bool {
    RSA.contains(&signature.len())
}

/// The bytes of a signature that is not one yet.
pub(super) fn blank(is_rsa: bool, mac: usize) -> Vec<u8> {
    vec![0; if is_rsa { *RSA.start() } else { mac }]
}

pub(super) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// That the id beside a security token is the one that signs.
pub(super) fn check_repeated_id(field: HeaderField<'_>, id: &str) -> Result<(), Malformed> {
    if field.name == ACCESS_KEY_ID && field.value != id.as_bytes() {
        return Err(Malformed::unreadable(ACCESS_KEY_ID, "it is not the AccessKey id of `Authorization`"));
    }
    Ok(())
}

/// A name that stands more than once: what is sorted does not tell which value came first.
pub(super) fn repeated_name(parameters: &Parameters<'_>) -> Option<Ambiguity> {
    let parameter = parameters.repeated()?;
    Some(Ambiguity::RepeatedName(String::from_utf8_lossy(parameter.name()).into_owned()))
}

/// Puts a header field on a request that is being signed, in place of any that is there.
pub(super) fn put(parts: &mut Parts, name: &'static str, text: &str) -> Result<(), Malformed> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Malformed::unreadable(name, "it holds a character that a header field cannot"))?;
    value.set_sensitive(name == SECURITY_TOKEN);
    parts.headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

/// Gives a request that is being signed another query.
pub(super) fn put_query(parts: &mut Parts, query: &str) -> Result<(), Malformed> {
    let target = format!("{}?{query}", parts.uri.path());
    let mut uri = parts.uri.clone().into_parts();
    let unreadable = || Malformed::unreadable("the query", "it holds a character that a target cannot");
    uri.path_and_query = Some(PathAndQuery::try_from(target).map_err(|_| unreadable())?);
    parts.uri = http::Uri::from_parts(uri).map_err(|_| unreadable())?;
    Ok(())
}
