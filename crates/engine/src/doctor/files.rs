//! Files from disk: what was refused, and how fast the rest came.

use std::collections::HashMap;

use crate::replay::CostModel;
use crate::trace::{FileAnswer, FileRead, Trace, What};

use super::group::Group;
use super::model::{Change, Concern, Finding, Measured, Severity, Topic, Unit};
use super::rules::{FEWEST_LOADS, LARGE_BATCH, REFUSED, SLOW_FILES, WORKERS, WORTH_A_CHANGE};

pub(super) fn examine(group: &Group, findings: &mut Vec<Finding>) {
    findings.extend(refused(group));
    let slow = slow_batches(group);
    if slow.is_none() {
        findings.extend(few_workers(group));
    }
    findings.extend(slow);
}

fn refused(group: &Group) -> Option<Finding> {
    let files = &group.figures.files;
    if files.refused == 0 {
        return None;
    }
    let mut sizes: HashMap<u64, u64> = HashMap::new();
    for run in &group.runs {
        for read in reads(run).filter(|it| it.answer == FileAnswer::Refused) {
            sizes.insert(run.files[read.file as usize].identity, read.bytes);
        }
    }
    let share = files.refused as f64 / files.reads as f64;
    let severity = match share > REFUSED.limit {
        true => Severity::Warning,
        false => Severity::Hint,
    };
    let largest = sizes.values().copied().max().unwrap_or(0);
    let bound = group.setup().files_max_file_size;
    let evidence = vec![
        Measured::share("refused", share),
        Measured::count("reads", files.reads),
        Measured::count("of these refused", files.refused),
        Measured::count("files", sizes.len() as u64),
        Measured::bytes("largest", largest),
        Measured::bytes("files.max_file_size", bound),
    ];
    let kinds = (Topic::RefusedFiles, severity, Concern::Correctness);
    let title = "files were not looked at because they are large";
    let finding = Finding::new(group, kinds, REFUSED, title, evidence, "");
    // A step may have a limit of its own, which the settings do not reach.
    if largest <= bound {
        let remedy =
            "raise `max_file_size` of the `read` steps that refuse them, or exclude the files";
        return Some(Finding {
            remedy: remedy.into(),
            ..finding
        });
    }
    let change = Change::bytes(
        "files.max_file_size",
        bound,
        largest.checked_next_power_of_two().unwrap_or(largest),
    );
    let mut finding = finding.with_changes(group, vec![change]);
    finding.remedy +=
        "; or exclude the files, so that it is said in the workflow that they are left out";
    // A replay does not know what is in a file that was not read.
    finding.replayed = None;
    Some(finding)
}

/// The files that a run asked for, in order.
pub(super) fn reads(run: &Trace) -> impl Iterator<Item = &FileRead> {
    let batches = run.accesses.iter().filter_map(|it| match &it.what {
        What::Files(reads) => Some(reads),
        _ => None,
    });
    batches.flatten()
}

/// What was loaded, in batches that loaded something.
#[derive(Default)]
struct Loads {
    files: u64,
    bytes: u64,
    ns: u64,
    largest_batch: usize,
}

fn loads(group: &Group) -> Loads {
    let mut sum = Loads::default();
    for access in group.runs.iter().flat_map(|it| &it.accesses) {
        let What::Files(reads) = &access.what else {
            continue;
        };
        let loads = || reads.iter().filter(|it| it.answer.is_load());
        let count = loads().count();
        if count > 0 {
            sum.files += count as u64;
            sum.bytes += loads().map(|it| it.bytes).sum::<u64>();
            sum.ns += access.ns;
            sum.largest_batch = sum.largest_batch.max(count);
        }
    }
    sum
}

fn slow_batches(group: &Group) -> Option<Finding> {
    let loads = loads(group);
    let speed = loads.files as f64 * 1e9 / loads.ns.max(1) as f64;
    if loads.files < FEWEST_LOADS || speed >= SLOW_FILES.limit {
        return None;
    }
    let (cost, setup) = (CostModel::default(), group.setup());
    let from_memory = cost.load_ns * loads.files as f64 + cost.load_byte_ns * loads.bytes as f64;
    let evidence = vec![
        Measured::new("files from disk", speed, Unit::PerSecond),
        Measured::count("files", loads.files),
        Measured::bytes("their bytes", loads.bytes),
        Measured::time("their time", loads.ns),
        Measured::time(
            "from the system's page cache they would take about",
            from_memory as u64,
        ),
        Measured::count("files.workers", u64::from(setup.files_workers)),
        Measured::count("processors", u64::from(setup.processors)),
    ];
    let kinds = (Topic::SlowBatches, Severity::Warning, Concern::Speed);
    if from_memory * 2.0 > loads.ns as f64 {
        let title = "files come slowly because they are large";
        let remedy = "read less: exclude the large files, or lower `max_file_size`";
        return Some(Finding::new(
            group, kinds, SLOW_FILES, title, evidence, remedy,
        ));
    }
    let title = "files come slowly, and it is the disk that takes the time";
    let (from, to) = (u64::from(setup.files_workers), u64::from(setup.processors));
    let (changes, remedy) = match from < to {
        true => (
            vec![Change::count("files.workers", from, to)],
            "more reads at once help where the disk is no spinning one",
        ),
        false => (
            Vec::new(),
            "run it where the files are: there are as many workers as processors already",
        ),
    };
    let finding = Finding::new(group, kinds, SLOW_FILES, title, evidence, remedy);
    Some(finding.with_changes(group, changes))
}

fn few_workers(group: &Group) -> Option<Finding> {
    let (loads, setup) = (loads(group), group.setup());
    let (from, to) = (u64::from(setup.files_workers), u64::from(setup.processors));
    if loads.largest_batch <= LARGE_BATCH || to as f64 <= WORKERS.limit || from >= to {
        return None;
    }
    let evidence = vec![
        Measured::count("files from disk in one batch", loads.largest_batch as u64),
        Measured::count("files from disk", loads.files),
        Measured::time("their time", loads.ns),
        Measured::count("files.workers", from),
        Measured::count("processors", to),
    ];
    let kinds = (Topic::FewWorkers, Severity::Hint, Concern::Speed);
    let title = "large batches of files are read by few threads";
    let finding = Finding::new(
        group,
        kinds,
        WORKERS,
        title,
        evidence,
        "where the disk is no spinning one",
    );
    let finding = finding.with_changes(group, vec![Change::count("files.workers", from, to)]);
    let replayed = finding.replayed?;
    let limit = replayed.before.makespan_ns as f64 * (1.0 + WORTH_A_CHANGE) / 2.0;
    (replayed.after.makespan_ns as f64 <= limit).then_some(finding)
}
