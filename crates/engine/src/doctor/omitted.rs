//! What a diagnosis does not look at, and why.

use super::Machine;
use super::group::Group;
use super::model::NotLookedAt;
use super::rules::{FEWEST_READS, FEWEST_STEPS, NEWEST};
use super::trend::most_comparable;

/// What no trace shows, and what these do not.
pub(super) fn not_looked_at(groups: &[Group], machine: &Machine) -> Vec<NotLookedAt> {
    let mut all: Vec<NotLookedAt> = never().to_vec();
    all.extend(groups.iter().flat_map(of_group));
    if machine.free_memory.is_none() {
        all.push(because(
            "free memory",
            "the system does not say how much there is",
        ));
    }
    all
}

fn because(topic: &'static str, because: impl Into<String>) -> NotLookedAt {
    NotLookedAt {
        topic,
        because: because.into(),
    }
}

fn never() -> [NotLookedAt; 7] {
    [
        because(
            "memory use (above 500 MB)",
            "traces do not record it; the report of a run does, and the alert `memory-peak` watches it",
        ),
        because(
            "tokens and time over budget",
            "workflows have no budgets and estimates yet; runs are compared with earlier ones instead",
        ),
        because(
            "tokens, time and failures by complexity",
            "workflows do not say yet how complex they are: what is usual for simple ones is not for others",
        ),
        because("over-verification", "the engine verifies nothing yet"),
        because(
            "spinning or solid disks",
            "traces do not record what files are on",
        ),
        because(
            "the same command run twice by different steps",
            "traces hold no commands; those of one step are counted",
        ),
        because(
            "incremental consolidation below 5 steps",
            "documents are rendered once: there is nothing to switch off",
        ),
    ]
}

/// Rules that had too little to go by.
fn of_group(group: &Group) -> Vec<NotLookedAt> {
    let (figures, name) = (&group.figures, &group.workflow);
    let mut all = Vec::new();
    let runs = most_comparable(group);
    if runs < 2 * NEWEST {
        let why = format!(
            "`{name}` has {runs} successful runs that can be compared, and {} are needed",
            2 * NEWEST
        );
        all.push(because("slower than before", why));
    }
    let ran = super::commands::ran(group).count() as u64;
    if ran < FEWEST_STEPS {
        let why = format!("{ran} steps of `{name}` ran, and {FEWEST_STEPS} are needed");
        all.push(because("error rate", why));
    }
    let reads = figures.files.reads;
    if reads > 0 && reads < FEWEST_READS {
        let why = format!("`{name}` asked for {reads} files, and {FEWEST_READS} are needed");
        all.push(because("hit rate", why));
    }
    let asked = &figures.questions;
    if asked.asked > asked.cacheable && group.setup().prompts > 0 {
        let past = asked.asked - asked.cacheable;
        let why = format!(
            "{past} of {} questions of `{name}` went past the cache, and traces do not number those",
            asked.asked
        );
        all.push(because("repeated questions", why));
    }
    all
}
