//! The ring: the data keys of an installation, opened. One seals what is new; the others open what is old.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use countersign::crypto::{PublicKey, equal, hmac_sha256};
use countersign::{AccessKeyId, AccessKeySecret};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{MasterKey, SealError, Sealed, SealedColumn, open, place, random_key, seal};
use crate::access_key::{AccessKeyKind, KeyMaterial};
use crate::id::AccountId;

/// How long a running node holds a ring key before it seals, and makes tokens, under it. By then every other node that
/// reaches the store holds it too: they look at the ring keys several times a second.
const SETTLE: Duration = Duration::from_secs(2);

/// One of the data keys that seal secrets.
pub struct RingKey {
    id: u32,
    key: Zeroizing<[u8; 32]>,
}

/// A ring key as its row holds it: sealed by the master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRingKey {
    pub id: u32,
    pub sealed: Sealed,
    /// Which master key opens it: [`MasterKey::id`].
    pub master_key: String,
    /// Whether it seals what is new. Exactly one of a ring does.
    pub active: bool,
}

/// The ring keys of an installation, opened. A running node keeps up with their rows by [`Ring::learn`]; whoever uses
/// the ring meanwhile neither waits nor notices.
pub struct Ring {
    cluster: String,
    keys: ArcSwap<Keys>,
    learning: Mutex<Learning>,
}

/// The ring keys at one time. They never change.
struct Keys {
    active: Arc<RingKey>,
    others: Vec<Arc<RingKey>>,
}

/// What it takes to open rows that are new.
struct Learning {
    master: MasterKey,
    /// Looks for the master key again, where rows name another than the one at hand.
    look_again: Option<LookAgain>,
    /// The rows that were taken in last, if all went well and nothing is left to be done about them.
    rows: Option<Vec<SealedRingKey>>,
    /// Since when ring keys are known that were not there at the start.
    since: BTreeMap<u32, Instant>,
}

/// What the text of a public key begins with, and that of no secret.
const PUBLIC_KEY_PREFIX: &str = "-----BEGIN PUBLIC KEY-----";

type LookAgain = Box<dyn Fn() -> Option<MasterKey> + Send>;

impl RingKey {
    /// A new key.
    pub fn generate(id: u32, random: &mut impl CryptoRng) -> Self {
        Self { id, key: random_key(random) }
    }

    /// Opens the key of a row.
    pub fn open(cluster: &str, master: &MasterKey, row: &SealedRingKey) -> Result<Self, SealError> {
        if row.master_key != master.id() {
            return Err(SealError::OtherMasterKey { wanted: row.master_key.clone(), given: master.id() });
        }
        let place = ring_key_place(cluster, row.id);
        let opened = open(&master.0, &place, &row.sealed).ok_or(SealError::RingKey(row.id))?;
        let key = <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| SealError::RingKey(row.id))?;
        Ok(Self { id: row.id, key: Zeroizing::new(key) })
    }

    /// Seals the key for its row.
    pub fn seal(
        &self,
        cluster: &str,
        master: &MasterKey,
        active: bool,
        random: &mut impl CryptoRng,
    ) -> SealedRingKey {
        let place = ring_key_place(cluster, self.id);
        let sealed = seal(&master.0, self.id, &place, self.key.as_slice(), random);
        SealedRingKey { id: self.id, sealed, master_key: master.id(), active }
    }
}

impl Ring {
    /// Opens the ring keys of an installation. It fails as a whole: with one key missing, some secrets could not be
    /// opened, and a wrong master key must never look like keys that do not verify.
    pub fn open(cluster: &str, master: &MasterKey, rows: &[SealedRingKey]) -> Result<Self, SealError> {
        let mut opened = Vec::with_capacity(rows.len());
        for row in rows {
            opened.push(Arc::new(RingKey::open(cluster, master, row)?));
        }
        let active = rows.iter().find(|row| row.active).map(|row| row.id);
        let keys = Keys::new(opened, active).ok_or(SealError::NoActiveRingKey)?;
        let learning = Learning {
            master: master.copy(),
            look_again: None,
            rows: Some(rows.to_vec()),
            since: BTreeMap::new(),
        };
        Ok(Self {
            cluster: cluster.to_owned(),
            keys: ArcSwap::from_pointee(keys),
            learning: Mutex::new(learning),
        })
    }

