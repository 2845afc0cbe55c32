//! Import directions: libraries are leaves, but for what stands on `watch`; only the engine knows the others.

use super::Violation;
use super::tree::Member;
use crate::workspace::PREFIX;

/// The one library that may import the others.
const ENGINE: &str = "autoexec-engine";

/// Edges between leaves that are right: a library, what it stands on, and why.
const STANDS_ON: &[(&str, &str, &str)] = &[
    (
        "autoexec-path-cache",
        "autoexec-watch",
        "the proof that a path is unchanged, shared by both caches",
    ),
    (
        "autoexec-file-cache",
        "autoexec-watch",
        "the proof that a file is unchanged, shared by both caches",
    ),
];

fn stands_on(library: &str, other: &str) -> bool {
    STANDS_ON
        .iter()
        .any(|&(above, below, _)| (above, below) == (library, other))
}

pub(super) fn check(members: &[Member]) -> Vec<Violation> {
    let leaves = members
        .iter()
        .filter(|member| member.is_library() && member.name != ENGINE);
    leaves
        .flat_map(|leaf| {
            let ours = leaf
                .dependencies
                .iter()
                .filter(|dependency| dependency.name.starts_with(PREFIX))
                .filter(|dependency| !stands_on(&leaf.name, &dependency.name));
            ours.map(|dependency| {
                let what = format!(
                    "a leaf imports `{}`; return plain data and let the engine combine the two",
                    dependency.name
                );
                Violation::new(leaf.manifest(), what)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::dependencies::tests::{dependency, library};
    use super::*;
    use cargo_metadata::DependencyKind::{Build, Development, Normal};

    #[test]
    fn a_leaf_imports_nothing_of_ours_in_any_table() {
        for kind in [Normal, Build, Development] {
            let leaf = library(
                "file-cache",
                vec![
                    dependency("autoexec-metrics", kind),
                    dependency("serde", kind),
                ],
            );
            let found = check(&[leaf]);
            assert_eq!(found.len(), 1, "{kind:?}");
            assert_eq!(found[0].place, "crates/file-cache/Cargo.toml");
            assert!(found[0].what.contains("`autoexec-metrics`"));
        }
    }

    #[test]
    fn caches_stand_on_watch_and_not_the_other_way_round() {
        let above = library("file-cache", vec![dependency("autoexec-watch", Normal)]);
        let below = library("watch", vec![dependency("autoexec-file-cache", Normal)]);
        assert_eq!(check(&[above]), []);
        assert_eq!(check(&[below]).len(), 1);
    }

    #[test]
    fn the_engine_and_packages_outside_crates_may_import() {
        let engine = library("engine", vec![dependency("autoexec-metrics", Normal)]);
        let mut binary = library("orchestrator", vec![dependency("autoexec-engine", Normal)]);
        binary.folder = "bins/orchestrator".to_owned();
        assert_eq!(check(&[engine, binary]), []);
    }
}
