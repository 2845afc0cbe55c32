//! The torture test: writers do everything that can be done to a file and to the way to it, readers in every freshness
//! mode hold what they get against what had been written when they asked.
//!
//! `AUTOEXEC_TORTURE_READS`, `AUTOEXEC_TORTURE_SEED` and `AUTOEXEC_TORTURE_SECONDS` (after which it ends early, 0 for
//! never) change what it does; `cargo xtask torture` sets them. `AUTOEXEC_TORTURE_DIR` is where the files are, in place of
//! cargo's target folder: its file system is the one that is tried. The seed decides what happens and what is asked for, not
//! how the system interleaves it: to see a violation again, run it a few times.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![allow(clippy::print_stdout, reason = "the table is what the test is for")]
#![cfg(target_os = "linux")]

#[path = "torture/happening.rs"]
mod happening;
#[path = "torture/ledger.rs"]
mod ledger;
#[path = "torture/mapped.rs"]
mod mapped;
#[path = "torture/phase.rs"]
mod phase;
#[path = "torture/reader.rs"]
mod reader;
#[path = "torture/record.rs"]
mod record;
#[path = "torture/report.rs"]
mod report;
#[path = "torture/rng.rs"]
mod rng;
#[path = "torture/site.rs"]
mod site;
#[path = "torture/world.rs"]
mod world;

use happening::HAPPENINGS;
use phase::{PHASES, Run};
use std::time::{Duration, Instant};

/// Reads of all modes together where nothing else is asked for.
const READS: u64 = 1_000_000;

/// A mode ends after this many violations.
const MOST_COMPLAINTS: usize = 8;

#[test]
fn what_is_read_was_there_between_the_call_and_its_return() {
    let reads = setting("AUTOEXEC_TORTURE_READS").unwrap_or(READS);
    let seed = setting("AUTOEXEC_TORTURE_SEED").unwrap_or(1);
    let seconds = setting("AUTOEXEC_TORTURE_SECONDS").unwrap_or(0);
    println!("seed {seed}, {reads} reads, 0 violations wanted");
    let world = world::World::new();
    let mut run = Run::new(&world, seed);
    let started = Instant::now();
    let per_phase = reads.div_ceil(PHASES.len() as u64);
    for (index, phase) in PHASES.iter().enumerate() {
        let share = Duration::from_secs(seconds) * (index as u32 + 1) / PHASES.len() as u32;
        let deadline = (seconds > 0).then(|| started + share);
        run.phase(phase, per_phase, deadline);
    }
    println!("{}", report::table(&run.rows));
    let counts: Vec<(&str, u64)> = HAPPENINGS
        .iter()
        .map(|it| it.name)
        .zip(run.happenings)
        .collect();
    println!("{}", report::happenings(&counts));
    println!("{:.1} s", started.elapsed().as_secs_f64());
    assert!(run.complaints.is_empty(), "{}", run.complaints.join("\n"));
    let made: u64 = run.rows.iter().map(report::Row::reads).sum();
    assert!(made >= reads || seconds > 0, "{made} reads");
}

fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name}={value} is no number")),
    )
}
