//! A sorted map whose keys mostly come in order.

use std::ops::Index;

/// Most entries of a block: what an insertion in the middle moves.
const BLOCK: usize = 64;

/// A map by key, in vectors of up to 64 entries that are full where keys come in order: half of the
/// memory of a `BTreeMap` filled that way. The last key is found in O(1), others in O(log entries);
/// insertion and removal are O(64 + log entries + entries / 64) at worst.
#[derive(Debug, Clone)]
pub(crate) struct Sorted<K, V> {
    /// In order; none is empty.
    blocks: Vec<Block<K, V>>,
    len: usize,
}

#[derive(Debug, Clone)]
struct Block<K, V> {
    /// The first of the keys, where a search finds it without following a pointer.
    first: K,
    keys: Vec<K>,
    values: Vec<V>,
}

/// A block and a place in it; the first block past the end and 0 for the end.
type Place = (usize, usize);

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        let (blocks, len) = (Vec::new(), 0);
        Sorted { blocks, len }
    }
}

impl<K: Ord + Copy, V> Sorted<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.find(key).is_ok()
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let (block, at) = self.find(key).ok()?;
        Some(&self.blocks[block].values[at])
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let (block, at) = self.find(key).ok()?;
        Some(&mut self.blocks[block].values[at])
    }

    /// The value of a key, `make`'s if it has none.
    pub(crate) fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let (block, at) = match self.find(&key) {
            Ok(place) => place,
            Err(place) => self.insert_at(place, key, make()),
        };
        &mut self.blocks[block].values[at]
    }

    /// Sets the value of a key.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.find(&key) {
            Ok((block, at)) => self.blocks[block].values[at] = value,
            Err(place) => _ = self.insert_at(place, key, value),
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let (at, place) = self.find(key).ok()?;
        let block = &mut self.blocks[at];
        block.keys.remove(place);
        let value = block.values.remove(place);
        self.len -= 1;
        match block.keys.first() {
            Some(first) => block.first = *first,
            None => drop(self.blocks.remove(at)),
        }
        self.join(at.saturating_sub(1));
        self.join(at);
        Some(value)
    }

    /// All entries in order.
    pub(crate) fn iter(&self) -> Entries<'_, K, V> {
        let (front, back) = ((0, 0), (self.blocks.len(), 0));
        let blocks = &self.blocks;
        Entries {
            blocks,
            front,
            back,
        }
    }

    /// All values in the order of their keys.
    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// Entries from one key on to another, both included, the first not greater.
    pub(crate) fn range(&self, from: &K, to: &K) -> Entries<'_, K, V> {
        let front = self.find(from).unwrap_or_else(|place| place);
        let back = match self.find(to) {
            Ok((block, at)) => (block, at + 1),
            Err(place) => place,
        };
        Entries {
            blocks: &self.blocks,
            front: self.normal(front),
            back: self.normal(back),
        }
    }

    /// Entries from a key on.
    pub(crate) fn from(&self, from: &K) -> Entries<'_, K, V> {
        let front = self.find(from).unwrap_or_else(|place| place);
        let (front, back) = (self.normal(front), (self.blocks.len(), 0));
        let blocks = &self.blocks;
        Entries {
            blocks,
            front,
            back,
        }
    }

    /// Where a key is, or would be put: that may be the end of a block.
    fn find(&self, key: &K) -> Result<Place, Place> {
        let last = self.blocks.last().ok_or((0, 0))?;
        let at = match last.first <= *key {
            true => self.blocks.len() - 1,
            false => (self.blocks.partition_point(|block| block.first <= *key)).saturating_sub(1),
        };
        let keys = &self.blocks[at].keys;
        match keys.last() {
            Some(last) if *last < *key => Err((at, keys.len())),
            Some(last) if *last == *key => Ok((at, keys.len() - 1)),
            _ => match keys.binary_search(key) {
                Ok(place) => Ok((at, place)),
                Err(place) => Err((at, place)),
            },
        }
    }

    /// The same place, as a place of an entry.
    fn normal(&self, (block, at): Place) -> Place {
        match self.blocks.get(block) {
            Some(full) if at >= full.keys.len() => (block + 1, 0),
            _ => (block, at),
        }
    }

    fn insert_at(&mut self, (at, place): Place, key: K, value: V) -> Place {
        self.len += 1;
        let (at, place) = self.make_room(at, place, key);
        let block = &mut self.blocks[at];
        block.keys.insert(place, key);
        block.values.insert(place, value);
        block.first = block.keys[0];
        (at, place)
    }

    /// Where a key that would be put at a place can be put without a block growing too long.
    fn make_room(&mut self, at: usize, place: usize, first: K) -> Place {
        match self.blocks.get_mut(at) {
            Some(block) if block.keys.len() < BLOCK => (at, place),
            // Behind a full block: keys that come in order go on in the next one.
            Some(_) if place == BLOCK => match self.blocks.get(at + 1) {
                Some(next) if next.keys.len() < BLOCK => (at + 1, 0),
                _ => self.start_block(at + 1, first),
            },
            Some(block) => {
                let half = BLOCK / 2;
                let keys = block.keys.split_off(half);
                let values = block.values.split_off(half);
                let first = keys[0];
                let block = Block {
                    first,
                    keys,
                    values,
                };
                self.blocks.insert(at + 1, block);
                if place <= half {
                    (at, place)
                } else {
                    (at + 1, place - half)
                }
            }
            None => self.start_block(at, first),
        }
    }

    fn start_block(&mut self, at: usize, first: K) -> Place {
        // The first block grows by itself: many maps are small.
        let room = if self.blocks.is_empty() { 0 } else { BLOCK };
        let (keys, values) = (Vec::with_capacity(room), Vec::with_capacity(room));
        self.blocks.insert(
            at,
            Block {
                first,
                keys,
                values,
            },
        );
        (at, 0)
    }

    /// Joins a block with the next one if they are a quarter full together.
    fn join(&mut self, at: usize) {
        let (Some(block), Some(next)) = (self.blocks.get(at), self.blocks.get(at + 1)) else {
            return;
        };
        if block.keys.len() + next.keys.len() <= BLOCK / 4 {
            let next = self.blocks.remove(at + 1);
            self.blocks[at].keys.extend(next.keys);
            self.blocks[at].values.extend(next.values);
        }
    }
}

