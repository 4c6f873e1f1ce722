use std::time::Duration;

use countersign_accounts::change::Actor;
use countersign_accounts::factor::RecoveryCode;
use countersign_accounts::session::Stage;
use countersign_accounts::totp::TotpSecret;
use countersign_control::app::mail::MailKind;
use countersign_control::app::sign_in::{self, Answer, SignedIn};
use countersign_control::app::{Failure, administration, real_name, ring, second_factors};
use zeroize::Zeroizing;

use super::{PASSWORD, People, fails, password, rng, stranger};

/// Alice, signed in, with TOTP.
struct Alice {
    people: People,
    signed_in: SignedIn,
    secret: TotpSecret,
    codes: Vec<RecoveryCode>,
}

fn totp(code: &str) -> Answer {
    Answer::Totp(code.to_owned().into())
}

fn recovery(code: &str) -> Answer {
    Answer::RecoveryCode(code.to_owned().into())
}

/// The bytes of base 32.
fn bytes(text: &str) -> Zeroizing<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u64, 0);
    for c in text.bytes() {
        let digit = if c.is_ascii_digit() { c - b'2' + 26 } else { c - b'A' };
        (bits, count) = ((bits << 5) | u64::from(digit), count + 5);
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 255).unwrap());
        }
    }
    bytes.into()
}

impl Alice {
    async fn new() -> Self {
        let people = People::new().await;
        people.open("alice@example.com").await;
        let signed_in = people.signed_in("alice@example.com").await;
        let other = people.signed_in("alice@example.com").await;
        let (session, account) = (&signed_in.session, &signed_in.account);
        let (desk, random) = (&people.desk, &mut rng());
        let enrolment =
            second_factors::begin_totp(desk, session, account, "Countersign", people.now(), random)
                .await
                .unwrap();
        assert!(enrolment.uri.starts_with("otpauth://totp/Countersign:alice@example.com?secret="));
        assert!(enrolment.uri.contains(enrolment.secret.as_str()));
        let secret = TotpSecret::from_bytes(bytes(&enrolment.secret));
        let (wrong, right) = ("000000", secret.code_at(people.now()));
        fails!(
            second_factors::confirm_totp(desk, session, account, "phone", wrong, people.now(), random).await,
            Failure::SecondFactor
        );
        let added =
            second_factors::confirm_totp(desk, session, account, "phone", &right, people.now(), random)
                .await
                .unwrap();
        assert_eq!(added.codes.len(), 10);
        assert!(people.session(&other.token).await.is_none(), "other sessions have not shown it");
        // What was begun is used up.
        fails!(
            second_factors::confirm_totp(desk, session, account, "phone", &right, people.now(), random).await,
            Failure::SecondFactor
        );
        Self { secret, codes: added.codes, signed_in, people }
    }

    /// Past the password.
    async fn half_way(&self) -> SignedIn {
        let half_way = self.people.signed_in("alice@example.com").await;
        assert_eq!(half_way.session.stage, Stage::Password);
        assert!(half_way.device.is_none() && half_way.mails.is_empty());
        half_way
    }

    async fn show(&self, half_way: &SignedIn, answer: &Answer) -> Result<SignedIn, Failure> {
        let (desk, visitor, now) = (&self.people.desk, stranger("192.0.2.99"), self.people.now());
        sign_in::second_step(desk, &visitor, &half_way.token, answer, now, &mut rng()).await
    }

    fn code(&self) -> Answer {
        totp(&self.secret.code_at(self.people.now()))
    }
}

