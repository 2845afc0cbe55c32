//! The phases: one for each mode, on one world.

use crate::happening::{Fashion, HAPPENINGS, happen};
use crate::reader::{Complaints, Manner, Reader, Style, TTL, Tally};
use crate::report::Row;
use crate::rng::Rng;
use crate::site::Site;
use crate::world::{Manual, Pace, SITES, World};
use autoexec_file_cache::{FileCache, Freshness, Options, Stats, Timestamps};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::{Duration, Instant};

const READERS: usize = 3;
const WRITERS: usize = 2;

/// A mode and the cache that it is tried on.
pub(crate) struct Phase {
    mode: &'static str,
    freshness: &'static [Freshness],
    style: Style,
    max_entries: usize,
    coarse: bool,
    /// Whether each reader has a cache to itself, in which nothing is evicted.
    alone: bool,
    meddles: bool,
}

const VALIDATE: &[Freshness] = &[Freshness::Validate];
const WATCH: &[Freshness] = &[Freshness::Watch];
const LIVE: &[Freshness] = &[Freshness::Ttl(TTL)];
const PINNED: &[Freshness] = &[Freshness::Pinned];
const ALL: &[Freshness] = &[
    Freshness::Validate,
    Freshness::Watch,
    Freshness::Ttl(TTL),
    Freshness::Pinned,
];

/// Room for all files of the sites, and for a few.
const LARGE: usize = 4_096;
const FEW: usize = 120;

const fn phase(mode: &'static str, freshness: &'static [Freshness], style: Style) -> Phase {
    Phase {
        mode,
        freshness,
        style,
        max_entries: LARGE,
        coarse: false,
        alone: false,
        meddles: false,
    }
}

const fn few(phase: Phase) -> Phase {
    Phase {
        max_entries: FEW,
        ..phase
    }
}

use Style::{Batches, Both, Singles};

pub(crate) const PHASES: [Phase; 14] = [
    phase("validate", VALIDATE, Singles),
    few(phase("validate, few", VALIDATE, Singles)),
    phase("validate, batches", VALIDATE, Batches),
    few(phase("validate, batches, few", VALIDATE, Both)),
    phase("watch", WATCH, Singles),
    few(phase("watch, few", WATCH, Singles)),
    phase("watch, batches", WATCH, Batches),
    few(phase("watch, batches, few", WATCH, Both)),
    phase("time to live", LIVE, Both),
    few(phase("time to live, few", LIVE, Both)),
    Phase {
        alone: true,
        ..phase("pinned", PINNED, Both)
    },
    Phase {
        coarse: true,
        ..phase(
            "coarse time stamps",
            &[Freshness::Validate, Freshness::Watch],
            Both,
        )
    },
    phase("all by turns", ALL, Both),
    Phase {
        max_entries: 100,
        meddles: true,
        ..phase("all by turns, meddled with", ALL, Both)
    },
];

/// All phases so far.
pub(crate) struct Run<'w> {
    world: &'w World,
    sites: Vec<Site<'w>>,
    seed: u64,
    pub(crate) rows: Vec<Row>,
    pub(crate) happenings: [u64; HAPPENINGS.len()],
    pub(crate) complaints: Vec<String>,
}

impl<'w> Run<'w> {
    pub(crate) fn new(world: &'w World, seed: u64) -> Self {
        Self {
            world,
            sites: world.sites(),
            seed,
            rows: Vec::new(),
            happenings: [0; HAPPENINGS.len()],
            complaints: Vec::new(),
        }
    }

    pub(crate) fn phase(&mut self, phase: &Phase, reads: u64, deadline: Option<Instant>) {
        let clock = Arc::new(Manual::default());
        clock.tick(self.world, Duration::ZERO); // What the last phase left, this one has to see.
        let caches = if phase.alone { READERS } else { 1 };
        let cache = |_| FileCache::with_clock(phase.options(), clock.clone());
        let scene = Scene {
            world: self.world,
            caches: (0..caches).map(cache).collect(),
            clock: &clock,
            pace: Pace::new(reads, deadline),
            manner: phase.manner(),
            complaints: Complaints::default(),
            seed: self.seed,
            number: self.rows.len() as u64,
        };
        let (tally, counts) = scene.play(&mut self.sites);
        for (sum, count) in self.happenings.iter_mut().zip(counts) {
            *sum += count;
        }
        let stats: Vec<Stats> = scene.caches.iter().map(FileCache::stats).collect();
        check_sums(&stats, &tally);
        self.rows.push(Row::new(phase.mode, tally, &stats));
        self.complaints
            .extend(scene.complaints.into_inner().unwrap());
    }
}

