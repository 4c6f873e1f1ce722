//! Commits: all or nothing, once, in order; and what the log and the rows tell afterwards.

use countersign_accounts::change::{Actor, Change, Revision};
use countersign_accounts::seal::{Sealed, SealedRingKey};
use countersign_store::{Access, Commit, Conflict, Onward, Secret, Store, StoreError};

use crate::kit::*;

on_both_engines! {
    a_commit_of_many_changes_is_one
    a_commit_that_cannot_be_is_refused
    a_request_is_carried_out_once
    the_log_tells_who_did_what
    changes_are_listed_newest_first
    changes_come_in_pages_and_a_fork_is_told
    the_full_state_tells_the_rows
    an_altered_row_is_named
    ring_keys_begin_with_one
    a_closed_store_says_so
}

async fn a_commit_of_many_changes_is_one(place: Place) {
    let store = place.open().await;
    let all = vec![
        opened("acc_1", 2),
        project_created("acc_1", "sales"),
        created("acc_1", "A"),
        disabled("acc_1", "A"),
    ];
    let revision = store.commit(asked(all.clone())).await.unwrap();
    assert_eq!((revision.epoch, revision.seq), (1, 4));
    let recorded = log(&store).await;
    assert_eq!(recorded.iter().map(|r| r.change.clone()).collect::<Vec<_>>(), all);
    assert_eq!(recorded[3].revision, revision);

    let broken =
        vec![created("acc_1", "B"), project_created("acc_1", "more"), project_created("acc_1", "sales")];
    let met = conflict(store.commit(asked(broken)).await);
    assert_eq!(met, Conflict::ProjectTaken(project("sales")));
    assert!(store.find_access_key(&key("B")).await.unwrap().is_none());
    assert!(store.find_project(&project("more")).await.unwrap().is_none());
    assert_eq!(make(&store, created("acc_1", "B")).await.unwrap().seq, 5, "no number is lost");
}

async fn a_commit_that_cannot_be_is_refused(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 9)).await.unwrap();
    let secret = |id: &str| Secret::AccessKey(key(id), Sealed::from_text("s"));
    let create = || asked(vec![created("acc_1", "A")]);
    let misuses = [
        asked(vec![]),
        Commit { request: String::new(), ..create() },
        Commit { request: "x".repeat(257), ..create() },
        Commit { request: "a\0b".into(), ..create() },
        Commit { secrets: vec![], ..create() },
        Commit { secrets: vec![secret("B")], ..create() },
        Commit { secrets: vec![secret("A"), secret("A")], ..create() },
        Commit { secrets: vec![secret("A"), secret("B")], ..create() },
        Commit { secrets: vec![secret("A")], ..asked(vec![disabled("acc_1", "A")]) },
    ];
    for misuse in misuses {
        let told = format!("{misuse:?}");
        assert!(matches!(store.commit(misuse).await, Err(StoreError::Misuse(_))), "{told}");
    }
    assert_eq!(log(&store).await.len(), 1);
}

async fn a_request_is_carried_out_once(place: Place) {
    let store = place.open().await;
    let first = asked(vec![opened("acc_1", 2), created("acc_1", "A")]);
    let revision = store.commit(first.clone()).await.unwrap();
    make(&store, disabled("acc_1", "A")).await.unwrap();
    assert_eq!(store.commit(first.clone()).await.unwrap(), revision, "asked again, it says what it got");
    assert_eq!(log(&store).await.len(), 3);

    let other = Commit { changes: vec![opened("acc_2", 2)], secrets: vec![], ..first.clone() };
    assert_eq!(conflict(store.commit(other).await), Conflict::RequestUsed(first.request));
    assert!(store.find_account(&account("acc_2")).await.unwrap().is_none());

    // So often at once that some of them share a transaction.
    let again = asked(vec![created("acc_1", "B")]);
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (store, again) = (store.clone(), again.clone());
            tokio::spawn(async move { store.commit(again).await.unwrap() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().seq, 4);
    }
    assert_eq!(log(&store).await.len(), 4);
}

