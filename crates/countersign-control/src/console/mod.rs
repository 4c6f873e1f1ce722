//! The console: pages for people, on a listener of their own.
//!
//! Each page is a file with its template beside it. A handler takes what it needs of the request ([`visit::Visit`],
//! [`signed_in::SignedIn`]), calls `app` for what is to be done, and returns a page or a [`trouble::Trouble`]. A form
//! that changes something is a POST, answered by a redirect to the page that shows the outcome; only the page with a new
//! secret is the answer itself, for the secret is nowhere else.
//!
//! Every request passes [`Console::answer`], which is where forms of other sites are refused, where every answer gets its
//! header fields, and where the request log is written.

mod access_keys;
mod account;
mod activity;
mod administration;
mod assets;
mod cookies;
mod debugger;
mod guard;
mod language;
mod mails;
pub(crate) mod messages;
mod next;
mod notice;
mod page;
mod passkeys;
mod projects;
mod said;
mod sign_in;
mod sign_up;
mod signed_in;
mod site;
mod trouble;
mod visit;
pub(crate) mod when;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use countersign::Timestamp;
use countersign_accounts::id::RequestId;
use countersign_accounts::{clock, random};
use http::HeaderValue;
use http::header::{EXPECT, SET_COOKIE};
use http_body_util::Full;
use tower::ServiceExt as _;

pub use self::site::ConsoleSettings;

use self::notice::Notice;
use self::site::Site;
use self::trouble::Trouble;
use self::visit::Visit;
use crate::app::Failure;
use crate::app::reminders::{self, Ages};
use crate::app::sign_up::first_administrator_link as sign_up_first;
use crate::body;
use crate::mail::{self, Mailer};
use crate::state::State;

/// How large a form may be, in bytes, where its page does not say otherwise.
const FORM: usize = 64 * 1024;

/// How often it is looked whether anybody is to be reminded of something.
const REMIND_EVERY: Duration = Duration::from_secs(60 * 60);

/// What answers the console listener's requests.
#[derive(Debug)]
pub struct Console {
    site: Arc<Site>,
    router: Router,
}

impl Console {
    /// A console on this state. It hashes one password, so that testing one that is not there takes as long.
    pub fn new(state: Arc<State>, mailer: Mailer, settings: ConsoleSettings) -> Result<Self, Failure> {
        let site = Arc::new(Site::new(state, mailer, settings)?);
        Ok(Self { router: router(Arc::clone(&site)), site })
    }

    /// Where the first administrator's account is opened: a link that works once. None where there is an account.
    pub async fn first_administrator_url(&self, now: Timestamp) -> Result<Option<String>, Failure> {
        let random = &mut random::from_system();
        let link = sign_up_first(&self.site.desk, now, random).await?;
        Ok(link.map(|link| format!("{}/start/{}", self.site.settings().public_url, link.expose())))
    }

    /// Puts other settings in force. Requests under way keep those that they took.
    pub fn put_settings(&self, settings: ConsoleSettings) {
        self.site.put_settings(settings);
    }

    /// Sends the reminders that are due, and returns how many there were. Where no mail is sent, none is counted as sent.
    pub async fn remind(&self, now: Timestamp) -> Result<usize, Failure> {
        if !self.site.mailer.is_on() {
            return Ok(0);
        }
        let settings = self.site.settings();
        let ages = Ages { access_key: settings.max_key_age, password: settings.max_password_age };
        let due = reminders::due(&self.site.state.store, &ages, now).await?;
        for reminder in &due {
            if let Err(error) = self.site.mailer.post(mail::remind(reminder, &settings.public_url), now) {
                tracing::warn!(%error, "a reminder was not taken");
            }
        }
        Ok(due.len())
    }

    /// Reminds people of what is due, at once and then once an hour, for as long as it is polled.
    pub async fn keep_reminding(&self) {
        loop {
            match self.remind(clock::now()).await {
                Ok(0) => {}
                Ok(sent) => tracing::info!(sent, "reminders were sent"),
                Err(error) => tracing::warn!(%error, "nobody could be reminded; it will be tried again"),
            }
            tokio::time::sleep(REMIND_EVERY).await;
        }
    }

    /// Answers a request that came at `now` from `peer`, and writes its line to the request log.
    ///
    /// A body is read before anything else is done with it, within the bounds that hold for all bodies.
    pub async fn answer<B>(
        &self,
        request: http::Request<B>,
        peer: Option<IpAddr>,
        now: Timestamp,
    ) -> http::Response<Full<Bytes>>
    where
        B: hyper::body::Body<Data = Bytes>,
    {
        let (parts, body) = request.into_parts();
        let mut body = std::pin::pin!(body);
        let request_id = RequestId::generate(now, &mut random::from_system()).to_string();
        let settings = self.site.settings();
        let peer = guard::visitor(&parts.headers, peer, &settings.trusted_proxies);
        let visit = Visit::begin(&parts, request_id, peer, now);
        let expects = parts.headers.contains_key(EXPECT);
        let noticed = Notice::of(&parts.headers).is_some();
        let response = if guard::may_ask(&parts) {
            match body::read(&mut body).await {
                Ok(bytes) => self.route(parts, bytes, &visit).await,
                Err(body::BodyError::TooLarge) => Trouble::TooLarge.into_response(),
                Err(body::BodyError::Incomplete) => Trouble::Unreadable.into_response(),
            }
        } else {
            Trouble::ForeignForm.into_response()
        };
        let mut response = match Trouble::of(&response) {
            Some(trouble) => trouble.page(&visit, Some(&response)),
            None => response,
        };
        // A notice is for one page: the one that is not on its way to another.
        let shown = response.status().is_success() && response.extensions().get::<page::Written>().is_some();
        if noticed && shown {
            response.headers_mut().append(SET_COOKIE, cookies::gone(cookies::NOTICE));
        }
        if !response.status().is_success() && !expects {
            body::drain(&mut body).await;
        }
        let secure = settings.public_url.starts_with("https://");
        guard::harden(response.headers_mut(), secure);
        if let Ok(id) = HeaderValue::from_str(&visit.request_id) {
            response.headers_mut().insert("x-request-id", id);
        }
        visit.log(response.status());
        whole(response).await
    }

    async fn route(&self, parts: http::request::Parts, bytes: Bytes, visit: &Visit) -> Response {
        let mut request = Request::from_parts(parts, Body::from(bytes));
        request.extensions_mut().insert(visit.clone());
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// Every page there is.
fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(async || Redirect::to("/access-keys")))
        .route("/language", post(language::choose))
        .route("/assets/{name}", get(assets::serve))
        .merge(access_keys::routes())
        .merge(activity::routes())
        .merge(account::routes())
        .merge(administration::routes())
        .merge(mails::routes())
        .merge(projects::routes())
        .merge(sign_in::routes())
        .merge(sign_up::routes())
        .layer(DefaultBodyLimit::max(FORM))
        .merge(debugger::routes())
        .layer(middleware::from_fn(note_route))
        .with_state(site)
}

/// Notes which route answers, for the request log.
async fn note_route(visit: Visit, request: Request, next: Next) -> Response {
    if let Some(route) = request.extensions().get::<MatchedPath>() {
        let _ = visit.route.set(route.as_str().to_owned());
    }
    next.run(request).await
}

/// An answer with its body as one piece, which it is.
async fn whole(response: Response) -> http::Response<Full<Bytes>> {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    http::Response::from_parts(parts, Full::new(bytes))
}
