//! Prometheus and OpenMetrics text.
//!
//! Source: *OpenMetrics 1.0* (2022), whose grammar the names, labels and numbers follow.
//!
//! - **Names.** What the grammar does not allow, and `:`, becomes `_`. The unit is added where it is
//!   missing, and `_total` to the samples of counters: `bytes_read` in bytes is
//!   `bytes_read_bytes_total`.
//! - **Collisions.** Two names that would become one, or whose samples could (a gauge `x_count` beside
//!   a histogram `x`), stay apart: the later one, by kind (histogram, counter, gauge) and name, gets
//!   `_2` before its unit. Series whose labels would become equal get a label `duplicate`.
//! - **Labels.** Names that do not begin with a letter, and `le` and `quantile`, which mean something to
//!   readers, get `label_` in front. A label without a value is one that is absent, as the format says.
//! - **Timers and histograms** are of type `histogram` with the bounds of [`bounds`](super::bounds). Time is in
//!   seconds. Counts at a bound are exact but for values within 0.1 % below it, and count and sum are exact.
//!   A value recorded when the memory for buckets was used up ([`Distribution::coarse`]) counts as the
//!   greatest of its power of two, which the format has no place to say.

use std::collections::HashSet;
use std::fmt::Write;

use crate::distribution::Distribution;
use crate::key::{Key, push_escaped};
use crate::snapshot::Snapshot;
use crate::unit::Unit;

use super::family::{Family, Kind, Value, families};
use super::ladder;

/// The media type to serve the text with.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Choices that have defaults.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Stands before every name, such as `myapp_`. Default: nothing.
    pub prefix: &'a str,
}

impl Snapshot {
    /// OpenMetrics 1.0 text, to be served as [`CONTENT_TYPE`]. O(series · (bounds · buckets)).
    pub fn openmetrics(&self, options: &Options<'_>) -> String {
        let mut out = String::new();
        let mut taken = Names::default();
        for family in families(self) {
            let name = taken.claim(options.prefix, &family);
            head(&mut out, &name, &family);
            let mut known = HashSet::new();
            for (key, value) in &family.series {
                let labels = distinct(labels(*key), &mut known);
                sample(&mut out, &name, &labels, (family.unit, *value));
            }
        }
        out + "# EOF\n"
    }
}

/// Names of families and of all samples they may have.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    /// A name for the family that no other family's samples can have.
    fn claim(&mut self, prefix: &str, family: &Family<'_>) -> String {
        let name = sanitised(&format!("{prefix}{}", family.name), "_");
        let base = match family.kind {
            Kind::Counter => name.strip_suffix("_total").unwrap_or(&name),
            _ => &name,
        };
        let unit = match family.unit.suffix() {
            Some(unit) => format!("_{unit}"),
            None => String::new(),
        };
        let base = base.strip_suffix(&unit).unwrap_or(base);
        let base = if base.is_empty() { "_" } else { base };
        let mut candidates = (1..).map(|n| match n {
            1 => format!("{base}{unit}"),
            n => format!("{base}_{n}{unit}"),
        });
        let free = candidates.find(|name| self.free(name, family.kind));
        let name = free.expect("because the candidates do not end");
        self.0.extend(sample_names(&name, family.kind));
        name
    }

    fn free(&self, name: &str, kind: Kind) -> bool {
        sample_names(name, kind).all(|name| !self.0.contains(&name))
    }
}

fn sample_names(name: &str, kind: Kind) -> impl Iterator<Item = String> {
    let suffixes: &[&str] = match kind {
        Kind::Histogram => &["", "_bucket", "_count", "_sum", "_created"],
        Kind::Counter => &["", "_total", "_created"],
        Kind::Gauge => &[""],
    };
    suffixes.iter().map(move |suffix| format!("{name}{suffix}"))
}

/// Letters, digits and `_`; `front` before what does not begin with a letter or, if `front` is no more
/// than that, `_`.
fn sanitised(name: &str, front: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let text: String = name.chars().map(allowed).collect();
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || front == "_" && c == '_');
    if begins {
        text
    } else {
        format!("{front}{text}")
    }
}

pub(super) type Labels = Vec<(String, String)>;

fn labels(key: Option<&Key>) -> Labels {
    let mut out = Labels::new();
    let all = key.into_iter().flat_map(Key::labels);
    for (label, value) in all.filter(|(_, value)| !value.is_empty()) {
        let name = match label {
            "le" | "quantile" => format!("label_{label}"),
            label => sanitised(label, "label_"),
        };
        push(&mut out, &name, value);
    }
    out.sort_unstable();
    out
}

