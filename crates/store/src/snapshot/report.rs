//! What loading and saving say.

use crate::Error;
use std::fmt;

/// What was found in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadReport {
    /// Entries that were put into the namespace.
    pub loaded: u64,
    /// Entries whose time to live was over.
    pub expired: u64,
    /// Entries computed from files that are in another state now, or of which nobody could say.
    pub stale: u64,
    /// Entries whose keys were held already.
    pub superseded: u64,
    /// Entries that did not fit.
    pub refused: u64,
    /// Records that are not what was written.
    pub frames_damaged: u64,
    /// Bytes that could not be read as records.
    pub bytes_lost: u64,
    /// The first damage, if there is any.
    pub damage: Option<Damage>,
    /// There was no file, or nothing in it.
    pub is_new: bool,
    /// Others than its owner may read or write the file. The next save replaces it by one of mode 0600.
    pub is_exposed: bool,
}

/// Where a file is not what was written, and how. Offsets are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Damage {
    /// It ends within the record at this offset, as when the process or the machine stopped while that was written. All
    /// records before are whole.
    CutShort {
        /// Where the record begins.
        offset: u64,
    },
    /// The record at this offset is damaged. It is left out, and so is what it might have replaced; those behind it are read.
    Payload {
        /// Where the record begins.
        offset: u64,
    },
    /// What tells where the record at this offset ends is damaged. Nothing behind it is read.
    FrameHead {
        /// Where the record begins.
        offset: u64,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutShort { offset } => write!(f, "cut short in the record at byte {offset}"),
            Self::Payload { offset } => write!(f, "the record at byte {offset} is damaged"),
            Self::FrameHead { offset } => {
                write!(f, "damaged at byte {offset}, and not readable from there")
            }
        }
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries loaded", self.loaded)?;
        let left_out = [
            (self.expired, "expired"),
            (self.stale, "computed from files that have changed"),
            (self.superseded, "held already"),
            (self.refused, "too large"),
        ];
        for (count, why) in left_out.iter().filter(|(count, _)| *count > 0) {
            write!(f, ", {count} {why}")?;
        }
        match self.damage {
            Some(damage) => write!(f, "; {damage}: {} bytes lost", self.bytes_lost),
            None => Ok(()),
        }
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SaveReport {
    /// Entries written.
    pub entries: u64,
    /// Entries said to be gone.
    pub removals: u64,
    /// Entries not written, as they are longer than a record may be (256 MiB).
    pub too_long: u64,
    /// Bytes written.
    pub bytes: u64,
    /// The whole file was written anew.
    pub compacted: bool,
}

/// What came of an [`autosave`](crate::Snapshot::autosave).
#[derive(Debug)]
#[must_use]
pub enum Autosave {
    /// Nothing was due, or another thread is saving.
    Idle,
    /// What was due was written.
    Saved(SaveReport),
    /// It failed, for the first time since a save succeeded. The namespace goes on; what was to be saved will be tried
    /// again when as many inserts more have been made.
    Failed(Error),
    /// It failed again; who was told already need not be told.
    StillFailing(Error),
}
