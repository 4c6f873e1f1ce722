//! HTTP Message Signatures (RFC 9421), and the digest of the content that they cover (RFC 9530).
//!
//! ```text
//! Signature-Input: sig1=("@method" "@authority" "@path" "@query");created=1792000000;keyid="CSAK1";alg="hmac-sha256"
//! Signature: sig1=:<base 64>:
//! ```
//!
//! The string to sign, which the RFC calls the signature base, has a line for each covered component, in the order in
//! which `Signature-Input` lists them, and a last line that repeats that list and its parameters:
//!
//! ```text
//! "@method": POST
//! "content-digest": sha-256=:…:
//! "@signature-params": ("@method" "content-digest");created=…;keyid="…"
//! ```
//!
//! The signer chooses what is covered, so what must be is the verifier's demand; [`Covered`] tells it exactly. `keyid` is
//! the AccessKey id. Stricter than the RFC, so that two readers of a request cannot take it for different ones:
//!
//! - A request has one signature. Of several, whoever acts on the request might go by another one than was verified.
//! - Both fields have the one spelling in which RFC 9651 serializes them: what is signed is then what was sent.
//! - `created` and `keyid` must be there, parameters that are not known here must not, and nothing stands twice.
//! - A covered field holds ASCII, and fields that have one value, such as `Host`, stand once.
//!
//! Not supported: the component parameters `sf`, `key`, `bs`, `tr` and `req`, ECDSA over P-384, and JWS algorithms. What
//! bears them is malformed.
//!
//! `alg` may be missing. A signature of 32 bytes is then one of `hmac-sha256`; one of 64 bytes is of Ed25519 or of ECDSA
//! over P-256, as the AccessKey's public key is; a longer one of `rsa-pss-sha512` (section 3.2, step 6). So RSA with
//! PKCS #1 v1.5 must be named. Shared secrets are handed about in base 64 in this scheme: where an AccessKey secret is
//! such text, what it stands for is tried too.

mod base;
mod digest;
mod input;
mod signing;
mod structured;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderName;
use http::request::Parts;
use smallvec::{SmallVec, smallvec};
use zeroize::Zeroizing;

use self::input::{Input, Part};
use self::structured::Reader;
use crate::canonical::Sink;
use crate::claim::{Claim, Covered, HeaderField, Lifetime, Payload};
use crate::crypto::{Hash, PublicKeyKind};
use crate::dialects::Dialect;
use crate::key::{AccessKeyId, Algorithm, Key, Signature, SigningKey, SigningKeys};
use crate::refusal::{Ambiguity, Malformed};
use crate::request::Request;
use crate::scheme::{Marks, Place, ReadError, Reading, Scheme, SignOptions, StringToSign};
use crate::time::Timestamp;

const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
const SIGNATURE: HeaderName = HeaderName::from_static("signature");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// The algorithms that are known here, by their names in the registry of section 6.2.
const ALGORITHMS: [(&str, Algorithm); 5] = [
    ("hmac-sha256", Algorithm::HMAC_SHA256),
    ("ed25519", Algorithm::Ed25519),
    ("ecdsa-p256-sha256", Algorithm::EcdsaP256Sha256),
    ("rsa-pss-sha512", Algorithm::RsaPssSha512),
    ("rsa-v1_5-sha256", Algorithm::RsaSha256),
];

const READINGS: [Reading; 1] = [Reading { name: "strict", client: None, preserves: true, number: 0 }];

/// See the module.
#[derive(Debug)]
pub(super) struct Rfc9421;

impl Scheme for Rfc9421 {
    fn name(&self) -> &'static str {
        "rfc9421"
    }

    fn dialect(&self) -> Dialect {
        Dialect::MessageSignatures
    }

    fn is_borne(&self, marks: &Marks<'_, '_>) -> bool {
        marks.has_field(&SIGNATURE_INPUT)
    }

    fn read<'r>(&self, request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
        read(request)
    }

    fn readings(&self) -> &'static [Reading] {
        &READINGS
    }

    fn write(
        &self,
        _: Reading,
        place: Place<'_>,
        request: &Request<'_>,
        _: &Claim<'_>,
        out: &mut StringToSign,
    ) -> bool {
        // What was read can be written.
        Input::of(request).and_then(|input| base::write(&input, place, request, out)).is_ok()
    }

    fn keys(&self, key: Key<'_>, claim: &Claim<'_>) -> SigningKeys {
        match (key, claim.algorithm) {
            (Key::Secret(key), Algorithm::HMAC_SHA256) => secrets(key.secret),
            (Key::Public(public), Algorithm::Ed25519OrEcdsaP256) => key.plain(either(public.kind())),
            (key, algorithm) => key.plain(algorithm),
        }
    }

    fn ambiguity(&self, _: Place<'_>, _: &Request<'_>, _: &Claim<'_>) -> Option<Ambiguity> {
        // Nothing is decoded but single parameters of the query, and those are written in one way again.
        None
    }

    fn line_name(&self, _: usize, text: &str) -> &'static str {
        base::line_name(text)
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

/// The algorithm of a key, where its kind settles it and the signature did not.
fn either(kind: PublicKeyKind) -> Algorithm {
    match kind {
        PublicKeyKind::EcdsaP256 => Algorithm::EcdsaP256Sha256,
        // An RSA key proves no signature of 64 bytes, by whatever algorithm.
        PublicKeyKind::Ed25519 | PublicKeyKind::Rsa => Algorithm::Ed25519,
    }
}

