//! The AccessKeys in force, in memory: a snapshot for each revision, and the keyring that holds the latest.
//!
//! A snapshot never changes. A change copies the shard that it touches and shares the others, so a keyring of a
//! million keys takes one in tens of microseconds while readers go on reading, without a lock, what they hold.

mod shards;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use countersign::crypto::{HmacSha1, PublicKey};
use countersign::{AccessKeyId, Key, MadeKeys, SecretKey, Timestamp};
use smallvec::SmallVec;
use zeroize::Zeroize;

use self::shards::{Keyed, Shards};
use crate::access_key::{AccessKeyKind, KeyMaterial};
use crate::change::{Change, Revision};
use crate::id::AccountId;
use crate::network::Networks;
use crate::seal::{Ring, SealError, Sealed};

/// The AccessKeys in force at one revision.
#[derive(Clone)]
pub struct Snapshot {
    revision: Revision,
    keys: Shards<Arc<AccessKeyInForce>>,
    /// All accounts, so that the keys of one share the text of its id.
    accounts: Shards<AccountId>,
    /// The accounts none of whose keys is accepted, suspended or closed. They are few.
    suspended: Arc<HashSet<AccountId>>,
    /// The keys that may be used from some networks alone. Beside the keys, for most have none; none at all until there
    /// is the first.
    restricted: Option<Arc<Shards<Restricted>>>,
}

/// The networks of an AccessKey that has some.
#[derive(Clone)]
struct Restricted {
    access_key: Box<str>,
    networks: Arc<Networks>,
}

/// What the verifier must know of an AccessKey. A keyring may hold millions: it is laid out to be small.
///
/// In this order, so that all that a verification reads stands together, between the count of those who hold it and the
/// secret: what is not in a cache is then on its way while the id is compared, and not waited for one after the other.
#[derive(Clone)]
#[repr(C)]
pub struct AccessKeyInForce {
    pub standing: Standing,
    id_length: u8,
    verified_with: VerifiedWith,
    /// Milliseconds since 1970; the largest number means never.
    expires: i64,
    made: MadeKeys,
    /// The id, and the secret behind it where there is one. What is generated here has its place inside: to look
    /// elsewhere for it would cost as much time as a MAC where there are many keys.
    text: SmallVec<[u8; 64]>,
    pub account: AccountId,
}

/// What signatures by an AccessKey are tested with, beside its text. What only public keys need is elsewhere, for there
/// are millions of the others.
#[derive(Clone)]
enum VerifiedWith {
    Secret(HmacSha1),
    Public(Box<PublicKey>),
}

/// What has been done to an AccessKey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Enabled,
    Disabled,
    Deleted,
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
    fn new(
        id: &AccessKeyId,
        account: AccountId,
        expires: Option<Timestamp>,
        material: KeyMaterial,
        standing: Standing,
    ) -> Arc<Self> {
        let (secret, verified_with) = match &material {
            KeyMaterial::Secret(secret) => {
                let secret = secret.expose().as_bytes();
                (secret, VerifiedWith::Secret(HmacSha1::new(secret)))
            }
            KeyMaterial::Public(key) => (&[][..], VerifiedWith::Public(Box::new(key.clone()))),
        };
        let mut key = Arc::new(Self {
            // Reserved whole: a buffer that grew would leave a copy of the secret behind.
            text: SmallVec::with_capacity(id.as_str().len() + secret.len()),
            // An id has at most 128 characters.
            id_length: u8::try_from(id.as_str().len()).unwrap_or(u8::MAX),
            standing,
            expires: expires.map_or(i64::MAX, Timestamp::unix_millis),
            verified_with,
            made: MadeKeys::default(),
            account,
        });
        // In its place already: a secret that is moved leaves a copy behind, too.
        if let Some(key) = Arc::get_mut(&mut key) {
            key.text.extend_from_slice(id.as_str().as_bytes());
            key.text.extend_from_slice(secret);
        }
        key
    }

    /// Its id.
    pub fn id(&self) -> &str {
        // It was made from text.
        std::str::from_utf8(self.parts().0).unwrap_or_default()
    }

    /// From this instant on it is refused.
    pub fn expires(&self) -> Option<Timestamp> {
        (self.expires != i64::MAX).then(|| Timestamp::from_unix_millis(self.expires))
    }

    /// What signatures by this key are tested with.
    pub fn key(&self) -> Key<'_> {
        match &self.verified_with {
            VerifiedWith::Secret(hmac_sha1) => {
                Key::Secret(SecretKey { secret: self.parts().1, hmac_sha1, made: Some(&self.made) })
            }
            VerifiedWith::Public(key) => Key::Public(key),
        }
    }

    /// Whether it is verified with a secret or with a public key.
    pub fn kind(&self) -> AccessKeyKind {
        match self.verified_with {
            VerifiedWith::Secret(_) => AccessKeyKind::Secret,
            VerifiedWith::Public(_) => AccessKeyKind::Public,
        }
    }

    /// The public key, where it is verified with one.
    pub fn public_key(&self) -> Option<&PublicKey> {
        match &self.verified_with {
            VerifiedWith::Secret(_) => None,
            VerifiedWith::Public(key) => Some(key),
        }
    }

    fn parts(&self) -> (&[u8], &[u8]) {
        self.text.split_at_checked(usize::from(self.id_length)).unwrap_or_default()
    }
}

