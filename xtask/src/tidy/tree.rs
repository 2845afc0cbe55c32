//! What the checks look at, as plain data: packages and committed files.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use cargo_metadata::DependencyKind;

use crate::files;
use crate::workspace::Workspace;

/// A package of this workspace.
#[derive(Clone, Debug, Default)]
pub(super) struct Member {
    pub(super) name: String,
    /// Below the root: `crates/metrics`.
    pub(super) folder: String,
    pub(super) description: Option<String>,
    pub(super) licence: Option<String>,
    pub(super) dependencies: Vec<Dependency>,
    /// Names of the declared `[[bench]]` targets.
    pub(super) benches: Vec<String>,
}

/// One line of a `[dependencies]` table.
#[derive(Clone, Debug)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) kind: DependencyKind,
    pub(super) optional: bool,
    /// The version requirement as written: `^1.0`, `=2.0.1`.
    pub(super) requirement: String,
}

impl Member {
    /// Whether others may depend on it: it lives under `crates/`.
    pub(super) fn is_library(&self) -> bool {
        self.folder.starts_with("crates/")
    }

    pub(super) fn manifest(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }
}

/// The members of the workspace, in order of their folders.
pub(super) fn members(workspace: &Workspace) -> Vec<Member> {
    let member = |package: &cargo_metadata::Package| Member {
        name: package.name.to_string(),
        folder: workspace.folder(package),
        description: package.description.clone(),
        licence: package.license.clone(),
        dependencies: package.dependencies.iter().map(dependency).collect(),
        benches: package
            .targets
            .iter()
            .filter(|target| target.is_bench())
            .map(|target| target.name.clone())
            .collect(),
    };
    workspace.members().into_iter().map(member).collect()
}

fn dependency(dependency: &cargo_metadata::Dependency) -> Dependency {
    Dependency {
        name: dependency.name.clone(),
        kind: dependency.kind,
        optional: dependency.optional,
        requirement: dependency.req.to_string(),
    }
}

/// The committed files: every path, and the text of those that are text.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    pub(super) fn load(root: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        for path in files::committed(root)? {
            let text = files::read_text(&root.join(&path))?;
            files.insert(path, text);
        }
        Ok(Self { files })
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let owned = |&(path, text): &(&str, &str)| (path.to_owned(), Some(text.to_owned()));
        Self {
            files: files.iter().map(owned).collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether a file or folder of this path is committed.
    pub(super) fn contains(&self, path: &str) -> bool {
        path.is_empty() || self.files.contains_key(path) || self.below(path).next().is_some()
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Paths inside a folder, at any depth.
    pub(super) fn below(&self, folder: &str) -> impl Iterator<Item = &str> {
        let prefix = format!("{folder}/");
        let range = self
            .files
            .range(prefix.clone()..)
            .map(|(path, _)| path.as_str());
        range.take_while(move |path| path.starts_with(&prefix))
    }

    /// Path and text of every text file.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// Path and text of the sources of every crate: `crates/*/src/**.rs`.
    pub(super) fn library_sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| is_library_source(path))
    }
}

/// Test modules may live in files of their own: `tests.rs` or a folder `tests` are no sources.
fn is_library_source(path: &str) -> bool {
    let mut parts = path.split('/');
    let in_src = parts.next() == Some("crates") && parts.nth(1) == Some("src");
    in_src && path.ends_with(".rs") && !parts.any(|part| part == "tests.rs" || part == "tests")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_exist_when_something_is_in_them() {
        let tree = Tree::of(&[("docs/a.md", ""), ("docs-old/b.md", "")]);
        assert!(tree.contains("docs") && tree.contains("docs/a.md") && tree.contains(""));
        assert!(!tree.contains("doc") && !tree.contains("docs/b.md"));
        assert_eq!(tree.below("docs").collect::<Vec<_>>(), ["docs/a.md"]);
    }

    #[test]
    fn sources_are_those_of_crates_without_test_files() {
        assert!(is_library_source("crates/metrics/src/deep/timer.rs"));
        for other in [
            "crates/metrics/tests/a.rs",
            "crates/m/src/tests.rs",
            "crates/m/src/x/tests/a.rs",
            "xtask/src/main.rs",
        ] {
            assert!(!is_library_source(other), "{other}");
        }
    }
}
