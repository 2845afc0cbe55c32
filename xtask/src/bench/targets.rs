//! The bench binaries: building them, what they hold, and which of it a filter means.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cargo_metadata::{Artifact, Message};

use super::collect::{self, Benchmark, group_of};
use crate::process;
use crate::workspace::Workspace;

/// How long a binary may take to prepare what it holds, or one benchmark to be measured.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// A bench binary and what of it is to be measured.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) package: &'static str,
    pub(crate) name: String,
    pub(crate) executable: PathBuf,
    /// Cargo runs benches in their package's folder; so do we.
    pub(crate) folder: PathBuf,
    /// What its environment tells it, beside ours.
    pub(crate) settings: Vec<(&'static str, String)>,
    pub(crate) benchmarks: Vec<Benchmark>,
    /// What it said beside its list: which peers are not there, and why.
    pub(crate) notes: Vec<String>,
}

impl Target {
    /// A command that runs this target as `cargo bench` would, but for its arguments.
    pub(crate) fn command(&self) -> Command {
        let mut command = process::command(&self.executable, &self.folder);
        command.env("CARGO_MANIFEST_DIR", &self.folder);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The same target with a narrower selection; absent when nothing of it is left.
    pub(crate) fn narrowed(&self, keep: &dyn Fn(&str) -> bool) -> Option<Self> {
        let kept = self.benchmarks.iter().filter(|one| keep(&one.id));
        let benchmarks: Vec<Benchmark> = kept.cloned().collect();
        (!benchmarks.is_empty()).then(|| Self {
            benchmarks,
            ..self.clone()
        })
    }

    /// Asks the binary what it holds; answers with what it could not prepare, and why.
    pub(crate) fn list(&mut self) -> Vec<String> {
        let listed = match process::output(self.command().arg("--list"), PATIENCE) {
            Ok(output) => output,
            Err(error) => return vec![format!("{}: {error:#}", self.name)],
        };
        let said = collect::parse(&self.name, &String::from_utf8_lossy(&listed.stdout));
        let why = String::from_utf8_lossy(&listed.stderr);
        self.benchmarks = said.benchmarks;
        if listed.status.success() {
            self.notes = why.lines().map(str::to_owned).collect();
            return Vec::new();
        }
        let names = if said.failed.is_empty() {
            self.name.clone()
        } else {
            said.failed.join(", ")
        };
        vec![format!("{names}: {}\n{why}", listed.status)]
    }
}

/// How the benches are built: where, and with which settings of cargo.
#[derive(Clone, Debug)]
pub(crate) struct Build<'a> {
    pub(crate) root: &'a Path,
    /// Names and values of environment variables.
    pub(crate) settings: Vec<(&'static str, String)>,
}

impl<'a> Build<'a> {
    /// As `cargo bench` builds.
    pub(crate) fn plain(root: &'a Path) -> Self {
        Self {
            root,
            settings: Vec::new(),
        }
    }
}

/// The bench binaries, and what of them could not be asked: the others can still be measured.
#[derive(Default)]
pub(crate) struct Built {
    pub(crate) targets: Vec<Target>,
    pub(crate) failures: Vec<String>,
}

/// Builds the bench binaries of these packages, optimised, and asks each what it holds. A filter
/// that is a target's name builds that one alone.
///
/// # Errors
/// When the build fails; the compiler's messages have gone to the terminal.
pub(crate) fn build(
    workspace: &Workspace,
    packages: &[&'static str],
    filter: Option<&str>,
) -> Result<Built> {
    let mut built = Built::default();
    let how = Build::plain(workspace.root());
    // One after the other: cargo gives packages that it builds together the features of all, and
    // ours would no longer be what is measured without the peers.
    for package in packages {
        let only = filter.filter(|name| declares(workspace, package, name));
        built.targets.extend(compile(&how, package, only)?);
    }
    built.targets.sort_by(|a, b| a.name.cmp(&b.name));
    for target in &mut built.targets {
        built.failures.extend(target.list());
    }
    Ok(built)
}

/// Builds all bench binaries of a package, or the one of this name.
///
/// # Errors
/// When the build fails; the compiler's messages have gone to the terminal.
pub(crate) fn compile(
    how: &Build<'_>,
    package: &'static str,
    only: Option<&str>,
) -> Result<Vec<Target>> {
    let mut cargo = process::cargo(how.root);
    cargo.envs(how.settings.iter().map(|(name, value)| (name, value)));
    cargo.args([
        "bench",
        "-p",
        package,
        "--no-run",
        "--message-format=json-render-diagnostics",
    ]);
    match only {
        Some(name) => cargo.args(["--bench", name]),
        None => cargo.arg("--benches"),
    };
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("{package} does not build ({})", output.status);
    }
    let mut targets = Vec::new();
    for message in Message::parse_stream(output.stdout.as_slice()) {
        if let Message::CompilerArtifact(artifact) =
            message.context("cannot read what cargo built")?
        {
            targets.extend(bench_of(package, artifact));
        }
    }
    Ok(targets)
}

/// Whether the package has a bench binary of this name.
pub(crate) fn declares(workspace: &Workspace, package: &str, name: &str) -> bool {
    let members = workspace.members();
    let mut targets = members
        .iter()
        .filter(|member| member.name == package)
        .flat_map(|member| &member.targets);
    targets.any(|target| target.is_bench() && target.name == name)
}

fn bench_of(package: &'static str, artifact: Artifact) -> Option<Target> {
    let executable = artifact
        .executable
        .filter(|_| artifact.target.is_bench())?
        .into();
    let folder = artifact.manifest_path.parent()?.into();
    Some(Target {
        package,
        name: artifact.target.name,
        executable,
        folder,
        benchmarks: Vec::new(),
        settings: Vec::new(),
        notes: Vec::new(),
    })
}

/// What a filter selects: whole targets by name, else groups that hold a matching id.
///
/// Groups stay whole because a ratio needs the floor of the same pass.
pub(crate) fn select(targets: Vec<Target>, filter: Option<&str>) -> Vec<Target> {
    let narrow = |target: &Target| {
        let whole = filter.is_none_or(|filter| target.name == filter);
        let matches = |id: &str| whole || filter.is_some_and(|filter| id.contains(filter));
        let wanted: Vec<&str> = target
            .benchmarks
            .iter()
            .filter(|one| matches(&one.id))
            .map(|one| group_of(&one.id))
            .collect();
        target.narrowed(&|id| wanted.contains(&group_of(id)))
    };
    targets.iter().filter_map(narrow).collect()
}

#[cfg(test)]
mod tests {
    use super::super::clock::Clock;
    use super::*;
    use crate::workspace::BENCHES;