/// A phase that is under way.
struct Scene<'a> {
    world: &'a World,
    caches: Vec<FileCache>,
    clock: &'a Manual,
    pace: Pace,
    manner: Manner<'a>,
    complaints: Complaints,
    seed: u64,
    number: u64,
}

type Counts = [u64; HAPPENINGS.len()];

impl Scene<'_> {
    fn play(&self, sites: &mut [Site<'_>]) -> (Tally, Counts) {
        thread::scope(|scope| {
            let read = |it| scope.spawn(move || self.reader(it).run());
            let readers: Vec<_> = (0..READERS).map(read).collect();
            let shares = sites.chunks_mut(SITES / WRITERS).enumerate();
            let write = |(it, sites)| scope.spawn(move || self.write(it, sites));
            let writers: Vec<_> = shares.map(write).collect();
            let mut tally = Tally::default();
            for reader in readers {
                tally.add(&reader.join().unwrap());
            }
            let mut counts = [0; HAPPENINGS.len()];
            for writer in writers {
                let more = writer.join().unwrap();
                counts.iter_mut().zip(more).for_each(|(sum, it)| *sum += it);
            }
            (tally, counts)
        })
    }

    fn reader(&self, number: usize) -> Reader<'_> {
        let paths = self.world.paths.len();
        Reader {
            world: self.world,
            cache: &self.caches[number % self.caches.len()],
            clock: self.clock,
            pace: &self.pace,
            manner: &self.manner,
            complaints: &self.complaints,
            seed: self.seed,
            rng: self.rng(number),
            tally: Tally::default(),
            held: vec![None; paths],
            pinned: (self.caches.len() > 1).then(|| vec![None; paths]),
        }
    }

    fn write(&self, number: usize, sites: &mut [Site<'_>]) -> Counts {
        let _end = EndOfPhase(&self.pace);
        let mut rng = self.rng(READERS + number);
        let mut fashion = Fashion::default();
        let mut counts = [0; HAPPENINGS.len()];
        while self.pace.next_happening() {
            let chosen = rng.below(sites.len());
            let busy = number * sites.len() + chosen;
            self.world.busy.store(busy, SeqCst);
            counts[happen(&mut sites[chosen], &mut rng, &mut fashion)] += 1;
        }
        counts
    }

    fn rng(&self, thread: usize) -> Rng {
        Rng::new(self.seed, self.number << 8 | thread as u64)
    }
}

/// Ends the phase when a thread ends, be it by a panic: no other waits for it then.
pub(crate) struct EndOfPhase<'a>(pub(crate) &'a Pace);

impl Drop for EndOfPhase<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Each path that was asked for was counted once, in one way.
fn check_sums(stats: &[Stats], tally: &Tally) {
    let requests: u64 = stats.iter().map(|it| it.requests).sum();
    assert_eq!(requests, tally.reads, "{stats:?}");
    for of_one in stats {
        assert_eq!(of_one.requests, of_one.hits + of_one.misses);
        assert_eq!(
            of_one.misses,
            of_one.loads + of_one.coalesced + of_one.errors
        );
    }
}

impl Phase {
    fn options(&self) -> Options {
        Options {
            max_entries: self.max_entries,
            max_bytes: if self.max_entries == FEW {
                4 << 20
            } else {
                64 << 20
            },
            // The longest are read and not kept.
            max_file_bytes: 400 << 10,
            timestamps: if self.coarse {
                Timestamps::Coarse(Duration::from_millis(1))
            } else {
                Timestamps::Detect
            },
            ..Options::default()
        }
    }

    fn manner(&self) -> Manner<'_> {
        Manner {
            mode: self.mode,
            freshness: self.freshness,
            style: self.style,
            meddles: self.meddles,
        }
    }
}
