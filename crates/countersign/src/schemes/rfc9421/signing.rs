//! The signing side: what a client adds to a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{CONTENT_TYPE, HOST};
use http::request::Parts;
use http::{HeaderName, HeaderValue};

use super::{ALGORITHMS, CONTENT_DIGEST, SIGNATURE, SIGNATURE_INPUT};
use crate::crypto::sha256;
use crate::key::{AccessKeyId, Algorithm};
use crate::refusal::Malformed;
use crate::scheme::SignOptions;

const LABEL: &str = "sig1";

/// Adds `Host` where the target names it, the digest of a body, and the two fields of the signature, which is still
/// blank. It covers the method, the authority, path and query, the digest, and the type of the content.
pub(super) fn prepare(
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
    let name = ALGORITHMS.iter().find(|(_, known)| *known == algorithm).map(|(name, _)| *name);
    let name = name.ok_or_else(|| Malformed::UnknownAlgorithm(algorithm.name().to_owned()))?;

    if !parts.headers.contains_key(HOST)
        && let Some(authority) = parts.uri.authority()
    {
        // Without a name and a password before the host.
        let host = authority.as_str().rsplit('@').next().unwrap_or_default().to_owned();
        put(parts, HOST, &host)?;
    }
    if !body.is_empty() {
        put(parts, CONTENT_DIGEST, &format!("sha-256=:{}:", BASE64.encode(sha256(body))))?;
    }
    let mut components = r#""@method" "@authority" "@path" "@query""#.to_owned();
    for name in [CONTENT_DIGEST, CONTENT_TYPE] {
        if parts.headers.contains_key(&name) {
            components.push_str(&format!(r#" "{name}""#));
        }
    }
    let mut input = format!("{LABEL}=({components});created={}", options.now.unix_seconds());
    if let Some(nonce) = &options.nonce {
        let nonce = nonce.replace('\\', r"\\").replace('"', "\\\"");
        input.push_str(&format!(r#";nonce="{nonce}""#));
    }
    input.push_str(&format!(r#";keyid="{id}";alg="{name}""#));
    put(parts, SIGNATURE_INPUT, &input)?;
    // As long as the shortest that the algorithm gives.
    let length = match algorithm {
        Algorithm::Hmac(_) => 32,
        Algorithm::Ed25519 | Algorithm::EcdsaP256Sha256 => 64,
        _ => 256,
    };
    attach(parts, &vec![0; length])
}

/// Puts the signature in its field.
pub(super) fn attach(parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed> {
    put(parts, SIGNATURE, &format!("{LABEL}=:{}:", BASE64.encode(signature)))
}

fn put(parts: &mut Parts, name: HeaderName, text: &str) -> Result<(), Malformed> {
    let value = HeaderValue::from_str(text).map_err(|_| {
        Malformed::unreadable(name.as_str(), "it would hold a character that a header field cannot")
    })?;
    parts.headers.insert(name, value);
    Ok(())
}
