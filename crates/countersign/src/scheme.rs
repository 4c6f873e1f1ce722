//! What one signature scheme must say of itself. What all have in common is written once, in `verify.rs` and
//! `sign.rs`, where no scheme can get it wrong.

use std::fmt::Debug;
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderName};
use http::request::Parts;

use crate::buffer::Buffer;
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
}

impl<'a, 'r> Marks<'a, 'r> {
    /// The marks of a request.
    pub fn of(request: &'a Request<'r>) -> Self {
        Self { request }
    }

    /// Whether there is an `Authorization` at all.
    pub fn has_authorization(&self) -> bool {
        self.request.authorization().is_some()
    }

    /// Whether an `Authorization` begins with these words.
    #[inline]
    pub fn authorization(&self, start: &str) -> bool {
        let Some(first) = self.request.authorization() else { return false };
        first.starts_with(start.as_bytes())
            || (self.request.repeats_fields() && self.another_authorization(start))
    }

    #[cold]
    fn another_authorization(&self, start: &str) -> bool {
        let others = self.request.headers().get_all(AUTHORIZATION).iter().skip(1);
        others.into_iter().any(|value| value.as_bytes().starts_with(start.as_bytes()))
    }

    /// Whether there is a header field of this name, which hardly a request has. Of the few names that it has, looking at all
    /// takes less than to hash one.
    pub(crate) fn has_field(&self, wanted: &HeaderName) -> bool {
        self.request.headers().keys().any(|name| name == wanted)
    }

    /// The request itself.
    pub fn request(&self) -> &'a Request<'r> {
        self.request
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

/// How long strings to sign usually are at most, in bytes.
const STRING_TO_SIGN: usize = 512;
/// How long canonical requests usually are at most, in bytes.
const CANONICAL_REQUEST: usize = 1024;

/// The text that goes into the MAC. It is bytes: header values need not be UTF-8.
#[derive(Clone, Debug)]
pub struct StringToSign {
    text: Buffer<STRING_TO_SIGN>,
    /// The text whose hash stands in it, where the scheme has one.
    canonical_request: Vec<u8>,
}

impl StringToSign {
    /// An empty one.
    pub fn new() -> Self {
        Self { text: Buffer::default(), canonical_request: Vec::new() }
    }

    /// Appends bytes.
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) {
        self.text.push(bytes);
    }

    /// Appends the beginnings of some texts, each as long as is said: see [`Buffer::push_starts`].
    #[inline(always)]
    pub(crate) fn push_starts<const N: usize>(&mut self, texts: [(&[u8], usize); N]) {
        self.text.push_starts(texts);
    }

    /// Appends one byte.
    #[inline]
    pub fn push_byte(&mut self, byte: u8) {
        self.text.push_byte(byte);
    }

    /// Makes it empty again.
    pub fn clear(&mut self) {
        self.text.clear();
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
        self.text.as_bytes()
    }

    /// It as text, for people: what is not UTF-8 is replaced.
    pub fn to_text(&self) -> String {
        String::from_utf8_lossy(self.as_bytes()).into_owned()
    }
}

impl Sink for StringToSign {
    fn push(&mut self, bytes: &[u8]) {
        self.text.push(bytes);
    }
}

impl Default for StringToSign {
    fn default() -> Self {
        Self::new()
    }
}
