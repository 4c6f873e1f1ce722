//! Why a request is not let through. How that is said on the wire is the business of `dialects`.

use std::net::IpAddr;
use std::time::Duration;

use crate::key::Algorithm;
use crate::scheme::ReadError;
use crate::time::Timestamp;

/// Why a request is not let through. It holds only what its sender may know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    #[error("the request is not signed")]
    Unsigned,
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// A credential came along that nothing here can judge.
    #[error("the credential in `{0}` is not supported here")]
    Unsupported(&'static str),
    #[error("signatures by derived keys (version 4) are switched off here")]
    DerivedKeysOff,
    #[error("there is no AccessKey `{0}`")]
    UnknownAccessKey(String),
    #[error("the AccessKey is disabled")]
    DisabledAccessKey,
    #[error("the AccessKey expired at {0}")]
    ExpiredAccessKey(Timestamp),
    #[error("the account is suspended")]
    SuspendedAccount,
    /// The AccessKey may be used from some networks, and this address, as it was seen, is in none. None where there was no
    /// address to see.
    #[error("the AccessKey may not be used from {}", address(.0))]
    SourceNotAllowed(Option<IpAddr>),
    #[error("signed at {signed_at}, but it is {now} here, and they may differ by {} s", .window.as_secs())]
    Stale { signed_at: Timestamp, now: Timestamp, window: Duration },
    /// The signature stood until then, as the signer wished.
    #[error("the signature stood until {at}, and it is {now} here")]
    Expired { at: Timestamp, now: Timestamp },
    /// What the server would have signed, and the canonical request whose hash stands in it, if the scheme has one. They
    /// hold only what the sender sent.
    #[error("the signature does not match")]
    SignatureMismatch { string_to_sign: String, canonical_request: Option<String> },
    /// The sender holds the secret, but signed something else than it sent.
    #[error("the signature matches only under the reading `{0}`, which is not accepted here")]
    ReadingNotAccepted(&'static str),
    #[error("{0}")]
    Ambiguous(#[from] Ambiguity),
    #[error("the body is not the one that was signed")]
    BodyMismatch,
    /// A form that is signed as a part of the string to sign is longer than is read for it.
    #[error("the form in the body is longer than {limit} bytes, which is as much as is read of one")]
    FormTooLong { limit: usize },
    /// What must be signed here and was not.
    #[error("{0} must be signed here, and is not")]
    NotCovered(&'static str),
    #[error("signatures of the scheme `{0}` are not taken here")]
    SchemeNotAllowed(&'static str),
    #[error("signatures by {} are not taken here{}", .0.name(), hint(*.0))]
    AlgorithmNotAllowed(Algorithm),
    /// The nonce, or the signature itself, has been used.
    #[error("the request has been sent before: its nonce, or its signature, is used up")]
    Replayed,
    /// There is no room to remember another nonce. What is remembered is never forgotten to make room.
    #[error("more signed requests arrive than can be remembered: try again in {} s", .retry.as_secs())]
    ReplaysFull { retry: Duration },
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Malformed(malformed) => malformed.into(),
            // Whoever cannot read the body cannot judge the request.
            ReadError::NeedsBody => Malformed::Missing("the body").into(),
        }
    }
}

fn hint(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::RsaSha1 => {
            ": SHA-1 is broken for signatures by public keys; sign with SHA-256, or have the operator allow it"
        }
        _ => "",
    }
}

fn address(seen: &Option<IpAddr>) -> String {
    seen.map_or_else(|| "an unknown address".to_owned(), |address| address.to_string())
}

/// A request that bears a scheme's marks and cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("`{0}` stands more than once")]
    Repeated(String),
    #[error("`{what}` cannot be read: {why}")]
    Unreadable { what: String, why: &'static str },
    /// The signature says what it covers, and leaves out what its scheme must cover.
    #[error("`{0}` stands in the request and is not signed")]
    NotSigned(String),
    /// It does not matter which of them is right.
    #[error("the request bears two signatures, in a header field and in its query")]
    TwoSignatures,
    #[error("`{0}` is not a signature algorithm that is known here")]
    UnknownAlgorithm(String),
}

impl Malformed {
    pub(crate) fn unreadable(what: &str, why: &'static str) -> Self {
        Self::Unreadable { what: what.to_owned(), why }
    }
}

/// What in a request another one with the same signature could say differently. Old schemes sign decoded text, in
/// which a separator and an encoded one are the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ambiguity {
    #[error("the query names `{0}` more than once, and the signature does not tell which was meant")]
    RepeatedName(String),
    #[error("the query holds an encoded `{0}`, which the signature does not tell from a separator")]
    QuerySeparator(char),
    #[error("the path holds an encoded `{0}`, which the signature does not tell from a separator")]
    PathSeparator(char),
    #[error("the path or the query holds a control character")]
    ControlCharacter,
    /// `.`, `..`, one of them in another spelling, or, where the signature is of a path without it, nothing at all.
    #[error("the path holds the segment `{0}`, which servers resolve in different ways")]
    PathSegment(String),
}
