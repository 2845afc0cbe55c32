//! `cargo xtask tidy`: the rules that a machine should watch.
//!
//! Every check is a plain function from what it looks at to [`Violation`]s, in a module of its own.
//! None counts lines.

mod commands;
mod dependencies;
mod formats;
mod imports;
mod layout;
mod licences;
mod links;
mod machine_paths;
mod purity;
mod spdx;
mod tree;

use std::fmt;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{Outcome, cli, out};
use tree::{Member, Tree};

/// One thing that is not as it should be.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    /// File or folder below the root, with a line where there is one.
    place: String,
    /// What is wrong, and how to mend it.
    what: String,
}

impl Violation {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

pub(crate) fn run() -> Result<Outcome> {
    let workspace = Workspace::load_with_dependencies()?;
    let members = tree::members(&workspace);
    let tree = Tree::load(workspace.root())?;
    let violations = check(&workspace, &members, &tree);
    for violation in &violations {
        out::line(&violation.to_string());
    }
    if violations.is_empty() {
        out::line(&format!(
            "tidy: {} packages and {} files are in order",
            members.len(),
            tree.len()
        ));
        return Ok(Outcome::Good);
    }
    out::line(&format!("tidy: {} to mend", violations.len()));
    Ok(Outcome::Bad)
}

fn check(workspace: &Workspace, members: &[Member], tree: &Tree) -> Vec<Violation> {
    let root = workspace.root().to_string_lossy();
    let found = [
        imports::check(members),
        dependencies::check(members),
        formats::check(tree),
        layout::check(members, tree),
        purity::check(tree, purity::EXCEPTIONS),
        commands::check(tree, &cli::task_names()),
        links::check(tree),
        licences::check(&licences::dependencies(workspace)),
        machine_paths::check(tree, &root, machine_paths::EXCEPTIONS),
    ];
    let mut violations: Vec<Violation> = found.into_iter().flatten().collect();
    violations.sort();
    violations.dedup();
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_one_line_with_its_place_first() {
        let violation = Violation::new("docs/a.md:3", "broken link to `b.md`");
        assert_eq!(violation.to_string(), "docs/a.md:3: broken link to `b.md`");
    }
}