    fn target(name: &str, ids: &[&str]) -> Target {
        let benchmark = |&id: &&str| Benchmark {
            id: id.to_owned(),
            clock: Clock::Cpu,
        };
        Target {
            package: BENCHES,
            name: name.to_owned(),
            executable: PathBuf::new(),
            folder: PathBuf::new(),
            benchmarks: ids.iter().map(benchmark).collect(),
            settings: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn selected(filter: Option<&str>) -> Vec<String> {
        let paths = [
            "paths/clean/floor",
            "paths/clean/ours",
            "paths/dirty/floor",
            "paths/dirty/ours",
        ];
        let targets = vec![
            target("paths", &paths),
            target("files", &["files/hit/floor", "files/hit/ours"]),
            target("stub", &[]),
        ];
        let all = select(targets, filter).into_iter();
        all.flat_map(|target| target.benchmarks)
            .map(|one| one.id)
            .collect()
    }

    #[test]
    fn without_a_filter_everything_is_selected() {
        assert_eq!(selected(None).len(), 6);
    }

    #[test]
    fn groups_stay_whole() {
        assert_eq!(
            selected(Some("clean/ours")),
            ["paths/clean/floor", "paths/clean/ours"]
        );
        assert_eq!(selected(Some("hit")), ["files/hit/floor", "files/hit/ours"]);
        assert!(selected(Some("nothing")).is_empty());
    }

    #[test]
    fn a_targets_name_selects_all_of_it() {
        assert_eq!(selected(Some("paths")).len(), 4);
    }

    #[cfg(unix)]
    #[test]
    fn what_a_binary_says_beside_its_list_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let body = "printf 'a/b\\tcpu\\n'; echo 'a/c is absent' >&2";
        let mut one = super::super::measure::tests::script(folder.path(), "half", body);
        assert!(one.list().is_empty());
        assert_eq!(one.notes, ["a/c is absent"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_binary_that_cannot_prepare_a_group_still_lists_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let mut one = super::super::measure::tests::script(
            folder.path(),
            "half",
            "printf 'a/b\\tcpu\\nfailed\\tbad\\n'; echo why >&2; exit 1",
        );
        let failures = one.list();
        assert_eq!(one.benchmarks.len(), 1);
        assert!(
            failures[0].starts_with("bad: ") && failures[0].contains("why"),
            "{failures:?}"
        );
    }
}
