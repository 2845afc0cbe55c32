//! Measuring one benchmark: pair after pair of processes, until it is clear or enough.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::build::FOLDER;
use super::decide::Change;
use super::pair::{Pace, Pair};
use super::random::Random;
use crate::bench::clock::Clock;
use crate::bench::collect::Benchmark;
use crate::bench::targets::Target;
use crate::cli::RegressOptions;
use crate::process;

/// A bench binary, and what it is told by its environment.
#[derive(Clone, Debug)]
pub(super) struct Binary {
    executable: PathBuf,
    folder: PathBuf,
    settings: Vec<(&'static str, String)>,
}

impl Binary {
    pub(super) fn of(target: &Target) -> Self {
        Self {
            executable: target.executable.clone(),
            folder: target.folder.clone(),
            settings: target.settings.clone(),
        }
    }

    /// The same with an environment variable set.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }

    /// Exchanges what both are told by this variable.
    fn exchange(&mut self, other: &mut Self, name: &str) {
        let place = |it: &Self| it.settings.iter().position(|(known, _)| *known == name);
        if let (Some(ours), Some(theirs)) = (place(self), place(other)) {
            std::mem::swap(&mut self.settings[ours], &mut other.settings[theirs]);
        }
    }

    pub(super) fn command(&self) -> Command {
        let mut command = process::command(&self.executable, &self.folder);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Base and head, as they were linked together.
pub(super) type Variant = (Binary, Binary);

/// How much is done for one benchmark.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Pairs of processes: so many at least, and so many unless it is clear before.
    pub(super) pairs: (u32, u32),
    /// Turns of a pair: so few when they are long, and so many when they are not.
    pub(super) turns: (u32, u32),
    /// How long the turns of one side of a pair may take together, what is not timed counted as a quarter.
    pub(super) pair_ns: u64,
}

impl Effort {
    pub(super) const FULL: Self = Self {
        pairs: (3, 6),
        turns: (5, 20),
        pair_ns: 100_000_000,
    };
    pub(super) const QUICK: Self = Self {
        pairs: (3, 4),
        turns: (3, 10),
        pair_ns: 20_000_000,
    };

    pub(super) fn of(options: &RegressOptions) -> Self {
        if options.quick {
            Self::QUICK
        } else {
            Self::FULL
        }
    }

    /// So many pairs, and up to four times as many while it is not clear, with more turns where they are short.
    pub(super) fn again(self, pairs: u32) -> Self {
        Self {
            pairs: (pairs, 4 * pairs),
            turns: (self.turns.0, 50),
            ..self
        }
    }

    /// So many pairs are enough for what does not look serious.
    pub(super) fn usual_pairs(self) -> usize {
        2 * self.pairs.0 as usize
    }

