//! Links, second factors, recovery codes, real names, refusals and reminders.

use countersign_accounts::access_key::Description;
use countersign_accounts::account::Language;
use countersign_accounts::change::{Actor, Change};
use countersign_accounts::factor::FactorKind;
use countersign_accounts::id::FactorId;
use countersign_accounts::link::{Link, Purpose};
use countersign_accounts::password::PasswordHash;
use countersign_accounts::random;
use countersign_accounts::real_name::RealNameState;
use countersign_accounts::seal::Sealed;
use countersign_accounts::token::{Token, TokenHash};
use countersign_store::{Beside, Commit, Conflict, RefusedRequests, Secret, Store, StoreError};

use crate::kit::*;

on_both_engines! {
    a_link_is_used_once_together_with_what_it_allows
    a_link_ends_in_time
    what_makes_links_useless
    links_are_kept_within_bounds
    a_code_of_a_step_is_used_once
    factors_are_added_and_removed
    a_recovery_code_is_used_once
    a_passkey_is_used_where_it_stands
    a_real_name_is_decided_as_it_was_seen
    a_closed_account_leaves_nothing_to_sign_in_with
    sessions_end_together_with_a_change
    refusals_are_counted_by_the_hour
    a_reminder_is_noted_once
}

fn token() -> TokenHash {
    Token::generate(&mut random::from_system()).hash()
}

fn link(purpose: Purpose, address: &str, owner: Option<&str>) -> Link {
    Link {
        purpose,
        account: owner.map(account),
        email: email(address),
        password: Some(PasswordHash::from_text("$argon2id$")),
        language: Language::SimplifiedChinese,
        created: at(START),
        expires: at(START + DAY),
    }
}

async fn linked(store: &Store, purpose: Purpose, address: &str, owner: Option<&str>) -> TokenHash {
    let token = token();
    store.create_link(&token, &link(purpose, address, owner)).await.unwrap();
    token
}

async fn good(store: &Store, token: &TokenHash) -> bool {
    store.find_link(token, at(START)).await.unwrap().is_some()
}

fn using(token: &TokenHash, changes: Vec<Change>) -> Commit {
    Commit { beside: vec![Beside::UseLink(token.clone())], ..asked(changes) }
}

async fn a_link_is_used_once_together_with_what_it_allows(place: Place) {
    let store = place.open().await;
    let token = linked(&store, Purpose::SignUp, "acc_1@example.com", None).await;
    let found = store.find_link(&token, at(START)).await.unwrap();
    assert_eq!(found, Some(link(Purpose::SignUp, "acc_1@example.com", None)));

    // What it allows fails: it is as good as before.
    make(&store, opened("acc_0", 1)).await.unwrap();
    let taken = conflict(store.commit(using(&token, vec![opened("acc_0", 1)])).await);
    assert_eq!(taken, Conflict::AccountIdTaken(account("acc_0")));
    assert!(good(&store, &token).await);

    // Many at once, each under a request of its own: one is let in.
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let (store, token) = (store.clone(), token.clone());
            let open = Change::AccountOpened {
                account: account(&format!("acc_1{n}")),
                email: email(&format!("{n}@example.com")),
                access_key_limit: 1,
            };
            tokio::spawn(async move { store.commit(using(&token, vec![open])).await })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => done += 1,
            Err(error) => assert_eq!(error, StoreError::Conflict(Conflict::LinkUsed)),
        }
    }
    assert_eq!(done, 1);
    assert!(!good(&store, &token).await);
    assert_eq!(log(&store).await.len(), 2);

    // Asked again under the same name, it says what it got.
    let token = linked(&store, Purpose::SignUp, "acc_2@example.com", None).await;
    let commit = using(&token, vec![opened("acc_2", 1)]);
    let revision = store.commit(commit.clone()).await.unwrap();
    assert_eq!(store.commit(commit).await.unwrap(), revision);
}

async fn a_link_ends_in_time(place: Place) {
    let store = place.open().await;
    let token = linked(&store, Purpose::SignUp, "acc_1@example.com", None).await;
    assert!(store.find_link(&token, at(START + DAY - 1)).await.unwrap().is_some());
    assert!(store.find_link(&token, at(START + DAY)).await.unwrap().is_none());
    let late = Commit { at: at(START + DAY), ..using(&token, vec![opened("acc_1", 1)]) };
    assert_eq!(conflict(store.commit(late).await), Conflict::LinkUsed);
    assert_eq!(store.purge_links(at(START + DAY - 1)).await.unwrap(), 0);
    assert_eq!(store.purge_links(at(START + DAY)).await.unwrap(), 1);
}

