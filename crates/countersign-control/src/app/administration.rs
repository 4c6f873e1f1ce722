//! What administrators and operators do: with all accounts, real names and registration.

use countersign::Timestamp;
use countersign_accounts::access_key::Description;
use countersign_accounts::account::{Account, Registration};
use countersign_accounts::change::{Actor, Change, Revision};
use countersign_accounts::id::AccountId;
use countersign_accounts::real_name::{RealName, RealNameState};
use countersign_accounts::seal::Ring;
use countersign_store::{Conflict, Store};

use super::mail::{Mail, MailKind};
use super::real_name::{self, Person};
use super::{Asked, Failure};

/// Fails where this is neither an administrator in force nor the command line or the system itself. It is asked of the
/// store each time: who is dismissed may do nothing from then on.
pub async fn must_administer(store: &Store, by: &Actor) -> Result<(), Failure> {
    let Actor::Owner(account) = by else { return Ok(()) };
    let found = store.find_account(account).await?;
    match found.is_some_and(|account| account.administrator && account.in_force()) {
        true => Ok(()),
        false => Err(Failure::NotAdministrator),
    }
}

/// Accounts of which the address holds this text, or whose name it is; all, for an empty text. In the order of their
/// names, from the first after `after`.
pub async fn search(
    store: &Store,
    by: &Actor,
    text: &str,
    after: Option<&AccountId>,
    limit: u32,
) -> Result<Vec<Account>, Failure> {
    must_administer(store, by).await?;
    Ok(store.search_accounts(text.trim(), after, limit).await?)
}

/// Suspends an account: none of its AccessKeys is accepted until it is resumed, and its sessions end.
pub async fn suspend(store: &Store, asked: Asked, account: &AccountId) -> Result<(Revision, Mail), Failure> {
    let change = Change::AccountSuspended { account: account.clone() };
    alter(store, asked, account, change, MailKind::AccountSuspended).await
}

/// Resumes a suspended account.
pub async fn resume(store: &Store, asked: Asked, account: &AccountId) -> Result<(Revision, Mail), Failure> {
    let change = Change::AccountResumed { account: account.clone() };
    alter(store, asked, account, change, MailKind::AccountResumed).await
}

/// Sets how many AccessKeys an account may have. Those that there are stay.
pub async fn set_access_key_limit(
    store: &Store,
    asked: Asked,
    account: AccountId,
    access_key_limit: u32,
) -> Result<Revision, Failure> {
    must_administer(store, &asked.by).await?;
    asked.commit(store, Change::AccessKeyLimitSet { account, access_key_limit }).await
}

/// Makes an account an administrator.
pub async fn appoint(store: &Store, asked: Asked, account: AccountId) -> Result<Revision, Failure> {
    must_administer(store, &asked.by).await?;
    asked.commit(store, Change::AdministratorAppointed { account }).await
}

/// Makes an administrator an account like any other. The last one in force stays.
pub async fn dismiss(store: &Store, asked: Asked, account: AccountId) -> Result<Revision, Failure> {
    must_administer(store, &asked.by).await?;
    asked.commit(store, Change::AdministratorDismissed { account }).await
}

/// Who may open an account by themselves.
pub async fn registration(store: &Store) -> Result<Registration, Failure> {
    Ok(store.registration().await?)
}

/// Says who may open an account by themselves. It is logged for the administrator who says so; from the command line, for
/// the first one.
///
/// # Errors
///
/// [`Failure::NoAdministrator`] from the command line where there is none yet.
pub async fn set_registration(store: &Store, asked: Asked, mode: Registration) -> Result<Revision, Failure> {
    must_administer(store, &asked.by).await?;
    let account = match &asked.by {
        Actor::Owner(account) => account.clone(),
        _ => store.list_administrators().await?.into_iter().next().ok_or(Failure::NoAdministrator)?.id,
    };
    asked.commit(store, Change::RegistrationSet { account, mode }).await
}

/// The real names that wait for a decision, those that have waited longest first.
pub async fn waiting_real_names(store: &Store, by: &Actor, limit: u32) -> Result<Vec<RealName>, Failure> {
    must_administer(store, by).await?;
    let listed = store.list_real_names(RealNameState::Submitted, limit).await?;
    Ok(listed.into_iter().map(|(real_name, _)| real_name).collect())
}

/// What an account has submitted.
pub async fn open_real_name(
    store: &Store,
    ring: &Ring,
    by: &Actor,
    account: &AccountId,
) -> Result<Option<(RealName, Person)>, Failure> {
    must_administer(store, by).await?;
    let Some((real_name, sealed)) = store.find_real_name(account).await? else { return Ok(None) };
    let person = real_name::open(store, ring, &real_name, &sealed).await?;
    Ok(Some((real_name, person)))
}

/// Approves the real name that was submitted at `submitted`. Where another was submitted since, nothing is done.
pub async fn approve_real_name(
    store: &Store,
    asked: Asked,
    account: &AccountId,
    submitted: Timestamp,
) -> Result<(Revision, Mail), Failure> {
    let change = Change::RealNameApproved { account: account.clone(), submitted };
    alter(store, asked, account, change, MailKind::RealNameApproved).await
}

/// Rejects the real name that was submitted at `submitted`, for a reason that the account's owner reads.
pub async fn reject_real_name(
    store: &Store,
    asked: Asked,
    account: &AccountId,
    submitted: Timestamp,
    reason: &str,
) -> Result<(Revision, Mail), Failure> {
    let reason = Description::new(reason)?;
    let change = Change::RealNameRejected { account: account.clone(), submitted, reason: reason.clone() };
    alter(store, asked, account, change, MailKind::RealNameRejected { reason }).await
}

/// Makes a change to an account, of which its owner is told.
async fn alter(
    store: &Store,
    asked: Asked,
    account: &AccountId,
    change: Change,
    kind: MailKind,
) -> Result<(Revision, Mail), Failure> {
    must_administer(store, &asked.by).await?;
    let found = store.find_account(account).await?;
    let found = found.ok_or_else(|| Failure::from(Conflict::NoSuchAccount(account.clone())))?;
    let revision = asked.commit(store, change).await?;
    Ok((revision, Mail::to(&found, kind)))
}
