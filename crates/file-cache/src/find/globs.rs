//! Globs and what can be told from them.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::io;
use std::path::{Path, PathBuf};

/// Globs that could only match outside the root, or nothing.
pub(super) fn check_glob(glob: &str) -> io::Result<()> {
    let escapes = glob.starts_with('/') || glob.split('/').any(|name| name == "..");
    let invalid = |why| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the glob `{glob}` {why}"),
        )
    };
    if escapes {
        Err(invalid("leads out of the root"))
    } else {
        Ok(())
    }
}

pub(super) fn glob_set<'g>(globs: impl Iterator<Item = &'g str>) -> io::Result<GlobSet> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let glob = glob.strip_prefix("./").unwrap_or(glob);
        let built = GlobBuilder::new(glob).literal_separator(true).build();
        set.add(built.map_err(invalid)?);
    }
    set.build().map_err(invalid)
}

/// Whether it holds a sign.
pub(super) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// The folders in front of the first name that holds a sign.
pub(super) fn literal_base(glob: &str) -> PathBuf {
    let is_literal = |name: &&str| !is_glob(name) && !name.contains('\\');
    let mut names: Vec<&str> = glob.split('/').filter(|name| *name != ".").collect();
    names.pop();
    names.into_iter().take_while(is_literal).collect()
}

pub(super) fn last_name(glob: &str) -> &str {
    glob.rsplit('/').next().unwrap_or_default()
}

pub(super) fn is_hidden(name: &Path) -> bool {
    let last = name.file_name().unwrap_or_default();
    last.as_encoded_bytes().starts_with(b".")
}
