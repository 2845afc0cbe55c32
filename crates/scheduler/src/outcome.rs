//! How a task fails, how a step ends, and what a whole run amounts to.

use std::any::Any;
use std::fmt;

use crate::graph::StepId;

/// Why a task failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure<E> {
    /// It returned an error.
    Error(E),
    /// It panicked; carries the message of the panic.
    Panicked(String),
}

impl<E> Failure<E> {
    pub(crate) fn from_panic(payload: Box<dyn Any + Send>) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        // Dropping a payload runs code of the caller's, which could panic where nothing catches it.
        if message.is_none() {
            std::mem::forget(payload);
        }
        Self::Panicked(message.unwrap_or_else(|| "a panic without a message".to_owned()))
    }
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => error.fmt(f),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
        }
    }
}

impl<E: std::error::Error> std::error::Error for Failure<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Error(error) => error.source(),
            Self::Panicked(_) => None,
        }
    }
}

/// What became of one item of a step: `None` if it never started.
pub type ItemResult<T, E> = Option<Result<T, Failure<E>>>;

/// Why a step was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// [`Runner::prepare`](crate::Runner::prepare) said so.
    Condition,
    /// This dependency did not succeed. Of several, the one with the lowest id.
    Dependency(StepId),
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T, E> {
    /// All its items succeeded; their outputs by index.
    Succeeded(Vec<T>),
    /// Not all its items succeeded; what became of each by index. `None` never started, because
    /// the run was stopped or cancelled in the middle of the step; if no entry is an error, that
    /// is the only thing that went wrong. A step whose preparation failed has one entry.
    Failed(Vec<ItemResult<T, E>>),
    /// It was skipped.
    Skipped(Skip),
    /// The run was stopped or cancelled before any of its items started.
    Cancelled,
}

impl<T, E> Outcome<T, E> {
    /// Whether all items succeeded.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Succeeded(_))
    }

    /// The failing item with the lowest index, and its failure.
    #[must_use]
    pub fn failure(&self) -> Option<(u32, &Failure<E>)> {
        let Self::Failed(items) = self else {
            return None;
        };
        (0..).zip(items).find_map(|(index, item)| match item {
            Some(Err(failure)) => Some((index, failure)),
            _ => None,
        })
    }

    /// The outcome of a step with a single item.
    pub(crate) fn of_one(result: Result<T, Failure<E>>) -> Self {
        match result {
            Ok(output) => Self::Succeeded(vec![output]),
            Err(failure) => Self::Failed(vec![Some(Err(failure))]),
        }
    }

    /// The outcome of a step with many items.
    pub(crate) fn of_many(items: Vec<ItemResult<T, E>>) -> Self {
        if items.iter().all(Option::is_none) {
            return Self::Cancelled;
        }
        if !items.iter().all(|item| matches!(item, Some(Ok(_)))) {
            return Self::Failed(items);
        }
        Self::Succeeded(items.into_iter().flatten().flatten().collect())
    }
}

/// What a run did, as counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Tasks that were started; all of them have ended.
    pub tasks_run: u64,
    /// The most places in classes that were taken at one time.
    pub peak_running: usize,
    /// tokio tasks that were spawned to run the steps.
    pub workers_spawned: u64,
}

/// What became of every step of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report<T, E> {
    /// One outcome a step, by [`StepId::index`].
    pub outcomes: Vec<Outcome<T, E>>,
    /// What it took.
    pub stats: Stats,
}

impl<T, E> Report<T, E> {
    /// Whether every step succeeded.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.outcomes.iter().all(Outcome::is_success)
    }

    /// How `step` ended.
    ///
    /// # Panics
    ///
    /// If the step is not of the graph that was run.
    #[must_use]
    pub fn outcome(&self, step: StepId) -> &Outcome<T, E> {
        &self.outcomes[step.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_items_fail_when_one_did_or_did_not_start() {
        let check = |items: Vec<ItemResult<u8, ()>>, expect| {
            assert_eq!(Outcome::of_many(items), expect);
        };
        check(
            vec![Some(Ok(1)), Some(Ok(2))],
            Outcome::Succeeded(vec![1, 2]),
        );
        check(vec![None, None], Outcome::Cancelled);
        let cut_short = vec![Some(Ok(1)), None];
        check(cut_short.clone(), Outcome::Failed(cut_short));
    }

    #[test]
    fn the_first_failure_is_the_lowest_index() {
        let items = vec![
            None,
            Some(Ok(())),
            Some(Err(Failure::Error("b"))),
            Some(Err(Failure::Error("c"))),
        ];
        let outcome = Outcome::Failed(items);
        assert_eq!(outcome.failure(), Some((2, &Failure::Error("b"))));
    }
}
