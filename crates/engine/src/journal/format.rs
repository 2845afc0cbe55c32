//! The records of a journal; see `design.md`. How they stand in frames: `crate::format`.

use serde::{Deserialize, Serialize};

use crate::report::{RunReport, StepReport};

/// The first bytes of every journal.
pub(super) const MAGIC: &[u8; 8] = b"AEXJOURN";
/// The version that is written and read.
pub(super) const VERSION: u16 = 4;
/// Bytes of magic and version.
pub(super) const HEAD: u64 = 10;
/// What a frame holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Record {
    Started {
        workflow: String,
        file: String,
        steps: Vec<String>,
    },
    Step {
        index: u32,
        report: StepReport,
    },
    Ended {
        report: Box<RunReport>,
    },
}
