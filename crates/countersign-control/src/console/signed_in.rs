//! Who is signed in. A page that asks for it is shown to nobody else: others are sent to sign in first.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use countersign::Timestamp;
use countersign_accounts::account::Account;
use countersign_accounts::change::Actor;
use countersign_accounts::random;
use countersign_accounts::session::{Session, Stage};
use countersign_accounts::token::Token;
use http::header::USER_AGENT;
use http::request::Parts;
use http::{HeaderMap, Method};

use super::cookies::{self, SESSION};
use super::notice::Notice;
use super::page::{Page, Part, Who};
use super::site::Site;
use super::trouble::Trouble;
use super::visit::Visit;
use crate::app::Asked;

/// How often a session's use is written down, in seconds.
const TOUCHED_EVERY: i64 = 60;

/// Somebody who is signed in, and the request that they make.
#[derive(Debug)]
pub(super) struct SignedIn {
    pub(super) visit: Visit,
    pub(super) account: Account,
    pub(super) session: Session,
    notice: Option<Notice>,
}

impl SignedIn {
    /// What a page of this part of the console has.
    pub(super) fn page(self, part: Part) -> Page {
        let who = Who { email: self.account.email.to_string(), administrator: self.account.administrator };
        Page { visit: self.visit, who: Some(who), part, notice: self.notice }
    }

    /// A change that they ask for.
    pub(super) fn asks(&self) -> Asked {
        let by = Actor::Owner(self.account.id.clone());
        Asked::new(by, self.visit.now, &mut random::from_system())
    }
}

impl FromRequestParts<Arc<Site>> for SignedIn {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Trouble> {
        let visit = Visit::from_request_parts(parts, site).await?;
        let found = find(site, &parts.headers, visit.now).await?;
        let Some((session, account)) = found.filter(|(session, _)| session.stage == Stage::SignedIn) else {
            return Err(Trouble::Elsewhere(sign_in(&visit)));
        };
        let _ = visit.account.set(account.id.clone());
        if visit.now.unix_seconds() - session.seen.unix_seconds() >= TOUCHED_EVERY {
            let (address, client) = (visit.address(), client(&parts.headers));
            site.state.store.touch_session(&session.id, visit.now, &address, &client).await?;
        }
        Ok(Self { notice: Notice::of(&parts.headers), visit, account, session })
    }
}

/// The session of a request's cookie, whatever its stage, with its account. None where there is none that is in force.
pub(super) async fn find(
    site: &Site,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Option<(Session, Account)>, Trouble> {
    let Some(token) = cookies::get(headers, SESSION).and_then(Token::from_text) else { return Ok(None) };
    let (store, limits) = (&site.state.store, site.settings().sessions);
    let Some(session) = store.find_session(&token.hash(), now, &limits).await? else { return Ok(None) };
    let account = store.find_account(&session.account).await?;
    Ok(account.filter(Account::in_force).map(|account| (session, account)))
}

/// What a browser says it is: one line of at most 128 characters.
pub(super) fn client(headers: &HeaderMap) -> String {
    let said = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    said.chars().filter(|c| !c.is_control()).take(128).collect()
}

/// Where to sign in, and to come back from. A form that was sent is not sent again.
fn sign_in(visit: &Visit) -> String {
    if visit.method != Method::GET || visit.here == "/" {
        return "/sign-in".to_owned();
    }
    let next: String = visit.here.bytes().map(encoded).collect();
    format!("/sign-in?next={next}")
}

fn encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}
