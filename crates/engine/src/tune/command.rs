//! Searching for the parameters with which a command measures the best values.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use autoexec_evolutionary_optimizer::{Candidate, Optimizer, Solution, Stop, Trial};
use serde_json::Value as Json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::document::SpaceDocument;
use super::{table, values};
use crate::output::write_atomically;
use crate::run::process;

/// Bytes kept of each output stream of a command.
const OUTPUT_LIMIT: usize = 1 << 20;
/// Between asking a command to end and killing it.
const KILL_GRACE: Duration = Duration::from_secs(2);
/// How often the state is written, at most.
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// Characters of an answer that a message shows.
const SHOWN: usize = 120;

/// What is run for each evaluation.
///
/// It gets the parameters on its standard input, as one JSON object, and in its environment: `PARAM_` and the name in
/// capitals, with `_` for what is neither letter nor digit. `TUNE_TRIAL` is the number of the evaluation. The last line that
/// it prints is its answer: a number, a list of the objectives, an object with the names of objectives and constraints, or
/// an object with the lists `objectives` and `constraints`.
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
    /// A file for all evaluations, with commas.
    pub table: Option<PathBuf>,
    /// A file to go on from.
    pub state: Option<PathBuf>,
    /// Whether to go on from it; a new search refuses a file that is there.
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
    pub result: Result<(Vec<f64>, Vec<f64>), Failure>,
    /// How long it took.
    pub time: Duration,
}

/// Why an evaluation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// It could not be started.
    NotStarted(String),
    /// It ended with another status than 0; with the last line of its standard error.
    Status(String, String),
    /// It did not end in time.
    TimedOut,
    /// What it printed is no answer.
    NoAnswer(String),
}

impl Failure {
    /// In one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotStarted(_) => "not-started",
            Self::Status(..) => "failed",
            Self::TimedOut => "timed-out",
            Self::NoAnswer(_) => "no-answer",
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotStarted(error) => write!(f, "cannot be started: {error}"),
            Self::Status(status, line) if line.is_empty() => write!(f, "{status}"),
            Self::Status(status, line) => write!(f, "{status}: {line}"),
            Self::TimedOut => write!(f, "did not end in time"),
            Self::NoAnswer(what) => write!(f, "{what}"),
        }
    }
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
    /// Evaluations that failed, since the search was begun or resumed.
    pub failures: u64,
    /// Why it ended; none if it was interrupted.
    pub stop: Option<Stop>,
    /// The first objective of the best, by the number of evaluations after which it became the best; the last one again
    /// at the end. Since the search was begun or resumed.
    pub improvements: Vec<(u64, f64)>,
}

/// One search, with its files.
struct Search<'a> {
    document: &'a SpaceDocument,
    optimizer: Optimizer,
    table: Option<File>,
    state: Option<&'a Path>,
    saved: Instant,
    failures: u64,
    improvements: Vec<(u64, f64)>,
}

impl Command {
    /// Runs the command until the search is over or `cancel` is cancelled. Runs that are under way then are ended, and count
    /// for nothing; with a state file the search can be resumed.
    ///
    /// The outcome does not depend on `workers`, provided that what the command measures does not.
    ///
    /// # Errors
    ///
    /// Options or a state file that the optimizer refuses, and files that cannot be written, as text after "failed to".
    pub async fn tune(
        &self,
        document: &SpaceDocument,
        options: &TuningOptions,
        watcher: &mut dyn Watcher,
        cancel: &CancellationToken,
    ) -> Result<Tuning, String> {
        let mut search = Search::new(document, options)?;
        let mut running = JoinSet::new();
        while !cancel.is_cancelled() {
            while running.len() < options.workers.max(1)
                && let Some(trial) = search.optimizer.ask_of_generation(1).pop()
            {
                let (command, document, stop) =
                    (self.clone(), document.clone(), cancel.child_token());
                running.spawn(async move { command.evaluate(trial, &document, stop).await });
            }
            match running.join_next().await {
                Some(Ok(Some(evaluated))) => search.take(&evaluated, watcher)?,
                // Interrupted.
                Some(Ok(None)) => {}
                Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
                None => break,
            }
        }
        while running.join_next().await.is_some() {}
        search.save()?;
        Ok(search.finish())
    }

