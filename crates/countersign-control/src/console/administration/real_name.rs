//! A real name that waits for a decision.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use countersign::Timestamp;
use countersign_accounts::account::Account;
use countersign_accounts::id::AccountId;
use serde::Deserialize;

use super::super::notice::Notice;
use super::super::page::{self, Page, Part};
use super::super::said;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::{ADMINISTRATION, Administrator};
use crate::app::administration;
use crate::app::real_name::Person;

#[derive(Template)]
#[template(path = "administration/real_name.html")]
struct RealNamePage {
    page: Page,
    account: Account,
    person: Person,
    submitted: Timestamp,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Decision {
    decision: String,
    reason: String,
    /// What was decided on: when it was submitted, in milliseconds since 1970.
    submitted: i64,
}

/// `GET /administration/real-names/{id}`.
pub(super) async fn show(
    State(site): State<Arc<Site>>,
    Administrator(who): Administrator,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    who.must_be_proven(&site, &format!("/administration/real-names/{}", AccountId::from_text(id.as_str())))?;
    let (state, by, id) = (&site.state, who.actor(), AccountId::from_text(id));
    let account = state.store.find_account(&id).await?.ok_or(Trouble::NotFound)?;
    let found = administration::open_real_name(&state.store, &state.ring, &by, &id).await?;
    let (real_name, person) = found.ok_or(Trouble::NotFound)?;
    let submitted = real_name.submitted;
    page::html(&RealNamePage { page: who.page(Part::Administration), account, person, submitted })
}

/// `POST /administration/real-names/{id}`.
pub(super) async fn decide(
    State(site): State<Arc<Site>>,
    Administrator(who): Administrator,
    Path(id): Path<String>,
    Form(decision): Form<Decision>,
) -> Result<Response, Trouble> {
    who.must_be_proven(&site, ADMINISTRATION)?;
    let (store, id) = (&site.state.store, AccountId::from_text(id));
    let submitted = Timestamp::from_unix_millis(decision.submitted);
    let (notice, done) = match decision.decision.as_str() {
        "approve" => (
            "notice-real-name-approved",
            administration::approve_real_name(store, who.asks(), &id, submitted).await,
        ),
        "reject" => (
            "notice-real-name-rejected",
            administration::reject_real_name(store, who.asks(), &id, submitted, &decision.reason).await,
        ),
        _ => return Err(Trouble::Unreadable),
    };
    match done {
        Ok((_, mail)) => {
            site.post([mail], &who.visit);
            Ok(Notice::new(notice, "").on(ADMINISTRATION))
        }
        Err(failure) => Ok(said::notice(failure)?.on(ADMINISTRATION)),
    }
}
