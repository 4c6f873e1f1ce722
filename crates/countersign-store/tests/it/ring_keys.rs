//! Ring keys: replaced one by one, while a node follows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::AccessKeySecret;
use countersign_accounts::access_key::Description;
use countersign_accounts::change::Change;
use countersign_accounts::factor::FactorKind;
use countersign_accounts::id::FactorId;
use countersign_accounts::keyring::{Keyring, Snapshot, Standing};
use countersign_accounts::random;
use countersign_accounts::seal::{MasterKey, Ring, RingKey, SealedColumn, SealedRingKey};
use countersign_store::{
    Access, Commit, Conflict, Health, Resealed, SealedText, Secret, Store, StoreError, tail,
};
use tokio::sync::{oneshot, watch};

use crate::kit::*;

on_both_engines! {
    ring_keys_are_added_activated_and_retired
    ring_keys_go_under_another_master_key_together
    a_secret_is_resealed_only_where_it_still_stands
    what_a_retired_ring_key_seals_is_not_taken
    every_sealed_column_counts_and_is_sealed_again
    a_tail_opens_what_ring_keys_seal_that_it_has_not_seen
    a_tail_lets_in_what_it_could_not_open_before
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> Conflict {
    match outcome.unwrap_err() {
        StoreError::Conflict(conflict) => conflict,
        error => panic!("{error}"),
    }
}

/// The master key of a store, and changes to its ring as the program makes them.
struct Rings {
    store: Store,
    master: MasterKey,
}

impl Rings {
    /// A store with ring key 1 and the account `acc_1`.
    async fn new(store: &Store) -> Self {
        let rings = Self { store: store.clone(), master: MasterKey::generate(&mut random::from_system()) };
        store.add_first_ring_key(&rings.row(1, true)).await.unwrap();
        make(store, opened("acc_1", 10_000)).await.unwrap();
        rings
    }

    fn row(&self, id: u32, active: bool) -> SealedRingKey {
        let random = &mut random::from_system();
        RingKey::generate(id, random).seal(self.store.cluster(), &self.master, active, random)
    }

    async fn add(&self, id: u32) {
        self.store.add_ring_key(&self.row(id, false)).await.unwrap();
    }

    /// The ring as it is now.
    async fn now(&self) -> Ring {
        Ring::open(self.store.cluster(), &self.master, &self.store.ring_keys().await.unwrap()).unwrap()
    }

    async fn create(&self, id: &str) {
        let ring = self.now().await;
        self.store.commit(sealed_by(&ring, asked(vec![created("acc_1", id)]))).await.unwrap();
    }

    async fn reseal(&self, by: u32) -> u64 {
        let ring = self.now().await;
        let mut replaced = 0;
        for column in SealedColumn::ALL {
            let page = self.store.sealed_texts(column, "", 10_000).await.unwrap();
            let resealed: Vec<_> = page
                .into_iter()
                .filter(|text| text.sealed.ring_key() != Some(by))
                .map(|SealedText { id, owner, sealed: before }| {
                    let text = ring.open_text(column, &id, &owner, &before).unwrap();
                    let after = ring.seal_text(column, &id, &owner, &text, &mut random::from_system());
                    Resealed { id, before, after }
                })
                .collect();
            replaced += self.store.reseal(column, by, &resealed).await.unwrap();
        }
        replaced
    }

    async fn secrets(&self) -> BTreeMap<Option<u32>, u64> {
        self.store.secrets_by_ring_key().await.unwrap()
    }
}

async fn ring_keys_are_added_activated_and_retired(place: Place) {
    let store = place.open().await;
    let rings = Rings::new(&store).await;
    let first = store.ring_keys().await.unwrap();
    rings.create("A").await;

    // Neither an id that is not above all others, nor one under another master key.
    assert_eq!(refusal(store.add_ring_key(&rings.row(1, false)).await), Conflict::RingKeysChanged);
    let other = SealedRingKey { master_key: "0123456789abcdef".into(), ..rings.row(2, false) };
    assert_eq!(refusal(store.add_ring_key(&other).await), Conflict::RingKeysChanged);
    assert_eq!(store.ring_keys().await.unwrap(), first);

    // What is added does not seal, whatever its row said.
    store.add_ring_key(&rings.row(2, true)).await.unwrap();
    let states = async || -> Vec<_> {
        store.ring_keys().await.unwrap().iter().map(|row| (row.id, row.active)).collect()
    };
    assert_eq!(states().await, [(1, true), (2, false)]);
    rings.create("B").await;
    assert_eq!(rings.secrets().await, BTreeMap::from([(Some(1), 2)]));

    assert_eq!(refusal(store.activate_ring_key(3).await), Conflict::NoSuchRingKey(3));
    assert_eq!(states().await, [(1, true), (2, false)], "and one is active still");
    store.activate_ring_key(2).await.unwrap();
    store.activate_ring_key(2).await.unwrap();
    assert_eq!(states().await, [(1, false), (2, true)]);
    rings.create("C").await;
    assert_eq!(rings.secrets().await, BTreeMap::from([(Some(1), 2), (Some(2), 1)]));

    assert_eq!(refusal(store.retire_ring_key(1).await), Conflict::RingKeyInUse(1, 2));
    assert_eq!(refusal(store.retire_ring_key(2).await), Conflict::RingKeyActive(2));
    assert_eq!(refusal(store.retire_ring_key(3).await), Conflict::NoSuchRingKey(3));
    assert_eq!(rings.reseal(2).await, 2);
    store.retire_ring_key(1).await.unwrap();
    assert_eq!(states().await, [(2, true)]);
    assert_eq!(refusal(store.retire_ring_key(2).await), Conflict::RingKeyActive(2));

    place.raw("UPDATE access_key SET secret = 'altered' WHERE id = 'A'").await;
    assert_eq!(rings.secrets().await, BTreeMap::from([(None, 1), (Some(2), 2)]));
}

async fn ring_keys_go_under_another_master_key_together(place: Place) {
    let store = place.open().await;
    let rings = Rings::new(&store).await;
    rings.add(2).await;
    rings.create("A").await;
    let (before, random) = (store.ring_keys().await.unwrap(), &mut random::from_system());
    let next = MasterKey::generate(random);
    let mut after = Vec::new();
    for row in &before {
        let key = RingKey::open(store.cluster(), &rings.master, row).unwrap();
        after.push(key.seal(store.cluster(), &next, row.active, random));
    }
    let misuse = store.reseal_ring_keys(&before, &after[..1]).await.unwrap_err();
    assert!(matches!(misuse, StoreError::Misuse(_)), "{misuse}");
    rings.add(3).await;
    let now = store.ring_keys().await.unwrap();
    assert_eq!(refusal(store.reseal_ring_keys(&before, &after).await), Conflict::RingKeysChanged);
    assert_eq!(store.ring_keys().await.unwrap(), now, "all or none");
    store.retire_ring_key(3).await.unwrap();
    store.reseal_ring_keys(&before, &after).await.unwrap();
    assert_eq!(store.ring_keys().await.unwrap(), after);
    let ring = Ring::open(store.cluster(), &next, &after).unwrap();
    let (id, owner, sealed) = store.sealed_secrets(None, 1).await.unwrap().remove(0);
    assert_eq!(ring.open_secret(&id, &owner, &sealed).unwrap().expose(), "secret of A");
}

async fn a_secret_is_resealed_only_where_it_still_stands(place: Place) {
    let store = place.open().await;
    let rings = Rings::new(&store).await;
    let ring = rings.now().await;
    // More than go into one transaction.
    let ids: Vec<_> = (0..1100).map(|n| format!("K{n:04}")).collect();
    for some in ids.chunks(100) {
        let changes = some.iter().map(|id| created("acc_1", id)).collect();
        store.commit(sealed_by(&ring, asked(changes))).await.unwrap();
    }
    rings.add(2).await;
    let last = store.full_state().await.unwrap().revision;
    assert_eq!(rings.reseal(2).await, 0, "it is not active yet");
    store.activate_ring_key(2).await.unwrap();

    // Rows that were altered since they were read are left alone.
    let read = store.sealed_secrets(None, 1).await.unwrap();
    place.raw("UPDATE access_key SET secret = 'another' WHERE id = 'K0000'").await;
    let (id, owner, before) = read[0].clone();
    let after =
        rings.now().await.seal_secret(&id, &owner, &AccessKeySecret::new("s"), &mut random::from_system());
    let stale = Resealed { id: id.to_string(), before: before.clone(), after };
    assert_eq!(store.reseal(SealedColumn::AccessKeySecret, 2, &[stale]).await.unwrap(), 0);
    place.raw(&format!("UPDATE access_key SET secret = '{}' WHERE id = 'K0000'", before.as_str())).await;

    assert_eq!(rings.reseal(2).await, 1100);
    assert_eq!(rings.secrets().await, BTreeMap::from([(Some(2), 1100)]));
    let now = rings.now().await;
    for (id, owner, sealed) in store.sealed_secrets(None, 2000).await.unwrap() {
        assert_eq!(now.open_secret(&id, &owner, &sealed).unwrap().expose(), format!("secret of {id}"));
    }
    assert_eq!(store.full_state().await.unwrap().revision, last, "it is nothing that the log speaks of");
}

async fn what_a_retired_ring_key_seals_is_not_taken(place: Place) {
    let store = place.open().await;
    let rings = Rings::new(&store).await;
    let long_ago = rings.now().await;
    rings.add(2).await;
    store.activate_ring_key(2).await.unwrap();
    let commit = |id: &str| store.commit(sealed_by(&long_ago, asked(vec![created("acc_1", id)])));
    commit("A").await.unwrap();
    assert_eq!(rings.reseal(2).await, 1);
    store.retire_ring_key(1).await.unwrap();
    assert_eq!(conflict(commit("B").await), Conflict::SealedByRetiredKey);
    assert!(store.find_access_key(&key("B")).await.unwrap().is_none());
    rings.create("B").await;
}

/// A commit of a second factor and a real name, sealed by this ring.
fn factor_and_name(ring: &Ring) -> Commit {
    let (owner, factor, random) =
        (account("acc_1"), FactorId::from_text("fac_1"), &mut random::from_system());
    let changes = vec![
        Change::SecondFactorAdded { account: owner.clone(), factor: factor.clone(), kind: FactorKind::Totp },
        Change::RealNameSubmitted { account: owner.clone() },
    ];
    let secret = ring.seal_text(SealedColumn::SecondFactorSecret, "fac_1", &owner, b"secret", random);
    let name = ring.seal_text(SealedColumn::RealName, "acc_1", &owner, b"name", random);
    let secrets = vec![
        Secret::Factor { id: factor, name: Description::default(), sealed: secret, step: 0 },
        Secret::RealName(owner, name),
    ];
    Commit { secrets, ..asked(changes) }
}

async fn every_sealed_column_counts_and_is_sealed_again(place: Place) {
    let store = place.open().await;
    let rings = Rings::new(&store).await;
    let long_ago = rings.now().await;
    rings.create("A").await;
    store.commit(factor_and_name(&long_ago)).await.unwrap();
    assert_eq!(rings.secrets().await, BTreeMap::from([(Some(1), 3)]));
    rings.add(2).await;
    store.activate_ring_key(2).await.unwrap();
    // Each column alone keeps the ring key that it needs.
    let now = rings.now().await;
    for (left, column) in [
        (3, SealedColumn::AccessKeySecret),
        (2, SealedColumn::SecondFactorSecret),
        (1, SealedColumn::RealName),
    ] {
        assert_eq!(refusal(store.retire_ring_key(1).await), Conflict::RingKeyInUse(1, left));
        let text = store.sealed_texts(column, "", 9).await.unwrap().remove(0);
        let opened = now.open_text(column, &text.id, &text.owner, &text.sealed).unwrap();
        let after = now.seal_text(column, &text.id, &text.owner, &opened, &mut random::from_system());
        let resealed = Resealed { id: text.id, before: text.sealed, after };
        assert_eq!(
            store.reseal(column, 1, std::slice::from_ref(&resealed)).await.unwrap(),
            0,
            "not the active one"
        );
        assert_eq!(store.reseal(column, 2, std::slice::from_ref(&resealed)).await.unwrap(), 1);
        assert_eq!(store.reseal(column, 2, &[resealed]).await.unwrap(), 0, "another text stands there");
    }
    store.retire_ring_key(1).await.unwrap();
    for (column, text) in [(SealedColumn::SecondFactorSecret, "secret"), (SealedColumn::RealName, "name")] {
        let read = store.sealed_texts(column, "", 9).await.unwrap().remove(0);
        assert_eq!(
            now.open_text(column, &read.id, &read.owner, &read.sealed).unwrap().as_slice(),
            text.as_bytes()
        );
    }
    // What the retired key seals is taken no more.
    let removed =
        Change::SecondFactorRemoved { account: account("acc_1"), factor: FactorId::from_text("fac_1") };
    make(&store, removed).await.unwrap();
    for part in 0..2 {
        let mut old = factor_and_name(&long_ago);
        (old.changes, old.secrets) = (vec![old.changes.remove(part)], vec![old.secrets.remove(part)]);
        assert_eq!(conflict(store.commit(old).await), Conflict::SealedByRetiredKey);
    }
}

/// A node that follows, with the ring of the time when it started.
struct Node {
    keyring: Arc<Keyring>,
    ring: Arc<Ring>,
    health: watch::Receiver<Health>,
    _stop: oneshot::Sender<()>,
}

impl Node {
    async fn start(place: &Place, ring: Ring) -> Self {
        let store = Store::open(&place.url, Access::Existing).await.unwrap();
        let (keyring, ring) = (Arc::new(Keyring::new(Snapshot::empty())), Arc::new(ring));
        let (told, health) = watch::channel(Health::default());
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        tokio::spawn(tail(store, Arc::clone(&ring), Arc::clone(&keyring), told, stopped));
        Self { keyring, ring, health, _stop: stop }
    }

    async fn until(&self, what: &str, is: impl Fn(&Snapshot) -> bool) {
        let since = Instant::now();
        while !is(&self.keyring.snapshot()) {
            let health = self.health.borrow().clone();
            assert!(since.elapsed() < Duration::from_secs(20), "{what}: {health:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn a_tail_opens_what_ring_keys_seal_that_it_has_not_seen(place: Place) {
    let store = place.open().await;
    let rings = Rings::new(&store).await;
    rings.create("A").await;
    let node = Node::start(&place, rings.now().await).await;
    node.until("the first key", |snapshot| snapshot.len() == 1).await;
    let (old_key, old_mac) = node.ring.mac("token", b"old");

    // Ring keys come and go as fast as the database takes it, with a key created under each.
    for id in 2..12 {
        rings.add(id).await;
        store.activate_ring_key(id).await.unwrap();
        rings.create(&format!("K{id}")).await;
        if id > 2 {
            rings.reseal(id).await;
            store.retire_ring_key(id - 1).await.unwrap();
        }
        let known = format!("K{id}");
        let missing = node.health.borrow().error.clone();
        assert_eq!(missing, None, "before {known}");
    }
    node.until("every key", |snapshot| snapshot.len() == 11).await;
    let mut health = node.health.clone();
    let last = store.full_state().await.unwrap().revision;
    let health = health.wait_for(|health| health.revision == last).await.unwrap().clone();
    assert_eq!(health.error, None);

    // Key 1 is there still, so its tokens hold. The node comes to make them under the newest.
    assert!(node.ring.proves(old_key, "token", b"old", &old_mac));
    let since = Instant::now();
    while node.ring.mac("token", b"new").0 != 11 {
        assert!(since.elapsed() < Duration::from_secs(20), "{:?}", node.ring);
        assert!(node.ring.proves(old_key, "token", b"old", &old_mac));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    store.retire_ring_key(1).await.unwrap();
    let since = Instant::now();
    while node.ring.proves(old_key, "token", b"old", &old_mac) {
        assert!(since.elapsed() < Duration::from_secs(20), "{:?}", node.ring);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn a_tail_lets_in_what_it_could_not_open_before(place: Place) {
    let store = place.open().await;
    let rings = Rings::new(&store).await;
    rings.create("A").await;
    rings.create("B").await;
    rings.add(2).await;
    let sound = store.ring_keys().await.unwrap()[1].sealed.as_str().to_owned();
    store.activate_ring_key(2).await.unwrap();
    let ring = rings.now().await;
    place.raw("UPDATE ring_key SET sealed = 'AAAA' WHERE id = 2").await;
    // A node that has never seen ring key 2, and finds its row altered.
    let node = Node::start(&place, ring_one_of(&rings).await).await;
    for id in ["C", "D"] {
        store.commit(sealed_by(&ring, asked(vec![created("acc_1", id)]))).await.unwrap();
    }
    let last = make(&store, disabled("acc_1", "D")).await.unwrap();
    node.until("the log, less what cannot be opened", |snapshot| snapshot.revision() == last).await;
    assert_eq!(node.keyring.snapshot().len(), 2);
    let mut health = node.health.clone();
    health
        .wait_for(|health| health.error.as_ref().is_some_and(|error| error.contains("ring key 2")))
        .await
        .unwrap();

    place.raw(&format!("UPDATE ring_key SET sealed = '{sound}' WHERE id = 2")).await;
    node.until("the keys that were left out", |snapshot| snapshot.len() == 4).await;
    let standing = |id: &str| node.keyring.snapshot().get(id).map(|key| key.standing);
    assert_eq!(standing("C"), Some(Standing::Enabled));
    assert_eq!(standing("D"), Some(Standing::Disabled));
    node.health.clone().wait_for(|health| health.error.is_none()).await.unwrap();
}

/// The ring with its first key alone.
async fn ring_one_of(rings: &Rings) -> Ring {
    let mut rows = rings.store.ring_keys().await.unwrap();
    rows.retain(|row| row.id == 1);
    rows[0].active = true;
    Ring::open(rings.store.cluster(), &rings.master, &rows).unwrap()
}
