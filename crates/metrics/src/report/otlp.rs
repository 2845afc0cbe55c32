//! OpenTelemetry metrics in the JSON encoding of OTLP.
//!
//! One `ExportMetricsServiceRequest`, to be posted to a collector's `/v1/metrics` as
//! [`CONTENT_TYPE`]. Counters are cumulative monotonic sums, gauges gauges, timers and histograms cumulative
//! histograms with the bounds of [`bounds`](super::bounds). Time is in seconds.
//!
//! Model calls go by the names that OpenTelemetry's semantic conventions for generative AI give them
//! (status: development; from the repository semantic-conventions-genai, at the state that refers to
//! version 1.42.0 of the general conventions):
//!
//! | ours | exported |
//! |---|---|
//! | timer `model_call_duration` | `gen_ai.client.operation.duration`, in s |
//! | histogram `model_call_tokens` | `gen_ai.client.token.usage`, in {token} |
//! | label `provider` | `gen_ai.provider.name` |
//! | label `model` | `gen_ai.request.model` |
//! | label `operation`, [`Options::operation`] where it is missing | `gen_ai.operation.name` |
//! | label `type` | `gen_ai.token.type` |
//!
//! Two names that would become one, as readers see them, who do not tell cases apart, stay so: the later
//! one, by kind (histogram, counter, gauge) and name, gets `_2` at its end. Points of a metric whose
//! attributes would become equal get an attribute `duplicate`.
//!
//! Source: OTLP specification 1.x, *JSON Protobuf Encoding*: 64-bit whole numbers are texts, enumerations
//! are numbers, keys are in camel case.

use std::collections::HashSet;

use crate::distribution::Distribution;
use crate::json::{Object, array, string};
use crate::key::Key;
use crate::snapshot::Snapshot;
use crate::unit::Unit;

use super::family::{Family, Kind, Series, Value, families};
use super::ladder;
use super::openmetrics::{Labels, distinct, scaled};

/// The media type to post the request with.
pub const CONTENT_TYPE: &str = "application/json";

/// The most characters of a name.
const NAME_MAX: usize = 255;

/// `AGGREGATION_TEMPORALITY_CUMULATIVE`: since the start.
const CUMULATIVE: u8 = 2;

/// The bounds that the conventions ask for in durations of model calls, in nanoseconds.
const GEN_AI_DURATIONS: [u64; 14] = {
    let mut bounds = [10_000_000; 14];
    let mut n = 1;
    while n < bounds.len() {
        bounds[n] = bounds[n - 1] * 2;
        n += 1;
    }
    bounds
};

/// What a request says beside the numbers.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// `service.name` of the resource.
    pub service: &'a str,
    /// Stands before the names that are not those of the conventions, such as `myapp.`.
    pub prefix: &'a str,
    /// When counting began, in nanoseconds since 1970. Later than `end_unix_nanos`, when a clock went
    /// back, it counts as that.
    pub start_unix_nanos: u64,
    /// When the snapshot was taken, in nanoseconds since 1970.
    pub end_unix_nanos: u64,
    /// `gen_ai.operation.name`, which the conventions require, of model calls without a label `operation`;
    /// empty to leave it out.
    pub operation: &'a str,
}

impl Snapshot {
    /// An `ExportMetricsServiceRequest` as JSON.
    pub fn otlp(&self, options: &Options<'_>) -> String {
        let metrics = families(self);
        let mut taken = Names::default();
        let metrics = metrics.iter().map(|family| {
            let name = taken.claim(&name(family, options));
            metric(&name, family, options)
        });
        let scope = Object::new()
            .raw("name", string(env!("CARGO_PKG_NAME")))
            .raw("version", string(env!("CARGO_PKG_VERSION")));
        let scope_metrics = Object::new()
            .raw("scope", scope.end())
            .raw("metrics", array(metrics));
        let service = attribute("service.name", options.service);
        let resource = Object::new().raw("attributes", array([service]));
        let resource_metrics = Object::new()
            .raw("resource", resource.end())
            .raw("scopeMetrics", array([scope_metrics.end()]));
        Object::new()
            .raw("resourceMetrics", array([resource_metrics.end()]))
            .end()
    }
}

