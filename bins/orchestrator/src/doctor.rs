//! `doctor`: what the traces of the last runs say, for people.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anstyle::Style;
use anyhow::{Context, Result};
use autoexec_engine::Settings;
use autoexec_engine::doctor::{
    Concern, Diagnosis, Finding, LookedAt, Machine, NotLookedAt, Severity, examine,
};
use autoexec_engine::document::units::{grouped, many, short_duration};
use autoexec_engine::trace::{Folder, Trace, read};

use crate::arguments;
use crate::exit::Exit;
use crate::report::{BOLD, DIM, GREEN, YELLOW, warn};
use crate::terminal::print;

/// Characters of a line, its indent included.
const WIDTH: usize = 110;
/// Characters before the text of a line.
const INDENT: usize = 13;

pub(crate) fn doctor(wanted: &arguments::Doctor, settings: &Settings) -> Result<Exit> {
    let traces = traces(wanted, settings)?;
    let diagnosis = examine(traces, settings, &Machine::this());
    print(&match wanted.json {
        true => format!("{}\n", diagnosis.to_json()),
        false => text(&diagnosis),
    })?;
    Ok(match wanted.fail && diagnosis.has_warnings() {
        true => Exit::StepFailed,
        false => Exit::Success,
    })
}

/// The newest of what was given, the oldest first. What cannot be read is left out with a warning.
fn traces(wanted: &arguments::Doctor, settings: &Settings) -> Result<Vec<Trace>> {
    let last = wanted.last as usize;
    let mut traces = Vec::new();
    for from in &wanted.from {
        match from.is_dir() {
            true => add_folder(&mut traces, &Folder::new(from), last)?,
            false => add_file(&mut traces, from),
        }
    }
    if wanted.from.is_empty() {
        let here = std::env::current_dir().context("there is no current folder")?;
        let folder = settings.trace.folder_below(&here);
        add_folder(&mut traces, &folder, last)?;
        let off = match settings.trace.enabled {
            true => "run a workflow, or name traces",
            false => {
                "the settings say `[trace] enabled = false`; set it to true and run a workflow, or name traces"
            }
        };
        let path = folder.path.display();
        anyhow::ensure!(
            !traces.is_empty(),
            "there is no trace to look at in {path}: {off}"
        );
    }
    anyhow::ensure!(
        !traces.is_empty(),
        "there is no trace to look at in what was given: run a workflow, and name its trace or their folder"
    );
    traces.sort_by_key(|it| (it.header.started_unix_ms, it.header.round));
    traces.drain(..traces.len().saturating_sub(last));
    Ok(traces)
}

/// The newest that can be read.
fn add_folder(traces: &mut Vec<Trace>, folder: &Folder, last: usize) -> Result<()> {
    let paths =
        (folder.traces()).with_context(|| format!("cannot list {}", folder.path.display()))?;
    let before = traces.len();
    for path in paths.iter().rev() {
        if traces.len() - before == last {
            break;
        }
        add_file(traces, path);
    }
    Ok(())
}

fn add_file(traces: &mut Vec<Trace>, path: &Path) {
    let name = path.display();
    match read(path) {
        Ok(trace) => {
            if trace.lost_bytes > 0 {
                warn(&format!(
                    "{name} is cut off or broken: what follows its sound beginning is left out"
                ));
            }
            traces.push(trace);
        }
        Err(e) => warn(&format!("{name} is left out: {e}")),
    }
}

fn text(diagnosis: &Diagnosis) -> String {
    let mut out = String::new();
    looked_at(&mut out, &diagnosis.looked_at);
    let several = diagnosis.looked_at.workflows.len() > 1;
    for it in &diagnosis.findings {
        out.push('\n');
        finding(&mut out, it, several);
    }
    out.push('\n');
    verdict(&mut out, diagnosis);
    not_looked_at(&mut out, &diagnosis.not_looked_at);
    out
}

