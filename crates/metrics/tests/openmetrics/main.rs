//! OpenMetrics text, read back by a strict reader of its own.

mod checker;

use autoexec_metrics::report::{bounds, openmetrics::Options};
use autoexec_metrics::{Description, Distribution, Key, Snapshot, Unit};
use checker::{Family, read};
use proptest::prelude::*;

#[track_caller]
fn families(snapshot: &Snapshot) -> Vec<Family> {
    let text = snapshot.openmetrics(&Options { prefix: "app_" });
    read(&text).unwrap_or_else(|e| panic!("{e} in\n{text}"))
}

#[track_caller]
fn family<'a>(families: &'a [Family], name: &str) -> &'a Family {
    let found = families.iter().find(|family| family.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {families:#?}"))
}

fn describe(snapshot: &mut Snapshot, name: &str, unit: Unit, help: &str) {
    let help = help.into();
    std::sync::Arc::make_mut(&mut snapshot.descriptions)
        .insert(name.into(), Description { unit, help });
}

#[test]
fn the_reader_refuses_what_the_specification_forbids() {
    for (text, why) in [
        ("", "no end"),
        ("# EOF", "no end of the last line"),
        ("a 1\n# EOF\n", "no family"),
        ("# TYPE a gauge\n\na 1\n# EOF\n", "a blank line"),
        ("# TYPE a counter\na 1\n# EOF\n", "no _total"),
        ("# TYPE a gauge\na{b=\"c\"d=\"e\"} 1\n# EOF\n", "no comma"),
        (
            "# TYPE a gauge\na{b=\"c\",b=\"d\"} 1\n# EOF\n",
            "a label twice",
        ),
        (
            "# TYPE a gauge\na{b=\"\\x\"} 1\n# EOF\n",
            "an unknown escape",
        ),
        ("# TYPE a gauge\na{_b=\"\"} 1\n# EOF\n", "a reserved label"),
        ("# TYPE a gauge\na 0x1\n# EOF\n", "no number"),
        ("# TYPE a gauge\na 1\na 2\n# EOF\n", "a sample twice"),
        (
            "# TYPE a gauge\n# UNIT a bytes\na 1\n# EOF\n",
            "a unit that is not in the name",
        ),
        (
            "# TYPE a gauge\na 1\n# HELP a b\n# EOF\n",
            "a descriptor too late",
        ),
        ("# TYPE a-b gauge\n# EOF\n", "a forbidden character"),
        ("# TYPE a counter\n# TYPE a_total gauge\n# EOF\n", "a clash"),
        (
            "# TYPE a gauge\n# TYPE b gauge\n# HELP a c\n# EOF\n",
            "a torn family",
        ),
        (
            "# TYPE a counter\na_total -1\n# EOF\n",
            "a negative counter",
        ),
        (
            "# TYPE a histogram\na_bucket{le=\"+Inf\"} 2\na_count 1\na_sum 1\n# EOF\n",
            "counts differ",
        ),
        (
            "# TYPE a histogram\na_bucket{le=\"1.0\"} 1\na_count 1\na_sum 1\n# EOF\n",
            "no last bucket",
        ),
        (
            "# TYPE a histogram\na_bucket{le=\"2.0\"} 2\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 2\na_count 2\na_sum 1\n# EOF\n",
            "bounds descend",
        ),
        (
            "# TYPE a histogram\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\na_count 1\na_sum 1\n# EOF\n",
            "counts descend",
        ),
    ] {
        assert!(read(text).is_err(), "{why}: {text}");
    }
    assert_eq!(read("# EOF\n").unwrap().len(), 0);
}

#[test]
fn counters_and_gauges_stand_there_with_unit_help_and_prefix() {
    let mut snapshot = Snapshot::default();
    describe(
        &mut snapshot,
        "bytes_read",
        Unit::Bytes,
        "What was read,\n\"all\" of \\it.",
    );
    describe(&mut snapshot, "memory_resident_bytes", Unit::Bytes, "");
    snapshot
        .counters
        .insert(Key::new("bytes_read", &[("mode", "a\"b\\c\nd")]), 7);
    snapshot.counters.insert(Key::from("files_total"), u64::MAX);
    snapshot
        .gauges
        .insert(Key::from("memory_resident_bytes"), 1e300);
    snapshot.gauges.insert(Key::from("unknown"), f64::NAN);
    let expect = r#"# TYPE app_folded_lookups counter
# HELP app_folded_lookups Look-ups of series beyond the limit, which were recorded together.
app_folded_lookups_total 0
# TYPE app_bytes_read_bytes counter
# UNIT app_bytes_read_bytes bytes
# HELP app_bytes_read_bytes What was read,\n\"all\" of \\it.
app_bytes_read_bytes_total{mode="a\"b\\c\nd"} 7
# TYPE app_files counter
app_files_total 18446744073709551615
# TYPE app_memory_resident_bytes gauge
# UNIT app_memory_resident_bytes bytes
app_memory_resident_bytes 1e300
# EOF
"#;
    assert_eq!(snapshot.openmetrics(&Options { prefix: "app_" }), expect);
    let families = families(&snapshot);
    assert_eq!(
        family(&families, "app_bytes_read_bytes").samples[0].labels["mode"],
        "a\"b\\c\nd"
    );
}

#[test]
fn a_timer_is_a_histogram_in_seconds_with_cumulative_counts() {
    let mut snapshot = Snapshot::default();
    let nanos = [
        500,
        999_000,
        2_400_000,
        2_400_000,
        80_000_000,
        2_000_000_000_000,
    ];
    let key = Key::new("step", &[("action", "read")]);
    snapshot
        .timers
        .insert(key, Distribution::of(Unit::Seconds, &nanos));
    let families = families(&snapshot);
    let step = family(&families, "app_step_seconds");
    assert_eq!(
        (&*step.kind, step.unit.as_deref()),
        ("histogram", Some("seconds"))
    );
    let at = |le: &str| {
        let bucket = step
            .samples
            .iter()
            .find(|s| s.labels.get("le").is_some_and(|it| it == le));
        bucket.unwrap_or_else(|| panic!("no bucket {le}")).value
    };
    let counts = [
        "1e-06", "0.0001", "0.001", "0.0025", "0.05", "0.1", "1000.0", "+Inf",
    ]
    .map(at);
    assert_eq!(counts, [1.0, 1.0, 2.0, 4.0, 4.0, 5.0, 5.0, 6.0]);
    let [.., count, sum] = &step.samples[..] else {
        panic!("no count and sum");
    };
    assert_eq!((count.value, &*sum.text), (6.0, "2000.0857995"));
    assert_eq!(sum.labels["action"], "read");
}

#[test]
fn names_that_would_become_one_stay_apart() {
    let mut snapshot = Snapshot::default();
    let some = || Distribution::of(Unit::Count, &[1]);
    snapshot.histograms.insert(Key::from("x"), some());
    snapshot.counters.insert(Key::from("a.b"), 1);
    snapshot.counters.insert(Key::from("a_b"), 2);
    snapshot.counters.insert(Key::from("a_b_total"), 3);
    for (n, name) in ["x", "x_count", "a_b", "a_b_total"].into_iter().enumerate() {
        snapshot.gauges.insert(Key::from(name), n as f64);
    }
    let found = families(&snapshot);
    let all: Vec<(&str, f64)> = found
        .iter()
        .map(|f| (&*f.name, f.samples.last().unwrap().value))
        .collect();
    let expect = [
        ("app_folded_lookups", 0.0),
        ("app_x", 1.0),
        ("app_a_b", 1.0),
        ("app_a_b_2", 2.0),
        ("app_a_b_3", 3.0),
        ("app_a_b_4", 2.0),
        ("app_a_b_total_2", 3.0),
        ("app_x_2", 0.0),
        ("app_x_count_2", 1.0),
    ];
    assert_eq!(all, expect);
}

#[test]
fn labels_that_would_become_equal_stay_apart() {
    let mut snapshot = Snapshot::default();
    for (n, labels) in [
        &[("a-b", "1")][..],
        &[("a_b", "1")],
        &[("a.b", "1"), ("empty", "")],
        &[
            ("a-b", "1"),
            ("a_b", "2"),
            ("le", "3"),
            ("9", "4"),
            ("", "5"),
        ],
    ]
    .into_iter()
    .enumerate()
    {
        snapshot.counters.insert(Key::new("n", labels), n as u64);
    }
    let found = families(&snapshot);
    let samples = &family(&found, "app_n").samples;
    let labels = |value: f64| {
        let sample = samples.iter().find(|s| s.value == value).unwrap();
        let labels = sample
            .labels
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        labels.collect::<Vec<_>>().join(",")
    };
    assert_eq!(
        [0.0, 1.0, 2.0, 3.0].map(labels),
        [
            "a_b=1",
            "a_b=1,duplicate=3",
            "a_b=1,duplicate=2",
            "a_b=1,a_b_2=2,label_=5,label_9=4,label_le=3",
        ]
    );
}

/// Names that are likely to collide, and any others.
fn name() -> impl Strategy<Value = String> {
    let close = [
        "a",
        "a_",
        "a.b",
        "a_b",
        "a_total",
        "a_count",
        "a_bytes",
        "a_seconds",
        "",
        "_",
        "9",
        "folded_lookups",
    ];
    prop_oneof![
        3 => prop::sample::select(close.map(str::to_owned).to_vec()),
        1 => "\\PC{0,12}",
        1 => ".{0,6}",
    ]
}

fn key() -> impl Strategy<Value = Key> {
    (name(), prop::collection::vec((name(), name()), 0..3)).prop_map(|(name, labels)| {
        let labels: Vec<(&str, &str)> = labels.iter().map(|(a, b)| (&**a, &**b)).collect();
        Key::new(&name, &labels)
    })
}

fn unit() -> impl Strategy<Value = Unit> {
    prop::sample::select(vec![
        Unit::Count,
        Unit::Seconds,
        Unit::Bytes,
        Unit::Tokens,
        Unit::Ratio,
    ])
}

fn distribution() -> impl Strategy<Value = Distribution> {
    let value = prop_oneof![0..5_000u64, any::<u64>(), 0..3_000_000_000u64];
    (unit(), prop::collection::vec(value, 0..12))
        .prop_map(|(unit, values)| Distribution::of(unit, &values))
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    (
        prop::collection::btree_map(key(), distribution(), 0..5),
        prop::collection::btree_map(key(), distribution(), 0..5),
        prop::collection::btree_map(key(), any::<u64>(), 0..8),
        prop::collection::btree_map(key(), any::<f64>(), 0..8),
        prop::collection::btree_map(name(), (unit(), ".{0,12}"), 0..8),
    )
        .prop_map(|(timers, histograms, counters, gauges, descriptions)| {
            let mut snapshot = Snapshot::default();
            let timers = timers.into_iter().map(|(key, it)| {
                let values: Vec<u64> = it.buckets().map(|b| b.lowest).collect();
                (key, Distribution::of(Unit::Seconds, &values))
            });
            snapshot.timers = timers.collect();
            (snapshot.histograms, snapshot.counters, snapshot.gauges) =
                (histograms, counters, gauges);
            for (name, (unit, help)) in descriptions {
                describe(&mut snapshot, &name, unit, &help);
            }
            snapshot
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn anything_gives_a_valid_exposition_with_every_number(snapshot in snapshot(), prefix in name()) {
        let text = snapshot.openmetrics(&Options { prefix: &prefix });
        let families = read(&text).map_err(|e| TestCaseError::fail(format!("{e} in\n{text}")))?;
        let sum = |kind: &str, suffix: &str| {
            let samples = families.iter().filter(|f| f.kind == kind).flat_map(|f| &f.samples);
            let values: Vec<f64> = samples.filter(|s| s.name.ends_with(suffix)).map(|s| s.value).collect();
            (values.len(), values.iter().sum::<f64>())
        };
        let close = |a: f64, b: f64| a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
        let (n, counts) = sum("histogram", "_count");
        let distributions = || snapshot.timers.values().chain(snapshot.histograms.values());
        prop_assert_eq!(n, distributions().count());
        prop_assert!(close(counts, distributions().map(|d| d.count() as f64).sum()));
        let (n, _) = sum("gauge", "");
        prop_assert_eq!(n, snapshot.gauges.values().filter(|g| g.is_finite()).count());
        let (n, total) = sum("counter", "_total");
        let scale = |key: &Key| match snapshot.descriptions.get(key.name()) {
            Some(it) => it.unit.scale(),
            None => 1.0,
        };
        let expect: f64 = snapshot.counters.iter().map(|(key, &n)| n as f64 * scale(key)).sum();
        prop_assert_eq!(n, snapshot.counters.len() + 1);
        prop_assert!(close(total, expect), "{} {}", total, expect);
    }

    #[test]
    fn counts_at_bounds_are_those_of_a_filter_within_a_bucket(values in prop::collection::vec(0..2_000_000_000u64, 0..40)) {
        let mut snapshot = Snapshot::default();
        snapshot.timers.insert(Key::from("t"), Distribution::of(Unit::Seconds, &values));
        let found = families(&snapshot);
        let buckets = family(&found, "app_t_seconds").samples.iter().filter(|s| s.name.ends_with("_bucket"));
        for (sample, &bound) in buckets.zip(bounds(Unit::Seconds)) {
            let le: f64 = sample.labels["le"].parse().unwrap();
            prop_assert!((le * 1e9 - bound as f64).abs() < 1e-3);
            let up_to = |limit: u64| values.iter().filter(|&&v| v <= limit).count() as f64;
            prop_assert!(sample.value <= up_to(bound) && sample.value >= up_to(bound - bound / 1_000));
        }
    }
}
