//! How a family of clients is refused: the one place where a refusal becomes a wire format.

pub mod odps;
mod problem;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::refusal::Refusal;

/// The manner in which a family of clients is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// MaxCompute: XML with four elements.
    Odps,
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
            Self::Problem => problem::speak(refusal, occasion),
        }
    }
}
