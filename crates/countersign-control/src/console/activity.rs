//! Activity: the account's own change log and its refused requests, to read and to take along.

mod export;
mod told;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use countersign_accounts::change::{Change, Recorded};
use countersign_accounts::id::AccountId;
use countersign_store::RefusedRequests;
use serde::Deserialize;

use self::told::Told;
use super::page::{self, Page, Part};
use super::signed_in::SignedIn;
use super::site::Site;
use super::trouble::Trouble;

/// How many changes a page shows.
const SHOWN: usize = 50;
/// How many changes are asked of the store at once, and looked through for one page at most.
const CHUNK: u32 = 500;
const LOOKED_THROUGH: usize = 5000;
/// How many kinds of refused requests are shown.
const REFUSALS: u32 = 100;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/activity", get(show))
        .route("/activity.csv", get(export::csv))
        .route("/activity.json", get(export::json))
}

/// Which changes somebody wants to see.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    /// `access-keys`, `projects` or `account`; anything else is all.
    about: String,
    /// An AccessKey id, or a part of one.
    key: String,
    /// Only changes before this number.
    before: String,
}

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage {
    page: Page,
    filter: Filter,
    changes: Vec<Told>,
    refusals: Vec<RefusedRequests>,
    /// Where older changes begin.
    older: Option<u64>,
}

/// `GET /activity`.
async fn show(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Query(filter): Query<Filter>,
) -> Result<Response, Trouble> {
    let (changes, older) = list(&site, &who.account.id, &filter, SHOWN).await?;
    let changes =
        changes.into_iter().map(|recorded| Told::of(recorded, &who.visit, &who.account.id)).collect();
    let mut refusals = site.state.store.list_refusals(&who.account.id, REFUSALS).await?;
    refusals.retain(|refused| refused.access_key.as_str().contains(filter.key.trim()));
    page::html(&ActivityPage { page: who.page(Part::Activity), filter, changes, refusals, older })
}

/// The newest changes that a filter lets through, and where the older ones begin, if there may be any.
async fn list(
    site: &Site,
    account: &AccountId,
    filter: &Filter,
    most: usize,
) -> Result<(Vec<Recorded>, Option<u64>), Trouble> {
    let mut before: Option<u64> = filter.before.parse().ok();
    let mut found = Vec::new();
    let mut looked_through = 0;
    loop {
        let chunk = site.state.store.list_changes(Some(account), before, CHUNK).await?;
        let last = chunk.len() < CHUNK as usize;
        looked_through += chunk.len();
        for recorded in chunk {
            before = Some(recorded.revision.seq);
            if filter.lets(&recorded.change) {
                found.push(recorded);
                if found.len() == most {
                    return Ok((found, before));
                }
            }
        }
        if last {
            return Ok((found, None));
        }
        if looked_through >= LOOKED_THROUGH.max(most) {
            return Ok((found, before));
        }
    }
}

impl Filter {
    fn lets(&self, change: &Change) -> bool {
        let about = about(change);
        let key = self.key.trim();
        let of_key = key.is_empty() || told::access_key(change).is_some_and(|id| id.as_str().contains(key));
        of_key
            && (!["access-keys", "projects", "account"].contains(&self.about.as_str()) || self.about == about)
    }

    fn chosen(&self, about: &str) -> &'static str {
        if self.about == about { "selected" } else { "" }
    }

    /// The filter as a query, without the place in the list.
    fn query(&self) -> String {
        let key: String =
            self.key.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
        let about: String = self.about.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        format!("about={about}&key={key}")
    }
}

/// The part of the account that a change is about.
fn about(change: &Change) -> &'static str {
    match change {
        Change::AccessKeyCreated { .. }
        | Change::AccessKeyDisabled { .. }
        | Change::AccessKeyEnabled { .. }
        | Change::AccessKeyDeleted { .. }
        | Change::AccessKeyRestored { .. }
        | Change::AccessKeyPurged { .. } => "access-keys",
        Change::ProjectCreated { .. } | Change::ProjectDeleted { .. } => "projects",
        _ => "account",
    }
}
