//! Rules for single texts that hold before anything runs and again when expressions have been replaced.

use std::path::{Component, Path};

/// Why a path leaves the folder that it is relative to, if it does, by its text alone.
pub(crate) fn escapes(path: &str) -> Option<String> {
    let mut depth = 0i32;
    for component in Path::new(path).components() {
        match component {
            Component::Prefix(_) | Component::RootDir => {
                return Some(format!("`{path}` is absolute; it must be relative"));
            }
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
        }
        if depth < 0 {
            return Some(format!("`{path}` leads out of its folder"));
        }
    }
    None
}

/// Whether a pattern is a glob that compiles, or a path, below the root.
pub(crate) fn check_pattern(pattern: &str) -> Result<(), String> {
    if let Some(why) = escapes(pattern) {
        return Err(why);
    }
    globset::Glob::new(pattern)
        .map(|_| ())
        .map_err(|e| format!("the glob `{pattern}` is wrong: {}", e.kind()))
}

/// The last line of a regex error holds the reason; the others draw a picture.
pub(crate) fn regex_message(error: &regex::Error) -> String {
    let text = error.to_string();
    let reason = text
        .lines()
        .last()
        .unwrap_or_default()
        .trim_start_matches("error: ");
    format!("the regular expression is wrong: {reason}")
}
