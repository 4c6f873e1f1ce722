//! Alibaba Cloud OSS, version 4.
//!
//! ```text
//! Authorization: OSS4-HMAC-SHA256 Credential=<AccessKey id>/<date>/<region>/<product>/aliyun_v4_request,
//!                [AdditionalHeaders=a;b,]Signature=<signature>
//! ?x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential=<as above>&x-oss-date=<time>&x-oss-expires=<seconds>
//!  [&x-oss-additional-headers=a;b]&x-oss-signature=<signature>
//! ```
//!
//! ```text
//! canonical request: METHOD \n /bucket/key \n query \n { name:value \n }* \n a;b \n x-oss-content-sha256
//! string to sign:    OSS4-HMAC-SHA256 \n x-oss-date \n <date>/<region>/<product>/aliyun_v4_request \n SHA-256 of that
//! ```
//!
//! The signature is HMAC-SHA256 in hexadecimal, by a key that is derived from the secret for the day, the region and the
//! product. The header fields are `Content-MD5`, `Content-Type`, those that begin with `x-oss-`, and the additional ones.
//! The resource holds the bucket, wherever it stands in the request ([`super::oss::address`]). Not covered: `Host`, where
//! it is not listed, and the body, where no digest of it is sent. The SDKs say `UNSIGNED-PAYLOAD` always.
//!
//! Sources: oss2 2.19.1 `oss2/auth.py`, `ProviderAuthV4`; ali-oss 6.23 `lib/common/signUtils.js`; Alibaba Cloud's pages
//! "Include a V4 signature in the Authorization header" and "Add a V4 signature to a URL".

use std::borrow::Cow;
use std::time::Duration;

use http::header::HeaderName;
use http::request::Parts;
use smallvec::smallvec;

use super::oss::address::{Addressing, READINGS};
use super::oss::parts::{Found, access_key_id, write_fields, write_names};
use super::oss::query::{repeated_name, write_path, write_query};
use super::oss::{ADDITIONAL_PARAMETER, Form, is_version_2, signing};
use crate::canonical::{decode_hex, encode_hex};
use crate::claim::{Claim, Covered, Lifetime, Payload, Scope};
use crate::crypto::{Hash, derive, sha256};
use crate::dialects::Dialect;
use crate::key::{AccessKeyId, Algorithm, Key, SigningKey, SigningKeys};
use crate::refusal::{Ambiguity, Malformed};
use crate::request::Request;
use crate::scheme::{Marks, Place, ReadError, Reading, Scheme, SignOptions, StringToSign};
use crate::time::Timestamp;
use crate::verify::LONGEST_PRESIGNED;

const ALGORITHM: &str = "OSS4-HMAC-SHA256";
const TERMINATOR: &str = "aliyun_v4_request";
/// What is said in place of a digest of the body.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
const OSS_DATE: HeaderName = HeaderName::from_static("x-oss-date");
const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-oss-content-sha256");

/// The parameters that sign a query.
const OWN: [&str; 6] = [
    "x-oss-signature-version",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-expires",
    ADDITIONAL_PARAMETER,
    "x-oss-signature",
];

const FORM: Form = Form {
    start: "OSS4-HMAC-SHA256 ",
    credential: "Credential",
    separator: b'=',
    example: "it should read `OSS4-HMAC-SHA256 \
              Credential=<AccessKey id>/<date>/<region>/<product>/aliyun_v4_request,\
              AdditionalHeaders=<names>,Signature=<signature>`",
};

/// See the module.
#[derive(Debug)]
pub(super) struct Oss4;

