//! The findings as SARIF 2.1.0, for editors and code-scanning pages.
//!
//! The format: Static Analysis Results Interchange Format Version 2.1.0, OASIS Standard, 27 March 2020
//! (sections in the comments are its).

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::Severity;
use crate::consolidator::Consolidator;
use crate::digest::Fingerprint;
use crate::json::Json;
use crate::model::Model;
use crate::names::NameId;
use crate::record::{Packed, State};

/// The rule of findings that have no kind.
const NO_KIND: &str = "finding";
/// The name that the fingerprint goes by: version 1 of kind, text and file.
const FINGERPRINT: &str = "kindTextFile/v1";
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Who found it, as SARIF names its `tool.driver`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Tool<'a> {
    /// The name of the program.
    pub name: &'a str,
    /// Its version, or nothing.
    pub version: &'a str,
    /// Where to read about it: an absolute URI, or nothing.
    pub information_uri: &'a str,
}

impl Consolidator {
    /// Writes the findings that are listed as a SARIF 2.1.0 log of one run, and returns the bytes
    /// written. Streams: O(kinds + longest finding) of memory.
    ///
    /// A kind becomes a rule; critical and high become `error`, medium `warning`, low and info
    /// `note`; the first place becomes the location and the others, those of duplicates and evidence,
    /// related locations. Paths are written as they are, percent-encoded: relative ones stay relative.
    ///
    /// # Errors
    ///
    /// The writer's own error, with part of the log written.
    pub fn write_sarif(&self, w: &mut impl Write, tool: &Tool<'_>) -> io::Result<u64> {
        let model = &self.model;
        let rules = rules(model);
        let mut json = Json::new(w);
        json.open(b'{');
        json.text("$schema", SCHEMA);
        json.text("version", "2.1.0");
        json.key("runs").open(b'[');
        json.open(b'{');
        json.key("tool").object(|json| {
            json.key("driver").object(|json| driver(json, tool, &rules));
        });
        json.key("results").open(b'[');
        let shown = |index: &u32| model.record(*index).state == State::Shown;
        for index in model.items.values().copied().filter(shown) {
            json.line();
            json.object(|json| result(json, model, index, &rules));
            json.flush_if_full()?;
        }
        json.close(b']');
        json.key("properties").object(|json| {
            json.text("title", &model.title);
            json.number("omitted", model.summary().omitted);
        });
        json.close(b'}');
        json.close(b']');
        json.close(b'}');
        json.finish()
    }
}

/// The kinds of what is listed, in the order of their names, with their places in the list of rules.
fn rules(model: &Model) -> BTreeMap<&str, u32> {
    let mut rules = BTreeMap::new();
    for index in model.items.values() {
        let record = model.record(*index);
        if record.state == State::Shown {
            rules.insert(rule(model, record.kind), 0);
        }
    }
    for (at, place) in (0..).zip(rules.values_mut()) {
        *place = at;
    }
    rules
}

fn rule(model: &Model, kind: NameId) -> &str {
    if kind == 0 {
        NO_KIND
    } else {
        model.names.get(kind)
    }
}

fn driver<W: Write>(json: &mut Json<'_, W>, tool: &Tool<'_>, rules: &BTreeMap<&str, u32>) {
    json.text("name", tool.name);
    if !tool.version.is_empty() {
        json.text("version", tool.version);
    }
    if !tool.information_uri.is_empty() {
        json.text("informationUri", tool.information_uri);
    }
    json.key("rules").array(|json| {
        for kind in rules.keys() {
            json.object(|json| {
                json.text("id", kind);
                json.key("shortDescription")
                    .object(|json| json.text("text", kind));
            });
        }
    });
}

