//! AccessKeys: the page that people come for. Here is the list.

mod change;
mod created;
mod delete;
mod new;
mod one;
mod pasted;
mod rotate;
mod snippets;
mod view;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use countersign::AccessKeyId;
use countersign_accounts::access_key::AccessKeyStatus;
use countersign_accounts::account::Account;
use countersign_store::ListedAccessKey;

use self::view::{KeyView, PublicKeyView};
use super::page::{self, Page, Part};
use super::signed_in::SignedIn;
use super::site::Site;
use super::trouble::Trouble;
use crate::app::{Failure, access_keys};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/access-keys", get(list))
        .route("/access-keys/new", get(new::show).post(new::create))
        .route("/access-keys/{id}", get(one::show))
        .route("/access-keys/{id}/use.json", get(one::used))
        .route("/access-keys/{id}/disable", post(change::disable))
        .route("/access-keys/{id}/enable", post(change::enable))
        .route("/access-keys/{id}/restore", post(change::restore))
        .route("/access-keys/{id}/delete", get(delete::show).post(delete::delete))
        .route("/access-keys/{id}/rotate", get(rotate::show).post(rotate::create))
}

#[derive(Template)]
#[template(path = "access_keys/list.html")]
struct ListPage {
    page: Page,
    keys: Vec<KeyView>,
    recycle_bin: Vec<KeyView>,
    limit: usize,
    endpoint: String,
}

/// `GET /access-keys`.
async fn list(State(site): State<Arc<Site>>, who: SignedIn) -> Result<Response, Trouble> {
    let settings = site.settings();
    let listed = access_keys::list(&site.state.store, &who.account.id).await?;
    let (recycle_bin, keys): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|listed| matches!(listed.key.status, AccessKeyStatus::Deleted(_)));
    let view = |listed| KeyView::of(listed, &who.visit, &settings);
    // The newest first: it is the one that somebody is about to use.
    let keys = keys.into_iter().rev().map(view).collect();
    let recycle_bin = recycle_bin.into_iter().rev().map(view).collect();
    let limit = usize::try_from(who.account.access_key_limit).unwrap_or(usize::MAX);
    let endpoint = settings.endpoint_url.clone();
    page::html(&ListPage { page: who.page(Part::AccessKeys), keys, recycle_bin, limit, endpoint })
}

/// The public key of an AccessKey, as this node judges by it.
fn public_key(site: &Site, id: &AccessKeyId) -> Option<PublicKeyView> {
    let snapshot = site.state.verifier.keyring().snapshot();
    snapshot.get(id.as_str())?.public_key().map(PublicKeyView::of)
}

/// An AccessKey of this account. Whether there is one by that id in another account is not told.
async fn own(site: &Site, account: &Account, id: &str) -> Result<ListedAccessKey, Trouble> {
    let id = AccessKeyId::new(id).map_err(|_| Trouble::NotFound)?;
    match access_keys::find(&site.state.store, &id).await {
        Ok(found) if found.key.account == account.id => Ok(found),
        Ok(_) | Err(Failure::NoSuchAccessKey(_)) => Err(Trouble::NotFound),
        Err(failure) => Err(failure.into()),
    }
}