    /// This ring, which looks for the master key by `look` where rows name another than the one that it was opened
    /// with: the master key may be replaced while a node runs.
    #[must_use]
    pub fn looking_again(mut self, look: impl Fn() -> Option<MasterKey> + Send + 'static) -> Self {
        self.learning.get_mut().unwrap_or_else(PoisonError::into_inner).look_again = Some(Box::new(look));
        self
    }

    /// Takes in what the rows say now, at the instant `now`, and returns whether that changed anything.
    ///
    /// A key that is held stays in use while it has a row, whether or not that row can be opened. A key that has become
    /// active seals here once it has been held for two seconds.
    ///
    /// # Errors
    ///
    /// The first row that cannot be opened, or that none is active. What the other rows say was taken in all the same;
    /// where none could seal, nothing was.
    pub fn learn(&self, rows: &[SealedRingKey], now: Instant) -> Result<bool, SealError> {
        let mut learning = self.learning.lock().unwrap_or_else(PoisonError::into_inner);
        if learning.rows.as_deref() == Some(rows) {
            return Ok(false);
        }
        let before = self.keys.load_full();
        let mut trouble = None;
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            let held = before.find(row.id);
            match (learning.open(&self.cluster, row), held) {
                (Ok(opened), Some(held)) if equal(opened.key.as_slice(), held.key.as_slice()) => {
                    keys.push(Arc::clone(held));
                }
                (Ok(opened), _) => {
                    learning.since.insert(opened.id, now);
                    keys.push(Arc::new(opened));
                }
                (Err(error), held) => {
                    keys.extend(held.cloned());
                    trouble.get_or_insert(error);
                }
            }
        }

        let wanted = rows.iter().find(|row| row.active).map(|row| row.id);
        let settled = |id: u32| {
            learning.since.get(&id).is_none_or(|since| now.saturating_duration_since(*since) >= SETTLE)
        };
        let active = wanted
            .filter(|id| settled(*id) || keys.iter().all(|key| key.id != before.active.id))
            .unwrap_or(before.active.id);
        let next = Keys::new(keys.clone(), Some(active)).or_else(|| Keys::new(keys, Some(before.active.id)));
        if wanted.is_none() {
            trouble.get_or_insert(SealError::NoActiveRingKey);
        }
        let Some(next) = next else { return Err(trouble.unwrap_or(SealError::NoActiveRingKey)) };

