//! What can go wrong with a request besides its signature, and how each is said: the one place where it gets its
//! status, its code and its words.
//!
//! The numbers and general texts are those of MaxCompute's API errors page. Codes that name an exception class of
//! PyODPS (`NoSuchObject`, `NoPermission` …) are used where its callers should see that class.
//!
//! Nothing is said with a 5xx but a failure of the store. Java clients wait minutes and repeat a request that got one:
//! right where the store is away for a while, and a client that appears to hang in any other case.

use countersign::dialects::{Dialect, Occasion, Spoken, odps};
use countersign::{Refusal, Timestamp};
use countersign_accounts::id::AccountId;
use countersign_store::StoreError;
use http::header::ALLOW;
use http::{HeaderValue, StatusCode};

use crate::body::{BodyError, LIMIT};

/// How much of what a client wrote is said back to it, in characters.
const QUOTED: usize = 200;

/// Why a request gets no answer of its own.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Said by the dialect, not here.
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error(
        "ODPS-0410011:Invalid authentication parameters - both `Authorization` and `x-odps-bearer-token` are there: \
         send one"
    )]
    TwoCredentials,
    #[error("ODPS-0410051:Invalid credentials - the bearer token was not issued here, or was altered")]
    InvalidBearerToken,
    #[error("ODPS-0410031:Authentication request expired - the bearer token expired at {0}")]
    ExpiredBearerToken(Timestamp),
    #[error("ODPS-0420095: Access Denied - {0}")]
    NoPermission(String),
    #[error("ODPS-0420111: Project not found - '{}'", quoted(.0))]
    NoSuchProject(String),
    #[error(
        "ODPS-0420061: Invalid parameter in HTTP request - `{}` is not served here: this is an account service, which \
         holds no tables and runs no SQL",
        quoted(.0)
    )]
    NotServed(String),
    #[error("ODPS-0420081: Method not allowed - {method} is not served for `{}`, but {allowed} is", quoted(.path))]
    MethodNotAllowed { method: String, path: String, allowed: &'static str },
    #[error("ODPS-0420411: Invalid argument - {0}")]
    InvalidArgument(String),
    #[error("ODPS-0420031: Invalid xml in HTTP request body - {0}")]
    InvalidXml(String),
    #[error(
        "ODPS-0420061: Invalid parameter in HTTP request - the query `{}` is not served here; `whoami` is",
        quoted(.0)
    )]
    QueryNotServed(String),
    #[error("ODPS-0420061: Invalid parameter in HTTP request - the body is larger than {LIMIT} bytes")]
    BodyTooLarge,
    #[error("ODPS-0420061: Invalid parameter in HTTP request - the body did not arrive in time")]
    BodyIncomplete,
    #[error(
        "ODPS-0010000:System internal error - the account store did not answer; the same request may be made again"
    )]
    Store(#[from] StoreError),
    #[error("ODPS-0010000:System internal error - the account of this AccessKey is not in the account store")]
    NoAccount(AccountId),
}

impl Failure {
    /// Whether the fault is on this side, so that operators must hear of it.
    pub(super) fn is_ours(&self) -> bool {
        matches!(self, Self::Store(_) | Self::NoAccount(_))
    }

    /// All there is to know, for operators.
    pub(super) fn in_full(&self) -> String {
        match self {
            Self::Store(error) => error.to_string(),
            Self::NoAccount(account) => {
                format!("the keyring has a key of account `{account}`, the store has no such account")
            }
            other => other.to_string(),
        }
    }

    /// As clients of MaxCompute understand it.
    pub(super) fn speak(&self, occasion: &Occasion<'_>) -> Spoken {
        if let Self::Refused(refusal) = self {
            return Dialect::Odps.speak(refusal, occasion);
        }
        let (status, code) = self.status_and_code(occasion);
        let mut spoken = odps::answer(status, code, &self.to_string(), occasion);
        if let Self::MethodNotAllowed { allowed, .. } = self {
            spoken.headers.insert(ALLOW, HeaderValue::from_static(allowed));
        }
        spoken
    }

    fn status_and_code(&self, occasion: &Occasion<'_>) -> (StatusCode, &'static str) {
        match self {
            Self::Refused(_) | Self::TwoCredentials => (StatusCode::BAD_REQUEST, "InvalidAuthorization"),
            // Java cannot read a 401 to a request with a body.
            Self::InvalidBearerToken if occasion.has_body => (StatusCode::FORBIDDEN, "InvalidSecurityToken"),
            Self::InvalidBearerToken => (StatusCode::UNAUTHORIZED, "InvalidSecurityToken"),
            // PyODPS loads its token anew at this code, and asks once more.
            Self::ExpiredBearerToken(_) => (StatusCode::BAD_REQUEST, "AuthenticationRequestExpired"),
            Self::NoPermission(_) => (StatusCode::FORBIDDEN, "NoPermission"),
            Self::NoSuchProject(_) => (StatusCode::NOT_FOUND, "NoSuchObject"),
            Self::NotServed(_) => (StatusCode::NOT_FOUND, "NotSupported"),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
            Self::InvalidArgument(_) => (StatusCode::BAD_REQUEST, "InvalidArgument"),
            Self::InvalidXml(_) => (StatusCode::BAD_REQUEST, "MalformedXML"),
            Self::QueryNotServed(_) => (StatusCode::BAD_REQUEST, "NotSupported"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge"),
            Self::BodyIncomplete => (StatusCode::REQUEST_TIMEOUT, "RequestTimeout"),
            Self::Store(_) | Self::NoAccount(_) => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
        }
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::BodyTooLarge,
            BodyError::Incomplete => Self::BodyIncomplete,
        }
    }
}

/// The beginning of what a client wrote.
fn quoted(text: &str) -> String {
    if text.chars().count() <= QUOTED {
        return text.to_owned();
    }
    text.chars().take(QUOTED).chain(['…']).collect()
}
