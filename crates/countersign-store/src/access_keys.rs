//! AccessKeys: questions, and what changes do to their rows.

use std::collections::BTreeSet;

use countersign::{AccessKeyId, Timestamp};
use countersign_accounts::access_key::{
    AccessKey, AccessKeyKind, AccessKeyStatus, Description, LastUsed, RECYCLE_BIN,
};
use countersign_accounts::change::Revision;
use countersign_accounts::id::AccountId;
use countersign_accounts::network::Networks;
use countersign_accounts::seal::{Sealed, SealedColumn};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::{Conflict, StoreError};
use crate::row::{Row, bigint};
use crate::{SealedText, Store, accounts, ring_keys, sql, usage};

/// An AccessKey as listings show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAccessKey {
    pub key: AccessKey,
    /// None where no request was ever verified by it.
    pub last_used: Option<LastUsed>,
}

impl Store {
    /// The AccessKey of this id, whoever owns it. It may be in the recycle bin.
    pub async fn find_access_key(&self, id: &AccessKeyId) -> Result<Option<ListedAccessKey>, StoreError> {
        let found = sqlx::query(sql::FIND_ACCESS_KEY).bind(id.as_str()).fetch_optional(self.pool()).await?;
        found.as_ref().map(read_listed).transpose()
    }

    /// An account's AccessKeys, those in the recycle bin included, in the order in which they were created.
    pub async fn list_access_keys(&self, account: &AccountId) -> Result<Vec<ListedAccessKey>, StoreError> {
        if account.as_str().contains('\0') {
            return Ok(Vec::new());
        }
        let listed = sqlx::query(sql::LIST_ACCESS_KEYS).bind(account.as_str()).fetch_all(self.pool()).await?;
        listed.iter().map(read_listed).collect()
    }

    /// AccessKeys that were deleted before this time, those that have waited longest first, with their accounts.
    pub async fn list_deleted_before(
        &self,
        at: Timestamp,
        limit: u32,
    ) -> Result<Vec<(AccessKeyId, AccountId)>, StoreError> {
        let query = sqlx::query(sql::DELETED_BEFORE).bind(at.unix_millis()).bind(i64::from(limit));
        let read = |row| {
            let row = Row { row, table: "access_key", key: "id" };
            Ok((row.parsed("id", AccessKeyId::new)?, AccountId::from_text(row.text("account")?)))
        };
        query.fetch_all(self.pool()).await?.iter().map(read).collect()
    }

    /// Enabled AccessKeys of all accounts that expire after `now` and until `expires_before`, or, whenever they expire
    /// later, were created until `created_before`: in the order of their ids, from the first after `after`.
    pub async fn list_ageing_access_keys(
        &self,
        now: Timestamp,
        expires_before: Timestamp,
        created_before: Timestamp,
        after: Option<&AccessKeyId>,
        limit: u32,
    ) -> Result<Vec<ListedAccessKey>, StoreError> {
        let query = sqlx::query(sql::LIST_AGEING_ACCESS_KEYS)
            .bind(after.map_or("", AccessKeyId::as_str))
            .bind(now.unix_millis())
            .bind(expires_before.unix_millis())
            .bind(created_before.unix_millis())
            .bind(i64::from(limit));
        query.fetch_all(self.pool()).await?.iter().map(read_listed).collect()
    }

    /// What an AccessKey is verified with, sealed: whose it is, of which kind, and the text.
    pub async fn sealed_material(
        &self,
        id: &AccessKeyId,
    ) -> Result<Option<(AccountId, AccessKeyKind, Sealed)>, StoreError> {
        let found = sqlx::query(sql::SEALED_SECRET).bind(id.as_str()).fetch_optional(self.pool()).await?;
        let read = |row| {
            let row = in_table(row);
            let account = AccountId::from_text(row.text("account")?);
            Ok((account, kind(&row)?, Sealed::from_text(row.text("secret")?)))
        };
        found.as_ref().map(read).transpose()
    }

    /// Of these ids, those that AccessKeys had which are gone from the recycle bin for good. It reads the whole log once.
    pub async fn purged_among(
        &self,
        ids: &BTreeSet<AccessKeyId>,
    ) -> Result<BTreeSet<AccessKeyId>, StoreError> {
        const PAGE: i64 = 1000;
        let (mut purged, mut last) = (BTreeSet::new(), 0i64);
        loop {
            let query = sqlx::query(sql::PURGED_ACCESS_KEYS).bind(last).bind(PAGE);
            let rows = query.fetch_all(self.pool()).await?;
            for row in &rows {
                let row = Row { row, table: "change", key: "seq" };
                last = row.number("seq")?;
                let id = row.text("access_key")?;
                purged.extend(ids.get(id.as_str()).cloned());
            }
            if rows.len() < PAGE as usize {
                return Ok(purged);
            }
        }
    }

