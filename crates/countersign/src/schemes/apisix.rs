//! The HMAC dialect of APISIX's plugin hmac-auth, since version 3.11.
//!
//! ```text
//! Authorization: Signature keyId="CSAK1",algorithm="hmac-sha256",headers="@request-target date",signature="<base 64>"
//! ```
//!
//! The string to sign begins with the AccessKey id, has a line for each listed name, and ends with a line end:
//!
//! ```text
//! CSAK1
//! GET /path?query
//! date: Sat, 21 Nov 2026 23:23:13 GMT
//! ```
//!
//! The list itself is not signed, but no other list makes the same lines. Clients of Tyk and of the fediverse use the same
//! word in `Authorization` for other dialects; they list `(request-target)`, and are malformed here.
//!
//! Source: Apache APISIX `apisix/plugins/hmac-auth.lua`. See `cavage` for what is stricter here.

use http::request::Parts;

use super::cavage::{self, REQUEST_TARGET, write_target};
use crate::claim::Claim;
use crate::crypto::Hash;
use crate::dialects::Dialect;
use crate::key::{AccessKeyId, Algorithm, Key, SigningKeys};
use crate::refusal::{Ambiguity, Malformed};
use crate::request::Request;
use crate::scheme::{Marks, Place, ReadError, Reading, Scheme, SignOptions, StringToSign};

const CAVAGE: cavage::Plugin = cavage::Plugin {
    words: &["Signature "],
    id: "keyId",
    algorithms: &[
        ("hmac-sha1", Algorithm::HMAC_SHA1),
        ("hmac-sha256", Algorithm::HMAC_SHA256),
        ("hmac-sha512", Algorithm::Hmac(Hash::Sha512)),
    ],
    targets: &[REQUEST_TARGET],
    beside: false,
    between: ",",
    listed: "@request-target date",
};

const READINGS: [Reading; 1] = [Reading { name: "strict", client: None, preserves: true, number: 0 }];

/// See the module.
#[derive(Debug)]
pub(super) struct Apisix;

impl Scheme for Apisix {
    fn name(&self) -> &'static str {
        "apisix-hmac"
    }

    fn dialect(&self) -> Dialect {
        Dialect::Apisix
    }

    fn is_borne(&self, marks: &Marks<'_, '_>) -> bool {
        CAVAGE.is_borne(marks)
    }

    fn read<'r>(&self, request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
        CAVAGE.read(request)
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
        out.push(claim.access_key_id.as_bytes());
        out.push_byte(b'\n');
        for (listed, value) in cavage::listed(claim) {
            match listed {
                REQUEST_TARGET => {
                    out.push(request.method().as_bytes());
                    out.push_byte(b' ');
                    write_target(request, out);
                }
                _ => {
                    out.push(listed.as_bytes());
                    out.push(b": ");
                    out.push(value.unwrap_or_default());
                }
            }
            out.push_byte(b'\n');
        }
        true
    }

    fn keys(&self, key: Key<'_>, claim: &Claim<'_>) -> SigningKeys {
        key.plain(claim.algorithm)
    }

    fn keeps_keys(&self, claim: &Claim<'_>) -> bool {
        claim.algorithm != Algorithm::HMAC_SHA1
    }

    fn ambiguity(&self, _: Place<'_>, _: &Request<'_>, _: &Claim<'_>) -> Option<Ambiguity> {
        None
    }

    fn line_name(&self, line: usize, text: &str) -> &'static str {
        match line {
            0 => "AccessKey id",
            _ if text.is_empty() => "line end",
            _ if text.contains(": ") => "header field",
            _ => "request target",
        }
    }

    fn prepare(
        &self,
        parts: &mut Parts,
        body: &[u8],
        id: &AccessKeyId,
        options: &SignOptions,
    ) -> Result<(), Malformed> {
        cavage::prepare(&CAVAGE, parts, body, id, options)
    }

    fn attach(&self, parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed> {
        cavage::attach(parts, signature)
    }
}
