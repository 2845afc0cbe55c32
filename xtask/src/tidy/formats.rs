//! bincode is named in one module per file format, so that it can be replaced there.

use super::Violation;
use super::tree::Tree;
use crate::source;

/// Crates that own file formats.
const CRATES: &[&str] = &["engine", "store"];
/// Names of the modules that may hold one.
const MODULES: &[&str] = &["format.rs", "codec.rs"];
/// Journals may be split: `journal.rs`, `journal_reader.rs`.
const JOURNAL: &str = "journal";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let outside = tree
        .library_sources()
        .filter(|(path, _)| !owns_a_format(path));
    outside.flat_map(|(path, text)| {
        let lines = source::lines_with(&source::code_only(text), "bincode");
        lines.into_iter().map(move |line| {
            let what = "names bincode; keep it in the module that owns the file format (`format.rs`, `codec.rs`, `journal*.rs` of engine or store)";
            Violation::new(format!("{path}:{line}"), what)
        })
    })
    .collect()
}

fn owns_a_format(path: &str) -> bool {
    let krate = path.split('/').nth(1).unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    CRATES.contains(&krate) && (MODULES.contains(&file) || file.starts_with(JOURNAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bincode_stays_in_format_modules() {
        let using = "fn save() { bincode::encode_to_vec(1) }";
        let tree = Tree::of(&[
            ("crates/engine/src/journal_reader.rs", using),
            ("crates/engine/src/trace/format.rs", using),
            ("crates/store/src/codec.rs", using),
            (
                "crates/engine/src/lib.rs",
                "//! bincode:: is only mentioned\nfn f() {}",
            ),
        ]);
        assert_eq!(check(&tree), []);
        for path in ["crates/engine/src/run.rs", "crates/metrics/src/format.rs"] {
            let found = check(&Tree::of(&[(path, &format!("// why\n{using}"))]));
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].place, format!("{path}:2"));
        }
        assert_eq!(
            check(&Tree::of(&[("crates/engine/src/run.rs", "use bincode;")])).len(),
            1
        );
    }
}
