//! Alerts against a naive model, and on the numbers that rules are for.
#![cfg(not(feature = "off"))]

use std::time::{Duration, Instant};

use autoexec_metrics::alert::{Alerts, Change, Direction, Rule, Severity, Statistic};
use autoexec_metrics::{Distribution, Key, Recorder, Snapshot, Unit};
use proptest::prelude::*;

fn gauge(name: &str, value: Option<f64>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    snapshot
        .gauges
        .extend(value.map(|value| (Key::from(name), value)));
    snapshot
}

/// What one rule does with these snapshots, a second apart.
fn run(rule: Rule, snapshots: &[Snapshot]) -> Vec<Option<(Change, f64)>> {
    let mut alerts = Alerts::new(vec![rule]).expect("because it makes sense");
    let start = Instant::now();
    let mut evaluate = |(n, snapshot): (u64, &Snapshot)| {
        let found = alerts.evaluate(snapshot, start + Duration::from_secs(n));
        let is_raised = alerts.active().next().is_some();
        assert_eq!(alerts.worst().is_some(), is_raised);
        let only = found.first().map(|it| (it.change, it.value));
        assert!(found.len() <= 1 && only.is_none_or(|it| (it.0 == Change::Raised) == is_raised));
        only
    };
    (0..).zip(snapshots).map(&mut evaluate).collect()
}

/// Looks back over all numbers so far at each step.
fn model(rule: &Rule, values: &[Option<f64>]) -> Vec<Option<Change>> {
    let sign = if rule.direction == Direction::Above {
        1.0
    } else {
        -1.0
    };
    let mut raised_since: Option<usize> = None;
    let mut free_since = 0;
    let mut out = Vec::new();
    for n in 0..values.len() {
        let known = |from: usize| values[from..=n].iter().flatten().filter(|v| !v.is_nan());
        let latest = values[n].filter(|v| !v.is_nan());
        let row = known(free_since)
            .rev()
            .take_while(|v| sign * **v > sign * rule.raise_at);
        let change = match (raised_since, latest) {
            (_, None) => None,
            (Some(_), Some(v)) if sign * v <= sign * rule.clear_at => Some(Change::Cleared),
            (None, _) if row.count() >= rule.for_ticks as usize => Some(Change::Raised),
            _ => None,
        };
        match change {
            Some(Change::Raised) => raised_since = Some(n),
            Some(Change::Cleared) => (raised_since, free_since) = (None, n + 1),
            None => {}
        }
        out.push(change);
    }
    out
}

fn values() -> impl Strategy<Value = Vec<Option<f64>>> {
    let step = prop_oneof![
        8 => (-3..=3i32).prop_map(Some),
        1 => Just(None),
    ];
    let walk = prop::collection::vec((step, prop::bool::weighted(0.05)), 0..80);
    walk.prop_map(|steps| {
        let mut at = 0;
        let mut value = |(step, is_nan): (Option<i32>, bool)| {
            at += step?;
            Some(if is_nan { f64::NAN } else { f64::from(at) })
        };
        steps.into_iter().map(&mut value).collect()
    })
}

