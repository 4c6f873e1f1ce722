//! A request to the console, as handlers see it.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::FromRequestParts;
use countersign::Timestamp;
use countersign_accounts::id::AccountId;
use countersign_accounts::token::Token;
use http::header::USER_AGENT;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, StatusCode};

use super::cookies::{self, DEVICE, SESSION};
use super::language::{self, Language};
use super::messages::{self, Value};
use super::trouble::Trouble;
use crate::app::desk::Visitor;

/// A request to the console. All that answer it share one.
#[derive(Clone, Debug)]
pub(crate) struct Visit(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) request_id: String,
    pub(crate) now: Timestamp,
    pub(crate) peer: Option<IpAddr>,
    pub(crate) language: Language,
    /// The path and query that were asked for.
    pub(crate) here: String,
    pub(crate) method: Method,
    /// What the browser says it is.
    client: String,
    /// What the cookie of a session holds.
    pub(super) token: Option<Token>,
    /// What the cookie of a device holds.
    device: Option<Token>,
    /// The route that answers, such as `/access-keys/{id}`. Paths may hold what no log should.
    pub(super) route: OnceLock<String>,
    /// Whose session it comes by.
    pub(super) account: OnceLock<AccountId>,
    began: Instant,
}

impl Visit {
    pub(super) fn begin(parts: &Parts, request_id: String, peer: Option<IpAddr>, now: Timestamp) -> Self {
        Self(Arc::new(Inner {
            request_id,
            now,
            peer: peer.map(|peer| peer.to_canonical()),
            language: language::of(&parts.headers),
            here: parts.uri.path_and_query().map_or("/", |here| here.as_str()).to_owned(),
            method: parts.method.clone(),
            client: text(&parts.headers, USER_AGENT).chars().take(256).collect(),
            token: cookies::get(&parts.headers, SESSION).and_then(Token::from_text),
            device: cookies::get(&parts.headers, DEVICE).and_then(Token::from_text),
            route: OnceLock::new(),
            account: OnceLock::new(),
            began: Instant::now(),
        }))
    }

    /// A message in this visitor's language.
    pub(crate) fn say(&self, id: &str, values: &[(&str, Value<'_>)]) -> String {
        messages::say(self.language, id, values)
    }

    /// The visitor, as far as what signs people in needs to know.
    pub(super) fn visitor(&self) -> Visitor<'_> {
        Visitor {
            address: self.peer,
            client: &self.client,
            device: self.device.as_ref(),
            language: self.language,
        }
    }

    /// Writes the line of the request log. Neither path nor query is in it as it came: links hold what opens doors.
    pub(super) fn log(&self, status: StatusCode) {
        tracing::info!(
            target: "console",
            request_id = self.request_id,
            method = self.method.as_str().get(..16).unwrap_or(self.method.as_str()),
            route = self.route.get().map(String::as_str),
            status = status.as_u16(),
            account = self.account.get().map(AccountId::as_str),
            peer = self.peer.map(|peer| peer.to_string()),
            seconds = self.began.elapsed().as_micros() as f64 / 1e6,
        );
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

impl std::ops::Deref for Visit {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        parts.extensions.get::<Self>().cloned().ok_or(Trouble::Broken("a request has no visit".to_owned()))
    }
}
