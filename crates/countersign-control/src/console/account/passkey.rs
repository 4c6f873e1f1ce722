//! A passkey, added as a second factor.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Form, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use webauthn_rs::prelude::CreationChallengeResponse;

use super::super::page::{self, Page, Part};
use super::super::passkeys;
use super::super::said;
use super::super::signed_in::SignedIn;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::factors;

const HERE: &str = "/account/second-factors/passkey";

#[derive(Template)]
#[template(path = "account/passkey.html")]
struct PasskeyPage {
    page: Page,
    name: String,
    problem: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Filled {
    name: String,
    /// What the browser answered, as JSON.
    #[serde(default)]
    credential: String,
}

/// `GET /account/second-factors/passkey`.
pub(super) async fn show(State(site): State<Arc<Site>>, who: SignedIn) -> Result<Response, Trouble> {
    who.must_be_proven(&site, HERE)?;
    if !passkeys::are_possible(&site) {
        return Err(Trouble::NotFound);
    }
    let name = who.visit.say("factor-passkey", &[]);
    form(who, name, None)
}

/// `POST /account/second-factors/passkey/ask`: what the browser is to make.
pub(super) async fn ask(
    State(site): State<Arc<Site>>,
    who: SignedIn,
) -> Result<Json<CreationChallengeResponse>, Trouble> {
    who.must_be_proven(&site, HERE)?;
    Ok(Json(passkeys::ask_to_add(&site, &who.session, &who.account).await?))
}

/// `POST /account/second-factors/passkey`.
pub(super) async fn add(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    who.must_be_proven(&site, HERE)?;
    let Filled { name, credential } = filled;
    match passkeys::add(&site, &who.session, &who.account, &name, &credential, &who.visit).await {
        Ok(added) => factors::finish(&site, who, added),
        Err(failure) => {
            let problem = said::sentence(&who.visit, failure)?;
            form(who, name, Some(problem))
        }
    }
}

fn form(who: SignedIn, name: String, problem: Option<String>) -> Result<Response, Trouble> {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut response = page::html(&PasskeyPage { page: who.page(Part::Account), name, problem })?;
    *response.status_mut() = status;
    Ok(response)
}
