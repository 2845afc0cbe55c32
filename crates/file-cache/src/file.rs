//! The contents handed out.

use crate::load::{Loaded, State};
use crate::sys::Fingerprint;
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::str::Utf8Error;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

/// How much of a file is searched for a NUL byte before it counts as text, as git does.
const BINARY_PREFIX: usize = 8 << 10;

/// The contents of a file: immutable bytes, exactly as they were on disk, shared by all clones.
///
/// Nothing is re-encoded: line ends, a byte order mark and invalid UTF-8 survive.
#[derive(Clone)]
pub struct File(Arc<Inner>);

struct Inner {
    bytes: Vec<u8>,
    fingerprint: Fingerprint,
    /// Whether the fingerprint vouches for the bytes.
    settled: bool,
    /// What the cache charges for this file.
    charge: u64,
    /// The last run in which it was asked for.
    run: AtomicU64,
    binary: OnceLock<bool>,
}

/// An answer of the cache: the contents, and where they came from.
#[derive(Debug, Clone)]
pub struct Read {
    /// The contents.
    pub file: File,
    /// Where they came from.
    pub source: Source,
}

/// Where the contents of a [`Read`] came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// From the cache, validated; or from an earlier place in the same batch.
    Hit,
    /// From disk, and kept.
    Loaded,
    /// From disk, read by another thread that was asked at the same time.
    Coalesced,
    /// From disk, and not kept: the file is too large for the cache, or was changing while it was read.
    Uncached,
}

impl File {
    /// Contents just read by `run`; `charge` is what the cache would charge for them.
    pub(crate) fn new(loaded: Loaded, charge: u64, run: u64) -> Self {
        Self(Arc::new(Inner {
            bytes: loaded.bytes,
            fingerprint: loaded.fingerprint,
            settled: loaded.state == State::Settled,
            charge,
            run: AtomicU64::new(run),
            binary: OnceLock::new(),
        }))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.bytes.len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.bytes.is_empty()
    }

    /// The contents as text. Checks all bytes each time it is called.
    ///
    /// # Errors
    ///
    /// Says where the first bytes stand that are not UTF-8.
    pub fn text(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(self.bytes())
    }

    /// The contents as text, with U+FFFD in place of what is not UTF-8; borrowed when everything is.
    #[must_use]
    pub fn text_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes())
    }

    /// Whether there is a NUL byte in the first 8 KiB. Looked up once per load.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        let prefix = &self.bytes()[..self.len().min(BINARY_PREFIX)];
        *self.0.binary.get_or_init(|| prefix.contains(&0))
    }

    pub(crate) fn fingerprint(&self) -> &Fingerprint {
        &self.0.fingerprint
    }

    /// Whether the fingerprint vouches for the bytes. What is in the cache is settled.
    pub(crate) fn is_settled(&self) -> bool {
        self.0.settled
    }

    pub(crate) fn charge(&self) -> u64 {
        self.0.charge
    }

    /// Notes that `run` asked for this file; says whether it had asked before.
    pub(crate) fn asked_in(&self, run: u64) -> bool {
        // A plain load first: once per run and file is often enough to write to a shared line.
        self.0.run.load(Relaxed) == run || self.0.run.swap(run, Relaxed) == run
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The size of one entry's own fields, for the unit test of the overhead.
    #[cfg(test)]
    pub(crate) const fn inner_size() -> usize {
        size_of::<Inner>()
    }
}

impl Deref for File {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes()
    }
}

impl AsRef<[u8]> for File {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> File {
        File::new(Loaded::for_test(bytes), 0, 0)
    }

    #[test]
    fn only_the_first_eight_kibibytes_decide_whether_it_is_binary() {
        let mut bytes = vec![b'a'; BINARY_PREFIX + 1];
        bytes[BINARY_PREFIX] = 0;
        assert!(!file(&bytes).is_binary());
        bytes[BINARY_PREFIX - 1] = 0;
        assert!(file(&bytes).is_binary());
        assert!(!file(b"").is_binary());
    }

    #[test]
    fn a_run_asks_for_the_first_time_once() {
        let file = file(b"");
        assert!(file.asked_in(0), "loading is asking");
        assert_eq!(
            [file.asked_in(1), file.asked_in(1), file.asked_in(2)],
            [false, true, false]
        );
    }
}
