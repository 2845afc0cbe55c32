//! The harness of our benchmarks, which are one file per crate below `benches/`.
//!
//! It is small because others decide: `cargo xtask` starts the bench binaries, in two builds where
//! it compares, and tells them what to run. What a bench binary does:
//!
//! | started with | it |
//! |---|---|
//! | `--list` | writes a line per benchmark: its id, a tab, and what decides (`cpu`, `process` or `wall`) |
//! | `--turns ID` | says `ready`; for each line `N` runs N iterations and answers with nanoseconds of thread, process and wall |
//! | `--bench [TEXT…]` | measures what matches, and prints a table; with `--samples` and ids, every sample |
//! | `--check`, or nothing | checks the answers and runs each benchmark once, untimed |
//!
//! What the benchmarks have in common is a convention:
//!
//! - A file asks one question per group. Inside a group, `floor` is what physics or a bare
//!   primitive costs, measured in the same run; the others are named after what they do.
//!   `cargo xtask bench` reports each as a multiple of its group's floor. What a further floor shows
//!   is said behind `floor-`.
//! - What a group needs is prepared inside of it, so that one benchmark can be had alone and soon.
//! - A benchmark checks its own answer once before it is timed. One that is wrong panics, is
//!   reported by name, and does not keep the others from being measured.
//! - Inputs come from fixed seeds and literals, never from the machine.
//! - A group says what decides about it, if that is not the time of the thread: several threads,
//!   or waiting.

mod bencher;
mod clock;
mod folder;
mod harness;
mod padding;
mod request;
mod sampling;
mod table;
mod turns;

use std::io::{self, BufReader, Write};
use std::process::ExitCode;

pub use bencher::{BatchSize, Bencher};
pub use clock::{Clock, Stopwatch, Times};
pub use folder::made_once;
pub use harness::{Group, Harness};
#[doc(hidden)]
pub use padding::blocks;

/// Runs these functions, each of which makes groups, as the arguments say.
///
/// Exit codes: 0, 1 when a benchmark failed or is not there, 2 for arguments that are not known.
/// [`bench_main`] calls it.
pub fn run(benches: &[fn(&mut Harness<'_>)]) -> ExitCode {
    let request = match request::Request::parse(std::env::args().skip(1)) {
        Ok(request) => request,
        Err(error) => return complain(&error, 2),
    };
    let (mut input, mut out) = (BufReader::new(io::stdin()), io::stdout());
    let mut harness = Harness::new(request, &mut input, &mut out);
    for bench in benches {
        bench(&mut harness);
    }
    match harness.end() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error, 1),
    }
}

fn complain(error: &str, code: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "{error}");
    ExitCode::from(code)
}

/// The `main` of a bench binary, from the functions that make its groups.
#[macro_export]
macro_rules! bench_main {
    ($($bench:path),+ $(,)?) => {
        $crate::padded!();

        fn main() -> ::std::process::ExitCode {
            ::std::hint::black_box(padding as fn(u64) -> u64);
            $crate::run(&[$($bench),+])
        }
    };
}
