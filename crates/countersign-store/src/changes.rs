//! The change log, read.

use countersign_accounts::change::{Change, Recorded, Revision};
use countersign_accounts::id::AccountId;
use countersign_accounts::keyring::Snapshot;
use countersign_accounts::seal::{Ring, SealError, Sealed};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::{Row, bigint};
use crate::{Store, accounts, bulk, projects, sql};

/// A change of the log, and what a keyring needs beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub recorded: Recorded,
    /// For a created AccessKey, its sealed secret; none where the key was purged since.
    pub sealed: Option<Sealed>,
}

/// What the log says after a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Onward {
    /// The changes that follow it, in order and without a gap. Fewer than asked for are all that there are.
    Changes(Vec<Entry>),
    /// The log does not continue that revision: a backup was restored, or a standby that had not received all took
    /// over. [`Store::full_state`] says how things stand.
    Forked,
}

/// All that the rows say, told as changes: accounts, which of them administer, are suspended or closed, projects, AccessKeys, and which of
/// those are disabled or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullState {
    pub revision: Revision,
    /// With the sealed secret beside each [`Change::AccessKeyCreated`].
    pub changes: Vec<(Change, Option<Sealed>)>,
}

impl Store {
    /// The changes after a revision, at most `limit`. After [`Revision::default`], all of them.
    pub async fn changes_after(&self, revision: Revision, limit: u32) -> Result<Onward, StoreError> {
        let with_cursor = i64::from(limit) + i64::from(revision.seq > 0);
        let query = sqlx::query(sql::CHANGES_FROM).bind(bigint(revision.seq)).bind(with_cursor);
        let rows = query.fetch_all(self.pool()).await?;
        let mut rows = rows.iter();
        if revision.seq > 0 {
            let Some(cursor) = rows.next() else { return Ok(Onward::Forked) };
            if self::revision(&in_log(cursor))? != revision {
                return Ok(Onward::Forked);
            }
        }
        let mut entries = Vec::with_capacity(rows.len());
        let mut last = revision.seq;
        for row in rows {
            let sealed = in_log(row).optional_text("secret")?.map(Sealed::from_text);
            let recorded = recorded(row)?;
            // Numbers are given out under a lock: a gap is a row that somebody removed.
            if recorded.revision.seq != last + 1 {
                return Err(in_log(row).inconsistent("seq"));
            }
            last = recorded.revision.seq;
            entries.push(Entry { recorded, sealed });
        }
        Ok(Onward::Changes(entries))
    }

    /// How things stand at one revision.
    pub async fn full_state(&self) -> Result<FullState, StoreError> {
        let mut transaction = self.pool().begin_with(self.engine().begin_read()).await?;
        let mut full = without_keys(&mut transaction).await?;
        let take = |page| {
            full.changes.extend(page);
            Ok(())
        };
        // Whatever is read here is taken.
        let _ = bulk::access_keys(&mut transaction, self.engine().kind, take).await?;
        transaction.rollback().await?;
        Ok(full)
    }

    /// The keyring of the full state, which is not held in memory for it.
    ///
    /// # Errors
    ///
    /// Of the two, the inner one says that a secret cannot be opened by this ring.
    pub async fn snapshot(&self, ring: &Ring) -> Result<Result<Snapshot, SealError>, StoreError> {
        let mut transaction = self.pool().begin_with(self.engine().begin_read()).await?;
        let FullState { revision, changes } = without_keys(&mut transaction).await?;
        let mut snapshot = match Snapshot::from_full_state(revision, &changes, ring) {
            Ok(snapshot) => snapshot,
            Err(error) => return Ok(Err(error)),
        };
        let take = |page: bulk::Page| snapshot.take_in(&page, ring);
        let taken = bulk::access_keys(&mut transaction, self.engine().kind, take).await?;
        transaction.rollback().await?;
        Ok(taken.map(|()| snapshot))
    }

    /// Changes, newest first, from the last before number `before`; of all accounts, or of one.
    pub async fn list_changes(
        &self,
        account: Option<&AccountId>,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Recorded>, StoreError> {
        let statement = match account {
            Some(account) if account.as_str().contains('\0') => return Ok(Vec::new()),
            Some(_) => sql::LIST_CHANGES_OF_ACCOUNT,
            None => sql::LIST_CHANGES,
        };
        let mut query = sqlx::query(statement).bind(before.map_or(i64::MAX, bigint)).bind(i64::from(limit));
        if let Some(account) = account {
            query = query.bind(account.as_str());
        }
        query.fetch_all(self.pool()).await?.iter().map(recorded).collect()
    }
}

/// The full state but for its AccessKeys.
async fn without_keys(connection: &mut AnyConnection) -> Result<FullState, StoreError> {
    let head = sqlx::query(sql::LAST_REVISION).fetch_one(&mut *connection).await?;
    let revision = revision(&Row { row: &head, table: "change_head", key: "seq" })?;
    let accounts = accounts::all(connection).await?;
    let projects = projects::all(connection).await?;

    let mut of_accounts = Vec::new();
    for account in &accounts {
        let id = || account.id.clone();
        if account.administrator {
            of_accounts.push(Change::AdministratorAppointed { account: id() });
        }
        if account.suspended {
            of_accounts.push(Change::AccountSuspended { account: id() });
        }
        if account.closed.is_some() {
            of_accounts.push(Change::AccountClosed { account: id() });
        }
    }
    let opened = accounts.into_iter().map(|account| Change::AccountOpened {
        account: account.id,
        email: account.email,
        access_key_limit: account.access_key_limit,
    });
    let created = projects
        .into_iter()
        .map(|project| Change::ProjectCreated { account: project.account, project: project.name });
    let changes = opened.chain(of_accounts).chain(created).map(|change| (change, None)).collect();
    Ok(FullState { revision, changes })
}

/// The revision that a row of the log, or the head, says.
pub(crate) fn revision(row: &Row<'_>) -> Result<Revision, StoreError> {
    Ok(Revision {
        epoch: row.count("epoch")?,
        seq: row.count("seq")?,
        tag: row.number("tag")?.cast_unsigned(),
    })
}

fn recorded(row: &AnyRow) -> Result<Recorded, StoreError> {
    let row = in_log(row);
    Ok(Recorded {
        revision: revision(&row)?,
        at: row.time("at")?,
        by: row.json("actor")?,
        request: row.text("request")?,
        change: row.json("body")?,
    })
}

fn in_log(row: &AnyRow) -> Row<'_> {
    Row { row, table: "change", key: "seq" }
}
