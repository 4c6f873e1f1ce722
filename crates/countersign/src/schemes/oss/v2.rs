//! Version 2.

use std::borrow::Cow;

use http::request::Parts;

use super::address::{Addressing, READINGS};
use super::authorization::{ADDITIONAL_PARAMETER, Form};
use super::parts::{
    Found, SIGNED_PREFIX, access_key_id, read_expires, sorted_names, write_fields, write_names,
};
use super::query::{repeated_name, write_path, write_query};
use super::signing;
use super::v1::{read_date, write_start};
use crate::canonical::decode_base64;
use crate::claim::{Claim, Covered, Lifetime};
use crate::dialects::Dialect;
use crate::key::{AccessKeyId, Algorithm, Key, SigningKeys};
use crate::refusal::{Ambiguity, Malformed};
use crate::request::Request;
use crate::scheme::{Marks, Place, ReadError, Reading, Scheme, SignOptions, StringToSign};

/// The parameters that sign a query.
const OWN: [&str; 5] = [
    "x-oss-signature-version",
    "x-oss-access-key-id",
    "x-oss-expires",
    ADDITIONAL_PARAMETER,
    "x-oss-signature",
];

const FORM: Form = Form {
    start: "OSS2 ",
    credential: "AccessKeyId",
    separator: b':',
    example: "it should read `OSS2 AccessKeyId:<AccessKey id>,AdditionalHeaders:<names>,Signature:<signature>`",
};

/// Whether a query that names a version of the signature names this one.
pub(in crate::schemes) fn is_version_2(request: &Request<'_>) -> bool {
    request.parameters().named("x-oss-signature-version").is_some_and(|version| *version.value() == *b"OSS2")
}

/// See the parent module.
#[derive(Debug)]
pub(in crate::schemes) struct Oss2;

impl Scheme for Oss2 {
    fn name(&self) -> &'static str {
        "oss2"
    }

    fn dialect(&self) -> Dialect {
        Dialect::Oss
    }

    fn is_borne(&self, marks: &Marks<'_, '_>) -> bool {
        marks.authorization("OSS2 ")
            || marks.request().has_parameter("x-oss-signature-version") && is_version_2(marks.request())
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
        write_start(request, claim, out);
        let additional = claim.covered.listed.as_deref();
        let names = additional.map(sorted_names).unwrap_or_default();
        let is_in = |name: &str| name.starts_with(SIGNED_PREFIX) || names.contains(&name);
        write_fields(&claim.covered.headers, is_in, out);
        if let Some(list) = additional {
            write_names(list, out);
        }
        out.push_byte(b'\n');
        write_path(bucket, request, b"", out);
        write_query(request, b"?", out);
        true
    }

    fn keys(&self, key: Key<'_>, claim: &Claim<'_>) -> SigningKeys {
        key.plain(claim.algorithm)
    }

    fn ambiguity(&self, _: Place<'_>, request: &Request<'_>, _: &Claim<'_>) -> Option<Ambiguity> {
        repeated_name(request)
    }

    fn line_name(&self, line: usize, text: &str) -> &'static str {
        match line {
            0 => "method",
            1 => "Content-MD5",
            2 => "Content-Type",
            3 => "Date or Expires",
            _ if text.starts_with("%2F") => "canonical resource",
            _ if text.contains(':') => "header field",
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
        let blank = signing::base64(&[0; 32]);
        if let Some(lifetime) = options.presign {
            let expires = options.now.plus(lifetime).unix_seconds().to_string();
            let mut added: Vec<_> = options
                .security_token
                .as_deref()
                .map(|token| ("security-token", token))
                .into_iter()
                .collect();
            added.extend([
                ("x-oss-signature-version", "OSS2"),
                ("x-oss-expires", &expires),
                ("x-oss-access-key-id", id.as_str()),
            ]);
            return signing::presign(parts, &added, "x-oss-signature", &blank);
        }
        signing::put_date(parts, options)?;
        signing::put_security_token(parts, options)?;
        signing::put_authorization(parts, &format!("OSS2 AccessKeyId:{id},Signature:{blank}"))
    }

    fn attach(&self, parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed> {
        signing::attach(parts, ["Signature:", "x-oss-signature="], &signing::base64(signature))
    }
}

/// What signs: of a header field, or of the query.
struct Signing<'r> {
    is_in_query: bool,
    id: Cow<'r, str>,
    additional: Option<Cow<'r, str>>,
    signature: Cow<'r, str>,
}

impl<'r> Signing<'r> {
    fn of(found: &Found<'_, 'r>) -> Result<Self, Malformed> {
        if let Some(value) = found.authorization.filter(|value| value.starts_with(b"OSS2 ")) {
            found.only_in_header()?;
            let read = FORM.read(value)?;
            return Ok(Self {
                is_in_query: false,
                id: read.credential.into(),
                additional: read.additional.map(Cow::Borrowed),
                signature: read.signature.into(),
            });
        }
        found.only_in_query(&OWN)?;
        Ok(Self {
            is_in_query: true,
            id: found.required("x-oss-access-key-id")?,
            additional: found.parameter(ADDITIONAL_PARAMETER)?,
            signature: found.required("x-oss-signature")?,
        })
    }
}

fn read<'r>(request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
    let mut found = Found::nothing(request);
    found.gather(request)?;
    let signing = Signing::of(&found)?;
    let (signed_at, lifetime) = if signing.is_in_query {
        let at = read_expires(&found.required("x-oss-expires")?, "x-oss-expires")?;
        (at, Lifetime::Until(at))
    } else {
        (read_date(&mut found)?, Lifetime::Window)
    };
    found.cover_additional(signing.additional.as_deref(), request)?;
    let signature =
        decode_base64(signing.signature.as_bytes()).filter(|bytes| bytes.len() == 32).ok_or_else(|| {
            Malformed::unreadable("the signature", "it is not one of HMAC-SHA256: 32 bytes in base 64")
        })?;
    Ok(Claim {
        access_key_id: access_key_id(signing.id, "AccessKeyId")?,
        algorithm: Algorithm::HMAC_SHA256,
        signed_at,
        lifetime,
        nonce: None,
        scope: None,
        security_token: found.security_token()?,
        user_agent: found.covered.iter().find(|field| field.name == "user-agent").map(|field| field.value),
        payload: found.md5(),
        unjudged: found.unjudged,
        covered: Covered { listed: signing.additional, ..Covered::whole(found.covered) },
        signature,
    })
}
