//! Ring keys, sealed, and which of them seals what. They stand beside the change log: nothing that is judged by
//! changes with them. Like every writer, each of these takes the head's row first.

use std::collections::BTreeMap;

use countersign_accounts::id::AccountId;
use countersign_accounts::seal::{Sealed, SealedColumn, SealedRingKey};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::{Conflict, StoreError};
use crate::row::Row;
use crate::{Store, sql, writer};

/// How many secrets one transaction seals again at most: a change waits behind no more than that.
pub const RESEALED_TOGETHER: u32 = 500;

/// A sealed text, where it stands and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedText {
    /// The id of its row.
    pub id: String,
    pub owner: AccountId,
    pub sealed: Sealed,
}

/// A text that is to be sealed again.
#[derive(Clone, Debug)]
pub struct Resealed {
    /// The id of its row.
    pub id: String,
    /// The text that was read. Where another stands there by now, it is left alone.
    pub before: Sealed,
    pub after: Sealed,
}

impl Store {
    /// The ring keys of this installation, sealed by the master key.
    pub async fn ring_keys(&self) -> Result<Vec<SealedRingKey>, StoreError> {
        list(&mut *self.pool().acquire().await?).await
    }

    /// How many secrets each ring key seals, those of all columns together; `None` counts those whose text names none, which were altered.
    pub async fn secrets_by_ring_key(&self) -> Result<BTreeMap<Option<u32>, u64>, StoreError> {
        let counted = sqlx::query(sql::COUNT_SECRETS).fetch_all(self.pool()).await?;
        let mut secrets = BTreeMap::new();
        for row in &counted {
            let row = Row { row, table: "access_key", key: "beginning" };
            let ring_key = Sealed::ring_key_of_beginning(&row.text("beginning")?);
            *secrets.entry(ring_key).or_default() += row.count::<u64>("secrets")?;
        }
        Ok(secrets)
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

    /// Adds another ring key, which opens and does not seal yet. Its id is above all others, and it is sealed by the
    /// same master key; otherwise it is [`Conflict::RingKeysChanged`].
    pub async fn add_ring_key(&self, key: &SealedRingKey) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin_with(self.engine().begin_write()).await?;
        writer::lock_head(&mut transaction).await?;
        let add = sqlx::query(sql::ADD_RING_KEY)
            .bind(i64::from(key.id))
            .bind(key.sealed.as_str())
            .bind(key.master_key.as_str());
        if add.execute(&mut *transaction).await?.rows_affected() != 1 {
            return Err(Conflict::RingKeysChanged.into());
        }
        transaction.commit().await?;
        self.wake().committed();
        Ok(())
    }

