//! `trace`: traces for people.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use autoexec_engine::Settings;
use autoexec_engine::document::units::{grouped, many, short_duration, short_size};
use autoexec_engine::report::StepOutcome;
use autoexec_engine::trace::{
    Access, CurvePoint, Figures, FileAnswer, FileFigures, Folder, QuestionFigures, Trace, What,
    read,
};

use crate::arguments::{self, TraceShow, TraceStat};
use crate::exit::Exit;
use crate::report::{BOLD, DIM, RED, percent, warn};
use crate::terminal::print;

pub(crate) fn trace(wanted: &arguments::Trace, settings: &Settings) -> Result<Exit> {
    let here = std::env::current_dir().context("there is no current folder")?;
    let folder = settings.trace.folder_below(&here);
    match wanted {
        arguments::Trace::Show(show) => show_one(show, &folder),
        arguments::Trace::Stat(stat) => sum_up(stat, &folder),
    }
}

fn show_one(wanted: &TraceShow, folder: &Folder) -> Result<Exit> {
    let path = wanted.file.clone().map_or_else(|| newest(folder), Ok)?;
    let trace = load(&path)?;
    if wanted.json {
        return print(&format!("{}\n", trace.to_json()));
    }
    let mut out = String::new();
    if !wanted.steps && !wanted.accesses {
        headline(&mut out, &trace);
        out.push('\n');
    }
    match wanted.accesses {
        true => accesses(&mut out, &trace),
        false => steps(&mut out, &trace),
    }
    print(&out)
}

fn sum_up(wanted: &TraceStat, folder: &Folder) -> Result<Exit> {
    let mut paths = Vec::new();
    for from in &wanted.from {
        match from.is_dir() {
            true => paths.extend(traces_in(&Folder::new(from))?),
            false => paths.push(from.clone()),
        }
    }
    if wanted.from.is_empty() {
        paths.push(newest(folder)?);
    }
    let traces = paths.iter().map(|path| load(path));
    let traces = traces.collect::<Result<Vec<Trace>>>()?;
    anyhow::ensure!(!traces.is_empty(), "there is no trace in what was given");
    let figures = Figures::of(&traces);
    match wanted.json {
        true => print(&format!("{}\n", figures.to_json())),
        false => print(&text(&figures)),
    }
}

fn traces_in(folder: &Folder) -> Result<Vec<PathBuf>> {
    (folder.traces()).with_context(|| format!("cannot list {}", folder.path.display()))
}

fn newest(folder: &Folder) -> Result<PathBuf> {
    let last = traces_in(folder)?.pop();
    last.with_context(|| {
        format!(
            "there is no trace in {}: run a workflow",
            folder.path.display()
        )
    })
}

fn load(path: &Path) -> Result<Trace> {
    let trace = read(path).with_context(|| path.display().to_string())?;
    if trace.lost_bytes > 0 {
        warn(&format!(
            "{} is cut off or broken: what follows its sound beginning is left out",
            path.display()
        ));
    }
    Ok(trace)
}

fn time(ns: u64) -> String {
    short_duration(Duration::from_nanos(ns))
}

fn row(out: &mut String, name: &str, value: &str) {
    _ = writeln!(out, "{DIM}{name:<16}{DIM:#}{value}");
}

fn headline(out: &mut String, trace: &Trace) {
    let header = &trace.header;
    let outcome = match header.outcome {
        autoexec_engine::report::RunOutcome::Succeeded => "succeeded",
        autoexec_engine::report::RunOutcome::Failed => "failed",
        autoexec_engine::report::RunOutcome::Interrupted => "was interrupted",
    };
    _ = writeln!(
        out,
        "{BOLD}{}{BOLD:#} {outcome} after {}, run {} of its process, by autoexec {}",
        header.workflow,
        time(header.duration_ns),
        header.round,
        header.program
    );
    let (setup, held) = (&header.setup, &header.held);
    let held = match held.files {
        0 => "empty at the start".to_owned(),
        n => format!("{} held at the start", many(n, "file", "files")),
    };
    let files = format!(
        "{} entries, {}, {}; {held}",
        grouped(setup.files_entries),
        short_size(setup.files_bytes),
        many(u64::from(setup.files_workers), "worker", "workers"),
    );
    row(out, "file cache", &files);
    let [cpu, io, memory] = header.limits(setup);
    let limits = format!(
        "cpu {cpu}, io {io}, memory {memory} on {}",
        many(u64::from(setup.processors), "processor", "processors"),
    );
    row(out, "classes", &limits);
    let counts = format!(
        "{} of {}, {}, {}",
        many(trace.accesses.len() as u64, "access", "accesses"),
        many(trace.files.len() as u64, "file", "files"),
        many(trace.paths.len() as u64, "folder", "folders"),
        many(trace.prompts.len() as u64, "question", "questions"),
    );
    row(out, "recorded", &counts);
    if header.left_out > 0 {
        row(out, "left out", &grouped(header.left_out));
    }
}

