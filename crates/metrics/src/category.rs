//! Categories of work, each with its own idea of what takes long.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::level::{Level, LevelThresholds};

/// From which duration on work of each category is worth a line in the log.
///
/// ```
/// use std::time::Duration;
/// use autoexec_metrics::{Categories, Level, LevelThresholds};
///
/// let mut categories = Categories::default();
/// let (info, warn) = (Duration::from_millis(10), Duration::from_millis(50));
/// categories.set("cache", LevelThresholds { info, warn });
///
/// let enabled = |level| level >= Level::Info;
/// let mut lines = Vec::new();
/// let mut log = |category, millis| {
///     let took = Duration::from_millis(millis);
///     categories.tell(category, took, enabled, |level| {
///         lines.push(format!("{level} {category} took {took:?}"));
///     })
/// };
/// log("cache", 20);
/// log("step", 20); // Below the default of 1 s: nothing is formatted.
/// assert_eq!(lines, ["info cache took 20ms"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Categories {
    named: BTreeMap<Box<str>, LevelThresholds>,
    /// Of categories that are not named.
    default: LevelThresholds,
}

impl Categories {
    /// Categories that are not named have these thresholds; by default [`LevelThresholds::default`].
    pub fn new(default: LevelThresholds) -> Self {
        Self {
            named: BTreeMap::new(),
            default,
        }
    }

    /// Gives one category thresholds of its own.
    pub fn set(&mut self, category: &str, thresholds: LevelThresholds) {
        self.named.insert(category.into(), thresholds);
    }

    /// The thresholds of a category. O(log categories).
    pub fn thresholds(&self, category: &str) -> &LevelThresholds {
        self.named.get(category).unwrap_or(&self.default)
    }

    /// The level that so long a time deserves in this category.
    pub fn level_for(&self, category: &str, took: Duration) -> Level {
        self.thresholds(category).level_for(took)
    }

    /// Calls `tell` with the level if `is_enabled` says so of it; what the message is made of is then
    /// formatted in `tell`, and not at all otherwise.
    pub fn tell(
        &self,
        category: &str,
        took: Duration,
        is_enabled: impl FnOnce(Level) -> bool,
        tell: impl FnOnce(Level),
    ) -> Level {
        self.thresholds(category).tell(took, is_enabled, tell)
    }
}

impl LevelThresholds {
    /// [`Categories::tell`] with these thresholds.
    pub fn tell(
        &self,
        took: Duration,
        is_enabled: impl FnOnce(Level) -> bool,
        tell: impl FnOnce(Level),
    ) -> Level {
        let level = self.level_for(took);
        if is_enabled(level) {
            tell(level);
        }
        level
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Counts how often it is formatted.
    struct Costly<'a>(&'a Cell<u32>);

    impl fmt::Display for Costly<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(self.0.get() + 1);
            f.write_str("costly")
        }
    }

    #[test]
    fn a_level_that_is_off_formats_nothing() {
        let formatted = Cell::new(0);
        let mut log = String::new();
        let mut tell = |millis, least| {
            let took = Duration::from_millis(millis);
            Categories::default().tell(
                "step",
                took,
                |level| level >= least,
                |level| {
                    log += &format!("{level} {}\n", Costly(&formatted));
                },
            )
        };
        assert_eq!(tell(999, Level::Info), Level::Debug);
        assert_eq!(tell(5_000, Level::Warn), Level::Info);
        assert_eq!(formatted.get(), 0);
        assert_eq!(tell(999, Level::Debug), Level::Debug);
        assert_eq!(tell(5_001, Level::Warn), Level::Warn);
        assert_eq!(
            (formatted.get(), log.as_str()),
            (2, "debug costly\nwarn costly\n")
        );
    }

    #[test]
    fn a_category_has_its_own_thresholds() {
        let millis = Duration::from_millis;
        let strict = LevelThresholds {
            info: millis(200),
            warn: millis(1_000),
        };
        let mut categories = Categories::new(LevelThresholds::default());
        categories.set("api", strict);
        assert_eq!(categories.level_for("api", millis(500)), Level::Info);
        assert_eq!(categories.level_for("api", millis(1_001)), Level::Warn);
        assert_eq!(categories.level_for("other", millis(500)), Level::Debug);
        assert_eq!(categories.thresholds("api"), &strict);
    }
}
