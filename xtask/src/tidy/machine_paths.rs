//! No committed text holds a path of somebody's machine.

use super::Violation;
use super::tree::Tree;

/// Folders that hold people's files; written without slashes so that this file passes its own check.
const HOMES: &[&str] = &["home", "root", "Users"];

/// Files that may: path and reason.
pub(super) const EXCEPTIONS: &[(&str, &str)] = &[];

pub(super) fn check(tree: &Tree, root: &str, exceptions: &[(&str, &str)]) -> Vec<Violation> {
    let patterns = patterns(root);
    let mut found = Vec::new();
    let mut used = Vec::new();
    for (path, text) in tree.texts() {
        let lines = text.lines().enumerate();
        let named = |line| patterns.iter().find(|pattern| names(line, pattern));
        let here = lines.filter_map(|(index, line)| Some((index + 1, named(line)?)));
        if exceptions.iter().any(|(excepted, _)| *excepted == path) {
            used.extend(here.map(|_| path));
        } else {
            found.extend(here.map(|(line, pattern)| complaint(path, line, pattern)));
        }
    }
    let stale = exceptions
        .iter()
        .filter(|(excepted, _)| !used.contains(excepted));
    found.extend(stale.map(|(excepted, _)| {
        let what = "names no path of a machine any more; remove the exception in xtask/src/tidy/machine_paths.rs";
        Violation::new(*excepted, what)
    }));
    found
}

fn complaint(path: &str, line: usize, pattern: &str) -> Violation {
    let what = format!(
        "names `{pattern}`, a path of one machine; write a relative path or a neutral one such as `/srv/`"
    );
    Violation::new(format!("{path}:{line}"), what)
}

fn patterns(root: &str) -> Vec<String> {
    let mut patterns: Vec<String> = HOMES.iter().map(|home| format!("/{home}/")).collect();
    // A root like `/src` is a word of its own in many texts; deeper ones are this machine's.
    if root.matches('/').count() >= 2 {
        patterns.push(root.to_owned());
    }
    patterns
}

/// Whether the pattern begins a path in this line, rather than continuing one or a URL.
fn names(line: &str, pattern: &str) -> bool {
    let continues =
        |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | '*' | '~' | ')');
    line.match_indices(pattern)
        .any(|(at, _)| !line[..at].chars().next_back().is_some_and(continues))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(text: &str) -> usize {
        check(&Tree::of(&[("docs/a.md", text)]), "/build/here", &[]).len()
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        for home in HOMES {
            assert_eq!(check_text(&format!("see `/{home}/me/x`")), 1, "{home}");
        }
        assert_eq!(check_text("built in /build/here/target"), 1);
    }

    #[test]
    fn urls_and_relative_paths_are_no_machine_paths() {
        let home = HOMES[0];
        for good in [
            format!("https://example.org/{home}/x"),
            format!("src/{home}/a.rs"),
            format!("~/{home}/x"),
        ] {
            assert_eq!(check_text(&good), 0, "{good}");
        }
    }

    #[test]
    fn excepted_files_are_left_alone_until_they_need_it_no_more() {
        let tree = Tree::of(&[("docs/a.md", "/build/here/x")]);
        assert_eq!(
            check(&tree, "/build/here", &[("docs/a.md", "shows one")]),
            []
        );
        let clean = Tree::of(&[("docs/a.md", "nothing")]);
        let stale = check(&clean, "/build/here", &[("docs/a.md", "shows one")]);
        assert_eq!(stale.len(), 1);
        assert!(stale[0].what.contains("remove the exception"));
    }
}