async fn what_makes_links_useless(place: Place) {
    let store = place.open().await;
    let here = "acc_1@example.com";
    let (sign_up, other) = (
        linked(&store, Purpose::SignUp, here, None).await,
        linked(&store, Purpose::SignUp, "acc_2@example.com", None).await,
    );
    let invitation = linked(&store, Purpose::Invitation, here, None).await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    assert!(!good(&store, &sign_up).await && !good(&store, &invitation).await, "the account is there");
    assert!(good(&store, &other).await);

    let reset = linked(&store, Purpose::Password, here, Some("acc_1")).await;
    let set = || Commit {
        secrets: vec![Secret::Password(account("acc_1"), PasswordHash::from_text("x"))],
        ..asked(vec![Change::PasswordSet { account: account("acc_1") }])
    };
    store.commit(set()).await.unwrap();
    assert!(!good(&store, &reset).await, "the password is another");

    let (reset, change) = (
        linked(&store, Purpose::Password, here, Some("acc_1")).await,
        linked(&store, Purpose::Email, "new@example.com", Some("acc_1")).await,
    );
    let to = Change::EmailChanged { account: account("acc_1"), email: email("b@example.com") };
    make(&store, to).await.unwrap();
    assert!(!good(&store, &reset).await && !good(&store, &change).await, "the address is another");

    let first = linked(&store, Purpose::FirstAdministrator, "x@example.com", None).await;
    make(&store, Change::AdministratorAppointed { account: account("acc_1") }).await.unwrap();
    assert!(!good(&store, &first).await, "there is an administrator");
    assert!(good(&store, &other).await);
    store.drop_links(Purpose::SignUp).await.unwrap();
    assert!(!good(&store, &other).await);
}

async fn links_are_kept_within_bounds(place: Place) {
    let store = place.open().await;
    for millis in 0..9 {
        let link = Link { created: at(START + millis), ..link(Purpose::SignUp, "a@example.com", None) };
        store.create_link(&token(), &link).await.unwrap();
    }
    let other = linked(&store, Purpose::SignUp, "b@example.com", None).await;
    assert!(good(&store, &other).await);
    assert_eq!(store.purge_links(at(START + DAY)).await.unwrap(), 6);
}

fn factor(owner: &str, id: &str) -> Change {
    Change::SecondFactorAdded {
        account: account(owner),
        factor: FactorId::from_text(id),
        kind: FactorKind::Totp,
    }
}

async fn a_code_of_a_step_is_used_once(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    make(&store, factor("acc_1", "fac_1")).await.unwrap();
    let (owner, id) = (account("acc_1"), FactorId::from_text("fac_1"));
    let used = async |step| store.use_step(&owner, &id, step, at(START + 1)).await.unwrap();
    assert!(!used(7).await, "the step that proved it when it was added");
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (store, owner, id) = (store.clone(), owner.clone(), id.clone());
            tokio::spawn(async move { store.use_step(&owner, &id, 8, at(START)).await.unwrap() })
        })
        .collect();
    let mut let_in = 0;
    for task in tasks {
        let_in += u32::from(task.await.unwrap());
    }
    assert_eq!(let_in, 1);
    assert!(used(10).await && !used(9).await && !used(10).await);
    assert!(!store.use_step(&account("acc_2"), &id, 11, at(START)).await.unwrap(), "another account's");
    let (factor, _) = store.list_factors(&owner).await.unwrap().remove(0);
    assert_eq!((factor.step, factor.used), (10, Some(at(START + 1))));
    assert_eq!(log(&store).await.len(), 2);
}

async fn factors_are_added_and_removed(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    make(&store, opened("acc_2", 1)).await.unwrap();
    let owner = account("acc_1");
    for n in 0..10 {
        make(&store, factor("acc_1", &format!("fac_{n}"))).await.unwrap();
    }
    assert_eq!(conflict(make(&store, factor("acc_1", "fac_10")).await), Conflict::FactorLimit);
    let taken = Conflict::FactorIdTaken(FactorId::from_text("fac_1"));
    assert_eq!(conflict(make(&store, factor("acc_2", "fac_1")).await), taken);
    let (first, sealed) = store.list_factors(&owner).await.unwrap().remove(0);
    assert_eq!((first.name.as_str(), sealed.as_str(), first.step), ("phone", "sealed fac_0", 7));

    let remove = |owner: &str, id: &str| Change::SecondFactorRemoved {
        account: account(owner),
        factor: FactorId::from_text(id),
    };
    let none = Conflict::NoSuchFactor { account: account("acc_2"), factor: FactorId::from_text("fac_1") };
    assert_eq!(conflict(make(&store, remove("acc_2", "fac_1")).await), none);
    make(&store, Change::RecoveryCodesMade { account: owner.clone() }).await.unwrap();
    for n in 0..10 {
        assert_eq!(store.count_recovery_codes(&owner).await.unwrap(), 2, "before {n}");
        make(&store, remove("acc_1", &format!("fac_{n}"))).await.unwrap();
    }
    assert_eq!(store.count_recovery_codes(&owner).await.unwrap(), 0, "codes go with the last factor");
    let suspended = Change::AccountSuspended { account: owner.clone() };
    make(&store, suspended).await.unwrap();
    assert_eq!(conflict(make(&store, factor("acc_1", "fac_1")).await), Conflict::AccountSuspended(owner));
}