fn rules() -> impl Strategy<Value = Rule> {
    (any::<bool>(), -4..5i32, 0..5i32, 1..4u32).prop_map(|(above, raise_at, gap, for_ticks)| {
        let make = if above { Rule::above } else { Rule::below };
        let back = if above {
            raise_at - gap
        } else {
            raise_at + gap
        };
        Rule {
            clear_at: back.into(),
            for_ticks,
            ..make("r", "g", Statistic::Value, raise_at.into())
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn alerts_agree_with_a_model(rule in rules(), values in values()) {
        let snapshots: Vec<Snapshot> = values.iter().map(|v| gauge("g", *v)).collect();
        let found = run(rule.clone(), &snapshots);
        let changes: Vec<Option<Change>> = found.iter().map(|it| it.map(|it| it.0)).collect();
        prop_assert_eq!(&changes, &model(&rule, &values));
        let told: Vec<Change> = changes.into_iter().flatten().collect();
        prop_assert!(told.windows(2).all(|two| two[0] != two[1]), "twice in a row");
        prop_assert!(told.first().is_none_or(|first| *first == Change::Raised));
        for (value, change) in values.iter().zip(&found) {
            prop_assert!(value.is_some_and(|v| !v.is_nan()) || change.is_none());
        }
    }

    #[test]
    fn between_the_limits_nothing_changes(between in prop::collection::vec(0.6..=0.8f64, 1..20), is_raised in any::<bool>()) {
        let rule = Rule { clear_at: 0.59, ..Rule::above("r", "g", Statistic::Value, 0.8) };
        let first = if is_raised { 0.9 } else { 0.1 };
        let all = std::iter::once(first).chain(between);
        let snapshots: Vec<Snapshot> = all.map(|v| gauge("g", Some(v))).collect();
        let found = run(rule, &snapshots);
        prop_assert_eq!(found[0].is_some(), is_raised);
        prop_assert!(found[1..].iter().all(Option::is_none));
    }
}

/// One number, once.
fn reads(rule: &Rule, snapshot: &Snapshot) -> bool {
    run(rule.clone(), std::slice::from_ref(snapshot))[0].is_some()
}

#[test]
fn a_name_stands_for_all_series_of_it() {
    let mut snapshot = Snapshot::default();
    for (action, nanos, files) in [("read", 1_000_000_000, 3), ("ask", 3_000_000_000, 4)] {
        let key = |name| Key::new(name, &[("action", action)]);
        snapshot
            .timers
            .insert(key("took"), Distribution::of(Unit::Seconds, &[nanos; 2]));
        snapshot.counters.insert(key("files"), files);
        snapshot.gauges.insert(key("fill"), files as f64);
        // Names that sort between the plain name and its labels.
        snapshot.counters.insert(key("files_x"), 1_000);
        // One that sorts among the labels of another.
        snapshot.counters.insert(key("files{x"), 1_000);
    }
    let check = |series: &str, statistic, expect: f64| {
        let value = Rule::above("r", series, statistic, expect - 1e-3);
        assert!(
            reads(&value, &snapshot),
            "{series} {statistic} is not above {expect} - ε"
        );
        let value = Rule {
            raise_at: expect + 4e-3,
            ..value
        };
        assert!(
            !reads(
                &Rule {
                    clear_at: 0.0,
                    ..value
                },
                &snapshot
            ),
            "{series} {statistic}"
        );
    };
    check("files", Statistic::Value, 7.0);
    check(r#"files{action="ask"}"#, Statistic::Value, 4.0);
    check("fill", Statistic::Value, 4.0);
    check("took", Statistic::Count, 4.0);
    check("took", Statistic::Mean, 2.0);
    check("took", Statistic::Max, 3.0);
    check("took", Statistic::P50, 1.0);
    check("took", Statistic::P95, 3.0);
    check("took", Statistic::P99, 3.0);
    check(r#"took{action="read"}"#, Statistic::P95, 1.0);
    // Of gauges the worst: the least where less is bad.
    assert!(reads(
        &Rule::below("r", "fill", Statistic::Value, 3.5),
        &snapshot
    ));
    assert!(!reads(
        &Rule::below("r", "fill", Statistic::Value, 3.0),
        &snapshot
    ));
}

#[test]
fn rates_need_two_moments_and_survive_a_reset() {
    let counts = [Some(10), Some(15), None, Some(35), Some(3), Some(8)];
    let snapshots = counts.map(|count| {
        let mut snapshot = Snapshot::default();
        snapshot.counters.extend(count.map(|n| (Key::from("c"), n)));
        snapshot
    });
    // Raised by whatever there is, cleared by nothing that there is: tells where a rate was first known.
    let rule = Rule {
        clear_at: -1.0,
        ..Rule::above("r", "c", Statistic::Rate, -0.5)
    };
    let found = run(rule, &snapshots);
    assert_eq!(found[..2], [None, Some((Change::Raised, 5.0))]);
    let rule = Rule::above("r", "c", Statistic::Rate, 7.0);
    let found = run(rule, &snapshots);
    // 20 in the two seconds since the count before, then a reset, then 5 in one.
    let raised = Some((Change::Raised, 10.0));
    assert_eq!(
        found,
        [None, None, None, raised, None, Some((Change::Cleared, 5.0))]
    );
}

#[test]
fn no_time_has_no_rate() {
    let mut alerts = Alerts::new(vec![Rule::above("r", "c", Statistic::Rate, 7.0)]).unwrap();
    let recorder = Recorder::new();
    let now = Instant::now();
    for _ in 0..3 {
        recorder.counter("c").add(10);
        assert_eq!(alerts.evaluate(&recorder.snapshot(), now), []);
    }
    // What was counted while the clock stood still is not lost.
    let found = alerts.evaluate(&recorder.snapshot(), now + Duration::from_secs(2));
    assert_eq!(found[0].value, 10.0);
}

#[test]
fn a_clock_that_stands_or_goes_back_does_not_hide_a_reset_nor_time() {
    let rule = Rule {
        clear_at: -1.0,
        ..Rule::above("r", "c", Statistic::Rate, -0.5)
    };
    let first_rate = |counts: [(u64, u64); 3]| {
        let mut alerts = Alerts::new(vec![rule.clone()]).unwrap();
        let start = Instant::now();
        let mut evaluate = |(second, count): (u64, u64)| {
            let mut snapshot = Snapshot::default();
            snapshot.counters.insert(Key::from("c"), count);
            alerts.evaluate(&snapshot, start + Duration::from_secs(second))
        };
        let found = counts.map(&mut evaluate).concat();
        found.iter().map(|it| it.value).collect::<Vec<_>>()
    };
    // A reset at the moment of the evaluation before: what follows counts from it.
    assert_eq!(first_rate([(0, 10), (0, 3), (1, 8)]), [5.0]);
    // Back by a second, and nothing counted: the 10 still took the two seconds since the second one.
    assert_eq!(first_rate([(2, 10), (1, 10), (4, 20)]), [5.0]);
}

fn ratio(part: &str, whole: &str, at_least: u64, raise_at: f64) -> Rule {
    Rule {
        of: Some(whole.to_owned()),
        at_least,
        ..Rule::above("r", part, Statistic::Ratio, raise_at)
    }
}

#[test]
fn counters_of_time_are_read_in_seconds() {
    let recorder = Recorder::new();
    recorder.describe("busy", Unit::Seconds, "");
    recorder.describe("up", Unit::Seconds, "");
    let (busy, up) = (recorder.counter("busy"), recorder.counter("up"));
    recorder.counter("turns").add(2);
    up.add(10_000_000_000);
    let value = Rule::above("value", "busy", Statistic::Value, 0.0);
    let named = |name: &str, rule: Rule| Rule {
        name: name.to_owned(),
        ..rule
    };
    let rules = vec![
        value.clone(),
        named(
            "rate",
            Rule {
                statistic: Statistic::Rate,
                ..value
            },
        ),
        named("part", ratio("busy", "turns", 2, 0.0)),
        named("both", ratio("busy", "up", 10, 0.0)),
        named("whole", ratio("turns", "up", 10, 0.0)),
        named("too few", ratio("turns", "up", 11, 0.0)),
    ];
    let mut alerts = Alerts::new(rules).unwrap();
    let start = Instant::now();
    let whole = alerts.evaluate(&recorder.snapshot(), start);
    let whole: Vec<(&str, f64)> = whole.iter().map(|it| (&*it.rule, it.value)).collect();
    assert_eq!(whole, [("whole", 0.2)]);
    busy.add(3_000_000_000);
    let found = alerts.evaluate(&recorder.snapshot(), start + Duration::from_secs(2));
    let found: Vec<(&str, f64)> = found.iter().map(|it| (&*it.rule, it.value)).collect();
    assert_eq!(
        found,
        [("value", 3.0), ("rate", 1.5), ("part", 1.5), ("both", 0.3)]
    );
}

#[test]
fn a_part_that_never_happened_is_none_of_the_whole() {
    let recorder = Recorder::new();
    let rule = Rule {
        of: Some("reads".to_owned()),
        at_least: 20,
        ..Rule::below("r", "hits", Statistic::Ratio, 0.5)
    };
    let reads_now = || reads(&rule, &recorder.snapshot());
    assert!(!reads_now(), "there is no whole");
    recorder.counter("reads").add(19);
    assert!(!reads_now(), "it is too little");
    recorder.counter("reads").add(1);
    assert!(reads_now());
    recorder.gauge("hits").set(0.0);
    assert!(!reads_now(), "a gauge counts nothing");
}

#[test]
fn labels_stand_for_all_series_that_have_them() {
    let mut snapshot = Snapshot::default();
    for (action, outcome, count) in [("read", "ok", 1), ("read", "failed", 2), ("ask", "ok", 4)] {
        let labels = [("action", action), ("outcome", outcome)];
        snapshot.counters.insert(Key::new("steps", &labels), count);
    }
    let check = |series: &str, expect: f64| {
        let rule = Rule::above("r", series, Statistic::Value, -1.0);
        let found = run(rule, std::slice::from_ref(&snapshot))[0];
        assert_eq!(found.map(|it| it.1).unwrap_or_default(), expect, "{series}");
    };
    check(r#"steps{action="read"}"#, 3.0);
    check(r#"steps{outcome="ok"}"#, 5.0);
    check(r#"steps{outcome="ok",action="read"}"#, 1.0);
    check(r#"steps{action="ask",outcome="failed"}"#, 0.0);
    check(r#"steps{other="ok"}"#, 0.0);
    check("steps{", 0.0);
    check("steps", 7.0);
}

#[test]
fn a_ratio_of_few_says_nothing() {
    let rule = ratio("failed", "all", 20, 0.05);
    let snapshot = |failed, all| {
        let mut snapshot = Snapshot::default();
        snapshot.counters.insert(Key::from("failed"), failed);
        snapshot.counters.insert(Key::from("all"), all);
        snapshot
    };
    assert!(!reads(&rule, &snapshot(0, 0)));
    assert!(!reads(&rule, &snapshot(3, 3)));
    assert!(!reads(&rule, &snapshot(1, 20)));
    assert!(reads(&rule, &snapshot(2, 20)));
}

#[test]
fn a_percentile_of_few_says_nothing() {
    let steps = |count: usize| {
        let mut snapshot = Snapshot::default();
        let values = Distribution::of(Unit::Seconds, &vec![1_000_000_000; count]);
        snapshot.timers.insert(Key::from("took"), values);
        snapshot
    };
    for statistic in [Statistic::Mean, Statistic::P95] {
        let rule = Rule {
            at_least: 20,
            ..Rule::above("r", "took", statistic, 0.1)
        };
        assert!(!reads(&rule, &steps(19)));
        assert!(reads(&rule, &steps(20)));
    }
}

#[test]
fn several_rules_tell_the_worst() {
    let recorder = Recorder::new();
    let rule = |name: &str, severity, raise_at| Rule {
        severity,
        ..Rule::above(name, "fill", Statistic::Value, raise_at)
    };
    let rules = vec![
        rule("low", Severity::Info, 1.0),
        rule("full", Severity::Critical, 3.0),
        rule("high", Severity::Warning, 2.0),
    ];
    let mut alerts = Alerts::new(rules).unwrap();
    let now = Instant::now();
    assert_eq!(alerts.evaluate(&recorder.snapshot(), now), []);
    for (fill, told, worst) in [
        (1.0, vec![], None),
        (1.5, vec!["info low raised at 1.5"], Some(Severity::Info)),
        (
            4.0,
            vec!["critical full raised at 4", "warning high raised at 4"],
            Some(Severity::Critical),
        ),
        (
            2.5,
            vec!["critical full cleared at 2.5"],
            Some(Severity::Warning),
        ),
    ] {
        recorder.gauge("fill").set(fill);
        let changes = alerts.evaluate(&recorder.snapshot(), now);
        let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
        assert_eq!(changes, told, "{fill}");
        assert_eq!(alerts.worst(), worst, "{fill}");
    }
}