impl Drop for AccessKeyInForce {
    fn drop(&mut self) {
        self.text.as_mut_slice().zeroize();
    }
}

impl Keyed for Arc<AccessKeyInForce> {
    fn key(&self) -> &[u8] {
        self.parts().0
    }
}

impl Keyed for Restricted {
    fn key(&self) -> &[u8] {
        self.access_key.as_bytes()
    }
}

impl Keyed for AccountId {
    fn key(&self) -> &[u8] {
        self.as_str().as_bytes()
    }
}

impl Snapshot {
    /// No keys, before the first change.
    pub fn empty() -> Self {
        Self {
            revision: Revision::default(),
            keys: Shards::new(),
            accounts: Shards::new(),
            suspended: Arc::default(),
            restricted: None,
        }
    }

    /// The keys of a full state: what an installation's rows say, told as changes, with the sealed secret beside each
    /// [`Change::AccessKeyCreated`].
    pub fn from_full_state(
        revision: Revision,
        changes: &[(Change, Option<Sealed>)],
        ring: &Ring,
    ) -> Result<Self, SealError> {
        let mut snapshot = Self { revision, ..Self::empty() };
        snapshot.take_in(changes, ring)?;
        Ok(snapshot)
    }

    /// Keys that are in hand, each with the account that it belongs to, for whoever has no store.
    pub fn from_keys(keys: impl IntoIterator<Item = (AccountId, AccessKeyId, KeyMaterial)>) -> Self {
        let mut snapshot = Self::empty();
        for (account, id, material) in keys {
            snapshot.accounts.insert(account.clone());
            snapshot.keys.insert(AccessKeyInForce::new(&id, account, None, material, Standing::Enabled));
        }
        snapshot
    }

