//! What each method must reach: volumes over that of the true front, of 100 rows from the archive.

use super::experiment::engines;
use super::trial::{few_cases, run};

/// The levels lie a little below the least of several seeds.
fn check(engine: &str, case: &str, budget: u64, level: f64) {
    let case = few_cases()
        .into_iter()
        .find(|other| other.name == case)
        .unwrap();
    let (_, make) = engines()
        .into_iter()
        .find(|(name, _)| *name == engine)
        .unwrap();
    for seed in 1..=3 {
        let reached = run(&case, budget, make.as_ref(), seed).archive;
        assert!(
            reached >= level,
            "{engine} has {reached} of {} with seed {seed}",
            case.name
        );
    }
}

#[test]
fn nsga2() {
    check("nsga2", "zdt1", 10_000, 0.95);
    check("nsga2", "dtlz2 (3)", 5_000, 0.88);
}

#[test]
fn nsga3() {
    check("nsga3", "zdt1", 10_000, 0.94);
    check("nsga3", "dtlz2 (5)", 5_000, 0.60);
}

#[test]
fn sms_emoa() {
    check("sms", "zdt1", 10_000, 0.97);
    check("sms", "dtlz2 (3)", 2_000, 0.85);
}

#[test]
fn moead() {
    check("moead", "zdt1", 10_000, 0.95);
    check("moead", "dtlz2 (3)", 5_000, 0.91);
}

#[test]
fn auto() {
    check("auto", "zdt1", 10_000, 0.994);
    check("auto", "zdt1 moved", 10_000, 0.985);
    check("auto", "zdt4", 25_000, 0.99);
    check("auto", "dtlz2 (3)", 10_000, 0.935);
    check("auto", "dtlz2 (5)", 5_000, 0.80);
}
