//! What settings come to on traces: times, memory, tokens and metrics.

use std::collections::{HashMap, HashSet};

use autoexec_metrics::stats::median;

use crate::error::Error;
use crate::replay::{CostModel, Outcome, Played, Player};
use crate::trace::{Setup, Trace, What};
use crate::workflow::model::Class;

use super::metrics::{self, Scores};

/// A task is in time up to so many times the median of its class.
const IN_TIME: f64 = 1.5;

/// What is learned once, from the traces that are not held out.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) cost: CostModel,
    /// The time of `cpu`, `io` and `memory` in nanoseconds; none where no task of the class was recorded.
    class_ns: [Option<f64>; 3],
    /// Settings beside which none are faster.
    ideal: Setup,
}

/// Judges settings by some of the traces; the others are replayed too, as what they leave in the caches matters.
pub(super) struct Judge {
    player: Player,
    runs: Vec<Recorded>,
    known: Known,
    recovery: Option<f64>,
    self_correction: Option<f64>,
}

/// What a trace says, whatever the settings.
struct Recorded {
    counts: bool,
    /// The class of each step.
    classes: Vec<Class>,
    /// Bytes of all that its process had asked for when it ended, as the caches charge them.
    touched: u64,
    /// The time by the ideal settings, in nanoseconds.
    floor_ns: u64,
}

/// What settings come to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judged {
    pub(super) setup: Setup,
    /// Sums over the traces that count.
    pub(super) outcome: Outcome,
    /// Of each of them, in nanoseconds.
    pub(super) times: Vec<f64>,
    /// Of each of them, the tokens spent.
    pub(super) tokens: Vec<f64>,
    /// How near they are to their floor on average; none if nothing took any time.
    pub(super) efficiency: Option<f64>,
    pub(super) scores: Scores,
}

impl Known {
    /// O(accesses × log accesses).
    pub(super) fn learn(training: &[Trace], current: &Setup, watches: bool) -> Self {
        let of_class = |class: Class| {
            let steps = training.iter().flat_map(|it| &it.steps);
            let tasks = steps
                .filter(|it| it.class == class)
                .flat_map(|it| &it.tasks);
            let mut times: Vec<f64> = tasks.map(|it| it.ns as f64).collect();
            median(&mut times).map(|it| it * IN_TIME)
        };
        Self {
            cost: CostModel::fit(training),
            class_ns: [Class::Cpu, Class::Io, Class::Memory].map(of_class),
            ideal: ideal(current, watches),
        }
    }

    fn class_ns(&self, class: Class) -> f64 {
        let at = match class {
            Class::Cpu => 0,
            Class::Io => 1,
            Class::Memory => 2,
        };
        self.class_ns[at].unwrap_or(f64::INFINITY)
    }
}

/// All is held, nothing waits for a place, and every processor reads.
fn ideal(current: &Setup, watches: bool) -> Setup {
    let mut ideal = *current;
    (ideal.files_entries, ideal.files_bytes) = (u64::MAX >> 1, u64::MAX >> 1);
    ideal.files_workers = ideal.processors;
    ideal.files_watch |= watches;
    (ideal.paths_entries, ideal.prompts) = (u64::MAX >> 1, u64::MAX >> 1);
    (ideal.prompt_bytes, ideal.prompt_ttl_ns) = (u64::MAX >> 1, u64::MAX >> 1);
    (ideal.limit_cpu, ideal.limit_io) = (1 << 16, 1 << 16);
    ideal
}

impl Judge {
    /// Of traces in the order of their beginnings; `counts` says which of them are judged.
    ///
    /// # Errors
    /// The steps of a trace need each other in a circle.
    pub(super) fn new(traces: &[Trace], counts: &[bool], known: &Known) -> Result<Self, Error> {
        let player = Player::new(traces)?;
        let floors = player.replay_each(&known.ideal, &known.cost);
        let touched = touched(traces);
        let runs = traces.iter().enumerate().map(|(at, trace)| Recorded {
            counts: counts[at],
            classes: trace.steps.iter().map(|it| it.class).collect(),
            touched: touched[at],
            floor_ns: floors[at].outcome.makespan_ns,
        });
        let counted = traces.iter().zip(counts).filter(|it| *it.1).map(|it| it.0);
        Ok(Self {
            runs: runs.collect(),
            recovery: metrics::recovery(counted),
            self_correction: metrics::self_correction(traces, |at| counts[at]),
            known: known.clone(),
            player,
        })
    }

