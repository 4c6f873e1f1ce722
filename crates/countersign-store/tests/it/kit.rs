//! What the tests share: places for stores, and short ways to say what is asked of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign::crypto::PublicKey;
use countersign::{AccessKeyId, AccessKeySecret, Timestamp};
use countersign_accounts::access_key::{AccessKeyKind, Description, KeyMaterial};
use countersign_accounts::account::Email;
use countersign_accounts::change::{Actor, Change, Recorded, Revision};
use countersign_accounts::id::AccountId;
use countersign_accounts::project::ProjectName;
use countersign_accounts::random;
use countersign_accounts::seal::{MasterKey, Ring, RingKey, Sealed};
use countersign_accounts::token::TokenHash;
use countersign_store::{Access, Commit, Conflict, Secret, Store, StoreError};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use tempfile::TempDir;

/// Where a store may be.
pub(crate) struct Place {
    pub(crate) url: String,
    /// Removed at the end.
    pub(crate) directory: Option<TempDir>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let directory = TempDir::new().unwrap();
        Self {
            url: format!("sqlite://{}/countersign.db", directory.path().display()),
            directory: Some(directory),
        }
    }

    /// None where PostgreSQL is not installed.
    pub(crate) fn postgres() -> Option<Self> {
        crate::postgres::database().map(|url| Self { url, directory: None })
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url, Access::Migrate).await.unwrap()
    }

    /// Statements behind the store's back.
    pub(crate) async fn raw(&self, statements: &str) {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(statements))).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// The same tests for each engine.
macro_rules! on_both_engines {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::kit::Place::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(place) = crate::kit::Place::postgres() {
                    super::$name(place).await;
                }
            })*
        }
    };
}
pub(crate) use on_both_engines;

/// The first instant of the tests.
pub(crate) const START: i64 = 1_790_000_000_000;
pub(crate) const DAY: i64 = 86_400_000;

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

pub(crate) fn account(text: &str) -> AccountId {
    AccountId::from_text(text)
}

pub(crate) fn key(text: &str) -> AccessKeyId {
    AccessKeyId::new(text).unwrap()
}

pub(crate) fn project(text: &str) -> ProjectName {
    ProjectName::new(text).unwrap()
}

pub(crate) fn email(text: &str) -> Email {
    Email::new(text).unwrap()
}

/// A request of its own, at the first instant. Created keys get the sealed text `sealed ID`.
pub(crate) fn asked(changes: Vec<Change>) -> Commit {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let sealed = |change: &Change| match change {
        Change::AccessKeyCreated { access_key, .. } => {
            Some(Secret::AccessKey(access_key.clone(), Sealed::from_text(format!("sealed {access_key}"))))
        }
        Change::SecondFactorAdded { factor, .. } => Some(Secret::Factor {
            id: factor.clone(),
            name: Description::new("phone").unwrap(),
            sealed: Sealed::from_text(format!("sealed {factor}")),
            step: 7,
        }),
        Change::RecoveryCodesMade { account } => Some(Secret::RecoveryCodes(account.clone(), codes())),
        Change::RealNameSubmitted { account } => {
            Some(Secret::RealName(account.clone(), Sealed::from_text(format!("sealed {account}"))))
        }
        _ => None,
    };
    Commit {
        by: Actor::System,
        request: format!("req_{}", COUNT.fetch_add(1, Ordering::Relaxed)),
        at: at(START),
        secrets: changes.iter().filter_map(sealed).collect(),
        changes,
        beside: Vec::new(),
    }
}

/// Two recovery codes, hashed.
pub(crate) fn codes() -> Vec<TokenHash> {
    ["one", "two"].map(TokenHash::from_text).into()
}

pub(crate) async fn make(store: &Store, change: Change) -> Result<Revision, StoreError> {
    store.commit(asked(vec![change])).await
}

pub(crate) async fn make_at(store: &Store, millis: i64, change: Change) -> Result<Revision, StoreError> {
    store.commit(Commit { at: at(millis), ..asked(vec![change]) }).await
}

