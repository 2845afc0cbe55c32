//! Rules about hits, and what they are missed for.

use super::capacity::{change, larger_files};
use super::rules::{MUCH_EVIDENCE, Rules, advice};
use super::words::{bytes, changes, count, percent};
use super::{Advice, Change, Severity, Topic};

/// What most requests that were not hits have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Room,
    First,
    Changed,
    Racy,
    Skipped,
    Errors,
    Coalesced,
}

impl Rules<'_> {
    pub(super) fn hit_rate(&self) -> Option<Advice> {
        let (rate, target) = (self.share(self.stats.hits), 0.7);
        if rate >= target {
            return None;
        }
        let cause = self.cause();
        let hopeless = matches!(cause, Cause::First | Cause::Changed | Cause::Racy);
        if hopeless && rate < 0.05 && self.requests >= MUCH_EVIDENCE {
            return Some(self.no_benefit(rate));
        }
        let fate = hopeless || cause == Cause::Coalesced;
        let severity = if rate < 0.5 && !fate {
            Severity::Warning
        } else {
            Severity::Hint
        };
        let (why, changes) = self.why(cause);
        let message = format!("hit rate {} is below 70 %: {why}", percent(rate));
        Some(advice(
            Topic::HitRate,
            severity,
            message,
            (rate, target),
            changes,
        ))
    }

    /// What most misses are due to.
    fn cause(&self) -> Cause {
        let stats = self.stats;
        let skipped = stats.skipped - stats.streamed.min(stats.skipped);
        let racy = stats.racy + stats.unsettled;
        let again = if stats.run_paths > self.options.max_entries as u64 {
            stats.redundant_reads.saturating_sub(stats.skipped)
        } else {
            u64::MAX // Each run has room: what is evicted is what another run had loaded.
        };
        let evicted = stats.evictions.min(again);
        let explained = evicted + stats.stale + racy + skipped + stats.streamed;
        let causes = [
            (stats.loads.saturating_sub(explained), Cause::First),
            (stats.coalesced, Cause::Coalesced),
            (racy, Cause::Racy),
            (stats.stale, Cause::Changed),
            (stats.errors, Cause::Errors),
            (skipped, Cause::Skipped),
            (evicted, Cause::Room),
        ];
        let most = causes.into_iter().max_by_key(|(number, _)| *number);
        most.map_or(Cause::First, |(_, cause)| cause)
    }

    fn why(&self, cause: Cause) -> (String, Vec<Change>) {
        let stats = self.stats;
        let none = |text: String| (text, Vec::new());
        match cause {
            Cause::Room => (self.room(), self.raised.clone()),
            Cause::First => none(
                "most loads were the first of their file in this run, which no setting changes"
                    .into(),
            ),
            Cause::Changed => none(format!(
                "{} files had changed since they were loaded, which no setting changes",
                count(stats.stale)
            )),
            Cause::Racy => none(format!(
                "{} files were changing, or had changed just before they were loaded, which no setting changes",
                count(stats.racy + stats.unsettled)
            )),
            Cause::Skipped => {
                let larger = self.larger_files();
                let what = changes(&larger, "stream them");
                (
                    format!(
                        "{} loads were of files too large to keep; {what}",
                        count(stats.skipped - stats.streamed)
                    ),
                    larger,
                )
            }
            Cause::Errors => none(format!(
                "{} requests ended in errors; do not ask for what is not there, or set error_ttl",
                count(stats.errors)
            )),
            Cause::Coalesced => none(format!(
                "{} requests shared the load of another thread, which no setting changes",
                count(stats.coalesced)
            )),
        }
    }

    fn no_benefit(&self, rate: f64) -> Advice {
        let stats = self.stats;
        let message = format!(
            "hit rate {} in {} requests is below 5 %: files are not asked for again as they were, and the cache holds {} for \
             nothing; read them without it or lower max_entries from {} to 0",
            percent(rate),
            count(self.requests),
            bytes(stats.resident_bytes),
            count(self.options.max_entries as u64)
        );
        let off = change("max_entries", self.options.max_entries as u64, 0);
        advice(
            Topic::NoBenefit,
            Severity::Warning,
            message,
            (rate, 0.05),
            vec![off],
        )
    }

    pub(super) fn evictions(&self) -> Option<Advice> {
        let (rate, target) = (self.share(self.stats.evictions), 0.1);
        let message = || {
            format!(
                "evictions are {} of requests, more than 10 %: {}",
                percent(rate),
                self.room()
            )
        };
        let changes = self.raised.clone();
        (rate > target).then(|| {
            advice(
                Topic::Evictions,
                Severity::Hint,
                message(),
                (rate, target),
                changes,
            )
        })
    }

    pub(super) fn redundant_reads(&self) -> Option<Advice> {
        let redundant = self.stats.redundant_reads;
        let (rate, target) = (self.share(redundant), 0.01);
        if rate <= target {
            return None;
        }
        let (why, changes) = if self.stats.evictions > 0 {
            (self.room(), self.raised.clone())
        } else {
            (
                "they were too large, streamed or dropped; ask for each once".to_owned(),
                Vec::new(),
            )
        };
        let message = format!(
            "{} loads, {} of requests, were of files that the same run had loaded before as they were, more than 1 %: {why}",
            count(redundant),
            percent(rate)
        );
        Some(advice(
            Topic::RedundantReads,
            Severity::Hint,
            message,
            (rate, target),
            changes,
        ))
    }

    pub(super) fn skipped(&self) -> Option<Advice> {
        let skipped = self.stats.skipped.saturating_sub(self.stats.streamed);
        let (rate, target) = (self.share(skipped), 0.05);
        if rate <= target {
            return None;
        }
        let larger = self.larger_files();
        let what = changes(&larger, "there is no memory for them");
        let message = format!(
            "{} loads, {} of requests, were of files too large to keep, more than 5 %: {what}, or stream them",
            count(skipped),
            percent(rate)
        );
        Some(advice(
            Topic::Skipped,
            Severity::Hint,
            message,
            (rate, target),
            larger,
        ))
    }

    fn larger_files(&self) -> Vec<Change> {
        larger_files(self.stats, self.options, self.surroundings)
    }

    /// What is held, what was needed, and what to do.
    fn room(&self) -> String {
        let stats = self.stats;
        let what = changes(&self.raised, "but there is no memory for more");
        format!(
            "{} files were loaded in this run and the cache holds {}; {what}",
            count(stats.run_paths),
            count(stats.resident_entries)
        )
    }
}
