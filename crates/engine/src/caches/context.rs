//! Contexts by what they were made from.

use autoexec_store::{Entry, Fingerprint, Namespace, Stats, Value};

/// Choices for a [`ContextCache`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextCacheOptions {
    /// Most contexts held. Default 1,000.
    pub max_entries: usize,
    /// Most bytes held, those of the inputs included. Default 64 MiB.
    pub max_bytes: u64,
}

impl Default for ContextCacheOptions {
    fn default() -> Self {
        Self {
            max_entries: 1_000,
            max_bytes: 64 << 20,
        }
    }
}

/// Contexts by their whole input, compared byte by byte. When it is full, the least valuable goes, not all of them. A
/// clone is another handle to the same.
#[derive(Debug, Clone)]
pub struct ContextCache(Namespace);

impl ContextCache {
    /// An empty cache.
    #[must_use]
    pub fn new(options: &ContextCacheOptions) -> Self {
        Self(super::space(
            "contexts",
            options.max_entries,
            options.max_bytes,
            None,
        ))
    }

    /// The context of `input`, made if it is not held: once, however many threads want it. Files that it is made from belong
    /// to the entry.
    ///
    /// # Errors
    ///
    /// That of `make`.
    pub fn get_or_make<'e, T: Into<Entry<'e>>, E>(
        &self,
        input: &str,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Value, E> {
        self.0.get_or_compute(input, make)
    }

    /// Removes all contexts made from `file` in another state than `now`, `None` when it is gone; says how many.
    pub fn file_changed(&self, file: impl AsRef<[u8]>, now: Option<Fingerprint>) -> u64 {
        self.0.file_changed(file, now)
    }

    /// What happened so far, and what is held now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }
}
