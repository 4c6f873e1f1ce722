//! AccessKeys: one for each application, replaced from time to time, stopped at once when one leaks.

use countersign::crypto::PublicKey;
use countersign::{AccessKeyId, AccessKeySecret, Timestamp};
use countersign_accounts::access_key::{
    AccessKeyKind, AccessKeyStatus, Description, KeyMaterial, RECYCLE_BIN,
};
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

/// A public key that was just registered as an AccessKey.
#[derive(Debug)]
pub struct Registered {
    pub id: AccessKeyId,
    pub public_key: PublicKey,
    pub revision: Revision,
}

/// Reads what somebody gives for a public key. Nothing of it is in the error: it may be the private one.
///
/// # Errors
///
/// [`Failure::PublicKey`], where it is a private key, or none that can be used.
pub fn read_public_key(pem: &str) -> Result<PublicKey, Failure> {
    PublicKey::from_pem(pem).map_err(Failure::PublicKey)
}

/// Creates an AccessKey whose id begins with `prefix`, and its secret.
pub async fn create(
    store: &Store,
    ring: &Ring,
    asked: Asked,
    account: AccountId,
    prefix: &str,
    wanted: Wanted,
    random: &mut impl CryptoRng,
) -> Result<Created, Failure> {
    let secret = AccessKeySecret::generate(random);
    let new = New::generate(prefix, KeyMaterial::Secret(secret.clone()), random)?;
    let id = new.id.clone();
    let revision = add(store, ring, asked, account, new, wanted, random).await?;
    Ok(Created { id, secret, revision })
}

/// Registers a public key as an AccessKey whose id begins with `prefix`.
pub async fn register(
    store: &Store,
    ring: &Ring,
    asked: Asked,
    account: AccountId,
    (prefix, public_key): (&str, PublicKey),
    wanted: Wanted,
    random: &mut impl CryptoRng,
) -> Result<Registered, Failure> {
    let new = New::generate(prefix, KeyMaterial::Public(public_key.clone()), random)?;
    let id = new.id.clone();
    let revision = add(store, ring, asked, account, new, wanted, random).await?;
    Ok(Registered { id, public_key, revision })
}

/// Creates the successor of an AccessKey: the same account, networks and description unless another is given.
///
/// # Errors
///
/// [`Failure::PublicKeyNeeded`] where the old one is a public key: whoever keeps a private key to themselves is not made
/// to share a secret. [`register_successor`] takes the new one.
pub async fn create_successor(
    store: &Store,
    ring: &Ring,
    asked: Asked,
    old: &ListedAccessKey,
    prefix: &str,
    description: Option<String>,
    random: &mut impl CryptoRng,
) -> Result<Created, Failure> {
    if old.key.kind == AccessKeyKind::Public {
        return Err(Failure::PublicKeyNeeded(old.key.id.clone()));
    }
    let wanted = succeeding(old, description)?;
    create(store, ring, asked, old.key.account.clone(), prefix, wanted, random).await
}

/// The same with a public key for the successor, of whichever kind the old one is.
pub async fn register_successor(
    store: &Store,
    ring: &Ring,
    asked: Asked,
    old: &ListedAccessKey,
    named: (&str, PublicKey),
    description: Option<String>,
    random: &mut impl CryptoRng,
) -> Result<Registered, Failure> {
    let wanted = succeeding(old, description)?;
    register(store, ring, asked, old.key.account.clone(), named, wanted, random).await
}

fn succeeding(old: &ListedAccessKey, description: Option<String>) -> Result<Wanted, Failure> {
    if matches!(old.key.status, AccessKeyStatus::Deleted(_)) {
        return Err(StoreError::from(Conflict::InRecycleBin(old.key.id.clone())).into());
    }
    let description = description.unwrap_or_else(|| old.key.description.as_str().to_owned());
    let replaces = Some(old.key.id.clone());
    Ok(Wanted { description, networks: old.key.networks.clone(), replaces, ..Wanted::default() })
}

/// An AccessKey that is to be added.
struct New {
    id: AccessKeyId,
    material: KeyMaterial,
}

impl New {
    fn generate(prefix: &str, material: KeyMaterial, random: &mut impl CryptoRng) -> Result<Self, Failure> {
        let id = AccessKeyId::generate(prefix, random);
        Ok(Self { id: id.map_err(|_| Failure::AccessKeyPrefix(prefix.to_owned()))?, material })
    }
}

async fn add(
    store: &Store,
    ring: &Ring,
    asked: Asked,
    account: AccountId,
    New { id, material }: New,
    wanted: Wanted,
    random: &mut impl CryptoRng,
) -> Result<Revision, Failure> {
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
    let sealed = ring.seal_material(&id, &account, &material, random);
    let change = Change::AccessKeyCreated {
        account,
        access_key: id.clone(),
        description,
        expires: wanted.expires,
        replaces: wanted.replaces,
        networks: wanted.networks,
        kind: material.kind(),
        disabled: false,
    };
    asked.commit_with(store, vec![change], vec![Secret::AccessKey(id, sealed)]).await
}

/// What an AccessKey is verified with, opened.
///
/// # Errors
///
/// [`Failure::NoSuchAccessKey`], or [`Failure::Seal`] where it does not open.
pub async fn material(store: &Store, ring: &Ring, id: &AccessKeyId) -> Result<KeyMaterial, Failure> {
    let found = store.sealed_material(id).await?;
    let (owner, kind, sealed) = found.ok_or_else(|| Failure::NoSuchAccessKey(id.clone()))?;
    Ok(ring.open_material(id, &owner, kind, &sealed)?)
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
