use super::*;
use std::time::Duration;

const MACHINE: Surroundings = Surroundings {
    processors: 8,
    free_bytes: Some(3 << 29),
    process_growth_bytes: Some(100 << 20),
};

/// A cache of 2,000 entries that is as it should be.
fn good() -> Stats {
    Stats {
        requests: 10_000,
        hits: 9_000,
        hits_validated: 9_000,
        misses: 1_000,
        loads: 1_000,
        bytes_loaded: 1_000 * 4_000,
        run_paths: 1_000,
        batches: 20,
        batch_loads: 600,
        batch_time: Duration::from_millis(60),
        resident_entries: 1_000,
        resident_bytes: 1_000 * 4_600,
        ..Stats::default()
    }
}

fn options() -> Options {
    Options {
        max_entries: 2_000,
        ..Options::default()
    }
}

/// Row 1.9: 100,000 requests for 2,000 files by Zipf's law, and the default of 128 entries.
fn zipf() -> Stats {
    Stats {
        requests: 100_000,
        hits: 54_500,
        misses: 45_500,
        loads: 45_500,
        evictions: 45_372,
        redundant_reads: 43_500,
        bytes_loaded: 45_500 * 4_000,
        run_paths: 2_000,
        resident_entries: 128,
        resident_bytes: 128 * 4_600,
        batches: 0,
        batch_loads: 0,
        ..good()
    }
}

fn hits(stats: &mut Stats, hits: u64) {
    stats.hits = hits;
    stats.misses = stats.requests - hits;
    stats.loads = stats.misses - stats.errors - stats.coalesced;
}

type Edit = fn(&mut Stats, &mut Options, &mut Surroundings);

/// The topics of the advice on a good cache after this edit, each as `topic: setting -> to`.
fn topics(edit: Edit) -> Vec<String> {
    let (mut stats, mut options, mut surroundings) = (good(), options(), MACHINE);
    edit(&mut stats, &mut options, &mut surroundings);
    let all = advise(&stats, &options, &surroundings);
    for advice in &all {
        assert!(advice.measured.is_finite() && advice.target.is_finite());
        assert!(!advice.message.ends_with('.') && !advice.message.contains('\n'));
        assert!(advice.changes.iter().all(|change| change.from != change.to));
    }
    let words = |advice: Advice| {
        let changes: Vec<String> = (advice.changes.iter())
            .map(|change| format!("{} {}", change.setting, change.to))
            .collect();
        format!(
            "{} {:?}: {}",
            advice.severity,
            advice.topic,
            changes.join(", ")
        )
    };
    all.into_iter().map(words).collect()
}

