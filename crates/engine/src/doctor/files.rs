//! Files and folders: what the caches held, what was read again, how fast it came.

use std::collections::{HashMap, HashSet};

use crate::document::units::grouped;
use crate::replay::CostModel;
use crate::trace::{FileAnswer, Trace, What};

use super::Machine;
use super::group::Group;
use super::model::{Change, Concern, Finding, Measured, Severity, Topic, Unit};
use super::rules::{
    FEWEST_LOADS, FEWEST_READS, HIT_RATE, LARGE_BATCH, PATHS, REDUNDANT, REFUSED, SLOW_FILES,
    WORKERS, WORTH_A_CACHE, WORTH_A_CHANGE,
};

pub(super) fn examine(group: &Group, machine: &Machine, findings: &mut Vec<Finding>) {
    findings.extend(refused(group));
    // What has the same cause and the same cure is said once.
    let low = low_hit_rate(group, machine);
    match low.as_ref().map(|it| (it.changes.is_empty(), it.severity)) {
        Some((false, _)) => findings.extend(low),
        Some((true, Severity::Hint)) => findings.extend(redundant(group, machine).or(low)),
        _ => findings.extend([low, redundant(group, machine)].into_iter().flatten()),
    }
    findings.extend(paths(group));
    let slow = slow_batches(group);
    if slow.is_none() {
        findings.extend(few_workers(group));
    }
    findings.extend(slow);
}

/// What a cache needs to hold all that one process asks for: entries, and bytes with what is charged for each.
pub(super) fn needed(group: &Group) -> (u64, u64) {
    let of_session = |runs: Vec<&Trace>| {
        let mut charges: HashMap<u64, u64> = HashMap::new();
        for file in runs
            .iter()
            .flat_map(|it| &it.files)
            .filter(|it| it.bytes > 0)
        {
            let overhead = autoexec_file_cache::ENTRY_OVERHEAD + u64::from(file.name_bytes);
            charges.insert(file.identity, file.bytes.saturating_add(overhead));
        }
        (charges.len() as u64, charges.values().sum::<u64>())
    };
    let sessions = group.sessions().into_iter().map(of_session);
    sessions.fold((0, 0), |most, it| (most.0.max(it.0), most.1.max(it.1)))
}

/// A round number above: shards fill unevenly, and working sets grow.
fn roomy(needed: u64) -> u64 {
    needed
        .saturating_add(needed / 4)
        .checked_next_power_of_two()
        .unwrap_or(needed)
}

/// The bounds of the cache that are below what is asked for.
fn larger_cache(group: &Group) -> Vec<Change> {
    let ((entries, bytes), setup) = (needed(group), group.setup());
    let mut changes = Vec::new();
    if entries > setup.files_entries {
        changes.push(Change::count(
            "files.entries",
            setup.files_entries,
            roomy(entries),
        ));
    }
    if bytes > setup.files_bytes {
        changes.push(Change::bytes(
            "files.bytes",
            setup.files_bytes,
            roomy(bytes),
        ));
    }
    changes
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
    let change = Change::bytes("files.max_file_size", bound, largest.next_power_of_two());
    let mut finding = finding.with_changes(group, vec![change]);
    finding.remedy +=
        "; or exclude the files, so that it is said in the workflow that they are left out";
    // A replay does not know what is in a file that was not read.
    finding.replayed = None;
    Some(finding)
}

fn reads(run: &Trace) -> impl Iterator<Item = &crate::trace::FileRead> {
    let batches = run.accesses.iter().filter_map(|it| match &it.what {
        What::Files(reads) => Some(reads),
        _ => None,
    });
    batches.flatten()
}

fn low_hit_rate(group: &Group, machine: &Machine) -> Option<Finding> {
    let files = &group.figures.files;
    let rate = files.hit_rate.filter(|it| *it < HIT_RATE.limit)?;
    if files.reads < FEWEST_READS {
        return None;
    }
    let best = files.by_entries.last().map_or(0.0, |it| it.hit_rate);
    let evidence = hits_evidence(group, rate, best);
    let finding = |severity, title: &str, remedy: &str| {
        let kinds = (Topic::LowHitRate, severity, Concern::Speed);
        Finding::new(group, kinds, HIT_RATE, title, evidence.clone(), remedy)
    };
    if best < rate + WORTH_A_CACHE {
        return Some(finding(
            Severity::Note,
            "few files come from the cache, and no cache would change that: most are asked for once",
            "nothing in the settings; runs that share a process (`run --repeat`) find what the first has read",
        ));
    }
    let changes = larger_cache(group);
    if changes.is_empty() {
        return Some(finding(
            Severity::Hint,
            "few files come from the cache, though it has room for all",
            "see whether something writes to the files while the run goes on, and whether single files are too large to be kept",
        ));
    }
    let small = finding(Severity::Warning, "the file cache is too small", "");
    Some(in_memory(small.with_changes(group, changes), machine))
}

