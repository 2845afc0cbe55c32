//! Where and when a run was measured.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::git::git;

/// The machine. Absolute times of two are never compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Host {
    /// The processor's model, where the system tells it.
    pub(crate) cpu: Option<String>,
    pub(crate) cores: usize,
    pub(crate) os: String,
    pub(crate) arch: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Commit {
    pub(crate) id: String,
    /// Whether the working tree differed from it.
    pub(crate) modified: bool,
}

impl Host {
    pub(crate) fn current() -> Self {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Self {
            cpu: cpu_model(&info),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
        }
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cpu = self.cpu.as_deref().unwrap_or("unknown processor");
        write!(f, "{cpu}, {} cores, {} {}", self.cores, self.os, self.arch)
    }
}

fn cpu_model(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The commit that is checked out; absent without git or without a commit.
pub(crate) fn commit(root: &Path) -> Option<Commit> {
    let git = |arguments: &[&str]| git(root, arguments).ok();
    let id = git(&["rev-parse", "--verify", "HEAD"])?.trim().to_owned();
    let modified = git(&["status", "--porcelain"])?.lines().next().is_some();
    Some(Commit { id, modified })
}

/// Now, in UTC.
pub(crate) fn date() -> String {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    format_utc(since.as_secs())
}

/// Seconds since 1970 as `2026-03-01T12:00:00Z`.
///
/// Days become dates by Howard Hinnant's `civil_from_days`: years begin in March, so that leap
/// days come last.
fn format_utc(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(format_utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(format_utc(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(format_utc(1_735_689_599), "2024-12-31T23:59:59Z");
        assert_eq!(format_utc(4_107_542_400), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn cpu_model_is_read_where_there_is_one() {
        assert_eq!(
            cpu_model("processor : 0\nmodel name\t: Fast CPU @ 3 GHz\n").as_deref(),
            Some("Fast CPU @ 3 GHz")
        );
        assert_eq!(cpu_model("processor : 0\n"), None);
    }
}
