//! Resident memory of this process: now, at start and end, and the true peak between.
//!
//! Linux: `/proc/self/statm` tells the resident pages, `VmHWM` of `/proc/self/status` the most
//! there ever were, and writing `5` to `/proc/self/clear_refs` sets that mark back to the present
//! (proc_pid_clear_refs(5), since Linux 4.0). Elsewhere nothing is measured and all is absent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use super::platform;
use crate::level::Level;
use crate::shard::lock;
use crate::sync::Mutex;

/// Probes that count on the kernel's high-water mark. There is one mark in a process, so whoever
/// sets it back first carries it over to those who still need it; that is why this is static.
static WATCHING: Mutex<Vec<Weak<AtomicU64>>> = Mutex::new(Vec::new());

/// Measures resident memory from [`MemoryProbe::start`] on. Probes may overlap and nest.
#[derive(Debug)]
pub struct MemoryProbe {
    statm: Option<platform::Statm>,
    start_bytes: Option<u64>,
    /// The highest mark of the time before another probe set it back. `None` when this probe was
    /// not allowed to set the mark back itself, so that it reaches back to the process's start.
    carried_peak: Option<Arc<AtomicU64>>,
}

/// Resident memory over some time, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryUse {
    /// When the probe started.
    pub start_bytes: u64,
    /// When it was read.
    pub end_bytes: u64,
    /// End less start.
    pub delta_bytes: i64,
    /// The most there was, also when it was given back before anybody looked. `None` when the
    /// platform cannot tell.
    pub peak_bytes: Option<u64>,
    /// Whether the peak is of the time since the start. If not (the kernel did not allow its mark
    /// to be set back), it is of the whole life of the process.
    pub peak_is_since_start: bool,
}

impl MemoryProbe {
    /// Sets the kernel's high-water mark back where that is allowed, and measures. Never fails:
    /// what cannot be measured is absent later.
    pub fn start() -> Self {
        let statm = platform::Statm::open();
        let carried_peak = reset_peak();
        let start_bytes = statm.as_ref().and_then(platform::Statm::resident_bytes);
        Self {
            statm,
            start_bytes,
            carried_peak,
        }
    }

    /// Resident memory now, in bytes; one system call on a descriptor kept open.
    pub fn rss(&self) -> Option<u64> {
        self.statm.as_ref()?.resident_bytes()
    }

    /// Memory from the start until now; may be called again later. `None` when resident memory
    /// cannot be measured here.
    pub fn finish(&self) -> Option<MemoryUse> {
        let start_bytes = self.start_bytes?;
        let end_bytes = self.rss()?;
        Some(MemoryUse {
            start_bytes,
            end_bytes,
            delta_bytes: difference(end_bytes, start_bytes),
            peak_bytes: self.peak().map(|peak| peak.max(start_bytes).max(end_bytes)),
            peak_is_since_start: self.carried_peak.is_some(),
        })
    }

    fn peak(&self) -> Option<u64> {
        // The mark first: if another probe sets it back meanwhile, it was carried over before.
        let mark = platform::peak_bytes()?;
        let carried = self.carried_peak.as_ref();
        Some(mark.max(carried.map_or(0, |peak| peak.load(Ordering::Acquire))))
    }
}

impl MemoryUse {
    /// Peak as a share of `limit_bytes`, such as 0.8; `None` without a peak or a limit.
    pub fn utilization(&self, limit_bytes: u64) -> Option<f64> {
        crate::stats::ratio(self.peak_bytes? as f64, limit_bytes as f64)
    }
}

fn difference(end: u64, start: u64) -> i64 {
    let size = i64::try_from(end.abs_diff(start)).unwrap_or(i64::MAX);
    if end < start { -size } else { size }
}

/// Where the mark of the new probe is kept, if the kernel let us set it back.
fn reset_peak() -> Option<Arc<AtomicU64>> {
    let mut watching = lock(&WATCHING);
    watching.retain(|probe| probe.strong_count() > 0);
    if let Some(mark) = platform::peak_bytes().filter(|_| !watching.is_empty()) {
        for probe in watching.iter().filter_map(Weak::upgrade) {
            probe.fetch_max(mark, Ordering::Release);
        }
    }
    if !platform::reset_peak() {
        return None;
    }
    let carried = Arc::new(AtomicU64::new(0));
    watching.push(Arc::downgrade(&carried));
    Some(carried)
}

/// How much memory a run should need at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryTargets {
    /// A typical run leaves less than this behind. Default: 100 MB.
    pub delta_bytes: i64,
    /// No run should ever hold more than this. Default: 500 MB.
    pub peak_bytes: u64,
}

impl Default for MemoryTargets {
    fn default() -> Self {
        Self {
            delta_bytes: 100_000_000,
            peak_bytes: 500_000_000,
        }
    }
}

impl MemoryTargets {
    /// `Warn` for a peak above the target, else `Info` for a delta above its own, else `Debug`.
    /// Where the peak is unknown, start and end stand for it.
    pub fn level_for(&self, memory: &MemoryUse) -> Level {
        let seen = memory.start_bytes.max(memory.end_bytes);
        if memory.peak_bytes.unwrap_or(seen) > self.peak_bytes {
            Level::Warn
        } else if memory.delta_bytes > self.delta_bytes {
            Level::Info
        } else {
            Level::Debug
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(start: u64, end: u64, peak: Option<u64>) -> MemoryUse {
        MemoryUse {
            start_bytes: start,
            end_bytes: end,
            delta_bytes: difference(end, start),
            peak_bytes: peak,
            peak_is_since_start: true,
        }
    }

    #[test]
    fn memory_may_shrink() {
        assert_eq!(memory(10, 4, None).delta_bytes, -6);
        assert_eq!(difference(u64::MAX, 0), i64::MAX);
    }

    #[test]
    fn probes_that_are_gone_are_forgotten() {
        (0..100).for_each(|_| drop(MemoryProbe::start()));
        // The one before, and what other tests hold at this moment.
        let watching = lock(&WATCHING).len();
        assert!(watching < 50, "{watching}");
    }

    #[test]
    fn targets_look_at_the_peak_first() {
        let targets = MemoryTargets::default();
        let mb = 1_000_000;
        let check = |m: MemoryUse, expect| assert_eq!(targets.level_for(&m), expect, "{m:?}");
        check(memory(10 * mb, 110 * mb, Some(500 * mb)), Level::Debug);
        check(memory(10 * mb, 111 * mb, Some(200 * mb)), Level::Info);
        check(memory(10 * mb, 11 * mb, Some(501 * mb)), Level::Warn);
        check(memory(600 * mb, 11 * mb, None), Level::Warn);
    }

    #[test]
    fn utilization_is_of_memory() {
        assert_eq!(memory(0, 0, Some(80)).utilization(100), Some(0.8));
        assert_eq!(memory(0, 0, Some(80)).utilization(0), None);
        assert_eq!(memory(0, 0, None).utilization(100), None);
    }
}
