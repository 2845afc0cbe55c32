//! The peers: which packages a run needs, and how often each cache hits.

use anyhow::Result;

use super::targets::Target;
use crate::process;
use crate::workspace::{BENCHES, PEERS, Workspace};

/// The bench target whose caches the table of hit rates is about.
const CACHES: &str = "peers_caches";
/// The program that prints that table.
const HIT_RATES: &str = "hit-rates";

/// The packages that have to be built: where the filter names a target, the one that has it; else the
/// benches, and the peers when they are asked for.
pub(crate) fn packages(
    filter: Option<&str>,
    asked: bool,
    declares: &dyn Fn(&str, &str) -> bool,
) -> Vec<&'static str> {
    let named = |package| filter.is_some_and(|name| declares(package, name));
    if named(PEERS) {
        vec![PEERS]
    } else if named(BENCHES) || !asked {
        vec![BENCHES]
    } else {
        vec![BENCHES, PEERS]
    }
}

/// The hit rates of the caches; absent when these were not measured.
///
/// # Errors
/// When they cannot be found out, with all that the program said.
pub(crate) fn hit_rates(workspace: &Workspace, measured: &[Target]) -> Result<Option<String>> {
    if !measured.iter().any(|target| target.name == CACHES) {
        return Ok(None);
    }
    // Built already, beside the benches and as they are.
    let mut cargo = process::cargo(workspace.root());
    cargo.args([
        "run",
        "-q",
        "--profile=bench",
        "-p",
        PEERS,
        "--bin",
        HIT_RATES,
    ]);
    process::capture(&mut cargo).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages_of(filter: Option<&str>, asked: bool) -> Vec<&'static str> {
        let declares = |package: &str, name: &str| {
            matches!(
                (package, name),
                (BENCHES, "path_cache") | (PEERS, "peers_paths")
            )
        };
        packages(filter, asked, &declares)
    }

    #[test]
    fn peers_are_built_when_asked_for() {
        assert_eq!(packages_of(None, false), [BENCHES]);
        assert_eq!(packages_of(None, true), [BENCHES, PEERS]);
        assert_eq!(packages_of(Some("peers/hit"), false), [BENCHES]);
        assert_eq!(packages_of(Some("peers/hit"), true), [BENCHES, PEERS]);
    }

    #[test]
    fn a_targets_name_needs_its_package_alone() {
        for asked in [false, true] {
            assert_eq!(packages_of(Some("peers_paths"), asked), [PEERS]);
            assert_eq!(packages_of(Some("path_cache"), asked), [BENCHES]);
        }
    }
}
