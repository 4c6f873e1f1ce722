//! The tail, and how soon it wakes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_accounts::keyring::{Keyring, Snapshot, Standing};
use countersign_accounts::seal::Ring;
use countersign_store::{Access, Health, Store, tail};
use tokio::sync::{oneshot, watch};

use crate::kit::*;

on_both_engines! {
    a_tail_follows_what_another_process_writes
    a_tail_starts_from_the_full_state
    a_forked_log_brings_no_key_back
    a_secret_that_cannot_be_opened_leaves_one_key_out
    a_follower_is_woken
}

/// A tail, running.
struct Following {
    keyring: Arc<Keyring>,
    health: watch::Receiver<Health>,
    _stop: oneshot::Sender<()>,
}

fn follow(store: &Store, ring: &Arc<Ring>) -> Following {
    let keyring = Arc::new(Keyring::new(Snapshot::empty()));
    let (told, health) = watch::channel(Health::default());
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    tokio::spawn(tail(store.clone(), Arc::clone(ring), Arc::clone(&keyring), told, stopped));
    Following { keyring, health, _stop: stop }
}

impl Following {
    /// Waits until the keyring is as it should be.
    async fn until(&self, what: &str, is: impl Fn(&Snapshot) -> bool) {
        let since = Instant::now();
        while !is(&self.keyring.snapshot()) {
            assert!(since.elapsed() < Duration::from_secs(20), "{what}: {:?}", self.health.borrow());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn standing(&self, id: &str) -> Option<Standing> {
        self.keyring.snapshot().get(id).map(|key| key.standing)
    }
}

async fn a_tail_follows_what_another_process_writes(place: Place) {
    let here = place.open().await;
    let there = Store::open(&place.url, Access::Existing).await.unwrap();
    let ring = ring(here.cluster());
    let following = follow(&here, &ring);
    let mut last = there.commit(asked(vec![opened("acc_1", 500)])).await.unwrap();
    for n in 0..100 {
        let id = format!("K{n}");
        there.commit(sealed_by(&ring, asked(vec![created("acc_1", &id)]))).await.unwrap();
        last = make(&there, disabled("acc_1", &id)).await.unwrap();
    }
    following.until("the last change", |snapshot| snapshot.revision() == last).await;
    let snapshot = following.keyring.snapshot();
    assert_eq!(snapshot.len(), 100);
    assert!(snapshot.iter().all(|key| key.standing == Standing::Disabled), "no disable is lost");
    drop(snapshot);
    let mut health = following.health.clone();
    let health =
        health.wait_for(|health| health.revision == last && health.current_at.is_some()).await.unwrap();
    assert_eq!(health.error, None);
}

async fn a_tail_starts_from_the_full_state(place: Place) {
    let store = place.open().await;
    let ring = ring(store.cluster());
    make(&store, opened("acc_1", 500)).await.unwrap();
    store.commit(sealed_by(&ring, asked(vec![created("acc_1", "A")]))).await.unwrap();
    let last = make(&store, disabled("acc_1", "A")).await.unwrap();
    // What the log no longer says, the rows still do.
    place.raw("UPDATE change SET body = '{}' WHERE seq < 3").await;
    let following = follow(&store, &ring);
    following.until("the full state", |snapshot| snapshot.revision() == last).await;
    assert_eq!(following.standing("A"), Some(Standing::Disabled));
    let last = make(&store, enabled("acc_1", "A")).await.unwrap();
    following.until("what follows", |snapshot| snapshot.revision() == last).await;
    assert_eq!(following.standing("A"), Some(Standing::Enabled));
}

async fn a_forked_log_brings_no_key_back(place: Place) {
    let store = place.open().await;
    let ring = ring(store.cluster());
    make(&store, opened("acc_1", 500)).await.unwrap();
    for id in ["DISABLED", "DELETED", "ENABLED"] {
        store.commit(sealed_by(&ring, asked(vec![created("acc_1", id)]))).await.unwrap();
    }
    make(&store, disabled("acc_1", "DELETED")).await.unwrap();
    make(&store, deleted("acc_1", "DELETED")).await.unwrap();
    let last = make(&store, disabled("acc_1", "DISABLED")).await.unwrap();
    let following = follow(&store, &ring);
    following.until("the log so far", |snapshot| snapshot.revision() == last).await;

    // A backup from before the keys were disabled, in which the history went another way.
    place
        .raw(
            "UPDATE access_key SET status = 'enabled', deleted = NULL; UPDATE change SET tag = 7 WHERE seq = 7; \
             DELETE FROM change WHERE seq = 8",
        )
        .await;
    following.until("the fork", |snapshot| snapshot.revision().tag == 7).await;
    assert_eq!(following.standing("DISABLED"), Some(Standing::Disabled));
    assert_eq!(following.standing("DELETED"), Some(Standing::Disabled), "refused");
    assert_eq!(following.standing("ENABLED"), Some(Standing::Enabled));

    // Somebody decides.
    make(&store, disabled("acc_1", "DISABLED")).await.unwrap();
    let last = make(&store, enabled("acc_1", "DISABLED")).await.unwrap();
    following.until("the decision", |snapshot| snapshot.revision() == last).await;
    assert_eq!(following.standing("DISABLED"), Some(Standing::Enabled));
    assert_eq!(following.standing("DELETED"), Some(Standing::Disabled));
}

async fn a_secret_that_cannot_be_opened_leaves_one_key_out(place: Place) {
    let store = place.open().await;
    let ring = ring(store.cluster());
    make(&store, opened("acc_1", 500)).await.unwrap();
    store.commit(sealed_by(&ring, asked(vec![created("acc_1", "A")]))).await.unwrap();
    let following = follow(&store, &ring);
    following.until("the first key", |snapshot| snapshot.len() == 1).await;

    make(&store, created("acc_1", "BROKEN")).await.unwrap();
    let last = make(&store, disabled("acc_1", "A")).await.unwrap();
    following.until("the disable after it", |snapshot| snapshot.revision() == last).await;
    assert_eq!(following.standing("A"), Some(Standing::Disabled));
    assert_eq!(following.standing("BROKEN"), None);
    let mut health = following.health.clone();
    health
        .wait_for(|health| health.error.as_ref().is_some_and(|error| error.contains("`BROKEN`")))
        .await
        .unwrap();

    let from_rows = follow(&store, &ring);
    from_rows
        .until("the same from rows", |snapshot| snapshot.revision() == last && snapshot.len() == 1)
        .await;
    let mut health = from_rows.health.clone();
    health
        .wait_for(|health| health.error.as_ref().is_some_and(|error| error.contains("`BROKEN`")))
        .await
        .unwrap();
}

async fn a_follower_is_woken(place: Place) {
    let here = place.open().await;
    let there = Store::open(&place.url, Access::Existing).await.unwrap();
    let mut quickest = Duration::MAX;
    let mut wakes = here.wakes();
    tokio::time::sleep(Duration::from_millis(600)).await;
    for n in 0..8 {
        // Take what is left of the last round, then begin a wait of its own.
        wakes.next().await;
        let since = Instant::now();
        let (_, committed) = tokio::join!(wakes.next(), make(&there, opened(&format!("acc_{n}"), 1)));
        committed.unwrap();
        quickest = quickest.min(since.elapsed());
    }
    assert!(quickest < Duration::from_millis(150), "sooner than the next look: {quickest:?}");

    // Nothing happens, and it returns all the same.
    let since = Instant::now();
    here.woken().await;
    here.woken().await;
    assert!(since.elapsed() < Duration::from_secs(10));
}
