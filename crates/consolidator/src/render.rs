//! The Markdown of a header, of one step, and of the footer.
//!
//! Every block ends with a newline and starts its paragraphs with an empty line, so that blocks
//! can be joined in any order without looking at each other.

use std::collections::HashMap;
use std::fmt::Write;

use crate::block::push_block;
use crate::inline::{push_code, push_line};
use crate::{Finding, Severity, Step, Summary};

/// From this many findings on, a step's findings are grouped by file.
const GROUPED_FROM: usize = 25;
/// At most this many files of a list are named; the others are counted.
const FILES_NAMED: usize = 12;

pub(crate) fn header(title: &str) -> String {
    let mut out = String::from("# ");
    push_line(&mut out, title);
    out.push('\n');
    out
}

/// One step's block. O(length of the step).
pub(crate) fn step(number: u32, step: &Step) -> String {
    let mut out = String::with_capacity(size_hint(step));
    heading(&mut out, number, &step.title);
    belief(&mut out, step);
    if !step.text.trim().is_empty() {
        out.push('\n');
        push_block(&mut out, &step.text);
    }
    findings(&mut out, step);
    files(&mut out, "Relevant", &step.relevant_files);
    files(&mut out, "Checked", &step.files_checked);
    out
}

pub(crate) fn footer(summary: &Summary) -> String {
    let mut out = String::from("\n---\n\n**");
    push_count(&mut out, summary.steps, "step");
    out.push_str(", ");
    push_count(&mut out, summary.files_checked, "file");
    out.push_str(" checked, ");
    push_number(&mut out, summary.relevant_files);
    out.push_str(" relevant, ");
    push_count(&mut out, summary.findings_total(), "finding");
    out.push_str("**");
    breakdown(&mut out, &summary.by_severity, summary.omitted);
    out.push('\n');
    out
}

/// A guess at the length of the block, so that it is allocated once.
fn size_hint(step: &Step) -> usize {
    let finding = |f: &Finding| f.text.len() + f.file.as_ref().map_or(0, String::len) + 40;
    let named = |files: &[String]| -> usize {
        let shown = files.iter().take(FILES_NAMED);
        shown.map(|file| file.len() + 4).sum()
    };
    160 + step.title.len()
        + step.text.len()
        + step.hypothesis.as_ref().map_or(0, String::len)
        + step.findings.iter().map(finding).sum::<usize>()
        + named(&step.files_checked)
        + named(&step.relevant_files)
}

fn heading(out: &mut String, number: u32, title: &str) {
    let _ = write!(out, "\n## {number}. ");
    push_line(out, title);
    out.truncate(out.trim_end().len());
    out.push('\n');
}

/// The hypothesis and how sure the step is, as one quoted line.
fn belief(out: &mut String, step: &Step) {
    let hypothesis = step.hypothesis.as_deref().map(str::trim);
    let hypothesis = hypothesis.filter(|text| !text.is_empty());
    match (hypothesis, step.confidence) {
        (None, None) => return,
        (None, Some(confidence)) => {
            let _ = write!(out, "\n> **Confidence:** {confidence}");
        }
        (Some(text), confidence) => {
            out.push_str("\n> **Hypothesis");
            if let Some(confidence) = confidence {
                let _ = write!(out, " (confidence: {confidence})");
            }
            out.push_str(":** ");
            push_line(out, text);
        }
    }
    out.push('\n');
}

fn findings(out: &mut String, step: &Step) {
    if step.findings.is_empty() && step.omitted == 0 {
        return;
    }
    if step.findings.len() < GROUPED_FROM {
        out.push('\n');
        for finding in &step.findings {
            item(out, finding);
        }
        more(out, step.omitted);
    } else {
        findings_by_file(out, step);
    }
}

/// ``- **high** `src/a.rs:12:5` text``
fn item(out: &mut String, finding: &Finding) {
    for part in ["- **", finding.severity.as_str(), "**"] {
        out.push_str(part);
    }
    if let Some(file) = &finding.file {
        out.push(' ');
        push_code(out, file, |out| push_position(out, ":", finding));
    } else {
        line_alone(out, finding);
    }
    push_item_text(out, &finding.text);
}

