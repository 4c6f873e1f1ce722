//! Second factors and recovery codes. Which there are is told by the change log; when they were used is not.

use countersign::Timestamp;
use countersign_accounts::access_key::Description;
use countersign_accounts::factor::{Factor, FactorKind, MOST_FACTORS};
use countersign_accounts::id::{AccountId, FactorId};
use countersign_accounts::seal::Sealed;
use countersign_accounts::token::TokenHash;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::{Conflict, StoreError};
use crate::row::{Row, bigint};
use crate::{Store, accounts, ring_keys, sql};

impl Store {
    /// The second factors of an account with their sealed secrets, in the order in which they were added.
    pub async fn list_factors(&self, account: &AccountId) -> Result<Vec<(Factor, Sealed)>, StoreError> {
        if account.as_str().contains('\0') {
            return Ok(Vec::new());
        }
        let listed = sqlx::query(sql::LIST_FACTORS).bind(account.as_str()).fetch_all(self.pool()).await?;
        listed.iter().map(read).collect()
    }

    /// Uses the code of a time step up, and all before it. Returns false where it, or a later one, was used already: of
    /// two who show the same code at once, one is let in.
    pub async fn use_step(
        &self,
        account: &AccountId,
        factor: &FactorId,
        step: u64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin_writing().await?;
        let used = sqlx::query(sql::USE_STEP)
            .bind(factor.as_str())
            .bind(account.as_str())
            .bind(bigint(step))
            .bind(now.unix_millis());
        let used = used.execute(&mut *transaction).await?.rows_affected() == 1;
        transaction.commit().await?;
        Ok(used)
    }

    /// Puts what is known of a passkey in place of what was read, after it was used. Returns false where something else
    /// stands there by now.
    pub async fn use_passkey(
        &self,
        account: &AccountId,
        factor: &FactorId,
        before: &Sealed,
        after: &Sealed,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin_writing().await?;
        if let Some(retired) = ring_keys::retired(&mut transaction, after).await? {
            return Err(retired.into());
        }
        let used = sqlx::query(sql::USE_PASSKEY)
            .bind(factor.as_str())
            .bind(account.as_str())
            .bind(before.as_str())
            .bind(after.as_str())
            .bind(now.unix_millis());
        let used = used.execute(&mut *transaction).await?.rows_affected() == 1;
        transaction.commit().await?;
        Ok(used)
    }

    /// Uses a recovery code up. Returns false where there is none such, or it was used already: of two who show it at
    /// once, one is let in.
    pub async fn use_recovery_code(&self, account: &AccountId, code: &TokenHash) -> Result<bool, StoreError> {
        let mut transaction = self.begin_writing().await?;
        let used = sqlx::query(sql::USE_RECOVERY_CODE).bind(account.as_str()).bind(code.as_str());
        let used = used.execute(&mut *transaction).await?.rows_affected() == 1;
        transaction.commit().await?;
        Ok(used)
    }

    /// How many recovery codes an account has left.
    pub async fn count_recovery_codes(&self, account: &AccountId) -> Result<u32, StoreError> {
        let counted =
            sqlx::query(sql::COUNT_RECOVERY_CODES).bind(account.as_str()).fetch_one(self.pool()).await?;
        Row { row: &counted, table: "recovery_code", key: "codes" }.count("codes")
    }
}

/// What a second factor begins with.
pub(crate) struct NewFactor<'c> {
    pub(crate) account: &'c AccountId,
    pub(crate) id: &'c FactorId,
    pub(crate) kind: FactorKind,
    pub(crate) name: &'c Description,
    pub(crate) sealed: &'c Sealed,
    pub(crate) step: u64,
}

pub(crate) async fn add(
    connection: &mut AnyConnection,
    factor: &NewFactor<'_>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let add = sqlx::query(sql::ADD_FACTOR)
        .bind(factor.id.as_str())
        .bind(factor.account.as_str())
        .bind(factor.kind.as_str())
        .bind(factor.name.as_str())
        .bind(at.unix_millis())
        .bind(factor.sealed.as_str())
        .bind(factor.sealed.ring_key().map(i64::from))
        .bind(bigint(factor.step))
        .bind(i64::from(MOST_FACTORS));
    if add.execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok(());
    }
    accounts::must_be_active(connection, factor.account).await?;
    if let Some(retired) = ring_keys::retired(connection, factor.sealed).await? {
        return Err(retired.into());
    }
    let there = sqlx::query(sql::LIST_FACTORS).bind(factor.account.as_str()).fetch_all(connection).await?;
    let conflict = match u32::try_from(there.len()) {
        Ok(count) if count < MOST_FACTORS => Conflict::FactorIdTaken(factor.id.clone()),
        _ => Conflict::FactorLimit,
    };
    Err(conflict.into())
}

/// With the last of them go the recovery codes.
pub(crate) async fn remove(
    connection: &mut AnyConnection,
    account: &AccountId,
    factor: &FactorId,
) -> Result<(), StoreError> {
    let remove = sqlx::query(sql::REMOVE_FACTOR).bind(factor.as_str()).bind(account.as_str());
    if factor.as_str().contains('\0') || remove.execute(&mut *connection).await?.rows_affected() != 1 {
        return Err(Conflict::NoSuchFactor { account: account.clone(), factor: factor.clone() }.into());
    }
    sqlx::query(sql::DROP_CODES_WITHOUT_FACTOR).bind(account.as_str()).execute(connection).await?;
    Ok(())
}

/// In place of those that there were.
pub(crate) async fn make_codes(
    connection: &mut AnyConnection,
    account: &AccountId,
    codes: &[TokenHash],
) -> Result<(), StoreError> {
    accounts::must_be_active(connection, account).await?;
    sqlx::query(sql::CLOSE_RECOVERY_CODES).bind(account.as_str()).execute(&mut *connection).await?;
    for code in codes {
        let add = sqlx::query(sql::ADD_RECOVERY_CODE).bind(account.as_str()).bind(code.as_str());
        add.execute(&mut *connection).await?;
    }
    Ok(())
}

fn read(row: &AnyRow) -> Result<(Factor, Sealed), StoreError> {
    let row = Row { row, table: "second_factor", key: "id" };
    let factor = Factor {
        id: FactorId::from_text(row.text("id")?),
        account: AccountId::from_text(row.text("account")?),
        kind: row.parsed("kind", |text| FactorKind::from_text(text).ok_or(()))?,
        name: row.parsed("name", Description::new)?,
        created: row.time("created")?,
        used: row.optional_time("used")?,
        step: row.count("step")?,
    };
    Ok((factor, Sealed::from_text(row.text("secret")?)))
}
