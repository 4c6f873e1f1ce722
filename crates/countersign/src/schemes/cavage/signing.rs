//! The signing side: what clients of the plugins add to a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{AUTHORIZATION, DATE};
use http::request::Parts;
use http::{HeaderName, HeaderValue};

use super::{DIGEST, Plugin};
use crate::crypto::sha256;
use crate::key::{AccessKeyId, Algorithm, Signature};
use crate::refusal::Malformed;
use crate::scheme::SignOptions;

/// Adds `Date`, the digest of a body, and an `Authorization` whose signature is still blank.
pub(in crate::schemes) fn prepare(
    plugin: &Plugin,
    parts: &mut Parts,
    body: &[u8],
    id: &AccessKeyId,
    options: &SignOptions,
) -> Result<(), Malformed> {
    if options.presign.is_some() {
        return Err(Malformed::unreadable(
            "presign",
            "this scheme has no presigned URLs: sign in header fields",
        ));
    }
    let algorithm = options.algorithm.unwrap_or(Algorithm::HMAC_SHA256);
    let known = plugin.algorithms.iter().find(|(_, known)| *known == algorithm);
    let (name, algorithm) = known.ok_or_else(|| Malformed::UnknownAlgorithm(algorithm.name().to_owned()))?;

    put(parts, DATE, &options.now.http_date())?;
    let mut listed = plugin.listed.to_owned();
    if !body.is_empty() {
        put(parts, DIGEST, &format!("SHA-256={}", BASE64.encode(sha256(body))))?;
    }
    if parts.headers.contains_key(DIGEST) {
        listed.push_str(" digest");
    }
    let Plugin { words, id: id_name, between, .. } = plugin;
    let word = words.first().copied().unwrap_or_default();
    let length = match algorithm {
        Algorithm::Hmac(hash) => hash.output_length(),
        _ => 0,
    };
    let blank = BASE64.encode(Signature::from_elem(0, length));
    let authorization = format!(
        r#"{word}{id_name}="{id}"{between}algorithm="{name}"{between}headers="{listed}"{between}signature="{blank}""#
    );
    put(parts, AUTHORIZATION, &authorization)
}

/// Puts the signature in the place of the blank one.
pub(in crate::schemes) fn attach(parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed> {
    let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let before = authorization.and_then(|text| text.rsplit_once("signature=\"")).map(|(before, _)| before);
    let before = before.ok_or(Malformed::Missing("Authorization"))?;
    let authorization = format!(r#"{before}signature="{}""#, BASE64.encode(signature));
    put(parts, AUTHORIZATION, &authorization)
}

fn put(parts: &mut Parts, name: HeaderName, text: &str) -> Result<(), Malformed> {
    let value = HeaderValue::from_str(text).map_err(|_| {
        Malformed::unreadable(name.as_str(), "it would hold a character that a header field cannot")
    })?;
    parts.headers.insert(name, value);
    Ok(())
}
