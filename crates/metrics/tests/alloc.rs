//! Allocations are counted exactly, for each thread on its own.
#![cfg(feature = "alloc")]

use std::alloc::{GlobalAlloc, Layout};
use std::sync::Barrier;
use std::thread;

use autoexec_metrics::alloc::{self, AllocationCounts, CountingAllocator};
use proptest::prelude::*;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

fn counts(work: impl FnOnce()) -> AllocationCounts {
    alloc::measure(work)
        .1
        .expect("because the allocator is installed")
}

/// Allocations, reallocations, deallocations, bytes, live, peak.
fn all(c: &AllocationCounts) -> (u64, u64, u64, u64, i64, i64) {
    (
        c.allocations,
        c.reallocations,
        c.deallocations,
        c.bytes_allocated,
        c.bytes_live,
        c.peak_bytes_live,
    )
}

#[test]
fn a_block_counts_once_and_its_end_too() {
    assert_eq!(all(&counts(|| ())), (0, 0, 0, 0, 0, 0));
    assert_eq!(
        all(&counts(|| drop(vec![1u8; 100]))),
        (1, 0, 1, 100, 0, 100)
    );
    assert_eq!(
        all(&counts(|| drop(vec![0u8; 100]))),
        (1, 0, 1, 100, 0, 100)
    );
    assert_eq!(all(&counts(|| drop(Vec::<u8>::new()))), (0, 0, 0, 0, 0, 0));
}

#[test]
fn what_is_handed_back_is_left_behind() {
    let (block, counts) = alloc::measure(|| vec![1u8; 50]);
    assert_eq!(all(&counts.unwrap()), (1, 0, 0, 50, 50, 50));
    let counts = self::counts(|| drop(block));
    assert_eq!(all(&counts), (0, 0, 1, 0, -50, 0));
}

#[test]
fn a_block_that_grows_counts_anew_and_holds_what_it_is() {
    let counts = counts(|| {
        let mut block: Vec<u8> = Vec::with_capacity(10);
        block.reserve_exact(30);
        block.reserve_exact(40);
    });
    assert_eq!(all(&counts), (3, 2, 3, 10 + 30 + 40, 0, 40));
}

#[test]
fn measurements_may_be_nested() {
    let mut inner = None;
    let outer = counts(|| {
        drop(vec![0u8; 1_000]);
        let kept = vec![0u8; 10];
        inner = Some(counts(|| drop(vec![0u8; 300])));
        drop(kept);
    });
    assert_eq!(inner.unwrap().peak_bytes_live, 300);
    assert_eq!(outer.peak_bytes_live, 1_000);
    assert_eq!((outer.allocations, outer.bytes_live), (3, 0));
}

#[test]
fn other_threads_do_not_count() {
    let barrier = Barrier::new(2);
    let work = |size: usize| {
        counts(|| {
            for _ in 0..1_000 {
                barrier.wait();
                drop(vec![1u8; size]);
            }
        })
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| work(70));
        let (mine, theirs) = (work(30), other.join().unwrap());
        assert_eq!((mine.allocations, mine.bytes_allocated), (1_000, 30_000));
        assert_eq!(
            (theirs.allocations, theirs.bytes_allocated),
            (1_000, 70_000)
        );
    });
}

#[test]
fn a_block_freed_elsewhere_leaves_that_thread_below_zero() {
    let block = vec![1u8; 4_096];
    let freed = thread::spawn(|| counts(|| drop(block))).join().unwrap();
    assert_eq!((freed.deallocations, freed.bytes_live), (1, -4_096));
}

#[test]
fn the_process_counts_all_threads() {
    const SIZE: usize = 8 << 20;
    let before = alloc::process_counts().unwrap();
    let held: Vec<Vec<u8>> = (0..4)
        .map(|_| thread::spawn(|| vec![1u8; SIZE]).join().unwrap())
        .collect();
    let after = alloc::process_counts().unwrap();
    let since = after.since(&before);
    assert!(since.allocations >= 4 && since.bytes_allocated >= 4 * SIZE as u64);
    // Other tests hold kibibytes at most.
    assert!(since.bytes_live >= 4 * SIZE as i64 - (1 << 20), "{since:?}");
    assert!(after.peak_bytes_live >= after.bytes_live);
    drop(held);
    let end = alloc::process_counts().unwrap();
    assert!(end.bytes_live < after.bytes_live - 3 * SIZE as i64);
    assert!(end.peak_bytes_live >= after.peak_bytes_live);
}

#[test]
fn destructors_of_thread_locals_are_counted_without_harm() {
    struct Late(Vec<u8>);
    impl Drop for Late {
        fn drop(&mut self) {
            self.0 = vec![2; 2_000];
            assert!(alloc::thread_counts().unwrap().allocations > 0);
        }
    }
    thread_local!(static LATE: Late = const { Late(Vec::new()) });
    thread::spawn(|| LATE.with(|late| assert!(late.0.is_empty())))
        .join()
        .unwrap();
}

/// Has no memory to give.
struct Exhausted;

#[allow(unsafe_code, reason = "an allocator is unsafe to declare")]
// SAFETY: null says that there is no memory, which an allocator may always say.
unsafe impl GlobalAlloc for Exhausted {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        std::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[allow(unsafe_code, reason = "an allocator is unsafe to call")]
#[test]
fn what_was_refused_does_not_count() {
    let allocator = CountingAllocator::new(Exhausted);
    let layout = Layout::new::<[u64; 4]>();
    let counts = counts(|| {
        // SAFETY: the layout has a size, and null is not used.
        assert!(unsafe { allocator.alloc(layout) }.is_null());
        // SAFETY: as above.
        assert!(unsafe { allocator.alloc_zeroed(layout) }.is_null());
    });
    assert_eq!(all(&counts), (0, 0, 0, 0, 0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn counts_agree_with_a_model(sizes in prop::collection::vec((1..500usize, any::<bool>()), 0..40)) {
        let mut held: Vec<Vec<u8>> = Vec::with_capacity(sizes.len());
        let (mut live, mut peak, mut freed) = (0i64, 0i64, 0u64);
        let counts = counts(|| {
            for &(size, free) in &sizes {
                held.push(vec![1; size]);
                live += size as i64;
                peak = peak.max(live);
                if free && let Some(block) = held.pop() {
                    live -= block.len() as i64;
                    freed += 1;
                }
            }
        });
        let bytes: usize = sizes.iter().map(|(size, _)| size).sum();
        let expect = (sizes.len() as u64, 0, freed, bytes as u64, live, peak);
        prop_assert_eq!(all(&counts), expect);
    }
}
