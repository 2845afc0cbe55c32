//! `consolidate`: what steps found, as sections of one document.

use std::path::{Path, PathBuf};

use autoexec_consolidator::{Consolidator, Finding, Severity, Step as Section};

use crate::error::StepError;
use crate::report::StepOutcome;
use crate::workflow::model::Consolidate;

use super::actions::One;
use super::ask::text_of;
use super::output::{ConsolidateOutput, Output, SearchOutput};

impl One<'_> {
    pub(super) async fn consolidate(&self, consolidate: &Consolidate) -> Result<Output, StepError> {
        let title = consolidate
            .title
            .as_deref()
            .map(|t| self.render(t))
            .transpose()?;
        let mut document = Consolidator::with_title(
            title.unwrap_or_else(|| self.runner.document.workflow.name.clone()),
        );
        for (number, id) in (1..).zip(&consolidate.from) {
            if let Some(section) = self.section(id) {
                document.set(number, section);
            }
        }
        let output = consolidate
            .output
            .as_deref()
            .map(|t| self.render(t))
            .transpose()?;
        let target = match &output {
            Some(path) => Some(self.target(path)?),
            None => None,
        };
        let stop = self.stop.clone();
        self.blocking(move || {
            if stop.is_cancelled() {
                return Err(StepError::Stopped);
            }
            if let Some(target) = &target {
                crate::output::write_atomically(target, |mut w| {
                    document.write_to(&mut w).map(|_| ())
                })
                .map_err(|e| {
                    StepError::Failed(format!(
                        "cannot write `{}`: {e}; nothing was changed",
                        target.display()
                    ))
                })?;
            }
            let (summary, digest) = (document.summary(), document.digest());
            Ok(Output::Consolidate(ConsolidateOutput {
                text: document.text().to_owned(),
                path: output,
                steps: summary.steps as usize,
                findings: summary.findings + summary.omitted,
                digest: digest.to_string(),
            }))
        })
        .await
    }

    /// Where a file may be written: below the output folder, whatever links are in the way.
    fn target(&self, path: &str) -> Result<PathBuf, StepError> {
        if let Some(why) = crate::workflow::escapes(path) {
            return Err(StepError::Invalid(why));
        }
        let invalid =
            |e: &dyn std::fmt::Display| StepError::Failed(format!("cannot write `{path}`: {e}"));
        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        if !folder.as_os_str().is_empty() {
            self.make_folders(folder).map_err(|e| invalid(&e))?;
        }
        self.runner
            .out
            .resolve_new(Path::new(path))
            .map_err(|e| invalid(&e))
    }

    /// Makes folders below the output folder; before that, the deepest one that exists must really lie there.
    fn make_folders(&self, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
        let full = self.runner.out.path().join(folder);
        let existing = full
            .ancestors()
            .find(|f| f.exists())
            .unwrap_or(self.runner.out.path());
        self.runner.out.resolve(existing)?;
        Ok(std::fs::create_dir_all(full)?)
    }

    fn section(&self, id: &str) -> Option<Section> {
        let state = self.runner.steps.state(id)?;
        let mut section = Section {
            title: self.title(id),
            ..Section::default()
        };
        let why = state.error.clone().unwrap_or_default();
        match state.outcome {
            StepOutcome::Succeeded => {}
            StepOutcome::Failed => {
                section
                    .findings
                    .push(Finding::new(format!("failed: {why}")).severity(Severity::High));
            }
            StepOutcome::Skipped => section.text = format!("Skipped: {why}."),
            StepOutcome::Cancelled => section.text = format!("Cancelled: {why}."),
        }
        for output in &state.outputs {
            fill(&mut section, output);
        }
        Some(section)
    }
}

/// Lines of a command's output that a document shows.
const SHOWN_LINES: usize = 40;

/// Adds an output to its section.
fn fill(section: &mut Section, output: &Output) {
    let text = match output {
        Output::Read(read) => {
            section
                .files_checked
                .extend(read.files.iter().map(|f| f.name.clone()));
            output.summary()
        }
        Output::Search(search) => {
            section
                .files_checked
                .extend(search.files.iter().map(|f| f.name.clone()));
            fill_findings(section, search);
            format!("`{}`: {}.", search.pattern, output.summary())
        }
        Output::Run(run) => {
            let shown: Vec<&str> = run.stdout.lines().take(SHOWN_LINES).collect();
            let more = run.stdout.lines().count().saturating_sub(SHOWN_LINES);
            let more = if more > 0 {
                format!("\n… and {more} more lines")
            } else {
                String::new()
            };
            format!(
                "`{}`\n\n```text\n{}{more}\n```",
                run.command,
                shown.join("\n").replace("```", "'''")
            )
        }
        Output::Ask(ask) => ask.text.clone(),
        Output::Consolidate(c) => c.text.clone(),
        Output::Workflow(w) => text_of(&Output::Workflow(w.clone())),
    };
    if !section.text.is_empty() {
        section.text.push_str("\n\n");
    }
    section.text.push_str(text.trim_end());
    for problem in output.problems() {
        let finding =
            Finding::new(format!("not examined: {}", problem.message)).severity(Severity::Low);
        section.findings.push(Finding {
            file: Some(problem.subject.clone()),
            ..finding
        });
    }
}

fn fill_findings(section: &mut Section, search: &SearchOutput) {
    section.omitted += search.count - search.findings.len() as u64;
    for found in &search.findings {
        if section.relevant_files.last() != Some(&found.file) {
            section.relevant_files.push(found.file.clone());
        }
        let mut finding = Finding::new(found.text.clone())
            .severity(search.severity)
            .at(found.file.clone(), found.line);
        finding.column = Some(found.column);
        section.findings.push(finding);
    }
}
