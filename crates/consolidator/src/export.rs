//! The document as JSON: everything that is held, for other programs.

use std::io::{self, Write};

use crate::consolidator::Consolidator;
use crate::digest::Fingerprint;
use crate::json::Json;
use crate::model::Model;
use crate::names::NameId;
use crate::record::{Packed, Record};
use crate::steps::Entry;
use crate::{Confidence, Severity};

/// The version of the JSON written; it changes whenever a field changes its meaning or goes away.
const FORMAT: u32 = 1;

impl Consolidator {
    /// Writes everything that is held as JSON, and returns the bytes written. Streams: O(longest
    /// finding) of memory. The crate documentation describes the fields.
    ///
    /// # Errors
    ///
    /// The writer's own error, with part of the document written.
    pub fn write_json(&self, w: &mut impl Write) -> io::Result<u64> {
        let mut json = Json::new(w);
        json.open(b'{');
        json.number("format", FORMAT);
        json.text("title", &self.model.title);
        json.key("summary")
            .object(|json| summary(json, &self.model));
        json.key("steps").open(b'[');
        for (number, entry) in self.model.steps.iter() {
            json.line();
            json.open(b'{');
            step(&mut json, &self.model, number, entry);
            json.key("findings").open(b'[');
            for index in self.model.indexes_of(number) {
                json.line();
                json.object(|json| finding(json, &self.model, index));
                json.flush_if_full()?;
            }
            json.close(b']');
            json.close(b'}');
            json.flush_if_full()?;
        }
        json.close(b']');
        json.close(b'}');
        json.finish()
    }
}

fn summary<W: Write>(json: &mut Json<'_, W>, model: &Model) {
    let summary = model.summary();
    json.number("steps", summary.steps);
    json.number("files_checked", summary.files_checked);
    json.number("relevant_files", summary.relevant_files);
    json.number("findings", summary.findings);
    json.number("duplicates", summary.duplicates);
    json.number("omitted", summary.omitted);
    json.key("by_severity").object(|json| {
        for severity in Severity::ALL.into_iter().rev() {
            json.number(severity.as_str(), summary.of(severity));
        }
    });
}

fn step<W: Write>(json: &mut Json<'_, W>, model: &Model, number: u32, entry: &Entry) {
    let meta = &entry.meta;
    json.number("step", number);
    json.text("title", &meta.title);
    if !meta.text().is_empty() {
        json.text("text", meta.text());
    }
    belief(
        json,
        meta.hypothesis(),
        Confidence::unpack(meta.confidence()),
    );
    names(json, "files_checked", meta.checked(), model);
    names(json, "relevant_files", meta.relevant(), model);
    json.number("omitted", meta.omitted());
}

fn finding<W: Write>(json: &mut Json<'_, W>, model: &Model, index: u32) {
    let record = model.record(index);
    json.text("severity", record.severity.as_str());
    if record.kind != 0 {
        json.text("kind", model.names.get(record.kind));
    }
    json.text("text", &record.text);
    json.key("places").array(|json| {
        for packed in record.places().filter(|p| **p != Packed::default()) {
            json.object(|json| place(json, packed, model));
        }
    });
    rare(json, record, model);
    let print = |record| Fingerprint::of(record, &model.names).to_string();
    json.text("fingerprint", &print(record));
    let root = model.root(index);
    if root != index {
        json.key("listed_with").object(|json| {
            json.number("step", model.record(root).step);
            json.text("fingerprint", &print(model.record(root)));
        });
    } else {
        json.number("count", model.count(index));
    }
}

fn rare<W: Write>(json: &mut Json<'_, W>, record: &Record, model: &Model) {
    let rare = record.rare.as_deref();
    belief(
        json,
        rare.and_then(|rare| rare.hypothesis.as_deref()),
        record.confidence(),
    );
    let Some(rare) = rare else { return };
    names(json, "relevant_files", &rare.relevant, model);
    if rare.evidence.is_empty() {
        return;
    }
    json.key("evidence").array(|json| {
        for (text, packed) in &rare.evidence {
            json.object(|json| {
                json.text("text", text);
                place(json, packed, model);
            });
        }
    });
}

fn belief<W: Write>(
    json: &mut Json<'_, W>,
    hypothesis: Option<&str>,
    confidence: Option<Confidence>,
) {
    if let Some(hypothesis) = hypothesis {
        json.text("hypothesis", hypothesis);
    }
    match confidence {
        None => {}
        Some(confidence) => match confidence.level() {
            Some(level) => json.text("confidence", level),
            None => json.key("confidence").value(confidence.value()),
        },
    }
}

fn names<W: Write>(json: &mut Json<'_, W>, key: &str, ids: &[NameId], model: &Model) {
    if !ids.is_empty() {
        json.key(key).array(|json| {
            ids.iter().for_each(|id| json.string(model.names.get(*id)));
        });
    }
}

fn place<W: Write>(json: &mut Json<'_, W>, place: &Packed, model: &Model) {
    if place.file != 0 {
        json.text("file", model.names.get(place.file));
    }
    for (key, number) in [
        ("line", place.line),
        ("end_line", place.end_line),
        ("column", place.column),
    ] {
        if number > 0 {
            json.number(key, number);
        }
    }
}
