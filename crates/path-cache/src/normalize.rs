//! Lexical cleaning of POSIX and Windows paths, on every host.

mod clean;
mod scan;
mod windows;

use clean::Posix;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// How a path is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// `/` separates names; every other byte belongs to a name.
    Posix,
    /// `\` and `/` separate names, and a path may begin with a volume (`C:`, `\\host\share`, `\\?\C:`).
    Windows,
}

impl Syntax {
    /// The syntax of the system this was compiled for.
    pub const HOST: Self = if cfg!(windows) {
        Self::Windows
    } else {
        Self::Posix
    };

    /// What the cleaned path puts between names.
    pub(crate) const fn separator(self) -> u8 {
        match self {
            Self::Posix => b'/',
            Self::Windows => b'\\',
        }
    }

    /// Whether a cleaned path says where it begins: at `/`, or at a volume and its root.
    pub(crate) fn is_absolute(self, clean: &[u8]) -> bool {
        match self {
            Self::Posix => clean.first() == Some(&b'/'),
            Self::Windows => windows::is_absolute(clean),
        }
    }
}

/// Cleans the text of `path`, written in `syntax`, and never looks at the file system.
///
/// # POSIX
///
/// The rules are those of [Go's `path.Clean`](https://pkg.go.dev/path#Clean): runs of `/` become one, `.` goes,
/// `..` removes the name before it, `..` at the start of an absolute path goes, and a path with nothing left is
/// `.`. Trailing slashes go too, except for `/` itself.
///
/// # Windows
///
/// The rules are those of Go's [`filepath.Clean`](https://pkg.go.dev/path/filepath#Clean) on Windows. Both `\` and
/// `/` separate, the answer has `\`. In front of the names may stand a volume, which `..` cannot climb over:
///
/// | volume | example | |
/// |---|---|---|
/// | drive | `C:` | `C:x` is relative to the drive's current directory, and stays so |
/// | share | `\\host\share` | |
/// | device | `\\.\COM1`, `\\?\C:`, `\??\C:` | the prefix and one name |
/// | share as device | `\\.\UNC\host\share`, also with `\\?\` and `\??\` | |
///
/// What begins like a volume and has `..` in it is none. Cleaning must not make a volume where there was none, so
/// `a\..\c:` becomes `.\c:`, and `\a\..\??\c:` becomes `\.\??\c:`.
///
/// The answer differs from Go's in five places, where Go's own changes when cleaned again or lets `..` climb from
/// one share to another: `\\?\UNC\host\share` is one volume, as `\\.\UNC\host\share` is; a device without a path
/// (`\??\C:`) gets no `.` behind it; a separator is not the letter of a drive (`/:`); whether `.\` is put in
/// front depends on the answer alone, not on bytes it was cut from (`./a:/..` is `.`); and `\??` is not made by
/// going back to it (`\??\..\??`).
///
/// # Both
///
/// Bytes that are not UTF-8 survive. Cleaning twice gives what cleaning once gave. The answer is borrowed exactly
/// when nothing changes: a clean path costs one scan and no allocation, any other one pass and one buffer.
///
/// ```
/// use autoexec_path_cache::{Syntax, normalize_bytes};
///
/// assert_eq!(*normalize_bytes(b"/a//b/../c", Syntax::Posix), *b"/a/c");
/// assert_eq!(*normalize_bytes(br"C:/a//b\..\c", Syntax::Windows), *br"C:\a\c");
/// assert_eq!(*normalize_bytes(br"\\host\share\..\x", Syntax::Windows), *br"\\host\share\x");
/// ```
#[must_use]
pub fn normalize_bytes(path: &[u8], syntax: Syntax) -> Cow<'_, [u8]> {
    cleaned(path, syntax).map_or(Cow::Borrowed(path), Cow::Owned)
}

