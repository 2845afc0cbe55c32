//! What was recorded since some moment: since a mark, or within a sliding window.
//!
//! What a recorder tells only grows, so both are the difference of two states of it. Nothing of this
//! touches the path that records.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::key::Key;
use crate::recorder::Recorder;
use crate::snapshot::Snapshot;

/// The state of a [`Recorder`] at one moment, from which [`Recorder::since`] counts on. Costs a copy of
/// the buckets that are not empty.
#[derive(Clone, Debug)]
pub struct Mark(Snapshot);

impl Recorder {
    /// Remembers the present state, for instance at the start of a run. As dear as a snapshot.
    pub fn mark(&self) -> Mark {
        Mark(self.snapshot_of_all())
    }

    /// What was recorded since the mark was made; what [`Timer::clear`](crate::Timer::clear) forgets, a
    /// mark made before does not. Gauges are as they are now. See [`Snapshot::since`].
    pub fn since(&self, mark: &Mark) -> Snapshot {
        self.snapshot_of_all().without(&mark.0)
    }
}

impl Snapshot {
    /// What came on top of `earlier`, an older snapshot of the same recorder: timers and histograms that
    /// recorded something meanwhile (min and max within 0.1 %), the difference of each counter, and
    /// gauges as they are. O(buckets that are not empty).
    ///
    /// Where timers are cleared, count from a [`Mark`]: snapshots leave out what was cleared, so that the
    /// difference of two lacks as many values as were cleared between them.
    pub fn since(&self, earlier: &Self) -> Self {
        self.clone().without(earlier)
    }

    fn without(mut self, earlier: &Self) -> Self {
        for (key, now) in &mut self.counters {
            let then = earlier.counters.get(key).copied().unwrap_or(0);
            *now = now.saturating_sub(then);
        }
        subtract(&mut self.timers, &earlier.timers);
        subtract(&mut self.histograms, &earlier.histograms);
        self.folded_lookups = self.folded_lookups.saturating_sub(earlier.folded_lookups);
        self
    }
}

type Distributions = BTreeMap<Key, crate::Distribution>;

fn subtract(now: &mut Distributions, then: &Distributions) {
    now.retain(|key, values| {
        if let Some(then) = then.get(key) {
            *values = values.since(then);
        }
        !values.is_empty()
    });
}

/// The last minute, or any other length of time, of a [`Recorder`].
///
/// Whoever owns it calls [`Window::tick`] from time to time, at best several times a slice. The window
/// then reaches from the last tick back over `length`, and up to a slice (or a gap between ticks) more; it
/// holds nothing from before the first tick. It keeps at most `slices` + 2 states of the recorder.
///
/// ```
/// use std::time::{Duration, Instant};
/// use autoexec_metrics::{Recorder, Window};
///
/// # #[cfg(not(feature = "off"))] {
/// let (recorder, start) = (Recorder::new(), Instant::now());
/// let mut minute = Window::new(Duration::from_secs(60), 6);
/// for second in 0..=90 {
///     minute.tick(&recorder, start + Duration::from_secs(second));
///     recorder.counter("requests").increment();
/// }
/// let seen = minute.snapshot(start + Duration::from_secs(90)).counters["requests"];
/// assert!((60..70).contains(&seen) && recorder.counter("requests").get() == 91);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Window {
    length: Duration,
    slice: Duration,
    /// The last that `now` was.
    now: Option<Instant>,
    /// How long the ticks took altogether. Never goes back, whatever `now` does.
    clock: Duration,
    /// States of the recorder and when they were, the oldest first, at least a slice apart.
    states: VecDeque<(Duration, Snapshot)>,
    /// The state at the last tick.
    last: Snapshot,
}

impl Window {
    /// A window that has seen no tick. `slices` is how finely it moves on: 1 or more.
    pub fn new(length: Duration, slices: u32) -> Self {
        Self {
            length,
            slice: length / slices.max(1),
            now: None,
            clock: Duration::ZERO,
            states: VecDeque::new(),
            last: Snapshot::default(),
        }
    }

    /// Takes the present state in. A `now` before that of the last tick is taken for no time having
    /// passed. As dear as a snapshot.
    pub fn tick(&mut self, recorder: &Recorder, now: Instant) {
        self.clock = self.clock_at(now);
        self.now = Some(now);
        self.last = recorder.snapshot_of_all();
        let newest = self.states.back().map(|(at, _)| *at);
        if newest.is_none_or(|at| at + self.slice <= self.clock) {
            self.states.push_back((self.clock, self.last.clone()));
        }
        self.forget();
    }