#[test]
fn each_rule_speaks_beyond_its_threshold_and_not_before() {
    let table: &[(Edit, &[&str])] = &[
        (|_, _, _| {}, &[]),
        (|s, _, _| hits(s, 7_000), &[]),
        // What loads have in common decides what helps.
        (|s, _, _| hits(s, 6_999), &["hint HitRate: "]),
        (|s, _, _| hits(s, 4_999), &["hint HitRate: "]),
        (
            |s, _, _| {
                hits(s, 4_999);
                (s.evictions, s.redundant_reads, s.run_paths) = (900, 4_000, 2_500);
            },
            &["hint HitRate: ", "hint RedundantReads: max_entries 2500"],
        ),
        (
            |s, _, _| {
                hits(s, 4_999);
                (s.evictions, s.redundant_reads, s.run_paths) = (3_000, 4_000, 3_000);
            },
            &[
                "warning HitRate: max_entries 3000",
                "hint Evictions: max_entries 3000",
                "hint RedundantReads: max_entries 3000",
            ],
        ),
        // Two runs that take turns.
        (
            |s, _, _| {
                hits(s, 10);
                (s.evictions, s.run_paths) = (8_000, 1_500);
            },
            &[
                "warning HitRate: max_entries 4000",
                "hint Evictions: max_entries 4000",
            ],
        ),
        (
            |s, _, _| {
                s.errors = 4_000;
                hits(s, 4_999);
            },
            &["warning HitRate: "],
        ),
        (
            |s, _, _| {
                s.coalesced = 4_000;
                hits(s, 4_999);
            },
            &["hint HitRate: "],
        ),
        (
            |s, _, _| {
                (s.stale, s.stale_changed) = (4_000, 4_000);
                hits(s, 4_999);
            },
            &["hint HitRate: "],
        ),
        (
            |s, _, _| hits(s, 499),
            &["warning NoBenefit: max_entries 0"],
        ),
        (
            |s, _, _| {
                s.requests = 999;
                hits(s, 10);
            },
            &["hint HitRate: "],
        ),
        // What is streamed from disk was not the cache's to answer, and was not too large for it.
        (
            |s, _, _| {
                hits(s, 6_000);
                (s.skipped, s.streamed) = (3_000, 3_000);
            },
            &[],
        ),
        (|s, _, _| s.evictions = 1_000, &[]),
        // Nothing of this run was evicted: the runs have different files.
        (
            |s, _, _| s.evictions = 1_001,
            &["hint Evictions: max_entries 4000"],
        ),
        (
            |s, _, _| {
                s.evictions = 1_001;
                s.resident_bytes = 60 << 20;
                s.run_paths = 1_500;
            },
            &["hint Evictions: max_bytes 188743680"],
        ),
        (|s, _, _| s.skipped = 500, &[]),
        (
            |s, _, _| s.skipped = 501,
            &["hint Skipped: max_file_bytes 20971520, max_bytes 83886080"],
        ),
        (
            |s, _, _| (s.skipped, s.bytes_loaded) = (501, 501 * (25 << 20)),
            &["hint Skipped: max_file_bytes 33554432, max_bytes 134217728"],
        ),
        (|s, _, _| s.redundant_reads = 100, &[]),
        (
            |s, _, _| s.redundant_reads = 101,
            &["hint RedundantReads: "],
        ),
        // 600 files in 20 batches of 30.
        (|s, _, _| s.batch_time = Duration::from_secs(60), &[]),
        (
            |s, _, _| s.batch_time = Duration::from_secs(61),
            &["hint SlowBatches: workers 8"],
        ),
        (
            |s, _, _| s.batch_time = Duration::from_secs(121),
            &["warning SlowBatches: workers 8"],
        ),
        (
            |s, o, _| (s.batch_time, o.workers) = (Duration::from_secs(121), 8),
            &["warning SlowBatches: "],
        ),
        (
            |s, _, _| (s.batches, s.batch_time) = (10, Duration::from_millis(110)),
            &["hint Workers: workers 8"],
        ),
        (
            |s, _, _| (s.batches, s.batch_time) = (10, Duration::from_millis(90)),
            &[],
        ),
        (
            |s, _, m| (s.batches, s.batch_time, m.processors) = (10, Duration::from_millis(110), 6),
            &[],
        ),
        (|s, _, _| s.batches = 61, &["hint Workers: workers 2"]),
        (|s, o, _| (s.batches, o.workers) = (61, 2), &[]),
        (|_, _, m| m.processors = 3, &["hint Workers: workers 3"]),
        (|s, _, m| (s.batch_loads, m.processors) = (9, 1), &[]),
        // 64 MiB are a sixteenth of 1 GiB.
        (
            |_, _, m| m.free_bytes = Some(1 << 29),
            &["warning FreeMemory: max_bytes 33554432"],
        ),
        (
            |_, o, m| (o.max_bytes, m.free_bytes) = (32 << 20, Some(1 << 29)),
            &[],
        ),
        (|_, _, m| m.free_bytes = Some(3 << 30), &[]),
        (
            |s, _, m| (s.evictions, s.run_paths, m.free_bytes) = (10, 2_500, Some(3 << 30)),
            &["hint FreeMemory: max_entries 2500"],
        ),
        (
            |s, _, m| (s.evictions, s.run_paths, m.free_bytes) = (10, 2_500, None),
            &[],
        ),
        (
            |_, _, m| m.process_growth_bytes = Some(501 << 20),
            &["hint ProcessGrowth: "],
        ),
        (
            |s, o, m| {
                (s.resident_bytes, o.max_bytes) = (300 << 20, 1 << 30);
                m.process_growth_bytes = Some(501 << 20);
            },
            &["warning ProcessGrowth: max_bytes 157286400"],
        ),
        (|_, _, m| m.process_growth_bytes = None, &[]),
        (|s, _, _| s.watch_losses = 1, &["hint WatchLosses: "]),
        (
            |s, _, _| (s.watch_losses, s.resident_entries) = (1, 900),
            &[],
        ),
        (|_, o, _| o.max_entries = 8_000, &[]),
        (
            |_, o, _| o.max_entries = 8_001,
            &["hint UnusedRoom: max_entries 2048"],
        ),
    ];
    for (row, (edit, expect)) in table.iter().enumerate() {
        assert_eq!(topics(*edit), *expect, "row {row}");
    }
}

