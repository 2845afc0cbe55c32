//! Which third-party packages a library may depend on.

use cargo_metadata::DependencyKind;

use super::Violation;
use super::tree::{Dependency, Member};

/// Libraries that need the runtime; in the others tokio has to be optional.
const ON_TOKIO: &[&str] = &["autoexec-scheduler", "autoexec-engine"];

/// Packages that belong into binaries, and what a library uses instead.
const FOR_BINARIES: &[(&str, &str)] = &[
    ("anyhow", "return the crate's own `Error`"),
    ("clap", "take an `Options` struct"),
    (
        "tracing-subscriber",
        "emit `tracing` events; the binary subscribes",
    ),
];

/// Libraries that may have one of them all the same, behind a feature, and why.
const ALL_THE_SAME: &[(&str, &str, &str)] = &[(
    "autoexec-metrics",
    "tracing-subscriber",
    "its layer needs the trait, without what prints",
)];

/// bincode is unmaintained and its next version does not compile: this one, exactly.
const BINCODE: &str = "=2.0.1";

pub(super) fn check(members: &[Member]) -> Vec<Violation> {
    let complaint = |member: &Member, dependency: &Dependency| {
        let what = complaint(member, dependency)?;
        Some(Violation::new(member.manifest(), what))
    };
    let of = |member| move |dependency| complaint(member, dependency);
    members
        .iter()
        .flat_map(|member| member.dependencies.iter().filter_map(of(member)))
        .collect()
}

fn complaint(member: &Member, dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    if name == "bincode" && dependency.requirement != BINCODE {
        return Some(format!(
            "bincode {} is asked for; pin it to `{BINCODE}`",
            dependency.requirement
        ));
    }
    if !member.is_library() || dependency.kind == DependencyKind::Development {
        return None;
    }
    let is_excepted = dependency.optional
        && ALL_THE_SAME
            .iter()
            .any(|(library, package, _)| (*library, *package) == (&*member.name, name));
    if is_excepted {
        return None;
    }
    if let Some((_, instead)) = FOR_BINARIES.iter().find(|(banned, _)| *banned == name) {
        return Some(format!("a library depends on `{name}`; {instead}"));
    }
    let needs_tokio =
        name == "tokio" && !dependency.optional && !ON_TOKIO.contains(&member.name.as_str());
    needs_tokio.then(|| "depends on tokio always; make it optional, behind a feature".to_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use cargo_metadata::DependencyKind::{Build, Development, Normal};

    pub(in super::super) fn dependency(name: &str, kind: DependencyKind) -> Dependency {
        let requirement = if name == "bincode" { BINCODE } else { "^1" };
        Dependency {
            name: name.to_owned(),
            kind,
            optional: false,
            requirement: requirement.to_owned(),
        }
    }

    pub(in super::super) fn library(folder: &str, dependencies: Vec<Dependency>) -> Member {
        Member {
            name: format!("autoexec-{folder}"),
            folder: format!("crates/{folder}"),
            dependencies,
            ..Member::default()
        }
    }

    fn complaints(folder: &str, dependency: Dependency) -> Vec<String> {
        check(&[library(folder, vec![dependency])])
            .into_iter()
            .map(|violation| violation.what)
            .collect()
    }

    #[test]
    fn libraries_leave_binaries_packages_alone() {
        for name in ["anyhow", "clap", "tracing-subscriber"] {
            assert_eq!(
                complaints("metrics", dependency(name, Normal)).len(),
                1,
                "{name}"
            );
            assert_eq!(
                complaints("engine", dependency(name, Build)).len(),
                1,
                "{name}"
            );
            assert_eq!(
                complaints("metrics", dependency(name, Development)).len(),
                0,
                "{name}"
            );
        }
    }

    #[test]
    fn the_metrics_may_have_a_layer_behind_a_feature() {
        let optional = Dependency {
            optional: true,
            ..dependency("tracing-subscriber", Normal)
        };
        assert_eq!(complaints("metrics", optional.clone()).len(), 0);
        assert_eq!(complaints("engine", optional).len(), 1);
    }

    #[test]
    fn tokio_is_optional_but_for_scheduler_and_engine() {
        let always = dependency("tokio", Normal);
        let optional = Dependency {
            optional: true,
            ..always.clone()
        };
        assert_eq!(complaints("file-cache", always.clone()).len(), 1);
        assert_eq!(complaints("file-cache", optional).len(), 0);
        assert_eq!(complaints("scheduler", always.clone()).len(), 0);
        assert_eq!(complaints("engine", always).len(), 0);
    }

    #[test]
    fn bincode_is_pinned_everywhere() {
        let loose = Dependency {
            requirement: "^2.0".to_owned(),
            ..dependency("bincode", Development)
        };
        assert_eq!(
            complaints("engine", loose),
            ["bincode ^2.0 is asked for; pin it to `=2.0.1`"]
        );
        assert_eq!(complaints("engine", dependency("bincode", Normal)).len(), 0);
    }
}
