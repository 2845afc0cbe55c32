//! Searching for the settings with which recorded runs would have cost least.
//!
//! Each candidate is a replay of the traces ([`crate::replay`]); nothing is run. The newest traces are held out: the search
//! never sees them, and what a proposal gains is measured on them alone. Of the settings that no others dominate in time,
//! memory and tokens, those with the best score of the seven [`METRICS`] are proposed, with the fewest and smallest changes that
//! are as good. Metrics that traces cannot show are absent, not 0. What is measured how: `docs/tune.md`.
//!
//! Nothing is asked of the machine: the same traces and options give the same outcome, on however many threads.

mod facts;
mod gain;
mod judge;
mod knobs;
mod load;
mod metrics;
mod outcome;
mod patch;
mod reason;
mod search;
#[cfg(test)]
mod tests;

pub use gain::{Ratio, Verdict};
pub use load::{Loaded, load};
pub use metrics::{METRICS, Metric, Scores};
pub use outcome::{Change, Figures, FrontRow, Tuned};
pub use patch::{apply, patched};

use crate::trace::{Setup, Trace};

use facts::Facts;
use judge::{Judge, Known};

/// How to search.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TraceOptions {
    /// The settings that are to be improved.
    pub current: Setup,
    /// Replays of the search; some tens more choose among what it found. Default: 2,000.
    pub budget: u64,
    /// The seed of all draws. Default: 0.
    pub seed: u64,
    /// The share of traces that is held out; 0 for none. Default: 0.3.
    pub held_out: f64,
    /// Threads that replay. They do not change the outcome. Default: 1.
    pub threads: usize,
}

impl TraceOptions {
    /// Options to improve these settings.
    #[must_use]
    pub fn new(current: Setup) -> Self {
        Self {
            current,
            budget: 2_000,
            seed: 0,
            held_out: 0.3,
            threads: 1,
        }
    }
}

/// Sees how the search goes on.
pub trait TraceWatcher {
    /// After so many replays the shortest mean time is this, that before being 1.
    fn searched(&mut self, replays: u64, best: f64) {
        let _ = (replays, best);
    }
}

/// Watches nothing.
impl TraceWatcher for () {}

/// Searches for better settings. O(budget × accesses / threads).
///
/// # Errors
/// No trace, settings that are not valid, or a trace whose steps need each other in a circle, as text after "failed to".
pub fn tune(
    mut traces: Vec<Trace>,
    options: &TraceOptions,
    watcher: &mut dyn TraceWatcher,
) -> Result<Tuned, String> {
    if traces.is_empty() {
        return Err("tune without a trace".into());
    }
    crate::replay::thresholds(&options.current)
        .validate()
        .map_err(|e| format!("take the settings as they are: {e}"))?;
    load::sort(&mut traces);
    let current = on_the_machine_of(&traces, options.current);
    let held = load::held_out(&traces, options.held_out);
    let kept = traces.iter().zip(&held).filter(|it| !it.1);
    let kept: Vec<Trace> = kept.map(|it| it.0.clone()).collect();
    let facts = Facts::of(&kept);
    let known = Known::learn(&kept, &current, facts.watches);
    let judge = Judge::new(&kept, &vec![true; kept.len()], &known).map_err(|e| e.to_string())?;
    let before = judge.judge(&current);
    let (searched, left_out) = knobs::choose(&facts, &current);
    let found = match searched.is_empty() {
        true => None,
        false => Some(search::search(
            &judge, &before, &searched, options, watcher,
        )?),
    };
    let front = found.as_ref().map_or(&[][..], |it| &it.front);
    let after = search::chosen(&judge, &before, &searched, front);
    let on_held = match held.contains(&true) {
        true => {
            let judge = Judge::new(&traces, &held, &known).map_err(|e| e.to_string())?;
            let both = [&before, &after].map(|it| judge.judge(&it.setup));
            Some(both)
        }
        false => None,
    };
    let parts = outcome::Parts {
        judge: &judge,
        searched: &searched,
        left_out,
        training: [before, after],
        held_out: on_held,
        found,
    };
    Ok(parts.tuned())
}

/// The settings on the machine that recorded the newest trace: its processors, and with them a limit that follows them.
fn on_the_machine_of(traces: &[Trace], mut current: Setup) -> Setup {
    if let Some(newest) = traces.last() {
        let processors = newest.header.setup.processors;
        if current.limit_cpu == current.processors {
            current.limit_cpu = processors;
        }
        current.processors = processors;
    }
    current
}
