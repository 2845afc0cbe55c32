//! One finding: a line, and a line for each thing that few findings have.

use crate::model::Model;
use crate::record::{NONE, Packed, Rare, Record};
use crate::view::By;

use super::markup::Markup;
use super::number::push_count;
use super::{name, push_confidence, push_files, push_number_plain};

/// At most this many further places of a finding are named.
const PLACES_NAMED: usize = 6;
/// At most this many of the findings that repeat one are looked at for places of their own: the
/// cost of adding the next does not grow with their number.
const FOLLOWERS_SEEN: usize = 16;

/// ``- **high** `src/a.rs:12:5` text (`kind`, confidence: low, 2 times, also at `src/b.rs:3`)``
pub(super) fn push<M: Markup>(model: &Model, index: u32, out: &mut String) {
    let record = model.record(index);
    M::open_item(out);
    M::strong(out, |out| out.push_str(model.severity(index).as_str()));
    let in_section = model.view.by == By::File && record.place.file != 0;
    push_place::<M>(model, &record.place, in_section, out);
    let start = out.len();
    out.push(' ');
    match record.is_plain() {
        true => out.push_str(&record.text),
        false => M::line(out, &record.text),
    }
    if out.len() == start + 1 {
        out.truncate(start);
    }
    notes::<M>(model, index, record, out);
    out.push('\n');
    if let Some(rare) = &record.rare {
        details::<M>(model, rare, out);
    }
}

/// `` `src/a.rs:12-14:5` ``, or `` `line 12` `` where the file is known or missing.
fn push_place<M: Markup>(model: &Model, place: &Packed, file_known: bool, out: &mut String) {
    let file = if file_known { 0 } else { place.file };
    if file != 0 {
        out.push(' ');
        name::<M>(model, file, |out| push_lines(out, ":", place), out);
    } else if place.line > 0 {
        out.push(' ');
        M::code(out, "line", |out| push_lines(out, " ", place));
    }
}

/// `:12-14:5`, or as much of it as is known, with `before` in place of the first colon.
fn push_lines(out: &mut String, before: &str, place: &Packed) {
    if place.line == 0 {
        return;
    }
    out.push_str(before);
    push_number_plain(out, place.line);
    if place.end_line > place.line {
        out.push('-');
        push_number_plain(out, place.end_line);
    }
    if place.column > 0 {
        out.push(':');
        push_number_plain(out, place.column);
    }
}

/// What follows the text, in parentheses.
fn notes<M: Markup>(model: &Model, index: u32, record: &Record, out: &mut String) {
    let start = out.len();
    let open = |out: &mut String| out.push_str(if out.len() == start { " (" } else { ", " });
    if record.kind != 0 {
        open(out);
        name::<M>(model, record.kind, |_| {}, out);
    }
    if let Some(confidence) = record.confidence() {
        open(out);
        out.push_str("confidence: ");
        push_confidence(out, confidence);
    }
    let count = model.count(index);
    if count > 1 {
        open(out);
        push_count(out, count, "time");
    }
    if record.group != NONE || record.rare.is_some() {
        places::<M>(model, index, record, open, out);
    }
    if out.len() > start {
        out.push(')');
    }
}

/// The places after the first, and those of findings that repeat this one.
fn places<M: Markup>(
    model: &Model,
    index: u32,
    record: &Record,
    open: impl Fn(&mut String),
    out: &mut String,
) {
    let mut named = vec![record.place];
    let mut more = model.followers(index).nth(FOLLOWERS_SEEN).is_some();
    let followers = model.followers(index).take(FOLLOWERS_SEEN);
    let others = followers.flat_map(|other| model.record(other).places());
    for place in record.places().skip(1).chain(others) {
        if named.contains(place) || *place == Packed::default() {
            continue;
        }
        if named.len() > PLACES_NAMED {
            more = true;
            break;
        }
        if named.len() == 1 {
            open(out);
            out.push_str("also at");
        } else {
            out.push(',');
        }
        push_place::<M>(model, place, false, out);
        named.push(*place);
    }
    if more && named.len() > 1 {
        out.push_str(" and more");
    }
}

/// What few findings have: a line each.
fn details<M: Markup>(model: &Model, rare: &Rare, out: &mut String) {
    if let Some(hypothesis) = &rare.hypothesis {
        M::open_detail(out);
        out.push_str("hypothesis: ");
        M::line(out, hypothesis);
        out.push('\n');
    }
    if !rare.relevant.is_empty() {
        M::open_detail(out);
        out.push_str("relevant: ");
        push_files::<M>(model, &rare.relevant, out);
        out.push('\n');
    }
    for (text, place) in &rare.evidence {
        M::open_detail(out);
        out.push_str("evidence");
        push_place::<M>(model, place, false, out);
        if !text.is_empty() {
            out.push_str(": ");
            M::code(out, text, |_| {});
        }
        out.push('\n');
    }
}
