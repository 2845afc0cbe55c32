//! How much a count may differ, which way is worse, and the exceptions with their reasons.

/// Which way a count gets worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// What is spent: less is better.
    Cost,
    /// What is saved: more is better.
    Gain,
    /// What is: any other value is another behaviour.
    Fact,
}

/// What a scenario counts itself and is spent.
const COSTS: &[&str] = &[
    "allocations",
    "allocated_bytes",
    "answers_asked_for",
    "bytes_copied",
    "bytes_formatted",
    "bytes_held",
    "bytes_loaded",
    "bytes_read",
    "compared",
    "evictions",
    "full_builds",
    "loads",
    "misses",
    "notifications",
    "refreshes",
    "stale",
    "watches",
    "workers_spawned",
];

/// What a scenario counts itself and is saved.
const GAINS: &[&str] = &["answers_from_cache", "hits", "hits_proven", "path_hits"];

/// What a system call's count is called: `calls/read`.
pub(super) const CALLS: &str = "calls/";

pub(super) fn sense(count: &str) -> Sense {
    if count.starts_with(CALLS) || COSTS.contains(&count) {
        Sense::Cost
    } else if GAINS.contains(&count) {
        Sense::Gain
    } else {
        Sense::Fact
    }
}

/// Whether a count follows from the machine (pointers, allocator, system) and is compared on the same target only.
pub(super) fn is_of_target(count: &str) -> bool {
    count.starts_with("alloc") || count.starts_with(CALLS)
}

/// How far from the snapshot a count may be: as far as the greater of both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tolerance {
    pub(super) percent: f64,
    pub(super) absolute: i64,
}

impl Tolerance {
    const EXACT: Self = Self::percent(0.0);
    const ANY: Self = Self::percent(f64::INFINITY);

    const fn percent(percent: f64) -> Self {
        Self {
            percent,
            absolute: 0,
        }
    }

    /// Whether `now` is as near to `before` as it has to be.
    pub(super) fn allows(self, before: i64, now: i64) -> bool {
        let off = now.abs_diff(before);
        self == Self::ANY
            || off <= self.absolute.unsigned_abs()
            || off as f64 <= before.unsigned_abs() as f64 * self.percent / 100.0
    }
}

/// A scenario (or all whose id begins so, with a `*`), a count (the same), how far it may be off, and why.
type Exception = (&'static str, &'static str, Tolerance, &'static str);

const EXCEPTIONS: &[Exception] = &[
    ("*", "calls/futex", Tolerance::ANY, WAITING),
    ("*", "calls/sched_yield", Tolerance::ANY, WAITING),
    ("*", "calls/brk", Tolerance::ANY, MEMORY),
    ("*", "calls/mmap", Tolerance::ANY, MEMORY),
    ("*", "calls/munmap", Tolerance::ANY, MEMORY),
    ("*", "calls/mremap", Tolerance::ANY, MEMORY),
    ("*", "calls/mprotect", Tolerance::ANY, MEMORY),
    ("*", "calls/madvise", Tolerance::ANY, MEMORY),
    ("*", "calls/wake", Tolerance::ANY, WAITING),
    ("engine/*", "calls/epoll_wait", Tolerance::ANY, WAITING),
    ("engine/*", "calls/epoll_pwait", Tolerance::ANY, WAITING),
    ("path-cache/*", "calls/read", FEW, PROCESSORS),
    ("path-cache/*", "allocations", FEW, PROCESSORS),
    ("engine/*", "allocations", Tolerance::percent(0.5), TABLES),
    (
        "engine/*",
        "allocated_bytes",
        Tolerance::percent(2.0),
        TABLES,
    ),
    (
        "file-cache/*",
        "allocations",
        Tolerance::percent(0.5),
        TABLES,
    ),
    ("store/*", "allocations", Tolerance::percent(0.5), TABLES),
    (
        "store/insert-full",
        "allocated_bytes",
        Tolerance::percent(4.0),
        TABLES,
    ),
];

const WAITING: &str = "a thread waits only where another has not come yet";
const MEMORY: &str = "the allocator asks for memory when it has none left; what it is asked for is counted as allocations";
const FEW: Tolerance = Tolerance {
    percent: 0.0,
    absolute: 3,
};
const PROCESSORS: &str =
    "how many processors there are is read from files of control groups, where there are any";
const TABLES: &str =
    "hash tables are seeded anew each time, and grow or clean up at another moment";

/// The tolerance of a count: that of the first exception that is about it, else exact, and a hundredth for bytes allocated.
pub(super) fn tolerance(scenario: &str, count: &str) -> Tolerance {
    let exception = EXCEPTIONS
        .iter()
        .find(|(id, name, ..)| matches(id, scenario) && matches(name, count));
    match exception {
        Some((.., tolerance, _)) => *tolerance,
        None if count == "allocated_bytes" => Tolerance::percent(1.0),
        None => Tolerance::EXACT,
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(front) => text.starts_with(front),
        None => pattern == text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greater_of_both_bounds_holds() {
        let tolerance = Tolerance {
            percent: 1.0,
            absolute: 3,
        };
        for (before, now, expect) in [
            (100, 103, true),
            (100, 104, false),
            (1_000, 1_010, true),
            (1_000, 989, false),
            (0, 3, true),
            (0, -4, false),
            (i64::MAX, i64::MIN, false),
        ] {
            assert_eq!(tolerance.allows(before, now), expect, "{before} {now}");
        }
        assert!(Tolerance::EXACT.allows(7, 7) && !Tolerance::EXACT.allows(7, 8));
        assert!(Tolerance::ANY.allows(0, 1_000_000));
    }

    #[test]
    fn exceptions_come_before_what_holds_for_all() {
        assert_eq!(tolerance("x/y", "calls/futex"), Tolerance::ANY);
        assert_eq!(tolerance("x/y", "allocated_bytes"), Tolerance::percent(1.0));
        assert_eq!(tolerance("x/y", "loads"), Tolerance::EXACT);
        assert!(matches("engine/*", "engine/cold") && !matches("engine/*", "store/hit"));
        for (.., reason) in EXCEPTIONS {
            assert!(!reason.is_empty());
        }
    }

    #[test]
    fn senses_and_targets() {
        assert_eq!(sense("calls/openat"), Sense::Cost);
        assert_eq!(
            (sense("hits"), sense("tokens_kept")),
            (Sense::Gain, Sense::Fact)
        );
        assert!(is_of_target("calls/read") && is_of_target("allocated_bytes"));
        assert!(!is_of_target("bytes_loaded"));
    }
}
