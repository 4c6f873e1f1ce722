//! Opening an account: by oneself, by invitation, or as the first of all. Links show what they do, and do it only when
//! their form is sent: what looks at mails before people do uses none up.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use axum::routing::get;
use countersign_accounts::account::Registration;
use countersign_accounts::link::Purpose;
use countersign_accounts::password::Password;
use countersign_accounts::random;
use countersign_accounts::token::Token;
use http::StatusCode;
use serde::Deserialize;

use super::next::Next;
use super::page::{self, Page};
use super::said;
use super::sign_in::go_on;
use super::site::Site;
use super::trouble::Trouble;
use super::visit::Visit;
use crate::app::{Failure, administration, sign_in, sign_up};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/sign-up", get(show).post(ask))
        .route("/sign-up/{token}", get(look_sign_up).post(confirm))
        .route("/invitation/{token}", get(look_invitation).post(accept))
        .route("/start/{token}", get(look_start).post(start))
}

#[derive(Template)]
#[template(path = "sign_up/sign_up.html")]
struct SignUpPage {
    page: Page,
    email: String,
    problem: Option<String>,
    open: bool,
    /// Why nobody can.
    closed: &'static str,
}

#[derive(Template)]
#[template(path = "sign_up/sent.html")]
struct SentPage {
    page: Page,
    email: String,
    /// Whether mails are shown on a page.
    shown: bool,
}

#[derive(Template)]
#[template(path = "sign_up/over.html")]
struct OverPage {
    page: Page,
}

/// The page behind a link.
#[derive(Template)]
#[template(path = "sign_up/link.html")]
pub(super) struct LinkPage {
    pub(super) page: Page,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) button: &'static str,
    pub(super) action: String,
    pub(super) email: String,
    pub(super) asks_email: bool,
    /// Whether a new password is to be chosen.
    pub(super) asks_password: bool,
    /// Whether the password that was chosen is to be shown.
    pub(super) shows_password: bool,
    pub(super) problem: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filled {
    email: String,
    password: String,
    new_password: String,
}

/// `GET /sign-up`.
async fn show(State(site): State<Arc<Site>>, visit: Visit) -> Result<Response, Trouble> {
    form(&site, &visit, String::new(), None).await
}

/// `POST /sign-up`. The answer is the same whether or not there is such an account.
async fn ask(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    if !site.mailer.is_on() {
        return form(&site, &visit, filled.email, None).await;
    }
    let (password, random) = (Password::new(filled.new_password), &mut random::from_system());
    let visitor = visit.visitor();
    match sign_up::request(&site.desk, &visitor, &filled.email, password, visit.now, random).await {
        Ok(mail) => {
            site.post([mail], &visit);
            sent(&site, &visit, filled.email)
        }
        // The page says so itself.
        Err(Failure::RegistrationClosed | Failure::InvitationNeeded) => {
            form(&site, &visit, filled.email, None).await
        }
        Err(failure) => {
            let problem = said::sentence(&visit, failure)?;
            form(&site, &visit, filled.email, Some(problem)).await
        }
    }
}

