//! Links, by the hashes of their tokens: beside the change log. What a link allows uses it up in the same transaction.

use countersign::Timestamp;
use countersign_accounts::account::{Email, Language};
use countersign_accounts::id::AccountId;
use countersign_accounts::link::{Link, Purpose};
use countersign_accounts::password::PasswordHash;
use countersign_accounts::token::TokenHash;
use sqlx::AnyConnection;

use crate::error::{Conflict, StoreError};
use crate::row::Row;
use crate::{Store, sql};

/// How many links of one purpose are good at a time for one address. The oldest go first.
const LINKS: i64 = 5;

impl Store {
    /// Keeps a link.
    pub async fn create_link(&self, token: &TokenHash, link: &Link) -> Result<(), StoreError> {
        let mut transaction = self.begin_writing().await?;
        let create = sqlx::query(sql::CREATE_LINK)
            .bind(token.as_str())
            .bind(link.purpose.as_str())
            .bind(link.account.as_ref().map(AccountId::as_str))
            .bind(link.email.as_str())
            .bind(link.password.as_ref().map(PasswordHash::as_str))
            .bind(link.language.tag())
            .bind(link.created.unix_millis())
            .bind(link.expires.unix_millis());
        create.execute(&mut *transaction).await?;
        let (email, purpose) = (link.email.as_str(), link.purpose.as_str());
        let limit = sqlx::query(sql::LIMIT_LINKS).bind(email).bind(purpose).bind(LINKS);
        limit.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The link of this token, unless it was used or its time is over. To look at it does not use it up.
    pub async fn find_link(&self, token: &TokenHash, now: Timestamp) -> Result<Option<Link>, StoreError> {
        let query = sqlx::query(sql::FIND_LINK).bind(token.as_str()).bind(now.unix_millis());
        let Some(row) = query.fetch_optional(self.pool()).await? else { return Ok(None) };
        let row = Row { row: &row, table: "link", key: "token" };
        Ok(Some(Link {
            purpose: row.parsed("purpose", |text| Purpose::from_text(text).ok_or(()))?,
            account: row.optional_text("account")?.map(AccountId::from_text),
            email: row.parsed("email", Email::new)?,
            password: row.optional_text("password")?.map(PasswordHash::from_text),
            language: row.parsed("language", |tag| Language::from_tag(tag).ok_or(()))?,
            created: row.time("created")?,
            expires: row.time("expires")?,
        }))
    }

    /// Makes all links of one purpose do nothing, such as those for a first administrator that an earlier start made.
    pub async fn drop_links(&self, purpose: Purpose) -> Result<(), StoreError> {
        let mut transaction = self.begin_writing().await?;
        sqlx::query(sql::DROP_LINKS_FOR).bind(purpose.as_str()).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Removes the links whose time is over. Returns how many.
    pub async fn purge_links(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut transaction = self.begin_writing().await?;
        let purge = sqlx::query(sql::PURGE_LINKS).bind(now.unix_millis());
        let purged = purge.execute(&mut *transaction).await?.rows_affected();
        transaction.commit().await?;
        Ok(purged)
    }
}

pub(crate) async fn use_up(
    connection: &mut AnyConnection,
    token: &TokenHash,
    at: Timestamp,
) -> Result<(), StoreError> {
    let used = sqlx::query(sql::USE_LINK).bind(token.as_str()).bind(at.unix_millis());
    match used.execute(connection).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(Conflict::LinkUsed.into()),
    }
}

pub(crate) async fn drop_of(
    connection: &mut AnyConnection,
    account: &AccountId,
    purpose: Purpose,
) -> Result<(), StoreError> {
    let drop = sqlx::query(sql::DROP_LINKS_OF_ACCOUNT).bind(account.as_str()).bind(purpose.as_str());
    drop.execute(connection).await?;
    Ok(())
}
