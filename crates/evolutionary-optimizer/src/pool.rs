//! Threads that evaluate a generation together, and wait between generations.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::candidate::Candidate;
use crate::error::Error;
use crate::evaluation::Measured;
use crate::optimizer::Optimizer;
use crate::run::Job;
use crate::space::Space;

/// What the threads share. The lock is never held while the objective runs.
#[derive(Debug, Default)]
struct Shared {
    /// The genes of all rows of the generation.
    genes: Vec<f64>,
    jobs: Vec<Job>,
    /// The number of jobs of this generation.
    count: usize,
    /// The next job that nobody has.
    next: usize,
    /// The number of jobs that are done.
    done: usize,
    is_over: bool,
    panic: Option<Box<dyn Any + Send>>,
}

/// The threads' common state; the calling thread works too.
pub(crate) struct Pool<'a> {
    shared: Mutex<Shared>,
    /// Told when there are jobs, or when it is over.
    work: Condvar,
    /// Told when all jobs of a generation are done.
    rest: Condvar,
    evaluate: &'a (dyn Fn(&Candidate, &mut Job) + Sync),
    space: &'a Space,
}

impl Pool<'_> {
    /// Lends a pool of `threads` threads, the caller's included, to `then`. Where the system refuses a thread, fewer do
    /// the work.
    pub(crate) fn with<F, M, T>(
        threads: usize,
        space: &Space,
        objective: &F,
        then: impl FnOnce(&Pool<'_>) -> T,
    ) -> T
    where
        F: Fn(&Candidate) -> M + Sync,
        M: Measured,
    {
        let evaluate = |candidate: &Candidate, job: &mut Job| {
            let measured = objective(candidate);
            job.written = Some(measured.write(&mut job.objectives, &mut job.constraints));
        };
        let pool = Pool {
            shared: Mutex::new(Shared::default()),
            work: Condvar::new(),
            rest: Condvar::new(),
            evaluate: &evaluate,
            space,
        };
        thread::scope(|scope| {
            // Ends the threads however `then` ends: the scope waits for them.
            let _end = End(&pool);
            for _ in 1..threads {
                // Without this thread the others do its work.
                _ = thread::Builder::new().spawn_scoped(scope, || pool.stay());
            }
            then(&pool)
        })
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Evaluates what is left of a generation.
    pub(crate) fn generation(&self, optimizer: &mut Optimizer) -> Result<(), Error> {
        let mut shared = self.lock();
        shared.fill(optimizer);
        drop(shared);
        self.work.notify_all();
        let mut scratch = self.scratch();
        while self.one(&mut scratch, self.lock()) {}
        let mut shared = self.lock();
        while shared.done < shared.count && shared.panic.is_none() {
            shared = self
                .rest
                .wait(shared)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(payload) = shared.panic.take() {
            drop(shared);
            resume_unwind(payload);
        }
        shared.settle(optimizer)
    }

    /// What the other threads do until it is over.
    fn stay(&self) {
        let mut scratch = self.scratch();
        loop {
            let mut shared = self.lock();
            while shared.next == shared.count && !shared.is_over {
                shared = self
                    .work
                    .wait(shared)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            if shared.is_over {
                return;
            }
            self.one(&mut scratch, shared);
        }
    }

    /// Does one job, if one is left.
    fn one(&self, scratch: &mut Candidate, mut shared: MutexGuard<'_, Shared>) -> bool {
        if shared.next == shared.count || shared.is_over {
            return false;
        }
        let index = shared.next;
        shared.next += 1;
        let mut job = std::mem::take(&mut shared.jobs[index]);
        let dimensions = scratch.values().len();
        scratch.decode(&shared.genes[index * dimensions..][..dimensions]);
        drop(shared);
        let result = catch_unwind(AssertUnwindSafe(|| (self.evaluate)(scratch, &mut job)));
        let mut shared = self.lock();
        shared.jobs[index] = job;
        shared.done += 1;
        if let Err(payload) = result {
            shared.panic.get_or_insert(payload);
            shared.is_over = true;
        }
        if shared.done == shared.count || shared.is_over {
            self.rest.notify_all();
        }
        true
    }

    fn scratch(&self) -> Candidate {
        Candidate::of(self.space, &vec![0.0; self.space.len()])
    }
}

impl Shared {
    /// Makes jobs of the trials that wait.
    fn fill(&mut self, optimizer: &mut Optimizer) {
        self.genes.clear();
        (self.count, self.next, self.done) = (0, 0, 0);
        while let Some((id, place)) = optimizer.issue(false) {
            self.genes.extend_from_slice(optimizer.genes(place));
            if self.jobs.len() == self.count {
                self.jobs.push(Job::default());
            }
            let job = &mut self.jobs[self.count];
            job.id = id;
            job.written = None;
            job.objectives.resize(optimizer.objectives.len(), f64::NAN);
            job.constraints
                .resize(optimizer.constraints.len(), f64::NAN);
            self.count += 1;
        }
        let count = self.count as u64;
        optimizer.log.iter_mut().for_each(|log| log.asked(count));
    }

    /// Tells what was measured, in the order in which it was asked.
    fn settle(&mut self, optimizer: &mut Optimizer) -> Result<(), Error> {
        for job in &self.jobs[..self.count] {
            optimizer.objectives.copy_from_slice(&job.objectives);
            optimizer.constraints.copy_from_slice(&job.constraints);
            let written = job.written.expect("because all jobs are done");
            optimizer.settle(job.id, written)?;
        }
        Ok(())
    }
}

/// Ends the threads of a pool when dropped.
struct End<'a, 'b>(&'a Pool<'b>);

impl Drop for End<'_, '_> {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.0.work.notify_all();
    }
}
