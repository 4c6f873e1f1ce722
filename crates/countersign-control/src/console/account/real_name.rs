//! Submitting one's real name, where it is asked for.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
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
use crate::app::real_name::{self, Person};

#[derive(Template)]
#[template(path = "account/real_name.html")]
struct RealNamePage {
    page: Page,
    problem: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Filled {
    name: String,
    document: String,
}

/// `GET /account/real-name`.
pub(super) async fn show(State(site): State<Arc<Site>>, who: SignedIn) -> Result<Response, Trouble> {
    if real_name::is_approved(&site.state.store, &who.account).await? {
        return Ok(Redirect::to(ACCOUNT).into_response());
    }
    page::html(&RealNamePage { page: who.page(Part::Account), problem: None })
}

/// `POST /account/real-name`. What was typed is not shown again.
pub(super) async fn submit(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let (state, now, random) = (&site.state, who.visit.now, &mut random::from_system());
    let submitted = match Person::new(&filled.name, &filled.document) {
        Ok(person) => {
            real_name::submit(&state.store, &state.ring, &who.account, &person, now, random).await.map(|_| ())
        }
        Err(failure) => Err(failure),
    };
    match submitted {
        Ok(()) => Ok(Notice::new("notice-real-name-submitted", "").on(ACCOUNT)),
        Err(failure) => {
            let problem = Some(said::sentence(&who.visit, failure)?);
            let mut response = page::html(&RealNamePage { page: who.page(Part::Account), problem })?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
    }
}
