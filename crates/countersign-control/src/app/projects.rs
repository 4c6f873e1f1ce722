//! MaxCompute projects: names that accounts own and clients log in to.

use countersign_accounts::change::{Change, Revision};
use countersign_accounts::id::AccountId;
use countersign_accounts::project::{Project, ProjectName};
use countersign_store::Store;

use super::{Asked, Failure};

/// Takes a free name for an account.
pub async fn create(
    store: &Store,
    asked: Asked,
    account: AccountId,
    name: &str,
) -> Result<Revision, Failure> {
    let project = parse_name(name)?;
    asked.commit(store, Change::ProjectCreated { account, project }).await
}

/// Gives a name back. Whoever asks for it next may have it.
pub async fn delete(
    store: &Store,
    asked: Asked,
    account: AccountId,
    name: &str,
) -> Result<Revision, Failure> {
    let project = parse_name(name)?;
    asked.commit(store, Change::ProjectDeleted { account, project }).await
}

/// All projects of an account, by name.
pub async fn list(store: &Store, account: &AccountId) -> Result<Vec<Project>, Failure> {
    const PAGE: u32 = 1000;
    let mut all: Vec<Project> = Vec::new();
    loop {
        let page = store.list_projects(account, all.last().map(|project| &project.name), "", PAGE).await?;
        let last = page.len() < PAGE as usize;
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}

fn parse_name(text: &str) -> Result<ProjectName, Failure> {
    ProjectName::new(text).map_err(|error| Failure::ProjectName(text.to_owned(), error))
}
