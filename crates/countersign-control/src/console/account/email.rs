//! Another address: a link to it, and what the link does.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use countersign_accounts::link::Purpose;
use countersign_accounts::random;
use countersign_accounts::token::Token;
use http::StatusCode;
use serde::Deserialize;

use super::super::notice::Notice;
use super::super::page::{self, Page, Part};
use super::super::said;
use super::super::sign_up::{LinkPage, over};
use super::super::signed_in::SignedIn;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::ACCOUNT;
use crate::app::{profile, sign_up};

const HERE: &str = "/account/email";

#[derive(Template)]
#[template(path = "account/email.html")]
struct EmailPage {
    page: Page,
    email: String,
    problem: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Filled {
    email: String,
}

/// `GET /account/email`.
pub(super) async fn show(State(site): State<Arc<Site>>, who: SignedIn) -> Result<Response, Trouble> {
    who.must_be_proven(&site, HERE)?;
    page::html(&EmailPage { page: who.page(Part::Account), email: String::new(), problem: None })
}

/// `POST /account/email`: sends the link. The answer does not tell whether somebody has the address.
pub(super) async fn send(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    who.must_be_proven(&site, HERE)?;
    let (visit, random) = (who.visit.clone(), &mut random::from_system());
    let (desk, visitor, email) = (&site.desk, visit.visitor(), &filled.email);
    let asked =
        profile::request_email_change(desk, &visitor, &who.session, &who.account, email, visit.now, random);
    match asked.await {
        Ok(mail) => {
            site.post([mail], &visit);
            Ok(Notice::new("notice-email-sent", "").on(ACCOUNT))
        }
        Err(failure) => {
            let problem = Some(said::sentence(&visit, failure)?);
            let mut response =
                page::html(&EmailPage { page: who.page(Part::Account), email: filled.email, problem })?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
    }
}

/// `GET /email/{token}`: shows what the link does, to whoever is signed in to the account.
pub(super) async fn look(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    let Some(link) = Token::from_text(&token) else { return over(&who.visit) };
    match sign_up::look(&site.desk, &link, Purpose::Email, who.visit.now).await {
        Ok(found) if found.account.as_ref() == Some(&who.account.id) => LinkPage {
            title: "link-email-title",
            text: "link-email-text",
            button: "link-email-button",
            ..LinkPage::new(&who.visit, format!("/email/{}", link.expose()), found.email.to_string())
        }
        .answer(),
        Ok(_) => over(&who.visit),
        Err(failure) => said::over(&who.visit, failure),
    }
}

/// `POST /email/{token}`.
pub(super) async fn confirm(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    let Some(link) = Token::from_text(&token) else { return over(&who.visit) };
    let random = &mut random::from_system();
    match profile::confirm_email_change(&site.desk, &who.account, &link, who.visit.now, random).await {
        Ok((_, mail)) => {
            site.post([mail], &who.visit);
            Ok(Notice::new("notice-email-changed", "").on(ACCOUNT))
        }
        Err(failure) => said::over(&who.visit, failure),
    }
}
