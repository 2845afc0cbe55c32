//! The metrics that an [`Engine`](crate::Engine) exports, each with its unit and labels: what a dashboard or an alert may
//! refer to.

use autoexec_metrics::Unit;

/// One name, and what its series are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// The name in a snapshot; an exporter appends unit and `_total`.
    pub name: &'static str,
    /// What kind of numbers it has.
    pub kind: Kind,
    /// In what they are.
    pub unit: Unit,
    /// The labels of its series.
    pub labels: &'static [&'static str],
    /// One sentence for people.
    pub help: &'static str,
}

/// A kind of metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Durations, with percentiles.
    Timer,
    /// Sizes, with percentiles.
    Histogram,
    /// Only goes up.
    Counter,
    /// Is what it was set to last.
    Gauge,
}

const fn metric(
    name: &'static str,
    kind: Kind,
    unit: Unit,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric {
        name,
        kind,
        unit,
        labels,
        help,
    }
}

/// All of them.
#[rustfmt::skip]
pub const METRICS: &[Metric] = &[
    metric("run_duration", Kind::Timer, Unit::Seconds, &["outcome"], "Runs, from start to end."),
    metric("step_duration", Kind::Timer, Unit::Seconds, &["action", "outcome"], "Steps that ran, from their first task's start to their end."),
    metric("model_call_duration", Kind::Timer, Unit::Seconds, &["provider", "model", "operation"], "Calls of providers; answers from the cache are none."),
    metric("model_call_tokens", Kind::Histogram, Unit::Tokens, &["provider", "model", "operation", "type"], "Tokens of a call, in and out."),
    metric("runs", Kind::Counter, Unit::Count, &["outcome"], "Runs that ended."),
    metric("steps", Kind::Counter, Unit::Count, &["outcome"], "Steps that ended, were skipped or cancelled."),
    metric("errors", Kind::Counter, Unit::Count, &[], "Attempts of steps that failed."),
    metric("errors_recovered", Kind::Counter, Unit::Count, &[], "Of these, those after which a later attempt succeeded."),
    metric("tokens", Kind::Counter, Unit::Tokens, &["type"], "Tokens of steps, in and out; answers from the cache cost none."),
    metric("alerts", Kind::Counter, Unit::Count, &["severity"], "Alerts that were raised."),
    metric("file_reads", Kind::Counter, Unit::Count, &[], "Files asked of the file cache."),
    metric("file_hits", Kind::Counter, Unit::Count, &[], "Of these, served without reading the file."),
    metric("file_loads", Kind::Counter, Unit::Count, &[], "Of these, read from disk."),
    metric("disk_read", Kind::Counter, Unit::Bytes, &[], "Bytes of files read from disk."),
    metric("path_lookups", Kind::Counter, Unit::Count, &[], "Paths asked of the path cache."),
    metric("path_hits", Kind::Counter, Unit::Count, &[], "Of these, found and still true."),
    metric("prompt_requests", Kind::Counter, Unit::Count, &[], "Questions that the cache of answers could hold."),
    metric("prompt_hits", Kind::Counter, Unit::Count, &[], "Of these, answered from it."),
    metric("memory_resident", Kind::Gauge, Unit::Bytes, &[], "Resident memory of the process."),
    metric("memory_peak", Kind::Gauge, Unit::Bytes, &[], "The most resident memory since the engine was made, or in a run; where the kernel tells."),
    metric("memory_delta", Kind::Gauge, Unit::Bytes, &[], "By how much the last run changed resident memory."),
    metric("run_time_use", Kind::Gauge, Unit::Ratio, &[], "Duration of the last run as a share of the mean of up to ten earlier ones of its workflow in this process."),
    metric("cpu_time", Kind::Counter, Unit::Seconds, &["mode"], "Processor time of the process since the engine was made."),
    metric("context_switches", Kind::Counter, Unit::Count, &["kind"], "Context switches of the process since the engine was made."),
    metric("disk_io", Kind::Counter, Unit::Bytes, &["direction"], "Bytes that the process had the system fetch from, or send to, storage since the engine was made."),
    metric("open_descriptors", Kind::Gauge, Unit::Count, &[], "Open file descriptors of the process."),
    metric("threads", Kind::Gauge, Unit::Count, &[], "Threads of the process."),
];

/// The metric of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_snake_case_and_are_given_once() {
        for (n, metric) in METRICS.iter().enumerate() {
            let name = metric.name;
            assert!(
                name.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
                "{name}"
            );
            assert!(
                METRICS[..n].iter().all(|other| other.name != name),
                "{name} is given twice"
            );
            assert!(metric.help.ends_with('.'), "{name}");
        }
    }
}
