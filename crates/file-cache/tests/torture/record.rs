//! Contents that tell what they are: one record, repeated over the whole length. Whatever mixes two versions, of one
//! file or of two, breaks the repetition somewhere.

/// The length of a record; lengths of files are multiples of it.
pub(crate) const RECORD: usize = 64;

/// What bytes turn out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// One version of the file, from its first byte to its last.
    Whole(u64),
    /// The front of one version.
    Part(u64),
    Empty,
    /// No single version.
    Torn,
    /// Contents of another file.
    Foreign(usize),
}

/// `len` bytes of `version` of `file`.
pub(crate) fn contents(file: usize, version: u64, len: usize) -> Vec<u8> {
    record(file, version, len).repeat(len / RECORD)
}

fn record(file: usize, version: u64, len: usize) -> Vec<u8> {
    let text = format!("file {file:06} version {version:015} of {len:07} bytes");
    format!("{text:.<63}\n").into_bytes()
}

/// The numbers of a record: file, version, length.
fn parse(record: &[u8]) -> Option<(usize, u64, usize)> {
    let number = |from: usize, to: usize| std::str::from_utf8(&record[from..to]).ok()?.parse().ok();
    let (file, version, len) = (number(5, 11)?, number(20, 35)?, number(39, 46)?);
    Some((file as usize, version, len as usize))
}

/// Says what `bytes` are when `file` was asked for.
pub(crate) fn look(file: usize, bytes: &[u8]) -> Seen {
    if bytes.is_empty() {
        return Seen::Empty;
    }
    if !bytes.len().is_multiple_of(RECORD) || bytes[RECORD..] != bytes[..bytes.len() - RECORD] {
        return Seen::Torn;
    }
    match parse(&bytes[..RECORD]) {
        Some((named, version, len)) if bytes[..RECORD] == record(named, version, len) => {
            if named != file {
                Seen::Foreign(named)
            } else if bytes.len() == len {
                Seen::Whole(version)
            } else if bytes.len() < len {
                Seen::Part(version)
            } else {
                Seen::Torn
            }
        }
        _ => Seen::Torn,
    }
}

/// The checker itself: what it is there to find is found.
#[test]
fn mixtures_and_fronts_are_told_from_wholes() {
    let (old, new) = (contents(7, 3, 4096), contents(7, 4, 4096));
    let mixed = |at: usize| [&new[..at], &old[at..]].concat();
    let expect = [
        (old.clone(), Seen::Whole(3)),
        (new[..640].to_vec(), Seen::Part(4)),
        (Vec::new(), Seen::Empty),
        (contents(8, 3, 64), Seen::Foreign(8)),
        (mixed(2048), Seen::Torn),
        (mixed(4000), Seen::Torn),
        (mixed(4096 - RECORD), Seen::Torn),
        (vec![0; 4096], Seen::Torn),
        ([&old[..], &old[..]].concat(), Seen::Torn),
        (new[..100].to_vec(), Seen::Torn),
    ];
    for (bytes, seen) in expect {
        assert_eq!(look(7, &bytes), seen);
    }
}
