//! Accounts, passwords and projects.

use countersign_accounts::account::{Account, Email, Language, Registration};
use countersign_accounts::change::Change;
use countersign_accounts::password::PasswordHash;
use countersign_accounts::project::Project;
use countersign_store::{Conflict, Secret, Store, StoreError};

use crate::kit::*;

on_both_engines! {
    accounts_are_opened_found_and_listed
    an_address_and_a_name_belong_to_one_account
    a_suspended_account_gets_nothing_new
    a_password_stands_in_its_row_alone
    a_closed_account_is_closed_for_good
    an_address_changes_to_a_free_one
    the_last_administrator_in_force_stays
    accounts_are_searched_by_address
    registration_is_closed_until_somebody_opens_it
    a_language_is_no_change
    projects_are_created_found_and_deleted
    projects_are_listed_by_name_in_pages
    the_ends_of_what_a_row_can_hold
    a_text_that_no_row_can_hold_names_nothing
}

async fn accounts_are_opened_found_and_listed(place: Place) {
    let store = place.open().await;
    for id in ["acc_b", "acc_a", "acc_C"] {
        make(&store, opened(id, 3)).await.unwrap();
    }
    let expected = Account {
        id: account("acc_a"),
        email: email("acc_a@example.com"),
        created: at(START),
        suspended: false,
        access_key_limit: 3,
        administrator: false,
        closed: None,
        password_set: None,
        language: Language::English,
    };
    assert_eq!(store.find_account(&account("acc_a")).await.unwrap(), Some(expected.clone()));
    assert_eq!(store.find_account_by_email(&email("ACC_A@example.com")).await.unwrap(), Some(expected));
    assert_eq!(store.find_account(&account("acc_z")).await.unwrap(), None);

    let names = |accounts: Vec<Account>| accounts.into_iter().map(|a| a.id.to_string()).collect::<Vec<_>>();
    let first = store.list_accounts(None, 2).await.unwrap();
    assert_eq!(names(first.clone()), ["acc_C", "acc_a"], "in the order of bytes, on both engines");
    assert_eq!(names(store.list_accounts(Some(&first[1].id), 2).await.unwrap()), ["acc_b"]);
}

async fn an_address_and_a_name_belong_to_one_account(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 3)).await.unwrap();
    let same_address = Change::AccountOpened {
        account: account("acc_2"),
        email: email("acc_1@example.com"),
        access_key_limit: 3,
    };
    assert_eq!(conflict(make(&store, same_address).await), Conflict::EmailTaken(email("acc_1@example.com")));
    let same_name =
        Change::AccountOpened { account: account("acc_1"), email: email("x@y"), access_key_limit: 3 };
    assert_eq!(conflict(make(&store, same_name).await), Conflict::AccountIdTaken(account("acc_1")));
    assert_eq!(log(&store).await.len(), 1);
}

async fn a_suspended_account_gets_nothing_new(place: Place) {
    let store = place.open().await;
    let (suspend, resume) = (
        Change::AccountSuspended { account: account("acc_1") },
        Change::AccountResumed { account: account("acc_1") },
    );
    assert_eq!(conflict(make(&store, suspend.clone()).await), Conflict::NoSuchAccount(account("acc_1")));
    assert_eq!(conflict(make(&store, resume.clone()).await), Conflict::NoSuchAccount(account("acc_1")));
    make(&store, opened("acc_1", 3)).await.unwrap();
    let met = conflict(make(&store, resume.clone()).await);
    assert_eq!(met, Conflict::NotSuspended(account("acc_1")));
    assert!(met.is_done_already());

    make(&store, suspend.clone()).await.unwrap();
    assert!(store.find_account(&account("acc_1")).await.unwrap().unwrap().suspended);
    let met = conflict(make(&store, suspend).await);
    assert_eq!(met, Conflict::AlreadySuspended(account("acc_1")));
    assert!(met.is_done_already());
    let met = conflict(make(&store, created("acc_1", "K1")).await);
    assert_eq!(met, Conflict::AccountSuspended(account("acc_1")));
    assert!(!met.is_done_already());
    let met = conflict(make(&store, project_created("acc_1", "sales")).await);
    assert_eq!(met, Conflict::AccountSuspended(account("acc_1")));

    make(&store, resume).await.unwrap();
    make(&store, created("acc_1", "K1")).await.unwrap();
}

