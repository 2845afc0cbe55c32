//! The watcher on Linux, on inotify.

mod lease;
mod queue;
mod state;
mod way;

use crate::mark::{Proof, Ticket, Watched};
use crate::{Begun, Error, Interest, Options, Refusal, Stats, Subject};
use queue::{Poll, Queue};
use rustix::io::Errno;
use state::{Effect, State};
use std::path::Path;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicU64, AtomicUsize, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many threads can look into the queue at once without waiting for each other.
const SEATS: usize = 8;

/// What the public type holds on Linux.
///
/// # How a refresh works without the lock
///
/// Notifications wait in the queue until they are read, which only happens under the lock. So a thread that finds
/// the queue empty knows that every notification has been read; and that it has been applied as well, unless somebody
/// is between the reading and the applying, which `reading` tells: then it waits for the lock. A change of mounts is
/// told once to each descriptor of the list of mounts, so each seat has one of its own, and is held until the change is
/// applied.
#[derive(Debug)]
pub(crate) struct Inner<T> {
    interest: Interest,
    options: Options,
    queue: Queue,
    seats: [Mutex<Seat>; SEATS],
    state: Mutex<State<T>>,
    /// The poll that goes with the lock.
    poll: Poll,
    /// Odd while notifications that were read are not applied yet. Written under the lock.
    reading: AtomicU64,
    /// Grows whenever paths may lead elsewhere. Written under the lock.
    epoch: AtomicU64,
    /// The epoch in which notifications were lost last. Items proven before cannot be renewed.
    lost: AtomicU64,
    tickets: AtomicU64,
    counters: Counters,
}

/// What a thread looks into the queue with.
#[derive(Debug, Default)]
struct Seat {
    /// Made when it is first needed.
    poll: Option<Poll>,
    refreshes: u64,
}

#[derive(Debug, Default)]
struct Counters {
    /// Those under the lock.
    refreshes: AtomicU64,
    notifications: AtomicU64,
    path_changes: AtomicU64,
    losses: AtomicU64,
    refusals: AtomicU64,
}

impl<T: Watched> Inner<T> {
    pub(crate) fn new(interest: Interest, options: Options) -> Result<Self, Error> {
        let queue = Queue::new()?;
        Ok(Self {
            interest,
            options,
            poll: queue.poll()?,
            queue,
            seats: Default::default(),
            state: Mutex::new(State::new()),
            reading: AtomicU64::new(0),
            epoch: AtomicU64::new(1),
            lost: AtomicU64::new(0),
            tickets: AtomicU64::new(0),
            counters: Counters::default(),
        })
    }

    pub(crate) fn refresh(&self) -> Proof {
        match self.seats[seat_of_thread()].try_lock() {
            Ok(mut seat) => self.refresh_from(&mut seat),
            Err(_) => self.drain(&mut self.lock()),
        }
        Proof {
            epoch: self.epoch.load(Acquire),
        }
    }

    fn refresh_from(&self, seat: &mut Seat) {
        let Some(poll) = &seat.poll else {
            // A new poll knows nothing of changes before it: those are told by the one that goes with the lock.
            seat.poll = self.queue.poll().ok();
            return self.drain(&mut self.lock());
        };
        seat.refreshes += 1;
        let pending = poll.pending();
        // What was found about the queue comes before what is found about its reader.
        fence(SeqCst);
        if pending.any() {
            self.apply(&mut self.lock(), pending);
        } else if self.is_applying() {
            drop(self.lock());
        }
    }

    /// Whether a thread, which has the lock then, has read notifications that it has not applied yet.
    fn is_applying(&self) -> bool {
        self.reading.load(Acquire) % 2 == 1
    }

    /// Applies what waits in the queue.
    fn drain(&self, state: &mut State<T>) {
        self.counters.refreshes.fetch_add(1, Relaxed);
        let pending = self.poll.pending();
        if pending.any() {
            self.apply(state, pending);
        }
    }