async fn a_recovery_code_is_used_once(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    make(&store, opened("acc_2", 1)).await.unwrap();
    let made = Change::RecoveryCodesMade { account: account("acc_1") };
    make(&store, made.clone()).await.unwrap();
    make(&store, made).await.unwrap();
    assert_eq!(store.count_recovery_codes(&account("acc_1")).await.unwrap(), 2, "in place of the others");
    let code = codes().remove(0);
    assert!(!store.use_recovery_code(&account("acc_2"), &code).await.unwrap());
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (store, code) = (store.clone(), code.clone());
            tokio::spawn(async move { store.use_recovery_code(&account("acc_1"), &code).await.unwrap() })
        })
        .collect();
    let mut let_in = 0;
    for task in tasks {
        let_in += u32::from(task.await.unwrap());
    }
    assert_eq!((let_in, store.count_recovery_codes(&account("acc_1")).await.unwrap()), (1, 1));
}

async fn a_passkey_is_used_where_it_stands(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    make(&store, factor("acc_1", "fac_1")).await.unwrap();
    let (owner, id) = (account("acc_1"), FactorId::from_text("fac_1"));
    let (before, after) = (Sealed::from_text("sealed fac_1"), Sealed::from_text("next"));
    assert!(store.use_passkey(&owner, &id, &before, &after, at(START)).await.unwrap());
    assert!(!store.use_passkey(&owner, &id, &before, &after, at(START)).await.unwrap());
    let (factor, sealed) = store.list_factors(&owner).await.unwrap().remove(0);
    assert_eq!((factor.used, sealed), (Some(at(START)), after));
}

async fn a_real_name_is_decided_as_it_was_seen(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    let acc = || account("acc_1");
    let submit = || Change::RealNameSubmitted { account: acc() };
    let approve = |millis| Change::RealNameApproved { account: acc(), submitted: at(START + millis) };
    let reason = || Description::new("the picture cannot be read").unwrap();
    let reject =
        |millis| Change::RealNameRejected { account: acc(), submitted: at(START + millis), reason: reason() };
    assert_eq!(conflict(make(&store, approve(0)).await), Conflict::NoRealNameSubmitted(acc()));
    assert_eq!(store.find_real_name(&acc()).await.unwrap(), None);
    make_at(&store, START, submit()).await.unwrap();
    // It was submitted again after the administrator looked.
    make_at(&store, START + 1, submit()).await.unwrap();
    assert_eq!(conflict(make(&store, approve(0)).await), Conflict::NoRealNameSubmitted(acc()));
    let by = Actor::Owner(account("acc_9"));
    store.commit(Commit { by: by.clone(), at: at(START + 2), ..asked(vec![reject(1)]) }).await.unwrap();
    let (found, sealed) = store.find_real_name(&acc()).await.unwrap().unwrap();
    assert_eq!(
        (found.state, found.submitted, sealed.as_str()),
        (RealNameState::Rejected, at(START + 1), "sealed acc_1")
    );
    assert_eq!(
        (found.decided, found.decided_by, found.reason),
        (Some(at(START + 2)), Some(by), Some(reason()))
    );

    make_at(&store, START + 3, submit()).await.unwrap();
    let waiting = store.list_real_names(RealNameState::Submitted, 9).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].0.decided, &waiting[0].0.reason), (1, None, &None));
    make(&store, approve(3)).await.unwrap();
    assert_eq!(conflict(make(&store, submit()).await), Conflict::RealNameApproved(acc()));
    assert_eq!(conflict(make(&store, reject(3)).await), Conflict::RealNameApproved(acc()));
    assert!(store.list_real_names(RealNameState::Submitted, 9).await.unwrap().is_empty());
}