async fn form(
    site: &Site,
    visit: &Visit,
    email: String,
    problem: Option<String>,
) -> Result<Response, Trouble> {
    let closed = match administration::registration(&site.state.store).await? {
        _ if !site.mailer.is_on() => Some("sign-up-no-mail"),
        Registration::Open => None,
        Registration::Invitation => Some("sign-up-invitation"),
        Registration::Closed => Some("sign-up-closed"),
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (open, closed) = (closed.is_none(), closed.unwrap_or_default());
    let mut response = page::html(&SignUpPage { page: Page::bare(visit), email, problem, open, closed })?;
    *response.status_mut() = status;
    Ok(response)
}

/// Says to look into the mail, whatever is on its way there.
pub(super) fn sent(site: &Site, visit: &Visit, email: String) -> Result<Response, Trouble> {
    let shown = site.mailer.list().is_some();
    page::html(&SentPage { page: Page::bare(visit), email: email.trim().chars().take(254).collect(), shown })
}

/// Says that a link does nothing any more.
pub(super) fn over(visit: &Visit) -> Result<Response, Trouble> {
    let mut response = page::html(&OverPage { page: Page::bare(visit) })?;
    *response.status_mut() = StatusCode::GONE;
    Ok(response)
}

impl LinkPage {
    /// The page of a link about an address.
    pub(super) fn new(visit: &Visit, action: String, email: String) -> Self {
        Self {
            page: Page::bare(visit),
            title: "link-sign-up-title",
            text: "link-sign-up-text",
            button: "link-sign-up-button",
            action,
            email,
            asks_email: false,
            asks_password: false,
            shows_password: false,
            problem: None,
        }
    }

    fn sign_up(visit: &Visit, link: &Token, email: String) -> Self {
        Self { shows_password: true, ..Self::new(visit, format!("/sign-up/{}", link.expose()), email) }
    }

    fn invitation(visit: &Visit, link: &Token, email: String) -> Self {
        Self {
            title: "link-invitation-title",
            text: "link-invitation-text",
            asks_password: true,
            ..Self::new(visit, format!("/invitation/{}", link.expose()), email)
        }
    }

    fn start(visit: &Visit, link: &Token, email: String) -> Self {
        Self {
            title: "link-start-title",
            text: "link-start-text",
            asks_email: true,
            asks_password: true,
            ..Self::new(visit, format!("/start/{}", link.expose()), email)
        }
    }

    pub(super) fn answer(self) -> Result<Response, Trouble> {
        let status = if self.problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let mut response = page::html(&self)?;
        *response.status_mut() = status;
        Ok(response)
    }
}

/// `GET /sign-up/{token}`.
async fn look_sign_up(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    look(&site, &visit, &token, Purpose::SignUp, LinkPage::sign_up).await
}

/// `GET /invitation/{token}`.
async fn look_invitation(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    look(&site, &visit, &token, Purpose::Invitation, LinkPage::invitation).await
}

/// `GET /start/{token}`.
async fn look_start(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    let start = |visit: &Visit, link: &Token, _| LinkPage::start(visit, link, String::new());
    look(&site, &visit, &token, Purpose::FirstAdministrator, start).await
}

async fn look(
    site: &Site,
    visit: &Visit,
    token: &str,
    purpose: Purpose,
    page: impl FnOnce(&Visit, &Token, String) -> LinkPage,
) -> Result<Response, Trouble> {
    let Some(link) = Token::from_text(token) else { return over(visit) };
    match sign_up::look(&site.desk, &link, purpose, visit.now).await {
        Ok(found) => page(visit, &link, found.email.to_string()).answer(),
        Err(failure) => said::over(visit, failure),
    }
}

/// `POST /sign-up/{token}`.
async fn confirm(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(token): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let Some(link) = Token::from_text(&token) else { return over(&visit) };
    let (password, random) = (Password::new(filled.password), &mut random::from_system());
    let done = sign_up::confirm(&site.desk, &visit.visitor(), &link, password, visit.now, random).await;
    let page = LinkPage::sign_up(&visit, &link, String::new());
    opened(&site, &visit, done, &link, Purpose::SignUp, page).await
}

/// `POST /invitation/{token}`.
async fn accept(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(token): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let Some(link) = Token::from_text(&token) else { return over(&visit) };
    let (password, random) = (Password::new(filled.new_password), &mut random::from_system());
    let done =
        sign_up::accept_invitation(&site.desk, &visit.visitor(), &link, password, visit.now, random).await;
    let page = LinkPage::invitation(&visit, &link, String::new());
    opened(&site, &visit, done, &link, Purpose::Invitation, page).await
}

/// `POST /start/{token}`.
async fn start(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(token): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let Some(link) = Token::from_text(&token) else { return over(&visit) };
    let (password, random) = (Password::new(filled.new_password), &mut random::from_system());
    let visitor = visit.visitor();
    let (desk, email) = (&site.desk, &filled.email);
    let done =
        sign_up::open_first_administrator(desk, &visitor, &link, email, password, visit.now, random).await;
    let page = LinkPage::start(&visit, &link, filled.email.clone());
    opened(&site, &visit, done, &link, Purpose::FirstAdministrator, page).await
}

/// Goes on signed in, or shows the page again with what is wrong.
async fn opened(
    site: &Site,
    visit: &Visit,
    done: Result<sign_in::SignedIn, Failure>,
    link: &Token,
    purpose: Purpose,
    page: LinkPage,
) -> Result<Response, Trouble> {
    match done {
        Ok(signed_in) => go_on(site, visit, signed_in, &Next::default()).await,
        Err(failure) if said::message(&failure).is_some() => {
            let problem = Some(said::sentence(visit, failure)?);
            let email = match purpose {
                Purpose::FirstAdministrator => page.email.clone(),
                _ => sign_up::look(&site.desk, link, purpose, visit.now).await?.email.to_string(),
            };
            LinkPage { problem, email, ..page }.answer()
        }
        Err(failure) => said::over(visit, failure),
    }
}
