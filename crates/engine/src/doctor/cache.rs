//! The caches of files and folders: what they held, what had to be had again, and what room that would have taken.

use std::collections::{HashMap, HashSet};

use crate::document::units::grouped;
use crate::trace::{CurvePoint, Trace};

use super::Machine;
use super::files::reads;
use super::group::Group;
use super::model::{Change, Concern, Finding, Measured, Severity, Topic, Unit};
use super::rules::{FEWEST_LOADS, FEWEST_READS, HIT_RATE, PATHS, REDUNDANT, WORTH_A_CACHE};

pub(super) fn examine(group: &Group, machine: &Machine, findings: &mut Vec<Finding>) {
    // What has the same cause and the same cure is said once.
    let low = low_hit_rate(group, machine);
    match low.as_ref().map(|it| (it.changes.is_empty(), it.severity)) {
        Some((false, _)) => findings.extend(low),
        Some((true, Severity::Hint)) => findings.extend(redundant(group, machine).or(low)),
        _ => findings.extend([low, redundant(group, machine)].into_iter().flatten()),
    }
    findings.extend(paths(group));
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
    let named = |it: &CurvePoint| {
        Measured::share(
            format!("an LRU cache of {} entries hits", grouped(it.capacity)),
            it.hit_rate,
        )
    };
    evidence.extend(points.take(4).map(named));
    evidence.push(Measured::share("an LRU cache with room for all hits", best));
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
