//! The store: namespaces in common bounds.

use crate::entry::Value;
use crate::partition::Partition;
use crate::{Entry, Error, Fingerprint, Namespace, NamespaceOptions, Options, Pressure, Stats};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A bounded store of bytes by key, in memory. A clone is another handle to the same.
///
/// Entries stand in [namespaces](Self::namespace); `get` and what else stands beside them here is short for the
/// namespace without a name.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    unnamed: Namespace,
}

struct Inner {
    options: Options,
    /// Where the namespaces without a share of their own are.
    common: Arc<Partition>,
    spaces: Mutex<BTreeMap<String, Namespace>>,
    own: Vec<Arc<Partition>>,
}

impl Store {
    /// An empty store.
    ///
    /// # Errors
    ///
    /// A share is not above 0, or all together exceed 1.
    pub fn new(options: Options) -> Result<Self, Error> {
        let shares = || options.namespaces.values().filter_map(|it| it.share);
        let sum: f64 = shares().sum();
        // Tenths do not add up to exactly 1.
        if shares().any(|share| !(share > 0.0 && share <= 1.0)) || sum > 1.0 + 1e-9 {
            return Err(Error::shares());
        }
        let part = |share: f64| {
            let entries = (options.max_entries as f64 * share + 1e-6) as u64;
            let bytes = (options.max_bytes as f64 * share + 1e-6) as u64;
            Arc::new(Partition::new(entries, bytes, options.shards))
        };
        let whole = || {
            let entries = options.max_entries as u64;
            Arc::new(Partition::new(entries, options.max_bytes, options.shards))
        };
        let common = if sum == 0.0 {
            whole()
        } else {
            part((1.0 - sum).max(0.0))
        };
        let (mut spaces, mut own) = (BTreeMap::new(), Vec::new());
        for (name, choices) in &options.namespaces {
            if let Some(share) = choices.share {
                let partition = part(share);
                own.push(partition.clone());
                let ttl = choices.ttl.or(options.ttl);
                let clock = options.clock.clone();
                spaces.insert(name.clone(), Namespace::new(name, 0, ttl, partition, clock));
            }
        }
        let inner = Inner {
            options,
            common,
            spaces: Mutex::new(spaces),
            own,
        };
        Ok(Self {
            unnamed: inner.namespace(""),
            inner: Arc::new(inner),
        })
    }

    /// The namespace of this name, made if there was none. It has the options of that name in [`Options::namespaces`], or
    /// the defaults.
    #[must_use]
    pub fn namespace(&self, name: &str) -> Namespace {
        self.inner.namespace(name)
    }

    /// [`Namespace::get`] without a name.
    #[inline]
    pub fn get<K: AsRef<[u8]> + ?Sized>(&self, key: &K) -> Option<Value> {
        self.unnamed.get(key)
    }

    /// [`Namespace::insert`] without a name.
    pub fn insert<'e, K: AsRef<[u8]> + ?Sized>(
        &self,
        key: &K,
        entry: impl Into<Entry<'e>>,
    ) -> bool {
        self.unnamed.insert(key, entry)
    }

    /// [`Namespace::remove`] without a name.
    pub fn remove<K: AsRef<[u8]> + ?Sized>(&self, key: &K) -> Option<Value> {
        self.unnamed.remove(key)
    }

    /// [`Namespace::get_or_compute`] without a name.
    ///
    /// # Errors
    ///
    /// That of `compute`.
    pub fn get_or_compute<'e, K, T, E>(
        &self,
        key: &K,
        compute: impl FnOnce() -> Result<T, E>,
    ) -> Result<Value, E>
    where
        K: AsRef<[u8]> + ?Sized,
        T: Into<Entry<'e>>,
    {
        self.unnamed.get_or_compute(key, compute)
    }

    /// [`Namespace::file_changed`] in every namespace.
    pub fn file_changed(&self, file: impl AsRef<[u8]>, now: Option<Fingerprint>) -> u64 {
        let file = file.as_ref();
        self.all().iter().map(|it| it.file_changed(file, now)).sum()
    }

    /// [`Namespace::clear`] in every namespace.
    pub fn clear(&self) -> u64 {
        self.all().iter().map(Namespace::clear).sum()
    }

    /// [`Namespace::purge_expired`] in every namespace.
    pub fn purge_expired(&self) -> u64 {
        self.all().iter().map(Namespace::purge_expired).sum()
    }

    /// Evicts, least valuable first, until at most `share` of the bytes held now are held; says how many entries went.
    /// Expired ones go before all. The bounds stay as they are. Inserts wait meanwhile, hits do not. A namespace
    /// with a share of its own shrinks by itself. What was handed out stays in memory as long as it is held elsewhere.
    ///
    /// A share below 0 and one that is no number count as 0.
    pub fn shrink_to(&self, share: f64) -> u64 {
        let share = if share > 0.0 { share } else { 0.0 };
        let partitions = self.inner.own.iter().chain([&self.inner.common]);
        self.purge_expired() + partitions.map(|it| it.shrink_to(share)).sum::<u64>()
    }

    /// Shrinks as far as the pressure asks; says how many entries went.
    pub fn relieve(&self, pressure: Pressure) -> u64 {
        self.shrink_to(pressure.share_kept())
    }

    /// What happened in all namespaces together, and what is held now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let all = self.all();
        all.iter()
            .map(Namespace::stats)
            .fold(Stats::default(), Stats::plus)
    }

    fn all(&self) -> Vec<Namespace> {
        self.inner.lock().values().cloned().collect()
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Namespace>> {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn namespace(&self, name: &str) -> Namespace {
        let mut spaces = self.lock();
        if let Some(space) = spaces.get(name) {
            return space.clone();
        }
        let choices = self.options.namespaces.get(name);
        let NamespaceOptions { ttl, .. } = choices.copied().unwrap_or_default();
        // Those with a share have partitions, and so numbers, of their own.
        let id = (spaces.len() - self.own.len()) as u32;
        let (ttl, clock) = (ttl.or(self.options.ttl), self.options.clock.clone());
        let space = Namespace::new(name, id, ttl, self.common.clone(), clock);
        spaces.insert(name.to_owned(), space.clone());
        space
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spaces = self.all();
        let named = spaces.iter().map(|space| (space.name(), space.stats()));
        f.debug_map().entries(named).finish()
    }
}