impl<K: Ord + Copy, V> Index<&K> for Sorted<K, V> {
    type Output = V;

    fn index(&self, key: &K) -> &V {
        self.get(key).expect("because the caller has seen the key")
    }
}

/// Entries of a [`Sorted`] in order.
#[derive(Debug)]
pub(crate) struct Entries<'a, K, V> {
    blocks: &'a [Block<K, V>],
    front: Place,
    back: Place,
}

impl<'a, K: Copy, V> Iterator for Entries<'a, K, V> {
    type Item = (K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        if self.front >= self.back {
            return None;
        }
        let (at, place) = self.front;
        let block = &self.blocks[at];
        self.front = match place + 1 < block.keys.len() {
            true => (at, place + 1),
            false => (at + 1, 0),
        };
        Some((block.keys[place], &block.values[place]))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.front >= self.back {
            return (0, Some(0));
        }
        let whole = &self.blocks[self.front.0..self.back.0];
        let count: usize = whole.iter().map(|block| block.keys.len()).sum();
        let count = count + self.back.1 - self.front.1;
        (count, Some(count))
    }
}

impl<K: Copy, V> DoubleEndedIterator for Entries<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.front >= self.back {
            return None;
        }
        let (at, place) = self.back;
        self.back = match place {
            0 => (at - 1, self.blocks[at - 1].keys.len() - 1),
            _ => (at, place - 1),
        };
        let block = &self.blocks[self.back.0];
        Some((block.keys[self.back.1], &block.values[self.back.1]))
    }
}

impl<K: Copy, V> ExactSizeIterator for Entries<'_, K, V> {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn check(map: &Sorted<u32, u32>, model: &BTreeMap<u32, u32>, from: u32, to: u32) {
        let entries: Vec<_> = map.iter().map(|(key, value)| (key, *value)).collect();
        let expect: Vec<_> = model.iter().map(|(key, value)| (*key, *value)).collect();
        assert_eq!(entries, expect);
        assert_eq!((map.len(), map.iter().len()), (expect.len(), expect.len()));
        let range: Vec<_> = map.range(&from, &to).map(|(key, _)| key).collect();
        let keys = |range: &mut dyn Iterator<Item = (&u32, &u32)>| -> Vec<u32> {
            range.map(|(key, _)| *key).collect()
        };
        assert_eq!(range, keys(&mut model.range(from..=to)));
        assert_eq!(map.range(&from, &to).len(), range.len());
        let back: Vec<_> = map.range(&from, &to).rev().map(|(key, _)| key).collect();
        assert_eq!(back, keys(&mut model.range(from..=to).rev()));
        let behind: Vec<_> = map.from(&from).map(|(key, _)| key).collect();
        assert_eq!(behind, keys(&mut model.range(from..)));
        for block in &map.blocks {
            assert!(block.keys.first() == Some(&block.first) && block.keys.len() <= BLOCK);
        }
    }

    proptest! {
        /// Runs of keys upwards and downwards, put in or taken out.
        #[test]
        fn it_is_a_sorted_map(runs in vec((0u32..2000, 1u32..150, any::<[bool; 2]>()), 1..30)) {
            let (mut map, mut model) = (Sorted::default(), BTreeMap::new());
            for (round, (start, count, [upwards, puts])) in (0u32..).zip(runs) {
                for n in 0..count {
                    let key = if upwards { start + n } else { start + count - n };
                    if puts {
                        map.insert(key, round);
                        model.insert(key, round);
                    } else {
                        assert_eq!(map.remove(&key), model.remove(&key));
                    }
                    assert_eq!(map.get(&(key + 1)), model.get(&(key + 1)));
                    assert_eq!(map.contains_key(&key), puts);
                }
                check(&map, &model, start, start + count);
                check(&map, &model, start, start);
            }
            for key in 0..3000 {
                *map.get_or_insert_with(key, || 7) += 1;
                *model.entry(key).or_insert(7) += 1;
            }
            check(&map, &model, 0, 5000);
        }
    }

    #[test]
    fn keys_in_order_fill_their_blocks() {
        let mut map = Sorted::default();
        for key in (0..64 * 100).chain(1_000_000..1_000_000 + 64 * 100) {
            map.insert(key, ());
        }
        // In the middle too.
        for key in 500_000..500_000 + 64 * 100 {
            map.insert(key, ());
        }
        assert!(map.blocks.len() <= 302, "{} blocks", map.blocks.len());
        for key in (0..2_000_000).filter(|key| key % 100 != 0) {
            map.remove(&key);
        }
        assert!(
            map.blocks.len() <= 40,
            "{} blocks of {}",
            map.blocks.len(),
            map.len()
        );
    }
}
