//! Leaks on purpose.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::str::FromStr;

/// What is lost each time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leak {
    /// A kibibyte.
    Memory,
    /// An open file.
    Descriptor,
    /// A thread that waits for ever.
    Thread,
    /// A file of a kibibyte that nobody removes.
    Disk,
}

impl FromStr for Leak {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "memory" => Ok(Self::Memory),
            "descriptor" => Ok(Self::Descriptor),
            "thread" => Ok(Self::Thread),
            "disk" => Ok(Self::Disk),
            _ => Err(format!("there is no leak `{text}`")),
        }
    }
}

impl Leak {
    pub(crate) fn once(self, iteration: u64, folder: &Path) -> io::Result<()> {
        match self {
            // Written to, so that the pages are there.
            Self::Memory => std::mem::forget(vec![iteration as u8; 1024]),
            Self::Descriptor => std::mem::forget(File::open(folder)?),
            Self::Thread => _ = std::thread::Builder::new().spawn(std::thread::park)?,
            Self::Disk => fs::write(folder.join(format!("leak-{iteration}")), [7; 1024])?,
        }
        Ok(())
    }
}