async fn a_password_stands_in_its_row_alone(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 3)).await.unwrap();
    assert_eq!(store.find_password(&account("acc_1")).await.unwrap(), None);
    let set = |id: &str, hash: &str| {
        let mut commit = asked(vec![Change::PasswordSet { account: account(id) }]);
        commit.secrets.push(Secret::Password(account(id), PasswordHash::from_text(hash)));
        commit
    };
    store.commit(set("acc_1", "$argon2id$first")).await.unwrap();
    store.commit(set("acc_1", "$argon2id$second")).await.unwrap();
    let found = store.find_password(&account("acc_1")).await.unwrap().unwrap();
    assert_eq!(found.as_str(), "$argon2id$second");
    let met = conflict(store.commit(set("acc_2", "$argon2id$third")).await);
    assert_eq!(met, Conflict::NoSuchAccount(account("acc_2")));
    assert!(!format!("{:?}", log(&store).await).contains("argon2id"));

    let without = asked(vec![Change::PasswordSet { account: account("acc_1") }]);
    assert!(matches!(store.commit(without).await, Err(StoreError::Misuse(_))));
}

async fn projects_are_created_found_and_deleted(place: Place) {
    let store = place.open().await;
    let met = conflict(make(&store, project_created("acc_1", "sales")).await);
    assert_eq!(met, Conflict::NoSuchAccount(account("acc_1")));
    make(&store, opened("acc_1", 3)).await.unwrap();
    make(&store, opened("acc_2", 3)).await.unwrap();
    make(&store, project_created("acc_1", "sales")).await.unwrap();
    let expected = Project { name: project("sales"), account: account("acc_1"), created: at(START) };
    assert_eq!(store.find_project(&project("SALES")).await.unwrap(), Some(expected));
    for owner in ["acc_1", "acc_2"] {
        let met = conflict(make(&store, project_created(owner, "Sales")).await);
        assert_eq!(met, Conflict::ProjectTaken(project("sales")));
    }

    let delete = |owner: &str| Change::ProjectDeleted { account: account(owner), project: project("sales") };
    let none = |owner: &str| Conflict::NoSuchProject { account: account(owner), project: project("sales") };
    assert_eq!(conflict(make(&store, delete("acc_2")).await), none("acc_2"), "another account's");
    make(&store, delete("acc_1")).await.unwrap();
    assert_eq!(conflict(make(&store, delete("acc_1")).await), none("acc_1"));
    make(&store, project_created("acc_2", "sales")).await.unwrap();
}

