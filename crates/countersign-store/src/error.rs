//! What can go wrong with the store, told to operators; what cannot be done to the rows, told to callers.

use countersign::AccessKeyId;
use countersign_accounts::account::Email;
use countersign_accounts::factor::MOST_FACTORS;
use countersign_accounts::id::{AccountId, FactorId};
use countersign_accounts::project::ProjectName;
use sqlx::error::{DatabaseError, ErrorKind};

/// Why the store did not do what was asked. No message holds a secret or the password of a URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The rows do not allow it. Nothing was written.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The database cannot be reached, or failed. Nothing was written; the same request may be made again.
    #[error("the store is not available: {0}; see whether its database runs, then try again")]
    Unavailable(String),
    /// The connection was lost while the database was committing, and no other could be had to see how it ended.
    #[error(
        "it is not known whether request `{request}` was carried out, for the store went away while it was being \
         committed: ask again under the same request id, which never does it twice"
    )]
    OutcomeUnknown { request: String },
    /// There is no room left where the database is. Nothing was written.
    #[error("there is no room left for the database ({0}): nothing was written; make room, then try again")]
    Full(String),
    /// The database may be read and not written. Nothing was.
    #[error(
        "the database may not be written ({0}): its directory, and all files in it, must be writable for the user \
         that this runs as"
    )]
    NotWritable(String),
    /// The database, or its file, is not what it was when it was last written.
    #[error("the database is damaged ({0}): stop what uses it, and restore a backup")]
    Damaged(String),
    /// A row holds what this program never writes.
    #[error(
        "column `{column}` of row `{row}` in table `{table}` holds what countersign never writes: \
         find out what altered it, or restore a backup"
    )]
    Inconsistent { table: &'static str, column: &'static str, row: String },
    /// The database refused the values that it was given. Nothing was written.
    #[error("the database refused what it was given: {0}")]
    Refused(String),
    /// A commit that no correct program makes. Nothing was written.
    #[error("this commit cannot be carried out: {0}")]
    Misuse(&'static str),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,

    /// The URL names no store.
    #[error("{0}: give `sqlite://PATH` or `postgres://USER@HOST/DATABASE`")]
    Url(&'static str),
    /// `init` found a store where it was to make one.
    #[error(
        "there is already a store at `{place}`: nothing was changed; `countersign account create` opens an account in it"
    )]
    AlreadyThere { place: String },
    /// There is no store.
    #[error(
        "there is no store at `{place}`: run `countersign init` to make one, or correct the data directory"
    )]
    Missing { place: String },
    /// The file is not a SQLite database.
    #[error(
        "`{path}` is not a SQLite database: nothing was changed; move it away or choose another data directory"
    )]
    NotSqlite { path: String },
    /// The database belongs to another program.
    #[error(
        "`{place}` is a database of another program ({found}): nothing was changed; give countersign one of its own"
    )]
    OtherApplication { place: String, found: String },
    /// The store was made or brought up to date by a later release.
    #[error(
        "the store at `{place}` has schema {found}, and this release knows schemas up to {known}: \
         run the release that made it, or a later one"
    )]
    SchemaNewer { place: String, found: i64, known: i64 },
    /// The store was made by an earlier release.
    #[error(
        "the store at `{place}` has schema {found}, and this release needs {known}: run `countersign migrate`"
    )]
    SchemaOlder { place: String, found: i64, known: i64 },
    /// Files of another user of the operating system. What this process would write there, that user could not.
    #[error(
        "`{path}` belongs to the user {owner}, and this process runs as {running}: run it as {owner}, such as by `sudo -u '{owner}' …`"
    )]
    OwnedByAnother { path: String, owner: String, running: String },
    /// The server takes no writes.
    #[error("`{place}` is a standby and takes no writes: give the address of the primary")]
    ReadOnly { place: String },
    /// The operating system refused something about a file.
    #[error("cannot {action} `{path}`: {reason}")]
    File { action: &'static str, path: String, reason: String },
}

/// A database that refuses values is told from one that cannot be asked.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(told) if refuses_values(told.as_ref()) => {
                Self::Refused(told.message().to_owned())
            }
            sqlx::Error::PoolClosed => Self::Closed,
            sqlx::Error::Database(told) => match told.code().as_deref().and_then(failure) {
                Some(failure) => failure(told.message().to_owned()),
                None => Self::Unavailable(error.to_string()),
            },
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

/// What a database says that cannot go on, by its code: five characters of SQLSTATE (PostgreSQL), or a number whose
/// last byte is the kind of error (SQLite).
fn failure(code: &str) -> Option<fn(String) -> StoreError> {
    /// The index of the write-ahead log could not be made larger.
    const IOERR_SHMSIZE: u32 = 4874;
    match code {
        "53100" => return Some(StoreError::Full),
        "25006" => return Some(StoreError::NotWritable),
        "XX001" | "XX002" => return Some(StoreError::Damaged),
        _ if code.len() == 5 => return None,
        _ => {}
    }
    let code: u32 = code.parse().ok()?;
    match code & 0xff {
        _ if code == IOERR_SHMSIZE => Some(StoreError::Full),
        13 => Some(StoreError::Full),
        // Read only, or a file beside it cannot be made.
        8 | 14 => Some(StoreError::NotWritable),
        11 | 26 => Some(StoreError::Damaged),
        _ => None,
    }
}

