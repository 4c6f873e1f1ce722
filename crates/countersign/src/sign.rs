//! Putting a signature on a request.

use http::request::Parts;

use crate::crypto::HmacSha1;
use crate::key::{AccessKeyId, AccessKeySecret, Key, Signature};
use crate::refusal::Malformed;
use crate::request::{Body, Request};
use crate::scheme::{Scheme, SignOptions, StringToSign};

/// An AccessKey in the hands of its owner, ready to sign with.
#[derive(Clone, Debug)]
pub struct Credential {
    pub id: AccessKeyId,
    pub secret: AccessKeySecret,
}

/// Signs a request. `base` is the path of the endpoint that it goes to, such as `/api`. On an error the request is as
/// it was.
///
/// The signature is made the way it will be verified: what stands in the request is read back and written down by the
/// same code, so a signer cannot disagree with its own verifier.
///
/// Returns the string to sign.
///
/// # Errors
///
/// [`Malformed`] where the request holds something that the scheme cannot sign.
pub fn sign(
    scheme: &dyn Scheme,
    base: &str,
    parts: &mut Parts,
    body: &[u8],
    credential: &Credential,
    options: &SignOptions,
) -> Result<StringToSign, Malformed> {
    let mut signed = parts.clone();
    scheme.prepare(&mut signed, body, &credential.id, options)?;

    let (text, signature) = compute(scheme, base, &signed, body, credential)?;
    scheme.attach(&mut signed, &signature)?;
    *parts = signed;
    Ok(text)
}

fn compute(
    scheme: &dyn Scheme,
    base: &str,
    parts: &Parts,
    body: &[u8],
    credential: &Credential,
) -> Result<(StringToSign, Signature), Malformed> {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let request = Request::new(parts.method.as_str(), target, &parts.headers, Body::Whole(body));
    let claim = scheme.read(&request).ok_or(Malformed::Missing("Authorization"))??;
    let hmac_sha1 = HmacSha1::new(credential.secret.expose().as_bytes());
    let key = Key::Secret { secret: credential.secret.expose().as_bytes(), hmac_sha1: &hmac_sha1 };
    let keys = scheme.keys(key, &claim);
    let mut text = StringToSign::new();
    let strict = scheme.readings().iter().find(|reading| reading.is_strict());
    let written = strict.is_some_and(|strict| scheme.write(*strict, base, &request, &claim, &mut text));
    let Some(key) = keys.first().filter(|_| written) else {
        return Err(Malformed::unreadable("the path", "it does not begin with that of the endpoint"));
    };
    let signature = key.sign(text.as_bytes());
    Ok((text, signature))
}
