//! Embeddings by model and text, kept in a file.

use autoexec_store::{
    Autosave, Error, ErrorKind, KeyParts, LoadReport, Namespace, SaveReport, Snapshot,
    SnapshotOptions, Stats, Value,
};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// Choices for an [`EmbeddingCache`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingCacheOptions {
    /// Most vectors held. Default 5,000.
    pub max_entries: usize,
    /// Most bytes held, those of the texts included. Default 64 MiB: 5,000 vectors of 2,048 numbers with texts of 2 KB.
    pub max_bytes: u64,
    /// How many new vectors make a save due. Default 100.
    pub save_every: u64,
}

impl Default for EmbeddingCacheOptions {
    fn default() -> Self {
        Self {
            max_entries: 5_000,
            max_bytes: 64 << 20,
            save_every: 100,
        }
    }
}

impl EmbeddingCacheOptions {
    /// For the vectors of questions: 1,000, saved every 50 new ones.
    #[must_use]
    pub fn queries() -> Self {
        Self {
            max_entries: 1_000,
            save_every: 50,
            ..Self::default()
        }
    }
}

/// Vectors by model and whole text. A clone is another handle to the same.
///
/// With a file, [`save_if_due`](Self::save_if_due) appends what is new; the file has mode 0600. What is in it, and what becomes
/// of it when it is damaged: [`Snapshot`].
#[derive(Debug, Clone)]
pub struct EmbeddingCache {
    space: Namespace,
    file: Option<Arc<Snapshot>>,
}

/// What became of the file of an [`EmbeddingCache`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// What was found in it.
    pub found: LoadReport,
    /// Why nothing will be saved: another process holds the file, which was read only.
    pub unsaved: Option<Error>,
}

impl EmbeddingCache {
    /// An empty cache without a file.
    #[must_use]
    pub fn new(options: &EmbeddingCacheOptions) -> Self {
        let space = super::space("embeddings", options.max_entries, options.max_bytes, None);
        Self { space, file: None }
    }

    /// A cache with what is sound in the file `path`, which is made if there is none. `now` is the wall clock. If another
    /// process holds the file, the cache has what is in it and saves nothing.
    ///
    /// # Errors
    ///
    /// The file is something else, of another version (neither is touched), or cannot be read or written.
    pub fn open(
        path: &Path,
        now: SystemTime,
        options: &EmbeddingCacheOptions,
    ) -> Result<(Self, Opened), Error> {
        let mut cache = Self::new(options);
        let every = options.save_every;
        let saving = SnapshotOptions {
            every,
            ..SnapshotOptions::default()
        };
        match Snapshot::open(&cache.space, path, now, saving, None) {
            Ok((snapshot, found)) => {
                cache.file = Some(Arc::new(snapshot));
                let unsaved = None;
                Ok((cache, Opened { found, unsaved }))
            }
            Err(held) if matches!(held.kind(), ErrorKind::Locked { .. }) => {
                let found = Snapshot::read(&cache.space, path, now, None)?;
                let unsaved = Some(held);
                Ok((cache, Opened { found, unsaved }))
            }
            Err(error) => Err(error),
        }
    }

    /// The vector of `text` by `model`, if it is held. O(its numbers).
    #[must_use]
    pub fn get(&self, model: &str, text: &str) -> Option<Vec<f32>> {
        self.space.get(&key(model, text)).map(|it| vector(&it))
    }

    /// Holds a vector; says whether it is held.
    pub fn insert(&self, model: &str, text: &str, vector: &[f32]) -> bool {
        self.space.insert(&key(model, text), bytes(vector))
    }

    /// The vector of `text`, embedded if it is not held: once, however many threads want it.
    ///
    /// # Errors
    ///
    /// That of `embed`.
    pub fn get_or_embed<E>(
        &self,
        model: &str,
        text: &str,
        embed: impl FnOnce() -> Result<Vec<f32>, E>,
    ) -> Result<Vec<f32>, E> {
        let embedded = || embed().map(|it| bytes(&it));
        let value = self.space.get_or_compute(&key(model, text), embedded)?;
        Ok(vector(&value))
    }

    /// Saves if enough is new. Call it after inserts, from a thread that may wait for the disk; hits do not wait for
    /// it. A failure is logged once; the cache goes on, and the next save that is due tries again.
    pub fn save_if_due(&self, now: SystemTime) -> Option<SaveReport> {
        match self.file.as_ref()?.autosave(now) {
            Autosave::Saved(report) => Some(report),
            Autosave::Failed(error) => {
                tracing::warn!("failed to {error}; going on without");
                None
            }
            Autosave::StillFailing(_) | Autosave::Idle => None,
        }
    }

    /// Saves all that is new, as at the end of a run.
    ///
    /// # Errors
    ///
    /// The file cannot be written. What was to be saved is kept for the next time.
    pub fn save(&self, now: SystemTime) -> Result<SaveReport, Error> {
        match &self.file {
            Some(file) => file.save(now),
            None => Ok(SaveReport::default()),
        }
    }

    /// What happened so far, and what is held now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.space.stats()
    }
}

fn key(model: &str, text: &str) -> KeyParts {
    KeyParts::new().text(model).text(text)
}

fn bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|it| it.to_le_bytes()).collect()
}

fn vector(value: &Value) -> Vec<f32> {
    let numbers = value.as_chunks::<4>().0;
    numbers.iter().map(|it| f32::from_le_bytes(*it)).collect()
}
