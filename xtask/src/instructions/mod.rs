//! `cargo xtask instructions`: what each scenario of `benches/counts` costs in instructions, under callgrind.

mod callgrind;
mod compare;
mod off;
mod snapshot;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cli::InstructionsOptions;
use crate::counts;
use crate::program::{Program, toolchain};
use crate::workspace::Workspace;
use crate::{Outcome, out};
use callgrind::Callgrind;
use snapshot::{Cost, Snapshot};

/// Optimised, but not across crates, so that it is built in a third of the time.
const PROFILE: &str = "instructions";

const PROGRAM: Program = Program {
    profile: PROFILE,
    ..counts::PROGRAM
};

/// Valgrind hides the page of the kernel in which rustix looks for the clock; through the C library it finds another way.
const SETTING: (&str, &str) = ("RUSTFLAGS", "--cfg=rustix_use_libc");

/// Snapshots by target and compiler, below the root.
const FOLDER: &str = "benches/counts/instructions";

pub(crate) fn run(options: &InstructionsOptions) -> Result<Outcome> {
    let workspace = Workspace::load()?;
    let callgrind = Callgrind::find(&workspace)
        .context("instructions are counted by valgrind, which is not there or does not start")?;
    let (target, rustc) = toolchain(&workspace)?;
    let path = snapshot_path(&workspace, &target, &rustc);
    if !options.bless && !path.exists() {
        bail!(
            "there is no snapshot of {target} with rustc {rustc}; `cargo xtask instructions --bless` writes one"
        );
    }
    let program = PROGRAM.build_with(&workspace, &[SETTING])?;
    let now = measure(&callgrind, &program, options.filter.as_deref())?;
    let off = off::check(&workspace, &callgrind)?;
    if options.bless {
        return bless(
            Snapshot::new(target, rustc, now),
            &path,
            options.filter.is_some(),
        );
    }
    let committed = Snapshot::read(&path)?;
    let comparison = compare::compare(&committed.scenarios, &now, options.filter.as_deref());
    out::line(comparison.text().trim_end());
    Ok(if comparison.is_good() && off == Outcome::Good {
        Outcome::Good
    } else {
        Outcome::Bad
    })
}

/// `x86_64-unknown-linux-gnu-rustc-1.95.json`: other patch releases of a compiler generate the same code, as a rule.
fn snapshot_path(workspace: &Workspace, target: &str, rustc: &str) -> PathBuf {
    let minor: Vec<&str> = rustc.split('.').take(2).collect();
    let name = format!("{target}-rustc-{}.json", minor.join("."));
    workspace.root().join(FOLDER).join(name)
}

fn measure(
    callgrind: &Callgrind,
    program: &Path,
    filter: Option<&str>,
) -> Result<BTreeMap<String, Cost>> {
    let scenarios = counts::list(program, filter)?;
    if scenarios.is_empty() {
        bail!("no scenario's id contains `{}`", filter.unwrap_or_default());
    }
    let mut costs = BTreeMap::new();
    for scenario in scenarios {
        let once = |times: u64| {
            let mut command = counts::command(program);
            command.args([scenario.id.as_str(), &times.to_string()]);
            let name = format!("{}-{times}", scenario.id.replace('/', "-"));
            callgrind.count(&command, &name)
        };
        // What valgrind cannot run is absent; if the snapshot has it, that it is gone fails.
        let counted = once(scenario.times).and_then(|done| Ok(done.saturating_sub(once(0)?)));
        let instructions = match counted {
            Ok(instructions) => instructions,
            Err(error) => {
                out::error(&format!("{} is not counted: {error:#}", scenario.id));
                continue;
            }
        };
        let cost = Cost {
            times: scenario.times,
            instructions,
        };
        costs.insert(scenario.id, cost);
    }
    if costs.is_empty() {
        bail!("valgrind runs none of the scenarios");
    }
    Ok(costs)
}

fn bless(mut now: Snapshot, path: &Path, is_partial: bool) -> Result<Outcome> {
    if is_partial && path.exists() {
        for (id, cost) in Snapshot::read(path)?.scenarios {
            now.scenarios.entry(id).or_insert(cost);
        }
    }
    now.write(path)?;
    let name = path.file_name().unwrap_or_default().display();
    out::line(&format!(
        "{FOLDER}/{name}: {} scenarios",
        now.scenarios.len()
    ));
    Ok(Outcome::Good)
}
