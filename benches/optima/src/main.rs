//! Tables of what searches reach: `cargo run --release -p autoexec-optima`.
//!
//! Options: `--seeds N` (11), `--algorithm NAME` (auto), `--only single|constrained|many|mixed|discrete|islands`, `--noise`.
#![allow(clippy::print_stdout, reason = "a program that prints tables")]

mod constrained;
mod discrete;
mod islands;
mod many;
mod mixed;
mod single;
mod spread;

use std::process::ExitCode;

/// What the arguments say.
struct Arguments {
    seeds: u64,
    algorithm: String,
    only: Option<String>,
}

fn main() -> ExitCode {
    let arguments = match read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(what) => {
            eprintln!("{what}; see the first lines of benches/optima/src/main.rs");
            return ExitCode::from(2);
        }
    };
    let is_wanted = |part: &str| arguments.only.as_deref().is_none_or(|only| only == part);
    if is_wanted("single") {
        single::table(&arguments.algorithm, arguments.seeds);
    }
    if is_wanted("constrained") {
        constrained::table(&arguments.algorithm, arguments.seeds);
    }
    if is_wanted("many") {
        many::table(&arguments.algorithm, arguments.seeds);
    }
    if is_wanted("mixed") {
        mixed::table(&mixed::PROBLEMS, &arguments.algorithm, arguments.seeds);
    }
    if is_wanted("discrete") {
        mixed::table(&discrete::PROBLEMS, &arguments.algorithm, arguments.seeds);
    }
    if arguments.only.as_deref() == Some("islands") {
        islands::table(arguments.seeds.max(30));
    }
    ExitCode::SUCCESS
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments {
        seeds: 11,
        algorithm: "auto".into(),
        only: None,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--seeds" => {
                arguments.seeds = value()?.parse().map_err(|_| "--seeds needs a number")?;
            }
            "--algorithm" => arguments.algorithm = value()?,
            "--only" => arguments.only = Some(value()?),
            other => return Err(format!("unknown option {other}")),
        }
    }
    Ok(arguments)
}
