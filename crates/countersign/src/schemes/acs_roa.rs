//! Alibaba Cloud's ROA scheme (signature version 1.0): the one of its older APIs with paths.
//!
//! ```text
//! Authorization: acs <AccessKey id>:<signature>
//! ```
//!
//! The signature is HMAC-SHA1 by the secret itself, in base 64, over
//!
//! ```text
//! METHOD \n Accept \n Content-MD5 \n Content-Type \n Date \n { x-acs-name:value \n }* path?name=value&name
//! ```
//!
//! where a field that is missing leaves an empty line. The path is as it was sent; the parameters are decoded, sorted by
//! name, and bare names where the value is empty. Not covered: the body (but for a `Content-MD5` that the client sends),
//! `Host`, and every other header field. Some clients send no nonce: then the signature stands for it.
//!
//! Sources: aliyun-python-sdk-core `auth/composer/roa_signature_composer.py`, which keeps `=` behind an empty value and
//! decodes the path; `@alicloud/pop-core` `lib/roa.js`, which keeps `=` too; alibabacloud-tea-openapi `utils.py`.

use std::borrow::Cow;

use http::header::AUTHORIZATION;
use http::request::Parts;
use smallvec::SmallVec;

use super::acs::{
    BEARER_TOKEN, NONCE, SECURITY_TOKEN, SIGNED_PREFIX, base64, blank, check_repeated_id, is_signed_twice,
    put, read_nonce, repeated_name, text,
};
use crate::bytes::{ESCAPE, holds};
use crate::canonical::{compare_names, decode, decode_base64};
use crate::claim::{Claim, Covered, HeaderField, Lifetime, Payload};
use crate::crypto::Hash;
use crate::dialects::Dialect;
use crate::key::{AccessKeyId, Algorithm, Key, Signature, SigningKeys};
use crate::refusal::{Ambiguity, Malformed};
use crate::request::Request;
use crate::scheme::{Marks, Place, ReadError, Reading, Scheme, SignOptions, StringToSign};
use crate::time::Timestamp;

const METHOD: &str = "x-acs-signature-method";
const VERSION: &str = "x-acs-signature-version";

/// Bit 0: `=` stands behind an empty value too. Bit 1: the path is decoded. Neither is told by anything that is signed,
/// so neither is accepted unless it is named.
const READINGS: [Reading; 4] = [
    reading(0, "strict"),
    reading(1, "empty-keeps-eq"),
    reading(2, "path-decoded"),
    reading(3, "path-decoded+empty-keeps-eq"),
];

const fn reading(number: u8, name: &'static str) -> Reading {
    Reading { name, client: None, preserves: true, number }
}

/// See the module.
#[derive(Debug)]
pub(super) struct AcsRoa;

