//! Readiness while the store is away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_accounts::random;
use countersign_accounts::seal::MasterKey;
use countersign_control::admin::{Admin, Readiness};
use countersign_control::app::ring;
use countersign_control::node::Node;
use countersign_control::state::Settings;
use countersign_store::{Access, Store};
use http::Method;
use tempfile::TempDir;

async fn eventually(admin: &Admin, what: impl Fn(&Readiness) -> bool) -> Readiness {
    let began = Instant::now();
    loop {
        let readiness = admin.readiness();
        if what(&readiness) {
            return readiness;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "in vain: {readiness:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_node_is_ready_without_its_store_for_as_long_as_its_keyring_may_be_old() {
    let directory = TempDir::new().unwrap();
    let url = format!("sqlite://{}/store.db", directory.path().display());
    let store = Store::open(&url, Access::Create).await.unwrap();
    let master = MasterKey::generate(&mut random::from_system());
    let ring = ring::open(&store, &master, &mut random::from_system()).await.unwrap();

    let admin = Arc::new(Admin::default());
    assert!(!admin.readiness().ready, "there never was a keyring");
    let node = Node::start(store.clone(), ring, Settings::at("/api")).await.unwrap();
    admin.tell_of(&node);
    let fresh = eventually(&admin, |readiness| readiness.ready && readiness.error.is_none()).await;
    assert!(fresh.age_seconds.unwrap() < 1.0, "{fresh:?}");
    // It stays current though nothing changes.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(admin.readiness().age_seconds.unwrap() < 1.0, "{:?}", admin.readiness());

    store.close().await;
    let away = eventually(&admin, |readiness| readiness.age_seconds > Some(1.2)).await;
    assert!(away.ready && away.error.is_some(), "{away:?}");
    let answer = |path| admin.answer(&Method::GET, path).status().as_u16();
    assert_eq!([answer("/livez"), answer("/readyz"), answer("/metrics")], [200, 200, 200]);

    admin.set_max_age(Some(Duration::from_secs(1)));
    assert!(!admin.readiness().ready);
    assert_eq!([answer("/livez"), answer("/readyz"), answer("/metrics")], [200, 503, 200]);
    admin.set_max_age(None);
    assert!(admin.readiness().ready);
    admin.drain();
    assert_eq!(admin.readiness().error.as_deref(), Some("stopping"));
    assert_eq!([answer("/livez"), answer("/readyz"), answer("/metrics")], [200, 503, 200]);
}