async fn the_log_tells_who_did_what(place: Place) {
    let store = place.open().await;
    let actors = [Actor::CommandLine("ops \"team\"\0".into()), Actor::Owner(account("acc_1")), Actor::System];
    for (n, by) in actors.iter().enumerate() {
        let change = opened(&format!("acc_{n}"), 1);
        store.commit(Commit { by: by.clone(), at: at(START + 7), ..asked(vec![change]) }).await.unwrap();
    }
    let log = log(&store).await;
    assert_eq!(log.iter().map(|recorded| recorded.by.clone()).collect::<Vec<_>>(), actors);
    assert_eq!(log[0].at, at(START + 7));
    assert!(log[0].request.starts_with("req_"));
    let tags: std::collections::BTreeSet<u64> = log.iter().map(|recorded| recorded.revision.tag).collect();
    assert_eq!(tags.len(), 3, "tags are random");
}

async fn changes_are_listed_newest_first(place: Place) {
    let store = place.open().await;
    for n in 0..6 {
        make(&store, opened(&format!("acc_{}", n % 6), 1)).await.unwrap();
    }
    make(&store, created("acc_2", "K")).await.unwrap();
    let numbers = async |owner: Option<&str>, before, limit| {
        let owner = owner.map(account);
        let listed = store.list_changes(owner.as_ref(), before, limit).await.unwrap();
        listed.iter().map(|recorded| recorded.revision.seq).collect::<Vec<_>>()
    };
    assert_eq!(numbers(None, None, 3).await, [7, 6, 5]);
    assert_eq!(numbers(None, Some(5), 3).await, [4, 3, 2]);
    assert_eq!(numbers(Some("acc_2"), None, 10).await, [7, 3]);
    assert_eq!(numbers(Some("acc_2"), Some(7), 10).await, [3]);
    assert_eq!(numbers(None, Some(u64::MAX), 1).await, [7]);
}

async fn after(store: &Store, revision: Revision, limit: u32) -> Option<Vec<u64>> {
    match store.changes_after(revision, limit).await.unwrap() {
        Onward::Changes(entries) => Some(entries.iter().map(|entry| entry.recorded.revision.seq).collect()),
        Onward::Forked => None,
    }
}

async fn changes_come_in_pages_and_a_fork_is_told(place: Place) {
    let store = place.open().await;
    assert_eq!(after(&store, Revision::default(), 10).await, Some(vec![]));
    let mut revisions = vec![Revision::default()];
    for n in 0..5 {
        revisions.push(make(&store, opened(&format!("acc_{n}"), 1)).await.unwrap());
    }
    assert_eq!(after(&store, revisions[0], 2).await, Some(vec![1, 2]));
    assert_eq!(after(&store, revisions[2], 2).await, Some(vec![3, 4]));
    assert_eq!(after(&store, revisions[5], 2).await, Some(vec![]));

    let three = revisions[3];
    assert_eq!(after(&store, Revision { tag: three.tag ^ 1, ..three }, 2).await, None);
    assert_eq!(after(&store, Revision { epoch: 2, ..three }, 2).await, None);
    assert_eq!(after(&store, Revision { seq: 6, ..three }, 2).await, None, "beyond the end");
    assert_eq!(after(&store, Revision { seq: u64::MAX, ..three }, 2).await, None);

    place.raw("DELETE FROM change WHERE seq = 4").await;
    let gap = store.changes_after(three, 9).await.unwrap_err();
    assert_eq!(gap, StoreError::Inconsistent { table: "change", column: "seq", row: "5".into() });
    assert_eq!(after(&store, revisions[4], 2).await, None);
}

