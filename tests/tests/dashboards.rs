//! The dashboard, the alert rules and the table in the documents name only metrics and labels that the engine
//! exports, and every metric of the catalogue stands in the documents.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use autoexec_engine::catalogue::{Kind, METRICS};
use autoexec_metrics::report::openmetrics::Options;
use autoexec_metrics::{Description, Distribution, Key, Snapshot};
use serde_json::Value;

/// What the engine puts before its names.
const PREFIX: &str = "autoexec_";

/// Labels that Prometheus adds, and those of buckets.
const FOREIGN_LABELS: [&str; 3] = ["job", "instance", "le"];

fn file(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    std::fs::read_to_string(root.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A snapshot with one series of every metric.
fn everything() -> Snapshot {
    let mut snapshot = Snapshot::default();
    for metric in METRICS {
        let labels: Vec<(&str, &str)> = metric.labels.iter().map(|label| (*label, "x")).collect();
        let key = Key::new(metric.name, &labels);
        let (unit, help) = (metric.unit, metric.help.into());
        std::sync::Arc::make_mut(&mut snapshot.descriptions)
            .insert(metric.name.into(), Description { unit, help });
        match metric.kind {
            Kind::Timer => drop(
                snapshot
                    .timers
                    .insert(key, Distribution::of(metric.unit, &[1])),
            ),
            Kind::Histogram => drop(
                snapshot
                    .histograms
                    .insert(key, Distribution::of(metric.unit, &[1])),
            ),
            Kind::Counter => drop(snapshot.counters.insert(key, 1)),
            Kind::Gauge => drop(snapshot.gauges.insert(key, 1.0)),
        }
    }
    snapshot
}

/// What is exported: the names of samples, and the labels of each.
fn exported() -> BTreeMap<String, BTreeSet<String>> {
    let text = everything().openmetrics(&Options { prefix: PREFIX });
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let end = line.find(['{', ' ']).expect("a sample");
        let labels = found.entry(line[..end].to_owned()).or_default();
        labels.extend(names_before(&line[end..], "=\""));
    }
    found
}

/// The names that stand right before a mark.
fn names_before(text: &str, mark: &str) -> Vec<String> {
    let ends = text.match_indices(mark).map(|(at, _)| at);
    let name = |end| {
        let start = text[..end]
            .rfind(|c: char| !is_name(c))
            .map_or(0, |at| at + 1);
        text[start..end].to_owned()
    };
    ends.map(name).collect()
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The metrics that a text names.
fn metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|c| !is_name(c));
    let ours = words.filter(|word| word.starts_with(PREFIX) && word.len() > PREFIX.len());
    ours.map(str::to_owned).collect()
}

/// The labels that an expression names: in braces before `=` and `!=`, and after `by`.
fn labels(expression: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in expression.split('{').skip(1) {
        let selector = part.split('}').next().unwrap_or_default();
        let marks = ["=\"", "=~\"", "!=\"", "!~\""];
        found.extend(marks.iter().flat_map(|mark| names_before(selector, mark)));
    }
    for part in expression.split("by (").skip(1) {
        let names = part.split(')').next().unwrap_or_default();
        found.extend(names.split(',').map(|name| name.trim().to_owned()));
    }
    found.remove("");
    found
}

/// Complaints about an expression: metrics and labels that are not exported.
fn unknown(expression: &str) -> Vec<String> {
    let exported = exported();
    let named = metrics(expression);
    let metrics = named
        .iter()
        .filter(|name| !exported.contains_key(*name))
        .cloned();
    let own: BTreeSet<&String> = named
        .iter()
        .filter_map(|name| exported.get(name))
        .flatten()
        .collect();
    let labels = labels(expression);
    let labels = labels
        .into_iter()
        .filter(|label| !own.contains(label) && !FOREIGN_LABELS.contains(&&**label));
    metrics.chain(labels).collect()
}

#[track_caller]
fn check(expression: &str) {
    assert!(!metrics(expression).is_empty(), "no metric in {expression}");
    assert_eq!(
        unknown(expression),
        [""; 0],
        "not exported, in {expression}"
    );
}

