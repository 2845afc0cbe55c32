//! What Windows adds: volumes, and the guards that keep cleaning from making one.

use super::clean::{self, Rules, Windows};

/// The cleaned path where it differs.
pub(super) fn clean(path: &[u8]) -> Option<Vec<u8>> {
    let volume = volume_len(path);
    if volume == 0 && guard_len(path).is_some_and(|at| clean::is_clean_from::<Windows>(path, at)) {
        return None;
    }
    let mut out = clean::clean::<Windows>(path, volume)?;
    if volume == 0 {
        guard(path, &mut out);
    }
    Some(out)
}

/// Whether a cleaned path begins at the root of a volume.
pub(super) fn is_absolute(clean: &[u8]) -> bool {
    match volume_len(clean) {
        0 => false,
        _ if separates(clean[0]) => true,
        drive => clean.get(drive).copied().is_some_and(separates),
    }
}

/// The length of the volume that `path` begins with, 0 where there is none.
fn volume_len(path: &[u8]) -> usize {
    match path {
        [letter, b':', ..] if !separates(*letter) => 2,
        [first, ..] if !separates(*first) => 0,
        _ if is_share_device(path) => without_climbing(path, names_end(path, 8, 2)),
        [_, _, _] if is_device(path) => 3,
        _ if is_device(path) => without_climbing(path, names_end(path, 4, 1)),
        [_, second, ..] if separates(*second) => without_climbing(path, names_end(path, 2, 2)),
        _ => 0,
    }
}

fn separates(byte: u8) -> bool {
    Windows::separates(byte)
}

/// `\\.\UNC`, `\\?\UNC`, `\??\UNC`, and nothing or a separator behind.
fn is_share_device(path: &[u8]) -> bool {
    let unc = path.get(4..7);
    is_device(path)
        && unc.is_some_and(|name| name.eq_ignore_ascii_case(b"UNC"))
        && path.get(7).is_none_or(|&byte| separates(byte))
}

/// `\\.`, `\\?`, `\??`, and nothing or a separator behind.
fn is_device(path: &[u8]) -> bool {
    let [first, second, third, ..] = *path else {
        return false;
    };
    let local = separates(second) && matches!(third, b'.' | b'?');
    let root_local = second == b'?' && third == b'?';
    separates(first) && (local || root_local) && path.get(3).is_none_or(|&byte| separates(byte))
}

/// Where the `count`th name from `from` on ends.
fn names_end(path: &[u8], from: usize, count: usize) -> usize {
    let names = path.iter().enumerate().skip(from);
    let mut ends = names.filter(|&(_, &byte)| separates(byte));
    ends.nth(count - 1).map_or(path.len(), |(at, _)| at)
}

/// A volume with `..` in it would be another one for whoever follows the `..`.
fn without_climbing(path: &[u8], volume: usize) -> usize {
    let mut names = path[..volume].split(|&byte| separates(byte));
    if names.any(|name| name == b"..") {
        0
    } else {
        volume
    }
}

/// The length of a guard that stands at the start of `path` already: it is clean though it is a `.`.
fn guard_len(path: &[u8]) -> Option<usize> {
    match path {
        [b'.', b'\\', rest @ ..] if first_name_has_colon(rest) => Some(2),
        [b'\\', b'.', b'\\', b'?', b'?', ..] => Some(3),
        _ => None,
    }
}

