//! Deleting an AccessKey: only a disabled one, and only by typing its id.

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::super::page::{self, Page, Part};
use super::super::signed_in::SignedIn;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::view::KeyView;
use super::{change, own};
use crate::app::access_keys;

#[derive(Template)]
#[template(path = "access_keys/delete.html")]
struct DeletePage {
    page: Page,
    key: KeyView,
    problem: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Typed {
    id: String,
}

/// `GET /access-keys/{id}/delete`.
pub(super) async fn show(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let key = KeyView::of(own(&site, &who.account, &id).await?, &who.visit, &site.settings());
    if !key.disabled {
        return Ok(Redirect::to(&format!("/access-keys/{}", key.id)).into_response());
    }
    page::html(&DeletePage { page: who.page(Part::AccessKeys), key, problem: None })
}

/// `POST /access-keys/{id}/delete`.
pub(super) async fn delete(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Trouble> {
    let listed = own(&site, &who.account, &id).await?;
    if typed.id.trim() != listed.key.id.as_str() {
        let problem = Some(who.visit.say("said-id-differs", &[]));
        let key = KeyView::of(listed, &who.visit, &site.settings());
        let mut response = page::html(&DeletePage { page: who.page(Part::AccessKeys), key, problem })?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    }
    let key = listed.key;
    let began = Instant::now();
    let done = access_keys::delete(&site.state.store, who.asks(), key.account, key.id.clone()).await;
    change::finish(&site, "notice-deleted", key.id.as_str(), began, done, format!("/access-keys/{}", key.id))
        .await
}
