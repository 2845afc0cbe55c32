//! Files for tests.
#![allow(dead_code, reason = "not every test binary uses every helper")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A temporary directory that goes with the test.
pub(crate) struct Dir(tempfile::TempDir);

impl Dir {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, contents: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, contents).unwrap();
        path
    }

    /// `count` files named by their number, each with `len` bytes.
    pub(crate) fn fill(&self, count: usize, len: usize) -> Vec<PathBuf> {
        (0..count)
            .map(|i| self.write(&i.to_string(), &vec![i as u8; len]))
            .collect()
    }
}

/// Writes into the same inode. Where the clock of the kernel ticks slowly two writes can carry the same time;
/// then it writes until the time has moved on, so that what is tested does not depend on the kernel.
pub(crate) fn rewrite(path: &Path, contents: &[u8]) {
    let changed = |path: &Path| {
        fs::metadata(path)
            .map(|it| (it.ctime(), it.ctime_nsec()))
            .unwrap()
    };
    let before = changed(path);
    for _ in 0..100_000 {
        fs::write(path, contents).unwrap();
        if changed(path) != before {
            return;
        }
    }
    panic!("the change time of {} does not move", path.display());
}

/// Puts another inode in its place at one stroke.
pub(crate) fn replace(path: &Path, contents: &[u8]) {
    let next = path.with_extension("next");
    fs::write(&next, contents).unwrap();
    fs::rename(&next, path).unwrap();
}
