//! Accounts: questions, and what changes do to their rows.

use countersign::Timestamp;
use countersign_accounts::account::{Account, Email, Language, Registration};
use countersign_accounts::id::AccountId;
use countersign_accounts::link::Purpose;
use countersign_accounts::password::PasswordHash;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::{Conflict, StoreError};
use crate::row::Row;
use crate::{Store, links, sessions, sql};

/// The setting that says who may open an account.
const REGISTRATION: &str = "registration";

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

    /// Accounts of which the address holds this text, or whose name it is, in the order of their names, from the first
    /// after `after`.
    pub async fn search_accounts(
        &self,
        text: &str,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        let after = after.map_or("", AccountId::as_str);
        if after.contains('\0') || text.contains('\0') {
            return Ok(Vec::new());
        }
        if text.is_empty() {
            return self.list_accounts(Some(&AccountId::from_text(after)), limit).await;
        }
        let searched = sqlx::query(sql::SEARCH_ACCOUNTS)
            .bind(after)
            .bind(text.to_ascii_lowercase())
            .bind(text)
            .bind(i64::from(limit))
            .fetch_all(self.pool())
            .await?;
        searched.iter().map(read).collect()
    }

    /// All administrators, suspended ones included. They are few.
    pub async fn list_administrators(&self) -> Result<Vec<Account>, StoreError> {
        sqlx::query(sql::LIST_ADMINISTRATORS).fetch_all(self.pool()).await?.iter().map(read).collect()
    }

    /// Accounts in force whose password was set until this time, in the order of their names, from the first after `after`.
    pub async fn list_old_passwords(
        &self,
        set_before: Timestamp,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        let query = sqlx::query(sql::LIST_OLD_PASSWORDS)
            .bind(after.map_or("", AccountId::as_str))
            .bind(set_before.unix_millis())
            .bind(i64::from(limit));
        query.fetch_all(self.pool()).await?.iter().map(read).collect()
    }

    /// Sets what an account's mails are written in. It is no change: nothing is judged by it.
    pub async fn set_language(&self, account: &AccountId, language: Language) -> Result<(), StoreError> {
        let mut transaction = self.begin_writing().await?;
        let set = sqlx::query(sql::SET_LANGUAGE).bind(account.as_str()).bind(language.tag());
        if account.as_str().contains('\0') || set.execute(&mut *transaction).await?.rows_affected() != 1 {
            return Err(Conflict::NoSuchAccount(account.clone()).into());
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Who may open an account by themselves: nobody, until somebody says otherwise.
    pub async fn registration(&self) -> Result<Registration, StoreError> {
        let found = sqlx::query(sql::FIND_SETTING).bind(REGISTRATION).fetch_optional(self.pool()).await?;
        let Some(row) = found else { return Ok(Registration::default()) };
        let row = Row { row: &row, table: "setting", key: "name" };
        row.parsed("value", |text| Registration::from_text(text).ok_or(()))
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
        sqlx::query(sql::DROP_LINKS_TO_OPEN).bind(email.as_str()).execute(connection).await?;
        return Ok(());
    }
    let conflict = match find(connection, account).await? {
        Some(_) => Conflict::AccountIdTaken(account.clone()),
        None => Conflict::EmailTaken(email.clone()),
    };
    Err(conflict.into())
}

/// It ends the account's sessions too: resumed, its people sign in again.
pub(crate) async fn suspend(connection: &mut AnyConnection, account: &AccountId) -> Result<(), StoreError> {
    let suspended =
        sqlx::query(sql::SUSPEND_ACCOUNT).bind(account.as_str()).execute(&mut *connection).await?;
    if suspended.rows_affected() == 1 {
        return sessions::end_all(connection, account, None).await;
    }
    let found = must_be_open(connection, account).await?;
    let conflict = match found.suspended {
        true => Conflict::AlreadySuspended(account.clone()),
        false => Conflict::LastAdministrator(account.clone()),
    };
    Err(conflict.into())
}

pub(crate) async fn resume(connection: &mut AnyConnection, account: &AccountId) -> Result<(), StoreError> {
    let resumed = sqlx::query(sql::RESUME_ACCOUNT).bind(account.as_str()).execute(&mut *connection).await?;
    if resumed.rows_affected() == 1 {
        return Ok(());
    }
    must_be_open(connection, account).await?;
    Err(Conflict::NotSuspended(account.clone()).into())
}

/// For good: the address is free, and all that belongs to signing in is gone.
pub(crate) async fn close(
    connection: &mut AnyConnection,
    account: &AccountId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let email = Email::of_closed(account)
        .map_err(|_| StoreError::Misuse("the name of the account to be closed is none that is given out"))?;
    let close =
        sqlx::query(sql::CLOSE_ACCOUNT).bind(account.as_str()).bind(at.unix_millis()).bind(email.as_str());
    if close.execute(&mut *connection).await?.rows_affected() != 1 {
        let found = must_be_open(connection, account).await?;
        let conflict = match found.administrator && !found.suspended {
            true => Conflict::LastAdministrator(account.clone()),
            false => Conflict::EmailTaken(email),
        };
        return Err(conflict.into());
    }
    sessions::end_all(connection, account, None).await?;
    for statement in [
        sql::FORGET_DEVICES,
        sql::CLOSE_LINKS,
        sql::CLOSE_FACTORS,
        sql::CLOSE_RECOVERY_CODES,
        sql::CLOSE_REAL_NAME,
    ] {
        sqlx::query(statement).bind(account.as_str()).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(crate) async fn change_email(
    connection: &mut AnyConnection,
    account: &AccountId,
    email: &Email,
) -> Result<(), StoreError> {
    let change = sqlx::query(sql::CHANGE_EMAIL).bind(account.as_str()).bind(email.as_str());
    if change.execute(&mut *connection).await?.rows_affected() == 1 {
        // Links that were sent to the old address do nothing any more.
        links::drop_of(connection, account, Purpose::Password).await?;
        return links::drop_of(connection, account, Purpose::Email).await;
    }
    must_be_open(connection, account).await?;
    Err(Conflict::EmailTaken(email.clone()).into())
}

pub(crate) async fn set_access_key_limit(
    connection: &mut AnyConnection,
    account: &AccountId,
    limit: u32,
) -> Result<(), StoreError> {
    let set = sqlx::query(sql::SET_ACCESS_KEY_LIMIT).bind(account.as_str()).bind(i64::from(limit));
    if set.execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok(());
    }
    must_be_open(connection, account).await.map(drop)
}

pub(crate) async fn appoint(connection: &mut AnyConnection, account: &AccountId) -> Result<(), StoreError> {
    let appoint = sqlx::query(sql::APPOINT_ADMINISTRATOR).bind(account.as_str());
    if appoint.execute(&mut *connection).await?.rows_affected() == 1 {
        // Nobody else becomes the first.
        let first = Purpose::FirstAdministrator.as_str();
        sqlx::query(sql::DROP_LINKS_FOR).bind(first).execute(connection).await?;
        return Ok(());
    }
    must_be_active(connection, account).await?;
    Err(Conflict::AlreadyAdministrator(account.clone()).into())
}

pub(crate) async fn dismiss(connection: &mut AnyConnection, account: &AccountId) -> Result<(), StoreError> {
    let dismiss = sqlx::query(sql::DISMISS_ADMINISTRATOR).bind(account.as_str());
    if dismiss.execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok(());
    }
    let conflict = match must_exist(connection, account).await?.administrator {
        true => Conflict::LastAdministrator(account.clone()),
        false => Conflict::NotAdministrator(account.clone()),
    };
    Err(conflict.into())
}

pub(crate) async fn set_registration(
    connection: &mut AnyConnection,
    account: &AccountId,
    mode: Registration,
) -> Result<(), StoreError> {
    must_exist(connection, account).await?;
    let set = sqlx::query(sql::SET_SETTING).bind(REGISTRATION).bind(mode.as_str());
    set.execute(connection).await?;
    Ok(())
}

pub(crate) async fn set_password(
    connection: &mut AnyConnection,
    account: &AccountId,
    password: &PasswordHash,
    at: Timestamp,
) -> Result<(), StoreError> {
    let set =
        sqlx::query(sql::SET_PASSWORD).bind(account.as_str()).bind(password.as_str()).bind(at.unix_millis());
    match set.execute(&mut *connection).await?.rows_affected() {
        1 => links::drop_of(connection, account, Purpose::Password).await,
        _ => must_be_open(connection, account).await.map(drop),
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

/// The account, or a conflict that says that it is not there, or closed.
async fn must_be_open(connection: &mut AnyConnection, account: &AccountId) -> Result<Account, StoreError> {
    let found = must_exist(connection, account).await?;
    if found.closed.is_some() {
        return Err(Conflict::AccountClosed(account.clone()).into());
    }
    Ok(found)
}

/// The account, or a conflict that says that it is not there, closed or suspended.
pub(crate) async fn must_be_active(
    connection: &mut AnyConnection,
    account: &AccountId,
) -> Result<Account, StoreError> {
    let found = must_be_open(connection, account).await?;
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
        administrator: row.flag("administrator")?,
        closed: row.optional_time("closed")?,
        password_set: row.optional_time("password_set")?,
        language: row.parsed("language", |tag| Language::from_tag(tag).ok_or(()))?,
    })
}
