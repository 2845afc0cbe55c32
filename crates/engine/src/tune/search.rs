//! One search of a command with its files: the state, and the table of what was measured.
//!
//! A row is written when its evaluation has ended, the state later, and never before the rows that it knows of are on disk. So
//! a process that is killed leaves a table that has at least what the state knows; a resumption takes the rest from the table.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use autoexec_evolutionary_optimizer::{Candidate, Optimizer, Solution};
use tokio::time::Instant;

use super::answer::Measured;
use super::command::{Evaluated, Tuning, TuningOptions, Watcher};
use super::document::SpaceDocument;
use super::table::{self, Row};
use crate::output::write_atomically;

/// How long an evaluation may be missing from the state.
const SAVE_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Search<'a> {
    pub(super) document: &'a SpaceDocument,
    pub(super) optimizer: Optimizer,
    table: Option<File>,
    state: Option<&'a Path>,
    /// When the state has to be written next, if it lacks anything.
    due: Option<Instant>,
    failures: u64,
    improvements: Vec<(u64, f64)>,
}

impl<'a> Search<'a> {
    /// A search that is new or goes on, with its files.
    pub(super) fn new(
        document: &'a SpaceDocument,
        options: &'a TuningOptions,
    ) -> Result<Self, String> {
        let (state, table) = (options.state.as_deref(), options.table.as_deref());
        let mut known = 0;
        let optimizer = match state.filter(|_| options.resume) {
            Some(path) => {
                let mut optimizer = load(path, document)?;
                if let Some(table) = table {
                    known = known_rows(table, document, &mut optimizer)?;
                }
                optimizer.recall();
                optimizer
            }
            None => {
                refuse_files(state, table)?;
                let optimizer = Optimizer::new(&document.space, &document.options);
                optimizer.map_err(|error| error.to_string())?
            }
        };
        let failed = optimizer.told().into_iter();
        let mut search = Self {
            document,
            failures: failed.filter(|it| it.measured.is_none()).count() as u64,
            optimizer,
            table: None,
            state,
            due: None,
            improvements: Vec::new(),
        };
        // What was told from the table is kept before the table is touched.
        search.write_state()?;
        let file = table.map(|path| {
            open_table(path, known, document)
                .map_err(|error| format!("write the table {}: {error}", path.display()))
        });
        search.table = file.transpose()?;
        Ok(search)
    }

    /// Takes an evaluation, unless it was interrupted. After an error nothing more may be taken: the table may end in a piece
    /// of a row.
    pub(super) fn take(
        &mut self,
        evaluated: Option<Evaluated>,
        watcher: &mut dyn Watcher,
    ) -> Result<(), String> {
        let Some(evaluated) = evaluated else {
            return Ok(());
        };
        if let Some(table) = &mut self.table {
            let row = table::row(&evaluated, self.document);
            let written = table.write_all(row.as_bytes());
            written.map_err(|error| format!("write the table: {error}"))?;
        }
        let told = self.optimizer.tell(evaluated.trial, &evaluated.result);
        told.map_err(|error| error.to_string())?;
        self.failures += u64::from(evaluated.result.is_err());
        self.due.get_or_insert_with(|| Instant::now() + SAVE_EVERY);
        self.note_best(false);
        watcher.evaluated(&evaluated, &self.optimizer);
        Ok(())
    }

