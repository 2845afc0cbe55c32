//! What was named of each seed: for people, as JSON, and for the documentation.

use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::evidence::Named;
use super::table::{SEEDS, Seed};
use crate::out;

/// How many names a cell shows.
const SHOWN: usize = 2;

/// One seed and what it was caught by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    krate: String,
    name: String,
    /// When it was measured.
    date: String,
    counts: Evidence,
    times: Evidence,
}

/// What one tool said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Evidence {
    /// What has to be named, with its change; absent where it was not.
    expected: Vec<(String, Option<String>)>,
    /// How many others were named.
    others: usize,
    /// Whether the tool was asked.
    asked: bool,
}

impl Evidence {
    /// Whether it has to be asked for a verdict, and was not.
    fn is_missing(&self) -> bool {
        !self.asked && !self.expected.is_empty()
    }
}

impl Evidence {
    /// An id is named when it is there, or a count of the scenario is, and one that ends in `*` when any is that
    /// begins so: then by the one that comes first.
    fn new(expected: &[&str], named: Option<Vec<Named>>) -> Self {
        let asked = named.is_some();
        let named = named.unwrap_or_default();
        let is_of = |one: &Named, id: &str| match id.strip_suffix('*') {
            Some(start) => one.id.starts_with(start),
            None => one
                .id
                .strip_prefix(id)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(": ")),
        };
        let found = |&id: &&str| {
            let first = named.iter().find(|one| is_of(one, id));
            let change = first.map(|one| match one.id.split_once(": ") {
                Some((_, count)) => format!("{count} {}", one.change),
                None => one.change.clone(),
            });
            let shown = first.filter(|_| id.ends_with('*'));
            (shown.map_or(id, |one| &one.id).to_owned(), change)
        };
        let is_other = |one: &&Named| !expected.iter().any(|id| is_of(one, id));
        Self {
            others: named.iter().filter(is_other).count(),
            expected: expected.iter().map(found).collect(),
            asked,
        }
    }

    fn is_caught(&self) -> bool {
        !self.asked || self.expected.iter().all(|(_, change)| change.is_some())
    }

    fn cell(&self) -> String {
        if !self.asked {
            return "–".to_owned();
        }
        let mut words: Vec<String> = self.expected.iter().map(word).collect();
        let more = words.len().saturating_sub(SHOWN) + self.others;
        words.truncate(SHOWN);
        if more > 0 {
            words.push(format!("and {more} more"));
        }
        words.join(", ")
    }
}

fn word((id, change): &(String, Option<String>)) -> String {
    match change {
        Some(change) => format!("{id} {change}"),
        None => format!("{id} NOT NAMED"),
    }
}

impl Row {
    pub(super) fn new(
        seed: &Seed,
        date: String,
        counts: Option<Vec<Named>>,
        times: Option<Vec<Named>>,
    ) -> Self {
        Self {
            krate: seed.krate.to_owned(),
            name: seed.name.to_owned(),
            date,
            counts: Evidence::new(seed.scenarios, counts),
            times: Evidence::new(seed.benchmarks, times),
        }
    }

    /// Whether all that was asked named all that it had to; and something was asked.
    pub(super) fn is_caught(&self) -> bool {
        (self.counts.asked || self.times.asked) && self.counts.is_caught() && self.times.is_caught()
    }

    /// Whether all was asked that should name it.
    fn is_whole(&self) -> bool {
        !self.counts.is_missing() && !self.times.is_missing()
    }

    fn cells(&self) -> [String; 5] {
        let verdict = match (self.counts.asked || self.times.asked, self.is_caught()) {
            (false, _) => "not asked",
            (true, true) if !self.is_whole() => "caught, as far as asked",
            (true, true) => "caught",
            (true, false) => "MISSED",
        };
        [
            self.krate.clone(),
            self.name.clone(),
            self.counts.cell(),
            self.times.cell(),
            verdict.to_owned(),
        ]
    }
}

const HEADS: [&str; 5] = ["crate", "seed", "named by counts", "named by time", ""];

/// The rows as a table.
pub(super) fn table(rows: &[Row]) -> String {
    let cells = rows.iter().map(|row| row.cells().to_vec());
    let heads = HEADS.map(str::to_owned).to_vec();
    out::table(&std::iter::once(heads).chain(cells).collect::<Vec<_>>())
}

/// The last row of each seed.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rows(Vec<Row>);

