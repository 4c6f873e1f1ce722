use std::time::Duration;

use countersign_accounts::session::Stage;
use countersign_accounts::token::Token;
use countersign_control::app::mail::MailKind;
use countersign_control::app::{Failure, administration, profile, sign_in};

use super::{OTHER, PASSWORD, People, fails, known, password, rng, stranger};

#[tokio::test]
async fn a_password_opens_a_session_until_it_is_over() {
    let people = People::new().await;
    let alice = people.open("alice@example.com").await;
    let signed_in = people.signed_in(" Alice@Example.com ").await;
    assert_eq!((signed_in.account.id, signed_in.session.stage), (alice.id.clone(), Stage::SignedIn));
    assert!(signed_in.mails.is_empty(), "the first browser is no news");
    let (session, account) = people.session(&signed_in.token).await.unwrap();
    assert_eq!((session.address.as_str(), account.id), ("192.0.2.99", alice.id.clone()));

    // Idle, and at length.
    people.later(Duration::from_secs(59 * 60));
    assert!(people.session(&signed_in.token).await.is_some());
    people.later(Duration::from_secs(60 * 60));
    assert!(people.session(&signed_in.token).await.is_none());
    let signed_in = people.signed_in("alice@example.com").await;
    for _ in 0..14 {
        people.later(Duration::from_secs(50 * 60));
        assert!(people.session(&signed_in.token).await.is_some());
    }
    people.later(Duration::from_secs(50 * 60));
    assert!(people.session(&signed_in.token).await.is_none(), "after twelve hours it is over");

    let signed_in = people.signed_in("alice@example.com").await;
    sign_in::sign_out(&people.desk, &signed_in.token, people.now()).await.unwrap();
    assert!(people.session(&signed_in.token).await.is_none());
    sign_in::sign_out(&people.desk, &Token::generate(&mut rng()), people.now()).await.unwrap();
}