    #[cold]
    fn apply(&self, state: &mut State<T>, pending: queue::Pending) {
        let (mut paths, mut lost) = (pending.mounts, false);
        self.reading.fetch_add(1, SeqCst);
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
        self.reading.fetch_add(1, SeqCst);
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
        if item.mark().watch() != watch
            && let Some(idle) = state.forget_item(item)
        {
            self.queue.remove(idle); // It was armed at another inode before.
        }
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
            refreshes: get(&self.counters.refreshes) + self.refreshes_from_seats(),
            notifications: get(&self.counters.notifications),
            path_changes: get(&self.counters.path_changes),
            losses: get(&self.counters.losses),
            refusals: get(&self.counters.refusals),
        }
    }

    fn refreshes_from_seats(&self) -> u64 {
        let of = |seat: &Mutex<Seat>| {
            seat.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .refreshes
        };
        self.seats.iter().map(of).sum()
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

/// Threads take seats in turn. Which one a thread has is of no account to anybody.
#[inline]
fn seat_of_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static SEAT: usize = NEXT.fetch_add(1, Relaxed) % SEATS;
    }
    SEAT.with(|seat| *seat)
}

fn refusal(errno: Errno) -> Refusal {
    match errno {
        Errno::NOSPC | Errno::NOMEM => Refusal::Limit,
        _ => Refusal::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mark;
    use std::sync::{Arc, Weak};

    #[derive(Clone, Debug)]
    struct Item(Arc<Mark>);

    impl Watched for Item {
        fn mark(&self) -> &Mark {
            &self.0
        }
    }

    fn proven_in(epoch: u64) -> Item {
        let item = Item(Arc::default());
        let ticket = item.mark().take_ticket(1, epoch);
        assert!(item.mark().advance(ticket.number, epoch));
        item
    }

    #[test]
    fn what_was_proven_before_a_loss_ended_is_not_renewed() {
        let inner = Inner::<Item>::new(Interest::Contents, Options::default()).unwrap();
        inner.lost.store(4, Release);
        inner.epoch.store(7, Release);
        let begun = Begun {
            epoch: 7,
            end: None,
        };
        let renewed = [3, 4, 5].map(|epoch| inner.renew(&begun, epoch, &proven_in(epoch)));
        assert_eq!(renewed, [false, false, true]);
        assert!(
            !inner.renew(&begun, 5, &proven_in(6)),
            "it has changed since it was seen"
        );
    }

    #[test]
    fn a_look_into_the_queue_is_counted_once() {
        let inner = Inner::<Item>::new(Interest::Contents, Options::default()).unwrap();
        (0..5).for_each(|_| _ = inner.refresh());
        assert_eq!(inner.stats().refreshes, 5);
        inner.drain(&mut inner.lock());
        assert_eq!(inner.stats().refreshes, 6);
    }

    /// An item that notes what is said of applying whenever it is asked for its mark.
    #[derive(Clone)]
    struct Witness {
        mark: Arc<Mark>,
        inner: Weak<Inner<Self>>,
        said: Arc<Mutex<Vec<bool>>>,
    }

    impl Watched for Witness {
        fn mark(&self) -> &Mark {
            let is_applying = self.inner.upgrade().unwrap().is_applying();
            self.said.lock().unwrap().push(is_applying);
            &self.mark
        }
    }

    /// Others wait for the lock then, and only then: for so short a time that no test with threads would notice.
    #[test]
    fn notifications_are_said_to_be_applied_while_they_are() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let inner = Arc::new(Inner::new(Interest::Contents, Options::default()).unwrap());
        let witness = Witness {
            mark: Arc::default(),
            inner: Arc::downgrade(&inner),
            said: Arc::default(),
        };
        let wanted = state::wanted(Interest::Contents);
        let watch = inner.queue.add(file.path(), wanted).unwrap();
        inner.lock().target(watch).0.items.push(witness.clone());
        let said = || std::mem::take(&mut *witness.said.lock().unwrap());
        for text in ["one", "two", "three"] {
            assert!(!inner.is_applying(), "before {text}");
            std::fs::write(file.path(), text).unwrap();
            inner.refresh();
            let said = said();
            assert!(!said.is_empty() && said.iter().all(|&it| it), "{said:?}");
        }
        assert!(!inner.is_applying());
        inner.refresh();
        assert_eq!(said(), [], "there was nothing to apply");
    }

    #[test]
    fn no_more_watches_and_no_way_are_told_apart() {
        let errors = [Errno::NOSPC, Errno::NOMEM, Errno::ACCESS, Errno::NOENT];
        let told = errors.map(refusal);
        let (limit, unreachable) = (Refusal::Limit, Refusal::Unreachable);
        assert_eq!(told, [limit, limit, unreachable, unreachable]);
    }
}
