//! What the client signs, read and verified by the core.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod middleware;
mod schemes;

use countersign::crypto::HmacSha1;
use countersign::{
    AccessKeyId, AccessKeySecret, Body, Credential, Key, Place, Proven, Readings, Request, Scheme, Timestamp,
    fresh, verify,
};
use http::request::Parts;

pub(crate) const SECRET: &str = "the secret of a client";

pub(crate) fn credential() -> Credential {
    Credential { id: AccessKeyId::new("CSAK1").unwrap(), secret: AccessKeySecret::new(SECRET) }
}

pub(crate) fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap()
}

/// The verdict of the core on a request as it is sent: by which scheme it was read, and what was proven.
pub(crate) fn judge(
    parts: &Parts,
    body: &[u8],
    key: Key<'_>,
    secure: bool,
) -> Result<&'static dyn Scheme, String> {
    let target = parts.uri.path_and_query().unwrap().as_str();
    let request = Request::new(parts.method.as_str(), target, &parts.headers, Body::Whole(body));
    let (scheme, claim) = countersign::schemes::read(&request).ok_or("it bears no marks")?;
    let claim = claim.map_err(|error| error.to_string())?;
    fresh(claim, now(), std::time::Duration::from_secs(900)).map_err(|refusal| refusal.to_string())?;
    let place = Place { secure, ..Place::default() };
    let readings = Readings::Preserving { and: &[] };
    let proven: Proven<'_, '_> =
        verify(scheme, place, &request, claim, key, readings).map_err(|refusal| format!("{refusal:?}"))?;
    if !proven.reading().is_strict() {
        return Err(format!("it verifies as {} only", proven.reading().name));
    }
    if !proven.claim().payload.matches(body) {
        return Err("the body does not match".to_owned());
    }
    Ok(scheme)
}

pub(crate) fn judge_by_secret(
    parts: &Parts,
    body: &[u8],
    secret: &str,
) -> Result<&'static dyn Scheme, String> {
    let hmac_sha1 = HmacSha1::new(secret.as_bytes());
    let secure = parts.uri.scheme_str() == Some("https");
    judge(parts, body, Key::secret(secret.as_bytes(), &hmac_sha1), secure)
}
