//! What the gate must flag and what it must let pass.

use super::*;
use crate::bench::report::tests::report;

const FLOOR: &[f64] = &[10.0, 10.1, 9.9];

fn grouped(ours: &[f64]) -> Report {
    report(&[("g", "floor", FLOOR), ("g", "ours", ours)])
}

fn held(report: &Report) -> Held {
    let entries = || report.entries.iter();
    Held {
        targets: entries().map(|entry| entry.target.clone()).collect(),
        ids: entries().map(|entry| entry.id.clone()).collect(),
    }
}

fn compare(baseline: &Report, runs: &[Report], now: &Report) -> Findings {
    Reference {
        baseline,
        runs,
        threshold: 0.1,
    }
    .compare(now, &held(now))
}

fn verdict(baseline: &Report, now: &Report) -> Verdict {
    compare(baseline, &[], now).comparisons[0].verdict
}

#[test]
fn identical_runs_are_steady() {
    let run = grouped(&[20.0, 20.3, 19.8]);
    let findings = compare(&run, std::slice::from_ref(&run), &run);
    assert_eq!(
        findings.comparisons.len(),
        1,
        "the floor itself is not compared"
    );
    assert_eq!(
        (
            findings.comparisons[0].verdict,
            findings.comparisons[0].share
        ),
        (Verdict::Steady, 0.0)
    );
    assert!(findings.new.is_empty() && findings.removed.is_empty());
}

#[test]
fn a_slowdown_of_30_percent_is_suspected_and_a_speedup_seen() {
    let (slow, fast) = (grouped(&[26.0, 26.4, 25.8]), grouped(&[20.0, 20.3, 19.8]));
    assert_eq!(verdict(&fast, &slow), Verdict::Suspected);
    assert_eq!(verdict(&slow, &fast), Verdict::Faster);
}

#[test]
fn a_slowdown_below_the_threshold_is_steady() {
    assert_eq!(
        verdict(&grouped(&[20.0; 3]), &grouped(&[21.6; 3])),
        Verdict::Steady
    );
}

#[test]
fn a_slowdown_within_the_spread_of_either_side_is_noise() {
    let noisy = grouped(&[17.0, 20.0, 24.0]);
    assert_eq!(
        verdict(&noisy, &grouped(&[24.0, 24.2, 23.9])),
        Verdict::Noise
    );
    assert_eq!(
        verdict(&grouped(&[20.0; 3]), &grouped(&[20.0, 24.0, 29.0])),
        Verdict::Noise
    );
}

#[test]
fn a_single_pass_is_judged_by_the_spread_within_it() {
    let run = |ours: f64| report(&[("g", "floor", &[10.0]), ("g", "ours", &[ours])]);
    // Two sides with 2 % for each of two benchmarks: 5.7 % in all.
    let comparison = compare(&run(20.0), &[], &run(26.0)).comparisons.remove(0);
    assert_eq!(comparison.verdict, Verdict::Suspected);
    let noise = comparison.ratio.unwrap().noise;
    assert!((noise - 0.0566).abs() < 0.001, "{noise}");
}

#[test]
fn one_wild_pass_makes_no_slowdown() {
    assert_eq!(
        verdict(&grouped(&[20.0, 20.2, 19.9]), &grouped(&[20.1, 20.2, 95.0])),
        Verdict::Steady
    );
}

#[test]
fn only_the_fastest_samples_are_compared() {
    let (then, mut now) = (grouped(&[20.0; 3]), grouped(&[20.0; 3]));
    let ours = now
        .entries
        .iter_mut()
        .find(|entry| !entry.is_floor)
        .unwrap();
    (ours.median_ns, ours.floor.as_mut().unwrap().ratio) = (90.0, 9.0);
    assert_eq!(verdict(&then, &now), Verdict::Steady);
    let ours = now
        .entries
        .iter_mut()
        .find(|entry| !entry.is_floor)
        .unwrap();
    (ours.fastest_ns, ours.floor.as_mut().unwrap().fastest) = (26.0, 2.6);
    assert_eq!(verdict(&then, &now), Verdict::Suspected);
}