impl Scheme for AcsRoa {
    fn name(&self) -> &'static str {
        "acs-roa"
    }

    fn dialect(&self) -> Dialect {
        Dialect::Acs
    }

    fn is_borne(&self, marks: &Marks<'_, '_>) -> bool {
        marks.authorization("acs ")
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
        let (keeps_eq, decodes_path) = (reading.number & 1 != 0, reading.number & 2 != 0);
        let parameters = request.parameters();
        if keeps_eq && parameters.iter().all(|parameter| !parameter.value().is_empty()) {
            return false;
        }
        let mut path = Cow::Borrowed(request.path().as_bytes());
        if decodes_path {
            let Some(decoded) = decoded_path(request.path()) else { return false };
            path = Cow::Owned(decoded);
        }

        out.push(request.method().as_bytes());
        out.push_byte(b'\n');
        let fields = &claim.covered.headers;
        // They are sorted, and each stands once.
        for name in ["accept", "content-md5", "content-type", "date"] {
            let field = fields.iter().take(4).find(|field| field.name == name);
            out.push(field.map_or(b"", |field| field.value));
            out.push_byte(b'\n');
        }
        for field in fields.iter().filter(|field| field.name.starts_with(SIGNED_PREFIX)) {
            out.push(field.name.as_bytes());
            out.push_byte(b':');
            write_value(field.value, out);
            out.push_byte(b'\n');
        }
        out.push(&path);
        let mut separator = b'?';
        for parameter in parameters.sorted() {
            out.push_byte(separator);
            separator = b'&';
            out.push(parameter.name());
            if keeps_eq || !parameter.value().is_empty() {
                out.push_byte(b'=');
                out.push(parameter.value());
            }
        }
        true
    }

    fn keys(&self, key: Key<'_>, claim: &Claim<'_>) -> SigningKeys {
        key.plain(claim.algorithm)
    }

    fn keeps_keys(&self, _: &Claim<'_>) -> bool {
        false
    }

    /// The parameters are signed decoded, so these make one string to sign of two different requests.
    fn ambiguity(&self, _: Place<'_>, request: &Request<'_>, _: &Claim<'_>) -> Option<Ambiguity> {
        let parameters = request.parameters();
        let control = |text: &[u8]| text.iter().any(u8::is_ascii_control);
        if parameters.iter().any(|p| control(p.name()) || control(p.value())) {
            return Some(Ambiguity::ControlCharacter);
        }
        let find =
            |text: &[u8], of: &[u8]| text.iter().find(|byte| of.contains(byte)).map(|byte| char::from(*byte));
        // In a value, `=` is as good as any character; in a name, `a%3Db=c` reads as `a=b%3Dc` does.
        let separator =
            parameters.iter().find_map(|p| find(p.name(), b"&=#").or_else(|| find(p.value(), b"&#")));
        separator.map(Ambiguity::QuerySeparator).or_else(|| repeated_name(parameters))
    }

    fn line_name(&self, line: usize, text: &str) -> &'static str {
        match line {
            0 => "method",
            1 => "Accept",
            2 => "Content-MD5",
            3 => "Content-Type",
            4 => "Date",
            _ if text.starts_with(SIGNED_PREFIX) => "header field",
            _ => "canonical resource",
        }
    }

    fn prepare(
        &self,
        parts: &mut Parts,
        body: &[u8],
        id: &AccessKeyId,
        options: &SignOptions,
    ) -> Result<(), Malformed> {
        if let Some(other) = options.algorithm.filter(|algorithm| *algorithm != Algorithm::HMAC_SHA1) {
            return Err(Malformed::UnknownAlgorithm(other.name().to_owned()));
        }
        if !parts.headers.contains_key("accept") {
            put(parts, "accept", "application/json")?;
        }
        put(parts, "date", &options.now.http_date())?;
        put(parts, METHOD, "HMAC-SHA1")?;
        put(parts, VERSION, "1.0")?;
        put(parts, "content-md5", &base64(&Hash::Md5.digest(body)))?;
        parts.headers.remove(NONCE);
        parts.headers.remove(SECURITY_TOKEN);
        for (name, value) in [(NONCE, &options.nonce), (SECURITY_TOKEN, &options.security_token)] {
            if let Some(value) = value {
                put(parts, name, value)?;
            }
        }
        put(parts, "authorization", &format!("acs {id}:{}", base64(&blank(false, 20))))
    }

    fn attach(&self, parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed> {
        let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let id = authorization.and_then(|value| value.rsplit_once(':')).map(|(id, _)| id.to_owned());
        let id = id.ok_or(Malformed::Missing("Authorization"))?;
        put(parts, "authorization", &format!("{id}:{}", base64(signature)))
    }
}

fn read<'r>(request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
    if is_signed_twice(request) {
        return Err(Malformed::TwoSignatures.into());
    }
    let authorization = request.text_header(&AUTHORIZATION)?.and_then(|value| value.strip_prefix("acs "));
    let (id, signature) = authorization
        .and_then(|value| value.rsplit_once(':'))
        .ok_or_else(|| unreadable("it should read `acs <AccessKey id>:<signature>`"))?;
    if AccessKeyId::check(id).is_err() {
        return Err(unreadable("the AccessKey id holds characters that ids do not have").into());
    }

    let mut found = Found::default();
    for (name, value) in request.headers() {
        found.take(HeaderField { name: name.as_str(), value: value.as_bytes() }, id)?;
    }
    let date = found.date.ok_or(Malformed::Missing("Date"))?;
    let signed_at = Timestamp::parse_http_date(date).ok_or_else(|| {
        Malformed::unreadable("Date", "it should read like `Sat, 21 Nov 2026 23:23:13 GMT`")
    })?;
    Ok(Claim {
        access_key_id: id.into(),
        algorithm: Algorithm::HMAC_SHA1,
        signed_at,
        lifetime: Lifetime::Window,
        nonce: Some(match found.nonce {
            Some(nonce) => read_nonce(NONCE, text(NONCE, nonce)?.into())?,
            // To the second, `Date` and the request itself: signers make no two alike that they do not mean to repeat.
            None => Cow::Borrowed(signature),
        }),
        scope: None,
        security_token: match found.security_token {
            Some(token) => Some(text(SECURITY_TOKEN, token)?.into()),
            None => None,
        },
        user_agent: None,
        unjudged: found.unjudged,
        covered: Covered { authority: false, ..Covered::whole(found.covered) },
        payload: found.content_md5.map_or(Payload::Uncovered, read_md5),
        signature: read_signature(signature)?,
    })
}

