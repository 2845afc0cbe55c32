//! A diagnosis: what the traces of runs say about them, with the numbers behind each piece of advice.
//!
//! [`examine`] holds runs against rules and asks [replays](crate::replay) what a change would have given. It measures nothing
//! itself, and says nothing that a trace does not show; what that leaves out stands in [`Diagnosis::not_looked_at`].
//!
//! Runs are looked at by workflow. What a user has changed since, the workflow or a setting, is not held against him: only runs
//! like the newest one count, and the others serve for comparing times.

mod asked;
mod cache;
mod commands;
mod files;
mod group;
mod memory;
mod model;
mod omitted;
mod rules;
mod schedule;
#[cfg(test)]
mod tests;
mod trend;

pub use model::{
    Change, Concern, Diagnosis, Finding, LookedAt, Measured, NotLookedAt, Replay, Replayed, Rule,
    Severity, Topic, Trial, Unit,
};

use crate::settings::Settings;
use crate::trace::Trace;

use group::Group;

/// The machine on which somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Machine {
    /// Memory that could still be had, in bytes, where the system says so.
    pub free_memory: Option<u64>,
}

impl Machine {
    /// This one, at this moment.
    #[must_use]
    pub fn this() -> Self {
        Self {
            free_memory: crate::run::available_memory(),
        }
    }

    /// One with so much free memory, in bytes.
    #[must_use]
    pub fn with_free_memory(bytes: u64) -> Self {
        Self {
            free_memory: Some(bytes),
        }
    }
}

/// What the traces of runs say about them. The settings are those in force now: a change that was already made is said to be.
///
/// The same traces, settings and machine give the same diagnosis. O(accesses × log accesses), and O(accesses) for each
/// change that a replay is asked about.
#[must_use]
pub fn examine(traces: Vec<Trace>, settings: &Settings, machine: &Machine) -> Diagnosis {
    let groups = group::groups(traces);
    let mut findings: Vec<Finding> = groups.iter().flat_map(|it| of_group(it, machine)).collect();
    findings
        .iter_mut()
        .for_each(|it| already_changed(it, settings));
    findings.sort_by_key(|it| (it.severity == Severity::Note, it.concern, it.severity));
    Diagnosis {
        format: 1,
        looked_at: looked_at(&groups),
        findings,
        not_looked_at: omitted::not_looked_at(&groups, machine),
    }
}

fn of_group(group: &Group, machine: &Machine) -> Vec<Finding> {
    let mut findings = Vec::new();
    commands::examine(group, &mut findings);
    asked::examine(group, &mut findings);
    files::examine(group, &mut findings);
    cache::examine(group, machine, &mut findings);
    schedule::examine(group, &mut findings);
    trend::examine(group, &mut findings);
    memory::examine(group, machine, &mut findings);
    if trend::is_premature(group) {
        let slow = |it: &&mut Finding| it.concern == Concern::Speed;
        for finding in findings.iter_mut().filter(slow) {
            finding.severity = finding.severity.max(Severity::Hint);
        }
        findings.push(trend::premature(group));
    }
    findings
}

/// Whoever has followed an advice need not hear it as if not.
fn already_changed(finding: &mut Finding, settings: &Settings) {
    for change in &finding.changes {
        if let Some(now) = group::meanwhile(change, settings) {
            let now = model::shown(now, change.unit);
            finding.severity = finding.severity.max(Severity::Hint);
            finding.remedy += &format!("; the settings now say {now}: run it again");
        }
    }
}

fn looked_at(groups: &[Group]) -> LookedAt {
    let mut sum = LookedAt::default();
    for group in groups {
        let figures = &group.figures;
        let superseded = group.superseded.len() as u64;
        sum.traces += figures.traces + superseded;
        sum.superseded += superseded;
        let is_cut = |it: &&Trace| it.lost_bytes > 0 || it.header.left_out > 0;
        sum.incomplete += figures.incomplete;
        sum.incomplete += group.superseded.iter().filter(is_cut).count() as u64;
        sum.workflows.push(group.workflow.clone());
        sum.duration_ns += figures.duration_ns;
        sum.steps += commands::ran(group).count() as u64;
        sum.reads += figures.files.reads;
        sum.questions += figures.questions.asked;
        sum.commands += figures.commands;
    }
    sum
}

impl Finding {
    fn new(
        group: &Group,
        (topic, severity, concern): (Topic, Severity, Concern),
        rule: Rule,
        title: impl Into<String>,
        evidence: Vec<Measured>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            topic,
            severity,
            concern,
            workflow: group.workflow.clone(),
            title: title.into(),
            evidence,
            rule,
            remedy: remedy.into(),
            changes: Vec::new(),
            tune: Vec::new(),
            replayed: None,
        }
    }

    /// With settings to change, in its remedy too, what a search would try, and what a replay says of it.
    fn with_changes(mut self, group: &Group, changes: Vec<Change>) -> Self {
        let texts: Vec<String> = changes.iter().map(Change::to_string).collect();
        if !texts.is_empty() {
            let rest = std::mem::take(&mut self.remedy);
            let gap = if rest.is_empty() { "" } else { "; " };
            self.remedy = texts.join(" and ") + gap + &rest;
            self.replayed = group.replayed(&changes);
        }
        let gains = |it: &Replayed| it.after.makespan_ns < it.before.makespan_ns;
        if self.concern == Concern::Speed && self.replayed.as_ref().is_some_and(|it| !gains(it)) {
            self.severity = self.severity.max(Severity::Hint);
            self.remedy += "; by a replay that gains no time";
        }
        self.tune = changes.iter().map(Change::trial).collect();
        self.changes = changes;
        self
    }
}
