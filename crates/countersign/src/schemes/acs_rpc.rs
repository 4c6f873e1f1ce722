//! Alibaba Cloud's RPC scheme (signature version 1.0): all stands in parameters, and so does the signature.
//!
//! ```text
//! GET /?Action=…&AccessKeyId=…&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce=…&Timestamp=…&Signature=…
//! ```
//!
//! Parameters are those of the query and, where the body is a form, those of the form: clients put any of them in
//! either. The string to sign is
//!
//! ```text
//! METHOD & %2F & encoded( name=value & name=value … )
//! ```
//!
//! with names and values encoded, sorted by name, without `Signature`. The key of HMAC-SHA1 is the secret with `&`
//! behind it. `SHA256withRSA` signs the same string with a private key; so does `SHA1withRSA`, which is an extension of
//! Countersign's own. Not covered: `Host`, every header field, and a body that is no form. The path is always `/`.
//!
//! Sources: *Signature mechanism* of Alibaba Cloud's RAM documentation; aliyun-python-sdk-core
//! `auth/composer/rpc_signature_composer.py` and `auth/algorithm/sha_hmac256.py`; `@alicloud/pop-core` `lib/rpc.js`;
//! the Java SDK's `KeyPairCredentials`.

mod signing;

use http::request::Parts;
use smallvec::{SmallVec, smallvec};
use zeroize::Zeroizing;

use super::acs::{
    MOST_PARAMETERS, has_form, is_as_long_as_rsa, parameter_text, read_nonce, read_time, repeated_name,
};
use crate::buffer::Padded;
use crate::canonical::{Parameter, Parameters, decode_base64};
use crate::claim::{Claim, Covered, Lifetime, Payload};
use crate::crypto::Hash;
use crate::dialects::Dialect;
use crate::key::{AccessKeyId, Algorithm, Key, Signature, SigningKey, SigningKeys};
use crate::refusal::{Ambiguity, Malformed};
use crate::request::{Body, Request};
use crate::scheme::{Marks, Place, ReadError, Reading, Scheme, SignOptions, StringToSign};

const HMAC_SHA1: &str = "HMAC-SHA1";
const RSA_SHA256: &str = "SHA256withRSA";
const RSA_SHA1: &str = "SHA1withRSA";
const BEARER: &str = "BEARERTOKEN";

const READINGS: [Reading; 1] = [Reading { name: "strict", client: None, preserves: true, number: 0 }];

/// See the module.
#[derive(Debug)]
pub(super) struct AcsRpc;