async fn the_full_state_tells_the_rows(place: Place) {
    let store = place.open().await;
    let empty = store.full_state().await.unwrap();
    assert_eq!((empty.revision, empty.changes.len()), (Revision { epoch: 1, seq: 0, tag: 0 }, 0));
    assert_eq!(after(&store, empty.revision, 9).await, Some(vec![]));

    let mut last = Revision::default();
    let suspended = Change::AccountSuspended { account: account("acc_1") };
    for change in [
        opened("acc_2", 4),
        opened("acc_1", 9),
        project_created("acc_2", "sales"),
        // Keys are told in no order; made in this one, both engines tell them in it.
        created("acc_1", "A"),
        created("acc_1", "B"),
        created("acc_2", "C"),
        disabled("acc_2", "C"),
        disabled("acc_1", "A"),
        deleted("acc_1", "A"),
        suspended.clone(),
    ] {
        last = make(&store, change).await.unwrap();
    }
    let full = store.full_state().await.unwrap();
    assert_eq!(full.revision, last);
    let sealed = |id: &str| Some(Sealed::from_text(format!("sealed {id}")));
    assert_eq!(
        full.changes,
        [
            (opened("acc_1", 9), None),
            (opened("acc_2", 4), None),
            (suspended, None),
            (project_created("acc_2", "sales"), None),
            (created("acc_1", "A"), sealed("A")),
            (deleted("acc_1", "A"), None),
            (created("acc_1", "B"), sealed("B")),
            (created("acc_2", "C"), sealed("C")),
            (disabled("acc_2", "C"), None),
        ]
    );
}

async fn an_altered_row_is_named(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 9)).await.unwrap();
    make(&store, created("acc_1", "A")).await.unwrap();
    let altered = |table, column, row: &str| StoreError::Inconsistent { table, column, row: row.into() };

    place.raw("UPDATE access_key SET description = 'two\nlines'").await;
    let error = store.find_access_key(&key("A")).await.unwrap_err();
    assert_eq!(error, altered("access_key", "description", "A"));
    place.raw("UPDATE account SET email = 'nonsense'").await;
    assert_eq!(
        store.find_account(&account("acc_1")).await.unwrap_err(),
        altered("account", "email", "acc_1")
    );
    assert_eq!(store.full_state().await.unwrap_err(), altered("account", "email", "acc_1"));
    place.raw("UPDATE change SET body = '{\"change\":\"unheard_of\"}' WHERE seq = 2").await;
    assert_eq!(store.list_changes(None, None, 9).await.unwrap_err(), altered("change", "body", "2"));
    place.raw("UPDATE account SET email = 'acc_1@example.com', access_key_limit = -1").await;
    let error = store.find_account(&account("acc_1")).await.unwrap_err();
    assert_eq!(error, altered("account", "access_key_limit", "acc_1"));
}

async fn ring_keys_begin_with_one(place: Place) {
    let store = place.open().await;
    assert!(store.ring_keys().await.unwrap().is_empty());
    let ring_key = |id| SealedRingKey {
        id,
        sealed: Sealed::from_text(format!("sealed {id}")),
        master_key: "0123456789abcdef".into(),
        active: true,
    };
    let tasks: Vec<_> = (1..=8)
        .map(|id| {
            let (store, key) = (store.clone(), ring_key(id));
            tokio::spawn(async move { store.add_first_ring_key(&key).await })
        })
        .collect();
    let mut added = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => added += 1,
            Err(error) => assert_eq!(error, StoreError::Conflict(Conflict::RingKeyThere)),
        }
    }
    assert_eq!(added, 1);
    let listed = store.ring_keys().await.unwrap();
    assert_eq!(listed, [ring_key(listed[0].id)]);
}

async fn a_closed_store_says_so(place: Place) {
    let store = place.open().await;
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { make(&store, opened(&format!("acc_{n}"), 1)).await })
        })
        .collect();
    store.close().await;
    let mut done = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => done += 1,
            Err(error) => assert_eq!(error, StoreError::Closed),
        }
    }
    assert_eq!(make(&store, opened("acc_x", 1)).await.unwrap_err(), StoreError::Closed);
    assert_eq!(store.find_account(&account("acc_1")).await.unwrap_err(), StoreError::Closed);
    store.close().await;

    let again = Store::open(&place.url, Access::Existing).await.unwrap();
    assert_eq!(log(&again).await.len(), done, "what was acknowledged is there, and nothing else");
    assert_eq!(again.cluster(), store.cluster());
}
