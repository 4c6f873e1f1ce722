//! Accounts: opening, finding, suspending.

use countersign_accounts::account::{Account, DEFAULT_ACCESS_KEY_LIMIT};
use countersign_accounts::change::{Change, Revision};
use countersign_accounts::id::AccountId;
use countersign_accounts::password::{Password, PasswordHash};
use countersign_store::{Secret, Store};
use rand_core::CryptoRng;

use super::{Asked, Failure, parse_email, passwords};

/// Opens an account. Without a password nobody can sign in to it until one is set.
///
/// Hashing the password takes tens of milliseconds: not for a thread that serves requests.
pub async fn open(
    store: &Store,
    asked: Asked,
    email: &str,
    password: Option<&str>,
    access_key_limit: Option<u32>,
    random: &mut impl CryptoRng,
) -> Result<(AccountId, Revision), Failure> {
    let email = parse_email(email)?;
    let account = AccountId::generate(random);
    let access_key_limit = access_key_limit.unwrap_or(DEFAULT_ACCESS_KEY_LIMIT);
    if let Some(password) = password {
        passwords::check(&Password::new(password), &email)?;
    }
    let mut changes = vec![Change::AccountOpened { account: account.clone(), email, access_key_limit }];
    let mut secrets = Vec::new();
    if let Some(password) = password {
        changes.push(Change::PasswordSet { account: account.clone() });
        secrets.push(Secret::Password(account.clone(), PasswordHash::new(password, random)?));
    }
    let revision = asked.commit_with(store, changes, secrets).await?;
    Ok((account, revision))
}

/// Suspends an account: none of its AccessKeys is accepted until it is resumed.
pub async fn suspend(store: &Store, asked: Asked, account: AccountId) -> Result<Revision, Failure> {
    asked.commit(store, Change::AccountSuspended { account }).await
}

/// Resumes a suspended account.
pub async fn resume(store: &Store, asked: Asked, account: AccountId) -> Result<Revision, Failure> {
    asked.commit(store, Change::AccountResumed { account }).await
}

/// Closes an account for good: its AccessKeys are refused, and its address is free.
pub async fn close(store: &Store, asked: Asked, account: AccountId) -> Result<Revision, Failure> {
    asked.commit(store, Change::AccountClosed { account }).await
}

/// The account of an e-mail address or an id; where none is named, the only one that there is.
pub async fn choose(store: &Store, named: Option<&str>) -> Result<Account, Failure> {
    let Some(named) = named else {
        let mut accounts = store.list_accounts(None, 2).await?;
        return match (accounts.pop(), accounts.pop()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(Failure::NoAccount),
            _ => Err(Failure::WhichAccount),
        };
    };
    let found = if named.contains('@') {
        store.find_account_by_email(&parse_email(named)?).await?
    } else {
        store.find_account(&AccountId::from_text(named)).await?
    };
    found.ok_or_else(|| Failure::NoSuchAccount(named.to_owned()))
}

/// All accounts, by id.
pub async fn list(store: &Store) -> Result<Vec<Account>, Failure> {
    const PAGE: u32 = 1000;
    let mut all: Vec<Account> = Vec::new();
    loop {
        let page = store.list_accounts(all.last().map(|account| &account.id), PAGE).await?;
        let last = page.len() < PAGE as usize;
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}
