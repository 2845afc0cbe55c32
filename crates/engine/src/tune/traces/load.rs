//! Which traces count, and which of them are held out.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::report::RunOutcome;
use crate::trace::{self, Trace};

/// Traces from files, and those that are of no use.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Loaded {
    /// In the order of their beginnings.
    pub traces: Vec<Trace>,
    /// What was left out, with the reason, which reads after the name of the file.
    pub skipped: Vec<(PathBuf, String)>,
}

/// Reads traces. One that is broken, of another version or not whole is left out: a part of a run is not what the run took.
/// A file that is given twice counts once. O(bytes).
#[must_use]
pub fn load(paths: &[PathBuf]) -> Loaded {
    let (mut loaded, mut seen) = (Loaded::default(), HashSet::new());
    for path in paths {
        if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
            continue;
        }
        let read = trace::read(path).map_err(|e| e.to_string());
        match read.and_then(usable) {
            Ok(trace) => loaded.traces.push(trace),
            Err(why) => loaded.skipped.push((path.clone(), why)),
        }
    }
    sort(&mut loaded.traces);
    loaded
}

/// In the order of their beginnings: so their processes had them.
pub(super) fn sort(traces: &mut [Trace]) {
    traces.sort_by_key(|it| {
        let header = &it.header;
        (header.started_unix_ms, header.session, header.round)
    });
}

fn usable(trace: Trace) -> Result<Trace, String> {
    if trace.lost_bytes > 0 {
        return Err("is cut off or broken".into());
    }
    if trace.header.left_out > 0 {
        return Err("ends early: its run asked for more than a trace holds".into());
    }
    if trace.header.outcome == RunOutcome::Interrupted {
        return Err("is of a run that was interrupted".into());
    }
    if trace.steps.iter().all(|it| it.tasks.is_empty()) {
        return Err("is of a run of which no step started".into());
    }
    crate::replay::Player::new(std::slice::from_ref(&trace)).map_err(|e| e.to_string())?;
    Ok(trace)
}

/// Of each trace, in the order of their beginnings, whether it is held out: the newest processes, until they have about
/// the share of all traces. A process of far more than that is held out in part, its newest runs; one trace at least stays.
pub(super) fn held_out(traces: &[Trace], share: f64) -> Vec<bool> {
    let count = traces.len();
    let mut held = vec![false; count];
    if count < 2 || share <= 0.0 {
        return held;
    }
    let wanted = ((share * count as f64).round() as usize).clamp(1, count - 1);
    let mut so_far = 0;
    while so_far < wanted {
        let newest = held.iter().rposition(|it| !it);
        let Some(newest) = newest else { break };
        let session = traces[newest].header.session;
        let own: Vec<usize> = (0..=newest)
            .filter(|it| !held[*it] && traces[*it].header.session == session)
            .collect();
        let left = wanted - so_far;
        let is_whole = own.len() <= 2 * left && so_far + own.len() < count;
        let taken = if is_whole { own.len() } else { left };
        own.iter().rev().take(taken).for_each(|it| held[*it] = true);
        so_far += taken;
    }
    held
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tests::sample;

    #[test]
    fn the_newest_processes_are_held_out_whole_where_they_are_not_too_large() {
        let check = |sessions: &[u64], share: f64, expect: &[u8]| {
            let traces = sessions.iter().map(|session| {
                let mut trace = sample();
                trace.header.session = *session;
                trace
            });
            let held = held_out(&traces.collect::<Vec<_>>(), share);
            let held: Vec<u8> = held.into_iter().map(u8::from).collect();
            assert_eq!(held, expect, "{sessions:?}");
        };
        check(&[], 0.3, &[]);
        check(&[1], 0.3, &[0]);
        check(&[1, 2], 0.3, &[0, 1]);
        check(&[1, 2], 0.0, &[0, 0]);
        check(&[1, 2], 1.0, &[0, 1]);
        check(&[1, 1, 2, 2, 3, 3, 3], 0.3, &[0, 0, 0, 0, 1, 1, 1]);
        // One process: its newest runs.
        check(&[1, 1, 1, 1, 1, 1], 0.34, &[0, 0, 0, 0, 1, 1]);
        // The newest is far too large to be held out whole.
        check(&[1, 2, 2, 2, 2, 2, 2, 2], 0.25, &[0, 0, 0, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn what_is_not_whole_is_left_out_with_the_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let whole = sample();
        trace::write(&whole, &at("b.trace")).expect("written");
        let mut bytes = std::fs::read(at("b.trace")).expect("read");
        bytes.truncate(bytes.len() - 3);
        std::fs::write(at("cut.trace"), &bytes).expect("written");
        bytes[8] = 9;
        std::fs::write(at("version.trace"), &bytes).expect("written");
        let mut stopped = sample();
        stopped.header.outcome = RunOutcome::Interrupted;
        trace::write(&stopped, &at("stopped.trace")).expect("written");
        let mut circle = sample();
        circle.steps[0].needs = vec![1];
        trace::write(&circle, &at("circle.trace")).expect("written");
        let mut older = sample();
        older.header.started_unix_ms -= 1;
        trace::write(&older, &at("c.trace")).expect("written");
        let names = ["b", "cut", "version", "stopped", "circle", "none", "c", "b"];
        let paths: Vec<PathBuf> = names.iter().map(|it| at(&format!("{it}.trace"))).collect();
        let loaded = load(&paths);
        assert_eq!(loaded.traces, [older, whole]);
        let why: Vec<&str> = loaded.skipped.iter().map(|it| it.1.as_str()).collect();
        assert_eq!(why.len(), 5);
        for (why, expect) in why.iter().zip([
            "cut off",
            "version 9",
            "interrupted",
            "replay the trace",
            "No such file",
        ]) {
            assert!(why.contains(expect), "{why}");
        }
    }
}
