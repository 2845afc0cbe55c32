//! Reading traces: everything up to the first frame that is not sound.

use std::io;
use std::path::Path;

use crate::format::record;

use super::format::{HEAD, Kind, MAGIC, Record, VERSION, unpack};
use super::model::Trace;

/// Reads a trace: everything up to the first frame that is cut short, broken, or names what there is not.
///
/// # Errors
/// The file cannot be read, is no trace, is one cut off before its first record, or is of another version. O(bytes).
pub fn read(path: &Path) -> io::Result<Trace> {
    parse(&std::fs::read(path)?)
}

fn invalid(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}

/// The trace that these bytes are.
pub(super) fn parse(bytes: &[u8]) -> io::Result<Trace> {
    let head = bytes.len().min(MAGIC.len());
    if bytes.is_empty() || bytes[..head] != MAGIC[..head] {
        return Err(invalid("is no trace"));
    }
    if bytes.len() < HEAD as usize {
        return Err(invalid("is a trace that is cut off in its head"));
    }
    let version = u16::from_le_bytes([bytes[8], bytes[9]]);
    if version != VERSION {
        return Err(invalid(format!(
            "is a trace of version {version}, not {VERSION}: read it with the program that wrote it, or record it anew"
        )));
    }
    let mut offset = HEAD;
    let Some((Record::Header(header), length)) = record(&bytes[HEAD as usize..], HEAD) else {
        return Err(invalid("is a trace without a whole record"));
    };
    offset += length;
    let mut trace = Trace {
        header: *header,
        steps: Vec::new(),
        files: Vec::new(),
        paths: Vec::new(),
        prompts: Vec::new(),
        accesses: Vec::new(),
        lost_bytes: 0,
    };
    let mut is_whole = false;
    while let Some((next, length)) = record(&bytes[offset as usize..], offset) {
        let Some(ends) = apply(&mut trace, next) else {
            break;
        };
        offset += length;
        if ends {
            is_whole = true;
            break;
        }
    }
    trace.drop_unknown_needs();
    trace.lost_bytes = bytes.len() as u64 - offset;
    // A cut between two frames leaves no bytes over; that the end is missing must show all the same.
    if !is_whole {
        trace.lost_bytes = trace.lost_bytes.max(1);
    }
    Ok(trace)
}

/// Adds a record, and says whether it is the last; none if it may not stand where it does.
fn apply(trace: &mut Trace, record: Record) -> Option<bool> {
    match record {
        Record::Header(_) => return None,
        Record::Steps(steps) => trace.steps.extend(steps),
        Record::Entries(Kind::File, rows) => trace.files.extend(rows),
        Record::Entries(Kind::Path, rows) => trace.paths.extend(rows),
        Record::Entries(Kind::Prompt, rows) => trace.prompts.extend(rows),
        Record::Accesses(packed) => {
            let accesses = unpack(packed, trace)?;
            trace.accesses.extend(accesses);
        }
        Record::End { steps, accesses } => {
            let counts = (trace.steps.len() as u64, trace.accesses.len() as u64);
            return (counts == (steps, accesses)).then_some(true);
        }
    }
    Some(false)
}

impl Trace {
    /// Needs of steps that were cut off, and of a step on itself, would lead nowhere.
    fn drop_unknown_needs(&mut self) {
        let count = self.steps.len();
        for (index, step) in self.steps.iter_mut().enumerate() {
            step.needs
                .retain(|need| (*need as usize) < count && *need as usize != index);
        }
    }
}