#[test]
fn what_is_not_exported_is_found() {
    assert_eq!(unknown("rate(autoexec_steps_total[5m])"), [""; 0]);
    assert_eq!(unknown("rate(autoexec_steps[5m])"), ["autoexec_steps"]);
    assert_eq!(unknown("sum by (color) (autoexec_threads)"), ["color"]);
    assert_eq!(
        unknown(r#"autoexec_steps_total{action="x",outcome!="y"}"#),
        ["action"]
    );
    assert_eq!(
        unknown("sum by (le, action) (autoexec_step_duration_seconds_bucket)"),
        [""; 0]
    );
}

/// The strings under `expr` and `query`, wherever they are.
fn expressions<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| expressions(item, found)),
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(text) if name == "expr" => found.push(text),
                    Some(text) if name == "query" && text.contains(PREFIX) => found.push(text),
                    _ => expressions(member, found),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn the_dashboard_shows_what_is_exported() {
    let dashboard: Value = serde_json::from_str(&file("docs/grafana/autoexec.json")).expect("JSON");
    let mut found = Vec::new();
    expressions(&dashboard, &mut found);
    assert!(found.len() > 20, "{}", found.len());
    found.iter().for_each(|expression| check(expression));
    // Nothing that is measured is left out of it. `errors_recovered` is not `errors`: the longest name that fits counts.
    let shown = metrics(&found.join(" "));
    let owner = |name: &String| {
        let fitting = METRICS.iter().map(|metric| metric.name);
        let fitting = fitting.filter(|own| name[PREFIX.len()..].starts_with(own));
        fitting.max_by_key(|own| own.len())
    };
    let shown: BTreeSet<&str> = shown.iter().filter_map(owner).collect();
    let missing = METRICS.iter().filter(|metric| !shown.contains(metric.name));
    assert_eq!(
        missing.map(|metric| metric.name).collect::<Vec<_>>(),
        [""; 0]
    );
}

#[test]
fn panels_do_not_overlap() {
    let dashboard: Value = serde_json::from_str(&file("docs/grafana/autoexec.json")).expect("JSON");
    let mut taken = BTreeSet::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        let at = |name: &str| panel["gridPos"][name].as_u64().expect("a place");
        for x in at("x")..at("x") + at("w") {
            assert!(x < 24, "{panel} leaves the grid");
            for y in at("y")..at("y") + at("h") {
                assert!(taken.insert((x, y)), "{panel} lies on another");
            }
        }
    }
}

#[test]
fn alert_rules_look_at_what_is_exported() {
    let rules = file("docs/alerts.yml");
    let expressions = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "));
    let n = expressions.inspect(|expression| check(expression)).count();
    assert_eq!(
        n,
        rules.matches("- alert: ").count(),
        "an expression of each rule on one line"
    );
    assert!(n >= 10);
}

#[test]
fn the_document_lists_the_catalogue() {
    let text = file("docs/metrics.md");
    let exported = exported();
    for metric in METRICS {
        let row = text
            .lines()
            .find(|line| line.starts_with(&format!("| `{}` |", metric.name)));
        let row = row.unwrap_or_else(|| panic!("{} is not in docs/metrics.md", metric.name));
        let labels = metric.labels.iter().map(|label| format!("`{label}`"));
        let labels = labels.collect::<Vec<_>>().join(", ");
        assert!(
            row.contains(&format!("| {labels} |").replace("|  |", "| |")),
            "labels in {row}"
        );
        assert!(
            row.ends_with(&format!("| {} |", metric.help)),
            "help in {row}"
        );
        let family = row
            .split('|')
            .nth(3)
            .expect("a cell")
            .trim()
            .trim_matches('`')
            .to_owned();
        let known = ["", "_total", "_count"]
            .iter()
            .any(|end| exported.contains_key(&format!("{family}{end}")));
        assert!(known, "{family} is not exported");
    }
}
