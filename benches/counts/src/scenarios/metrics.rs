//! Recording into handles that are held, and reading what was recorded.

use std::time::Duration;

use autoexec_metrics::Recorder;

use crate::run::{Run, Scenario};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "metrics/record",
        times: 10_000,
        does: "records a duration into a held timer, and counts it",
        run: record,
    },
    Scenario {
        id: "metrics/guard",
        times: 1_000,
        does: "starts and stops a held timer",
        run: guard,
    },
    Scenario {
        id: "metrics/by-name",
        times: 1_000,
        does: "asks for a timer by its name, and records",
        run: by_name,
    },
    Scenario {
        id: "metrics/snapshot-20",
        times: 10,
        does: "takes a snapshot of twenty timers of a thousand values, and prints it",
        run: snapshot,
    },
];

/// Durations of 1 to 128 µs.
fn duration(n: u64) -> Duration {
    Duration::from_nanos(1_000 + n.wrapping_mul(6_364_136_223_846_793_005) % 127_000)
}

/// A recorder whose timer `t` has all it needs.
fn warm() -> Recorder {
    let recorder = Recorder::new();
    let timer = recorder.timer("t");
    (0..1_000).for_each(|n| timer.record(duration(n)));
    recorder.counter("c").add(1);
    let _ = recorder.snapshot();
    recorder
}

fn recorded(run: &mut Run, recorder: &Recorder) {
    let summary = recorder.snapshot().timer("t");
    run.count("recorded", summary.expect("because it was warmed up").count);
}

fn record(run: &mut Run) {
    let recorder = warm();
    let (timer, counter) = (recorder.timer("t"), recorder.counter("c"));
    run.repeat(|time| {
        timer.record(duration(time));
        counter.add(1);
    });
    recorded(run, &recorder);
}

fn guard(run: &mut Run) {
    let recorder = warm();
    let timer = recorder.timer("t");
    run.repeat(|_| drop(timer.start()));
    recorded(run, &recorder);
}

fn by_name(run: &mut Run) {
    let recorder = warm();
    run.repeat(|time| recorder.timer("t").record(duration(time)));
    recorded(run, &recorder);
}

fn snapshot(run: &mut Run) {
    let recorder = Recorder::new();
    for name in 0..20 {
        let timer = recorder.timer(&format!("timer {name:02}"));
        (0..1_000).for_each(|n| timer.record(duration(n)));
    }
    let mut bytes = 0;
    run.repeat(|_| bytes += recorder.snapshot().text().len() as u64);
    run.count("bytes_printed", bytes);
}
