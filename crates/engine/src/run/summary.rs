//! What a run comes to: outputs, figures, the outcome.

use std::collections::BTreeMap;

use autoexec_file_cache::{Advice, FileCache, Severity as AdviceSeverity, Surroundings};
use autoexec_metrics::{MemoryProbe, Recorder};
use tokio_util::sync::CancellationToken;

use crate::report::{
    ActionReport, CacheReport, FilesReport, MemoryReport, PromptsReport, RunOutcome, StepOutcome,
    StepReport, TokensReport, rate,
};
use crate::workflow::expression::References;
use crate::workflow::model::Workflow;

use super::runner::Runner;

/// The workflow's outputs, and why some could not be had. What refers to a step that did not succeed is absent.
pub(super) fn outputs(
    workflow: &Workflow,
    runner: &Runner,
) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut all, mut errors) = (BTreeMap::new(), Vec::new());
    for (key, text) in &workflow.outputs {
        let mut refs = References::default();
        _ = refs.add_template(text);
        let succeeded = |id: &String| {
            let state = runner.steps.state(id);
            state.is_some_and(|s| s.outcome == StepOutcome::Succeeded)
        };
        if !refs.steps.iter().all(succeeded) {
            continue;
        }
        match runner.expressions.render(text, &runner.scope.value()) {
            Ok(value) => _ = all.insert(key.clone(), value),
            Err(why) => errors.push(format!("the output `{key}` cannot be had: {why}")),
        }
    }
    (all, errors)
}

pub(super) fn outcome(
    steps: &[StepReport],
    errors: &[String],
    cancel: &CancellationToken,
) -> RunOutcome {
    let failed = steps.iter().any(|s| s.outcome == StepOutcome::Failed) || !errors.is_empty();
    if failed && !cancel.is_cancelled() {
        RunOutcome::Failed
    } else if cancel.is_cancelled() && steps.iter().any(|s| s.outcome != StepOutcome::Succeeded) {
        RunOutcome::Interrupted
    } else {
        RunOutcome::Succeeded
    }
}

pub(super) fn actions(recorder: &Recorder) -> BTreeMap<String, ActionReport> {
    let timers = recorder.snapshot().timers.into_iter();
    timers
        .filter_map(|(key, recorded)| {
            let t = recorded.durations()?;
            let report = ActionReport {
                count: t.count,
                p50: t.p50,
                p95: t.p95,
                p99: t.p99,
            };
            Some((key.name().to_owned(), report))
        })
        .collect()
}

pub(super) fn files_report(
    now: &autoexec_file_cache::Stats,
    before: &autoexec_file_cache::Stats,
) -> FilesReport {
    let run = now.since(before);
    FilesReport {
        requests: run.requests,
        hits: run.hits,
        hits_proven: run.hits_proven,
        hit_rate: rate(run.hits, run.requests),
        loads: run.loads,
        bytes_read: run.bytes_loaded,
        bytes_served: run.bytes_served,
        redundant_reads_avoided: run.redundant_reads_avoided,
        redundant_reads: run.redundant_reads,
        stale: run.stale,
        evictions: run.evictions,
        resident_entries: now.resident_entries,
        resident_bytes: now.resident_bytes,
    }
}

/// What the run's figures suggest to change in the settings; see `autoexec_file_cache::advise`.
pub(super) fn advice(
    files: &FileCache,
    before: &autoexec_file_cache::Stats,
    memory: Option<&MemoryReport>,
) -> Vec<String> {
    let surroundings = Surroundings {
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        free_bytes: available_memory(),
        process_growth_bytes: memory.and_then(|m| u64::try_from(m.delta_bytes).ok()),
    };
    let run = files.stats().since(before);
    let mut advice = autoexec_file_cache::advise(&run, files.options(), &surroundings);
    // Hints are for who tunes; and one sentence says it for all that ask for the same change.
    advice.retain(|it| it.severity == AdviceSeverity::Warning);
    advice.dedup_by(|later, first| !later.changes.is_empty() && later.changes == first.changes);
    let text = |it: &Advice| in_words_of_the_settings(&it.message);
    advice.iter().map(text).collect()
}

/// The cache names its options, the user knows the settings that they come from.
fn in_words_of_the_settings(message: &str) -> String {
    let names = [
        ("max_entries", "files.entries"),
        ("max_file_bytes", "files.max_file_size"),
        ("max_bytes", "files.bytes"),
        ("workers", "files.workers"),
    ];
    let words = message.split(' ').map(|word| {
        let name = names.iter().find(|(option, _)| *option == word);
        name.map_or(word, |(_, setting)| setting)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Memory that could still be had, where the system says so.
pub(crate) fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

pub(super) fn paths_report(
    now: &autoexec_path_cache::Stats,
    before: &autoexec_path_cache::Stats,
) -> CacheReport {
    let (hits, misses) = (now.hits - before.hits, now.misses - before.misses);
    CacheReport {
        requests: hits + misses,
        hits,
        hit_rate: rate(hits, hits + misses),
    }
}

/// None when nothing was asked.
pub(super) fn prompts_report(
    now: &autoexec_store::Stats,
    before: &autoexec_store::Stats,
) -> Option<PromptsReport> {
    let (hits, misses) = (now.hits - before.hits, now.misses - before.misses);
    Some(PromptsReport {
        requests: hits + misses,
        hits,
        misses,
        coalesced: now.coalesced - before.coalesced,
        hit_rate: rate(hits, hits + misses)?,
        resident_entries: now.entries,
        resident_bytes: now.bytes,
    })
}

pub(super) fn tokens(steps: &[StepReport]) -> Option<TokensReport> {
    TokensReport::sum(steps.iter().filter_map(|s| s.tokens))
}

pub(super) fn memory(probe: MemoryProbe) -> Option<MemoryReport> {
    let used = probe.finish()?;
    Some(MemoryReport {
        start_bytes: used.start_bytes,
        end_bytes: used.end_bytes,
        delta_bytes: used.delta_bytes,
        peak_bytes: used.peak_bytes.filter(|_| used.peak_is_since_start),
    })
}
