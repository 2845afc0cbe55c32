//! The exact policy that the others are compared with: what was used longest ago goes first.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// No neighbour.
const NONE: usize = usize::MAX;

/// A map of at most `capacity` entries that lets go of the least recently used one.
///
/// A table of places, and the entries in a doubly linked list, most recent first.
pub struct Lru<K, V> {
    capacity: usize,
    places: HashMap<K, usize>,
    entries: Vec<Entry<K, V>>,
    newest: usize,
    oldest: usize,
}

struct Entry<K, V> {
    key: K,
    value: V,
    newer: usize,
    older: usize,
}

impl<K: Hash + Eq + Clone, V: Clone> Lru<K, V> {
    /// An empty one. A capacity of 0 keeps nothing.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            places: HashMap::with_capacity(capacity),
            entries: Vec::with_capacity(capacity),
            newest: NONE,
            oldest: NONE,
        }
    }

    /// The value under `key`, which is now the most recently used.
    pub fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = *self.places.get(key)?;
        self.touch(place);
        Some(self.entries[place].value.clone())
    }

    /// Keeps `value` under `key` as the most recently used.
    pub fn insert(&mut self, key: K, value: V) {
        if self.capacity == 0 {
            return;
        }
        if let Some(&place) = self.places.get(&key) {
            self.entries[place].value = value;
            self.touch(place);
            return;
        }
        let place = self.place_for(key.clone(), value);
        self.places.insert(key, place);
        self.push_newest(place);
    }

    /// Where a new entry stands: at the end, or in place of the oldest.
    fn place_for(&mut self, key: K, value: V) -> usize {
        let entry = Entry {
            key,
            value,
            newer: NONE,
            older: NONE,
        };
        if self.entries.len() < self.capacity {
            self.entries.push(entry);
            return self.entries.len() - 1;
        }
        let place = self.oldest;
        self.unlink(place);
        let gone = std::mem::replace(&mut self.entries[place], entry);
        self.places.remove(&gone.key);
        place
    }

    fn touch(&mut self, place: usize) {
        if self.newest != place {
            self.unlink(place);
            self.push_newest(place);
        }
    }

    fn unlink(&mut self, place: usize) {
        let (newer, older) = (self.entries[place].newer, self.entries[place].older);
        match newer {
            NONE => self.newest = older,
            _ => self.entries[newer].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            _ => self.entries[older].newer = newer,
        }
    }

    fn push_newest(&mut self, place: usize) {
        let before = std::mem::replace(&mut self.newest, place);
        self.entries[place].newer = NONE;
        self.entries[place].older = before;
        match before {
            NONE => self.oldest = place,
            _ => self.entries[before].newer = place,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zipf;

    /// All entries in order of use, the oldest first.
    struct Model {
        capacity: usize,
        entries: Vec<(usize, usize)>,
    }

    impl Model {
        fn get(&mut self, key: usize) -> Option<usize> {
            let at = self.entries.iter().position(|entry| entry.0 == key)?;
            let entry = self.entries.remove(at);
            self.entries.push(entry);
            Some(entry.1)
        }

        fn insert(&mut self, key: usize, value: usize) {
            self.entries.retain(|entry| entry.0 != key);
            self.entries.push((key, value));
            if self.entries.len() > self.capacity {
                self.entries.remove(0);
            }
        }
    }

    #[test]
    fn it_does_as_a_naive_model_does() {
        for capacity in [0, 1, 2, 3, 17] {
            let mut lru = Lru::new(capacity);
            let mut model = Model {
                capacity,
                entries: Vec::new(),
            };
            // Even steps ask; odd ones insert, often what is there already.
            for (step, key) in zipf(3, 60, 20_000).into_iter().enumerate() {
                if step % 2 == 0 {
                    assert_eq!(lru.get(&key), model.get(key), "{capacity} {step}");
                } else {
                    lru.insert(key, step);
                    model.insert(key, step);
                }
                assert_eq!(lru.places.len(), model.entries.len());
            }
        }
    }
}
