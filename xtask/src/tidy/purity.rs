//! Libraries read no environment, no current directory, no wall clock, no entropy.
//!
//! `Instant` is allowed: durations do not change an answer.

use super::Violation;
use super::tree::Tree;
use crate::source;

/// What is looked for, and what a library does instead.
const FORBIDDEN: &[(&str, &str)] = &[
    ("std::env", "take what it would read as an argument"),
    ("env::", "take what it would read as an argument"),
    ("current_dir()", "take the root as an argument"),
    ("SystemTime::now", "take `now` as an argument"),
    ("thread_rng(", "take a seed as an argument"),
    ("rand::rng(", "take a seed as an argument"),
    ("from_os_rng(", "take a seed as an argument"),
    ("from_entropy(", "take a seed as an argument"),
];

/// A place where a forbidden thing is right.
pub(super) struct Exception {
    pub(super) path: &'static str,
    pub(super) pattern: &'static str,
    /// Why it is right there; for the reader.
    #[allow(dead_code, reason = "the reason is for whoever reads the table")]
    pub(super) reason: &'static str,
}

/// Only the engine, the border to the outside, may have entries; each has its reason.
pub(super) const EXCEPTIONS: &[Exception] = &[];

pub(super) fn check(tree: &Tree, exceptions: &[Exception]) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut used = vec![false; exceptions.len()];
    for (path, text) in tree.library_sources() {
        let code = source::without_tests(&source::code_only(text));
        for &(pattern, instead) in FORBIDDEN {
            for line in source::lines_with(&code, pattern) {
                let excepted = exceptions
                    .iter()
                    .position(|e| e.path == path && e.pattern == pattern);
                match excepted {
                    Some(index) => used[index] = true,
                    None => found.push(Violation::new(
                        format!("{path}:{line}"),
                        format!("a library names `{pattern}`; {instead}"),
                    )),
                }
            }
        }
    }
    let stale = exceptions.iter().zip(used).filter(|(_, used)| !used);
    found.extend(stale.map(|(exception, _)| {
        Violation::new(
            exception.path,
            format!(
                "no longer names `{}`; remove the exception in xtask/src/tidy/purity.rs",
                exception.pattern
            ),
        )
    }));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_lib(text: &str) -> Vec<Violation> {
        check(&Tree::of(&[("crates/engine/src/lib.rs", text)]), &[])
    }

    #[test]
    fn ambient_reads_are_found_with_their_line() {
        let bad = [
            "use std::env;",
            "fn f() { env::var(\"HOME\"); }",
            "fn f() { std::env::args(); }",
            "fn f() { current_dir() }",
            "fn f() { SystemTime::now(); }",
            "fn f() { rand::rng(); }",
        ];
        for code in bad {
            let found = check_lib(&format!("//! Docs.\n{code}"));
            assert!(!found.is_empty(), "{code}");
            assert!(
                found
                    .iter()
                    .all(|violation| violation.place == "crates/engine/src/lib.rs:2"),
                "{code}: {found:?}"
            );
        }
    }

    #[test]
    fn docs_tests_strings_and_instants_are_fine() {
        let good = "//! std::env::var\nfn f() { Instant::now(); command.current_dir(root); g(\"SystemTime::now\"); env!(\"X\"); my_env::f(); }\n#[cfg(test)]\nmod tests { use std::env; }";
        assert_eq!(check_lib(good), []);
        assert_eq!(
            check(&Tree::of(&[("bins/o/src/main.rs", "use std::env;")]), &[]),
            []
        );
    }

    #[test]
    fn exceptions_hold_for_one_pattern_and_go_stale() {
        let exceptions = [Exception {
            path: "crates/engine/src/lib.rs",
            pattern: "SystemTime::now",
            reason: "test",
        }];
        let tree = |text| Tree::of(&[("crates/engine/src/lib.rs", text)]);
        assert_eq!(
            check(&tree("fn f() { SystemTime::now() }"), &exceptions),
            []
        );
        assert_eq!(
            check(
                &tree("fn f() { SystemTime::now(); current_dir() }"),
                &exceptions
            )
            .len(),
            1
        );
        let stale = check(&tree("fn f() {}"), &exceptions);
        assert_eq!(stale.len(), 1);
        assert!(stale[0].what.contains("remove the exception"));
    }
}
