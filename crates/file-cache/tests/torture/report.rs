//! The table at the end.

use crate::reader::Tally;
use autoexec_file_cache::Stats;

/// One line of the table.
pub(crate) struct Row {
    mode: &'static str,
    numbers: [u64; HEAD.len() - 1],
}

const HEAD: [&str; 14] = [
    "mode",
    "reads",
    "proven",
    "validated",
    "unasked",
    "repeated",
    "loads",
    "coalesced",
    "stale found",
    "evicted",
    "passing",
    "as it came",
    "torn",
    "violations",
];

impl Row {
    /// What was done in a mode, by one cache or several.
    pub(crate) fn new(mode: &'static str, tally: Tally, stats: &[Stats]) -> Self {
        let sum = |of: fn(&Stats) -> u64| -> u64 { stats.iter().map(of).sum() };
        let numbers = [
            tally.reads,
            sum(|it| it.hits_proven),
            sum(|it| it.hits_validated),
            sum(|it| it.hits_unasked),
            sum(|it| it.hits_repeated),
            sum(|it| it.loads),
            sum(|it| it.coalesced),
            sum(|it| it.stale),
            sum(|it| it.evictions),
            tally.passing,
            tally.as_it_came,
            tally.torn,
            tally.violations,
        ];
        Self { mode, numbers }
    }

    pub(crate) fn reads(&self) -> u64 {
        self.numbers[0]
    }

    fn cells(&self) -> Vec<String> {
        let name = [self.mode.to_owned()];
        let numbers = self.numbers.iter().map(u64::to_string);
        name.into_iter().chain(numbers).collect()
    }
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.reads += other.reads;
        self.passing += other.passing;
        self.as_it_came += other.as_it_came;
        self.torn += other.torn;
        self.violations += other.violations;
    }
}

/// The modes and their sum.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut sums = Row {
        mode: "all",
        numbers: [0; HEAD.len() - 1],
    };
    for row in rows {
        let pairs = sums.numbers.iter_mut().zip(row.numbers);
        pairs.for_each(|(sum, number)| *sum += number);
    }
    let mut lines = vec![HEAD.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().chain([&sums]).map(Row::cells));
    lay_out(&lines)
}

/// How often each happening happened.
pub(crate) fn happenings(counts: &[(&str, u64)]) -> String {
    let line = |(name, count): &(&str, u64)| vec![(*name).to_owned(), count.to_string()];
    let lines: Vec<_> = counts.iter().map(line).collect();
    lay_out(&lines)
}

/// The first column to the left, the others to the right.
fn lay_out(lines: &[Vec<String>]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max();
    let widths: Vec<usize> = (0..lines[0].len())
        .map(|column| width(column).unwrap())
        .collect();
    let mut text = String::new();
    for line in lines {
        text += &format!("{:<width$}", line[0], width = widths[0]);
        for (cell, width) in line.iter().zip(&widths).skip(1) {
            text += &format!("  {cell:>width$}");
        }
        text.push('\n');
    }
    text
}
