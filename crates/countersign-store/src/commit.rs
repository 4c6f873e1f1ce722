//! The only write of changes: what may be asked, and how one request is carried out inside a transaction.

use countersign::{AccessKeyId, Timestamp};
use countersign_accounts::change::{Actor, Change, Revision};
use countersign_accounts::id::AccountId;
use countersign_accounts::password::PasswordHash;
use countersign_accounts::random;
use countersign_accounts::seal::Sealed;
use rand_core::Rng as _;
use sqlx::AnyConnection;

use crate::access_keys::{self, NewAccessKey};
use crate::error::{Conflict, StoreError};
use crate::row::{Row, bigint};
use crate::writer::Head;
use crate::{accounts, changes, projects, sql};

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
    /// One for each [`Change::AccessKeyCreated`] and each [`Change::PasswordSet`].
    pub secrets: Vec<Secret>,
}

/// What goes into a row beside a change, and never into the log.
#[derive(Clone, Debug)]
pub enum Secret {
    /// The sealed secret of a created AccessKey.
    AccessKey(AccessKeyId, Sealed),
    /// The password that was set.
    Password(AccountId, PasswordHash),
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
        for change in &self.changes {
            let matching = match change {
                Change::AccessKeyCreated { access_key, .. } => self.sealed(access_key).count(),
                Change::PasswordSet { account } => self.passwords(account).count(),
                _ => continue,
            };
            if matching != 1 {
                return Err(StoreError::Misuse(
                    "a created AccessKey or a set password has one secret beside it",
                ));
            }
            needed += 1;
        }
        if self.secrets.len() != needed {
            return Err(StoreError::Misuse("a secret belongs to no change of this commit"));
        }
        Ok(())
    }

    fn sealed(&self, wanted: &AccessKeyId) -> impl Iterator<Item = &Sealed> {
        self.secrets.iter().filter_map(move |secret| match secret {
            Secret::AccessKey(id, sealed) if id == wanted => Some(sealed),
            _ => None,
        })
    }

    fn passwords(&self, wanted: &AccountId) -> impl Iterator<Item = &PasswordHash> {
        self.secrets.iter().filter_map(move |secret| match secret {
            Secret::Password(account, hash) if account == wanted => Some(hash),
            _ => None,
        })
    }
}

/// Carries out one request in a transaction that holds the head's row, and returns the revision of its last change.
///
/// An error leaves the transaction to be rolled back to where it was. `head` is moved only where all went well.
pub(crate) async fn carry_out(
    connection: &mut AnyConnection,
    commit: &Commit,
    head: &mut Head,
) -> Result<Revision, StoreError> {
    if let Some(revision) = find_request(connection, commit).await? {
        return Ok(revision);
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
        Change::PasswordSet { account } => {
            let password =
                commit.passwords(account).next().ok_or(StoreError::Misuse("a password is missing"))?;
            accounts::set_password(connection, account, password, at).await
        }
        Change::ProjectCreated { account, project } => {
            projects::create(connection, account, project, at).await
        }
        Change::ProjectDeleted { account, project } => projects::delete(connection, account, project).await,
        Change::AccessKeyCreated { account, access_key, description, expires, replaces } => {
            let sealed =
                commit.sealed(access_key).next().ok_or(StoreError::Misuse("a sealed secret is missing"))?;
            let key = NewAccessKey { account, id: access_key, description, expires: *expires, sealed };
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
        | Change::PasswordSet { .. }
        | Change::ProjectCreated { .. }
        | Change::ProjectDeleted { .. } => None,
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Misuse("a change cannot be written as JSON"))
}
