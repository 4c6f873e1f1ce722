//! The only write of changes: what may be asked, and how one request is carried out inside a transaction.

use countersign::{AccessKeyId, Timestamp};
use countersign_accounts::access_key::Description;
use countersign_accounts::change::{Actor, Change, Revision};
use countersign_accounts::id::{AccountId, FactorId, SessionId};
use countersign_accounts::password::PasswordHash;
use countersign_accounts::random;
use countersign_accounts::seal::Sealed;
use countersign_accounts::token::TokenHash;
use rand_core::Rng as _;
use sqlx::AnyConnection;

use crate::access_keys::{self, NewAccessKey};
use crate::error::{Conflict, StoreError};
use crate::factors::{self, NewFactor};
use crate::real_names::{self, Decision};
use crate::row::{Row, bigint};
use crate::writer::Head;
use crate::{accounts, changes, links, projects, sessions, sql};

/// The longest request id, in bytes.
const LONGEST_REQUEST: usize = 256;

/// Changes to be made together, or not at all.
#[derive(Clone, Debug)]
pub struct Commit {
    pub by: Actor,
    /// Names the request, in 1 to 256 bytes. Asked again under the same name, it is not carried out again: the
    /// revision that it got is returned. Asked for other changes under that name, it is a [`Conflict::RequestUsed`].
    pub request: String,
    pub at: Timestamp,
    /// At least one.
    pub changes: Vec<Change>,
    /// One for each change that has something beside it: see [`Secret`].
    pub secrets: Vec<Secret>,
    /// What is done to rows that are not in the log, before the changes and in the same transaction.
    pub beside: Vec<Beside>,
}

/// What is done to rows that are not in the log, together with changes or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Uses a link up. Where it was used, or its time is over, it is [`Conflict::LinkUsed`], and nothing is done.
    UseLink(TokenHash),
    /// Ends all sessions of an account, but for the one that is to stay.
    EndSessions { account: AccountId, but: Option<SessionId> },
}

/// What goes into a row beside a change, and never into the log.
#[derive(Clone, Debug)]
pub enum Secret {
    /// The sealed secret of a created AccessKey, or its sealed public key.
    AccessKey(AccessKeyId, Sealed),
    /// The password that was set.
    Password(AccountId, PasswordHash),
    /// The name and the sealed secret of a second factor. `step` is the time step of the TOTP code that proved it.
    Factor { id: FactorId, name: Description, sealed: Sealed, step: u64 },
    /// The hashes of recovery codes.
    RecoveryCodes(AccountId, Vec<TokenHash>),
    /// The sealed real name.
    RealName(AccountId, Sealed),
}

impl Secret {
    /// Whether it is what goes beside this change.
    fn belongs_to(&self, change: &Change) -> bool {
        match (self, change) {
            (Self::AccessKey(id, _), Change::AccessKeyCreated { access_key, .. }) => id == access_key,
            (Self::Factor { id, .. }, Change::SecondFactorAdded { factor, .. }) => id == factor,
            (Self::Password(of, _), Change::PasswordSet { account })
            | (Self::RecoveryCodes(of, _), Change::RecoveryCodesMade { account })
            | (Self::RealName(of, _), Change::RealNameSubmitted { account }) => of == account,
            _ => false,
        }
    }
}

impl Commit {
    /// What no correct caller asks for, told before anything is written.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.changes.is_empty() {
            return Err(StoreError::Misuse("it has no changes"));
        }
        if self.request.is_empty() || self.request.len() > LONGEST_REQUEST || self.request.contains('\0') {
            return Err(StoreError::Misuse("its request id is empty, too long or unprintable"));
        }
        for change in &self.changes {
            if change.account().as_str().contains('\0') {
                return Err(Conflict::NoSuchAccount(change.account().clone()).into());
            }
        }
        let mut needed = 0;
        for change in self.changes.iter().filter(|change| needs_secret(change)) {
            if self.secrets.iter().filter(|secret| secret.belongs_to(change)).count() != 1 {
                return Err(StoreError::Misuse("a change that has a secret beside it has one"));
            }
            needed += 1;
        }
        if self.secrets.len() != needed {
            return Err(StoreError::Misuse("a secret belongs to no change of this commit"));
        }
        Ok(())
    }

    /// What goes beside a change.
    fn secret(&self, change: &Change) -> Result<&Secret, StoreError> {
        let found = self.secrets.iter().find(|secret| secret.belongs_to(change));
        found.ok_or(StoreError::Misuse("what goes beside a change is missing"))
    }
}