async fn projects_are_listed_by_name_in_pages(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 3)).await.unwrap();
    make(&store, opened("acc_2", 3)).await.unwrap();
    for name in ["b_2", "ab1", "b_1", "b11", "zzz"] {
        make(&store, project_created("acc_1", name)).await.unwrap();
    }
    make(&store, project_created("acc_2", "b_3")).await.unwrap();

    let list = async |after: Option<&str>, prefix: &str, limit| {
        let after = after.map(project);
        let listed = store.list_projects(&account("acc_1"), after.as_ref(), prefix, limit).await.unwrap();
        listed.into_iter().map(|project| project.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(list(None, "", 10).await, ["ab1", "b11", "b_1", "b_2", "zzz"]);
    assert_eq!(list(None, "", 2).await, ["ab1", "b11"]);
    assert_eq!(list(Some("b11"), "", 2).await, ["b_1", "b_2"]);
    assert_eq!(list(None, "B_", 10).await, ["b_1", "b_2"], "`_` is a character, not a pattern");
    assert_eq!(list(Some("b_1"), "b", 10).await, ["b_2"]);
    assert!(list(None, "%", 10).await.is_empty());
}

async fn the_ends_of_what_a_row_can_hold(place: Place) {
    let store = place.open().await;
    let long = format!("acc_{}", "x".repeat(1000));
    let open =
        Change::AccountOpened { account: account(&long), email: email("x@y"), access_key_limit: u32::MAX };
    make_at(&store, i64::MAX, open.clone()).await.unwrap();
    let found = store.find_account(&account(&long)).await.unwrap().unwrap();
    assert_eq!((found.access_key_limit, found.created), (u32::MAX, at(i64::MAX)));
    assert_eq!(log(&store).await[0].change, open);

    make(&store, opened("acc_1", 0)).await.unwrap();
    let met = conflict(make(&store, created("acc_1", "K1")).await);
    assert_eq!(met, Conflict::AccessKeyLimit { limit: 0 });
}

async fn a_text_that_no_row_can_hold_names_nothing(place: Place) {
    let store = place.open().await;
    let odd = account("acc_\0");
    assert_eq!(store.find_account(&odd).await.unwrap(), None);
    assert_eq!(store.find_password(&odd).await.unwrap(), None);
    assert!(store.list_projects(&odd, None, "", 9).await.unwrap().is_empty());
    assert!(store.list_projects(&account("acc_1"), None, "\0", 9).await.unwrap().is_empty());
    assert!(store.list_access_keys(&odd).await.unwrap().is_empty());
    assert!(store.list_changes(Some(&odd), None, 9).await.unwrap().is_empty());
    assert!(store.list_accounts(Some(&odd), 9).await.unwrap().is_empty());
    let met = conflict(make(&store, Change::AccountSuspended { account: odd.clone() }).await);
    assert_eq!(met, Conflict::NoSuchAccount(odd));
}

async fn found(store: &Store, id: &str) -> Account {
    store.find_account(&account(id)).await.unwrap().unwrap()
}

async fn a_closed_account_is_closed_for_good(place: Place) {
    let store = place.open().await;
    let acc = || account("acc_1");
    let close = Change::AccountClosed { account: acc() };
    assert_eq!(conflict(make(&store, close.clone()).await), Conflict::NoSuchAccount(acc()));
    make(&store, opened("acc_1", 3)).await.unwrap();
    make(&store, created("acc_1", "K")).await.unwrap();
    make_at(&store, START + 5, close.clone()).await.unwrap();
    let now = found(&store, "acc_1").await;
    assert_eq!((now.closed, now.in_force()), (Some(at(START + 5)), false));
    assert_eq!(now.email.as_str(), "acc_1@closed.invalid");
    assert_eq!(store.find_account_by_email(&email("acc_1@example.com")).await.unwrap(), None);

    let other_email = Change::EmailChanged { account: acc(), email: email("x@example.com") };
    for change in [
        close,
        Change::AccountSuspended { account: acc() },
        Change::AccountResumed { account: acc() },
        Change::AccessKeyLimitSet { account: acc(), access_key_limit: 9 },
        Change::AdministratorAppointed { account: acc() },
        other_email,
        created("acc_1", "L"),
        project_created("acc_1", "sales"),
    ] {
        let told = format!("{change:?}");
        assert_eq!(conflict(make(&store, change).await), Conflict::AccountClosed(acc()), "{told}");
    }
    let again = Change::AccountOpened {
        account: account("acc_2"),
        email: email("acc_1@example.com"),
        access_key_limit: 1,
    };
    make(&store, again).await.unwrap();
}

async fn an_address_changes_to_a_free_one(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 3)).await.unwrap();
    make(&store, opened("acc_2", 3)).await.unwrap();
    let to = |address: &str| Change::EmailChanged { account: account("acc_1"), email: email(address) };
    for taken in ["acc_2@example.com", "acc_1@example.com"] {
        assert_eq!(conflict(make(&store, to(taken)).await), Conflict::EmailTaken(email(taken)));
    }
    make(&store, to("New@example.com")).await.unwrap();
    assert_eq!(found(&store, "acc_1").await.email, Email::new("new@example.com").unwrap());
    make(&store, Change::AccessKeyLimitSet { account: account("acc_1"), access_key_limit: 0 }).await.unwrap();
    assert_eq!(conflict(make(&store, created("acc_1", "K")).await), Conflict::AccessKeyLimit { limit: 0 });
}

