use countersign_accounts::account::Registration;
use countersign_accounts::change::{Actor, Change};
use countersign_control::app::mail::MailKind;
use countersign_control::app::{Failure, administration as admin};
use countersign_store::Conflict;

use super::{People, conflict, fails};

#[tokio::test]
async fn who_is_no_administrator_does_none_of_it() {
    let people = People::new().await;
    let store = &people.desk.store;
    let (alice, bob) = (people.open("alice@example.com").await, people.open("bob@example.com").await);
    let by = || people.asked_by(&alice.id);
    let (id, now) = (|| bob.id.clone(), people.now());
    let owner = Actor::Owner(alice.id.clone());
    let before = people.changes().await.len();
    fails!(admin::search(store, &owner, "", None, 9).await, Failure::NotAdministrator);
    fails!(admin::suspend(store, by(), &bob.id).await, Failure::NotAdministrator);
    fails!(admin::resume(store, by(), &bob.id).await, Failure::NotAdministrator);
    fails!(admin::set_access_key_limit(store, by(), id(), 99).await, Failure::NotAdministrator);
    fails!(admin::appoint(store, by(), alice.id.clone()).await, Failure::NotAdministrator);
    fails!(admin::dismiss(store, by(), people.root().await.id).await, Failure::NotAdministrator);
    fails!(admin::set_registration(store, by(), Registration::Open).await, Failure::NotAdministrator);
    fails!(admin::waiting_real_names(store, &owner, 9).await, Failure::NotAdministrator);
    fails!(admin::open_real_name(store, &people.desk.ring, &owner, &bob.id).await, Failure::NotAdministrator);
    fails!(admin::approve_real_name(store, by(), &bob.id, now).await, Failure::NotAdministrator);
    fails!(admin::reject_real_name(store, by(), &bob.id, now, "no").await, Failure::NotAdministrator);
    assert_eq!(people.changes().await.len(), before);

    // From the moment of dismissal on, it is as if it had never been.
    admin::appoint(store, people.asked(), alice.id.clone()).await.unwrap();
    admin::search(store, &owner, "", None, 9).await.unwrap();
    admin::dismiss(store, people.asked(), alice.id.clone()).await.unwrap();
    fails!(admin::suspend(store, by(), &bob.id).await, Failure::NotAdministrator);
    admin::appoint(store, people.asked(), alice.id.clone()).await.unwrap();
    admin::suspend(store, people.asked(), &alice.id).await.unwrap();
    fails!(admin::suspend(store, by(), &bob.id).await, Failure::NotAdministrator);
}

#[tokio::test]
async fn an_administrator_looks_after_accounts() {
    let people = People::new().await;
    let store = &people.desk.store;
    let alice = people.open("alice@example.com").await;
    let root = people.root().await;
    let by = || people.asked_by(&root.id);
    let found = admin::search(store, &Actor::Owner(root.id.clone()), " ALICE ", None, 9).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&alice));
    let (_, mail) = admin::suspend(store, by(), &alice.id).await.unwrap();
    assert!(matches!(mail.kind, MailKind::AccountSuspended) && mail.to == alice.email);
    admin::resume(store, by(), &alice.id).await.unwrap();
    admin::set_access_key_limit(store, by(), alice.id.clone(), 3).await.unwrap();
    assert_eq!(people.account(&alice.id).await.access_key_limit, 3);

    // It is logged who did it.
    let last = store.list_changes(None, None, 1).await.unwrap().remove(0);
    assert_eq!(last.by, Actor::Owner(root.id.clone()));
    // The last administrator stays.
    let dismissed = admin::dismiss(store, by(), root.id.clone()).await;
    assert_eq!(conflict(dismissed), Conflict::LastAdministrator(root.id.clone()));
    assert_eq!(conflict(admin::suspend(store, by(), &root.id).await), Conflict::LastAdministrator(root.id));
}

#[tokio::test]
async fn registration_is_logged_for_an_administrator() {
    let people = People::empty().await;
    let store = &people.desk.store;
    let set = async || admin::set_registration(store, people.asked(), Registration::Open).await;
    fails!(set().await, Failure::NoAdministrator);
    let root = people.open("root@example.com").await;
    admin::appoint(store, people.asked(), root.id.clone()).await.unwrap();
    set().await.unwrap();
    assert_eq!(admin::registration(store).await.unwrap(), Registration::Open);
    let expected = Change::RegistrationSet { account: root.id, mode: Registration::Open };
    assert_eq!(people.changes().await.last(), Some(&expected));
}
