use std::time::Duration;

use countersign_accounts::account::Language;
use countersign_control::app::mail::MailKind;
use countersign_control::app::sign_in::SignedIn;
use countersign_control::app::{Failure, profile};
use countersign_store::Conflict;

use super::{PASSWORD, People, conflict, fails, link, rng, stranger};

async fn ask(
    people: &People,
    who: &SignedIn,
    email: &str,
) -> Result<countersign_control::app::mail::Mail, Failure> {
    let (desk, visitor) = (&people.desk, stranger("192.0.2.1"));
    let (session, account) = (&who.session, &who.account);
    profile::request_email_change(desk, &visitor, session, account, email, people.now(), &mut rng()).await
}

#[tokio::test]
async fn an_address_changes_once_the_new_one_is_proven() {
    let people = People::new().await;
    people.open("alice@example.com").await;
    people.open("bob@example.com").await;
    let (alice, bob) =
        (people.signed_in("alice@example.com").await, people.signed_in("bob@example.com").await);
    let mail = ask(&people, &alice, "new@example.com").await.unwrap();
    assert_eq!(mail.to.as_str(), "new@example.com");
    let link = link(mail);
    let confirm = async |who: &SignedIn| {
        profile::confirm_email_change(&people.desk, &who.account, &link, people.now(), &mut rng()).await
    };
    assert_eq!(conflict(confirm(&bob).await), Conflict::LinkUsed, "it is not his");
    let (_, notice) = confirm(&alice).await.unwrap();
    assert_eq!(notice.to.as_str(), "alice@example.com", "the old address is told");
    assert!(matches!(notice.kind, MailKind::EmailChanged { now } if now.as_str() == "new@example.com"));
    assert_eq!(conflict(confirm(&alice).await), Conflict::LinkUsed);
    people.signed_in("new@example.com").await;
    fails!(people.sign_in(&stranger("192.0.2.1"), "alice@example.com", PASSWORD).await, Failure::SignIn);

    // Where somebody has the address, that mailbox alone is told so.
    let mail = ask(&people, &alice, "bob@example.com").await.unwrap();
    assert!(matches!(mail.kind, MailKind::AlreadyRegistered) && mail.to.as_str() == "bob@example.com");
    people.later(Duration::from_secs(11 * 60));
    fails!(ask(&people, &alice, "third@example.com").await, Failure::ProveAgain);
}

#[tokio::test]
async fn an_account_is_closed_by_its_owner() {
    let people = People::new().await;
    let id = people.open("alice@example.com").await.id;
    let alice = people.signed_in("alice@example.com").await;
    let close = async |who: &SignedIn| {
        profile::close(&people.desk, &who.session, &who.account, people.now(), &mut rng()).await
    };
    let (_, mail) = close(&alice).await.unwrap();
    assert_eq!(mail.to.as_str(), "alice@example.com");
    assert!(people.account(&id).await.closed.is_some());
    assert!(people.session(&alice.token).await.is_none());
    assert_eq!(conflict(close(&alice).await), Conflict::AccountClosed(id));
    people.open("alice@example.com").await;

    let root = people.signed_in("root@example.com").await;
    assert_eq!(conflict(close(&root).await), Conflict::LastAdministrator(root.account.id.clone()));
}

#[tokio::test]
async fn a_language_is_kept() {
    let people = People::new().await;
    let alice = people.open("alice@example.com").await;
    assert_eq!(alice.language, Language::English);
    profile::set_language(&people.desk, &alice, Language::SimplifiedChinese).await.unwrap();
    assert_eq!(people.account(&alice.id).await.language, Language::SimplifiedChinese);
}
