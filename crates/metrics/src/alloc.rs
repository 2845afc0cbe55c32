//! How often and how much this program allocates; counts that noise cannot move.
//!
//! A program that wants them installs the allocator, which passes everything on to another one:
//! ```
//! use autoexec_metrics::alloc::{self, CountingAllocator};
//!
//! #[global_allocator]
//! static ALLOCATOR: CountingAllocator = CountingAllocator::system();
//!
//! let (_, counts) = alloc::measure(|| vec![0u8; 1_000]);
//! let counts = counts.expect("because the allocator is installed");
//! assert_eq!((counts.allocations, counts.bytes_allocated, counts.bytes_live), (1, 1_000, 1_000));
//! ```
//! Without it all counts are absent.
//!
//! Each call costs a few additions to counters of the thread, and relaxed atomic additions to those of
//! the process. Counting allocates nothing and needs no destructor, so it works at any time of a
//! thread's life; that takes a target with native thread-locals, as Linux, macOS and Windows are.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// Counts what passes through it to the allocator `A`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingAllocator<A = System>(A);

impl CountingAllocator {
    /// Counts what passes to the allocator of the system, as Rust programs use by default.
    pub const fn system() -> Self {
        Self(System)
    }
}

impl<A> CountingAllocator<A> {
    /// Counts what passes to `inner`.
    pub const fn new(inner: A) -> Self {
        Self(inner)
    }
}

/// Allocations of a thread, or of the process.
///
/// Sizes are those that were asked for; what the allocator adds for itself is not in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllocationCounts {
    /// How many blocks were had, those by growing or shrinking another included.
    pub allocations: u64,
    /// How many of them took the place of a block that grew or shrank.
    pub reallocations: u64,
    /// How many blocks were given back, or grew or shrank.
    pub deallocations: u64,
    /// The sizes of all blocks that were had. A block that grows counts anew with its whole size.
    pub bytes_allocated: u64,
    /// The sizes of blocks had, less those given back. Negative for a thread that gives back what
    /// others had.
    pub bytes_live: i64,
    /// The most that `bytes_live` ever was.
    pub peak_bytes_live: i64,
}

impl AllocationCounts {
    /// What was counted after `earlier`. The peak stays that of `self`: see [`measure`] for one of a
    /// stretch.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            allocations: self.allocations.wrapping_sub(earlier.allocations),
            reallocations: self.reallocations.wrapping_sub(earlier.reallocations),
            deallocations: self.deallocations.wrapping_sub(earlier.deallocations),
            bytes_allocated: self.bytes_allocated.wrapping_sub(earlier.bytes_allocated),
            bytes_live: self.bytes_live.wrapping_sub(earlier.bytes_live),
            peak_bytes_live: self.peak_bytes_live,
        }
    }

    /// One call that took `had` and gave back `gave` bytes; `None` where it did not do that.
    fn after(mut self, had: Option<usize>, gave: Option<usize>) -> Self {
        self.allocations = self.allocations.wrapping_add(had.is_some().into());
        self.deallocations = self.deallocations.wrapping_add(gave.is_some().into());
        let both = had.is_some() && gave.is_some();
        self.reallocations = self.reallocations.wrapping_add(both.into());
        let had = had.unwrap_or(0);
        self.bytes_allocated = self.bytes_allocated.wrapping_add(had as u64);
        self.bytes_live = self.bytes_live.wrapping_add(growth(had, gave.unwrap_or(0)));
        self.peak_bytes_live = self.peak_bytes_live.max(self.bytes_live);
        self
    }
}

/// What this thread allocated so far; `None` when the allocator is not installed.
///
/// The same work gives the same counts in every run, unless it hands blocks to other threads, or
/// depends on something random such as a hash map's seed.
pub fn thread_counts() -> Option<AllocationCounts> {
    process_counts()?;
    THREAD.try_with(Cell::get).ok()
}

/// What all threads allocated so far; `None` when the allocator is not installed. The numbers are read
/// one after the other while other threads go on.
pub fn process_counts() -> Option<AllocationCounts> {
    let counts = AllocationCounts {
        allocations: PROCESS.allocations.load(Relaxed),
        reallocations: PROCESS.reallocations.load(Relaxed),
        deallocations: PROCESS.deallocations.load(Relaxed),
        bytes_allocated: PROCESS.bytes_allocated.load(Relaxed),
        bytes_live: PROCESS.bytes_live.load(Relaxed),
        peak_bytes_live: PROCESS.peak_bytes_live.load(Relaxed),
    };
    // The runtime allocates before `main`: nothing counted means that nobody counts.
    (counts.allocations > 0).then_some(counts)
}