/// Adds a label under its name, or that with a number if there is one of that name.
fn push(labels: &mut Labels, name: &str, value: &str) {
    let mut candidates = (1..).map(|n| match n {
        1 => name.to_owned(),
        n => format!("{name}_{n}"),
    });
    let free = candidates.find(|name| labels.iter().all(|(known, _)| known != name));
    let name = free.expect("because the candidates do not end");
    labels.push((name, value.to_owned()));
}

/// Labels that no other series of the family has.
pub(super) fn distinct(labels: Labels, known: &mut HashSet<Labels>) -> Labels {
    let mut candidate = labels.clone();
    for n in 2.. {
        if known.insert(candidate.clone()) {
            break;
        }
        candidate = labels.clone();
        push(&mut candidate, "duplicate", &n.to_string());
        candidate.sort_unstable();
    }
    candidate
}

fn head(out: &mut String, name: &str, family: &Family<'_>) {
    let kind = match family.kind {
        Kind::Histogram => "histogram",
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
    };
    line(out, format_args!("# TYPE {name} {kind}"));
    if let Some(unit) = family.unit.suffix() {
        line(out, format_args!("# UNIT {name} {unit}"));
    }
    if !family.help.is_empty() {
        let help = escaped(family.help);
        line(out, format_args!("# HELP {name} {help}"));
    }
}

fn sample(out: &mut String, name: &str, labels: &Labels, (unit, value): (Unit, Value<'_>)) {
    let plain = braces(labels, None);
    match value {
        Value::Distribution(values) => histogram(out, name, labels, values),
        Value::Number(value) => line(out, format_args!("{name}{plain} {value:?}")),
        Value::Count(value) if unit == Unit::Seconds => {
            let seconds = scaled(u128::from(value), unit);
            line(out, format_args!("{name}_total{plain} {seconds:?}"));
        }
        Value::Count(value) => line(out, format_args!("{name}_total{plain} {value}")),
    }
}

fn histogram(out: &mut String, name: &str, labels: &Labels, values: &Distribution) {
    let (unit, plain) = (values.unit(), braces(labels, None));
    let bounds = ladder::bounds(unit);
    for (&bound, count) in bounds.iter().zip(ladder::cumulative(values, bounds)) {
        let braces = braces(labels, Some(&canonical(scaled(u128::from(bound), unit))));
        line(out, format_args!("{name}_bucket{braces} {count}"));
    }
    let (count, sum) = (values.count(), scaled(values.sum(), unit));
    let all = braces(labels, Some("+Inf"));
    line(out, format_args!("{name}_bucket{all} {count}"));
    line(out, format_args!("{name}_count{plain} {count}"));
    line(out, format_args!("{name}_sum{plain} {sum:?}"));
}

/// A recorded whole number in the exported unit.
pub(super) fn scaled(value: u128, unit: Unit) -> f64 {
    unit.exported(value as f64)
}

/// A positive number in the form that the specification recommends for bounds: `0.001`, `10.0`, `1e+06`.
fn canonical(value: f64) -> String {
    if value == 0.0 || (1e-4..1e6).contains(&value) {
        return format!("{value:?}");
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

fn braces(labels: &Labels, le: Option<&str>) -> String {
    let own = labels.iter().map(|(name, value)| (&**name, &**value));
    let all = own.chain(le.map(|bound| ("le", bound)));
    let pairs: Vec<String> = all
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    match pairs.is_empty() {
        true => String::new(),
        false => format!("{{{}}}", pairs.join(",")),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_escaped(&mut out, text);
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("because writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_canonical() {
        let texts = [
            0.0,
            1e-6,
            1e-5,
            1e-4,
            0.0025,
            10.0,
            262_144.0,
            1e6,
            1_048_576.0,
            67_108_864.0,
        ];
        assert_eq!(
            texts.map(canonical),
            [
                "0.0",
                "1e-06",
                "1e-05",
                "0.0001",
                "0.0025",
                "10.0",
                "262144.0",
                "1e+06",
                "1.048576e+06",
                "6.7108864e+07"
            ]
        );
    }

    #[test]
    fn names_follow_the_grammar() {
        let names = ["a.b:c", "9lives", "", "_x", "(other)", "größe"];
        let expect = ["a_b_c", "_9lives", "_", "_x", "_other_", "gr__e"];
        assert_eq!(names.map(|name| sanitised(name, "_")), expect);
        let labels = ["a-b", "1", "__name__", ""];
        let expect = ["a_b", "label_1", "label___name__", "label_"];
        assert_eq!(labels.map(|label| sanitised(label, "label_")), expect);
    }
}
