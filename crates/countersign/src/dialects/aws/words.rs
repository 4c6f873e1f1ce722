//! The codes and messages of AWS's errors.

use std::time::Duration;

use http::StatusCode;

use super::{Caller, not_signed};
use crate::dialects::Occasion;
use crate::refusal::{Malformed, Refusal};
use crate::time::Timestamp;

/// An error before it has a form.
pub(super) struct Words {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    /// Further elements of S3's.
    pub(super) details: Vec<(&'static str, String)>,
}

fn words(status: StatusCode, code: &'static str, message: impl Into<String>) -> Words {
    Words { status, code, message: message.into(), details: Vec::new() }
}

impl Words {
    fn with(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.details.push((name, text.into()));
        self
    }
}

const BAD: StatusCode = StatusCode::BAD_REQUEST;
const DENIED: StatusCode = StatusCode::FORBIDDEN;
const NO_MATCH: &str = "The request signature we calculated does not match the signature you provided. Check your key and \
                        signing method.";

/// What S3 says.
pub(super) fn of_s3(refusal: &Refusal, occasion: &Occasion<'_>, caller: Option<&Caller<'_>>) -> Words {
    let access_denied = || words(DENIED, "AccessDenied", format!("Access Denied: {refusal}"));
    let id = || caller.map_or("", |caller| caller.access_key_id);
    match refusal {
        Refusal::Unsigned => words(DENIED, "AccessDenied", "Access Denied"),
        Refusal::Malformed(malformed) => of_malformed(malformed, occasion),
        Refusal::Unsupported(_) => {
            words(BAD, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        }
        Refusal::UnknownAccessKey(id) => {
            let message = "The AWS Access Key Id you provided does not exist in our records.";
            words(DENIED, "InvalidAccessKeyId", message).with("AWSAccessKeyId", id)
        }
        Refusal::DisabledAccessKey => {
            words(DENIED, "InvalidAccessKeyId", "The AWS Access Key Id you provided is disabled.")
                .with("AWSAccessKeyId", id())
        }
        // SDKs load their credentials anew on this code.
        Refusal::ExpiredAccessKey(_) => words(BAD, "ExpiredToken", "The provided token has expired."),
        Refusal::SuspendedAccount => words(
            DENIED,
            "AccountProblem",
            "There is a problem with your account that prevents the operation from completing successfully.",
        ),
        Refusal::Stale { signed_at, now, window } => words(
            DENIED,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        )
        .with("RequestTime", signed_at.basic())
        .with("ServerTime", now.iso8601_seconds())
        .with("MaxAllowedSkewMilliseconds", window.as_millis().to_string()),
        Refusal::Expired { at, now } => {
            let expires = caller.and_then(|caller| caller.expires).unwrap_or_default();
            words(DENIED, "AccessDenied", "Request has expired")
                .with("X-Amz-Expires", expires)
                .with("Expires", at.iso8601_seconds())
                .with("ServerTime", now.iso8601_seconds())
        }
        Refusal::SignatureMismatch { string_to_sign, canonical_request } => {
            let canonical_request = canonical_request.as_deref().unwrap_or_default();
            words(DENIED, "SignatureDoesNotMatch", NO_MATCH)
                .with("AWSAccessKeyId", id())
                .with("StringToSign", string_to_sign)
                .with("SignatureProvided", caller.map_or("", |caller| caller.signature))
                .with("StringToSignBytes", in_bytes(string_to_sign))
                .with("CanonicalRequest", canonical_request)
                .with("CanonicalRequestBytes", in_bytes(canonical_request))
        }
        Refusal::ReadingNotAccepted(_) => {
            words(DENIED, "SignatureDoesNotMatch", format!("{NO_MATCH} ({refusal})"))
                .with("AWSAccessKeyId", id())
        }
        Refusal::Ambiguous(_) => {
            words(BAD, "InvalidURI", format!("Couldn't parse the specified URI: {refusal}"))
        }
        Refusal::BodyMismatch => body_mismatch(occasion),
        Refusal::FormTooLong { .. } => {
            words(BAD, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
        }
        Refusal::ReplaysFull { .. } => {
            words(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate.")
        }
        Refusal::DerivedKeysOff
        | Refusal::SourceNotAllowed(_)
        | Refusal::NotCovered(_)
        | Refusal::SchemeNotAllowed(_)
        | Refusal::AlgorithmNotAllowed(_)
        | Refusal::Replayed => access_denied(),
    }
}

fn of_malformed(malformed: &Malformed, occasion: &Occasion<'_>) -> Words {
    const MECHANISM: &str = "The authorization mechanism you have provided is not supported. Please use \
                             AWS4-HMAC-SHA256.";
    const ONE_MECHANISM: &str = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature \
                                 query string parameter or the Authorization header should be specified";
    const PARAMETERS: &str = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
                              X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.";
    const HASH: &str = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
                        STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid \
                        sha256 value.";
    if let Some(name) = not_signed(malformed) {
        return words(
            DENIED,
            "AccessDenied",
            "There were headers present in the request which were not signed",
        )
        .with("HeadersNotSigned", name);
    }
    let in_query = !occasion.request.headers().contains_key("authorization");
    match malformed {
        Malformed::TwoSignatures => words(BAD, "InvalidArgument", ONE_MECHANISM),
        Malformed::UnknownAlgorithm(_) => words(BAD, "InvalidRequest", MECHANISM),
        Malformed::Missing("x-amz-content-sha256") => {
            words(BAD, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        }
        Malformed::Missing("x-amz-decoded-content-length") => words(
            StatusCode::LENGTH_REQUIRED,
            "MissingContentLength",
            "You must provide the Content-Length HTTP header.",
        ),
        Malformed::Missing("x-amz-date") => {
            words(DENIED, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")
        }
        Malformed::Missing(_) if in_query => words(BAD, "AuthorizationQueryParametersError", PARAMETERS),
        Malformed::Unreadable { what, .. } if what == "x-amz-content-sha256" => {
            words(BAD, "InvalidArgument", HASH)
        }
        Malformed::Unreadable { what, .. } if what == "X-Amz-Expires" => words(
            BAD,
            "AuthorizationQueryParametersError",
            "X-Amz-Expires must be a number from 1 to 604800 (a week in seconds)",
        ),
        _ if in_query => words(BAD, "AuthorizationQueryParametersError", malformed.to_string()),
        _ => words(
            BAD,
            "AuthorizationHeaderMalformed",
            format!("The authorization header is malformed; {malformed}."),
        ),
    }
}

fn body_mismatch(occasion: &Occasion<'_>) -> Words {
    let said = occasion.request.headers().get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
    match said {
        // Of chunks it is a signature that does not match.
        Some(said) if said.starts_with("STREAMING-") => words(
            DENIED,
            "SignatureDoesNotMatch",
            format!("{NO_MATCH} (a chunk of the body is not the one that was signed, or is missing)"),
        ),
        said => words(
            BAD,
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )
        .with("ClientComputedContentSHA256", said.unwrap_or_default()),
    }
}

/// What every other service says, in XML or JSON.
pub(super) fn of_others(refusal: &Refusal, json: bool) -> Words {
    let code = |xml, in_json| if json { in_json } else { xml };
    let invalid_token = code("InvalidClientTokenId", "UnrecognizedClientException");
    let mismatch = code("SignatureDoesNotMatch", "InvalidSignatureException");
    let incomplete = code("IncompleteSignature", "IncompleteSignatureException");
    let denied = code("AccessDenied", "AccessDeniedException");
    let token = "The security token included in the request is invalid";
    match refusal {
        Refusal::Unsigned => words(
            DENIED,
            code("MissingAuthenticationToken", "MissingAuthenticationTokenException"),
            "Request is missing Authentication Token",
        ),
        Refusal::Malformed(malformed) => words(BAD, incomplete, malformed.to_string()),
        // As AWS does, without telling the one from the other.
        Refusal::Unsupported(_) | Refusal::UnknownAccessKey(_) => {
            words(DENIED, invalid_token, format!("{token}."))
        }
        Refusal::DisabledAccessKey => words(DENIED, invalid_token, format!("{token}: {refusal}.")),
        Refusal::ExpiredAccessKey(_) => words(
            DENIED,
            code("ExpiredToken", "ExpiredTokenException"),
            "The security token included in the request is expired",
        ),
        Refusal::SuspendedAccount => {
            words(DENIED, code("OptInRequired", "AccessDeniedException"), refusal.to_string())
        }
        Refusal::Stale { signed_at, now, window } => {
            words(DENIED, mismatch, skewed(*signed_at, *now, *window))
        }
        Refusal::Expired { at, now } => {
            let message = format!("Signature expired: {} is now earlier than {}", at.basic(), now.basic());
            words(DENIED, mismatch, message)
        }
        Refusal::SignatureMismatch { string_to_sign, canonical_request } => {
            let canonical_request = canonical_request.as_deref().unwrap_or_default();
            let message = format!(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String \
                 for this request should have been\n'{canonical_request}'\n\nThe String-to-Sign should have been\n\
                 '{string_to_sign}'\n"
            );
            words(DENIED, mismatch, message)
        }
        Refusal::ReadingNotAccepted(_) | Refusal::BodyMismatch => {
            words(DENIED, mismatch, format!("{NO_MATCH} ({refusal})"))
        }
        Refusal::Ambiguous(_) => {
            words(BAD, code("ValidationError", "ValidationException"), refusal.to_string())
        }
        Refusal::FormTooLong { .. } => words(
            StatusCode::PAYLOAD_TOO_LARGE,
            code("RequestEntityTooLarge", "RequestEntityTooLargeException"),
            refusal.to_string(),
        ),
        Refusal::ReplaysFull { .. } => words(BAD, code("Throttling", "ThrottlingException"), "Rate exceeded"),
        Refusal::DerivedKeysOff
        | Refusal::SourceNotAllowed(_)
        | Refusal::NotCovered(_)
        | Refusal::SchemeNotAllowed(_)
        | Refusal::AlgorithmNotAllowed(_)
        | Refusal::Replayed => words(DENIED, denied, refusal.to_string()),
    }
}

/// The sentence by which SDKs correct their clocks.
fn skewed(signed_at: Timestamp, now: Timestamp, window: Duration) -> String {
    let minutes = window.as_secs() / 60;
    let (signed, here) = (signed_at.basic(), now.basic());
    if signed_at > now {
        let edge = now.plus(window).basic();
        format!("Signature not yet current: {signed} is still later than {edge} ({here} + {minutes} min.)")
    } else {
        let edge = now.minus(window).basic();
        format!("Signature expired: {signed} is now earlier than {edge} ({here} - {minutes} min.)")
    }
}

/// `41 57 53`: what does not show in a text shows here.
fn in_bytes(text: &str) -> String {
    let mut bytes = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if !bytes.is_empty() {
            bytes.push(' ');
        }
        bytes.push_str(&format!("{byte:02x}"));
    }
    bytes
}
