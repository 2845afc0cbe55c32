//! Every dependency's licence allows use in a program under MIT or Apache-2.0.

use super::{Violation, spdx};
use crate::workspace::Workspace;

/// Licences that ask for no more than notice, and one more with its reason.
const ALLOWED: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "CC0-1.0",
    "Unlicense",
    "BSL-1.0",
    "0BSD",
    // Copyleft by file: it binds who changes that package's files, not who links them.
    "MPL-2.0",
];

/// A package from outside the workspace.
#[derive(Debug)]
pub(super) struct External {
    name: String,
    version: String,
    licence: Option<String>,
}

pub(super) fn dependencies(workspace: &Workspace) -> Vec<External> {
    let members = &workspace.metadata.workspace_members;
    let outside = workspace
        .metadata
        .packages
        .iter()
        .filter(|package| !members.contains(&package.id));
    let external = |package: &cargo_metadata::Package| External {
        name: package.name.to_string(),
        version: package.version.to_string(),
        licence: package.license.clone(),
    };
    outside.map(external).collect()
}

pub(super) fn check(packages: &[External]) -> Vec<Violation> {
    let complaint = |package: &External| {
        let what = complaint(package.licence.as_deref())?;
        let mend = "choose another package, or allow the licence with a reason in xtask/src/tidy/licences.rs";
        Some(Violation::new(
            "Cargo.lock",
            format!("{} {} {what}; {mend}", package.name, package.version),
        ))
    };
    packages.iter().filter_map(complaint).collect()
}

fn complaint(licence: Option<&str>) -> Option<String> {
    let Some(licence) = licence else {
        return Some("names no licence".to_owned());
    };
    match spdx::satisfied(licence, &|name| ALLOWED.contains(&name)) {
        Ok(true) => None,
        Ok(false) => Some(format!("is licensed `{licence}`")),
        Err(error) => Some(format!(
            "has the licence `{licence}`, which cannot be read ({error})"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissive_passes_and_the_rest_is_named() {
        let package = |name: &str, licence: Option<&str>| External {
            name: name.to_owned(),
            version: "1.2.3".to_owned(),
            licence: licence.map(str::to_owned),
        };
        let good = [
            package("a", Some("MIT OR GPL-2.0")),
            package("b", Some("(MIT OR Apache-2.0) AND Unicode-3.0")),
        ];
        assert_eq!(check(&good), []);
        let bad = [
            package("c", Some("GPL-3.0")),
            package("d", None),
            package("e", Some("MIT OR")),
        ];
        let found = check(&bad);
        assert_eq!(found.len(), 3);
        assert!(
            found[0].what.starts_with("c 1.2.3 is licensed `GPL-3.0`"),
            "{found:?}"
        );
    }
}