    /// The sealed secrets of all accounts in the order of the AccessKeys' ids, from the first after `after`.
    pub async fn sealed_secrets(
        &self,
        after: Option<&AccessKeyId>,
        limit: u32,
    ) -> Result<Vec<(AccessKeyId, AccountId, Sealed)>, StoreError> {
        let after = after.map_or("", AccessKeyId::as_str);
        let read = |text: SealedText| {
            let id = AccessKeyId::new(&text.id).map_err(|_| StoreError::Inconsistent {
                table: "access_key",
                column: "id",
                row: text.id.clone(),
            })?;
            Ok((id, text.owner, text.sealed))
        };
        let listed = self.sealed_texts(SealedColumn::AccessKeySecret, after, limit).await?;
        listed.into_iter().map(read).collect()
    }
}

/// What an AccessKey begins with.
pub(crate) struct NewAccessKey<'c> {
    pub(crate) account: &'c AccountId,
    pub(crate) id: &'c AccessKeyId,
    pub(crate) description: &'c Description,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) networks: &'c Networks,
    pub(crate) kind: AccessKeyKind,
    pub(crate) disabled: bool,
    pub(crate) sealed: &'c Sealed,
}

pub(crate) async fn create(
    connection: &mut AnyConnection,
    key: &NewAccessKey<'_>,
    replaces: Option<&AccessKeyId>,
    at: Timestamp,
    revision: Revision,
) -> Result<(), StoreError> {
    let created = sqlx::query(sql::CREATE_ACCESS_KEY)
        .bind(key.id.as_str())
        .bind(key.account.as_str())
        .bind(key.description.as_str())
        .bind(at.unix_millis())
        .bind(key.expires.map(Timestamp::unix_millis))
        .bind(bigint(revision.seq))
        .bind(key.sealed.as_str())
        .bind(replaces.map(AccessKeyId::as_str))
        .bind(key.sealed.ring_key().map(i64::from))
        .bind(key.networks.to_string())
        .bind(if key.disabled { "disabled" } else { "enabled" })
        .bind(key.kind.name())
        .execute(&mut *connection)
        .await?;
    if created.rows_affected() == 1 {
        return Ok(());
    }
    let account = accounts::must_be_active(connection, key.account).await?;
    if let Some(retired) = ring_keys::retired(connection, key.sealed).await? {
        return Err(retired.into());
    }
    let conflict = match find(connection, key.id).await? {
        Some(_) => Conflict::AccessKeyIdTaken(key.id.clone()),
        None => Conflict::AccessKeyLimit { limit: account.access_key_limit },
    };
    Err(conflict.into())
}

pub(crate) async fn disable(
    connection: &mut AnyConnection,
    account: &AccountId,
    id: &AccessKeyId,
) -> Result<(), StoreError> {
    let disable = sqlx::query(sql::DISABLE_ACCESS_KEY).bind(id.as_str()).bind(account.as_str());
    if disable.execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok(());
    }
    let conflict = match must_own(connection, account, id).await? {
        AccessKeyStatus::Enabled | AccessKeyStatus::Disabled => Conflict::AlreadyDisabled(id.clone()),
        AccessKeyStatus::Deleted(_) => Conflict::InRecycleBin(id.clone()),
    };
    Err(conflict.into())
}

pub(crate) async fn enable(
    connection: &mut AnyConnection,
    account: &AccountId,
    id: &AccessKeyId,
) -> Result<(), StoreError> {
    let enable = sqlx::query(sql::ENABLE_ACCESS_KEY).bind(id.as_str()).bind(account.as_str());
    if enable.execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok(());
    }
    let conflict = match must_own(connection, account, id).await? {
        AccessKeyStatus::Enabled | AccessKeyStatus::Disabled => Conflict::AlreadyEnabled(id.clone()),
        AccessKeyStatus::Deleted(_) => Conflict::InRecycleBin(id.clone()),
    };
    Err(conflict.into())
}

