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

/// How often the ring keys are looked at, at most. A node that waits looks that often, or nearly.
const LOOK_AT_RING: Duration = Duration::from_millis(200);
/// How often a secret that does not open is read again, after a look at the ring keys, before its key is left out.
const DOUBTS: u32 = 3;

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
///
/// The ring keeps up with the rows of the ring keys: they are looked at several times a second, and before a secret
/// counts as one that cannot be opened. Keys that were left out come in once a new ring key opens them.
pub async fn tail(
    store: Store,
    ring: Arc<Ring>,
    keyring: Arc<Keyring>,
    health: watch::Sender<Health>,
    stop: impl Future<Output = ()>,
) {
    let wakes = store.wakes();
    let tail = Tail {
        store,
        ring,
        keyring,
        health,
        left_out: BTreeMap::new(),
        doubts: 0,
        looked_at_ring: None,
        ring_changed: false,
        ring_trouble: None,
    };
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
    /// How often in a row what was read could not be opened.
    doubts: u32,
    looked_at_ring: Option<Instant>,
    /// Whether a ring key is new since keys that were left out were last tried.
    ring_changed: bool,
    /// Why some ring key could not be opened at the last look.
    ring_trouble: Option<SealError>,
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
                    if progress == Progress::Current
                        && let Err(error) = self.keep_up_ring().await
                    {
                        tracing::warn!(%error, "the ring keys cannot be looked at for the moment");
                    }
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
            let Some(full) = self.full_state().await? else { return Ok(Progress::More) };
            let none = full.revision().seq == 0;
            self.keyring.put(full);
            return Ok(if none { Progress::Current } else { Progress::More });
        }
        let changes = self.store.changes_after(snapshot.revision(), TOGETHER);
        let entries = match in_time(CHANGES_ANSWER, changes).await? {
            Onward::Changes(entries) => entries,
            Onward::Forked => return self.take_over(&snapshot).await,
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
            Err(_) if self.doubtful().await? => return Ok(Progress::More),
            Err(_) => {
                self.leave_out(changes.iter_mut().map(|(_, change, sealed)| (&*change, sealed)));
                snapshot.after(&changes, &self.ring).map_err(unopened)?
            }
        };
        self.doubts = 0;
        self.forget_purged(changes.iter().map(|(_, change, _)| change));
        self.keyring.put(next);
        Ok(if more { Progress::More } else { Progress::Current })
    }

    async fn take_over(&mut self, seen: &Snapshot) -> Result<Progress, StoreError> {
        let Some(full) = self.full_state().await? else { return Ok(Progress::More) };
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
        Ok(Progress::TookOver)
    }

    /// None where it is to be read again.
    async fn full_state(&mut self) -> Result<Option<Snapshot>, StoreError> {
        let snapshot = match in_time(FULL_STATE_ANSWER, self.store.snapshot(&self.ring)).await? {
            Ok(snapshot) => {
                self.left_out.clear();
                snapshot
            }
            Err(_) if self.doubtful().await? => return Ok(None),
            Err(_) => {
                let mut full = in_time(FULL_STATE_ANSWER, self.store.full_state()).await?;
                self.left_out.clear();
                self.leave_out(full.changes.iter_mut().map(|(change, sealed)| (&*change, sealed)));
                Snapshot::from_full_state(full.revision, &full.changes, &self.ring).map_err(unopened)?
            }
        };
        self.doubts = 0;
        Ok(Some(snapshot))
    }

    /// Whether what could not be opened is to be read again: its ring key may be a new one, or the secret was sealed
    /// again and the old ring key retired while it was on its way here.
    async fn doubtful(&mut self) -> Result<bool, StoreError> {
        self.look_at_ring().await?;
        self.doubts += 1;
        Ok(self.doubts < DOUBTS)
    }

    /// Looks at the ring keys if the last look was a while ago, and takes in what a new one opens.
    async fn keep_up_ring(&mut self) -> Result<(), StoreError> {
        if self.looked_at_ring.is_none_or(|at| at.elapsed() >= LOOK_AT_RING) {
            self.look_at_ring().await?;
        }
        if self.ring_changed && !self.left_out.is_empty() {
            self.let_in().await?;
        }
        self.ring_changed = false;
        Ok(())
    }

    async fn look_at_ring(&mut self) -> Result<(), StoreError> {
        self.looked_at_ring = Some(Instant::now());
        let rows = in_time(CHANGES_ANSWER, self.store.ring_keys()).await?;
        let learned = self.ring.learn(&rows, Instant::now().into_std());
        if learned == Ok(true) {
            self.ring_changed = true;
            tracing::info!(ring = ?self.ring, "the ring keys are others now");
        }
        let trouble = learned.err();
        if self.ring_trouble != trouble {
            if let Some(error) = &trouble {
                tracing::error!(
                    %error,
                    "a ring key cannot be opened here: those at hand stay in use, and it is tried again"
                );
            }
            self.ring_trouble = trouble;
        }
        Ok(())
    }

    /// Takes keys in that were left out and can be opened now. They are as their rows say, which may be later than the
    /// snapshot: the changes between come to the same.
    async fn let_in(&mut self) -> Result<(), StoreError> {
        let full = in_time(FULL_STATE_ANSWER, self.store.full_state()).await?;
        let mut snapshot = Snapshot::clone(&self.keyring.snapshot());
        let mut changes: BTreeMap<AccessKeyId, Vec<(Revision, Change, Option<Sealed>)>> = BTreeMap::new();
        for (change, sealed) in full.changes {
            if let Change::AccessKeyCreated { access_key, .. }
            | Change::AccessKeyDisabled { access_key, .. }
            | Change::AccessKeyDeleted { access_key, .. } = &change
                && self.left_out.contains_key(access_key)
            {
                let of_key = changes.entry(access_key.clone()).or_default();
                of_key.push((snapshot.revision(), change, sealed));
            }
        }
        for (access_key, changes) in changes {
            if let Ok(next) = snapshot.after(&changes, &self.ring) {
                snapshot = next;
                self.left_out.remove(&access_key);
                tracing::info!(%access_key, "an AccessKey that was left out can be opened now");
            }
        }
        self.keyring.put(snapshot);
        Ok(())
    }

    /// Takes away the sealed secrets that cannot be opened: their keys are then left out, and so refused.
    fn leave_out<'c>(&mut self, changes: impl Iterator<Item = (&'c Change, &'c mut Option<Sealed>)>) {
        for (change, sealed) in changes {
            if let Change::AccessKeyCreated { account, access_key, kind, .. } = change
                && let Some(text) = sealed.as_ref()
                && let Err(error) = self.ring.open_material(access_key, account, *kind, text)
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
