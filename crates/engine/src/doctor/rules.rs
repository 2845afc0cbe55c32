//! The rules, each with its limit in words and as a number, and how much there has to be before it says anything.

use super::model::Rule;

const fn rule(limit: f64, text: &'static str) -> Rule {
    Rule { text, limit }
}

pub(super) const ERROR_RATE: Rule = rule(0.05, "more than 5 % of the steps that ran failed");
pub(super) const REFUSED: Rule = rule(
    0.05,
    "more than 5 % of the files asked for were too large; below, a hint",
);
pub(super) const REPEATED: Rule = rule(
    0.0,
    "the same question was asked again in the same process, and not answered from the cache",
);
pub(super) const BLOAT: Rule = rule(
    0.5,
    "more than 50 % of the tokens sent are earlier turns, in a conversation above 3,000 tokens",
);
pub(super) const TRIMS: Rule = rule(
    0.5,
    "more than 50 % of the questions had to trim their conversation",
);
pub(super) const MORE_TOKENS: Rule = rule(
    1.2,
    "median tokens more than 20 % above those of earlier runs",
);
pub(super) const HIT_RATE: Rule = rule(0.5, "hit rate below 50 %");
pub(super) const REDUNDANT: Rule = rule(
    0.01,
    "more than 1 % of the loads were of files that the same run had loaded",
);
pub(super) const PATHS: Rule = rule(
    0.1,
    "more than 10 % of the look-ups were of folders that the same process had resolved",
);
pub(super) const SLOW_FILES: Rule = rule(10.0, "more than 1 s per 10 files from disk");
pub(super) const WORKERS: Rule = rule(
    8.0,
    "more workers where a batch loads more than 50 files and there are more than 8 processors",
);
pub(super) const WAITING: Rule = rule(
    0.2,
    "steps wait for a place during more than 20 % of the time, and a replay with more places is 10 % faster",
);
pub(super) const WAITING_OWN: Rule = rule(
    0.2,
    "steps wait for a place during more than 20 % of the time, and the longest chain takes less than 80 % of it",
);
pub(super) const CHAIN: Rule = rule(
    0.9,
    "steps that need each other take more than 90 % of the time, and less than 50 % of the processors have work",
);
pub(super) const CONSOLIDATION: Rule = rule(1e8, "more than 2 s per 20 steps for a document");
pub(super) const SHORT_COMMANDS: Rule = rule(
    5e7,
    "20 commands and more of one step in one run, half of them under 50 ms",
);
pub(super) const FAILING_COMMANDS: Rule =
    rule(0.3, "more than 30 % of the commands of a step failed");
pub(super) const RETRIES: Rule = rule(0.0, "3 repeated attempts and more, and none of them helped");
pub(super) const SLOWER: Rule = rule(1.2, "median time more than 20 % above that of earlier runs");
pub(super) const LITTLE_MEMORY: Rule = rule(
    (1u64 << 30) as f64,
    "less than 1 GiB of memory is free, and the cache may take more than that and more than twice what it needs",
);
pub(super) const PREMATURE: Rule = rule(1e9, "no run takes 1 s: nobody would notice");

/// Reads, or look-ups, before shares of them say something.
pub(super) const FEWEST_READS: u64 = 100;
/// Steps that ran before a share of failures says something.
pub(super) const FEWEST_STEPS: u64 = 20;
/// Files from disk before their speed says something.
pub(super) const FEWEST_LOADS: u64 = 10;
/// Points of the hit rate that a larger cache has to gain.
pub(super) const WORTH_A_CACHE: f64 = 0.1;
/// Tokens of a conversation that nobody calls large.
pub(super) const SMALL_CONVERSATION: u64 = 3_000;
/// Questions before the share of trims says something.
pub(super) const FEWEST_QUESTIONS: u64 = 4;
/// Commands of a step in one run that are many.
pub(super) const MANY_COMMANDS: usize = 20;
/// Commands of a step, in all runs, before the share of failures says something.
pub(super) const FEWEST_COMMANDS: usize = 10;
/// Attempts beyond the first before they say something.
pub(super) const FEWEST_RETRIES: u64 = 3;
/// Runs that are the newest, and the fewest that are compared.
pub(super) const NEWEST: usize = 3;
/// A batch of more files is large.
pub(super) const LARGE_BATCH: usize = 50;
/// Below, a replay gains nothing worth a change.
pub(super) const WORTH_A_CHANGE: f64 = 0.9;
