//! Rules about batches, memory and the watcher.

use super::capacity::{LITTLE_FREE, change, halved, lowered_to_free};
use super::rules::{MUCH_EVIDENCE, Rules, advice};
use super::words::{bytes, changes, count};
use super::{Advice, Change, Severity, Topic};
use std::time::Duration;

/// With more memory free than this, a cache that evicts may grow.
const MUCH_FREE: u64 = 2 << 30;
/// Growth of the process from which on it is looked for who holds the memory.
const GROWTH: u64 = 500 << 20;
/// A bound on entries up to this costs nothing worth saving.
const SMALL: u64 = 1_024;
/// More threads than this were not seen to pay.
const MOST_WORKERS: u64 = 8;
/// Batches that take less have nothing to gain from threads.
const LONG_BATCH: Duration = Duration::from_millis(10);

impl Rules<'_> {
    pub(super) fn slow_batches(&self) -> Option<Advice> {
        let stats = self.stats;
        let (speed, target) = (
            stats.batch_loads as f64 / stats.batch_time.as_secs_f64(),
            10.0,
        );
        if speed >= target {
            return None;
        }
        let severity = if speed < 5.0 {
            Severity::Warning
        } else {
            Severity::Hint
        };
        let (now, most) = (
            self.options.workers.max(1) as u64,
            self.surroundings.processors as u64,
        );
        let more = (now < most).then(|| change("workers", now, most));
        let more: Vec<Change> = more.into_iter().collect();
        let what = changes(&more, "more threads would not help, look at the disk");
        let message = format!("batches loaded {speed:.1} files a second, fewer than 10: {what}");
        Some(advice(
            Topic::SlowBatches,
            severity,
            message,
            (speed, target),
            more,
        ))
    }

    pub(super) fn workers(&self) -> Option<Advice> {
        let stats = self.stats;
        let files = stats.batch_loads as f64 / stats.batches.max(1) as f64;
        let (now, most) = (
            self.options.workers as u64,
            self.surroundings.processors as u64,
        );
        let time = stats
            .batch_time
            .checked_div(u32::try_from(stats.batches).unwrap_or(u32::MAX))
            .unwrap_or_default();
        let (target, to, why) =
            if files > 50.0 && most >= MOST_WORKERS && now < MOST_WORKERS && time > LONG_BATCH {
                (
                    50.0,
                    MOST_WORKERS,
                    format!("more than 50, in {time:.0?}, and there are {most} processors"),
                )
            } else if files < 10.0 && now > 2 {
                (
                    10.0,
                    2,
                    format!("fewer than 10, which do not repay {now} threads"),
                )
            } else if most < 4 && now > most.max(1) {
                (
                    files,
                    most.max(1),
                    format!("and of {now} threads the {most} processors run {most}"),
                )
            } else {
                return None;
            };
        let change = change("workers", now, to);
        let message = format!(
            "batches loaded {files:.1} files on average, {why}: {}",
            changes(&[change], "")
        );
        Some(advice(
            Topic::Workers,
            Severity::Hint,
            message,
            (files, target),
            vec![change],
        ))
    }

    pub(super) fn little_free(&self) -> Option<Advice> {
        let free = self
            .surroundings
            .free_bytes
            .filter(|free| *free < LITTLE_FREE)?;
        let lower = lowered_to_free(free, self.options)?;
        let message = format!(
            "{} of memory are free, less than 1 GiB, and the cache holds {}: {}",
            bytes(free),
            bytes(self.stats.resident_bytes),
            changes(&[lower], "")
        );
        let measured = (free as f64, LITTLE_FREE as f64);
        Some(advice(
            Topic::FreeMemory,
            Severity::Warning,
            message,
            measured,
            vec![lower],
        ))
    }

    pub(super) fn much_free(&self) -> Option<Advice> {
        let free = self
            .surroundings
            .free_bytes
            .filter(|free| *free > MUCH_FREE)?;
        if self.stats.evictions == 0 || self.raised.is_empty() {
            return None;
        }
        let message = format!(
            "{} of memory are free, more than 2 GiB, and {} entries were evicted: {}",
            bytes(free),
            count(self.stats.evictions),
            changes(&self.raised, "")
        );
        let measured = (free as f64, MUCH_FREE as f64);
        Some(advice(
            Topic::FreeMemory,
            Severity::Hint,
            message,
            measured,
            self.raised.clone(),
        ))
    }

    pub(super) fn growth(&self) -> Option<Advice> {
        let grown = self
            .surroundings
            .process_growth_bytes
            .filter(|grown| *grown > GROWTH)?;
        let held = self.stats.resident_bytes;
        let (severity, lower) = if held >= grown / 2 {
            (Severity::Warning, vec![halved(self.stats, self.options)])
        } else {
            (Severity::Hint, Vec::new())
        };
        let message = format!(
            "the process grew by {}, more than 500 MiB, of which the cache holds {}: {}",
            bytes(grown),
            bytes(held),
            changes(&lower, "look for the rest elsewhere")
        );
        Some(advice(
            Topic::ProcessGrowth,
            severity,
            message,
            (grown as f64, GROWTH as f64),
            lower,
        ))
    }

    pub(super) fn watch_losses(&self) -> Option<Advice> {
        let (losses, held) = (self.stats.watch_losses, self.stats.resident_entries);
        let message = || {
            format!(
                "notifications were lost {} times, more than 0, and each time all {} files had to be validated: raise \
                 fs.inotify.max_queued_events of the system, or read between bursts of writes",
                count(losses),
                count(held)
            )
        };
        let shows = losses.saturating_mul(held) > self.stats.hits / 10;
        (losses > 0 && shows).then(|| {
            advice(
                Topic::WatchLosses,
                Severity::Hint,
                message(),
                (losses as f64, 0.0),
                Vec::new(),
            )
        })
    }

    pub(super) fn unused_room(&self) -> Option<Advice> {
        let stats = self.stats;
        let (bound, needed) = (
            self.options.max_entries as u64,
            stats.resident_entries.max(stats.run_paths),
        );
        if self.requests < MUCH_EVIDENCE
            || stats.evictions > 0
            || bound <= SMALL
            || needed.saturating_mul(8) >= bound
        {
            return None;
        }
        let lower = change(
            "max_entries",
            bound,
            (2 * needed).next_power_of_two().max(128),
        );
        let message = format!(
            "{} entries are all that was needed, less than an eighth of the room: {}",
            count(needed),
            changes(&[lower], "")
        );
        Some(advice(
            Topic::UnusedRoom,
            Severity::Hint,
            message,
            (needed as f64, bound as f64 / 8.0),
            vec![lower],
        ))
    }
}
