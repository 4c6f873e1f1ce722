use countersign_accounts::change::Actor;
use countersign_accounts::real_name::RealNameState;
use countersign_control::app::access_keys::{self, Wanted};
use countersign_control::app::mail::MailKind;
use countersign_control::app::real_name::{self, Person};
use countersign_control::app::{Failure, administration as admin};
use countersign_store::Conflict;

use super::{People, conflict, fails, rng};

#[tokio::test]
async fn a_first_access_key_waits_for_the_real_name_where_it_is_demanded() {
    let people = People::new().await;
    let (store, ring) = (&people.desk.store, &people.desk.ring);
    let alice = people.open("alice@example.com").await;
    let create = async |real_name_required| {
        let (asked, owner) = (people.asked_by(&alice.id), alice.id.clone());
        let wanted = Wanted { real_name_required, ..Wanted::default() };
        access_keys::create(store, ring, asked, owner, "CSAK", wanted, &mut rng()).await
    };
    fails!(create(true).await, Failure::RealNameNeeded);
    let person = Person::new(" 王小明 ", "ID 110101199003070000").unwrap();
    real_name::submit(store, ring, &alice, &person, people.now(), &mut rng()).await.unwrap();
    fails!(create(true).await, Failure::RealNameNeeded);

    let root = people.root().await;
    let by = Actor::Owner(root.id.clone());
    let waiting = admin::waiting_real_names(store, &by, 9).await.unwrap();
    let [waiting] = waiting.as_slice() else { panic!("{waiting:?}") };
    let (seen, person) = admin::open_real_name(store, ring, &by, &alice.id).await.unwrap().unwrap();
    assert_eq!((person.name(), person.document()), ("王小明", "ID 110101199003070000"));
    assert_eq!((&seen, seen.submitted), (waiting, people.now()));

    let asked = || people.asked_by(&root.id);
    let rejected = admin::reject_real_name(store, asked(), &alice.id, seen.submitted, "cannot be read").await;
    let MailKind::RealNameRejected { reason } = rejected.unwrap().1.kind else { panic!() };
    assert_eq!(reason.as_str(), "cannot be read");
    fails!(create(true).await, Failure::RealNameNeeded);
    let found = real_name::find(store, &alice).await.unwrap().unwrap();
    assert_eq!((found.state, found.decided_by), (RealNameState::Rejected, Some(by)));

    people.later(std::time::Duration::from_secs(1));
    real_name::submit(store, ring, &alice, &person, people.now(), &mut rng()).await.unwrap();
    let stale = admin::approve_real_name(store, asked(), &alice.id, seen.submitted).await;
    assert_eq!(conflict(stale), Conflict::NoRealNameSubmitted(alice.id.clone()));
    admin::approve_real_name(store, asked(), &alice.id, people.now()).await.unwrap();
    assert!(real_name::is_approved(store, &alice).await.unwrap());
    create(true).await.unwrap();
    create(true).await.unwrap();

    // Who had one before it was demanded goes on.
    let bob = people.open("bob@example.com").await;
    for required in [false, true] {
        let (asked, owner) = (people.asked_by(&bob.id), bob.id.clone());
        let wanted = Wanted { real_name_required: required, ..Wanted::default() };
        access_keys::create(store, ring, asked, owner, "CSAK", wanted, &mut rng()).await.unwrap();
    }
}

#[tokio::test]
async fn case_62_a_real_name_is_nowhere_in_clear() {
    let people = People::new().await;
    let (store, ring) = (&people.desk.store, &people.desk.ring);
    let alice = people.open("alice@example.com").await;
    let person = Person::new("Alice Liddell", "passport 42").unwrap();
    assert_eq!(format!("{person:?}"), "…");
    real_name::submit(store, ring, &alice, &person, people.now(), &mut rng()).await.unwrap();
    let (_, sealed) = store.find_real_name(&alice.id).await.unwrap().unwrap();
    assert!(
        !sealed.as_str().contains("Alice") && !format!("{:?}", people.changes().await).contains("Liddell")
    );
    for (name, document) in
        [("", "passport"), ("Alice", " "), ("Al\nice", "passport"), (&"x".repeat(257), "p")]
    {
        fails!(Person::new(name, document), Failure::RealName);
    }
}
