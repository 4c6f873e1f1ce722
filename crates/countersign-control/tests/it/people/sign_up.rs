use std::time::Duration;

use countersign_accounts::account::{EmailError, Registration};
use countersign_accounts::change::Change;
use countersign_accounts::link::Purpose;
use countersign_accounts::password::PasswordError;
use countersign_accounts::token::Token;
use countersign_control::app::mail::{Mail, MailKind};
use countersign_control::app::sign_in::SignedIn;
use countersign_control::app::{Failure, profile, sign_up};
use countersign_store::Conflict;

use super::{OTHER, PASSWORD, People, conflict, fails, link, password, rng, stranger};

async fn request(people: &People, email: &str, text: &str) -> Result<Mail, Failure> {
    let visitor = stranger("192.0.2.1");
    sign_up::request(&people.desk, &visitor, email, password(text), people.now(), &mut rng()).await
}

async fn confirm(people: &People, link: &Token, text: &str) -> Result<SignedIn, Failure> {
    let visitor = stranger("192.0.2.1");
    sign_up::confirm(&people.desk, &visitor, link, password(text), people.now(), &mut rng()).await
}

#[tokio::test]
async fn an_account_is_opened_once_its_address_is_proven() {
    let people = People::new().await;
    people.register(Registration::Open).await;
    let before = people.changes().await.len();
    let mail = request(&people, "Alice@example.com", PASSWORD).await.unwrap();
    assert_eq!(mail.to.as_str(), "alice@example.com");
    let link = link(mail);
    assert_eq!(people.changes().await.len(), before, "there is no account until then");
    fails!(people.sign_in(&stranger("192.0.2.1"), "alice@example.com", PASSWORD).await, Failure::SignIn);

    // To look does nothing.
    for _ in 0..2 {
        let found = sign_up::look(&people.desk, &link, Purpose::SignUp, people.now()).await.unwrap();
        assert_eq!(found.email.as_str(), "alice@example.com");
    }
    let signed_in = confirm(&people, &link, PASSWORD).await.unwrap();
    assert!(people.session(&signed_in.token).await.is_some());
    let told = &people.changes().await[before..];
    assert!(matches!(told, [Change::AccountOpened { .. }, Change::PasswordSet { .. }]), "{told:?}");
    assert_eq!(conflict(confirm(&people, &link, PASSWORD).await), Conflict::LinkUsed);
    people.signed_in("alice@example.com").await;
}

#[tokio::test]
async fn case_60_an_address_is_proven_by_nothing_but_its_mail() {
    let people = People::new().await;
    people.register(Registration::Open).await;
    for (text, error) in [
        ("alice@example.com@evil.example", EmailError::At),
        ("\"alice@example.com\"@evil.example", EmailError::At),
        ("alice@example.com,eve@evil.example", EmailError::At),
        ("alice@example.com\r\nBcc: eve", EmailError::Character),
        ("аlice@example.com", EmailError::Character),
    ] {
        let outcome = request(&people, text, PASSWORD).await;
        let Err(Failure::Email(_, told)) = outcome else { panic!("{text}: {outcome:?}") };
        assert_eq!(told, error, "{text}");
    }
    // A link for one thing does nothing else, and one that somebody made up does nothing.
    let (own, visitor) = (people.open("eve@example.com").await, stranger("192.0.2.1"));
    let eve = people.signed_in("eve@example.com").await;
    let (desk, session, random) = (&people.desk, &eve.session, &mut rng());
    let asked = profile::request_email_change(
        desk,
        &visitor,
        session,
        &own,
        "alice@example.com",
        people.now(),
        random,
    );
    let change = link(asked.await.unwrap());
    assert_eq!(conflict(confirm(&people, &change, PASSWORD).await), Conflict::LinkUsed);
    let made_up = Token::generate(&mut rng());
    assert_eq!(conflict(confirm(&people, &made_up, PASSWORD).await), Conflict::LinkUsed);
}

#[tokio::test]
async fn who_reads_the_mail_opens_no_account_for_who_knows_the_password() {
    let people = People::new().await;
    people.register(Registration::Open).await;
    // Somebody asks in Alice's name; she asks herself; both mails come to her.
    let theirs = link(request(&people, "alice@example.com", OTHER).await.unwrap());
    let hers = link(request(&people, "alice@example.com", PASSWORD).await.unwrap());
    fails!(confirm(&people, &theirs, PASSWORD).await, Failure::WrongPassword);
    confirm(&people, &hers, PASSWORD).await.unwrap();
    assert_eq!(conflict(confirm(&people, &theirs, OTHER).await), Conflict::LinkUsed, "it is useless by now");
    people.signed_in("alice@example.com").await;
}