    /// What was recorded in the window, as of the last tick. Empty before the first one, and when the
    /// last one is longer ago than the window is long.
    pub fn snapshot(&self, now: Instant) -> Snapshot {
        let start = self.clock_at(now).saturating_sub(self.length);
        if start > self.clock {
            return self.last.since(&self.last);
        }
        let older = self.states.iter().rev().find(|(at, _)| *at <= start);
        let base = older.or(self.states.front());
        base.map_or_else(Snapshot::default, |(_, base)| self.last.since(base))
    }

    fn clock_at(&self, now: Instant) -> Duration {
        let passed = self.now.map(|then| now.saturating_duration_since(then));
        self.clock.saturating_add(passed.unwrap_or_default())
    }

    /// Drops what the window has left behind, but the one state that it begins at.
    fn forget(&mut self) {
        let start = self.clock.saturating_sub(self.length);
        while self.states.get(1).is_some_and(|(at, _)| *at <= start) {
            self.states.pop_front();
        }
    }
}

#[cfg(all(test, not(feature = "off")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn count(window: &Window, now: Instant) -> u64 {
        let snapshot = window.snapshot(now);
        let timed = snapshot.timer("t").map_or(0, |t| t.count);
        let counted = snapshot.counters.get("c").copied().unwrap_or(0);
        assert_eq!(timed, counted, "both see the same window");
        timed
    }

    fn record(recorder: &Recorder) {
        recorder.timer("t").record(SECOND);
        recorder.counter("c").increment();
    }

    #[test]
    fn since_a_mark_counts_that_run_alone() {
        let recorder = Recorder::new();
        record(&recorder);
        let mark = recorder.mark();
        assert!(recorder.since(&mark).timers.is_empty());
        record(&recorder);
        recorder.timer("t").clear();
        record(&recorder);
        let run = recorder.since(&mark);
        assert_eq!((run.timer("t").unwrap().count, run.counters["c"]), (2, 2));
        assert_eq!(recorder.timer("t").summary().unwrap().count, 1);
    }

    #[test]
    fn the_last_minute_moves_on() {
        let (recorder, start) = (Recorder::new(), Instant::now());
        let mut window = Window::new(60 * SECOND, 6);
        record(&recorder); // before the first tick
        assert_eq!(window.snapshot(start), Snapshot::default());
        for second in 0..300u32 {
            let now = start + second * SECOND;
            window.tick(&recorder, now);
            let got = count(&window, now);
            let expect = u64::from(second.min(60));
            assert!((expect..expect + 10).contains(&got), "{got} at {second}");
            record(&recorder);
        }
        let end = start + 299 * SECOND;
        assert_eq!(count(&window, end + 61 * SECOND), 0, "all of it is past");
    }

    #[test]
    fn a_slice_without_length_is_a_state_for_each_tick_and_no_more() {
        let (recorder, now) = (Recorder::new(), Instant::now());
        let mut window = Window::new(Duration::ZERO, 0);
        for _ in 0..10 {
            record(&recorder);
            window.tick(&recorder, now);
            assert!(window.states.len() <= 2);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The clock goes any way it likes: nothing panics, memory is bounded, and of what was recorded
        /// within the length nothing is missing.
        #[test]
        fn a_clock_may_go_backwards(steps in prop::collection::vec(-40i64..40, 1..120)) {
            let recorder = Recorder::new();
            let mut window = Window::new(30 * SECOND, 3);
            let mut now = Instant::now() + 100_000 * SECOND;
            let (mut passed, mut recorded) = (0u64, Vec::new());
            window.tick(&recorder, now);
            for step in steps {
                record(&recorder);
                recorded.push(passed);
                let size = step.unsigned_abs() as u32 * SECOND;
                now = if step < 0 { now - size } else { now + size };
                passed += step.max(0) as u64;
                window.tick(&recorder, now);
                let within = recorded.iter().filter(|&&at| at + 30 > passed).count() as u64;
                let got = count(&window, now);
                prop_assert!(got >= within && got <= recorded.len() as u64);
                prop_assert!(window.states.len() <= 5);
            }
        }
    }
}
