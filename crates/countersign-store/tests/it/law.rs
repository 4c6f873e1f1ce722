//! The law of the change log: all changes at once, the first few and then the rest, and what the rows say are one.

use std::collections::{BTreeMap, BTreeSet};

use countersign::Timestamp;
use countersign_accounts::access_key::{AccessKeyKind, Description};
use countersign_accounts::account::Registration;
use countersign_accounts::change::{Change, Recorded, Revision};
use countersign_accounts::factor::FactorKind;
use countersign_accounts::id::FactorId;
use countersign_accounts::keyring::{Snapshot, Standing};
use countersign_accounts::network::Networks;
use countersign_accounts::real_name::RealNameState;
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
    let change = (0u8..40, 0u8..3, 0u8..5, any::<bool>());
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
            networks: Networks::from_text(["", "10.0.0.0/8", "::1", ""][usize::from(thing) % 4]).unwrap(),
            kind: if thing % 2 == 0 { AccessKeyKind::Secret } else { AccessKeyKind::Public },
            disabled: what == 7,
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
        30 | 31 => Change::SecondFactorAdded {
            account: account(owner),
            factor: FactorId::from_text(format!("fac_{thing}")),
            kind: FactorKind::Totp,
        },
        32 => Change::SecondFactorRemoved {
            account: account(owner),
            factor: FactorId::from_text(format!("fac_{thing}")),
        },
        33 => Change::RecoveryCodesMade { account: account(owner) },
        34 | 35 => Change::RealNameSubmitted { account: account(owner) },
        36 | 37 => {
            let (account, submitted) = (account(owner), at(START + i64::from(thing) * DAY));
            match flag {
                true => Change::RealNameApproved { account, submitted },
                false => {
                    Change::RealNameRejected { account, submitted, reason: Description::new("no").unwrap() }
                }
            }
        }
        29 => Change::AccountResumed { account: account(owner) },
        _ => purged(owner, id),
    }
}

type Told = BTreeSet<(String, &'static str, String, &'static str, bool, Option<Timestamp>, String)>;

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
                key.kind().name(),
                key.account.to_string(),
                standing(key.standing),
                snapshot.is_suspended(&key.account),
                key.expires(),
                snapshot.networks(key).map(ToString::to_string).unwrap_or_default(),
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

/// Second factors, accounts that have recovery codes, and the states of real names, as changes make them.
#[derive(Debug, Default, PartialEq)]
struct Proofs {
    factors: BTreeSet<(String, String)>,
    codes: BTreeSet<String>,
    names: BTreeMap<String, RealNameState>,
}

fn proofs(log: &[Recorded]) -> Proofs {
    let mut proofs = Proofs::default();
    for recorded in log {
        let account = recorded.change.account().to_string();
        match &recorded.change {
            Change::SecondFactorAdded { factor, .. } => {
                proofs.factors.insert((account, factor.to_string()));
            }
            Change::SecondFactorRemoved { factor, .. } => {
                proofs.factors.remove(&(account.clone(), factor.to_string()));
                if !proofs.factors.iter().any(|(owner, _)| *owner == account) {
                    proofs.codes.remove(&account);
                }
            }
            Change::RecoveryCodesMade { .. } => {
                proofs.codes.insert(account);
            }
            Change::RealNameSubmitted { .. } => {
                proofs.names.insert(account, RealNameState::Submitted);
            }
            Change::RealNameApproved { .. } => {
                proofs.names.insert(account, RealNameState::Approved);
            }
            Change::RealNameRejected { .. } => {
                proofs.names.insert(account, RealNameState::Rejected);
            }
            Change::AccountClosed { .. } => {
                proofs.factors.retain(|(owner, _)| *owner != account);
                proofs.codes.remove(&account);
                proofs.names.remove(&account);
            }
            _ => {}
        }
    }
    proofs
}

/// The same, as the rows say.
async fn proofs_in_rows(store: &Store) -> Proofs {
    let mut proofs = Proofs::default();
    for owner in store.list_accounts(None, 100).await.unwrap() {
        for (factor, _) in store.list_factors(&owner.id).await.unwrap() {
            proofs.factors.insert((owner.id.to_string(), factor.id.to_string()));
        }
        if store.count_recovery_codes(&owner.id).await.unwrap() > 0 {
            proofs.codes.insert(owner.id.to_string());
        }
        if let Some((name, _)) = store.find_real_name(&owner.id).await.unwrap() {
            proofs.names.insert(owner.id.to_string(), name.state);
        }
    }
    proofs
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
    let in_pages = store.snapshot(ring).await.unwrap().unwrap();
    assert_eq!(told(&in_pages), told(&from_rows));
    assert_eq!(in_pages.revision(), from_rows.revision());
    let log = log(&store).await;
    let (by_log, registration) = accounts(log.iter().map(|recorded| &recorded.change));
    let (by_rows, _) = accounts(full.changes.iter().map(|(change, _)| change));
    assert_eq!(by_log, by_rows);
    assert_eq!(registration, store.registration().await.unwrap());
    assert_eq!(proofs(&log), proofs_in_rows(&store).await);
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
