//! What every request needs at hand.

use std::sync::Arc;

use countersign_accounts::keyring::Keyring;
use countersign_accounts::seal::Ring;
use countersign_accounts::verifier::{Demands, Verifier};
use countersign_store::Store;

use crate::usage::Usage;

/// What every request needs at hand. It is made once, and shared.
#[derive(Debug)]
pub struct State {
    pub store: Store,
    pub ring: Arc<Ring>,
    pub verifier: Verifier,
    pub usage: Usage,
    pub settings: Settings,
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
        Self { store, ring, verifier: Verifier::new(keyring), usage: Usage::default(), settings }
    }
}