#[test]
fn without_evidence_or_a_cache_nothing_is_said() {
    let nothing = Surroundings {
        free_bytes: None,
        process_growth_bytes: None,
        ..MACHINE
    };
    assert_eq!(advise(&Stats::default(), &Options::default(), &nothing), []);
    let mut stats = zipf();
    stats.requests = 99;
    assert_eq!(advise(&stats, &Options::default(), &nothing), []);
    let off = Options {
        max_entries: 0,
        ..Options::default()
    };
    assert_eq!(advise(&zipf(), &off, &nothing), []);
}

#[test]
fn the_default_bounds_for_two_thousand_files() {
    let advice = advise(&zipf(), &Options::default(), &MACHINE);
    let messages: Vec<String> = advice.iter().map(Advice::to_string).collect();
    assert_eq!(
        messages,
        [
            "hint: hit rate 54.5 % is below 70 %: 2,000 files were loaded in this run and the cache holds 128; \
             raise max_entries from 128 to 2,000",
            "hint: evictions are 45.4 % of requests, more than 10 %: 2,000 files were loaded in this run and the cache \
             holds 128; raise max_entries from 128 to 2,000",
            "hint: 43,500 loads, 43.5 % of requests, were of files that the same run had loaded before as they were, more \
             than 1 %: 2,000 files were loaded in this run and the cache holds 128; raise max_entries from 128 to 2,000",
        ]
    );
    let change = Change {
        setting: "max_entries",
        from: 128,
        to: 2_000,
    };
    assert_eq!(advice[0].changes, [change]);
    assert_eq!((advice[0].measured, advice[0].target), (0.545, 0.7));
}

#[test]
fn memory_bounds_what_is_advised() {
    let advised = |free_bytes: Option<u64>, entry: u64| {
        let mut stats = zipf();
        stats.resident_bytes = stats.resident_entries * entry;
        let surroundings = Surroundings {
            free_bytes,
            ..MACHINE
        };
        let advice = advise(&stats, &Options::default(), &surroundings);
        let hit_rate = advice
            .into_iter()
            .find(|advice| advice.topic == Topic::HitRate);
        hit_rate
            .expect("it is below the target")
            .changes
            .iter()
            .map(Change::to_string)
            .collect::<Vec<_>>()
    };
    let entries = "max_entries from 128 to 2,000";
    assert_eq!(advised(None, 4_600), [entries]);
    let both = [
        "max_entries from 128 to 2,000",
        "max_bytes from 64.0 MiB to 3.9 GiB",
    ];
    assert_eq!(advised(None, 1 << 20), both);
    // Half of what is free is 750 MiB, and 128 MiB are held.
    let fewer = [
        "max_entries from 128 to 878",
        "max_bytes from 64.0 MiB to 878.0 MiB",
    ];
    assert_eq!(advised(Some(1_500 << 20), 1 << 20), fewer);
    assert_eq!(advised(Some(900 << 20), 1 << 20), [""; 0]);
}
