//! Instructions now beside those of the snapshot.

use std::collections::BTreeMap;

use super::snapshot::Cost;
use crate::out;

/// More than so many percent more is a regression.
const PERCENT: f64 = 3.0;

/// Scenarios (or all whose id begins so, with a `*`) that need more room, and why.
const EXCEPTIONS: &[(&str, f64, &str)] = &[(
    "engine/*",
    8.0,
    "threads wait for each other, and look again how often depends on the scheduling of valgrind",
)];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Worse,
    New,
    Gone,
    Better,
    Same,
}

#[derive(Debug)]
struct Row {
    id: String,
    before: Option<u64>,
    now: Option<u64>,
    verdict: Verdict,
}

#[derive(Debug)]
pub(super) struct Comparison {
    rows: Vec<Row>,
}

pub(super) fn compare(
    before: &BTreeMap<String, Cost>,
    now: &BTreeMap<String, Cost>,
    filter: Option<&str>,
) -> Comparison {
    let mut rows: Vec<Row> = Vec::new();
    for (id, cost) in now {
        let old = before.get(id).filter(|old| old.times == cost.times);
        rows.push(Row {
            id: id.clone(),
            before: old.map(|it| it.instructions),
            now: Some(cost.instructions),
            verdict: old.map_or(Verdict::New, |old| {
                judge(id, old.instructions, cost.instructions)
            }),
        });
    }
    let is_gone =
        |id: &&String| !now.contains_key(*id) && filter.is_none_or(|text| id.contains(text));
    rows.extend(before.keys().filter(is_gone).map(|id| Row {
        id: id.clone(),
        before: Some(before[id].instructions),
        now: None,
        verdict: Verdict::Gone,
    }));
    rows.sort_by(|a, b| (a.verdict, &a.id).cmp(&(b.verdict, &b.id)));
    Comparison { rows }
}

fn judge(id: &str, before: u64, now: u64) -> Verdict {
    let room = before as f64 * percent(id) / 100.0;
    if now as f64 > before as f64 + room {
        Verdict::Worse
    } else if (now as f64) < before as f64 - room {
        Verdict::Better
    } else {
        Verdict::Same
    }
}

fn percent(id: &str) -> f64 {
    let is_about = |pattern: &str| match pattern.strip_suffix('*') {
        Some(front) => id.starts_with(front),
        None => pattern == id,
    };
    let exception = EXCEPTIONS.iter().find(|it| is_about(it.0));
    exception.map_or(PERCENT, |it| it.1)
}

impl Comparison {
    pub(super) fn is_good(&self) -> bool {
        let good = [Verdict::Better, Verdict::Same];
        self.rows.iter().all(|it| good.contains(&it.verdict))
    }

    /// All rows, the worst first.
    pub(super) fn text(&self) -> String {
        let head = ["scenario", "snapshot", "now", "change", "allowed", ""];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(self.rows.iter().map(cells));
        let failures = self
            .rows
            .iter()
            .filter(|it| matches!(it.verdict, Verdict::Worse | Verdict::New | Verdict::Gone));
        format!(
            "{}\n{} scenarios, {} to look at; where that is as it should be: `cargo xtask instructions --bless`\n",
            out::table(&rows),
            self.rows.len(),
            failures.count()
        )
    }
}

fn cells(it: &Row) -> Vec<String> {
    let number = |value: Option<u64>| value.map_or("-".to_owned(), |it| it.to_string());
    let change = match (it.before, it.now) {
        (Some(before), Some(now)) if before > 0 => {
            format!("{:+.2} %", (now as f64 / before as f64 - 1.0) * 100.0)
        }
        _ => "-".to_owned(),
    };
    let word = match it.verdict {
        Verdict::Worse => "WORSE",
        Verdict::New => "NEW",
        Verdict::Gone => "GONE",
        Verdict::Better => "better",
        Verdict::Same => "",
    };
    vec![
        it.id.clone(),
        number(it.before),
        number(it.now),
        change,
        format!("{} %", percent(&it.id)),
        word.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(pairs: &[(&str, u64)]) -> BTreeMap<String, Cost> {
        let cost = |&(id, instructions): &(&str, u64)| {
            (
                id.to_owned(),
                Cost {
                    times: 1,
                    instructions,
                },
            )
        };
        pairs.iter().map(cost).collect()
    }

    #[test]
    fn three_percent_more_is_a_regression() {
        assert_eq!(judge("store/hit", 1_000, 1_030), Verdict::Same);
        assert_eq!(judge("store/hit", 1_000, 1_031), Verdict::Worse);
        assert_eq!(judge("store/hit", 1_000, 969), Verdict::Better);
        assert_eq!(judge("engine/cold", 1_000, 1_050), Verdict::Same);
        assert_eq!(judge("store/hit", 0, 0), Verdict::Same);
    }

    #[test]
    fn the_worst_comes_first_and_what_is_not_compared_fails() {
        let before = costs(&[("a", 1_000), ("b", 1_000), ("c", 1_000)]);
        let now = costs(&[("a", 900), ("b", 1_100), ("c", 1_000)]);
        let comparison = compare(&before, &now, None);
        assert!(!comparison.is_good());
        assert_eq!(comparison.rows[0].id, "b");
        assert!(comparison.text().contains("+10.00 %"));
        assert!(!compare(&costs(&[]), &now, None).is_good());
        assert!(!compare(&before, &costs(&[]), None).is_good());
        assert!(compare(&before, &costs(&[("a", 1_000)]), Some("a")).is_good());
    }
}
