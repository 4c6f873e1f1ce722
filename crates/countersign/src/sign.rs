//! Putting a signature on a request.

use http::request::Parts;

use crate::crypto::{HmacSha1, PrivateKey};
use crate::key::{AccessKeyId, AccessKeySecret, Key, Signature};
use crate::refusal::Malformed;
use crate::request::{Body, Request};
use crate::scheme::{Place, ReadError, Scheme, SignOptions, StringToSign};

/// An AccessKey in the hands of its owner, ready to sign with.
#[derive(Clone, Debug)]
pub struct Credential {
    pub id: AccessKeyId,
    /// The secret, or the private half of a pair of keys in PEM: an algorithm that wants one takes it for that.
    pub secret: AccessKeySecret,
}

/// Signs a request, for the place that it goes to. On an error the request is as it was.
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
    place: Place<'_>,
    parts: &mut Parts,
    body: &[u8],
    credential: &Credential,
    options: &SignOptions,
) -> Result<StringToSign, Malformed> {
    let mut signed = parts.clone();
    scheme.prepare(&mut signed, body, &credential.id, options)?;

    let (text, signature) = compute(scheme, place, &signed, body, credential)?;
    scheme.attach(&mut signed, &signature)?;
    *parts = signed;
    Ok(text)
}

fn compute(
    scheme: &dyn Scheme,
    place: Place<'_>,
    parts: &Parts,
    body: &[u8],
    credential: &Credential,
) -> Result<(StringToSign, Signature), Malformed> {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let request = Request::new(parts.method.as_str(), target, &parts.headers, Body::Whole(body));
    let claim = match scheme.read(&request) {
        Ok(claim) => claim,
        Err(ReadError::Malformed(malformed)) => return Err(malformed),
        // It is in hand.
        Err(ReadError::NeedsBody) => return Err(Malformed::Missing("the body")),
    };
    let secret = credential.secret.expose();
    let hmac_sha1 = HmacSha1::new(secret.as_bytes());
    let private = match claim.algorithm.public_key_kind() {
        None => None,
        Some(_) => Some(PrivateKey::from_pem(secret).map_err(|_| {
            Malformed::unreadable("the secret", "the algorithm needs a private key in PEM, and it is none")
        })?),
    };
    let key = private.as_ref().map_or_else(|| Key::secret(secret.as_bytes(), &hmac_sha1), Key::Private);
    let keys = scheme.keys(key, &claim);
    let mut text = StringToSign::new();
    let strict = scheme.readings().iter().find(|reading| reading.is_strict());
    let written = strict.is_some_and(|strict| scheme.write(*strict, place, &request, &claim, &mut text));
    if !written {
        return Err(Malformed::unreadable("the path", "it does not begin with that of the endpoint"));
    }
    let signature = keys.first().and_then(|key| key.sign(text.as_bytes()));
    let signature = signature.ok_or_else(|| {
        Malformed::unreadable("the secret", "it is not of a kind that this algorithm signs with here")
    })?;
    Ok((text, signature))
}
