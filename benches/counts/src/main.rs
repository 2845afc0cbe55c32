//! What a scenario costs, in counts that noise does not move.
//!
//! - `counts --list`: one line per scenario: its id, a tab, how often it is usually done, a tab, what it does.
//! - `counts SCENARIO TIMES`: does it so often, and says in one line of JSON what was counted meanwhile.
//!
//! Whoever starts this program may count more: the system calls of the process, its instructions. What the scenario
//! itself costs is then the difference between doing it TIMES times and not at all, for everything around it (starting, making
//! the files that are read) is done all the same. Inputs come from literals and fixed seeds; what runs on several threads is
//! counted only where the numbers do not depend on how they take turns.
//!
//! Exit codes: 0 done, 2 no such scenario or bad arguments; a scenario that finds a wrong answer panics.

mod run;
mod scenarios;
mod text;

use std::io::Write;
use std::process::ExitCode;

use autoexec_metrics::Recorder;
use autoexec_metrics::alloc::CountingAllocator;
use run::{Run, Scenario};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let said = match words[..] {
        ["--list"] => Ok(list()),
        [id, times] => count(id, times),
        _ => Err("expected `--list` or `SCENARIO TIMES`".to_owned()),
    };
    match said {
        Ok(text) => match std::io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

fn list() -> String {
    let line = |it: &Scenario| format!("{}\t{}\t{}\n", it.id, it.times, it.does);
    scenarios::all().map(line).collect()
}

fn count(id: &str, times: &str) -> Result<String, String> {
    let times = times
        .parse()
        .map_err(|_| format!("expected a number of times, found `{times}`"))?;
    let scenario = scenarios::all()
        .find(|it| it.id == id)
        .ok_or_else(|| format!("there is no scenario `{id}`; `--list` names them"))?;
    // Who reads the clock first asks the kernel where it is, by calls that depend on its version.
    drop(Recorder::new().timer("first").start());
    let mut run = Run::new(times);
    (scenario.run)(&mut run);
    Ok(run.json())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_each_scenario_once() {
        let list = list();
        let mut ids: Vec<&str> = list
            .lines()
            .filter_map(|it| it.split('\t').next())
            .collect();
        assert!(ids.len() > 20);
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }

    #[test]
    fn each_scenario_does_what_it_says_three_times_and_not_at_all() {
        for scenario in scenarios::all() {
            for times in [0, 3] {
                // Who reads the clock first asks the kernel where it is, by calls that depend on its version.
                drop(Recorder::new().timer("first").start());
                let mut run = Run::new(times);
                (scenario.run)(&mut run);
                assert!(run.json().contains("\"allocations\":"), "{}", scenario.id);
            }
        }
    }

    #[test]
    fn what_there_is_not_is_refused() {
        assert!(count("watch/nothing", "3").is_err_and(|e| e.contains("watch/nothing")));
        assert!(count("watch/refresh", "three").is_err_and(|e| e.contains("three")));
    }
}
