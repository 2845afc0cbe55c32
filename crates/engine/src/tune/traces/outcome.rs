//! What a search on traces came to: as values, JSON and plots.

use super::super::outcome::steps;
use autoexec_metrics::plot::{Series, lines, page};
use serde::Serialize;
use serde_json::json;

use crate::replay::Outcome;
use crate::trace::Setup;

use super::gain::{CONFIDENCE, Ratio, Verdict};
use super::judge::{Judge, Judged};
use super::knobs::{LeftOut, Searched};
use super::metrics::{METRICS, Scores};
use super::reason::reason;
use super::search::{Found, changed};

/// What came out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Tuned {
    /// Traces that were searched on.
    pub training_traces: usize,
    /// Traces that were held out.
    pub held_out_traces: usize,
    /// The settings that were searched.
    pub searched: Vec<&'static str>,
    /// Those that were not, with the reason.
    pub left_out: Vec<(&'static str, String)>,
    /// Replays of the search.
    pub replays: u64,
    /// The settings before, and as proposed.
    pub setups: [Setup; 2],
    /// What is to be changed.
    pub changes: Vec<Change>,
    /// On the traces that were searched on, before and after.
    pub training: [Figures; 2],
    /// On those held out, if any.
    pub held_out: Option<[Figures; 2]>,
    /// The times of the held-out traces, after over before.
    pub time: Ratio,
    /// Their tokens, likewise; of traces that spent none nothing.
    pub tokens: Ratio,
    /// What may be claimed.
    pub verdict: Verdict,
    /// Settings that none dominates on the traces that were searched on, by memory.
    pub front: Vec<FrontRow>,
    /// After so many replays, the shortest mean time so far, before being 1.
    pub convergence: Vec<(u64, f64)>,
}

/// One changed setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// Section and key, as in `files.entries`.
    pub key: &'static str,
    /// The value before, as TOML.
    pub from: String,
    /// The value after, as TOML.
    pub to: String,
    /// Why, in figures of the traces that were searched on.
    pub reason: String,
}

/// What settings come to on some traces.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Figures {
    /// Sums of the replays.
    pub outcome: Outcome,
    /// The metrics.
    pub scores: Scores,
    /// The score.
    pub autonomy: Option<f64>,
}

/// One of the settings that none dominates.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FrontRow {
    /// The mean time, before being 1.
    pub time: f64,
    /// Most bytes held.
    pub peak_bytes: u64,
    /// Tokens spent.
    pub tokens: u64,
    /// The score.
    pub autonomy: Option<f64>,
    /// What differs from the settings before, as key and value.
    pub changes: Vec<(&'static str, String)>,
}

/// What a [`Tuned`] is made of.
pub(super) struct Parts<'a> {
    pub(super) judge: &'a Judge,
    pub(super) searched: &'a [Searched],
    pub(super) left_out: Vec<LeftOut>,
    pub(super) training: [Judged; 2],
    pub(super) held_out: Option<[Judged; 2]>,
    pub(super) found: Option<Found>,
}

impl Parts<'_> {
    pub(super) fn tuned(self) -> Tuned {
        let changes = self.changes();
        let [before, after] = &self.training;
        let held = self.held_out.as_ref();
        let pairs = |of: fn(&Judged) -> &[f64]| match held {
            Some([then, now]) => Ratio::of(of(now), of(then)),
            None => Ratio::of(&[], &[]),
        };
        let (time, tokens) = (pairs(|it| &it.times), pairs(|it| &it.tokens));
        let sums = held.map_or((0.0, 0.0), |[then, now]| {
            (now.all_tokens(), then.all_tokens())
        });
        let verdict = match changes.is_empty() {
            true => Verdict::Unchanged,
            false => Verdict::of(&time, &tokens, sums),
        };
        let front = self.found.as_ref().map_or(&[][..], |it| &it.front);
        Tuned {
            training_traces: before.times.len(),
            held_out_traces: held.map_or(0, |it| it[0].times.len()),
            searched: self.searched.iter().map(|it| it.knob.key).collect(),
            replays: self.found.as_ref().map_or(0, |it| it.replays),
            setups: [before.setup, after.setup],
            changes,
            training: [before, after].map(Figures::of),
            held_out: held.map(|both| {
                let trained = [before, after];
                let mut figures = [0, 1].map(|at| Figures::of(&both[at]));
                for (at, it) in figures.iter_mut().enumerate() {
                    it.adapts(adaptation(trained[at], &both[at]));
                }
                figures
            }),
            time,
            tokens,
            verdict,
            front: front.iter().map(|it| self.row(it)).collect(),
            convergence: self
                .found
                .as_ref()
                .map_or(Vec::new(), |it| it.convergence.clone()),
            left_out: self.left_out,
        }
    }

    fn changes(&self) -> Vec<Change> {
        let [before, after] = &self.training;
        let changed = changed(self.searched, &after.setup, &before.setup);
        let change = |it: &&Searched| {
            let knob = it.knob;
            let mut alone = before.setup;
            knob.set(&mut alone, knob.get(&after.setup), &before.setup);
            let mut without = after.setup;
            knob.set(&mut without, knob.get(&before.setup), &before.setup);
            let [alone, without] = [alone, without].map(|it| self.judge.judge(&it));
            Change {
                key: knob.key,
                from: knob.toml(&before.setup),
                to: knob.toml(&after.setup),
                reason: reason(before, &alone, after, &without),
            }
        };
        changed.iter().map(change).collect()
    }

    fn row(&self, it: &Judged) -> FrontRow {
        let before = &self.training[0];
        let changed = changed(self.searched, &it.setup, &before.setup);
        FrontRow {
            time: it.time_ratio(before),
            peak_bytes: it.outcome.peak_bytes,
            tokens: it.all_tokens() as u64,
            autonomy: it.scores.autonomy(),
            changes: changed
                .iter()
                .map(|one| (one.knob.key, one.knob.toml(&it.setup)))
                .collect(),
        }
    }
}

