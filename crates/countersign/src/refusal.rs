//! Why a request is not let through. How that is said on the wire is the business of `dialects`.

use std::net::IpAddr;
use std::time::Duration;

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
    /// What the server would have signed. It holds only what the sender sent.
    #[error("the signature does not match")]
    SignatureMismatch { string_to_sign: String },
    /// The sender holds the secret, but signed something else than it sent.
    #[error("the signature matches only under the reading `{0}`, which is not accepted here")]
    ReadingNotAccepted(&'static str),
    #[error("{0}")]
    Ambiguous(#[from] Ambiguity),
    #[error("the body is not the one that was signed")]
    BodyMismatch,
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
}
