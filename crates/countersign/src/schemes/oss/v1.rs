//! Version 1.

use std::borrow::Cow;

use http::request::Parts;

use super::address::{Addressing, missing_end};
use super::parts::{Found, SIGNED_PREFIX, access_key_id, read_expires, write_fields};
use super::query::repeated;
use super::signing;
use super::sub_resources::is_sub_resource;
use crate::bytes::{CONTROL, ESCAPE, cut, holds};
use crate::canonical::{Parameter, decode_base64, decode_form};
use crate::claim::{Claim, Covered, HeaderField, Lifetime};
use crate::dialects::Dialect;
use crate::key::{AccessKeyId, Algorithm, Key, SigningKeys};
use crate::refusal::{Ambiguity, Malformed};
use crate::request::Request;
use crate::scheme::{Marks, Place, ReadError, Reading, Scheme, SignOptions, StringToSign};
use crate::time::Timestamp;

/// The parameters that sign a query.
const OWN: [&str; 3] = ["OSSAccessKeyId", "Expires", "Signature"];

/// Odd numbers have the bucket in the host; from 2 on, `+` in the path is a blank: the Go SDK 1.5 writes a blank of a
/// key as `+` and signs the blank, where all others mean a plus.
const READINGS: [Reading; 4] = [
    reading(0, "strict", true),
    reading(1, "bucket-in-host", false),
    reading(2, "path-plus-as-space", false),
    reading(3, "path-plus-as-space+bucket-in-host", false),
];

const fn reading(number: u8, name: &'static str, preserves: bool) -> Reading {
    Reading { name, client: None, preserves, number }
}

/// See the parent module.
#[derive(Debug)]
pub(in crate::schemes) struct Oss;

