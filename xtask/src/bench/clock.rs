//! What the bench binaries say about time: which clock decides, and what each clock read.

use serde::{Deserialize, Serialize};

/// What decides about a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Clock {
    /// Processor time of the thread.
    Cpu,
    /// Processor time of all threads.
    Process,
    /// The wall, for what waits.
    Wall,
}

impl Clock {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Process => "process",
            Self::Wall => "wall",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Cpu, Self::Process, Self::Wall]
            .into_iter()
            .find(|clock| clock.word() == word)
    }
}

/// How long some iterations took by each clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) thread_ns: u64,
    pub(crate) process_ns: u64,
    pub(crate) wall_ns: u64,
}

impl Times {
    /// Reads `thread process wall`, in nanoseconds.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut numbers = line.split_ascii_whitespace().map(|word| word.parse().ok());
        let times = Self {
            thread_ns: numbers.next()??,
            process_ns: numbers.next()??,
            wall_ns: numbers.next()??,
        };
        numbers.next().is_none().then_some(times)
    }

    pub(crate) fn by(self, clock: Clock) -> u64 {
        match clock {
            Clock::Cpu => self.thread_ns,
            Clock::Process => self.process_ns,
            Clock::Wall => self.wall_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_clocks_are_the_same() {
        for clock in [Clock::Cpu, Clock::Process, Clock::Wall] {
            assert_eq!(Clock::from_word(clock.word()), Some(clock));
        }
        assert_eq!(Clock::from_word("moon"), None);
    }

    #[test]
    fn times_are_three_numbers_and_nothing_else() {
        let times = Times::parse("1 20 300\n").unwrap();
        let by = [Clock::Cpu, Clock::Process, Clock::Wall].map(|clock| times.by(clock));
        assert_eq!(by, [1, 20, 300]);
        for bad in ["", "1 2", "1 2 3 4", "1 2 x", "-1 2 3", "1.5 2 3"] {
            assert_eq!(Times::parse(bad), None, "{bad}");
        }
    }
}
