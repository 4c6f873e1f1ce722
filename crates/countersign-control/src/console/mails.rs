//! The mails of a server for trying out, which are shown instead of sent.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

use super::page::{self, Page};
use super::site::Site;
use super::trouble::Trouble;
use super::visit::Visit;
use crate::mail::KeptMail;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/mails", get(show))
}

#[derive(Template)]
#[template(path = "mails.html")]
struct MailsPage {
    page: Page,
    mails: Vec<KeptMail>,
}

/// A piece of a letter.
struct Piece<'l> {
    text: &'l str,
    /// Whether it is the address of a page.
    link: bool,
}

impl MailsPage {
    fn pieces<'l>(&self, text: &'l str) -> Vec<Piece<'l>> {
        let lines = text.split_inclusive('\n');
        let link = |line: &str| line.starts_with("http://") || line.starts_with("https://");
        let pieces = lines.flat_map(|line| match line.strip_suffix('\n').filter(|line| link(line)) {
            Some(address) => vec![Piece { text: address, link: true }, Piece { text: "\n", link: false }],
            None => vec![Piece { text: line, link: false }],
        });
        pieces.collect()
    }
}

/// `GET /mails`. There is no such page where mails are sent.
async fn show(State(site): State<Arc<Site>>, visit: Visit) -> Result<Response, Trouble> {
    let mails = site.mailer.list().ok_or(Trouble::NotFound)?;
    page::html(&MailsPage { page: Page::bare(&visit), mails })
}
