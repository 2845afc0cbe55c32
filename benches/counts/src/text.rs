//! Inputs: texts and files that are the same on every machine.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder below the system's folder for temporary files, without links on the way, gone at the end.
pub(crate) fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("because there is a folder for temporary files");
    let path = fs::canonicalize(folder.path()).expect("because it was just made");
    (folder, path)
}

/// Writes a file of `bytes` bytes of words; makes the folders on the way.
pub(crate) fn file(path: &Path, bytes: usize) {
    let parent = path.parent().expect("because it lies in a folder");
    fs::create_dir_all(parent).expect("because the folder is ours");
    let line = "fn words() -> usize { 7 } // TODO: say what the lock is for, and who waits\n";
    let text: String = line.chars().cycle().take(bytes).collect();
    fs::write(path, text).expect("because the folder is ours");
}

/// Ten files of a few kilobytes in each of `count / 10` folders.
pub(crate) fn tree(root: &Path, count: usize) -> Vec<PathBuf> {
    let path = |n: usize| root.join(format!("part-{:02}/src/module-{n:03}.rs", n / 10));
    let paths: Vec<PathBuf> = (0..count).map(path).collect();
    for (n, path) in paths.iter().enumerate() {
        file(path, 500 + n * 7_919 % 6_000);
    }
    settle();
    paths
}

/// Waits until files that were just written are older than a tick of the clock: younger ones may have to be read twice.
pub(crate) fn settle() {
    std::thread::sleep(std::time::Duration::from_millis(30));
}
