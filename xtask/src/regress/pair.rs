//! Two processes that take turns, one of each build, and how many iterations a turn has.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use super::random::Random;
use super::serve::Server;
use crate::bench::clock::{Clock, Times};

/// How long a turn is meant to take.
pub(super) const TURN_NS: u64 = 2_000_000;
/// How long a turn may take with all that it does not time, such as making its input.
const WHOLE_NS: u64 = 20 * TURN_NS;
/// No turn has more iterations, however little they take.
const ITERATIONS_MAX: u64 = 1 << 32;

/// What an error of the base begins with.
const BASE: &str = "base";

/// Whether it is the base that failed, and not the working tree.
pub(super) fn is_of_base(error: &anyhow::Error) -> bool {
    error.to_string() == BASE
}

/// How a pair is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// Of one turn of one side.
    pub(super) iterations: u64,
    /// How long these took when they were counted, by the clock that decides.
    pub(super) turn_ns: u64,
    /// The same by our own clock, with what is not timed: waiting for a processor included.
    pub(super) whole_ns: u64,
}

/// What came of the turns of one pair: log ratios of head to base, one a turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Turns {
    /// By the clock that decides.
    pub(super) deciding: Vec<f64>,
    pub(super) wall: Vec<f64>,
}

/// Both sides, started and ready.
pub(super) struct Pair {
    base: Server,
    head: Server,
}

impl Pair {
    /// Starts both; they prepare at the same time.
    ///
    /// # Errors
    /// When either fails; the error says which.
    pub(super) fn start(base: Command, head: Command, id: &str) -> Result<Self> {
        let mut pair = Self {
            base: Server::start(base, id).context(BASE)?,
            head: Server::start(head, id).context("head")?,
        };
        pair.base.ready().context(BASE)?;
        pair.head.ready().context("head")?;
        Ok(pair)
    }

    /// How many iterations make a turn, counted on the base and used for both.
    pub(super) fn pace(&mut self, clock: Clock) -> Result<Pace> {
        let mut ask = |iterations| {
            let started = Instant::now();
            let times = self.base.ask(iterations)?;
            Ok((times, started.elapsed().as_nanos() as u64))
        };
        pace(clock, &mut ask).context(BASE)
    }

    /// Takes turns, the order drawn anew for each. The first, which warms both up, does not count.
    pub(super) fn turns(
        mut self,
        clock: Clock,
        iterations: u64,
        count: u32,
        random: &mut Random,
    ) -> Result<Turns> {
        let mut turns = Turns::default();
        for turn in 0..=count {
            let (base, head) = self.turn(iterations, random.coin())?;
            if turn > 0 {
                turns.deciding.push(log_ratio(base, head, clock));
                turns.wall.push(log_ratio(base, head, Clock::Wall));
            }
        }
        self.base.finish().context(BASE)?;
        self.head.finish().context("head")?;
        Ok(turns)
    }

    fn turn(&mut self, iterations: u64, base_first: bool) -> Result<(Times, Times)> {
        if base_first {
            let base = self.base.ask(iterations).context(BASE)?;
            return Ok((base, self.head.ask(iterations).context("head")?));
        }
        let head = self.head.ask(iterations).context("head")?;
        Ok((self.base.ask(iterations).context(BASE)?, head))
    }
}

/// A clock that shows nothing is taken to have shown its least unit.
fn log_ratio(base: Times, head: Times, clock: Clock) -> f64 {
    (head.by(clock).max(1) as f64 / base.by(clock).max(1) as f64).ln()
}

