//! Showing the password again, before something that matters.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_accounts::password::Password;
use countersign_accounts::random;
use countersign_accounts::token::Token;
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::Deserialize;
use webauthn_rs::prelude::RequestChallengeResponse;

use super::super::cookies::{self, SESSION};
use super::super::next::Next;
use super::super::page::{self, Page, Part};
use super::super::passkeys;
use super::super::said;
use super::super::signed_in::SignedIn;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::To;
use super::second_factor::answer;
use crate::app::mail::Mail;
use crate::app::{Failure, second_factors, sign_in};

#[derive(Template)]
#[template(path = "sign_in/prove.html")]
struct ProvePage {
    page: Page,
    email: String,
    next: String,
    /// Whether a second factor is to be shown too.
    factor: bool,
    passkey: bool,
    problem: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Filled {
    password: String,
    #[serde(default)]
    code: String,
    /// What a passkey answered, as JSON.
    #[serde(default)]
    credential: String,
    #[serde(default)]
    next: Next,
}

/// `GET /prove`.
pub(crate) async fn show(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Query(to): Query<To>,
) -> Result<Response, Trouble> {
    form(&site, who, &to.next, None).await
}

/// `POST /prove`. The session gets another token.
pub(crate) async fn prove(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let Filled { password, code, credential, next } = filled;
    let (visit, random) = (who.visit.clone(), &mut random::from_system());
    let Some(token) = &visit.token else { return Err(Trouble::Elsewhere("/sign-in".to_owned())) };
    let (password, visitor) = (Password::new(password), visit.visitor());
    let proven = if credential.is_empty() {
        let answer = (!code.trim().is_empty()).then(|| answer(code));
        sign_in::prove_again(&site.desk, &visitor, token, password, answer.as_ref(), visit.now, random).await
    } else {
        by_passkey(&site, &who, token, password, &credential).await
    };
    match proven {
        Ok((token, mails)) => {
            site.post(mails, &visit);
            let cookie = cookies::passing(SESSION, token.expose());
            Ok(([(SET_COOKIE, cookie)], Redirect::to(next.path())).into_response())
        }
        Err(failure) => {
            let problem = said::sentence(&visit, failure)?;
            form(&site, who, &next, Some(problem)).await
        }
    }
}

/// `POST /prove/passkey`: what the browser is to ask a passkey.
pub(crate) async fn ask(
    State(site): State<Arc<Site>>,
    who: SignedIn,
) -> Result<Json<RequestChallengeResponse>, Trouble> {
    passkeys::ask_to_show(&site, &who.session, &who.account).await?.map(Json).ok_or(Trouble::NotFound)
}

/// The password and a passkey, in place of a code.
async fn by_passkey(
    site: &Site,
    who: &SignedIn,
    token: &Token,
    password: Password,
    credential: &str,
) -> Result<(Token, Vec<Mail>), Failure> {
    let (visit, random) = (&who.visit, &mut random::from_system());
    sign_in::check_password(&site.desk, &visit.visitor(), &who.account, password, visit.now).await?;
    passkeys::check(site, &who.session, &who.account, credential, visit).await?;
    Ok((sign_in::renew(&site.desk, token, visit.now, random).await?, Vec::new()))
}

async fn form(site: &Site, who: SignedIn, next: &Next, problem: Option<String>) -> Result<Response, Trouble> {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let factor = !second_factors::list(&site.desk, &who.account).await?.is_empty();
    let passkey = passkeys::has_any(site, &who.account).await?;
    let (email, next) = (who.account.email.to_string(), next.path().to_owned());
    let mut response =
        page::html(&ProvePage { page: who.page(Part::None), email, next, factor, passkey, problem })?;
    *response.status_mut() = status;
    Ok(response)
}
