//! One snapshot in every format.
//!
//! `cargo run -p autoexec-metrics --example formats` prints the tables; with a folder as its argument it
//! writes `report.txt`, `report.json`, `metrics.txt` (OpenMetrics), `report.html` and, with
//! `--features otlp`, `otlp.json` into it. The numbers are made from a seed and always the same.

use std::io::Write;
use std::path::Path;

use autoexec_metrics::plot::Series;
use autoexec_metrics::report::{html::Chart, openmetrics};
use autoexec_metrics::{Description, Distribution, Key, Snapshot, Unit};

fn main() -> std::io::Result<()> {
    let snapshot = snapshot();
    match std::env::args_os().nth(1) {
        Some(folder) => write(Path::new(&folder), &snapshot),
        // A closed pipe is no failure of an example.
        None => std::io::stdout()
            .write_all(snapshot.text().as_bytes())
            .or(Ok(())),
    }
}

fn write(folder: &Path, snapshot: &Snapshot) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let options = openmetrics::Options { prefix: "example_" };
    std::fs::write(folder.join("report.txt"), snapshot.text())?;
    std::fs::write(folder.join("report.json"), snapshot.json())?;
    std::fs::write(folder.join("metrics.txt"), snapshot.openmetrics(&options))?;
    std::fs::write(folder.join("report.html"), page(snapshot))?;
    #[cfg(feature = "otlp")]
    std::fs::write(folder.join("otlp.json"), request(snapshot))?;
    Ok(())
}

#[cfg(feature = "otlp")]
fn request(snapshot: &Snapshot) -> String {
    snapshot.otlp(&autoexec_metrics::report::otlp::Options {
        service: "example",
        prefix: "example.",
        start_unix_nanos: 1_750_000_000_000_000_000,
        end_unix_nanos: 1_750_000_060_000_000_000,
        operation: "chat",
    })
}

fn page(snapshot: &Snapshot) -> String {
    let mut chance = Chance(7);
    let wave = |n: u32| 40.0 + 8.0 * (f64::from(n) / 9.0).sin();
    let resident: Vec<(f64, f64)> = (0..60).map(|n| (f64::from(n), wave(n))).collect();
    let heap = resident
        .iter()
        .map(|&(time, mb)| (time, mb * 0.6 + chance.below(300) as f64 / 100.0));
    let heap: Vec<(f64, f64)> = heap.collect();
    let series = [
        Series {
            name: "resident",
            points: &resident,
        },
        Series {
            name: "allocated",
            points: &heap,
        },
    ];
    let memory = Chart {
        title: "Memory",
        x_label: "time (s)",
        y_label: "MB",
        series: &series,
    };
    snapshot.html("Metrics of an example", &[memory])
}

/// What a run might have recorded, and names that need escaping.
fn snapshot() -> Snapshot {
    let mut chance = Chance(42);
    let mut snapshot = Snapshot::default();
    for (name, unit, help) in [
        (
            "step_duration",
            Unit::Seconds,
            "How long steps took, by action and outcome.",
        ),
        (
            "model_call_duration",
            Unit::Seconds,
            "How long calls of a model took.",
        ),
        (
            "model_call_tokens",
            Unit::Tokens,
            "Tokens of each call of a model.",
        ),
        ("bytes_read", Unit::Bytes, "Bytes read from files."),
        ("memory_resident", Unit::Bytes, "Resident memory now."),
        (
            "process_cpu_time",
            Unit::Seconds,
            "CPU time of the process.",
        ),
        (
            "token_budget_use",
            Unit::Ratio,
            "Share of the token budget that is used.",
        ),
        (
            "odd \"name\"",
            Unit::Count,
            "A backslash \\, a quote \" and\na second line.",
        ),
    ] {
        let help = help.into();
        std::sync::Arc::make_mut(&mut snapshot.descriptions)
            .insert(name.into(), Description { unit, help });
    }
    for (action, typical) in [("read", 40_000), ("search", 900_000), ("ask", 700_000_000)] {
        let key = Key::new("step_duration", &[("action", action), ("outcome", "ok")]);
        snapshot
            .timers
            .insert(key, chance.spread(Unit::Seconds, 2_000, typical));
    }
    let call = [("provider", "openai"), ("model", "example-1")];
    let key = Key::new(
        "model_call_duration",
        &[call[0], call[1], ("operation", "chat")],
    );
    snapshot
        .timers
        .insert(key, chance.spread(Unit::Seconds, 500, 800_000_000));
    for (kind, typical) in [("input", 3_000), ("output", 250)] {
        let key = Key::new("model_call_tokens", &[call[0], call[1], ("type", kind)]);
        snapshot
            .histograms
            .insert(key, chance.spread(Unit::Tokens, 500, typical));
    }
    snapshot
        .counters
        .insert(Key::from("bytes_read"), 123_456_789);
    snapshot
        .counters
        .insert(Key::new("steps", &[("outcome", "ok")]), 6_000);
    snapshot
        .counters
        .insert(Key::new("odd \"name\"", &[("la-bel", "a\"b\\c\nd")]), 1);
    snapshot
        .gauges
        .insert(Key::from("memory_resident"), 43_210_752.0);
    snapshot.gauges.insert(Key::from("process_cpu_time"), 12.25);
    snapshot.gauges.insert(Key::from("token_budget_use"), 0.415);
    snapshot
}

/// A linear congruential generator (Knuth's constants): enough for an example, and the same everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        let (a, c) = (6_364_136_223_846_793_005, 1_442_695_040_888_963_407);
        self.0 = self.0.wrapping_mul(a).wrapping_add(c);
        (self.0 >> 33) % limit
    }

    /// Values around a typical one, a few of them many times greater.
    fn spread(&mut self, unit: Unit, n: usize, typical: u64) -> Distribution {
        let mut value = || {
            let bell: u64 = (0..4).map(|_| self.below(typical)).sum();
            let tail = if self.below(50) == 0 {
                1 + self.below(20)
            } else {
                1
            };
            typical / 2 + bell / 4 * tail
        };
        let values: Vec<u64> = (0..n).map(|_| value()).collect();
        Distribution::of(unit, &values)
    }
}
