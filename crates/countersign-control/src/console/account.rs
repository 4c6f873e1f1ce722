//! The visitor's own account: profile, password, second factors, sessions, real name, the end of it.

mod close;
mod email;
mod factors;
mod passkey;
mod password;
mod real_name;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use countersign_accounts::account::{Account, Language};
use countersign_accounts::factor::{Factor, FactorKind};
use countersign_accounts::id::SessionId;
use countersign_accounts::real_name::RealNameState;
use countersign_accounts::session::Session;
use http::header::SET_COOKIE;
use serde::Deserialize;

use super::cookies::{self, LANGUAGE};
use super::notice::Notice;
use super::page::{self, Page, Part};
use super::passkeys;
use super::signed_in::SignedIn;
use super::site::Site;
use super::trouble::Trouble;
use crate::app::{profile, second_factors, sign_in};

/// Where all of this is.
const ACCOUNT: &str = "/account";

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route(ACCOUNT, get(show))
        .route("/account/language", post(set_language))
        .route("/account/email", get(email::show).post(email::send))
        .route("/email/{token}", get(email::look).post(email::confirm))
        .route("/account/password", get(password::show).post(password::change))
        .route("/account/second-factors/new", get(factors::show).post(factors::add))
        .route("/account/second-factors/passkey", get(passkey::show).post(passkey::add))
        .route("/account/second-factors/passkey/ask", post(passkey::ask))
        .route("/account/second-factors/{id}/remove", post(factors::remove))
        .route("/account/recovery-codes", post(factors::make_codes))
        .route("/account/sessions/end", post(end_others))
        .route("/account/sessions/{id}/end", post(end))
        .route("/account/real-name", get(real_name::show).post(real_name::submit))
        .route("/account/close", get(close::show).post(close::close))
}

#[derive(Template)]
#[template(path = "account/account.html")]
struct AccountPage {
    page: Page,
    account: Account,
    factors: Vec<Factor>,
    /// How many recovery codes are left.
    codes: usize,
    sessions: Vec<Session>,
    current: SessionId,
    /// How the verification of the real name stands, where it is asked for.
    real_name: Option<Verification>,
    /// Whether mails are sent.
    mail: bool,
    /// Whether there can be passkeys.
    passkeys: bool,
}

/// How the verification of the real name stands.
struct Verification {
    kind: &'static str,
    word: &'static str,
    reason: Option<String>,
    may_submit: bool,
}

/// `GET /account`.
async fn show(State(site): State<Arc<Site>>, who: SignedIn) -> Result<Response, Trouble> {
    let (desk, now) = (&site.desk, who.visit.now);
    let account = who.account.clone();
    let found = crate::app::real_name::find(&site.state.store, &account).await?;
    let real_name = match found {
        None if !site.settings().require_real_name => None,
        None => {
            Some(Verification { kind: "warn", word: "real-name-missing", reason: None, may_submit: true })
        }
        Some(found) => {
            let (kind, word) = match found.state {
                RealNameState::Submitted => ("off", "real-name-submitted"),
                RealNameState::Approved => ("good", "real-name-approved"),
                RealNameState::Rejected => ("bad", "real-name-rejected"),
            };
            let reason = found.reason.map(|reason| reason.as_str().to_owned());
            Some(Verification { kind, word, reason, may_submit: found.state != RealNameState::Approved })
        }
    };
    page::html(&AccountPage {
        factors: second_factors::list(desk, &account).await?,
        codes: usize::try_from(second_factors::codes_left(desk, &account).await?).unwrap_or(usize::MAX),
        sessions: sign_in::list(desk, &account.id, now).await?,
        current: who.session.id.clone(),
        real_name,
        mail: site.mailer.is_on(),
        passkeys: passkeys::are_possible(&site),
        page: who.page(Part::Account),
        account,
    })
}

#[derive(Debug, Deserialize)]
struct Chosen {
    language: String,
}

/// `POST /account/language`.
async fn set_language(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Trouble> {
    let language = Language::from_tag(&chosen.language).ok_or(Trouble::Unreadable)?;
    profile::set_language(&site.desk, &who.account, language).await?;
    let mut response = Notice::new("notice-language", "").on(ACCOUNT);
    response.headers_mut().append(SET_COOKIE, cookies::lasting(LANGUAGE, language.tag()));
    Ok(response)
}

/// `POST /account/sessions/{id}/end`.
async fn end(
    State(site): State<Arc<Site>>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    sign_in::revoke(&site.desk, &who.account.id, &SessionId::from_text(id)).await?;
    Ok(Notice::new("notice-session-ended", "").on(ACCOUNT))
}

/// `POST /account/sessions/end`.
async fn end_others(State(site): State<Arc<Site>>, who: SignedIn) -> Result<Response, Trouble> {
    sign_in::revoke_others(&site.desk, &who.session).await?;
    Ok(Notice::new("notice-sessions-ended", "").on(ACCOUNT))
}
