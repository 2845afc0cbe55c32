//! The watcher on Linux, on inotify.

mod lease;
mod queue;
mod state;
mod way;

use crate::mark::{Proof, Ticket, Watched};
use crate::{Begun, Error, Interest, Options, Refusal, Stats, Subject};
use queue::Queue;
use rustix::io::Errno;
use state::{Effect, State};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the public type holds on Linux.
#[derive(Debug)]
pub(crate) struct Inner<T> {
    interest: Interest,
    options: Options,
    queue: Queue,
    state: Mutex<State<T>>,
    /// Grows whenever paths may lead elsewhere. Written under the lock.
    epoch: AtomicU64,
    /// The epoch in which notifications were lost last. Items proven before cannot be renewed.
    lost: AtomicU64,
    /// Numbers of refreshes, so that who waited for the lock can use one that began after it had asked.
    begun: AtomicU64,
    ended: AtomicU64,
    tickets: AtomicU64,
    counters: Counters,
}

#[derive(Debug, Default)]
struct Counters {
    refreshes: AtomicU64,
    notifications: AtomicU64,
    path_changes: AtomicU64,
    losses: AtomicU64,
    refusals: AtomicU64,
}

impl<T: Watched> Inner<T> {
    pub(crate) fn new(interest: Interest, options: Options) -> Result<Self, Error> {
        Ok(Self {
            interest,
            options,
            queue: Queue::new()?,
            state: Mutex::new(State::new()),
            epoch: AtomicU64::new(1),
            lost: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            tickets: AtomicU64::new(0),
            counters: Counters::default(),
        })
    }

    pub(crate) fn refresh(&self) -> Proof {
        let asked = self.begun.load(Acquire);
        let mut state = self.lock();
        if self.ended.load(Acquire) <= asked {
            let number = self.begun.fetch_add(1, Release) + 1;
            self.drain(&mut state);
            self.ended.store(number, Release);
        }
        Proof {
            epoch: self.epoch.load(Acquire),
        }
    }

    /// Applies what waits in the queue.
    fn drain(&self, state: &mut State<T>) {
        self.counters.refreshes.fetch_add(1, Relaxed);
        let pending = self.queue.pending();
        if pending.any() {
            self.apply(state, pending);
        }
    }

    #[cold]
    fn apply(&self, state: &mut State<T>, pending: queue::Pending) {
        let (mut paths, mut lost) = (pending.mounts, false);
        if pending.notifications {
            let read = self.queue.read(|event| {
                self.counters.notifications.fetch_add(1, Relaxed);
                match state.apply(&event) {
                    Effect::Own => {}
                    Effect::Paths => paths = true,
                    Effect::Lost => lost = true,
                }
            });
            lost |= read.is_err();
        }
        if lost {
            self.counters.losses.fetch_add(1, Relaxed);
            state.doubt_everything();
            self.lost.store(self.epoch.load(Relaxed), Release);
        }
        if paths || lost {
            self.counters.path_changes.fetch_add(1, Relaxed);
            self.epoch.fetch_add(1, Release);
            for idle in state.forget_paths() {
                self.queue.remove(idle);
            }
        }
    }

    pub(crate) fn begin(&self, parent: &Path) -> Result<Begun, Refusal> {
        let mut state = self.lock();
        if !state.ways.contains(parent) {
            state = self.look_up(state, parent);
        }
        let armed = way::arm(&mut state, &self.queue, self.options.max_watches, parent);
        let epoch = self.epoch.load(Acquire);
        drop(state);
        self.count(armed.map(|()| Begun { epoch, end: None }))
    }

    pub(crate) fn follow(&self, path: &Path) -> Result<Begun, Refusal> {
        let mut state = self.lock();
        if !state.ends.contains_key(path) {
            state = self.look_up(state, path);
        }
        let end = way::follow(&mut state, &self.queue, self.options.max_watches, path);
        let epoch = self.epoch.load(Acquire);
        drop(state);
        self.count(end.map(|end| Begun {
            epoch,
            end: Some(end),
        }))
    }

    /// Brings what a walk looks up into memory first, so that the lock is not held while a disk answers.
    fn look_up<'a>(
        &'a self,
        state: MutexGuard<'a, State<T>>,
        path: &Path,
    ) -> MutexGuard<'a, State<T>> {
        drop(state);
        _ = rustix::fs::stat(path);
        self.lock()
    }

    pub(crate) fn arm(
        &self,
        begun: &Begun,
        subject: &Subject<'_>,
        item: &T,
    ) -> Result<Ticket, Refusal> {
        let result = self.arm_item(begun, subject, item);
        self.count(result)
    }

    fn arm_item(&self, begun: &Begun, subject: &Subject<'_>, item: &T) -> Result<Ticket, Refusal> {
        let mut state = self.lock();
        if !way::tells(&mut state, subject.device, subject.file) {
            return Err(Refusal::FileSystem);
        }
        if state.watches >= self.options.max_watches {
            return Err(Refusal::Limit);
        }
        let watch = self
            .queue
            .add(begun.place(subject.path), state::wanted(self.interest))
            .map_err(refusal)?;
        if state.target(watch).1 {
            // Opened before it was armed, the file may have sent a notification to the watch it has: it is not for us.
            self.drain(&mut state);
        }
        let (target, _) = state.target(watch);
        if !target.items.iter().any(|other| other.is_same(item)) {
            target.items.push(item.clone());
        }
        item.mark().set_watch(watch);
        let number = self.tickets.fetch_add(1, Relaxed) + 1;
        let ticket = item.mark().take_ticket(number, begun.epoch);
        drop(state);
        if self.interest == Interest::Contents && !lease::has_no_writer(subject.file) {
            item.mark().doubt();
            return Err(Refusal::Writer);
        }
        Ok(ticket)
    }

    pub(crate) fn renew(&self, begun: &Begun, seen: u64, item: &T) -> bool {
        seen > self.lost.load(Acquire) && item.mark().advance(seen, begun.epoch)
    }

    pub(crate) fn release(&self, item: &T) {
        let mut state = self.lock();
        let idle = state.forget_item(item);
        item.mark().doubt();
        if let Some(watch) = idle {
            self.queue.remove(watch);
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        let get = |counter: &AtomicU64| counter.load(Relaxed);
        Stats {
            watches: self.lock().watches as u64,
            refreshes: get(&self.counters.refreshes),
            notifications: get(&self.counters.notifications),
            path_changes: get(&self.counters.path_changes),
            losses: get(&self.counters.losses),
            refusals: get(&self.counters.refusals),
        }
    }

    fn count<R>(&self, result: Result<R, Refusal>) -> Result<R, Refusal> {
        self.counters
            .refusals
            .fetch_add(u64::from(result.is_err()), Relaxed);
        result
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal(errno: Errno) -> Refusal {
    match errno {
        Errno::NOSPC | Errno::NOMEM => Refusal::Limit,
        _ => Refusal::Unreachable,
    }
}
