//! The ring keys of an installation: opened, replaced one by one, and sealed anew under another master key.
//!
//! All of it goes on while nodes run. They look at the rows several times a second, and again before a secret counts as
//! one that cannot be opened, so the order in which they learn of a ring key and of what it seals does not matter.

use std::collections::BTreeMap;
use std::time::Instant;

use countersign_accounts::seal::{MasterKey, Ring, RingKey, SealError, SealedColumn, SealedRingKey};
use countersign_store::{Conflict, RESEALED_TOGETHER, Resealed, SealedText, Store, StoreError};
use rand_core::CryptoRng;

use super::Failure;

/// The ring keys, and how many secrets each seals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// By id, the oldest first.
    pub ring_keys: Vec<Listed>,
    /// Secrets that no ring key opens: under an id that has none, or altered beyond telling.
    pub lost: BTreeMap<Option<u32>, u64>,
}

/// A ring key, and how many secrets it seals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub id: u32,
    pub active: bool,
    /// The id of the master key that seals it.
    pub master_key: String,
    pub secrets: u64,
}

/// What [`activate`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activated {
    /// The ring key that seals what is new.
    pub id: u32,
    /// How many secrets were sealed again.
    pub resealed: u64,
    /// The secrets that could not be opened, and why. They were left as they are.
    pub unopened: Vec<SealError>,
}

