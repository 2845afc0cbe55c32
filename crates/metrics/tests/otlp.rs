//! OTLP requests, read back as JSON. What accepts them as protocol buffers is `cargo xtask parsers`.
#![cfg(feature = "otlp")]

use autoexec_metrics::report::otlp::Options;
use autoexec_metrics::{Description, Distribution, Key, Snapshot, Unit};
use proptest::prelude::*;
use serde_json::{Value, json};

const OPTIONS: Options<'_> = Options {
    service: "s",
    prefix: "p.",
    start_unix_nanos: 5,
    end_unix_nanos: 9,
    operation: "chat",
};

#[track_caller]
fn metrics(snapshot: &Snapshot, options: &Options<'_>) -> Vec<Value> {
    let request: Value = serde_json::from_str(&snapshot.otlp(options)).expect("because it is JSON");
    let resource = &request["resourceMetrics"][0];
    assert_eq!(
        resource["resource"]["attributes"],
        json!([{ "key": "service.name", "value": { "stringValue": options.service } }])
    );
    let metrics = resource["scopeMetrics"][0]["metrics"].as_array();
    metrics.expect("because it is a list").clone()
}

#[test]
fn sums_and_gauges_carry_unit_time_and_attributes() {
    let mut snapshot = Snapshot::default();
    let description = Description {
        unit: Unit::Bytes,
        help: "Read.".into(),
    };
    std::sync::Arc::make_mut(&mut snapshot.descriptions).insert("read".into(), description);
    snapshot
        .counters
        .insert(Key::new("read", &[("mode", "x")]), 7);
    snapshot.counters.insert(Key::from("vast"), u64::MAX);
    snapshot.gauges.insert(Key::from("fill"), 0.5);
    snapshot.gauges.insert(Key::from("unknown"), f64::INFINITY);
    let point = |attributes: Value, kind: &str, value: Value| json!({ "attributes": attributes, "startTimeUnixNano": "5", "timeUnixNano": "9", kind: value });
    let sum = |points: Value| json!({ "dataPoints": [points], "aggregationTemporality": 2, "isMonotonic": true });
    let mode = json!([{ "key": "mode", "value": { "stringValue": "x" } }]);
    let fill = point(json!([]), "asDouble", json!(0.5));
    let vast = sum(point(json!([]), "asDouble", json!(u64::MAX as f64)));
    let read = sum(point(mode, "asInt", json!("7")));
    let expect = json!([
        { "name": "p.read", "description": "Read.", "unit": "By", "sum": read },
        { "name": "p.vast", "description": "", "unit": "1", "sum": vast },
        { "name": "p.fill", "description": "", "unit": "1", "gauge": { "dataPoints": [fill] } },
    ]);
    assert_eq!(json!(metrics(&snapshot, &OPTIONS)[1..]), expect);
}

#[test]
fn model_calls_go_by_the_names_and_bounds_of_the_conventions() {
    let mut snapshot = Snapshot::default();
    let labels = [("provider", "openai"), ("model", "m")];
    let nanos = Distribution::of(Unit::Seconds, &[15_000_000, 1_000_000_000]);
    snapshot
        .timers
        .insert(Key::new("model_call_duration", &labels), nanos);
    let tokens = Distribution::of(Unit::Tokens, &[1, 5, 100_000_000]);
    let key = Key::new(
        "model_call_tokens",
        &[labels[0], labels[1], ("type", "output")],
    );
    snapshot.histograms.insert(key, tokens);
    let found = metrics(&snapshot, &OPTIONS);
    let named = |name: &str| {
        let metric = found.iter().find(|metric| metric["name"] == name);
        let metric = metric.expect("because it was recorded");
        (
            metric["unit"].clone(),
            metric["histogram"]["dataPoints"][0].clone(),
        )
    };
    let (unit, duration) = named("gen_ai.client.operation.duration");
    assert_eq!(unit, "s");
    let bounds = [
        0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
    ];
    assert_eq!(duration["explicitBounds"], json!(bounds));
    let counts = [0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0].map(|n: u8| n.to_string());
    assert_eq!(duration["bucketCounts"], json!(counts));
    assert_eq!(
        (&duration["sum"], &duration["min"]),
        (&json!(1.015), &json!(0.015))
    );
    let attribute =
        |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let (unit, usage) = named("gen_ai.client.token.usage");
    assert_eq!(unit, "{token}");
    assert_eq!(
        usage["attributes"],
        json!([
            attribute("gen_ai.operation.name", "chat"),
            attribute("gen_ai.provider.name", "openai"),
            attribute("gen_ai.request.model", "m"),
            attribute("gen_ai.token.type", "output"),
        ])
    );
    assert_eq!(usage["bucketCounts"][14], "1", "beyond the last bound");
}

