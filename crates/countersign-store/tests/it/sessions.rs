//! Sessions and devices.

use std::time::Duration;

use countersign_accounts::change::Change;
use countersign_accounts::id::SessionId;
use countersign_accounts::random;
use countersign_accounts::session::{Session, SessionLimits, Stage};
use countersign_accounts::token::{Token, TokenHash};
use countersign_store::{Conflict, Store, StoreError};

use crate::kit::*;

on_both_engines! {
    a_session_is_found_by_its_token_until_it_is_over
    a_replaced_token_opens_nothing
    sessions_are_listed_and_ended
    an_account_that_is_suspended_or_closed_has_no_sessions
    an_account_has_only_so_many_sessions
    a_challenge_is_taken_once
    devices_are_remembered_for_one_account
}

const LIMITS: SessionLimits =
    SessionLimits { idle: Duration::from_secs(60), longest: Duration::from_secs(600) };

fn token() -> TokenHash {
    Token::generate(&mut random::from_system()).hash()
}

/// A session of this account that begins at the first instant and so many milliseconds.
async fn begin(store: &Store, owner: &str, millis: i64) -> (Session, TokenHash) {
    let now = at(START + millis);
    let session = Session {
        id: SessionId::generate(&mut random::from_system()),
        account: account(owner),
        stage: Stage::SignedIn,
        created: now,
        seen: now,
        proved: now,
        address: "192.0.2.1".into(),
        client: "Firefox".into(),
    };
    let token = token();
    store.create_session(&session, &token).await.unwrap();
    (session, token)
}

async fn finds(store: &Store, token: &TokenHash, millis: i64) -> Option<Session> {
    store.find_session(token, at(START + millis), &LIMITS).await.unwrap()
}

async fn a_session_is_found_by_its_token_until_it_is_over(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    let (mut session, token) = begin(&store, "acc_1", 0).await;
    assert_eq!(finds(&store, &token, 59_999).await, Some(session.clone()));
    assert_eq!(finds(&store, &token, 60_000).await, None, "it was idle");
    assert_eq!(finds(&store, &self::token(), 0).await, None);

    // Used all the time, it is over all the same.
    for second in (50..600).step_by(50) {
        store
            .touch_session(&session.id, at(START + second * 1000), "2001:db8::1", &"é\0".repeat(200))
            .await
            .unwrap();
    }
    store.touch_session(&session.id, at(START), "late", "late").await.unwrap();
    session.seen = at(START + 550_000);
    (session.address, session.client) = ("2001:db8::1".into(), "é".repeat(128));
    assert_eq!(finds(&store, &token, 599_999).await, Some(session.clone()));
    assert_eq!(finds(&store, &token, 600_000).await, None);

    let (other, other_token) = begin(&store, "acc_1", 590_000).await;
    assert_eq!(store.purge_sessions(at(START + 600_000), &LIMITS).await.unwrap(), 1);
    assert_eq!(finds(&store, &other_token, 600_000).await.map(|s| s.id), Some(other.id.clone()));
    let again = store.create_session(&other, &self::token()).await.unwrap_err();
    assert_eq!(again, StoreError::Conflict(Conflict::SessionTaken));
    assert_eq!(log(&store).await.len(), 1, "sessions are not in the log");
}

async fn a_replaced_token_opens_nothing(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    let (session, old) = begin(&store, "acc_1", 0).await;
    let new = token();
    let proved = at(START + 1000);
    assert!(store.replace_session_token(&old, &new, Stage::Password, proved).await.unwrap());
    assert_eq!(finds(&store, &old, 1).await, None);
    let expected = Session { stage: Stage::Password, proved, ..session };
    assert_eq!(finds(&store, &new, 1).await, Some(expected));
    assert!(!store.replace_session_token(&old, &token(), Stage::SignedIn, proved).await.unwrap());

    // Many at once: one is told that it was the one.
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (store, new) = (store.clone(), new.clone());
            tokio::spawn(async move {
                store.replace_session_token(&new, &token(), Stage::SignedIn, proved).await.unwrap()
            })
        })
        .collect();
    let mut replaced = 0;
    for task in tasks {
        replaced += u32::from(task.await.unwrap());
    }
    assert_eq!(replaced, 1);
}

