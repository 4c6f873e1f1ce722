//! What the HMAC plugins of Kong and of APISIX share: both come from draft-cavage-http-signatures, in which an
//! `Authorization` names the AccessKey, the algorithm and the signed header fields, and bears the signature.
//!
//! ```text
//! Authorization: hmac username="CSAK1", algorithm="hmac-sha256", headers="date @request-target", signature="<base 64>"
//! ```
//!
//! The signer chooses what is signed, so what must be is the verifier's demand; [`Covered`] tells it exactly. The time
//! that counts is that of the date that is signed. A `Digest` counts where it is signed, and is compared with the body.
//!
//! Stricter than both plugins: a listed field that is absent or stands twice is malformed, where Kong signs its bare name
//! or its first value and APISIX leaves its line out; so is a request without a date, a parameter that is unknown or
//! stands twice, a name that is listed twice, and any other spelling of a signature than the canonical one of base 64.

mod credential;
mod signing;

use http::HeaderName;
use http::header::{AUTHORIZATION, DATE, PROXY_AUTHORIZATION};
use smallvec::SmallVec;

pub(super) use self::credential::Credential;
pub(super) use self::signing::{attach, prepare};
use crate::bytes::cut;
use crate::canonical::decode_base64;
use crate::claim::{Claim, Covered, HeaderField, Lifetime, Payload};
use crate::crypto::Hash;
use crate::key::{AccessKeyId, Algorithm, Signature};
use crate::refusal::Malformed;
use crate::request::Request;
use crate::scheme::{Marks, ReadError};
use crate::time::Timestamp;

pub(super) const REQUEST_TARGET: &str = "@request-target";
/// The whole first line of the request, which Kong knows besides.
pub(super) const REQUEST_LINE: &str = "request-line";
const X_DATE: HeaderName = HeaderName::from_static("x-date");
const DIGEST: HeaderName = HeaderName::from_static("digest");
/// As many names as may be listed.
const MOST_LISTED: usize = 64;

/// How the plugins differ in what is read and signed.
#[derive(Debug)]
pub(super) struct Plugin {
    /// What a value of `Authorization` begins with. Signers write the first.
    pub(super) words: &'static [&'static str],
    /// The parameter that holds the AccessKey id.
    pub(super) id: &'static str,
    pub(super) algorithms: &'static [(&'static str, Algorithm)],
    /// Names in the list that stand for what is no header field.
    pub(super) targets: &'static [&'static str],
    /// Whether a signature may stand in `Proxy-Authorization` too, and a date in `X-Date`. For clients that cannot set
    /// the usual fields, such as browsers.
    pub(super) beside: bool,
    /// What signers put between two parameters.
    pub(super) between: &'static str,
    /// What signers list.
    pub(super) listed: &'static str,
}

impl Plugin {
    /// Whether a request bears its marks.
    pub(super) fn is_borne(&self, marks: &Marks<'_, '_>) -> bool {
        let proxy = || marks.request().headers().get(PROXY_AUTHORIZATION).map(|value| value.as_bytes());
        self.words.iter().any(|word| marks.authorization(word))
            || (self.beside
                && marks.has_field(&PROXY_AUTHORIZATION)
                && proxy().is_some_and(|value| self.parameters(value).is_some()))
    }

