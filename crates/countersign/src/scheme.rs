//! What one signature scheme must say of itself. What all have in common is written once, in `verify.rs` and
//! `sign.rs`, where no scheme can get it wrong.

use std::cell::Cell;
use std::fmt::Debug;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::canonical::Sink;
use crate::claim::Claim;
use crate::dialects::Dialect;
use crate::key::{AccessKeyId, Algorithm, Key, SigningKeys};
use crate::refusal::{Ambiguity, Malformed};
use crate::request::Request;
use crate::time::Timestamp;

/// One way to sign an HTTP request: the differences between schemes, in both directions, and nothing else.
pub trait Scheme: Debug + Send + Sync + 'static {
    /// Its name in configuration, logs and metrics.
    fn name(&self) -> &'static str;

    /// How its clients expect to be refused.
    fn dialect(&self) -> Dialect;

    /// Whether a request bears this scheme's marks, by a look that costs next to nothing.
    fn is_borne(&self, marks: &Marks<'_, '_>) -> bool;

    /// Reads the claim of a request that bears this scheme's marks.
    ///
    /// # Errors
    ///
    /// [`ReadError`], where it cannot be read, or not without its body.
    fn read<'r>(&self, request: &Request<'r>) -> Result<Claim<'r>, ReadError>;

    /// Whether its signers leave the path of the endpoint out of what they sign.
    fn leaves_base_out(&self) -> bool {
        false
    }

    /// The ways in which this scheme's signers canonicalize, the strict one first.
    fn readings(&self) -> &'static [Reading];

    /// Writes the string to sign under one of its readings. `false`: this reading does not apply to this request, and
    /// what was written is of no use.
    fn write(
        &self,
        reading: Reading,
        place: Place<'_>,
        request: &Request<'_>,
        claim: &Claim<'_>,
        out: &mut StringToSign,
    ) -> bool;

    /// The keys that may have signed: the secret itself, or what the scheme makes of it for this claim. None where the
    /// key is not of a kind that the claim's algorithm takes.
    fn keys(&self, key: Key<'_>, claim: &Claim<'_>) -> SigningKeys;

    /// Whether [`Scheme::keys`] costs more than to look up what it made before. Where it does not, they are what is held, as
    /// it is: [`Key::plain`].
    fn keeps_keys(&self, _: &Claim<'_>) -> bool {
        true
    }

    /// What in this request another request with the same signature could say differently.
    fn ambiguity(&self, place: Place<'_>, request: &Request<'_>, claim: &Claim<'_>) -> Option<Ambiguity>;

    /// The name of a line of the string to sign, for people; lines count from 0.
    fn line_name(&self, line: usize, text: &str) -> &'static str;

    /// The name of a line of the canonical request, where the scheme has one.
    fn canonical_line_name(&self, _line: usize, _text: &str) -> &'static str {
        "canonical request"
    }

    /// Adds to a request all that its signature will cover, and a signature that is not one yet.
    fn prepare(
        &self,
        parts: &mut Parts,
        body: &[u8],
        id: &AccessKeyId,
        options: &SignOptions,
    ) -> Result<(), Malformed>;

    /// Puts the signature in the place that `prepare` left for it.
    fn attach(&self, parts: &mut Parts, signature: &[u8]) -> Result<(), Malformed>;
}

/// Why a request that bears a scheme's marks has no claim.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// What is signed, or the signature itself, stands in the body, which has not been read: read it and ask again.
    #[error("the signature covers a form in the body, which has not been read")]
    NeedsBody,
    #[error("{0}")]
    Malformed(#[from] Malformed),
}

/// What tells by which scheme a request is signed.
#[derive(Clone, Debug)]
pub struct Marks<'a, 'r> {
    request: &'a Request<'r>,
    authorization: Option<&'r [u8]>,
    /// The marks that the query bears, looked for when one is first asked for.
    in_query: Cell<Option<u8>>,
}

/// A parameter that a query bears which is signed.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Mark {
    Signature = 1 << 0,
    SignatureNonce = 1 << 1,
    AccessKeyId = 1 << 2,
    BearerToken = 1 << 3,
    OssAccessKeyId = 1 << 4,
    OssSignatureVersion = 1 << 5,
    AmzSignature = 1 << 6,
    AmzAlgorithm = 1 << 7,
}

