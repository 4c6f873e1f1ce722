//! The second factor, for whoever has shown the password.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_accounts::random;
use http::StatusCode;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::next::Next;
use super::super::page::{self, Page};
use super::super::said;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::super::visit::Visit;
use super::{To, go_on};
use crate::app::sign_in::{self, Answer};

#[derive(Template)]
#[template(path = "sign_in/second_factor.html")]
struct SecondFactorPage {
    page: Page,
    next: String,
    problem: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Filled {
    code: String,
    #[serde(default)]
    next: Next,
}

/// `GET /sign-in/second-factor`. Whoever has not shown the password goes back to that.
pub(crate) async fn show(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Query(to): Query<To>,
) -> Result<Response, Trouble> {
    let half_way = match &visit.token {
        Some(token) => sign_in::half_way(&site.desk, token, visit.now).await?,
        None => None,
    };
    match half_way {
        Some(_) => form(&visit, &to.next, None),
        None => Ok(Redirect::to("/sign-in").into_response()),
    }
}

/// `POST /sign-in/second-factor`.
pub(crate) async fn enter(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let Some(token) = &visit.token else { return Ok(Redirect::to("/sign-in").into_response()) };
    let (answer, random) = (answer(filled.code), &mut random::from_system());
    match sign_in::second_step(&site.desk, &visit.visitor(), token, &answer, visit.now, random).await {
        Ok(signed_in) => go_on(&site, &visit, signed_in, &filled.next).await,
        Err(failure) => {
            let problem = said::sentence(&visit, failure)?;
            form(&visit, &filled.next, Some(problem))
        }
    }
}

/// What somebody typed: six digits are a code of an application, anything else is a recovery code.
pub(super) fn answer(typed: String) -> Answer {
    let digits = typed.chars().filter(|c| !c.is_whitespace()).all(|c| c.is_ascii_digit());
    let typed = Zeroizing::new(typed);
    if digits { Answer::Totp(typed) } else { Answer::RecoveryCode(typed) }
}

fn form(visit: &Visit, next: &Next, problem: Option<String>) -> Result<Response, Trouble> {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let next = next.path().to_owned();
    let mut response = page::html(&SecondFactorPage { page: Page::bare(visit), next, problem })?;
    *response.status_mut() = status;
    Ok(response)
}
