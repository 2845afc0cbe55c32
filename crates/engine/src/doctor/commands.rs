//! Steps that fail, attempts that do not help, and commands that are run too often.

use std::collections::BTreeMap;

use crate::report::StepOutcome;
use crate::trace::{Step, What};

use super::group::Group;
use super::model::{Concern, Finding, Measured, Severity, Topic};
use super::rules::{
    ERROR_RATE, FAILING_COMMANDS, FEWEST_COMMANDS, FEWEST_RETRIES, FEWEST_STEPS, MANY_COMMANDS,
    RETRIES, SHORT_COMMANDS,
};

/// Steps that are named in a finding.
const NAMED: usize = 3;

pub(super) fn examine(group: &Group, findings: &mut Vec<Finding>) {
    findings.extend(error_rate(group));
    findings.extend(useless_retries(group));
    for (step, commands) in by_step(group) {
        findings.extend(failing(group, step, &commands));
        findings.extend(many_short(group, step, &commands));
    }
}

/// The steps of all runs that ran to an end of their own.
pub(super) fn ran(group: &Group) -> impl Iterator<Item = &Step> {
    let steps = group.runs.iter().flat_map(|it| &it.steps);
    steps.filter(|it| matches!(it.outcome, StepOutcome::Succeeded | StepOutcome::Failed))
}

fn error_rate(group: &Group) -> Option<Finding> {
    let (mut all, mut failed) = (0, 0);
    let mut by_id: BTreeMap<&str, u64> = BTreeMap::new();
    for step in ran(group) {
        all += 1;
        if step.outcome == StepOutcome::Failed {
            failed += 1;
            *by_id.entry(&step.id).or_default() += 1;
        }
    }
    let rate = failed as f64 / all.max(1) as f64;
    if all < FEWEST_STEPS || rate <= ERROR_RATE.limit {
        return None;
    }
    let mut evidence = vec![
        Measured::share("failed", rate),
        Measured::count("steps that ran", all),
        Measured::count("of these failed", failed),
    ];
    let mut most: Vec<(&str, u64)> = by_id.into_iter().collect();
    most.sort_by_key(|it| std::cmp::Reverse(it.1));
    let named = most.iter().take(NAMED);
    evidence.extend(named.map(|(id, n)| Measured::count(format!("failures of `{id}`"), *n)));
    let worst = most[0].0;
    Some(Finding::new(
        group,
        (Topic::ErrorRate, Severity::Warning, Concern::Correctness),
        ERROR_RATE,
        "steps fail too often",
        evidence,
        format!(
            "begin with step `{worst}`: the report of a run says why it failed (`run --json`, or `report` of a journal)"
        ),
    ))
}

/// Attempts beyond the first of steps with one task: of several, a trace does not tell whose they were.
fn useless_retries(group: &Group) -> Option<Finding> {
    let retried = || ran(group).filter(|it| it.tasks.len() == 1 && it.attempts > 1);
    let attempts: u64 = retried().map(|it| u64::from(it.attempts) - 1).sum();
    let has_helped = retried().any(|it| it.outcome == StepOutcome::Succeeded);
    if attempts < FEWEST_RETRIES || has_helped {
        return None;
    }
    let ns = retried().map(|it| it.tasks[0].ns).sum();
    let mut names: Vec<&str> = retried().map(|it| it.id.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.truncate(NAMED);
    let steps = retried().count() as u64;
    Some(Finding::new(
        group,
        (Topic::UselessRetries, Severity::Warning, Concern::Speed),
        RETRIES,
        "repeated attempts never helped",
        vec![
            Measured::count("attempts beyond the first", attempts),
            Measured::count("steps that had them", steps),
            Measured::count("of these succeeded", 0),
            Measured::time("time of these steps, pauses included,", ns),
        ],
        format!(
            "lower `retry` of step `{}`, or retry only what passes by itself",
            names.join("`, `")
        ),
    ))
}

/// Time and success of each command, by run.
type Commands = Vec<Vec<(u64, bool)>>;

fn by_step(group: &Group) -> BTreeMap<&str, Commands> {
    let mut all: BTreeMap<&str, Commands> = BTreeMap::new();
    for (at, run) in group.runs.iter().enumerate() {
        for access in &run.accesses {
            if let What::Command { succeeded, .. } = access.what {
                let runs = all.entry(&run.steps[access.step as usize].id).or_default();
                runs.resize(at + 1, Vec::new());
                runs[at].push((access.ns, succeeded));
            }
        }
    }
    all
}

fn failing(group: &Group, step: &str, runs: &Commands) -> Option<Finding> {
    let all: Vec<(u64, bool)> = runs.iter().flatten().copied().collect();
    let failed: Vec<u64> = all.iter().filter(|it| !it.1).map(|it| it.0).collect();
    let share = failed.len() as f64 / all.len().max(1) as f64;
    if all.len() < FEWEST_COMMANDS || share <= FAILING_COMMANDS.limit {
        return None;
    }
    Some(Finding::new(
        group,
        (
            Topic::ToolThrashing,
            Severity::Warning,
            Concern::Correctness,
        ),
        FAILING_COMMANDS,
        format!("commands of step `{step}` fail and are run again"),
        vec![
            Measured::share("failed", share),
            Measured::count("commands", all.len() as u64),
            Measured::count("of these failed", failed.len() as u64),
            Measured::time("time of those that failed", failed.iter().sum()),
        ],
        format!("find out why the command of step `{step}` fails before it is run again"),
    ))
}

fn many_short(group: &Group, step: &str, runs: &Commands) -> Option<Finding> {
    let most = runs.iter().max_by_key(|it| it.len())?;
    let mut times: Vec<u64> = most.iter().map(|it| it.0).collect();
    times.sort_unstable();
    let median = *times.get(times.len() / 2)?;
    if times.len() < MANY_COMMANDS || median as f64 >= SHORT_COMMANDS.limit {
        return None;
    }
    let total: u64 = times.iter().sum();
    let mut evidence = vec![
        Measured::count("commands in one run", times.len() as u64),
        Measured::time("half of them under", median),
        Measured::time("all of them", total),
    ];
    let runs = runs.iter().filter(|it| !it.is_empty()).count();
    evidence.push(Measured::count("runs that have them", runs as u64));
    Some(Finding::new(
        group,
        (Topic::ToolThrashing, Severity::Hint, Concern::Speed),
        SHORT_COMMANDS,
        format!("step `{step}` runs many short commands"),
        evidence,
        format!("let step `{step}` give one command all that it is to work on"),
    ))
}
