//! The bench binaries: building them, what they hold, and which of it a filter means.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Artifact, Message};

use crate::process;
use crate::workspace::Workspace;

/// A bench binary and what of it is to be measured.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) package: &'static str,
    pub(crate) name: String,
    pub(crate) executable: PathBuf,
    /// Cargo runs benches in their package's folder; so do we.
    pub(crate) folder: PathBuf,
    /// Ids of the benchmarks that are to be measured.
    pub(crate) ids: Vec<String>,
    /// A regular expression that matches these and no others; absent for all.
    pub(crate) pattern: Option<String>,
}

impl Target {
    /// A command that runs this target as `cargo bench` would.
    pub(crate) fn command(&self) -> Command {
        let mut command = process::command(&self.executable, &self.folder);
        command
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .arg("--bench");
        command
    }

    /// The same target with a narrower selection; absent when nothing of it is left.
    pub(crate) fn narrowed(&self, keep: &dyn Fn(&str) -> bool) -> Option<Self> {
        let ids: Vec<String> = self.ids.iter().filter(|id| keep(id)).cloned().collect();
        let exact: Vec<String> = ids.iter().map(|id| escape(id)).collect();
        let pattern = Some(format!("^(?:{})$", exact.join("|")));
        (!ids.is_empty()).then(|| Self {
            ids,
            pattern,
            ..self.clone()
        })
    }
}

/// The bench binaries, and the names of those that could not say what they hold: the others can
/// still be measured.
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
    // One after the other: cargo gives packages that it builds together the features of all, and
    // ours would no longer be what is measured without the peers.
    for package in packages {
        add(&mut built, compile(workspace, package, filter)?);
    }
    built.targets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(built)
}

fn add(built: &mut Built, targets: Vec<Target>) {
    for mut target in targets {
        match process::capture(target.command().arg("--list")) {
            Ok(list) => target.ids = parse_list(&list),
            Err(error) => built.failures.push(format!("{}: {error:#}", target.name)),
        }
        built.targets.push(target);
    }
}

fn compile(
    workspace: &Workspace,
    package: &'static str,
    filter: Option<&str>,
) -> Result<Vec<Target>> {
    let mut cargo = process::cargo(workspace.root());
    cargo.args([
        "bench",
        "-p",
        package,
        "--no-run",
        "--message-format=json-render-diagnostics",
    ]);
    if let Some(name) = filter.filter(|name| declares(workspace, package, name)) {
        cargo.args(["--bench", name]);
    }
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
        ids: Vec::new(),
        pattern: None,
    })
}

/// Criterion lists `group/function: benchmark`.
fn parse_list(list: &str) -> Vec<String> {
    list.lines()
        .filter_map(|line| line.strip_suffix(": benchmark"))
        .map(str::to_owned)
        .collect()
}

/// What a filter selects: whole targets by name, else groups that hold a matching id.
///
/// Groups stay whole because a ratio needs the floor of the same pass.
pub(crate) fn select(targets: Vec<Target>, filter: Option<&str>) -> Vec<Target> {
    let Some(filter) = filter else {
        return targets
            .into_iter()
            .filter(|target| !target.ids.is_empty())
            .collect();
    };
    let narrow = |target: &Target| {
        let groups = floor_groups(&target.ids);
        let whole = target.name == filter;
        let wanted: Vec<&String> = target
            .ids
            .iter()
            .filter(|id| whole || id.contains(filter))
            .collect();
        let shares_group = |id: &str| {
            wanted.iter().any(|one| {
                *one == id
                    || group_of(&groups, one)
                        .is_some_and(|group| group_of(&groups, id) == Some(group))
            })
        };
        target.narrowed(&shares_group)
    };
    targets.iter().filter_map(narrow).collect()
}

/// The groups that have a floor: what comes before `/floor` in an id.
fn floor_groups(ids: &[String]) -> Vec<String> {
    let group = |id: &String| {
        let at = id.rfind("/floor")?;
        let rest = &id[at + "/floor".len()..];
        (rest.is_empty() || rest.starts_with('/')).then(|| id[..=at].to_owned())
    };
    ids.iter().filter_map(group).collect()
}

fn group_of<'a>(groups: &'a [String], id: &str) -> Option<&'a str> {
    let fitting = groups.iter().filter(|group| id.starts_with(group.as_str()));
    fitting.max_by_key(|group| group.len()).map(String::as_str)
}

/// The id as a regular expression that matches only it.
fn escape(id: &str) -> String {
    let mut escaped = String::with_capacity(id.len());
    for c in id.chars() {
        if r"\.+*?()|[]{}^$#&-~ ".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::BENCHES;

    fn target(name: &str, ids: &[&str]) -> Target {
        let ids = ids.iter().map(|&id| id.to_owned()).collect();
        Target {
            package: BENCHES,
            name: name.to_owned(),
            executable: PathBuf::new(),
            folder: PathBuf::new(),
            ids,
            pattern: None,
        }
    }

    fn selected(filter: Option<&str>) -> Vec<String> {
        let targets = vec![
            target(
                "paths",
                &[
                    "paths/clean/floor",
                    "paths/clean/ours",
                    "paths/dirty/floor/9",
                    "paths/dirty/ours/9",
                    "paths/alone",
                ],
            ),
            target("files", &["files/hit/floor", "files/hit/ours"]),
            target("stub", &[]),
        ];
        select(targets, filter)
            .into_iter()
            .flat_map(|target| target.ids)
            .collect()
    }

    #[test]
    fn without_a_filter_everything_is_selected() {
        assert_eq!(selected(None).len(), 7);
    }

    #[test]
    fn groups_stay_whole() {
        assert_eq!(
            selected(Some("clean/ours")),
            ["paths/clean/floor", "paths/clean/ours"]
        );
        assert_eq!(
            selected(Some("dirty/ours")),
            ["paths/dirty/floor/9", "paths/dirty/ours/9"]
        );
        assert_eq!(selected(Some("alone")), ["paths/alone"]);
        assert_eq!(
            selected(Some("files")),
            ["files/hit/floor", "files/hit/ours"]
        );
        assert!(selected(Some("nothing")).is_empty());
    }

    #[test]
    fn a_targets_name_selects_all_of_it() {
        assert_eq!(selected(Some("paths")).len(), 5);
    }

    #[test]
    fn patterns_match_their_ids_exactly() {
        let narrowed = target("t", &["a/b c+d", "a/b"])
            .narrowed(&|id| id != "a/b")
            .unwrap();
        assert_eq!(narrowed.pattern.as_deref(), Some(r"^(?:a/b\ c\+d)$"));
    }

    #[test]
    fn lists_are_parsed() {
        assert_eq!(
            parse_list("a/b: benchmark\nnoise\nc/d e: benchmark\n"),
            ["a/b", "c/d e"]
        );
    }
}
