//! Text and JSON of snapshots and workflows, read back by a real parser.
#![cfg(not(feature = "off"))]

use std::time::Duration;

use autoexec_metrics::{Options, Recorder, Workflow};
use proptest::prelude::*;
use serde_json::{Value, json};

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e} in {text}"))
}

#[test]
fn a_snapshot_parses_and_holds_every_number() {
    let recorder = Recorder::new();
    recorder.timer("empty");
    recorder.counter("zero");
    recorder.gauge("unset");
    recorder.gauge("fill").set(0.25);
    for n in [1, 2, 3, 4] {
        recorder.timer("read").record(Duration::from_nanos(n));
    }
    recorder.timer("wait").record(Duration::MAX);
    let most = u64::MAX;
    let expect = json!({
        "timers": {
            "read": {
                "count": 4, "sum_ns": 10, "min_ns": 1, "max_ns": 4, "mean_ns": 2,
                "p50_ns": 2, "p95_ns": 4, "p99_ns": 4, "p999_ns": 4, "saturated": 0,
            },
            "wait": {
                "count": 1, "sum_ns": most, "min_ns": most, "max_ns": most,
                "mean_ns": most, "p50_ns": most, "p95_ns": most,
                "p99_ns": most, "p999_ns": most, "saturated": 1,
            },
        },
        "histograms": {},
        "counters": { "zero": 0 },
        "gauges": { "fill": 0.25 },
        "folded_lookups": 0,
    });
    assert_eq!(parse(&recorder.snapshot().json()), expect);
    let note = "wait: 1 out of range, recorded as the nearest in it";
    assert!(recorder.snapshot().text().contains(note));
}

proptest! {
    #[test]
    fn any_name_and_any_value_give_valid_json(name in ".{0,40}", value in any::<f64>()) {
        let recorder = Recorder::new();
        recorder.timer(&name).record(Duration::ZERO);
        recorder.counter(&name).increment();
        recorder.gauge(&name).set(value);
        let parsed = parse(&recorder.snapshot().json());
        prop_assert_eq!(&parsed["timers"][&name]["count"], 1);
        prop_assert_eq!(&parsed["counters"][&name], 1);
        let gauge = parsed["gauges"].get(&name).map(|v| v.as_f64().unwrap());
        // A parser that keeps to the standard may be off by the last bit.
        match gauge {
            Some(read) => prop_assert!((read - value).abs() <= value.abs() * 1e-15),
            None => prop_assert!(!value.is_finite()),
        }
        prop_assert_eq!(recorder.snapshot().text().lines().count(), if value.is_finite() { 8 } else { 5 });
    }
}

#[test]
fn a_report_says_which_distributions_are_coarse() {
    let note =
        "2 with no memory left for their buckets: percentiles may be told up to twice as great";
    for (memory_max, is_coarse) in [(0, true), (1 << 20, false)] {
        let recorder = Recorder::with_options(Options {
            memory_max,
            ..Options::default()
        });
        (0..2).for_each(|_| recorder.timer("t").record(Duration::from_micros(5)));
        (0..2).for_each(|_| recorder.histogram("h").record(5_000));
        let snapshot = recorder.snapshot();
        let json = parse(&snapshot.json());
        let expect = is_coarse.then_some(&Value::Bool(true));
        assert_eq!(json["timers"]["t"].get("coarse"), expect);
        assert_eq!(json["histograms"]["h"].get("coarse"), expect);
        for (form, text) in [("text", snapshot.text()), ("html", snapshot.html("", &[]))] {
            for name in ["t", "h"] {
                let told = text.contains(&format!("{name}: {note}"));
                assert_eq!(told, is_coarse, "{form} of {name}");
            }
        }
    }
}

#[test]
fn a_report_says_how_many_look_ups_found_no_room() {
    for (names, note) in [(1, None), (3, Some("2 look-ups beyond the limit of names"))] {
        let recorder = Recorder::with_options(Options {
            series_max: 1,
            ..Options::default()
        });
        for name in ["a", "b", "c"].into_iter().take(names) {
            recorder.counter(name).increment();
        }
        let snapshot = recorder.snapshot();
        for text in [snapshot.text(), snapshot.html("", &[])] {
            let told = text.contains("look-ups beyond");
            assert_eq!(told, note.is_some(), "{text}");
            assert!(note.is_none_or(|note| text.contains(note)), "{text}");
        }
    }
}

#[test]
fn a_workflow_tells_what_it_measured_and_nothing_else() {
    let workflow = Workflow::default();
    let empty = json!({ "step_count": 0, "file_read_count": 0, "consolidation_count": 0 });
    assert_eq!(parse(&workflow.summary().json()), empty);

    let run = workflow.start_workflow();
    let first = workflow.start_step("read");
    let second = workflow.start_step("search"); // steps overlap
    let (first, second) = (workflow.end_step(first), workflow.end_step(second));
    for millis in [10, 20, 60] {
        workflow.record_file_read(Duration::from_millis(millis));
    }
    workflow.record_consolidation(Duration::from_millis(5));
    assert_eq!(workflow.summary().total_time, None, "the run has not ended");
    let total = workflow.end_workflow(run);

    let summary = workflow.summary();
    assert!(summary.total_time.unwrap() >= total && total >= first.max(second));
    assert_eq!(summary.step_count, 2);
    assert_eq!(summary.step_time_total, Some(first + second));
    assert_eq!(summary.step_time_avg, Some((first + second) / 2));
    assert_eq!(summary.step_time_min, Some(first.min(second)));
    assert_eq!(summary.step_time_max, Some(first.max(second)));
    assert_eq!(summary.file_read_count, 3);
    assert_eq!(
        summary.file_read_time_total,
        Some(Duration::from_millis(90))
    );
    assert_eq!(summary.file_read_time_avg, Some(Duration::from_millis(30)));
    assert_eq!(summary.consolidation_count, 1);
    assert_eq!(
        summary.consolidation_time_total,
        Some(Duration::from_millis(5))
    );
    assert_eq!(
        summary.consolidation_time_avg,
        Some(Duration::from_millis(5))
    );

    let keys = parse(&summary.json()).as_object().unwrap().len();
    let lines = workflow.summary_text().lines().count();
    let expect = if cfg!(target_os = "linux") { 16 } else { 12 };
    assert_eq!((keys, lines), (expect, expect));

    let named = workflow.recorder().snapshot();
    assert_eq!(named.timer("step/search").unwrap().max, second);

    workflow.clear();
    assert_eq!(parse(&workflow.summary().json()), empty);
}

#[test]
fn a_run_left_early_has_ended() {
    let workflow = Workflow::default();
    let stopped = || -> Option<()> {
        let _run = workflow.start_workflow();
        let _step = workflow.start_step("one");
        None
    };
    assert_eq!(stopped(), None);
    let summary = workflow.summary();
    assert!(summary.total_time.is_some());
    assert_eq!(summary.step_count, 1);
}
