//! Ring keys, sealed.

use countersign_accounts::seal::{Sealed, SealedRingKey};

use crate::error::{Conflict, StoreError};
use crate::row::Row;
use crate::{Store, sql, writer};

impl Store {
    /// The ring keys of this installation, sealed by the master key.
    pub async fn ring_keys(&self) -> Result<Vec<SealedRingKey>, StoreError> {
        let listed = sqlx::query(sql::LIST_RING_KEYS).fetch_all(self.pool()).await?;
        let read = |row| {
            let row = Row { row, table: "ring_key", key: "id" };
            Ok(SealedRingKey {
                id: row.count("id")?,
                sealed: Sealed::from_text(row.text("sealed")?),
                master_key: row.text("master_key")?,
                active: row.flag("active")?,
            })
        };
        listed.iter().map(read).collect()
    }

    /// Adds the first ring key. Where there is one already, whoever else added it, it is [`Conflict::RingKeyThere`].
    pub async fn add_first_ring_key(&self, key: &SealedRingKey) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin_with(self.engine().begin_write()).await?;
        writer::lock_head(&mut transaction).await?;
        let add = sqlx::query(sql::ADD_FIRST_RING_KEY)
            .bind(i64::from(key.id))
            .bind(key.sealed.as_str())
            .bind(key.master_key.as_str())
            .bind(i64::from(key.active));
        if add.execute(&mut *transaction).await?.rows_affected() != 1 {
            return Err(Conflict::RingKeyThere.into());
        }
        transaction.commit().await?;
        Ok(())
    }
}
