//! Relative links of committed Markdown lead to committed files and to headings that exist.

use super::Violation;
use super::tree::Tree;
use crate::markdown::Document;

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| path.ends_with(".md")) {
        for (line, target) in Document::parse(text).links {
            if let Some(what) = complaint(tree, path, &target) {
                found.push(Violation::new(format!("{path}:{line}"), what));
            }
        }
    }
    found
}

fn complaint(tree: &Tree, from: &str, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") || target.is_empty() {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() {
        Some(from.to_owned())
    } else {
        resolve(from, file)
    };
    let Some(path) = path else {
        return Some(format!("link to `{target}` leaves the repository"));
    };
    if !tree.contains(&path) {
        return Some(format!(
            "link to `{target}`, which does not exist; mend the link or commit the file"
        ));
    }
    let known = |text: &str| {
        Document::parse(text)
            .anchors
            .iter()
            .any(|known| known == anchor)
    };
    let headings = tree
        .text(&path)
        .filter(|_| path.ends_with(".md") && !anchor.is_empty());
    let missing = headings.is_some_and(|text| !known(text));
    missing.then(|| format!("link to `{target}`: `{path}` has no heading of that name"))
}

/// The path, below the root, of a target that is relative to the file `from`.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = if target.starts_with('/') {
        Vec::new()
    } else {
        from.split('/').collect()
    };
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_readme(text: &str) -> Vec<Violation> {
        check(&Tree::of(&[
            ("crates/a/README.md", text),
            ("docs/guide.md", "# The guide\n"),
            ("LICENSE-MIT", ""),
        ]))
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        let good = "[g](../../docs/guide.md#the-guide) [d](../../docs/) [l](/LICENSE-MIT) [w](https://example.org/x) [h](#here)\n\n# Here\n";
        assert_eq!(check_readme(good), []);
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        for bad in [
            "[a](guide.md)",
            "text\n[a](../../../x)",
            "[a](../../docs/guide.md#gone)",
            "[a](#gone)",
            "[a]: missing.md",
        ] {
            assert_eq!(check_readme(bad).len(), 1, "{bad}");
        }
        assert_eq!(
            check_readme("text\n[a](guide.md)")[0].place,
            "crates/a/README.md:2"
        );
    }
}