impl Scheme for Oss4 {
    fn name(&self) -> &'static str {
        "oss4"
    }

    fn dialect(&self) -> Dialect {
        Dialect::Oss
    }

    fn is_borne(&self, marks: &Marks<'_, '_>) -> bool {
        marks.authorization("OSS4-")
            || marks.request().has_parameter("x-oss-signature-version") && !is_version_2(marks.request())
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
        place: Place<'_>,
        request: &Request<'_>,
        claim: &Claim<'_>,
        out: &mut StringToSign,
    ) -> bool {
        let Some(bucket) = Addressing::of(reading).bucket(place, request) else { return false };
        let Some(scope) = &claim.scope else { return false };
        let field = |name: &str| {
            claim.covered.headers.iter().find(|field| field.name == name).map(|field| field.value)
        };
        let text = out.canonical_request_mut();
        text.extend_from_slice(request.method().as_bytes());
        text.push(b'\n');
        write_path(bucket, request, b"/", text);
        text.push(b'\n');
        write_query(request, b"", text);
        text.push(b'\n');
        write_fields(&claim.covered.headers, |_| true, text);
        text.push(b'\n');
        if let Some(list) = &claim.covered.listed {
            write_names(list, text);
        }
        text.push(b'\n');
        text.extend_from_slice(field("x-oss-content-sha256").unwrap_or(UNSIGNED_PAYLOAD.as_bytes()));
        let digest = sha256(out.canonical_request());

        out.push(ALGORITHM.as_bytes());
        out.push_byte(b'\n');
        match field("x-oss-date") {
            Some(date) => out.push(date),
            // It stands in the query, in its one spelling.
            None => out.push(claim.signed_at.basic().as_bytes()),
        }
        let mut separator = b'\n';
        for part in [&scope.date, &scope.region, &scope.service, &scope.terminator] {
            out.push_byte(separator);
            separator = b'/';
            out.push(part.as_bytes());
        }
        out.push_byte(b'\n');
        encode_hex(&digest, out);
        true
    }

    fn keys(&self, key: Key<'_>, claim: &Claim<'_>) -> SigningKeys {
        let (Some(secret), Some(scope)) = (key.secret_bytes(), &claim.scope) else {
            return SigningKeys::new();
        };
        let parts = [&*scope.date, &*scope.region, &*scope.service, &*scope.terminator];
        smallvec![SigningKey::hmac(Hash::Sha256, derive(&[b"aliyun_v4", secret], &parts).as_slice())]
    }

    fn ambiguity(&self, _: Place<'_>, request: &Request<'_>, _: &Claim<'_>) -> Option<Ambiguity> {
        repeated_name(request)
    }

    fn line_name(&self, line: usize, _: &str) -> &'static str {
        match line {
            0 => "algorithm",
            1 => "x-oss-date",
            2 => "credential scope",
            _ => "hash of the canonical request",
        }
    }

    fn canonical_line_name(&self, line: usize, text: &str) -> &'static str {
        match line {
            0 => "method",
            1 => "canonical resource",
            2 => "canonical query",
            _ if text.contains(':') => "header field",
            _ if text == UNSIGNED_PAYLOAD
                || decode_hex(text.as_bytes()).is_some_and(|hash| hash.len() == 32) =>
            {
                "x-oss-content-sha256"
            }
            _ => "additional header fields",
        }
    }

    fn prepare(
        &self,
        parts: &mut Parts,
        _: &[u8],
        id: &AccessKeyId,
        options: &SignOptions,
    ) -> Result<(), Malformed> {
        let region = options.region.as_deref().ok_or(Malformed::Missing("region"))?;
        let product = options.service.as_deref().unwrap_or("oss");
        let credential = format!("{id}/{}/{region}/{product}/{TERMINATOR}", options.now.scope_date());
        let date = options.now.basic();
        let blank = "0".repeat(64);
        if let Some(lifetime) = options.presign {
            let expires = lifetime.as_secs().to_string();
            let token = options.security_token.as_deref();
            let mut added: Vec<_> = token.map(|token| ("x-oss-security-token", token)).into_iter().collect();
            added.extend([
                ("x-oss-date", &*date),
                ("x-oss-expires", &expires),
                ("x-oss-signature-version", ALGORITHM),
                ("x-oss-credential", &credential),
            ]);
            return signing::presign(parts, &added, "x-oss-signature", &blank);
        }
        parts.headers.insert(OSS_DATE, signing::value("x-oss-date", &date)?);
        if !parts.headers.contains_key(CONTENT_SHA256) {
            parts.headers.insert(CONTENT_SHA256, signing::value("x-oss-content-sha256", UNSIGNED_PAYLOAD)?);
        }
        signing::put_security_token(parts, options)?;
        signing::put_authorization(parts, &format!("{ALGORITHM} Credential={credential},Signature={blank}"))
    }

    fn attach(&self, parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed> {
        let mut text = Vec::with_capacity(64);
        encode_hex(signature, &mut text);
        signing::attach(parts, ["Signature=", "x-oss-signature="], &String::from_utf8_lossy(&text))
    }
}

/// What signs: of header fields, or of the query.
struct Signing<'r> {
    is_in_query: bool,
    credential: Cow<'r, str>,
    date: Cow<'r, str>,
    additional: Option<Cow<'r, str>>,
    signature: Cow<'r, str>,
}

impl<'r> Signing<'r> {
    fn of(found: &Found<'_, 'r>) -> Result<Self, Malformed> {
        if let Some(value) = found.authorization.filter(|value| value.starts_with(b"OSS4-")) {
            found.only_in_header()?;
            if !value.starts_with(FORM.start.as_bytes()) {
                let algorithm = value.split(|byte| *byte == b' ').next().unwrap_or_default();
                return Err(Malformed::UnknownAlgorithm(String::from_utf8_lossy(algorithm).into_owned()));
            }
            let read = FORM.read(value)?;
            let date = found.oss_date.ok_or(Malformed::Missing("x-oss-date"))?;
            return Ok(Self {
                is_in_query: false,
                credential: read.credential.into(),
                date: std::str::from_utf8(date).map_err(|_| unreadable_date())?.into(),
                additional: read.additional.map(Cow::Borrowed),
                signature: read.signature.into(),
            });
        }
        found.only_in_query(&OWN)?;
        let version = found.required("x-oss-signature-version")?;
        if version != ALGORITHM {
            return Err(Malformed::UnknownAlgorithm(version.into_owned()));
        }
        if found.oss_date.is_some() {
            // The query says when it was signed; somebody else might look here.
            return Err(Malformed::Repeated("x-oss-date".to_owned()));
        }
        Ok(Self {
            is_in_query: true,
            credential: found.required("x-oss-credential")?,
            date: found.required("x-oss-date")?,
            additional: found.parameter(ADDITIONAL_PARAMETER)?,
            signature: found.required("x-oss-signature")?,
        })
    }
}