    /// Ends when the state has to be written.
    pub(super) async fn save_is_due(&self) {
        match self.due {
            Some(due) => tokio::time::sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    pub(super) fn save(&mut self) -> Result<(), String> {
        if let (Some(table), Some(_)) = (&self.table, self.state) {
            match table.sync_data() {
                // What is no file on a disk cannot be synced, and need not be.
                Err(error)
                    if !matches!(
                        error.kind(),
                        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
                    ) =>
                {
                    return Err(format!("write the table: {error}"));
                }
                _ => {}
            }
        }
        self.write_state()?;
        self.due = None;
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

    fn note_best(&mut self, is_last: bool) {
        let best = self.optimizer.best().map(|best| best.objectives[0]);
        if let Some(best) = best.filter(|best| best.is_finite())
            && (is_last || self.improvements.last().is_none_or(|last| last.1 != best))
        {
            self.improvements.push((self.optimizer.evaluations(), best));
        }
    }

    pub(super) fn finish(mut self, trouble: Option<String>) -> Tuning {
        self.note_best(true);
        let is_measured = |it: &Solution| it.objectives.iter().all(|value| value.is_finite());
        let mut front = self.optimizer.front(self.document.options.front);
        front.retain(is_measured);
        Tuning {
            front,
            evaluations: self.optimizer.evaluations(),
            failures: self.failures,
            stop: self.optimizer.stop().filter(|_| trouble.is_none()),
            trouble,
            improvements: self.improvements,
        }
    }
}

/// A new search overwrites nothing that another one may still need, nor one of its files by the other.
fn refuse_files(state: Option<&Path>, table: Option<&Path>) -> Result<(), String> {
    let is_used =
        |path: &Path| std::fs::metadata(path).is_ok_and(|it| it.is_file() && it.len() > 0);
    if let (Some(state), Some(table)) = (state, table)
        && place(state) == place(table)
    {
        return Err("begin: the state and the table are one file".into());
    }
    let state = state.filter(|path| path.exists()).map(|it| ("state", it));
    let table = table.filter(|path| is_used(path)).map(|it| ("table", it));
    match state.or(table) {
        None => Ok(()),
        Some((what, path)) => Err(format!(
            "begin: the {what} {} is there already; resume the search, or remove the file",
            path.display()
        )),
    }
}

/// Where a file is or would be, by its real folder.
fn place(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    let name = path.file_name().unwrap_or_default();
    folder.map_or_else(|_| path.to_owned(), |folder| folder.join(name))
}

fn load(path: &Path, document: &SpaceDocument) -> Result<Optimizer, String> {
    let bytes = std::fs::read(path)
        .map_err(|error| format!("read the state {}: {error}", path.display()))?;
    Optimizer::load(&document.space, &document.options, &bytes)
        .map_err(|error| format!("{error} ({})", path.display()))
}

/// Has the optimizer hear of evaluations that only the table knows of. Returns the bytes of the table's whole rows.
fn known_rows(
    path: &Path,
    document: &SpaceDocument,
    optimizer: &mut Optimizer,
) -> Result<u64, String> {
    // What is no file, as a pipe, cannot be read again.
    if !path.is_file() {
        return Ok(0);
    }
    let wrong = |what: &str| format!("go on with the table {}: {what}", path.display());
    let bytes = std::fs::read(path).map_err(|error| wrong(&error.to_string()))?;
    let (rows, length) = table::rows(&bytes, document).map_err(|what| wrong(&what))?;
    let mut known = Known::new(optimizer);
    for row in &rows {
        known.take(row).ok_or_else(|| wrong(STRANGE))?;
    }
    if !known.told.is_empty() {
        return Err(wrong(MISSING));
    }
    Ok(length as u64)
}

const MISSING: &str = "it lacks evaluations that the state has";
const STRANGE: &str =
    "it belongs to another search, or to a later state, or the search once went on without it";

/// What an optimizer knows before trials are recalled.
struct Known<'a> {
    optimizer: &'a mut Optimizer,
    /// Of these no row was seen yet.
    told: HashMap<u64, Option<Measured>>,
    open: HashMap<u64, Candidate>,
}

impl<'a> Known<'a> {
    fn new(optimizer: &'a mut Optimizer) -> Self {
        let told = optimizer.told().into_iter();
        let open = optimizer.open().into_iter();
        Self {
            told: told.map(|it| (it.id, it.measured)).collect(),
            open: open.map(|it| (it.id, it.candidate)).collect(),
            optimizer,
        }
    }

    /// Takes a row, of which the optimizer is told if it does not know. None if it cannot be one of this search.
    fn take(&mut self, row: &Row) -> Option<()> {
        if let Some(measured) = self.told.remove(&row.trial) {
            return (measured == row.measured).then_some(());
        }
        self.ask_up_to(row.trial)?;
        let candidate = self.open.remove(&row.trial)?;
        let is_same = table::parameters(&candidate) == row.parameters;
        is_same.then_some(())?;
        self.optimizer.tell(row.trial, &row.measured).ok()
    }

    /// Asks as the search did before it was killed. What is asked depends on what was told before only, which is what the
    /// rows before this one say.
    fn ask_up_to(&mut self, trial: u64) -> Option<()> {
        while self.optimizer.next_id() <= trial {
            let asked = self.optimizer.ask_of_generation(1).pop()?;
            self.open.insert(asked.id, asked.candidate);
        }
        Some(())
    }
}

/// The table, to append to: so many bytes of it are known, and what follows them is cut off.
fn open_table(path: &Path, known: u64, document: &SpaceDocument) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let mut file = options.create(true).append(true).open(path)?;
    if file.metadata()?.len() > known {
        file.set_len(known)?;
    }
    if known == 0 {
        file.write_all(table::head(document).as_bytes())?;
    }
    Ok(file)
}
