//! The committed snapshot: what each scenario cost when it was blessed.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::files;

/// Bumped whenever a reader of the old form would misread the new one.
const FORMAT: u32 = 1;

/// Counts by name.
pub(super) type Counts = BTreeMap<String, i64>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Snapshot {
    format: u32,
    /// The target triple on which allocations, their bytes and system calls were counted.
    pub(super) target: String,
    pub(super) scenarios: BTreeMap<String, Counted>,
}

/// What doing a scenario so often costs, less what not doing it costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counted {
    pub(super) times: u64,
    /// What the program counted itself.
    pub(super) counts: Counts,
    /// System calls by name; absent where nobody may trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) calls: Option<Counts>,
}

impl Snapshot {
    pub(super) fn new(target: String, scenarios: BTreeMap<String, Counted>) -> Self {
        Self {
            format: FORMAT,
            target,
            scenarios,
        }
    }

    /// # Errors
    /// When the file cannot be read, is no snapshot, or one of another format.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let snapshot: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is no snapshot of counts", path.display()))?;
        if snapshot.format != FORMAT {
            bail!(
                "{} has format {}, and this task reads {FORMAT}",
                path.display(),
                snapshot.format
            );
        }
        Ok(snapshot)
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("cannot form the snapshot")?;
        files::write(path, &format!("{text}\n"))
    }

    /// Takes over what was not counted anew: system calls where they were not traced, and with `is_partial` whole scenarios.
    pub(super) fn complete_from(&mut self, older: Self, is_partial: bool) {
        let is_same_target = self.target == older.target;
        for (id, old) in older.scenarios {
            match self.scenarios.get_mut(&id) {
                Some(new) if new.calls.is_none() && new.times == old.times && is_same_target => {
                    new.calls = old.calls;
                }
                Some(_) => {}
                None if is_partial => _ = self.scenarios.insert(id, old),
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(times: u64, calls: Option<i64>) -> Counted {
        Counted {
            times,
            counts: Counts::from([("allocations".to_owned(), 3)]),
            calls: calls.map(|n| Counts::from([("read".to_owned(), n)])),
        }
    }

    fn snapshot(scenarios: &[(&str, Counted)]) -> Snapshot {
        let scenarios = scenarios.iter().cloned();
        let owned = scenarios.map(|(id, it)| (id.to_owned(), it)).collect();
        Snapshot::new("x86_64-unknown-linux-gnu".to_owned(), owned)
    }

    #[test]
    fn what_is_written_is_read_and_other_formats_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("snapshot.json");
        let mut written = snapshot(&[("a/b", counted(5, Some(2))), ("a/c", counted(1, None))]);
        written.write(&path).unwrap();
        assert_eq!(Snapshot::read(&path).unwrap(), written);
        written.format = 2;
        written.write(&path).unwrap();
        let error = Snapshot::read(&path).unwrap_err().to_string();
        assert!(error.contains("format 2"), "{error}");
        std::fs::write(&path, "{").unwrap();
        assert!(Snapshot::read(&path).is_err());
    }

    #[test]
    fn calls_that_could_not_be_traced_stay_as_they_were() {
        let older = snapshot(&[("a/b", counted(5, Some(2))), ("gone", counted(1, None))]);
        let mut now = snapshot(&[("a/b", counted(5, None))]);
        now.complete_from(older.clone(), false);
        assert_eq!(now, snapshot(&[("a/b", counted(5, Some(2)))]));
        // Of another number of times they would be wrong.
        let mut other = snapshot(&[("a/b", counted(6, None))]);
        other.complete_from(older.clone(), false);
        assert_eq!(other.scenarios["a/b"].calls, None);
        let mut partial = snapshot(&[("a/b", counted(5, Some(3)))]);
        partial.complete_from(older, true);
        assert_eq!(partial.scenarios.len(), 2);
        assert_eq!(partial.scenarios["a/b"], counted(5, Some(3)));
    }
}
