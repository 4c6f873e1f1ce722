//! A map in parts, of which a change copies one.
//!
//! What is looked up is not in a cache where there is much of it, and each thing that must be waited for before the next
//! can be is dear. So a value is found by one line of memory, whose place the hash tells.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::DefaultHashBuilder;

/// How many parts a map has.
const SHARDS: usize = 1024;
/// How many values have their places in one line: as many pointers as fit, beside their tags.
const PLACES: usize = 7;
/// How many values there are for a line at most: where all places were taken, it would take long to find that a value is
/// not there.
const MOST: usize = 6;
/// A 1 in the tag of each place.
const EACH_PLACE: u64 = 0x0001_0101_0101_0101;
/// In the tags of a line: a value that belongs here found no room, and stands further behind.
const PASSED: u64 = 1 << 63;

/// What can be found by bytes that it holds.
pub(super) trait Keyed: Clone {
    fn key(&self) -> &[u8];
}

/// A map in parts. The key is hashed once, with a seed of this process: the shard goes by some bits of the hash, the
/// place in it by others. Keys stand in their values, so that a million of them are not held twice.
#[derive(Clone)]
pub(super) struct Shards<T> {
    hasher: DefaultHashBuilder,
    shards: Vec<Shard<T>>,
}

/// A part. A value stands in the line that its hash names, or in the first behind it that has room.
#[derive(Clone)]
struct Shard<T> {
    lines: Arc<[Line<T>]>,
    len: usize,
}

/// A line of the processor's cache, if the values are pointers.
#[derive(Clone)]
#[repr(align(64))]
struct Line<T> {
    /// Eight bits of the hash of each value, from the lowest on, so that hardly ever one is looked at that is not looked
    /// for. The last eight are not 0 where a value that belongs here stands further behind.
    tags: u64,
    values: [Option<T>; PLACES],
}

impl<T: Keyed> Shards<T> {
    pub(super) fn new() -> Self {
        Self { hasher: DefaultHashBuilder::default(), shards: vec![Shard::of_lines(0); SHARDS] }
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&T> {
        let hash = self.hasher.hash_one(key);
        self.shards.get(shard(hash))?.get(hash, key)
    }

    /// Puts a value in, in place of one with the same key.
    pub(super) fn insert(&mut self, value: T) {
        let hash = self.hasher.hash_one(value.key());
        let Some(shard) = self.shards.get_mut(shard(hash)) else { return };
        if let Some(found) = shard.get_mut(hash, value.key()) {
            *found = value;
            return;
        }
        if shard.len >= shard.lines.len() * MOST {
            let lines = shard.lines.len();
            *shard = shard.rebuilt(lines + lines / 2 + 1, &self.hasher, |_| true);
        }
        shard.add(hash, value);
    }

    pub(super) fn update(&mut self, key: &[u8], alter: impl FnOnce(&mut T)) {
        let hash = self.hasher.hash_one(key);
        if let Some(shard) = self.shards.get_mut(shard(hash))
            && let Some(found) = shard.get_mut(hash, key)
        {
            alter(found);
        }
    }

    pub(super) fn remove(&mut self, key: &[u8]) {
        let hash = self.hasher.hash_one(key);
        if let Some(shard) = self.shards.get_mut(shard(hash))
            && shard.get(hash, key).is_some()
        {
            // Made anew, so that nobody looks behind a line for what is not there any more.
            *shard = shard.rebuilt(shard.lines.len(), &self.hasher, |value| value.key() != key);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.len).sum()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.shards.iter().flat_map(Shard::iter)
    }
}

impl<T: Keyed> Shard<T> {
    fn of_lines(lines: usize) -> Self {
        let line = Line { tags: 0, values: [const { None }; PLACES] };
        Self { lines: vec![line; lines].into(), len: 0 }
    }

    /// The same values in so many lines, but for those that are not to be kept.
    fn rebuilt(&self, lines: usize, hasher: &impl BuildHasher, keep: impl Fn(&T) -> bool) -> Self {
        let mut rebuilt = Self::of_lines(lines);
        for value in self.iter().filter(|value| keep(value)) {
            rebuilt.add(hasher.hash_one(value.key()), value.clone());
        }
        rebuilt
    }

    fn iter(&self) -> impl Iterator<Item = &T> {
        self.lines.iter().flat_map(|line| line.values.iter().flatten())
    }

    fn get(&self, hash: u64, key: &[u8]) -> Option<&T> {
        let (line, place) = self.find(hash, key)?;
        self.lines.get(line)?.values.get(place)?.as_ref()
    }