async fn the_last_administrator_in_force_stays(place: Place) {
    let store = place.open().await;
    let appoint = |id: &str| Change::AdministratorAppointed { account: account(id) };
    let dismiss = |id: &str| Change::AdministratorDismissed { account: account(id) };
    let suspend = |id: &str| Change::AccountSuspended { account: account(id) };
    let close = |id: &str| Change::AccountClosed { account: account(id) };
    assert_eq!(conflict(make(&store, appoint("acc_1")).await), Conflict::NoSuchAccount(account("acc_1")));
    for id in ["acc_1", "acc_2", "acc_3"] {
        make(&store, opened(id, 3)).await.unwrap();
    }
    assert_eq!(conflict(make(&store, dismiss("acc_1")).await), Conflict::NotAdministrator(account("acc_1")));
    make(&store, appoint("acc_1")).await.unwrap();
    assert_eq!(
        conflict(make(&store, appoint("acc_1")).await),
        Conflict::AlreadyAdministrator(account("acc_1"))
    );
    for change in [dismiss("acc_1"), suspend("acc_1"), close("acc_1")] {
        assert_eq!(conflict(make(&store, change).await), Conflict::LastAdministrator(account("acc_1")));
    }

    // One that is suspended is not in force, so it does not count, and may go.
    make(&store, appoint("acc_2")).await.unwrap();
    make(&store, suspend("acc_2")).await.unwrap();
    assert_eq!(conflict(make(&store, close("acc_1")).await), Conflict::LastAdministrator(account("acc_1")));
    assert_eq!(conflict(make(&store, appoint("acc_2")).await), Conflict::AccountSuspended(account("acc_2")));
    make(&store, dismiss("acc_2")).await.unwrap();
    make(&store, appoint("acc_3")).await.unwrap();
    let told: Vec<_> = store.list_administrators().await.unwrap().into_iter().map(|a| a.id).collect();
    assert_eq!(told, [account("acc_1"), account("acc_3")]);
    make(&store, close("acc_1")).await.unwrap();
    assert!(!found(&store, "acc_1").await.administrator);

    // Two who dismiss each other at once: one of them stays.
    make(&store, Change::AccountResumed { account: account("acc_2") }).await.unwrap();
    make(&store, appoint("acc_2")).await.unwrap();
    let (a, b) = tokio::join!(make(&store, dismiss("acc_2")), make(&store, dismiss("acc_3")));
    assert_eq!([a.is_ok(), b.is_ok()].into_iter().filter(|ok| *ok).count(), 1);
    assert_eq!(store.list_administrators().await.unwrap().len(), 1);
}

async fn accounts_are_searched_by_address(place: Place) {
    let store = place.open().await;
    for id in ["acc_a", "acc_b", "acc_c"] {
        make(&store, opened(id, 3)).await.unwrap();
    }
    make(&store, Change::EmailChanged { account: account("acc_b"), email: email("bob_x@other.org") })
        .await
        .unwrap();
    let names = async |text: &str, after: Option<&str>, limit| {
        let after = after.map(account);
        let found = store.search_accounts(text, after.as_ref(), limit).await.unwrap();
        found.into_iter().map(|account| account.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names("EXAMPLE", None, 9).await, ["acc_a", "acc_c"]);
    assert_eq!(names("example", Some("acc_a"), 9).await, ["acc_c"]);
    assert_eq!(names("_x", None, 9).await, ["acc_b"], "`_` is a character, not a pattern");
    assert_eq!(names("acc_b", None, 9).await, ["acc_b"], "by its name");
    assert_eq!(names("", None, 2).await, ["acc_a", "acc_b"]);
    assert!(names("%", None, 9).await.is_empty());
    assert!(names("a\0", None, 9).await.is_empty());
}

async fn registration_is_closed_until_somebody_opens_it(place: Place) {
    let store = place.open().await;
    assert_eq!(store.registration().await.unwrap(), Registration::Closed);
    make(&store, opened("acc_1", 3)).await.unwrap();
    for mode in [Registration::Open, Registration::Invitation, Registration::Closed] {
        make(&store, Change::RegistrationSet { account: account("acc_1"), mode }).await.unwrap();
        assert_eq!(store.registration().await.unwrap(), mode);
    }
    let nobody = Change::RegistrationSet { account: account("acc_2"), mode: Registration::Open };
    assert_eq!(conflict(make(&store, nobody).await), Conflict::NoSuchAccount(account("acc_2")));
    place.raw("UPDATE setting SET value = 'ajar'").await;
    assert!(matches!(store.registration().await, Err(StoreError::Inconsistent { table: "setting", .. })));
}

async fn a_language_is_no_change(place: Place) {
    let store = place.open().await;
    make(&store, opened("acc_1", 3)).await.unwrap();
    store.set_language(&account("acc_1"), Language::SimplifiedChinese).await.unwrap();
    assert_eq!(found(&store, "acc_1").await.language, Language::SimplifiedChinese);
    assert_eq!(log(&store).await.len(), 1);
    let none = store.set_language(&account("acc_2"), Language::English).await.unwrap_err();
    assert_eq!(none, StoreError::Conflict(Conflict::NoSuchAccount(account("acc_2"))));
}
