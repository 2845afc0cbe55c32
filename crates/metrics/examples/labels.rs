//! Requests of two kinds at a fixed pace, one of which stalls: labels, pacing, a mark and a window.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::time::{Duration, Instant};

use autoexec_metrics::{Recorder, Unit, Window};

const PACE: Duration = Duration::from_millis(10);

fn main() {
    let recorder = Recorder::new();
    recorder.describe("answer", Unit::Bytes, "Size of the answers.");
    let reads = recorder.timer_with("request", &[("kind", "read")]);
    let paced = recorder.timer_with("request", &[("kind", "read, paced")]);
    let answers = recorder.histogram_with("answer", &[("kind", "read")]);

    // The hours of this program are made up, so that it prints the same each time.
    let start = Instant::now();
    let mut window = Window::new(Duration::from_secs(60), 6);
    let mut mark = recorder.mark();
    for n in 0..1_000u32 {
        let took = Duration::from_millis(if n == 500 { 5_000 } else { 1 });
        reads.record(took);
        paced.record_paced(took, PACE);
        answers.record(u64::from(n));
        if n % 100 == 0 {
            window.tick(&recorder, start + Duration::from_secs(n.into()));
        }
        if n == 900 {
            mark = recorder.mark();
        }
    }
    let end = start + Duration::from_secs(1_000);
    window.tick(&recorder, end);

    println!(
        "all, and what waited for the stall:\n{}",
        recorder.snapshot().text()
    );
    println!("since the mark:\n{}", recorder.since(&mark).text());
    println!("within the window:\n{}", window.snapshot(end).text());
}
