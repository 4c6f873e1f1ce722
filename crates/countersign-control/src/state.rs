//! What every request needs at hand.

use std::sync::Arc;

use arc_swap::ArcSwap;
use countersign::schemes;
use countersign_accounts::keyring::Keyring;
use countersign_accounts::replay::{DEFAULT_CAPACITY, Replays};
use countersign_accounts::seal::Ring;
use countersign_accounts::verifier::{Demands, Verifier};
use countersign_accounts::{clock, random};
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
    /// What is asked of all other requests.
    pub signatures: Demands,
    /// Whether a verified request that nothing here serves is told who signed it.
    pub echo: bool,
    /// The memory of what has been used. It is made once, at the start.
    pub replays: ReplaySettings,
}

/// How what has been used is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplaySettings {
    /// How many nonces are remembered at most, some 40 bytes each.
    pub capacity: usize,
    /// Whether to refuse what was signed before this process started and may have been used then.
    pub refuse_earlier: bool,
}

impl Settings {
    /// What is asked by default, where the MaxCompute login surface has this path.
    pub fn at(base: impl Into<String>) -> Self {
        let odps = vec![schemes::ODPS.name().to_owned()];
        Self {
            maxcompute: Demands { schemes: Some(odps), ..Demands::at(base) },
            signatures: Demands::at(""),
            echo: false,
            replays: ReplaySettings { capacity: DEFAULT_CAPACITY, refuse_earlier: false },
        }
    }
}

impl State {
    /// The state of a server that judges by this keyring.
    pub fn new(store: Store, ring: Arc<Ring>, keyring: Arc<Keyring>, settings: Settings) -> Self {
        let random = &mut random::from_system();
        let mut replays = Replays::new(settings.replays.capacity, random);
        if settings.replays.refuse_earlier {
            replays = replays.since(clock::now());
        }
        Self {
            store,
            ring,
            verifier: Verifier::with_replays(keyring, replays, random),
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
