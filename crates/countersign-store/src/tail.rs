//! Follows the change log for ever, so that this node judges by what the log says.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use countersign::AccessKeyId;
use countersign_accounts::change::{Change, Revision};
use countersign_accounts::keyring::{Keyring, Snapshot};
use countersign_accounts::seal::{Ring, SealError, Sealed};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::changes::Onward;
use crate::error::StoreError;
use crate::{Store, Wakes};

/// How many changes go into one snapshot at most.
const TOGETHER: u32 = 1000;
/// How long to wait after an error, doubled each time up to the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long an answer may take before the question is asked again over another connection.
const CHANGES_ANSWER: Duration = Duration::from_secs(15);
const FULL_STATE_ANSWER: Duration = Duration::from_secs(120);

/// How a tail fares.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// The revision that the keyring has.
    pub revision: Revision,
    /// When the keyring was last known to hold all that the log holds. None before the first time.
    pub current_at: Option<Instant>,
    /// What is wrong, for operators. None where all is well.
    pub error: Option<String>,
}

/// Follows the change log and puts each new snapshot into the keyring, until `stop` comes.
///
/// A keyring at revision 0 gets the full state first. Where the log does not continue what the keyring holds, it gets
/// the full state too, and every key that it held as disabled or deleted stays refused: [`Snapshot::taking_over`].
/// A sealed secret that cannot be opened leaves its key out, which is refused then, and nothing else: later changes
/// are followed, and `health` tells. After an error it tries again, for ever.
pub async fn tail(
    store: Store,
    ring: Arc<Ring>,
    keyring: Arc<Keyring>,
    health: watch::Sender<Health>,
    stop: impl Future<Output = ()>,
) {
    let wakes = store.wakes();
    let tail = Tail { store, ring, keyring, health, left_out: BTreeMap::new() };
    tokio::select! {
        () = tail.follow(wakes) => {}
        () = stop => {}
    }
}

struct Tail {
    store: Store,
    ring: Arc<Ring>,
    keyring: Arc<Keyring>,
    health: watch::Sender<Health>,
    /// Keys whose secrets cannot be opened, and why.
    left_out: BTreeMap<AccessKeyId, SealError>,
}

/// How far one step got.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    More,
    /// The keyring holds all that the log held.
    Current,
    /// The full state was taken in place of changes.
    TookOver,
}

impl Tail {
    async fn follow(mut self, mut wakes: Wakes) {
        let mut pause = SHORTEST_PAUSE;
        loop {
            match self.step().await {
                Ok(progress) => {
                    pause = SHORTEST_PAUSE;
                    self.report(progress == Progress::Current, None);
                    match progress {
                        Progress::More => {}
                        Progress::Current => wakes.next().await,
                        Progress::TookOver => tokio::time::sleep(SHORTEST_PAUSE).await,
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the change log cannot be followed for the moment");
                    self.report(false, Some(error));
                    tokio::time::sleep(pause).await;
                    pause = LONGEST_PAUSE.min(pause * 2);
                }
            }
        }
    }

    /// Takes what follows the keyring's revision.
    async fn step(&mut self) -> Result<Progress, StoreError> {
        let snapshot = Snapshot::clone(&self.keyring.snapshot());
        if snapshot.revision().seq == 0 && snapshot.is_empty() {
            let full = self.full_state().await?;
            let none = full.revision().seq == 0;
            self.keyring.put(full);
            return Ok(if none { Progress::Current } else { Progress::More });
        }
        let changes = self.store.changes_after(snapshot.revision(), TOGETHER);
        let entries = match in_time(CHANGES_ANSWER, changes).await? {
            Onward::Changes(entries) => entries,
            Onward::Forked => {
                self.take_over(&snapshot).await?;
                return Ok(Progress::TookOver);
            }
        };
        if entries.is_empty() {
            return Ok(Progress::Current);
        }
        let more = entries.len() >= usize::try_from(TOGETHER).unwrap_or(usize::MAX);
        let mut changes = Vec::with_capacity(entries.len());
        for entry in entries {
            changes.push((entry.recorded.revision, entry.recorded.change, entry.sealed));
        }
        let next = match snapshot.after(&changes, &self.ring) {
            Ok(next) => next,
            Err(_) => {
                self.leave_out(changes.iter_mut().map(|(_, change, sealed)| (&*change, sealed)));
                snapshot.after(&changes, &self.ring).map_err(unopened)?
            }
        };
        self.forget_purged(changes.iter().map(|(_, change, _)| change));
        self.keyring.put(next);
        Ok(if more { Progress::More } else { Progress::Current })
    }

    async fn take_over(&mut self, seen: &Snapshot) -> Result<(), StoreError> {
        let full = self.full_state().await?;
        let (from, to) = (seen.revision(), full.revision());
        let (next, held) = full.taking_over(seen);
        self.keyring.put(next);
        tracing::error!(
            %from,
            %to,
            "the change log does not continue what this node has seen: a backup was restored, or a standby took over \
             that had not received all; the full state was taken instead"
        );
        for access_key in held {
            tracing::error!(
                %access_key,
                "this AccessKey was disabled or deleted and the store now says enabled: it stays refused here; \
                 disable it, and enable it again if that is meant"
            );
        }
        Ok(())
    }

    async fn full_state(&mut self) -> Result<Snapshot, StoreError> {
        let mut full = in_time(FULL_STATE_ANSWER, self.store.full_state()).await?;
        self.left_out.clear();
        match Snapshot::from_full_state(full.revision, &full.changes, &self.ring) {
            Ok(snapshot) => Ok(snapshot),
            Err(_) => {
                self.leave_out(full.changes.iter_mut().map(|(change, sealed)| (&*change, sealed)));
                Snapshot::from_full_state(full.revision, &full.changes, &self.ring).map_err(unopened)
            }
        }
    }

    /// Takes away the sealed secrets that cannot be opened: their keys are then left out, and so refused.
    fn leave_out<'c>(&mut self, changes: impl Iterator<Item = (&'c Change, &'c mut Option<Sealed>)>) {
        for (change, sealed) in changes {
            if let Change::AccessKeyCreated { account, access_key, .. } = change
                && let Some(text) = sealed.as_ref()
                && let Err(error) = self.ring.open_secret(access_key, account, text)
            {
                tracing::error!(%error, "an AccessKey is left out, and refused");
                self.left_out.insert(access_key.clone(), error);
                *sealed = None;
            }
        }
    }

    fn forget_purged<'c>(&mut self, changes: impl Iterator<Item = &'c Change>) {
        for change in changes {
            if let Change::AccessKeyPurged { access_key, .. } = change {
                self.left_out.remove(access_key);
            }
        }
    }

    fn report(&self, current: bool, error: Option<StoreError>) {
        let revision = self.keyring.snapshot().revision();
        let left_out = self.left_out.values().next().map(ToString::to_string);
        let error = error.map(|error| error.to_string()).or(left_out);
        self.health.send_if_modified(|health| {
            let told = health.revision != revision || health.error != error || health.current_at.is_none();
            health.revision = revision;
            health.error = error;
            if current {
                health.current_at = Some(Instant::now());
            }
            told
        });
    }
}

/// An answer, unless it takes too long: a connection that died without a word would be waited on for minutes.
async fn in_time<T>(
    longest: Duration,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let late = |_| StoreError::Unavailable("the database does not answer".to_owned());
    tokio::time::timeout(longest, answer).await.map_err(late)?
}

fn unopened(error: SealError) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
