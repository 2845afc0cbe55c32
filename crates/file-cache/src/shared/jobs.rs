//! Work that may block, on few of the runtime's threads for that.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;

/// What is to be done. Dropped undone, it has to tell those who wait for it.
pub(super) type Job = Box<dyn FnOnce() + Send>;

/// A queue, worked off by at most so many threads. They leave when it is empty.
pub(super) struct Jobs {
    at_most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Threads that were asked for and have not left.
    workers: usize,
    queue: VecDeque<Job>,
}

/// A thread that works the queue off; dropped before it has begun when its runtime ends.
struct Worker {
    jobs: Arc<Jobs>,
    left: bool,
}

impl Jobs {
    pub(super) fn new(at_most: usize) -> Arc<Self> {
        Arc::new(Self {
            at_most: at_most.max(1),
            state: Mutex::default(),
        })
    }

    pub(super) fn submit(self: &Arc<Self>, runtime: &Handle, job: Job) {
        let mut state = self.lock();
        state.queue.push_back(job);
        if state.workers == self.at_most {
            return;
        }
        state.workers += 1;
        drop(state); // A runtime that is ending drops the worker at once, which takes the lock.
        let worker = Worker {
            jobs: self.clone(),
            left: false,
        };
        drop(runtime.spawn_blocking(|| worker.run()));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    fn run(mut self) {
        loop {
            let mut state = self.jobs.lock();
            let Some(job) = state.queue.pop_front() else {
                state.workers -= 1;
                drop(state);
                self.left = true;
                return;
            };
            drop(state);
            job();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.left {
            return;
        }
        let mut state = self.jobs.lock();
        state.workers -= 1;
        let undone = if state.workers == 0 {
            std::mem::take(&mut state.queue)
        } else {
            VecDeque::new()
        };
        drop(state);
        drop(undone);
    }
}
