//! MaxCompute (ODPS), versions 2 and 4.
//!
//! ```text
//! Authorization: ODPS <AccessKey id>:<signature>                                        version 2
//! Authorization: ODPS <AccessKey id>/<date>/<region>/odps/<corp>_v4_request:<signature>  version 4
//! Authorization: ODPS-RSA-SHA256 <AccessKey id>:<signature>                             by a private key
//! ```
//!
//! The string to sign is the same in both, and so is the algorithm, HMAC-SHA1 in base 64; version 4 signs with a key
//! derived from the secret by HMAC-SHA256:
//!
//! ```text
//! METHOD \n Content-MD5 \n Content-Type \n Date \n { x-odps-name:value \n }* path?name=value&name
//! ```
//!
//! The path is relative to the endpoint's own path and decoded; the parameters are decoded, sorted by name, and bare
//! names where the value is empty. `x-odps-` parameters stand among the header fields too. Not covered: the body (but
//! for a `Content-MD5` that the client sends), `Host`, and every other header field.
//!
//! `ODPS-RSA-SHA256`, and `ODPS-RSA-SHA1` for what can do no better, sign the same string by RSASSA-PKCS1-v1_5 and are an
//! extension of Countersign's own: MaxCompute has nothing like it.
//!
//! Sources: PyODPS `odps/accounts.py`, `BaseAccount._build_canonical_str` and `CloudAccount`; the Java SDK's
//! `AliyunRequestSigner` and `SecurityUtils`; the Go SDK's `odps/account/aliyun_account.go`.

mod canonical;
mod signing;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::HeaderName;
use http::request::Parts;
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

use self::canonical::{Twist, target};
use crate::canonical::{compare_names, decode_base64};
use crate::claim::{Claim, Covered, HeaderField, Lifetime, Payload, Scope};
use crate::crypto::{Bytes, Hash, derive};
use crate::dialects::Dialect;
use crate::key::{AccessKeyId, Algorithm, Key, Signature, SigningKey, SigningKeys};
use crate::refusal::{Ambiguity, Malformed};
use crate::request::Request;
use crate::scheme::{Marks, Place, ReadError, Reading, Scheme, SignOptions, StringToSign};
use crate::time::{Timestamp, parse_scope_date};

const SECURITY_TOKEN_NAME: &str = "authorization-sts-token";
const SECURITY_TOKEN: HeaderName = HeaderName::from_static(SECURITY_TOKEN_NAME);
/// What begins the names of the header fields and parameters that are signed by name.
const SIGNED_PREFIX: &str = "x-odps-";
const USER_AGENT: &str = "x-odps-user-agent";
/// Credentials that clients send beside the signature, or instead of it, as they do a security token.
const UNJUDGED: [&str; 3] = ["application-authentication", "sts-authentication", "sts-token"];
const BEARER_TOKEN: &str = "x-odps-bearer-token";

/// What `Authorization` begins with where the signature is by a private key.
const RSA: [(&str, Algorithm); 2] =
    [("ODPS-RSA-SHA256", Algorithm::RsaSha256), ("ODPS-RSA-SHA1", Algorithm::RsaSha1)];

/// See the module.
#[derive(Debug)]
pub(super) struct Odps;

