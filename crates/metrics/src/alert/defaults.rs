//! The limits that published guides for such systems name.

use super::rule::{Rule, Severity, Statistic};

/// Rules over the metrics that the engine exports; a program may change or add to them.
///
/// | rule | raised when | cleared at |
/// |---|---|---|
/// | `tokens-over-budget` | `token_budget_use` > 1.2 | 1 |
/// | `time-over-estimate` | `run_time_use` > 1.5 | 1 |
/// | `error-rate` | `steps_failed` / `steps` > 5 %, of 20 steps at least | 2.5 % |
/// | `slow-steps` | 95th percentile of `step_duration` > 5 s | 4 s |
/// | `memory-utilization` | `memory_utilization` > 0.8 | 0.7 |
/// | `memory-peak` (critical) | `memory_peak` > 500 MB | 450 MB |
/// | `memory-growth` | `memory_delta` > 500 MB | 400 MB |
/// | `memory-left-behind` (info) | `memory_delta` > 100 MB | 80 MB |
/// | `low-hit-rate` (info) | `file_hits` / `file_reads` < 50 %, of 20 reads at least, twice in a row | 60 % |
/// | `slow-reads` (info) | time of `read` steps per file > 0.1 s, of 10 files at least | 0.08 s |
/// | `slow-run-of-steps` (info) | mean of `step_duration` > 0.1 s, of 20 steps at least | 0.08 s |
pub fn default_rules() -> Vec<Rule> {
    const MB: f64 = 1e6;
    let above = |name: &str, series: &str, raise_at: f64, clear_at: f64| Rule {
        clear_at,
        ..Rule::above(name, series, Statistic::Value, raise_at)
    };
    vec![
        above("tokens-over-budget", "token_budget_use", 1.2, 1.0),
        above("time-over-estimate", "run_time_use", 1.5, 1.0),
        Rule {
            statistic: Statistic::Ratio,
            of: Some("steps".to_owned()),
            at_least: 20,
            ..above("error-rate", "steps_failed", 0.05, 0.025)
        },
        Rule {
            statistic: Statistic::P95,
            ..above("slow-steps", "step_duration", 5.0, 4.0)
        },
        above("memory-utilization", "memory_utilization", 0.8, 0.7),
        Rule {
            severity: Severity::Critical,
            ..above("memory-peak", "memory_peak", 500.0 * MB, 450.0 * MB)
        },
        above("memory-growth", "memory_delta", 500.0 * MB, 400.0 * MB),
        Rule {
            severity: Severity::Info,
            ..above("memory-left-behind", "memory_delta", 100.0 * MB, 80.0 * MB)
        },
        Rule {
            of: Some("file_reads".to_owned()),
            at_least: 20,
            clear_at: 0.6,
            for_ticks: 2,
            severity: Severity::Info,
            ..Rule::below("low-hit-rate", "file_hits", Statistic::Ratio, 0.5)
        },
        Rule {
            statistic: Statistic::Ratio,
            of: Some("file_reads".to_owned()),
            at_least: 10,
            severity: Severity::Info,
            ..above("slow-reads", r#"step_duration{action="read"}"#, 0.1, 0.08)
        },
        Rule {
            statistic: Statistic::Mean,
            at_least: 20,
            severity: Severity::Info,
            ..above("slow-run-of-steps", "step_duration", 0.1, 0.08)
        },
    ]
}
