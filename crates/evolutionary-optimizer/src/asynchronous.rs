//! A runner for objectives that wait: no runtime of its own, any executor polls it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use crate::candidate::Candidate;
use crate::error::Error;
use crate::evaluation::{Measured, Written};
use crate::optimizer::Optimizer;
use crate::options::Options;
use crate::report::{Outcome, Stop};
use crate::space::Space;

/// Like [`optimize`](crate::optimize) with an objective that is a future; at most `concurrency` of them are under way at
/// once, and [`Options::threads`] plays no part. The outcome is that of the closure, whatever the concurrency.
///
/// Every wake polls all futures that are under way: keep `concurrency` below some thousands. Dropping the future drops
/// them.
///
/// # Errors
///
/// As [`optimize`](crate::optimize).
pub async fn optimize_async<F, Fut, M>(
    space: &Space,
    options: &Options,
    concurrency: usize,
    objective: F,
) -> Result<Outcome, Error>
where
    F: FnMut(Candidate) -> Fut,
    Fut: Future<Output = M>,
    M: Measured,
{
    let mut optimizer = Optimizer::new(space, options)?;
    optimizer.run_async(concurrency, objective).await
}

/// An evaluation under way, or its place.
type Slot<Fut> = Option<(usize, Pin<Box<Fut>>)>;

impl Optimizer {
    /// Evaluates until the search is over, from where it stands. See [`optimize_async`].
    ///
    /// # Errors
    ///
    /// As [`Optimizer::run`].
    pub async fn run_async<F, Fut, M>(
        &mut self,
        concurrency: usize,
        mut objective: F,
    ) -> Result<Outcome, Error>
    where
        F: FnMut(Candidate) -> Fut,
        Fut: Future<Output = M>,
        M: Measured,
    {
        self.check_end()?;
        self.recall_open();
        let started = Instant::now();
        let concurrency = concurrency.max(1);
        while !self.is_done() {
            let trials = self.ask_generation();
            let mut results: Vec<Option<M>> = Vec::new();
            results.resize_with(trials.len(), || None);
            let mut waiting = trials.iter().enumerate();
            let mut slots: Vec<Slot<Fut>> = Vec::new();
            slots.resize_with(concurrency.min(trials.len()), || None);
            poll_fn(|context| {
                poll(context, &mut slots, &mut results, || {
                    let (index, (_, candidate)) = waiting.next()?;
                    Some((index, Box::pin(objective(candidate.clone()))))
                })
            })
            .await;
            for ((id, _), measured) in trials.iter().zip(results) {
                let measured = measured.expect("because all evaluations have ended");
                let written: Written = measured.write(&mut self.objectives, &mut self.constraints);
                self.settle(*id, written)?;
            }
            if self
                .options
                .time
                .is_some_and(|most| started.elapsed() >= most)
            {
                self.end(Stop::Time);
            }
        }
        Ok(self
            .outcome()
            .expect("because a search evaluates at least once"))
    }

    fn ask_generation(&mut self) -> Vec<(u64, Candidate)> {
        let mut trials = Vec::new();
        while let Some((id, place)) = self.issue(false) {
            trials.push((id, Candidate::of(&self.space, self.genes(place))));
        }
        let count = trials.len() as u64;
        self.log.iter_mut().for_each(|log| log.asked(count));
        trials
    }
}

/// Polls what is under way and fills free places until nothing more is ready.
fn poll<Fut: Future<Output = M>, M>(
    context: &mut Context<'_>,
    slots: &mut [Slot<Fut>],
    results: &mut [Option<M>],
    mut next: impl FnMut() -> Slot<Fut>,
) -> Poll<()> {
    let mut is_pending = false;
    for slot in slots {
        loop {
            if slot.is_none() {
                *slot = next();
            }
            let Some((index, future)) = slot else { break };
            let Poll::Ready(measured) = future.as_mut().poll(context) else {
                is_pending = true;
                break;
            };
            results[*index] = Some(measured);
            *slot = None;
        }
    }
    match is_pending {
        true => Poll::Pending,
        false => Poll::Ready(()),
    }
}
