//! What all versions read from a request: the header fields that are signed, and the parameters that sign.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::canonical::{Parameters, Sink, compare_names, decode_base64};
use crate::claim::{HeaderField, Payload};
use crate::crypto::Hash;
use crate::key::AccessKeyId;
use crate::refusal::Malformed;
use crate::request::Request;
use crate::time::Timestamp;

/// What begins the names of the header fields that are always signed.
pub(super) const SIGNED_PREFIX: &str = "x-oss-";
const SECURITY_TOKEN: &str = "x-oss-security-token";
/// As version 1 calls it in a query, and as one SDK calls it in a header field that it does not sign.
const PLAIN_SECURITY_TOKEN: &str = "security-token";

/// The parameters by which a query shows that it is signed, in whichever version. Names that differ in case alone are
/// held to be the same: somebody behind the verifier may hold them so.
const MARKS: [&str; 6] = [
    "OSSAccessKeyId",
    "Signature",
    "x-oss-access-key-id",
    "x-oss-credential",
    "x-oss-signature",
    "x-oss-signature-version",
];

/// What a request holds.
pub(in crate::schemes) struct Found<'p, 'r> {
    pub(in crate::schemes) authorization: Option<&'r [u8]>,
    pub(in crate::schemes) date: Option<&'r [u8]>,
    pub(in crate::schemes) oss_date: Option<&'r [u8]>,
    pub(in crate::schemes) content_sha256: Option<&'r [u8]>,
    content_md5: Option<&'r [u8]>,
    security_token: Option<&'r [u8]>,
    pub(in crate::schemes) unjudged: SmallVec<[&'static str; 1]>,
    /// `Content-MD5`, `Content-Type` and all that begins with `x-oss-`, sorted, and what is covered later.
    pub(in crate::schemes) covered: SmallVec<[HeaderField<'r>; 6]>,
    parameters: &'p Parameters<'r>,
}

impl<'p, 'r> Found<'p, 'r> {
    /// What is found before anything was looked for.
    pub(in crate::schemes) fn nothing(request: &'p Request<'r>) -> Self {
        Self {
            authorization: None,
            date: None,
            oss_date: None,
            content_sha256: None,
            content_md5: None,
            security_token: None,
            unjudged: SmallVec::new(),
            covered: SmallVec::new(),
            parameters: request.parameters(),
        }
    }

    /// Gathers it, in one pass over the header fields.
    pub(in crate::schemes) fn gather(&mut self, request: &Request<'r>) -> Result<(), Malformed> {
        let (mut host, mut content_type, mut plain_token) = (None, None, None);
        for (name, value) in request.headers() {
            let field = HeaderField { name: name.as_str(), value: value.as_bytes() };
            let once = match field.name {
                "authorization" => &mut self.authorization,
                "host" => &mut host,
                "date" => &mut self.date,
                "content-md5" => &mut self.content_md5,
                "content-type" => &mut content_type,
                "x-oss-date" => &mut self.oss_date,
                "x-oss-content-sha256" => &mut self.content_sha256,
                SECURITY_TOKEN => &mut self.security_token,
                PLAIN_SECURITY_TOKEN => &mut plain_token,
                name if name.starts_with(SIGNED_PREFIX) => {
                    self.cover(field);
                    continue;
                }
                _ => continue,
            };
            // Each may stand once: signer and server might take different ones.
            if once.replace(field.value).is_some() {
                return Err(Malformed::Repeated(field.name.to_owned()));
            }
            if is_always_signed(field.name) {
                self.cover(field);
            }
        }
        for (token, name) in [(self.security_token, SECURITY_TOKEN), (plain_token, PLAIN_SECURITY_TOKEN)] {
            if token.is_some() || self.parameter(name)?.is_some() {
                self.unjudged.push(name);
            }
        }
        Ok(())
    }

    /// Keeps the fields sorted. The values of one field keep the order in which they came.
    pub(in crate::schemes) fn cover(&mut self, field: HeaderField<'r>) {
        let before = self.covered.iter().rposition(|other| compare_names(other.name, field.name).is_le());
        self.covered.insert(before.map_or(0, |before| before + 1), field);
    }

    /// Covers the additional header fields of a list such as `host;range`. Each stands there once, in lower case, and
    /// in the request; their order is free, for they are signed in order whatever it is (oss2 sorts them by their first
    /// letter alone before it lists them).
    pub(in crate::schemes) fn cover_additional(
        &mut self,
        list: Option<&str>,
        request: &Request<'r>,
    ) -> Result<(), Malformed> {
        // The reqsign crate writes an empty list where there are none, and signs the same as without.
        let Some(list) = list.filter(|list| !list.is_empty()) else { return Ok(()) };
        let names = sorted_names(list);
        if names.iter().any(|name| name.is_empty() || name.bytes().any(|byte| byte.is_ascii_uppercase())) {
            return Err(unreadable_list("they should read like `host;range`, in lower case"));
        }
        for pair in names.windows(2) {
            if let [a, b] = pair
                && a == b
            {
                return Err(Malformed::Repeated((*a).to_owned()));
            }
        }
        for name in names {
            if !request.headers().contains_key(name) {
                return Err(Malformed::unreadable(name, "it is listed as signed, and the request has none"));
            }
            if self.covered.iter().any(|field| field.name == name) {
                continue;
            }
            for (other, value) in request.headers() {
                if other.as_str() == name {
                    self.cover(HeaderField { name: other.as_str(), value: value.as_bytes() });
                }
            }
        }
        Ok(())
    }

    /// Makes sure that a request that is signed in a header field bears no signature in its query.
    pub(in crate::schemes) fn only_in_header(&self) -> Result<(), Malformed> {
        self.only_with(&[])
    }

    /// Makes sure that a request that is signed in its query bears no other signature, and each parameter once.
    pub(in crate::schemes) fn only_in_query(&self, own: &[&str]) -> Result<(), Malformed> {
        if self.authorization.is_some() {
            return Err(Malformed::TwoSignatures);
        }
        self.only_with(own)?;
        for name in own {
            self.parameter(name)?;
        }
        Ok(())
    }

    fn only_with(&self, own: &[&str]) -> Result<(), Malformed> {
        if !self.parameters.may_have(&MARKS) {
            return Ok(());
        }
        let foreign = |name: &[u8]| {
            let is = |mark: &&str| name.eq_ignore_ascii_case(mark.as_bytes());
            MARKS.iter().any(is) && !own.iter().any(is)
        };
        if self.parameters.iter().any(|parameter| foreign(parameter.name())) {
            return Err(Malformed::TwoSignatures);
        }
        Ok(())
    }

    /// The value of a parameter that may stand once, in whichever case its name is written elsewhere.
    #[inline]
    pub(in crate::schemes) fn parameter(&self, name: &str) -> Result<Option<Cow<'r, str>>, Malformed> {
        if self.parameters.may_have(&[name]) { self.parameter_alike(name) } else { Ok(None) }
    }

    fn parameter_alike(&self, name: &str) -> Result<Option<Cow<'r, str>>, Malformed> {
        let mut named = self.parameters.named_alike(name);
        let (first, second) = (named.next(), named.next());
        if second.is_some() {
            return Err(Malformed::Repeated(name.to_owned()));
        }
        let Some(parameter) = first.filter(|parameter| *parameter.name() == *name.as_bytes()) else {
            return Ok(None);
        };
        parameter.text().map(Some).ok_or_else(|| Malformed::unreadable(name, "it is not UTF-8"))
    }

