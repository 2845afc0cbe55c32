//! Frames: how the journal's and the trace's records stand in a file. The only module of the engine that names bincode.

use std::io::{self, Read};

use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Longest payload.
const MAX_PAYLOAD: usize = 1 << 28;

/// Bytes in front of a payload: its length and its checksum.
pub(crate) const FRAME_HEAD: usize = 12;

/// The frame of a record that will stand at `offset`. O(its bytes).
pub(crate) fn frame(record: &impl Serialize, offset: u64) -> io::Result<Vec<u8>> {
    let mut out = vec![0; FRAME_HEAD];
    bincode::serde::encode_into_std_write(record, &mut out, bincode::config::standard())
        .map_err(io::Error::other)?;
    let payload = &out[FRAME_HEAD..];
    if payload.len() > MAX_PAYLOAD {
        return Err(io::Error::other(format!(
            "a record of {} bytes is too long for one frame",
            payload.len()
        )));
    }
    let length = (payload.len() as u32).to_le_bytes();
    let checksum = xxh3_64_with_seed(payload, offset).to_le_bytes();
    out[..4].copy_from_slice(&length);
    out[4..FRAME_HEAD].copy_from_slice(&checksum);
    Ok(out)
}

/// The record at the start of `bytes`, which stand at `offset`, and the bytes of its frame; none if it is not whole.
/// Nothing is allocated that the payload does not hold.
pub(crate) fn record<T: DeserializeOwned>(mut bytes: &[u8], offset: u64) -> Option<(T, u64)> {
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
    (used == length).then_some((record, (length + FRAME_HEAD) as u64))
}
