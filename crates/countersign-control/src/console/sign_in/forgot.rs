//! A forgotten password: the link that sets another, and the page behind it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use countersign_accounts::password::Password;
use countersign_accounts::random;
use countersign_accounts::token::Token;
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::Deserialize;

use super::super::cookies::{self, DEVICE, SESSION};
use super::super::notice::Notice;
use super::super::page::{self, Page};
use super::super::said;
use super::super::sign_up::{LinkPage, over, sent};
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::super::visit::Visit;
use crate::app::passwords;

#[derive(Template)]
#[template(path = "sign_in/forgot.html")]
struct ForgotPage {
    page: Page,
    email: String,
    problem: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    email: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Filled {
    new_password: String,
}

/// `GET /forgot`.
pub(crate) async fn show(State(site): State<Arc<Site>>, visit: Visit) -> Result<Response, Trouble> {
    if !site.mailer.is_on() {
        return Err(Trouble::NotFound);
    }
    page::html(&ForgotPage { page: Page::bare(&visit), email: String::new(), problem: None })
}

/// `POST /forgot`. The answer is the same whether or not there is such an account.
pub(crate) async fn send(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Form(asked): Form<Asked>,
) -> Result<Response, Trouble> {
    if !site.mailer.is_on() {
        return Err(Trouble::NotFound);
    }
    let random = &mut random::from_system();
    match passwords::forgot(&site.desk, &visit.visitor(), &asked.email, visit.now, random).await {
        Ok(mail) => {
            site.post(mail, &visit);
            sent(&site, &visit, asked.email)
        }
        Err(failure) => {
            let problem = Some(said::sentence(&visit, failure)?);
            let mut response =
                page::html(&ForgotPage { page: Page::bare(&visit), email: asked.email, problem })?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
    }
}

/// `GET /reset/{token}`: shows what the link does. It is as good as before.
pub(crate) async fn look(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    let Some(link) = Token::from_text(&token) else { return over(&visit) };
    match passwords::look(&site.desk, &link, visit.now).await {
        Ok(account) => form(&visit, &link, account.email.to_string(), None),
        Err(failure) => said::over(&visit, failure),
    }
}

/// `POST /reset/{token}`: sets the password, and uses the link up.
pub(crate) async fn reset(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(token): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let Some(link) = Token::from_text(&token) else { return over(&visit) };
    let random = &mut random::from_system();
    let password = Password::new(filled.new_password);
    match passwords::reset(&site.desk, &visit.visitor(), &link, password, visit.now, random).await {
        Ok(reset) => {
            site.post(reset.mails, &visit);
            let mut response = Notice::new("notice-password-reset", "").on("/sign-in");
            response.headers_mut().append(SET_COOKIE, cookies::gone(SESSION));
            if let Some(device) = reset.device {
                response.headers_mut().append(SET_COOKIE, cookies::lasting(DEVICE, device.expose()));
            }
            Ok(response)
        }
        Err(failure) if said::message(&failure).is_some() => {
            let problem = said::sentence(&visit, failure)?;
            let email = passwords::look(&site.desk, &link, visit.now).await?.email.to_string();
            form(&visit, &link, email, Some(problem))
        }
        Err(failure) => said::over(&visit, failure),
    }
}

fn form(visit: &Visit, link: &Token, email: String, problem: Option<String>) -> Result<Response, Trouble> {
    LinkPage {
        title: "link-password-title",
        text: "link-password-text",
        button: "link-password-button",
        asks_password: true,
        problem,
        ..LinkPage::new(visit, format!("/reset/{}", link.expose()), email)
    }
    .answer()
}
