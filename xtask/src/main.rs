//! Development tasks: `cargo xtask test | tidy | schema | bench | regress | torture | parsers | counts | seeded`.
//!
//! Exit codes: 0 all is well, 1 a check, a test or a benchmark failed, 2 the task could not
//! be carried out (bad arguments, no such commit, a build that fails).

mod bench;
mod cli;
mod counts;
mod files;
mod gate;
mod git;
mod instructions;
mod markdown;
mod marked;
mod out;
mod parsers;
mod process;
mod program;
mod regress;
mod schema;
mod seeded;
mod soak;
mod source;
mod stress;
mod tidy;
mod torture;
mod trend;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Task};

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Bad) => ExitCode::from(1),
        Err(error) => {
            out::error(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// What a task found, when it could be carried out at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Good,
    Bad,
}

fn run(task: Task) -> anyhow::Result<Outcome> {
    match task {
        Task::Test => gate::run(),
        Task::Tidy => tidy::run(),
        Task::Schema(options) => schema::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Regress(options) => regress::run(&options),
        Task::Torture(options) => torture::run(&options),
        Task::Parsers => parsers::run(),
        Task::Counts(options) => counts::run(&options),
        Task::Soak(options) => soak::run(&options),
        Task::Stress(options) => stress::run(&options),
        Task::Instructions(options) => instructions::run(&options),
        Task::Trend(options) => trend::run(&options),
        Task::Seeded(options) => seeded::run(&options),
    }
}
