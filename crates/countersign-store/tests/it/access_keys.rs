//! AccessKeys: what may be done to them, and when.

use countersign::Timestamp;
use countersign_accounts::access_key::{
    AccessKey, AccessKeyKind, AccessKeyStatus, Description, KeyMaterial, LastUsed, RECYCLE_BIN,
};
use countersign_accounts::change::{Change, Revision};
use countersign_accounts::keyring::{Snapshot, Standing};
use countersign_accounts::network::Networks;
use countersign_accounts::seal::SealError;
use countersign_store::{Conflict, ListedAccessKey, Onward, Store, StoreError};

use crate::kit::*;

on_both_engines! {
    what_may_be_done_in_each_standing
    another_accounts_key_is_not_there
    keys_are_listed_as_they_were_created
    the_limit_holds
    a_successor_may_exceed_the_limit_by_one
    the_recycle_bin_lasts_thirty_days
    a_purged_key_leaves_nothing_and_its_id_is_free
    last_use_moves_forward_only
    sealed_secrets_come_in_pages
    keys_that_age_come_in_pages
    a_public_key_and_a_disabled_one_are_told_as_such
    what_was_purged_is_remembered_by_the_log
}

async fn status(store: &Store, id: &str) -> AccessKeyStatus {
    store.find_access_key(&key(id)).await.unwrap().unwrap().key.status
}

async fn what_may_be_done_in_each_standing(place: Place) {
    use AccessKeyStatus::*;
    let store = place.open().await;
    make(&store, opened("acc_1", 3)).await.unwrap();
    make(&store, created("acc_1", "K")).await.unwrap();
    assert_eq!(status(&store, "K").await, Enabled);
    let k = || key("K");

    assert_eq!(conflict(make(&store, enabled("acc_1", "K")).await), Conflict::AlreadyEnabled(k()));
    assert_eq!(conflict(make(&store, deleted("acc_1", "K")).await), Conflict::StillEnabled(k()));
    assert_eq!(conflict(make(&store, restored("acc_1", "K")).await), Conflict::NotDeleted(k()));
    assert_eq!(conflict(make(&store, purged("acc_1", "K")).await), Conflict::NotDeleted(k()));

    make(&store, disabled("acc_1", "K")).await.unwrap();
    assert_eq!(status(&store, "K").await, Disabled);
    assert_eq!(conflict(make(&store, disabled("acc_1", "K")).await), Conflict::AlreadyDisabled(k()));
    assert_eq!(conflict(make(&store, restored("acc_1", "K")).await), Conflict::NotDeleted(k()));
    make(&store, enabled("acc_1", "K")).await.unwrap();
    make(&store, disabled("acc_1", "K")).await.unwrap();

    make(&store, deleted("acc_1", "K")).await.unwrap();
    assert_eq!(status(&store, "K").await, Deleted(at(START)));
    assert_eq!(conflict(make(&store, enabled("acc_1", "K")).await), Conflict::InRecycleBin(k()));
    assert_eq!(conflict(make(&store, disabled("acc_1", "K")).await), Conflict::InRecycleBin(k()));
    assert_eq!(conflict(make(&store, deleted("acc_1", "K")).await), Conflict::AlreadyDeleted(k()));
    assert_eq!(conflict(make(&store, purged("acc_1", "K")).await), Conflict::StillInRecycleBin(k()));

    make(&store, restored("acc_1", "K")).await.unwrap();
    assert_eq!(status(&store, "K").await, Disabled, "restored, it is disabled");
    let done = [Conflict::AlreadyEnabled(k()), Conflict::AlreadyDisabled(k()), Conflict::AlreadyDeleted(k())];
    assert!(done.iter().all(Conflict::is_done_already));
}

async fn another_accounts_key_is_not_there(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 3)).await.unwrap();
    make(&store, opened("acc_2", 3)).await.unwrap();
    make(&store, created("acc_1", "K")).await.unwrap();
    let ways = [disabled, enabled, deleted, restored, purged];
    for (owner, id) in [("acc_2", "K"), ("acc_1", "L"), ("acc_3", "K")] {
        for way in ways {
            let none = Conflict::NoSuchAccessKey { account: account(owner), access_key: key(id) };
            assert_eq!(conflict(make(&store, way(owner, id)).await), none);
        }
    }
    assert_eq!(conflict(make(&store, created("acc_2", "K")).await), Conflict::AccessKeyIdTaken(key("K")));
    assert_eq!(
        conflict(make(&store, created("acc_3", "L")).await),
        Conflict::NoSuchAccount(account("acc_3"))
    );
    assert_eq!(log(&store).await.len(), 3);
}

