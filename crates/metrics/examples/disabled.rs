//! Records into a timer, a histogram, a counter, a gauge and through a guard, `TURNS` times, or does nothing
//! as often: what recording costs in instructions, counted from outside.
//!
//! `valgrind --tool=callgrind disabled TURNS [empty|recorder|disabled]` with two numbers of turns tells
//! the instructions of a turn. With the feature `off`, `recorder` takes what `empty` takes.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::hint::black_box;
use std::time::Duration;

use autoexec_metrics::{Counter, Gauge, Histogram, Recorder, Timer};

struct Handles {
    timer: Timer,
    histogram: Histogram,
    counter: Counter,
    gauge: Gauge,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let turns = arguments
        .next()
        .and_then(|it| it.parse().ok())
        .unwrap_or(1_000);
    let what = arguments.next().unwrap_or_else(|| "recorder".to_owned());
    let recorder = match what.as_str() {
        "disabled" => Recorder::disabled(),
        _ => Recorder::new(),
    };
    let handles = Handles {
        timer: recorder.timer("timer"),
        histogram: recorder.histogram("histogram"),
        counter: recorder.counter("counter"),
        gauge: recorder.gauge("gauge"),
    };
    match what.as_str() {
        "empty" => empty(turns),
        _ => record(turns, &handles),
    }
    let count = handles.counter.get();
    println!("{what}: {turns} turns, {count} counted");
}

#[inline(never)]
fn empty(turns: u64) {
    for turn in 0..turns {
        black_box(turn);
    }
}

#[inline(never)]
fn record(turns: u64, handles: &Handles) {
    for turn in 0..turns {
        let turn = black_box(turn);
        let _scope = handles.timer.scope();
        handles.timer.record(Duration::from_nanos(turn));
        handles.histogram.record(turn);
        handles.counter.add(turn);
        handles.gauge.set(turn as f64);
        handles.timer.time_fn(|| ());
        drop(handles.timer.start());
    }
}
