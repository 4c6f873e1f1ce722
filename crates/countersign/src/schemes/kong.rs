//! The HMAC dialect of Kong's plugin hmac-auth.
//!
//! ```text
//! Authorization: hmac username="CSAK1", algorithm="hmac-sha256", headers="date @request-target", signature="<base 64>"
//! ```
//!
//! The string to sign has a line for each listed name, without a line end at its end: `name: value`, the name spelt as
//! in the list; `@request-target: get /path?query`, the method in lower case; or, for `request-line`, the first line of
//! the request. The list itself is not signed, but no other list makes the same lines.
//!
//! The signature may stand in `Proxy-Authorization`, and the date in `X-Date`; where both dates are signed `X-Date` is
//! the one that counts. A method in other than upper case is refused, as `@request-target` does not tell it apart.
//!
//! A request says its version of HTTP only in its first line, which is not kept: it is taken for 1.1, and two readings
//! take it for 1.0 and 2.0. They must be named by the operator.
//!
//! Sources: Kong `kong/plugins/hmac-auth/access.lua`, and its documentation for `hmac-sha224`, which is in the
//! enterprise edition. See `cavage` for what is stricter here.

use http::request::Parts;

use super::cavage::{self, REQUEST_LINE, REQUEST_TARGET, write_target};
use crate::claim::Claim;
use crate::crypto::Hash;
use crate::dialects::Dialect;
use crate::key::{AccessKeyId, Algorithm, Key, SigningKeys};
use crate::refusal::{Ambiguity, Malformed};
use crate::request::Request;
use crate::scheme::{Marks, Place, ReadError, Reading, Scheme, SignOptions, StringToSign};

const CAVAGE: cavage::Plugin = cavage::Plugin {
    words: &["hmac ", "Hmac "],
    id: "username",
    algorithms: &[
        ("hmac-sha1", Algorithm::HMAC_SHA1),
        ("hmac-sha224", Algorithm::Hmac(Hash::Sha224)),
        ("hmac-sha256", Algorithm::HMAC_SHA256),
        ("hmac-sha384", Algorithm::Hmac(Hash::Sha384)),
        ("hmac-sha512", Algorithm::Hmac(Hash::Sha512)),
    ],
    targets: &[REQUEST_TARGET, REQUEST_LINE],
    beside: true,
    between: ", ",
    listed: "date @request-target",
};

const READINGS: [Reading; 3] =
    [reading(0, "strict"), reading(1, "request-line-http-1.0"), reading(2, "request-line-http-2.0")];

const fn reading(number: u8, name: &'static str) -> Reading {
    // The version of HTTP is a part of what is signed: it is taken for another only where the operator says so.
    Reading { name, client: None, preserves: number == 0, number }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Kong;

impl Scheme for Kong {
    fn name(&self) -> &'static str {
        "kong-hmac"
    }

    fn dialect(&self) -> Dialect {
        Dialect::Kong
    }

    fn is_borne(&self, marks: &Marks<'_, '_>) -> bool {
        CAVAGE.is_borne(marks)
    }

    fn read<'r>(&self, request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
        let claim = CAVAGE.read(request)?;
        if request.method().bytes().any(|byte| byte.is_ascii_lowercase()) {
            let why = "it is signed in lower case, so only one in upper case is told apart";
            return Err(Malformed::unreadable("the method", why).into());
        }
        Ok(claim)
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
        if !reading.is_strict() && !cavage::listed(claim).any(|(listed, _)| listed == REQUEST_LINE) {
            return false;
        }
        for (count, (listed, value)) in cavage::listed(claim).enumerate() {
            if count > 0 {
                out.push_byte(b'\n');
            }
            match listed {
                REQUEST_TARGET => {
                    out.push(b"@request-target: ");
                    request.method().bytes().for_each(|byte| out.push_byte(byte.to_ascii_lowercase()));
                    out.push_byte(b' ');
                    write_target(request, out);
                }
                REQUEST_LINE => {
                    out.push(request.method().as_bytes());
                    out.push_byte(b' ');
                    write_target(request, out);
                    out.push(match reading.number {
                        1 => b" HTTP/1.0",
                        2 => b" HTTP/2.0",
                        _ => b" HTTP/1.1",
                    });
                }
                _ => {
                    out.push(listed.as_bytes());
                    out.push(b": ");
                    out.push(value.unwrap_or_default());
                }
            }
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

    fn line_name(&self, _: usize, text: &str) -> &'static str {
        match text.split_once(": ") {
            Some((REQUEST_TARGET, _)) => "request target",
            Some(_) => "header field",
            None => "request line",
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
