//! What is counted elsewhere and joins a snapshot when it is taken: the caches and the process.

use std::time::Duration;

use autoexec_metrics::{Key, MemoryProbe, ProcessProbe, Snapshot};

use crate::engine::Shared;
use crate::report::RunReport;

/// Probes that have been there since the engine was made.
pub(crate) struct Probes {
    memory: MemoryProbe,
    process: ProcessProbe,
}

impl Probes {
    pub(crate) fn start() -> Self {
        Self {
            memory: MemoryProbe::start(),
            process: ProcessProbe::start(),
        }
    }
}

/// Adds what the caches have counted, and what the system says of the process. What it does not say stays absent.
pub(crate) fn add_state(shared: &Shared, snapshot: &mut Snapshot) {
    let (files, paths) = (shared.files.stats(), shared.paths.stats());
    let prompts = shared.prompt_stats();
    add_counters(
        snapshot,
        &[
            ("file_reads", files.requests),
            ("file_hits", files.hits),
            ("file_loads", files.loads),
            ("disk_read", files.bytes_loaded),
            ("path_lookups", paths.hits + paths.misses),
            ("path_hits", paths.hits),
            ("prompt_requests", prompts.hits + prompts.misses),
            ("prompt_hits", prompts.hits),
        ],
    );
    add_process(&shared.probes, snapshot);
}

/// Adds what one run did, for rules that are about runs: its duration as a share of those before it, and what its report
/// says. A gauge that it has no number for is absent, whatever an earlier run or another one at the same time set it to.
pub(crate) fn add_run(report: &RunReport, share: Option<f64>, snapshot: &mut Snapshot) {
    let (files, paths) = (&report.files, &report.paths);
    let prompts = report.prompts.unwrap_or_default();
    add_counters(
        snapshot,
        &[
            ("file_reads", files.requests),
            ("file_hits", files.hits),
            ("file_loads", files.loads),
            ("disk_read", files.bytes_read),
            ("path_lookups", paths.requests),
            ("path_hits", paths.hits),
            ("prompt_requests", prompts.requests),
            ("prompt_hits", prompts.hits),
        ],
    );
    let memory = report.memory;
    let gauges = [
        ("memory_resident", memory.map(|it| it.end_bytes as f64)),
        (
            "memory_peak",
            memory.and_then(|it| it.peak_bytes).map(|n| n as f64),
        ),
        ("memory_delta", memory.map(|it| it.delta_bytes as f64)),
        ("run_time_use", share),
    ];
    snapshot.gauges.clear();
    for (name, value) in gauges {
        gauge(snapshot, Key::from(name), value);
    }
}

fn add_counters(snapshot: &mut Snapshot, counters: &[(&str, u64)]) {
    for &(name, count) in counters {
        snapshot.counters.insert(Key::from(name), count);
    }
}

pub(super) fn add_process(probes: &Probes, snapshot: &mut Snapshot) {
    let (memory, used) = (probes.memory.finish(), probes.process.finish());
    let peak = memory.and_then(|used| used.peak_bytes.filter(|_| used.peak_is_since_start));
    // Counters of time count nanoseconds.
    let nanos = |d: Option<Duration>| d.and_then(|d| u64::try_from(d.as_nanos()).ok());
    let counters = [
        ("cpu_time", "mode", "user", nanos(used.cpu_user)),
        ("cpu_time", "mode", "system", nanos(used.cpu_system)),
        (
            "context_switches",
            "kind",
            "voluntary",
            used.voluntary_switches,
        ),
        (
            "context_switches",
            "kind",
            "involuntary",
            used.involuntary_switches,
        ),
        ("disk_io", "direction", "read", used.storage_read_bytes),
        ("disk_io", "direction", "write", used.storage_written_bytes),
    ];
    for (name, label, value, count) in counters {
        if let Some(count) = count {
            snapshot
                .counters
                .insert(Key::new(name, &[(label, value)]), count);
        }
    }
    let gauges = [
        ("memory_resident", memory.map(|used| used.end_bytes)),
        ("memory_peak", peak),
        ("open_descriptors", used.descriptors),
        ("threads", used.threads),
    ];
    for (name, value) in gauges {
        gauge(snapshot, Key::from(name), value.map(|n| n as f64));
    }
}

fn gauge(snapshot: &mut Snapshot, key: Key, value: Option<f64>) {
    if let Some(value) = value {
        snapshot.gauges.insert(key, value);
    }
}