impl Scheme for AcsRpc {
    fn name(&self) -> &'static str {
        "acs-rpc"
    }

    fn dialect(&self) -> Dialect {
        Dialect::Acs
    }

    /// A query that is signed so bears the marks wherever it goes, so that it is told what is wrong with that. A form may
    /// hold the signature too, which only its body tells.
    fn is_borne(&self, marks: &Marks<'_, '_>) -> bool {
        let request = marks.request();
        let in_query = request.has_parameter("Signature") && !request.has_parameter("OSSAccessKeyId");
        if in_query && (request.has_parameter("AccessKeyId") || request.has_parameter("SignatureNonce")) {
            return true;
        }
        let may_be = request.path() == "/" && !marks.has_authorization();
        may_be
            && (in_query
                || request.has_parameter("BearerToken")
                // Twice is for `read` to refuse.
                || (request.method() == "POST" && has_form(request).unwrap_or(true)))
    }

    fn read<'r>(&self, request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
        if request.authorization().is_some() {
            return Err(Malformed::TwoSignatures.into());
        }
        if request.path() != "/" {
            let why =
                "a request that is signed in its parameters goes to `/`, for they are all that is signed";
            return Err(Malformed::unreadable("the path", why).into());
        }
        let payload = if has_form(request)? { Payload::Form } else { Payload::Uncovered };
        if payload == Payload::Form && matches!(request.body(), Body::Unread) {
            return Err(ReadError::NeedsBody);
        }
        let parameters = parameters(request, &payload);
        if parameters.len() > MOST_PARAMETERS || parameters.is_cut() {
            return Err(Malformed::unreadable("the query", "it has more than 1000 parameters").into());
        }
        read_claim(parameters, payload)
    }

    fn readings(&self) -> &'static [Reading] {
        &READINGS
    }

    fn write(
        &self,
        _: Reading,
        _: Place<'_>,
        request: &Request<'_>,
        claim: &Claim<'_>,
        out: &mut StringToSign,
    ) -> bool {
        out.push(request.method().as_bytes());
        static FIRST: Padded = Padded::new(b"&%2F&");
        static NEXT: Padded = Padded::new(b"%26");
        let parameters = parameters(request, &claim.payload);
        let signature = parameters.last("Signature");
        let is_signed = |parameter: &Parameter<'_, '_>| !signature.is_some_and(|it| it.is(parameter));
        let mut separator = &FIRST;
        for parameter in parameters.sorted().filter(is_signed) {
            parameter.encode_twice(separator, out);
            separator = &NEXT;
        }
        true
    }

    fn keys(&self, key: Key<'_>, claim: &Claim<'_>) -> SigningKeys {
        if claim.algorithm != Algorithm::HMAC_SHA1 {
            return key.plain(claim.algorithm);
        }
        let Some(secret) = key.secret_bytes() else { return SigningKeys::new() };
        // Reserved whole, so that no half-written copy is left behind by a growing buffer.
        let mut with_end = Zeroizing::new(Vec::with_capacity(secret.len() + 1));
        with_end.extend_from_slice(secret);
        with_end.push(b'&');
        smallvec![SigningKey::hmac(Hash::Sha1, &with_end)]
    }

    fn keeps_keys(&self, claim: &Claim<'_>) -> bool {
        claim.algorithm == Algorithm::HMAC_SHA1
    }

    fn ambiguity(&self, _: Place<'_>, request: &Request<'_>, claim: &Claim<'_>) -> Option<Ambiguity> {
        repeated_name(parameters(request, &claim.payload))
    }

    fn line_name(&self, _: usize, _: &str) -> &'static str {
        "method and parameters"
    }

    fn prepare(
        &self,
        parts: &mut Parts,
        _: &[u8],
        id: &AccessKeyId,
        options: &SignOptions,
    ) -> Result<(), Malformed> {
        signing::prepare(parts, id, options)
    }

    fn attach(&self, parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed> {
        signing::attach(parts, signature)
    }
}

/// The parameters that are signed.
fn parameters<'a, 'r>(request: &'a Request<'r>, payload: &Payload) -> &'a Parameters<'r> {
    match payload {
        Payload::Form => request.parameters_with_form(),
        _ => request.parameters(),
    }
}

/// The parameters that every API has. Each may stand once, in the query or in the form.
const OF_EVERY_API: [&str; 12] = [
    "AccessKeyId",
    "Action",
    "BearerToken",
    "Format",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureType",
    "SignatureVersion",
    "Timestamp",
    "Version",
];

