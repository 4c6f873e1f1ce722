//! What can be done, once. The command line, the console and the API each call these and add nothing but their own
//! way of asking and answering.

pub mod access_keys;
pub mod accounts;
pub mod administration;
pub mod desk;
pub mod housekeeping;
pub mod import;
pub mod mail;
pub mod passwords;
pub mod profile;
pub mod projects;
pub mod real_name;
pub mod reminders;
pub mod ring;
pub mod second_factors;
pub mod sign_in;
pub mod sign_up;

use std::time::Duration;

use countersign::crypto::NotAKey;
use countersign::{AccessKeyId, Timestamp};
use countersign_accounts::access_key::NotADescription;
use countersign_accounts::account::{Email, EmailError};
use countersign_accounts::change::{Actor, Change, Revision};
use countersign_accounts::id::{AccountId, RequestId};
use countersign_accounts::network::NetworkError;
use countersign_accounts::password::PasswordError;
use countersign_accounts::project::NotAProjectName;
use countersign_accounts::seal::SealError;
use countersign_store::{Beside, Commit, Conflict, Secret, Store, StoreError};
use rand_core::CryptoRng;

/// Who asks for a change, when, and under which name. Asked twice under one name, it is done once.
#[derive(Clone, Debug)]
pub struct Asked {
    pub by: Actor,
    pub request: String,
    pub at: Timestamp,
}

impl Asked {
    /// A request of its own.
    pub fn new(by: Actor, at: Timestamp, random: &mut impl CryptoRng) -> Self {
        Self { by, request: RequestId::generate(at, random).to_string(), at }
    }

    /// A request of an account's owner.
    pub fn by_owner(account: &AccountId, at: Timestamp, random: &mut impl CryptoRng) -> Self {
        Self::new(Actor::Owner(account.clone()), at, random)
    }

    async fn commit(self, store: &Store, change: Change) -> Result<Revision, Failure> {
        self.commit_with(store, vec![change], Vec::new()).await
    }

    async fn commit_with(
        self,
        store: &Store,
        changes: Vec<Change>,
        secrets: Vec<Secret>,
    ) -> Result<Revision, Failure> {
        self.commit_beside(store, changes, secrets, Vec::new()).await
    }

    async fn commit_beside(
        self,
        store: &Store,
        changes: Vec<Change>,
        secrets: Vec<Secret>,
        beside: Vec<Beside>,
    ) -> Result<Revision, Failure> {
        let Self { by, request, at } = self;
        Ok(store.commit(Commit { by, request, at, changes, secrets, beside }).await?)
    }
}

fn parse_email(text: &str) -> Result<Email, Failure> {
    Email::new(text).map_err(|error| Failure::Email(text.chars().take(300).collect(), error))
}

/// Why something could not be done, in words for whoever asked. It holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("`{0}` is not an e-mail address: {1}")]
    Email(String, EmailError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("`{0}` cannot name a project: {1}")]
    ProjectName(String, NotAProjectName),
    #[error(transparent)]
    Description(#[from] NotADescription),
    #[error("`{0}` cannot begin an AccessKey id: it may hold letters, digits, `.`, `_` and `-`")]
    AccessKeyPrefix(String),
    #[error("there is no AccessKey `{0}`")]
    NoSuchAccessKey(AccessKeyId),
    #[error("there is no account `{0}`")]
    NoSuchAccount(String),
    #[error("there is no account yet: open one with `countersign account create --email ADDRESS`")]
    NoAccount,
    #[error("there are several accounts: say which with `--account ADDRESS`")]
    WhichAccount,
    #[error("the expiry {0} is in the past")]
    ExpiryInThePast(Timestamp),

    /// Too many at once. The same may be asked again a little later.
    #[error("too many people sign in at the moment: try again in a few seconds")]
    TooBusy,
    /// Somebody tried too often.
    #[error("that was tried too often: try again in {} s", .0.as_secs().max(1))]
    SlowDown(Duration),
    /// It does not tell which of the two, nor whether there is such an account.
    #[error("the e-mail address or the password is wrong")]
    SignIn,
    #[error("the password is wrong")]
    WrongPassword,
    #[error("the code is wrong, or was used already")]
    SecondFactor,
    #[error("that needs a session that is signed in")]
    SignedOut,
    #[error("show your password again first")]
    ProveAgain,
    #[error("that can be done by an administrator alone")]
    NotAdministrator,
    #[error("there is no administrator yet: appoint one first")]
    NoAdministrator,
    #[error("accounts are opened by an operator here")]
    RegistrationClosed,
    #[error("accounts are opened by invitation here")]
    InvitationNeeded,
    #[error("a text of the real name is missing, or longer than 256 characters")]
    RealName,
    #[error("your real name must be verified before you create an AccessKey")]
    RealNameNeeded,
    #[error(transparent)]
    Networks(#[from] NetworkError),
    #[error("this cannot be registered as a public key: {0}")]
    PublicKey(NotAKey),
    #[error("AccessKey `{0}` is a public key: its successor is one too, so give the new public key")]
    PublicKeyNeeded(AccessKeyId),
}

impl From<Conflict> for Failure {
    fn from(conflict: Conflict) -> Self {
        Self::Store(conflict.into())
    }
}