#[test]
fn a_busy_machine_slows_the_floor_too() {
    let busy = report(&[
        ("g", "floor", &[30.0, 30.3, 29.7]),
        ("g", "ours", &[60.0, 61.0, 59.0]),
    ]);
    assert_eq!(
        verdict(&grouped(&[20.0, 20.3, 19.8]), &busy),
        Verdict::Steady
    );
}

#[test]
fn a_floor_that_became_faster_makes_no_slowdown() {
    let now = report(&[("g", "floor", &[5.0; 3]), ("g", "ours", &[20.0; 3])]);
    let comparison = compare(&grouped(&[20.0; 3]), &[], &now)
        .comparisons
        .remove(0);
    assert_eq!(
        (comparison.verdict, comparison.share),
        (Verdict::Steady, 0.0)
    );
    assert!(comparison.ratio.unwrap().share > 0.9);
}

#[test]
fn without_a_floor_times_are_compared_on_one_machine_only() {
    let then = report(&[("g", "alone", &[20.0; 3])]);
    let mut now = report(&[("g", "alone", &[26.0; 3])]);
    let comparison = compare(&then, &[], &now).comparisons.remove(0);
    assert!(comparison.ratio.is_none() && comparison.verdict == Verdict::Suspected);
    now.host.cpu = Some("another".to_owned());
    let findings = compare(&then, &[], &now);
    assert_eq!(
        (findings.comparisons.len(), findings.incomparable.as_slice()),
        (0, &["g/alone".to_owned()][..])
    );
}

#[test]
fn across_machines_ratios_alone_are_compared() {
    let mut now = grouped(&[26.0; 3]);
    now.host.cores = 64;
    let comparison = compare(&grouped(&[20.0; 3]), &[], &now)
        .comparisons
        .remove(0);
    assert!(comparison.time.is_none() && comparison.verdict == Verdict::Suspected);
}

/// Five groups with nothing but a floor, and a benchmark without one.
fn paced(floor: f64, alone: f64) -> Report {
    let floors = [floor; 3];
    let mut benchmarks: Vec<(&str, &str, &[f64])> = ["a", "b", "c", "d", "e"]
        .map(|group| (group, "floor", &floors[..]))
        .to_vec();
    let times = [alone; 3];
    benchmarks.push(("h", "alone", &times));
    report(&benchmarks)
}

#[test]
fn times_are_corrected_by_the_pace_of_many_floors() {
    assert_eq!(
        verdict(&paced(10.0, 20.0), &paced(15.0, 30.0)),
        Verdict::Steady
    );
    assert_eq!(
        verdict(&paced(10.0, 20.0), &paced(7.0, 20.0)),
        Verdict::Suspected
    );
    assert_eq!(
        compare(&paced(10.0, 20.0), &[], &paced(15.0, 30.0)).pace,
        1.5
    );
}

#[test]
fn one_floor_is_no_pace() {
    let run = |floor: f64| report(&[("g", "floor", &[floor; 3]), ("h", "alone", &[20.0; 3])]);
    assert_eq!(verdict(&run(10.0), &run(5.0)), Verdict::Steady);
}

#[test]
fn a_floor_that_came_leaves_the_times() {
    let then = report(&[("g", "ours", &[20.0; 3])]);
    let comparison = compare(&then, &[], &grouped(&[20.0; 3]))
        .comparisons
        .remove(0);
    assert!(comparison.ratio.is_none() && comparison.verdict == Verdict::Steady);
}

#[test]
fn new_and_removed_benchmarks_are_listed() {
    let then = report(&[("g", "gone", &[1.0]), ("g", "floor", &[1.0])]);
    let now = report(&[("g", "come", &[1.0])]);
    let findings = compare(&then, &[], &now);
    assert_eq!(
        (findings.new, findings.removed),
        (vec!["g/come".to_owned()], vec!["g/gone".to_owned()])
    );
    let filtered = |filter: &str| Report {
        filter: Some(filter.to_owned()),
        ..now.clone()
    };
    assert_eq!(compare(&then, &[], &filtered("test")).removed, ["g/gone"]);
    assert!(
        compare(&then, &[], &filtered("come")).removed.is_empty(),
        "the filter did not mean it"
    );
}