/// 1 less what held-out traces are further from their floor than those that were searched on.
fn adaptation(trained: &Judged, held_out: &Judged) -> Option<f64> {
    let loss = (trained.efficiency? - held_out.efficiency?).max(0.0);
    Some(1.0 - loss)
}

impl Figures {
    fn of(judged: &Judged) -> Self {
        Self {
            outcome: judged.outcome,
            scores: judged.scores,
            autonomy: judged.scores.autonomy(),
        }
    }

    fn adapts(&mut self, adaptation: Option<f64>) {
        let at = METRICS.iter().position(|it| it.name == "adaptation");
        self.scores.0[at.expect("because it is in the table")] = adaptation;
        self.autonomy = self.scores.autonomy();
    }
}

impl Tuned {
    /// All of it as one JSON document. Metrics stand beside their names; one that was not measured is null.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut all = serde_json::to_value(self).expect("because its keys are strings");
        all["confidence"] = json!(CONFIDENCE);
        all["metrics"] = METRICS
            .iter()
            .map(|it| json!({"name": it.name, "weight": it.weight}))
            .collect();
        format!("{all:#}")
    }

    /// What was not searched, the settings with the same reason together.
    #[must_use]
    pub fn left_out_by_reason(&self) -> Vec<(String, &str)> {
        let mut grouped: Vec<(String, &str)> = Vec::new();
        for (key, why) in &self.left_out {
            match grouped.iter_mut().find(|it| it.1 == why) {
                Some((keys, _)) => *keys += &format!(", {key}"),
                None => grouped.push(((*key).to_owned(), why)),
            }
        }
        grouped
    }

    /// The changes as TOML, each with its reason; empty if there are none.
    #[must_use]
    pub fn patch(&self) -> String {
        let (mut text, mut section) = (String::new(), "");
        for change in &self.changes {
            let (table, key) = change.key.split_once('.').unwrap_or(("", change.key));
            if table != section {
                let blank = if text.is_empty() { "" } else { "\n" };
                text += &format!("{blank}[{table}]\n");
                section = table;
            }
            let (from, to) = (&change.from, &change.to);
            text += &format!("{key} = {to}  # {from} before; {}\n", change.reason);
        }
        text
    }

    /// Time beside memory of the settings that none dominates in them, as SVG.
    #[must_use]
    pub fn front_plot(&self) -> String {
        let mut best = f64::INFINITY;
        let mut points = Vec::new();
        for row in &self.front {
            if row.time < best {
                best = row.time;
                points.push((row.peak_bytes as f64 / f64::from(1 << 20), row.time));
            }
        }
        let series = Series {
            name: "none dominates",
            points: &points,
        };
        lines(
            "Front",
            "memory held at most (MiB)",
            "time (before = 1)",
            &[series],
        )
    }

    /// The shortest time over the replays, as SVG.
    #[must_use]
    pub fn convergence_plot(&self) -> String {
        let convergence = self.convergence.iter();
        let points = steps(convergence.map(|&(replays, best)| (replays as f64, best)));
        let series = Series {
            name: "best so far",
            points: &points,
        };
        lines("Convergence", "replays", "time (before = 1)", &[series])
    }

    /// Both plots on a page.
    #[must_use]
    pub fn page(&self) -> String {
        let plots = format!("{}{}", self.front_plot(), self.convergence_plot());
        page(
            "Search on traces",
            &format!("<div class=\"plots\">{plots}</div>"),
        )
    }
}
