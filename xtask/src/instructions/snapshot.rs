//! What each scenario cost in instructions when it was blessed, with which compiler.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::files;

const FORMAT: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Snapshot {
    format: u32,
    target: String,
    rustc: String,
    pub(super) scenarios: BTreeMap<String, Cost>,
}

/// Of doing a scenario so often, less that of not doing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cost {
    pub(super) times: u64,
    pub(super) instructions: u64,
}

impl Snapshot {
    pub(super) fn new(target: String, rustc: String, scenarios: BTreeMap<String, Cost>) -> Self {
        Self {
            format: FORMAT,
            target,
            rustc,
            scenarios,
        }
    }

    /// # Errors
    /// When the file cannot be read, is no snapshot, or one of another format.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let snapshot: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is no snapshot of instructions", path.display()))?;
        if snapshot.format != FORMAT {
            bail!("{} has format {}", path.display(), snapshot.format);
        }
        Ok(snapshot)
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("cannot form the snapshot")?;
        files::write(path, &format!("{text}\n"))
    }
}
