//! The bound on bytes, held against what is really allocated.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unsafe_code, reason = "an allocator that counts")]

use autoexec_store::{Entry, Fingerprint, Options, Store};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

struct Counting;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size(), Relaxed);
        // SAFETY: as the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller's.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What entries made by `entry` take per entry and byte charged; each must be less than what it is charged.
fn check(what: &str, max_bytes: u64, count: u32, entry: impl Fn(u32) -> Entry<'static>) {
    let before = ALLOCATED.load(Relaxed);
    let options = Options {
        max_entries: 1 << 20,
        max_bytes,
        shards: Some(1),
        ..Options::default()
    };
    let store = Store::new(options).unwrap();
    // The counters of a namespace, which are there whatever it holds.
    let fixed = ALLOCATED.load(Relaxed) - before;
    assert!(fixed < 16 << 10, "{fixed}");
    for i in 0..count {
        store.insert(&i.to_le_bytes(), entry(i));
        let allocated = (ALLOCATED.load(Relaxed) - before - fixed) as u64;
        assert!(
            allocated <= max_bytes,
            "{what}: {allocated} bytes with {} entries",
            i + 1
        );
    }
    let stats = store.stats();
    assert!(stats.evictions > 0, "the bound was reached: {stats:?}");
    drop(store);
    assert_eq!(
        ALLOCATED.load(Relaxed),
        before,
        "{what}: all of it comes back"
    );
}

#[test]
fn what_is_allocated_stays_within_the_bound() {
    // The first use of a thread-local, of the test harness and the like.
    drop(Store::new(Options::default()).map(|store| store.insert("a", "b")));
    // 40 values of 9 in a store of 100 are what a public memory manager keeps all of.
    check("large", 10 << 20, 40, |_| vec![1; 900 << 10].into());
    check("embeddings", 4 << 20, 3_000, |_| vec![1; 4_096].into());
    check("empty", 4 << 20, 20_000, |_| Entry::new(""));
    check("short-lived", 4 << 20, 20_000, |i| {
        Entry::new("v").with_ttl(Duration::from_secs(u64::from(i) + 3_600))
    });
    check("tagged", 4 << 20, 20_000, |i| {
        Entry::new("v").with_tag(&i.to_string())
    });
    check("from files", 4 << 20, 20_000, |i| {
        let files = [i.to_string(), format!("{i}.rs"), format!("{i}.toml")];
        let depend = |entry: Entry<'static>, file| entry.with_file(file, Fingerprint(1));
        files.iter().fold(Entry::new("v").with_tag("t"), depend)
    });
}
