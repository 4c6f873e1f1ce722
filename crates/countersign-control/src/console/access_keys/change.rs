//! Disabling, enabling and restoring, and how long it took until this node judged by it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Form, Path, State};
use axum::response::Response;
use countersign_accounts::change::Revision;
use serde::Deserialize;

use super::super::notice::Notice;
use super::super::said;
use super::super::signed_in::SignedIn;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::own;
use crate::app::{Failure, access_keys};

/// How long to wait for this node to learn of a change. It takes milliseconds; a page that comes anyway says so.
const PATIENCE: Duration = Duration::from_secs(3);

/// Which page a form stood on.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    next: String,
}

impl Back {
    /// Where to go on: to the rotation where it came from there, otherwise to the AccessKey.
    pub(super) fn path(&self, id: &str) -> String {
        match self.next.as_str() {
            "rotate" => format!("/access-keys/{id}/rotate"),
            _ => format!("/access-keys/{id}"),
        }
    }
}

/// `POST /access-keys/{id}/disable`.
pub(super) async fn disable(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(back): Form<Back>,
) -> Result<Response, Trouble> {
    let key = own(&site, &who.account, &id).await?.key;
    let began = Instant::now();
    let done = access_keys::disable(&site.state.store, who.asks(), key.account, key.id.clone()).await;
    finish(&site, "notice-disabled", key.id.as_str(), began, done, back.path(key.id.as_str())).await
}

/// `POST /access-keys/{id}/enable`.
pub(super) async fn enable(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(back): Form<Back>,
) -> Result<Response, Trouble> {
    let key = own(&site, &who.account, &id).await?.key;
    let began = Instant::now();
    let done = access_keys::enable(&site.state.store, who.asks(), key.account, key.id.clone()).await;
    finish(&site, "notice-enabled", key.id.as_str(), began, done, back.path(key.id.as_str())).await
}

/// `POST /access-keys/{id}/restore`.
pub(super) async fn restore(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(back): Form<Back>,
) -> Result<Response, Trouble> {
    let key = own(&site, &who.account, &id).await?.key;
    let began = Instant::now();
    let done = access_keys::restore(&site.state.store, who.asks(), key.account, key.id.clone()).await;
    finish(&site, "notice-restored", key.id.as_str(), began, done, back.path(key.id.as_str())).await
}

/// Goes on to the key's page, which says what became of it.
pub(super) async fn finish(
    site: &Site,
    what: &'static str,
    id: &str,
    began: Instant,
    done: Result<Revision, Failure>,
    back: String,
) -> Result<Response, Trouble> {
    let notice = match done {
        Ok(revision) => {
            let notice = Notice::new(what, id);
            match in_force(site, revision, began).await {
                Some(took) => notice.in_force(revision.to_string(), tenths(took)),
                None => notice,
            }
        }
        Err(failure) => said::notice(failure)?,
    };
    Ok(notice.on(&back))
}

/// Waits until this node judges by a revision, and returns how long that took from the time of asking.
pub(super) async fn in_force(site: &Site, revision: Revision, began: Instant) -> Option<Duration> {
    let keyring = site.state.verifier.keyring();
    loop {
        let now = keyring.snapshot().revision();
        if (now.epoch, now.seq) >= (revision.epoch, revision.seq) {
            return Some(began.elapsed());
        }
        if began.elapsed() > PATIENCE {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn tenths(took: Duration) -> u64 {
    u64::try_from(took.as_micros() / 100).unwrap_or(u64::MAX)
}
