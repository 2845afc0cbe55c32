//! A small number for each thread that lives: which cell of a series is its own.
//!
//! No two threads that live at a time have the same number. A thread takes the least that is free when
//! it first records, and gives it back when it ends. Both pass through one mutex, so whatever a thread
//! stored, relaxed or not, is seen by the next one of its number. That is what makes plain loads and
//! stores enough for a cell with one writer.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::PoisonError;

use crate::sync::{self, Mutex, MutexGuard};

/// No number was asked for yet.
const UNASSIGNED: usize = usize::MAX;
/// The thread is ending and has given its number back: it shares the last cell from now on.
const ENDED: usize = usize::MAX - 1;

sync::thread_local! {
    // Without a destructor, so that reading it is one load, at any time of a thread's life.
    static NUMBER: Cell<usize> = const { Cell::new(UNASSIGNED) };
    static LEASE: Lease = Lease(lock(&FREE).take());
}

#[cfg(not(all(test, shuttle)))]
static FREE: Mutex<Free> = Mutex::new(Free::all());
// Each interleaving begins anew.
#[cfg(all(test, shuttle))]
shuttle::lazy_static! {
    static ref FREE: Mutex<Free> = Mutex::new(Free::all());
}

/// The number of this thread, or a greater one than any if it has none (yet).
#[inline]
pub(crate) fn current() -> usize {
    NUMBER.with(Cell::get)
}

/// The number of this thread, taken now if it has none; a greater one than any if it is ending.
pub(crate) fn assigned() -> usize {
    if current() == UNASSIGNED {
        // The lease answers no more when the thread runs its destructors.
        let number = LEASE.try_with(|lease| lease.0);
        NUMBER.with(|it| it.set(number.unwrap_or(ENDED)));
    }
    current()
}

/// Keeps neighbours off one cache line (and off the pair that the prefetcher fetches).
#[repr(align(128))]
pub(crate) struct Padded<T>(pub(crate) T);

/// Locks even after a panic elsewhere: what is guarded here is valid after every single step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The numbers that no living thread has: those given back, and all from `next` on.
struct Free {
    next: usize,
    given_back: BinaryHeap<Reverse<usize>>,
}

impl Free {
    const fn all() -> Self {
        Self {
            next: 0,
            given_back: BinaryHeap::new(),
        }
    }

    fn take(&mut self) -> usize {
        if let Some(Reverse(number)) = self.given_back.pop() {
            return number;
        }
        self.next += 1;
        self.next - 1
    }
}

/// Gives the number back when the thread ends.
struct Lease(usize);

impl Drop for Lease {
    fn drop(&mut self) {
        // First, so that a destructor that runs after this one does not use what another thread has.
        let _ = NUMBER.try_with(|it| it.set(ENDED));
        lock(&FREE).given_back.push(Reverse(self.0));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn living_threads_have_numbers_of_their_own() {
        let ready = Barrier::new(16);
        let numbers = thread::scope(|scope| {
            let spawn = |_| {
                scope.spawn(|| {
                    let number = assigned();
                    ready.wait();
                    assert_eq!((assigned(), current()), (number, number));
                    number
                })
            };
            let threads: Vec<_> = (0..16).map(spawn).collect();
            let numbers = threads.into_iter().map(|it| it.join().unwrap());
            numbers.collect::<BTreeSet<_>>()
        });
        assert_eq!(numbers.len(), 16);
    }

    #[test]
    fn the_least_free_number_is_taken() {
        let mut free = Free::all();
        assert_eq!([free.take(), free.take(), free.take()], [0, 1, 2]);
        free.given_back.extend([Reverse(2), Reverse(0)]);
        assert_eq!([free.take(), free.take(), free.take()], [0, 2, 3]);
    }
}