async fn keys_are_listed_as_they_were_created(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 9)).await.unwrap();
    for (millis, id) in [(2, "Z"), (1, "M"), (1, "a"), (1, "B")] {
        make_at(&store, START + millis, created("acc_1", id)).await.unwrap();
    }
    let expiring = Change::AccessKeyCreated {
        account: account("acc_1"),
        access_key: key("X"),
        description: Description::new("träge — 夜").unwrap(),
        expires: Some(at(START + DAY)),
        replaces: None,
        networks: Networks::from_text("192.0.2.0/24 2001:db8::/32").unwrap(),
        kind: countersign_accounts::access_key::AccessKeyKind::Secret,
        disabled: false,
    };
    make_at(&store, START + 3, expiring).await.unwrap();
    let listed = store.list_access_keys(&account("acc_1")).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|listed| listed.key.id.as_str()).collect();
    assert_eq!(ids, ["B", "M", "a", "Z", "X"]);
    let expected = AccessKey {
        id: key("X"),
        account: account("acc_1"),
        kind: AccessKeyKind::Secret,
        description: Description::new("träge — 夜").unwrap(),
        created: at(START + 3),
        expires: Some(at(START + DAY)),
        networks: Networks::from_text("2001:db8::/32 192.0.2.0/24").unwrap(),
        status: AccessKeyStatus::Enabled,
    };
    assert_eq!(listed[4], ListedAccessKey { key: expected, last_used: None });
    assert_eq!(store.find_access_key(&key("X")).await.unwrap().as_ref(), Some(&listed[4]));
    assert!(store.find_access_key(&key("b")).await.unwrap().is_none(), "case matters");
    let full = store.full_state().await.unwrap();
    let told = |change: &Change| match change {
        Change::AccessKeyCreated { access_key, networks, .. } => {
            Some((access_key.to_string(), networks.to_string()))
        }
        _ => None,
    };
    let networks: Vec<_> =
        full.changes.iter().filter_map(|(change, _)| told(change)).filter(|(_, n)| !n.is_empty()).collect();
    assert_eq!(networks, [("X".to_owned(), "192.0.2.0/24 2001:db8::/32".to_owned())]);
    place.raw("UPDATE access_key SET networks = 'anywhere' WHERE id = 'X'").await;
    let altered = StoreError::Inconsistent { table: "access_key", column: "networks", row: "X".into() };
    assert_eq!(store.find_access_key(&key("X")).await.unwrap_err(), altered);
    assert_eq!(store.full_state().await.unwrap_err(), altered);
}

async fn the_limit_holds(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 2)).await.unwrap();
    make(&store, opened("acc_2", 2)).await.unwrap();
    make(&store, created("acc_2", "OTHER")).await.unwrap();
    make(&store, created("acc_1", "A")).await.unwrap();
    make(&store, created("acc_1", "B")).await.unwrap();
    let full = Conflict::AccessKeyLimit { limit: 2 };
    assert_eq!(conflict(make(&store, created("acc_1", "C")).await), full);
    make(&store, disabled("acc_1", "A")).await.unwrap();
    assert_eq!(conflict(make(&store, created("acc_1", "C")).await), full, "a disabled key counts");
    make(&store, deleted("acc_1", "A")).await.unwrap();
    make(&store, created("acc_1", "C")).await.unwrap();
    assert_eq!(conflict(make(&store, restored("acc_1", "A")).await), full);
    make(&store, disabled("acc_1", "B")).await.unwrap();
    make(&store, deleted("acc_1", "B")).await.unwrap();
    make(&store, restored("acc_1", "A")).await.unwrap();
}

async fn a_successor_may_exceed_the_limit_by_one(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    make(&store, opened("acc_2", 1)).await.unwrap();
    make(&store, created("acc_1", "A")).await.unwrap();
    make(&store, created("acc_2", "OTHER")).await.unwrap();
    let full = Conflict::AccessKeyLimit { limit: 1 };
    for no_predecessor in [None, Some("OTHER"), Some("NONE")] {
        let met = conflict(make(&store, replacing("acc_1", "B", no_predecessor)).await);
        assert_eq!(met, full, "{no_predecessor:?}");
    }
    make(&store, replacing("acc_1", "B", Some("A"))).await.unwrap();
    assert_eq!(conflict(make(&store, replacing("acc_1", "C", Some("A"))).await), full, "by one, not by two");
    make(&store, disabled("acc_1", "A")).await.unwrap();
    make(&store, deleted("acc_1", "A")).await.unwrap();
    assert_eq!(conflict(make(&store, replacing("acc_1", "C", Some("A"))).await), full, "of a deleted key");
    make(&store, replacing("acc_1", "C", Some("B"))).await.unwrap();
}