impl<'a, 'r> Marks<'a, 'r> {
    /// The marks of a request.
    pub fn of(request: &'a Request<'r>) -> Self {
        let authorization = request.headers().get(AUTHORIZATION).map(|value| value.as_bytes());
        Self { request, authorization, in_query: Cell::new(None) }
    }

    /// Whether there is an `Authorization` at all.
    pub fn has_authorization(&self) -> bool {
        self.authorization.is_some()
    }

    /// Whether an `Authorization` begins with these words.
    #[inline]
    pub fn authorization(&self, start: &str) -> bool {
        let Some(first) = self.authorization else { return false };
        first.starts_with(start.as_bytes())
            || (self.request.repeats_fields() && self.another_authorization(start))
    }

    #[cold]
    fn another_authorization(&self, start: &str) -> bool {
        let others = self.request.headers().get_all(AUTHORIZATION).iter().skip(1);
        others.into_iter().any(|value| value.as_bytes().starts_with(start.as_bytes()))
    }

    /// Whether the query has this parameter.
    pub(crate) fn in_query(&self, mark: Mark) -> bool {
        let found = self.in_query.get().unwrap_or_else(|| {
            let marks = self.request.parameters().iter().filter_map(|parameter| Mark::named(parameter.name));
            let found = marks.fold(0, |found, mark| found | mark as u8);
            self.in_query.set(Some(found));
            found
        });
        found & mark as u8 != 0
    }

    /// The request itself.
    pub fn request(&self) -> &'a Request<'r> {
        self.request
    }
}

impl Mark {
    fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"Signature" => Some(Self::Signature),
            b"SignatureNonce" => Some(Self::SignatureNonce),
            b"AccessKeyId" => Some(Self::AccessKeyId),
            b"BearerToken" => Some(Self::BearerToken),
            b"OSSAccessKeyId" => Some(Self::OssAccessKeyId),
            b"x-oss-signature-version" => Some(Self::OssSignatureVersion),
            b"X-Amz-Signature" => Some(Self::AmzSignature),
            b"X-Amz-Algorithm" => Some(Self::AmzAlgorithm),
            _ => None,
        }
    }
}

/// Where a request arrived: what the server knows of it that does not stand in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'p> {
    /// The path of the endpoint, such as `/api`, which some schemes leave out of what they sign.
    pub base: &'p str,
    /// Whether the client speaks TLS with whoever the client takes for the server.
    pub secure: bool,
    /// The domains whose subdomains are buckets: of `bucket.oss.example.com`, where this holds `oss.example.com`, the
    /// first part is signed as the first segment of the path. `files.example.com=pictures` says that this host, and
    /// none below it, is the bucket `pictures`. Without ports.
    pub bucket_domains: &'p [String],
}

impl<'p> Place<'p> {
    /// An endpoint with this path.
    pub fn at(base: &'p str) -> Self {
        Self { base, ..Self::default() }
    }
}

/// One way of canonicalizing what was received: strict, or a named alternative that some client needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Its name in configuration and in explanations.
    pub name: &'static str,
    /// What signs so. A server that accepts the reading by default does so only where the *signed* user agent begins
    /// with it; where a scheme's signers sign none, this is none, and the reading must be one that no two requests of
    /// different meaning share.
    pub client: Option<&'static str>,
    /// Whether it leaves every name and value as the strict reading has them. Any other reading would let the strict
    /// parse authorize what nobody signed.
    pub preserves: bool,
    /// Which it is, for its scheme.
    pub(crate) number: u8,
}

impl Reading {
    /// Whether this is the scheme's own rule.
    pub fn is_strict(self) -> bool {
        self.number == 0
    }
}

