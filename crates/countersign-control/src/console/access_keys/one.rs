//! One AccessKey: how it stands, who uses it, and what can be done with it.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::super::messages::Value;
use super::super::page::{self, Page, Part};
use super::super::signed_in::SignedIn;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::super::when;
use super::snippets::{self, Snippet};
use super::view::{KeyView, PublicKeyView};
use super::{own, public_key};
use crate::app::projects;

#[derive(Template)]
#[template(path = "access_keys/one.html")]
struct OnePage {
    page: Page,
    key: KeyView,
    public_key: Option<PublicKeyView>,
    endpoint: String,
    snippets: Vec<Snippet>,
}

/// `GET /access-keys/{id}`.
pub(super) async fn show(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let settings = site.settings();
    let listed = own(&site, &who.account, &id).await?;
    let project = projects::list(&site.state.store, &who.account.id).await?.into_iter().next();
    page::html(&OnePage {
        public_key: public_key(&site, &listed.key.id),
        key: KeyView::of(listed, &who.visit, &settings),
        snippets: snippets::all(project.as_ref().map(|project| project.name.as_str())),
        endpoint: settings.endpoint_url.clone(),
        page: who.page(Part::AccessKeys),
    })
}

/// Whether an AccessKey was used, for the script of the pages that wait for it.
#[derive(Debug, Serialize)]
pub(super) struct Used {
    used: bool,
    /// When, from where and by what, in words.
    text: String,
}

/// `GET /access-keys/{id}/use.json`.
pub(super) async fn used(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Used>, Trouble> {
    let listed = own(&site, &who.account, &id).await?;
    let Some(used) = listed.last_used else { return Ok(Json(Used { used: false, text: String::new() })) };
    let values = [
        ("time", Value::Text(&when::minute(used.at))),
        ("address", Value::Text(&used.address)),
        ("client", Value::Text(&used.client)),
    ];
    Ok(Json(Used { used: true, text: who.visit.say("first-use-seen", &values) }))
}