/// The conflict that a request met.
#[track_caller]
pub(crate) fn conflict(outcome: Result<Revision, StoreError>) -> Conflict {
    match outcome {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panic!("a conflict was expected: {other:?}"),
    }
}

pub(crate) fn opened(id: &str, access_key_limit: u32) -> Change {
    let email = email(&format!("{id}@example.com"));
    Change::AccountOpened { account: account(id), email, access_key_limit }
}

pub(crate) fn project_created(owner: &str, name: &str) -> Change {
    Change::ProjectCreated { account: account(owner), project: project(name) }
}

pub(crate) fn created(owner: &str, id: &str) -> Change {
    replacing(owner, id, None)
}

pub(crate) fn replacing(owner: &str, id: &str, replaces: Option<&str>) -> Change {
    Change::AccessKeyCreated {
        account: account(owner),
        access_key: key(id),
        description: Description::new("nightly job").unwrap(),
        expires: None,
        replaces: replaces.map(key),
        networks: countersign_accounts::network::Networks::default(),
        kind: AccessKeyKind::Secret,
        disabled: false,
    }
}

/// The same for a public key.
pub(crate) fn public(owner: &str, id: &str) -> Change {
    let mut change = created(owner, id);
    if let Change::AccessKeyCreated { kind, .. } = &mut change {
        *kind = AccessKeyKind::Public;
    }
    change
}

/// A public key: that of RFC 8410, section 10.1.
pub(crate) fn public_key() -> PublicKey {
    let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    PublicKey::from_pem(pem).unwrap()
}

pub(crate) fn disabled(owner: &str, id: &str) -> Change {
    Change::AccessKeyDisabled { account: account(owner), access_key: key(id) }
}

pub(crate) fn enabled(owner: &str, id: &str) -> Change {
    Change::AccessKeyEnabled { account: account(owner), access_key: key(id) }
}

pub(crate) fn deleted(owner: &str, id: &str) -> Change {
    Change::AccessKeyDeleted { account: account(owner), access_key: key(id) }
}

pub(crate) fn restored(owner: &str, id: &str) -> Change {
    Change::AccessKeyRestored { account: account(owner), access_key: key(id) }
}

pub(crate) fn purged(owner: &str, id: &str) -> Change {
    Change::AccessKeyPurged { account: account(owner), access_key: key(id) }
}

/// The whole log, oldest first. Its numbers are 1, 2, 3 and so on, which is checked.
pub(crate) async fn log(store: &Store) -> Vec<Recorded> {
    let mut log = store.list_changes(None, None, 100_000).await.unwrap();
    log.reverse();
    for (number, recorded) in (1..).zip(&log) {
        assert_eq!(recorded.revision.seq, number, "the log has no gap");
    }
    log
}

/// A ring with one key, and a way to seal with it.
pub(crate) fn ring(cluster: &str) -> Arc<Ring> {
    let mut random = random::from_system();
    let master = MasterKey::generate(&mut random);
    let row = RingKey::generate(1, &mut random).seal(cluster, &master, true, &mut random);
    Arc::new(Ring::open(cluster, &master, &[row]).unwrap())
}

/// The request with secrets that the ring opens.
pub(crate) fn sealed_by(ring: &Ring, mut commit: Commit) -> Commit {
    commit.secrets.retain(|secret| !matches!(secret, Secret::AccessKey(..)));
    for change in &commit.changes {
        if let Change::AccessKeyCreated { account, access_key, kind, .. } = change {
            let material = match kind {
                AccessKeyKind::Secret => {
                    KeyMaterial::Secret(AccessKeySecret::new(format!("secret of {access_key}")))
                }
                AccessKeyKind::Public => KeyMaterial::Public(public_key()),
            };
            let sealed = ring.seal_material(access_key, account, &material, &mut random::from_system());
            commit.secrets.push(Secret::AccessKey(access_key.clone(), sealed));
        }
    }
    commit
}
