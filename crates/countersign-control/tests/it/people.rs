//! What people do: with a store in a temporary directory, and a clock that the test moves.

mod administration;
mod import;
mod passwords;
mod profile;
mod real_name;
mod reminders;
mod second_factors;
mod sign_in;
mod sign_up;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use countersign::Timestamp;
use countersign_accounts::account::{Account, Language, Registration};
use countersign_accounts::change::{Actor, Change};
use countersign_accounts::id::AccountId;
use countersign_accounts::password::Password;
use countersign_accounts::random;
use countersign_accounts::seal::{MasterKey, Ring};
use countersign_accounts::session::Session;
use countersign_accounts::token::Token;
use countersign_control::app::desk::{Desk, Rules, Visitor};
use countersign_control::app::mail::{Mail, MailKind};
use countersign_control::app::sign_in::SignedIn;
use countersign_control::app::{Asked, Failure, accounts, administration as admin, ring, sign_in as signing};
use countersign_store::{Access, Conflict, Store, StoreError};
use rand_core::CryptoRng;
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "plinth obverse quaternion";
pub(crate) const OTHER: &str = "quartz saffron embargo";

/// A store with an administrator, `root@example.com`, and the desk of a process.
pub(crate) struct People {
    pub(crate) desk: Desk,
    pub(crate) master: MasterKey,
    now: AtomicI64,
    _directory: TempDir,
}

pub(crate) fn rng() -> impl CryptoRng {
    random::from_system()
}

pub(crate) fn password(text: &str) -> Password {
    Password::new(text)
}

/// A stranger at this address.
pub(crate) fn stranger(address: &str) -> Visitor<'static> {
    Visitor {
        address: Some(address.parse::<IpAddr>().unwrap()),
        client: "Firefox",
        device: None,
        language: Language::English,
    }
}

/// The same browser with its device cookie.
pub(crate) fn known<'v>(address: &str, device: &'v Token) -> Visitor<'v> {
    Visitor { device: Some(device), ..stranger(address) }
}

impl People {
    pub(crate) async fn new() -> Self {
        let people = Self::empty().await;
        let root = people.open("root@example.com").await;
        let appoint = admin::appoint(&people.desk.store, people.asked(), root.id);
        appoint.await.unwrap();
        people
    }

    /// The same without any account.
    pub(crate) async fn empty() -> Self {
        let directory = TempDir::new().unwrap();
        let url = format!("sqlite://{}/store.db", directory.path().display());
        let store = Store::open(&url, Access::Create).await.unwrap();
        let master = MasterKey::generate(&mut rng());
        let ring: Ring = ring::open(&store, &master, &mut rng()).await.unwrap();
        let desk = Desk::new(store, Arc::new(ring), Rules::default(), &mut rng()).unwrap();
        let now = Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap().unix_millis();
        Self { desk, master, now: AtomicI64::new(now), _directory: directory }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.now.load(Ordering::Relaxed))
    }

    pub(crate) fn later(&self, by: Duration) {
        self.now.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// A request from the command line.
    pub(crate) fn asked(&self) -> Asked {
        Asked::new(Actor::CommandLine("ops".into()), self.now(), &mut rng())
    }

    /// A request of an account's owner.
    pub(crate) fn asked_by(&self, account: &AccountId) -> Asked {
        Asked::by_owner(account, self.now(), &mut rng())
    }

    /// Opens an account with [`PASSWORD`].
    pub(crate) async fn open(&self, email: &str) -> Account {
        let opened =
            accounts::open(&self.desk.store, self.asked(), email, Some(PASSWORD), None, &mut rng()).await;
        self.account(&opened.unwrap().0).await
    }

    pub(crate) async fn account(&self, id: &AccountId) -> Account {
        self.desk.store.find_account(id).await.unwrap().unwrap()
    }

    pub(crate) async fn root(&self) -> Account {
        accounts::choose(&self.desk.store, Some("root@example.com")).await.unwrap()
    }

    pub(crate) async fn register(&self, mode: Registration) {
        admin::set_registration(&self.desk.store, self.asked(), mode).await.unwrap();
    }

    pub(crate) async fn sign_in(
        &self,
        visitor: &Visitor<'_>,
        email: &str,
        text: &str,
    ) -> Result<SignedIn, Failure> {
        signing::sign_in(&self.desk, visitor, email, password(text), self.now(), &mut rng()).await
    }

    /// Signs in where that goes without more ado.
    pub(crate) async fn signed_in(&self, email: &str) -> SignedIn {
        self.sign_in(&stranger("192.0.2.99"), email, PASSWORD).await.unwrap()
    }

    /// The session that a token opens, once it is signed in.
    pub(crate) async fn session(&self, token: &Token) -> Option<(Session, Account)> {
        let visitor = stranger("192.0.2.99");
        signing::authenticate(&self.desk, &visitor, token, self.now()).await.unwrap()
    }

    pub(crate) async fn changes(&self) -> Vec<Change> {
        let mut log = self.desk.store.list_changes(None, None, 1000).await.unwrap();
        log.reverse();
        log.into_iter().map(|recorded| recorded.change).collect()
    }
}

/// The link in a mail.
pub(crate) fn link(mail: Mail) -> Token {
    match mail.kind {
        MailKind::SignUp { link, .. }
        | MailKind::Invitation { link, .. }
        | MailKind::PasswordReset { link, .. }
        | MailKind::EmailChange { link, .. } => link,
        other => panic!("there is no link in {other:?}"),
    }
}

/// The conflict that was met.
#[track_caller]
pub(crate) fn conflict<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> Conflict {
    match outcome {
        Err(Failure::Store(StoreError::Conflict(conflict))) => conflict,
        other => panic!("a conflict was expected: {other:?}"),
    }
}

macro_rules! fails {
    ($outcome:expr, $failure:pat) => {
        match $outcome {
            Err($failure) => {}
            other => panic!("{} was expected: {other:?}", stringify!($failure)),
        }
    };
}
pub(crate) use fails;
