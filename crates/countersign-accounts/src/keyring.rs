//! The AccessKeys in force, in memory: a snapshot for each revision, and the keyring that holds the latest.
//!
//! A snapshot never changes. A change copies the shard that it touches and shares the others, so a keyring of a
//! million keys takes one in tens of microseconds while readers go on reading, without a lock, what they hold.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use arc_swap::ArcSwap;
use countersign::crypto::HmacSha1;
use countersign::{AccessKeyId, AccessKeySecret, Key, Timestamp};

use crate::change::{Change, Revision};
use crate::id::AccountId;
use crate::seal::{Ring, SealError, Sealed};

/// How many parts a snapshot has, of which a change copies one or two.
const SHARDS: usize = 1024;

/// The AccessKeys in force at one revision.
#[derive(Clone)]
pub struct Snapshot {
    revision: Revision,
    keys: Shards<AccessKeyId, Arc<AccessKeyInForce>>,
    accounts: Shards<AccountId, Arc<AccountInForce>>,
}

/// What the verifier must know of an AccessKey.
#[derive(Clone)]
pub struct AccessKeyInForce {
    pub id: AccessKeyId,
    pub account: AccountId,
    pub standing: Standing,
    /// Whether the whole account is suspended.
    pub suspended: bool,
    /// From this instant on the key is refused.
    pub expires: Option<Timestamp>,
    secret: AccessKeySecret,
    hmac_sha1: HmacSha1,
}

/// What has been done to an AccessKey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Enabled,
    Disabled,
    Deleted,
}

/// What the keyring must know of an account: whether it is suspended, and which keys that concerns.
#[derive(Clone, Default)]
struct AccountInForce {
    suspended: bool,
    keys: Vec<AccessKeyId>,
}

/// The latest snapshot. Whoever judges a request takes it once, and judges the whole request by it.
pub struct Keyring(ArcSwap<Snapshot>);

impl Keyring {
    /// A keyring with this snapshot.
    pub fn new(snapshot: Snapshot) -> Self {
        Self(ArcSwap::from_pointee(snapshot))
    }

    /// The latest snapshot. It does not wait.
    pub fn snapshot(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.0.load()
    }

    /// Puts a later snapshot in place. Requests already being judged keep the one that they took.
    pub fn put(&self, snapshot: Snapshot) {
        self.0.store(Arc::new(snapshot));
    }
}

impl AccessKeyInForce {
    /// What signatures by this key are tested with.
    pub fn key(&self) -> Key<'_> {
        Key::Secret { secret: &self.secret, hmac_sha1: &self.hmac_sha1 }
    }
}

impl Snapshot {
    /// No keys, before the first change.
    pub fn empty() -> Self {
        Self { revision: Revision::default(), keys: Shards::new(), accounts: Shards::new() }
    }

    /// The keys of a full state: what an installation's rows say, told as changes, with the sealed secret beside each
    /// [`Change::AccessKeyCreated`].
    pub fn from_full_state(
        revision: Revision,
        changes: &[(Change, Option<Sealed>)],
        ring: &Ring,
    ) -> Result<Self, SealError> {
        let mut snapshot = Self::empty();
        for (change, sealed) in changes {
            snapshot.apply(change, sealed.as_ref(), ring)?;
        }
        snapshot.revision = revision;
        Ok(snapshot)
    }

    /// This snapshot with later changes, each with its revision and, for a created AccessKey, its sealed secret. A
    /// created key without one was purged since and is left out.
    pub fn after(
        &self,
        changes: &[(Revision, Change, Option<Sealed>)],
        ring: &Ring,
    ) -> Result<Self, SealError> {
        let mut next = self.clone();
        for (revision, change, sealed) in changes {
            next.apply(change, sealed.as_ref(), ring)?;
            next.revision = *revision;
        }
        Ok(next)
    }

    /// This full state, taken over where the change log no longer continues what `seen` was made from: a restored
    /// backup, or a standby that had not received all. A key that was seen disabled or deleted stays refused, whatever
    /// the rows say now: lost history must not bring a key back. A later change that enables it does.
    ///
    /// Returns the keys that were held back.
    #[must_use]
    pub fn taking_over(mut self, seen: &Self) -> (Self, Vec<AccessKeyId>) {
        let mut held = Vec::new();
        for (id, before) in seen.keys.iter() {
            let enabled_now = self.keys.get(id.as_str()).filter(|now| now.standing == Standing::Enabled);
            if before.standing != Standing::Enabled
                && let Some(now) = enabled_now
            {
                let refused =
                    AccessKeyInForce { standing: Standing::Disabled, ..AccessKeyInForce::clone(now) };
                self.keys.insert(id.clone(), Arc::new(refused));
                held.push(id.clone());
            }
        }
        (self, held)
    }