/// Keeps what had no volume without one: `a\..\c:` must not become the drive `c:`, nor `\a\..\??\c:` a device.
fn guard(path: &[u8], out: &mut Vec<u8>) {
    if first_name_has_colon(out) && strays(path) {
        out.splice(..0, *br".\");
    } else if out.starts_with(br"\??") && (volume_len(out) > 0 || strays(path)) {
        out.splice(..0, *br"\.");
    }
}

fn first_name_has_colon(path: &[u8]) -> bool {
    let name = path.split(|&byte| separates(byte)).next();
    name.is_some_and(|name| name.contains(&b':'))
}

/// Whether cleaning ever writes anything but the beginning of `path` itself, which is when Go sets a guard.
/// What was written so far is `path[..len]`, so its length is all that must be known.
#[cold]
fn strays(path: &[u8]) -> bool {
    let root = usize::from(path.first().copied().is_some_and(separates));
    let (mut len, mut floor) = (root, root);
    if root == 1 && path[0] == b'/' {
        return true;
    }
    for name in path[root..].split(|&byte| separates(byte)) {
        match name {
            b"" | b"." => continue,
            b".." if len > floor => {
                let written = &path[floor..len];
                len = floor + written.iter().rposition(|&byte| byte == b'\\').unwrap_or(0);
                continue;
            }
            b".." if root == 1 => continue,
            _ => {}
        }
        if len > root {
            if path.get(len) != Some(&b'\\') {
                return true;
            }
            len += 1;
        }
        if !path[len..].starts_with(name) {
            return true;
        }
        len += name.len();
        if name == b".." {
            floor = len;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::{Syntax, normalize_bytes};

    /// The cases by which Go documents `filepath.Clean` on Windows.
    const GO: &[(&str, &str)] = &[
        (r"c:", r"c:."),
        (r"c:\", r"c:\"),
        (r"c:\abc", r"c:\abc"),
        (r"c:abc\..\..\.\.\..\def", r"c:..\..\def"),
        (r"c:\abc\def\..\..", r"c:\"),
        (r"c:\..\abc", r"c:\abc"),
        (r"c:..\abc", r"c:..\abc"),
        (r"c:\b:\..\..\..\d", r"c:\d"),
        (r"\", r"\"),
        (r"/", r"\"),
        (r"\\i\..\c$", r"\c$"),
        (r"\\i\..\i\c$", r"\i\c$"),
        (r"\\i\..\I\c$", r"\I\c$"),
        (r"\\host\share\foo\..\bar", r"\\host\share\bar"),
        (r"//host/share/foo/../baz", r"\\host\share\baz"),
        (r"\\host\share\foo\..\..\..\..\bar", r"\\host\share\bar"),
        (r"\\.\C:\a\..\..\..\..\bar", r"\\.\C:\bar"),
        (r"\\.\C:\\\\a", r"\\.\C:\a"),
        (r"\\a\b\..\c", r"\\a\b\c"),
        (r"\\a\b", r"\\a\b"),
        (r".\c:", r".\c:"),
        (r".\c:\foo", r".\c:\foo"),
        (r".\c:foo", r".\c:foo"),
        (r"//abc", r"\\abc"),
        (r"///abc", r"\\\abc"),
        (r"//abc//", r"\\abc\\"),
        (r"\\?\C:\", r"\\?\C:\"),
        (r"\\?\C:\a", r"\\?\C:\a"),
        (r"a/../c:", r".\c:"),
        (r"a\..\c:", r".\c:"),
        (r"a/../c:/a", r".\c:\a"),
        (r"a/../../c:", r"..\c:"),
        (r"foo:bar", r"foo:bar"),
        (r"/a/../??/a", r"\.\??\a"),
    ];

    /// What Go's code says beyond its table.
    const BEYOND: &[(&str, &str)] = &[
        (r"", r"."),
        (r"abc/def/", r"abc\def"),
        (r"..\/..", r"..\.."),
        (r"C:/", r"C:\"),
        (r"C:\.", r"C:\"),
        (r"C:/Work//x/./y/../z", r"C:\Work\x\z"),
        (r"\\host\share\", r"\\host\share\"),
        (r"\\host\share\..", r"\\host\share\"),
        (r"//./COM1", r"\\.\COM1"),
        (r"//./UNC/host/share/../x", r"\\.\UNC\host\share\x"),
        (r"\\.\pipe\..\x", r"\\.\pipe\x"),
        (r"\\?\", r"\\?\"),
        (r"ab:/c", r".\ab:\c"),
        (r"ab:\c", r"ab:\c"),
        (r"ab:\c\..\d", r".\ab:\d"),
        (r"ab:\c\..\c", r"ab:\c"),
        (r"\..\??x", r"\.\??x"),
        (r"\.\??\c:\x", r"\.\??\c:\x"),
    ];

    /// The five places where Go says something else, as its answer would change when cleaned again, or climb.
    const OURS: &[(&str, &str)] = &[
        (r"\\?\UNC\host\share\..\x", r"\\?\UNC\host\share\x"),
        (r"\??\unc\host\share\..\x", r"\??\unc\host\share\x"),
        (r"\??\C:", r"\??\C:"),
        (r"/??", r"\??"),
        (r"/:", r"\:"),
        (r"\a\..\:\..", r"\"),
        (r"./a:/..", r"."),
        (r"\??\..\??", r"\.\??"),
    ];

    #[test]
    fn cleans_as_go_does_on_windows() {
        for &(input, expect) in GO.iter().chain(BEYOND).chain(OURS) {
            let cleaned = normalize_bytes(input.as_bytes(), Syntax::Windows);
            assert_eq!(
                str::from_utf8(&cleaned).unwrap(),
                expect,
                "cleaning {input}"
            );
            assert_eq!(clean(expect.as_bytes()), None, "cleaning {input} twice");
        }
    }

    #[test]
    fn volumes_and_what_is_absolute() {
        let cases = [
            (r"c:/foo/bar", "c:", true),
            (r"c:foo", "c:", false),
            (r"c:", "c:", false),
            (r"2:", "2:", false),
            (r"", "", false),
            (r"\x", "", false),
            (r"\\\host", r"\\\host", true),
            (r"\\\host\share", r"\\\host", true),
            (r"//host/", r"//host/", true),
            (r"\\host\share\\foo", r"\\host\share", true),
            (r"\\host\..\x", "", false),
            (r"//./NUL", r"//./NUL", true),
            (r"//?/C:/a", r"//?/C:", true),
            (r"\??\C:\a", r"\??\C:", true),
            (r"\??x", "", false),
            (r"//./UNC/host/share/a/b", r"//./UNC/host/share", true),
            (r"\\?\UNC\host", r"\\?\UNC\host", true),
            (r"\\?\UNCLE\host", r"\\?\UNCLE", true),
        ];
        for (path, volume, absolute) in cases {
            assert_eq!(&path[..volume_len(path.as_bytes())], volume, "{path}");
            assert_eq!(is_absolute(path.as_bytes()), absolute, "{path}");
        }
    }
}
