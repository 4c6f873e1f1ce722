//! How a family of clients is refused: the one place where a refusal becomes a wire format.

mod hmac_auth;
pub mod odps;
mod problem;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::refusal::Refusal;
use crate::request::Request;
use crate::time::Timestamp;

/// The manner in which a family of clients is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// MaxCompute: XML with four elements.
    Odps,
    /// Kong's plugin hmac-auth: a message in JSON.
    Kong,
    /// The same in the words of APISIX.
    Apisix,
    /// Signers by RFC 9421: problem details, and what to sign.
    MessageSignatures,
    /// Whoever bears no scheme's marks: problem details in JSON (RFC 9457).
    Problem,
}

/// What an answer needs to know of the request besides the refusal.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The request's name in logs.
    pub request_id: &'a str,
    /// The host as the client addressed it.
    pub host: &'a str,
    /// Whether the request came with a body. Java's `HttpURLConnection` cannot read a 401 to one that did.
    pub has_body: bool,
    pub request: Request<'a>,
    /// When the answer is given.
    pub now: Timestamp,
}

/// An answer, ready for the wire.
#[derive(Clone, Debug)]
pub struct Spoken {
    pub status: StatusCode,
    /// The word that programs read.
    pub code: &'static str,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Dialect {
    /// Says a refusal as this family's clients understand it.
    pub fn speak(self, refusal: &Refusal, occasion: &Occasion<'_>) -> Spoken {
        match self {
            Self::Odps => odps::speak(refusal, occasion),
            Self::Kong => hmac_auth::speak_kong(refusal, occasion),
            Self::Apisix => hmac_auth::speak_apisix(refusal, occasion),
            Self::MessageSignatures => problem::speak_to_signer(refusal, occasion),
            Self::Problem => problem::speak(refusal, occasion),
        }
    }
}

/// What the dialects are tested with.
#[cfg(test)]
pub(crate) mod testing {
    use std::sync::LazyLock;
    use std::time::Duration;

    use super::*;
    use crate::key::Algorithm;
    use crate::refusal::{Ambiguity, Malformed};
    use crate::request::Body;

    static HEADERS: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);

    /// A request for `/` without a body.
    pub(crate) fn occasion() -> Occasion<'static> {
        Occasion {
            request_id: "5C72047D38FEF58A549C872A",
            host: "h:1",
            has_body: false,
            request: Request::new("GET", "/", &HEADERS, Body::Whole(b"")),
            now: Timestamp::from_unix_millis(1_792_000_000_000),
        }
    }

    /// One of each.
    pub(crate) fn every_refusal() -> Vec<Refusal> {
        let at = Timestamp::from_unix_millis(0);
        vec![
            Refusal::Unsigned,
            Refusal::Malformed(Malformed::Missing("Date")),
            Refusal::Malformed(Malformed::Repeated("date".to_owned())),
            Refusal::Malformed(Malformed::unreadable("Date", "so")),
            Refusal::Malformed(Malformed::NotSigned("x-acs-action".to_owned())),
            Refusal::Malformed(Malformed::TwoSignatures),
            Refusal::Malformed(Malformed::UnknownAlgorithm("none".to_owned())),
            Refusal::Unsupported("authorization-sts-token"),
            Refusal::DerivedKeysOff,
            Refusal::UnknownAccessKey("A".to_owned()),
            Refusal::DisabledAccessKey,
            Refusal::ExpiredAccessKey(at),
            Refusal::SuspendedAccount,
            Refusal::SourceNotAllowed(Some([192, 0, 2, 7].into())),
            Refusal::SourceNotAllowed(None),
            Refusal::Stale { signed_at: at, now: at, window: Duration::ZERO },
            Refusal::Expired { at, now: at },
            Refusal::SignatureMismatch {
                string_to_sign: "GET\n<&\n".to_owned(),
                canonical_request: Some("GET\n]]>".to_owned()),
            },
            Refusal::ReadingNotAccepted("py-double-decode"),
            Refusal::Ambiguous(Ambiguity::ControlCharacter),
            Refusal::BodyMismatch,
            Refusal::FormTooLong { limit: 1 },
            Refusal::NotCovered("the body"),
            Refusal::SchemeNotAllowed("odps"),
            Refusal::AlgorithmNotAllowed(Algorithm::RsaSha1),
            Refusal::Replayed,
            Refusal::ReplaysFull { retry: Duration::from_secs(60) },
        ]
    }
}
