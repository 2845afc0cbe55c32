//! Sizes that nobody should need, and many runs at once, in one process.
//!
//! `stress [--quick]` does one case after the other and says in a line of JSON what came of it: its size, the most bytes that
//! the heap held above what it held before, the most that it may, and what it took. What is asserted are bytes and
//! answers, never times. A case passes if all is as it should be, or is refused with a reason that names the limit.

mod cases;
mod load;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use autoexec_metrics::alloc::{CountingAllocator, process_counts};
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

/// What a case says when it went well: what it did, in a few words.
type Done = Result<String, Box<dyn std::error::Error>>;

/// Something to be done, and the most it may hold meanwhile.
struct Case {
    name: String,
    /// Most bytes of the heap above what was held before.
    bytes_max: u64,
    work: Box<dyn FnOnce(&Runtime) -> Done>,
}

impl Case {
    fn new(
        name: impl Into<String>,
        bytes_max: u64,
        work: impl FnOnce(&Runtime) -> Done + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            bytes_max,
            work: Box::new(work),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let is_quick = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--quick") => true,
        Some(other) => return Err(format!("expected `--quick` or nothing, found `{other}`").into()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let mut out = io::stdout().lock();
    let all = cases::all(is_quick).into_iter().chain(load::all(is_quick));
    for case in all {
        writeln!(out, "{}", run(case, &runtime))?;
    }
    Ok(())
}

fn run(case: Case, runtime: &Runtime) -> serde_json::Value {
    let peak = Peak::watch();
    let start = Instant::now();
    let done = (case.work)(runtime);
    let took = start.elapsed();
    let bytes = peak.end();
    let mut line = serde_json::json!({
        "case": case.name,
        "seconds": took.as_secs_f64(),
        "bytes": bytes,
        "bytes_max": case.bytes_max,
    });
    match done {
        Ok(said) if bytes <= case.bytes_max => line["said"] = said.into(),
        Ok(said) => line["failure"] = format!("held more than it may; {said}").into(),
        Err(error) => line["failure"] = error.to_string().into(),
    }
    line
}

/// Looks every millisecond at how much the heap holds: what is held for a shorter time is not seen.
struct Peak {
    before: i64,
    stop: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<i64>,
}

fn live() -> i64 {
    let counts = process_counts();
    counts
        .expect("because this program installs the allocator that counts")
        .bytes_live
}

impl Peak {
    fn watch() -> Self {
        let (stop, stopped) = std::sync::mpsc::channel();
        let before = live();
        let thread = std::thread::spawn(move || {
            let mut most = live();
            while stopped.recv_timeout(Duration::from_millis(1)).is_err() {
                most = most.max(live());
            }
            most.max(live())
        });
        Self {
            before,
            stop,
            thread,
        }
    }

    /// The most above what was held before.
    fn end(self) -> u64 {
        let _ = self.stop.send(());
        let most = self.thread.join().expect("because it only reads numbers");
        most.saturating_sub(self.before).max(0).unsigned_abs()
    }
}