async fn sessions_are_listed_and_ended(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    make(&store, opened("acc_2", 1)).await.unwrap();
    let (a, _) = begin(&store, "acc_1", 0).await;
    let (b, _) = begin(&store, "acc_1", 2).await;
    let (c, _) = begin(&store, "acc_1", 1).await;
    let (other, _) = begin(&store, "acc_2", 0).await;
    let list = async |owner: &str| {
        let listed = store.list_sessions(&account(owner), at(START + 10), &LIMITS).await.unwrap();
        listed.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(list("acc_1").await, [b.id.clone(), c.id.clone(), a.id.clone()]);
    assert!(!store.end_session(&account("acc_1"), &other.id).await.unwrap(), "another account's");
    assert!(store.end_session(&account("acc_1"), &a.id).await.unwrap());
    assert!(!store.end_session(&account("acc_1"), &a.id).await.unwrap());
    store.end_sessions(&account("acc_1"), Some(&c.id)).await.unwrap();
    assert_eq!(list("acc_1").await, [c.id]);
    store.end_sessions(&account("acc_1"), None).await.unwrap();
    assert!(list("acc_1").await.is_empty());
    assert_eq!(list("acc_2").await, [other.id]);
}

async fn an_account_that_is_suspended_or_closed_has_no_sessions(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    let (session, token) = begin(&store, "acc_1", 0).await;
    make(&store, Change::AccountSuspended { account: account("acc_1") }).await.unwrap();
    assert_eq!(finds(&store, &token, 1).await, None);
    let refused = store.create_session(&session, &token).await.unwrap_err();
    assert_eq!(refused, StoreError::Conflict(Conflict::AccountSuspended(account("acc_1"))));
    make(&store, Change::AccountResumed { account: account("acc_1") }).await.unwrap();
    assert_eq!(finds(&store, &token, 1).await, None, "it does not come back");

    store.create_session(&session, &token).await.unwrap();
    store.note_device(&self::token(), &account("acc_1"), at(START), "a", "b").await.unwrap();
    make(&store, Change::AccountClosed { account: account("acc_1") }).await.unwrap();
    assert_eq!(finds(&store, &token, 1).await, None);
    assert!(store.list_devices(&account("acc_1")).await.unwrap().is_empty());
    let refused = store.create_session(&session, &token).await.unwrap_err();
    assert_eq!(refused, StoreError::Conflict(Conflict::AccountClosed(account("acc_1"))));
    store.note_device(&self::token(), &account("acc_1"), at(START), "a", "b").await.unwrap();
    assert!(store.list_devices(&account("acc_1")).await.unwrap().is_empty());
}

async fn an_account_has_only_so_many_sessions(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    let (_, first) = begin(&store, "acc_1", 0).await;
    for millis in 1..=50 {
        begin(&store, "acc_1", millis).await;
    }
    let listed = store.list_sessions(&account("acc_1"), at(START + 50), &LIMITS).await.unwrap();
    assert_eq!(listed.len(), 50);
    assert_eq!(finds(&store, &first, 50).await, None, "the one that was not used for longest is gone");
}

async fn a_challenge_is_taken_once(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    let (session, token) = begin(&store, "acc_1", 0).await;
    assert_eq!(store.take_challenge(&session.id).await.unwrap(), None);
    store.put_challenge(&session.id, "{}").await.unwrap();
    assert_eq!(store.take_challenge(&session.id).await.unwrap().as_deref(), Some("{}"));
    assert_eq!(store.take_challenge(&session.id).await.unwrap(), None);
    // It does not outlive the token under which it was asked.
    store.put_challenge(&session.id, "{}").await.unwrap();
    store.replace_session_token(&token, &self::token(), Stage::SignedIn, at(START)).await.unwrap();
    assert_eq!(store.take_challenge(&session.id).await.unwrap(), None);
}

async fn devices_are_remembered_for_one_account(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    make(&store, opened("acc_2", 1)).await.unwrap();
    let (one, two) = (account("acc_1"), account("acc_2"));
    let browser = token();
    store.note_device(&browser, &one, at(START), "192.0.2.1", "Firefox").await.unwrap();
    store.note_device(&browser, &two, at(START + 1), "192.0.2.2", "Firefox").await.unwrap();
    assert_eq!(store.find_device(&browser, &two).await.unwrap(), None);
    store.note_device(&browser, &one, at(START + 2), "192.0.2.3", "Firefox").await.unwrap();
    let found = store.find_device(&browser, &one).await.unwrap().unwrap();
    assert_eq!((found.first_seen, found.last_seen), (at(START), at(START + 2)));
    assert_eq!((found.address.as_str(), found.token), ("192.0.2.3", browser));
    for millis in 0..30 {
        store.note_device(&token(), &one, at(START + 10 + millis), "a", "b").await.unwrap();
    }
    assert_eq!(store.list_devices(&one).await.unwrap().len(), 20);
    assert_eq!(
        store.find_device(&found_token(&store, &one).await, &one).await.unwrap().unwrap().last_seen,
        at(START + 39)
    );
}

/// The token of the browser that was used last.
async fn found_token(store: &Store, owner: &countersign_accounts::id::AccountId) -> TokenHash {
    store.list_devices(owner).await.unwrap().remove(0).token
}
