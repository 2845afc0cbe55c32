//! `cargo xtask seeded`: put real regressions into the crates, one at a time, and see that the gate names them.

mod evidence;
mod report;
mod table;
mod tree;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::bench::host;
use crate::cli::SeededOptions;
use crate::git::Lock;
use crate::workspace::Workspace;
use crate::{Outcome, files, marked, out};
use evidence::Tools;
use report::{Row, Rows};
use table::{SEEDS, Seed};
use tree::Tree;

/// What the lines around the table in the documentation name.
const MARK: &str = "seeded";
/// Where that is, below the root.
const DOCUMENT: &str = "docs/development.md";

pub(crate) fn run(options: &SeededOptions) -> Result<Outcome> {
    let workspace = Workspace::load()?;
    let seeds = chosen(options)?;
    let target = workspace.metadata.target_directory.as_std_path();
    let place = target.join("seeded");
    let _alone = Lock::take(&place)?;
    let tree = Tree::check_out(workspace.root(), &place.join("tree"))?;
    let tools = Tools {
        program: std::env::current_exe().context("cannot tell which program this is")?,
        tree: tree.folder().to_owned(),
        target: place.join("target"),
        commit: tree.commit().to_owned(),
        quick: options.quick,
        only_counts: options.counts,
    };
    let path = workspace.bench_dir().join("seeded.json");
    let mut rows = Rows::read(&path)?;
    let mut now = Vec::new();
    for seed in seeds {
        out::error(&format!("{} into {}", seed.name, seed.krate));
        let row = measure(&tree, &tools, seed)?;
        rows.put(row.clone());
        // A run takes long and may be ended: what is known is kept.
        files::write(&path, &rows.json()?)?;
        if !options.counts {
            marked::replace(&workspace.root().join(DOCUMENT), MARK, &rows.markdown())?;
        }
        now.push(row);
    }
    out::line(&format!("\n{}", report::table(&now).trim_end()));
    out::line(&format!("wrote {}", workspace.relative(&path)));
    let missed = now.iter().filter(|row| !row.is_caught()).count();
    out::line(&format!("{} of {} caught", now.len() - missed, now.len()));
    Ok(if missed == 0 {
        Outcome::Good
    } else {
        Outcome::Bad
    })
}

/// The seeds of the crates that were asked for, or of all.
fn chosen(options: &SeededOptions) -> Result<Vec<&'static Seed>> {
    for name in &options.crates {
        if !SEEDS.iter().any(|seed| seed.krate == name) {
            bail!("there is no seed for a crate named `{name}`");
        }
    }
    let named = |seed: &&Seed| {
        options.crates.is_empty() || options.crates.iter().any(|it| it == seed.krate)
    };
    let asked = |seed: &&Seed| !options.counts || !seed.scenarios.is_empty();
    let wanted = |seed: &&Seed| named(seed) && asked(seed);
    Ok(SEEDS.iter().filter(wanted).collect())
}

fn measure(tree: &Tree, tools: &Tools, seed: &'static Seed) -> Result<Row> {
    let planted = tree.plant(seed)?;
    let counts = tools
        .counts(seed)
        .with_context(|| format!("the counts of `{}`", seed.name))?;
    let times = tools
        .times(seed)
        .with_context(|| format!("the times of `{}`", seed.name))?;
    planted.pull_out()?;
    let row = Row::new(seed, host::date(), counts, times);
    out::error(&report::table(std::slice::from_ref(&row)));
    Ok(row)
}

/// Where a file of the seed is.
fn file(root: &Path, seed: &Seed) -> PathBuf {
    root.join("crates")
        .join(seed.krate)
        .join("src")
        .join(seed.file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crates(crates: &[&str], counts: bool) -> Result<Vec<&'static str>> {
        let options = SeededOptions {
            crates: crates.iter().map(|&it| it.to_owned()).collect(),
            counts,
            quick: false,
        };
        Ok(chosen(&options)?.iter().map(|seed| seed.krate).collect())
    }

    #[test]
    fn seeds_are_chosen_by_crate_and_by_what_can_name_them() {
        assert_eq!(crates(&[], false).unwrap().len(), SEEDS.len());
        assert_eq!(crates(&["store"], false).unwrap(), ["store", "store"]);
        // A second look at a key is in no count.
        assert_eq!(crates(&["store"], true).unwrap(), ["store"]);
        let error = crates(&["stor"], false).unwrap_err().to_string();
        assert!(error.contains("`stor`"), "{error}");
    }
}
