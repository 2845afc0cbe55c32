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

    /// Appends one line to the history, at once, so that two runs do not mix theirs.
    pub(crate) fn append_history(&self, report: &Report) -> Result<()> {
        let path = self.history_path();
        let line = history::line(report)? + "\n";
        let append = || -> std::io::Result<()> {
            fs::create_dir_all(&self.folder)?;
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
    fn a_history_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().to_owned());
        fs::create_dir(store.history_path()).unwrap();
        let error = store.append_history(&report(&[])).unwrap_err().to_string();
        assert!(error.contains("history.jsonl"), "{error}");
    }
}
