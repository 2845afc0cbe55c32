//! An answer that several tasks wait for.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What a job will say, and who waits for it.
pub(super) struct Answer<T>(Mutex<State<T>>);

struct State<T> {
    outcome: Option<T>,
    /// Who waits still.
    askers: usize,
    /// Whether somebody has had it.
    taken: bool,
    /// By seat; a seat that was given up stays empty.
    wakers: Vec<Option<Waker>>,
}

/// A task that waits for an answer. Resolves to the answer and whether this is the first to have it.
#[must_use]
pub(super) struct Asker<T> {
    answer: Arc<Answer<T>>,
    seat: Option<usize>,
}

impl<T> Answer<T> {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            outcome: None,
            askers: 0,
            taken: false,
            wakers: Vec::new(),
        })))
    }

    pub(super) fn ask(self: &Arc<Self>) -> Asker<T> {
        self.lock().askers += 1;
        Asker {
            answer: self.clone(),
            seat: None,
        }
    }

    /// Whether anybody waits still.
    pub(super) fn is_wanted(&self) -> bool {
        self.lock().askers > 0
    }

    /// Gives the answer to all who wait.
    pub(super) fn land(&self, outcome: T) {
        let mut state = self.lock();
        state.outcome = Some(outcome);
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Future for Asker<T> {
    type Output = (T, bool);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = self.answer.clone();
        let mut state = answer.lock();
        let is_last = state.askers == 1;
        let outcome = if is_last {
            state.outcome.take()
        } else {
            state.outcome.clone()
        };
        if let Some(outcome) = outcome {
            return Poll::Ready((outcome, !std::mem::replace(&mut state.taken, true)));
        }
        let waker = Some(context.waker().clone());
        match self.seat {
            Some(seat) => state.wakers[seat] = waker,
            None => {
                self.seat = Some(state.wakers.len());
                state.wakers.push(waker);
            }
        }
        Poll::Pending
    }
}

impl<T> Drop for Asker<T> {
    fn drop(&mut self) {
        let mut state = self.answer.lock();
        state.askers -= 1;
        if let Some(waker) = self.seat.and_then(|seat| state.wakers.get_mut(seat)) {
            *waker = None;
        }
    }
}