/// The header fields that matter. Each may stand once: signer and server might take different ones.
#[derive(Default)]
struct Found<'r> {
    date: Option<&'r [u8]>,
    content_md5: Option<&'r [u8]>,
    nonce: Option<&'r [u8]>,
    security_token: Option<&'r [u8]>,
    unjudged: SmallVec<[&'static str; 1]>,
    covered: SmallVec<[HeaderField<'r>; 6]>,
}

impl<'r> Found<'r> {
    fn take(&mut self, field: HeaderField<'r>, id: &str) -> Result<(), Malformed> {
        let is_by_place = matches!(field.name, "accept" | "content-md5" | "content-type" | "date");
        if !is_by_place && !field.name.starts_with(SIGNED_PREFIX) {
            return Ok(());
        }
        match field.name {
            "date" => self.date = Some(field.value),
            "content-md5" => self.content_md5 = Some(field.value),
            NONCE => self.nonce = Some(field.value),
            SECURITY_TOKEN => {
                self.security_token = Some(field.value);
                self.unjudged.push(SECURITY_TOKEN);
            }
            BEARER_TOKEN => self.unjudged.push(BEARER_TOKEN),
            METHOD if field.value != b"HMAC-SHA1" => {
                return Err(Malformed::UnknownAlgorithm(String::from_utf8_lossy(field.value).into_owned()));
            }
            VERSION if field.value != b"1.0" => {
                return Err(Malformed::unreadable(VERSION, "it should read `1.0`"));
            }
            _ => check_repeated_id(field, id)?,
        }
        match self.covered.binary_search_by(|other| compare_names(other.name, field.name)) {
            Ok(_) => return Err(Malformed::Repeated(field.name.to_owned())),
            Err(place) => self.covered.insert(place, field),
        }
        Ok(())
    }
}

/// Reads a `Content-MD5`: base 64 as RFC 1864 has it.
fn read_md5(value: &[u8]) -> Payload {
    match decode_base64(value) {
        Some(digest) if digest.len() == Hash::Md5.output_length() => Payload::Digest(Hash::Md5, digest),
        _ => Payload::Unreadable,
    }
}

fn read_signature(text: &str) -> Result<Signature, Malformed> {
    let signature =
        decode_base64(text.as_bytes()).ok_or_else(|| unreadable("the signature is not base 64"))?;
    if signature.len() != Hash::Sha1.output_length() {
        return Err(unreadable("the signature is not one of HMAC-SHA1: it should have 20 bytes"));
    }
    Ok(signature)
}

/// Writes the value of a header field with blanks for tabs, as clients sign it.
fn write_value(value: &[u8], out: &mut StringToSign) {
    let value = value.trim_ascii();
    if !value.contains(&b'\t') {
        return out.push(value);
    }
    for byte in value {
        out.push_byte(if *byte == b'\t' { b' ' } else { *byte });
    }
}

/// The path decoded, where that is neither the path itself nor could be another one: what is encoded in it are blanks
/// and what lies beyond ASCII.
fn decoded_path(path: &str) -> Option<Vec<u8>> {
    let path = path.as_bytes();
    if !holds(path, ESCAPE) || !path.starts_with(b"/") {
        return None;
    }
    let is_meant = |escape: &[u8]| match decode(escape).as_ref() {
        [b' ' | 0x80.., ..] => true,
        _ => escape.is_empty(),
    };
    // Each part but the first stands behind a `%`.
    let mut parts = path.split(|byte| *byte == b'%').skip(1);
    let all = parts.all(|part| {
        let mut escape = vec![b'%'];
        escape.extend(part.iter().take(2));
        is_meant(&escape)
    });
    all.then(|| decode(path).into_owned())
}

fn unreadable(why: &'static str) -> Malformed {
    Malformed::unreadable("Authorization", why)
}