#[tokio::test]
async fn case_42_an_unknown_address_is_answered_as_a_wrong_password_is() {
    let people = People::new().await;
    people.open("alice@example.com").await;
    let suspended = people.open("bob@example.com").await;
    administration::suspend(&people.desk.store, people.asked(), &suspended.id).await.unwrap();
    people.open("carol@example.com").await;
    let carol = people.signed_in("carol@example.com").await;
    profile::close(&people.desk, &carol.session, &carol.account, people.now(), &mut rng()).await.unwrap();

    let mut told = Vec::new();
    for (email, text) in [
        ("alice@example.com", "not the password"),
        ("nobody@example.com", PASSWORD),
        ("bob@example.com", PASSWORD),
        ("carol@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("alice@example.com", &"x".repeat(100_000)),
    ] {
        let before = people.desk.hasher.hashed();
        let outcome = people.sign_in(&stranger("192.0.2.1"), email, text).await;
        told.push(outcome.unwrap_err().to_string());
        // Next to which nothing else that is done takes any time.
        assert_eq!(people.desk.hasher.hashed(), before + 1, "{email}");
    }
    assert!(told.iter().all(|text| *text == told[0]), "{told:?}");
    fails!(people.sign_in(&stranger("192.0.2.9"), "x@y", PASSWORD).await, Failure::SignIn);
}

#[tokio::test]
async fn case_59_no_alias_of_an_address_has_an_allowance_of_its_own() {
    let people = People::new().await;
    people.open("alice@example.com").await;
    let spellings = ["alice@example.com", " alice@example.com", "ALICE@example.com", "alice@EXAMPLE.com\t"];
    for turn in 0..10 {
        let visitor = stranger(&format!("198.51.100.{turn}"));
        fails!(people.sign_in(&visitor, spellings[turn % 4], "guess").await, Failure::SignIn);
    }
    for (turn, spelling) in spellings.into_iter().enumerate() {
        let visitor = stranger(&format!("203.0.113.{turn}"));
        fails!(people.sign_in(&visitor, spelling, PASSWORD).await, Failure::SlowDown(_));
    }
    // One that nobody has is slowed down alike.
    for turn in 0..10 {
        let visitor = stranger(&format!("198.51.100.{turn}"));
        fails!(people.sign_in(&visitor, "nobody@example.com", "guess").await, Failure::SignIn);
    }
    let visitor = stranger("203.0.113.9");
    fails!(people.sign_in(&visitor, "nobody@example.com", "guess").await, Failure::SlowDown(_));
    // After a while there is another try.
    people.later(Duration::from_secs(5 * 60));
    people.sign_in(&stranger("203.0.113.9"), "alice@example.com", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn strangers_lock_nobody_out_of_a_browser_that_was_used_before() {
    let people = People::new().await;
    people.open("alice@example.com").await;
    let device = people.signed_in("alice@example.com").await.device.unwrap();
    for turn in 0..30 {
        let visitor = stranger(&format!("198.51.100.{turn}"));
        let _ = people.sign_in(&visitor, "alice@example.com", "guess").await;
    }
    fails!(
        people.sign_in(&stranger("203.0.113.1"), "alice@example.com", PASSWORD).await,
        Failure::SlowDown(_)
    );
    let own = known("192.0.2.99", &device);
    let signed_in = people.sign_in(&own, "alice@example.com", PASSWORD).await.unwrap();
    assert!(signed_in.device.is_none() && signed_in.mails.is_empty());
    // A cookie that somebody made up, or that is another account's, is none.
    people.open("bob@example.com").await;
    let made_up = Token::generate(&mut rng());
    for device in [&made_up, &people.signed_in("bob@example.com").await.device.unwrap()] {
        let visitor = known("203.0.113.2", device);
        fails!(people.sign_in(&visitor, "alice@example.com", PASSWORD).await, Failure::SlowDown(_));
    }
    // And the browser itself may not guess for ever.
    for _ in 0..10 {
        fails!(people.sign_in(&own, "alice@example.com", "guess").await, Failure::SignIn);
    }
    fails!(people.sign_in(&own, "alice@example.com", "guess").await, Failure::SlowDown(_));
}

#[tokio::test]
async fn an_address_may_try_only_so_often() {
    let people = People::new().await;
    let mut slowed = 0;
    for turn in 0..40 {
        // Of one customer, whichever of its addresses it takes.
        let visitor = stranger(&format!("2001:db8:1:2::{turn}"));
        let outcome = people.sign_in(&visitor, &format!("u{turn}@example.com"), "guess").await;
        slowed += u32::from(matches!(outcome, Err(Failure::SlowDown(_))));
    }
    assert_eq!(slowed, 10);
    fails!(people.sign_in(&stranger("2001:db8:1:3::1"), "a@example.com", "guess").await, Failure::SignIn);
}

#[tokio::test]
async fn a_browser_that_is_new_is_told_of() {
    let people = People::new().await;
    people.open("alice@example.com").await;
    people.open("bob@example.com").await;
    let first = people.signed_in("alice@example.com").await;
    let device = first.device.unwrap();
    let second = people.sign_in(&stranger("198.51.100.7"), "alice@example.com", PASSWORD).await.unwrap();
    let [mail] = second.mails.as_slice() else { panic!("{:?}", second.mails) };
    assert_eq!(mail.to.as_str(), "alice@example.com");
    let MailKind::NewDevice { address, client, .. } = &mail.kind else { panic!("{mail:?}") };
    assert_eq!((address.as_str(), client.as_str()), ("198.51.100.7", "Firefox"));

    // One browser of two people keeps one cookie, and is known to both.
    let bob = people.sign_in(&known("192.0.2.99", &device), "bob@example.com", PASSWORD).await.unwrap();
    assert!(bob.device.is_none() && bob.mails.is_empty());
    let again = people.sign_in(&known("192.0.2.99", &device), "alice@example.com", PASSWORD).await.unwrap();
    assert!(again.device.is_none() && again.mails.is_empty());
}

#[tokio::test]
async fn sessions_are_listed_and_revoked() {
    let people = People::new().await;
    let alice = people.open("alice@example.com").await;
    people.open("bob@example.com").await;
    let (one, two) =
        (people.signed_in("alice@example.com").await, people.signed_in("alice@example.com").await);
    let (three, bob) =
        (people.signed_in("alice@example.com").await, people.signed_in("bob@example.com").await);
    let list = async || sign_in::list(&people.desk, &alice.id, people.now()).await.unwrap().len();
    assert_eq!(list().await, 3);
    assert!(!sign_in::revoke(&people.desk, &alice.id, &bob.session.id).await.unwrap(), "somebody else's");
    assert!(sign_in::revoke(&people.desk, &alice.id, &one.session.id).await.unwrap());
    assert!(people.session(&one.token).await.is_none());
    sign_in::revoke_others(&people.desk, &three.session).await.unwrap();
    assert!(people.session(&two.token).await.is_none());
    assert!(people.session(&three.token).await.is_some() && people.session(&bob.token).await.is_some());
    administration::suspend(&people.desk.store, people.asked(), &alice.id).await.unwrap();
    assert!(people.session(&three.token).await.is_none(), "a suspended account has none");
}

#[tokio::test]
async fn a_fresh_proof_gives_the_session_another_token() {
    let people = People::new().await;
    people.open("alice@example.com").await;
    let signed_in = people.signed_in("alice@example.com").await;
    people.desk.must_be_proven(&signed_in.session, people.now()).unwrap();
    people.later(Duration::from_secs(11 * 60));
    fails!(people.desk.must_be_proven(&signed_in.session, people.now()), Failure::ProveAgain);
    let visitor = stranger("192.0.2.99");
    let prove = async |token: &Token, text: &str| {
        let random = &mut rng();
        sign_in::prove_again(&people.desk, &visitor, token, password(text), None, people.now(), random).await
    };
    fails!(prove(&signed_in.token, OTHER).await, Failure::WrongPassword);
    let (token, _) = prove(&signed_in.token, PASSWORD).await.unwrap();
    assert!(people.session(&signed_in.token).await.is_none(), "the old token opens nothing");
    let (session, _) = people.session(&token).await.unwrap();
    assert_eq!(session.id, signed_in.session.id);
    people.desk.must_be_proven(&session, people.now()).unwrap();
    fails!(prove(&signed_in.token, PASSWORD).await, Failure::SignedOut);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_too_many_sign_in_the_excess_is_told_so_and_nobody_pays_for_it() {
    let people = std::sync::Arc::new(People::new().await);
    people.open("alice@example.com").await;
    let tries: Vec<_> = (0..100)
        .map(|turn| {
            let people = std::sync::Arc::clone(&people);
            tokio::spawn(async move {
                let visitor = stranger(&format!("198.51.100.{turn}"));
                people.sign_in(&visitor, &format!("u{turn}@example.com"), "guess").await
            })
        })
        .collect();
    let (mut refused, mut busy) = (0, 0);
    for one in tries {
        match one.await.unwrap() {
            Err(Failure::SignIn) => refused += 1,
            Err(Failure::TooBusy) => busy += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(refused >= 34 && busy > 0, "{refused} refused, {busy} not looked at");
    people.signed_in("alice@example.com").await;
}

#[tokio::test]
async fn case_62_nothing_prints_what_opens_a_session() {
    let people = People::new().await;
    people.open("alice@example.com").await;
    let signed_in = people.signed_in("alice@example.com").await;
    let printed = format!("{signed_in:?} {:?}", people.desk.store);
    assert!(!printed.contains(signed_in.token.expose()), "{printed}");
    assert!(!printed.contains(signed_in.device.as_ref().unwrap().expose()));
    let answer = sign_in::Answer::Totp(String::from("123456").into());
    assert_eq!(format!("{answer:?}"), "Totp(…)");
    // Nor does the database hold it.
    let device = signed_in.device.unwrap();
    let rows = people.desk.store.list_devices(&signed_in.account.id).await.unwrap();
    assert!(rows.iter().all(|row| row.token.as_str() != device.expose()));
}

/// What pages await must be able to move between threads.
#[tokio::test]
async fn what_pages_await_is_send() {
    fn is_send<T: Send>(it: T) -> T {
        it
    }
    let people = People::new().await;
    let random = &mut rng();
    let visitor = stranger("192.0.2.1");
    let sign_in =
        is_send(sign_in::sign_in(&people.desk, &visitor, "a@b.c", password("x"), people.now(), random));
    fails!(sign_in.await, Failure::SignIn);
}