/// `` `line 12:5` ``, where the file is known or missing.
fn line_alone(out: &mut String, finding: &Finding) {
    if finding.line.is_some() {
        out.push_str(" `");
        push_position(out, "line ", finding);
        out.push('`');
    }
}

fn push_item_text(out: &mut String, text: &str) {
    let start = out.len();
    out.push(' ');
    push_line(out, text);
    if out.len() == start + 1 {
        out.truncate(start);
    }
    out.push('\n');
}

/// `:12:5`, or as much of it as is known, with `before` in place of the first colon.
fn push_position(out: &mut String, before: &str, finding: &Finding) {
    let Some(line) = finding.line else { return };
    let _ = write!(out, "{before}{line}");
    if let Some(column) = finding.column {
        let _ = write!(out, ":{column}");
    }
}

fn more(out: &mut String, omitted: u64) {
    if omitted > 0 {
        out.push_str("- …and ");
        push_number(out, omitted);
        out.push_str(" more\n");
    }
}

/// Many findings: a total first, then one list per file, files in the order of their first finding.
fn findings_by_file(out: &mut String, step: &Step) {
    let mut by_severity = [0; 5];
    for finding in &step.findings {
        by_severity[finding.severity as usize] += 1;
    }
    let listed = step.findings.len() as u64;
    out.push_str("\n**");
    push_count(out, listed.saturating_add(step.omitted), "finding");
    out.push_str("**");
    breakdown(out, &by_severity, step.omitted);
    out.push('\n');
    for (file, findings) in groups(&step.findings) {
        group_heading(out, file, findings.len() as u64);
        findings
            .iter()
            .for_each(|finding| item_of_group(out, finding));
    }
    if step.omitted > 0 {
        out.push('\n');
        more(out, step.omitted);
    }
}

fn groups(findings: &[Finding]) -> Vec<(Option<&str>, Vec<&Finding>)> {
    let mut groups: Vec<(Option<&str>, Vec<&Finding>)> = Vec::new();
    let mut places: HashMap<Option<&str>, usize> = HashMap::new();
    for finding in findings {
        let file = finding.file.as_deref();
        let last = groups.last().is_some_and(|(name, _)| *name == file);
        let at = match last {
            true => groups.len() - 1, // Findings mostly come file by file: no hashing then.
            false => *places.entry(file).or_insert(groups.len()),
        };
        if at == groups.len() {
            groups.push((file, Vec::new()));
        }
        groups[at].1.push(finding);
    }
    groups
}

fn group_heading(out: &mut String, file: Option<&str>, findings: u64) {
    out.push_str("\n### ");
    match file {
        Some(file) => push_code(out, file, |_| {}),
        None => out.push_str("Elsewhere"),
    }
    out.push_str(" (");
    push_number(out, findings);
    out.push_str(")\n\n");
}

/// ``- **high** `line 12:5` text``: the file stands in the heading.
fn item_of_group(out: &mut String, finding: &Finding) {
    for part in ["- **", finding.severity.as_str(), "**"] {
        out.push_str(part);
    }
    line_alone(out, finding);
    push_item_text(out, &finding.text);
}

/// ` (2 critical, 1 low; 3 not listed)`, worst first, or nothing.
fn breakdown(out: &mut String, by_severity: &[u64; 5], omitted: u64) {
    let start = out.len();
    for severity in Severity::ALL.into_iter().rev() {
        let count = by_severity[severity as usize];
        if count > 0 {
            out.push_str(if out.len() == start { " (" } else { ", " });
            push_number(out, count);
            out.push(' ');
            out.push_str(severity.as_str());
        }
    }
    if omitted > 0 {
        out.push_str(if out.len() == start { " (" } else { "; " });
        push_number(out, omitted);
        out.push_str(" not listed");
    }
    if out.len() > start {
        out.push(')');
    }
}

