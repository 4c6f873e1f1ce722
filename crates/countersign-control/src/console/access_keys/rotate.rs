//! Rotating an AccessKey: a successor of the same kind, the move, the end of the old one. The page shows how far that has come, by what
//! has happened and not by what somebody clicked.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use countersign::AccessKeyId;
use countersign_accounts::access_key::DEFAULT_ID_PREFIX;
use countersign_accounts::account::Account;
use countersign_accounts::change::Change;
use countersign_accounts::random;
use http::StatusCode;
use serde::Deserialize;

use super::super::page::{self, Page, Part};
use super::super::said;
use super::super::signed_in::SignedIn;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::pasted::Pasted;
use super::view::KeyView;
use super::{created, own};
use crate::app::access_keys;

/// How much of the account's past is looked through for the successor.
const CHANGES: u32 = 1000;

#[derive(Template)]
#[template(path = "access_keys/rotate.html")]
struct RotatePage {
    page: Page,
    old: KeyView,
    new: Option<KeyView>,
    /// Whether the old key was used after the new one was made.
    old_still_used: bool,
    /// Whether the new key is in use, and the old one is not any more.
    moved: bool,
    problem: Option<String>,
    filled: Filled,
}

/// What the form for a successor holds: of a public key, the next one.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filled {
    #[serde(default)]
    public_key: Pasted,
}

/// `GET /access-keys/{id}/rotate`.
pub(super) async fn show(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    campaign(&site, who, &id, Filled::default(), None).await
}

/// `POST /access-keys/{id}/rotate`: creates the successor, and answers with its secret; or registers the next public key.
pub(super) async fn create(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let old = own(&site, &who.account, &id).await?;
    who.must_be_proven(&site, &format!("/access-keys/{}/rotate", old.key.id))?;
    let (state, random) = (&site.state, &mut random::from_system());
    let (prefix, asked) = (DEFAULT_ID_PREFIX, who.asks());
    let (store, ring, replaced) = (&state.store, &state.ring, Some(old.key.id.to_string()));
    let failure = match filled.public_key.read() {
        Ok(None) => match access_keys::create_successor(store, ring, asked, &old, prefix, None, random).await
        {
            Ok(created) => return created::show(&site, who, created, replaced).await,
            Err(failure) => failure,
        },
        Ok(Some(key)) => {
            let named = (prefix, key);
            match access_keys::register_successor(store, ring, asked, &old, named, None, random).await {
                Ok(registered) => return created::show_registered(&site, who, registered, replaced).await,
                Err(failure) => failure,
            }
        }
        Err(failure) => failure,
    };
    let problem = said::sentence(&who.visit, failure)?;
    campaign(&site, who, &id, filled, Some(problem)).await
}

async fn campaign(
    site: &Site,
    who: SignedIn,
    id: &str,
    filled: Filled,
    problem: Option<String>,
) -> Result<Response, Trouble> {
    let settings = site.settings();
    let old = own(site, &who.account, id).await?;
    let new = match successor(site, &who.account, &old.key.id).await? {
        // It may be gone for good meanwhile.
        Some(id) => match own(site, &who.account, id.as_str()).await {
            Ok(found) => Some(found),
            Err(Trouble::NotFound) => None,
            Err(trouble) => return Err(trouble),
        },
        None => None,
    };
    let used = old.last_used.as_ref().map(|used| used.at);
    let old_still_used = new.as_ref().zip(used).is_some_and(|(new, used)| used > new.key.created);
    let moved = !old_still_used && new.as_ref().is_some_and(|new| new.last_used.is_some());
    let status = if problem.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let mut response = page::html(&RotatePage {
        old: KeyView::of(old, &who.visit, &settings),
        new: new.map(|new| KeyView::of(new, &who.visit, &settings)),
        old_still_used,
        moved,
        problem,
        filled,
        page: who.page(Part::AccessKeys),
    })?;
    *response.status_mut() = status;
    Ok(response)
}

/// The latest AccessKey that was made to replace this one.
async fn successor(
    site: &Site,
    account: &Account,
    old: &AccessKeyId,
) -> Result<Option<AccessKeyId>, Trouble> {
    let changes = site.state.store.list_changes(Some(&account.id), None, CHANGES).await?;
    Ok(changes.into_iter().find_map(|recorded| match recorded.change {
        Change::AccessKeyCreated { access_key, replaces: Some(replaced), .. } if replaced == *old => {
            Some(access_key)
        }
        _ => None,
    }))
}