/// Names that are taken, in lower case.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    /// The name, or that with a number at its end if there is one of that name.
    fn claim(&mut self, name: &str) -> String {
        let mut candidates = (1..).map(|n| match n {
            1 => name.to_owned(),
            n => {
                let number = format!("_{n}");
                let fits = name.len().min(NAME_MAX - number.len());
                format!("{}{number}", &name[..fits])
            }
        });
        let free = candidates.find(|name| self.0.insert(name.to_ascii_lowercase()));
        free.expect("because the candidates do not end")
    }
}

fn name(family: &Family<'_>, options: &Options<'_>) -> String {
    match semantic_name(family.name, family.kind) {
        Some(name) => name.to_owned(),
        None => sanitised(&format!("{}{}", options.prefix, family.name)),
    }
}

fn metric(name: &str, family: &Family<'_>, options: &Options<'_>) -> String {
    let mut known = HashSet::new();
    let points = family.series.iter();
    let points = array(points.map(|series| point(family, series, options, &mut known)));
    let data = Object::new().raw("dataPoints", points);
    let (kind, data) = match family.kind {
        Kind::Gauge => ("gauge", data),
        Kind::Histogram => ("histogram", data.raw("aggregationTemporality", CUMULATIVE)),
        Kind::Counter => (
            "sum",
            data.raw("aggregationTemporality", CUMULATIVE)
                .raw("isMonotonic", true),
        ),
    };
    Object::new()
        .raw("name", string(name))
        .raw("description", string(family.help))
        .raw("unit", string(ucum(family.unit)))
        .raw(kind, data.end())
        .end()
}

/// The name that the conventions give to a series of ours.
fn semantic_name(name: &str, kind: Kind) -> Option<&'static str> {
    match (name, kind) {
        ("model_call_duration", Kind::Histogram) => Some("gen_ai.client.operation.duration"),
        ("model_call_tokens", Kind::Histogram) => Some("gen_ai.client.token.usage"),
        _ => None,
    }
}

fn semantic_label(label: &str) -> &str {
    match label {
        "provider" => "gen_ai.provider.name",
        "model" => "gen_ai.request.model",
        "operation" => "gen_ai.operation.name",
        "type" => "gen_ai.token.type",
        other => other,
    }
}

/// The series of a model call under the names of the conventions, `operation` where it has none; `None`
/// for any other series.
pub fn gen_ai(key: &Key, operation: &str) -> Option<Key> {
    let name = semantic_name(key.name(), Kind::Histogram)?;
    let default = (!operation.is_empty()).then_some(("gen_ai.operation.name", operation));
    let own = key
        .labels()
        .map(|(label, value)| (semantic_label(label), value));
    // Of two labels with a name the later one stands: the default gives way.
    let labels: Vec<(&str, &str)> = default.into_iter().chain(own).collect();
    Some(Key::new(name, &labels))
}

fn point(
    family: &Family<'_>,
    (key, value): &Series<'_>,
    options: &Options<'_>,
    known: &mut HashSet<Labels>,
) -> String {
    let semantic = key
        .filter(|_| family.kind == Kind::Histogram)
        .and_then(|key| gen_ai(key, options.operation));
    let key = semantic.as_ref().or(*key);
    let labels = key.into_iter().flat_map(Key::labels);
    // An attribute's key must not be empty.
    let labels = labels.filter(|(label, _)| !label.is_empty());
    let labels = labels.map(|(label, value)| (label.to_owned(), value.to_owned()));
    let labels = distinct(labels.collect(), known);
    let attributes = array(labels.iter().map(|(label, value)| attribute(label, value)));
    let start = options.start_unix_nanos.min(options.end_unix_nanos);
    let point = Object::new()
        .raw("attributes", attributes)
        .raw("startTimeUnixNano", string(&start.to_string()))
        .raw("timeUnixNano", string(&options.end_unix_nanos.to_string()));
    match value {
        Value::Number(value) => point.float("asDouble", *value).end(),
        Value::Count(value) => count(point, *value, family.unit).end(),
        Value::Distribution(values) => {
            let bounds = match (semantic.is_some(), family.unit) {
                (true, Unit::Seconds) => &GEN_AI_DURATIONS,
                (_, unit) => ladder::bounds(unit),
            };
            histogram(point, values, bounds).end()
        }
    }
}

