//! What one run of the benchmarks found; the JSON of `target/bench/*.json`.

use serde::{Deserialize, Serialize};

use super::clock::Clock;
use super::host::{Commit, Host};

/// Raised whenever a field changes its meaning; readers refuse other versions.
pub(crate) const FORMAT: u32 = 2;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) format: u32,
    /// When the run ended: UTC, `2026-03-01T12:00:00Z`.
    pub(crate) date: String,
    pub(crate) commit: Option<Commit>,
    pub(crate) host: Host,
    pub(crate) passes: u32,
    pub(crate) filter: Option<String>,
    pub(crate) entries: Vec<Entry>,
}

/// One benchmark, over all passes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// `group/function`.
    pub(crate) id: String,
    pub(crate) group: String,
    /// The bench target, `path_cache`.
    pub(crate) target: String,
    /// Whether this is the floor that its group is measured against.
    pub(crate) is_floor: bool,
    /// Which clock decides: all times but `wall_ns` are by it.
    pub(crate) clock: Clock,
    /// Median over passes of the median time of one iteration.
    pub(crate) median_ns: f64,
    /// The same on the wall.
    pub(crate) wall_ns: f64,
    /// Median over passes of the scaled median absolute deviation within a pass, as a share of the median.
    pub(crate) mad_share: f64,
    /// (max − min) / median over passes; absent for a single pass.
    pub(crate) spread: Option<f64>,
    /// The median of each pass.
    pub(crate) passes_ns: Vec<f64>,
    /// Absent where the group has no floor.
    pub(crate) floor: Option<Ratio>,
}

/// Time of a benchmark as a multiple of the floor's, both from the same pass.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ratio {
    /// The floor's id.
    pub(crate) id: String,
    /// Median over passes.
    pub(crate) ratio: f64,
    /// (max − min) / median over passes; absent for a single pass.
    pub(crate) spread: Option<f64>,
    pub(crate) passes: Vec<f64>,
    /// Median over passes, on the wall.
    pub(crate) wall: f64,
}

impl Report {
    pub(crate) fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::{collect::Sample, summary};
    use super::*;

    /// A report of benchmarks given by group, function and the median of each pass.
    pub(crate) fn report(benchmarks: &[(&str, &str, &[f64])]) -> Report {
        let lengths = benchmarks.iter().map(|(_, _, medians)| medians.len());
        let passes = lengths.max().unwrap_or(0);
        let pass = |pass: usize| {
            let sample = |&(group, function, medians): &(&str, &str, &[f64])| {
                Some(Sample::of(group, function, *medians.get(pass)?))
            };
            benchmarks.iter().filter_map(sample).collect::<Vec<_>>()
        };
        let samples: Vec<Vec<Sample>> = (0..passes).map(pass).collect();
        Report {
            format: FORMAT,
            date: "2026-03-01T12:00:00Z".to_owned(),
            commit: None,
            host: Host {
                cpu: Some("test".to_owned()),
                cores: 2,
                os: "linux".to_owned(),
                arch: "x86_64".to_owned(),
            },
            passes: passes as u32,
            filter: None,
            entries: summary::entries(&samples),
        }
    }

    #[test]
    fn reports_survive_json() {
        let before = report(&[
            ("a/b", "floor", &[8.0, 8.0, 12.0]),
            ("a/b", "ours", &[16.0, 16.0, 32.0]),
        ]);
        let text = serde_json::to_string(&before).unwrap();
        let after: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(format!("{before:?}"), format!("{after:?}"));
    }
}
