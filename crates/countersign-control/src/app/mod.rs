//! What can be done, once. The command line, the console and the API each call these and add nothing but their own
//! way of asking and answering.

pub mod access_keys;
pub mod accounts;
pub mod projects;
pub mod ring;

use countersign::{AccessKeyId, Timestamp};
use countersign_accounts::access_key::NotADescription;
use countersign_accounts::account::EmailError;
use countersign_accounts::change::{Actor, Change, Revision};
use countersign_accounts::id::RequestId;
use countersign_accounts::password::PasswordError;
use countersign_accounts::project::NotAProjectName;
use countersign_accounts::seal::SealError;
use countersign_store::{Commit, Secret, Store, StoreError};
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

    async fn commit(self, store: &Store, change: Change) -> Result<Revision, Failure> {
        self.commit_with(store, vec![change], Vec::new()).await
    }

    async fn commit_with(
        self,
        store: &Store,
        changes: Vec<Change>,
        secrets: Vec<Secret>,
    ) -> Result<Revision, Failure> {
        let commit =
            Commit { by: self.by, request: self.request, at: self.at, changes, secrets, beside: Vec::new() };
        Ok(store.commit(commit).await?)
    }
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
}
