//! `consolidate`: what steps found, as sections of one document.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use autoexec_consolidator::{
    By, Consolidator, Finding, Format, Place, Severity, Step as Section, Tool, View,
};

use crate::error::StepError;
use crate::report::StepOutcome;
use crate::workflow::model::Consolidate;

use super::actions::One;
use super::ask::text_of;
use super::output::{ConsolidateOutput, Output, SearchOutput};

impl One<'_> {
    pub(super) async fn consolidate(&self, consolidate: &Consolidate) -> Result<Output, StepError> {
        let rendered = |text: &Option<String>| text.as_deref().map(|t| self.render(t)).transpose();
        let title = rendered(&consolidate.title)?;
        let mut document = Consolidator::with_title(
            title.unwrap_or_else(|| self.runner.document.workflow.name.clone()),
        );
        for (number, id) in (1..).zip(&consolidate.from) {
            if let Some(section) = self.section(id) {
                document.set(number, section);
            }
        }
        let output = rendered(&consolidate.output)?;
        let target = match &output {
            Some(path) => Some(self.target(path)?),
            None => None,
        };
        let written = Written::new(consolidate, output.as_deref());
        let stop = self.stop.clone();
        self.blocking(move || {
            if stop.is_cancelled() {
                return Err(StepError::Stopped);
            }
            if let Some(target) = &target {
                write_file(target, &mut document, written)?;
            }
            output_of(document, written, output)
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
                // With the step's name: two steps that fail alike are two findings.
                let failed = Finding::new(format!("step `{id}` failed: {why}"));
                let failed = failed.kind("failed-step").severity(Severity::High);
                section.findings.push(failed);
            }
            StepOutcome::Skipped => section.text = format!("Skipped: {why}."),
            StepOutcome::Cancelled => section.text = format!("Cancelled: {why}."),
        }
        for output in &state.outputs {
            fill(&mut section, id, output);
        }
        Some(section)
    }
}

/// How a document is written.
#[derive(Debug, Clone, Copy)]
enum Written {
    As(View),
    Json,
    Sarif,
}

impl Written {
    /// As the step says, or the end of the file's name.
    fn new(consolidate: &Consolidate, output: Option<&str>) -> Self {
        let by = match consolidate.by.as_str() {
            "severity" => By::Severity,
            "file" => By::File,
            _ => By::Step,
        };
        let format = consolidate.format.as_deref();
        match format.unwrap_or_else(|| format_of(output.unwrap_or_default())) {
            "json" => Written::Json,
            "sarif" => Written::Sarif,
            "text" => Written::As(View {
                format: Format::Plain,
                by,
            }),
            _ => Written::As(View {
                format: Format::Markdown,
                by,
            }),
        }
    }

    fn write(self, document: &mut Consolidator, w: &mut impl Write) -> io::Result<u64> {
        match self {
            Written::As(view) => {
                document.set_view(view);
                document.write_to(w)
            }
            Written::Json => document.write_json(w),
            Written::Sarif => document.write_sarif(w, &TOOL),
        }
    }
}

/// Who found it, in SARIF.
const TOOL: Tool<'static> = Tool {
    name: "autoexec",
    version: env!("CARGO_PKG_VERSION"),
    information_uri: "",
};

/// The format that a file's name tells.
fn format_of(path: &str) -> &'static str {
    let path = path.to_ascii_lowercase();
    let ends = |ends: &str| path.ends_with(ends);
    if ends(".sarif") || ends(".sarif.json") {
        "sarif"
    } else if ends(".json") {
        "json"
    } else if ends(".txt") {
        "text"
    } else {
        "markdown"
    }
}

fn write_file(
    target: &Path,
    document: &mut Consolidator,
    written: Written,
) -> Result<(), StepError> {
    crate::output::write_atomically(target, |mut w| written.write(document, &mut w).map(|_| ()))
        .map_err(|e| {
            StepError::Failed(format!(
                "cannot write `{}`: {e}; nothing was changed",
                target.display()
            ))
        })
}

fn output_of(
    mut document: Consolidator,
    written: Written,
    path: Option<String>,
) -> Result<Output, StepError> {
    let mut text = Vec::new();
    (written.write(&mut document, &mut text))
        .map_err(|e| StepError::Failed(format!("cannot hold the document: {e}")))?;
    let summary = document.summary();
    Ok(Output::Consolidate(ConsolidateOutput {
        text: String::from_utf8_lossy(&text).into_owned(),
        path,
        steps: summary.steps as usize,
        findings: summary.findings_total(),
        digest: document.digest().to_string(),
    }))
}

/// Lines of a command's output that a document shows.
const SHOWN_LINES: usize = 40;

/// Adds the output of the step `id` to its section.
fn fill(section: &mut Section, id: &str, output: &Output) {
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
            fill_findings(section, id, search);
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
        let finding = Finding::new(format!("not examined: {}", problem.message));
        let finding = finding.kind("not-examined").severity(Severity::Low);
        section
            .findings
            .push(finding.in_file(problem.subject.clone()));
    }
}

/// The step is the findings' kind: a line that two searches find is two findings, and a rule each in SARIF.
fn fill_findings(section: &mut Section, id: &str, search: &SearchOutput) {
    section.omitted += search.count - search.findings.len() as u64;
    for found in &search.findings {
        if section.relevant_files.last() != Some(&found.file) {
            section.relevant_files.push(found.file.clone());
        }
        let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let place = Place::new(found.file.clone(), number(found.line));
        let place = place.column(number(found.column));
        let finding = Finding::new(found.text.clone()).kind(id);
        (section.findings).push(finding.severity(search.severity).also_at(place));
    }
}
