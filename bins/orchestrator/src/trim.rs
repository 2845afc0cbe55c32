//! `trim`: conversations on standard input.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, Result};
use autoexec_engine::document::units::grouped;
use autoexec_engine::trim::{Lines, Options, Repair, Report, Way, trim as trim_document};

use crate::arguments::{Mend, Trim};
use crate::exit::Exit;
use crate::report::warn;
use crate::terminal::{Answer, answer_lines, print, tell};

/// Broken rules and losses that are told; all of them would say no more.
const MOST_TOLD: usize = 3;

pub(crate) fn trim(wanted: &Trim) -> Result<Exit> {
    if wanted.jsonl {
        let mut lines = Lines::new();
        return answer_lines(io::stdin().lock(), io::stdout().lock(), |line| Answer {
            reply: lines.answer(line),
            is_last: false,
        });
    }
    let text = input(wanted.file.as_deref())?;
    let options = Options {
        budget: wanted.budget.unwrap_or_default(),
        query: wanted.query.clone(),
        from: wanted.from.map(Into::into),
        to: wanted.to.map(Into::into),
        ways: wanted.ways.clone(),
        repair: match wanted.repair {
            Mend::Drop => Repair::Drop,
            Mend::Answer => Repair::Answer,
        },
        count: wanted.count.into(),
    };
    let trimmed =
        trim_document(&text, &options).map_err(|error| anyhow::anyhow!("failed to {error}"))?;
    if let Some(path) = &wanted.dropped {
        std::fs::write(path, format!("{}\n", trimmed.dropped_json))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    print(&format!("{}\n", trimmed.json))?;
    Ok(told(&trimmed.report, wanted))
}

fn input(file: Option<&Path>) -> Result<String> {
    match file.filter(|path| *path != Path::new("-")) {
        Some(path) => {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        }
        None => {
            let mut text = String::new();
            let read = io::stdin().lock().read_to_string(&mut text);
            read.context("cannot read standard input")?;
            Ok(text)
        }
    }
}

/// One line of what went, and warnings. What does not fit is a failure.
fn told(report: &Report, wanted: &Trim) -> Exit {
    let exit = match report.over_budget {
        Some(_) => Exit::StepFailed,
        None => Exit::Success,
    };
    if wanted.quiet {
        return exit;
    }
    tell(&format!("{}\n", summary(report)));
    for broken in report.broken.iter().take(MOST_TOLD) {
        warn(&format!("{broken}, as in the input"));
    }
    for loss in report.losses.iter().take(MOST_TOLD) {
        warn(&format!("lost: {loss}"));
    }
    let more = report.losses.len().saturating_sub(MOST_TOLD);
    if more > 0 {
        warn(&format!("lost: {more} more"));
    }
    if let Some(over) = report.over_budget {
        let over = grouped(over);
        let drops = |way: &Way| matches!(way, Way::Relevance | Way::Oldest);
        warn(
            &match wanted.ways.is_empty() || wanted.ways.iter().any(drops) {
                true => format!("what must stay is {over} tokens over the budget"),
                false => {
                    format!("still {over} tokens over the budget: `oldest` in --by drops messages")
                }
            },
        );
    }
    exit
}

fn summary(report: &Report) -> String {
    let number = |count: usize| grouped(count as u64);
    let mut line = format!(
        "{}: kept {} of {} messages, {} of {} tokens",
        report.from.name(),
        number(report.messages.1),
        number(report.messages.0),
        grouped(report.tokens.1),
        grouped(report.tokens.0),
    );
    if !report.ways.is_empty() {
        _ = write!(line, ", by {}", report.ways.join(", "));
    }
    for (count, what) in [
        (report.shortened, "shortened"),
        (report.repaired, "repaired"),
    ] {
        if count > 0 {
            _ = write!(line, "; {} {what}", number(count));
        }
    }
    line
}
