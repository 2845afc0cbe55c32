//! All that readers and writers share.

use crate::ledger::{Subject, Tracked};
use crate::site::{self, FILES, PATHS, Site};
use autoexec_file_cache::Clock;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// Sites, each of which one writer has to itself.
pub(crate) const SITES: usize = 4;

/// What there is to read, and what may be read.
pub(crate) struct World {
    dir: tempfile::TempDir,
    pub(crate) subjects: Vec<Subject>,
    /// In the order of sites, then of directories.
    pub(crate) paths: Vec<Tracked>,
    /// The site at which something happened last.
    pub(crate) busy: AtomicUsize,
}

impl World {
    pub(crate) fn new() -> Self {
        // Not where every program has its temporary files: a directory is watched in time proportional to its names.
        let place = std::env::var_os("AUTOEXEC_TORTURE_DIR");
        let place = place.unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
        let dir = tempfile::tempdir_in(place).unwrap();
        let real = dir.path().canonicalize().unwrap();
        let of_site = |number| site::tracked(&root_of(&real, number), number * FILES);
        Self {
            subjects: (0..SITES * FILES).map(|_| Subject::default()).collect(),
            paths: (0..SITES).flat_map(of_site).collect(),
            busy: AtomicUsize::new(0),
            dir,
        }
    }

    /// Makes all sites, for the only time.
    pub(crate) fn sites(&self) -> Vec<Site<'_>> {
        let real = self.dir.path().canonicalize().unwrap();
        (0..SITES)
            .map(|it| Site::new(root_of(&real, it), it, &self.subjects, &self.paths))
            .collect()
    }

    pub(crate) fn subject_of(&self, path: usize) -> &Subject {
        &self.subjects[self.paths[path].file]
    }

    /// The paths of a site.
    pub(crate) fn of_site(number: usize) -> std::ops::Range<usize> {
        number * PATHS..(number + 1) * PATHS
    }
}

fn root_of(dir: &Path, site: usize) -> PathBuf {
    dir.join(format!("site-{site}"))
}

/// A clock that is set by hand.
#[derive(Debug, Default)]
pub(crate) struct Manual {
    now: AtomicU64,
    setting: Mutex<()>,
}

impl Clock for Manual {
    fn now(&self) -> Duration {
        Duration::from_secs(self.now.load(SeqCst))
    }
}

impl Manual {
    /// Sets the clock forward by a time to live, after which all that was checked before is too old: what had been
    /// finished before has to be seen from now on.
    pub(crate) fn tick(&self, world: &World, ttl: Duration) {
        let _alone = self.setting.lock().unwrap();
        let before: Vec<_> = (0..world.paths.len())
            .map(|at| world.paths[at].before(world.subject_of(at)))
            .collect();
        self.now.fetch_add(ttl.as_secs(), SeqCst);
        for (path, before) in world.paths.iter().zip(before) {
            path.tick(before);
        }
    }
}

/// How many reads there are for each happening.
const READS_PER_HAPPENING: u64 = 40;

/// How many happenings the writers may owe before readers wait for them.
const MOST_OWED: u64 = 64;

/// Keeps readers and writers in proportion, however the system shares out its processors, and ends a phase.
pub(crate) struct Pace {
    reads_left: AtomicU64,
    reads: AtomicU64,
    happenings: AtomicU64,
    over: AtomicBool,
    deadline: Option<Instant>,
    lock: Mutex<()>,
    moved: Condvar,
}

impl Pace {
    /// For a phase of so many reads, which ends before if the deadline comes.
    pub(crate) fn new(reads: u64, deadline: Option<Instant>) -> Self {
        Self {
            reads_left: AtomicU64::new(reads),
            reads: AtomicU64::new(0),
            happenings: AtomicU64::new(0),
            over: AtomicBool::new(false),
            deadline,
            lock: Mutex::default(),
            moved: Condvar::new(),
        }
    }

    fn owed(&self) -> u64 {
        let due = self.reads.load(SeqCst) / READS_PER_HAPPENING;
        due.saturating_sub(self.happenings.load(SeqCst))
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(SeqCst)
    }

    /// Ends the phase.
    pub(crate) fn end(&self) {
        self.over.store(true, SeqCst);
        self.notify();
    }

    fn notify(&self) {
        drop(self.lock.lock().unwrap());
        self.moved.notify_all();
    }

    /// Takes up to `wanted` reads out of those that are left; `None` when the phase is over.
    pub(crate) fn take(&self, wanted: u64) -> Option<u64> {
        let late = self.deadline.is_some_and(|it| Instant::now() >= it);
        if late || self.is_over() {
            return None;
        }
        let before = self
            .reads_left
            .fetch_update(SeqCst, SeqCst, |left| Some(left.saturating_sub(wanted)));
        let taken = before.unwrap().min(wanted);
        (taken > 0).then_some(taken)
    }

    /// Notes reads that were made, and waits where the writers have fallen behind.
    pub(crate) fn read(&self, count: u64) {
        let before = self.reads.fetch_add(count, SeqCst);
        if before / READS_PER_HAPPENING == (before + count) / READS_PER_HAPPENING {
            return;
        }
        self.notify();
        let guard = self.lock.lock().unwrap();
        let behind = |_: &mut ()| self.owed() > MOST_OWED && !self.is_over();
        drop(self.moved.wait_while(guard, behind).unwrap());
    }

    /// Waits until something is to happen; `false` when the phase is over.
    pub(crate) fn next_happening(&self) -> bool {
        let guard = self.lock.lock().unwrap();
        let idle = |_: &mut ()| self.owed() == 0 && !self.is_over();
        drop(self.moved.wait_while(guard, idle).unwrap());
        let before = self.happenings.fetch_add(1, SeqCst);
        if (before + 1).is_multiple_of(MOST_OWED / 4) {
            self.moved.notify_all();
        }
        !self.is_over()
    }
}