impl Scheme for Oss {
    fn name(&self) -> &'static str {
        "oss"
    }

    fn dialect(&self) -> Dialect {
        Dialect::Oss
    }

    fn is_borne(&self, marks: &Marks<'_, '_>) -> bool {
        marks.authorization("OSS ") || marks.request().has_parameter("OSSAccessKeyId")
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
        let plus_is_blank = reading.number >= 2;
        if plus_is_blank && !request.path().contains('+') {
            return false;
        }
        write_start(request, claim, out);
        write_fields(&claim.covered.headers, |name| name.starts_with(SIGNED_PREFIX), out);

        if !bucket.is_empty() {
            out.push_byte(b'/');
            out.push(bucket.as_bytes());
        }
        let path =
            if plus_is_blank { decode_form(request.path().as_bytes()) } else { request.decoded_path() };
        out.push(&path);
        out.push(missing_end(bucket, &path));
        let mut separator = b'?';
        for parameter in sub_resources(request) {
            out.push_byte(separator);
            separator = b'&';
            out.push(parameter.name());
            if !parameter.value().is_empty() {
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

    fn ambiguity(&self, _: Place<'_>, request: &Request<'_>, _: &Claim<'_>) -> Option<Ambiguity> {
        ambiguity(request)
    }

    fn line_name(&self, line: usize, text: &str) -> &'static str {
        match line {
            0 => "method",
            1 => "Content-MD5",
            2 => "Content-Type",
            3 => "Date or Expires",
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
        if let Some(lifetime) = options.presign {
            let expires = options.now.plus(lifetime).unix_seconds().to_string();
            let mut added = vec![("OSSAccessKeyId", id.as_str()), ("Expires", &expires)];
            added.extend(options.security_token.as_deref().map(|token| ("security-token", token)));
            return signing::presign(parts, &added, "Signature", &signing::base64(&[0; 20]));
        }
        signing::put_date(parts, options)?;
        signing::put_security_token(parts, options)?;
        signing::put_authorization(parts, &format!("OSS {id}:{}", signing::base64(&[0; 20])))
    }

    fn attach(&self, parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed> {
        signing::attach(parts, [":", "Signature="], &signing::base64(signature))
    }
}

fn read<'r>(request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
    let mut found = Found::nothing(request);
    found.gather(request)?;
    let (id, signature, signed_at, lifetime) = match found.authorization {
        Some(value) if value.starts_with(b"OSS ") => {
            found.only_in_header()?;
            let (id, signature) = read_authorization(value)?;
            (id.into(), signature.into(), read_date(&mut found)?, Lifetime::Window)
        }
        _ => {
            found.only_in_query(&OWN)?;
            let at = read_expires(&found.required("Expires")?, "Expires")?;
            (found.required("OSSAccessKeyId")?, found.required("Signature")?, at, Lifetime::Until(at))
        }
    };
    let signature: Cow<'_, str> = signature;
    let signature =
        decode_base64(signature.as_bytes()).filter(|bytes| bytes.len() == 20).ok_or_else(|| {
            Malformed::unreadable("the signature", "it is not one of HMAC-SHA1: 20 bytes in base 64")
        })?;
    Ok(Claim {
        access_key_id: access_key_id(id, "OSSAccessKeyId")?,
        algorithm: Algorithm::HMAC_SHA1,
        signed_at,
        lifetime,
        nonce: None,
        scope: None,
        security_token: found.security_token()?,
        user_agent: None,
        payload: found.md5(),
        unjudged: found.unjudged,
        // Sub-resources only: whatever else stands in the query, or stood there, is not covered.
        covered: Covered { query: false, ..Covered::whole(found.covered) },
        signature,
    })
}

fn read_authorization(value: &[u8]) -> Result<(&str, &str), Malformed> {
    let text = std::str::from_utf8(value).ok().and_then(|text| text.strip_prefix("OSS "));
    text.and_then(|text| cut(text, b':')).ok_or_else(|| {
        Malformed::unreadable("Authorization", "it should read `OSS <AccessKey id>:<signature>`")
    })
}

/// The time in a header field: `x-oss-date` where there is one, and `Date` counts for nothing then.
pub(super) fn read_date(found: &mut Found<'_, '_>) -> Result<Timestamp, Malformed> {
    let (name, value) = match (found.oss_date, found.date) {
        (Some(date), _) => ("x-oss-date", date),
        (None, Some(value)) => {
            found.cover(HeaderField { name: "date", value });
            ("Date", value)
        }
        (None, None) => return Err(Malformed::Missing("Date")),
    };
    Timestamp::parse_http_date(value)
        .ok_or_else(|| Malformed::unreadable(name, "it should read like `Sat, 21 Nov 2026 23:23:13 GMT`"))
}

/// Writes the four lines that versions 1 and 2 begin with.
pub(super) fn write_start(request: &Request<'_>, claim: &Claim<'_>, out: &mut StringToSign) {
    let (mut md5, mut content_type, mut date, mut oss_date) = (&b""[..], &b""[..], None, None);
    for field in &claim.covered.headers {
        match field.name {
            "content-md5" => md5 = field.value,
            "content-type" => content_type = field.value,
            "date" => date = Some(field.value),
            "x-oss-date" => oss_date = Some(field.value),
            _ => {}
        }
    }
    let expires = match claim.lifetime {
        Lifetime::Until(at) => Some(at.unix_seconds().to_string()),
        _ => None,
    };
    let expires = expires.as_ref().map(String::as_bytes);
    let date = expires.or(oss_date).or(date).unwrap_or_default();
    for line in [request.method().as_bytes(), md5, content_type, date] {
        out.push(line);
        out.push_byte(b'\n');
    }
}

/// The parameters that are signed, sorted.
fn sub_resources<'p, 'r>(request: &'p Request<'r>) -> impl Iterator<Item = Parameter<'p, 'r>> + Clone {
    request.parameters().sorted().filter(|parameter| is_sub_resource(parameter.name()))
}

/// Decoded text is signed, so these make one string to sign of two different requests.
fn ambiguity(request: &Request<'_>) -> Option<Ambiguity> {
    let mut signed = sub_resources(request);
    let path = request.decoded_path();
    let is_suspect = request.path_holds(ESCAPE | CONTROL) || request.query_holds(ESCAPE | CONTROL);
    if is_suspect
        && (holds(&path, CONTROL) || signed.clone().any(|parameter| holds(parameter.value(), CONTROL)))
    {
        return Some(Ambiguity::ControlCharacter);
    }
    // Any other character of a key is a character of a key: the resource ends at its first `?`.
    if is_suspect && path.contains(&b'?') {
        return Some(Ambiguity::PathSeparator('?'));
    }
    if is_suspect && signed.clone().any(|parameter| holds_sub_resource(parameter.value())) {
        return Some(Ambiguity::QuerySeparator('&'));
    }
    let mut before = signed.next()?;
    signed
        .find(|parameter| std::mem::replace(&mut before, *parameter).name() == parameter.name())
        .map(repeated)
}

/// Whether a part of a value could be a sub-resource of its own. A `&` before anything else is only a `&`, such as in
/// the name of a file.
fn holds_sub_resource(value: &[u8]) -> bool {
    value.split(|byte| *byte == b'&').skip(1).any(|part| {
        let name = part.split(|byte| *byte == b'=').next().unwrap_or_default();
        is_sub_resource(name)
    })
}
