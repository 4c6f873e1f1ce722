use std::time::Duration;

use countersign_accounts::password::PasswordError;
use countersign_accounts::token::Token;
use countersign_control::app::mail::{Mail, MailKind};
use countersign_control::app::passwords::{self, Reset};
use countersign_control::app::{Failure, administration, sign_up};
use countersign_store::Conflict;

use super::{OTHER, PASSWORD, People, conflict, fails, known, link, password, rng, stranger};

async fn forgot(people: &People, email: &str) -> Result<Option<Mail>, Failure> {
    passwords::forgot(&people.desk, &stranger("192.0.2.1"), email, people.now(), &mut rng()).await
}

async fn reset(people: &People, link: &Token, text: &str) -> Result<Reset, Failure> {
    let visitor = stranger("192.0.2.1");
    passwords::reset(&people.desk, &visitor, link, password(text), people.now(), &mut rng()).await
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let people = People::new().await;
    people.open("alice@example.com").await;
    let (here, there) =
        (people.signed_in("alice@example.com").await, people.signed_in("alice@example.com").await);
    let change = async |text: &str| {
        passwords::change(
            &people.desk,
            &here.session,
            &here.account,
            password(text),
            people.now(),
            &mut rng(),
        )
        .await
    };
    fails!(change("short").await, Failure::Password(PasswordError::TooShort));
    fails!(change("alice.example.com").await, Failure::Password(PasswordError::Guessable));
    fails!(change(&"x7!q".repeat(300)).await, Failure::Password(PasswordError::TooLong));
    people.later(Duration::from_secs(1));
    let mail = change(OTHER).await.unwrap();
    assert!(matches!(mail.kind, MailKind::PasswordChanged { .. }));
    assert!(people.session(&here.token).await.is_some() && people.session(&there.token).await.is_none());
    assert_eq!(people.account(&here.account.id).await.password_set, Some(people.now()));
    fails!(people.sign_in(&stranger("192.0.2.1"), "alice@example.com", PASSWORD).await, Failure::SignIn);
    people.sign_in(&stranger("192.0.2.1"), "alice@example.com", OTHER).await.unwrap();
    people.later(Duration::from_secs(11 * 60));
    fails!(change(PASSWORD).await, Failure::ProveAgain);
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_by_mail() {
    let people = People::new().await;
    people.open("alice@example.com").await;
    let signed_in = people.signed_in("alice@example.com").await;
    let first = link(forgot(&people, "ALICE@example.com").await.unwrap().unwrap());
    let second = link(forgot(&people, "alice@example.com").await.unwrap().unwrap());
    assert_eq!(passwords::look(&people.desk, &first, people.now()).await.unwrap().id, signed_in.account.id);
    fails!(reset(&people, &first, "passwordpassword").await, Failure::Password(PasswordError::Guessable));
    let done = reset(&people, &first, OTHER).await.unwrap();
    assert!(people.session(&signed_in.token).await.is_none(), "all sessions end");
    assert_eq!(conflict(reset(&people, &first, OTHER).await), Conflict::LinkUsed);
    assert_eq!(conflict(reset(&people, &second, OTHER).await), Conflict::LinkUsed, "nor is another good");

    // However often strangers guessed meanwhile: whoever reads the mails gets in.
    for turn in 0..12 {
        let visitor = stranger(&format!("198.51.100.{turn}"));
        let _ = people.sign_in(&visitor, "alice@example.com", "guess").await;
    }
    fails!(people.sign_in(&stranger("192.0.2.1"), "alice@example.com", OTHER).await, Failure::SlowDown(_));
    let device = done.device.unwrap();
    people.sign_in(&known("192.0.2.1", &device), "alice@example.com", OTHER).await.unwrap();
}

#[tokio::test]
async fn nobody_is_told_whether_an_address_is_known() {
    let people = People::new().await;
    let bob = people.open("bob@example.com").await;
    administration::suspend(&people.desk.store, people.asked(), &bob.id).await.unwrap();
    assert!(forgot(&people, "nobody@example.com").await.unwrap().is_none());
    assert!(forgot(&people, "bob@example.com").await.unwrap().is_none(), "a suspended account");
    for email in ["nobody@example.com", "root@example.com"] {
        let mut slowed = 0;
        for _ in 0..5 {
            slowed += u32::from(matches!(forgot(&people, email).await, Err(Failure::SlowDown(_))));
        }
        assert!(slowed >= 2, "{email}: {slowed}");
    }
}

#[tokio::test]
async fn a_link_to_set_a_password_ends_after_an_hour() {
    let people = People::new().await;
    let link = link(forgot(&people, "root@example.com").await.unwrap().unwrap());
    people.later(Duration::from_secs(60 * 60));
    assert_eq!(conflict(reset(&people, &link, OTHER).await), Conflict::LinkUsed);
}

#[tokio::test]
async fn mails_of_another_kind_use_up_no_way_to_set_a_password_anew() {
    let people = People::new().await;
    people.register(countersign_accounts::account::Registration::Open).await;
    let mut slowed = 0;
    for turn in 0..9 {
        let (visitor, random) = (stranger(&format!("198.51.100.{turn}")), &mut rng());
        let (email, text) = ("root@example.com", password(OTHER));
        let asked = sign_up::request(&people.desk, &visitor, email, text, people.now(), random).await;
        slowed += u32::from(matches!(asked, Err(Failure::SlowDown(_))));
    }
    assert_eq!(slowed, 6);
    assert!(forgot(&people, "root@example.com").await.unwrap().is_some());
}