        let done = trouble.is_none() && wanted == Some(next.active.id);
        learning.rows = done.then(|| rows.to_vec());
        let changed = !next.is(&before);
        self.keys.store(Arc::new(next));
        trouble.map_or(Ok(changed), Err)
    }

    /// Seals the secret of an AccessKey for its row.
    pub fn seal_secret(
        &self,
        id: &AccessKeyId,
        owner: &AccountId,
        secret: &AccessKeySecret,
        random: &mut impl CryptoRng,
    ) -> Sealed {
        let secret = secret.expose().as_bytes();
        self.seal_text(SealedColumn::AccessKeySecret, id.as_str(), owner, secret, random)
    }

    /// Opens the secret of an AccessKey from its row.
    pub fn open_secret(
        &self,
        id: &AccessKeyId,
        owner: &AccountId,
        sealed: &Sealed,
    ) -> Result<AccessKeySecret, SealError> {
        let unopened = || SealError::Secret(id.clone());
        let opened = self.open_in(SealedColumn::AccessKeySecret, id.as_str(), owner, sealed);
        let opened = opened.map_err(|missing| match missing {
            Some(ring_key) => SealError::MissingRingKey(id.clone(), ring_key),
            None => unopened(),
        })?;
        Ok(AccessKeySecret::new(std::str::from_utf8(&opened).map_err(|_| unopened())?))
    }

    /// Seals what an AccessKey is verified with for its row: a public key as its PEM, in the place of a secret.
    pub fn seal_material(
        &self,
        id: &AccessKeyId,
        owner: &AccountId,
        material: &KeyMaterial,
        random: &mut impl CryptoRng,
    ) -> Sealed {
        match material {
            KeyMaterial::Secret(secret) => self.seal_secret(id, owner, secret, random),
            KeyMaterial::Public(key) => {
                let pem = key.to_pem();
                self.seal_text(SealedColumn::AccessKeySecret, id.as_str(), owner, pem.as_bytes(), random)
            }
        }
    }

    /// Opens what an AccessKey is verified with from its row.
    ///
    /// # Errors
    ///
    /// [`SealError::OtherKind`] where the text is not of the kind that the row says. The kind stands in the row in
    /// clear: whoever alters it must not make everybody who knows a public key hold it as a secret.
    pub fn open_material(
        &self,
        id: &AccessKeyId,
        owner: &AccountId,
        kind: AccessKeyKind,
        sealed: &Sealed,
    ) -> Result<KeyMaterial, SealError> {
        let text = self.open_secret(id, owner, sealed)?;
        let is_public = text.expose().starts_with(PUBLIC_KEY_PREFIX);
        match kind {
            AccessKeyKind::Secret if !is_public => Ok(KeyMaterial::Secret(text)),
            AccessKeyKind::Public if is_public => {
                let key = PublicKey::from_pem(text.expose());
                key.map(KeyMaterial::Public).map_err(|_| SealError::OtherKind(id.clone()))
            }
            AccessKeyKind::Secret | AccessKeyKind::Public => Err(SealError::OtherKind(id.clone())),
        }
    }

    /// Seals a text for the row `id` of a column.
    pub fn seal_text(
        &self,
        column: SealedColumn,
        id: &str,
        owner: &AccountId,
        text: &[u8],
        random: &mut impl CryptoRng,
    ) -> Sealed {
        let keys = self.keys.load();
        let active = &keys.active;
        let place = self.place(column, id, owner, active.id);
        seal(&active.key, active.id, &place, text, random)
    }

    /// Opens a text from the row `id` of a column.
    pub fn open_text(
        &self,
        column: SealedColumn,
        id: &str,
        owner: &AccountId,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let id_of = || id.to_owned();
        self.open_in(column, id, owner, sealed).map_err(|missing| match missing {
            Some(ring_key) => SealError::TextUnderMissingRingKey { column, id: id_of(), ring_key },
            None => SealError::Text { column, id: id_of() },
        })
    }

    /// The text, or the ring key that is missing if that is what is wrong.
    fn open_in(
        &self,
        column: SealedColumn,
        id: &str,
        owner: &AccountId,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, Option<u32>> {
        let ring_key_id = sealed.ring_key().ok_or(None)?;
        let keys = self.keys.load();
        let ring_key = keys.find(ring_key_id).ok_or(Some(ring_key_id))?;
        let place = self.place(column, id, owner, ring_key_id);
        open(&ring_key.key, &place, sealed).ok_or(None)
    }

    /// A MAC by the active ring key, for tokens that this installation issues: the ring key's id, and 32 bytes.
    /// `purpose` keeps the tokens of one use from passing as those of another.
    pub fn mac(&self, purpose: &str, bytes: &[u8]) -> (u32, [u8; 32]) {
        let keys = self.keys.load();
        (keys.active.id, token_mac(&keys.active, &self.cluster, purpose, bytes))
    }

    /// Whether `mac` is what [`Ring::mac`] gave, under a ring key that is still there. Constant time.
    pub fn proves(&self, ring_key: u32, purpose: &str, bytes: &[u8], mac: &[u8]) -> bool {
        let keys = self.keys.load();
        keys.find(ring_key).is_some_and(|key| equal(&token_mac(key, &self.cluster, purpose, bytes), mac))
    }

    fn place(&self, column: SealedColumn, id: &str, owner: &AccountId, ring_key: u32) -> Vec<u8> {
        let (table, column) = column.table_and_column();
        let ring_key = ring_key.to_string();
        place(&[&self.cluster, table, column, id, owner.as_str(), &ring_key])
    }
}

impl Keys {
    /// These keys, of which that of the id `active` is active. None where it is not among them.
    fn new(mut keys: Vec<Arc<RingKey>>, active: Option<u32>) -> Option<Self> {
        let place = keys.iter().position(|key| Some(key.id) == active)?;
        let active = keys.remove(place);
        Some(Self { active, others: keys })
    }

    fn find(&self, id: u32) -> Option<&Arc<RingKey>> {
        std::iter::once(&self.active).chain(&self.others).find(|key| key.id == id)
    }

