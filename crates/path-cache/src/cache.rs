//! The bounded cache of resolved paths.

use crate::Error;
use crate::bounded::{Bounded, hit_rate};
use crate::error::ErrorKind;
use crate::real::{self, Real};
use crate::resolved::Resolved;
use autoexec_watch::{Interest, Watched, Watcher};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// As good as for ever, and no overflow.
const LONGEST_TTL: Duration = Duration::from_secs(365 * 24 * 3_600);

/// How it is made sure that a remembered answer still holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Freshness {
    /// One system call for each answer: nothing on the way to it has been told of (see [`autoexec_watch`]). Answers that
    /// cannot be watched are validated, as all are where the system has no such notifications.
    #[default]
    Watch,
    /// The path is followed anew, by four system calls on Linux, and the answer compared.
    Validate,
}

/// Choices for a [`PathCache`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Most answers kept, and most errors. 0 keeps none: every call resolves. Default 256.
    pub capacity: usize,
    /// How it is made sure that a remembered answer still holds. Default: `Watch`.
    pub freshness: Freshness,
    /// For how long it is remembered that a path leads nowhere. It is confirmed by one `stat` whenever it is asked for,
    /// so that a file that appears is seen at once. Default 1 s; 0 remembers none.
    pub negative_ttl: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            capacity: 256,
            freshness: Freshness::Watch,
            negative_ttl: Duration::from_secs(1),
        }
    }
}

/// Remembers where absolute paths lead when symbolic links are followed.
///
/// # What an answer means
///
/// At a moment between the call and its return, the path led to the answer, and the answer was the real path of what
/// is there. Whatever changes that is noticed, in whichever component: a link that is pointed elsewhere, a directory
/// that is moved, replaced, mounted over, or replaced by a link to its new place; a file that is removed.
///
/// Who may change the tree can do so between the answer and its use, however. So do not decide by an answer whether a
/// file may be touched: that is what [`Root::open`](crate::Root::open) is for.
///
/// # Cost
///
/// A watched hit is a lookup and one system call, a validated one a lookup and four, a miss four and, watched, some ten
/// more. On systems other than Linux every call resolves with `std::fs::canonicalize`.
pub struct PathCache {
    entries: Bounded<Box<[u8]>, Resolved>,
    missing: Bounded<Box<[u8]>, Instant>,
    options: Options,
    /// Made when something is first to be watched.
    watcher: OnceLock<Option<Watcher<Resolved>>>,
    errors: AtomicU64,
    negative_hits: AtomicU64,
}

/// What a [`PathCache`] did so far. `hits + misses` is the number of calls to [`PathCache::resolve`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls answered from the cache, errors included.
    pub hits: u64,
    /// Hits that were remembered errors, confirmed by one `stat`.
    pub negative_hits: u64,
    /// Calls that had to resolve, with or without success.
    pub misses: u64,
    /// Entries dropped because validation refuted them or [`PathCache::invalidate`] named them.
    pub invalidations: u64,
    /// Entries dropped to make room.
    pub evictions: u64,
    /// Misses that ended in an error.
    pub errors: u64,
    /// Entries held now; errors are not counted.
    pub entries: u64,
    /// Most entries that can be held.
    pub capacity: u64,
    /// Files, directories and links watched now.
    pub watches: u64,
}

impl Stats {
    /// Hits per call, 0 to 1; `None` when nothing was asked yet.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        hit_rate(self.hits, self.misses)
    }
}