impl Scheme for Odps {
    fn name(&self) -> &'static str {
        "odps"
    }

    fn dialect(&self) -> Dialect {
        Dialect::Odps
    }

    fn is_borne(&self, marks: &Marks<'_, '_>) -> bool {
        marks.authorization("ODPS ") || marks.authorization("ODPS-RSA-")
    }

    fn read<'r>(&self, request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
        read(request)
    }

    fn leaves_base_out(&self) -> bool {
        true
    }

    fn readings(&self) -> &'static [Reading] {
        &canonical::READINGS
    }

    fn write(
        &self,
        reading: Reading,
        place: Place<'_>,
        request: &Request<'_>,
        claim: &Claim<'_>,
        out: &mut StringToSign,
    ) -> bool {
        let twist = Twist::of(reading);
        let Some(target) = target(twist, place.base, request) else { return false };
        let resource = target.resource(twist);
        if !resource.can_be_read(reading) {
            return false;
        }
        let ByPlace { content_md5, mut content_type, date } = ByPlace::of(claim);
        if twist == Twist::IgnoreFormContentType {
            if !added_by_http_library(request, content_type) {
                return false;
            }
            content_type = b"";
        }

        out.push(request.method().as_bytes());
        out.push_byte(b'\n');
        for value in [content_md5, content_type, date] {
            out.push(value);
            out.push_byte(b'\n');
        }
        canonical::write_fields(&claim.covered.headers, &resource.parameters, twist, out);
        canonical::write_resource(&resource, reading, out);
        true
    }

    fn keys(&self, key: Key<'_>, claim: &Claim<'_>) -> SigningKeys {
        let Some(scope) = &claim.scope else { return key.plain(claim.algorithm) };
        let Some(secret) = key.secret_bytes() else { return SigningKeys::new() };
        let corporation = scope.terminator.strip_suffix("_v4_request").unwrap_or_default();
        let mut keys = smallvec![derived(corporation, secret, scope)];
        if corporation != "aliyun" {
            // One private-cloud build of the Java SDK names its own corporation in the scope and `aliyun` in the key.
            keys.push(derived("aliyun", secret, scope));
        }
        keys
    }

    fn keeps_keys(&self, claim: &Claim<'_>) -> bool {
        claim.scope.is_some()
    }

    fn ambiguity(&self, place: Place<'_>, request: &Request<'_>, _: &Claim<'_>) -> Option<Ambiguity> {
        canonical::ambiguity(place.base, request)
    }

    fn line_name(&self, line: usize, text: &str) -> &'static str {
        match line {
            0 => "method",
            1 => "Content-MD5",
            2 => "Content-Type",
            3 => "Date",
            _ if text.starts_with(SIGNED_PREFIX) => "header field",
            _ => "canonical resource",
        }
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

fn read<'r>(request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
    let mut fields = Fields::default();
    fields.gather(request)?;
    let authorization = fields.authorization.unwrap_or_default();
    let (algorithm, behind) = match authorization.strip_prefix(b"ODPS ") {
        Some(behind) => (Algorithm::HMAC_SHA1, Some(behind)),
        None => read_rsa(authorization)?,
    };
    let (credential, signature) = behind
        .and_then(|value| value.split_at_checked(value.iter().rposition(|byte| *byte == b':')?))
        .ok_or_else(|| unreadable("it should read `ODPS <AccessKey id>:<signature>`"))?;
    let credential = std::str::from_utf8(credential).map_err(|_| unreadable("it is not UTF-8"))?;
    let (access_key_id, scope) = read_credential(credential)?;
    if scope.is_some() && algorithm != Algorithm::HMAC_SHA1 {
        return Err(unreadable(
            "a private key is not derived for a scope: it should name the AccessKey id alone",
        )
        .into());
    }

    let date = fields.date.ok_or(Malformed::Missing("Date"))?;
    let signed_at = Timestamp::parse_http_date(date).ok_or_else(|| {
        Malformed::unreadable("Date", "it should read like `Sat, 21 Nov 2026 23:23:13 GMT`")
    })?;
    if let Some(scope) = &scope {
        // Clients read the clock twice, so at midnight the two may be of different days.
        let day = parse_scope_date(&scope.date)
            .ok_or_else(|| unreadable("the date of its scope is not `yyyymmdd`"))?;
        if day.abs_diff(signed_at.unix_day()) > 1 {
            return Err(unreadable("the date of its scope is not that of `Date`").into());
        }
    }
    Ok(Claim {
        access_key_id: access_key_id.into(),
        algorithm,
        signed_at,
        lifetime: Lifetime::Window,
        nonce: None,
        scope,
        security_token: text(SECURITY_TOKEN.as_str(), fields.security_token)?.map(Cow::Borrowed),
        user_agent: fields.user_agent.filter(|_| !is_overridden(USER_AGENT, request)),
        unjudged: fields.unjudged,
        payload: fields.content_md5.map_or(Payload::Uncovered, read_md5),
        covered: Covered { authority: false, ..Covered::whole(fields.covered) },
        signature: match algorithm {
            Algorithm::HMAC_SHA1 => read_signature(signature.get(1..).unwrap_or_default())?,
            _ => read_rsa_signature(signature.get(1..).unwrap_or_default())?,
        },
    })
}

