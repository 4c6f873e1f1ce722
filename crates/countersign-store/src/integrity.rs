//! Whether the database itself is sound, below the rows.

use crate::engine::Kind;
use crate::error::StoreError;
use crate::row::Row;
use crate::{Store, sql};

impl Store {
    /// Reads the whole database and checks that it hangs together: every page, index and reference. Of SQLite
    /// only: PostgreSQL has means of its own, such as `pg_amcheck` and checksums.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] with what was found first.
    pub async fn check_integrity(&self) -> Result<(), StoreError> {
        if self.engine().kind != Kind::Sqlite {
            return Ok(());
        }
        let mut connection = self.pool().acquire().await?;
        let found = sqlx::query(sql::SQLITE_INTEGRITY).fetch_all(&mut *connection).await?;
        for row in &found {
            let text =
                Row { row, table: "integrity_check", key: "integrity_check" }.text("integrity_check")?;
            if text != "ok" {
                return Err(StoreError::Damaged(text.lines().next_back().unwrap_or_default().to_owned()));
            }
        }
        if !sqlx::query(sql::SQLITE_REFERENCES).fetch_all(&mut *connection).await?.is_empty() {
            return Err(StoreError::Damaged("a row refers to one that is not there".to_owned()));
        }
        Ok(())
    }
}
