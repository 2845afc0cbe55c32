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
        match SEAT.try_with(|seat| seat.number).ok().flatten() {
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

/// Which numbers are taken.
struct Seats(Mutex<u32>);

/// A number that nobody else has, given back when it is dropped; `None` when all were taken.
struct Seat {
    seats: &'static Seats,
    number: Option<usize>,
}

/// The numbers of living threads. Who has which is of no account to anybody.
static THREADS: Seats = Seats::new();

thread_local! {
    static SEAT: Seat = THREADS.take();
}

impl Seats {
    const fn new() -> Self {
        Self(Mutex::new(0))
    }

    fn take(&'static self) -> Seat {
        const { assert!(STRIPES == u32::BITS as usize) };
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = taken.trailing_ones() as usize;
        let number = (free < STRIPES).then_some(free);
        if let Some(number) = number {
            *taken |= 1 << number;
        }
        Seat {
            seats: self,
            number,
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let taken = self.seats.0.lock();
            *taken.unwrap_or_else(PoisonError::into_inner) &= !(1 << number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    /// Two threads on one stripe lose counts only where they meet, which no test can wait for.
    #[test]
    fn nobody_sits_where_another_does() {
        static SEATS: Seats = Seats::new();
        let mut seats: Vec<Seat> = (0..=STRIPES).map(|_| SEATS.take()).collect();
        for turn in 0..3 {
            let mut numbers: Vec<usize> = seats.iter().filter_map(|seat| seat.number).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, (0..STRIPES).collect::<Vec<_>>());
            drop(seats.remove(turn));
            seats.push(SEATS.take());
        }
    }

    #[test]
    fn no_count_is_lost_however_many_threads_come_and_go() {
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
