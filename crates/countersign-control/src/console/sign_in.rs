//! Signing in: the password, and the second factor where there is one.

pub(super) mod forgot;
pub(super) mod prove;
pub(super) mod second_factor;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Form, FromRequestParts as _, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use countersign_accounts::account::Registration;
use countersign_accounts::password::Password;
use countersign_accounts::random;
use countersign_accounts::session::Stage;
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::cookies::{self, DEVICE, SESSION};
use super::next::Next;
use super::notice::Notice;
use super::page::{self, Page};
use super::said;
use super::signed_in::{SignedIn, encoded};
use super::site::Site;
use super::trouble::Trouble;
use super::visit::Visit;
use crate::app::{administration, sign_in};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/sign-in", get(show).post(enter))
        .route("/sign-in/second-factor", get(second_factor::show).post(second_factor::enter))
        .route("/sign-in/second-factor/passkey", post(second_factor::ask))
        .route("/sign-out", post(leave))
        .route("/prove", get(prove::show).post(prove::prove))
        .route("/prove/passkey", post(prove::ask))
        .route("/forgot", get(forgot::show).post(forgot::send))
        .route("/reset/{token}", get(forgot::look).post(forgot::reset))
}

#[derive(Template)]
#[template(path = "sign_in/sign_in.html")]
struct SignInPage {
    page: Page,
    email: String,
    next: String,
    problem: Option<String>,
    /// Whether mails are sent, so that a forgotten password can be set anew.
    mail: bool,
    /// Whether whoever comes along may open an account.
    open: bool,
}

/// Where to go on, in the address of a page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct To {
    pub(super) next: Next,
}

#[derive(Debug, Deserialize)]
struct Filled {
    email: String,
    password: String,
    #[serde(default)]
    next: Next,
}

/// `GET /sign-in`. Whoever is signed in already goes on.
async fn show(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Query(to): Query<To>,
    request: axum::extract::Request,
) -> Result<Response, Trouble> {
    let (mut parts, _) = request.into_parts();
    if SignedIn::from_request_parts(&mut parts, &site).await.is_ok() {
        return Ok(Redirect::to(to.next.path()).into_response());
    }
    form(&site, &visit, &parts.headers, String::new(), &to.next, None).await
}

/// `POST /sign-in`.
async fn enter(
    State(site): State<Arc<Site>>,
    visit: Visit,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let Filled { email, password, next } = filled;
    let random = &mut random::from_system();
    let password = Password::new(password);
    match sign_in::sign_in(&site.desk, &visit.visitor(), &email, password, visit.now, random).await {
        Ok(signed_in) => go_on(&site, &visit, signed_in, &next).await,
        Err(failure) => {
            let problem = said::sentence(&visit, failure)?;
            form(&site, &visit, &headers, email, &next, Some(problem)).await
        }
    }
}

/// `POST /sign-out`.
async fn leave(State(site): State<Arc<Site>>, visit: Visit) -> Result<Response, Trouble> {
    if let Some(token) = &visit.token {
        sign_in::sign_out(&site.desk, token, visit.now).await?;
    }
    let mut response = Notice::new("notice-signed-out", "").on("/sign-in");
    response.headers_mut().append(SET_COOKIE, cookies::gone(SESSION));
    Ok(response)
}

async fn form(
    site: &Site,
    visit: &Visit,
    headers: &HeaderMap,
    email: String,
    next: &Next,
    problem: Option<String>,
) -> Result<Response, Trouble> {
    let mail = site.mailer.is_on();
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let open = mail && administration::registration(&site.state.store).await? == Registration::Open;
    let page = Page { notice: Notice::of(headers), ..Page::bare(visit) };
    let mut response =
        page::html(&SignInPage { page, email, next: next.path().to_owned(), problem, mail, open })?;
    *response.status_mut() = status;
    Ok(response)
}

/// Gives a browser its session, under a token that nobody had before, and goes on: to the second factor where one is to
/// be shown, or to the page. The session that the browser had ends.
pub(super) async fn go_on(
    site: &Site,
    visit: &Visit,
    signed_in: sign_in::SignedIn,
    next: &Next,
) -> Result<Response, Trouble> {
    if let Some(before) = &visit.token {
        sign_in::sign_out(&site.desk, before, visit.now).await?;
    }
    let _ = visit.account.set(signed_in.account.id.clone());
    site.post(signed_in.mails, visit);
    let to = match signed_in.session.stage {
        Stage::SignedIn => next.path().to_owned(),
        Stage::Password if next.is_some() => format!("/sign-in/second-factor?next={}", encoded(next.path())),
        Stage::Password => "/sign-in/second-factor".to_owned(),
    };
    let mut response = Redirect::to(&to).into_response();
    response.headers_mut().append(SET_COOKIE, cookies::passing(SESSION, signed_in.token.expose()));
    if let Some(device) = signed_in.device {
        response.headers_mut().append(SET_COOKIE, cookies::lasting(DEVICE, device.expose()));
    }
    Ok(response)
}
