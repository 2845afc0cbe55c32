//! The comparison as a table, and what to do about it.

use super::compare::{Comparison, Difference, Verdict};
use crate::out;

pub(super) fn comparison(it: &Comparison) -> String {
    let mut text = String::new();
    if !it.differences.is_empty() {
        let head = ["scenario: count", "snapshot", "now", "change", ""];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(it.differences.iter().map(row));
        text += &out::table(&rows);
        text.push('\n');
    }
    if let Some(target) = &it.other_target {
        text += &format!(
            "the snapshot is of {target}: allocations, their bytes and system calls were not compared\n"
        );
    }
    text += &summary(it);
    text
}

fn row(it: &Difference) -> Vec<String> {
    let name = match &it.count {
        Some(count) => format!("{}: {count}", it.scenario),
        None => it.scenario.clone(),
    };
    let number = |value: Option<i64>| value.map_or("-".to_owned(), |it| it.to_string());
    let word = match it.verdict {
        Verdict::Worse => "WORSE",
        Verdict::Changed => "CHANGED",
        Verdict::New => "NEW",
        Verdict::Gone => "GONE",
        Verdict::Better => "better",
    };
    vec![
        name,
        number(it.before),
        number(it.now),
        change(it.before, it.now),
        word.to_owned(),
    ]
}

/// `+12.5 %`; from nothing there is no share.
fn change(before: Option<i64>, now: Option<i64>) -> String {
    match (before, now) {
        (Some(before), Some(now)) if before != 0 => {
            format!(
                "{:+.1} %",
                (now - before) as f64 / before.abs() as f64 * 100.0
            )
        }
        _ => "-".to_owned(),
    }
}

fn summary(it: &Comparison) -> String {
    let failures = it.differences.iter().filter(|it| it.verdict.is_failure());
    let (failures, all) = (failures.count(), it.differences.len());
    let mut text = format!(
        "{} scenarios, {} counts compared: {failures} to look at, {} better, {} within their tolerance",
        it.scenarios,
        it.compared,
        all - failures,
        it.within
    );
    if it.skipped > 0 {
        text += &format!(", {} not compared", it.skipped);
    }
    if all > 0 {
        text += "\nwhere this is as it should be: `cargo xtask counts --bless`, and commit the snapshot";
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_a_row_and_a_summary_follows() {
        let comparison = Comparison {
            differences: vec![Difference {
                scenario: "store/hit".to_owned(),
                count: Some("allocations".to_owned()),
                before: Some(1_000),
                now: Some(2_000),
                verdict: Verdict::Worse,
            }],
            scenarios: 1,
            compared: 9,
            ..Comparison::default()
        };
        let text = super::comparison(&comparison);
        assert!(
            text.contains("store/hit: allocations      1000  2000  +100.0 %  WORSE"),
            "{text}"
        );
        assert!(
            text.contains("1 scenarios, 9 counts compared: 1 to look at, 0 better"),
            "{text}"
        );
        assert!(text.contains("--bless"), "{text}");
    }

    #[test]
    fn where_nothing_differs_there_is_no_table() {
        let text = super::comparison(&Comparison::default());
        assert_eq!(text.lines().count(), 1);
        assert_eq!(change(Some(0), Some(4)), "-");
    }
}