    fn get_mut(&mut self, hash: u64, key: &[u8]) -> Option<&mut T> {
        let (line, place) = self.find(hash, key)?;
        Arc::make_mut(&mut self.lines).get_mut(line)?.values.get_mut(place)?.as_mut()
    }

    /// The line of a value, and its place there.
    fn find(&self, hash: u64, key: &[u8]) -> Option<(usize, usize)> {
        let home = home(hash, self.lines.len());
        let lines = self.lines.iter().enumerate();
        for (at, line) in lines.clone().skip(home).chain(lines.take(home)) {
            let is_it =
                |place: &usize| matches!(line.values.get(*place), Some(Some(value)) if value.key() == key);
            if let Some(place) = line.tagged(tag(hash)).find(is_it) {
                return Some((at, place));
            }
            if line.tags & PASSED == 0 {
                return None;
            }
        }
        None
    }

    /// Adds a value that is not there, for which there is room.
    fn add(&mut self, hash: u64, value: T) {
        let lines = Arc::make_mut(&mut self.lines);
        let (before, from) = lines.split_at_mut(home(hash, lines.len()));
        for line in from.iter_mut().chain(before) {
            if let Some((place, free)) = (0..).zip(&mut line.values).find(|(_, value)| value.is_none()) {
                line.tags |= u64::from(tag(hash)) << (8 * place);
                *free = Some(value);
                self.len += 1;
                return;
            }
            line.tags |= PASSED;
        }
    }
}

impl<T> Line<T> {
    /// The places of the values with this tag. There may be others among them, for [`Shard::find`] to leave out.
    fn tagged(&self, tag: u8) -> impl Iterator<Item = usize> {
        let differ = self.tags ^ (EACH_PLACE * u64::from(tag));
        // The highest bit of each byte that is 0, and perhaps of one above it.
        let mut same = differ.wrapping_sub(EACH_PLACE) & !differ & (EACH_PLACE << 7);
        std::iter::from_fn(move || {
            let place = usize::try_from(same.trailing_zeros() / 8).ok().filter(|place| *place < PLACES);
            same &= same.wrapping_sub(1);
            place
        })
    }
}

/// The line in which a value stands if there is room. Bits of the hash are taken as a fraction of all lines.
fn home(hash: u64, lines: usize) -> usize {
    let fraction = hash & 0xffff_ffff;
    usize::try_from((fraction * lines as u64) >> 32).unwrap_or_default()
}

/// Which part a value is in. The bits of the hash are none of those that tell its line.
fn shard(hash: u64) -> usize {
    usize::try_from((hash >> 32) % SHARDS as u64).unwrap_or_default()
}

/// What tells a value from its neighbours in a line. The bits of the hash are none of those that brought it there.
fn tag(hash: u64) -> u8 {
    let [.., tag] = hash.to_le_bytes();
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Keyed for String {
        fn key(&self) -> &[u8] {
            self.as_bytes()
        }
    }

    fn of(count: usize) -> Shards<String> {
        let mut map = Shards::new();
        (0..count).for_each(|n| map.insert(n.to_string()));
        map
    }

    #[test]
    fn what_was_put_in_is_found_until_it_is_removed() {
        // Enough for parts of several lines, some of which have no room for all that belongs in them.
        let mut map = of(50_000);
        map.insert("7".to_owned());
        assert_eq!((map.len(), map.iter().count()), (50_000, 50_000));
        assert!(map.shards.iter().flat_map(|shard| shard.lines.iter()).any(|line| line.tags & PASSED != 0));
        (0..50_000).for_each(|n| assert_eq!(map.get(n.to_string().as_bytes()), Some(&n.to_string())));
        (0..50_000).step_by(2).for_each(|n| map.remove(n.to_string().as_bytes()));
        assert_eq!((map.len(), map.iter().count()), (25_000, 25_000));
        (0..60_000).for_each(|n| {
            assert_eq!(map.get(n.to_string().as_bytes()).is_some(), n % 2 == 1 && n < 50_000, "{n}");
        });
    }

    #[test]
    fn a_change_leaves_copies_alone() {
        let before = of(1000);
        let mut after = before.clone();
        after.update(b"5", |value| value.push('a'));
        after.remove(b"6");
        after.insert("1000".to_owned());
        assert_eq!(before.get(b"5").map(String::as_str), Some("5"));
        assert!(before.get(b"6").is_some() && before.get(b"1000").is_none());
        assert!(after.get(b"6").is_none() && after.get(b"1000").is_some());
        assert_eq!((before.len(), after.len()), (1000, 1000));
        assert!(after.iter().any(|value| value == "5a"));
    }
}
