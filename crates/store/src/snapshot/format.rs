//! The bytes of a snapshot; see `design.md`. The only file that names bincode.

use bincode::config::standard;
use std::io::{self, Read};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// The first bytes of every snapshot.
pub(super) const MAGIC: &[u8; 8] = b"AEXSTORE";
/// The version that is written and read.
pub(super) const VERSION: u16 = 1;
/// Where the number of the process stands that holds the file.
pub(super) const OWNER_AT: u64 = 10;
/// Bytes of magic, version and owner.
pub(super) const HEAD: u64 = 14;
/// Bytes before the payload of a frame.
pub(super) const FRAME_HEAD: usize = 28;
/// Longest payload.
pub(super) const MAX_PAYLOAD: usize = 1 << 28;

/// What a frame holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record<'a> {
    Put(Put<'a>),
    /// There is no entry under this key any more.
    Remove(&'a [u8]),
}

/// An entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Put<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
    /// The wall clock when it was saved, in milliseconds since 1970.
    pub(super) saved_at: u64,
    /// What it had to live then, in milliseconds; none if without end.
    pub(super) remaining: Option<u64>,
    pub(super) tags: Vec<&'a str>,
    pub(super) files: Vec<(&'a [u8], u128)>,
}

const PUT: u8 = 0;
const REMOVE: u8 = 1;

type PutFields<'a> = (
    &'a [u8],
    &'a [u8],
    u64,
    Option<u64>,
    Vec<&'a str>,
    Vec<(&'a [u8], u128)>,
);

/// The first bytes of a file held by `process`.
pub(super) fn head(process: u32) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    head.extend(VERSION.to_le_bytes());
    head.extend(process.to_le_bytes());
    head
}

/// Appends the frame of a record that will stand at `offset` to `out`, and gives its length; none if it is too long for a
/// frame.
pub(super) fn frame(record: &Record<'_>, offset: u64, out: &mut Vec<u8>) -> Option<u64> {
    let start = out.len();
    out.resize(start + FRAME_HEAD, 0);
    let (key, encoded) = match record {
        Record::Put(put) => {
            let fields = (
                PUT,
                put.key,
                put.value,
                put.saved_at,
                put.remaining,
                put.tags.as_slice(),
                put.files.as_slice(),
            );
            (
                put.key,
                bincode::encode_into_std_write(fields, out, standard()),
            )
        }
        Record::Remove(key) => {
            let fields = (REMOVE, *key);
            (
                *key,
                bincode::encode_into_std_write(fields, out, standard()),
            )
        }
    };
    encoded.expect("because a vector takes whatever is written");
    let payload = out.len() - start - FRAME_HEAD;
    if payload > MAX_PAYLOAD {
        out.truncate(start);
        return None;
    }
    let (head, payload_bytes) = out[start..].split_at_mut(FRAME_HEAD);
    head[..4].copy_from_slice(&(payload as u32).to_le_bytes());
    head[4..12].copy_from_slice(&xxh3_64(key).to_le_bytes());
    let sum = xxh3_64_with_seed(payload_bytes, offset);
    head[12..20].copy_from_slice(&sum.to_le_bytes());
    let sum = xxh3_64_with_seed(&head[..20], offset);
    head[20..].copy_from_slice(&sum.to_le_bytes());
    Some((FRAME_HEAD + payload) as u64)
}

/// What stands before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) payload: usize,
    /// The hash of the key that the record is about.
    pub(super) key_hash: u64,
    sum: u64,
}

/// The head of the frame at `offset`; none if it was not written there, or not all of it.
pub(super) fn frame_head(mut from: impl Read, offset: u64) -> io::Result<Option<FrameHead>> {
    let mut bytes = [0; FRAME_HEAD];
    from.read_exact(&mut bytes)?;
    let number = |at: usize| {
        let number = bytes[at..].first_chunk();
        u64::from_le_bytes(*number.expect("because the head is longer"))
    };
    if xxh3_64_with_seed(&bytes[..20], offset) != number(20) {
        return Ok(None);
    }
    let payload = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
    Ok((payload <= MAX_PAYLOAD).then_some(FrameHead {
        payload,
        key_hash: number(4),
        sum: number(12),
    }))
}

/// The record that `payload` is, of the frame at `offset`; none if it is not what was written there.
pub(super) fn record(head: FrameHead, payload: &[u8], offset: u64) -> Option<Record<'_>> {
    if xxh3_64_with_seed(payload, offset) != head.sum {
        return None;
    }
    let config = standard().with_limit::<MAX_PAYLOAD>();
    let (kind, rest) = payload.split_first()?;
    let (record, used) = match *kind {
        PUT => {
            let (fields, used) =
                bincode::borrow_decode_from_slice::<PutFields<'_>, _>(rest, config).ok()?;
            let (key, value, saved_at, remaining, tags, files) = fields;
            let put = Put {
                key,
                value,
                saved_at,
                remaining,
                tags,
                files,
            };
            (Record::Put(put), used)
        }
        REMOVE => {
            let (key, used) = bincode::borrow_decode_from_slice::<&[u8], _>(rest, config).ok()?;
            (Record::Remove(key), used)
        }
        _ => return None,
    };
    (used == rest.len()).then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], offset: u64) -> Option<(FrameHead, Record<'_>)> {
        let head = frame_head(bytes, offset).ok()??;
        let payload = bytes.get(FRAME_HEAD..FRAME_HEAD + head.payload)?;
        Some((head, record(head, payload, offset)?))
    }

    fn examples() -> [Record<'static>; 3] {
        let full = Put {
            key: b"key",
            value: &[7; 300],
            saved_at: u64::MAX,
            remaining: Some(0),
            tags: vec!["", "tag"],
            files: vec![(b"src/a.rs", u128::MAX)],
        };
        [
            Record::Put(Put::default()),
            Record::Put(full),
            Record::Remove(b"key"),
        ]
    }

    #[test]
    fn what_is_written_is_read_where_it_was_written_and_nowhere_else() {
        for example in examples() {
            let mut bytes = Vec::new();
            let length = frame(&example, 14, &mut bytes).expect("it is short");
            assert_eq!(length, bytes.len() as u64);
            assert_eq!(read(&bytes, 14).expect("whole").1, example);
            assert_eq!(read(&bytes, 15), None);
        }
    }

    #[test]
    fn what_is_too_long_to_be_read_again_is_not_written() {
        let value = vec![0; MAX_PAYLOAD + 1];
        let put = Put {
            value: &value,
            ..Put::default()
        };
        let mut bytes = b"before".to_vec();
        assert_eq!(frame(&Record::Put(put), 14, &mut bytes), None);
        assert_eq!(bytes, b"before");
    }

    #[test]
    fn no_flipped_bit_goes_unseen() {
        for example in examples() {
            let mut bytes = Vec::new();
            frame(&example, 14, &mut bytes).expect("it is short");
            for bit in 0..8 * bytes.len() {
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(read(&bytes, 14), None, "bit {bit}");
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    #[test]
    fn the_bytes_are_those_of_this_version() {
        let mut bytes = head(0x0102_0304);
        frame(&Record::Remove(b"a"), HEAD, &mut bytes).expect("it is short");
        let expect = "41455853544f524501000403020103000000";
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(hex.starts_with(expect), "{hex}");
        assert!(hex.ends_with("010161"), "{hex}");
        assert_eq!(bytes.len(), HEAD as usize + FRAME_HEAD + 3);
    }
}
