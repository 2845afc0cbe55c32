//! The arguments. Their help texts are the reference; `docs/development.md` tells the story.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

/// Development tasks of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
#[command(
    after_help = "Exit codes: 0 all is well; 1 a check, a test or a benchmark failed; 2 the task could not be carried out."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Run the whole gate: format, clippy, tidy, schema, all tests, docs, README commands, examples
    Test,
    /// Check what a machine should: import directions, lints, docs, links, licences
    Tidy,
    /// Write docs/workflow.schema.json from the engine's workflow model
    Schema(SchemaOptions),
    /// Run the benchmarks; print a table and write target/bench/latest.json
    Bench(BenchOptions),
    /// Let the benchmarks of two builds take turns, and fail on what became slower
    Regress(RegressOptions),
    /// Read files in every mode while everything happens to them; print a table
    Torture(TortureOptions),
    /// Read what metrics exports with the parsers of others, from PyPI (Python and, at first, a network needed)
    Parsers,
    /// Count what scenarios allocate, ask of the system, load and hit; fail where it grew
    Counts(CountsOptions),
    /// Run workflows over and over in one process; fail if memory, descriptors, threads or disk grow
    Soak(SoakOptions),
    /// Try very large inputs and many runs at once; fail where memory is not bounded or an answer is wrong
    Stress(StressOptions),
    /// Count the instructions of the same scenarios under valgrind; fail where they grew by 3 %
    Instructions(InstructionsOptions),
    /// Draw how the benchmarks went from run to run; write target/bench/trend.html
    Trend(TrendOptions),
    /// Put real regressions into the crates, one at a time, and see that the gate names each
    Seeded(SeededOptions),
}

