//! `cargo xtask stress`: sizes that nobody should need, and many runs at once.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::cli::StressOptions;
use crate::program::{Kind, Program};
use crate::workspace::Workspace;
use crate::{Outcome, out, process};

/// How long a case may take.
const PATIENCE: Duration = Duration::from_secs(600);

const PROGRAM: Program = Program {
    package: "autoexec-tests",
    name: "stress",
    kind: Kind::Bin,
    profile: "counts",
    features: "",
};

/// What came of a case.
#[derive(Debug, Deserialize)]
struct Case {
    case: String,
    seconds: f64,
    /// The most that the heap held more than before.
    bytes: f64,
    bytes_max: f64,
    #[serde(default)]
    said: String,
    failure: Option<String>,
}

pub(crate) fn run(options: &StressOptions) -> Result<Outcome> {
    let workspace = Workspace::load()?;
    let program = PROGRAM.build(&workspace)?;
    let mut command = process::command(&program, workspace.root());
    if options.quick {
        command.arg("--quick");
    }
    let mut cases = Vec::new();
    let mut take = |line: &str| {
        let case: Case =
            serde_json::from_str(line).with_context(|| format!("the stress said `{line}`"))?;
        out::error(&format!("{:6.1} s  {}", case.seconds, case.case));
        cases.push(case);
        Ok(())
    };
    let status = process::lines(&mut command, PATIENCE, &mut take)?;
    out::line(table(&cases).trim_end());
    if !status.success() {
        bail!("the stress ended early ({status})");
    }
    Ok(if cases.iter().any(|it| it.failure.is_some()) {
        Outcome::Bad
    } else {
        Outcome::Good
    })
}

fn table(cases: &[Case]) -> String {
    let head = ["case", "time", "heap", "allowed", "", ""];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let megabytes = |bytes: f64| format!("{:.1} MB", bytes / 1e6);
    rows.extend(cases.iter().map(|it| {
        vec![
            it.case.clone(),
            format!("{:.2} s", it.seconds),
            megabytes(it.bytes),
            megabytes(it.bytes_max),
            if it.failure.is_some() {
                "FAILED"
            } else {
                "passed"
            }
            .to_owned(),
            it.failure.clone().unwrap_or_else(|| it.said.clone()),
        ]
    }));
    let failed = cases.iter().filter(|it| it.failure.is_some()).count();
    format!(
        "{}\n{} cases, {failed} failed\n",
        out::table(&rows),
        cases.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_a_row_with_what_it_said_or_why_it_failed() {
        let lines = [
            r#"{"case":"ten","seconds":0.5,"bytes":1500000,"bytes_max":2e6,"said":"all of them"}"#,
            r#"{"case":"more","seconds":1,"bytes":3e6,"bytes_max":2e6,"failure":"held more than it may"}"#,
        ];
        let cases: Vec<Case> = lines.map(|it| serde_json::from_str(it).unwrap()).into();
        let text = table(&cases);
        assert!(
            text.contains("ten   0.50 s  1.5 MB   2.0 MB  passed"),
            "{text}"
        );
        assert!(text.contains("FAILED  held more than it may"), "{text}");
        assert!(text.ends_with("2 cases, 1 failed\n"), "{text}");
    }
}
