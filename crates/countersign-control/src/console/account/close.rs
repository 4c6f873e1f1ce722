//! Closing the account, for good.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, State};
use axum::response::Response;
use countersign_accounts::random;
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::Deserialize;

use super::super::cookies::{self, SESSION};
use super::super::notice::Notice;
use super::super::page::{self, Page, Part};
use super::super::said;
use super::super::signed_in::SignedIn;
use super::super::site::Site;
use super::super::trouble::Trouble;
use crate::app::profile;

const HERE: &str = "/account/close";

#[derive(Template)]
#[template(path = "account/close.html")]
struct ClosePage {
    page: Page,
    account_email: String,
    problem: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Typed {
    email: String,
}

/// `GET /account/close`.
pub(super) async fn show(State(site): State<Arc<Site>>, who: SignedIn) -> Result<Response, Trouble> {
    who.must_be_proven(&site, HERE)?;
    form(who, None)
}

/// `POST /account/close`.
pub(super) async fn close(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Trouble> {
    who.must_be_proven(&site, HERE)?;
    if !typed.email.trim().eq_ignore_ascii_case(who.account.email.as_str()) {
        let problem = who.visit.say("said-email-differs", &[]);
        return form(who, Some(problem));
    }
    let (now, random) = (who.visit.now, &mut random::from_system());
    match profile::close(&site.desk, &who.session, &who.account, now, random).await {
        Ok((_, mail)) => {
            site.post([mail], &who.visit);
            let mut response = Notice::new("notice-closed", "").on("/sign-in");
            response.headers_mut().append(SET_COOKIE, cookies::gone(SESSION));
            Ok(response)
        }
        Err(failure) => {
            let problem = said::sentence(&who.visit, failure)?;
            form(who, Some(problem))
        }
    }
}

fn form(who: SignedIn, problem: Option<String>) -> Result<Response, Trouble> {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let account_email = who.account.email.to_string();
    let mut response = page::html(&ClosePage { page: who.page(Part::Account), account_email, problem })?;
    *response.status_mut() = status;
    Ok(response)
}
