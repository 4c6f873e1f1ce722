//! Alibaba Cloud's newest scheme for its management APIs (ACS3, signature version 3).
//!
//! ```text
//! Authorization: ACS3-HMAC-SHA256 Credential=<AccessKey id>,SignedHeaders=<name>;<name>,Signature=<hexadecimal>
//! ```
//!
//! The string to sign is the name of the algorithm and, in the next line, the hash of the canonical request:
//!
//! ```text
//! METHOD \n path \n name=value&name=value \n { name:value \n }* \n name;name \n hash of the body
//! ```
//!
//! The path is as it was sent; parameters are encoded and sorted by name, with `=` behind an empty value too. The key is
//! the secret itself. `ACS3-HMAC-SM3` hashes all by SM3; `ACS3-RSA-SHA256` signs with a private key (RSASSA-PKCS1-v1_5).
//!
//! The signer lists what it signs. All clients sign `host`, every `x-acs-` field, and `content-type` where there is one,
//! so all of these are demanded: unsigned, `x-acs-action` could be added to a captured request. The digest of the body
//! is one of them.
//!
//! Sources: *Request structure and signature* (version 3) of Alibaba Cloud's SDK documentation; alibabacloud-tea-openapi
//! `utils.py`; `@alicloud/openapi-client` and `@alicloud/openapi-util`.

mod canonical;
mod signing;

use std::borrow::Cow;

use http::header::{AUTHORIZATION, HeaderMap};
use http::request::Parts;
use smallvec::SmallVec;

use self::canonical::{may_be_raw, write_request};
use super::acs::{
    ACCESS_KEY_ID, BEARER_TOKEN, NONCE, SECURITY_TOKEN, SIGNED_PREFIX, check_repeated_id, is_as_long_as_rsa,
    is_signed_twice, read_nonce, read_time, repeated_name, text,
};
use crate::canonical::{decode_hex, encode_hex};
use crate::claim::{Claim, Covered, HeaderField, Lifetime, Payload};
use crate::crypto::Hash;
use crate::dialects::Dialect;
use crate::key::{AccessKeyId, Algorithm, Key, Signature, SigningKeys};
use crate::refusal::{Ambiguity, Malformed};
use crate::request::Request;
use crate::scheme::{Marks, Place, ReadError, Reading, Scheme, SignOptions, StringToSign};

const HMAC_SM3: Algorithm = Algorithm::Hmac(Hash::Sm3);
const ALGORITHMS: [(&str, Algorithm); 3] = [
    ("ACS3-HMAC-SHA256", Algorithm::HMAC_SHA256),
    ("ACS3-HMAC-SM3", HMAC_SM3),
    ("ACS3-RSA-SHA256", Algorithm::RsaSha256),
];
const DATE: &str = "x-acs-date";
const DIGEST: &str = "x-acs-content-sha256";
/// Where Java puts the digest of `ACS3-HMAC-SM3`. Others put it into [`DIGEST`].
const DIGEST_SM3: &str = "x-acs-content-sm3";

/// Python, Node and Go do not encode the names of parameters.
const READINGS: [Reading; 2] = [
    Reading { name: "strict", client: None, preserves: true, number: 0 },
    Reading { name: "raw-query-keys", client: Some("AlibabaCloud ("), preserves: true, number: 1 },
];

/// See the module.
#[derive(Debug)]
pub(super) struct Acs3;