    /// Whether these are the same keys in the same standing.
    fn is(&self, other: &Self) -> bool {
        let same = |a: &Arc<RingKey>, b: &Arc<RingKey>| Arc::ptr_eq(a, b);
        same(&self.active, &other.active)
            && self.others.len() == other.others.len()
            && self.others.iter().zip(&other.others).all(|(a, b)| same(a, b))
    }
}

impl Learning {
    fn open(&mut self, cluster: &str, row: &SealedRingKey) -> Result<RingKey, SealError> {
        if row.master_key != self.master.id()
            && let Some(found) = self.look_again.as_ref().and_then(|look| look())
            && found.id() == row.master_key
        {
            self.master = found;
        }
        RingKey::open(cluster, &self.master, row)
    }
}

fn ring_key_place(cluster: &str, id: u32) -> Vec<u8> {
    place(&[cluster, "ring_key", "sealed", &id.to_string()])
}

fn token_mac(key: &RingKey, cluster: &str, purpose: &str, bytes: &[u8]) -> [u8; 32] {
    let derived = Zeroizing::new(hmac_sha256(key.key.as_slice(), &place(&[cluster, "token", purpose])));
    hmac_sha256(derived.as_slice(), bytes)
}

impl fmt::Debug for RingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RingKey({})", self.id)
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys.load();
        write!(f, "Ring(active {}, {} others)", keys.active.id, keys.others.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    const CLUSTER: &str = "cluster";

    /// A ring of one key, its master key and the row of the next ring key.
    fn world() -> (Ring, MasterKey, SealedRingKey, SealedRingKey) {
        let mut random = random::from_system();
        let master = MasterKey::generate(&mut random);
        let first = RingKey::generate(1, &mut random).seal(CLUSTER, &master, true, &mut random);
        let second = RingKey::generate(2, &mut random).seal(CLUSTER, &master, false, &mut random);
        (Ring::open(CLUSTER, &master, std::slice::from_ref(&first)).unwrap(), master, first, second)
    }

    fn id(text: &str) -> AccessKeyId {
        AccessKeyId::new(text).unwrap()
    }

    fn owner() -> AccountId {
        AccountId::from_text("acc_1")
    }

    fn sealed_by(ring: &Ring) -> Sealed {
        ring.seal_secret(&id("A"), &owner(), &AccessKeySecret::new("s"), &mut random::from_system())
    }

    fn opens(ring: &Ring, sealed: &Sealed) -> bool {
        ring.open_secret(&id("A"), &owner(), sealed).is_ok_and(|secret| secret.expose() == "s")
    }

    fn active(row: &SealedRingKey, active: bool) -> SealedRingKey {
        SealedRingKey { active, ..row.clone() }
    }

    #[test]
    fn a_text_opens_in_its_column_row_and_owner_alone() {
        let (ring, ..) = world();
        let random = &mut random::from_system();
        let sealed = ring.seal_text(SealedColumn::SecondFactorSecret, "1", &owner(), b"text", random);
        let open = |column, id: &str, owner: &AccountId| ring.open_text(column, id, owner, &sealed);
        let opened = open(SealedColumn::SecondFactorSecret, "1", &owner()).unwrap();
        assert_eq!(opened.as_slice(), b"text");
        for column in [SealedColumn::AccessKeySecret, SealedColumn::RealName] {
            assert_eq!(open(column, "1", &owner()), Err(SealError::Text { column, id: "1".into() }));
        }
        assert!(open(SealedColumn::SecondFactorSecret, "2", &owner()).is_err());
        assert!(open(SealedColumn::SecondFactorSecret, "1", &AccountId::from_text("acc_2")).is_err());
        // What is sealed as an AccessKey's secret is the same text in either way of asking.
        let secret = sealed_by(&ring);
        assert_eq!(
            ring.open_text(SealedColumn::AccessKeySecret, "A", &owner(), &secret).unwrap().as_slice(),
            b"s"
        );
    }

    #[test]
    fn a_token_of_one_purpose_does_not_pass_as_another() {
        let (ring, ..) = world();
        let (ring_key, mac) = ring.mac("bearer", b"token");
        assert!(ring.proves(ring_key, "bearer", b"token", &mac));
        assert!(!ring.proves(ring_key, "other", b"token", &mac));
        assert!(!ring.proves(ring_key + 1, "bearer", b"token", &mac));
        assert!(!ring.proves(ring_key, "bearer", b"tokem", &mac));
    }

    #[test]
    fn a_ring_key_is_learned_before_it_seals_and_used_until_it_is_retired() {
        let (ring, master, first, second) = world();
        let began = Instant::now();
        let old = sealed_by(&ring);
        let (token_key, token) = ring.mac("bearer", b"token");

        let rows = [first.clone(), second.clone()];
        assert_eq!(ring.learn(&rows, began), Ok(true));
        assert_eq!(ring.learn(&rows, began), Ok(false));
        assert_eq!(sealed_by(&ring).ring_key(), Some(1));

        // Another process goes over to it at once: that opens here, and this node follows a little later.
        let rows = [active(&first, false), active(&second, true)];
        let other = Ring::open(CLUSTER, &master, &rows).unwrap();
        let new = sealed_by(&other);
        assert_eq!(new.ring_key(), Some(2));
        assert!(opens(&ring, &new) && opens(&ring, &old));
        assert_eq!(ring.learn(&rows, began), Ok(false));
        assert_eq!(sealed_by(&ring).ring_key(), Some(1));
        assert_eq!(ring.learn(&rows, began + SETTLE), Ok(true));
        assert_eq!(sealed_by(&ring).ring_key(), Some(2));
        assert!(opens(&ring, &old) && ring.proves(token_key, "bearer", b"token", &token));

        // Retired.
        assert_eq!(ring.learn(&rows[1..], began + SETTLE), Ok(true));
        assert!(opens(&ring, &new) && !opens(&ring, &old));
        assert!(!ring.proves(token_key, "bearer", b"token", &token));
    }

    #[test]
    fn a_node_that_lost_its_key_goes_over_at_once() {
        let (ring, _, _, second) = world();
        assert_eq!(ring.learn(&[active(&second, true)], Instant::now()), Ok(true));
        assert_eq!(sealed_by(&ring).ring_key(), Some(2));
    }

    #[test]
    fn rows_that_cannot_be_opened_take_nothing_away() {
        let (ring, master, first, second) = world();
        let (old, now) = (sealed_by(&ring), Instant::now());
        let altered = SealedRingKey { sealed: Sealed::from_text("AAAA"), ..first.clone() };
        assert_eq!(ring.learn(std::slice::from_ref(&altered), now), Err(SealError::RingKey(1)));
        assert!(opens(&ring, &old));
        // The sound one of the two is taken in.
        assert_eq!(ring.learn(&[altered, second.clone()], now), Err(SealError::RingKey(1)));
        let both = Ring::open(CLUSTER, &master, &[active(&first, false), active(&second, true)]).unwrap();
        assert!(opens(&ring, &old) && opens(&ring, &sealed_by(&both)));
        assert_eq!(ring.learn(&[], now), Err(SealError::NoActiveRingKey));
        assert_eq!(ring.learn(&[active(&first, false)], now), Err(SealError::NoActiveRingKey));
        assert!(opens(&ring, &old));
        assert_eq!(ring.learn(&[first, second], now), Ok(true));
    }

    #[test]
    fn a_new_master_key_is_looked_for_when_rows_name_it() {
        let (ring, master, first, second) = world();
        let mut random = random::from_system();
        let next = MasterKey::generate(&mut random);
        let resealed = |row: &SealedRingKey, random: &mut _| {
            RingKey::open(CLUSTER, &master, row).unwrap().seal(CLUSTER, &next, row.active, random)
        };
        let rows = [resealed(&first, &mut random), resealed(&second, &mut random)];
        let old = sealed_by(&ring);

        // Not to be found yet: what is held stays, and what is new waits.
        let other = SealError::OtherMasterKey { wanted: next.id(), given: master.id() };
        assert_eq!(ring.learn(&rows, Instant::now()), Err(other.clone()));
        assert!(opens(&ring, &old));
        let found = Arc::new(Mutex::new(None));
        let look = Arc::clone(&found);
        let ring = ring.looking_again(move || look.lock().unwrap().take());
        assert_eq!(ring.learn(&rows, Instant::now()), Err(other));
        *found.lock().unwrap() = Some(next.copy());
        assert_eq!(ring.learn(&rows, Instant::now()), Ok(true));
        let both = [active(&rows[0], false), active(&rows[1], true)];
        assert!(opens(&ring, &sealed_by(&Ring::open(CLUSTER, &next, &both).unwrap())));
        assert!(opens(&ring, &old));
    }
}