async fn the_recycle_bin_lasts_thirty_days(place: Place) {
    let store = place.open().await;
    let over = START + i64::try_from(RECYCLE_BIN.as_millis()).unwrap();
    make(&store, opened("acc_1", 3)).await.unwrap();
    for id in ["A", "B"] {
        make(&store, created("acc_1", id)).await.unwrap();
        make(&store, disabled("acc_1", id)).await.unwrap();
        make_at(&store, START, deleted("acc_1", id)).await.unwrap();
    }
    let met = conflict(make_at(&store, over, purged("acc_1", "A")).await);
    assert_eq!(met, Conflict::StillInRecycleBin(key("A")));
    let met = conflict(make_at(&store, over + 1, restored("acc_1", "A")).await);
    assert_eq!(met, Conflict::RecycleBinOver(key("A")));
    make_at(&store, over, restored("acc_1", "A")).await.unwrap();
    make_at(&store, over + 1, purged("acc_1", "B")).await.unwrap();
}

async fn a_purged_key_leaves_nothing_and_its_id_is_free(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 3)).await.unwrap();
    make(&store, opened("acc_2", 3)).await.unwrap();
    make(&store, created("acc_1", "K")).await.unwrap();
    store.note_usage(&[(key("K"), used(START, "odps"))]).await.unwrap();
    make(&store, disabled("acc_1", "K")).await.unwrap();
    make(&store, deleted("acc_1", "K")).await.unwrap();
    make_at(&store, START + 31 * DAY, purged("acc_1", "K")).await.unwrap();
    assert!(store.find_access_key(&key("K")).await.unwrap().is_none());
    assert!(store.sealed_secrets(None, 9).await.unwrap().is_empty());

    make(&store, created("acc_2", "K")).await.unwrap();
    let found = store.find_access_key(&key("K")).await.unwrap().unwrap();
    assert_eq!((found.key.account, found.last_used), (account("acc_2"), None));
    let Onward::Changes(entries) = store.changes_after(Revision::default(), 100).await.unwrap() else {
        panic!()
    };
    let sealed: Vec<_> = entries.iter().map(|entry| entry.sealed.is_some()).collect();
    assert_eq!(
        sealed,
        [false, false, false, false, false, false, true],
        "not the new secret for the old key"
    );
}

fn used(millis: i64, scheme: &str) -> LastUsed {
    LastUsed {
        at: at(millis),
        address: "192.0.2.1".into(),
        scheme: scheme.into(),
        client: "pyodps/0.12".into(),
    }
}

async fn last_use_moves_forward_only(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 100)).await.unwrap();
    for n in 0..40 {
        make(&store, created("acc_1", &format!("K{n}"))).await.unwrap();
    }
    let all: Vec<_> = (0..40).map(|n| (key(&format!("K{n}")), used(START, "odps"))).collect();
    store.note_usage(&all).await.unwrap();
    let listed = store.list_access_keys(&account("acc_1")).await.unwrap();
    assert!(listed.iter().all(|listed| listed.last_used == Some(used(START, "odps"))));

    let last = async |id: &str| store.find_access_key(&key(id)).await.unwrap().unwrap().last_used.unwrap();
    store
        .note_usage(&[(key("GONE"), used(START, "odps")), (key("K0"), used(START - 1, "early"))])
        .await
        .unwrap();
    store.note_usage(&[(key("K0"), used(START, "same"))]).await.unwrap();
    assert_eq!(last("K0").await.scheme, "odps");
    let long = LastUsed { client: "é\0".repeat(200), ..used(START + 60_000, "later") };
    store.note_usage(&[(key("K0"), long)]).await.unwrap();
    assert_eq!((last("K0").await.scheme.as_str(), last("K0").await.client), ("later", "é".repeat(128)));
    store.note_usage(&[]).await.unwrap();
    assert_eq!(log(&store).await.len(), 41, "it is not in the log");
    assert_eq!(Timestamp::from_unix_millis(START + 60_000), last("K0").await.at);
}

async fn sealed_secrets_come_in_pages(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 9)).await.unwrap();
    for id in ["b", "A", "c"] {
        make(&store, created("acc_1", id)).await.unwrap();
    }
    let first = store.sealed_secrets(None, 2).await.unwrap();
    let told: Vec<_> =
        first.iter().map(|(id, owner, sealed)| (id.as_str(), owner.as_str(), sealed.as_str())).collect();
    assert_eq!(told, [("A", "acc_1", "sealed A"), ("b", "acc_1", "sealed b")]);
    let rest = store.sealed_secrets(Some(&first[1].0), 2).await.unwrap();
    assert_eq!(rest.len(), 1);
}

