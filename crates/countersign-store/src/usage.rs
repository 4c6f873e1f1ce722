//! When AccessKeys were last used: beside the change log, for it changes nothing that is judged by.

use countersign::AccessKeyId;
use countersign_accounts::access_key::LastUsed;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::Row;
use crate::{Store, sql, writer};

/// How many notes one transaction writes: a change waits behind no more than that.
const TOGETHER: usize = 32;
/// The longest texts that are kept, in characters.
const LONGEST: usize = 128;

impl Store {
    /// Notes when AccessKeys were last used. An earlier time than the one noted, and a key that is gone, are passed over.
    pub async fn note_usage(&self, used: &[(AccessKeyId, LastUsed)]) -> Result<(), StoreError> {
        for some in used.chunks(TOGETHER) {
            let mut transaction = self.pool().begin_with(self.engine().begin_write()).await?;
            // Like every writer, so that no two of them wait for each other.
            writer::lock_head(&mut transaction).await?;
            for (id, last) in some {
                let note = sqlx::query(sql::NOTE_USAGE)
                    .bind(id.as_str())
                    .bind(last.at.unix_millis())
                    .bind(kept(&last.address))
                    .bind(kept(&last.scheme))
                    .bind(kept(&last.client));
                note.execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }
}

/// What a row says of it, joined to its AccessKey.
pub(crate) fn read(row: &AnyRow) -> Result<Option<LastUsed>, StoreError> {
    let row = Row { row, table: "access_key_usage", key: "id" };
    let Some(at) = row.optional_time("at")? else { return Ok(None) };
    Ok(Some(LastUsed {
        at,
        address: row.text("address")?,
        scheme: row.text("scheme")?,
        client: row.text("client")?,
    }))
}

/// What a stranger says of itself, so much of it as is kept.
pub(crate) fn kept(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(LONGEST).collect()
}