async fn a_closed_account_leaves_nothing_to_sign_in_with(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    let owner = account("acc_1");
    make(&store, factor("acc_1", "fac_1")).await.unwrap();
    make(&store, Change::RecoveryCodesMade { account: owner.clone() }).await.unwrap();
    make(&store, Change::RealNameSubmitted { account: owner.clone() }).await.unwrap();
    let reset = linked(&store, Purpose::Password, "acc_1@example.com", Some("acc_1")).await;
    make(&store, Change::AccountClosed { account: owner.clone() }).await.unwrap();
    assert!(store.list_factors(&owner).await.unwrap().is_empty());
    assert_eq!(store.count_recovery_codes(&owner).await.unwrap(), 0);
    assert_eq!(store.find_real_name(&owner).await.unwrap(), None);
    assert!(!good(&store, &reset).await);
    assert_eq!(store.find_password(&owner).await.unwrap(), None);
}

async fn sessions_end_together_with_a_change(place: Place) {
    use countersign_accounts::id::SessionId;
    use countersign_accounts::session::{Session, SessionLimits, Stage};
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    let owner = account("acc_1");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = SessionId::generate(&mut random::from_system());
        let session = Session {
            id: id.clone(),
            account: owner.clone(),
            stage: Stage::SignedIn,
            created: at(START),
            seen: at(START),
            proved: at(START),
            address: String::new(),
            client: String::new(),
        };
        store.create_session(&session, &token()).await.unwrap();
        ids.push(id);
    }
    let limit = Change::AccessKeyLimitSet { account: owner.clone(), access_key_limit: 2 };
    let ending = |but: Option<SessionId>, changes| Commit {
        beside: vec![Beside::EndSessions { account: account("acc_1"), but }],
        ..asked(changes)
    };
    let left =
        async || store.list_sessions(&owner, at(START), &SessionLimits::default()).await.unwrap().len();
    conflict(store.commit(ending(None, vec![opened("acc_1", 1)])).await);
    assert_eq!(left().await, 3, "all or nothing");
    store.commit(ending(Some(ids[0].clone()), vec![limit.clone()])).await.unwrap();
    assert_eq!(left().await, 1);
    store.commit(ending(None, vec![limit])).await.unwrap();
    assert_eq!(left().await, 0);
}

async fn refusals_are_counted_by_the_hour(place: Place) {
    const HOUR: i64 = 3_600_000;
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    let refused = |owner: &str, id: &str, millis, count| RefusedRequests {
        account: account(owner),
        access_key: key(id),
        reason: "SignatureMismatch".into(),
        address: "192.0.2.1".into(),
        count,
        last: at(START / HOUR * HOUR + millis),
    };
    let notes = [
        refused("acc_1", "K", 5, 2),
        refused("acc_1", "K", 3, 1),
        refused("acc_1", "K", HOUR, 1),
        refused("acc_2", "K", 5, 2),
    ];
    store.note_refusals(&notes).await.unwrap();
    let listed = store.list_refusals(&account("acc_1"), 9).await.unwrap();
    assert_eq!(listed, [refused("acc_1", "K", HOUR, 1), refused("acc_1", "K", 5, 3)]);
    assert!(store.list_refusals(&account("acc_2"), 9).await.unwrap().is_empty(), "there is no such account");

    let many: Vec<_> = (0..2100).map(|n| refused("acc_1", &format!("K{n}"), 7, 1)).collect();
    store.note_refusals(&many).await.unwrap();
    assert_eq!(store.list_refusals(&account("acc_1"), 9000).await.unwrap().len(), 2000);
    store.note_refusals(&notes[..1]).await.unwrap();
    let listed = store.list_refusals(&account("acc_1"), 9000).await.unwrap();
    assert!(listed.contains(&refused("acc_1", "K", 5, 5)), "those that are there are counted on");
    assert_eq!(store.purge_refusals(at(START / HOUR * HOUR + HOUR)).await.unwrap(), 1999);
    assert_eq!(store.list_refusals(&account("acc_1"), 9).await.unwrap().len(), 1);
}

async fn a_reminder_is_noted_once(place: Place) {
    let store = place.open().await;
    let note = async |subject: &str, millis, again| {
        store.note_reminder(subject, "expiry", at(START + millis), at(again)).await.unwrap()
    };
    assert!(note("K", 0, 0).await);
    assert!(!note("K", 1, 0).await);
    assert!(note("L", 1, 0).await);
    assert!(note("K", DAY, START + 1).await, "it is long ago");
    assert!(!note("K", DAY, START + 1).await);
    assert_eq!(store.purge_reminders(at(START + DAY)).await.unwrap(), 1);
    assert!(note("L", DAY, 0).await);
}
