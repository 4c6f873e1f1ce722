//! Projects: questions, and what changes do to their rows.

use countersign::Timestamp;
use countersign_accounts::id::AccountId;
use countersign_accounts::project::{Project, ProjectName};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::{Conflict, StoreError};
use crate::row::Row;
use crate::{Store, accounts, sql};

impl Store {
    /// The project of this name, whoever owns it.
    pub async fn find_project(&self, name: &ProjectName) -> Result<Option<Project>, StoreError> {
        let found = sqlx::query(sql::FIND_PROJECT).bind(name.as_str()).fetch_optional(self.pool()).await?;
        found.as_ref().map(read).transpose()
    }

    /// An account's projects in the order of their names, from the first after `after`, of those whose names begin
    /// with `prefix`. Its case does not matter.
    pub async fn list_projects(
        &self,
        account: &AccountId,
        after: Option<&ProjectName>,
        prefix: &str,
        limit: u32,
    ) -> Result<Vec<Project>, StoreError> {
        if account.as_str().contains('\0') || prefix.contains('\0') {
            return Ok(Vec::new());
        }
        let listed = sqlx::query(sql::LIST_PROJECTS)
            .bind(account.as_str())
            .bind(after.map_or("", ProjectName::as_str))
            .bind(prefix.to_ascii_lowercase())
            .bind(i64::from(limit))
            .fetch_all(self.pool())
            .await?;
        listed.iter().map(read).collect()
    }
}

/// All projects.
pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<Project>, StoreError> {
    sqlx::query(sql::ALL_PROJECTS).fetch_all(connection).await?.iter().map(read).collect()
}

pub(crate) async fn create(
    connection: &mut AnyConnection,
    account: &AccountId,
    name: &ProjectName,
    at: Timestamp,
) -> Result<(), StoreError> {
    let create =
        sqlx::query(sql::CREATE_PROJECT).bind(name.as_str()).bind(account.as_str()).bind(at.unix_millis());
    if create.execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok(());
    }
    accounts::must_be_active(connection, account).await?;
    Err(Conflict::ProjectTaken(name.clone()).into())
}

pub(crate) async fn delete(
    connection: &mut AnyConnection,
    account: &AccountId,
    name: &ProjectName,
) -> Result<(), StoreError> {
    let delete = sqlx::query(sql::DELETE_PROJECT).bind(name.as_str()).bind(account.as_str());
    match delete.execute(connection).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(Conflict::NoSuchProject { account: account.clone(), project: name.clone() }.into()),
    }
}

fn read(row: &AnyRow) -> Result<Project, StoreError> {
    let row = Row { row, table: "project", key: "name" };
    Ok(Project {
        name: row.parsed("name", ProjectName::new)?,
        account: AccountId::from_text(row.text("account")?),
        created: row.time("created")?,
    })
}
