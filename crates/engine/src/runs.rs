//! Reports of runs from files: a journal, or the JSON that a front end printed.

use std::io;
use std::path::Path;

use crate::journal;
use crate::report::RunReport;

/// The reports in a file: of the run of a journal, or of one or several runs as JSON ([`RunReport::to_json`], alone or in a
/// list). O(bytes).
///
/// # Errors
/// The file cannot be read, is neither of these, is of another version, holds no run, or is of a run that never ended.
pub fn read(path: &Path) -> io::Result<Vec<RunReport>> {
    let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let bytes = std::fs::read(path)?;
    if !matches!(first_character(&bytes), Some(b'{' | b'[')) {
        let report = journal::read(path)?.report;
        return Ok(vec![report.ok_or_else(|| {
            invalid("the run never ended, so there is no report".to_owned())
        })?]);
    }
    let several = first_character(&bytes) == Some(b'[');
    let reports: Vec<RunReport> = match several {
        true => serde_json::from_slice(&bytes),
        false => serde_json::from_slice(&bytes).map(|one| vec![one]),
    }
    .map_err(|e| invalid(format!("is no report: {e}")))?;
    match reports.first() {
        None => Err(invalid("holds no run".to_owned())),
        Some(_) => Ok(reports),
    }
}

fn first_character(bytes: &[u8]) -> Option<u8> {
    bytes.iter().copied().find(|b| !b.is_ascii_whitespace())
}