fn read_claim<'r>(parameters: &Parameters<'r>, payload: Payload) -> Result<Claim<'r>, ReadError> {
    if parameters.repeats()
        && let Some(name) = OF_EVERY_API.iter().find(|name| {
            parameters.iter().filter(|parameter| *parameter.name() == *name.as_bytes()).nth(1).is_some()
        })
    {
        return Err(Malformed::Repeated((*name).to_owned()).into());
    }
    let signature = parameters.last("Signature");
    let kind = parameters.last("SignatureType").map(|kind| kind.value()).unwrap_or_default();
    let bearer_token = parameters.last("BearerToken");
    if kind == BEARER.as_bytes() || (bearer_token.is_some() && signature.is_none()) {
        let why = "bearer tokens are not supported here: sign with an AccessKey";
        return Err(Malformed::unreadable("BearerToken", why).into());
    }
    let Some(signature) = signature else { return Err(Malformed::Missing("Signature").into()) };
    let id = parameter_text("AccessKeyId", required(parameters, "AccessKeyId")?)?;
    if AccessKeyId::check(&id).is_err() {
        return Err(Malformed::unreadable("AccessKeyId", "it holds characters that ids do not have").into());
    }
    let algorithm = read_method(required(parameters, "SignatureMethod")?.value(), kind)?;
    if required(parameters, "SignatureVersion")?.value() != b"1.0" {
        return Err(Malformed::unreadable("SignatureVersion", "it should read `1.0`").into());
    }
    let nonce = required(parameters, "SignatureNonce")?;
    let signed_at = read_time("Timestamp", required(parameters, "Timestamp")?.value())?;
    let security_token = parameters.last("SecurityToken");
    let security_token = security_token.map(|token| parameter_text("SecurityToken", token)).transpose()?;
    let mut unjudged = SmallVec::new();
    if security_token.is_some() {
        unjudged.push("SecurityToken");
    }
    if bearer_token.is_some() {
        unjudged.push("BearerToken");
    }
    Ok(Claim {
        access_key_id: id,
        algorithm,
        signed_at,
        lifetime: Lifetime::Window,
        nonce: Some(read_nonce("SignatureNonce", parameter_text("SignatureNonce", nonce)?)?),
        scope: None,
        security_token,
        user_agent: None,
        unjudged,
        covered: Covered {
            method: true,
            path: true,
            query: true,
            authority: false,
            time: true,
            by_choice: false,
            listed: None,
            headers: SmallVec::new(),
        },
        payload,
        signature: read_signature(signature.value(), algorithm)?,
    })
}

#[inline(always)]
fn required<'p, 'r>(
    parameters: &'p Parameters<'r>,
    name: &'static str,
) -> Result<Parameter<'p, 'r>, Malformed> {
    // Not `ok_or`, which would make the error first and drop it.
    let Some(parameter) = parameters.last(name) else { return Err(Malformed::Missing(name)) };
    Ok(parameter)
}

/// The algorithm that `SignatureMethod` names, where `SignatureType` agrees.
fn read_method(method: &[u8], kind: &[u8]) -> Result<Algorithm, Malformed> {
    let unknown = |name: &[u8]| Malformed::UnknownAlgorithm(String::from_utf8_lossy(name).into_owned());
    let algorithm = match method {
        b"HMAC-SHA1" => Algorithm::HMAC_SHA1,
        b"SHA256withRSA" => Algorithm::RsaSha256,
        b"SHA1withRSA" => Algorithm::RsaSha1,
        _ => return Err(unknown(method)),
    };
    match kind {
        b"" => Ok(algorithm),
        b"PRIVATEKEY" if algorithm != Algorithm::HMAC_SHA1 => Ok(algorithm),
        b"PRIVATEKEY" => {
            let why = "`PRIVATEKEY` goes with a `SignatureMethod` of RSA";
            Err(Malformed::unreadable("SignatureType", why))
        }
        _ => Err(unknown(kind)),
    }
}

fn read_signature(text: &[u8], algorithm: Algorithm) -> Result<Signature, Malformed> {
    let unreadable = |why| Malformed::unreadable("Signature", why);
    let signature = decode_base64(text).ok_or_else(|| {
        unreadable("it is not base 64; where it stands in a query, `+` is written as `%2B`")
    })?;
    let (fits, why) = match algorithm {
        Algorithm::HMAC_SHA1 => {
            (signature.len() == 20, "it is not one of HMAC-SHA1: it should have 20 bytes")
        }
        _ => (is_as_long_as_rsa(&signature), "it is not one of RSA: it should have 256 to 1024 bytes"),
    };
    if fits { Ok(signature) } else { Err(unreadable(why)) }
}