/// Doubles until a quarter of a turn is reached, which warms up, and reckons from there.
///
/// Being kept from the processor for a moment looks like a long iteration: what seems long is asked
/// for three times, and the least believed.
fn pace(clock: Clock, ask: &mut dyn FnMut(u64) -> Result<(Times, u64)>) -> Result<Pace> {
    let mut asked = |iterations| {
        let (times, whole_ns) = ask(iterations)?;
        // What waits uses no processor: the wall must not run away meanwhile.
        let ns = times.by(clock).max(times.wall_ns / 20).max(1);
        anyhow::Ok((ns, whole_ns))
    };
    let is_enough = |(ns, whole_ns)| ns >= TURN_NS / 4 || whole_ns >= WHOLE_NS / 4;
    let mut iterations = 1;
    loop {
        let mut least = asked(iterations)?;
        for _ in 0..2 {
            if is_enough(least) {
                let again = asked(iterations)?;
                least = (least.0.min(again.0), least.1.min(again.1));
            }
        }
        if is_enough(least) || iterations >= ITERATIONS_MAX {
            let (ns, whole_ns) = least;
            let share = TURN_NS as f64 / ns as f64;
            let share = share.min(WHOLE_NS as f64 / whole_ns.max(1) as f64);
            let whole = ((iterations as f64 * share).round() as u64).clamp(1, ITERATIONS_MAX);
            let scaled = |ns: u64| (ns as f64 * whole as f64 / iterations as f64) as u64;
            return Ok(Pace {
                iterations: whole,
                turn_ns: scaled(ns),
                whole_ns: scaled(whole_ns),
            });
        }
        iterations *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pace of a benchmark whose iterations take so long, with so much that is not timed.
    fn pace_of(each_ns: u64, untimed_ns: u64) -> Pace {
        let mut ask = |iterations: u64| {
            let times = Times {
                thread_ns: iterations * each_ns,
                process_ns: 0,
                wall_ns: iterations * each_ns,
            };
            Ok((times, iterations * (each_ns + untimed_ns)))
        };
        pace(Clock::Cpu, &mut ask).unwrap()
    }

    #[test]
    fn a_turn_takes_two_milliseconds_or_one_iteration() {
        let cases = [
            (100, 20_000, TURN_NS),
            (3_000_000, 1, 3_000_000),
            (700_000, 3, 2_100_000),
        ];
        for (each_ns, iterations, turn_ns) in cases {
            let pace = pace_of(each_ns, 0);
            assert_eq!((pace.iterations, pace.turn_ns), (iterations, turn_ns));
        }
        assert_eq!(pace_of(0, 0).iterations, ITERATIONS_MAX);
    }

    #[test]
    fn what_is_not_timed_does_not_make_a_turn_endless() {
        let pace = pace_of(100, 9_900);
        assert_eq!((pace.iterations, pace.whole_ns), (4_000, WHOLE_NS));
        assert_eq!(pace_of(1, 100_000_000).iterations, 1);
    }

    #[test]
    fn a_stall_does_not_make_an_iteration_long() {
        let mut asked = 0;
        let mut ask = |iterations: u64| {
            asked += 1;
            // Every fifth time somebody else has the processor for 40 ms.
            let stall_ns = if asked % 5 == 1 { 40_000_000 } else { 0 };
            let times = Times {
                thread_ns: iterations * 100,
                process_ns: 0,
                wall_ns: iterations * 100 + stall_ns,
            };
            Ok((times, times.wall_ns))
        };
        let pace = pace(Clock::Cpu, &mut ask).unwrap();
        assert_eq!((pace.iterations, pace.turn_ns), (20_000, TURN_NS));
    }

    #[cfg(unix)]
    fn side(ns: u64) -> Command {
        let script =
            format!("echo ready; while read n; do echo $((n * {ns})) 0 $((n * 100)); done");
        let mut shell = crate::process::command("sh", std::path::Path::new("."));
        shell.args(["-c", &script, "sh"]);
        shell
    }

    #[cfg(unix)]
    #[test]
    fn each_turn_is_the_log_ratio_of_head_to_base() {
        let pair = Pair::start(side(100), side(200), "a/b").unwrap();
        let turns = pair.turns(Clock::Cpu, 10, 4, &mut Random::new(1)).unwrap();
        assert_eq!(turns.deciding, [2f64.ln(); 4]);
        assert_eq!(turns.wall, [0.0; 4]);
    }

    #[cfg(unix)]
    #[test]
    fn the_side_that_fails_is_named() {
        let mut bad = crate::process::command("sh", std::path::Path::new("."));
        bad.args(["-c", "echo why >&2; exit 3"]);
        let error = Pair::start(side(1), bad, "a/b").err().unwrap();
        let error = format!("{error:#}");
        assert!(
            error.starts_with("head") && error.contains("why"),
            "{error}"
        );
    }
}
