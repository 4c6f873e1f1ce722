//! The signing side of ACS3: the header fields that a client adds.

use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;

use super::{ALGORITHMS, DATE, DIGEST, DIGEST_SM3, HMAC_SM3, must_be_signed};
use crate::canonical::encode_hex;
use crate::crypto::Hash;
use crate::key::{AccessKeyId, Algorithm};
use crate::refusal::Malformed;
use crate::scheme::SignOptions;
use crate::schemes::acs::{NONCE, SECURITY_TOKEN, blank, put};

/// Adds what the clients add, and an `Authorization` whose signature is still blank.
pub(super) fn prepare(
    parts: &mut Parts,
    body: &[u8],
    id: &AccessKeyId,
    options: &SignOptions,
) -> Result<(), Malformed> {
    let algorithm = options.algorithm.unwrap_or(Algorithm::HMAC_SHA256);
    let known = ALGORITHMS.iter().find(|(_, known)| *known == algorithm);
    let (name, _) = known.ok_or_else(|| Malformed::UnknownAlgorithm(algorithm.name().to_owned()))?;
    let nonce = options.nonce.as_deref().ok_or(Malformed::Missing(NONCE))?;
    if !parts.headers.contains_key(HOST) {
        let authority = parts.uri.authority().ok_or(Malformed::Missing("Host"))?.to_string();
        put(parts, "host", &authority)?;
    }
    let hash = if algorithm == HMAC_SM3 { Hash::Sm3 } else { Hash::Sha256 };
    put(parts, DATE, &options.now.iso8601_seconds())?;
    put(parts, NONCE, nonce)?;
    parts.headers.remove(DIGEST_SM3);
    put(parts, DIGEST, &hex(&hash.digest(body)))?;
    parts.headers.remove(SECURITY_TOKEN);
    if let Some(token) = &options.security_token {
        put(parts, SECURITY_TOKEN, token)?;
    }
    let mut names: Vec<&str> = parts.headers.keys().map(|name| name.as_str()).collect();
    names.retain(|name| must_be_signed(name));
    names.sort_unstable();
    let names = names.join(";");
    let blank = hex(&blank(algorithm.public_key_kind().is_some(), 32));
    let text = format!("{name} Credential={id},SignedHeaders={names},Signature={blank}");
    put(parts, "authorization", &text)
}

/// Puts the signature where the blank one stands.
pub(super) fn attach(parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed> {
    let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (before, _) = authorization
        .and_then(|value| value.rsplit_once("Signature="))
        .ok_or(Malformed::Missing("Authorization"))?;
    let text = format!("{before}Signature={}", hex(signature));
    put(parts, "authorization", &text)
}

fn hex(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    encode_hex(bytes, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
