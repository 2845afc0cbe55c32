//! Reading a snapshot: what is sound in it, and what is not.

use super::format::{self, FRAME_HEAD, HEAD, Put, Record};
use super::report::{Damage, LoadReport};
use crate::key::KeyBytes;
use crate::{Dependencies, Entry, Fingerprint, Namespace};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::Duration;

/// What a file says at its end.
#[derive(Default)]
pub(super) struct Contents {
    /// The entries by their place in the file.
    pub(super) entries: BTreeMap<u64, Found>,
    places: HashMap<KeyBytes, u64>,
    /// Where the last frame ends that was read.
    pub(super) end: u64,
    pub(super) report: LoadReport,
}

/// An entry in a file.
pub(super) struct Found {
    pub(super) key: KeyBytes,
    pub(super) frame: u64,
    hash: u64,
    value: Vec<u8>,
    saved_at: u64,
    remaining: Option<u64>,
    tags: Vec<String>,
    files: Vec<(Arc<[u8]>, Fingerprint)>,
}

/// Reads frame by frame. Where a payload is damaged, its frame is left out, and so is what it might have replaced; where
/// the head of a frame is, nothing tells where the next begins or what it was about: reading ends there.
pub(super) fn read(file: &File) -> io::Result<Contents> {
    let length = file.metadata()?.len();
    let mut from = BufReader::with_capacity(1 << 16, file);
    from.seek(SeekFrom::Start(HEAD))?;
    let mut contents = Contents {
        end: HEAD,
        ..Contents::default()
    };
    let mut payload = Vec::new();
    while contents.end < length {
        let (offset, left) = (contents.end, length - contents.end);
        let damage = match frame_at(&mut from, offset, left)? {
            Ok(head) => {
                payload.resize(head.payload, 0);
                from.read_exact(&mut payload)?;
                contents.end += (FRAME_HEAD + head.payload) as u64;
                contents.apply(
                    head.key_hash,
                    format::record(head, &payload, offset),
                    offset,
                );
                continue;
            }
            Err(damage) => damage,
        };
        contents.report.bytes_lost += left;
        contents.report.damage = Some(damage);
        break;
    }
    Ok(contents)
}

fn frame_at(
    from: &mut impl Read,
    offset: u64,
    left: u64,
) -> io::Result<Result<format::FrameHead, Damage>> {
    if left < FRAME_HEAD as u64 {
        return Ok(Err(Damage::CutShort { offset }));
    }
    Ok(match format::frame_head(from, offset)? {
        None => Err(Damage::FrameHead { offset }),
        Some(head) if (FRAME_HEAD + head.payload) as u64 > left => Err(Damage::CutShort { offset }),
        Some(head) => Ok(head),
    })
}

impl Contents {
    fn apply(&mut self, hash: u64, record: Option<Record<'_>>, offset: u64) {
        let frame = self.end - offset;
        match record {
            Some(Record::Put(put)) => {
                let key = KeyBytes::from(put.key);
                self.forget(&key);
                self.places.insert(key.clone(), offset);
                let found = Found::new(key, hash, frame, put);
                self.entries.insert(offset, found);
            }
            Some(Record::Remove(key)) => self.forget(key),
            None => {
                self.report.frames_damaged += 1;
                self.report.bytes_lost += frame;
                self.report.damage.get_or_insert(Damage::Payload { offset });
                self.forget_hash(hash);
            }
        }
    }

    fn forget(&mut self, key: &[u8]) {
        if let Some(place) = self.places.remove(key) {
            self.entries.remove(&place);
        }
    }

    /// Whatever the damaged record was about is not known to hold any more.
    fn forget_hash(&mut self, hash: u64) {
        self.entries.retain(|_, found| found.hash != hash);
        let entries = &self.entries;
        self.places.retain(|_, place| entries.contains_key(place));
    }
}

impl Found {
    fn new(key: KeyBytes, hash: u64, frame: u64, put: Put<'_>) -> Self {
        Self {
            key,
            frame,
            hash,
            value: put.value.to_vec(),
            saved_at: put.saved_at,
            remaining: put.remaining,
            tags: put.tags.into_iter().map(str::to_owned).collect(),
            files: put
                .files
                .into_iter()
                .map(|(file, it)| (file.into(), Fingerprint(it)))
                .collect(),
        }
    }

    /// What it has yet to live at `now`, in milliseconds since 1970; outer none if nothing. A wall clock that went back
    /// counts as one that stood still, so that nothing lives longer than it had to.
    fn remaining(&self, now: u64) -> Option<Option<Duration>> {
        let Some(remaining) = self.remaining else {
            return Some(None);
        };
        let left = remaining.saturating_sub(now.saturating_sub(self.saved_at));
        (left > 0).then(|| Some(Duration::from_millis(left)))
    }

    fn into_entry(self, ttl: Option<Duration>) -> Entry<'static> {
        let mut entry = Entry::new(self.value);
        entry = match ttl {
            Some(ttl) => entry.with_ttl(ttl),
            None => entry.without_ttl(),
        };
        entry.files = self.files;
        self.tags
            .iter()
            .fold(entry, |entry, tag| entry.with_tag(tag))
    }
}

/// Puts the entries into the namespace, but for those that are held already.
pub(super) fn fill(
    namespace: &Namespace,
    entries: BTreeMap<u64, Found>,
    now: u64,
    dependencies: Option<&dyn Dependencies>,
    report: &mut LoadReport,
) {
    let is_current = |(file, then): &(Arc<[u8]>, Fingerprint)| {
        dependencies.is_some_and(|it| it.current(file) == Some(*then))
    };
    for found in entries.into_values() {
        let Some(ttl) = found.remaining(now) else {
            report.expired += 1;
            continue;
        };
        if !found.files.iter().all(is_current) {
            report.stale += 1;
        } else if namespace.peek(&found.key).is_some() {
            report.superseded += 1;
        } else {
            let key = found.key.clone();
            match namespace.load(&key, found.into_entry(ttl)) {
                true => report.loaded += 1,
                false => report.refused += 1,
            }
        }
    }
}