fn read<'r>(request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
    let mut found = Found::nothing(request);
    found.gather(request)?;
    let signing = Signing::of(&found)?;
    let signed_at = Timestamp::parse_basic(&signing.date).ok_or_else(unreadable_date)?;
    let lifetime = if signing.is_in_query {
        Lifetime::For(read_lifetime(&found.required("x-oss-expires")?)?)
    } else {
        found.content_sha256.ok_or(Malformed::Missing("x-oss-content-sha256"))?;
        Lifetime::Window
    };
    found.cover_additional(signing.additional.as_deref(), request)?;
    let (id, scope) = read_credential(&signing.credential)?;
    // `x-oss-date` begins with its day, in the one spelling that was just read.
    if signing.date.get(..8) != Some(&*scope.date) {
        return Err(unreadable_credential("the date of its scope is not that of `x-oss-date`").into());
    }
    let signature = decode_hex(signing.signature.as_bytes()).filter(|bytes| bytes.len() == 32);
    let signature = signature.ok_or_else(|| {
        Malformed::unreadable("the signature", "it should be 64 hexadecimal digits, in lower case")
    })?;
    Ok(Claim {
        access_key_id: access_key_id(id, "the credential")?,
        algorithm: Algorithm::HMAC_SHA256,
        signed_at,
        lifetime,
        nonce: None,
        scope: Some(scope),
        security_token: found.security_token()?,
        user_agent: found.covered.iter().find(|field| field.name == "user-agent").map(|field| field.value),
        payload: read_payload(&found)?,
        unjudged: found.unjudged,
        covered: Covered { listed: signing.additional, ..Covered::whole(found.covered) },
        signature,
    })
}

/// Splits a credential, and copies it only where it was decoded.
fn read_credential<'r>(credential: &Cow<'r, str>) -> Result<(Cow<'r, str>, Scope<'r>), Malformed> {
    let [id, date, region, service, terminator] = match credential {
        Cow::Borrowed(text) => split_credential(text)?.map(Cow::Borrowed),
        Cow::Owned(text) => split_credential(text)?.map(|part| Cow::Owned(part.to_owned())),
    };
    Ok((id, Scope { date, region, service, terminator }))
}

fn split_credential(text: &str) -> Result<[&str; 5], Malformed> {
    const FORM: &str = "it should read `<AccessKey id>/<date>/<region>/<product>/aliyun_v4_request`";
    let mut parts = text.split('/');
    let mut next = || parts.next().unwrap_or_default();
    let found = [next(), next(), next(), next(), next()];
    let [_, _, region, product, terminator] = found;
    let is_name = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    if parts.next().is_some() || !is_name(region) || !is_name(product) || terminator != TERMINATOR {
        return Err(unreadable_credential(FORM));
    }
    Ok(found)
}

/// For how many seconds a presigned URL stands: 1 to 604800, in their one spelling.
fn read_lifetime(text: &str) -> Result<Duration, Malformed> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let lifetime = text.parse().ok().filter(|_| canonical).map(Duration::from_secs);
    lifetime.filter(|lifetime| *lifetime <= LONGEST_PRESIGNED).ok_or_else(|| {
        Malformed::unreadable("x-oss-expires", "it should be seconds, from 1 to 604800, which are seven days")
    })
}

/// SHA-256 of the body, or what `Content-MD5` says, which is signed where it is sent.
fn read_payload(found: &Found<'_, '_>) -> Result<Payload, Malformed> {
    let Some(value) = found.content_sha256.filter(|value| *value != UNSIGNED_PAYLOAD.as_bytes()) else {
        return Ok(found.md5());
    };
    let digest = decode_hex(value).filter(|digest| digest.len() == 32).ok_or_else(|| {
        let why = "it should be `UNSIGNED-PAYLOAD` or 64 hexadecimal digits, in lower case";
        Malformed::unreadable("x-oss-content-sha256", why)
    })?;
    Ok(Payload::Digest(Hash::Sha256, digest))
}

fn unreadable_credential(why: &'static str) -> Malformed {
    Malformed::unreadable("the credential", why)
}

fn unreadable_date() -> Malformed {
    Malformed::unreadable("x-oss-date", "it should read like `20261121T232313Z`")
}
