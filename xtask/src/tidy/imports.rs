//! Import directions: libraries are leaves; only the engine knows the others.

use super::Violation;
use super::tree::Member;
use crate::workspace::PREFIX;

/// The one library that may import the others.
const ENGINE: &str = "autoexec-engine";

pub(super) fn check(members: &[Member]) -> Vec<Violation> {
    let leaves = members
        .iter()
        .filter(|member| member.is_library() && member.name != ENGINE);
    leaves
        .flat_map(|leaf| {
            let ours = leaf
                .dependencies
                .iter()
                .filter(|dependency| dependency.name.starts_with(PREFIX));
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
    fn the_engine_and_packages_outside_crates_may_import() {
        let engine = library("engine", vec![dependency("autoexec-metrics", Normal)]);
        let mut binary = library("orchestrator", vec![dependency("autoexec-engine", Normal)]);
        binary.folder = "bins/orchestrator".to_owned();
        assert_eq!(check(&[engine, binary]), []);
    }
}
