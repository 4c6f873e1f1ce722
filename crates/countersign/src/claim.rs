//! What a signed request says of itself, before any of it is believed.

use std::borrow::Cow;
use std::time::Duration;

use smallvec::SmallVec;

use crate::chunks::{ChunkCheck, Chunks};
use crate::crypto::{Bytes, Hash, Hasher};
use crate::key::{Algorithm, Signature, SigningKey};
use crate::time::Timestamp;

/// What a signed request says of itself, before any of it is believed.
#[derive(Clone, Debug)]
pub struct Claim<'r> {
    pub access_key_id: Cow<'r, str>,
    pub algorithm: Algorithm,
    /// When the signer says that it signed. Where the request tells only until when the signature stands, that time.
    pub signed_at: Timestamp,
    pub lifetime: Lifetime,
    /// A value that the signer uses once, where the scheme has one. Of a scheme that would have one and a request that
    /// lacks it, the signature itself, where signers never make the same twice.
    pub nonce: Option<Cow<'r, str>>,
    /// What a derived key is good for, where the scheme derives one.
    pub scope: Option<Scope<'r>>,
    /// What accompanies a temporary credential.
    pub security_token: Option<Cow<'r, str>>,
    /// The client's name for itself, if the signature covers it.
    pub user_agent: Option<&'r [u8]>,
    /// Credentials that came along and that verifying the signature does not judge, by the names of their header
    /// fields. A verifier that cannot judge them either refuses the request: ignored, they would seem to count.
    pub unjudged: SmallVec<[&'static str; 1]>,
    pub covered: Covered<'r>,
    pub payload: Payload,
    pub signature: Signature,
}

/// For how long a signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// As long as the verifier's clock and the signer's may differ.
    Window,
    /// The same, but not from this instant on.
    WindowUntil(Timestamp),
    /// For so long after it was signed: a presigned URL.
    For(Duration),
    /// Until this instant, whenever it was signed: a presigned URL that does not tell.
    Until(Timestamp),
}

/// What the signature covers.
#[derive(Clone, Debug)]
pub struct Covered<'r> {
    pub method: bool,
    pub path: bool,
    pub query: bool,
    /// The host that the client addressed.
    pub authority: bool,
    /// The time by which the signature is judged.
    pub time: bool,
    /// Whether the signer chooses what it covers. What must be covered then is the verifier's demand.
    pub by_choice: bool,
    /// The signer's own list of what is covered, as it stands in the request, where the scheme has one.
    pub listed: Option<Cow<'r, str>>,
    /// The header fields, sorted by name. A field with several values stands there several times.
    pub headers: SmallVec<[HeaderField<'r>; 6]>,
}

impl<'r> Covered<'r> {
    /// All that a scheme covers whose signers have no say in it.
    #[inline(always)]
    pub fn whole(headers: SmallVec<[HeaderField<'r>; 6]>) -> Self {
        let authority = headers.iter().any(|field| field.name == "host");
        Self {
            method: true,
            path: true,
            query: true,
            authority,
            time: true,
            by_choice: false,
            listed: None,
            headers,
        }
    }
}

/// A header field that the signature covers.
#[derive(Clone, Copy, Debug)]
pub struct HeaderField<'r> {
    /// In lower case.
    pub name: &'r str,
    pub value: &'r [u8],
}

/// What the signature binds the body to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// Nothing: the body is not covered.
    Uncovered,
    /// The body stands in the string to sign itself: a form.
    Form,
    /// A digest of it that is signed.
    Digest(Hash, Bytes),
    /// It comes in chunks, each with a signature that goes on from the one before. Only the key that has proven the first
    /// one can tell whether they are right: see [`crate::Proven::body_check`].
    Chunks(Box<Chunks>),
    /// A signed digest that cannot be read. No body matches it.
    Unreadable,
}

/// What a derived key is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope<'r> {
    /// `20261121`, UTC.
    pub date: Cow<'r, str>,
    pub region: Cow<'r, str>,
    pub service: Cow<'r, str>,
    /// The last part, such as `aliyun_v4_request`.
    pub terminator: Cow<'r, str>,
}

impl Scope<'_> {
    /// `20261121/cn-hangzhou/odps/aliyun_v4_request`.
    pub fn to_text(&self) -> String {
        format!("{}/{}/{}/{}", self.date, self.region, self.service, self.terminator)
    }

    /// Whether it is what [`Scope::to_text`] wrote.
    pub(crate) fn is_written(&self, text: &str) -> bool {
        let mut rest = Some(text);
        for part in [&self.date, &self.region, &self.service] {
            rest = rest.and_then(|rest| rest.strip_prefix(part.as_ref())?.strip_prefix('/'));
        }
        rest == Some(self.terminator.as_ref())
    }
}

impl Payload {
    /// Whether a body is the one that was signed, or nothing was said of it, as far as that can be told without a key:
    /// of signed chunks it never is. A verifier asks [`crate::Proven::body_matches`].
    pub fn matches(&self, body: &[u8]) -> bool {
        let mut check = self.check(None);
        check.update(body) && check.finish()
    }

    /// Whether the body is to be compared with something.
    pub fn is_compared(&self) -> bool {
        match self {
            Self::Uncovered | Self::Form => false,
            Self::Digest(..) | Self::Chunks(_) | Self::Unreadable => true,
        }
    }

    /// Begins to compare a body that comes in pieces. `key`: the one that has proven the claim.
    pub(crate) fn check(&self, key: Option<&SigningKey>) -> BodyCheck {
        BodyCheck(match (self, key) {
            (Self::Uncovered | Self::Form, _) => Checking::Nothing,
            (Self::Digest(hash, digest), _) => Checking::Digest(Box::new(Hasher::new(*hash)), digest.clone()),
            (Self::Chunks(chunks), Some(key)) => {
                Checking::Chunks(Box::new(ChunkCheck::new(chunks, key.clone())))
            }
            (Self::Chunks(_), None) | (Self::Unreadable, _) => Checking::Unreadable,
        })
    }
}

/// Compares a body with what was signed, piece by piece, and holds none of it.
#[derive(Clone, Debug)]
pub struct BodyCheck(Checking);

#[derive(Clone, Debug)]
enum Checking {
    Nothing,
    Digest(Box<Hasher>, Bytes),
    Chunks(Box<ChunkCheck>),
    Unreadable,
}

impl BodyCheck {
    /// Takes the next piece. `false`: the body is not the one that was signed, and the rest need not be read.
    pub fn update(&mut self, piece: &[u8]) -> bool {
        match &mut self.0 {
            Checking::Nothing => true,
            Checking::Digest(hasher, _) => {
                hasher.update(piece);
                true
            }
            Checking::Chunks(check) => check.update(piece),
            Checking::Unreadable => false,
        }
    }

    /// Whether all that was taken is the body that was signed.
    pub fn finish(self) -> bool {
        match self.0 {
            Checking::Nothing => true,
            Checking::Digest(hasher, digest) => hasher.finish() == digest,
            Checking::Chunks(check) => check.is_complete(),
            Checking::Unreadable => false,
        }
    }
}