#[tokio::test]
async fn the_password_alone_opens_nothing() {
    let alice = Alice::new().await;
    let half_way = alice.half_way().await;
    assert!(alice.people.session(&half_way.token).await.is_none());
    // Nor is there a way around the factor.
    let (desk, now) = (&alice.people.desk, alice.people.now());
    fails!(sign_in::renew(desk, &half_way.token, now, &mut rng()).await, Failure::SignedOut);
    let visitor = stranger("192.0.2.99");
    let again = password(PASSWORD);
    fails!(
        sign_in::prove_again(desk, &visitor, &half_way.token, again, None, now, &mut rng()).await,
        Failure::SignedOut
    );
    alice.people.later(Duration::from_secs(60));
    let signed_in = alice.show(&half_way, &alice.code()).await.unwrap();
    assert!(alice.people.session(&signed_in.token).await.is_some());
    assert!(alice.people.session(&half_way.token).await.is_none(), "the token is another");
    fails!(alice.show(&half_way, &alice.code()).await, Failure::SignedOut);
    fails!(alice.show(&signed_in, &alice.code()).await, Failure::SignedOut);

    let half_way = alice.half_way().await;
    alice.people.later(Duration::from_secs(10 * 60));
    fails!(alice.show(&half_way, &alice.code()).await, Failure::SignedOut);
}

#[tokio::test]
async fn case_59_a_code_is_accepted_once_however_it_is_typed() {
    let alice = Alice::new().await;
    let half_way = alice.half_way().await;
    fails!(alice.show(&half_way, &alice.code()).await, Failure::SecondFactor);
    alice.people.later(Duration::from_secs(60));
    let code = alice.secret.code_at(alice.people.now());
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    alice.show(&half_way, &totp(&spaced)).await.unwrap();
    let again = alice.half_way().await;
    for typed in [code.as_str(), &spaced, &format!("{}\n", *code), &format!("\u{a0}{}", *code)] {
        fails!(alice.show(&again, &totp(typed)).await, Failure::SecondFactor);
    }
    // Nor is the code of the step before.
    let earlier = alice.secret.code_at(alice.people.now().minus(Duration::from_secs(30)));
    fails!(alice.show(&again, &totp(&earlier)).await, Failure::SecondFactor);
}

#[tokio::test]
async fn case_59_codes_are_not_guessed() {
    let alice = Alice::new().await;
    alice.people.later(Duration::from_secs(60));
    let half_way = alice.half_way().await;
    let mut told = Vec::new();
    for _ in 0..12 {
        told.push(alice.show(&half_way, &totp("000000")).await);
    }
    assert!(matches!(told[9], Err(Failure::SecondFactor)) && matches!(told[10], Err(Failure::SlowDown(_))));
    // Another session has no other allowance, and recovery codes share it.
    let again = alice.half_way().await;
    fails!(alice.show(&again, &alice.code()).await, Failure::SlowDown(_));
    fails!(alice.show(&again, &recovery(alice.codes[0].expose())).await, Failure::SlowDown(_));
}

#[tokio::test]
async fn a_recovery_code_stands_in_once() {
    let alice = Alice::new().await;
    let code = alice.codes[3].expose().to_uppercase().replace('-', " ");
    let signed_in = alice.show(&alice.half_way().await, &recovery(&code)).await.unwrap();
    let used = signed_in.mails.iter().find_map(|mail| match mail.kind {
        MailKind::RecoveryCodeUsed { left } => Some(left),
        _ => None,
    });
    assert_eq!(used, Some(9));
    fails!(alice.show(&alice.half_way().await, &recovery(&code)).await, Failure::SecondFactor);
    fails!(alice.show(&alice.half_way().await, &recovery("none at all")).await, Failure::SecondFactor);

    let (people, session, account) = (&alice.people, &alice.signed_in.session, &alice.signed_in.account);
    let made =
        second_factors::make_recovery_codes(&people.desk, session, account, people.now(), &mut rng()).await;
    let (codes, _) = made.unwrap();
    assert_eq!(second_factors::codes_left(&people.desk, account).await.unwrap(), 10);
    let old = recovery(alice.codes[5].expose());
    fails!(alice.show(&alice.half_way().await, &old).await, Failure::SecondFactor);
    alice.show(&alice.half_way().await, &recovery(codes[0].expose())).await.unwrap();
}

#[tokio::test]
async fn a_fresh_proof_needs_the_factor_too() {
    let alice = Alice::new().await;
    alice.people.later(Duration::from_secs(60));
    let prove = async |answer: Option<&Answer>| {
        let (desk, visitor, now) = (&alice.people.desk, stranger("192.0.2.99"), alice.people.now());
        let token = &alice.signed_in.token;
        sign_in::prove_again(desk, &visitor, token, password(PASSWORD), answer, now, &mut rng()).await
    };
    fails!(prove(None).await, Failure::SecondFactor);
    fails!(prove(Some(&totp("000000"))).await, Failure::SecondFactor);
    let (token, _) = prove(Some(&alice.code())).await.unwrap();
    assert!(alice.people.session(&token).await.is_some());
}

