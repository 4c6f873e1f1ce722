//! What administrators do: with accounts, registration, real names and mail. To everybody else these pages are not there.

mod account;
mod real_name;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Form, FromRequestParts, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use countersign_accounts::account::{Account, Registration};
use countersign_accounts::id::AccountId;
use countersign_accounts::random;
use countersign_accounts::real_name::RealName;
use http::request::Parts;
use serde::Deserialize;

use super::notice::Notice;
use super::page::{self, Page, Part};
use super::said;
use super::signed_in::SignedIn;
use super::site::Site;
use super::trouble::Trouble;
use crate::app::{administration, sign_up};
use crate::mail;

/// Where all of this is.
const ADMINISTRATION: &str = "/administration";
/// How many accounts a page shows, and how many real names that wait.
const SHOWN: u32 = 50;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route(ADMINISTRATION, get(show))
        .route("/administration/registration", post(set_registration))
        .route("/administration/invite", post(invite))
        .route("/administration/mail", post(test_mail))
        .route("/administration/accounts/{id}", get(account::show))
        .route("/administration/accounts/{id}/{action}", post(account::act))
        .route("/administration/real-names/{id}", get(real_name::show).post(real_name::decide))
}

/// An administrator who is signed in.
#[derive(Debug)]
struct Administrator(SignedIn);

impl FromRequestParts<Arc<Site>> for Administrator {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Trouble> {
        let who = SignedIn::from_request_parts(parts, site).await?;
        administration::must_administer(&site.state.store, &who.actor()).await?;
        Ok(Self(who))
    }
}

#[derive(Template)]
#[template(path = "administration/administration.html")]
struct AdministrationPage {
    page: Page,
    search: Search,
    accounts: Vec<Account>,
    more: Option<AccountId>,
    registration: &'static str,
    modes: [(&'static str, &'static str); 3],
    waiting: Vec<RealName>,
    mail: &'static str,
    mail_on: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Search {
    text: String,
    after: String,
}

/// `GET /administration`.
async fn show(
    State(site): State<Arc<Site>>,
    Administrator(who): Administrator,
    Query(search): Query<Search>,
) -> Result<Response, Trouble> {
    let (store, by) = (&site.state.store, who.actor());
    let after = (!search.after.is_empty()).then(|| AccountId::from_text(search.after.as_str()));
    let accounts = administration::search(store, &by, &search.text, after.as_ref(), SHOWN).await?;
    let more = accounts.last().filter(|_| accounts.len() == SHOWN as usize).map(|last| last.id.clone());
    let mail = match (site.mailer.is_on(), site.mailer.list()) {
        (false, _) => "admin-mail-off",
        (true, Some(_)) => "admin-mail-shown",
        (true, None) => "admin-mail-on",
    };
    page::html(&AdministrationPage {
        registration: administration::registration(store).await?.as_str(),
        waiting: administration::waiting_real_names(store, &by, SHOWN).await?,
        modes: [
            (Registration::Open.as_str(), "admin-registration-open"),
            (Registration::Invitation.as_str(), "admin-registration-invitation"),
            (Registration::Closed.as_str(), "admin-registration-closed"),
        ],
        mail_on: site.mailer.is_on(),
        mail,
        search,
        accounts,
        more,
        page: who.page(Part::Administration),
    })
}

#[derive(Debug, Deserialize)]
struct Mode {
    mode: String,
}

/// `POST /administration/registration`.
async fn set_registration(
    State(site): State<Arc<Site>>,
    Administrator(who): Administrator,
    Form(chosen): Form<Mode>,
) -> Result<Response, Trouble> {
    who.must_be_proven(&site, ADMINISTRATION)?;
    let mode = Registration::from_text(&chosen.mode).ok_or(Trouble::Unreadable)?;
    match administration::set_registration(&site.state.store, who.asks(), mode).await {
        Ok(_) => Ok(Notice::new("notice-registration", "").on(ADMINISTRATION)),
        Err(failure) => Ok(said::notice(failure)?.on(ADMINISTRATION)),
    }
}

#[derive(Debug, Deserialize)]
struct Invited {
    email: String,
}

/// `POST /administration/invite`.
async fn invite(
    State(site): State<Arc<Site>>,
    Administrator(who): Administrator,
    Form(invited): Form<Invited>,
) -> Result<Response, Trouble> {
    let (visit, random) = (&who.visit, &mut random::from_system());
    match sign_up::invite(&site.desk, &visit.visitor(), who.asks(), &invited.email, random).await {
        Ok(mail) => {
            site.post([mail], visit);
            Ok(Notice::new("notice-invited", "").on(ADMINISTRATION))
        }
        Err(failure) => Ok(said::notice(failure)?.on(ADMINISTRATION)),
    }
}

/// `POST /administration/mail`: a mail to the administrator, to see whether mails arrive.
async fn test_mail(
    State(site): State<Arc<Site>>,
    Administrator(who): Administrator,
) -> Result<Response, Trouble> {
    site.post_letter(mail::test(who.account.email.clone(), who.account.language), &who.visit);
    Ok(Notice::new("notice-mail-test", "").on(ADMINISTRATION))
}