impl PathCache {
    /// An empty cache.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            entries: Bounded::new(options.capacity),
            missing: Bounded::new(options.capacity),
            watcher: OnceLock::new(),
            errors: AtomicU64::new(0),
            negative_hits: AtomicU64::new(0),
            options,
        }
    }

    /// The real path of an absolute `path`: no symbolic link, no `.`, no `..` in it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotAbsolute`] for a relative path, as a library knows no current directory; otherwise what
    /// the file system said.
    pub fn resolve(&self, path: &Path) -> Result<Arc<Path>, Error> {
        self.resolve_and_tell(path).0
    }

    /// As [`resolve`](Self::resolve), and whether the answer came from the cache: for whoever keeps a record.
    pub fn resolve_and_tell(&self, path: &Path) -> (Result<Arc<Path>, Error>, bool) {
        let key = path.as_os_str().as_encoded_bytes();
        if let Some(found) = self.entries.get(key) {
            if self.still_holds(path, key, &found) {
                self.entries.hit();
                return (Ok(found.real().clone()), true);
            }
            let stale = self.entries.refute(key, |entry| entry.is_same(&found));
            self.let_go(stale);
        } else if let Some(error) = self.remembered(path, key) {
            self.entries.hit();
            self.negative_hits.fetch_add(1, Relaxed);
            return (Err(error), true);
        }
        self.entries.miss();
        let loaded = self.load(path, key).inspect_err(|error| {
            self.errors.fetch_add(1, Relaxed);
            self.remember(key, error);
        });
        (loaded, false)
    }

    fn still_holds(&self, path: &Path, key: &[u8], found: &Resolved) -> bool {
        let Some(watcher) = self.watcher() else {
            return found.still_leads(path);
        };
        if watcher.refresh().covers(found.mark()) || found.renew(watcher, path) {
            return true;
        }
        if !found.still_leads(path) {
            return false;
        }
        if found.tries_again() {
            self.arm_again(watcher, path, key, found);
        }
        true
    }

    fn arm_again(&self, watcher: &Watcher<Resolved>, path: &Path, key: &[u8], found: &Resolved) {
        let armed = real::resolve(path).is_ok_and(|real| found.arm(watcher, path, &real));
        // It may have been evicted meanwhile, and let go of before it was armed.
        if !armed || !self.entries.holds(key, |entry| entry.is_same(found)) {
            watcher.release(found);
        }
    }

    fn load(&self, path: &Path, key: &[u8]) -> Result<Arc<Path>, Error> {
        if !path.is_absolute() {
            return Err(Error::new(ErrorKind::NotAbsolute, path));
        }
        let real = real::resolve(path)?;
        let answer = real.path.clone();
        if real.identity.is_some() {
            self.keep(path, key, &real);
        }
        Ok(answer)
    }

    fn keep(&self, path: &Path, key: &[u8], real: &Real) {
        let resolved = Resolved::new(real);
        let watcher = self.watcher().filter(|_| self.options.capacity > 0);
        if let Some(watcher) = watcher
            && !resolved.arm(watcher, path, real)
        {
            watcher.release(&resolved);
        }
        self.missing.invalidate(key);
        let gone = self.entries.exchange(key.into(), resolved);
        self.let_go(gone.into_iter().map(|(_, gone)| gone));
    }

    fn let_go(&self, gone: impl IntoIterator<Item = Resolved>) {
        if let Some(Some(watcher)) = self.watcher.get() {
            gone.into_iter()
                .for_each(|resolved| watcher.release(&resolved));
        }
    }

    /// A remembered error, confirmed.
    fn remembered(&self, path: &Path, key: &[u8]) -> Option<Error> {
        let until = self.missing.get(key)?;
        if Instant::now() >= until {
            return None;
        }
        real::still_fails(path).map(|source| Error::io(path, source))
    }

    fn remember(&self, key: &[u8], error: &Error) {
        let tells_of_the_path = error.kind() != ErrorKind::NotAbsolute;
        if tells_of_the_path && !self.options.negative_ttl.is_zero() {
            let until = Instant::now() + self.options.negative_ttl.min(LONGEST_TTL);
            self.missing.insert(key.into(), until);
        }
    }

    fn watcher(&self) -> Option<&Watcher<Resolved>> {
        let make = || Watcher::new(Interest::Place, autoexec_watch::Options::default()).ok();
        match self.options.freshness {
            Freshness::Watch => self.watcher.get_or_init(make).as_ref(),
            Freshness::Validate => None,
        }
    }

    /// Forgets `path`; says whether it was known.
    pub fn invalidate(&self, path: &Path) -> bool {
        let key = path.as_os_str().as_encoded_bytes();
        self.missing.invalidate(key);
        let known = self.entries.invalidate(key);
        let was_known = known.is_some();
        self.let_go(known);
        was_known
    }

    /// Forgets every path. The counters stay.
    pub fn clear(&self) {
        self.missing.clear();
        self.let_go(self.entries.drain());
    }

    /// The counters now. Each is exact; together they are one moment only when no other thread resolves.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let counts = self.entries.counts();
        let watcher = self.watcher.get().and_then(Option::as_ref);
        Stats {
            hits: counts.hits,
            negative_hits: self.negative_hits.load(Relaxed),
            misses: counts.misses,
            invalidations: counts.invalidations,
            evictions: counts.evictions,
            errors: self.errors.load(Relaxed),
            entries: counts.entries,
            capacity: counts.capacity,
            watches: watcher.map_or(0, |watcher| watcher.stats().watches),
        }
    }
}

impl std::fmt::Debug for PathCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PathCache")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    fn file() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "text").unwrap();
        (folder, path)
    }

    /// The watcher would hold it, and its watch, for ever: nobody lets go of it a second time.
    #[test]
    fn what_was_evicted_before_it_was_armed_again_is_let_go() {
        let (_folder, path) = file();
        let cache = PathCache::new(Options::default());
        let key = path.as_os_str().as_encoded_bytes();
        cache.resolve(&path).unwrap();
        let watcher = cache.watcher().unwrap();
        let before = watcher.stats().watches;
        let held = cache.entries.get(key).unwrap();
        assert!(watcher.refresh().covers(held.mark()));

        cache.invalidate(&path);
        cache.arm_again(watcher, &path, key, &held);
        assert!(!watcher.refresh().covers(held.mark()));
        assert_eq!(watcher.stats().watches, before - 1);
    }

    #[test]
    fn what_is_held_stays_watched_when_it_is_armed_again() {
        let (_folder, path) = file();
        let cache = PathCache::new(Options::default());
        let key = path.as_os_str().as_encoded_bytes();
        cache.resolve(&path).unwrap();
        let watcher = cache.watcher().unwrap();
        let before = watcher.stats().watches;
        let held = cache.entries.get(key).unwrap();
        cache.arm_again(watcher, &path, key, &held);
        assert!(watcher.refresh().covers(held.mark()));
        assert_eq!(watcher.stats().watches, before);
    }

    #[test]
    fn a_cache_that_keeps_nothing_watches_nothing() {
        let (_folder, path) = file();
        let options = Options {
            capacity: 0,
            ..Options::default()
        };
        let cache = PathCache::new(options);
        cache.resolve(&path).unwrap();
        assert_eq!(cache.stats().watches, 0);
    }
}
