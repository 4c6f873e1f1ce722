//! When a page cannot be shown: what visitors are told, and what operators are.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use countersign_store::StoreError;
use http::header::{ALLOW, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use super::page::{self, Page};
use super::visit::Visit;
use crate::app::Failure;

/// Why a page cannot be shown. What it says is written when the answer leaves, in the visitor's language.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// There is no such page, or nothing by that name that the visitor may see.
    NotFound,
    /// A form that no page of this console sent.
    ForeignForm,
    /// A form that cannot be read.
    Unreadable,
    TooLarge,
    WrongMethod,
    /// Too many attempts: to be tried again after so many seconds.
    TooMany(u64),
    /// The store does not answer.
    Unavailable(String),
    /// A fault of this program, or of what it runs on.
    Broken(String),
    /// No trouble, but another page to go to.
    Elsewhere(String),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error.into(),
            Failure::SlowDown(wait) => Self::TooMany(wait.as_secs().max(1)),
            Failure::TooBusy => Self::TooMany(5),
            Failure::NotAdministrator => Self::NotFound,
            Failure::SignedOut => Self::Elsewhere("/sign-in".to_owned()),
            Failure::ProveAgain => Self::Elsewhere("/prove".to_owned()),
            other => Self::Broken(other.to_string()),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict(_) | StoreError::Inconsistent { .. } => Self::Broken(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<askama::Error> for Trouble {
    fn from(error: askama::Error) -> Self {
        Self::Broken(format!("a page could not be written: {error}"))
    }
}

/// The trouble goes along with the answer until it is known how to say it.
impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        if let Self::Elsewhere(path) = &self {
            return Redirect::to(path).into_response();
        }
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    page: Page,
    status: u16,
    title: &'static str,
    text: &'static str,
}

impl Trouble {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Elsewhere(_) => StatusCode::SEE_OTHER,
        }
    }

    /// The heading and the sentence below it.
    fn told(&self) -> (&'static str, &'static str) {
        match self {
            Self::ForeignForm => ("trouble-foreign-form", "trouble-foreign-form-text"),
            Self::Unreadable => ("trouble-unreadable", "trouble-unreadable-text"),
            Self::TooLarge => ("trouble-too-large", "trouble-too-large-text"),
            Self::WrongMethod => ("trouble-wrong-method", "trouble-wrong-method-text"),
            Self::TooMany(_) => ("trouble-too-many", "trouble-too-many-text"),
            Self::Unavailable(_) => ("trouble-unavailable", "trouble-unavailable-text"),
            Self::Broken(_) => ("trouble-broken", "trouble-broken-text"),
            Self::NotFound | Self::Elsewhere(_) => ("trouble-not-found", "trouble-not-found-text"),
        }
    }

    /// What went wrong in an answer, if anything did that no page was written for.
    pub(super) fn of(response: &Response) -> Option<Self> {
        if let Some(trouble) = response.extensions().get::<Self>() {
            return Some(trouble.clone());
        }
        if response.extensions().get::<page::Written>().is_some() {
            return None;
        }
        match response.status() {
            StatusCode::NOT_FOUND => Some(Self::NotFound),
            StatusCode::METHOD_NOT_ALLOWED => Some(Self::WrongMethod),
            StatusCode::PAYLOAD_TOO_LARGE => Some(Self::TooLarge),
            status if status.is_client_error() => Some(Self::Unreadable),
            status if status.is_server_error() => {
                Some(Self::Broken(format!("it was answered with {status}")))
            }
            _ => None,
        }
    }

    /// The page that says it. The operator is told the rest, under the same request id.
    pub(super) fn page(&self, visit: &Visit, before: Option<&Response>) -> Response {
        if let Self::Unavailable(why) | Self::Broken(why) = self {
            tracing::error!(request_id = visit.request_id, why, "a page of the console could not be shown");
        }
        let (title, text) = self.told();
        let template = TroublePage { page: Page::bare(visit), status: self.status().as_u16(), title, text };
        let mut response = page::html(&template).unwrap_or_else(|_| self.status().into_response());
        *response.status_mut() = self.status();
        if let Self::TooMany(seconds) = self {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*seconds));
        }
        if let Some(allow) = before.and_then(|before| before.headers().get(ALLOW)) {
            response.headers_mut().insert(ALLOW, allow.clone());
        }
        response
    }
}
