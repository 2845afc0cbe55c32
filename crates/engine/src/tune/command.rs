//! Searching for the parameters with which a command measures the best values.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use autoexec_evolutionary_optimizer::{Candidate, Optimizer, Solution, Stop, Trial};
use serde_json::Value as Json;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::answer::{Failure, Measured, answer, error_line, last_line};
use super::document::SpaceDocument;
use super::search::Search;
use super::values;
use crate::run::process::{self, Leftovers};

/// Bytes kept of each output stream of a command.
const OUTPUT_LIMIT: usize = 1 << 20;
/// Between asking a command to end and killing it.
const KILL_GRACE: Duration = Duration::from_secs(2);
/// How long what a command left in the background may still pass on of its output, as a `tee` does, before it is killed.
const LEFTOVER_GRACE: Duration = Duration::from_millis(500);

/// What is run for each evaluation.
///
/// It gets the parameters on its standard input, as one JSON object, and in its environment: `PARAM_` and the name in
/// capitals, with `_` for what is neither letter nor digit. `TUNE_TRIAL` is the number of the evaluation. The last line that
/// it prints is its answer: a number, a list of the objectives, an object with the names of objectives and constraints, or
/// an object with the lists `objectives` and `constraints`.
///
/// An evaluation is over when the command itself has ended. What it left in the background is killed, unless it made a
/// session of its own; if it holds the output open it has half a second to pass on what the command printed.
#[derive(Debug, Clone)]
pub struct Command {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The folder that it runs in.
    pub folder: PathBuf,
}

/// How a command is tuned.
#[derive(Debug, Clone, Default)]
pub struct TuningOptions {
    /// How many runs of the command at once; 0 counts as 1.
    pub workers: usize,
    /// A file for all evaluations, with commas. Each row is written when its evaluation has ended. A new search refuses a
    /// file that is there, unless it is empty.
    pub table: Option<PathBuf>,
    /// A file to go on from, written at most a second after an evaluation has ended. A new search refuses one that is there.
    pub state: Option<PathBuf>,
    /// Whether to go on from it. What the table has of evaluations that the state does not know of, because the process was
    /// killed, is taken from there, and what is left of a row that was being written is removed.
    pub resume: bool,
}

/// One run of the command.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Evaluated {
    /// The number of the evaluation.
    pub trial: u64,
    /// What was given.
    pub candidate: Candidate,
    /// Objectives and constraints, or why there are none.
    pub result: Result<Measured, Failure>,
    /// How long it took.
    pub time: Duration,
}

/// Sees each evaluation when it has ended.
pub trait Watcher {
    /// Called after the search has heard of it.
    fn evaluated(&mut self, evaluated: &Evaluated, optimizer: &Optimizer);
}

/// What came out.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tuning {
    /// With one objective the best, with several those that none dominates. Empty if nothing was measured.
    pub front: Vec<Solution>,
    /// Evaluations in all, those before a resumption included.
    pub evaluations: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// Why it ended; none if it was interrupted or in trouble.
    pub stop: Option<Stop>,
    /// Why it could not go on, as text after "failed to".
    pub trouble: Option<String>,
    /// The first objective of the best, by the number of evaluations after which it became the best; the last one again
    /// at the end. Since the search was begun or resumed.
    pub improvements: Vec<(u64, f64)>,
}

impl Command {
    /// Runs the command until the search is over or `cancel` is cancelled. Runs that are under way then are ended, and count
    /// for nothing; with a state file the search can be resumed.
    ///
    /// The outcome does not depend on `workers`, provided that what the command measures does not.
    ///
    /// # Errors
    ///
    /// As text after "failed to", before anything was run: options, a state or a table that do not belong to the search,
    /// and files that cannot be written. What happens later is [`Tuning::trouble`].
    pub async fn tune(
        &self,
        document: &SpaceDocument,
        options: &TuningOptions,
        watcher: &mut dyn Watcher,
        cancel: &CancellationToken,
    ) -> Result<Tuning, String> {
        let mut search = Search::new(document, options)?;
        let stop = cancel.child_token();
        let mut running = JoinSet::new();
        let workers = options.workers.max(1);
        let mut went = self
            .go(&mut search, &mut running, workers, watcher, &stop)
            .await;
        stop.cancel();
        while let Some(joined) = running.join_next().await {
            // What had ended before it was stopped counts, if all is well.
            if went.is_ok() {
                went = search.take(evaluated(joined), watcher);
            }
        }
        let saved = search.save();
        Ok(search.finish(went.and(saved).err()))
    }

