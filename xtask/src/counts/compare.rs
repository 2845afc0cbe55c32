//! What differs between the committed snapshot and what was counted now.

use std::collections::BTreeSet;

use super::snapshot::{Counted, Snapshot};
use super::tolerance::{CALLS, Sense, is_of_target, sense, tolerance};

/// What a difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// Spends more, or saves less.
    Worse,
    /// Does something else.
    Changed,
    /// There is nothing to compare with.
    New,
    /// It is in the snapshot alone.
    Gone,
    /// Spends less, or saves more.
    Better,
}

impl Verdict {
    pub(super) fn is_failure(self) -> bool {
        self != Self::Better
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    pub(super) scenario: String,
    /// Absent where the whole scenario is new or gone.
    pub(super) count: Option<String>,
    pub(super) before: Option<i64>,
    pub(super) now: Option<i64>,
    pub(super) verdict: Verdict,
}

#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// The worst first.
    pub(super) differences: Vec<Difference>,
    pub(super) scenarios: usize,
    /// Counts that were compared.
    pub(super) compared: usize,
    /// Of these, how many are not the same but near enough.
    pub(super) within: usize,
    /// Counts that were not, for the snapshot is of another target or nobody may trace.
    pub(super) skipped: usize,
    /// The snapshot's target, if it is another.
    pub(super) other_target: Option<String>,
}

impl Comparison {
    pub(super) fn is_good(&self) -> bool {
        !self.differences.iter().any(|it| it.verdict.is_failure())
    }
}

impl Comparison {
    /// The scenarios that would make it fail, but for those that are new or gone as a whole.
    pub(super) fn suspects(&self) -> BTreeSet<&str> {
        let counts = self.differences.iter().filter(|it| it.count.is_some());
        counts
            .filter(|it| it.verdict.is_failure())
            .map(|it| it.scenario.as_str())
            .collect()
    }
}

/// Compares all, or what the filter selects.
pub(super) fn compare(before: &Snapshot, now: &Snapshot, filter: Option<&str>) -> Comparison {
    let mut comparison = Comparison {
        scenarios: now.scenarios.len(),
        other_target: (before.target != now.target).then(|| before.target.clone()),
        ..Comparison::default()
    };
    for (id, counted) in &now.scenarios {
        match before.scenarios.get(id) {
            Some(old) if old.times == counted.times => comparison.scenario(id, old, counted),
            _ => comparison.whole(id, Verdict::New),
        }
    }
    let wanted = |id: &&String| filter.is_none_or(|text| id.contains(text));
    let gone = before.scenarios.keys().filter(wanted);
    gone.filter(|id| !now.scenarios.contains_key(*id))
        .for_each(|id| comparison.whole(id, Verdict::Gone));
    comparison.differences.sort_by_key(|it| it.verdict);
    comparison
}

impl Comparison {
    fn whole(&mut self, id: &str, verdict: Verdict) {
        self.differences.push(Difference {
            scenario: id.to_owned(),
            count: None,
            before: None,
            now: None,
            verdict,
        });
    }

    fn scenario(&mut self, id: &str, old: &Counted, new: &Counted) {
        let names: BTreeSet<&String> = old.counts.keys().chain(new.counts.keys()).collect();
        for name in names {
            self.count(id, name, old.counts.get(name), new.counts.get(name));
        }
        let (Some(old), Some(new)) = (&old.calls, &new.calls) else {
            self.skipped += usize::from(old.calls.is_some() || new.calls.is_some());
            return;
        };
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            // A call that is not listed was made as often as without the scenario.
            let value = |calls: &super::snapshot::Counts| calls.get(name).copied().unwrap_or(0);
            let (old, new) = (value(old), value(new));
            self.count(id, &format!("{CALLS}{name}"), Some(&old), Some(&new));
        }
    }

    fn count(&mut self, id: &str, name: &str, old: Option<&i64>, new: Option<&i64>) {
        if self.other_target.is_some() && is_of_target(name) {
            self.skipped += 1;
            return;
        }
        self.compared += 1;
        let verdict = match (old, new) {
            (Some(old), Some(new)) if old == new => return,
            (Some(old), Some(new)) if tolerance(id, name).allows(*old, *new) => {
                self.within += 1;
                return;
            }
            (Some(old), Some(new)) => judge(name, *old, *new),
            (None, _) => Verdict::New,
            (_, None) => Verdict::Gone,
        };
        self.differences.push(Difference {
            scenario: id.to_owned(),
            count: Some(name.to_owned()),
            before: old.copied(),
            now: new.copied(),
            verdict,
        });
    }
}

