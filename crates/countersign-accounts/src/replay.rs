//! The memory of what has been used: nonces, and signatures where there are none. A request that was let through once is
//! not let through again.
//!
//! What is remembered stands in a bucket by the minute in which it can be forgotten, because the signature does not stand
//! any longer then. The same request always falls into the same bucket, so one is looked at, and forgetting is to drop a
//! whole one. Nothing is forgotten to make room: where there is none, a request is refused.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign::{Refusal, Timestamp};
use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet, hash_set};
use rand_core::CryptoRng;
use siphasher::sip::SipHasher13;

/// How many are remembered at most unless the operator says otherwise: some 40 MB.
pub const DEFAULT_CAPACITY: usize = 1_000_000;

/// All that a key has used stands in one shard, chosen by its id.
const SHARDS: usize = 64;
/// How many are counted down while others wait.
const AT_ONCE: usize = 1000;
const MINUTE: i64 = 60;

/// What has been used by requests whose signatures still stand.
///
/// Half of the room is for whoever comes; in the other half each AccessKey has a fair share, so that one that is used
/// without end does not take the room of all others.
pub struct Replays {
    seed: (u64, u64),
    capacity: usize,
    shards: Vec<Mutex<Shard>>,
    /// How many are remembered, and how many keys have any, in all shards.
    held: AtomicUsize,
    keys: AtomicUsize,
    /// The latest minute for which was looked whether there is something to forget.
    swept: AtomicI64,
    /// The latest minute of which something was forgotten. What would have stood there, or before, is refused, whatever the
    /// clock says later.
    floor: AtomicI64,
    /// What was signed before this is refused: it may have been used before this memory began.
    begins: Option<Timestamp>,
}

#[derive(Default)]
struct Shard {
    /// By the minute in which they can be forgotten.
    buckets: BTreeMap<i64, HashSet<Used, AsTheyAre>>,
    /// How many a key has in all buckets.
    held: HashMap<u64, usize, AsTheyAre>,
}

/// What was used, and by which key, hashed.
#[derive(PartialEq, Eq)]
struct Used {
    key: u64,
    nonce: u64,
}

impl Hash for Used {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.nonce);
    }
}

type AsTheyAre = BuildHasherDefault<AsItIs>;

/// The hash of one number that is a hash already: to hash it again adds nothing.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// Of anything else.
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Replays {
    /// A memory of so many.
    pub fn new(capacity: usize, random: &mut impl CryptoRng) -> Self {
        Self {
            seed: (random.next_u64(), random.next_u64()),
            capacity,
            shards: std::iter::repeat_with(Mutex::default).take(SHARDS).collect(),
            held: AtomicUsize::new(0),
            keys: AtomicUsize::new(0),
            swept: AtomicI64::new(i64::MIN),
            floor: AtomicI64::new(i64::MIN),
            begins: None,
        }
    }

    /// The same, which refuses what was signed before this instant: what was used before a restart is not known, and a
    /// clock that is behind is refused for as long as it is behind.
    #[must_use]
    pub fn since(self, begins: Timestamp) -> Self {
        Self { begins: Some(begins), ..self }
    }

    /// Remembers that an AccessKey used this, in a request that was signed at one instant and stands until another.
    ///
    /// To be asked last, of a request that nothing else speaks against: what is remembered is used up.
    ///
    /// # Errors
    ///
    /// [`Refusal::Replayed`] where it was used before, or where that cannot be known any more; [`Refusal::ReplaysFull`]
    /// where there is no room.
    pub fn use_up(
        &self,
        access_key: &str,
        nonce: &[u8],
        signed_at: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.forget(now);
        // The second at its end is one in which it still stands.
        let minute = until.unix_seconds().div_euclid(MINUTE) + 1;
        if self.begins.is_some_and(|begins| signed_at.unix_seconds() < begins.unix_seconds()) {
            return Err(Refusal::Replayed);
        }
        let used = Used { key: self.hash(access_key.as_bytes()), nonce: self.hash(nonce) };
        let Some(mut shard) = self.shard(used.key) else { return Err(Refusal::Replayed) };
        let Shard { buckets, held } = &mut *shard;
        // A bucket of this shard is dropped under the same lock, after the floor was raised.
        if minute <= self.floor.load(Ordering::Relaxed) {
            return Err(Refusal::Replayed);
        }
        let by_key = held.entry(used.key);
        let hash_set::Entry::Vacant(place) = buckets.entry(minute).or_default().entry(used) else {
            return Err(Refusal::Replayed);
        };
        let held_by_key = if let Entry::Occupied(held) = &by_key { *held.get() } else { 0 };
        if !self.has_room(held_by_key) {
            let retry = Duration::from_secs(60);
            return Err(Refusal::ReplaysFull { retry });
        }
        if held_by_key == 0 {
            self.keys.fetch_add(1, Ordering::Relaxed);
        }
        self.held.fetch_add(1, Ordering::Relaxed);
        *by_key.or_default() += 1;
        place.insert();
        Ok(())
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// How many can be remembered.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn has_room(&self, held_by_key: usize) -> bool {
        let held = self.held.load(Ordering::Relaxed);
        let fair = || (self.capacity / 2) / (self.keys.load(Ordering::Relaxed) + 1);
        held < self.capacity / 2 || (held < self.capacity && held_by_key < fair())
    }

    /// Drops the buckets whose time is over.
    fn forget(&self, now: Timestamp) {
        let over = now.unix_seconds().div_euclid(MINUTE) - 1;
        if self.swept.load(Ordering::Relaxed) >= over || self.swept.fetch_max(over, Ordering::Relaxed) >= over
        {
            return;
        }
        if self.is_empty() {
            return;
        }
        for shard in &self.shards {
            while let Some(bucket) = self.take_first(shard, over) {
                self.count_down(shard, bucket);
            }
        }
    }

    /// The first bucket of a shard, if its time is over.
    fn take_first(&self, shard: &Mutex<Shard>, over: i64) -> Option<HashSet<Used, AsTheyAre>> {
        let mut shard = lock(shard);
        let first = shard.buckets.first_entry().filter(|first| *first.key() <= over)?;
        self.floor.fetch_max(*first.key(), Ordering::Relaxed);
        Some(first.remove())
    }

    /// Counts what a bucket of a shard held as gone, some at a time: requests that need the shard do not wait for all of it.
    fn count_down(&self, shard: &Mutex<Shard>, bucket: HashSet<Used, AsTheyAre>) {
        let mut gone = bucket.into_iter();
        while gone.len() > 0 {
            let (mut shard, before) = (lock(shard), gone.len());
            for used in gone.by_ref().take(AT_ONCE) {
                let Entry::Occupied(mut by_key) = shard.held.entry(used.key) else { continue };
                if *by_key.get() > 1 {
                    *by_key.get_mut() -= 1;
                } else {
                    by_key.remove();
                    self.keys.fetch_sub(1, Ordering::Relaxed);
                }
            }
            self.held.fetch_sub(before - gone.len(), Ordering::Relaxed);
        }
    }

    fn shard(&self, key: u64) -> Option<MutexGuard<'_, Shard>> {
        // The ends of the hash are what tables go by.
        let place = usize::try_from((key >> 24) % SHARDS as u64).ok()?;
        self.shards.get(place).map(lock)
    }

    /// A hash that nobody outside can aim at: its key is this process's own.
    fn hash(&self, bytes: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.seed.0, self.seed.1);
        hasher.write(bytes);
        hasher.finish()
    }
}

/// What a thread that panicked has left is as good as before: each step leaves it whole, or remembers too much.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Replays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replays({} of {})", self.len(), self.capacity)
    }
}