    /// One run; none if it was interrupted.
    async fn evaluate(
        &self,
        trial: Trial,
        document: &SpaceDocument,
        stop: CancellationToken,
    ) -> Option<Evaluated> {
        let started = Instant::now();
        let timer = CancellationToken::new();
        let command = self.process(&trial);
        let ended = {
            let either = stop.child_token();
            let run = process::run(&command, &either);
            tokio::pin!(run);
            tokio::select! {
                ended = &mut run => ended,
                () = tokio::time::sleep(document.timeout) => {
                    timer.cancel();
                    either.cancel();
                    run.await
                }
            }
        };
        let result = match ended {
            Err(error) => Err(Failure::NotStarted(error.to_string())),
            Ok(_) if timer.is_cancelled() => Err(Failure::TimedOut),
            Ok(ended) if ended.stopped => return None,
            Ok(ended) if !ended.status.success() => Err(Failure::Status(
                ended.status.to_string(),
                last_line(&ended.stderr.text())
                    .chars()
                    .take(SHOWN)
                    .collect(),
            )),
            Ok(ended) => {
                answer(last_line(&ended.stdout.text()), document).map_err(Failure::NoAnswer)
            }
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
        }
    }
}

impl<'a> Search<'a> {
    fn new(document: &'a SpaceDocument, options: &'a TuningOptions) -> Result<Self, String> {
        let state = options.state.as_deref();
        let (space, wanted) = (&document.space, &document.options);
        let optimizer = match state.filter(|_| options.resume) {
            Some(path) => {
                let bytes = std::fs::read(path)
                    .map_err(|error| format!("read the state {}: {error}", path.display()))?;
                let mut optimizer = Optimizer::load(space, wanted, &bytes)
                    .map_err(|error| format!("{error} ({})", path.display()))?;
                optimizer.recall();
                optimizer
            }
            None => Optimizer::new(space, wanted).map_err(|error| error.to_string())?,
        };
        if let Some(path) = state.filter(|path| !options.resume && path.exists()) {
            return Err(format!(
                "begin: the state {} is there already; resume it, or remove it",
                path.display()
            ));
        }
        let mut search = Self {
            document,
            optimizer,
            table: None,
            state,
            saved: Instant::now(),
            failures: 0,
            improvements: Vec::new(),
        };
        // A state that cannot be written should be known before the first evaluation, and before a table is emptied.
        search.write_state()?;
        let table = options.table.as_deref().map(|path| {
            open_table(path, options.resume, document)
                .map_err(|error| format!("write the table {}: {error}", path.display()))
        });
        search.table = table.transpose()?;
        Ok(search)
    }

    fn take(&mut self, evaluated: &Evaluated, watcher: &mut dyn Watcher) -> Result<(), String> {
        self.failures += u64::from(evaluated.result.is_err());
        let told = self.optimizer.tell(evaluated.trial, &evaluated.result);
        told.map_err(|error| error.to_string())?;
        if let Some(table) = &mut self.table {
            let row = table::row(evaluated, self.document);
            let written = table.write_all(row.as_bytes());
            written.map_err(|error| format!("write the table: {error}"))?;
        }
        self.note_best(false);
        watcher.evaluated(evaluated, &self.optimizer);
        if self.saved.elapsed() >= SAVE_EVERY {
            self.save()?;
        }
        Ok(())
    }

    fn note_best(&mut self, is_last: bool) {
        let best = self.optimizer.best().map(|best| best.objectives[0]);
        if let Some(best) = best.filter(|best| best.is_finite())
            && (is_last || self.improvements.last().is_none_or(|last| last.1 != best))
        {
            self.improvements.push((self.optimizer.evaluations(), best));
        }
    }

    fn save(&mut self) -> Result<(), String> {
        self.write_state()?;
        self.saved = Instant::now();
        Ok(())
    }

    fn write_state(&self) -> Result<(), String> {
        let Some(path) = self.state else {
            return Ok(());
        };
        let bytes = self.optimizer.save().map_err(|error| error.to_string())?;
        write_atomically(path, |file| file.write_all(&bytes))
            .map_err(|error| format!("write the state {}: {error}", path.display()))
    }

    fn finish(mut self) -> Tuning {
        self.note_best(true);
        let is_measured = |it: &Solution| it.objectives.iter().all(|value| value.is_finite());
        let mut front = self.optimizer.front(self.document.options.front);
        front.retain(is_measured);
        Tuning {
            front,
            evaluations: self.optimizer.evaluations(),
            failures: self.failures,
            stop: self.optimizer.stop(),
            improvements: self.improvements,
        }
    }
}