#[derive(Debug, Args)]
pub(crate) struct SchemaOptions {
    /// Write nothing; exit with 1 when the committed schema is out of date
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BenchOptions {
    /// Only groups with a benchmark whose id contains this text, or of the bench target of this name
    pub(crate) filter: Option<String>,
    /// Measure our caches beside those that others wrote, too, and show how often each hits; writes
    /// target/bench/peers.json
    #[arg(long)]
    pub(crate) peers: bool,
    /// One pass only
    #[arg(long, conflicts_with = "passes")]
    pub(crate) quick: bool,
    /// How often every benchmark is measured; medians are taken over the passes [default: 3]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) passes: Option<u32>,
    /// Write the report to this file too
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

impl BenchOptions {
    pub(crate) fn passes(&self) -> u32 {
        if self.quick {
            1
        } else {
            self.passes.unwrap_or(3)
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RegressOptions {
    /// Only groups with a benchmark whose id contains this text, or of the bench target of this name
    pub(crate) filter: Option<String>,
    /// Compare the working tree with this commit [default: where the branch left main; on main, its last commit]
    #[arg(long, value_name = "REV")]
    pub(crate) base: Option<String>,
    /// Fewer turns: about a minute, builds aside
    #[arg(long)]
    pub(crate) quick: bool,
    /// Find what became slower by so many percent: three fifths of it are the line that an estimate must pass
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = percent)]
    pub(crate) threshold: f64,
    /// How often what seems slower is linked anew, functions in other places, before it counts
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=8))]
    pub(crate) relinks: u32,
    /// Test the gate itself: the same build twice, and builds that do more, with other processes beside them
    #[arg(long, conflicts_with_all = ["filter", "base", "quick", "threshold", "relinks"])]
    pub(crate) self_test: bool,
    /// How many rounds the self-test has
    #[arg(long, requires = "self_test", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// End the self-test after this many seconds, whatever rounds are left, builds aside
    #[arg(long, requires = "self_test", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct TortureOptions {
    /// How many reads all modes make together [default: 1000000]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) reads: Option<u64>,
    /// What happens, and what is read, follows from this number [default: 1]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// End after this many seconds, whatever is left to read
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct CountsOptions {
    /// Only scenarios whose id contains this text
    pub(crate) filter: Option<String>,
    /// Write what was counted to benches/counts/snapshot.json instead of comparing with it
    #[arg(long)]
    pub(crate) bless: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SoakOptions {
    /// For how long
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) seconds: u64,
    /// Leak this in each iteration, to see that it is found
    #[arg(long, value_name = "KIND", value_parser = ["memory", "descriptor", "thread", "disk"])]
    pub(crate) leak: Option<String>,
    /// A workflow to run in place of those of every kind
    pub(crate) workflow: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InstructionsOptions {
    /// Only scenarios whose id contains this text
    pub(crate) filter: Option<String>,
    /// Write what was counted to the snapshot of this target and compiler instead of comparing with it
    #[arg(long)]
    pub(crate) bless: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TrendOptions {
    /// Only benchmarks whose id contains this text
    pub(crate) filter: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct StressOptions {
    /// Smaller sizes, for the gate
    #[arg(long)]
    pub(crate) quick: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SeededOptions {
    /// Only the seeds of these crates, by the names of their folders [default: all]
    #[arg(value_name = "CRATE")]
    pub(crate) crates: Vec<String>,
    /// Ask the counts alone, which takes seconds a seed, builds aside; writes nothing into the documentation
    #[arg(long)]
    pub(crate) counts: bool,
    /// Measure times as `regress --quick` does
    #[arg(long, conflicts_with = "counts")]
    pub(crate) quick: bool,
}

fn percent(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err("expected a number of percent above zero".to_owned()),
    }
}

/// The names a document may write after `cargo xtask`.
pub(crate) fn task_names() -> Vec<String> {
    let command = Cli::command();
    let own = command
        .get_subcommands()
        .map(|task| task.get_name().to_owned());
    own.chain(["help".to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn task_names_are_those_of_the_arguments() {
        assert_eq!(
            task_names(),
            [
                "test",
                "tidy",
                "schema",
                "bench",
                "regress",
                "torture",
                "parsers",
                "counts",
                "soak",
                "stress",
                "instructions",
                "trend",
                "seeded",
                "help"
            ]
        );
    }

    #[test]
    fn threshold_must_be_a_positive_number() {
        assert_eq!(percent("12.5"), Ok(12.5));
        for bad in ["0", "-3", "NaN", "inf", "ten"] {
            assert!(percent(bad).is_err(), "{bad} was accepted");
        }
    }

    fn bench(arguments: &[&str]) -> BenchOptions {
        let all = [&["xtask", "bench"], arguments].concat();
        match Cli::try_parse_from(all).unwrap().task {
            Task::Bench(options) => options,
            other => panic!("parsed as {other:?}"),
        }
    }

    #[test]
    fn peers_are_measured_on_demand_and_never_by_regress() {
        assert!(!bench(&["peers_paths"]).peers);
        let asked = bench(&["--peers", "--quick", "zipf"]);
        assert!(asked.peers);
        assert_eq!(asked.filter.as_deref(), Some("zipf"));
        assert!(Cli::try_parse_from(["xtask", "regress", "--peers"]).is_err());
    }

    #[test]
    fn quick_is_one_pass_and_the_default_three() {
        let passes = |arguments| bench(arguments).passes();
        assert_eq!(passes(&[]), 3);
        assert_eq!(passes(&["--quick"]), 1);
        assert_eq!(passes(&["--passes", "7"]), 7);
        assert!(Cli::try_parse_from(["xtask", "bench", "--passes", "0"]).is_err());
    }

    #[test]
    fn a_self_test_stands_alone() {
        let parsed = |arguments: &[&str]| {
            let all = [&["xtask", "regress"], arguments].concat();
            match Cli::try_parse_from(all).map(|cli| cli.task) {
                Ok(Task::Regress(it)) => Some((it.self_test, it.rounds, it.threshold)),
                _ => None,
            }
        };
        assert_eq!(parsed(&["--self-test"]), Some((true, 100, 5.0)));
        assert_eq!(
            parsed(&["--self-test", "--rounds", "7"]),
            Some((true, 7, 5.0))
        );
        assert_eq!(
            parsed(&["--threshold", "10", "hit"]),
            Some((false, 100, 10.0))
        );
        for bad in [
            &["--rounds", "7"][..],
            &["--self-test", "--quick"],
            &["--relinks", "9"],
        ] {
            assert_eq!(parsed(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn torture_is_bounded_by_numbers_above_zero() {
        let torture = |arguments: &[&str]| {
            let all = [&["xtask", "torture"], arguments].concat();
            match Cli::try_parse_from(all).map(|cli| cli.task) {
                Ok(Task::Torture(it)) => Some((it.reads, it.seed, it.seconds)),
                _ => None,
            }
        };
        assert_eq!(torture(&[]), Some((None, None, None)));
        assert_eq!(
            torture(&["--reads", "10000000", "--seed", "0", "--seconds", "60"]),
            Some((Some(10_000_000), Some(0), Some(60)))
        );
        for bad in ["--reads=0", "--seconds=0", "--reads=many", "--seed=-1"] {
            assert_eq!(torture(&[bad]), None, "{bad}");
        }
    }
}
