//! Accounts: questions, and what changes do to their rows.

use countersign::Timestamp;
use countersign_accounts::account::{Account, Email};
use countersign_accounts::id::AccountId;
use countersign_accounts::password::PasswordHash;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::{Conflict, StoreError};
use crate::row::Row;
use crate::{Store, sql};

impl Store {
    /// The account of this name.
    pub async fn find_account(&self, id: &AccountId) -> Result<Option<Account>, StoreError> {
        find(&mut *self.pool().acquire().await?, id).await
    }

    /// The account that holds this address.
    pub async fn find_account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let found =
            sqlx::query(sql::FIND_ACCOUNT_BY_EMAIL).bind(email.as_str()).fetch_optional(self.pool()).await?;
        found.as_ref().map(read).transpose()
    }

    /// Accounts in the order of their names, from the first after `after`.
    pub async fn list_accounts(
        &self,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        let after = after.map_or("", AccountId::as_str);
        if after.contains('\0') {
            return Ok(Vec::new());
        }
        let listed =
            sqlx::query(sql::LIST_ACCOUNTS).bind(after).bind(i64::from(limit)).fetch_all(self.pool()).await?;
        listed.iter().map(read).collect()
    }

    /// The hash of an account's password. None where there is no such account, or it has no password.
    pub async fn find_password(&self, account: &AccountId) -> Result<Option<PasswordHash>, StoreError> {
        if account.as_str().contains('\0') {
            return Ok(None);
        }
        let found =
            sqlx::query(sql::FIND_PASSWORD).bind(account.as_str()).fetch_optional(self.pool()).await?;
        let Some(row) = found else { return Ok(None) };
        let password = Row { row: &row, table: "account", key: "id" }.optional_text("password")?;
        Ok(password.map(PasswordHash::from_text))
    }
}

/// All accounts.
pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<Account>, StoreError> {
    sqlx::query(sql::ALL_ACCOUNTS).fetch_all(connection).await?.iter().map(read).collect()
}

pub(crate) async fn open(
    connection: &mut AnyConnection,
    account: &AccountId,
    email: &Email,
    access_key_limit: u32,
    at: Timestamp,
) -> Result<(), StoreError> {
    let opened = sqlx::query(sql::OPEN_ACCOUNT)
        .bind(account.as_str())
        .bind(email.as_str())
        .bind(at.unix_millis())
        .bind(i64::from(access_key_limit))
        .execute(&mut *connection)
        .await?;
    if opened.rows_affected() == 1 {
        return Ok(());
    }
    let conflict = match find(connection, account).await? {
        Some(_) => Conflict::AccountIdTaken(account.clone()),
        None => Conflict::EmailTaken(email.clone()),
    };
    Err(conflict.into())
}

pub(crate) async fn suspend(connection: &mut AnyConnection, account: &AccountId) -> Result<(), StoreError> {
    let suspended =
        sqlx::query(sql::SUSPEND_ACCOUNT).bind(account.as_str()).execute(&mut *connection).await?;
    if suspended.rows_affected() == 1 {
        return Ok(());
    }
    must_exist(connection, account).await?;
    Err(Conflict::AlreadySuspended(account.clone()).into())
}

pub(crate) async fn resume(connection: &mut AnyConnection, account: &AccountId) -> Result<(), StoreError> {
    let resumed = sqlx::query(sql::RESUME_ACCOUNT).bind(account.as_str()).execute(&mut *connection).await?;
    if resumed.rows_affected() == 1 {
        return Ok(());
    }
    must_exist(connection, account).await?;
    Err(Conflict::NotSuspended(account.clone()).into())
}

pub(crate) async fn set_password(
    connection: &mut AnyConnection,
    account: &AccountId,
    password: &PasswordHash,
) -> Result<(), StoreError> {
    let set = sqlx::query(sql::SET_PASSWORD).bind(account.as_str()).bind(password.as_str());
    match set.execute(connection).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(Conflict::NoSuchAccount(account.clone()).into()),
    }
}

/// The account, or a conflict that says that there is none.
pub(crate) async fn must_exist(
    connection: &mut AnyConnection,
    account: &AccountId,
) -> Result<Account, StoreError> {
    let found = find(connection, account).await?;
    found.ok_or_else(|| Conflict::NoSuchAccount(account.clone()).into())
}

/// The account, or a conflict that says that it is not there, or suspended.
pub(crate) async fn must_be_active(
    connection: &mut AnyConnection,
    account: &AccountId,
) -> Result<Account, StoreError> {
    let found = must_exist(connection, account).await?;
    if found.suspended {
        return Err(Conflict::AccountSuspended(account.clone()).into());
    }
    Ok(found)
}

async fn find(connection: &mut AnyConnection, id: &AccountId) -> Result<Option<Account>, StoreError> {
    // No text that PostgreSQL can hold has this character, and so no name.
    if id.as_str().contains('\0') {
        return Ok(None);
    }
    let found = sqlx::query(sql::FIND_ACCOUNT).bind(id.as_str()).fetch_optional(connection).await?;
    found.as_ref().map(read).transpose()
}

fn read(row: &AnyRow) -> Result<Account, StoreError> {
    let row = Row { row, table: "account", key: "id" };
    Ok(Account {
        id: AccountId::from_text(row.text("id")?),
        email: row.parsed("email", Email::new)?,
        created: row.time("created")?,
        suspended: row.flag("suspended")?,
        access_key_limit: row.count("access_key_limit")?,
    })
}
