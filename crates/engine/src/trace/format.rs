//! The records of a trace; see `design.md`. How they stand in frames: `crate::format`.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::format::frame;

use super::model::{
    Access, Entry, FileAnswer, FileRead, Header, PathLookup, Question, Step, Trace, What,
};

/// The first bytes of every trace.
pub(super) const MAGIC: &[u8; 8] = b"AEXTRACE";
/// The version that is written and read.
pub(super) const VERSION: u16 = 1;
/// Bytes of magic and version.
pub(super) const HEAD: u64 = 10;
/// Accesses of one frame: what is cut off or broken loses no more than so many.
const CHUNK: usize = 512;
/// Steps or entries of one frame.
const ROWS: usize = 4_096;

/// What a frame holds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Record {
    Header(Box<Header>),
    Steps(Vec<Step>),
    Entries(Kind, Vec<Entry>),
    Accesses(Vec<Packed>),
    /// Nothing follows. The counts are those of all frames before it.
    End {
        steps: u64,
        accesses: u64,
    },
}

/// What entries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    File,
    Path,
    Prompt,
}

/// An access in few bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Packed {
    /// Since the beginning of the access before it in the frame; of the first since the beginning of the run.
    after_ns: u64,
    ns: u64,
    step: u32,
    task: u32,
    what: PackedWhat,
}

#[derive(Debug, Serialize, Deserialize)]
enum PackedWhat {
    /// For each file its word, and its bytes behind it where they are not those of its entry.
    Files(Vec<u64>),
    Paths(Vec<u64>),
    Question(Question),
    Command {
        bytes: u64,
        succeeded: bool,
    },
    Consolidation {
        findings: u64,
        bytes: u64,
    },
}

/// Writes all frames.
pub(super) fn write(trace: &Trace, w: &mut dyn Write) -> io::Result<()> {
    w.write_all(MAGIC)?;
    w.write_all(&VERSION.to_le_bytes())?;
    let mut out = Out { w, offset: HEAD };
    out.put(&Record::Header(Box::new(trace.header.clone())))?;
    for rows in trace.steps.chunks(ROWS) {
        out.put(&Record::Steps(rows.to_vec()))?;
    }
    for (kind, entries) in [
        (Kind::File, &trace.files),
        (Kind::Path, &trace.paths),
        (Kind::Prompt, &trace.prompts),
    ] {
        for rows in entries.chunks(ROWS) {
            out.put(&Record::Entries(kind, rows.to_vec()))?;
        }
    }
    for chunk in trace.accesses.chunks(CHUNK) {
        out.put(&Record::Accesses(pack(chunk, &trace.files)))?;
    }
    out.put(&Record::End {
        steps: trace.steps.len() as u64,
        accesses: trace.accesses.len() as u64,
    })
}

struct Out<'w> {
    w: &'w mut dyn Write,
    offset: u64,
}

impl Out<'_> {
    fn put(&mut self, record: &Record) -> io::Result<()> {
        let frame = frame(record, self.offset)?;
        self.offset += frame.len() as u64;
        self.w.write_all(&frame)
    }
}

fn pack(accesses: &[Access], files: &[Entry]) -> Vec<Packed> {
    let mut before = 0;
    let packed = accesses.iter().map(|access| {
        // Accesses are in the order of their beginnings.
        let after_ns = access.at_ns.saturating_sub(before);
        before = access.at_ns;
        Packed {
            after_ns,
            ns: access.ns,
            step: access.step,
            task: access.task,
            what: pack_what(&access.what, files),
        }
    });
    packed.collect()
}

fn pack_what(what: &What, files: &[Entry]) -> PackedWhat {
    match what {
        What::Files(reads) => PackedWhat::Files(pack_files(reads, files)),
        What::Paths(lookups) => {
            let mut expected = 0;
            let word = |it: &PathLookup| 2 * step_to(&mut expected, it.path) + u64::from(it.is_hit);
            PackedWhat::Paths(lookups.iter().map(word).collect())
        }
        What::Question(question) => PackedWhat::Question(*question),
        &What::Command { bytes, succeeded } => PackedWhat::Command { bytes, succeeded },
        &What::Consolidation { findings, bytes } => PackedWhat::Consolidation { findings, bytes },
    }
}

