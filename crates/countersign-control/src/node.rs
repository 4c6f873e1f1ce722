//! A running node: the keyring loaded, the change log followed, and what is to be done from time to time.

use std::sync::Arc;
use std::time::Duration;

use countersign_accounts::change::Actor;
use countersign_accounts::keyring::{Keyring, Snapshot};
use countersign_accounts::seal::{Ring, SealError};
use countersign_accounts::{clock, random};
use countersign_store::{Health, Store, tail};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::app::{self, Asked, Failure, access_keys, housekeeping};
use crate::state::{Settings, State};

/// How often uses of AccessKeys are written down. A crash forgets as much.
const USAGE_EVERY: Duration = Duration::from_secs(2);
/// How often the keyring is read again where a ring key is missing.
const LOAD_AGAIN: u32 = 3;
/// How often the recycle bin is looked through, and what is over is forgotten.
const PURGE_EVERY: Duration = Duration::from_secs(60 * 60);

/// A running node.
#[derive(Debug)]
pub struct Node {
    pub state: Arc<State>,
    /// How the tail of the change log fares.
    pub health: watch::Receiver<Health>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Node {
    /// Loads the keyring and begins to follow the change log. When this returns, every key that was in force before
    /// the call is.
    pub async fn start(store: Store, ring: Ring, settings: Settings) -> Result<Self, Failure> {
        let asked_at = Instant::now();
        let ring = Arc::new(ring);
        let snapshot = load(&store, &ring).await?;
        let revision = snapshot.revision();
        let keyring = Arc::new(Keyring::new(snapshot));
        let state = Arc::new(State::new(store.clone(), Arc::clone(&ring), Arc::clone(&keyring), settings));

        let (stop, stopped) = watch::channel(false);
        let (tell, health) = watch::channel(Health { revision, current_at: Some(asked_at), error: None });
        let mut tasks = JoinSet::new();
        tasks.spawn(tail(store, ring, keyring, tell, until(stopped.clone())));
        tasks.spawn(write_usage(Arc::clone(&state), stopped.clone()));
        tasks.spawn(empty_recycle_bin(Arc::clone(&state), stopped));
        Ok(Self { state, health, stop, tasks })
    }

    /// Stops following, writes down what is left to write, and closes the store.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        self.state.store.close().await;
    }
}

/// The keys that the rows say. Secrets may be sealed again, by a ring key that was not there when the ring was opened,
/// while this reads them.
pub async fn load(store: &Store, ring: &Ring) -> Result<Snapshot, Failure> {
    let mut attempts = 0;
    loop {
        match store.snapshot(ring).await? {
            Err(SealError::MissingRingKey(..)) if attempts < LOAD_AGAIN => {
                app::ring::learn(store, ring).await?;
                attempts += 1;
            }
            loaded => return Ok(loaded?),
        }
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the node is gone, which is as good a reason to stop.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn write_usage(state: Arc<State>, stopped: watch::Receiver<bool>) {
    loop {
        let stop = tokio::time::timeout(USAGE_EVERY, until(stopped.clone())).await.is_ok();
        if let Err(error) = state.usage.write(&state.store).await {
            tracing::warn!(%error, "the uses of AccessKeys could not be written down; they are kept");
        }
        if let Err(error) = state.refusals.write(&state.store).await {
            tracing::warn!(%error, "refused requests could not be written down; they are kept");
        }
        if stop {
            return;
        }
    }
}

async fn empty_recycle_bin(state: Arc<State>, stopped: watch::Receiver<bool>) {
    loop {
        let asked = || Asked::new(Actor::System, clock::now(), &mut random::from_system());
        match access_keys::purge(&state.store, asked).await {
            Ok(0) => {}
            Ok(purged) => tracing::info!(purged, "AccessKeys left the recycle bin for good"),
            Err(error) => {
                tracing::warn!(%error, "the recycle bin could not be emptied; it will be tried again")
            }
        }
        if let Err(error) = housekeeping::sweep(&state.store, clock::now()).await {
            tracing::warn!(%error, "what is over could not be forgotten; it will be tried again");
        }
        if tokio::time::timeout(PURGE_EVERY, until(stopped.clone())).await.is_ok() {
            return;
        }
    }
}
