//! The text of the parts of a document.
//!
//! Every part ends with a newline and starts its paragraphs with an empty line, so that parts can be
//! joined in any order without looking at each other.

mod block;
mod inline;
mod item;
mod markup;
mod number;

use crate::model::Model;
use crate::names::NameId;
use crate::steps::{Entry, Meta};
use crate::view::{By, Format, Part, Section};
use crate::{Confidence, Severity, Summary};

use markup::{Markdown, Markup, Plain};
use number::{push_count, push_number};

pub(crate) use inline::{is_plain, one_line};

/// At most this many files of a list are named; the others are counted.
const FILES_NAMED: usize = 12;

pub(crate) fn header(model: &Model, out: &mut String) {
    match model.view.format {
        Format::Markdown => Markdown::title(out, &model.title),
        Format::Plain => Plain::title(out, &model.title),
    }
}

/// One part. O(its length).
pub(crate) fn part(model: &Model, part: Part, out: &mut String) {
    match model.view.format {
        Format::Markdown => part_in::<Markdown>(model, part, out),
        Format::Plain => part_in::<Plain>(model, part, out),
    }
}

pub(crate) fn footer(model: &Model, out: &mut String) {
    let summary = model.summary();
    match model.view.format {
        Format::Markdown => footer_in::<Markdown>(&summary, out),
        Format::Plain => footer_in::<Plain>(&summary, out),
    }
}

fn part_in<M: Markup>(model: &Model, part: Part, out: &mut String) {
    // Where findings do not stand with their steps, a step that says nothing else is not mentioned.
    let mentioned = |step| model.view.by == By::Step || !model.steps[&step].meta.is_silent();
    match part {
        Part::Prelude(step) | Part::Tail(step) if !mentioned(step) => {}
        Part::Heading(group, count) => heading::<M>(model, group, count, out),
        Part::Prelude(step) => prelude::<M>(model, step, &model.steps[&step], out),
        Part::Item(index) => item::push::<M>(model, index, out),
        Part::Tail(step) => tail::<M>(model, &model.steps[&step], out),
    }
}

/// The heading of a section that is not a step's.
fn heading<M: Markup>(model: &Model, group: u32, count: u32, out: &mut String) {
    M::open_heading(out);
    match model.view.by {
        By::File if group == 0 => out.push_str("Elsewhere"),
        By::File => name::<M>(model, group, |_| {}, out),
        _ => {
            let name = Section::severity(group as u8).as_str();
            out.push_str(&name[..1].to_ascii_uppercase());
            out.push_str(&name[1..]);
        }
    }
    out.push_str(" (");
    push_number(out, count.into());
    out.push_str(")\n\n");
}

/// A step's heading, what it believes, and its text.
fn prelude<M: Markup>(model: &Model, step: u32, entry: &Entry, out: &mut String) {
    let meta = &entry.meta;
    M::open_heading(out);
    push_number_plain(out, step);
    out.push_str(". ");
    M::line(out, &meta.title);
    out.truncate(out.trim_end().len());
    out.push('\n');
    belief::<M>(meta, out);
    if !meta.text().trim().is_empty() {
        out.push('\n');
        M::block(out, meta.text());
    }
    if model.view.by == By::Step && (entry.count > 0 || meta.omitted() > 0) {
        out.push('\n');
    }
}

/// The hypothesis and how sure the step is, on one line.
fn belief<M: Markup>(meta: &Meta, out: &mut String) {
    let hypothesis = meta.hypothesis().map(str::trim);
    let hypothesis = hypothesis.filter(|text| !text.is_empty());
    let confidence = Confidence::unpack(meta.confidence());
    if hypothesis.is_none() && confidence.is_none() {
        return;
    }
    out.push('\n');
    M::quote(out, |out| match hypothesis {
        Some(_) => {
            out.push_str("Hypothesis");
            if let Some(confidence) = confidence {
                out.push_str(" (confidence: ");
                push_confidence(out, confidence);
                out.push(')');
            }
            out.push(':');
        }
        None => out.push_str("Confidence:"),
    });
    match (hypothesis, confidence) {
        (Some(text), _) => M::line(out, text),
        (None, Some(confidence)) => push_confidence(out, confidence),
        (None, None) => {}
    }
    out.push('\n');
}