/// The rate, and what a cache that drops the least recently used would have hit at each capacity.
fn hits_evidence(group: &Group, rate: f64, best: f64) -> Vec<Measured> {
    let (files, setup) = (&group.figures.files, group.setup());
    let (entries, bytes) = needed(group);
    let mut evidence = vec![
        Measured::share("hit rate", rate),
        Measured::count("reads", files.reads),
        Measured::count("files", files.distinct),
        Measured::count("files.entries", setup.files_entries),
        Measured::bytes("files.bytes", setup.files_bytes),
        Measured::count("entries that one process needs", entries),
        Measured::bytes("bytes that one process needs", bytes),
        Measured::count("files read again in one process", files.redundant_loads),
    ];
    let curve = files.by_entries.iter();
    let points = curve.filter(|it| it.capacity >= setup.files_entries.min(entries));
    let named = |it: &crate::trace::CurvePoint| {
        Measured::share(
            format!("of {} entries, least recently used,", grouped(it.capacity)),
            it.hit_rate,
        )
    };
    evidence.extend(points.take(4).map(named));
    evidence.push(Measured::share("with room for all", best));
    evidence
}

/// More than the machine has to give is no advice.
fn in_memory(mut finding: Finding, machine: &Machine) -> Finding {
    let wanted = finding.changes.iter().find(|it| it.unit == Unit::Bytes);
    if let (Some(change), Some(free)) = (wanted, machine.free_memory) {
        finding
            .evidence
            .push(Measured::bytes("free memory now", free));
        if change.to > free {
            finding.severity = Severity::Hint;
            finding.remedy +=
                "; there is less free memory than that now, so only on a larger machine";
        }
    }
    finding
}

/// The same file from disk twice in one run.
fn redundant(group: &Group, machine: &Machine) -> Option<Finding> {
    let loads = group.figures.files.loads;
    let again: u64 = group.runs.iter().map(loaded_again).sum();
    let share = again as f64 / loads.max(1) as f64;
    if again < FEWEST_LOADS || share <= REDUNDANT.limit {
        return None;
    }
    let (entries, bytes) = needed(group);
    let evidence = vec![
        Measured::share("loaded again", share),
        Measured::count("loads", loads),
        Measured::count("of these again in the same run", again),
        Measured::count("of all loads not kept", group.figures.files.uncached),
        Measured::count("entries that one process needs", entries),
        Measured::bytes("bytes that one process needs", bytes),
    ];
    let kinds = (Topic::RedundantLoads, Severity::Warning, Concern::Speed);
    let title = "the same files are read from disk twice in one run";
    let changes = larger_cache(group);
    let remedy = match changes.is_empty() {
        true => {
            "the cache has room for all: see whether something writes to the files while the run goes on, and whether single files are too large to be kept"
        }
        false => "",
    };
    let finding = Finding::new(group, kinds, REDUNDANT, title, evidence, remedy);
    Some(in_memory(finding.with_changes(group, changes), machine))
}

fn loaded_again(run: &Trace) -> u64 {
    let mut seen = HashSet::new();
    let loads = reads(run).filter(|it| it.answer.is_load());
    loads.filter(|it| !seen.insert(it.file)).count() as u64
}

fn paths(group: &Group) -> Option<Finding> {
    let figures = &group.figures;
    let distinct = |runs: Vec<&Trace>| {
        let paths = runs.iter().flat_map(|it| &it.paths);
        paths.map(|it| it.identity).collect::<HashSet<_>>().len() as u64
    };
    let by_session: Vec<u64> = group.sessions().into_iter().map(distinct).collect();
    let most = by_session.iter().copied().max().unwrap_or(0);
    let misses = figures.path_lookups - figures.path_hits;
    let again = misses.saturating_sub(by_session.iter().sum());
    let share = again as f64 / figures.path_lookups.max(1) as f64;
    let bound = group.setup().paths_entries;
    if figures.path_lookups < FEWEST_READS || share <= PATHS.limit || most <= bound {
        return None;
    }
    let evidence = vec![
        Measured::share("resolved again", share),
        Measured::count("look-ups", figures.path_lookups),
        Measured::count("of these again", again),
        Measured::count("folders that one process needs", most),
        Measured::count("paths.entries", bound),
    ];
    let kinds = (Topic::PathThrashing, Severity::Warning, Concern::Speed);
    let finding = Finding::new(
        group,
        kinds,
        PATHS,
        "the path cache is too small",
        evidence,
        "",
    );
    let change = Change::count("paths.entries", bound, roomy(most));
    Some(finding.with_changes(group, vec![change]))
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
