//! How sure someone is: a name, or a number from 0 to 1.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::Error;

/// How sure a step or a finding is: one of five levels, or a number from 0 to 1.
///
/// Ordered by [`value`](Self::value); a level comes before a number that is worth as much.
///
/// ```
/// use autoexec_consolidator::Confidence;
///
/// assert_eq!("high".parse(), Ok(Confidence::High));
/// assert_eq!("0.83".parse(), Confidence::number(0.83));
/// assert!(Confidence::number(f64::NAN).is_err());
/// assert!("1.5".parse::<Confidence>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Confidence {
    /// Still looking around; worth 0.1.
    Exploring,
    /// A guess; worth 0.3.
    Low,
    /// Some evidence; worth 0.5.
    Medium,
    /// Strong evidence; worth 0.8.
    High,
    /// Proven; worth 1.
    Certain,
    /// A number, as models and tools give it.
    Number(Number),
}

/// A number from 0 to 1 with four decimals; made by [`Confidence::number`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(u16);

/// Steps between 0 and 1.
const SCALE: u16 = 10_000;

impl Confidence {
    /// Every level, least sure first.
    pub const ALL: [Confidence; 5] = [
        Confidence::Exploring,
        Confidence::Low,
        Confidence::Medium,
        Confidence::High,
        Confidence::Certain,
    ];

    /// A number from 0 to 1, rounded to four decimals.
    ///
    /// # Errors
    ///
    /// [`Error::ConfidenceOutOfRange`] for NaN, infinities, and whatever lies outside of 0 to 1.
    pub fn number(value: f64) -> Result<Self, Error> {
        if !(0.0..=1.0).contains(&value) {
            return Err(Error::ConfidenceOutOfRange(value.to_string()));
        }
        let steps = (value * f64::from(SCALE)).round();
        Ok(Confidence::Number(Number(steps as u16)))
    }

    /// What it is worth, from 0 to 1.
    pub fn value(self) -> f64 {
        f64::from(self.steps()) / f64::from(SCALE)
    }

    /// The lower-case name of a level; `None` for a number.
    pub fn level(self) -> Option<&'static str> {
        Some(match self {
            Confidence::Exploring => "exploring",
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
            Confidence::Certain => "certain",
            Confidence::Number(_) => return None,
        })
    }

    fn steps(self) -> u16 {
        match self {
            Confidence::Exploring => 1_000,
            Confidence::Low => 3_000,
            Confidence::Medium => 5_000,
            Confidence::High => 8_000,
            Confidence::Certain => SCALE,
            Confidence::Number(Number(steps)) => steps,
        }
    }

    /// In two bytes, 0 for none: levels from 1, then numbers.
    pub(crate) fn pack(confidence: Option<Self>) -> u16 {
        match confidence {
            None => 0,
            Some(Confidence::Number(Number(steps))) => steps + 6,
            Some(level) => 1 + Self::ALL.iter().position(|l| *l == level).unwrap_or(0) as u16,
        }
    }

    /// What [`pack`](Self::pack) packed.
    pub(crate) fn unpack(packed: u16) -> Option<Self> {
        match packed {
            0 => None,
            1..=5 => Some(Self::ALL[usize::from(packed - 1)]),
            _ => Some(Confidence::Number(Number(packed - 6))),
        }
    }
}

impl Ord for Confidence {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.steps(), self.level().is_none()).cmp(&(other.steps(), other.level().is_none()))
    }
}

impl PartialOrd for Confidence {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Prints the name of a level, or the number without needless zeros.
impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level() {
            Some(name) => f.pad(name),
            None => self.value().fmt(f),
        }
    }
}

impl FromStr for Confidence {
    type Err = Error;

    /// Accepts the lower-case name in any ASCII case, or a number from 0 to 1.
    fn from_str(word: &str) -> Result<Self, Error> {
        if let Ok(value) = word.parse::<f64>() {
            return Self::number(value);
        }
        (Self::ALL.into_iter())
            .find(|level| level.level().is_some_and(|l| word.eq_ignore_ascii_case(l)))
            .ok_or_else(|| Error::UnknownConfidence(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_back_and_unpacked() {
        let numbers = [0.0, 0.1, 0.83, 1.0, 0.1234].map(|n| Confidence::number(n).unwrap());
        for confidence in Confidence::ALL.into_iter().chain(numbers) {
            let upper = confidence.to_string().to_uppercase();
            assert_eq!(upper.parse(), Ok(confidence));
            let packed = Confidence::pack(Some(confidence));
            assert_eq!(Confidence::unpack(packed), Some(confidence));
        }
        assert_eq!(Confidence::unpack(Confidence::pack(None)), None);
        assert_eq!(numbers[2].to_string(), "0.83");
    }

    #[test]
    fn numbers_and_levels_are_ordered_together() {
        let mut all = [
            Confidence::number(0.8).unwrap(),
            Confidence::High,
            Confidence::number(0.2).unwrap(),
            Confidence::Exploring,
        ];
        all.sort_unstable();
        let shown: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["exploring", "0.2", "high", "0.8"]);
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        for value in [f64::NAN, f64::INFINITY, -f64::INFINITY, -0.001, 1.001] {
            let error = Confidence::number(value).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("accept confidence {value}: expected a number from 0 to 1")
            );
        }
        for word in ["NaN", "inf", "-1", "2"] {
            let error = word.parse::<Confidence>().unwrap_err();
            assert!(matches!(error, Error::ConfidenceOutOfRange(_)), "{word}");
        }
        let error = "sure".parse::<Confidence>().unwrap_err();
        assert!(error.to_string().contains("certain"));
    }
}