impl StoreError {
    /// Whether the database itself said that it cannot go on. Nothing was committed then, and to ask again at once
    /// helps nothing.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Full(_) | Self::NotWritable(_) | Self::Damaged(_))
    }
}

fn refuses_values(told: &dyn DatabaseError) -> bool {
    // SQLSTATE classes 22 and 54: data that a column or an index cannot hold.
    let cannot_hold =
        told.code().is_some_and(|code| code.len() == 5 && (code.starts_with("22") || code.starts_with("54")));
    cannot_hold || !matches!(told.kind(), ErrorKind::Other)
}

/// What the rows do not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    #[error("the e-mail address `{0}` belongs to another account")]
    EmailTaken(Email),
    #[error("there is already an account `{0}`")]
    AccountIdTaken(AccountId),
    #[error("there is no account `{0}`")]
    NoSuchAccount(AccountId),
    #[error("account `{0}` is suspended: resume it first")]
    AccountSuspended(AccountId),
    #[error("account `{0}` is suspended already")]
    AlreadySuspended(AccountId),
    #[error("account `{0}` is not suspended")]
    NotSuspended(AccountId),

    #[error("account `{0}` is closed, for good")]
    AccountClosed(AccountId),
    #[error("account `{0}` is the last administrator in force: appoint another first")]
    LastAdministrator(AccountId),
    #[error("account `{0}` is an administrator already")]
    AlreadyAdministrator(AccountId),
    #[error("account `{0}` is not an administrator")]
    NotAdministrator(AccountId),
    #[error("the session or its token is not new: sign in again")]
    SessionTaken,

    #[error("the link was used, or its time is over: ask for another")]
    LinkUsed,
    #[error("there is already a second factor `{0}`")]
    FactorIdTaken(FactorId),
    #[error("account `{account}` has no second factor `{factor}`")]
    NoSuchFactor { account: AccountId, factor: FactorId },
    #[error("an account has at most {MOST_FACTORS} second factors: remove one first")]
    FactorLimit,
    #[error("the real name of account `{0}` is approved already")]
    RealNameApproved(AccountId),
    #[error("account `{0}` has submitted no such real name that waits for a decision: look again")]
    NoRealNameSubmitted(AccountId),

    #[error("the project name `{0}` is taken: choose another")]
    ProjectTaken(ProjectName),
    #[error("account `{account}` has no project `{project}`")]
    NoSuchProject { account: AccountId, project: ProjectName },

    #[error("the AccessKey id `{0}` is taken: choose another")]
    AccessKeyIdTaken(AccessKeyId),
    #[error("account `{account}` has no AccessKey `{access_key}`")]
    NoSuchAccessKey { account: AccountId, access_key: AccessKeyId },
    #[error("the account has as many AccessKeys as it may have, {limit}: delete one first")]
    AccessKeyLimit { limit: u32 },
    #[error("AccessKey `{0}` is enabled already")]
    AlreadyEnabled(AccessKeyId),
    #[error("AccessKey `{0}` is disabled already")]
    AlreadyDisabled(AccessKeyId),
    #[error("AccessKey `{0}` is deleted already")]
    AlreadyDeleted(AccessKeyId),
    #[error("AccessKey `{0}` is enabled: disable it first")]
    StillEnabled(AccessKeyId),
    #[error("AccessKey `{0}` is deleted: restore it first")]
    InRecycleBin(AccessKeyId),
    #[error("AccessKey `{0}` is not deleted")]
    NotDeleted(AccessKeyId),
    #[error("AccessKey `{0}` was deleted more than 30 days ago and cannot be restored: create another")]
    RecycleBinOver(AccessKeyId),
    #[error("AccessKey `{0}` was deleted less than 30 days ago and can still be restored")]
    StillInRecycleBin(AccessKeyId),

    #[error("request id `{0}` was used for something else: make a new one")]
    RequestUsed(String),
    #[error("there is a ring key already")]
    RingKeyThere,
    #[error("there is no ring key {0}: `countersign ring-key list` shows those that there are")]
    NoSuchRingKey(u32),
    #[error("ring key {0} is active: add another and activate that first")]
    RingKeyActive(u32),
    #[error(
        "ring key {0} still seals {1} secrets: run `countersign ring-key activate`, which seals them again"
    )]
    RingKeyInUse(u32, u64),
    #[error("the ring keys were changed by somebody else at the same time: look at them, then try again")]
    RingKeysChanged,
    #[error("the ring key that sealed the secret was retired meanwhile: try again")]
    SealedByRetiredKey,
}

impl Conflict {
    /// Whether things already stand as the change would have them, so that a caller may treat it as done.
    pub fn is_done_already(&self) -> bool {
        matches!(
            self,
            Self::AlreadySuspended(_)
                | Self::NotSuspended(_)
                | Self::AlreadyAdministrator(_)
                | Self::NotAdministrator(_)
                | Self::AlreadyEnabled(_)
                | Self::AlreadyDisabled(_)
                | Self::AlreadyDeleted(_)
        )
    }
}
