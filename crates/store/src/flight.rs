//! One computation per key, however many threads and tasks ask for it.

use crate::key::KeyBytes;
use crate::{Fingerprint, Value};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};

/// The most tags and files that are remembered to have been invalidated during one computation. After more, what it yields
/// is not kept if it has any tag or file.
const MOST_EVENTS: usize = 4_096;

/// The computations of a namespace that are under way.
#[derive(Default)]
pub(crate) struct Flights {
    in_air: AtomicUsize,
    by_key: Mutex<HashMap<KeyBytes, Aloft>>,
}

/// A computation that can still be joined, and whose value will be kept unless something made it stale.
struct Aloft {
    flight: Arc<Flight>,
    events: Events,
}

/// What was invalidated since a computation began.
#[derive(Default)]
struct Events {
    tags: Vec<Box<str>>,
    files: HashMap<Box<[u8]>, Option<Fingerprint>>,
    too_many: bool,
}

/// A computation that is waited for.
pub(crate) struct Flight {
    state: Mutex<State>,
    landed: Condvar,
    /// The thread that computes, where it does so without giving the thread to others meanwhile.
    thread: Option<ThreadId>,
}

#[derive(Default)]
struct State {
    /// Once it has landed: the value, or nothing if there is none for those who wait.
    outcome: Option<Option<Value>>,
    /// What was invalidated before it was detached: who waits may have asked after that.
    detached: Option<Box<Events>>,
    wakers: HashMap<u64, Waker>,
    next: u64,
}

/// What somebody becomes who asks for a key.
pub(crate) enum Role<'a> {
    Leader(Leader<'a>),
    Follower(Arc<Flight>),
}

/// Who computes. Dropped before it has landed (a failure, a panic, a cancelled task), it wakes its followers, one of
/// which takes over.
#[must_use]
pub(crate) struct Leader<'a> {
    flights: &'a Flights,
    key: KeyBytes,
    flight: Arc<Flight>,
}

impl Flights {
    pub(crate) fn join(&self, key: &[u8], thread: Option<ThreadId>) -> Role<'_> {
        let mut by_key = lock(&self.by_key);
        if let Some(aloft) = by_key.get(key) {
            return Role::Follower(aloft.flight.clone());
        }
        let key: KeyBytes = key.into();
        let flight = Arc::new(Flight {
            state: Mutex::default(),
            landed: Condvar::new(),
            thread,
        });
        let aloft = Aloft {
            flight: flight.clone(),
            events: Events::default(),
        };
        by_key.insert(key.clone(), aloft);
        self.in_air.fetch_add(1, SeqCst);
        Role::Leader(Leader {
            flights: self,
            key,
            flight,
        })
    }

    /// What is computed for keys that `is_it` goes to those who have asked, and is not kept.
    pub(crate) fn detach(&self, is_it: impl Fn(&[u8]) -> bool) {
        if self.in_air.load(SeqCst) > 0 {
            lock(&self.by_key).retain(|key, aloft| {
                let stays = !is_it(key);
                if !stays {
                    aloft.detach();
                }
                stays
            });
        }
    }

    pub(crate) fn detach_one(&self, key: &[u8]) {
        if self.in_air.load(SeqCst) > 0 {
            let detached = lock(&self.by_key).remove(key);
            detached.into_iter().for_each(|mut aloft| aloft.detach());
        }
    }

    pub(crate) fn tag_removed(&self, tag: &str) {
        self.each_aloft(|events| {
            if !events.tags.iter().any(|it| **it == *tag) {
                events.tags.push(tag.into());
            }
        });
    }

    pub(crate) fn file_changed(&self, file: &[u8], now: Option<Fingerprint>) {
        self.each_aloft(|events| _ = events.files.insert(file.into(), now));
    }

    fn each_aloft(&self, record: impl Fn(&mut Events)) {
        if self.in_air.load(SeqCst) == 0 {
            return;
        }
        for aloft in lock(&self.by_key).values_mut() {
            let events = &mut aloft.events;
            events.too_many |= events.tags.len() + events.files.len() >= MOST_EVENTS;
            if !events.too_many {
                record(events);
            }
        }
    }
}

impl Aloft {
    fn detach(&mut self) {
        lock(&self.flight.state).detached = Some(Box::new(std::mem::take(&mut self.events)));
    }
}

