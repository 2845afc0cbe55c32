//! What counting costs: a block of 64 bytes had and given back, counted and not, on one thread and on
//! two at a time.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]
#![allow(unsafe_code, reason = "an allocator is unsafe to call")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::thread;

use autoexec_metrics::alloc::CountingAllocator;
use autoexec_metrics::{ProcessProbe, stats};

const PAIRS: u32 = 200_000;

fn main() {
    for threads in [1, 2] {
        report(
            &format!("not counted, threads: {threads}"),
            threads,
            &System,
        );
        report(
            &format!("counted, threads: {threads}"),
            threads,
            &CountingAllocator::system(),
        );
    }
}

/// Prints the median of 21 rounds, in nanoseconds of processor time for each pair of calls.
fn report(what: &str, threads: usize, allocator: &(impl GlobalAlloc + Sync)) {
    let clock = ProcessProbe::start();
    let round = || {
        let start = clock.total().cpu()?;
        thread::scope(|scope| {
            (1..threads).for_each(|_| drop(scope.spawn(|| pairs(allocator))));
            pairs(allocator);
        });
        let taken = clock.total().cpu()?.saturating_sub(start);
        Some(taken.as_nanos() as f64 / f64::from(PAIRS) / threads as f64)
    };
    let rounds: Option<Vec<f64>> = (0..21).map(|_| round()).collect();
    match rounds.and_then(|mut rounds| stats::median(&mut rounds)) {
        Some(nanos) => println!("{nanos:>6.1} ns  {what}"),
        None => println!("   absent  {what}"),
    }
}

fn pairs(allocator: &impl GlobalAlloc) {
    let layout = Layout::new::<[u64; 8]>();
    for _ in 0..PAIRS {
        // SAFETY: the layout has a size, and the block goes back once, with the layout it came with.
        unsafe {
            let block = black_box(allocator.alloc(layout));
            assert!(!block.is_null());
            allocator.dealloc(block, layout);
        }
    }
}