#[tokio::test]
async fn without_factors_the_password_is_enough_again() {
    let alice = Alice::new().await;
    let (people, session, account) = (&alice.people, &alice.signed_in.session, &alice.signed_in.account);
    let factor = second_factors::list(&people.desk, account).await.unwrap().remove(0);
    assert_eq!(factor.name.as_str(), "phone");
    people.later(Duration::from_secs(11 * 60));
    let remove = async |session| {
        let (desk, id) = (&people.desk, factor.id.clone());
        second_factors::remove(desk, session, account, id, people.now(), &mut rng()).await
    };
    fails!(remove(session).await, Failure::ProveAgain);
    let fresh = countersign_accounts::session::Session { proved: people.now(), ..session.clone() };
    let mail = remove(&fresh).await.unwrap();
    assert!(matches!(mail.kind, MailKind::FactorRemoved { name } if name.as_str() == "phone"));
    assert_eq!(people.signed_in("alice@example.com").await.session.stage, Stage::SignedIn);
    assert_eq!(second_factors::codes_left(&people.desk, account).await.unwrap(), 0);
}

#[tokio::test]
async fn passkeys_are_kept_sealed_and_used_in_turn() {
    let alice = Alice::new().await;
    let (people, session, account) = (&alice.people, &alice.signed_in.session, &alice.signed_in.account);
    let (desk, random) = (&people.desk, &mut rng());
    let added =
        second_factors::add_passkey(desk, session, account, "key", b"{\"counter\":1}", people.now(), random)
            .await;
    assert!(added.unwrap().codes.is_empty(), "there were codes already");
    let passkey = second_factors::passkeys(desk, account).await.unwrap().remove(0);
    assert_eq!(passkey.known.as_slice(), b"{\"counter\":1}");
    second_factors::passkey_used(desk, &passkey, b"{\"counter\":2}", people.now(), random).await.unwrap();
    let again = second_factors::passkey_used(desk, &passkey, b"{\"counter\":2}", people.now(), random).await;
    fails!(again, Failure::SecondFactor);
    let passkey = second_factors::passkeys(desk, account).await.unwrap().remove(0);
    assert_eq!(passkey.known.as_slice(), b"{\"counter\":2}");
    let half_way = alice.half_way().await;
    let visitor = stranger("192.0.2.99");
    let done = sign_in::finish(desk, &visitor, &half_way.token, people.now(), random).await.unwrap();
    assert!(people.session(&done.token).await.is_some());
}

#[tokio::test]
async fn factors_and_names_outlive_the_ring_key_that_sealed_them() {
    let alice = Alice::new().await;
    let (people, account, random) = (&alice.people, &alice.signed_in.account, &mut rng());
    let (store, opened) = (&people.desk.store, &people.desk.ring);
    let person = real_name::Person::new("Alice", "passport 1").unwrap();
    real_name::submit(store, opened, account, &person, people.now(), random).await.unwrap();
    ring::add(store, &people.master, random).await.unwrap();
    let done = ring::activate(store, &people.master, random, |_| {}).await.unwrap();
    assert_eq!((done.resealed, done.unopened.len()), (2, 0));
    let listing = ring::list(store).await.unwrap();
    let secrets: Vec<_> = listing.ring_keys.iter().map(|key| key.secrets).collect();
    assert_eq!(secrets, [0, 2]);
    ring::retire(store, 1).await.unwrap();
    // The ring of a process that has not looked since learns of it by itself.
    people.later(Duration::from_secs(60));
    alice.show(&alice.half_way().await, &alice.code()).await.unwrap();
    let shown = administration::open_real_name(store, opened, &Actor::System, &account.id).await;
    assert_eq!(shown.unwrap().unwrap().1.name(), "Alice");
}
