//! Another password, for whoever has just shown the one that there is.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, State};
use axum::response::Response;
use countersign_accounts::password::Password;
use countersign_accounts::random;
use http::StatusCode;
use serde::Deserialize;

use super::super::notice::Notice;
use super::super::page::{self, Page, Part};
use super::super::said;
use super::super::signed_in::SignedIn;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::ACCOUNT;
use crate::app::passwords;

const HERE: &str = "/account/password";

#[derive(Template)]
#[template(path = "account/password.html")]
struct PasswordPage {
    page: Page,
    email: String,
    problem: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Filled {
    new_password: String,
}

/// `GET /account/password`.
pub(super) async fn show(State(site): State<Arc<Site>>, who: SignedIn) -> Result<Response, Trouble> {
    who.must_be_proven(&site, HERE)?;
    form(who, None)
}

/// `POST /account/password`.
pub(super) async fn change(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    who.must_be_proven(&site, HERE)?;
    let (password, random) = (Password::new(filled.new_password), &mut random::from_system());
    let now = who.visit.now;
    match passwords::change(&site.desk, &who.session, &who.account, password, now, random).await {
        Ok(mail) => {
            site.post([mail], &who.visit);
            Ok(Notice::new("notice-password-changed", "").on(ACCOUNT))
        }
        Err(failure) => {
            let problem = said::sentence(&who.visit, failure)?;
            form(who, Some(problem))
        }
    }
}

fn form(who: SignedIn, problem: Option<String>) -> Result<Response, Trouble> {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let email = who.account.email.to_string();
    let mut response = page::html(&PasswordPage { page: who.page(Part::Account), email, problem })?;
    *response.status_mut() = status;
    Ok(response)
}
