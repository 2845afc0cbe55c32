//! What a finding takes beyond its text, by counting what the allocator hands out.
#![allow(unsafe_code, reason = "an allocator that counts")]
#![allow(clippy::print_stdout, reason = "an example shows its output")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use autoexec_consolidator::{By, Consolidator, Finding, Format, View};

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller's layout.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's pointer and layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// 10,000 where the build is not optimised.
const FINDINGS: u32 = if cfg!(debug_assertions) {
    10_000
} else {
    100_000
};

fn main() {
    println!("bytes a finding beyond its text, of {FINDINGS}");
    println!(
        "{:>9} {:>9} {:>9} {:>14} {:>9}",
        "a step", "files", "held", "with a view", "document"
    );
    for (per_step, files) in [
        (FINDINGS, 500),
        (100, 500),
        (10, 500),
        (1, 500),
        (100, FINDINGS),
    ] {
        for by in [By::Step, By::Severity, By::File] {
            show(per_step, files, by);
        }
    }
}

fn show(per_step: u32, files: u32, by: By) {
    let start = HELD.load(Relaxed);
    let mut document = Consolidator::new();
    let mut text = 0;
    for number in 0..FINDINGS {
        let what = format!("a lock is held while the queue is drained, case {number}");
        text += what.len();
        let file = format!("crates/engine/src/module_{}.rs", number % files);
        document.add(
            number / per_step,
            Finding::new(what).at(file, number).kind("lock"),
        );
    }
    let each = |bytes: usize| bytes as f64 / f64::from(FINDINGS);
    let held = each(HELD.load(Relaxed) - start - text);
    let format = Format::Markdown;
    document.set_view(View { format, by });
    let length = document.text().len();
    let shown = each(HELD.load(Relaxed) - start - text);
    let by = format!("{by:?}");
    println!(
        "{per_step:>9} {files:>9} {held:>9.1} {shown:>6.1} {by:<8} {:>8.1}",
        each(length)
    );
}
