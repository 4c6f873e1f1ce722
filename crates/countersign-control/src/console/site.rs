//! What all pages share: the node's state, and what the operator has a say in.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use countersign_accounts::network::Networks;
use countersign_accounts::random;
use countersign_accounts::session::SessionLimits;

use super::visit::Visit;
use crate::app::Failure;
use crate::app::desk::{Desk, Rules};
use crate::app::mail::Mail;
use crate::mail::{self, Letter, Mailer};
use crate::state::State;

/// What the operator has a say in about the console.
#[derive(Clone, Debug, Default)]
pub struct ConsoleSettings {
    /// The origin at which people reach the console, such as `https://console.example.com`: what mails link to.
    pub public_url: String,
    /// The endpoint that pages tell people to give their clients, such as `https://odps.example.com/api`.
    pub endpoint_url: String,
    /// The proxies in front, whose word on who asks through them is believed.
    pub trusted_proxies: Networks,
    /// An AccessKey that is older is to be replaced.
    pub max_key_age: Option<Duration>,
    /// Who has an older password is reminded to set another.
    pub max_password_age: Option<Duration>,
    /// How long people stay signed in. It is taken when the console is made, and not again.
    pub sessions: SessionLimits,
    /// Whether an account's real name must be approved before its first AccessKey.
    pub require_real_name: bool,
}

/// What all pages share.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) state: Arc<State>,
    pub(super) desk: Desk,
    pub(super) mailer: Mailer,
    settings: ArcSwap<ConsoleSettings>,
}

impl Site {
    pub(super) fn new(state: Arc<State>, mailer: Mailer, settings: ConsoleSettings) -> Result<Self, Failure> {
        let rules = Rules { sessions: settings.sessions, ..Rules::default() };
        let (store, ring) = (state.store.clone(), Arc::clone(&state.ring));
        let desk = Desk::new(store, ring, rules, &mut random::from_system())?;
        Ok(Self { state, desk, mailer, settings: ArcSwap::from_pointee(settings) })
    }

    /// The settings in force. Whoever answers a request takes them once.
    pub(super) fn settings(&self) -> Arc<ConsoleSettings> {
        self.settings.load_full()
    }

    pub(super) fn put_settings(&self, settings: ConsoleSettings) {
        self.settings.store(Arc::new(settings));
    }

    /// Sends mails. What becomes of them is told to the operator alone.
    pub(super) fn post(&self, mails: impl IntoIterator<Item = Mail>, visit: &Visit) {
        let settings = self.settings();
        for mail in mails {
            self.post_letter(mail::write(&mail, &settings.public_url), visit);
        }
    }

    pub(super) fn post_letter(&self, letter: Letter, visit: &Visit) {
        if let Err(error) = self.mailer.post(letter, visit.now) {
            tracing::warn!(request_id = visit.request_id, %error, "a mail was not taken");
        }
    }
}