#[test]
fn what_would_be_called_alike_stays_apart() {
    let mut snapshot = Snapshot::default();
    for (n, name) in ["a b", "a.b", "a_b", "A_B"].into_iter().enumerate() {
        snapshot.counters.insert(Key::from(name), n as u64);
        snapshot.gauges.insert(Key::from(name), 0.5);
    }
    let long = "x".repeat(300);
    for name in [&long, &format!("{long}y")] {
        snapshot.counters.insert(Key::from(name.as_str()), 1);
    }
    let call = Distribution::of(Unit::Seconds, &[1]);
    snapshot
        .timers
        .insert(Key::from("model_call_duration"), call);
    let found = metrics(&snapshot, &OPTIONS);
    let names: Vec<&str> = found.iter().filter_map(|it| it["name"].as_str()).collect();
    // Readers do not tell cases apart.
    let apart: std::collections::HashSet<String> =
        names.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(apart.len(), 1 + 4 + 4 + 2 + 1, "{names:?}");
    assert!(names.iter().all(|name| name.len() <= 255), "{names:?}");
    assert!(names.contains(&"p.A_B") && names.contains(&"p.a_b_2"));
    assert!(names.contains(&"gen_ai.client.operation.duration"));
}

#[test]
fn series_with_equal_attributes_say_which_they_are() {
    let mut snapshot = Snapshot::default();
    // An attribute without a name is left out.
    for (n, value) in ["x", "y", "z"].into_iter().enumerate() {
        let key = Key::new("c", &[("", value), ("mode", "m")]);
        snapshot.counters.insert(key, n as u64);
    }
    let found = metrics(&snapshot, &OPTIONS);
    let points = found[1]["sum"]["dataPoints"].as_array().expect("a list");
    let duplicates = points.iter().map(|point| {
        let attributes = point["attributes"].as_array().expect("a list");
        let named = attributes.iter().find(|it| it["key"] == "duplicate");
        assert_eq!(attributes.len(), 1 + usize::from(named.is_some()));
        named.map(|it| it["value"]["stringValue"].as_str().expect("a text"))
    });
    let duplicates: Vec<Option<&str>> = duplicates.collect();
    assert_eq!(duplicates, [None, Some("2"), Some("3")]);
}

#[test]
fn a_clock_that_went_back_gives_no_negative_time() {
    let options = Options {
        start_unix_nanos: 90,
        ..OPTIONS
    };
    let found = metrics(&Snapshot::default(), &options);
    let point = &found[0]["sum"]["dataPoints"][0];
    let times = (&point["startTimeUnixNano"], &point["timeUnixNano"]);
    assert_eq!(times, (&json!("9"), &json!("9")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_distribution_keeps_its_count(
        name in ".{0,8}",
        label in ".{0,8}",
        values in prop::collection::vec(any::<u64>(), 0..30),
    ) {
        let mut snapshot = Snapshot::default();
        let key = Key::new(&name, &[(&label, &name)]);
        snapshot.histograms.insert(key, Distribution::of(Unit::Bytes, &values));
        let found = metrics(&snapshot, &OPTIONS);
        let point = &found[1]["histogram"]["dataPoints"][0];
        let counts = point["bucketCounts"].as_array().unwrap();
        prop_assert_eq!(counts.len(), point["explicitBounds"].as_array().unwrap().len() + 1);
        let total: usize = counts.iter().map(|n| n.as_str().unwrap().parse::<usize>().unwrap()).sum();
        prop_assert_eq!(total, values.len());
        let attributes = point["attributes"].as_array().unwrap();
        prop_assert_eq!(attributes.len(), usize::from(!label.is_empty()));
    }
}