/// What a signature may be made with besides the key. A scheme takes what it knows, and leaves the rest alone.
#[derive(Clone, Debug)]
pub struct SignOptions {
    /// The time to sign as.
    pub now: Timestamp,
    /// Where the scheme has both, sign with a key derived for this region, and not with the secret itself.
    pub region: Option<String>,
    /// The service that a derived key is for, such as `s3`, where the scheme asks.
    pub service: Option<String>,
    /// Whose cloud a derived key is for: `aliyun`, or what a private cloud calls itself.
    pub corporation: String,
    /// What accompanies a temporary credential.
    pub security_token: Option<String>,
    /// A value that no other request by this AccessKey has. Schemes that need one cannot sign without it.
    pub nonce: Option<String>,
    /// Put the signature in the query, to stand for so long.
    pub presign: Option<Duration>,
    /// Where the scheme has several; otherwise its usual one.
    pub algorithm: Option<Algorithm>,
    /// Whether the request goes out over TLS.
    pub secure: bool,
}

impl SignOptions {
    /// The plainest signature at this time.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            region: None,
            service: None,
            corporation: "aliyun".to_owned(),
            security_token: None,
            nonce: None,
            presign: None,
            algorithm: None,
            secure: false,
        }
    }
}

/// How long a string to sign may be before it is held in allocated memory, in bytes.
const INLINE: usize = 512;
/// How long canonical requests usually are at most, in bytes.
const CANONICAL_REQUEST: usize = 1024;

/// The text that goes into the MAC. It is bytes: header values need not be UTF-8.
#[derive(Clone, Debug)]
pub struct StringToSign {
    inline: [u8; INLINE],
    length: usize,
    /// All of it, where it is longer than `inline`.
    long: Vec<u8>,
    /// The text whose hash stands in it, where the scheme has one.
    canonical_request: Vec<u8>,
}

impl StringToSign {
    /// An empty one.
    pub fn new() -> Self {
        Self { inline: [0; INLINE], length: 0, long: Vec::new(), canonical_request: Vec::new() }
    }

    /// Appends bytes.
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        match self.inline.get_mut(self.length..end) {
            Some(room) => room.copy_from_slice(bytes),
            None => self.push_long(bytes),
        }
        self.length = end;
    }

    /// Appends one byte.
    #[inline]
    pub fn push_byte(&mut self, byte: u8) {
        match self.inline.get_mut(self.length) {
            Some(room) => *room = byte,
            None => self.push_long(&[byte]),
        }
        self.length += 1;
    }

    #[cold]
    fn push_long(&mut self, bytes: &[u8]) {
        if self.long.is_empty() {
            self.long.extend_from_slice(self.inline.get(..self.length).unwrap_or_default());
        }
        self.long.extend_from_slice(bytes);
    }

    /// Makes it empty again.
    pub fn clear(&mut self) {
        self.length = 0;
        self.long.clear();
        self.canonical_request.clear();
    }

    /// The canonical request, to be written; it is empty before. For schemes that sign its hash.
    pub fn canonical_request_mut(&mut self) -> &mut Vec<u8> {
        self.canonical_request.reserve(CANONICAL_REQUEST);
        &mut self.canonical_request
    }

    /// The canonical request; empty where the scheme has none.
    pub fn canonical_request(&self) -> &[u8] {
        &self.canonical_request
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.inline.get(..self.length).unwrap_or(&self.long)
    }

    /// It as text, for people: what is not UTF-8 is replaced.
    pub fn to_text(&self) -> String {
        String::from_utf8_lossy(self.as_bytes()).into_owned()
    }
}

impl Sink for StringToSign {
    fn push(&mut self, bytes: &[u8]) {
        Self::push(self, bytes);
    }
}

impl Default for StringToSign {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_is_what_is_there_whatever_its_length() {
        for piece in [1, 7, 100, 511, 512, 513, 2000] {
            let mut text = StringToSign::new();
            let mut expected = Vec::new();
            for round in 0..20u8 {
                let bytes = vec![round; piece];
                text.push(&bytes);
                expected.extend_from_slice(&bytes);
                assert_eq!(text.as_bytes(), expected, "pieces of {piece}");
            }
            text.push(b"");
            text.push_byte(b'x');
            expected.push(b'x');
            assert_eq!(text.as_bytes(), expected);
            text.clear();
            text.push(b"again");
            assert_eq!(text.as_bytes(), b"again");
        }
    }
}
