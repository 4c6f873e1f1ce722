//! A new AccessKey: with its secret, this once, or the public key that was registered.

use std::time::Instant;

use askama::Template;
use axum::response::Response;

use super::super::page::{self, Page, Part};
use super::super::signed_in::SignedIn;
use super::super::site::Site;
use super::super::trouble::Trouble;
use super::change;
use super::snippets::{self, Snippet};
use super::view::PublicKeyView;
use crate::app::access_keys::{Created, Registered};
use crate::app::projects;

#[derive(Template)]
#[template(path = "access_keys/created.html")]
struct CreatedPage {
    page: Page,
    id: String,
    secret: String,
    endpoint: String,
    project: Option<String>,
    snippets: Vec<Snippet>,
    /// The AccessKey that it is to replace.
    replaces: Option<String>,
}

/// The answer to the form that created it. The secret is in this answer and, sealed, in the store.
pub(super) async fn show(
    site: &Site,
    who: SignedIn,
    created: Created,
    replaces: Option<String>,
) -> Result<Response, Trouble> {
    // Whoever copies the secret now may use it at once, here at least.
    change::in_force(site, created.revision, Instant::now()).await;
    let project = projects::list(&site.state.store, &who.account.id).await?.into_iter().next();
    let project = project.map(|project| project.name.to_string());
    let endpoint = site.settings().endpoint_url.clone();
    page::html(&CreatedPage {
        page: who.page(Part::AccessKeys),
        id: created.id.to_string(),
        secret: created.secret.expose().to_owned(),
        snippets: snippets::all(project.as_deref()),
        endpoint,
        project,
        replaces,
    })
}

#[derive(Template)]
#[template(path = "access_keys/registered.html")]
struct RegisteredPage {
    page: Page,
    id: String,
    public_key: PublicKeyView,
    endpoint: String,
    /// The AccessKey that it is to replace.
    replaces: Option<String>,
}

/// The answer to the form that registered a public key. There is nothing in it that must not be seen.
pub(super) async fn show_registered(
    site: &Site,
    who: SignedIn,
    registered: Registered,
    replaces: Option<String>,
) -> Result<Response, Trouble> {
    change::in_force(site, registered.revision, Instant::now()).await;
    page::html(&RegisteredPage {
        page: who.page(Part::AccessKeys),
        id: registered.id.to_string(),
        public_key: PublicKeyView::of(&registered.public_key),
        endpoint: site.settings().endpoint_url.clone(),
        replaces,
    })
}
