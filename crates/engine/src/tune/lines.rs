//! Ask and tell as lines of JSON, so that any language can drive a search.

use std::path::Path;

use autoexec_evolutionary_optimizer::{
    Algorithm, Goal, Noise, Optimizer, Options, ParameterDocument, Solution, Space,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::values;
use crate::output::write_atomically;

/// The version of the protocol.
const PROTOCOL: u64 = 1;
/// The most points of one `ask` or `best`.
const MOST_POINTS: usize = 100_000;
/// What a saved session begins with, before the line of its `init`.
const SAVED: &[u8] = b"autoexec tune session 1\n";

/// One search at a time, driven by requests.
///
/// A request is one of
/// - `{"init":{"proto":1,"seed":7,"budget":25000,"objectives":2,"constraints":0,"noisy":false,"params":[…]}}`, where a
///   parameter is `{"name":…,"type":"real|int|cat|ord|bool","low":…,"high":…,"log":…,"n":…,"choices":[…]}`; optional are
///   `algorithm` and `goals` (`minimize` or `maximize` for each objective). The reply is `{"ok":true,"name":…}`;
/// - `{"ask":N}`: `{"ids":[…],"xs":[[…]]}` with 1 to N points, or none and `"done":true`;
/// - `{"tell":{"ids":[…],"fs":[[…]],"gs":[[…]]}}`: `{"ok":true}`. A failed evaluation has `null` for its `fs`; `gs` may be
///   left out where there are no constraints;
/// - `{"best":N}`: `{"xs":[[…]],"fs":[[…]]}` with at most N points that none dominates;
/// - `{"save":PATH}`, `{"load":PATH}`: `{"ok":true}`; what was asked and not told is forgotten, and asked again
///   where it belonged to a generation;
/// - `{"quit":true}`: `{"ok":true}`, and the end.
///
/// What cannot be done gets `{"error":TEXT}`, and nothing has changed then; of a `tell` with several ids those before
/// the wrong one are taken.
#[derive(Debug, Default)]
pub struct Session {
    search: Option<Search>,
    is_over: bool,
}

#[derive(Debug)]
struct Search {
    init: Init,
    optimizer: Optimizer,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Request {
    Init(Box<Init>),
    Ask(usize),
    Tell(Tell),
    Best(usize),
    Save(String),
    Load(String),
    Quit(#[allow(dead_code, reason = "its value means nothing")] Json),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Init {
    proto: u64,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    budget: Option<u64>,
    #[serde(default = "one")]
    objectives: usize,
    #[serde(default)]
    constraints: usize,
    #[serde(default)]
    noisy: bool,
    #[serde(default)]
    algorithm: Option<String>,
    #[serde(default)]
    goals: Vec<Direction>,
    params: Vec<ParameterDocument>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    #[serde(alias = "min")]
    Minimize,
    #[serde(alias = "max")]
    Maximize,
}

fn one() -> usize {
    1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tell {
    ids: Vec<u64>,
    fs: Vec<Option<Numbers>>,
    #[serde(default)]
    gs: Vec<Option<Numbers>>,
}

/// Several numbers, or one that stands for a list of one. What is no number is not finite.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Numbers {
    One(f64),
    Many(Vec<Option<f64>>),
}

impl Numbers {
    fn into_vec(self) -> Vec<f64> {
        match self {
            Self::One(number) => vec![number],
            Self::Many(numbers) => numbers
                .into_iter()
                .map(|it| it.unwrap_or(f64::NAN))
                .collect(),
        }
    }
}

impl Session {
    /// A session that has no search yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether `quit` was asked.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// The reply to a line, as one line without its end; none to a blank one.
    pub fn answer(&mut self, line: &str) -> Option<String> {
        if line.trim().is_empty() {
            return None;
        }
        // Python and others write what JSON has no word for.
        let request = serde_json::from_str(line).or_else(|error| {
            let mended = line
                .replace("-Infinity", "null")
                .replace("Infinity", "null");
            serde_json::from_str(&mended.replace("NaN", "null")).map_err(|_| error)
        });
        let reply = match request {
            Ok(request) => self.reply(request),
            Err(error) => Err(format!("failed to read the request: {error}")),
        };
        Some(reply.unwrap_or_else(|error| json!({ "error": error }).to_string()))
    }

    fn reply(&mut self, request: Request) -> Result<String, String> {
        match request {
            Request::Init(init) => self.init(*init),
            Request::Ask(count) => ask(self.search()?, count),
            Request::Tell(tell) => take(self.search()?, tell),
            Request::Best(count) => best(self.search()?, count),
            Request::Save(path) => save(self.search()?, Path::new(&path)),
            Request::Load(path) => {
                self.search = Some(load(Path::new(&path))?);
                Ok(ok())
            }
            Request::Quit(_) => {
                self.is_over = true;
                Ok(ok())
            }
        }
    }

    fn search(&mut self) -> Result<&mut Search, String> {
        let missing = || "failed to answer: there was no `init` yet".to_owned();
        self.search.as_mut().ok_or_else(missing)
    }

    fn init(&mut self, init: Init) -> Result<String, String> {
        let (space, options) = init.read()?;
        let optimizer = Optimizer::new(&space, &options).map_err(failed)?;
        let name = format!(
            "autoexec {} ({})",
            env!("CARGO_PKG_VERSION"),
            options.algorithm.name()
        );
        self.search = Some(Search { init, optimizer });
        Ok(json!({ "ok": true, "name": name }).to_string())
    }
}

impl Init {
    fn read(&self) -> Result<(Space, Options), String> {
        if self.proto != PROTOCOL {
            return Err(format!(
                "failed to begin: the protocol is {PROTOCOL}, not {}",
                self.proto
            ));
        }
        if !self.goals.is_empty() && self.goals.len() != self.objectives {
            return Err("failed to begin: there must be a goal for each objective".into());
        }
        if self.objectives > 1000 || self.constraints > 1000 {
            return Err("failed to begin: more than 1000 objectives or constraints".into());
        }
        let space = Space::from_document(&self.params).map_err(failed)?;
        let goals = (0..self.objectives).map(|objective| match self.goals.get(objective) {
            Some(Direction::Maximize) => Goal::Maximize,
            _ => Goal::Minimize,
        });
        let algorithm = match &self.algorithm {
            Some(name) => name.parse::<Algorithm>().map_err(failed)?,
            None => Algorithm::Auto,
        };
        let options = Options {
            algorithm,
            goals: goals.collect(),
            constraints: self.constraints,
            noise: if self.noisy {
                Noise::Present
            } else {
                Noise::None
            },
            seed: self.seed,
            evaluations: self.budget,
            initial: space
                .initial_of(&self.params)
                .map_err(failed)?
                .into_iter()
                .collect(),
            ..Options::default()
        };
        Ok((space, options))
    }
}

fn failed(error: autoexec_evolutionary_optimizer::Error) -> String {
    format!("failed to {error}")
}

fn ok() -> String {
    r#"{"ok":true}"#.to_owned()
}

#[derive(Debug, Serialize)]
struct Asked {
    ids: Vec<u64>,
    xs: Vec<Vec<Json>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    done: bool,
}

fn ask(search: &mut Search, count: usize) -> Result<String, String> {
    if count == 0 || count > MOST_POINTS {
        return Err(format!(
            "failed to ask: between 1 and {MOST_POINTS} points at a time"
        ));
    }
    let trials = search.optimizer.ask(count);
    Ok(write(&Asked {
        done: trials.is_empty() && search.optimizer.is_asked_out(),
        ids: trials.iter().map(|trial| trial.id).collect(),
        xs: trials
            .iter()
            .map(|trial| values::row(&trial.candidate))
            .collect(),
    }))
}

fn take(search: &mut Search, tell: Tell) -> Result<String, String> {
    let Tell { ids, fs, gs } = tell;
    if fs.len() != ids.len() {
        return Err(format!(
            "failed to take evaluations: {} ids and {} fs",
            ids.len(),
            fs.len()
        ));
    }
    if !gs.is_empty() && gs.len() != ids.len() {
        return Err(format!(
            "failed to take evaluations: {} ids and {} gs",
            ids.len(),
            gs.len()
        ));
    }
    let mut gs = gs.into_iter();
    for (id, objectives) in ids.into_iter().zip(fs) {
        let constraints = match gs.next() {
            // A constraint that could not be measured makes the evaluation a failure, as an objective does.
            Some(None) => None,
            Some(Some(numbers)) => Some(numbers.into_vec()),
            None => Some(Vec::new()),
        };
        let measured = objectives.map(Numbers::into_vec).zip(constraints);
        search.optimizer.tell(id, measured).map_err(failed)?;
    }
    Ok(ok())
}

#[derive(Debug, Serialize)]
struct Best {
    xs: Vec<Vec<Json>>,
    fs: Vec<Vec<f64>>,
}

fn best(search: &mut Search, count: usize) -> Result<String, String> {
    if count == 0 || count > MOST_POINTS {
        return Err(format!(
            "failed to answer: between 1 and {MOST_POINTS} points"
        ));
    }
    let front: Vec<Solution> = search.optimizer.front(count);
    Ok(write(&Best {
        xs: front.iter().map(|it| values::row(&it.candidate)).collect(),
        fs: front.into_iter().map(|it| it.objectives).collect(),
    }))
}

fn save(search: &mut Search, path: &Path) -> Result<String, String> {
    let bytes = search.optimizer.save().map_err(failed)?;
    let init = write(&search.init);
    let written = write_atomically(path, |file| {
        file.write_all(SAVED)?;
        file.write_all(init.as_bytes())?;
        file.write_all(b"\n")?;
        file.write_all(&bytes)
    });
    written.map_err(|error| format!("failed to save to {}: {error}", path.display()))?;
    Ok(ok())
}

fn load(path: &Path) -> Result<Search, String> {
    let wrong = |what: &str| format!("failed to load {}: {what}", path.display());
    let bytes = std::fs::read(path).map_err(|error| wrong(&error.to_string()))?;
    let rest = bytes.strip_prefix(SAVED);
    let rest = rest.ok_or_else(|| wrong("it is no session that was saved by this version"))?;
    let end = rest.iter().position(|&byte| byte == b'\n');
    let (line, checkpoint) = rest.split_at(end.ok_or_else(|| wrong("it is cut short"))?);
    let init: Init = serde_json::from_slice(line).map_err(|error| wrong(&error.to_string()))?;
    let (space, options) = init.read()?;
    let mut optimizer = Optimizer::load(&space, &options, &checkpoint[1..]).map_err(failed)?;
    optimizer.recall();
    Ok(Search { init, optimizer })
}

fn write(reply: &impl Serialize) -> String {
    serde_json::to_string(reply).expect("because numbers and text are JSON")
}