fn needs_secret(change: &Change) -> bool {
    matches!(
        change,
        Change::AccessKeyCreated { .. }
            | Change::PasswordSet { .. }
            | Change::SecondFactorAdded { .. }
            | Change::RecoveryCodesMade { .. }
            | Change::RealNameSubmitted { .. }
    )
}

/// Carries out one request in a transaction that holds the head's row, unless it was carried out before, and returns the
/// revision of its last change.
///
/// An error leaves the transaction to be rolled back to where it was. `head` is moved only where all went well.
pub(crate) async fn carry_out(
    connection: &mut AnyConnection,
    commit: &Commit,
    head: &mut Head,
) -> Result<Revision, StoreError> {
    match find_request(connection, commit).await? {
        Some(revision) => Ok(revision),
        None => carry_out_anew(connection, commit, head).await,
    }
}

/// The same for a request that was not carried out before: one that was is an error, for its id is in the log.
pub(crate) async fn carry_out_anew(
    connection: &mut AnyConnection,
    commit: &Commit,
    head: &mut Head,
) -> Result<Revision, StoreError> {
    for beside in &commit.beside {
        match beside {
            Beside::UseLink(token) => links::use_up(connection, token, commit.at).await?,
            Beside::EndSessions { account, but } => {
                sessions::end_all(connection, account, but.as_ref()).await?;
            }
        }
    }
    let actor = json(&commit.by)?;
    let mut last = Revision::default();
    for (part, change) in (0..).zip(&commit.changes) {
        let seq = head.seq + part + 1;
        last = Revision { epoch: head.epoch, seq, tag: random::from_system().next_u64() };
        alter_rows(connection, commit, change, last).await?;
        let record = sqlx::query(sql::RECORD)
            .bind(bigint(last.seq))
            .bind(i64::from(last.epoch))
            .bind(last.tag.cast_signed())
            .bind(commit.at.unix_millis())
            .bind(&actor)
            .bind(&commit.request)
            .bind(bigint(part))
            .bind(change.account().as_str())
            .bind(access_key(change).map(AccessKeyId::as_str))
            .bind(json(change)?);
        record.execute(&mut *connection).await?;
    }
    head.seq = last.seq;
    Ok(last)
}

/// The revision that this request got when it was carried out before.
async fn find_request(
    connection: &mut AnyConnection,
    commit: &Commit,
) -> Result<Option<Revision>, StoreError> {
    let rows = sqlx::query(sql::FIND_REQUEST).bind(&commit.request).fetch_all(connection).await?;
    let Some(last) = rows.last() else { return Ok(None) };
    let mut made = Vec::new();
    for row in &rows {
        made.push(Row { row, table: "change", key: "seq" }.json::<Change>("body")?);
    }
    if made != commit.changes {
        return Err(Conflict::RequestUsed(commit.request.clone()).into());
    }
    changes::revision(&Row { row: last, table: "change", key: "seq" }).map(Some)
}