fn result<W: Write>(
    json: &mut Json<'_, W>,
    model: &Model,
    index: u32,
    rules: &BTreeMap<&str, u32>,
) {
    let record = model.record(index);
    let kind = rule(model, record.kind);
    let severity = model.severity(index);
    json.text("ruleId", kind);
    json.number("ruleIndex", rules[kind]);
    json.text("level", level(severity));
    let text = if record.text.trim().is_empty() {
        kind
    } else {
        &record.text
    };
    json.key("message").object(|json| json.text("text", text));
    if record.place.file != 0 {
        json.key("locations").array(|json| {
            json.object(|json| physical(json, model, &record.place, None));
        });
    }
    related(json, model, index);
    let print = Fingerprint::of(record, &model.names).to_string();
    json.key("partialFingerprints")
        .object(|json| json.text(FINGERPRINT, &print));
    json.number("occurrenceCount", model.count(index));
    json.key("properties").object(|json| {
        json.text("severity", severity.as_str());
        json.number("step", record.step);
        if let Some(confidence) = record.confidence() {
            json.key("confidence").value(confidence.value());
        }
        if let Some(hypothesis) = record.rare.as_ref().and_then(|r| r.hypothesis.as_deref()) {
            json.text("hypothesis", hypothesis);
        }
    });
}

/// Section 3.27.10.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// Further places, those of duplicates, and evidence. Each is written once.
fn related<W: Write>(json: &mut Json<'_, W>, model: &Model, index: u32) {
    let record = model.record(index);
    let mut places: Vec<&Packed> = record.places().skip(1).collect();
    places.extend(
        model
            .followers(index)
            .flat_map(|other| model.record(other).places()),
    );
    places.retain(|place| place.file != 0 && **place != record.place);
    places.sort_by_key(|place| (place.line, place.end_line, place.column, place.file));
    places.dedup();
    places.sort_by_key(|place| (model.names.get(place.file), place.line));
    let evidence = record
        .rare
        .as_deref()
        .map_or(&[][..], |rare| &rare.evidence);
    if places.is_empty() && evidence.is_empty() {
        return;
    }
    json.key("relatedLocations").array(|json| {
        for place in places {
            json.object(|json| physical(json, model, place, None));
        }
        for (text, place) in evidence {
            json.object(|json| {
                if place.file != 0 {
                    physical(json, model, place, Some(text));
                }
                json.key("message").object(|json| json.text("text", text));
            });
        }
    });
}

/// Sections 3.29 to 3.30: a region has a start line, or it is left out.
fn physical<W: Write>(
    json: &mut Json<'_, W>,
    model: &Model,
    place: &Packed,
    snippet: Option<&str>,
) {
    json.key("physicalLocation").object(|json| {
        let uri = uri(model.names.get(place.file));
        json.key("artifactLocation")
            .object(|json| json.text("uri", &uri));
        if place.line == 0 {
            return;
        }
        json.key("region").object(|json| {
            json.number("startLine", place.line);
            if place.end_line > place.line {
                json.number("endLine", place.end_line);
            }
            if place.column > 0 {
                json.number("startColumn", place.column);
            }
            if let Some(text) = snippet {
                json.key("snippet").object(|json| json.text("text", text));
            }
        });
    });
}

/// A path as a URI reference (RFC 3986): absolute ones get the scheme `file`; all but unreserved
/// characters and `/` is percent-encoded, so that a colon in the first name starts no scheme.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 8);
    if path.starts_with('/') {
        out.push_str("file://");
        if path.starts_with("//") {
            out.push_str("/."); // An empty first name would be read as a host.
        }
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                for digit in [byte >> 4, byte & 15] {
                    out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uri_references() {
        let check = |path: &str, expect: &str| assert_eq!(uri(path), expect);
        check("src/a.rs", "src/a.rs");
        check("a b/ü#?.rs", "a%20b/%C3%BC%23%3F.rs");
        check("c:x", "c%3Ax");
        check("a\nb%41", "a%0Ab%2541");
        check("../x", "../x");
        check("/etc/x y", "file:///etc/x%20y");
        check("//host/x", "file:///.//host/x");
        check("a\\b", "a%5Cb");
    }
}
