//! What every request needs at hand.

use std::sync::Arc;

use arc_swap::ArcSwap;
use countersign_accounts::keyring::Keyring;
use countersign_accounts::random;
use countersign_accounts::seal::Ring;
use countersign_accounts::verifier::{Demands, Verifier};
use countersign_store::Store;

use crate::metrics::Metrics;
use crate::refusals::Refusals;
use crate::usage::Usage;

/// What every request needs at hand. It is made once, and shared.
#[derive(Debug)]
pub struct State {
    pub store: Store,
    pub ring: Arc<Ring>,
    pub verifier: Verifier,
    pub usage: Usage,
    pub refusals: Refusals,
    pub metrics: Metrics,
    settings: ArcSwap<Settings>,
}

/// What the operator has a say in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is asked of requests to the MaxCompute login surface; its path is `maxcompute.base`.
    pub maxcompute: Demands,
}

impl State {
    /// The state of a server that judges by this keyring.
    pub fn new(store: Store, ring: Arc<Ring>, keyring: Arc<Keyring>, settings: Settings) -> Self {
        Self {
            store,
            ring,
            verifier: Verifier::new(keyring, &mut random::from_system()),
            usage: Usage::default(),
            refusals: Refusals::default(),
            metrics: Metrics::default(),
            settings: ArcSwap::from_pointee(settings),
        }
    }

    /// The settings in force. It does not wait. Whoever answers a request takes them once, so that no request is judged
    /// by halves of two.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Puts other settings in force. Requests under way keep those that they took.
    pub fn put_settings(&self, settings: Settings) {
        self.settings.store(Arc::new(settings));
    }
}
