//! What a reading of the process costs, beside the one `pread` that a reading of memory is made of.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::time::Instant;

use autoexec_metrics::{MemoryProbe, ProcessProbe, Sampler, stats};

const CALLS: u32 = 1_000;

fn main() {
    floor();
    let (memory, process) = (MemoryProbe::start(), ProcessProbe::start());
    report("MemoryProbe::rss", || memory.rss().is_some());
    report("ProcessProbe::total", || process.total().cpu().is_some());
    let mut sampler = Sampler::new(1_000);
    report("Sampler::sample", || {
        sampler.sample(Instant::now());
        true
    });
    report("MemoryProbe::start", || {
        MemoryProbe::start().rss().is_some()
    });
}

#[cfg(target_os = "linux")]
fn floor() {
    use std::os::unix::fs::FileExt;
    let Ok(statm) = std::fs::File::open("/proc/self/statm") else {
        return;
    };
    let mut text = [0; 192];
    report("pread of statm", || statm.read_at(&mut text, 0).is_ok());
}

#[cfg(not(target_os = "linux"))]
fn floor() {}

/// Prints the median of 21 rounds, in nanoseconds of processor time a call, so that what else the
/// machine does counts little.
fn report(what: &str, mut call: impl FnMut() -> bool) {
    let clock = ProcessProbe::start();
    let mut round = || {
        let start = clock.total().cpu()?;
        let known = (0..CALLS).filter(|_| call()).count();
        let taken = clock.total().cpu()?.saturating_sub(start);
        (known > 0).then(|| taken.as_nanos() as f64 / f64::from(CALLS))
    };
    let rounds: Option<Vec<f64>> = (0..21).map(|_| round()).collect();
    match rounds.and_then(|mut rounds| stats::median(&mut rounds)) {
        Some(nanos) => println!("{nanos:>8.0} ns  {what}"),
        None => println!("       absent  {what}"),
    }
}