/// The table, with its line of heads if it is new.
fn open_table(path: &Path, resume: bool, document: &SpaceDocument) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).write(true);
    match resume {
        true => options.append(true),
        false => options.truncate(true),
    };
    let mut file = options.open(path)?;
    if file.metadata()?.len() == 0 {
        file.write_all(table::head(document).as_bytes())?;
    }
    Ok(file)
}

/// The variable that a parameter is in.
pub(super) fn variable(name: &str) -> String {
    let letters = name.chars().map(|letter| match letter {
        letter if letter.is_ascii_alphanumeric() => letter.to_ascii_uppercase(),
        _ => '_',
    });
    format!("PARAM_{}", letters.collect::<String>())
}

fn last_line(text: &str) -> &str {
    text.lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty())
        .unwrap_or_default()
}

/// The objectives and constraints of an answer.
fn answer(line: &str, document: &SpaceDocument) -> Result<(Vec<f64>, Vec<f64>), String> {
    if line.is_empty() {
        return Err("printed nothing".into());
    }
    let shown = || line.chars().take(SHOWN).collect::<String>();
    let json: Json = serde_json::from_str(line)
        .map_err(|_| format!("the last line that it printed is no JSON: {}", shown()))?;
    let (objectives, constraints) = match &json {
        Json::Number(_) => (numbers(std::slice::from_ref(&json))?, Vec::new()),
        Json::Array(list) => (numbers(list)?, Vec::new()),
        Json::Object(map) if map.contains_key("objectives") => (
            listed(map.get("objectives"))?,
            listed(map.get("constraints"))?,
        ),
        Json::Object(map) => {
            let named = |name: &str| {
                let value = map
                    .get(name)
                    .ok_or_else(|| format!("its answer has no `{name}`"))?;
                number(value)
            };
            let objectives = document.objectives.iter().map(|it| named(&it.name));
            let constraints = document.constraints.iter().map(|name| named(name));
            (
                objectives.collect::<Result<_, _>>()?,
                constraints.collect::<Result<_, _>>()?,
            )
        }
        _ => {
            return Err(format!(
                "its answer is no number, list or object: {}",
                shown()
            ));
        }
    };
    let check = |what, found: &[f64], wanted: usize| match found.len() == wanted {
        true => Ok(()),
        false => Err(format!(
            "its answer has {} {what} instead of {wanted}",
            found.len()
        )),
    };
    check("objectives", &objectives, document.objectives.len())?;
    check("constraints", &constraints, document.constraints.len())?;
    Ok((objectives, constraints))
}

fn listed(value: Option<&Json>) -> Result<Vec<f64>, String> {
    match value {
        None => Ok(Vec::new()),
        Some(Json::Array(list)) => numbers(list),
        Some(one) => Ok(vec![number(one)?]),
    }
}

fn numbers(list: &[Json]) -> Result<Vec<f64>, String> {
    list.iter().map(number).collect()
}

fn number(value: &Json) -> Result<f64, String> {
    let wrong = || format!("its answer has {value} where a number should be");
    value.as_f64().ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_four_forms() {
        let document = SpaceDocument::parse(
            "space.yaml",
            "parameters: [{name: x, type: bool}]\nobjectives: [time, {name: hits, goal: maximize}]\nconstraints: [memory]\n",
        )
        .expect("because it is sound");
        let check = |line: &str| answer(line, &document);
        let expect = (vec![1.5, 2.0], vec![-1.0]);
        assert_eq!(
            check(r#"{"memory": -1, "hits": 2, "time": 1.5, "more": "x"}"#),
            Ok(expect.clone())
        );
        assert_eq!(
            check(r#"{"objectives": [1.5, 2], "constraints": -1}"#),
            Ok(expect)
        );
        let error = |line: &str| check(line).expect_err("because it is no answer");
        assert_eq!(error(""), "printed nothing");
        assert_eq!(
            error("done"),
            "the last line that it printed is no JSON: done"
        );
        assert_eq!(error("3"), "its answer has 1 objectives instead of 2");
        assert_eq!(error("[1, 2]"), "its answer has 0 constraints instead of 1");
        assert_eq!(error(r#"{"time": 1}"#), "its answer has no `hits`");
        assert_eq!(
            error(r#"{"time": "fast", "hits": 1, "memory": 0}"#),
            "its answer has \"fast\" where a number should be"
        );
        assert_eq!(
            error("\"x\""),
            "its answer is no number, list or object: \"x\""
        );
    }

    #[test]
    fn variables_have_plain_names() {
        assert_eq!(variable("cache-size.max"), "PARAM_CACHE_SIZE_MAX");
    }
}
