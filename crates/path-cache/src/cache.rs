//! The bounded cache of resolved paths.

use crate::Error;
use crate::bounded::{Bounded, hit_rate};
use crate::error::ErrorKind;
use crate::sys::{Identity, identity};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How often a resolution is repeated while the tree changes under it.
const ATTEMPTS: usize = 3;

/// Choices for a [`PathCache`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Most entries kept. 0 keeps none: every call resolves. Default 256.
    pub capacity: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { capacity: 256 }
    }
}

/// Remembers where absolute paths lead when symbolic links are followed.
///
/// # What a hit guarantees
///
/// At two moments between the call and its return, the path asked for and the real path returned were seen to
/// name the very file (device and inode) they named when the answer was computed. A link that was pointed
/// elsewhere, a component that was replaced, a file that was removed: all of these are noticed, and the path is
/// resolved again.
///
/// It is **not** noticed when the spelling of the answer ages while the file stays the same: a directory of the
/// real path was moved and a link to its new place put where it was, or the path was pointed at another hard link
/// of the same file. The answer then still names the right file, by a path that is no longer the canonical one.
///
/// So do not decide by an answer whether a file may be touched: that is what [`Root`](crate::Root) is for.
///
/// Errors are never remembered.
///
/// # Cost
///
/// A hit is a lookup and two `stat`s (one where the path is its own real path). A miss is
/// `std::fs::canonicalize` and two `stat`s.
pub struct PathCache {
    entries: Bounded<Box<[u8]>, Resolved>,
    errors: AtomicU64,
}

#[derive(Clone)]
struct Resolved {
    real: Arc<Path>,
    identity: Identity,
}

/// What a [`PathCache`] did so far. `hits + misses` is the number of calls to [`PathCache::resolve`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls answered from the cache after validation.
    pub hits: u64,
    /// Calls that had to resolve, with or without success.
    pub misses: u64,
    /// Entries dropped because validation refuted them or [`PathCache::invalidate`] named them.
    pub invalidations: u64,
    /// Misses that ended in an error.
    pub errors: u64,
    /// Entries held now.
    pub entries: u64,
    /// Most entries that can be held.
    pub capacity: u64,
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
            errors: AtomicU64::new(0),
        }
    }

    /// The real path of an absolute `path`: no symbolic link, no `.`, no `..` in it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotAbsolute`] for a relative path, as a library knows no current directory; otherwise what
    /// the file system said.
    pub fn resolve(&self, path: &Path) -> Result<Arc<Path>, Error> {
        let key = path.as_os_str().as_encoded_bytes();
        if let Some(found) = self.entries.get(key) {
            if found.still_holds(path) {
                self.entries.hit();
                return Ok(found.real);
            }
            let is_stale = |entry: &Resolved| Arc::ptr_eq(&entry.real, &found.real);
            self.entries.refute(key, is_stale);
        }
        self.entries.miss();
        self.load(path, key).inspect_err(|_| {
            self.errors.fetch_add(1, Relaxed);
        })
    }

    fn load(&self, path: &Path, key: &[u8]) -> Result<Arc<Path>, Error> {
        if !path.is_absolute() {
            return Err(Error::new(ErrorKind::NotAbsolute, path));
        }
        let mut real = canonicalize(path)?;
        for _ in 0..ATTEMPTS {
            if let Some(identity) = agreed_identity(path, &real) {
                self.entries.insert(
                    key.into(),
                    Resolved {
                        real: real.clone(),
                        identity,
                    },
                );
                break;
            }
            if !cfg!(unix) {
                break;
            }
            real = canonicalize(path)?;
        }
        Ok(real)
    }

    /// Forgets `path`; says whether it was known.
    pub fn invalidate(&self, path: &Path) -> bool {
        self.entries.invalidate(path.as_os_str().as_encoded_bytes())
    }

    /// Forgets every path. The counters stay.
    pub fn clear(&self) {
        self.entries.clear();
    }

    /// The counters now. Each is exact; together they are one moment only when no other thread resolves.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let counts = self.entries.counts();
        Stats {
            hits: counts.hits,
            misses: counts.misses,
            invalidations: counts.invalidations,
            errors: self.errors.load(Relaxed),
            entries: counts.entries,
            capacity: counts.capacity,
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

impl Resolved {
    fn still_holds(&self, path: &Path) -> bool {
        identity(path) == Some(self.identity)
            && (path.as_os_str() == self.real.as_os_str()
                || identity(&self.real) == Some(self.identity))
    }
}

fn canonicalize(path: &Path) -> Result<Arc<Path>, Error> {
    std::fs::canonicalize(path)
        .map(Arc::from)
        .map_err(|source| Error::io(path, source))
}

/// The file that both paths name, where they agree: an answer is kept only if it was true when it was given.
fn agreed_identity(path: &Path, real: &Path) -> Option<Identity> {
    let named = identity(path)?;
    (identity(real)? == named).then_some(named)
}
