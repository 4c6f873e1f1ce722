//! What one signature scheme must say of itself. What all have in common is written once, in `verify.rs` and
//! `sign.rs`, where no scheme can get it wrong.

use std::fmt::Debug;

use http::request::Parts;
use smallvec::SmallVec;

use crate::claim::Claim;
use crate::dialects::Dialect;
use crate::key::{AccessKeyId, Key, SigningKey};
use crate::refusal::{Ambiguity, Malformed};
use crate::request::Request;
use crate::time::Timestamp;

/// One way to sign an HTTP request: the differences between schemes, in both directions, and nothing else.
pub trait Scheme: Debug + Send + Sync + 'static {
    /// Its name in configuration, logs and metrics.
    fn name(&self) -> &'static str;

    /// How its clients expect to be refused.
    fn dialect(&self) -> Dialect;

    /// Reads the claim of a request. `None`: the request does not bear this scheme's marks.
    fn read<'r>(&self, request: &Request<'r>) -> Option<Result<Claim<'r>, Malformed>>;

    /// The ways in which this scheme's signers canonicalize, the strict one first.
    fn readings(&self) -> &'static [Reading];

    /// Writes the string to sign under one of its readings; `base` is the path of the endpoint, such as `/api`, which
    /// some schemes leave out. `false`: this reading does not apply to this request, and nothing was written.
    fn write(
        &self,
        reading: Reading,
        base: &str,
        request: &Request<'_>,
        claim: &Claim<'_>,
        out: &mut StringToSign,
    ) -> bool;

    /// The keys that may have signed: the secret itself, or what the scheme derives from it for this claim.
    fn keys(&self, key: Key<'_>, claim: &Claim<'_>) -> SmallVec<[SigningKey; 2]>;

    /// What in this request another request with the same signature could say differently.
    fn ambiguity(&self, base: &str, request: &Request<'_>) -> Option<Ambiguity>;

    /// The name of a line of the string to sign, for people; lines count from 0.
    fn line_name(&self, line: usize, text: &str) -> &'static str;

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

/// One way of canonicalizing what was received: strict, or a named alternative that some client needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Its name in configuration and in explanations.
    pub name: &'static str,
    /// What signs so. A server that accepts the reading by default does so only where the *signed* user agent begins
    /// with it.
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

/// What a signature may be made with besides the key.
#[derive(Clone, Debug)]
pub struct SignOptions {
    /// The time to sign as.
    pub now: Timestamp,
    /// Where the scheme has both, sign with a key derived for this region, and not with the secret itself.
    pub region: Option<String>,
    /// Whose cloud a derived key is for: `aliyun`, or what a private cloud calls itself.
    pub corporation: String,
    /// What accompanies a temporary credential.
    pub security_token: Option<String>,
}

impl SignOptions {
    /// The plainest signature at this time.
    pub fn at(now: Timestamp) -> Self {
        Self { now, region: None, corporation: "aliyun".to_owned(), security_token: None }
    }
}

/// How long a string to sign may be before it is held in allocated memory, in bytes.
const INLINE: usize = 512;

/// The text that goes into the MAC. It is bytes: header values need not be UTF-8.
#[derive(Clone, Debug)]
pub struct StringToSign {
    inline: [u8; INLINE],
    length: usize,
    /// All of it, where it is longer than `inline`.
    long: Vec<u8>,
}

impl StringToSign {
    /// An empty one.
    pub fn new() -> Self {
        Self { inline: [0; INLINE], length: 0, long: Vec::new() }
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