/// What is not listed, and files.
fn tail<M: Markup>(model: &Model, entry: &Entry, out: &mut String) {
    let folded = entry.count - entry.shown;
    let meta = &entry.meta;
    if model.view.by != By::Step && (folded > 0 || meta.omitted() > 0) {
        out.push('\n');
    }
    if folded > 0 {
        M::open_item(out);
        push_count(out, folded.into(), "finding");
        out.push_str(if folded == 1 {
            " is listed with the one that it repeats\n"
        } else {
            " are listed with those that they repeat\n"
        });
    }
    if meta.omitted() > 0 {
        M::open_item(out);
        out.push_str("…and ");
        push_number(out, meta.omitted());
        out.push_str(" more\n");
    }
    files::<M>(model, "Relevant", meta.relevant(), out);
    files::<M>(model, "Checked", meta.checked(), out);
}

fn files<M: Markup>(model: &Model, label: &str, ids: &[NameId], out: &mut String) {
    if ids.is_empty() {
        return;
    }
    out.push('\n');
    M::indent(out);
    out.push_str(label);
    out.push_str(": ");
    push_files::<M>(model, ids, out);
    out.push('\n');
}

/// `` `a`, `b` and 3 more files``
fn push_files<M: Markup>(model: &Model, ids: &[NameId], out: &mut String) {
    for (at, id) in ids.iter().take(FILES_NAMED).enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        name::<M>(model, *id, |_| {}, out);
    }
    if let Some(others) = ids.len().checked_sub(FILES_NAMED).filter(|&n| n > 0) {
        out.push_str(" and ");
        push_count(out, others as u64, "more file");
    }
}

/// A name, with what `suffix` appends.
fn name<M: Markup>(model: &Model, id: NameId, suffix: impl FnOnce(&mut String), out: &mut String) {
    match model.names.is_plain(id) {
        true => M::plain_code(out, model.names.get(id), suffix),
        false => M::code(out, model.names.get(id), suffix),
    }
}

fn footer_in<M: Markup>(summary: &Summary, out: &mut String) {
    M::rule(out);
    M::strong(out, |out| {
        push_count(out, summary.steps, "step");
        out.push_str(", ");
        push_count(out, summary.files_checked, "file");
        out.push_str(" checked, ");
        push_number(out, summary.relevant_files);
        out.push_str(" relevant, ");
        push_count(out, summary.findings_total(), "finding");
    });
    breakdown(summary, out);
    out.push('\n');
}

/// ` (2 critical, 1 low; 1 repeats another, 3 not listed)`, worst first, or nothing.
fn breakdown(summary: &Summary, out: &mut String) {
    let start = out.len();
    let mut separator = ", ";
    let push = |out: &mut String, count: u64, label: &str, separator: &str| {
        if count > 0 {
            out.push_str(if out.len() == start { " (" } else { separator });
            push_number(out, count);
            out.push(' ');
            out.push_str(label);
        }
    };
    for severity in Severity::ALL.into_iter().rev() {
        push(out, summary.of(severity), severity.as_str(), separator);
    }
    separator = "; ";
    let duplicates = if summary.duplicates == 1 {
        "duplicate"
    } else {
        "duplicates"
    };
    push(out, summary.duplicates, duplicates, separator);
    if summary.duplicates > 0 {
        separator = ", ";
    }
    push(out, summary.omitted, "not listed", separator);
    if out.len() > start {
        out.push(')');
    }
}

fn push_confidence(out: &mut String, confidence: Confidence) {
    match confidence.level() {
        Some(level) => out.push_str(level),
        None => out.push_str(&confidence.to_string()),
    }
}

/// A number without thousands' separators, as in identifiers and lines.
fn push_number_plain(out: &mut String, number: u32) {
    number::push_plain(out, number.into());
}
