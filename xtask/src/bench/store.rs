//! The files below `target/bench`: `latest.json`, `peers.json`, `baseline.json` and `history/`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::collect::read_json;
use super::report::{FORMAT, Report};
use crate::files;

/// How many earlier runs are kept.
const KEPT: usize = 10;

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

    /// The last run of the peers. It has neither history nor baseline: `regress` judges our own code.
    pub(crate) fn peers_path(&self) -> PathBuf {
        self.folder.join("peers.json")
    }

    pub(crate) fn baseline_path(&self) -> PathBuf {
        self.folder.join("baseline.json")
    }

    /// The baseline, when there is one.
    ///
    /// # Errors
    /// A file that cannot be read, or is of another format version.
    pub(crate) fn baseline(&self) -> Result<Option<Report>> {
        load(&self.baseline_path())
    }

    /// Earlier runs and the latest, oldest first. Those of another format are left out.
    pub(crate) fn runs(&self) -> Result<Vec<Report>> {
        let mut paths = self.history()?;
        paths.push(self.latest_path());
        Ok(paths
            .iter()
            .filter_map(|path| load(path).ok().flatten())
            .collect())
    }

    /// Writes the latest run; the one before moves into the history.
    pub(crate) fn save_latest(&self, report: &Report) -> Result<()> {
        let latest = self.latest_path();
        if let Ok(Some(before)) = load(&latest) {
            let folder = self.folder.join("history");
            fs::create_dir_all(&folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
            let kept = free_name(&folder, &before.date.replace(':', ""));
            fs::rename(&latest, &kept)
                .with_context(|| format!("cannot move the earlier run to {}", kept.display()))?;
            self.forget_oldest()?;
        }
        save(&latest, report)
    }

    pub(crate) fn save_peers(&self, report: &Report) -> Result<()> {
        save(&self.peers_path(), report)
    }

    /// Brings a run into the baseline and says how: the first run becomes it, benchmarks that it
    /// lacks join it when the machine is the same, and `replace` overwrites what was measured.
    pub(crate) fn update_baseline(&self, report: &Report, replace: bool) -> Result<Option<String>> {
        let whole = replace && report.filter.is_none();
        let Some(baseline) = self.baseline()?.filter(|_| !whole) else {
            save(&self.baseline_path(), report)?;
            return Ok(Some("this run is the baseline now".to_owned()));
        };
        let (merged, changed) = merge(baseline, report, replace);
        if changed == 0 {
            return Ok(None);
        }
        save(&self.baseline_path(), &merged)?;
        let verb = if replace { "replaced in" } else { "joined" };
        Ok(Some(format!("{changed} benchmarks {verb} the baseline")))
    }

    /// Files of the history, oldest first: their names begin with the date.
    fn history(&self) -> Result<Vec<PathBuf>> {
        let Ok(list) = fs::read_dir(self.folder.join("history")) else {
            return Ok(Vec::new());
        };
        let mut paths = Vec::new();
        for entry in list {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    fn forget_oldest(&self) -> Result<()> {
        let paths = self.history()?;
        for path in &paths[..paths.len().saturating_sub(KEPT)] {
            fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(())
    }
}

/// A name that no file has yet: two runs may end within a second.
fn free_name(folder: &Path, stem: &str) -> PathBuf {
    let candidates = (0..).map(|number| folder.join(format!("{stem}-{number:03}.json")));
    candidates
        .into_iter()
        .find(|path| !path.exists())
        .expect("because a folder holds finitely many files")
}

fn load(path: &Path) -> Result<Option<Report>> {
    #[derive(serde::Deserialize)]
    struct Version {
        format: u32,
    }
    if !path.exists() {
        return Ok(None);
    }
    let Version { format } = read_json(path)?;
    if format != FORMAT {
        bail!(
            "{} has format {format}, this xtask reads {FORMAT}; remove it and measure anew",
            path.display()
        );
    }
    read_json(path).map(Some)
}

fn save(path: &Path, report: &Report) -> Result<()> {
    files::write(path, &(serde_json::to_string_pretty(report)? + "\n"))
}

/// The baseline with entries of the report added (or, with `replace`, exchanged), and their number.
fn merge(mut baseline: Report, report: &Report, replace: bool) -> (Report, usize) {
    if baseline.host != report.host {
        return (baseline, 0);
    }
    let mut changed = 0;
    for entry in &report.entries {
        let known = baseline.entries.iter().position(|one| one.id == entry.id);
        match known {
            Some(index) if replace => baseline.entries[index] = entry.clone(),
            Some(_) => continue,
            None => baseline.entries.push(entry.clone()),
        }
        changed += 1;
    }
    (baseline, changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::tests::report;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("bench"));
        (folder, store)
    }

    #[test]
    fn the_first_run_becomes_the_baseline_and_later_ones_do_not() {
        let (_folder, store) = store();
        assert!(store.baseline().unwrap().is_none());
        let message = store
            .update_baseline(&report(&[("g", "a", &[1.0])]), false)
            .unwrap();
        assert_eq!(message.as_deref(), Some("this run is the baseline now"));
        assert_eq!(
            store
                .update_baseline(&report(&[("g", "a", &[2.0])]), false)
                .unwrap(),
            None
        );
        assert_eq!(store.baseline().unwrap().unwrap().entries[0].median_ns, 1.0);
    }

    #[test]
    fn new_benchmarks_join_and_replace_replaces() {
        let (_folder, store) = store();
        store
            .update_baseline(&report(&[("g", "a", &[1.0])]), false)
            .unwrap();
        let message = store
            .update_baseline(&report(&[("g", "a", &[2.0]), ("g", "b", &[3.0])]), false)
            .unwrap();
        assert_eq!(message.as_deref(), Some("1 benchmarks joined the baseline"));
        let filtered = Report {
            filter: Some("a".to_owned()),
            ..report(&[("g", "a", &[5.0])])
        };
        store.update_baseline(&filtered, true).unwrap();
        let medians: Vec<f64> = store
            .baseline()
            .unwrap()
            .unwrap()
            .entries
            .iter()
            .map(|entry| entry.median_ns)
            .collect();
        assert_eq!(medians, [5.0, 3.0]);
        store
            .update_baseline(&report(&[("g", "a", &[9.0])]), true)
            .unwrap();
        assert_eq!(store.baseline().unwrap().unwrap().entries.len(), 1);
    }

    #[test]
    fn benchmarks_of_another_machine_do_not_join() {
        let (_folder, store) = store();
        store
            .update_baseline(&report(&[("g", "a", &[1.0])]), false)
            .unwrap();
        let mut other = report(&[("g", "b", &[1.0])]);
        other.host.cores = 64;
        assert_eq!(store.update_baseline(&other, false).unwrap(), None);
    }

    #[test]
    fn history_keeps_the_last_runs_in_order() {
        let (_folder, store) = store();
        for run in 0..KEPT + 3 {
            store
                .save_latest(&report(&[("g", "a", &[run as f64])]))
                .unwrap();
        }
        let medians: Vec<f64> = store
            .runs()
            .unwrap()
            .iter()
            .map(|run| run.entries[0].median_ns)
            .collect();
        assert_eq!(medians, (2..13).map(f64::from).collect::<Vec<_>>());
    }

    #[test]
    fn peers_leave_the_runs_and_the_baseline_alone() {
        let (_folder, store) = store();
        store.save_latest(&report(&[("g", "a", &[1.0])])).unwrap();
        store.save_peers(&report(&[("p", "a", &[2.0])])).unwrap();
        let runs = store.runs().unwrap();
        assert_eq!(runs.len(), 1);
        assert_eq!(runs[0].entries[0].group, "g");
        assert!(store.baseline().unwrap().is_none());
        let peers = load(&store.peers_path()).unwrap().unwrap();
        assert_eq!(peers.entries[0].group, "p");
    }

    #[test]
    fn another_format_is_refused_with_the_way_to_mend_it() {
        let (_folder, store) = store();
        files::write(
            &store.baseline_path(),
            r#"{"format": 99, "shape": "unknown"}"#,
        )
        .unwrap();
        let error = store.baseline().unwrap_err().to_string();
        assert!(
            error.contains("format 99") && error.contains("remove it"),
            "{error}"
        );
    }
}