impl Scheme for Acs3 {
    fn name(&self) -> &'static str {
        "acs3"
    }

    fn dialect(&self) -> Dialect {
        Dialect::Acs3
    }

    fn is_borne(&self, marks: &Marks<'_, '_>) -> bool {
        marks.authorization("ACS3-")
    }

    fn read<'r>(&self, request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
        read(request)
    }

    fn readings(&self) -> &'static [Reading] {
        &READINGS
    }

    fn write(
        &self,
        reading: Reading,
        _: Place<'_>,
        request: &Request<'_>,
        claim: &Claim<'_>,
        out: &mut StringToSign,
    ) -> bool {
        if !reading.is_strict() && !may_be_raw(request.parameters()) {
            return false;
        }
        let Some((name, _)) = ALGORITHMS.iter().find(|(_, algorithm)| *algorithm == claim.algorithm) else {
            return false;
        };
        write_request(reading, request, claim, out.canonical_request_mut());
        let hash = if claim.algorithm == HMAC_SM3 { Hash::Sm3 } else { Hash::Sha256 };
        let digest = hash.digest(out.canonical_request());
        out.push(name.as_bytes());
        out.push_byte(b'\n');
        encode_hex(&digest, out);
        true
    }

    fn keys(&self, key: Key<'_>, claim: &Claim<'_>) -> SigningKeys {
        key.plain(claim.algorithm)
    }

    /// A public key is taken as it is.
    fn keeps_keys(&self, claim: &Claim<'_>) -> bool {
        claim.algorithm.public_key_kind().is_none()
    }

    fn ambiguity(&self, _: Place<'_>, request: &Request<'_>, _: &Claim<'_>) -> Option<Ambiguity> {
        repeated_name(request.parameters())
    }

    fn line_name(&self, line: usize, _: &str) -> &'static str {
        if line == 0 { "algorithm" } else { "hash of the canonical request" }
    }

    fn canonical_line_name(&self, line: usize, text: &str) -> &'static str {
        match line {
            0 => "method",
            1 => "path",
            2 => "query",
            _ if text.is_empty() => "end of the header fields",
            _ if text.contains(':') => "header field",
            _ if text.contains(';') => "names of the signed header fields",
            _ => "digest of the body",
        }
    }

    fn prepare(
        &self,
        parts: &mut Parts,
        body: &[u8],
        id: &AccessKeyId,
        options: &SignOptions,
    ) -> Result<(), Malformed> {
        signing::prepare(parts, body, id, options)
    }

    fn attach(&self, parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed> {
        signing::attach(parts, signature)
    }
}

fn read<'r>(request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
    if is_signed_twice(request) {
        return Err(Malformed::TwoSignatures.into());
    }
    let authorization = Authorization::read(request.text_header(&AUTHORIZATION)?.unwrap_or_default())?;
    let id = authorization.credential;
    let (covered, user_agent) = signed_fields(request.headers(), authorization.names)?;
    let value = |name| {
        let place = covered.binary_search_by(|field: &HeaderField<'_>| field.name.cmp(name)).ok()?;
        covered.get(place).map(|field| field.value)
    };
    let required = |name| value(name).ok_or(Malformed::Missing(name));
    required("host")?;
    let date = required(DATE)?;
    let nonce = read_nonce(NONCE, text(NONCE, required(NONCE)?)?.into())?;

    let hash = if authorization.algorithm == HMAC_SM3 { Hash::Sm3 } else { Hash::Sha256 };
    if hash == Hash::Sm3 && value(DIGEST).is_some() && value(DIGEST_SM3).is_some() {
        let why = "it stands beside `x-acs-content-sha256`, and one of the two is the digest of the body";
        return Err(Malformed::unreadable(DIGEST_SM3, why).into());
    }
    let by_sm3 = value(DIGEST_SM3).filter(|_| hash == Hash::Sm3);
    let digest = by_sm3.or_else(|| value(DIGEST)).ok_or(Malformed::Missing(DIGEST))?;
    let digest = decode_hex(digest).filter(|digest| digest.len() == hash.output_length());
    if let Some(place) = covered.iter().find(|field| field.name == ACCESS_KEY_ID) {
        check_repeated_id(*place, id)?;
    }
    let security_token = value(SECURITY_TOKEN).map(|token| text(SECURITY_TOKEN, token)).transpose()?;
    let mut unjudged = SmallVec::new();
    unjudged.extend(security_token.is_some().then_some(SECURITY_TOKEN));
    unjudged.extend(value(BEARER_TOKEN).is_some().then_some(BEARER_TOKEN));
    Ok(Claim {
        access_key_id: id.into(),
        algorithm: authorization.algorithm,
        signed_at: read_time(DATE, date)?,
        lifetime: Lifetime::Window,
        nonce: Some(nonce),
        scope: None,
        security_token: security_token.map(Cow::Borrowed),
        user_agent,
        unjudged,
        payload: digest.map_or(Payload::Unreadable, |digest| Payload::Digest(hash, digest)),
        covered: Covered { by_choice: true, ..Covered::whole(covered) },
        signature: authorization.signature,
    })
}

