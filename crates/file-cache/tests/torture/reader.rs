//! Readers: what they ask for, how, and whether they were told the truth.

use crate::ledger::{Before, Right, Wrong, judge, judge_error};
use crate::phase::EndOfPhase;
use crate::record::{Seen, look};
use crate::rng::Rng;
use crate::site::{FILES, PATHS};
use crate::world::{Manual, Pace, SITES, World};
use autoexec_file_cache::{
    Error, File, FileCache, Freshness, Read, ReadManyOptions, ReadOptions, Source,
};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

/// The time to live of the modes that have one; the clock is set forward by this much.
pub(crate) const TTL: Duration = Duration::from_secs(10);

/// Whether paths are asked for one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Singles,
    Batches,
    Both,
}

/// How the readers of a phase read.
pub(crate) struct Manner<'a> {
    pub(crate) mode: &'static str,
    /// One of these is chosen for each call.
    pub(crate) freshness: &'a [Freshness],
    pub(crate) style: Style,
    /// Whether entries are invalidated and bounds changed meanwhile.
    pub(crate) meddles: bool,
}

/// What a reader found.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) reads: u64,
    /// Errors and parts of files that were away or half written.
    pub(crate) passing: u64,
    /// Mixtures that were marked as unsettled.
    pub(crate) as_it_came: u64,
    pub(crate) torn: u64,
    /// All that was wrong, what was torn included.
    pub(crate) violations: u64,
}

/// What was wrong, for people.
pub(crate) type Complaints = Mutex<Vec<String>>;

/// One thread that reads.
pub(crate) struct Reader<'a> {
    pub(crate) world: &'a World,
    pub(crate) cache: &'a FileCache,
    pub(crate) clock: &'a Manual,
    pub(crate) pace: &'a Pace,
    pub(crate) manner: &'a Manner<'a>,
    pub(crate) complaints: &'a Complaints,
    pub(crate) seed: u64,
    pub(crate) rng: Rng,
    pub(crate) tally: Tally,
    /// What was read last from each path, and what it was: a file that is still held cannot have become another.
    pub(crate) held: Vec<Option<(File, Seen)>>,
    /// For the mode that never asks, in which the cache is this thread's own: the version that is to stay.
    pub(crate) pinned: Option<Vec<Option<u64>>>,
}

