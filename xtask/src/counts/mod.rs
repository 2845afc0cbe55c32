//! `cargo xtask counts`: what each scenario of `benches/counts` costs, in counts, beside the committed snapshot.

mod compare;
mod measure;
mod names;
mod show;
mod snapshot;
mod tolerance;
mod trace;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cli::CountsOptions;
use crate::program::{Kind, Program, toolchain};
use crate::workspace::Workspace;
use crate::{Outcome, out};
use compare::compare;
use measure::Measured;
pub(crate) use measure::{command, list};
use snapshot::{Counted, Snapshot};

/// The program of counts.
pub(crate) const PROGRAM: Program = Program {
    package: "autoexec-counts",
    name: "counts",
    kind: Kind::Bin,
    profile: "counts",
    features: "",
};

/// Where the snapshot is, below the root.
const SNAPSHOT: &str = "benches/counts/snapshot.json";

/// How often a scenario that differs is counted again. Other processes may write below the folders that are watched, and hash
/// tables are seeded anew; what a change of ours costs is there each time.
const AGAIN: u32 = 3;

pub(crate) fn run(options: &CountsOptions) -> Result<Outcome> {
    let workspace = Workspace::load()?;
    let program = PROGRAM.build(&workspace)?;
    let scenarios = list(&program, options.filter.as_deref())?;
    if scenarios.is_empty() {
        bail!(
            "no scenario's id contains `{}`",
            options.filter.as_deref().unwrap_or_default()
        );
    }
    let (target, _) = toolchain(&workspace)?;
    let path = workspace.root().join(SNAPSHOT);
    if options.bless {
        let now = Snapshot::new(
            target,
            said(measure::median_of_three(&program, &scenarios)?),
        );
        return bless(now, &path, options.filter.is_some());
    }
    let committed = Snapshot::read(&path)
        .context("`cargo xtask counts --bless` writes a snapshot where there is none")?;
    let mut now = Snapshot::new(target, said(measure::measure(&program, &scenarios)?));
    let filter = options.filter.as_deref();
    let mut comparison = compare(&committed, &now, filter);
    for _ in 0..AGAIN {
        let suspects = comparison.suspects();
        let again: Vec<_> = scenarios
            .iter()
            .filter(|it| suspects.contains(it.id.as_str()))
            .cloned()
            .collect();
        if again.is_empty() {
            break;
        }
        now.scenarios
            .extend(measure::measure(&program, &again)?.counted);
        comparison = compare(&committed, &now, filter);
    }
    out::line(show::comparison(&comparison).trim_end());
    Ok(if comparison.is_good() {
        Outcome::Good
    } else {
        Outcome::Bad
    })
}

fn said(measured: Measured) -> BTreeMap<String, Counted> {
    if let Some(why) = &measured.untraced {
        out::line(&format!("system calls are not counted: {why}"));
    }
    measured.counted
}

/// Writes down what was counted. What was not, for a filter or because nobody may trace here, stays as it was.
fn bless(mut now: Snapshot, path: &Path, is_partial: bool) -> Result<Outcome> {
    if path.exists() {
        let committed = Snapshot::read(path)?;
        if is_partial && committed.target != now.target {
            bail!(
                "the snapshot is of {}; bless all scenarios to make it one of {}",
                committed.target,
                now.target
            );
        }
        now.complete_from(committed, is_partial);
    }
    now.write(path)?;
    out::line(&format!(
        "{SNAPSHOT}: {} scenarios on {}",
        now.scenarios.len(),
        now.target
    ));
    Ok(Outcome::Good)
}