    async fn go(
        &self,
        search: &mut Search<'_>,
        running: &mut JoinSet<Option<Evaluated>>,
        workers: usize,
        watcher: &mut dyn Watcher,
        stop: &CancellationToken,
    ) -> Result<(), String> {
        while !stop.is_cancelled() {
            while running.len() < workers
                && let Some(trial) = search.optimizer.ask_of_generation(1).pop()
            {
                let (command, document) = (self.clone(), search.document.clone());
                let stop = stop.clone();
                running.spawn(async move { command.evaluate(trial, &document, stop).await });
            }
            tokio::select! {
                joined = running.join_next() => match joined {
                    Some(joined) => search.take(evaluated(joined), watcher)?,
                    None => break,
                },
                () = search.save_is_due() => search.save()?,
            }
        }
        Ok(())
    }

    /// One run; none if it was interrupted.
    async fn evaluate(
        &self,
        trial: Trial,
        document: &SpaceDocument,
        interrupted: CancellationToken,
    ) -> Option<Evaluated> {
        let started = Instant::now();
        let command = self.process(&trial);
        let (stop, mut is_late) = (interrupted.child_token(), false);
        let ended = {
            let run = process::run(&command, &stop);
            tokio::pin!(run);
            tokio::select! {
                ended = &mut run => ended,
                () = tokio::time::sleep(document.timeout) => {
                    is_late = !interrupted.is_cancelled();
                    stop.cancel();
                    run.await
                }
            }
        };
        let result = match ended {
            Err(error) => Err(Failure::NotStarted(error.to_string())),
            // A command that has ended was not too late, whatever of it still held its output open.
            Ok(ended) if !ended.stopped => judge(ended, document),
            Ok(_) if is_late => Err(Failure::TimedOut),
            Ok(_) => return None,
        };
        Some(Evaluated {
            trial: trial.id,
            candidate: trial.candidate,
            result,
            time: started.elapsed(),
        })
    }

    fn process(&self, trial: &Trial) -> process::Command {
        let parameters = values::map(&trial.candidate);
        let variables = parameters
            .iter()
            .map(|(name, value)| (variable(name), values::text(value)));
        // What plays no part is set to nothing: an outer search may have set it.
        let names = trial.candidate.space().parameters();
        let mut env: Vec<(String, String)> = names
            .map(|(name, _)| (variable(name), String::new()))
            .collect();
        env.extend(variables);
        env.push(("TUNE_TRIAL".into(), trial.id.to_string()));
        process::Command {
            argv: self.argv.clone(),
            cwd: self.folder.clone(),
            env,
            stdin: Some(format!("{}\n", Json::Object(parameters))),
            output_limit: OUTPUT_LIMIT,
            kill_grace: KILL_GRACE,
            leftovers: Leftovers::Killed(LEFTOVER_GRACE),
        }
    }
}

/// What became of a run; a panic in it goes on here.
fn evaluated(joined: Result<Option<Evaluated>, JoinError>) -> Option<Evaluated> {
    joined.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// The answer of a command that ended by itself.
fn judge(ended: process::Ended, document: &SpaceDocument) -> Result<Measured, Failure> {
    if ended.status.success() {
        return answer(last_line(&ended.stdout.text()), document).map_err(Failure::NoAnswer);
    }
    let line = error_line(&ended.stderr.text());
    Err(Failure::Status(ended.status.to_string(), line))
}

/// The variable that a parameter is in.
pub(super) fn variable(name: &str) -> String {
    let letters = name.chars().map(|letter| match letter {
        letter if letter.is_ascii_alphanumeric() => letter.to_ascii_uppercase(),
        _ => '_',
    });
    format!("PARAM_{}", letters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_plain_names() {
        assert_eq!(variable("cache-size.max"), "PARAM_CACHE_SIZE_MAX");
    }
}