/// ``Relevant: `a`, `b` and 3 more files``
fn files(out: &mut String, label: &str, files: &[String]) {
    if files.is_empty() {
        return;
    }
    out.push('\n');
    out.push_str(label);
    out.push_str(": ");
    for (at, file) in files.iter().take(FILES_NAMED).enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        push_code(out, file, |_| {});
    }
    if let Some(others) = files.len().checked_sub(FILES_NAMED).filter(|&n| n > 0) {
        out.push_str(" and ");
        push_number(out, others as u64);
        out.push_str(if others == 1 {
            " more file"
        } else {
            " more files"
        });
    }
    out.push('\n');
}

/// `1 step`, `2 steps`.
fn push_count(out: &mut String, count: u64, noun: &str) {
    push_number(out, count);
    out.push(' ');
    out.push_str(noun);
    if count != 1 {
        out.push('s');
    }
}

/// `12,345`.
fn push_number(out: &mut String, number: u64) {
    if number < 1000 {
        let _ = write!(out, "{number}");
    } else {
        push_number(out, number / 1000);
        let _ = write!(out, ",{:03}", number % 1000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Confidence;

    fn check(shown: &Step, expect: &str) {
        assert_eq!(step(7, shown), expect);
    }

    #[test]
    fn an_empty_step_is_a_heading() {
        check(&Step::default(), "\n## 7.\n");
    }

    #[test]
    fn a_full_step() {
        let full = Step {
            title: "Locks\nand `Vec<u8>`".into(),
            text: "Two places.\n\n# Why\nBecause.".into(),
            findings: vec![
                Finding::new("unwrap\non a lock")
                    .at("src/a.rs", 12)
                    .column(5)
                    .severity(Severity::High),
                Finding::new("no place"),
                Finding::new("").in_file("src/b.rs").severity(Severity::Low),
                Finding {
                    line: Some(3),
                    ..Finding::new("a line of nothing")
                },
            ],
            omitted: 1234,
            files_checked: (0..14).map(|n| format!("f{n}")).collect(),
            relevant_files: vec!["src/a.rs".into()],
            hypothesis: Some("poisoned\nlocks".into()),
            confidence: Some(Confidence::High),
        };
        check(
            &full,
            "
## 7. Locks and `Vec<u8>`

> **Hypothesis (confidence: high):** poisoned locks

Two places.

### Why
Because.

- **high** `src/a.rs:12:5` unwrap on a lock
- **info** no place
- **low** `src/b.rs`
- **info** `line 3` a line of nothing
- …and 1,234 more

Relevant: `src/a.rs`

Checked: `f0`, `f1`, `f2`, `f3`, `f4`, `f5`, `f6`, `f7`, `f8`, `f9`, `f10`, `f11` and 2 more files
",
        );
    }

    #[test]
    fn many_findings_are_grouped_by_file() {
        let mut many = Step {
            omitted: 2,
            confidence: Some(Confidence::Low),
            ..Step::default()
        };
        for line in 0..12 {
            many.findings.push(Finding::new("x").at("b.rs", line));
            many.findings
                .push(Finding::new("y").at("a.rs", line).column(1));
        }
        many.findings
            .push(Finding::new("z").severity(Severity::Critical));
        let shown = step(1, &many);
        let start = "\n## 1.\n\n> **Confidence:** low\n\n**27 findings** (1 critical, 24 info; 2 not listed)\n\n### `b.rs` (12)\n\n- **info** `line 0` x\n- **info** `line 1` x\n";
        assert!(shown.starts_with(start), "{shown}");
        let end = "### `a.rs` (12)\n\n- **info** `line 0:1` y\n";
        assert!(shown.contains(end), "{shown}");
        let tail = "\n### Elsewhere (1)\n\n- **critical** z\n\n- …and 2 more\n";
        assert!(shown.ends_with(tail), "{shown}");
    }

    #[test]
    fn numbers_are_grouped_in_thousands() {
        let mut out = String::new();
        for number in [0, 999, 1000, 1_002_003] {
            push_number(&mut out, number);
            out.push(' ');
        }
        assert_eq!(out, "0 999 1,000 1,002,003 ");
    }
}