impl Reader<'_> {
    /// Reads until the phase is over.
    pub(crate) fn run(mut self) -> Tally {
        let _end = EndOfPhase(self.pace);
        loop {
            let freshness = *self.rng.pick(self.manner.freshness);
            let in_batches = match self.manner.style {
                Style::Singles => false,
                Style::Batches => true,
                Style::Both => self.rng.once_in(16),
            };
            let reads = if in_batches {
                self.read_a_batch(freshness)
            } else {
                self.read_one(freshness)
            };
            let Some(reads) = reads else {
                return self.tally;
            };
            self.tally.reads += reads;
            self.pace.read(reads);
            self.meddle(freshness);
        }
    }

    fn read_one(&mut self, freshness: Freshness) -> Option<u64> {
        self.pace.take(1)?;
        let at = self.some_path();
        let before = self.before(at);
        let ticked = self.ticked(at, freshness, before);
        let options = ReadOptions {
            freshness: Some(freshness),
            ..ReadOptions::default()
        };
        let answer = self.cache.read_with(&self.world.paths[at].path, &options);
        self.check(at, before, ticked, freshness, answer);
        Some(1)
    }

    fn read_a_batch(&mut self, freshness: Freshness) -> Option<u64> {
        let mut asked = self.some_paths();
        asked.truncate(self.pace.take(asked.len() as u64)? as usize);
        let known: Vec<(Before, Before)> = asked
            .iter()
            .map(|&at| (at, self.before(at)))
            .map(|(at, before)| (before, self.ticked(at, freshness, before)))
            .collect();
        let world = self.world;
        let paths: Vec<&Path> = asked
            .iter()
            .map(|&at| world.paths[at].path.as_path())
            .collect();
        let options = ReadManyOptions {
            freshness: Some(freshness),
            workers: Some(1 + self.rng.below(4)),
            ..ReadManyOptions::default()
        };
        let answers = self.cache.read_many_with(&paths, &options);
        assert_eq!(answers.len(), asked.len());
        for ((&at, (before, ticked)), answer) in asked.iter().zip(known).zip(answers) {
            self.check(at, before, ticked, freshness, answer);
        }
        Some(asked.len() as u64)
    }

    /// A path at which something has just happened, or any.
    fn some_path(&mut self) -> usize {
        if self.rng.once_in(2) {
            return self.rng.below(self.world.paths.len());
        }
        let site = self.world.busy.load(SeqCst);
        World::of_site(site).start + self.rng.below(PATHS)
    }

    /// All paths, those of a site, or those of a directory, some twice.
    fn some_paths(&mut self) -> Vec<usize> {
        let site = World::of_site(self.rng.below(SITES));
        let mut paths: Vec<usize> = match self.rng.below(8) {
            0..=2 => (0..self.world.paths.len()).collect(),
            3 => site.collect(),
            _ => {
                let site = World::of_site(self.world.busy.load(SeqCst));
                let directory = site.start + self.rng.below(PATHS / FILES) * FILES;
                (directory..directory + FILES).collect()
            }
        };
        if self.rng.once_in(4) {
            paths.push(paths[0]);
        }
        paths
    }

    fn before(&self, at: usize) -> Before {
        self.world.paths[at].before(self.world.subject_of(at))
    }

    /// What is known to have been finished so long before that it has to be seen.
    fn ticked(&self, at: usize, freshness: Freshness, before: Before) -> Before {
        match freshness {
            Freshness::Ttl(_) => self.world.paths[at].before_the_tick(),
            Freshness::Pinned => Before::default(),
            _ => before,
        }
    }

    fn check(
        &mut self,
        at: usize,
        before: Before,
        ticked: Before,
        freshness: Freshness,
        answer: Result<Read, Error>,
    ) {
        let world = self.world;
        let subject = world.subject_of(at);
        let (verdict, got) = match &answer {
            Ok(read) => {
                let seen = self.look(at, &read.file);
                let verdict = judge(subject, &ticked, seen, read.source);
                let verdict = verdict.and_then(|right| self.check_pin(at, seen, read, right));
                (
                    verdict,
                    format_args!("{seen:?}, {:?}", read.source).to_string(),
                )
            }
            Err(error) => (
                judge_error(subject, &before, error.kind()),
                error.to_string(),
            ),
        };
        match verdict {
            Ok(Right::Whole) => {}
            Ok(Right::Passing) => self.tally.passing += 1,
            Ok(Right::AsItCame) => self.tally.as_it_came += 1,
            Err(wrong) => self.complain(at, &ticked, freshness, wrong, &got),
        }
    }

    /// What the bytes are, which has to be found out once as long as they are held.
    fn look(&mut self, at: usize, file: &File) -> Seen {
        if let Some((held, seen)) = &self.held[at]
            && held.bytes().as_ptr_range() == file.bytes().as_ptr_range()
            && !self.rng.once_in(16)
        {
            return *seen;
        }
        let seen = look(self.world.paths[at].file, file.bytes());
        self.held[at] = Some((file.clone(), seen));
        seen
    }

    /// What is pinned stays as it was loaded.
    fn check_pin(
        &mut self,
        at: usize,
        seen: Seen,
        read: &Read,
        right: Right,
    ) -> Result<Right, Wrong> {
        let Some(pinned) = &mut self.pinned else {
            return Ok(right);
        };
        let version = match seen {
            Seen::Whole(version) => Some(version),
            _ => Some(0),
        };
        let pin = &mut pinned[at];
        match (read.source, *pin) {
            (Source::Hit, Some(_)) if *pin != version => Err(Wrong::Stale),
            (Source::Loaded, Some(_)) => Err(Wrong::Impossible),
            (Source::Loaded, None) => {
                *pin = version;
                Ok(right)
            }
            _ => Ok(right),
        }
    }

    fn meddle(&mut self, freshness: Freshness) {
        if matches!(freshness, Freshness::Ttl(_)) && self.rng.once_in(64) {
            self.clock.tick(self.world, TTL);
        }
        if let Some(pinned) = &mut self.pinned
            && self.rng.once_in(4)
        {
            let at = self.rng.below(pinned.len());
            let held = self.cache.invalidate(&self.world.paths[at].path);
            // More may be held: what a batch found in a directory that then moved was not handed out.
            let was_pinned = pinned[at].take().is_some();
            assert!(held || !was_pinned, "what is pinned is held");
        }
        if self.manner.meddles && self.rng.once_in(32) {
            match self.rng.below(16) {
                0 => self.cache.clear(),
                1 => self.cache.resize(1 + self.rng.below(200), 8 << 20),
                2 => self.cache.begin_run(),
                _ => {
                    let at = self.rng.below(self.world.paths.len());
                    self.cache.invalidate(&self.world.paths[at].path);
                }
            }
        }
    }

    #[cold]
    fn complain(
        &mut self,
        at: usize,
        before: &Before,
        freshness: Freshness,
        wrong: Wrong,
        got: &str,
    ) {
        self.tally.violations += 1;
        self.tally.torn += u64::from(wrong == Wrong::Torn);
        let (tracked, subject) = (&self.world.paths[at], self.world.subject_of(at));
        let happening = &crate::happening::HAPPENINGS[subject.last.load(SeqCst)].name;
        let text = format!(
            "{wrong:?}: {} ({freshness:?}), {}: got {got}; finished before the call {}, begun after it {}; \
             last happening: {happening}; seed {}",
            self.manner.mode,
            tracked.path.display(),
            before.finished(),
            subject.begun.load(SeqCst),
            self.seed,
        );
        let mut complaints = self.complaints.lock().unwrap();
        complaints.push(text);
        if complaints.len() >= crate::MOST_COMPLAINTS {
            self.pace.end();
        }
    }
}
