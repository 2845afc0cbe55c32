//! The numbers that a run has, which rules can be about.

use autoexec_metrics::Key;
use autoexec_metrics::alert::Statistic;

use crate::catalogue::{self, Kind, Metric};
use crate::telemetry::{OUTCOMES, RUN_OUTCOMES};

/// Metrics that rules cannot be about: what the process did since the engine was made, and what is counted only once the
/// rules were evaluated.
const NOT_OF_A_RUN: [&str; 6] = [
    "alerts",
    "cpu_time",
    "context_switches",
    "disk_io",
    "open_descriptors",
    "threads",
];

/// What a kind is called, and the numbers that it has in one run. A rate is none of them: evaluations are runs, and the time
/// between them says nothing.
pub(super) fn numbers(kind: Kind) -> (&'static str, &'static [Statistic]) {
    use Statistic::{Count, Max, Mean, P50, P95, P99, Ratio, Value};
    const VALUES: &[Statistic] = &[P50, P95, P99, Max, Mean, Count, Ratio];
    match kind {
        Kind::Timer => ("timer", VALUES),
        Kind::Histogram => ("histogram", VALUES),
        Kind::Counter => ("counter", &[Value, Ratio]),
        Kind::Gauge => ("gauge", &[Value]),
    }
}

pub(super) fn listed(words: impl Iterator<Item = impl std::fmt::Display>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// The metric of a name or key that a run measures, with labels that it has; else what is wrong.
pub(super) fn metric_of(series: &str) -> Result<&'static Metric, String> {
    let Some(key) = Key::parse(series) else {
        return Err(format!(
            "`{series}` is neither a name nor one with labels, such as `steps{{outcome=\"failed\"}}`"
        ));
    };
    let name = key.name();
    let of_runs = || {
        let all = catalogue::METRICS.iter().map(|metric| metric.name);
        listed(all.filter(|name| !NOT_OF_A_RUN.contains(name)))
    };
    let Some(metric) = catalogue::find(name) else {
        let all = of_runs();
        return Err(format!("there is no metric `{name}`; there are {all}"));
    };
    if NOT_OF_A_RUN.contains(&name) {
        let all = of_runs();
        return Err(format!("`{name}` is no figure of a run; there are {all}"));
    }
    let unknown = key
        .labels()
        .find(|(label, _)| !metric.labels.contains(label));
    match (unknown, metric.labels) {
        (None, _) => key
            .labels()
            .try_for_each(|it| known(metric, it))
            .map(|()| metric),
        (Some((label, _)), []) => Err(format!("`{name}` has no label `{label}`, nor any other")),
        (Some((label, _)), labels) => Err(format!(
            "`{name}` has no label `{label}`; it has {}",
            listed(labels.iter())
        )),
    }
}

/// Whether a label whose values are a fixed set has one of these.
fn known(metric: &Metric, (label, value): (&str, &str)) -> Result<(), String> {
    let values = match (label, metric.name) {
        ("outcome", "runs" | "run_duration") => RUN_OUTCOMES.map(|(_, it)| it).to_vec(),
        ("outcome", _) => OUTCOMES.map(|(_, it)| it).to_vec(),
        ("type", _) => vec!["input", "output"],
        _ => return Ok(()),
    };
    if values.contains(&value) {
        return Ok(());
    }
    let name = metric.name;
    let all = listed(values.iter());
    Err(format!("`{name}` has no {label} `{value}`; it has {all}"))
}

#[cfg(test)]
mod tests {
    use autoexec_metrics::Snapshot;

    use super::*;
    use crate::settings::Settings;
    use crate::telemetry::state::{Probes, add_process};

    #[test]
    fn numbers_that_no_run_has_are_refused_with_those_it_has() {
        let check = |metric: &str, keys: &str, expect: &str| {
            let text = format!("[alerts.mine]\nmetric = '{metric}'\nabove = 1\n{keys}\n");
            let error = Settings::from_toml(&text).expect_err(metric);
            let expect = format!("`alerts.mine`: {expect}");
            assert!(error.contains(&expect), "{metric} {keys}: {error}");
        };
        let times = "it has `p50`, `p95`, `p99`, `max`, `mean`, `count`, `ratio`";
        let timer = "`step_duration` is a timer, which has no";
        check(
            "step_duration",
            "",
            &format!("{timer} `value` in a run; {times}"),
        );
        check(
            "memory_peak",
            "statistic = 'p95'",
            "`memory_peak` is a gauge, which has no `p95` in a run; it has `value`",
        );
        check(
            "errors",
            "statistic = 'rate'",
            "`errors` is a counter, which has no `rate` in a run; it has `value`, `ratio`",
        );
        check(
            "errors",
            "statistic = 'ratio'\nof = 'memory_peak'",
            "`of` takes a timer, histogram or counter, and `memory_peak` is a gauge",
        );
        for name in NOT_OF_A_RUN {
            let expect = format!("`{name}` is no figure of a run; there are `run_duration`, ");
            check(name, "", &expect);
        }
        check(
            "steps{action=\"read\"}",
            "",
            "`steps` has no label `action`; it has `outcome`",
        );
        check(
            "errors{type=\"x\"}",
            "",
            "`errors` has no label `type`, nor any other",
        );
        check(
            "steps{outcome}",
            "",
            "`steps{outcome}` is neither a name nor one with labels",
        );
        check(
            "errors",
            "statistic = 'ratio'\nof = 'steps{result=\"x\"}'",
            "`steps` has no label `result`",
        );
    }

    #[test]
    fn values_that_a_label_never_has_are_refused() {
        let check = |metric: &str, expect: &str| {
            let text = format!(
                "[alerts.mine]\nmetric = '{metric}'\nstatistic = 'ratio'\nof = 'steps'\nabove = 1\n"
            );
            match Settings::from_toml(&text) {
                Ok(_) => assert_eq!(expect, "", "{metric} is valid"),
                Err(error) => assert!(
                    !expect.is_empty() && error.contains(expect),
                    "{metric}: {error}"
                ),
            }
        };
        check(
            "steps{outcome=\"fail\"}",
            "`alerts.mine`: `steps` has no outcome `fail`; it has `succeeded`, `failed`, `skipped`, `cancelled`",
        );
        check("steps{outcome=\"cancelled\"}", "");
        check(
            "runs{outcome=\"cancelled\"}",
            "it has `succeeded`, `failed`, `interrupted`",
        );
        check("run_duration{outcome=\"interrupted\"}", "");
        check("tokens{type=\"in\"}", "it has `input`, `output`");
        check("step_duration{action=\"mine\",outcome=\"failed\"}", "");
    }

    #[test]
    fn what_only_the_process_has_is_no_figure_of_a_run() {
        let mut of_process = Snapshot::default();
        add_process(&Probes::start(), &mut of_process);
        let counters = of_process.counters.keys().chain(of_process.gauges.keys());
        let names = counters.map(Key::name);
        for name in names.filter(|name| !name.starts_with("memory_")) {
            assert!(NOT_OF_A_RUN.contains(&name), "{name}");
        }
        for name in NOT_OF_A_RUN {
            assert!(catalogue::find(name).is_some(), "{name}");
        }
    }
}
