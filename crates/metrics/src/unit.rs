//! Units, and what a name means.

/// What the numbers of a series count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// Things, such as files or errors; the name says which.
    #[default]
    Count,
    /// Time. Recorded in nanoseconds, exported in seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Tokens of a language model.
    Tokens,
    /// A share of a whole, 0 to 1.
    Ratio,
}

impl Unit {
    /// What an exported name ends in; `None` for things that the name itself says.
    pub fn suffix(self) -> Option<&'static str> {
        match self {
            Self::Count => None,
            Self::Seconds => Some("seconds"),
            Self::Bytes => Some("bytes"),
            Self::Tokens => Some("tokens"),
            Self::Ratio => Some("ratio"),
        }
    }

    /// What a recorded whole number is multiplied by when it is exported: 10⁻⁹ for time, else 1.
    pub fn scale(self) -> f64 {
        match self {
            Self::Seconds => 1e-9,
            _ => 1.0,
        }
    }

    /// A recorded number in the exported unit. A quotient is the nearest number there is, where a product
    /// with 10⁻⁹ is not.
    pub(crate) fn exported(self, recorded: f64) -> f64 {
        match self {
            Self::Seconds => recorded / 1e9,
            _ => recorded,
        }
    }
}

/// What the series of one name are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The unit of their numbers.
    pub unit: Unit,
    /// One sentence for people; empty when nothing was said.
    pub help: Box<str>,
}