/// To the recycle bin.
pub(crate) async fn delete(
    connection: &mut AnyConnection,
    account: &AccountId,
    id: &AccessKeyId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let delete =
        sqlx::query(sql::DELETE_ACCESS_KEY).bind(id.as_str()).bind(account.as_str()).bind(at.unix_millis());
    if delete.execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok(());
    }
    let conflict = match must_own(connection, account, id).await? {
        AccessKeyStatus::Enabled | AccessKeyStatus::Disabled => Conflict::StillEnabled(id.clone()),
        AccessKeyStatus::Deleted(_) => Conflict::AlreadyDeleted(id.clone()),
    };
    Err(conflict.into())
}

/// From the recycle bin, disabled. It counts towards the limit again.
pub(crate) async fn restore(
    connection: &mut AnyConnection,
    account: &AccountId,
    id: &AccessKeyId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let oldest = at.minus(RECYCLE_BIN);
    let restore = sqlx::query(sql::RESTORE_ACCESS_KEY)
        .bind(id.as_str())
        .bind(account.as_str())
        .bind(oldest.unix_millis());
    if restore.execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok(());
    }
    let conflict = match must_own(connection, account, id).await? {
        AccessKeyStatus::Enabled | AccessKeyStatus::Disabled => Conflict::NotDeleted(id.clone()),
        AccessKeyStatus::Deleted(deleted) if deleted < oldest => Conflict::RecycleBinOver(id.clone()),
        AccessKeyStatus::Deleted(_) => {
            let limit = accounts::must_exist(connection, account).await?.access_key_limit;
            Conflict::AccessKeyLimit { limit }
        }
    };
    Err(conflict.into())
}

/// For good, with the sealed secret and the note of its last use.
pub(crate) async fn purge(
    connection: &mut AnyConnection,
    account: &AccountId,
    id: &AccessKeyId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let oldest = at.minus(RECYCLE_BIN).unix_millis();
    let purge = sqlx::query(sql::PURGE_ACCESS_KEY).bind(id.as_str()).bind(account.as_str()).bind(oldest);
    if purge.execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok(());
    }
    let conflict = match must_own(connection, account, id).await? {
        AccessKeyStatus::Enabled | AccessKeyStatus::Disabled => Conflict::NotDeleted(id.clone()),
        AccessKeyStatus::Deleted(_) => Conflict::StillInRecycleBin(id.clone()),
    };
    Err(conflict.into())
}

/// The status of an account's own AccessKey. Another account's is none of its business, and is not there for it.
async fn must_own(
    connection: &mut AnyConnection,
    account: &AccountId,
    id: &AccessKeyId,
) -> Result<AccessKeyStatus, StoreError> {
    match find(connection, id).await? {
        Some(key) if key.account == *account => Ok(key.status),
        _ => Err(Conflict::NoSuchAccessKey { account: account.clone(), access_key: id.clone() }.into()),
    }
}

async fn find(connection: &mut AnyConnection, id: &AccessKeyId) -> Result<Option<AccessKey>, StoreError> {
    let found = sqlx::query(sql::FIND_ACCESS_KEY).bind(id.as_str()).fetch_optional(connection).await?;
    found.as_ref().map(read).transpose()
}

fn read_listed(row: &AnyRow) -> Result<ListedAccessKey, StoreError> {
    Ok(ListedAccessKey { key: read(row)?, last_used: usage::read(row)? })
}

fn read(row: &AnyRow) -> Result<AccessKey, StoreError> {
    let row = in_table(row);
    let status = match (row.text("status")?.as_str(), row.optional_time("deleted")?) {
        ("enabled", None) => AccessKeyStatus::Enabled,
        ("disabled", None) => AccessKeyStatus::Disabled,
        ("deleted", Some(deleted)) => AccessKeyStatus::Deleted(deleted),
        _ => return Err(row.inconsistent("status")),
    };
    Ok(AccessKey {
        id: row.parsed("id", AccessKeyId::new)?,
        account: AccountId::from_text(row.text("account")?),
        kind: kind(&row)?,
        description: row.parsed("description", Description::new)?,
        created: row.time("created")?,
        expires: row.optional_time("expires")?,
        networks: row.parsed("networks", Networks::from_text)?,
        status,
    })
}

fn kind(row: &Row<'_>) -> Result<AccessKeyKind, StoreError> {
    AccessKeyKind::from_name(&row.text("kind")?).ok_or_else(|| row.inconsistent("kind"))
}

fn in_table(row: &AnyRow) -> Row<'_> {
    Row { row, table: "access_key", key: "id" }
}