/// Writes what one change says to the rows, each guarded: where nothing is altered, the reason is found and told.
async fn alter_rows(
    connection: &mut AnyConnection,
    commit: &Commit,
    change: &Change,
    revision: Revision,
) -> Result<(), StoreError> {
    let at = commit.at;
    match change {
        Change::AccountOpened { account, email, access_key_limit } => {
            accounts::open(connection, account, email, *access_key_limit, at).await
        }
        Change::AccountSuspended { account } => accounts::suspend(connection, account).await,
        Change::AccountResumed { account } => accounts::resume(connection, account).await,
        Change::AccountClosed { account } => accounts::close(connection, account, at).await,
        Change::EmailChanged { account, email } => accounts::change_email(connection, account, email).await,
        Change::AccessKeyLimitSet { account, access_key_limit } => {
            accounts::set_access_key_limit(connection, account, *access_key_limit).await
        }
        Change::AdministratorAppointed { account } => accounts::appoint(connection, account).await,
        Change::AdministratorDismissed { account } => accounts::dismiss(connection, account).await,
        Change::RegistrationSet { account, mode } => {
            accounts::set_registration(connection, account, *mode).await
        }
        Change::PasswordSet { account } => match commit.secret(change)? {
            Secret::Password(_, password) => accounts::set_password(connection, account, password, at).await,
            _ => Err(MISMATCH),
        },
        Change::SecondFactorAdded { account, factor, kind } => match commit.secret(change)? {
            Secret::Factor { name, sealed, step, .. } => {
                let new = NewFactor { account, id: factor, kind: *kind, name, sealed, step: *step };
                factors::add(connection, &new, at).await
            }
            _ => Err(MISMATCH),
        },
        Change::SecondFactorRemoved { account, factor } => factors::remove(connection, account, factor).await,
        Change::RecoveryCodesMade { account } => match commit.secret(change)? {
            Secret::RecoveryCodes(_, codes) => factors::make_codes(connection, account, codes).await,
            _ => Err(MISMATCH),
        },
        Change::RealNameSubmitted { account } => match commit.secret(change)? {
            Secret::RealName(_, sealed) => real_names::submit(connection, account, sealed, at).await,
            _ => Err(MISMATCH),
        },
        Change::RealNameApproved { account, submitted } => {
            let decision = Decision { submitted: *submitted, reason: None, by: &commit.by, at };
            real_names::decide(connection, account, &decision).await
        }
        Change::RealNameRejected { account, submitted, reason } => {
            let decision = Decision { submitted: *submitted, reason: Some(reason), by: &commit.by, at };
            real_names::decide(connection, account, &decision).await
        }
        Change::ProjectCreated { account, project } => {
            projects::create(connection, account, project, at).await
        }
        Change::ProjectDeleted { account, project } => projects::delete(connection, account, project).await,
        Change::AccessKeyCreated {
            account,
            access_key: id,
            description,
            expires,
            replaces,
            networks,
            kind,
            disabled,
        } => {
            let Secret::AccessKey(_, sealed) = commit.secret(change)? else { return Err(MISMATCH) };
            let (expires, kind, disabled) = (*expires, *kind, *disabled);
            let key = NewAccessKey { account, id, description, expires, networks, kind, disabled, sealed };
            access_keys::create(connection, &key, replaces.as_ref(), at, revision).await
        }
        Change::AccessKeyDisabled { account, access_key } => {
            access_keys::disable(connection, account, access_key).await
        }
        Change::AccessKeyEnabled { account, access_key } => {
            access_keys::enable(connection, account, access_key).await
        }
        Change::AccessKeyDeleted { account, access_key } => {
            access_keys::delete(connection, account, access_key, at).await
        }
        Change::AccessKeyRestored { account, access_key } => {
            access_keys::restore(connection, account, access_key, at).await
        }
        Change::AccessKeyPurged { account, access_key } => {
            access_keys::purge(connection, account, access_key, at).await
        }
    }
}

/// The AccessKey that a change is about.
fn access_key(change: &Change) -> Option<&AccessKeyId> {
    match change {
        Change::AccessKeyCreated { access_key, .. }
        | Change::AccessKeyDisabled { access_key, .. }
        | Change::AccessKeyEnabled { access_key, .. }
        | Change::AccessKeyDeleted { access_key, .. }
        | Change::AccessKeyRestored { access_key, .. }
        | Change::AccessKeyPurged { access_key, .. } => Some(access_key),
        Change::AccountOpened { .. }
        | Change::AccountSuspended { .. }
        | Change::AccountResumed { .. }
        | Change::AccountClosed { .. }
        | Change::EmailChanged { .. }
        | Change::AccessKeyLimitSet { .. }
        | Change::AdministratorAppointed { .. }
        | Change::AdministratorDismissed { .. }
        | Change::RegistrationSet { .. }
        | Change::SecondFactorAdded { .. }
        | Change::SecondFactorRemoved { .. }
        | Change::RecoveryCodesMade { .. }
        | Change::RealNameSubmitted { .. }
        | Change::RealNameApproved { .. }
        | Change::RealNameRejected { .. }
        | Change::PasswordSet { .. }
        | Change::ProjectCreated { .. }
        | Change::ProjectDeleted { .. } => None,
    }
}

/// What goes beside changes is matched to them by kind before this is met.
const MISMATCH: StoreError = StoreError::Misuse("what goes beside a change is of another kind");

pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Misuse("a change cannot be written as JSON"))
}
