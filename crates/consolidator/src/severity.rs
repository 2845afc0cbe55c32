//! How much a finding matters.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// How much a finding matters, mildest first, so that `max()` is the worst.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing to do.
    #[default]
    Info,
    /// Do it when passing by.
    Low,
    /// Plan it.
    Medium,
    /// Do it next.
    High,
    /// Stop and do it now.
    Critical,
}

impl Severity {
    /// Every severity, mildest first: the order of [`Summary::by_severity`](crate::Summary).
    pub const ALL: [Severity; 5] = [
        Severity::Info,
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];

    /// The lower-case name, as `Display` prints it.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = Error;

    /// Accepts the lower-case name in any ASCII case.
    fn from_str(word: &str) -> Result<Self, Error> {
        (Self::ALL.into_iter())
            .find(|severity| word.eq_ignore_ascii_case(severity.as_str()))
            .ok_or_else(|| Error::UnknownSeverity(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for severity in Severity::ALL {
            assert_eq!(severity.to_string().parse(), Ok(severity));
        }
        assert_eq!("HIGH".parse(), Ok(Severity::High));
        assert!(Severity::Info < Severity::Critical);
    }

    #[test]
    fn an_unknown_name_is_named_in_the_error() {
        let severity = "hgih".parse::<Severity>().unwrap_err();
        assert_eq!(
            severity.to_string(),
            "parse severity \"hgih\": expected one of info, low, medium, high, critical"
        );
    }
}
