//! The standard library in place of system calls, for systems that are not Unix.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::mem::MaybeUninit;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::open::Opener;

/// The state of a file as far as its metadata tell it. Equal fingerprints are taken for equal contents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint {
    pub(crate) device: u64,
    pub(crate) size: u64,
    pub(crate) changed: (i64, i64),
    created: Option<SystemTime>,
}

/// What sort of thing a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Regular,
    Directory,
    Other,
}

/// How a file is reached: by its path.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) path: &'a Path,
    opener: Option<&'a dyn Opener>,
}

/// Directories are not opened here.
pub(crate) struct Directory(std::convert::Infallible);

impl Fingerprint {
    /// Whether both are states of one and the same file, as far as can be told.
    pub(crate) fn is_same_file(&self, other: &Self) -> bool {
        self.created == other.created
    }
}

impl<'a> Place<'a> {
    pub(crate) fn at(path: &'a Path, opener: Option<&'a dyn Opener>) -> Self {
        Self { path, opener }
    }

    pub(crate) fn within(
        directory: &'a Directory,
        _: &Path,
        _: &'a Path,
        _: Option<&'a dyn Opener>,
    ) -> Self {
        match directory.0 {}
    }

    pub(crate) fn known_at(&self) -> Option<Duration> {
        None
    }

    pub(crate) fn by_path(self) -> Self {
        self
    }

    pub(crate) fn stat(&self) -> io::Result<(Sort, Fingerprint)> {
        Ok(describe(&std::fs::metadata(self.path)?))
    }

    pub(crate) fn stat_of_the_name(path: &Path) -> io::Result<Fingerprint> {
        Ok(describe(&std::fs::symlink_metadata(path)?).1)
    }

    pub(crate) fn open(&self) -> io::Result<Handle> {
        match self.opener {
            Some(opener) => opener.open_file(self.path).map(Handle),
            None => File::open(self.path).map(Handle),
        }
    }
}

impl Directory {
    pub(crate) fn open(_: &Path, _: Option<&dyn Opener>, _: Duration) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn is_at(&self, _: &Path) -> bool {
        match self.0 {}
    }
}

fn describe(metadata: &Metadata) -> (Sort, Fingerprint) {
    let sort = match (metadata.is_file(), metadata.is_dir()) {
        (true, _) => Sort::Regular,
        (_, true) => Sort::Directory,
        _ => Sort::Other,
    };
    let changed = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let changed = changed.map_or((0, 0), |since| {
        (since.as_secs() as i64, i64::from(since.subsec_nanos()))
    });
    let created = metadata.created().ok();
    (
        sort,
        Fingerprint {
            device: 0,
            size: metadata.len(),
            changed,
            created,
        },
    )
}

/// An open file.
pub(crate) struct Handle(File);

impl Handle {
    pub(crate) fn stat(&self) -> io::Result<(Sort, Fingerprint)> {
        Ok(describe(&self.0.metadata()?))
    }

    /// Nothing to ask here; see `settle`.
    pub(crate) fn wait_for_writers(&self) {}

    pub(crate) fn file_system(&self) -> u32 {
        0
    }

    pub(crate) fn read_at<'b>(
        &self,
        bytes: &'b mut [MaybeUninit<u8>],
        offset: u64,
    ) -> io::Result<&'b mut [u8]> {
        let mut file = &self.0;
        file.seek(SeekFrom::Start(offset))?;
        let mut buffer = Vec::new();
        file.take(bytes.len() as u64).read_to_end(&mut buffer)?;
        Ok(bytes[..buffer.len()].write_copy_of_slice(&buffer))
    }

    pub(crate) fn read_over(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut file = &self.0;
        file.seek(SeekFrom::Start(offset))?;
        file.read(bytes)
    }
}

pub(crate) fn has_multigrain_timestamps() -> bool {
    false
}

pub(crate) fn clock_of_timestamps() -> (i64, i64) {
    // Not a wall clock that an answer depends on: it only tells whether a file may still be written to.
    let now = UNIX_EPOCH.elapsed().unwrap_or_default();
    (now.as_secs() as i64, i64::from(now.subsec_nanos()))
}

/// A failed `open` says nothing about the sort of file here.
pub(crate) fn means_irregular(_error: &io::Error) -> bool {
    false
}

pub(crate) fn means_out_of_descriptors(_error: &io::Error) -> bool {
    false
}