impl Rows {
    /// Those of earlier runs; none where there was none.
    ///
    /// # Errors
    /// When there is a file that holds something else.
    pub(super) fn read(path: &Path) -> Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text)
                .with_context(|| format!("{} holds something else; remove it", path.display())),
            Err(_) => Ok(Self::default()),
        }
    }

    pub(super) fn json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// In the place of an earlier row of this seed, unless that says more.
    pub(super) fn put(&mut self, row: Row) {
        let is_same = |old: &Row| (&old.krate, &old.name) == (&row.krate, &row.name);
        let says_more = |old: &Row| is_same(old) && old.is_whole();
        if !row.is_whole() && self.0.iter().any(says_more) {
            return;
        }
        self.0.retain(|old| !is_same(old));
        self.0.push(row);
    }

    /// In the order of the seeds; those that are no longer there are left out.
    pub(super) fn markdown(&self) -> String {
        let mut text = "| crate | seed | named by counts | named by time | | measured |\n|---|---|---|---|---|---|\n".to_owned();
        let of = |seed: &Seed| {
            self.0
                .iter()
                .find(|row| row.krate == seed.krate && row.name == seed.name)
        };
        for row in SEEDS.iter().filter_map(of) {
            let date = row.date.split('T').next().unwrap_or_default();
            text += &format!("| {} | {date} |\n", row.cells().join(" | "));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(list: &[(&str, &str)]) -> Option<Vec<Named>> {
        let owned = |&(id, change): &(&str, &str)| Named {
            id: id.to_owned(),
            change: change.to_owned(),
        };
        Some(list.iter().map(owned).collect())
    }

    fn seed() -> Seed {
        Seed {
            scenarios: &["a/b"],
            benchmarks: &["a/c/d"],
            ..Seed::TEST
        }
    }

    #[test]
    fn everything_that_was_asked_has_to_name_it() {
        let row =
            |counts, times| Row::new(&seed(), "2026-01-01T00:00:00Z".to_owned(), counts, times);
        let (count, other) = (
            named(&[("a/b: calls/stat", "+100.0 %")]),
            named(&[("a/bc: calls/stat", "+1.0 %")]),
        );
        let time = named(&[("a/c/d", "+12.0 %"), ("a/c/e", "+9.0 %")]);
        let both = row(count.clone(), time.clone());
        assert!(both.is_caught());
        assert_eq!(
            both.cells()[2..],
            [
                "a/b calls/stat +100.0 %",
                "a/c/d +12.0 %, and 1 more",
                "caught"
            ]
            .map(str::to_owned)
        );
        assert!(row(count.clone(), None).is_caught() && row(None, time.clone()).is_caught());
        for missed in [row(other, time), row(count, named(&[])), row(None, None)] {
            assert!(!missed.is_caught(), "{missed:?}");
        }
    }

    #[test]
    fn one_of_those_that_begin_so_is_enough() {
        let of = |named| Evidence::new(&["a/b*"], named);
        let caught = of(named(&[
            ("a/bc/d", "+7.0 %"),
            ("a/b/e", "+6.0 %"),
            ("a/c", "+9.0 %"),
        ]));
        assert!(caught.is_caught());
        assert_eq!(caught.cell(), "a/bc/d +7.0 %, and 1 more");
        let missed = of(named(&[("a/c/b", "+7.0 %")]));
        assert!(!missed.is_caught());
        assert_eq!(missed.cell(), "a/b* NOT NAMED, and 1 more");
    }

    #[test]
    fn rows_are_kept_by_seed_and_written_in_their_order() {
        let of = |seed: &Seed, date: &str| Row::new(seed, date.to_owned(), None, None);
        let mut rows = Rows::default();
        rows.put(of(&SEEDS[1], "2026-01-01T"));
        rows.put(of(&SEEDS[0], "2026-01-02T"));
        rows.put(of(&SEEDS[1], "2026-01-03T"));
        rows.put(of(&Seed::TEST, "2026-01-04T"));
        let text = rows.markdown();
        let dates: Vec<&str> = text
            .lines()
            .skip(2)
            .filter_map(|line| line.rsplit(" | ").next())
            .collect();
        assert_eq!(dates, ["2026-01-02 |", "2026-01-03 |"]);
        // Counts alone do not take the place of a row that has both.
        let named = |list| named(list);
        let seed = seed();
        let both = Row::new(&seed, "2026-01-05T".to_owned(), named(&[]), named(&[]));
        rows.put(both.clone());
        rows.put(Row::new(&seed, "2026-01-06T".to_owned(), named(&[]), None));
        assert_eq!(rows.0.last(), Some(&both));
        let again: Rows = serde_json::from_str(&rows.json().unwrap()).unwrap();
        assert_eq!(again, rows);
    }
}