/// A whole number if it is one and fits: OTLP's are signed.
fn count(point: Object, value: u64, unit: Unit) -> Object {
    match i64::try_from(value) {
        Ok(value) if unit != Unit::Seconds => point.raw("asInt", string(&value.to_string())),
        _ => point.float("asDouble", scaled(u128::from(value), unit)),
    }
}

fn histogram(point: Object, values: &Distribution, bounds: &[u64]) -> Object {
    let unit = values.unit();
    let number = |value: u64| format!("{:?}", scaled(u128::from(value), unit));
    let cumulative = ladder::cumulative(values, bounds);
    let below = std::iter::once(0).chain(cumulative.iter().copied());
    let all = cumulative.iter().copied().chain([values.count()]);
    let counts = all
        .zip(below)
        .map(|(up_to, below)| string(&(up_to - below).to_string()));
    point
        .raw("count", string(&values.count().to_string()))
        .float("sum", scaled(values.sum(), unit))
        .raw("bucketCounts", array(counts))
        .raw(
            "explicitBounds",
            array(bounds.iter().map(|&bound| number(bound))),
        )
        .maybe("min", values.min().map(number))
        .maybe("max", values.max().map(number))
}

fn attribute(key: &str, value: &str) -> String {
    let value = Object::new().raw("stringValue", string(value));
    Object::new()
        .raw("key", string(key))
        .raw("value", value.end())
        .end()
}

fn ucum(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "s",
        Unit::Bytes => "By",
        Unit::Tokens => "{token}",
        Unit::Count | Unit::Ratio => "1",
    }
}

/// The syntax of instrument names: a letter, then letters, digits, `_`, `.`, `-` and `/`; [`NAME_MAX`] of them.
fn sanitised(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    let text = name.chars().map(|c| if allowed(c) { c } else { '_' });
    let text: String = text.take(NAME_MAX - 2).collect();
    match text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => text,
        false => format!("m_{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_call_goes_by_the_names_of_the_conventions() {
        let key = Key::new(
            "model_call_tokens",
            &[("provider", "openai"), ("model", "m"), ("type", "input")],
        );
        assert_eq!(
            gen_ai(&key, "chat").unwrap().as_str(),
            r#"gen_ai.client.token.usage{gen_ai.operation.name="chat",gen_ai.provider.name="openai",gen_ai.request.model="m",gen_ai.token.type="input"}"#
        );
        let key = Key::new("model_call_duration", &[("operation", "embeddings")]);
        assert_eq!(
            gen_ai(&key, "chat").unwrap().as_str(),
            r#"gen_ai.client.operation.duration{gen_ai.operation.name="embeddings"}"#
        );
        assert_eq!(
            gen_ai(&Key::from("model_call_duration"), "")
                .unwrap()
                .labels()
                .count(),
            0
        );
        assert_eq!(gen_ai(&Key::from("step_duration"), "chat"), None);
    }

    #[test]
    fn bounds_of_durations_are_those_of_the_conventions() {
        let seconds = GEN_AI_DURATIONS.map(|bound| scaled(bound.into(), Unit::Seconds));
        assert_eq!(
            seconds,
            [
                0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96,
                81.92
            ]
        );
    }

    #[test]
    fn names_follow_the_syntax() {
        assert_eq!(sanitised("a.b/c d"), "a.b/c_d");
        assert_eq!(sanitised("(other)"), "m__other_");
        assert_eq!(sanitised(&"x".repeat(900)).len(), 253);
    }
}
