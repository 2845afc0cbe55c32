//! `consolidate`: what steps found, as sections of one document.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use autoexec_consolidator::{
    By, Consolidator, Finding, Format, Place, Severity, SimilarOptions, Step as Section, Tool, View,
};
use autoexec_path_cache::Root;
use tokio_util::sync::CancellationToken;

use crate::error::StepError;
use crate::report::StepOutcome;
use crate::trace::What;
use crate::workflow::model::{Consolidate, Similar};

use super::actions::One;
use super::ask::text_of;
use super::baseline;
use super::lead::{self, Lead};
use super::output::{ConsolidateOutput, Output, SearchOutput, Since};

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
        let (baseline, write_baseline) = (
            rendered(&consolidate.baseline)?,
            rendered(&consolidate.write_baseline)?,
        );
        let target = |path: &Option<String>| path.as_deref().map(|p| self.target(p)).transpose();
        let job = Job {
            written: Written::new(consolidate, output.as_deref()),
            similar: options_of(consolidate.similar),
            brief: consolidate.brief,
            target: target(&output)?,
            write_baseline: target(&write_baseline)?,
            baseline,
            out: self.runner.out.clone(),
            stop: self.stop.clone(),
        };
        let started = Instant::now();
        let result = self.blocking(move || job.run(document, output)).await;
        if let (Some(trace), Ok(Output::Consolidate(made))) = (&self.trace, &result) {
            let (findings, bytes) = (made.findings, made.text.len() as u64);
            trace.other(started, What::Consolidation { findings, bytes });
        }
        result
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

    /// Puts the lead where the format has a place for it: SARIF in the log's properties (section 3.8).
    fn put(self, lead: &Lead, text: Vec<u8>) -> Vec<u8> {
        match self {
            Written::As(view) => lead.put_in_text(text, view.format == Format::Markdown),
            Written::Json => lead.put_in_json(text, None),
            Written::Sarif => lead.put_in_json(text, Some("properties")),
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

/// When findings are near duplicates; none if nobody asks.
fn options_of(similar: Similar) -> Option<SimilarOptions> {
    let mut options = SimilarOptions::default();
    match similar {
        Similar::Switch(false) => return None,
        Similar::Switch(true) => {}
        Similar::From(threshold) => options.threshold = threshold as f32,
    }
    Some(options)
}

/// What is done with a document, apart from filling it.
struct Job {
    written: Written,
    similar: Option<SimilarOptions>,
    brief: Option<u32>,
    target: Option<PathBuf>,
    baseline: Option<String>,
    write_baseline: Option<PathBuf>,
    out: Arc<Root>,
    stop: CancellationToken,
}

impl Job {
    /// Folds, compares, renders and writes. The baseline is written last: what it says is known stands in the document.
    fn run(self, mut document: Consolidator, path: Option<String>) -> Result<Output, StepError> {
        let is_stopped = || self.stop.is_cancelled();
        let go_on = || match is_stopped() {
            true => Err(StepError::Stopped),
            false => Ok(()),
        };
        go_on()?;
        let folded = self.similar.map_or(0, |it| document.merge_similar(it));
        let lead = Lead {
            baseline: self.since(&document)?,
            brief: match self.brief {
                Some(most) => lead::brief(&document, most, &is_stopped),
                None => Vec::new(),
            },
        };
        let mut text = Vec::new();
        (self.written.write(&mut document, &mut text))
            .map_err(|e| StepError::Failed(format!("cannot hold the document: {e}")))?;
        let text = self.written.put(&lead, text);
        go_on()?;
        if let Some(target) = &self.target {
            write_file(target, &text)?;
        }
        if let Some(target) = &self.write_baseline {
            write_file(target, baseline::text(&document).as_bytes())?;
        }
        let summary = document.summary();
        Ok(Output::Consolidate(ConsolidateOutput {
            since: lead.baseline,
            text: String::from_utf8_lossy(&text).into_owned(),
            path,
            steps: summary.steps as usize,
            findings: summary.findings_total(),
            digest: document.digest().to_string(),
            folded,
            brief: lead.brief.into_iter().map(|it| it.text).collect(),
        }))
    }

    fn since(&self, document: &Consolidator) -> Result<Option<Since>, StepError> {
        let Some(path) = &self.baseline else {
            return Ok(None);
        };
        if let Some(why) = crate::workflow::escapes(path) {
            return Err(StepError::Invalid(why));
        }
        let earlier = baseline::read(&self.out, path).map_err(StepError::Failed)?;
        Ok(Some(baseline::since(document, earlier)))
    }
}

fn write_file(target: &Path, bytes: &[u8]) -> Result<(), StepError> {
    crate::output::write_atomically(target, |w| w.write_all(bytes)).map_err(|e| {
        StepError::Failed(format!(
            "cannot write `{}`: {e}; nothing was changed",
            target.display()
        ))
    })
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
