//! Numbers at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::distribution::Distribution;
use crate::key::Key;
use crate::timer::TimerSummary;
use crate::unit::{Description, Unit};

/// What a [`Recorder`](crate::Recorder) had recorded at one moment, sorted by name.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Timers that recorded something; the others are absent. Their values are nanoseconds.
    pub timers: BTreeMap<Key, Distribution>,
    /// Histograms that recorded something.
    pub histograms: BTreeMap<Key, Distribution>,
    /// Counters; zero means that nothing was counted.
    pub counters: BTreeMap<Key, u64>,
    /// Gauges that were set to a number; the others are absent.
    pub gauges: BTreeMap<Key, f64>,
    /// What was said of a name (of all its series).
    pub descriptions: Arc<BTreeMap<Box<str>, Description>>,
    /// How many look-ups gave [`OTHER`](crate::OTHER) because there were too many names.
    pub folded_lookups: u64,
}

impl Snapshot {
    /// The numbers of one timer: `name`, or the whole text of a [`Key`] with labels.
    pub fn timer(&self, key: &str) -> Option<TimerSummary> {
        self.timers.get(key)?.durations()
    }

    /// The unit of a name: what its description says, or what it is by its kind.
    pub fn unit(&self, name: &str) -> Unit {
        let timed = || self.timers.keys().any(|key| key.name() == name);
        match self.descriptions.get(name) {
            Some(description) => description.unit,
            None if timed() => Unit::Seconds,
            None => Unit::Count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_what_was_said_or_goes_by_the_kind() {
        let mut snapshot = Snapshot::default();
        for key in [Key::new("read", &[("action", "ask")]), Key::from("lines")] {
            snapshot.timers.insert(key, Distribution::default());
        }
        let description = Description {
            unit: Unit::Tokens,
            help: "".into(),
        };
        Arc::make_mut(&mut snapshot.descriptions).insert("lines".into(), description);
        assert_eq!(snapshot.unit("read"), Unit::Seconds);
        assert_eq!(snapshot.unit("lines"), Unit::Tokens);
        assert_eq!(snapshot.unit("files"), Unit::Count);
    }
}
