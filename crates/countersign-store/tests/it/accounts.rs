//! Accounts, passwords and projects.

use countersign_accounts::account::Account;
use countersign_accounts::change::Change;
use countersign_accounts::password::PasswordHash;
use countersign_accounts::project::Project;
use countersign_store::{Conflict, Secret, StoreError};

use crate::kit::*;

on_both_engines! {
    accounts_are_opened_found_and_listed
    an_address_and_a_name_belong_to_one_account
    a_suspended_account_gets_nothing_new
    a_password_stands_in_its_row_alone
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