fn judge(name: &str, old: i64, new: i64) -> Verdict {
    match (sense(name), new > old) {
        (Sense::Fact, _) => Verdict::Changed,
        (Sense::Cost, true) | (Sense::Gain, false) => Verdict::Worse,
        (Sense::Cost, false) | (Sense::Gain, true) => Verdict::Better,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const HERE: &str = "x86_64-unknown-linux-gnu";

    fn snapshot(target: &str, counts: &[(&str, i64)], calls: Option<&[(&str, i64)]>) -> Snapshot {
        let owned = |pairs: &[(&str, i64)]| -> super::super::snapshot::Counts {
            pairs
                .iter()
                .map(|&(name, n)| (name.to_owned(), n))
                .collect()
        };
        let counted = Counted {
            times: 10,
            counts: owned(counts),
            calls: calls.map(owned),
        };
        Snapshot::new(
            target.to_owned(),
            BTreeMap::from([("a/b".to_owned(), counted)]),
        )
    }

    fn verdicts(before: &Snapshot, now: &Snapshot) -> Vec<(Option<String>, Verdict)> {
        let differences = compare(before, now, None).differences;
        differences
            .into_iter()
            .map(|it| (it.count, it.verdict))
            .collect()
    }

    #[test]
    fn each_way_a_count_can_differ() {
        for (name, old, new, expect) in [
            ("allocations", 10, 11, Some(Verdict::Worse)),
            ("allocations", 10, 9, Some(Verdict::Better)),
            ("allocated_bytes", 1_000, 1_010, None),
            ("allocated_bytes", 1_000, 1_011, Some(Verdict::Worse)),
            ("hits", 10, 9, Some(Verdict::Worse)),
            ("hits", 10, 11, Some(Verdict::Better)),
            ("tokens", 10, 9, Some(Verdict::Changed)),
        ] {
            let found = verdicts(
                &snapshot(HERE, &[(name, old)], None),
                &snapshot(HERE, &[(name, new)], None),
            );
            let expect: Vec<_> = expect
                .map(|it| (Some(name.to_owned()), it))
                .into_iter()
                .collect();
            assert_eq!(found, expect, "{name} {old} {new}");
        }
    }

    #[test]
    fn the_worst_comes_first_and_better_alone_is_good() {
        let before = snapshot(HERE, &[("allocations", 10), ("loads", 5)], None);
        let now = snapshot(HERE, &[("allocations", 9), ("loads", 6)], None);
        let comparison = compare(&before, &now, None);
        assert_eq!(comparison.differences[0].count.as_deref(), Some("loads"));
        assert!(!comparison.is_good());
        assert_eq!(
            comparison.suspects().into_iter().collect::<Vec<_>>(),
            ["a/b"]
        );
        let better = snapshot(HERE, &[("allocations", 9), ("loads", 5)], None);
        assert!(compare(&before, &better, None).is_good());
    }

    #[test]
    fn calls_that_stopped_or_began_are_compared_with_none() {
        let calls = |pairs| snapshot(HERE, &[], Some(pairs));
        let worse = verdicts(&calls(&[]), &calls(&[("openat", 10)]));
        assert_eq!(worse, [(Some("calls/openat".to_owned()), Verdict::Worse)]);
        let better = verdicts(&calls(&[("openat", 10)]), &calls(&[]));
        assert_eq!(better, [(Some("calls/openat".to_owned()), Verdict::Better)]);
        let untraced = compare(&calls(&[("openat", 10)]), &snapshot(HERE, &[], None), None);
        assert_eq!((untraced.skipped, untraced.is_good()), (1, true));
    }

    #[test]
    fn on_another_target_only_what_is_portable_is_compared() {
        let before = snapshot(
            "aarch64-apple-darwin",
            &[("allocations", 10), ("loads", 5)],
            None,
        );
        let now = snapshot(HERE, &[("allocations", 99), ("loads", 6)], None);
        let comparison = compare(&before, &now, None);
        assert_eq!((comparison.compared, comparison.skipped), (1, 1));
        assert_eq!(comparison.differences.len(), 1);
        assert_eq!(
            comparison.other_target.as_deref(),
            Some("aarch64-apple-darwin")
        );
    }

    #[test]
    fn scenarios_come_and_go_but_those_not_asked_for_are_not_gone() {
        let some = snapshot(HERE, &[("loads", 5)], None);
        let none = Snapshot::new(HERE.to_owned(), BTreeMap::new());
        assert_eq!(verdicts(&none, &some), [(None, Verdict::New)]);
        assert_eq!(verdicts(&some, &none), [(None, Verdict::Gone)]);
        assert!(compare(&some, &none, Some("other")).is_good());
        let mut oftener = some.clone();
        oftener.scenarios.values_mut().for_each(|it| it.times = 11);
        assert_eq!(verdicts(&some, &oftener), [(None, Verdict::New)]);
    }
}
