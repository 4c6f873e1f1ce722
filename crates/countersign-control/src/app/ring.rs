//! The ring keys of an installation.

use countersign_accounts::seal::{MasterKey, Ring, RingKey};
use countersign_store::{Conflict, Store, StoreError};
use rand_core::CryptoRng;

use super::Failure;

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