/// A word is the distance to the file behind the last one, the answer in three bits, and whether bytes follow.
fn pack_files(reads: &[FileRead], files: &[Entry]) -> Vec<u64> {
    let (mut words, mut expected) = (Vec::with_capacity(reads.len()), 0);
    for read in reads {
        let known = files.get(read.file as usize).map_or(0, |it| it.bytes);
        let differs = read.bytes != known;
        let word = step_to(&mut expected, read.file) << 4;
        words.push(word | answer_number(read.answer) << 1 | u64::from(differs));
        if differs {
            words.push(read.bytes);
        }
    }
    words
}

fn answer_number(answer: FileAnswer) -> u64 {
    let number = FileAnswer::ALL.iter().position(|it| *it == answer);
    number.expect("because all answers are in the list") as u64
}

/// How far `number` is from what is expected, with small numbers for small distances either way.
fn step_to(expected: &mut u32, number: u32) -> u64 {
    let distance = i64::from(number) - i64::from(*expected);
    *expected = number.wrapping_add(1);
    ((distance << 1) ^ (distance >> 63)) as u64
}

/// The number that is so far from what is expected; none for one that is no number.
fn step_from(expected: &mut u32, word: u64) -> Option<u32> {
    let distance = (word >> 1) as i64 ^ -((word & 1) as i64);
    let number = u32::try_from(i64::from(*expected).checked_add(distance)?).ok()?;
    *expected = number.wrapping_add(1);
    Some(number)
}

/// The accesses of a frame; none if they name what there is not.
pub(super) fn unpack(packed: Vec<Packed>, trace: &Trace) -> Option<Vec<Access>> {
    let mut before = 0u64;
    let accesses = packed.into_iter().map(|packed| {
        let at_ns = before.checked_add(packed.after_ns)?;
        before = at_ns;
        trace.steps.get(packed.step as usize)?;
        Some(Access {
            at_ns,
            ns: packed.ns,
            step: packed.step,
            task: packed.task,
            what: unpack_what(packed.what, trace)?,
        })
    });
    accesses.collect()
}

fn unpack_what(packed: PackedWhat, trace: &Trace) -> Option<What> {
    Some(match packed {
        PackedWhat::Files(words) => What::Files(unpack_files(&words, &trace.files)?),
        PackedWhat::Paths(words) => {
            let mut expected = 0;
            let lookup = |word: u64| {
                let path = step_from(&mut expected, word >> 1)?;
                trace.paths.get(path as usize)?;
                Some(PathLookup {
                    path,
                    is_hit: word & 1 == 1,
                })
            };
            What::Paths(words.into_iter().map(lookup).collect::<Option<_>>()?)
        }
        PackedWhat::Question(question) => {
            if let Some(prompt) = question.prompt {
                trace.prompts.get(prompt as usize)?;
            }
            What::Question(question)
        }
        PackedWhat::Command { bytes, succeeded } => What::Command { bytes, succeeded },
        PackedWhat::Consolidation { findings, bytes } => What::Consolidation { findings, bytes },
    })
}

fn unpack_files(words: &[u64], files: &[Entry]) -> Option<Vec<FileRead>> {
    let (mut reads, mut expected, mut words) = (Vec::new(), 0, words.iter().copied());
    while let Some(word) = words.next() {
        let file = step_from(&mut expected, word >> 4)?;
        let known = files.get(file as usize)?.bytes;
        reads.push(FileRead {
            file,
            answer: *FileAnswer::ALL.get((word >> 1 & 7) as usize)?,
            bytes: if word & 1 == 1 { words.next()? } else { known },
        });
    }
    Some(reads)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn steps_lead_back(numbers in proptest::collection::vec(any::<u32>(), 0..20)) {
            let (mut to, mut from) = (0, 0);
            for number in numbers {
                let word = step_to(&mut to, number);
                prop_assert_eq!(step_from(&mut from, word), Some(number));
            }
        }

        #[test]
        fn any_words_are_files_or_refused(words in proptest::collection::vec(any::<u64>(), 0..20)) {
            let entry = Entry { identity: 1, bytes: 7, name_bytes: 3, name: None };
            let files = vec![entry; 9];
            let reads = unpack_files(&words, &files).unwrap_or_default();
            prop_assert!(reads.iter().all(|it| it.file < 9));
        }
    }

    #[test]
    fn files_in_order_take_a_byte_each() {
        let entry = Entry {
            identity: 1,
            bytes: 7_000,
            name_bytes: 3,
            name: None,
        };
        let files = vec![entry; 9];
        let read = |file| FileRead {
            file,
            answer: FileAnswer::Hit,
            bytes: 7_000,
        };
        let words = pack_files(&[read(0), read(1), read(2), read(7)], &files);
        assert!(words.iter().all(|word| *word < 251), "{words:?}");
    }
}
