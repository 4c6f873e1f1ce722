//! Who is signed in. A page that asks for it is shown to nobody else: others are sent to sign in first.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use countersign_accounts::account::Account;
use countersign_accounts::change::Actor;
use countersign_accounts::random;
use countersign_accounts::session::Session;
use http::Method;
use http::request::Parts;

use super::notice::Notice;
use super::page::{Page, Part, Who};
use super::site::Site;
use super::trouble::Trouble;
use super::visit::Visit;
use crate::app::{Asked, sign_in};

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

    /// Who they are to the change log.
    pub(super) fn actor(&self) -> Actor {
        Actor::Owner(self.account.id.clone())
    }

    /// A change that they ask for.
    pub(super) fn asks(&self) -> Asked {
        Asked::new(self.actor(), self.visit.now, &mut random::from_system())
    }

    /// Goes on only where the password was shown lately. Others show it, and come back to `page`.
    pub(super) fn must_be_proven(&self, site: &Site, page: &str) -> Result<(), Trouble> {
        match site.desk.must_be_proven(&self.session, self.visit.now) {
            Ok(()) => Ok(()),
            Err(_) => Err(Trouble::Elsewhere(format!("/prove?next={}", encoded(page)))),
        }
    }
}

impl FromRequestParts<Arc<Site>> for SignedIn {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Trouble> {
        let visit = Visit::from_request_parts(parts, site).await?;
        let found = match &visit.token {
            Some(token) => sign_in::authenticate(&site.desk, &visit.visitor(), token, visit.now).await?,
            None => None,
        };
        let Some((session, account)) = found else { return Err(Trouble::Elsewhere(sign_in_at(&visit))) };
        let _ = visit.account.set(account.id.clone());
        Ok(Self { notice: Notice::of(&parts.headers), visit, account, session })
    }
}

/// Where to sign in, and to come back from. A form that was sent is not sent again.
fn sign_in_at(visit: &Visit) -> String {
    if visit.method != Method::GET || visit.here == "/" {
        return "/sign-in".to_owned();
    }
    format!("/sign-in?next={}", encoded(&visit.here))
}

/// A text as a value in a query.
pub(super) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
