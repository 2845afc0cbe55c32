//! The contents handed out.

use crate::bytes::Shared;
use crate::load::State;
use crate::sys::Fingerprint;
use crate::watch::Armed;
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// How much of a file is searched for a NUL byte before it counts as text, as git does.
const BINARY_PREFIX: usize = 8 << 10;

/// The contents of a file: immutable bytes, exactly as they were on disk, shared by all clones.
///
/// Nothing is re-encoded: line ends, a byte order mark and invalid UTF-8 survive. A file is one pointer to one
/// allocation.
#[derive(Clone)]
pub struct File(Shared<Header>);

/// What is known of a file beside its bytes. What a hit looks at comes first.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Header {
    /// The watched item that stands for this file, once there was one.
    armed: OnceLock<Armed>,
    /// The last run in which it was asked for.
    run: AtomicU64,
    /// When it was last found to be fresh, in nanoseconds of the cache's clock.
    checked: AtomicU64,
    /// Hits while the watched item was doubtful.
    doubts: AtomicU32,
    /// Whether the fingerprint vouches for the bytes.
    state: State,
    /// Whether nobody had the file open for writing when it was read.
    is_unwritten: bool,
    /// What the cache charges for this file.
    charge: u64,
    fingerprint: Fingerprint,
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
    /// From the cache, as fresh as was asked for; or from an earlier place in the same batch.
    Hit,
    /// From disk, and kept.
    Loaded,
    /// From disk, read by another thread that was asked at the same time.
    Coalesced,
    /// From disk, and not kept: the file is too large for the cache, or nothing vouches for what was read.
    Uncached,
}

impl Header {
    /// Of contents read by `run`, for which the cache would charge `charge`.
    pub(crate) fn new(
        fingerprint: Fingerprint,
        state: State,
        charge: u64,
        run: u64,
        now: Duration,
    ) -> Self {
        Self {
            fingerprint,
            state,
            charge,
            run: AtomicU64::new(run),
            checked: AtomicU64::new(now.as_nanos() as u64),
            ..Self::default()
        }
    }

    /// The same for a file that was armed before it was read; `is_unwritten` tells with what success.
    pub(crate) fn with_armed(mut self, armed: Option<Armed>, is_unwritten: bool) -> Self {
        self.is_unwritten = is_unwritten;
        if let Some(armed) = armed {
            // Nobody else has seen this header yet.
            _ = self.armed.set(armed);
        }
        self
    }
}

impl File {
    pub(crate) fn new(shared: Shared<Header>) -> Self {
        Self(shared)
    }

    fn header(&self) -> &Header {
        &self.0.header.header
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0.slice
    }

    /// The number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.slice.len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is a NUL byte in the first 8 KiB. Looked up once per load.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        let prefix = &self.bytes()[..self.len().min(BINARY_PREFIX)];
        *self.header().binary.get_or_init(|| prefix.contains(&0))
    }

    pub(crate) fn fingerprint(&self) -> &Fingerprint {
        &self.header().fingerprint
    }

    /// Whether the fingerprint vouches for the bytes. What is in the cache is settled.
    pub(crate) fn is_settled(&self) -> bool {
        self.state() == State::Settled
    }

    pub(crate) fn state(&self) -> State {
        self.header().state
    }

    pub(crate) fn charge(&self) -> u64 {
        self.header().charge
    }

    /// Whether it is known that nobody had the file open for writing when it was read. Somebody who had could have stored to
    /// it through a memory map since, without a trace.
    pub(crate) fn is_unwritten(&self) -> bool {
        self.header().is_unwritten
    }

    pub(crate) fn armed(&self) -> Option<&Armed> {
        self.header().armed.get()
    }

    pub(crate) fn arm(&self) -> &Armed {
        self.header().armed.get_or_init(Armed::new)
    }

    /// Counts a hit on a doubtful item; says whether this is one at which arming is tried again: the first, the
    /// second, the fourth and so on, so that files which are never left alone cost little.
    pub(crate) fn tries_again(&self) -> bool {
        (self.header().doubts.fetch_add(1, Relaxed) + 1).is_power_of_two()
    }

    /// Whether it was found to be fresh less than `ttl` before `now`.
    pub(crate) fn checked_within(&self, ttl: Duration, now: Duration) -> bool {
        let age = (now.as_nanos() as u64).saturating_sub(self.header().checked.load(Relaxed));
        u128::from(age) < ttl.as_nanos()
    }

    pub(crate) fn set_checked(&self, now: Duration) {
        self.header().checked.store(now.as_nanos() as u64, Relaxed);
    }

    /// Notes that `run` asked for this file; says whether it had asked before.
    #[inline]
    pub(crate) fn asked_in(&self, run: u64) -> bool {
        // A plain load first: once per run and file is often enough to write to a shared line.
        let last = &self.header().run;
        last.load(Relaxed) == run || last.swap(run, Relaxed) == run
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.header(), other.header())
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
pub(crate) mod tests {
    use super::*;

    pub(crate) fn file_charged(bytes: &[u8], charge: u64) -> File {
        let header = Header::new(
            Fingerprint::default(),
            State::Settled,
            charge,
            0,
            Duration::ZERO,
        );
        File::new(Shared::from_header_and_slice(header, bytes))
    }

    fn file(bytes: &[u8]) -> File {
        file_charged(bytes, 0)
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
    fn a_time_to_live_ends_when_it_is_over() {
        let (file, ms) = (file(b""), Duration::from_millis);
        file.set_checked(ms(100));
        let is_fresh = |now| file.checked_within(ms(50), ms(now));
        assert_eq!(
            [100, 149, 150, 151].map(is_fresh),
            [true, true, false, false]
        );
        assert!(is_fresh(99), "a clock that went back tells of no time");
        assert!(!file.checked_within(Duration::ZERO, ms(100)));
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

    #[test]
    fn arming_is_tried_again_ever_less_often() {
        let file = file(b"");
        let tries: Vec<u32> = (1..=20).filter(|_| file.tries_again()).collect();
        assert_eq!(tries, [1, 2, 4, 8, 16]);
    }

    #[test]
    fn a_file_is_one_pointer_and_an_answer_two() {
        assert_eq!(size_of::<File>(), size_of::<usize>());
        assert_eq!(
            size_of::<Result<Read, crate::Error>>(),
            2 * size_of::<usize>()
        );
    }
}
