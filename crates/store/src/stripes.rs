//! A counter that threads do not contend for.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

const STRIPES: usize = 32;

/// A counter on a cache line of each thread's own, as long as there are enough: to count then needs no locked
/// instruction and writes to no line that another processor reads.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    stripes: [Stripe; STRIPES],
    shared: AtomicU64,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

impl Counter {
    #[inline]
    pub(crate) fn add_one(&self) {
        match SEAT.try_with(|seat| seat.0).ok().flatten() {
            Some(seat) => {
                let counter = &self.stripes[seat].0;
                counter.store(counter.load(Relaxed) + 1, Relaxed);
            }
            None => _ = self.shared.fetch_add(1, Relaxed),
        }
    }

    pub(crate) fn sum(&self) -> u64 {
        let stripes = self.stripes.iter().map(|stripe| stripe.0.load(Relaxed));
        self.shared.load(Relaxed) + stripes.sum::<u64>()
    }
}

/// Which numbers living threads have. Who has which is of no account to anybody.
static TAKEN: Mutex<u32> = Mutex::new(0);

/// A number that no other living thread has, given back when the thread ends; `None` when all are taken.
struct Seat(Option<usize>);

thread_local! {
    static SEAT: Seat = Seat::take();
}

impl Seat {
    fn take() -> Self {
        const { assert!(STRIPES == u32::BITS as usize) };
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let free = taken.trailing_ones() as usize;
        let seat = (free < STRIPES).then_some(free);
        if let Some(seat) = seat {
            *taken |= 1 << seat;
        }
        Self(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(seat) = self.0 {
            *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) &= !(1 << seat);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    /// Two threads on one stripe lose counts only where they meet, which no test can wait for.
    fn check_that_nobody_sits_where_another_does() {
        let mut seats: Vec<Seat> = (0..=STRIPES).map(|_| Seat::take()).collect();
        for turn in 0..3 {
            let mut numbers: Vec<usize> = seats.iter().filter_map(|seat| seat.0).collect();
            assert!(!numbers.is_empty() && numbers.len() <= STRIPES);
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(
                numbers.len(),
                seats.iter().filter(|seat| seat.0.is_some()).count()
            );
            drop(seats.remove(turn));
            seats.push(Seat::take());
        }
    }

    /// One test, as all threads of the process share the seats.
    #[test]
    fn no_count_is_lost_however_many_threads_come_and_go() {
        check_that_nobody_sits_where_another_does();
        let counter = Counter::default();
        for _ in 0..4 {
            thread::scope(|scope| {
                for _ in 0..2 * STRIPES {
                    scope.spawn(|| (0..1_000).for_each(|_| counter.add_one()));
                }
            });
        }
        assert_eq!(counter.sum(), 4 * 2 * STRIPES as u64 * 1_000);
    }
}