/// Does `work`, and tells what this thread allocated for it: `bytes_live` is what it left behind, and
/// `peak_bytes_live` the most it held at a time. What it hands back counts as left behind. May be
/// nested. The counts are `None` when the allocator is not installed.
pub fn measure<T>(work: impl FnOnce() -> T) -> (T, Option<AllocationCounts>) {
    let Some(before) = thread_counts() else {
        return (work(), None);
    };
    set_peak(before.bytes_live);
    let outcome = work();
    let counts = thread_counts().map(|after| AllocationCounts {
        peak_bytes_live: after.peak_bytes_live.wrapping_sub(before.bytes_live),
        ..after.since(&before)
    });
    // A measurement around this one still needs the peak from before.
    let peak = thread_counts().map_or(0, |after| after.peak_bytes_live);
    set_peak(peak.max(before.peak_bytes_live));
    (outcome, counts)
}

fn set_peak(peak_bytes_live: i64) {
    let set = |counts: &Cell<AllocationCounts>| {
        counts.set(AllocationCounts {
            peak_bytes_live,
            ..counts.get()
        });
    };
    // A thread has its counters for as long as it runs code, as they need no destructor.
    let _ = THREAD.try_with(set);
}

thread_local! {
    static THREAD: Cell<AllocationCounts> = const {
        Cell::new(AllocationCounts {
            allocations: 0,
            reallocations: 0,
            deallocations: 0,
            bytes_allocated: 0,
            bytes_live: 0,
            peak_bytes_live: 0,
        })
    };
}

static PROCESS: Process = Process {
    allocations: AtomicU64::new(0),
    reallocations: AtomicU64::new(0),
    deallocations: AtomicU64::new(0),
    bytes_allocated: AtomicU64::new(0),
    bytes_live: AtomicI64::new(0),
    peak_bytes_live: AtomicI64::new(0),
};

/// On one cache line: what costs is to fetch it from another core, once for all of them.
#[repr(align(64))]
struct Process {
    allocations: AtomicU64,
    reallocations: AtomicU64,
    deallocations: AtomicU64,
    bytes_allocated: AtomicU64,
    bytes_live: AtomicI64,
    peak_bytes_live: AtomicI64,
}

impl Process {
    fn count(&self, had: Option<usize>, gave: Option<usize>) {
        if let Some(had) = had {
            self.allocations.fetch_add(1, Relaxed);
            self.bytes_allocated.fetch_add(had as u64, Relaxed);
        }
        if gave.is_some() {
            self.deallocations.fetch_add(1, Relaxed);
        }
        if had.is_some() && gave.is_some() {
            self.reallocations.fetch_add(1, Relaxed);
        }
        let growth = growth(had.unwrap_or(0), gave.unwrap_or(0));
        let live = self
            .bytes_live
            .fetch_add(growth, Relaxed)
            .wrapping_add(growth);
        if live > self.peak_bytes_live.load(Relaxed) {
            self.peak_bytes_live.fetch_max(live, Relaxed);
        }
    }
}

/// No block is longer than `isize::MAX`, so the difference of two sizes fits.
fn growth(had: usize, gave: usize) -> i64 {
    (had as i64).wrapping_sub(gave as i64)
}

/// Counts one call. Neither allocates nor panics: all additions wrap.
fn count(had: Option<usize>, gave: Option<usize>) {
    let _ = THREAD.try_with(|counts| counts.set(counts.get().after(had, gave)));
    PROCESS.count(had, gave);
}

// SAFETY: every call goes to `A` with the arguments as they came, under the guarantees that the caller
// gave us and that `A`, being a `GlobalAlloc`, asks for alike; its answer is handed back as it came. What
// is done beside that, `count`, touches no block, allocates nothing (the thread's counters are a
// constant without a destructor, so that reaching them neither allocates nor registers anything) and
// does not unwind.
#[allow(unsafe_code, reason = "an allocator is unsafe to declare")]
unsafe impl<A: GlobalAlloc> GlobalAlloc for CountingAllocator<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's guarantees are those that the inner allocator asks for.
        let block = unsafe { self.0.alloc(layout) };
        if !block.is_null() {
            count(Some(layout.size()), None);
        }
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        let block = unsafe { self.0.alloc_zeroed(layout) };
        if !block.is_null() {
            count(Some(layout.size()), None);
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(None, Some(layout.size()));
        // SAFETY: as above; every block that we handed out came from the inner allocator.
        unsafe { self.0.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        let moved = unsafe { self.0.realloc(block, layout, size) };
        if !moved.is_null() {
            count(Some(size), Some(layout.size()));
        }
        moved
    }
}
