//! The search, and what is left of what it found: the fewest and smallest changes that are as good.

use autoexec_evolutionary_optimizer::{
    Candidate, Generation, Goal, Observer, Optimizer, Options, Outcome,
};

use crate::replay::thresholds;
use crate::trace::Setup;

use super::judge::{Judge, Judged};
use super::knobs::{self, Searched};
use super::{TraceOptions, TraceWatcher};

/// What changes may lose together when they are made fewer and smaller, as a share of score, time and tokens.
const SPARE: f64 = 0.001;
/// Most solutions of a front.
const FRONT: usize = 60;
/// What a value is rounded up to a multiple of, where no power of two is as good.
const ROUND: [u64; 2] = [1 << 20, 1 << 10];

/// What the search came to.
pub(super) struct Found {
    /// Settings that none dominates in time, memory and tokens, those before among them if none dominates them.
    pub(super) front: Vec<Judged>,
    /// After so many replays, the shortest mean time so far, before being 1.
    pub(super) convergence: Vec<(u64, f64)>,
    pub(super) replays: u64,
}

/// Searches on the traces that are not held out, from the settings before on.
///
/// # Errors
/// What the optimizer refuses, as text after "failed to".
pub(super) fn search(
    judge: &Judge,
    before: &Judged,
    searched: &[Searched],
    options: &TraceOptions,
    watcher: &mut dyn TraceWatcher,
) -> Result<Found, String> {
    let space = knobs::space(searched).map_err(|e| e.to_string())?;
    let asks = before.all_tokens() > 0.0;
    let wanted = Options {
        goals: vec![Goal::Minimize; if asks { 3 } else { 2 }],
        constraints: 1,
        seed: options.seed,
        evaluations: Some(options.budget.max(1)),
        threads: options.threads.max(1),
        initial: vec![knobs::point(searched, &before.setup)],
        front: FRONT,
        resumable: false,
        ..Options::default()
    };
    let measure = |candidate: &Candidate| measured(judge, before, searched, candidate, asks);
    let mut seen = Seen {
        watcher,
        convergence: vec![(0, 1.0)],
    };
    let mut optimizer = Optimizer::new(&space, &wanted).map_err(|e| e.to_string())?;
    let outcome = optimizer
        .run(measure, &mut seen)
        .map_err(|e| e.to_string())?;
    let convergence = seen.ended(outcome.evaluations);
    Ok(Found {
        front: front(judge, before, searched, &outcome),
        convergence,
        replays: outcome.evaluations,
    })
}

/// Time, memory and, where runs ask, tokens, beside those before; and what the runs do less of. None of settings that are not
/// valid.
fn measured(
    judge: &Judge,
    before: &Judged,
    searched: &[Searched],
    candidate: &Candidate,
    asks: bool,
) -> Option<(Vec<f64>, [f64; 1])> {
    let setup = knobs::setup(searched, candidate.values(), &before.setup);
    thresholds(&setup).validate().ok()?;
    let judged = judge.judge(&setup);
    let mut objectives = vec![
        judged.time_ratio(before),
        share(judged.outcome.peak_bytes, before.outcome.peak_bytes),
    ];
    if asks {
        objectives.push(judged.all_tokens() / before.all_tokens());
    }
    Some((objectives, [lost(&judged, before)]))
}

fn share(now: u64, then: u64) -> f64 {
    now as f64 / then.max(1) as f64
}

/// What the runs would do less of than before: files not read, messages dropped from conversations. What that costs is not
/// measured, so it may not be what makes them faster.
fn lost(judged: &Judged, before: &Judged) -> f64 {
    let (now, then) = (&judged.outcome, &before.outcome);
    let more = |now: u64, then: u64| now.saturating_sub(then) as f64;
    more(now.refused, then.refused)
        + more(now.dropped_messages, then.dropped_messages)
        + more(then.steps_succeeded, now.steps_succeeded)
}