    /// The same for one that must be there.
    pub(in crate::schemes) fn required(&self, name: &'static str) -> Result<Cow<'r, str>, Malformed> {
        self.parameter(name)?.ok_or(Malformed::Missing(name))
    }

    /// The security token, wherever this version has it.
    pub(in crate::schemes) fn security_token(&self) -> Result<Option<Cow<'r, str>>, Malformed> {
        if let Some(token) = self.security_token {
            let token = std::str::from_utf8(token);
            return token
                .map(|token| Some(token.into()))
                .map_err(|_| Malformed::unreadable(SECURITY_TOKEN, "it is not UTF-8"));
        }
        if !self.parameters.may_have(&[SECURITY_TOKEN, PLAIN_SECURITY_TOKEN]) {
            return Ok(None);
        }
        match self.parameter(SECURITY_TOKEN)? {
            Some(token) => Ok(Some(token)),
            None => self.parameter(PLAIN_SECURITY_TOKEN),
        }
    }

    /// The body's digest by `Content-MD5`: base 64, as RFC 1864 has it.
    pub(in crate::schemes) fn md5(&self) -> Payload {
        let Some(value) = self.content_md5 else { return Payload::Uncovered };
        match decode_base64(value).filter(|digest| digest.len() == Hash::Md5.output_length()) {
            Some(digest) => Payload::Digest(Hash::Md5, digest),
            None => Payload::Unreadable,
        }
    }
}

