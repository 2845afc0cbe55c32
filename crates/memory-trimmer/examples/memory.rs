//! What a history holds in memory before and after a trim, by the allocator's own counts (row 4.28).
//!
//! The public table says 1 MB for 10 messages and 500 MB for 5,000, from the process's resident size,
//! which cannot tell a history of 10 messages from nothing.
#![allow(clippy::print_stdout, reason = "an example shows its output")]
#![allow(unsafe_code, reason = "an allocator that counts is unsafe to declare")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use autoexec_memory_trimmer::{History, HistoryIndex, Message, Thresholds, ToolCall};

/// Bytes that are allocated and not freed.
static HELD: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call goes to the system's allocator as it came; only a counter is added.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A turn of a question, a call, its result and an answer, of 90 characters each.
fn message(n: usize) -> Message {
    let text = "The result shows that every reader waits while the writer holds the lock of the queue, or so.";
    match n % 4 {
        0 => Message::user(text),
        1 => Message::assistant_calls("", vec![ToolCall::new(n.to_string(), "read", "{}")]),
        2 => Message::tool((n - 1).to_string(), text),
        _ => Message::assistant(text),
    }
}

fn main() {
    println!("messages    before      each   index   kept     after  saved");
    for count in [10, 100, 1_000, 5_000] {
        let start = HELD.load(Ordering::Relaxed);
        let held = || HELD.load(Ordering::Relaxed) - start;
        let mut history: History = (0..count).map(message).collect();
        let before = held();
        let mut index = HistoryIndex::new();
        index.update(&history);
        let indexed = held() - before;
        drop(index);
        // A tenth is kept, whatever the size.
        let thresholds = Thresholds {
            max_pairs: count / 20,
            trim_threshold: 1.0,
            safe_trim_level: 0.9,
            ..Thresholds::default()
        };
        drop(history.trim(&thresholds));
        let after = held();
        println!(
            "{count:>8}  {before:>7} B  {:>5} B  {indexed:>6}  {:>5}  {after:>6} B  {:>4.0} %",
            before / count,
            history.len(),
            100.0 * (before - after) as f64 / before as f64,
        );
    }
}
