//! The files that are read: small, real, and each with its own number in it.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// The length of each file.
const FILE_BYTES: usize = 4096;
/// Longer than a tick of the clock that file systems take their time stamps from.
const TICK: Duration = Duration::from_millis(50);

/// Files in a temporary folder, which goes when this does.
pub struct Files {
    paths: Vec<PathBuf>,
    _folder: tempfile::TempDir,
}

impl Files {
    /// Writes so many files, twenty to a folder.
    pub fn new(count: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let make = |number: usize| {
            let parent = folder
                .path()
                .join(format!("package-{:03}/src", number / 20));
            fs::create_dir_all(&parent).expect("the directory is ours");
            let path = parent.join(format!("module-{number}.rs"));
            fs::write(&path, contents(number)).expect("the directory is ours");
            path
        };
        let paths = (0..count).map(make).collect();
        // A cache that validates may distrust what changed within the present tick, and not keep it.
        thread::sleep(TICK);
        Self {
            paths,
            _folder: folder,
        }
    }

    /// Where they are, by number.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }
}

fn contents(number: usize) -> Vec<u8> {
    let mut bytes = vec![b'x'; FILE_BYTES];
    bytes[..8].copy_from_slice(&(number as u64).to_le_bytes());
    bytes
}

/// The number that the contents begin with.
pub(crate) fn number(bytes: &[u8]) -> u64 {
    let first = bytes.first_chunk().expect("because every file is longer");
    u64::from_le_bytes(*first)
}
