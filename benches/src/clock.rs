//! What decides about a benchmark, and the watch that reads all three clocks at once.

use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::time::Instant;

/// The clock by which a benchmark is compared. The others are reported beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// Processor time of the thread: what other processes take from it does not count.
    #[default]
    Thread,
    /// Processor time of all threads, for work that is spread over several.
    Process,
    /// Time on the wall, for what waits: a disk, another machine.
    Wall,
}

impl Clock {
    /// The word for it in the lines that are written for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Thread => "cpu",
            Self::Process => "process",
            Self::Wall => "wall",
        }
    }
}

/// How long something took by each clock, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Processor time of the thread that measured.
    pub thread_ns: u64,
    /// Processor time of all threads of the process.
    pub process_ns: u64,
    /// Time on the wall.
    pub wall_ns: u64,
}

impl Times {
    /// The time by one of the clocks.
    pub fn by(self, clock: Clock) -> u64 {
        match clock {
            Clock::Thread => self.thread_ns,
            Clock::Process => self.process_ns,
            Clock::Wall => self.wall_ns,
        }
    }

    /// So many times as long, for work that can only be done in whole batches.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        let scale = |ns: u64| (ns as f64 * factor).round() as u64;
        Self {
            thread_ns: scale(self.thread_ns),
            process_ns: scale(self.process_ns),
            wall_ns: scale(self.wall_ns),
        }
    }
}

impl Add for Times {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            thread_ns: self.thread_ns + other.thread_ns,
            process_ns: self.process_ns + other.process_ns,
            wall_ns: self.wall_ns + other.wall_ns,
        }
    }
}

impl AddAssign for Times {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Times {
    fn sum<I: Iterator<Item = Self>>(times: I) -> Self {
        times.fold(Self::default(), Add::add)
    }
}

/// A running watch on all clocks of the thread that started it.
///
/// Reading it costs two system calls, some 500 ns: put it around work that takes far longer.
#[derive(Debug)]
#[must_use = "a watch that nobody stops measures nothing"]
pub struct Stopwatch {
    wall: Instant,
    process_ns: u64,
    thread_ns: u64,
}

impl Stopwatch {
    /// Reads all clocks; the thread's, which decides most often, comes last.
    #[inline]
    pub fn start() -> Self {
        let wall = Instant::now();
        let process_ns = processor::process_ns();
        Self {
            wall,
            process_ns,
            thread_ns: processor::thread_ns(),
        }
    }

    /// What has passed since the start, the thread's clock read first.
    ///
    /// A clock that went backwards counts as one that stood still.
    #[inline]
    pub fn stop(self) -> Times {
        let thread_ns = processor::thread_ns();
        let process_ns = processor::process_ns();
        Times {
            thread_ns: thread_ns.saturating_sub(self.thread_ns),
            process_ns: process_ns.saturating_sub(self.process_ns),
            wall_ns: self.wall.elapsed().as_nanos() as u64,
        }
    }
}

#[cfg(unix)]
mod processor {
    use rustix::time::{ClockId, clock_gettime};

    pub(super) fn thread_ns() -> u64 {
        read(ClockId::ThreadCPUTime)
    }

    pub(super) fn process_ns() -> u64 {
        read(ClockId::ProcessCPUTime)
    }

    fn read(clock: ClockId) -> u64 {
        let time = clock_gettime(clock);
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

/// Elsewhere the wall has to do for all clocks.
#[cfg(not(unix))]
mod processor {
    use std::sync::OnceLock;
    use std::time::Instant;

    pub(super) fn thread_ns() -> u64 {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    }

    pub(super) fn process_ns() -> u64 {
        thread_ns()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_up_and_scale_by_each_clock() {
        let one = Times {
            thread_ns: 10,
            process_ns: 20,
            wall_ns: 30,
        };
        let all: Times = [one, one, one].into_iter().sum();
        assert_eq!(all, one.scaled(3.0));
        let by = [Clock::Thread, Clock::Process, Clock::Wall].map(|clock| all.by(clock));
        assert_eq!(by, [30, 60, 90]);
    }

    #[cfg(unix)]
    #[test]
    fn the_process_counts_the_work_of_all_threads_and_the_thread_its_own() {
        let watch = Stopwatch::start();
        let work = || (0..2_000_000_u64).map(std::hint::black_box).sum::<u64>();
        let other = std::thread::spawn(move || {
            let watch = Stopwatch::start();
            std::hint::black_box(work());
            watch.stop().thread_ns
        });
        let worked_ns = other.join().expect("because it only adds");
        let times = watch.stop();
        assert!(worked_ns > 0 && times.process_ns >= worked_ns);
        assert!(times.thread_ns <= times.process_ns);
    }
}