fn looked_at(out: &mut String, it: &LookedAt) {
    let current = it.traces - it.superseded;
    _ = writeln!(
        out,
        "{BOLD}{}{BOLD:#}: {}, {} in all; {}, {}, {}, {}",
        it.workflows.join(", "),
        many(current, "run", "runs"),
        short_duration(Duration::from_nanos(it.duration_ns)),
        many(it.steps, "step", "steps"),
        many(it.reads, "read", "reads"),
        many(it.questions, "question", "questions"),
        many(it.commands, "command", "commands"),
    );
    for (count, what) in [
        (
            it.superseded,
            "of another version of the workflow or by other settings: only compared with",
        ),
        (
            it.incomplete,
            "cut off, or with too much to record: their beginnings count",
        ),
    ] {
        if count > 0 {
            let count = many(count, "run", "runs");
            _ = writeln!(out, "{DIM}{count} {what}{DIM:#}");
        }
    }
}

fn finding(out: &mut String, it: &Finding, several: bool) {
    let (style, word) = match it.severity {
        Severity::Warning => (YELLOW, "warning"),
        Severity::Hint => (BOLD, "hint"),
        _ => (DIM, "note"),
    };
    let concern = match it.concern {
        Concern::Correctness => "correctness",
        Concern::Tokens => "tokens",
        Concern::Speed => "speed",
        _ => "memory",
    };
    let of = match several {
        true => format!("{DIM}{}: {DIM:#}", it.workflow),
        false => String::new(),
    };
    _ = writeln!(
        out,
        "{style}{word}{style:#}  {concern}  {of}{BOLD}{}{BOLD:#}",
        it.title
    );
    let evidence: Vec<String> = it.evidence.iter().map(ToString::to_string).collect();
    row(out, "measured", &evidence, ", ");
    row(out, "rule", &words(it.rule.text), " ");
    row(out, "do", &words(&it.remedy), " ");
    if let Some(replayed) = &it.replayed {
        row(out, "replay", &words(&replayed.to_string()), " ");
    }
    if !it.tune.is_empty() {
        let trials: Vec<String> = it.tune.iter().map(ToString::to_string).collect();
        row(
            out,
            "tune",
            &words(&format!("would try {}", trials.join(", "))),
            " ",
        );
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

/// A row of parts that stay whole, broken into lines.
fn row(out: &mut String, name: &str, parts: &[String], gap: &str) {
    let mut line = String::new();
    let mut lines = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let end = if at + 1 < parts.len() { gap } else { "" };
        let length = line.chars().count() + part.chars().count() + end.trim_end().len();
        if !line.is_empty() && INDENT + length > WIDTH {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
        }
        line += part;
        line += end;
    }
    lines.push(line);
    for (at, line) in lines.iter().enumerate() {
        let name = if at == 0 { name } else { "" };
        let width = INDENT - 3;
        _ = writeln!(out, "  {DIM}{name:<width$}{DIM:#} {line}");
    }
}

fn verdict(out: &mut String, diagnosis: &Diagnosis) {
    let count = |severity| {
        let of = |it: &&Finding| it.severity == severity;
        diagnosis.findings.iter().filter(of).count() as u64
    };
    let (warnings, hints) = (count(Severity::Warning), count(Severity::Hint));
    let hints_text = many(hints, "hint", "hints");
    let style: Style = if warnings > 0 { YELLOW } else { GREEN };
    let verdict = match (warnings, hints) {
        (0, 0) => "nothing is wrong by these rules".to_owned(),
        (0, _) => format!("nothing needs to be done; {hints_text}"),
        (n, 0) => many(n, "warning", "warnings"),
        (n, _) => format!("{}, {hints_text}", many(n, "warning", "warnings")),
    };
    _ = writeln!(out, "{style}{verdict}{style:#}");
}

fn not_looked_at(out: &mut String, all: &[NotLookedAt]) {
    let count = grouped(all.len() as u64);
    _ = writeln!(out, "\n{DIM}not looked at ({count}){DIM:#}");
    for it in all {
        _ = writeln!(out, "{DIM}  {}: {}{DIM:#}", it.topic, it.because);
    }
}