#[tokio::test]
async fn the_answer_does_not_tell_whether_an_address_is_known() {
    let people = People::new().await;
    people.register(Registration::Open).await;
    people.open("alice@example.com").await;
    let hashed = people.desk.hasher.hashed();
    let mail = request(&people, "alice@example.com", OTHER).await.unwrap();
    assert!(matches!(mail.kind, MailKind::AlreadyRegistered), "{mail:?}");
    assert_eq!(people.desk.hasher.hashed(), hashed + 1, "with the same work");
    // A weak password, and asking too often, is answered alike.
    for email in ["alice@example.com", "nobody@example.com"] {
        let weak = request(&people, email, "password123456").await;
        fails!(weak, Failure::Password(PasswordError::Guessable));
        let mut told = Vec::new();
        for _ in 0..5 {
            told.push(request(&people, email, OTHER).await.is_ok());
        }
        let slowed = told.iter().filter(|ok| !**ok).count();
        assert!(slowed >= 2, "a mailbox is not flooded: {told:?}");
    }
}

#[tokio::test]
async fn a_link_ends_after_a_day() {
    let people = People::new().await;
    people.register(Registration::Open).await;
    let link = link(request(&people, "alice@example.com", PASSWORD).await.unwrap());
    people.later(Duration::from_secs(24 * 60 * 60));
    assert_eq!(conflict(confirm(&people, &link, PASSWORD).await), Conflict::LinkUsed);
    countersign_control::app::desk::sweep(&people.desk.store, &people.desk.rules, people.now())
        .await
        .unwrap();
}

#[tokio::test]
async fn registration_is_by_leave_of_an_administrator() {
    let people = People::new().await;
    fails!(request(&people, "alice@example.com", PASSWORD).await, Failure::RegistrationClosed);
    let root = people.root().await;
    let invite = async |by: &countersign_accounts::id::AccountId, email: &str| {
        let visitor = stranger("192.0.2.1");
        sign_up::invite(&people.desk, &visitor, people.asked_by(by), email, &mut rng()).await
    };
    fails!(invite(&root.id, "alice@example.com").await, Failure::RegistrationClosed);

    people.register(Registration::Open).await;
    let pending = link(request(&people, "carol@example.com", PASSWORD).await.unwrap());
    people.register(Registration::Invitation).await;
    fails!(request(&people, "alice@example.com", PASSWORD).await, Failure::InvitationNeeded);
    fails!(confirm(&people, &pending, PASSWORD).await, Failure::InvitationNeeded);

    let bob = people.open("bob@example.com").await;
    fails!(invite(&bob.id, "alice@example.com").await, Failure::NotAdministrator);
    assert_eq!(conflict(invite(&root.id, "bob@example.com").await), Conflict::EmailTaken(bob.email));
    let invitation = link(invite(&root.id, "alice@example.com").await.unwrap());
    let accept = async |text: &str| {
        let visitor = stranger("192.0.2.2");
        sign_up::accept_invitation(
            &people.desk,
            &visitor,
            &invitation,
            password(text),
            people.now(),
            &mut rng(),
        )
        .await
    };
    fails!(accept("alice@example.com").await, Failure::Password(PasswordError::Guessable));
    let signed_in = accept(PASSWORD).await.unwrap();
    assert_eq!(signed_in.account.email.as_str(), "alice@example.com");
    assert_eq!(conflict(accept(PASSWORD).await), Conflict::LinkUsed);
}

#[tokio::test]
async fn the_first_administrator_comes_by_a_link() {
    let people = People::empty().await;
    let make =
        async || sign_up::first_administrator_link(&people.desk, people.now(), &mut rng()).await.unwrap();
    let visitor = stranger("192.0.2.1");
    let open = async |link: &Token| {
        let random = &mut rng();
        let (email, text) = ("root@example.com", password(PASSWORD));
        sign_up::open_first_administrator(&people.desk, &visitor, link, email, text, people.now(), random)
            .await
    };
    let earlier = make().await.unwrap();
    let link = make().await.unwrap();
    assert_eq!(conflict(open(&earlier).await), Conflict::LinkUsed, "a later start makes another");
    let signed_in = open(&link).await.unwrap();
    assert!(people.account(&signed_in.account.id).await.administrator);
    assert_eq!(conflict(open(&link).await), Conflict::LinkUsed);
    assert!(make().await.is_none(), "there is an account");
}