impl Events {
    fn concern(&self, value: &Value) -> bool {
        let linked = value.tags().next().is_some() || value.files().next().is_some();
        if self.too_many && linked {
            return true;
        }
        let mut files = value.files();
        value
            .tags()
            .any(|tag| self.tags.iter().any(|it| **it == *tag))
            || files.any(|(file, then)| self.files.get(file).is_some_and(|now| *now != Some(then)))
    }
}

impl Leader<'_> {
    /// Has `keep` put the value where others find it, unless it was invalidated meanwhile, and hands it to those who
    /// wait.
    pub(crate) fn land(self, value: &Value, keep: impl FnOnce(KeyBytes)) {
        let mut by_key = lock(&self.flights.by_key);
        let mut outcome = Some(value.clone());
        if self.is_aloft(&by_key)
            && let Some(aloft) = by_key.remove(&self.key)
        {
            if aloft.events.concern(value) {
                // Who waits may have asked after the event.
                outcome = None;
            } else {
                keep(self.key.clone());
            }
        } else if let Some(events) = &lock(&self.flight.state).detached
            && events.concern(value)
        {
            outcome = None;
        }
        drop(by_key);
        self.flight.land(outcome);
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    fn is_aloft(&self, by_key: &HashMap<KeyBytes, Aloft>) -> bool {
        let aloft = by_key.get(&self.key);
        aloft.is_some_and(|aloft| Arc::ptr_eq(&aloft.flight, &self.flight))
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        let mut by_key = lock(&self.flights.by_key);
        if self.is_aloft(&by_key) {
            by_key.remove(&self.key);
        }
        drop(by_key);
        self.flights.in_air.fetch_sub(1, SeqCst);
        self.flight.land(None);
    }
}

impl Flight {
    /// Only the first outcome counts.
    fn land(&self, outcome: Option<Value>) {
        let mut state = lock(&self.state);
        if state.outcome.is_some() {
            return;
        }
        state.outcome = Some(outcome);
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        self.landed.notify_all();
        wakers.into_values().for_each(Waker::wake);
    }

    /// Waits for the leader: its value, or nothing where the one who waits should try anew.
    ///
    /// # Panics
    ///
    /// If this thread is the leader: it would wait for itself.
    pub(crate) fn wait(&self) -> Option<Value> {
        assert!(
            self.thread != Some(thread::current().id()),
            "a computation asked for its own key"
        );
        let state = lock(&self.state);
        let landed = self.landed.wait_while(state, |it| it.outcome.is_none());
        let state = landed.unwrap_or_else(PoisonError::into_inner);
        state.outcome.clone().flatten()
    }

    /// As `wait`, for a task.
    pub(crate) fn landing(self: &Arc<Self>) -> Landing {
        Landing {
            flight: self.clone(),
            seat: None,
        }
    }
}

/// Waits for a leader.
pub(crate) struct Landing {
    flight: Arc<Flight>,
    /// Under which number its waker is kept.
    seat: Option<u64>,
}

impl Future for Landing {
    type Output = Option<Value>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Value>> {
        let flight = self.flight.clone();
        let mut state = lock(&flight.state);
        if let Some(outcome) = &state.outcome {
            return Poll::Ready(outcome.clone());
        }
        let seat = *self.seat.get_or_insert_with(|| {
            state.next += 1;
            state.next
        });
        state.wakers.insert(seat, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if let Some(seat) = self.seat {
            lock(&self.flight.state).wakers.remove(&seat);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dropped_in_flight_leaves_nothing_behind() {
        let flights = Flights::default();
        let Role::Leader(leader) = flights.join(b"a", None) else {
            panic!("nobody was there before")
        };
        let Role::Follower(flight) = flights.join(b"a", None) else {
            panic!("somebody leads")
        };
        let mut landing = Box::pin(flight.landing());
        let mut context = Context::from_waker(Waker::noop());
        assert!(landing.as_mut().poll(&mut context).is_pending());
        assert!(landing.as_mut().poll(&mut context).is_pending());
        assert_eq!(lock(&flight.state).wakers.len(), 1);
        drop(landing);
        assert_eq!(lock(&flight.state).wakers.len(), 0);
        drop(leader);
        assert!(flight.wait().is_none());
        assert_eq!(flights.in_air.load(SeqCst), 0);
        assert!(lock(&flights.by_key).is_empty());
    }
}
