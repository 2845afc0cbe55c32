//! The cache for tasks of a tokio runtime, which must not block.

mod answer;
mod jobs;
mod options;
mod turns;

pub use options::{SharedOpener, SharedReadManyOptions, SharedReadOptions};

use crate::cache::key_of;
use crate::file::Source;
use crate::stats::How;
use crate::{Error, File, FileCache, Freshness, Read, ReadManyOptions};
use answer::Answer;
use jobs::Jobs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::runtime::Handle;
use turns::Turns;

/// Most jobs that block at once, where the caller does not say.
const JOBS: usize = 16;

/// Batches of more paths are not looked through before they go to a thread.
const FEW: usize = 1_024;

/// A [`FileCache`] for tasks: a handle that is cheap to clone, whose reads never block the runtime.
///
/// Only a hit that needs no look at its path ([`Pinned`](Freshness::Pinned), [`Ttl`](Freshness::Ttl) within its time) is
/// answered where it is asked for. Everything else is a job on the threads that the runtime has for blocking work, at
/// most 16 at once, or as many as [`with_jobs`](Self::with_jobs) says; the others wait in a queue without a thread.
/// A batch is one job, and has helpers of its own while it runs (see [`Options::workers`](crate::Options::workers)).
///
/// Tasks that ask for the same path with the same options share one job as long as it has not begun; while it runs, the
/// next ones gather for one more. So ten thousand tasks that ask for a path at once cost two jobs and one load. The first
/// task that receives a shared answer is counted as if it had read alone, the others as coalesced, or as repeated hits.
///
/// # Dropped futures
///
/// A read whose future is dropped before its job has begun is not carried out, and is not counted. A batch that is
/// dropped is cancelled: paths not begun are not read.
///
/// # Errors
///
/// Beside those of [`FileCache::read`], [`Io`](crate::ErrorKind::Io) where there is no tokio runtime, where it ends before the job
/// has begun, and where an opener panics.
///
/// ```
/// use autoexec_file_cache::{FileCache, Options, SharedFileCache, Source};
///
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("notes");
/// std::fs::write(&path, "one")?;
///
/// let cache = SharedFileCache::new(FileCache::new(Options::default()));
/// let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// runtime.block_on(async {
///     let (clone, missing) = (cache.clone(), dir.path().join("missing"));
///     let task = tokio::spawn(async move { clone.read(missing).await });
///     let batch = cache.read_many(vec![path.clone(), path.clone()]).await;
///     assert_eq!(batch[0].as_ref().unwrap().source, Source::Loaded);
///     assert_eq!(cache.read(&path).await.unwrap().file.bytes(), b"one");
///     assert!(task.await.unwrap().is_err());
/// });
/// assert_eq!(cache.cache().stats().requests, 4);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct SharedFileCache {
    cache: Arc<FileCache>,
    jobs: Arc<Jobs>,
    turns: Arc<Turns>,
}

/// A batch on its way to a thread.
struct Batch {
    cache: Arc<FileCache>,
    paths: Vec<PathBuf>,
    options: SharedReadManyOptions,
    cancel: Arc<AtomicBool>,
    answer: Arc<Answer<Vec<Result<Read, Error>>>>,
    landed: bool,
}

/// Cancels a batch, unless it is let go of.
struct CancelOnDrop(Option<Arc<AtomicBool>>);

impl SharedFileCache {
    /// A handle to `cache`, with at most 16 jobs at once.
    #[must_use]
    pub fn new(cache: impl Into<Arc<FileCache>>) -> Self {
        Self::with_jobs(cache, JOBS)
    }

    /// A handle to `cache`. It and its clones have at most `at_most` jobs at once; 0 counts as 1.
    #[must_use]
    pub fn with_jobs(cache: impl Into<Arc<FileCache>>, at_most: usize) -> Self {
        let (cache, jobs) = (cache.into(), Jobs::new(at_most));
        let turns = Turns::new(cache.clone(), jobs.clone());
        Self { cache, jobs, turns }
    }

    /// The cache itself. What it has to say of its state does not block; its reads do.
    #[must_use]
    pub fn cache(&self) -> &Arc<FileCache> {
        &self.cache
    }

    /// The contents of the file at `path`; see [`FileCache::read`].
    ///
    /// # Errors
    ///
    /// As [`FileCache::read`], and [`Io`](crate::ErrorKind::Io) as described [above](Self).
    pub async fn read(&self, path: impl Into<PathBuf>) -> Result<Read, Error> {
        self.read_with(path, &SharedReadOptions::default()).await
    }