async fn keys_that_age_come_in_pages(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 99)).await.unwrap();
    let expiring = |id: &str, days: Option<i64>| {
        let mut change = created("acc_1", id);
        if let Change::AccessKeyCreated { expires, .. } = &mut change {
            *expires = days.map(|days| at(START + days * DAY));
        }
        change
    };
    for (id, born, days) in [
        ("A", 0, None),
        ("B", 0, Some(3)),
        ("C", 0, Some(10)),
        ("D", 2, None),
        ("E", 2, Some(3)),
        ("F", 2, Some(2)),
        ("G", 0, None),
    ] {
        make_at(&store, START + born * DAY, expiring(id, days)).await.unwrap();
    }
    make(&store, disabled("acc_1", "G")).await.unwrap();
    let list = async |created_before, after: Option<&str>, limit| {
        let after = after.map(key);
        let (now, soon) = (at(START + 2 * DAY), at(START + 3 * DAY));
        let listed =
            store.list_ageing_access_keys(now, soon, created_before, after.as_ref(), limit).await.unwrap();
        listed.into_iter().map(|listed| listed.key.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(list(at(i64::MIN), None, 9).await, ["B", "E"]);
    assert_eq!(list(at(START), None, 9).await, ["A", "B", "C", "E"]);
    assert_eq!(list(at(START), Some("A"), 2).await, ["B", "C"]);
}

async fn a_public_key_and_a_disabled_one_are_told_as_such(place: Place) {
    let store = place.open().await;
    let ring = ring(store.cluster());
    make(&store, opened("acc_1", 9)).await.unwrap();
    let mut changes = vec![public("acc_1", "P"), created("acc_1", "S"), public("acc_1", "D")];
    if let Change::AccessKeyCreated { disabled, .. } = &mut changes[2] {
        *disabled = true;
    }
    let revision = store.commit(sealed_by(&ring, asked(changes))).await.unwrap();
    assert_eq!(revision.seq, 4, "one change for each key");
    let kind = |id: &'static str| {
        let store = &store;
        async move { store.find_access_key(&key(id)).await.unwrap().unwrap().key.kind }
    };
    assert_eq!(kind("P").await, AccessKeyKind::Public);
    assert_eq!(kind("S").await, AccessKeyKind::Secret);
    assert_eq!(status(&store, "P").await, AccessKeyStatus::Enabled);
    assert_eq!(status(&store, "D").await, AccessKeyStatus::Disabled);

    let (owner, kind, sealed) = store.sealed_material(&key("P")).await.unwrap().unwrap();
    assert_eq!((owner.as_str(), kind), ("acc_1", AccessKeyKind::Public));
    let opened = ring.open_material(&key("P"), &owner, kind, &sealed).unwrap();
    assert!(matches!(opened, KeyMaterial::Public(found) if found == public_key()));
    assert_eq!(store.sealed_material(&key("none")).await.unwrap(), None);

    let full = store.full_state().await.unwrap();
    let snapshot = Snapshot::from_full_state(full.revision, &full.changes, &ring).unwrap();
    assert_eq!(snapshot.get("P").unwrap().public_key(), Some(&public_key()));
    assert_eq!(snapshot.get("S").unwrap().public_key(), None);
    assert_eq!(snapshot.get("D").unwrap().standing, Standing::Disabled);

    // Whoever writes to the database does not make a secret of what everybody may know.
    place.raw("UPDATE access_key SET kind = 'secret' WHERE id = 'P'").await;
    let full = store.full_state().await.unwrap();
    let refused = Snapshot::from_full_state(full.revision, &full.changes, &ring).unwrap_err();
    assert_eq!(refused, SealError::OtherKind(key("P")));
    place.raw("UPDATE access_key SET kind = 'public'").await;
    let full = store.full_state().await.unwrap();
    let refused = Snapshot::from_full_state(full.revision, &full.changes, &ring).unwrap_err();
    assert_eq!(refused, SealError::OtherKind(key("S")));
}

async fn what_was_purged_is_remembered_by_the_log(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 9)).await.unwrap();
    for id in ["A", "B", "C"] {
        make(&store, created("acc_1", id)).await.unwrap();
    }
    for id in ["A", "B"] {
        make(&store, disabled("acc_1", id)).await.unwrap();
        make(&store, deleted("acc_1", id)).await.unwrap();
    }
    make_at(&store, START + 31 * DAY, purged("acc_1", "A")).await.unwrap();
    let ids = ["A", "B", "C", "D"].map(key).into();
    let gone = store.purged_among(&ids).await.unwrap();
    assert_eq!(gone, [key("A")].into());
}
