//! Lexical cleaning of POSIX paths.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Cleans `path` by its bytes alone and never looks at the file system.
///
/// The rules are those of [Go's `path.Clean`](https://pkg.go.dev/path#Clean): runs of `/` become one, `.` goes,
/// `..` removes the name before it, `..` at the start of an absolute path goes, and a path with nothing left is
/// `.`. Trailing slashes go too, except for `/` itself. Bytes that are not UTF-8 survive.
///
/// The result is borrowed exactly when nothing changes, so a clean path costs one scan and no allocation.
/// Cleaning twice gives what cleaning once gave.
///
/// Cleaning is only text: where `a` is a symbolic link, `a/../b` and `b` may be different files. To know what a
/// path names, ask [`PathCache::resolve`](crate::PathCache::resolve).
///
/// On systems that are not Unix a path that is not Unicode is returned as it came.
///
/// ```
/// use autoexec_path_cache::normalize;
/// use std::{borrow::Cow, path::Path};
///
/// assert!(matches!(normalize(Path::new("/usr/lib")), Cow::Borrowed(_)));
/// assert_eq!(normalize(Path::new("/../usr//lib/.")), Path::new("/usr/lib"));
/// assert_eq!(normalize(Path::new("")), Path::new("."));
/// ```
#[must_use]
pub fn normalize(path: &Path) -> Cow<'_, Path> {
    let bytes = path.as_os_str().as_encoded_bytes();
    match first_unclean(bytes) {
        None => Cow::Borrowed(path),
        Some(clean) => to_path(clean_from(bytes, clean)).map_or(Cow::Borrowed(path), Cow::Owned),
    }
}

#[cfg(unix)]
fn to_path(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn to_path(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// The offset of the first component (or slash) that cleaning would change; `None` when there is none.
/// Everything before the offset is clean and ends where a component may begin.
fn first_unclean(path: &[u8]) -> Option<usize> {
    if path.is_empty() {
        return Some(0);
    }
    if looks_clean(path) {
        return None;
    }
    find_unclean(path)
}

/// Whether no byte pair hints at work: most paths pass here without being cut into components.
/// It has no early exit so that the compiler turns it into vector code.
fn looks_clean(path: &[u8]) -> bool {
    let pairs = path.iter().zip(&path[1..]);
    let hint = pairs.fold(false, |hint, (&a, &b)| {
        hint | ((a == b'/') & ((b == b'/') | (b == b'.')))
    });
    let ends_in_slash = path.len() > 1 && path.last() == Some(&b'/');
    !hint && !ends_in_slash && path[0] != b'.'
}

/// The exact test, component by component.
fn find_unclean(path: &[u8]) -> Option<usize> {
    let rooted = path[0] == b'/';
    let mut start = usize::from(rooted);
    // `..` is clean only in an unbroken run at the start of a relative path.
    let mut may_climb = !rooted;
    while start < path.len() {
        let end = component_end(path, start);
        match &path[start..end] {
            b"" => return Some(start),
            b"." if path.len() > 1 => return Some(start),
            b".." if !may_climb => return Some(start),
            b".." => {}
            _ => may_climb = false,
        }
        if end + 1 == path.len() {
            return Some(end); // A slash ends the path.
        }
        start = end + 1;
    }
    None
}

fn component_end(path: &[u8], start: usize) -> usize {
    path[start..]
        .iter()
        .position(|&b| b == b'/')
        .map_or(path.len(), |at| start + at)
}

/// Builds the clean path in one pass, given that `path[..clean]` needs no change.
fn clean_from(path: &[u8], clean: usize) -> Vec<u8> {
    let rooted = path.first() == Some(&b'/');
    let mut out = Vec::with_capacity(path.len().max(1));
    out.extend_from_slice(&path[..clean]);
    if out.len() > usize::from(rooted) && out.last() == Some(&b'/') {
        out.pop();
    }
    // Bytes below `floor` are the root or leading `..`: nothing can climb over them.
    let mut floor = climb_floor(&out, rooted);
    let mut start = clean;
    while start < path.len() {
        let end = component_end(path, start);
        match &path[start..end] {
            b"" | b"." => {}
            b".." if out.len() > floor => pop_component(&mut out, floor),
            b".." if rooted => {}
            b".." => {
                push_component(&mut out, b"..", rooted);
                floor = out.len();
            }
            name => push_component(&mut out, name, rooted),
        }
        start = end + 1;
    }
    if out.is_empty() {
        out.push(b'.');
    }
    out
}

/// The length of the part of a clean prefix that `..` cannot remove.
fn climb_floor(clean: &[u8], rooted: bool) -> usize {
    if rooted {
        return 1;
    }
    let mut floor = 0;
    let mut start = 0;
    while start < clean.len() {
        let end = component_end(clean, start);
        if &clean[start..end] != b".." {
            break;
        }
        floor = end;
        start = end + 1;
    }
    floor
}

fn push_component(out: &mut Vec<u8>, name: &[u8], rooted: bool) {
    if out.len() > usize::from(rooted) {
        out.push(b'/');
    }
    out.extend_from_slice(name);
}

fn pop_component(out: &mut Vec<u8>, floor: usize) {
    let cut = out[floor..].iter().rposition(|&b| b == b'/').unwrap_or(0);
    out.truncate(floor + cut);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table that documents `path.Clean` in Go.
    const GO: &[(&str, &str)] = &[
        ("", "."),
        ("abc", "abc"),
        ("abc/def", "abc/def"),
        ("a/b/c", "a/b/c"),
        (".", "."),
        ("..", ".."),
        ("../..", "../.."),
        ("../../abc", "../../abc"),
        ("/abc", "/abc"),
        ("/", "/"),
        ("abc/", "abc"),
        ("abc/def/", "abc/def"),
        ("a/b/c/", "a/b/c"),
        ("./", "."),
        ("../", ".."),
        ("../../", "../.."),
        ("/abc/", "/abc"),
        ("abc//def//ghi", "abc/def/ghi"),
        ("//abc", "/abc"),
        ("///abc", "/abc"),
        ("//abc//", "/abc"),
        ("abc//", "abc"),
        ("abc/./def", "abc/def"),
        ("/./abc/def", "/abc/def"),
        ("abc/.", "abc"),
        ("abc/def/ghi/../jkl", "abc/def/jkl"),
        ("abc/def/../ghi/../jkl", "abc/jkl"),
        ("abc/def/..", "abc"),
        ("abc/def/../..", "."),
        ("/abc/def/../..", "/"),
        ("abc/def/../../..", ".."),
        ("/abc/def/../../..", "/"),
        ("abc/def/../../../ghi/jkl/../../../mno", "../../mno"),
        ("abc/./../def", "def"),
        ("abc//./../def", "def"),
        ("abc/../../././../def", "../../def"),
    ];

    #[test]
    fn cleans_as_go_does() {
        for &(input, expect) in GO {
            let cleaned = normalize(Path::new(input));
            assert_eq!(cleaned.as_os_str(), expect, "cleaning {input:?}");
            assert_eq!(
                matches!(cleaned, Cow::Borrowed(_)),
                input == expect,
                "borrowing {input:?}"
            );
        }
    }

    #[test]
    fn names_that_begin_with_dots_are_names() {
        for name in ["/a/.git", ".git", "...", "..a", "a/...", "/.a/..b/c."] {
            assert!(
                matches!(normalize(Path::new(name)), Cow::Borrowed(_)),
                "{name}"
            );
        }
        assert_eq!(normalize(Path::new("a/.b/../c")).as_os_str(), "a/c");
        assert_eq!(normalize(Path::new(".a/./b")).as_os_str(), ".a/b");
    }
}
