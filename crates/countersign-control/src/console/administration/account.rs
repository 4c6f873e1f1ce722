//! One account, as administrators see it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use countersign_accounts::account::Account;
use countersign_accounts::id::AccountId;
use serde::Deserialize;

use super::super::notice::Notice;
use super::super::page::{self, Page, Part};
use super::super::said;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::Administrator;
use crate::app::{Failure, administration};

#[derive(Template)]
#[template(path = "administration/account.html")]
struct AccountPage {
    page: Page,
    account: Account,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filled {
    limit: String,
}

/// `GET /administration/accounts/{id}`.
pub(super) async fn show(
    State(site): State<Arc<Site>>,
    Administrator(who): Administrator,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let account = find(&site, &id).await?;
    page::html(&AccountPage { page: who.page(Part::Administration), account })
}

/// `POST /administration/accounts/{id}/{action}`.
pub(super) async fn act(
    State(site): State<Arc<Site>>,
    Administrator(who): Administrator,
    Path((id, action)): Path<(String, String)>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let account = find(&site, &id).await?.id;
    let here = format!("/administration/accounts/{account}");
    who.must_be_proven(&site, &here)?;
    let (store, asked) = (&site.state.store, who.asks());
    let done: Result<_, Failure> = match action.as_str() {
        "suspend" => administration::suspend(store, asked, &account).await.map(mailed("notice-suspended")),
        "resume" => administration::resume(store, asked, &account).await.map(mailed("notice-resumed")),
        "appoint" => administration::appoint(store, asked, account).await.map(|_| ("notice-appointed", None)),
        "dismiss" => administration::dismiss(store, asked, account).await.map(|_| ("notice-dismissed", None)),
        "limit" => match filled.limit.trim().parse() {
            Ok(limit) => administration::set_access_key_limit(store, asked, account, limit)
                .await
                .map(|_| ("notice-limit", None)),
            Err(_) => return Ok(Notice::new("said-number", "").on(&here)),
        },
        _ => return Err(Trouble::NotFound),
    };
    match done {
        Ok((notice, mail)) => {
            site.post(mail, &who.visit);
            Ok(Notice::new(notice, "").on(&here))
        }
        Err(failure) => Ok(said::notice(failure)?.on(&here)),
    }
}

/// What was done, and the mail about it.
fn mailed<R, M>(notice: &'static str) -> impl FnOnce((R, M)) -> (&'static str, Option<M>) {
    move |(_, mail)| (notice, Some(mail))
}

async fn find(site: &Site, id: &str) -> Result<Account, Trouble> {
    site.state.store.find_account(&AccountId::from_text(id)).await?.ok_or(Trouble::NotFound)
}