/// Cleans `path` by its text alone, in the syntax of the host, as [`normalize_bytes`] does.
///
/// Cleaning is only text: where `a` is a symbolic link, `a/../b` and `b` may be different files. To know what a
/// path names, ask [`PathCache::resolve`](crate::PathCache::resolve).
///
/// On systems that are not Unix a path that is not Unicode is returned as it came.
///
/// ```
/// # #[cfg(unix)] {
/// use autoexec_path_cache::normalize;
/// use std::{borrow::Cow, path::Path};
///
/// assert!(matches!(normalize(Path::new("/usr/lib")), Cow::Borrowed(_)));
/// assert_eq!(normalize(Path::new("/../usr//lib/.")), Path::new("/usr/lib"));
/// assert_eq!(normalize(Path::new("")), Path::new("."));
/// # }
/// ```
#[must_use]
pub fn normalize(path: &Path) -> Cow<'_, Path> {
    cleaned(path.as_os_str().as_encoded_bytes(), Syntax::HOST)
        .and_then(to_path)
        .map_or(Cow::Borrowed(path), Cow::Owned)
}

/// The cleaned path where it differs from `path`.
fn cleaned(path: &[u8], syntax: Syntax) -> Option<Vec<u8>> {
    match syntax {
        Syntax::Posix => clean::clean::<Posix>(path, 0),
        Syntax::Windows => windows::clean(path),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The cases by which Go documents `path.Clean`.
    const POSIX: &[(&str, &str)] = &[
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
        ("/../abc", "/abc"),
        ("abc/./../def", "def"),
        ("abc//./../def", "def"),
        ("abc/../../././../def", "../../def"),
    ];

    fn check(path: &[u8], syntax: Syntax, expect: &[u8]) {
        let cleaned = normalize_bytes(path, syntax);
        let shown = String::from_utf8_lossy(path);
        assert_eq!(
            String::from_utf8_lossy(&cleaned),
            String::from_utf8_lossy(expect),
            "cleaning {shown}"
        );
        let borrowed = matches!(cleaned, Cow::Borrowed(_));
        assert_eq!(borrowed, path == expect, "borrowing {shown}");
        let again = normalize_bytes(&cleaned, syntax);
        assert!(matches!(again, Cow::Borrowed(_)), "cleaning {shown} twice");
    }

    #[test]
    fn cleans_as_go_does() {
        for &(input, expect) in POSIX {
            check(input.as_bytes(), Syntax::Posix, expect.as_bytes());
            assert_eq!(&*normalize(Path::new(input)), Path::new(expect));
        }
    }

    #[test]
    fn names_that_begin_with_dots_are_names() {
        for name in ["/a/.git", ".git", "...", "..a", "a/...", "/.a/..b/c."] {
            check(name.as_bytes(), Syntax::Posix, name.as_bytes());
        }
        check(b"a/.b/../c", Syntax::Posix, b"a/c");
        check(b".a/./b", Syntax::Posix, b".a/b");
        check(b"..a/..", Syntax::Posix, b".");
    }

    #[test]
    fn the_other_syntax_is_only_bytes() {
        check(br"a\..\b", Syntax::Posix, br"a\..\b");
        check(b"C:/..", Syntax::Posix, b".");
        check(b"\xff/\xfe/..", Syntax::Posix, b"\xff");
        check(b"\xff/\xfe/..", Syntax::Windows, b"\xff");
    }

    /// Stops in every place of a word, and on the border of two.
    #[test]
    fn nothing_is_missed_at_any_distance() {
        for before in 1..40 {
            for after in 0..20 {
                let (before, after) = ("n".repeat(before), "m".repeat(after));
                let input = format!("/{before}/../{after}");
                check(
                    input.as_bytes(),
                    Syntax::Posix,
                    format!("/{after}").as_bytes(),
                );
                let input = format!("{before}//{after}x");
                let expect = format!("{before}/{after}x");
                check(input.as_bytes(), Syntax::Posix, expect.as_bytes());
                let expect = format!(r"{before}\{after}x");
                check(input.as_bytes(), Syntax::Windows, expect.as_bytes());
            }
        }
    }
}