/// The header fields that matter, found in one pass.
#[derive(Default)]
struct Fields<'r> {
    authorization: Option<&'r [u8]>,
    date: Option<&'r [u8]>,
    content_md5: Option<&'r [u8]>,
    content_type: Option<&'r [u8]>,
    security_token: Option<&'r [u8]>,
    user_agent: Option<&'r [u8]>,
    unjudged: SmallVec<[&'static str; 1]>,
    /// What is signed: three by their place, and every `x-odps-` one by its name.
    covered: SmallVec<[HeaderField<'r>; 6]>,
}

impl<'r> Fields<'r> {
    fn gather(&mut self, request: &Request<'r>) -> Result<(), Malformed> {
        for (name, value) in request.headers() {
            let field = HeaderField { name: name.as_str(), value: value.as_bytes() };
            // Most fields are none of these, and one letter tells.
            match field.name.as_bytes() {
                [b'a' | b'c' | b'd' | b's', ..] => self.take_by_place(field)?,
                [b'x', ..] => self.take_by_name(field),
                _ => {}
            }
        }
        Ok(())
    }

    fn take_by_place(&mut self, field: HeaderField<'r>) -> Result<(), Malformed> {
        let once = match field.name {
            "authorization" => &mut self.authorization,
            "content-md5" => &mut self.content_md5,
            "content-type" => &mut self.content_type,
            "date" => &mut self.date,
            SECURITY_TOKEN_NAME => &mut self.security_token,
            _ => {
                if let Some(unjudged) = UNJUDGED.into_iter().find(|unjudged| *unjudged == field.name) {
                    self.unjudged.push(unjudged);
                }
                return Ok(());
            }
        };
        // Each may stand once: signer and server might take different ones.
        if once.replace(field.value).is_some() {
            return Err(Malformed::Repeated(field.name.to_owned()));
        }
        match field.name {
            "authorization" => {}
            SECURITY_TOKEN_NAME => self.unjudged.push(SECURITY_TOKEN_NAME),
            _ => self.cover(field),
        }
        Ok(())
    }

    fn take_by_name(&mut self, field: HeaderField<'r>) {
        if !field.name.starts_with(SIGNED_PREFIX) {
            return;
        }
        match field.name {
            // Of several the first: signed, they are one value that begins with it.
            USER_AGENT => _ = self.user_agent.get_or_insert(field.value),
            BEARER_TOKEN => self.unjudged.push(BEARER_TOKEN),
            _ => {}
        }
        self.cover(field);
    }

    /// Keeps the fields sorted. The values of one field keep the order in which they came.
    fn cover(&mut self, field: HeaderField<'r>) {
        let before = self.covered.iter().rposition(|other| compare_names(other.name, field.name).is_le());
        self.covered.insert(before.map_or(0, |before| before + 1), field);
    }
}

/// Whether a parameter is signed in place of the header field of its name, which anybody may alter then.
fn is_overridden(name: &str, request: &Request<'_>) -> bool {
    request.has_parameter(name)
}

fn text<'r>(name: &str, value: Option<&'r [u8]>) -> Result<Option<&'r str>, Malformed> {
    let Some(value) = value else { return Ok(None) };
    match std::str::from_utf8(value) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Malformed::unreadable(name, "it is not UTF-8")),
    }
}

/// Reads the 20 bytes of a signature. Only the canonical spelling of base 64 is taken.
fn read_signature(text: &[u8]) -> Result<Signature, Malformed> {
    let signature = decode_base64(text).ok_or_else(|| unreadable("the signature is not base 64"))?;
    if signature.len() != Hash::Sha1.output_length() {
        return Err(unreadable("the signature is not one of HMAC-SHA1: it should have 20 bytes"));
    }
    Ok(signature)
}

