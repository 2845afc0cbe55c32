//! The bench binaries of both sides, and which of their benchmarks can be compared.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use anyhow::{Result, bail};

use super::build::{self, Source};
use super::examine::{Binary, Variant};
use super::pair;
use crate::bench::collect::Benchmark;
use crate::bench::targets::{self, Target};
use crate::out;

/// Both sides, built and listed.
pub(super) struct Sides {
    base: Vec<Target>,
    head: Vec<Target>,
    incomparable: Vec<String>,
    failures: Vec<String>,
}

/// A benchmark that both sides have.
#[derive(Clone, Debug)]
pub(super) struct Both {
    pub(super) benchmark: Benchmark,
    pub(super) base: Target,
    pub(super) head: Target,
}

impl Both {
    pub(super) fn variant(&self) -> Variant {
        (Binary::of(&self.base), Binary::of(&self.head))
    }
}

/// What is compared, and what is not.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) both: Vec<Both>,
    pub(super) new: Vec<String>,
    pub(super) removed: Vec<String>,
    /// Names of targets.
    pub(super) identical: Vec<String>,
    /// What fails in the base, and why: no fault of the working tree.
    pub(super) incomparable: Vec<String>,
    pub(super) failures: Vec<String>,
}

impl Compared {
    /// Keeps only these benchmarks.
    pub(super) fn keep(&mut self, wanted: impl Fn(&str) -> bool) {
        self.both.retain(|one| wanted(&one.benchmark.id));
    }

    /// Notes that a benchmark could not be measured.
    pub(super) fn fail(&mut self, id: &str, error: &anyhow::Error) {
        let failures = match pair::is_of_base(error) {
            true => &mut self.incomparable,
            false => &mut self.failures,
        };
        failures.push(format!("{id}: {error:#}"));
    }
}

impl Sides {
    /// Builds base and head, one after the other, and asks both what they hold.
    ///
    /// # Errors
    /// When a side does not build, or the base has no harness that takes turns.
    pub(super) fn build(sources: &[Source; 2], only: Option<&str>) -> Result<Self> {
        let [base, head] = sources;
        out::error("building the base");
        // One that the base does not have yet is new.
        let base = match only {
            Some(name) if !base.declares(name) => Vec::new(),
            _ => base.build(0, only)?,
        };
        out::error("building the working tree");
        let head = head.build(0, only)?;
        let ((base, incomparable), (head, failures)) = thread::scope(|scope| {
            let base = scope.spawn(|| list(base, "base"));
            let head = list(head, "head");
            (base.join().expect("because asking does not panic"), head)
        });
        let is_empty = |target: &Target| target.benchmarks.is_empty();
        if !base.is_empty() && base.iter().all(is_empty) {
            bail!(
                "the base has no benchmarks that take turns: it is older than this task; name a later one with `--base`"
            );
        }
        Ok(Self {
            base,
            head,
            incomparable,
            failures,
        })
    }

    /// What a filter selects of both.
    ///
    /// # Errors
    /// When it selects nothing.
    pub(super) fn compare(self, filter: Option<&str>) -> Result<Compared> {
        let mut compared = Compared {
            incomparable: self.incomparable,
            failures: self.failures,
            ..Compared::default()
        };
        let (base, head) = (
            targets::select(self.base, filter),
            targets::select(self.head, filter),
        );
        if let Some(filter) = filter.filter(|_| base.is_empty() && head.is_empty()) {
            bail!("no benchmark matches `{filter}`");
        }
        let (base, mut head) = (by_id(&base), by_id(&head));
        let mut identical: BTreeMap<String, bool> = BTreeMap::new();
        for (id, (_, base)) in base {
            let Some((benchmark, head)) = head.remove(&id) else {
                compared.removed.push(id);
                continue;
            };
            let same = *identical
                .entry(head.name.clone())
                .or_insert_with(|| build::identical(&base, &head));
            if !same {
                compared.both.push(Both {
                    benchmark,
                    base,
                    head,
                });
            }
        }
        compared.new = head.into_keys().collect();
        let same = identical.into_iter().filter(|(_, same)| *same);
        compared.identical = same.map(|(name, _)| name).collect();
        Ok(compared)
    }
}

fn list(mut targets: Vec<Target>, side: &str) -> (Vec<Target>, Vec<String>) {
    let mut failures = BTreeSet::new();
    for target in &mut targets {
        let failed = target.list().into_iter();
        failures.extend(failed.map(|failure| format!("{side}: {failure}")));
    }
    (targets, failures.into_iter().collect())
}

fn by_id(targets: &[Target]) -> BTreeMap<String, (Benchmark, Target)> {
    let of = |target: &Target| {
        let each = |one: &Benchmark| (one.id.clone(), (one.clone(), target.clone()));
        target.benchmarks.iter().map(each).collect::<Vec<_>>()
    };
    targets.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::bench::clock::Clock;
    use crate::workspace::BENCHES;

    fn target(folder: &Path, side: &str, contents: &str, ids: &[&str]) -> Target {
        let executable = folder.join(side);
        std::fs::write(&executable, contents).unwrap();
        let benchmark = |id: &&str| Benchmark {
            id: (*id).to_owned(),
            clock: Clock::Cpu,
        };
        Target {
            package: BENCHES,
            name: "t".to_owned(),
            executable,
            folder: folder.to_owned(),
            benchmarks: ids.iter().map(benchmark).collect(),
            settings: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn compared(contents: [&str; 2], filter: Option<&str>) -> Result<Compared> {
        let folder = tempfile::tempdir().unwrap();
        let sides = Sides {
            base: vec![target(
                folder.path(),
                "base",
                contents[0],
                &["g/a", "g/gone"],
            )],
            head: vec![target(
                folder.path(),
                "head",
                contents[1],
                &["g/a", "g/new", "h/b"],
            )],
            incomparable: Vec::new(),
            failures: Vec::new(),
        };
        sides.compare(filter)
    }

    #[test]
    fn new_and_removed_benchmarks_are_told_and_the_others_compared() {
        let it = compared(["one", "two"], None).unwrap();
        let both: Vec<&str> = it
            .both
            .iter()
            .map(|one| one.benchmark.id.as_str())
            .collect();
        assert_eq!(both, ["g/a"]);
        assert_eq!(
            (it.new, it.removed),
            (
                vec!["g/new".to_owned(), "h/b".to_owned()],
                vec!["g/gone".to_owned()]
            )
        );
    }

    #[test]
    fn what_fails_in_the_base_is_no_failure() {
        let mut it = Compared::default();
        let cause = || anyhow::anyhow!("it panicked");
        it.fail("g/a", &cause().context("base"));
        it.fail("g/b", &cause().context("head"));
        assert_eq!(it.incomparable, ["g/a: base: it panicked"]);
        assert_eq!(it.failures, ["g/b: head: it panicked"]);
    }

    #[test]
    fn identical_binaries_are_not_measured() {
        let it = compared(["same", "same"], None).unwrap();
        assert!(it.both.is_empty());
        assert_eq!(it.identical, ["t"]);
    }

    #[test]
    fn a_filter_that_matches_nothing_is_an_error() {
        assert!(
            compared(["one", "two"], Some("nothing"))
                .unwrap_err()
                .to_string()
                .contains("`nothing`")
        );
        assert_eq!(compared(["one", "two"], Some("h/b")).unwrap().new, ["h/b"]);
    }
}
