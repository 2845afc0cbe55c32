//! Every package inherits the lints and says what it is; every library is documented, tested, measured.

use super::Violation;
use super::tree::{Member, Tree};
use crate::markdown::Document;
use crate::workspace::{BENCHES, PREFIX};

pub(super) fn check(members: &[Member], tree: &Tree) -> Vec<Violation> {
    let benches = members.iter().find(|member| member.name == BENCHES);
    let mut found = Vec::new();
    for member in members {
        found.extend(check_manifest(member, tree));
        if member.is_library() {
            found.extend(check_documents(member, tree));
            found.extend(check_folders(member, tree));
            found.extend(check_bench(member, benches, tree));
        }
    }
    found
}

fn check_manifest(member: &Member, tree: &Tree) -> Vec<Violation> {
    let text = tree.text(&member.manifest()).unwrap_or_default();
    let filled =
        |field: &Option<String>| field.as_ref().is_some_and(|value| !value.trim().is_empty());
    let rules = [
        (
            inherits_lints(text),
            "does not inherit the lints; add `[lints]` with `workspace = true`",
        ),
        (
            filled(&member.description),
            "has no `description`; say in one line what the package does",
        ),
        (
            filled(&member.licence),
            "has no `license`; write `license.workspace = true`",
        ),
    ];
    broken(member.manifest(), rules)
}

fn check_documents(member: &Member, tree: &Tree) -> Vec<Violation> {
    let lib = format!("{}/src/lib.rs", member.folder);
    let documented = tree.text(&lib).is_some_and(|text| text.starts_with("//!"));
    let mut found = broken(
        lib,
        [(
            documented,
            "does not begin with `//!` docs; say what the crate is and when to choose it",
        )],
    );
    let readme = format!("{}/README.md", member.folder);
    match tree.text(&readme) {
        None => found.push(Violation::new(
            readme,
            "missing; repeat the opening of the crate docs there",
        )),
        Some(text) => found.extend(broken(
            readme,
            [(
                has_rust_example(text),
                "has no ```rust example; show the shortest useful program",
            )],
        )),
    }
    found
}

fn check_folders(member: &Member, tree: &Tree) -> Vec<Violation> {
    let wanted = [
        ("tests", "add tests through the public API"),
        ("examples", "add a short program that runs"),
    ];
    let missing = wanted
        .into_iter()
        .map(|(name, mend)| (format!("{}/{name}", member.folder), mend))
        .filter(|(folder, _)| !tree.below(folder).any(|path| path.ends_with(".rs")));
    missing
        .map(|(folder, mend)| Violation::new(folder, format!("holds no Rust file; {mend}")))
        .collect()
}

fn check_bench(member: &Member, benches: Option<&Member>, tree: &Tree) -> Vec<Violation> {
    let name = member.name.trim_start_matches(PREFIX).replace('-', "_");
    let declared = benches.is_some_and(|package| package.benches.contains(&name));
    let file = format!("benches/benches/{name}.rs");
    let exists = tree.contains(&file);
    broken(
        file,
        [
            (exists, "missing; measure the crate against a floor there"),
            (
                declared,
                "is not declared; add a [[bench]] of this name to benches/Cargo.toml",
            ),
        ],
    )
}

fn broken<const N: usize>(place: String, rules: [(bool, &str); N]) -> Vec<Violation> {
    rules
        .into_iter()
        .filter(|(kept, _)| !kept)
        .map(|(_, what)| Violation::new(place.clone(), what))
        .collect()
}

fn inherits_lints(manifest: &str) -> bool {
    let mut section = "";
    manifest
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .any(|line| {
            if line.starts_with('[') {
                section = line;
            }
            let setting: String = line.split_whitespace().collect();
            (section == "[lints]" && setting == "workspace=true")
                || setting == "lints.workspace=true"
        })
}

fn has_rust_example(readme: &str) -> bool {
    let blocks = Document::parse(readme).blocks;
    blocks
        .iter()
        .any(|block| block.language == "rust" && !block.lines.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 6] = [
        (
            "crates/path-cache/Cargo.toml",
            "[package]\n[lints] # inherited\nworkspace = true\n",
        ),
        ("crates/path-cache/README.md", "```rust\nlet x = 1;\n```"),
        ("crates/path-cache/src/lib.rs", "//! Paths."),
        ("crates/path-cache/tests/model.rs", ""),
        ("crates/path-cache/examples/walk.rs", ""),
        ("benches/benches/path_cache.rs", ""),
    ];

    fn members() -> Vec<Member> {
        let named = |name: &str, folder: &str| Member {
            name: name.to_owned(),
            folder: folder.to_owned(),
            description: Some("x".to_owned()),
            licence: Some("MIT".to_owned()),
            ..Member::default()
        };
        let benches = Member {
            benches: vec!["path_cache".to_owned()],
            ..named(BENCHES, "benches")
        };
        vec![named("autoexec-path-cache", "crates/path-cache"), benches]
    }

    fn check_with(files: &[(&str, &str)]) -> Vec<Violation> {
        let files = [files, &[("benches/Cargo.toml", "lints.workspace = true")]].concat();
        check(&members(), &Tree::of(&files))
    }

    #[test]
    fn a_complete_crate_passes() {
        assert_eq!(check_with(&GOOD), []);
    }

    #[test]
    fn each_missing_file_is_named() {
        for (gone, (path, _)) in GOOD.iter().enumerate() {
            let mut files = GOOD.to_vec();
            files.remove(gone);
            let found = check_with(&files);
            assert_eq!(found.len(), 1, "without {path}: {found:?}");
            assert!(
                path.starts_with(&found[0].place),
                "without {path}: {found:?}"
            );
        }
    }

    #[test]
    fn contents_count_too() {
        let bad = [
            (
                "crates/path-cache/Cargo.toml",
                "[lints.rust]\nworkspace = true",
            ),
            ("crates/path-cache/README.md", "```sh\nls\n```"),
            ("crates/path-cache/src/lib.rs", "mod a;"),
        ];
        for (path, text) in bad {
            let files = GOOD.map(|file| if file.0 == path { (path, text) } else { file });
            let found = check_with(&files);
            assert_eq!((found.len(), found[0].place.as_str()), (1, path));
        }
    }

    #[test]
    fn description_licence_and_declared_bench_are_asked_for() {
        let mut members = members();
        members[0].description = None;
        members[0].licence = Some(" ".to_owned());
        members[1].benches.clear();
        let files = [
            &GOOD[..],
            &[("benches/Cargo.toml", "lints.workspace = true")],
        ]
        .concat();
        assert_eq!(check(&members, &Tree::of(&files)).len(), 3);
    }
}
