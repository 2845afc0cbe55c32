//! A run's events on disk, so that what finished is known whatever ends the process. The bytes: `design.md`.

mod format;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::event::{Event, Subscriber};
use crate::format::{frame, record as frame_at};
use crate::report::{RunReport, StepReport};

use format::{HEAD, MAGIC, Record, VERSION};

/// Writes the journal of one run. Give it to the run as a subscriber.
#[derive(Debug)]
pub struct Journal {
    file: File,
    workflow_file: String,
    offset: u64,
    /// Why nothing more is written: after the first error the file is left as it is.
    failure: Arc<OnceLock<String>>,
}

impl Journal {
    /// A new journal at `path`; `workflow_file` is the workflow's file as it was given.
    ///
    /// # Errors
    /// The file cannot be made, or exists.
    pub fn create(path: &Path, workflow_file: &str) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        let mut head = MAGIC.to_vec();
        head.extend(VERSION.to_le_bytes());
        // A journal without its head would only be in the way of the next try.
        file.write_all(&head)
            .inspect_err(|_| _ = std::fs::remove_file(path))?;
        Ok(Self {
            file,
            workflow_file: workflow_file.to_owned(),
            offset: HEAD,
            failure: Arc::default(),
        })
    }

    /// Where the reason stands if the journal could not be written to its end. Ask after the run.
    pub fn failure(&self) -> Arc<OnceLock<String>> {
        self.failure.clone()
    }

    fn append(&mut self, record: &Record) {
        if self.failure.get().is_some() {
            return;
        }
        let written = frame(record, self.offset).and_then(|frame| {
            self.file.write_all(&frame)?;
            self.offset += frame.len() as u64;
            Ok(())
        });
        let synced = match record {
            Record::Ended { .. } => written.and_then(|()| self.file.sync_all()),
            _ => written,
        };
        if let Err(e) = synced {
            _ = self.failure.set(e.to_string());
        }
    }
}

impl Subscriber for Journal {
    fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted { workflow, steps } => self.append(&Record::Started {
                workflow: workflow.clone(),
                file: self.workflow_file.clone(),
                steps: steps.iter().map(|(id, _)| id.clone()).collect(),
            }),
            Event::StepEnded { step, report } => {
                self.append(&Record::Step {
                    index: *step as u32,
                    report: (**report).clone(),
                });
            }
            Event::RunEnded { report } => self.append(&Record::Ended {
                report: report.clone(),
            }),
            _ => {}
        }
    }
}

/// What a journal tells.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Recorded {
    /// The workflow's name.
    pub workflow: String,
    /// Its file.
    pub file: String,
    /// The ids of all steps, in their order.
    pub steps: Vec<String>,
    /// The steps that ended, in the order in which they did.
    pub ended: Vec<StepReport>,
    /// The whole report; absent if the process ended before the run.
    pub report: Option<RunReport>,
    /// Bytes behind the last whole frame.
    pub lost_bytes: u64,
}

/// Reads a journal: everything up to the first frame that is not whole.
///
/// # Errors
/// The file cannot be read, is no journal, is one cut off before its first record, or is of another version. O(bytes).
pub fn read(path: &Path) -> io::Result<Recorded> {
    let bytes = std::fs::read(path)?;
    let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    if begins_as_one(&bytes) && bytes.len() < HEAD as usize {
        return Err(invalid("is a journal that is cut off in its head".into()));
    }
    let rest = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| invalid("is no journal".into()))?;
    let version = rest.first_chunk().map(|v| u16::from_le_bytes(*v));
    if version != Some(VERSION) {
        return Err(invalid(format!(
            "is of version {}, not {VERSION}",
            version.unwrap_or_default()
        )));
    }
    let (mut recorded, mut seen) = (None, Vec::new());
    let mut offset = HEAD;
    while let Some((record, length)) = frame_at(&bytes[offset as usize..], offset) {
        if !apply(&mut recorded, &mut seen, record) {
            break;
        }
        offset += length;
    }
    let mut recorded = recorded.ok_or_else(|| invalid("holds no whole record".into()))?;
    recorded.lost_bytes = bytes.len() as u64 - offset;
    Ok(recorded)
}

/// Whether these are the first bytes of a journal, as far as they go.
pub(crate) fn begins_as_one(bytes: &[u8]) -> bool {
    let n = bytes.len().min(MAGIC.len());
    n > 0 && bytes[..n] == MAGIC[..n]
}

