//! What all pages share: the node's state, and what the operator has a say in.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use countersign_accounts::session::SessionLimits;

use crate::state::State;

/// What the operator has a say in about the console.
#[derive(Clone, Debug, Default)]
pub struct ConsoleSettings {
    /// The origin at which people reach the console, such as `https://console.example.com`: what mails link to.
    pub public_url: String,
    /// The endpoint that pages tell people to give their clients, such as `https://odps.example.com/api`.
    pub endpoint_url: String,
    /// An AccessKey that is older is to be replaced.
    pub max_key_age: Option<Duration>,
    /// How long people stay signed in.
    pub sessions: SessionLimits,
}

/// What all pages share.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) state: Arc<State>,
    settings: ArcSwap<ConsoleSettings>,
}

impl Site {
    pub(super) fn new(state: Arc<State>, settings: ConsoleSettings) -> Self {
        Self { state, settings: ArcSwap::from_pointee(settings) }
    }

    /// The settings in force. Whoever answers a request takes them once.
    pub(super) fn settings(&self) -> Arc<ConsoleSettings> {
        self.settings.load_full()
    }

    pub(super) fn put_settings(&self, settings: ConsoleSettings) {
        self.settings.store(Arc::new(settings));
    }
}
