//! Putting a signature on a request.

use http::request::Parts;

use crate::chunks::ChunkSigner;
use crate::claim::{Claim, Payload};
use crate::crypto::{HmacSha1, PrivateKey};
use crate::key::{AccessKeyId, AccessKeySecret, Key, Signature, SigningKeys};
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

    let (text, signature) = compute(scheme, place, &signed, body, credential, options)?;
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
    options: &SignOptions,
) -> Result<(StringToSign, Signature), Malformed> {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let request = Request::new(parts.method.as_str(), target, &parts.headers, Body::Whole(body));
    let claim = read(scheme, &request)?;
    // A scheme that has but one takes no notice, and would take a private key for a shared secret.
    if let Some(other) = options.algorithm.filter(|algorithm| *algorithm != claim.algorithm) {
        return Err(Malformed::UnknownAlgorithm(other.name().to_owned()));
    }
    let keys = keys(scheme, &claim, credential)?;
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

/// What signs the chunks of a body, for a request that is signed and announces them: by SigV4, with an
/// `x-amz-content-sha256` of `STREAMING-AWS4-HMAC-SHA256-PAYLOAD` or `STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER` that was
/// there before it was signed.
///
/// # Errors
///
/// [`Malformed`] where the request is not signed by this scheme, or announces no signed chunks.
pub fn sign_chunks(
    scheme: &dyn Scheme,
    parts: &Parts,
    credential: &Credential,
) -> Result<ChunkSigner, Malformed> {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let request = Request::new(parts.method.as_str(), target, &parts.headers, Body::Unread);
    let claim = read(scheme, &request)?;
    let keys = keys(scheme, &claim, credential)?;
    match (claim.payload, keys.into_iter().next()) {
        (Payload::Chunks(chunks), Some(key)) => Ok(ChunkSigner::new(*chunks, key)),
        _ => Err(Malformed::unreadable("the request", "it announces no signed chunks")),
    }
}

fn read<'r>(scheme: &dyn Scheme, request: &Request<'r>) -> Result<Claim<'r>, Malformed> {
    match scheme.read(request) {
        Ok(claim) => Ok(claim),
        Err(ReadError::Malformed(malformed)) => Err(malformed),
        Err(ReadError::NeedsBody) => Err(Malformed::Missing("the body")),
    }
}

/// The keys that a credential signs this claim with.
fn keys(scheme: &dyn Scheme, claim: &Claim<'_>, credential: &Credential) -> Result<SigningKeys, Malformed> {
    let secret = credential.secret.expose();
    let hmac_sha1 = HmacSha1::new(secret.as_bytes());
    let private = match claim.algorithm.public_key_kind() {
        None => None,
        Some(_) => Some(PrivateKey::from_pem(secret).map_err(|_| {
            Malformed::unreadable("the secret", "the algorithm needs a private key in PEM, and it is none")
        })?),
    };
    let key = private.as_ref().map_or_else(|| Key::secret(secret.as_bytes(), &hmac_sha1), Key::Private);
    Ok(scheme.keys(key, claim))
}