    /// As [`read`](Self::read), with choices.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and [`TooLarge`](crate::ErrorKind::TooLarge) for a file over the limit.
    pub async fn read_with(
        &self,
        path: impl Into<PathBuf>,
        options: &SharedReadOptions,
    ) -> Result<Read, Error> {
        let path = path.into();
        if let Some(held) = self.at_once(&path, options.freshness, options.limit) {
            return Ok(self.count(held));
        }
        let runtime = Handle::try_current().map_err(|_| no_runtime(&path))?;
        let (outcome, is_first) = self.turns.ask(&path, options, runtime).await;
        if is_first {
            return outcome;
        }
        let shared = outcome.map(|read| {
            let source = match read.source {
                Source::Hit => Source::Hit,
                _ => Source::Coalesced,
            };
            (Read { source, ..read }, How::Repeated)
        });
        self.cache.account(&path, shared)
    }

    /// The contents of many files, in the order of the paths; see [`FileCache::read_many`].
    pub async fn read_many(&self, paths: Vec<PathBuf>) -> Vec<Result<Read, Error>> {
        self.read_many_with(paths, &SharedReadManyOptions::default())
            .await
    }

    /// As [`read_many`](Self::read_many), with choices.
    pub async fn read_many_with(
        &self,
        paths: Vec<PathBuf>,
        options: &SharedReadManyOptions,
    ) -> Vec<Result<Read, Error>> {
        if let Some(held) = self.all_at_once(&paths, options) {
            return held.into_iter().map(|it| Ok(self.count(it))).collect();
        }
        let Ok(runtime) = Handle::try_current() else {
            return paths.iter().map(|path| Err(no_runtime(path))).collect();
        };
        let cancel = options.cancel.clone().unwrap_or_default();
        let answer = Answer::new();
        let asker = answer.ask();
        let batch = Batch {
            cache: self.cache.clone(),
            paths,
            options: options.clone(),
            cancel: cancel.clone(),
            answer,
            landed: false,
        };
        let mut guard = CancelOnDrop(Some(cancel));
        self.jobs.submit(&runtime, Box::new(move || batch.run()));
        let (outcome, _) = asker.await;
        guard.0 = None;
        outcome
    }

    /// What is held and needs no look at its path; not counted yet.
    fn at_once(
        &self,
        path: &Path,
        freshness: Option<Freshness>,
        limit: Option<u64>,
    ) -> Option<(File, How)> {
        let freshness = freshness.unwrap_or(self.cache.options().freshness);
        if !matches!(freshness, Freshness::Pinned | Freshness::Ttl(_)) {
            return None;
        }
        let file = self.cache.resident.get(key_of(path))?;
        let how = self.cache.without_asking(&file, freshness, None)?;
        limit
            .is_none_or(|limit| file.len() as u64 <= limit)
            .then_some((file, how))
    }

    /// All of a batch that is not long, if each is held and needs no look at its path.
    fn all_at_once(
        &self,
        paths: &[PathBuf],
        options: &SharedReadManyOptions,
    ) -> Option<Vec<(File, How)>> {
        let is_cancelled = || {
            let flag = options.cancel.as_ref();
            flag.is_some_and(|cancel| cancel.load(Relaxed))
        };
        if paths.len() > FEW || is_cancelled() {
            return None;
        }
        let held = |path: &PathBuf| self.at_once(path, options.freshness, options.limit);
        paths.iter().map(held).collect()
    }

    fn count(&self, (file, how): (File, How)) -> Read {
        let is_redundant = file.asked_in(self.cache.runs.current());
        self.cache.counters.hit(how, file.len(), is_redundant);
        Read::hit(file)
    }
}

impl Batch {
    fn run(mut self) {
        self.landed = true;
        if !self.answer.is_wanted() {
            return;
        }
        let options = ReadManyOptions {
            freshness: self.options.freshness,
            workers: self.options.workers,
            limit: self.options.limit,
            cancel: Some(&self.cancel),
            opener: self.options.opener.as_deref().map(|opener| opener as _),
            told: None,
        };
        let outcome = guarded(|| self.cache.read_many_with(&self.paths, &options));
        self.answer
            .land(outcome.unwrap_or_else(|_| self.all(panicked)));
    }

    fn all(&self, source: fn() -> io::Error) -> Vec<Result<Read, Error>> {
        let error = |path: &PathBuf| Err(Error::io(path, source()));
        self.paths.iter().map(error).collect()
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if !self.landed {
            self.answer.land(self.all(runtime_ended));
        }
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(cancel) = &self.0 {
            cancel.store(true, Relaxed);
        }
    }
}

impl From<FileCache> for SharedFileCache {
    fn from(cache: FileCache) -> Self {
        Self::new(cache)
    }
}

impl std::fmt::Debug for SharedFileCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SharedFileCache").field(&self.cache).finish()
    }
}

/// What the cache says, or that it panicked: it keeps nothing half done.
fn guarded<T>(read: impl FnOnce() -> T) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(read)).map_err(|_| panicked())
}

fn panicked() -> io::Error {
    io::Error::other("the thread that was reading it panicked")
}

fn runtime_ended() -> io::Error {
    io::Error::other("the tokio runtime ended before it was read")
}

fn no_runtime(path: &Path) -> Error {
    Error::io(path, io::Error::other("there is no tokio runtime"))
}