    /// What stands behind its word.
    fn parameters<'r>(&self, value: &'r [u8]) -> Option<&'r [u8]> {
        self.words.iter().find_map(|word| value.strip_prefix(word.as_bytes()))
    }

    /// Reads the claim of a request.
    pub(super) fn read<'r>(&self, request: &Request<'r>) -> Result<Claim<'r>, ReadError> {
        request.check_line()?;
        let (field, credential) = self.credential(request)?;
        if AccessKeyId::check(credential.id).is_err() {
            return Err(credential
                .unreadable("the AccessKey id holds characters that ids do not have")
                .into());
        }
        let known = self.algorithms.iter().find(|(known, _)| *known == credential.algorithm);
        let (_, algorithm) =
            known.ok_or_else(|| Malformed::UnknownAlgorithm(credential.algorithm.to_owned()))?;
        let signature = signature(&credential, *algorithm)?;
        let mut covered = self.covered(request, &credential, field)?;
        let (date, is_signed) = self.date(request, &covered.headers)?;
        let signed_at = Timestamp::parse_http_date(date).ok_or_else(|| {
            Malformed::unreadable("Date", "it should read like `Sat, 21 Nov 2026 23:23:13 GMT`")
        })?;
        covered.time = is_signed;
        Ok(Claim {
            access_key_id: credential.id.into(),
            algorithm: *algorithm,
            signed_at,
            lifetime: Lifetime::Window,
            nonce: None,
            scope: None,
            security_token: None,
            user_agent: of(&covered.headers, "user-agent"),
            unjudged: SmallVec::new(),
            payload: of(&covered.headers, DIGEST.as_str()).map_or(Payload::Uncovered, read_digest),
            covered,
            signature,
        })
    }

    /// The parameters of the signature, and the field in which it stands.
    pub(super) fn credential<'r>(
        &self,
        request: &Request<'r>,
    ) -> Result<(HeaderName, Credential<'r>), Malformed> {
        let mut found = None;
        for field in [AUTHORIZATION, PROXY_AUTHORIZATION] {
            if field == PROXY_AUTHORIZATION && !self.beside {
                continue;
            }
            // Of two values of one field, signer and server might take different ones.
            let Some(text) = request.header(&field)?.and_then(|value| self.parameters(value)) else {
                continue;
            };
            if found.replace((field, text)).is_some() {
                return Err(Malformed::Repeated("signature".to_owned()));
            }
        }
        let (field, text) = found.ok_or(Malformed::Missing("Authorization"))?;
        let credential = Credential::read(self.id, field.as_str(), text)?;
        Ok((field, credential))
    }

    /// What the list covers. `bearer` is the field with the signature.
    fn covered<'r>(
        &self,
        request: &Request<'r>,
        credential: &Credential<'r>,
        bearer: HeaderName,
    ) -> Result<Covered<'r>, Malformed> {
        // The names that are listed, each with the field that it names.
        let mut listed: SmallVec<[(&'r str, Option<HeaderField<'r>>); 8]> = SmallVec::new();
        for name in names(credential.headers) {
            if name.is_empty() {
                return Err(credential.unreadable("the list of signed header fields has an empty name"));
            }
            if listed.len() == MOST_LISTED {
                return Err(credential.unreadable("it lists more header fields than are read"));
            }
            if listed.iter().any(|(other, _)| is_named(other, name)) {
                return Err(Malformed::Repeated(name.to_owned()));
            }
            listed.push((name, None));
        }
        for (name, value) in request.headers() {
            let field = HeaderField { name: name.as_str(), value: value.as_bytes() };
            let Some((_, found)) = listed.iter_mut().find(|(listed, _)| is_named(listed, field.name)) else {
                continue;
            };
            if found.replace(field).is_some() {
                return Err(Malformed::Repeated(field.name.to_owned()));
            }
        }
        let mut headers: SmallVec<[HeaderField<'r>; 6]> = SmallVec::new();
        let mut has_target = false;
        for (name, field) in listed {
            match (self.targets.contains(&name), field) {
                // The plugins would sign the field in its place.
                (true, Some(_)) => {
                    return Err(Malformed::unreadable(name, "it is the name of a header field here"));
                }
                (true, None) => has_target = true,
                (false, None) => {
                    return Err(Malformed::unreadable(
                        name,
                        "it is listed as signed, and is not in the request",
                    ));
                }
                (false, Some(field)) if bearer == field.name => {
                    return Err(Malformed::unreadable(name, "a signature does not cover itself"));
                }
                (false, Some(field)) => headers.push(field),
            }
        }
        headers.sort_unstable_by_key(|field| field.name);
        Ok(Covered {
            method: has_target,
            path: has_target,
            query: has_target,
            authority: of(&headers, "host").is_some(),
            time: false,
            by_choice: true,
            listed: Some(credential.headers.into()),
            headers,
        })
    }

    /// The date that counts, and whether it is signed: one that is goes before one that is not, whatever that says.
    fn date<'r>(
        &self,
        request: &Request<'r>,
        signed: &[HeaderField<'r>],
    ) -> Result<(&'r [u8], bool), Malformed> {
        let names: &[HeaderName] = if self.beside { &[X_DATE, DATE] } else { &[DATE] };
        if let Some(date) = names.iter().find_map(|name| of(signed, name.as_str())) {
            return Ok((date, true));
        }
        for name in names {
            if let Some(date) = request.header(name)? {
                return Ok((date, false));
            }
        }
        Err(Malformed::Missing("Date"))
    }
}

/// What a claim lists as signed, spelt as its signer spelt it, each with the value of the field of that name, where there
/// is one.
pub(super) fn listed<'a>(claim: &'a Claim<'_>) -> impl Iterator<Item = (&'a str, Option<&'a [u8]>)> {
    let fields = &claim.covered.headers;
    names(claim.covered.listed.as_deref().unwrap_or_default()).map(|name| {
        let field = fields.iter().find(|field| is_named(name, field.name));
        (name, field.map(|field| field.value))
    })
}

fn names(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        let list = rest?;
        let (name, behind) = cut(list, b' ').map_or((list, None), |(name, behind)| (name, Some(behind)));
        rest = behind;
        Some(name)
    })
}

/// Whether a list names this field, in whatever case.
fn is_named(listed: &str, name: &str) -> bool {
    listed.eq_ignore_ascii_case(name)
}

fn of<'r>(fields: &[HeaderField<'r>], name: &str) -> Option<&'r [u8]> {
    fields.iter().find(|field| field.name == name).map(|field| field.value)
}

fn signature(credential: &Credential<'_>, algorithm: Algorithm) -> Result<Signature, Malformed> {
    let signature = decode_base64(credential.signature.as_bytes())
        .ok_or_else(|| credential.unreadable("the signature is not base 64 with padding"))?;
    match algorithm {
        Algorithm::Hmac(hash) if signature.len() == hash.output_length() => Ok(signature),
        _ => Err(credential.unreadable("the signature does not have the length of one by its algorithm")),
    }
}

/// Reads `SHA-256=<base 64>` (RFC 3230), which is all that the plugins know.
fn read_digest(value: &[u8]) -> Payload {
    let digest = value.strip_prefix(b"SHA-256=").and_then(decode_base64);
    match digest.filter(|digest| digest.len() == Hash::Sha256.output_length()) {
        Some(digest) => Payload::Digest(Hash::Sha256, digest),
        None => Payload::Unreadable,
    }
}

/// Writes the path and the query as they stand.
pub(super) fn write_target(request: &Request<'_>, out: &mut impl crate::canonical::Sink) {
    out.push(request.path().as_bytes());
    if let Some(query) = request.query() {
        out.push(b"?");
        out.push(query.as_bytes());
    }
}
