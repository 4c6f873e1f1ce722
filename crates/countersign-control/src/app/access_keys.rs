//! AccessKeys: one for each application, replaced from time to time, stopped at once when one leaks.

use countersign::{AccessKeyId, AccessKeySecret, Timestamp};
use countersign_accounts::access_key::{AccessKeyStatus, Description, RECYCLE_BIN};
use countersign_accounts::change::{Change, Revision};
use countersign_accounts::id::AccountId;
use countersign_accounts::network::Networks;
use countersign_accounts::real_name::RealNameState;
use countersign_accounts::seal::Ring;
use countersign_store::{Conflict, ListedAccessKey, Secret, Store, StoreError};
use rand_core::CryptoRng;

use super::{Asked, Failure};

/// What an AccessKey is created with.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// What it is for.
    pub description: String,
    /// From this instant on it is refused.
    pub expires: Option<Timestamp>,
    /// Where it may be used from; anywhere, where there are none.
    pub networks: Networks,
    /// The AccessKey that it is to replace; such a one may exceed the account's limit by one.
    pub replaces: Option<AccessKeyId>,
    /// Whether an account's first AccessKey is given only to one whose real name is approved.
    pub real_name_required: bool,
}

/// An AccessKey that was just created. Its secret is nowhere else to be had in clear.
#[derive(Debug)]
pub struct Created {
    pub id: AccessKeyId,
    pub secret: AccessKeySecret,
    pub revision: Revision,
}

/// Creates an AccessKey whose id begins with `prefix`.
pub async fn create(
    store: &Store,
    ring: &Ring,
    asked: Asked,
    account: AccountId,
    prefix: &str,
    wanted: Wanted,
    random: &mut impl CryptoRng,
) -> Result<Created, Failure> {
    let description = Description::new(&wanted.description)?;
    if let Some(expires) = wanted.expires.filter(|expires| *expires <= asked.at) {
        return Err(Failure::ExpiryInThePast(expires));
    }
    if wanted.real_name_required && store.list_access_keys(&account).await?.is_empty() {
        let real_name = store.find_real_name(&account).await?;
        if !real_name.is_some_and(|(found, _)| found.state == RealNameState::Approved) {
            return Err(Failure::RealNameNeeded);
        }
    }
    let id =
        AccessKeyId::generate(prefix, random).map_err(|_| Failure::AccessKeyPrefix(prefix.to_owned()))?;
    let secret = AccessKeySecret::generate(random);
    let sealed = ring.seal_secret(&id, &account, &secret, random);
    let change = Change::AccessKeyCreated {
        account,
        access_key: id.clone(),
        description,
        expires: wanted.expires,
        replaces: wanted.replaces,
        networks: wanted.networks,
        kind: countersign_accounts::access_key::AccessKeyKind::Secret,
        disabled: false,
    };
    let secrets = vec![Secret::AccessKey(id.clone(), sealed)];
    let revision = asked.commit_with(store, vec![change], secrets).await?;
    Ok(Created { id, secret, revision })
}

/// Creates the successor of an AccessKey: the same account, networks and description unless `wanted` says otherwise.
pub async fn create_successor(
    store: &Store,
    ring: &Ring,
    asked: Asked,
    old: &ListedAccessKey,
    prefix: &str,
    description: Option<String>,
    random: &mut impl CryptoRng,
) -> Result<Created, Failure> {
    if matches!(old.key.status, AccessKeyStatus::Deleted(_)) {
        return Err(StoreError::from(Conflict::InRecycleBin(old.key.id.clone())).into());
    }
    let description = description.unwrap_or_else(|| old.key.description.as_str().to_owned());
    let replaces = Some(old.key.id.clone());
    let networks = old.key.networks.clone();
    let wanted = Wanted { description, networks, replaces, ..Wanted::default() };
    create(store, ring, asked, old.key.account.clone(), prefix, wanted, random).await
}

/// An AccessKey, wherever it belongs.
pub async fn find(store: &Store, id: &AccessKeyId) -> Result<ListedAccessKey, Failure> {
    store.find_access_key(id).await?.ok_or_else(|| Failure::NoSuchAccessKey(id.clone()))
}

/// The AccessKeys of an account, the oldest first, those in the recycle bin included.
pub async fn list(store: &Store, account: &AccountId) -> Result<Vec<ListedAccessKey>, Failure> {
    Ok(store.list_access_keys(account).await?)
}

/// Disables an AccessKey: from the revision that is returned on it is refused.
pub async fn disable(
    store: &Store,
    asked: Asked,
    account: AccountId,
    access_key: AccessKeyId,
) -> Result<Revision, Failure> {
    asked.commit(store, Change::AccessKeyDisabled { account, access_key }).await
}

/// Enables a disabled AccessKey.
pub async fn enable(
    store: &Store,
    asked: Asked,
    account: AccountId,
    access_key: AccessKeyId,
) -> Result<Revision, Failure> {
    asked.commit(store, Change::AccessKeyEnabled { account, access_key }).await
}

/// Moves a disabled AccessKey to the recycle bin, from which it can be restored for 30 days.
pub async fn delete(
    store: &Store,
    asked: Asked,
    account: AccountId,
    access_key: AccessKeyId,
) -> Result<Revision, Failure> {
    asked.commit(store, Change::AccessKeyDeleted { account, access_key }).await
}

/// Restores a deleted AccessKey, disabled.
pub async fn restore(
    store: &Store,
    asked: Asked,
    account: AccountId,
    access_key: AccessKeyId,
) -> Result<Revision, Failure> {
    asked.commit(store, Change::AccessKeyRestored { account, access_key }).await
}

/// Removes for good the AccessKeys whose days in the recycle bin are over, with their secrets. Returns how many.
pub async fn purge(store: &Store, mut asked: impl FnMut() -> Asked) -> Result<usize, Failure> {
    const PAGE: u32 = 100;
    let over = asked().at.minus(RECYCLE_BIN);
    let mut purged = 0;
    loop {
        let page = store.list_deleted_before(over, PAGE).await?;
        for (access_key, account) in &page {
            let (account, access_key) = (account.clone(), access_key.clone());
            match asked().commit(store, Change::AccessKeyPurged { account, access_key }).await {
                Ok(_) => purged += 1,
                // Another node purged it, or somebody restored it, in the meantime.
                Err(Failure::Store(StoreError::Conflict(
                    Conflict::NoSuchAccessKey { .. } | Conflict::NotDeleted(_),
                ))) => {}
                Err(failure) => return Err(failure),
            }
        }
        if page.len() < PAGE as usize {
            return Ok(purged);
        }
    }
}