    /// The revision whose changes this snapshot holds.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// How many keys there are, those in the recycle bin included.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key of this id, whatever its standing.
    pub fn get(&self, id: &str) -> Option<&Arc<AccessKeyInForce>> {
        self.keys.get(id)
    }

    /// All keys, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &AccessKeyInForce> {
        self.keys.iter().map(|(_, key)| key.as_ref())
    }

    fn apply(&mut self, change: &Change, sealed: Option<&Sealed>, ring: &Ring) -> Result<(), SealError> {
        match change {
            Change::AccountOpened { account, .. } => {
                self.accounts.insert(account.clone(), Arc::default());
            }
            Change::AccountSuspended { account } => self.suspend(account, true),
            Change::AccountResumed { account } => self.suspend(account, false),
            Change::AccessKeyCreated { account, access_key, expires, .. } => {
                if let Some(sealed) = sealed {
                    let secret = ring.open_secret(access_key, account, sealed)?;
                    self.add(account, access_key, *expires, secret);
                }
            }
            Change::AccessKeyDisabled { access_key, .. } => self.set_standing(access_key, Standing::Disabled),
            Change::AccessKeyEnabled { access_key, .. } => self.set_standing(access_key, Standing::Enabled),
            Change::AccessKeyDeleted { access_key, .. } => self.set_standing(access_key, Standing::Deleted),
            Change::AccessKeyRestored { access_key, .. } => self.set_standing(access_key, Standing::Disabled),
            Change::AccessKeyPurged { account, access_key } => {
                self.keys.remove(access_key.as_str());
                self.update_account(account, |owner| owner.keys.retain(|key| key != access_key));
            }
            Change::PasswordSet { .. } | Change::ProjectCreated { .. } | Change::ProjectDeleted { .. } => {}
        }
        Ok(())
    }

    fn add(
        &mut self,
        account: &AccountId,
        id: &AccessKeyId,
        expires: Option<Timestamp>,
        secret: AccessKeySecret,
    ) {
        self.update_account(account, |owner| owner.keys.push(id.clone()));
        let suspended = self.accounts.get(account.as_str()).is_some_and(|owner| owner.suspended);
        let key = AccessKeyInForce {
            id: id.clone(),
            account: account.clone(),
            standing: Standing::Enabled,
            suspended,
            expires,
            hmac_sha1: HmacSha1::new(secret.expose().as_bytes()),
            secret,
        };
        self.keys.insert(id.clone(), Arc::new(key));
    }

    fn set_standing(&mut self, id: &AccessKeyId, standing: Standing) {
        self.keys.update(id.as_str(), |key| Arc::make_mut(key).standing = standing);
    }

    fn suspend(&mut self, account: &AccountId, suspended: bool) {
        self.update_account(account, |owner| owner.suspended = suspended);
        let keys = self.accounts.get(account.as_str()).map(|owner| owner.keys.clone()).unwrap_or_default();
        for id in keys {
            self.keys.update(id.as_str(), |key| Arc::make_mut(key).suspended = suspended);
        }
    }

    fn update_account(&mut self, account: &AccountId, alter: impl FnOnce(&mut AccountInForce)) {
        self.accounts.update(account.as_str(), |owner| alter(Arc::make_mut(owner)));
    }
}

/// A map in parts, of which a change copies one.
#[derive(Clone)]
struct Shards<K, V> {
    hasher: RandomState,
    shards: Vec<Arc<HashMap<K, V>>>,
}

impl<K: Clone + Eq + Hash + Borrow<str>, V: Clone> Shards<K, V> {
    fn new() -> Self {
        let empty = Arc::new(HashMap::new());
        Self { hasher: RandomState::new(), shards: vec![empty; SHARDS] }
    }

    fn place(&self, key: &str) -> usize {
        usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or_default()
    }

    fn get(&self, key: &str) -> Option<&V> {
        self.shards.get(self.place(key))?.get(key)
    }

    fn insert(&mut self, key: K, value: V) {
        let place = self.place(key.borrow());
        if let Some(shard) = self.shards.get_mut(place) {
            Arc::make_mut(shard).insert(key, value);
        }
    }

    fn update(&mut self, key: &str, alter: impl FnOnce(&mut V)) {
        let place = self.place(key);
        if let Some(value) = self.shards.get_mut(place).and_then(|shard| Arc::make_mut(shard).get_mut(key)) {
            alter(value);
        }
    }

    fn remove(&mut self, key: &str) {
        let place = self.place(key);
        if let Some(shard) = self.shards.get_mut(place) {
            Arc::make_mut(shard).remove(key);
        }
    }

    fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.len()).sum()
    }

    fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.shards.iter().flat_map(|shard| shard.iter())
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({}, {} keys)", self.revision, self.len())
    }
}

impl fmt::Debug for AccessKeyInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessKeyInForce({}, {:?})", self.id, self.standing)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(f)
    }
}