fn later(day: u32, ours: f64) -> Report {
    Report {
        date: format!("2026-04-{day:02}T00:00:00Z"),
        ..grouped(&[ours; 3])
    }
}

#[test]
fn the_rolling_median_forgives_a_lucky_baseline() {
    let (lucky, now) = (grouped(&[18.5; 3]), grouped(&[21.0; 3]));
    assert_eq!(verdict(&lucky, &now), Verdict::Suspected);
    let runs = [later(1, 20.0), later(2, 20.1)];
    assert_eq!(
        compare(&lucky, &runs, &now).comparisons[0].verdict,
        Verdict::Steady
    );
}

#[test]
fn slow_runs_do_not_become_the_new_normal() {
    let runs: Vec<Report> = (1..9).map(|day| later(day, 26.0)).collect();
    let comparison = &compare(&grouped(&[20.0; 3]), &runs, &grouped(&[26.0; 3])).comparisons[0];
    assert_eq!(comparison.verdict, Verdict::Suspected);
}

#[test]
fn fast_runs_do() {
    let runs: Vec<Report> = (1..9).map(|day| later(day, 10.0)).collect();
    let comparison = &compare(&grouped(&[20.0; 3]), &runs, &grouped(&[13.0; 3])).comparisons[0];
    assert_eq!(
        (comparison.verdict, comparison.ratio.unwrap().reference),
        (Verdict::Suspected, 1.0)
    );
}

/// The verdict on a suspect that was then measured at these times.
fn measured_at(baseline: &Report, times: &[f64]) -> Comparison {
    let reference = Reference {
        baseline,
        runs: &[],
        threshold: 0.1,
    };
    let now = grouped(&[26.0; 3]);
    let mut findings = reference.compare(&now, &held(&now));
    assert_eq!(findings.suspects().len(), 1);
    for time in times {
        reference.measured_again(&mut findings.comparisons[0], &grouped(&[*time; 3]), 1.0);
    }
    findings.conclude();
    findings.comparisons.remove(0)
}

#[test]
fn one_good_measurement_clears_a_suspect() {
    let comparison = measured_at(&grouped(&[20.0; 3]), &[28.0, 21.0]);
    assert_eq!(
        (comparison.verdict, comparison.reruns.len()),
        (Verdict::Cleared, 2)
    );
}

#[test]
fn a_suspect_slow_every_time_stands_with_its_median() {
    let alert = measured_at(&grouped(&[20.0; 3]), &[30.0, 25.6, 26.2]);
    assert_eq!(alert.verdict, Verdict::Alert);
    assert!((alert.share - 0.305).abs() < 0.001, "{}", alert.share);
    let regressed = measured_at(&grouped(&[20.0; 3]), &[22.4, 22.6, 23.0]);
    assert_eq!(regressed.verdict, Verdict::Regressed);
}

#[test]
fn measuring_again_has_to_exceed_the_reference_noise_too() {
    assert_eq!(
        measured_at(&grouped(&[20.0, 20.0, 24.0]), &[23.8]).verdict,
        Verdict::Cleared
    );
    assert_eq!(
        measured_at(&grouped(&[20.0, 20.0, 20.1]), &[23.8]).verdict,
        Verdict::Alert
    );
}

#[test]
fn one_figure_below_its_bar_clears() {
    let baseline = grouped(&[20.0; 3]);
    let reference = Reference {
        baseline: &baseline,
        runs: &[],
        threshold: 0.1,
    };
    let mut suspect = compare(&baseline, &[], &grouped(&[26.0; 3]))
        .comparisons
        .remove(0);
    reference.measured_again(&mut suspect, &report(&[("other", "ours", &[1.0])]), 1.0);
    assert!(suspect.reruns.is_empty(), "it was not measured");
    let fast_floor = report(&[("g", "floor", &[7.0; 3]), ("g", "ours", &[20.0; 3])]);
    reference.measured_again(&mut suspect, &fast_floor, 1.0);
    assert_eq!(
        (suspect.verdict, suspect.reruns.as_slice()),
        (Verdict::Cleared, &[0.0][..])
    );
}
