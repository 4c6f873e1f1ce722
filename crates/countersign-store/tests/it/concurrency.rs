//! Many at once, through one store and through two.

use std::collections::BTreeSet;

use countersign_accounts::change::Change;
use countersign_store::{Access, Conflict, Store, StoreError};
use tokio::task::JoinSet;

use crate::kit::*;

on_both_engines! {
    of_sixty_four_keys_two_fit
    of_sixty_four_accounts_one_has_the_address
    a_conflict_undoes_itself_alone
    many_start_at_once
    one_of_many_creates
}

/// Two stores with pools and writers of their own, as two processes have them.
async fn two(place: &Place) -> [Store; 2] {
    [place.open().await, Store::open(&place.url, Access::Existing).await.unwrap()]
}

async fn of_sixty_four_keys_two_fit(place: Place) {
    let stores = two(&place).await;
    make(&stores[0], opened("acc_1", 2)).await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..64 {
        let store = stores[n % 2].clone();
        tasks.spawn(async move { make(&store, created("acc_1", &format!("K{n}"))).await });
    }
    let outcomes = tasks.join_all().await;
    let (made, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 2);
    for outcome in refused {
        assert_eq!(conflict(outcome), Conflict::AccessKeyLimit { limit: 2 });
    }
    assert_eq!(stores[1].list_access_keys(&account("acc_1")).await.unwrap().len(), 2);
    assert_eq!(log(&stores[0]).await.len(), 3);
}

async fn of_sixty_four_accounts_one_has_the_address(place: Place) {
    let stores = two(&place).await;
    let mut tasks = JoinSet::new();
    for n in 0..64 {
        let store = stores[n % 2].clone();
        let change = Change::AccountOpened {
            account: account(&format!("acc_{n}")),
            email: email("one@example.com"),
            access_key_limit: 1,
        };
        tasks.spawn(async move { make(&store, change).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, 63));
    for outcome in refused {
        assert_eq!(conflict(outcome), Conflict::EmailTaken(email("one@example.com")));
    }
    assert_eq!(log(&stores[1]).await.len(), 1);
}

async fn a_conflict_undoes_itself_alone(place: Place) {
    let stores = two(&place).await;
    make(&stores[0], opened("acc_1", 1)).await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..100 {
        let store = stores[n % 2].clone();
        // Every third one writes a row first and fails then.
        let mut changes = vec![opened(&format!("acc_x{n}"), 1)];
        if n % 3 == 0 {
            changes.push(disabled("acc_1", "NONE"));
        }
        tasks.spawn(async move { (n, store.commit(asked(changes)).await) });
    }
    let mut expected = BTreeSet::from([1]);
    for (n, outcome) in tasks.join_all().await {
        let there = stores[0].find_account(&account(&format!("acc_x{n}"))).await.unwrap().is_some();
        assert_eq!(there, n % 3 != 0);
        match outcome {
            Ok(revision) => assert!(expected.insert(revision.seq), "each has a number of its own"),
            Err(error) => assert!(matches!(error, StoreError::Conflict(_)), "{error}"),
        }
    }
    assert_eq!(expected.len(), log(&stores[0]).await.len());
}

async fn many_start_at_once(place: Place) {
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let url = place.url.clone();
        tasks.spawn(async move { Store::open(&url, Access::Migrate).await.unwrap().cluster().to_owned() });
    }
    let clusters: BTreeSet<_> = tasks.join_all().await.into_iter().collect();
    assert_eq!(clusters.len(), 1);
    assert_eq!(clusters.first().unwrap().len(), 32);
}

async fn one_of_many_creates(place: Place) {
    let mut tasks = JoinSet::new();
    for _ in 0..6 {
        let url = place.url.clone();
        tasks.spawn(async move { Store::open(&url, Access::Create).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, StoreError::AlreadyThere { .. }), "{refused}");
    }
}