    /// Takes in more of the full state that it was made from: a state of millions of keys is read in pages, and never held
    /// whole.
    pub fn take_in(&mut self, changes: &[(Change, Option<Sealed>)], ring: &Ring) -> Result<(), SealError> {
        for (change, sealed) in changes {
            self.apply(change, sealed.as_ref(), ring)?;
        }
        Ok(())
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
    /// backup, or a standby that had not received all. A key that was seen disabled or deleted stays refused, and so
    /// does an account that was seen suspended, whatever the rows say now: lost history must not bring them back. A
    /// later change that enables or resumes does.
    ///
    /// Returns the keys that were held back.
    #[must_use]
    pub fn taking_over(mut self, seen: &Self) -> (Self, Vec<AccessKeyId>) {
        let mut held = Vec::new();
        for before in seen.keys.iter().filter(|before| before.standing != Standing::Enabled) {
            let enabled_now = self.get(before.id()).is_some_and(|now| now.standing == Standing::Enabled);
            if enabled_now && let Ok(id) = AccessKeyId::new(before.id()) {
                self.set_standing(before.id(), Standing::Disabled);
                held.push(id);
            }
        }
        for account in seen.suspended.iter() {
            self.suspend(account);
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
        self.keys.get(id.as_bytes())
    }

    /// Whether none of an account's keys is accepted.
    pub fn is_suspended(&self, account: &AccountId) -> bool {
        !self.suspended.is_empty() && self.suspended.contains(account)
    }

    /// The networks from which alone this key may be used. None where it may be used from anywhere.
    pub fn networks(&self, access_key: &AccessKeyInForce) -> Option<&Networks> {
        self.networks_of(access_key.parts().0)
    }

    fn networks_of(&self, id: &[u8]) -> Option<&Networks> {
        Some(&self.restricted.as_ref()?.get(id)?.networks)
    }

    /// All keys, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &AccessKeyInForce> {
        self.keys.iter().map(Arc::as_ref)
    }

    fn apply(&mut self, change: &Change, sealed: Option<&Sealed>, ring: &Ring) -> Result<(), SealError> {
        match change {
            Change::AccountOpened { account, .. } => self.accounts.insert(account.clone()),
            Change::AccountSuspended { account } | Change::AccountClosed { account } => self.suspend(account),
            Change::AccountResumed { account } => {
                if self.suspended.contains(account) {
                    Arc::make_mut(&mut self.suspended).remove(account);
                }
            }
            Change::AccessKeyCreated { account, access_key, expires, networks, kind, disabled, .. } => {
                if let Some(sealed) = sealed {
                    let material = ring.open_material(access_key, account, *kind, sealed)?;
                    let standing = if *disabled { Standing::Disabled } else { Standing::Enabled };
                    self.restrict(access_key.as_str(), networks);
                    let account = self.accounts.get(account.as_str().as_bytes()).unwrap_or(account).clone();
                    let key = AccessKeyInForce::new(access_key, account, *expires, material, standing);
                    self.keys.insert(key);
                }
            }
            Change::AccessKeyDisabled { access_key, .. } | Change::AccessKeyRestored { access_key, .. } => {
                self.set_standing(access_key.as_str(), Standing::Disabled);
            }
            Change::AccessKeyEnabled { access_key, .. } => {
                self.set_standing(access_key.as_str(), Standing::Enabled);
            }
            Change::AccessKeyDeleted { access_key, .. } => {
                self.set_standing(access_key.as_str(), Standing::Deleted);
            }
            Change::AccessKeyPurged { access_key, .. } => {
                self.keys.remove(access_key.as_str().as_bytes());
                self.restrict(access_key.as_str(), &Networks::default());
            }
            Change::PasswordSet { .. }
            | Change::EmailChanged { .. }
            | Change::AccessKeyLimitSet { .. }
            | Change::AdministratorAppointed { .. }
            | Change::AdministratorDismissed { .. }
            | Change::RegistrationSet { .. }
            | Change::SecondFactorAdded { .. }
            | Change::SecondFactorRemoved { .. }
            | Change::RecoveryCodesMade { .. }
            | Change::RealNameSubmitted { .. }
            | Change::RealNameApproved { .. }
            | Change::RealNameRejected { .. }
            | Change::ProjectCreated { .. }
            | Change::ProjectDeleted { .. } => {}
        }
        Ok(())
    }

    fn set_standing(&mut self, id: &str, standing: Standing) {
        self.keys.update(id.as_bytes(), |key| Arc::make_mut(key).standing = standing);
    }

    /// Says from where alone a key may be used; from anywhere, where there are no networks.
    fn restrict(&mut self, id: &str, networks: &Networks) {
        if networks.is_empty() {
            if self.networks_of(id.as_bytes()).is_some()
                && let Some(restricted) = &mut self.restricted
            {
                Arc::make_mut(restricted).remove(id.as_bytes());
            }
            return;
        }
        let restricted = self.restricted.get_or_insert_with(|| Arc::new(Shards::new()));
        let networks = Arc::new(networks.clone());
        Arc::make_mut(restricted).insert(Restricted { access_key: id.into(), networks });
    }

    fn suspend(&mut self, account: &AccountId) {
        if !self.suspended.contains(account) {
            Arc::make_mut(&mut self.suspended).insert(account.clone());
        }
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({}, {} keys)", self.revision, self.len())
    }
}

impl fmt::Debug for AccessKeyInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessKeyInForce({}, {:?})", self.id(), self.standing)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(f)
    }
}