    /// Replays once. O(accesses).
    pub(super) fn judge(&self, setup: &Setup) -> Judged {
        let played = self.player.replay_each(setup, &self.known.cost);
        let all = self.runs.iter().zip(&played);
        let counted: Vec<(&Recorded, &Played)> = all.filter(|it| it.0.counts).collect();
        let outcomes = || counted.iter().map(|it| &it.1.outcome);
        let mut outcome = Outcome::default();
        outcomes().for_each(|it| outcome.add(it));
        let tokens = |it: &Outcome| it.input_tokens.saturating_add(it.output_tokens) as f64;
        let efficiencies = counted.iter().filter_map(|(run, it)| run.efficiency(it));
        let efficiency = metrics::mean(efficiencies);
        let learning = counted
            .iter()
            .filter_map(|it| metrics::learning(&it.1.hits));
        let scores = Scores([
            self.completion(&counted),
            self.recovery,
            None,
            efficiency,
            None,
            self.self_correction,
            metrics::mean(learning),
        ]);
        Judged {
            setup: *setup,
            outcome,
            times: outcomes().map(|it| it.makespan_ns as f64).collect(),
            tokens: outcomes().map(tokens).collect(),
            efficiency,
            scores,
        }
    }

    /// Steps that succeeded with no task over the time of their class, of those that ran.
    fn completion(&self, counted: &[(&Recorded, &Played)]) -> Option<f64> {
        let (mut ran, mut in_time) = (0u64, 0u64);
        for (run, played) in counted {
            for (step, class) in played.steps.iter().zip(&run.classes) {
                let is_in_time = step.longest_ns as f64 <= self.known.class_ns(*class);
                ran += u64::from(step.ran);
                in_time += u64::from(step.ran && step.succeeded && is_in_time);
            }
        }
        (ran > 0).then(|| in_time as f64 / ran as f64)
    }
}

impl Recorded {
    /// Time x memory of the floor over what was used. Less memory than all that was asked for is no gain: what is not held
    /// has to be read again.
    fn efficiency(&self, played: &Played) -> Option<f64> {
        let time = played.outcome.makespan_ns;
        let memory = played.outcome.peak_bytes.max(self.touched);
        let of_time = (time > 0).then(|| self.floor_ns as f64 / time as f64)?;
        let of_memory = match memory {
            0 => 1.0,
            memory => self.touched.max(1) as f64 / memory as f64,
        };
        Some((of_time * of_memory).min(1.0))
    }
}

impl Judged {
    /// The mean of the times beside those of the settings that they are compared with.
    pub(super) fn time_ratio(&self, before: &Self) -> f64 {
        let pairs = self.times.iter().zip(&before.times);
        let ratios = pairs.filter(|it| *it.1 > 0.0).map(|(now, then)| now / then);
        metrics::mean(ratios).unwrap_or(1.0)
    }

    pub(super) fn all_tokens(&self) -> f64 {
        self.tokens.iter().sum()
    }

    /// By how much this is worse than another, at most, in score, time or tokens; as a share.
    pub(super) fn loss(&self, other: &Self) -> f64 {
        let score = |it: &Self| it.scores.autonomy().unwrap_or(0.0);
        let share = |loss: f64, of: f64| if of > 0.0 { loss / of } else { loss.max(0.0) };
        let tokens = self.all_tokens() - other.all_tokens();
        let losses = [
            share(score(other) - score(self), score(other)),
            self.time_ratio(other) - 1.0,
            share(tokens, other.all_tokens()),
        ];
        losses.into_iter().fold(f64::NEG_INFINITY, f64::max)
    }
}

/// Of each trace, the bytes of the different files and questions that its process had asked for when it ended, with what
/// the caches charge for a file.
fn touched(traces: &[Trace]) -> Vec<u64> {
    let mut seen: HashSet<(u64, u64, bool)> = HashSet::new();
    let mut sums: HashMap<u64, u64> = HashMap::new();
    let mut all = Vec::with_capacity(traces.len());
    for trace in traces {
        let session = trace.header.session;
        let sum = sums.entry(session).or_default();
        for access in &trace.accesses {
            match &access.what {
                What::Files(reads) => {
                    for read in reads.iter().filter(|it| it.answer.is_had()) {
                        let file = &trace.files[read.file as usize];
                        if seen.insert((session, file.identity, true)) {
                            let charge = autoexec_file_cache::ENTRY_OVERHEAD;
                            let charge = charge + u64::from(file.name_bytes);
                            *sum = sum.saturating_add(read.bytes.saturating_add(charge));
                        }
                    }
                }
                What::Question(question) => {
                    let Some(prompt) = question.prompt else {
                        continue;
                    };
                    let prompt = &trace.prompts[prompt as usize];
                    if seen.insert((session, prompt.identity, false)) {
                        let bytes = prompt.bytes.saturating_add(question.answer_bytes);
                        *sum = sum.saturating_add(bytes);
                    }
                }
                _ => {}
            }
        }
        all.push(*sum);
    }
    all
}