fn front(judge: &Judge, before: &Judged, searched: &[Searched], outcome: &Outcome) -> Vec<Judged> {
    let sound = outcome.front.iter().filter(|it| it.violation <= 0.0);
    let judged = sound.map(|it| {
        let setup = knobs::setup(searched, it.candidate.values(), &before.setup);
        judge.judge(&setup)
    });
    let mut all: Vec<Judged> = judged.collect();
    all.sort_by(|a, b| {
        let key = |it: &Judged| (it.outcome.peak_bytes, it.time_ratio(before));
        let (a, b) = (key(a), key(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    all
}

/// Watches for better times.
struct Seen<'a> {
    watcher: &'a mut dyn TraceWatcher,
    convergence: Vec<(u64, f64)>,
}

impl Observer for Seen<'_> {
    fn generation(&mut self, generation: &Generation, _: &Optimizer) {
        let best = self.convergence.last().map_or(1.0, |it| it.1);
        if generation.best < best {
            self.convergence
                .push((generation.evaluations, generation.best));
        }
        let best = best.min(generation.best);
        self.watcher.searched(generation.evaluations, best);
    }
}

impl Seen<'_> {
    fn ended(mut self, replays: u64) -> Vec<(u64, f64)> {
        let best = self.convergence.last().map_or(1.0, |it| it.1);
        self.convergence.push((replays, best));
        self.convergence
    }
}

/// The settings with the best score of those that cost no more time and tokens than before; of equals the faster ones.
/// Then with the fewest and smallest changes that lose next to nothing of it.
pub(super) fn chosen(
    judge: &Judge,
    before: &Judged,
    searched: &[Searched],
    front: &[Judged],
) -> Judged {
    let score = |it: &Judged| it.scores.autonomy().unwrap_or(0.0);
    let is_better = |it: &Judged, than: &Judged| {
        let by_score = score(it).total_cmp(&score(than));
        by_score
            .then(than.time_ratio(before).total_cmp(&it.time_ratio(before)))
            .is_gt()
    };
    let mut best = before;
    for it in front {
        let is_allowed = it.time_ratio(before) <= 1.0 && it.all_tokens() <= before.all_tokens();
        if is_allowed && is_better(it, best) {
            best = it;
        }
    }
    let trimming = Trimming {
        judge,
        best,
        before,
    };
    let mut now = best.clone();
    trimming.drop_idle(searched, &mut now);
    for it in changed(searched, &now.setup, &before.setup) {
        trimming.shrink(it, &mut now);
    }
    now
}

/// What differs.
pub(super) fn changed<'a>(
    searched: &'a [Searched],
    now: &Setup,
    then: &Setup,
) -> Vec<&'a Searched> {
    let differs = |it: &&Searched| it.knob.get(now) != it.knob.get(then);
    searched.iter().filter(differs).collect()
}

/// Makes changes fewer and smaller. What is compared with is always the best, so that small losses do not add up.
struct Trimming<'a> {
    judge: &'a Judge,
    best: &'a Judged,
    before: &'a Judged,
}

impl Trimming<'_> {
    /// As good as the best but for what may be spared, and allowed.
    fn is_as_good(&self, it: &Judged) -> bool {
        thresholds(&it.setup).validate().is_ok()
            && it.loss(self.best) <= SPARE
            && lost(it, self.before) <= 0.0
            && it.time_ratio(self.before) <= 1.0
            && it.all_tokens() <= self.before.all_tokens()
    }

    fn with(&self, it: &Searched, value: u64, of: &Setup) -> Judged {
        let mut setup = *of;
        it.knob.set(&mut setup, value, &self.before.setup);
        self.judge.judge(&setup)
    }

    /// Takes changes back one at a time, the one first that is missed least, as long as they are not missed.
    fn drop_idle(&self, searched: &[Searched], now: &mut Judged) {
        loop {
            let without = changed(searched, &now.setup, &self.before.setup)
                .into_iter()
                .map(|it| self.with(it, it.knob.get(&self.before.setup), &now.setup))
                .filter(|it| self.is_as_good(it))
                .min_by(|a, b| a.loss(self.best).total_cmp(&b.loss(self.best)));
            match without {
                Some(without) => *now = without,
                None => return,
            }
        }
    }

    /// The value nearest to the one before that is as good, found by halving; then a rounder one beyond it.
    fn shrink(&self, it: &Searched, now: &mut Judged) {
        if matches!(it.range, knobs::Range::Of(_)) {
            return;
        }
        let from = it.knob.get(&self.before.setup);
        let (mut missed, mut good) = (from, it.knob.get(&now.setup));
        while let Some(middle) = between(missed, good) {
            let tried = self.with(it, middle, &now.setup);
            match self.is_as_good(&tried) {
                true => (good, *now) = (middle, tried),
                false => missed = middle,
            }
        }
        if good > from && it.knob.is_capacity() {
            self.round(it, good, now);
        }
    }

    /// A power of two beyond, or else a rounder number, if it is as good.
    fn round(&self, it: &Searched, good: u64, now: &mut Judged) {
        let (knobs::Range::Log(_, most) | knobs::Range::Even(_, most)) = it.range else {
            return;
        };
        let power = good.checked_next_power_of_two();
        let rounds = ROUND.map(|unit| good.checked_next_multiple_of(unit));
        for round in [power].into_iter().chain(rounds).flatten() {
            if round <= good || round > most {
                continue;
            }
            let tried = self.with(it, round, &now.setup);
            if self.is_as_good(&tried) {
                *now = tried;
                return;
            }
        }
    }
}

/// A value between two, on the logarithmic scale where they are far apart; none if they are neighbours, or as near as makes
/// no difference.
fn between(one: u64, other: u64) -> Option<u64> {
    let (low, high) = (one.min(other), one.max(other));
    if high - low < 2 || (high - low) as f64 <= 0.01 * low as f64 {
        return None;
    }
    let middle = match low > 0 && high / low > 2 {
        true => ((low as f64) * (high as f64)).sqrt() as u64,
        false => low + (high - low) / 2,
    };
    Some(middle.clamp(low + 1, high - 1))
}
