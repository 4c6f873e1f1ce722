//! What a signed request says of itself, before any of it is believed.

use std::time::Duration;

use smallvec::SmallVec;

use crate::key::Signature;
use crate::time::Timestamp;

/// What a signed request says of itself, before any of it is believed.
#[derive(Clone, Debug)]
pub struct Claim<'r> {
    pub access_key_id: &'r str,
    /// When the signer says that it signed.
    pub signed_at: Timestamp,
    /// For how long the signature stands, where the request says so (a presigned URL).
    pub expires_in: Option<Duration>,
    /// A value that the signer uses once, where the scheme has one.
    pub nonce: Option<&'r str>,
    /// What a derived key is good for, where the scheme derives one.
    pub scope: Option<Scope<'r>>,
    /// What accompanies a temporary credential.
    pub security_token: Option<&'r str>,
    /// The client's name for itself, if the signature covers it.
    pub user_agent: Option<&'r [u8]>,
    /// Credentials that came along and that verifying the signature does not judge, by the names of their header
    /// fields. A verifier that cannot judge them either refuses the request: ignored, they would seem to count.
    pub unjudged: SmallVec<[&'static str; 1]>,
    pub covered: Covered<'r>,
    pub payload: Payload,
    pub signature: Signature,
}

/// What the signature covers.
#[derive(Clone, Debug)]
pub struct Covered<'r> {
    pub method: bool,
    pub path: bool,
    pub query: bool,
    /// The header fields, sorted by name. A field with several values stands there several times.
    pub headers: SmallVec<[HeaderField<'r>; 6]>,
}

/// A header field that the signature covers.
#[derive(Clone, Copy, Debug)]
pub struct HeaderField<'r> {
    /// In lower case.
    pub name: &'r str,
    pub value: &'r [u8],
}

/// What the signature binds the body to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Nothing: the body is not covered.
    Uncovered,
    /// Its MD5, in a signed `Content-MD5`.
    Md5([u8; 16]),
    /// A signed digest that cannot be read. No body matches it.
    Unreadable,
}

/// What a derived key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope<'r> {
    /// `20261121`, UTC.
    pub date: &'r str,
    pub region: &'r str,
    pub service: &'r str,
    /// The last part, such as `aliyun_v4_request`.
    pub terminator: &'r str,
}

impl Payload {
    /// Whether a body is the one that was signed, or nothing was said of it.
    pub fn matches(self, body: &[u8]) -> bool {
        match self {
            Self::Uncovered => true,
            Self::Md5(digest) => crate::crypto::md5(body) == digest,
            Self::Unreadable => false,
        }
    }
}
