use std::time::Duration;

use countersign_accounts::account::Account;
use countersign_control::app::access_keys::{self, Wanted};
use countersign_control::app::administration;
use countersign_control::app::reminders::{Ages, Reminder, ReminderKind, due};

use super::{People, rng};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn key(people: &People, owner: &Account, days: Option<u32>) -> countersign::AccessKeyId {
    let expires = days.map(|days| people.now().plus(DAY * days));
    let (asked, wanted) = (people.asked_by(&owner.id), Wanted { expires, ..Wanted::default() });
    let (store, ring) = (&people.desk.store, &people.desk.ring);
    let random = &mut rng();
    let created = access_keys::create(store, ring, asked, owner.id.clone(), "CSAK", wanted, random).await;
    created.unwrap().id
}

/// Who is reminded, and of which key; of none, where it is the password.
async fn told(people: &People, ages: Ages) -> Vec<(String, &'static str, Option<String>)> {
    let reminders = due(&people.desk.store, &ages, people.now()).await.unwrap();
    let mut told: Vec<_> = reminders
        .into_iter()
        .map(|Reminder { to, kind, .. }| match kind {
            ReminderKind::AccessKeyExpires { access_key, .. } => {
                (to.to_string(), "expires", Some(access_key.to_string()))
            }
            ReminderKind::AccessKeyOld { access_key, .. } => {
                (to.to_string(), "old", Some(access_key.to_string()))
            }
            ReminderKind::PasswordOld { .. } => (to.to_string(), "password", None),
        })
        .collect();
    told.sort();
    told
}

#[tokio::test]
async fn people_are_reminded_before_it_bites_and_once() {
    let people = People::new().await;
    let (alice, bob) = (people.open("alice@example.com").await, people.open("bob@example.com").await);
    let soon = key(&people, &alice, Some(20)).await;
    let old = key(&people, &alice, None).await;
    key(&people, &bob, Some(20)).await;
    administration::suspend(&people.desk.store, people.asked(), &bob.id).await.unwrap();
    let ages = Ages { access_key: Some(DAY * 90), password: None };
    assert!(told(&people, ages).await.is_empty());

    people.later(DAY * 13);
    let expires =
        |id: &countersign::AccessKeyId| ("alice@example.com".to_owned(), "expires", Some(id.to_string()));
    assert_eq!(told(&people, ages).await, [expires(&soon)], "nobody who is suspended");
    assert!(told(&people, ages).await.is_empty(), "once");

    // What has expired is nobody's concern; what will be too old within a week is.
    people.later(DAY * 70);
    let grown = ("alice@example.com".to_owned(), "old", Some(old.to_string()));
    assert_eq!(told(&people, ages).await, std::slice::from_ref(&grown));
    people.later(DAY * 29);
    assert!(told(&people, ages).await.is_empty());
    people.later(DAY * 2);
    assert_eq!(told(&people, ages).await, [grown], "again, as it was not replaced");

    let ages = Ages { access_key: None, password: Some(DAY * 100) };
    let of = |who: &str| (format!("{who}@example.com"), "password", None);
    assert_eq!(told(&people, ages).await, [of("alice"), of("root")]);
    assert!(told(&people, ages).await.is_empty());
    assert!(told(&people, Ages::default()).await.is_empty());
}
