//! How much of everything the process holds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use autoexec_metrics::alloc::process_counts;
use autoexec_metrics::{MemoryProbe, ProcessProbe};

pub(crate) struct Sampler {
    memory: MemoryProbe,
    process: ProcessProbe,
    folder: PathBuf,
}

impl Sampler {
    /// Of this process, and of what lies below `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            memory: MemoryProbe::start(),
            process: ProcessProbe::start(),
            folder: folder.to_owned(),
        }
    }

    /// One line of JSON; what the platform does not tell is left out.
    pub(crate) fn sample(&mut self, iteration: u64, elapsed: Duration) -> serde_json::Value {
        let used = self.process.total();
        let live = process_counts().map(|it| it.bytes_live);
        let mut line = serde_json::json!({
            "iteration": iteration,
            "seconds": elapsed.as_secs_f64(),
            "disk_bytes": disk(&self.folder),
        });
        let rest = [
            ("heap_bytes", live.map(i64::unsigned_abs)),
            ("rss_bytes", self.memory.rss()),
            ("descriptors", used.descriptors),
            ("threads", used.threads),
        ];
        for (name, value) in rest {
            if let Some(value) = value {
                line[name] = value.into();
            }
        }
        line
    }
}

/// Bytes of all files below a folder. What goes away meanwhile is not counted.
fn disk(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let of = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(it) if it.is_dir() => disk(&entry.path()),
        Ok(it) => it.len(),
        Err(_) => 0,
    };
    entries.filter_map(Result::ok).map(of).sum()
}
