//! `cargo xtask schema`: the committed JSON Schema of the workflow format.
//!
//! The engine's example `print-schema` makes it. Running that, rather than linking the engine,
//! keeps xtask quick to build.

use std::path::Path;

use anyhow::{Context, Result};

use crate::cli::SchemaOptions;
use crate::workspace::Workspace;
use crate::{Outcome, files, out, process};

const FILE: &str = "docs/workflow.schema.json";

pub(crate) fn run(options: &SchemaOptions) -> Result<Outcome> {
    let workspace = Workspace::load()?;
    if options.check {
        return check(workspace.root());
    }
    files::write(&workspace.root().join(FILE), &generate(workspace.root())?)?;
    out::line(&format!("wrote {FILE}"));
    Ok(Outcome::Good)
}

/// Says whether the committed schema is the one the engine has now.
pub(crate) fn check(root: &Path) -> Result<Outcome> {
    let generated = generate(root)?;
    let path = root.join(FILE);
    let committed = if path.exists() {
        files::read_text(&path)?
    } else {
        None
    };
    match difference(committed.as_deref(), &generated) {
        None => {
            out::line(&format!("{FILE} is current"));
            Ok(Outcome::Good)
        }
        Some(complaint) => {
            out::error(&format!(
                "{FILE}: {complaint}; run `cargo xtask schema` and commit the result"
            ));
            Ok(Outcome::Bad)
        }
    }
}

fn generate(root: &Path) -> Result<String> {
    let mut cargo = process::cargo(root);
    cargo.args([
        "run",
        "-q",
        "-p",
        "autoexec-engine",
        "--example",
        "print-schema",
    ]);
    let text = process::capture(&mut cargo)?;
    serde_json::from_str::<serde_json::Value>(&text)
        .context("the example print-schema did not print JSON")?;
    Ok(text)
}

fn difference(committed: Option<&str>, generated: &str) -> Option<String> {
    let Some(committed) = committed else {
        return Some("missing".to_owned());
    };
    if committed == generated {
        return None;
    }
    let same = committed
        .lines()
        .zip(generated.lines())
        .take_while(|(old, new)| old == new)
        .count();
    Some(format!("out of date from line {}", same + 1))
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn says_where_the_schema_is_out_of_date() {
        assert_eq!(difference(Some("a\nb\n"), "a\nb\n"), None);
        assert_eq!(difference(None, "a\n").as_deref(), Some("missing"));
        assert_eq!(
            difference(Some("a\nb\n"), "a\nc\n").as_deref(),
            Some("out of date from line 2")
        );
        assert_eq!(
            difference(Some("a\n"), "a\nc\n").as_deref(),
            Some("out of date from line 2")
        );
    }
}
