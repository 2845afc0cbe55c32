//! Runs workflows over and over in one process, and says how much of everything the process holds meanwhile.
//!
//! `soak SECONDS [--leak KIND] [WORKFLOW]` prints a line of JSON for each sample: iterations so far, seconds, bytes in use,
//! descriptors, threads, bytes on disk. Whoever reads them judges whether something grows: `cargo xtask soak`. KIND
//! (`memory`, `descriptor`, `thread`, `disk`) makes the program leak that each time, to show that it would be found.
//!
//! Without WORKFLOW the iterations are of every kind: files change, come and go; steps fail, time out and are cancelled;
//! conversations outgrow their bounds; findings are compared with those before; vectors are saved.

mod leak;
mod sample;
mod work;

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use autoexec_metrics::alloc::CountingAllocator;

use leak::Leak;
use sample::Sampler;
use work::Work;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

/// Samples of a run, more or less.
const SAMPLES: u32 = 300;

struct Arguments {
    time: Duration,
    leak: Option<Leak>,
    workflow: Option<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = parse(std::env::args().skip(1))?;
    let folder = tempfile::tempdir()?;
    let mut work = match &arguments.workflow {
        Some(path) => Work::of(Path::new(path), folder.path())?,
        None => Work::of_every_kind(folder.path())?,
    };
    let mut sampler = Sampler::new(folder.path());
    let (start, mut due) = (Instant::now(), Duration::ZERO);
    let mut out = io::stdout().lock();
    for iteration in 1_u64.. {
        work.iterate(iteration)?;
        if let Some(leak) = &arguments.leak {
            leak.once(iteration, folder.path())?;
        }
        let elapsed = start.elapsed();
        if elapsed >= due {
            writeln!(out, "{}", sampler.sample(iteration, elapsed))?;
            due = elapsed + arguments.time / SAMPLES;
        }
        if elapsed >= arguments.time {
            break;
        }
    }
    Ok(())
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let usage = "expected SECONDS [--leak KIND] [WORKFLOW]";
    let seconds = words.next().ok_or(usage)?;
    let seconds: u64 = seconds.parse().map_err(|_| usage)?;
    let mut arguments = Arguments {
        time: Duration::from_secs(seconds),
        leak: None,
        workflow: None,
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--leak" => arguments.leak = Some(words.next().ok_or(usage)?.parse()?),
            _ if arguments.workflow.is_none() => arguments.workflow = Some(word),
            _ => return Err(usage.to_owned()),
        }
    }
    Ok(arguments)
}
