//! The files below `target/bench`: `latest.json`, `peers.json` and `history.jsonl`.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::history;
use super::report::Report;
use crate::files;

pub(crate) struct Store {
    folder: PathBuf,
}

impl Store {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(crate) fn latest_path(&self) -> PathBuf {
        self.folder.join("latest.json")
    }

    pub(crate) fn peers_path(&self) -> PathBuf {
        self.folder.join("peers.json")
    }

    pub(crate) fn history_path(&self) -> PathBuf {
        self.folder.join("history.jsonl")
    }

    pub(crate) fn save_latest(&self, report: &Report) -> Result<()> {
        save(&self.latest_path(), report)
    }

    pub(crate) fn save_peers(&self, report: &Report) -> Result<()> {
        save(&self.peers_path(), report)
    }

    /// All lines of the history, whatever they hold; none before the first run.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub(crate) fn history(&self) -> Result<String> {
        let path = self.history_path();
        match fs::read(&path) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Appends one line to the history, at once, so that two runs do not mix theirs.
    pub(crate) fn append_history(&self, report: &Report) -> Result<()> {
        let path = self.history_path();
        let line = history::line(report)? + "\n";
        let append = || -> std::io::Result<()> {
            fs::create_dir_all(&self.folder)?;
            // A run that was ended while it wrote left half a line.
            let torn = fs::read(&path).is_ok_and(|all| all.last().is_some_and(|it| *it != b'\n'));
            let line = if torn { format!("\n{line}") } else { line };
            let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
            file.write_all(line.as_bytes())
        };
        append().with_context(|| format!("cannot append to {}", path.display()))
    }
}

fn save(path: &Path, report: &Report) -> Result<()> {
    files::write(path, &(serde_json::to_string_pretty(report)? + "\n"))
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn each_run_adds_a_line_and_replaces_the_latest() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("bench"));
        for ns in [5.0, 6.0] {
            let report = report(&[("g", "ours", &[ns])]);
            store.save_latest(&report).unwrap();
            store.append_history(&report).unwrap();
        }
        let history = fs::read_to_string(store.history_path()).unwrap();
        assert_eq!(history.lines().count(), 2);
        let latest = fs::read_to_string(store.latest_path()).unwrap();
        assert!(latest.contains("6.0") && !latest.contains("5.0"));
    }

    #[test]
    fn half_a_line_and_bytes_that_are_no_text_spoil_no_other_line() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().to_owned());
        assert_eq!(store.history().unwrap(), "");
        fs::write(store.history_path(), b"{\"half\xff").unwrap();
        let report = report(&[("g", "ours", &[5.0])]);
        store.append_history(&report).unwrap();
        store.append_history(&report).unwrap();
        let history = store.history().unwrap();
        let lines: Vec<&str> = history.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with('{') && lines[1] == lines[2]);
    }

    #[test]
    fn a_history_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().to_owned());
        fs::create_dir(store.history_path()).unwrap();
        let error = store.append_history(&report(&[])).unwrap_err().to_string();
        assert!(error.contains("history.jsonl"), "{error}");
    }
}
