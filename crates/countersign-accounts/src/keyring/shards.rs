//! A map in parts, of which a change copies one.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

/// How many parts a map has.
const SHARDS: usize = 1024;

/// What can be found by bytes that it holds.
pub(super) trait Keyed: Clone {
    fn key(&self) -> &[u8];
}

/// A map in parts. The key is hashed once, with a seed of this process: the shard goes by some bits of the hash, the
/// place in it by others. Keys stand in their values, so that a million of them are not held twice.
#[derive(Clone)]
pub(super) struct Shards<T> {
    hasher: DefaultHashBuilder,
    shards: Vec<Arc<HashTable<T>>>,
}

impl<T: Keyed> Shards<T> {
    pub(super) fn new() -> Self {
        let empty = Arc::new(HashTable::new());
        Self { hasher: DefaultHashBuilder::default(), shards: vec![empty; SHARDS] }
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&T> {
        let hash = self.hasher.hash_one(key);
        self.shards.get(shard(hash))?.find(hash, |found| found.key() == key)
    }

    /// Puts a value in, in place of one with the same key.
    pub(super) fn insert(&mut self, value: T) {
        let hash = self.hasher.hash_one(value.key());
        let hasher = &self.hasher;
        let Some(shard) = self.shards.get_mut(shard(hash)) else { return };
        let table = Arc::make_mut(shard);
        match table.find_mut(hash, |found| found.key() == value.key()) {
            Some(found) => *found = value,
            None => _ = table.insert_unique(hash, value, |found| hasher.hash_one(found.key())),
        }
    }

    pub(super) fn update(&mut self, key: &[u8], alter: impl FnOnce(&mut T)) {
        let hash = self.hasher.hash_one(key);
        let Some(shard) = self.shards.get_mut(shard(hash)) else { return };
        if let Some(found) = Arc::make_mut(shard).find_mut(hash, |found| found.key() == key) {
            alter(found);
        }
    }

    pub(super) fn remove(&mut self, key: &[u8]) {
        let hash = self.hasher.hash_one(key);
        let Some(shard) = self.shards.get_mut(shard(hash)) else { return };
        if let Ok(found) = Arc::make_mut(shard).find_entry(hash, |found| found.key() == key) {
            found.remove();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.len()).sum()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.shards.iter().flat_map(|shard| shard.iter())
    }
}

/// The table takes the lowest and the highest bits of a hash; these lie between.
fn shard(hash: u64) -> usize {
    usize::try_from((hash >> 32) % SHARDS as u64).unwrap_or_default()
}
