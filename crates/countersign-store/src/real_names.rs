//! Real names: what was submitted, sealed, and what was said to it.

use countersign::Timestamp;
use countersign_accounts::access_key::Description;
use countersign_accounts::change::Actor;
use countersign_accounts::id::AccountId;
use countersign_accounts::real_name::{RealName, RealNameState};
use countersign_accounts::seal::Sealed;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::commit::json;
use crate::error::{Conflict, StoreError};
use crate::row::Row;
use crate::{Store, accounts, ring_keys, sql};

impl Store {
    /// What an account has submitted, and how that stands.
    pub async fn find_real_name(
        &self,
        account: &AccountId,
    ) -> Result<Option<(RealName, Sealed)>, StoreError> {
        find(&mut *self.pool().acquire().await?, account).await
    }

    /// The real names in a state, those that were submitted first at the beginning.
    pub async fn list_real_names(
        &self,
        state: RealNameState,
        limit: u32,
    ) -> Result<Vec<(RealName, Sealed)>, StoreError> {
        let query = sqlx::query(sql::LIST_REAL_NAMES).bind(state.as_str()).bind(i64::from(limit));
        query.fetch_all(self.pool()).await?.iter().map(read).collect()
    }
}

/// An administrator's word on a real name; a reason rejects it.
pub(crate) struct Decision<'c> {
    /// When that was submitted which the administrator saw.
    pub(crate) submitted: Timestamp,
    pub(crate) reason: Option<&'c Description>,
    pub(crate) by: &'c Actor,
    pub(crate) at: Timestamp,
}

pub(crate) async fn submit(
    connection: &mut AnyConnection,
    account: &AccountId,
    sealed: &Sealed,
    at: Timestamp,
) -> Result<(), StoreError> {
    let submit = sqlx::query(sql::SUBMIT_REAL_NAME)
        .bind(account.as_str())
        .bind(sealed.as_str())
        .bind(at.unix_millis())
        .bind(sealed.ring_key().map(i64::from));
    if submit.execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok(());
    }
    accounts::must_be_active(connection, account).await?;
    if let Some(retired) = ring_keys::retired(connection, sealed).await? {
        return Err(retired.into());
    }
    Err(Conflict::RealNameApproved(account.clone()).into())
}

pub(crate) async fn decide(
    connection: &mut AnyConnection,
    account: &AccountId,
    decision: &Decision<'_>,
) -> Result<(), StoreError> {
    let state = match decision.reason {
        Some(_) => RealNameState::Rejected,
        None => RealNameState::Approved,
    };
    let decide = sqlx::query(sql::DECIDE_REAL_NAME)
        .bind(account.as_str())
        .bind(decision.submitted.unix_millis())
        .bind(state.as_str())
        .bind(decision.at.unix_millis())
        .bind(json(decision.by)?)
        .bind(decision.reason.map(Description::as_str));
    if decide.execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok(());
    }
    accounts::must_exist(connection, account).await?;
    match find(connection, account).await? {
        Some((found, _)) if found.state == RealNameState::Approved => {
            Err(Conflict::RealNameApproved(account.clone()).into())
        }
        _ => Err(Conflict::NoRealNameSubmitted(account.clone()).into()),
    }
}

async fn find(
    connection: &mut AnyConnection,
    account: &AccountId,
) -> Result<Option<(RealName, Sealed)>, StoreError> {
    if account.as_str().contains('\0') {
        return Ok(None);
    }
    let found = sqlx::query(sql::FIND_REAL_NAME).bind(account.as_str()).fetch_optional(connection).await?;
    found.as_ref().map(read).transpose()
}

fn read(row: &AnyRow) -> Result<(RealName, Sealed), StoreError> {
    let row = Row { row, table: "real_name", key: "account" };
    let decided_by = match row.optional_text("decided_by")? {
        Some(_) => Some(row.json("decided_by")?),
        None => None,
    };
    let reason = row.optional_text("reason")?.map(|text| Description::new(&text)).transpose();
    let real_name = RealName {
        account: AccountId::from_text(row.text("account")?),
        state: row.parsed("state", |text| RealNameState::from_text(text).ok_or(()))?,
        submitted: row.time("submitted")?,
        decided: row.optional_time("decided")?,
        decided_by,
        reason: reason.map_err(|_| row.inconsistent("reason"))?,
    };
    Ok((real_name, Sealed::from_text(row.text("sealed")?)))
}