/// Opens the ring of a store with the master key; a store that has no ring key yet gets its first.
///
/// # Errors
///
/// [`Failure::Seal`] where the master key is not the one that the ring was sealed with.
pub async fn open(store: &Store, master: &MasterKey, random: &mut impl CryptoRng) -> Result<Ring, Failure> {
    let mut rows = store.ring_keys().await?;
    if rows.is_empty() {
        let first = RingKey::generate(1, random).seal(store.cluster(), master, true, random);
        match store.add_first_ring_key(&first).await {
            // Another process was first: its key is the one.
            Ok(()) | Err(StoreError::Conflict(Conflict::RingKeyThere)) => rows = store.ring_keys().await?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Ring::open(store.cluster(), master, &rows)?)
}

/// Takes in what the rows of the ring keys say now, and returns whether that changed anything.
pub async fn learn(store: &Store, ring: &Ring) -> Result<bool, Failure> {
    Ok(ring.learn(&store.ring_keys().await?, Instant::now())?)
}

/// The ring keys, and how many secrets each seals.
pub async fn list(store: &Store) -> Result<Listing, Failure> {
    let rows = store.ring_keys().await?;
    let mut secrets = store.secrets_by_ring_key().await?;
    let listed = |row: SealedRingKey| Listed {
        id: row.id,
        active: row.active,
        secrets: secrets.remove(&Some(row.id)).unwrap_or_default(),
        master_key: row.master_key,
    };
    let ring_keys = rows.into_iter().map(listed).collect();
    Ok(Listing { ring_keys, lost: secrets })
}

/// Adds a ring key, and returns its id. It opens what others seal by it, and seals nothing until it is activated.
pub async fn add(store: &Store, master: &MasterKey, random: &mut impl CryptoRng) -> Result<u32, Failure> {
    let rows = store.ring_keys().await?;
    // What is there must open: a ring under two master keys would be the end of it.
    Ring::open(store.cluster(), master, &rows)?;
    let newest = rows.iter().map(|row| row.id).max().unwrap_or_default();
    let id = newest.checked_add(1).ok_or(Conflict::RingKeysChanged).map_err(StoreError::from)?;
    let key = RingKey::generate(id, random).seal(store.cluster(), master, false, random);
    store.add_ring_key(&key).await?;
    Ok(id)
}

/// Makes the newest ring key the one that seals what is new, and seals again by it whatever another one sealed, some
/// rows at a time. Broken off, it is asked again and goes on. `sealed` is told after each part how many were sealed
/// again so far.
pub async fn activate(
    store: &Store,
    master: &MasterKey,
    random: &mut impl CryptoRng,
    mut sealed: impl FnMut(u64),
) -> Result<Activated, Failure> {
    let rows = store.ring_keys().await?;
    Ring::open(store.cluster(), master, &rows)?;
    let id = rows.iter().map(|row| row.id).max().ok_or(SealError::NoActiveRingKey)?;
    if !rows.iter().any(|row| row.id == id && row.active) {
        store.activate_ring_key(id).await?;
    }
    let ring = Ring::open(store.cluster(), master, &store.ring_keys().await?)?;
    let mut done = Activated { id, resealed: 0, unopened: Vec::new() };
    loop {
        let before = done.resealed;
        done.unopened = Vec::new();
        for column in SealedColumn::ALL {
            let mut last = String::new();
            loop {
                let page = store.sealed_texts(column, &last, RESEALED_TOGETHER).await?;
                let resealed = reseal(&ring, column, id, &page, random, &mut done.unopened);
                if !resealed.is_empty() {
                    done.resealed += store.reseal(column, id, &resealed).await?;
                    sealed(done.resealed);
                }
                let more = page.len() >= RESEALED_TOGETHER as usize;
                match page.into_iter().next_back() {
                    Some(text) if more => last = text.id,
                    _ => break,
                }
            }
        }
        // Whoever read the ring before may have written behind the pass: another one finds it.
        if done.resealed == before {
            break;
        }
    }
    if !store.ring_keys().await?.iter().any(|row| row.id == id && row.active) {
        return Err(StoreError::from(Conflict::RingKeysChanged).into());
    }
    Ok(done)
}

/// What of a page is not sealed by ring key `by` yet, sealed by it.
fn reseal(
    ring: &Ring,
    column: SealedColumn,
    by: u32,
    page: &[SealedText],
    random: &mut impl CryptoRng,
    unopened: &mut Vec<SealError>,
) -> Vec<Resealed> {
    let mut resealed = Vec::new();
    for SealedText { id, owner, sealed } in page {
        match ring.open_text(column, id, owner, sealed) {
            Ok(_) if sealed.ring_key() == Some(by) => {}
            Ok(text) => resealed.push(Resealed {
                id: id.clone(),
                before: sealed.clone(),
                after: ring.seal_text(column, id, owner, &text, random),
            }),
            Err(error) => unopened.push(error),
        }
    }
    resealed
}

/// Removes a ring key that is not active and seals nothing. Tokens that were made by it end.
pub async fn retire(store: &Store, id: u32) -> Result<(), Failure> {
    Ok(store.retire_ring_key(id).await?)
}

/// Fails where this master key does not open the ring keys.
pub async fn opens(store: &Store, master: &MasterKey) -> Result<(), Failure> {
    Ring::open(store.cluster(), master, &store.ring_keys().await?)?;
    Ok(())
}

/// Seals the ring keys anew under another master key, all or none. Returns whether there was anything to do: asked
/// again, there is not.
///
/// # Errors
///
/// [`Failure::Seal`] where the ring keys are under neither of the two.
pub async fn replace_master_key(
    store: &Store,
    old: &MasterKey,
    new: &MasterKey,
    random: &mut impl CryptoRng,
) -> Result<bool, Failure> {
    let before = store.ring_keys().await?;
    if !before.is_empty() && before.iter().all(|row| row.master_key == new.id()) {
        Ring::open(store.cluster(), new, &before)?;
        return Ok(false);
    }
    Ring::open(store.cluster(), old, &before)?;
    let mut after = Vec::with_capacity(before.len());
    for row in &before {
        after.push(RingKey::open(store.cluster(), old, row)?.seal(store.cluster(), new, row.active, random));
    }
    // What cannot be opened must not be written.
    Ring::open(store.cluster(), new, &after)?;
    store.reseal_ring_keys(&before, &after).await?;
    Ok(true)
}
