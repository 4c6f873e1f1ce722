//! Refused requests, counted by the hour, and reminders: beside the change log.

use countersign::{AccessKeyId, Timestamp};
use countersign_accounts::id::AccountId;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::{Row, bigint};
use crate::usage::kept;
use crate::{Store, sql};

/// How many rows an account has at most: what strangers send in its name fills no disk.
const ROWS: i64 = 2000;
/// How many notes one transaction writes.
const TOGETHER: usize = 32;
const HOUR: i64 = 60 * 60 * 1000;

/// Requests by one AccessKey that were refused for one reason from one address within an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRequests {
    pub account: AccountId,
    pub access_key: AccessKeyId,
    /// The refusal's name, such as `SignatureMismatch`.
    pub reason: String,
    /// The peer's address as text; empty where it came over a unix socket.
    pub address: String,
    pub count: u64,
    /// When the last of them came.
    pub last: Timestamp,
}

impl Store {
    /// Adds refused requests to those that were counted. Those of an account that has too many kinds of them already are
    /// passed over.
    pub async fn note_refusals(&self, refused: &[RefusedRequests]) -> Result<(), StoreError> {
        for some in refused.chunks(TOGETHER) {
            let mut transaction = self.begin_writing().await?;
            for one in some {
                let note = sqlx::query(sql::NOTE_REFUSAL)
                    .bind(one.account.as_str())
                    .bind(one.access_key.as_str())
                    .bind(kept(&one.reason))
                    .bind(kept(&one.address))
                    .bind(one.last.unix_millis().div_euclid(HOUR))
                    .bind(bigint(one.count))
                    .bind(one.last.unix_millis())
                    .bind(ROWS);
                note.execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }

    /// The refused requests of an account, the latest first.
    pub async fn list_refusals(
        &self,
        account: &AccountId,
        limit: u32,
    ) -> Result<Vec<RefusedRequests>, StoreError> {
        if account.as_str().contains('\0') {
            return Ok(Vec::new());
        }
        let query = sqlx::query(sql::LIST_REFUSALS).bind(account.as_str()).bind(i64::from(limit));
        query.fetch_all(self.pool()).await?.iter().map(read).collect()
    }

    /// Forgets the refused requests of hours that were over at this time. Returns how many rows there were.
    pub async fn purge_refusals(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut transaction = self.begin_writing().await?;
        let purge = sqlx::query(sql::PURGE_REFUSALS).bind(before.unix_millis().div_euclid(HOUR));
        let purged = purge.execute(&mut *transaction).await?.rows_affected();
        transaction.commit().await?;
        Ok(purged)
    }

    /// Notes that somebody is reminded of something, and returns whether that was not done since `again`: whoever gets
    /// true sends the reminder.
    pub async fn note_reminder(
        &self,
        subject: &str,
        kind: &str,
        now: Timestamp,
        again: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin_writing().await?;
        let note = sqlx::query(sql::NOTE_REMINDER)
            .bind(subject)
            .bind(kind)
            .bind(now.unix_millis())
            .bind(again.unix_millis());
        let noted = note.execute(&mut *transaction).await?.rows_affected() == 1;
        transaction.commit().await?;
        Ok(noted)
    }

    /// Forgets the reminders from before this time. Returns how many.
    pub async fn purge_reminders(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut transaction = self.begin_writing().await?;
        let purge = sqlx::query(sql::PURGE_REMINDERS).bind(before.unix_millis());
        let purged = purge.execute(&mut *transaction).await?.rows_affected();
        transaction.commit().await?;
        Ok(purged)
    }
}

fn read(row: &AnyRow) -> Result<RefusedRequests, StoreError> {
    let row = Row { row, table: "refusal", key: "account" };
    Ok(RefusedRequests {
        account: AccountId::from_text(row.text("account")?),
        access_key: row.parsed("access_key", AccessKeyId::new)?,
        reason: row.text("reason")?,
        address: row.text("address")?,
        count: row.count("count")?,
        last: row.time("last")?,
    })
}
