//! The second factor, for whoever has shown the password.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_accounts::account::Account;
use countersign_accounts::random;
use countersign_accounts::session::Session;
use http::StatusCode;
use serde::Deserialize;
use webauthn_rs::prelude::RequestChallengeResponse;
use zeroize::Zeroizing;

use super::super::next::Next;
use super::super::page::{self, Page};
use super::super::passkeys;
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
    /// Whether the account has a passkey.
    passkey: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Filled {
    #[serde(default)]
    code: String,
    /// What a passkey answered, as JSON.
    #[serde(default)]
    credential: String,
    #[serde(default)]
    next: Next,
}

/// `GET /sign-in/second-factor`. Whoever has not shown the password goes back to that.
pub(crate) async fn show(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Query(to): Query<To>,
) -> Result<Response, Trouble> {
    let Some((_, account)) = half_way(&site, &visit).await? else {
        return Ok(Redirect::to("/sign-in").into_response());
    };
    form(&site, &visit, &account, &to.next, None).await
}

/// `POST /sign-in/second-factor/passkey`: what the browser is to ask a passkey.
pub(crate) async fn ask(
    State(site): State<Arc<Site>>,
    visit: Visit,
) -> Result<Json<RequestChallengeResponse>, Trouble> {
    let (session, account) = half_way(&site, &visit).await?.ok_or(Trouble::NotFound)?;
    passkeys::ask_to_show(&site, &session, &account).await?.map(Json).ok_or(Trouble::NotFound)
}

/// `POST /sign-in/second-factor`.
pub(crate) async fn enter(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let Some((token, (session, account))) = visit.token.as_ref().zip(half_way(&site, &visit).await?) else {
        return Ok(Redirect::to("/sign-in").into_response());
    };
    let (visitor, random) = (visit.visitor(), &mut random::from_system());
    let done = if filled.credential.is_empty() {
        let answer = answer(filled.code);
        sign_in::second_step(&site.desk, &visitor, token, &answer, visit.now, random).await
    } else {
        match passkeys::check(&site, &session, &account, &filled.credential, &visit).await {
            Ok(()) => sign_in::finish(&site.desk, &visitor, token, visit.now, random).await,
            Err(failure) => Err(failure),
        }
    };
    match done {
        Ok(signed_in) => go_on(&site, &visit, signed_in, &filled.next).await,
        Err(failure) => {
            let problem = said::sentence(&visit, failure)?;
            form(&site, &visit, &account, &filled.next, Some(problem)).await
        }
    }
}

/// The session of whoever has shown the password, and its account.
async fn half_way(site: &Site, visit: &Visit) -> Result<Option<(Session, Account)>, Trouble> {
    match &visit.token {
        Some(token) => Ok(sign_in::half_way(&site.desk, token, visit.now).await?),
        None => Ok(None),
    }
}

/// What somebody typed: six digits are a code of an application, anything else is a recovery code.
pub(super) fn answer(typed: String) -> Answer {
    let digits = typed.chars().filter(|c| !c.is_whitespace()).all(|c| c.is_ascii_digit());
    let typed = Zeroizing::new(typed);
    if digits { Answer::Totp(typed) } else { Answer::RecoveryCode(typed) }
}

async fn form(
    site: &Site,
    visit: &Visit,
    account: &Account,
    next: &Next,
    problem: Option<String>,
) -> Result<Response, Trouble> {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (page, next) = (Page::bare(visit), next.path().to_owned());
    let passkey = passkeys::has_any(site, account).await?;
    let mut response = page::html(&SecondFactorPage { page, next, problem, passkey })?;
    *response.status_mut() = status;
    Ok(response)
}