/// Whether a header field is signed because it is there.
pub(super) fn is_always_signed(name: &str) -> bool {
    matches!(name, "content-md5" | "content-type") || name.starts_with(SIGNED_PREFIX)
}

/// The names in a list of additional header fields, in order.
pub(in crate::schemes) fn sorted_names(list: &str) -> SmallVec<[&str; 4]> {
    let mut names: SmallVec<[&str; 4]> = list.split(';').collect();
    names.sort_unstable();
    names
}

/// Writes the line with the names of additional header fields, without its end.
pub(in crate::schemes) fn write_names(list: &str, out: &mut impl Sink) {
    for (place, name) in sorted_names(list).iter().enumerate() {
        out.push(if place == 0 { b"" } else { b";" });
        out.push(name.as_bytes());
    }
}

/// Writes `name:value` for each field that is to be in the block; several values of one field are joined by commas, as
/// they would be by any recipient (RFC 9110, section 5.3).
pub(in crate::schemes) fn write_fields(
    fields: &[HeaderField<'_>],
    is_in: impl Fn(&str) -> bool,
    out: &mut impl Sink,
) {
    let mut fields = fields.iter().filter(|field| is_in(field.name)).peekable();
    while let Some(field) = fields.next() {
        out.push(field.name.as_bytes());
        out.push(b":");
        out.push(field.value);
        while let Some(other) = fields.next_if(|other| other.name == field.name) {
            out.push(b",");
            out.push(other.value);
        }
        out.push(b"\n");
    }
}

/// Checks an AccessKey id.
pub(in crate::schemes) fn access_key_id<'r>(id: Cow<'r, str>, what: &str) -> Result<Cow<'r, str>, Malformed> {
    match AccessKeyId::check(&id) {
        Ok(()) => Ok(id),
        Err(_) => Err(Malformed::unreadable(what, "the AccessKey id holds characters that ids do not have")),
    }
}

/// Reads the instant at which a presigned URL of version 1 or 2 ends: seconds since 1970, in their one spelling.
pub(super) fn read_expires(text: &str, what: &str) -> Result<Timestamp, Malformed> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let seconds = text.parse::<i64>().ok().filter(|_| canonical);
    let at =
        seconds.and_then(|seconds| Some((seconds, Timestamp::from_unix_millis(seconds.checked_mul(1000)?))));
    // What no clock shows is held at the edge of time, and would be written otherwise.
    match at {
        Some((seconds, at)) if at.unix_seconds() == seconds => Ok(at),
        _ => Err(Malformed::unreadable(what, "it should be seconds since 1970, such as `1795306452`")),
    }
}

pub(in crate::schemes) fn unreadable_list(why: &'static str) -> Malformed {
    Malformed::unreadable("the additional header fields", why)
}