    fn turns_at(self, pace: Pace) -> u32 {
        // A busy machine makes all take longer, and should not cost turns at once.
        let turn_ns = pace.turn_ns.max(pace.whole_ns / 4);
        let fitting = self.pair_ns / turn_ns.max(1);
        (fitting.min(u64::from(self.turns.1)) as u32).max(self.turns.0)
    }
}

/// What the pairs showed.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    pub(super) change: Change,
    pub(super) wall: Change,
    pub(super) iterations: u64,
    pub(super) pairs: usize,
    pub(super) turns: usize,
}

/// Measures a benchmark; pair follows pair through the variants. Ends early once `settled` says so, which is told
/// of the change so far and how many pairs it is of.
///
/// # Errors
/// When a process of either side fails: its side, and what it said.
pub(super) fn examine(
    benchmark: &Benchmark,
    variants: &[Variant],
    effort: Effort,
    settled: &dyn Fn(Change, usize) -> bool,
    seed: u64,
) -> Result<Measured> {
    let clock: Clock = benchmark.clock;
    let mut random = Random::new(seed);
    let mut known: Option<Pace> = None;
    let (mut deciding, mut wall) = (Vec::new(), Vec::new());
    let pairs = variants.iter().cloned().cycle();
    for (n, (mut base, mut head)) in pairs.take(effort.pairs.1 as usize).enumerate() {
        // How the files of one folder lie is no difference between the builds.
        if n % 2 == 1 {
            base.exchange(&mut head, FOLDER);
        }
        let mut pair = Pair::start(base.command(), head.command(), &benchmark.id)?;
        let pace = match known {
            Some(pace) => pace,
            None => pair.pace(clock)?,
        };
        known = Some(pace);
        let turns = pair.turns(clock, pace.iterations, effort.turns_at(pace), &mut random)?;
        deciding.push(turns.deciding);
        wall.push(turns.wall);
        let enough = deciding.len() >= effort.pairs.0 as usize;
        if enough && Change::of(&deciding).is_some_and(|change| settled(change, deciding.len())) {
            break;
        }
    }
    let of = |groups: &[Vec<f64>]| Change::of(groups).context("nothing was measured");
    Ok(Measured {
        change: of(&deciding)?,
        wall: of(&wall)?,
        iterations: known.map_or(0, |pace| pace.iterations),
        pairs: deciding.len(),
        turns: deciding.iter().map(Vec::len).sum(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_turns_are_few_and_short_ones_no_more_than_enough() {
        let turns = |turn_ns| {
            Effort::FULL.turns_at(Pace {
                iterations: 1,
                turn_ns,
                whole_ns: turn_ns,
            })
        };
        assert_eq!(
            [1, 2_000_000, 10_000_000, 1_000_000_000].map(turns),
            [20, 20, 10, 5]
        );
    }

    #[cfg(unix)]
    fn binary(folder: &std::path::Path, ns: u64) -> Binary {
        let body = format!(
            "echo ready; echo x >> pids; while read n; do echo $((n * {ns})) 0 $((n * {ns})); done"
        );
        Binary::of(&crate::bench::measure::tests::script(
            folder,
            &format!("b{ns}"),
            &body,
        ))
    }

    #[cfg(unix)]
    #[test]
    fn each_side_has_either_folder_in_every_other_pair() {
        let folder = tempfile::tempdir().unwrap();
        let body =
            format!("echo ${FOLDER} >> $SIDE; echo ready; while read n; do echo $n 0 $n; done");
        let side = |name, files| {
            let target = crate::bench::measure::tests::script(folder.path(), name, &body);
            let file = folder.path().join(format!("{name}.txt"));
            let binary = Binary::of(&target).with("SIDE", &file.display().to_string());
            (binary.with(FOLDER, files), file)
        };
        let ((base, of_base), (head, of_head)) = (side("base", "one"), side("head", "two"));
        let benchmark = Benchmark {
            id: "a/b".to_owned(),
            clock: Clock::Cpu,
        };
        examine(&benchmark, &[(base, head)], Effort::QUICK, &|_, _| false, 1).unwrap();
        let told = [of_base, of_head].map(|file| std::fs::read_to_string(file).unwrap());
        assert_eq!(told, ["one\ntwo\none\ntwo\n", "two\none\ntwo\none\n"]);
    }

    #[cfg(unix)]
    #[test]
    fn pairs_end_when_it_is_settled_and_each_is_two_new_processes() {
        let folder = tempfile::tempdir().unwrap();
        let variants = [(binary(folder.path(), 1_000), binary(folder.path(), 1_100))];
        let benchmark = Benchmark {
            id: "a/b".to_owned(),
            clock: Clock::Cpu,
        };
        let examine =
            |settled| examine(&benchmark, &variants, Effort::QUICK, &|_, _| settled, 1).unwrap();
        let (early, late) = (examine(true), examine(false));
        assert_eq!((early.pairs, late.pairs), (3, 4));
        assert!((late.change.estimate - 0.1).abs() < 1e-9 && late.change.low > 0.09);
        assert_eq!((late.iterations, late.turns), (2_000, 40));
        let started = std::fs::read_to_string(folder.path().join("pids")).unwrap();
        assert_eq!(started.lines().count(), 14);
    }
}