/// A secret as it is, and what it stands for in base 64. Where it is none there are still two, so that the time that a
/// refusal takes tells nothing of the secret.
fn secrets(secret: &[u8]) -> SigningKeys {
    let decoded = BASE64.decode(secret).ok().filter(|decoded| !decoded.is_empty()).map(Zeroizing::new);
    let second = decoded.as_deref().map_or(secret, Vec::as_slice);
    smallvec![SigningKey::hmac(Hash::Sha256, secret), SigningKey::hmac(Hash::Sha256, second)]
}

fn read<'r>(request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
    request.check_line()?;
    let input = Input::of(request)?;
    let signature = read_signature(request, input.label)?;
    let algorithm = algorithm(input.alg, signature.len())?;
    let access_key_id = input.keyid.ok_or(Malformed::Missing("keyid"))?;
    if AccessKeyId::check(access_key_id).is_err() {
        return Err(unreadable("`keyid` holds characters that AccessKey ids do not have").into());
    }
    let created = input.created.ok_or(Malformed::Missing("created"))?;
    // Whatever cannot be written is malformed.
    base::write(&input, Place::default(), request, &mut Nothing)?;

    let covered = covered(&input, request);
    let digest_is_covered = covered.headers.iter().any(|field| field.name == CONTENT_DIGEST.as_str());
    let digests = request.headers().get_all(CONTENT_DIGEST).iter().map(|value| value.as_bytes());
    Ok(Claim {
        access_key_id: access_key_id.into(),
        algorithm,
        signed_at: at(created),
        lifetime: input.expires.map_or(Lifetime::Window, |expires| Lifetime::WindowUntil(at(expires))),
        nonce: input.nonce.map(structured::unescaped),
        scope: None,
        security_token: None,
        user_agent: covered.headers.iter().find(|field| field.name == "user-agent").map(|field| field.value),
        unjudged: SmallVec::new(),
        payload: if digest_is_covered { digest::read(digests) } else { Payload::Uncovered },
        covered,
        signature,
    })
}

/// The instant so many seconds after 1970.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis(seconds.saturating_mul(1000))
}

/// Reads the signature behind the label that its input has.
fn read_signature(request: &Request<'_>, label: &str) -> Result<Signature, Malformed> {
    let unreadable = |why| Malformed::unreadable("Signature", why);
    let value = request.header(&SIGNATURE)?.ok_or(Malformed::Missing("Signature"))?;
    let mut reader = Reader::of(value).ok_or_else(|| unreadable("it is not ASCII"))?;
    if reader.key() != Some(label) || !reader.eat("=") {
        return Err(unreadable("it has another label than `Signature-Input`"));
    }
    let signature =
        reader.bytes().ok_or_else(|| unreadable("it should read `label=:base 64:`, with padding"))?;
    match reader.is_at_end() {
        true => Ok(signature),
        false => Err(unreadable("there is more in it than one signature: sign once, and leave the rest out")),
    }
}

/// The algorithm that is named, or that a signature of this length must be of.
fn algorithm(named: Option<&str>, length: usize) -> Result<Algorithm, Malformed> {
    let Some(name) = named else {
        return match length {
            32 => Ok(Algorithm::HMAC_SHA256),
            64 => Ok(Algorithm::Ed25519OrEcdsaP256),
            256..=1024 => Ok(Algorithm::RsaPssSha512),
            _ => Err(Malformed::unreadable(
                "Signature",
                "no algorithm that is known here signs at such a length",
            )),
        };
    };
    let known = ALGORITHMS.iter().find(|(known, _)| *known == name);
    let (_, algorithm) = known.ok_or_else(|| Malformed::UnknownAlgorithm(name.to_owned()))?;
    let fits = match algorithm {
        Algorithm::Hmac(hash) => length == hash.output_length(),
        Algorithm::Ed25519 | Algorithm::EcdsaP256Sha256 | Algorithm::Ed25519OrEcdsaP256 => length == 64,
        // As long as the key: 2048 to 8192 bits.
        Algorithm::RsaSha1 | Algorithm::RsaSha256 | Algorithm::RsaPssSha512 => (256..=1024).contains(&length),
    };
    if !fits {
        return Err(Malformed::unreadable("Signature", "it does not have the length of one by its `alg`"));
    }
    Ok(*algorithm)
}

/// What the components cover.
fn covered<'r>(input: &Input<'r>, request: &Request<'r>) -> Covered<'r> {
    let mut covered = Covered {
        method: false,
        path: false,
        query: false,
        authority: false,
        // `created` is a part of the last line, and must be there.
        time: true,
        by_choice: true,
        listed: Some(input.parameters.into()),
        headers: SmallVec::new(),
    };
    for component in &input.components {
        match component.part {
            Part::Method => covered.method = true,
            Part::Authority => covered.authority = true,
            Part::Path => covered.path = true,
            Part::Query => covered.query = true,
            Part::TargetUri => (covered.authority, covered.path, covered.query) = (true, true, true),
            Part::RequestTarget => (covered.path, covered.query) = (true, true),
            // One parameter is not the query, and the scheme is no part of what is asked for.
            Part::QueryParam(_) | Part::Scheme => {}
            Part::Field(name) => {
                covered.authority |= name == "host";
                let values = request.headers().get_all(name).iter();
                let fields = values.map(|value| HeaderField { name, value: value.as_bytes() });
                covered.headers.extend(fields);
            }
        }
    }
    // It is stable: the values of one field keep the order in which they came.
    covered.headers.sort_by_key(|field| field.name);
    covered
}

fn unreadable(why: &'static str) -> Malformed {
    Malformed::unreadable("Signature-Input", why)
}

/// Where the string to sign is written to learn whether it can be.
struct Nothing;

impl Sink for Nothing {
    fn push(&mut self, _: &[u8]) {}
}
