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

/// Adds what one run did, for rules that are about runs.
pub(crate) fn add_run(report: &RunReport, snapshot: &mut Snapshot) {
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
    if let Some(memory) = report.memory {
        gauge(
            snapshot,
            Key::from("memory_resident"),
            Some(memory.end_bytes as f64),
        );
        gauge(
            snapshot,
            Key::from("memory_peak"),
            memory.peak_bytes.map(|b| b as f64),
        );
    }
}

fn add_counters(snapshot: &mut Snapshot, counters: &[(&str, u64)]) {
    for &(name, count) in counters {
        snapshot.counters.insert(Key::from(name), count);
    }
}

fn add_process(probes: &Probes, snapshot: &mut Snapshot) {
    let (memory, used) = (probes.memory.finish(), probes.process.finish());
    let peak = memory.and_then(|used| used.peak_bytes.filter(|_| used.peak_is_since_start));
    let count = |n: Option<u64>| n.map(|n| n as f64);
    let seconds = |d: Option<Duration>| d.map(|d| d.as_secs_f64());
    let of = |name, label, value| Key::new(name, &[(label, value)]);
    let gauges = [
        (
            Key::from("memory_resident"),
            count(memory.map(|used| used.end_bytes)),
        ),
        (Key::from("memory_peak"), count(peak)),
        (of("cpu_time", "mode", "user"), seconds(used.cpu_user)),
        (of("cpu_time", "mode", "system"), seconds(used.cpu_system)),
        (
            of("context_switches", "kind", "voluntary"),
            count(used.voluntary_switches),
        ),
        (
            of("context_switches", "kind", "involuntary"),
            count(used.involuntary_switches),
        ),
        (
            of("disk_io", "direction", "read"),
            count(used.storage_read_bytes),
        ),
        (
            of("disk_io", "direction", "write"),
            count(used.storage_written_bytes),
        ),
        (Key::from("open_descriptors"), count(used.descriptors)),
        (Key::from("threads"), count(used.threads)),
    ];
    for (key, value) in gauges {
        gauge(snapshot, key, value);
    }
}

fn gauge(snapshot: &mut Snapshot, key: Key, value: Option<f64>) {
    if let Some(value) = value {
        snapshot.gauges.insert(key, value);
    }
}
