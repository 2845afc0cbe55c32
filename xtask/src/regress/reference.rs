//! What a run is compared with: the figures of the baseline and of the last runs.

use crate::bench::report::{Entry, Report};
use crate::bench::stats::{median, robust_spread, spread};

/// How many runs make the rolling median, with the baseline.
const ROLLING: usize = 5;
/// Fewer floors than this say nothing about the machine: one alone may vary by half.
const FLOORS_FOR_PACE: usize = 5;

/// What can be compared of a benchmark. Both are taken from the fastest sample of each pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    /// Multiple of the floor's time in the same pass.
    Ratio,
    /// Nanoseconds, at the pace of the baseline's machine.
    Time,
}

/// A figure and how far its passes lie apart, as a share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    pub(super) value: f64,
    pub(super) noise: f64,
}

pub(crate) struct Reference<'a> {
    pub(crate) baseline: &'a Report,
    /// Later runs, oldest first.
    pub(crate) runs: &'a [Report],
    /// As a share: 0.1.
    pub(crate) threshold: f64,
}

impl Reference<'_> {
    /// The figure of a benchmark in the baseline and the last runs: their median.
    ///
    /// It may lie above the baseline by the threshold at most: otherwise slow runs would, one by
    /// one, make their slowness the new normal.
    pub(super) fn side(&self, id: &str, figure: Figure) -> Option<Side> {
        let first = side(self.baseline.entry(id)?, figure, self.baseline, 1.0)?;
        let later = |run: &Report| Some(self.measured(id, figure, run, self.pace(run))?.value);
        // The first run of all is both the baseline and the latest: it counts once.
        let others = self
            .runs
            .iter()
            .rev()
            .filter(|run| run.date != self.baseline.date);
        let rolling = others.filter_map(later).take(ROLLING - 1);
        let values: Vec<f64> = std::iter::once(first.value).chain(rolling).collect();
        Some(Side {
            value: median(&values)?.min(first.value * (1.0 + self.threshold)),
            noise: first.noise.max(robust_spread(&values).unwrap_or(0.0)),
        })
    }

    /// The figure of a benchmark in another run. Times of another machine are no figure.
    pub(super) fn measured(
        &self,
        id: &str,
        figure: Figure,
        run: &Report,
        pace: f64,
    ) -> Option<Side> {
        if figure == Figure::Time && run.host != self.baseline.host {
            return None;
        }
        side(run.entry(id)?, figure, run, pace)
    }

    /// How much slower the floors of a run are than the baseline's, in the middle; 1 when too few
    /// can tell.
    pub(super) fn pace(&self, run: &Report) -> f64 {
        let change =
            |floor: &Entry| Some(floor.fastest_ns / self.baseline.entry(&floor.id)?.fastest_ns);
        let floors = run.entries.iter().filter(|entry| entry.is_floor);
        let changes: Vec<f64> = floors.filter_map(change).collect();
        median(&changes)
            .filter(|_| changes.len() >= FLOORS_FOR_PACE)
            .unwrap_or(1.0)
    }
}

/// A single pass has no spread over passes; then the one within the pass has to do, which is wider.
fn side(entry: &Entry, figure: Figure, report: &Report, pace: f64) -> Option<Side> {
    let side = match figure {
        Figure::Time => {
            let noise = spread(&entry.fastest_passes_ns).unwrap_or(entry.mad_share);
            Side {
                value: entry.fastest_ns / pace,
                noise,
            }
        }
        Figure::Ratio => {
            let floor = entry.floor.as_ref()?;
            let of_floor = || report.entry(&floor.id).map_or(0.0, |floor| floor.mad_share);
            let within = || entry.mad_share.hypot(of_floor());
            Side {
                value: floor.fastest,
                noise: spread(&floor.fastest_passes).unwrap_or_else(within),
            }
        }
    };
    (side.value.is_finite() && side.value > 0.0).then_some(side)
}
