//! A bounded table of handles by key.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use crate::key::Key;
use crate::recorder::OTHER;
use crate::sync::{AtomicU64, Ordering, RwLock};

/// The handles of one kind. Keys beyond the bounds share a handle, and look-ups of them are counted.
pub(crate) struct Names<T> {
    series_max: usize,
    per_name_max: usize,
    known: RwLock<Known<T>>,
    folded: AtomicU64,
}

struct Known<T> {
    handles: BTreeMap<Key, T>,
    /// How many of them have this name.
    series_of: BTreeMap<Box<str>, usize>,
}

impl<T: Clone> Names<T> {
    pub(crate) fn new(series_max: usize, per_name_max: usize) -> Self {
        let known = Known {
            handles: BTreeMap::new(),
            series_of: BTreeMap::new(),
        };
        Self {
            series_max,
            per_name_max,
            known: RwLock::new(known),
            folded: AtomicU64::new(0),
        }
    }

    /// O(log of the keys), and without labels no allocation if the name is known.
    pub(crate) fn get_or_make(
        &self,
        name: &str,
        labels: &[(&str, &str)],
        make: impl FnOnce() -> T,
    ) -> T {
        if labels.is_empty()
            && let Some(known) = self.known(name)
        {
            return known;
        }
        let key = Key::new(name, labels);
        let known = self.known(key.as_str());
        known.unwrap_or_else(|| self.admit(key, make))
    }

    /// How many look-ups were answered with a shared handle.
    pub(crate) fn folded(&self) -> u64 {
        self.folded.load(Ordering::Relaxed)
    }

    /// A copy, so that nobody waits for the names while the handles are read.
    pub(crate) fn list(&self) -> Vec<(Key, T)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let pairs = known.handles.iter();
        pairs.map(|(key, t)| (key.clone(), t.clone())).collect()
    }

    fn known(&self, text: &str) -> Option<T> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.handles.get(text).cloned()
    }

    fn admit(&self, key: Key, make: impl FnOnce() -> T) -> T {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = known.handles.get(key.as_str()) {
            return handle.clone();
        }
        let room = self.room_for(&key, &known);
        if room.is_some() {
            self.folded.fetch_add(1, Ordering::Relaxed);
        }
        known.get_or_insert(room.unwrap_or(key), make)
    }

    /// The key to be used instead, if there is no room for this one.
    fn room_for(&self, key: &Key, known: &Known<T>) -> Option<Key> {
        let others = usize::from(known.handles.contains_key(OTHER));
        let is_full = known.handles.len() - others >= self.series_max;
        let of_name = known.series_of.get(key.name()).copied().unwrap_or(0);
        if of_name >= self.per_name_max {
            let shared = Key::new(key.name(), &[("series", OTHER)]);
            if !is_full || known.handles.contains_key(shared.as_str()) {
                return Some(shared);
            }
        }
        is_full.then(|| Key::from(OTHER))
    }
}

impl<T: Clone> Known<T> {
    fn get_or_insert(&mut self, key: Key, make: impl FnOnce() -> T) -> T {
        if let Some(handle) = self.handles.get(key.as_str()) {
            return handle.clone();
        }
        match self.series_of.get_mut(key.name()) {
            Some(series) => *series += 1,
            None => {
                self.series_of.insert(key.name().into(), 1);
            }
        }
        self.handles.entry(key).or_insert_with(make).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(names: &Names<()>) -> Vec<String> {
        let keys = names.list().into_iter();
        keys.map(|(key, ())| key.to_string()).collect()
    }

    #[test]
    fn one_name_cannot_take_the_room_of_all() {
        let names = Names::new(4, 2);
        for user in 0..100 {
            names.get_or_make("hits", &[("user", &user.to_string())], || ());
        }
        names.get_or_make("misses", &[], || ());
        names.get_or_make("beyond", &[], || ());
        let expect = [
            "(other)",
            r#"hits{series="(other)"}"#,
            r#"hits{user="0"}"#,
            r#"hits{user="1"}"#,
            "misses",
        ];
        assert_eq!(
            (texts(&names), names.folded()),
            (expect.map(str::to_owned).to_vec(), 99)
        );
    }

    #[test]
    fn the_one_that_others_share_takes_no_room_though_asked_for_by_name() {
        let names = Names::new(2, 2);
        for name in [OTHER, "hits", "misses"] {
            names.get_or_make(name, &[], || ());
        }
        assert_eq!(texts(&names), ["(other)", "hits", "misses"]);
        assert_eq!(names.folded(), 0);
    }

    #[test]
    fn the_bound_of_all_names_holds_whatever_the_labels() {
        let names = Names::new(3, 1);
        for n in 0..200 {
            let name = (n % 20).to_string();
            names.get_or_make(&name, &[("n", &n.to_string())], || ());
        }
        assert_eq!(
            texts(&names).len(),
            4,
            "three and the one that others share"
        );
        assert_eq!(names.folded(), 197);
    }
}