/// What stands in `Authorization`.
struct Authorization<'r> {
    algorithm: Algorithm,
    credential: &'r str,
    names: &'r str,
    signature: Signature,
}

impl<'r> Authorization<'r> {
    /// Takes the three parts in any order: Java writes them in another one than the rest.
    fn read(text: &'r str) -> Result<Self, Malformed> {
        const FORM: &str = "it should read `ACS3-HMAC-SHA256 Credential=<AccessKey id>,SignedHeaders=<names>,Signature=<hexadecimal>`";
        let (name, rest) = text.split_once(' ').ok_or_else(|| unreadable(FORM))?;
        let known = ALGORITHMS.iter().find(|(known, _)| *known == name);
        let (_, algorithm) = known.ok_or_else(|| Malformed::UnknownAlgorithm(name.to_owned()))?;
        let (mut credential, mut names, mut signature) = (None, None, None);
        for part in rest.split(',') {
            let (name, value) = part.trim_matches(' ').split_once('=').ok_or_else(|| unreadable(FORM))?;
            let once = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut names,
                "Signature" => &mut signature,
                _ => return Err(unreadable(FORM)),
            };
            if once.replace(value).is_some() {
                return Err(Malformed::Repeated(name.to_owned()));
            }
        }
        let credential = credential.ok_or(Malformed::Missing("Credential"))?;
        if AccessKeyId::check(credential).is_err() {
            return Err(unreadable("the AccessKey id holds characters that ids do not have"));
        }
        let signature = decode_hex(signature.ok_or(Malformed::Missing("Signature"))?.as_bytes())
            .ok_or_else(|| unreadable("the signature is not hexadecimal in lower case"))?;
        let fits = match algorithm.public_key_kind() {
            None => signature.len() == 32,
            Some(_) => is_as_long_as_rsa(&signature),
        };
        if !fits {
            return Err(unreadable("the signature has not as many bytes as one of its algorithm"));
        }
        let names = names.ok_or(Malformed::Missing("SignedHeaders"))?;
        Ok(Self { algorithm: *algorithm, credential, names, signature })
    }
}

/// The header fields that are signed, sorted by name, and among them the user agent.
///
/// Each that is named is there once, and what must be signed is named.
#[allow(clippy::type_complexity, reason = "a pair that is taken apart at once")]
fn signed_fields<'r>(
    headers: &'r HeaderMap,
    names: &'r str,
) -> Result<(SmallVec<[HeaderField<'r>; 6]>, Option<&'r [u8]>), Malformed> {
    let mut fields: SmallVec<[(&str, Option<&'r [u8]>); 16]> = SmallVec::new();
    for name in names.split(';') {
        // Sorted, so that none is empty but the first, and none stands twice.
        if name.is_empty() || fields.last().is_some_and(|(before, _)| *before >= name) {
            return Err(unreadable(
                "`SignedHeaders` should be names in lower case, sorted, with `;` between them",
            ));
        }
        fields.push((name, None));
    }
    let mut user_agent = None;
    for (name, value) in headers {
        let (name, value) = (name.as_str(), value.as_bytes().trim_ascii());
        let place = fields.binary_search_by(|(other, _)| (*other).cmp(name));
        let Some((_, found)) = place.ok().and_then(|place| fields.get_mut(place)) else {
            if must_be_signed(name) {
                return Err(Malformed::NotSigned(name.to_owned()));
            }
            continue;
        };
        if found.replace(value).is_some() {
            return Err(Malformed::Repeated(name.to_owned()));
        }
        if name == "user-agent" {
            user_agent = Some(value);
        }
    }
    let absent =
        |name: &str| Malformed::unreadable(name, "`SignedHeaders` names it, and there is no such field");
    let fields: Result<_, _> = fields
        .into_iter()
        .map(|(name, value)| Ok(HeaderField { name, value: value.ok_or_else(|| absent(name))? }))
        .collect();
    Ok((fields?, user_agent))
}

fn must_be_signed(name: &str) -> bool {
    name.starts_with(SIGNED_PREFIX) || matches!(name, "host" | "content-type")
}

fn unreadable(why: &'static str) -> Malformed {
    Malformed::unreadable("Authorization", why)
}
