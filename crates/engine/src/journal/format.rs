//! The bytes of a journal; see `design.md`. The only file that names bincode.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::report::{RunReport, StepReport};

/// The first bytes of every journal.
pub(super) const MAGIC: &[u8; 8] = b"AEXJOURN";
/// The version that is written and read.
pub(super) const VERSION: u16 = 4;
/// Bytes of magic and version.
pub(super) const HEAD: u64 = 10;
/// Longest payload.
const MAX_PAYLOAD: usize = 1 << 28;

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

/// The frame of a record that will stand at `offset`.
pub(super) fn frame(record: &Record, offset: u64) -> io::Result<Vec<u8>> {
    let payload = bincode::serde::encode_to_vec(record, bincode::config::standard())
        .map_err(io::Error::other)?;
    if payload.len() > MAX_PAYLOAD {
        return Err(io::Error::other(format!(
            "a record of {} bytes is too long for the journal",
            payload.len()
        )));
    }
    let mut out = Vec::with_capacity(payload.len() + 12);
    out.write_all(&(payload.len() as u32).to_le_bytes())?;
    out.write_all(&xxh3_64_with_seed(&payload, offset).to_le_bytes())?;
    out.write_all(&payload)?;
    Ok(out)
}

/// The record at the start of `bytes`, which stand at `offset`, and the bytes of its frame; none if it is not whole.
pub(super) fn record(mut bytes: &[u8], offset: u64) -> Option<(Record, u64)> {
    let (mut length, mut checksum) = ([0; 4], [0; 8]);
    bytes.read_exact(&mut length).ok()?;
    bytes.read_exact(&mut checksum).ok()?;
    let length = u32::from_le_bytes(length) as usize;
    let payload = bytes.get(..length).filter(|_| length <= MAX_PAYLOAD)?;
    if xxh3_64_with_seed(payload, offset) != u64::from_le_bytes(checksum) {
        return None;
    }
    let config = bincode::config::standard().with_limit::<MAX_PAYLOAD>();
    let (record, used) = bincode::serde::decode_from_slice(payload, config).ok()?;
    (used == length).then_some((record, length as u64 + 12))
}
