//! Spans as timers, with a real subscriber.
#![cfg(all(feature = "tracing", not(feature = "off")))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::thread;
use std::time::Duration;

use autoexec_metrics::{Options, Recorder, SpanTimers, Unit};
use tracing::subscriber::with_default;
use tracing::{info_span, trace_span};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

#[test]
fn a_span_is_timed_from_creation_to_its_end() {
    let recorder = Recorder::new();
    with_default(registry().with(SpanTimers::new(&recorder)), || {
        let outer = info_span!("outer", user = 17);
        for _ in 0..3 {
            outer.in_scope(|| trace_span!("inner").in_scope(|| ()));
        }
        thread::sleep(Duration::from_millis(2)); // not entered, but alive
        assert_eq!(recorder.snapshot().timers.len(), 1, "outer goes on");
    });
    let snapshot = recorder.snapshot();
    let outer = snapshot.timer(r#"span_duration{span="outer"}"#).unwrap();
    let inner = snapshot.timer(r#"span_duration{span="inner"}"#).unwrap();
    assert_eq!((outer.count, inner.count), (1, 3));
    assert!(outer.min >= Duration::from_millis(2) && outer.min >= inner.sum);
    assert_eq!(snapshot.unit(SpanTimers::NAME), Unit::Seconds);
}

#[test]
fn spans_end_in_other_threads_and_each_layer_records_its_own() {
    let recorders = [Recorder::new(), Recorder::new(), Recorder::disabled()];
    let [first, second, third] = recorders.each_ref().map(SpanTimers::new);
    let layers = registry().with(first).with(second).with(third);
    with_default(layers, || {
        let span = info_span!("moved");
        thread::spawn(move || drop(span)).join().unwrap();
    });
    let key = r#"span_duration{span="moved"}"#;
    let counts = recorders.map(|it| it.snapshot().timer(key).map(|t| t.count));
    assert_eq!(counts, [Some(1), Some(1), None]);
}

#[test]
fn names_of_spans_are_bounded_as_labels_are() {
    let recorder = Recorder::with_options(Options {
        series_per_name_max: 1,
        ..Options::default()
    });
    with_default(registry().with(SpanTimers::new(&recorder)), || {
        drop((info_span!("a"), info_span!("b"), info_span!("c")));
    });
    let snapshot = recorder.snapshot();
    let shared = snapshot
        .timer(r#"span_duration{series="(other)"}"#)
        .unwrap();
    assert_eq!((shared.count, snapshot.folded_lookups), (2, 2));
}
