//! The law of the change log: all changes at once, the first few and then the rest, and what the rows say are one.

use std::collections::{BTreeMap, BTreeSet};

use countersign::Timestamp;
use countersign_accounts::access_key::Description;
use countersign_accounts::account::Registration;
use countersign_accounts::change::{Change, Revision};
use countersign_accounts::keyring::{Snapshot, Standing};
use countersign_accounts::seal::{Ring, Sealed};
use countersign_store::{Access, Commit, Onward, Store, StoreError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::kit::*;

/// What may be asked for, by small numbers, so that requests meet each other.
#[derive(Clone, Debug)]
struct Asked {
    /// Days since the last one.
    days: i64,
    changes: Vec<(u8, u8, u8, bool)>,
}

fn anything() -> impl Strategy<Value = (Vec<Asked>, usize)> {
    let change = (0u8..32, 0u8..3, 0u8..5, any::<bool>());
    let asked =
        (0i64..25, prop::collection::vec(change, 1..3)).prop_map(|(days, changes)| Asked { days, changes });
    (prop::collection::vec(asked, 1..60), any::<prop::sample::Index>()).prop_map(|(all, index)| {
        let first = index.index(all.len() + 1);
        (all, first)
    })
}

fn change(number: usize, (what, owner, thing, flag): (u8, u8, u8, bool)) -> Change {
    let owner_text = format!("acc_{owner}");
    let (owner, id) = (owner_text.as_str(), format!("K{thing}"));
    let id = id.as_str();
    match what {
        0..=2 => opened(owner, u32::from(thing)),
        3 => Change::AccountSuspended { account: account(owner) },
        4 => Change::AccountResumed { account: account(owner) },
        5 => project_created(owner, &format!("p_{thing}")),
        6 => Change::ProjectDeleted { account: account(owner), project: project(&format!("p_{thing}")) },
        7..=11 => Change::AccessKeyCreated {
            account: account(owner),
            access_key: key(id),
            description: Description::new(&format!("number {number}")).unwrap(),
            expires: flag.then(|| at(START + i64::try_from(number).unwrap())),
            replaces: flag.then(|| key(&format!("K{}", (thing + 1) % 5))),
        },
        12..=14 => disabled(owner, id),
        15 | 16 => enabled(owner, id),
        17..=19 => deleted(owner, id),
        20 | 21 => restored(owner, id),
        // Rarely, for it is the end of an account.
        22 if thing == 0 => Change::AccountClosed { account: account(owner) },
        22 | 23 => {
            Change::EmailChanged { account: account(owner), email: email(&format!("e{thing}@example.com")) }
        }
        24 => Change::AccessKeyLimitSet { account: account(owner), access_key_limit: u32::from(thing) + 2 },
        25 | 26 => Change::AdministratorAppointed { account: account(owner) },
        27 => Change::AdministratorDismissed { account: account(owner) },
        28 => Change::RegistrationSet {
            account: account(owner),
            mode: Registration::ALL[usize::from(thing) % Registration::ALL.len()],
        },
        29 => Change::AccountResumed { account: account(owner) },
        _ => purged(owner, id),
    }
}

type Told = BTreeSet<(String, String, &'static str, bool, Option<Timestamp>)>;

fn told(snapshot: &Snapshot) -> Told {
    let standing = |standing| match standing {
        Standing::Enabled => "enabled",
        Standing::Disabled => "disabled",
        Standing::Deleted => "deleted",
    };
    snapshot
        .iter()
        .map(|key| {
            (
                key.id().to_owned(),
                key.account.to_string(),
                standing(key.standing),
                snapshot.is_suspended(&key.account),
                key.expires(),
            )
        })
        .collect()
}

/// What is known of an account: its address and limit, and whether it administers, is suspended, is closed.
type Accounts = BTreeMap<String, (String, u32, bool, bool, bool)>;

/// What changes make of accounts, and who may register.
fn accounts<'c>(changes: impl Iterator<Item = &'c Change>) -> (Accounts, Registration) {
    let (mut accounts, mut registration) = (Accounts::new(), Registration::default());
    for change in changes {
        let account = change.account().to_string();
        if let Change::AccountOpened { email, access_key_limit, .. } = change {
            accounts.insert(account, (email.to_string(), *access_key_limit, false, false, false));
            continue;
        }
        let (address, limit, administrator, suspended, closed) = accounts.get_mut(&account).unwrap();
        match change {
            Change::EmailChanged { email, .. } => *address = email.to_string(),
            Change::AccessKeyLimitSet { access_key_limit, .. } => *limit = *access_key_limit,
            Change::AdministratorAppointed { .. } => *administrator = true,
            Change::AdministratorDismissed { .. } => *administrator = false,
            Change::AccountSuspended { .. } => *suspended = true,
            Change::AccountResumed { .. } => *suspended = false,
            Change::AccountClosed { .. } => {
                *address = format!("{account}@closed.invalid");
                (*administrator, *closed) = (false, true);
            }
            Change::RegistrationSet { mode, .. } => registration = *mode,
            _ => {}
        }
    }
    (accounts, registration)
}

type Entries = Vec<(Revision, Change, Option<Sealed>)>;

async fn entries(store: &Store, after: Revision) -> Entries {
    let mut all = Entries::new();
    let mut cursor = after;
    loop {
        let Onward::Changes(page) = store.changes_after(cursor, 7).await.unwrap() else { panic!("forked") };
        let Some(last) = page.last() else { return all };
        cursor = last.recorded.revision;
        all.extend(
            page.into_iter().map(|entry| (entry.recorded.revision, entry.recorded.change, entry.sealed)),
        );
    }
}

async fn holds(place: &Place, all: Vec<Asked>, first: usize) {
    let store = place.open().await;
    let ring: &Ring = &ring(store.cluster());
    let mut now = START;
    let mut some = Snapshot::empty();
    for (number, request) in all.iter().enumerate() {
        if number == first {
            some = some.after(&entries(&store, Revision::default()).await, ring).unwrap();
        }
        now += request.days * DAY;
        let changes = request.changes.iter().map(|drawn| change(number, *drawn)).collect();
        let commit = Commit { at: at(now), ..sealed_by(ring, asked(changes)) };
        match store.commit(commit).await {
            Ok(_) | Err(StoreError::Conflict(_)) => {}
            // Two secrets for one key, where the same key was drawn twice.
            Err(StoreError::Misuse(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    let rest = some.after(&entries(&store, some.revision()).await, ring).unwrap();
    let at_once = Snapshot::empty().after(&entries(&store, Revision::default()).await, ring).unwrap();
    let full = store.full_state().await.unwrap();
    let from_rows = Snapshot::from_full_state(full.revision, &full.changes, ring).unwrap();
    assert_eq!(told(&rest), told(&at_once));
    assert_eq!(told(&at_once), told(&from_rows));
    let log = log(&store).await;
    let (by_log, registration) = accounts(log.iter().map(|recorded| &recorded.change));
    let (by_rows, _) = accounts(full.changes.iter().map(|(change, _)| change));
    assert_eq!(by_log, by_rows);
    assert_eq!(registration, store.registration().await.unwrap());
    let administered =
        by_log.values().filter(|(_, _, administrator, suspended, _)| *administrator && !suspended);
    let appointed =
        log.iter().any(|recorded| matches!(recorded.change, Change::AdministratorAppointed { .. }));
    assert_eq!(
        administered.count() > 0,
        appointed,
        "once there is an administrator in force, there is always one"
    );
    let end = log.last().map_or(0, |recorded| recorded.revision.seq);
    assert_eq!((rest.revision().seq, at_once.revision().seq, from_rows.revision().seq), (end, end, end));
    store.close().await;
    let again = Store::open(&place.url, Access::Existing).await.unwrap();
    assert_eq!(again.full_state().await.unwrap(), full);
    again.close().await;
}

fn prove(cases: u32, place: impl Fn() -> Place) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let proven = TestRunner::new(config).run(&anything(), |(all, first)| {
        runtime.block_on(holds(&place(), all, first));
        Ok(())
    });
    proven.unwrap();
}

#[test]
fn the_law_holds_on_sqlite() {
    prove(48, Place::sqlite);
}

#[test]
fn the_law_holds_on_postgres() {
    if Place::postgres().is_some() {
        prove(6, || Place::postgres().unwrap());
    }
}