    /// Makes a ring key the one that seals what is new. The one that did opens from now on.
    pub async fn activate_ring_key(&self, id: u32) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin_with(self.engine().begin_write()).await?;
        writer::lock_head(&mut transaction).await?;
        sqlx::query(sql::DEACTIVATE_RING_KEYS).bind(i64::from(id)).execute(&mut *transaction).await?;
        let activate = sqlx::query(sql::ACTIVATE_RING_KEY).bind(i64::from(id));
        if activate.execute(&mut *transaction).await?.rows_affected() != 1 {
            return Err(Conflict::NoSuchRingKey(id).into());
        }
        transaction.commit().await?;
        self.wake().committed();
        Ok(())
    }

    /// The sealed texts of a column in the order of their rows' ids, from the first after `after`.
    pub async fn sealed_texts(
        &self,
        column: SealedColumn,
        after: &str,
        limit: u32,
    ) -> Result<Vec<SealedText>, StoreError> {
        let (statement, table) = match column {
            SealedColumn::AccessKeySecret => (sql::SEALED_SECRETS, "access_key"),
            SealedColumn::SecondFactorSecret => (sql::SEALED_FACTORS, "second_factor"),
            SealedColumn::RealName => (sql::SEALED_REAL_NAMES, "real_name"),
        };
        let listed = sqlx::query(statement).bind(after).bind(i64::from(limit)).fetch_all(self.pool()).await?;
        let read = |row| {
            let row = Row { row, table, key: "id" };
            Ok(SealedText {
                id: row.text("id")?,
                owner: AccountId::from_text(row.text("account")?),
                sealed: Sealed::from_text(row.text("secret")?),
            })
        };
        listed.iter().map(read).collect()
    }

    /// Replaces sealed texts of a column by what the active ring key `by` made of them, [`RESEALED_TOGETHER`] at most in
    /// one transaction. A row that holds another text by now is passed over, and so are all if `by` is no longer
    /// active. Returns how many were replaced.
    pub async fn reseal(&self, column: SealedColumn, by: u32, texts: &[Resealed]) -> Result<u64, StoreError> {
        let statement = match column {
            SealedColumn::AccessKeySecret => sql::RESEAL_SECRET,
            SealedColumn::SecondFactorSecret => sql::RESEAL_FACTOR,
            SealedColumn::RealName => sql::RESEAL_REAL_NAME,
        };
        let mut replaced = 0;
        for some in texts.chunks(RESEALED_TOGETHER as usize) {
            let mut transaction = self.begin_writing().await?;
            for text in some {
                let replace = sqlx::query(statement)
                    .bind(text.id.as_str())
                    .bind(text.before.as_str())
                    .bind(text.after.as_str())
                    .bind(i64::from(by));
                replaced += replace.execute(&mut *transaction).await?.rows_affected();
            }
            transaction.commit().await?;
        }
        Ok(replaced)
    }

    /// Replaces all ring keys by the same ones under another master key, together or not at all. `before` is what was
    /// read; where anything else stands by now, it is [`Conflict::RingKeysChanged`].
    pub async fn reseal_ring_keys(
        &self,
        before: &[SealedRingKey],
        after: &[SealedRingKey],
    ) -> Result<(), StoreError> {
        let same = |(a, b): (&SealedRingKey, &SealedRingKey)| a.id == b.id && a.active == b.active;
        if before.len() != after.len() || !before.iter().zip(after).all(same) {
            return Err(StoreError::Misuse("the ring keys are not the same"));
        }
        let mut transaction = self.pool().begin_with(self.engine().begin_write()).await?;
        writer::lock_head(&mut transaction).await?;
        if list(&mut transaction).await? != before {
            return Err(Conflict::RingKeysChanged.into());
        }
        for key in after {
            let replace = sqlx::query(sql::RESEAL_RING_KEY)
                .bind(i64::from(key.id))
                .bind(key.sealed.as_str())
                .bind(key.master_key.as_str());
            replace.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        self.wake().committed();
        Ok(())
    }

    /// Removes a ring key that is not active and seals nothing.
    pub async fn retire_ring_key(&self, id: u32) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin_with(self.engine().begin_write()).await?;
        writer::lock_head(&mut transaction).await?;
        match list(&mut transaction).await?.iter().find(|row| row.id == id) {
            None => return Err(Conflict::NoSuchRingKey(id).into()),
            Some(row) if row.active => return Err(Conflict::RingKeyActive(id).into()),
            Some(_) => {}
        }
        let [a, b, c, d] = Sealed::beginnings(id);
        let sealed = sqlx::query(sql::COUNT_SECRETS_OF).bind(a).bind(b).bind(c).bind(d);
        let sealed = sealed.fetch_one(&mut *transaction).await?;
        let sealed = Row { row: &sealed, table: "access_key", key: "secrets" }.count::<u64>("secrets")?;
        if sealed > 0 {
            return Err(Conflict::RingKeyInUse(id, sealed).into());
        }
        sqlx::query(sql::RETIRE_RING_KEY).bind(i64::from(id)).execute(&mut *transaction).await?;
        transaction.commit().await?;
        self.wake().committed();
        Ok(())
    }
}

/// Why a new secret is not taken: its ring key was retired since whoever sealed it read the ring. None where the key is
/// there.
pub(crate) async fn retired(
    connection: &mut AnyConnection,
    sealed: &Sealed,
) -> Result<Option<Conflict>, StoreError> {
    let rows = list(connection).await?;
    let there = sealed.ring_key().is_some_and(|id| rows.iter().any(|row| row.id == id));
    Ok((!rows.is_empty() && !there).then_some(Conflict::SealedByRetiredKey))
}

async fn list(connection: &mut AnyConnection) -> Result<Vec<SealedRingKey>, StoreError> {
    sqlx::query(sql::LIST_RING_KEYS).fetch_all(connection).await?.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<SealedRingKey, StoreError> {
    let row = Row { row, table: "ring_key", key: "id" };
    Ok(SealedRingKey {
        id: row.count("id")?,
        sealed: Sealed::from_text(row.text("sealed")?),
        master_key: row.text("master_key")?,
        active: row.flag("active")?,
    })
}
