//! Parts of documents that a task writes: what stands between `<!-- NAME: begin … -->` and
//! `<!-- NAME: end -->`, each on a line of its own.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::files;

/// Puts `text` between the marks of this name.
///
/// # Errors
/// When the document cannot be read or written, or lacks a mark.
pub(crate) fn replace(path: &Path, name: &str, text: &str) -> Result<()> {
    let before =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let after = replaced(&before, name, text)
        .with_context(|| format!("{} has no marks named `{name}`", path.display()))?;
    files::write(path, &after)
}

fn replaced(document: &str, name: &str, text: &str) -> Option<String> {
    let begin = document.find(&format!("<!-- {name}: begin"))?;
    let from = begin + document[begin..].find('\n')? + 1;
    let to = from + document[from..].find(&format!("<!-- {name}: end -->"))?;
    let (head, tail) = (&document[..from], &document[to..]);
    Some(format!("{head}\n{}\n\n{tail}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let document = "a\n<!-- t: begin, written by x -->\nold\n<!-- t: end -->\nb\n";
        let once = replaced(document, "t", "\nnew\n").unwrap();
        let expect = "a\n<!-- t: begin, written by x -->\n\nnew\n\n<!-- t: end -->\nb\n";
        assert_eq!(once, expect);
        assert_eq!(replaced(&once, "t", "new").unwrap(), expect);
        for bad in [
            "",
            "<!-- t: begin -->\n",
            "<!-- t: end -->\n<!-- t: begin -->\n",
        ] {
            assert_eq!(replaced(bad, "t", "new"), None, "{bad}");
        }
    }
}
