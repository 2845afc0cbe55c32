//! Figures and the table of a run, for people.

use super::report::{Entry, Report};
use crate::out;

/// `12.3 ns`, `4.56 µs`, `7.89 ms`, `1.23 s`: three digits.
pub(crate) fn time(ns: f64) -> String {
    let units = [("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];
    let (unit, size) = units
        .into_iter()
        .rev()
        .find(|(_, size)| ns >= *size)
        .unwrap_or(units[0]);
    format!("{} {unit}", digits(ns / size))
}

/// `1.23×`.
pub(crate) fn times(ratio: f64) -> String {
    format!("{}×", digits(ratio))
}

/// `+12.3 %` or `4.5 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn digits(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.2}")
    } else if value < 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// What could not be measured is a dash.
pub(crate) fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}

/// The medians with their spread over passes and within a pass, and the wall beside them.
pub(crate) fn table(report: &Report) -> String {
    let header = [
        "benchmark",
        "by",
        "median",
        "spread",
        "in a pass",
        "to floor",
        "spread",
        "wall",
        "to floor",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(report.entries.iter().map(row));
    out::table(&rows)
}

fn row(entry: &Entry) -> Vec<String> {
    let floor = entry.floor.as_ref();
    let ratio = |ratio: Option<f64>| {
        if entry.is_floor {
            "floor".to_owned()
        } else {
            or_dash(ratio.map(times))
        }
    };
    vec![
        entry.id.clone(),
        entry.clock.word().to_owned(),
        time(entry.median_ns),
        or_dash(entry.spread.map(percent)),
        format!("± {}", percent(entry.mad_share)),
        ratio(floor.map(|floor| floor.ratio)),
        or_dash(floor.and_then(|floor| floor.spread).map(percent)),
        time(entry.wall_ns),
        ratio(floor.map(|floor| floor.wall)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::tests::report;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        let cases = [
            (0.5, "0.50 ns"),
            (12.34, "12.3 ns"),
            (999.0, "999 ns"),
            (4_560.0, "4.56 µs"),
            (7.9e6, "7.90 ms"),
            (2.5e9, "2.50 s"),
        ];
        for (ns, expect) in cases {
            assert_eq!(time(ns), expect);
        }
        assert_eq!(
            (times(1.236).as_str(), percent(0.123).as_str()),
            ("1.24×", "12.3 %")
        );
    }

    #[test]
    fn table_shows_ratio_floor_and_dashes() {
        let text = table(&report(&[
            ("g", "floor", &[10.0]),
            ("g", "ours", &[15.0]),
            ("h", "alone", &[1.0]),
        ]));
        let cells = |line: &str| -> Vec<String> {
            let cells = line
                .split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty());
            cells.map(str::to_owned).collect()
        };
        let lines: Vec<Vec<String>> = text.lines().map(cells).collect();
        let expect = [
            [
                "g/floor", "cpu", "10.0 ns", "–", "± 2.0 %", "floor", "–", "15.0 ns", "floor",
            ],
            [
                "g/ours", "cpu", "15.0 ns", "–", "± 2.0 %", "1.50×", "–", "22.5 ns", "1.50×",
            ],
            [
                "h/alone", "cpu", "1.00 ns", "–", "± 2.0 %", "–", "–", "1.50 ns", "–",
            ],
        ];
        assert_eq!(lines[1..], expect);
    }
}
