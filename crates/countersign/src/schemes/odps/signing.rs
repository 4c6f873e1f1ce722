//! The signing side of ODPS: what a client adds to a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderValue;
use http::header::{AUTHORIZATION, DATE};
use http::request::Parts;

use super::{RSA, SECURITY_TOKEN, unreadable};
use crate::key::{AccessKeyId, Algorithm};
use crate::refusal::Malformed;
use crate::scheme::SignOptions;

/// Adds `Date`, the security token if there is one, and an `Authorization` whose signature is still blank.
pub(super) fn prepare(parts: &mut Parts, id: &AccessKeyId, options: &SignOptions) -> Result<(), Malformed> {
    let by_rsa = match options.algorithm {
        None | Some(Algorithm::HMAC_SHA1) => None,
        Some(other) => match RSA.iter().find(|(_, algorithm)| *algorithm == other) {
            Some((name, _)) => Some(*name),
            None => return Err(Malformed::UnknownAlgorithm(other.name().to_owned())),
        },
    };
    let date = options.now.http_date();
    let credential = match &options.region {
        // A private key is not derived for a region.
        _ if by_rsa.is_some() => id.to_string(),
        None => id.to_string(),
        Some(region) => {
            let day = options.now.scope_date();
            format!("{id}/{day}/{region}/odps/{}_v4_request", options.corporation)
        }
    };
    parts.headers.insert(DATE, value("Date", &date)?);
    if let Some(token) = &options.security_token {
        let mut token = value("authorization-sts-token", token)?;
        token.set_sensitive(true);
        parts.headers.insert(SECURITY_TOKEN, token);
    }
    // As many bytes as the shortest key of RSA signs with.
    let blank: &[u8] = if by_rsa.is_some() { &[0; 256] } else { &[0; 20] };
    put(parts, &format!("{} {credential}", by_rsa.unwrap_or("ODPS")), blank)
}

/// Puts the signature behind the credential that is there.
pub(super) fn attach(parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed> {
    let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential = authorization
        .and_then(|value| value.rsplit_once(':'))
        .map(|(credential, _)| credential.to_owned())
        .ok_or(Malformed::Missing("Authorization"))?;
    put(parts, &credential, signature)
}

fn put(parts: &mut Parts, before: &str, signature: &[u8]) -> Result<(), Malformed> {
    let authorization = format!("{before}:{}", BASE64.encode(signature));
    let authorization = HeaderValue::from_str(&authorization).map_err(|_| {
        unreadable("the region or the corporation holds a character that a header field cannot")
    })?;
    parts.headers.insert(AUTHORIZATION, authorization);
    Ok(())
}

fn value(name: &'static str, text: &str) -> Result<HeaderValue, Malformed> {
    HeaderValue::from_str(text)
        .map_err(|_| Malformed::unreadable(name, "it holds a character that a header field cannot"))
}
