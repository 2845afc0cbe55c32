//! The log level that a duration deserves.

use std::time::Duration;

/// How loudly to tell of something. Ordered: `Debug < Info < Warn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// As expected.
    Debug,
    /// Worth a line.
    Info,
    /// Worth a look.
    Warn,
}

/// Where one level ends and the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelThresholds {
    /// Durations from this one on are [`Level::Info`]. Default: 1 s.
    pub info: Duration,
    /// Durations longer than this one are [`Level::Warn`]. Default: 5 s.
    pub warn: Duration,
}

impl Default for LevelThresholds {
    fn default() -> Self {
        Self {
            info: Duration::from_secs(1),
            warn: Duration::from_secs(5),
        }
    }
}

impl LevelThresholds {
    /// The level of `duration`. By default: below 1 s `Debug`; from exactly 1 s to exactly 5 s
    /// `Info`; longer `Warn`.
    ///
    /// Only compares. The caller formats its message once it knows that the level is enabled.
    pub fn level_for(&self, duration: Duration) -> Level {
        if duration > self.warn {
            Level::Warn
        } else if duration >= self.info {
            Level::Info
        } else {
            Level::Debug
        }
    }
}

/// The level of `duration` under the default [`LevelThresholds`].
pub fn level_for(duration: Duration) -> Level {
    LevelThresholds::default().level_for(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_info() {
        let nano = Duration::from_nanos(1);
        let (one, five) = (Duration::from_secs(1), Duration::from_secs(5));
        assert_eq!(level_for(Duration::ZERO), Level::Debug);
        assert_eq!(level_for(one - nano), Level::Debug);
        assert_eq!(level_for(one), Level::Info);
        assert_eq!(level_for(five), Level::Info);
        assert_eq!(level_for(five + nano), Level::Warn);
        assert_eq!(level_for(Duration::MAX), Level::Warn);
    }
}
