//! Reports of runs from files: a journal, or the JSON that a front end printed.

use std::io;
use std::path::Path;

use crate::journal;
use crate::report::RunReport;

/// What a file that is neither is told.
const READ: &str = "journals and what `run --json` prints are read";

/// The reports in a file: of the run of a journal, or of one or several runs as JSON ([`RunReport::to_json`], alone or in a
/// list). O(bytes).
///
/// # Errors
/// The file cannot be read, is neither of these, is of another version, holds no run, or is of a run that never ended.
pub fn read(path: &Path) -> io::Result<Vec<RunReport>> {
    let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let bytes = std::fs::read(path)?;
    let first = first_character(&bytes);
    if first.is_none() {
        return Err(invalid(format!("is empty; {READ}")));
    }
    if !matches!(first, Some(b'{' | b'[')) {
        if !journal::begins_as_one(&bytes) {
            return Err(invalid(format!("is no journal and no report; {READ}")));
        }
        let report = journal::read(path)?.report;
        return Ok(vec![report.ok_or_else(|| {
            invalid("the run never ended, so there is no report".to_owned())
        })?]);
    }
    let several = first == Some(b'[');
    let reports: Vec<RunReport> = match several {
        true => serde_json::from_slice(&bytes),
        false => serde_json::from_slice(&bytes).map(|one| vec![one]),
    }
    .map_err(|e| invalid(format!("is no report: {e}; {READ}")))?;
    match reports.first() {
        None => Err(invalid("holds no run".to_owned())),
        Some(_) => Ok(reports),
    }
}

fn first_character(bytes: &[u8]) -> Option<u8> {
    bytes.iter().copied().find(|b| !b.is_ascii_whitespace())
}