/// The algorithm that an `Authorization` by a private key names, and what stands behind its name.
fn read_rsa(authorization: &[u8]) -> Result<(Algorithm, Option<&[u8]>), Malformed> {
    let end = authorization.iter().position(|byte| *byte == b' ').unwrap_or(authorization.len());
    let (name, behind) = authorization.split_at_checked(end).unwrap_or((authorization, &[]));
    let known = RSA.iter().find(|(known, _)| known.as_bytes() == name);
    let (_, algorithm) =
        known.ok_or_else(|| Malformed::UnknownAlgorithm(String::from_utf8_lossy(name).into_owned()))?;
    Ok((*algorithm, behind.get(1..)))
}

/// Reads a signature by RSA of 2048 to 8192 bits.
fn read_rsa_signature(text: &[u8]) -> Result<Signature, Malformed> {
    let signature = decode_base64(text).ok_or_else(|| unreadable("the signature is not base 64"))?;
    if !(256..=1024).contains(&signature.len()) {
        return Err(unreadable("the signature is not one of RSA: it should have 256 to 1024 bytes"));
    }
    Ok(signature)
}

fn unreadable(why: &'static str) -> Malformed {
    Malformed::unreadable("Authorization", why)
}

fn read_credential(credential: &str) -> Result<(&str, Option<Scope<'_>>), Malformed> {
    if AccessKeyId::check(credential).is_ok() {
        return Ok((credential, None));
    }
    let mut parts = credential.split('/');
    let id = parts.next().unwrap_or_default();
    if AccessKeyId::check(id).is_err() {
        return Err(unreadable("the AccessKey id holds characters that ids do not have"));
    }
    let scope = match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (None, ..) => return Ok((id, None)),
        (Some(date), Some(region), Some(service), Some(terminator), None) => Scope {
            date: date.into(),
            region: region.into(),
            service: service.into(),
            terminator: terminator.into(),
        },
        _ => return Err(unreadable("its scope should read `<date>/<region>/odps/<corporation>_v4_request`")),
    };
    let corporation = scope.terminator.strip_suffix("_v4_request");
    if scope.service != "odps" || scope.region.is_empty() || corporation.is_none_or(str::is_empty) {
        return Err(unreadable("its scope should read `<date>/<region>/odps/<corporation>_v4_request`"));
    }
    Ok((id, Some(scope)))
}

/// The header fields that are signed by their place: empty where there is none.
#[derive(Default)]
struct ByPlace<'r> {
    content_md5: &'r [u8],
    content_type: &'r [u8],
    date: &'r [u8],
}

impl<'r> ByPlace<'r> {
    fn of(claim: &Claim<'r>) -> Self {
        let mut found = Self::default();
        // They are sorted, and each stands once.
        for field in claim.covered.headers.iter().take(3) {
            match field.name {
                "content-md5" => found.content_md5 = field.value,
                "content-type" => found.content_type = field.value,
                "date" => found.date = field.value,
                _ => {}
            }
        }
        found
    }
}

/// Reads a `Content-MD5`: base 64 as RFC 1864 has it, or hexadecimal as the Java SDK sends it.
fn read_md5(value: &[u8]) -> Payload {
    let mut digest = [0u8; 16];
    let read = match value.len() {
        24 => BASE64.decode_slice(value, &mut digest).is_ok_and(|length| length == 16),
        32 => value.as_chunks::<2>().0.iter().zip(&mut digest).all(|([high, low], byte)| {
            let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
            digit(*high).zip(digit(*low)).map(|(high, low)| *byte = high << 4 | low).is_some()
        }),
        _ => false,
    };
    if read { Payload::Digest(Hash::Md5, Bytes::from_slice(&digest)) } else { Payload::Unreadable }
}

/// Whether Java's `HttpURLConnection` added this Content-Type after the request was signed: it does so for a body
/// that came without one, unless the method is PUT (`sun.net.www.protocol.http.HttpURLConnection.writeRequests`).
fn added_by_http_library(request: &Request<'_>, content_type: &[u8]) -> bool {
    content_type == b"application/x-www-form-urlencoded" && request.method() == "POST"
}

fn derived(corporation: &str, secret: &[u8], scope: &Scope<'_>) -> SigningKey {
    let parts = [&*scope.date, &*scope.region, &*scope.service, &*scope.terminator];
    SigningKey::hmac(Hash::Sha1, derive(&[corporation.as_bytes(), b"_v4", secret], &parts).as_slice())
}
