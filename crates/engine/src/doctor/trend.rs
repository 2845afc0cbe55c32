//! The newest runs beside earlier ones, and whether anything is to gain at all.

use crate::report::RunOutcome;
use crate::trace::{Trace, What};

use super::group::Group;
use super::model::{Concern, Finding, Measured, Rule, Severity, Topic, Unit};
use super::rules::{MORE_TOKENS, NEWEST, PREMATURE, SLOWER};

pub(super) fn examine(group: &Group, findings: &mut Vec<Finding>) {
    for is_first in [true, false] {
        findings.extend(more_tokens(group, is_first));
        findings.extend(slower(group, is_first));
    }
}

/// Successful runs of the workflow as it is, by whatever settings, the oldest first: those that began with empty caches,
/// or the others. They are not the same.
fn comparable(group: &Group, is_first: bool) -> Vec<&Trace> {
    let hash = group.newest().header.workflow_hash;
    let all = group.superseded.iter().chain(&group.runs);
    let mut runs: Vec<&Trace> = all
        .filter(|it| it.header.workflow_hash == hash)
        .filter(|it| it.header.outcome == RunOutcome::Succeeded)
        .filter(|it| (it.header.held.files == 0 && it.header.round == 1) == is_first)
        .collect();
    runs.sort_by_key(|it| (it.header.started_unix_ms, it.header.round));
    runs
}

/// How many runs can be compared at most, of which kind whatever.
pub(super) fn most_comparable(group: &Group) -> usize {
    let counts = [true, false].map(|it| comparable(group, it).len());
    counts[0].max(counts[1])
}

pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

/// Medians of the earlier and the newest runs, where the newest are above the limit. Chance is kept out by asking that each of
/// the newest is above the median of the earlier ones; of three that are no slower this is so once in eight times, beside
/// the limit.
fn worse(runs: &[&Trace], rule: Rule, of: impl Fn(&Trace) -> f64) -> Option<(f64, f64)> {
    if runs.len() < 2 * NEWEST {
        return None;
    }
    let (earlier, newest) = runs.split_at(runs.len() - NEWEST);
    let values = |runs: &[&Trace]| runs.iter().map(|it| of(it)).collect::<Vec<f64>>();
    let (before, now) = (median(values(earlier)), median(values(newest)));
    let least = values(newest).into_iter().fold(f64::INFINITY, f64::min);
    (before > 0.0 && now > before * rule.limit && least > before).then_some((before, now))
}

fn tokens(run: &Trace) -> f64 {
    let steps = run.steps.iter().filter_map(|it| it.tokens);
    steps
        .map(|(input, output)| input as f64 + output as f64)
        .sum()
}

fn reads(run: &Trace) -> f64 {
    let counts = run.accesses.iter().map(|it| match &it.what {
        What::Files(reads) => reads.len(),
        _ => 0,
    });
    counts.sum::<usize>() as f64
}

fn more_tokens(group: &Group, is_first: bool) -> Option<Finding> {
    let runs = comparable(group, is_first);
    let (before, now) = worse(&runs, MORE_TOKENS, tokens)?;
    let mut evidence = vec![
        Measured::new("tokens now", now / before, Unit::Times),
        Measured::count("median of the newest", now as u64),
        Measured::count("median before", before as u64),
    ];
    beside(&mut evidence, &runs, is_first);
    let kinds = (Topic::MoreTokens, Severity::Warning, Concern::Tokens);
    let title = "the newest runs spend more tokens than those before";
    let remedy = "see which step has grown: `trace stat` of the newest and of earlier runs; contexts grow with the files that they name";
    Some(Finding::new(
        group,
        kinds,
        MORE_TOKENS,
        title,
        evidence,
        remedy,
    ))
}

fn slower(group: &Group, is_first: bool) -> Option<Finding> {
    let runs = comparable(group, is_first);
    let duration = |it: &Trace| it.header.duration_ns as f64;
    let (before, now) = worse(&runs, SLOWER, duration)?;
    let mut evidence = vec![
        Measured::new("time now", now / before, Unit::Times),
        Measured::time("median of the newest", now as u64),
        Measured::time("median before", before as u64),
    ];
    beside(&mut evidence, &runs, is_first);
    evidence.extend(grown_most(&runs));
    let (_, newest) = runs.split_at(runs.len() - NEWEST);
    let setup = newest[0].header.setup;
    let has_changed = runs.iter().any(|it| it.header.setup != setup);
    let kinds = (Topic::Slower, Severity::Warning, Concern::Speed);
    let title = "the newest runs are slower than those before";
    let remedy = match has_changed {
        true => "their settings differ: see what was changed (`trace show`)",
        false => {
            "settings are the same: see the steps that have grown, and what else the machine does; `report --compare` puts journals side by side"
        }
    };
    Some(Finding::new(group, kinds, SLOWER, title, evidence, remedy))
}

/// How many were compared, and what they had to do.
fn beside(evidence: &mut Vec<Measured>, runs: &[&Trace], is_first: bool) {
    let (earlier, newest) = runs.split_at(runs.len() - NEWEST);
    let files = |runs: &[&Trace]| median(runs.iter().map(|it| reads(it)).collect()) as u64;
    let kind = match is_first {
        true => "runs with empty caches",
        false => "runs with filled caches",
    };
    evidence.extend([
        Measured::count(format!("newest {kind}"), newest.len() as u64),
        Measured::count(format!("earlier {kind}"), earlier.len() as u64),
        Measured::count("files asked for by the newest", files(newest)),
        Measured::count("files asked for before", files(earlier)),
    ]);
}

/// The step whose median time has grown most.
fn grown_most(runs: &[&Trace]) -> Option<Measured> {
    let (earlier, newest) = runs.split_at(runs.len() - NEWEST);
    let of = |runs: &[&Trace], id: &str| {
        let steps = runs
            .iter()
            .flat_map(|it| &it.steps)
            .filter(|it| it.id == id);
        let times = steps.filter_map(|it| it.span_ns());
        median(times.map(|(start, end)| (end - start) as f64).collect())
    };
    let steps = newest[0].steps.iter().map(|it| it.id.as_str());
    let grown = steps.map(|id| (of(newest, id) - of(earlier, id), id));
    let (ns, id) = grown.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (ns > 0.0).then(|| Measured::time(format!("step `{id}` takes longer by"), ns as u64))
}

/// Whether nobody would notice if all were faster.
pub(super) fn is_premature(group: &Group) -> bool {
    longest(group) < PREMATURE.limit as u64
}

fn longest(group: &Group) -> u64 {
    let times = group.runs.iter().map(|it| it.header.duration_ns);
    times.max().unwrap_or(0)
}

pub(super) fn premature(group: &Group) -> Finding {
    let times = group.runs.iter().map(|it| it.header.duration_ns as f64);
    let median = median(times.collect());
    let evidence = vec![
        Measured::count("runs", group.runs.len() as u64),
        Measured::time("median", median as u64),
        Measured::time("longest", longest(group)),
    ];
    let kinds = (Topic::Premature, Severity::Note, Concern::Speed);
    let title = "nothing that a user would notice is to gain in speed";
    let remedy = "leave it as it is, unless it runs very often; what is said about speed is a hint for that reason";
    Finding::new(group, kinds, PREMATURE, title, evidence, remedy)
}