/// Whether the record may stand where it does. `seen` says of each step whether it has ended.
fn apply(recorded: &mut Option<Recorded>, seen: &mut Vec<bool>, record: Record) -> bool {
    match (recorded, record) {
        (
            slot @ None,
            Record::Started {
                workflow,
                file,
                steps,
            },
        ) => {
            seen.resize(steps.len(), false);
            *slot = Some(Recorded {
                workflow,
                file,
                steps,
                ended: Vec::new(),
                report: None,
                lost_bytes: 0,
            });
            true
        }
        (Some(run), Record::Step { index, report }) if run.report.is_none() => {
            let index = index as usize;
            let may = run.steps.get(index) == Some(&report.id)
                && !std::mem::replace(&mut seen[index], true);
            if may {
                run.ended.push(report);
            }
            may
        }
        (Some(run), Record::Ended { report }) if run.report.is_none() => {
            run.report = Some(*report);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{FilesReport, PromptsReport, RunOutcome, StepOutcome};

    fn step(id: &str) -> StepReport {
        StepReport {
            id: id.into(),
            name: id.into(),
            action: "run".into(),
            line: 3,
            outcome: StepOutcome::Succeeded,
            duration: Some(std::time::Duration::from_millis(1500)),
            tasks: 1,
            attempts: 1,
            tokens: None,
            cache: None,
            summary: "exit 0".into(),
            error: None,
            problems: Vec::new(),
            exit_code: None,
            said: None,
        }
    }

    fn report(steps: Vec<StepReport>) -> RunReport {
        RunReport {
            format: 1,
            workflow: "w".into(),
            file: "w.yaml".into(),
            root: ".".into(),
            outcome: RunOutcome::Succeeded,
            duration: std::time::Duration::from_millis(2500),
            steps,
            actions: Default::default(),
            files: FilesReport::default(),
            paths: Default::default(),
            prompts: Some(PromptsReport::default()),
            advice: Vec::new(),
            alerts: Vec::new(),
            tokens: None,
            memory: None,
            outputs: Default::default(),
            errors: Vec::new(),
        }
    }

    /// A journal of two steps, and where each of its frames ends.
    fn written(path: &Path) -> Vec<u64> {
        let mut journal = Journal::create(path, "w.yaml").expect("created");
        let steps = ["a", "b"].map(|id| (id.to_owned(), id.to_owned())).to_vec();
        let ended = |i: usize, id| Event::StepEnded {
            step: i,
            report: Box::new(step(id)),
        };
        let end = Event::RunEnded {
            report: Box::new(report(vec![step("a"), step("b")])),
        };
        let events = [
            Event::RunStarted {
                workflow: "w".into(),
                steps,
            },
            ended(1, "b"),
            ended(0, "a"),
            end,
        ];
        let mut ends = Vec::new();
        for event in &events {
            journal.event(event);
            ends.push(journal.offset);
        }
        assert!(journal.failure.get().is_none());
        ends
    }

    #[test]
    fn what_is_written_is_read_and_cutting_it_anywhere_loses_only_the_cut_frame() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run.journal");
        let ends = written(&path);
        let bytes = std::fs::read(&path).expect("read");
        for cut in 0..=bytes.len() {
            std::fs::write(&path, &bytes[..cut]).expect("write");
            let whole = ends.iter().filter(|end| **end <= cut as u64).count();
            match read(&path) {
                Err(e) => {
                    assert_eq!(whole, 0, "cut at {cut}");
                    let in_head = (1..HEAD as usize).contains(&cut);
                    assert_eq!(e.to_string().contains("cut off"), in_head, "{cut}: {e}");
                }
                Ok(run) => {
                    assert_eq!(
                        (run.ended.len(), run.report.is_some()),
                        ((whole - 1).min(2), whole == 4),
                        "cut at {cut}"
                    );
                    assert_eq!(run.lost_bytes, cut as u64 - ends[whole - 1]);
                }
            }
        }
    }

    #[test]
    fn a_flipped_bit_is_never_taken_for_a_record() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run.journal");
        let ends = written(&path);
        let bytes = std::fs::read(&path).expect("read");
        for at in HEAD as usize..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 0x10;
            std::fs::write(&path, &broken).expect("write");
            let before = ends.iter().filter(|end| **end <= at as u64).count();
            let found = read(&path).map_or(0, |run| {
                1 + run.ended.len() + usize::from(run.report.is_some())
            });
            assert_eq!(found, before, "bit flipped at {at}");
        }
    }

    #[test]
    fn other_files_are_refused_and_none_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run.journal");
        std::fs::write(&path, "hello").expect("write");
        assert!(Journal::create(&path, "w").is_err());
        assert!(
            read(&path)
                .expect_err("no journal")
                .to_string()
                .contains("no journal")
        );
        std::fs::write(&path, b"AEXJOURN\x09\x00").expect("write");
        assert!(
            read(&path)
                .expect_err("version")
                .to_string()
                .contains("version 9")
        );
    }
}