/// Rows of cells, the columns as wide as their widest cell.
fn table(out: &mut String, header: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([header[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| {
            let fill = " ".repeat(width - cell.chars().count());
            format!("{cell}{fill}")
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let header: Vec<String> = header.iter().map(|it| (*it).to_owned()).collect();
    _ = writeln!(out, "{BOLD}{}{BOLD:#}", line(&header));
    for row in rows {
        _ = writeln!(out, "{}", line(row));
    }
}

fn steps(out: &mut String, trace: &Trace) {
    let rows: Vec<Vec<String>> = trace
        .steps
        .iter()
        .map(|step| {
            let (start, end) = step.span_ns().unwrap_or_default();
            let ran = !step.tasks.is_empty();
            let needs = step
                .needs
                .iter()
                .map(|it| trace.steps[*it as usize].id.clone());
            vec![
                step.id.clone(),
                step.action.clone(),
                format!("{:?}", step.class).to_lowercase(),
                format!("{:?}", step.outcome).to_lowercase(),
                step.tasks.len().to_string(),
                if ran { time(start) } else { String::new() },
                if ran {
                    time(end - start)
                } else {
                    String::new()
                },
                needs.collect::<Vec<_>>().join(", "),
            ]
        })
        .collect();
    let header = [
        "step", "action", "class", "outcome", "tasks", "began", "took", "needs",
    ];
    table(out, &header, &rows);
    let failed = |it: &&autoexec_engine::trace::Step| it.outcome == StepOutcome::Failed;
    let failed = trace.steps.iter().filter(failed).count();
    if failed > 0 {
        _ = writeln!(
            out,
            "{RED}{}{RED:#}",
            many(failed as u64, "step failed", "steps failed")
        );
    }
}

fn accesses(out: &mut String, trace: &Trace) {
    let rows: Vec<Vec<String>> = trace
        .accesses
        .iter()
        .map(|access| {
            let (what, told) = told(access, trace);
            vec![
                time(access.at_ns),
                time(access.ns),
                trace.steps[access.step as usize].id.clone(),
                access.task.to_string(),
                what.to_owned(),
                told,
            ]
        })
        .collect();
    table(out, &["began", "took", "step", "task", "what", ""], &rows);
}

fn told(access: &Access, trace: &Trace) -> (&'static str, String) {
    match &access.what {
        What::Files(reads) => {
            let hits = reads
                .iter()
                .filter(|it| it.answer == FileAnswer::Hit)
                .count();
            let loads = reads.iter().filter(|it| it.answer.is_load()).count();
            let bytes = reads
                .iter()
                .filter(|it| it.answer.is_had())
                .map(|it| it.bytes)
                .sum();
            let first = reads
                .first()
                .and_then(|it| trace.files[it.file as usize].name.as_deref());
            let first = first.map_or(String::new(), |name| format!(", {name} first"));
            let count = many(reads.len() as u64, "file", "files");
            let told = format!(
                "{count}, {}: {hits} held, {loads} loaded{first}",
                short_size(bytes)
            );
            ("files", told)
        }
        What::Paths(lookups) => {
            let hits = lookups.iter().filter(|it| it.is_hit).count();
            let count = many(lookups.len() as u64, "folder", "folders");
            ("folders", format!("{count}: {hits} held"))
        }
        What::Question(question) => {
            let said = &question.conversation;
            let how = match (question.answered, question.is_hit) {
                (false, _) => "not answered",
                (true, true) => "held",
                (true, false) => "asked",
            };
            let told = format!(
                "{how}: {} tokens in, {} out; conversation {} has {} of {}, {} tokens",
                grouped(question.input_tokens),
                grouped(question.output_tokens),
                said.number + 1,
                said.kept_messages,
                many(u64::from(said.messages), "message", "messages"),
                grouped(said.kept_tokens),
            );
            ("question", told)
        }
        What::Command { bytes, succeeded } => {
            let how = if *succeeded { "succeeded" } else { "failed" };
            ("command", format!("{how}, {} out", short_size(*bytes)))
        }
        What::Consolidation { findings, bytes } => {
            let count = many(*findings, "finding", "findings");
            ("consolidation", format!("{count}, {}", short_size(*bytes)))
        }
        _ => ("other", String::new()),
    }
}

fn text(figures: &Figures) -> String {
    let mut out = String::new();
    let rows: Vec<Vec<String>> = figures
        .steps
        .iter()
        .map(|step| {
            let hits = match step.reads {
                0 => String::new(),
                n => percent(step.hits as f64 / n as f64),
            };
            let reads = if step.reads == 0 {
                String::new()
            } else {
                grouped(step.reads)
            };
            vec![
                step.id.clone(),
                step.action.clone(),
                step.class.clone(),
                step.tasks.to_string(),
                time(step.span_ns),
                time(step.busy_ns),
                reads,
                hits,
            ]
        })
        .collect();
    let header = [
        "step", "action", "class", "tasks", "took", "busy", "reads", "hits",
    ];
    table(&mut out, &header, &rows);
    out.push('\n');
    runs(&mut out, figures);
    files(&mut out, &figures.files);
    if figures.path_lookups > 0 {
        let told = format!(
            "{} of {} held ({}), {} different",
            grouped(figures.path_hits),
            many(figures.path_lookups, "look-up", "look-ups"),
            percent(figures.path_hits as f64 / figures.path_lookups as f64),
            grouped(figures.paths),
        );
        row(&mut out, "folders", &told);
    }
    questions(&mut out, &figures.questions);
    if figures.commands > 0 {
        let told = format!(
            "{} in {}",
            many(figures.commands, "command", "commands"),
            time(figures.command_ns)
        );
        row(&mut out, "commands", &told);
    }
    out
}

fn runs(out: &mut String, figures: &Figures) {
    let mut told = format!(
        "{}, {} in all",
        many(figures.traces, "run", "runs"),
        time(figures.duration_ns)
    );
    for (count, what) in [
        (figures.failed, "failed"),
        (figures.incomplete, "incomplete"),
    ] {
        if count > 0 {
            _ = write!(told, ", {count} {what}");
        }
    }
    row(out, "runs", &told);
    let chain = format!(
        "{}: no order of steps is faster",
        time(figures.critical_path_ns)
    );
    row(out, "longest chain", &chain);
    for (name, class) in &figures.classes {
        let told = format!(
            "{}, busy {}, {:.1} at once on average, {} at most, limit {}",
            many(class.tasks, "task", "tasks"),
            time(class.busy_ns),
            class.parallelism,
            class.peak,
            class.limit
        );
        row(out, &format!("class {name}"), &told);
    }
}

fn files(out: &mut String, files: &FileFigures) {
    let Some(rate) = files.hit_rate else {
        return;
    };
    let told = format!(
        "{} of {}, {}; {} held ({}), {} loaded, {} redundantly",
        many(files.reads, "read", "reads"),
        many(files.distinct, "file", "files"),
        short_size(files.distinct_bytes),
        grouped(files.hits),
        percent(rate),
        grouped(files.loads),
        grouped(files.redundant_loads),
    );
    row(out, "files", &told);
    let told = format!(
        "{} from disk, {} handed out, in {}",
        short_size(files.bytes_loaded),
        short_size(files.bytes_served),
        time(files.ns)
    );
    row(out, "", &told);
    for (count, what) in [
        (files.uncached, "were loaded and not kept"),
        (files.coalesced, "shared the load of another"),
        (files.refused, "were too large to be read"),
        (files.failed, "could not be read"),
    ] {
        if count > 0 {
            row(out, "", &format!("{} {what}", grouped(count)));
        }
    }
    let curve = |points: &[CurvePoint], show: &dyn Fn(u64) -> String| -> String {
        let points = points
            .iter()
            .map(|it| format!("{} {}", show(it.capacity), percent(it.hit_rate)));
        points.collect::<Vec<_>>().join(", ")
    };
    row(out, "LRU by entries", &curve(&files.by_entries, &grouped));
    row(out, "LRU by bytes", &curve(&files.by_bytes, &short_size));
}

fn questions(out: &mut String, asked: &QuestionFigures) {
    if asked.asked == 0 {
        return;
    }
    let told = format!(
        "{}, {} different; {} of {} answered from the cache, in {}",
        many(asked.asked, "question", "questions"),
        grouped(asked.distinct),
        grouped(asked.hits),
        grouped(asked.cacheable),
        time(asked.ns)
    );
    row(out, "questions", &told);
    let told = format!(
        "{} in, {} out, {} saved by the cache",
        grouped(asked.input_tokens),
        grouped(asked.output_tokens),
        grouped(asked.saved_tokens)
    );
    row(out, "tokens", &told);
    let grown = &asked.conversations;
    let told = format!(
        "{} of at most {}, {}, {} tokens; {} dropped {}",
        many(grown.count, "conversation", "conversations"),
        many(grown.questions_max, "question", "questions"),
        many(grown.messages_max, "message", "messages"),
        grouped(grown.tokens_max),
        many(grown.trims, "trim", "trims"),
        many(asked.dropped_messages, "message", "messages"),
    );
    row(out, "conversations", &told);
}
