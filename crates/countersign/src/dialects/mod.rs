//! How a family of clients is refused: the one place where a refusal becomes a wire format.

pub mod acs;
mod aws;
mod hmac_auth;
pub mod odps;
mod oss;
mod problem;
mod xml;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::refusal::Refusal;
use crate::request::Request;
use crate::time::Timestamp;

/// The manner in which a family of clients is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// Alibaba Cloud's management APIs: JSON or XML. In the texts of signature version 1 (RPC and ROA).
    Acs,
    /// The same, in the texts of version 3 (ACS3).
    Acs3,
    /// MaxCompute: XML with four elements.
    Odps,
    /// Alibaba Cloud OSS: XML, and of it a copy in a header field where there is no body.
    Oss,
    /// AWS: XML or JSON, as the service that the client calls has it.
    Aws,
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
#[derive(Clone, Debug)]
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
    /// Whether the sender of this request reads XML rather than JSON.
    pub fn wants_xml(self, occasion: &Occasion<'_>) -> bool {
        match self {
            Self::Odps | Self::Oss => true,
            Self::Acs | Self::Acs3 => acs::wants_xml(occasion),
            Self::Aws => aws::wants_xml(occasion),
            Self::Kong | Self::Apisix | Self::MessageSignatures | Self::Problem => false,
        }
    }

    /// Adds what every answer to this family has in its head, whatever it says.
    pub fn add_headers(self, occasion: &Occasion<'_>, headers: &mut HeaderMap) {
        let names: &[&'static str] = match self {
            Self::Odps => &["x-odps-request-id"],
            Self::Acs | Self::Acs3 => &["x-acs-request-id"],
            Self::Oss => &["x-oss-request-id"],
            Self::Aws => &["x-amz-request-id", "x-amzn-requestid"],
            Self::Kong | Self::Apisix | Self::MessageSignatures | Self::Problem => return,
        };
        if let Ok(id) = HeaderValue::from_str(occasion.request_id) {
            for name in names {
                headers.insert(HeaderName::from_static(name), id.clone());
            }
        }
    }

    /// Says a refusal as this family's clients understand it.
    pub fn speak(self, refusal: &Refusal, occasion: &Occasion<'_>) -> Spoken {
        match self {
            Self::Acs => acs::speak(refusal, acs::Texts::V1, occasion),
            Self::Acs3 => acs::speak(refusal, acs::Texts::V3, occasion),
            Self::Odps => odps::speak(refusal, occasion),
            Self::Oss => oss::speak(refusal, occasion),
            Self::Aws => aws::speak(refusal, occasion),
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
