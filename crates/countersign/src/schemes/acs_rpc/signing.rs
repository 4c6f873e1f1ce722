//! The signing side of the RPC scheme: the parameters that a client adds to a query.

use http::request::Parts;

use super::{HMAC_SHA1, RSA_SHA1, RSA_SHA256};
use crate::canonical::encode;
use crate::key::{AccessKeyId, Algorithm};
use crate::refusal::Malformed;
use crate::scheme::SignOptions;
use crate::schemes::acs::{base64, blank, put_query};

/// What signing adds, and takes away where it was there from before.
const ADDED: [&str; 8] = [
    "AccessKeyId",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureType",
    "SignatureVersion",
    "Timestamp",
    "SecurityToken",
    "Signature",
];

/// Adds the parameters of a signature to the query, and last a signature that is still blank.
pub(super) fn prepare(parts: &mut Parts, id: &AccessKeyId, options: &SignOptions) -> Result<(), Malformed> {
    let method = match options.algorithm {
        None | Some(Algorithm::HMAC_SHA1) => HMAC_SHA1,
        Some(Algorithm::RsaSha256) => RSA_SHA256,
        Some(Algorithm::RsaSha1) => RSA_SHA1,
        Some(other) => return Err(Malformed::UnknownAlgorithm(other.name().to_owned())),
    };
    let is_rsa = method != HMAC_SHA1;
    let nonce = options.nonce.as_deref().ok_or(Malformed::Missing("SignatureNonce"))?;
    let now = options.now.iso8601_seconds();
    let mut query = String::new();
    for part in parts.uri.query().unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
        let name = part.split('=').next().unwrap_or_default();
        if !ADDED.contains(&name) {
            query.push_str(part);
            query.push('&');
        }
    }
    let added = [
        ("AccessKeyId", Some(id.as_str())),
        ("SignatureMethod", Some(method)),
        ("SignatureVersion", Some("1.0")),
        ("SignatureType", is_rsa.then_some("PRIVATEKEY")),
        ("SignatureNonce", Some(nonce)),
        ("Timestamp", Some(&now)),
        ("SecurityToken", options.security_token.as_deref()),
        ("Signature", Some(&base64(&blank(is_rsa, 20)))),
    ];
    for (name, value) in added.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
        query.push_str(name);
        query.push('=');
        query.push_str(&encoded(value));
        query.push('&');
    }
    put_query(parts, query.trim_end_matches('&'))
}

/// Puts the signature where the blank one stands.
pub(super) fn attach(parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed> {
    let query = parts.uri.query().and_then(|query| query.rsplit_once("&Signature="));
    let (before, _) = query.ok_or(Malformed::Missing("Signature"))?;
    let query = format!("{before}&Signature={}", encoded(&base64(signature)));
    put_query(parts, &query)
}

fn encoded(text: &str) -> String {
    let mut out = Vec::new();
    encode(text.as_bytes(), b"", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
