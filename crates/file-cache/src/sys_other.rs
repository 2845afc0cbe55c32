//! The standard library in place of system calls, for systems that are not Unix.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

/// The state of a file as far as its metadata tell it. Equal fingerprints are taken for equal contents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint {
    pub(crate) size: u64,
    modified: Option<SystemTime>,
    created: Option<SystemTime>,
}

/// What sort of thing a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Regular,
    Directory,
    Other,
}

/// The metadata of what the path leads to.
pub(crate) fn stat(path: &Path) -> io::Result<(Sort, Fingerprint)> {
    Ok(describe(&std::fs::metadata(path)?))
}

fn describe(metadata: &Metadata) -> (Sort, Fingerprint) {
    let sort = match (metadata.is_file(), metadata.is_dir()) {
        (true, _) => Sort::Regular,
        (_, true) => Sort::Directory,
        _ => Sort::Other,
    };
    let (modified, created) = (metadata.modified().ok(), metadata.created().ok());
    (
        sort,
        Fingerprint {
            size: metadata.len(),
            modified,
            created,
        },
    )
}

/// An open file.
pub(crate) struct Handle(File);

impl Handle {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        File::open(path).map(Self)
    }

    /// No such file systems are known here.
    pub(crate) fn is_made_up(&self) -> bool {
        false
    }

    pub(crate) fn stat(&self) -> io::Result<(Sort, Fingerprint)> {
        Ok(describe(&self.0.metadata()?))
    }

    /// Reads into the spare capacity of `bytes`; 0 at the end of the file.
    pub(crate) fn read(&self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let spare = (bytes.capacity() - bytes.len()) as u64;
        (&self.0).take(spare).read_to_end(bytes)
    }
}

/// A failed `open` says nothing about the sort of file here.
pub(crate) fn means_irregular(_error: &io::Error) -> bool {
    false
}
