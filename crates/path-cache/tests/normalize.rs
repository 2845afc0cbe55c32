//! Normalising against a naive stack of components.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use autoexec_path_cache::{Syntax, normalize_bytes};
use proptest::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The rules, said as slowly as possible.
fn model(path: &[u8]) -> Vec<u8> {
    let rooted = path.first() == Some(&b'/');
    let mut stack: Vec<&[u8]> = Vec::new();
    for part in path.split(|&b| b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => match stack.last() {
                Some(&top) if top != b".." => drop(stack.pop()),
                _ if rooted => {}
                _ => stack.push(part),
            },
            _ => stack.push(part),
        }
    }
    let body = stack.join(&b'/');
    match (rooted, body.is_empty()) {
        (true, _) => [b"/", body.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => body,
    }
}

/// The rules of Windows, said as slowly: a volume, a stack of names, and what must not come to stand in front.
fn model_windows(path: &str) -> Vec<u8> {
    let back = |text: &str| text.replace('/', r"\");
    let (volume, names) = path.split_at(volume(path));
    let rooted = names.starts_with(['\\', '/']);
    if names.is_empty() && volume.starts_with(['\\', '/']) {
        return back(volume).into_bytes();
    }
    let root = if rooted { r"\" } else { "" };
    let mut stack: Vec<&str> = Vec::new();
    let mut strayed = rooted && names.starts_with('/');
    for name in names.split(['\\', '/']) {
        match name {
            "" | "." => continue,
            ".." if stack.last().is_some_and(|&top| top != "..") => drop(stack.pop()),
            ".." if rooted => {}
            _ => stack.push(name),
        }
        let written = format!("{root}{}", stack.join(r"\"));
        strayed |= !names.starts_with(&written);
    }
    let body = if stack.is_empty() && !rooted {
        ".".to_owned()
    } else {
        stack.join(r"\")
    };
    let clean = format!("{root}{body}");
    let first = clean.split('\\').next().unwrap();
    let guard = match volume {
        "" if strayed && first.contains(':') => r".\",
        "" if clean.starts_with(r"\??") && (strayed || self::volume(&clean) > 0) => r"\.",
        _ => "",
    };
    format!("{}{guard}{clean}", back(volume)).into_bytes()
}

/// The length of the volume, from a list of what volumes look like.
fn volume(path: &str) -> usize {
    let folded = path.replace('/', r"\").to_ascii_uppercase();
    let mut letters = path.bytes();
    let has_drive =
        letters.next().is_some_and(|b| b != b'\\' && b != b'/') && letters.next() == Some(b':');
    let looks = |prefix: &str, names: usize| {
        let rest = folded.strip_prefix(prefix)?;
        let end = rest
            .match_indices('\\')
            .nth(names - 1)
            .map_or(rest.len(), |(at, _)| at);
        Some(prefix.len() + end)
    };
    let exactly = |prefix: &str| (folded == prefix).then_some(prefix.len());
    let devices = [r"\\.", r"\\?", r"\??"];
    let found = devices
        .iter()
        .find_map(|device| {
            let (unc, unc_alone) = (format!(r"{device}\UNC\"), format!(r"{device}\UNC"));
            looks(&unc, 2)
                .or_else(|| exactly(&unc_alone))
                .or_else(|| looks(&format!(r"{device}\"), 1))
                .or_else(|| exactly(device))
        })
        .or_else(|| looks(r"\\", 2));
    match found {
        _ if has_drive => 2,
        Some(end) if folded[..end].split('\\').all(|name| name != "..") => end,
        _ => 0,
    }
}

fn check(path: &[u8]) {
    check_in(path, Syntax::Posix, model(path));
    let ascii = ascii(path, path);
    check_in(
        &ascii,
        Syntax::Windows,
        model_windows(str::from_utf8(&ascii).unwrap()),
    );
}

/// `part` with another byte for each that is not ASCII, as the model of Windows works on text: equal bytes become
/// equal ones, and others others, which `path` does not hold.
fn ascii(part: &[u8], path: &[u8]) -> Vec<u8> {
    let odd: BTreeSet<u8> = path.iter().copied().filter(|it| !it.is_ascii()).collect();
    let free = (1..32)
        .chain(127..128)
        .chain(33..46)
        .filter(|it| !path.contains(it));
    let plain: BTreeMap<u8, u8> = odd.into_iter().zip(free).collect();
    let of = |byte: &u8| if byte.is_ascii() { *byte } else { plain[byte] };
    part.iter().map(of).collect()
}

fn check_in(path: &[u8], syntax: Syntax, expect: Vec<u8>) {
    let shown = String::from_utf8_lossy(path);
    let cleaned = normalize_bytes(path, syntax);
    assert_eq!(
        String::from_utf8_lossy(&cleaned),
        String::from_utf8_lossy(&expect),
        "cleaning {shown:?} as {syntax:?}"
    );
    assert_eq!(*cleaned, expect, "bytes survive: {shown:?}");
    assert_eq!(
        matches!(cleaned, Cow::Borrowed(_)),
        *cleaned == *path,
        "borrowed iff unchanged: {shown:?} as {syntax:?}"
    );
    assert!(
        matches!(normalize_bytes(&cleaned, syntax), Cow::Borrowed(_)),
        "idempotent: {shown:?} as {syntax:?}"
    );
}

/// Components in which the special ones are common, and names that look like them are too.
fn component() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => Just(b"".to_vec()),
        3 => Just(b".".to_vec()),
        4 => Just(b"..".to_vec()),
        1 => Just(b"...".to_vec()),
        1 => Just(b".git".to_vec()),
        1 => Just(vec![0xff, 0xfe]),
        3 => "[a-c]{1,2}".prop_map(String::into_bytes),
    ]
}

/// What Windows paths are made of.
fn windows_component() -> impl Strategy<Value = Vec<u8>> {
    let odd = [
        ".", "..", "..", "??", "?", "C:", "c:x", ":", "UNC", "unc", "a:b", "???", "..:",
    ];
    prop_oneof![
        2 => component(),
        2 => prop::sample::select(odd.to_vec()).prop_map(|odd| odd.as_bytes().to_vec()),
    ]
}

/// Components joined by separators of both kinds, single and double.
fn windows_path() -> impl Strategy<Value = Vec<u8>> {
    let starts = [
        "",
        "",
        "C:",
        r"C:\",
        r"\\",
        "//",
        r"\\.\",
        r"\\?\",
        r"\??\",
        r"\\?\UNC\",
        r"//./unc/",
        r"\",
    ];
    let separators = [r"\", r"\", r"\", "/", r"\\", r"\/"];
    let parts = (
        windows_component(),
        prop::sample::select(separators.to_vec()),
    );
    (
        prop::sample::select(starts.to_vec()),
        prop::collection::vec(parts, 0..8),
        any::<bool>(),
    )
        .prop_map(|(start, parts, trailing)| {
            let mut path = start.as_bytes().to_vec();
            for (name, separator) in parts {
                path.extend_from_slice(&name);
                path.extend_from_slice(separator.as_bytes());
            }
            while !trailing && path.last().is_some_and(|b| matches!(b, b'/' | b'\\')) {
                path.pop();
            }
            path
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn agrees_with_the_model(parts in prop::collection::vec(component(), 0..10)) {
        check(&parts.join(&b'/'));
    }

    #[test]
    fn agrees_with_the_model_of_windows(path in windows_path()) {
        check(&path);
    }

    #[test]
    fn agrees_on_arbitrary_bytes(path in prop::collection::vec(
        prop_oneof![Just(b'/'), Just(b'\\'), Just(b'.'), Just(b':'), any::<u8>()], 0..24)) {
        check(&path);
        // On Windows too a byte beyond ASCII is a byte of a name, and survives.
        let cleaned = normalize_bytes(&path, Syntax::Windows);
        prop_assert_eq!(ascii(&cleaned, &path), normalize_bytes(&ascii(&path, &path), Syntax::Windows).into_owned());
    }
}

#[test]
fn a_name_of_odd_bytes_is_another_name_than_a_plain_one() {
    // What is written after `..` is not what stood there: a guard is set, which it would not be for `~`.
    let path = b":\\...\\~/../\x80";
    check(path);
    assert_eq!(*normalize_bytes(path, Syntax::Windows), *b".\\:\\...\\\x80");
    assert_eq!(ascii(path, path).len(), path.len());
}

/// Every path of up to `length` bytes over an alphabet, and behind a start.
fn every_path(alphabet: &[u8], length: usize, start: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<Vec<u8>> = vec![start.as_bytes().to_vec()];
    let mut from = 0;
    for _ in 0..length {
        let to = paths.len();
        for i in from..to {
            let longer = alphabet
                .iter()
                .map(|&byte| [paths[i].as_slice(), &[byte]].concat());
            paths.extend(longer.collect::<Vec<_>>());
        }
        from = to;
    }
    paths
}

/// Nothing short is left to chance.
#[test]
fn agrees_on_every_short_path() {
    let posix = every_path(b"/.a", 7, "");
    assert_eq!(posix.len(), (3_usize.pow(8) - 1) / 2);
    let windows = every_path(br"\/.a:?", 5, "");
    assert_eq!(windows.len(), (6_usize.pow(6) - 1) / 5);
    posix.iter().chain(&windows).for_each(|path| check(path));
    for start in [
        r"\\?\UNC\",
        r"\??",
        r"//.",
        r"a\..\",
        r"\a\..",
        "C:",
        r"\\h\s",
    ] {
        every_path(br"\.:?", 5, start)
            .iter()
            .for_each(|path| check(path));
    }
}

/// On a tree without links, cleaning never changes what an existing path names.
#[cfg(unix)]
mod on_disk {
    use autoexec_path_cache::normalize;
    use proptest::prelude::*;
    use proptest::test_runner::TestRunner;
    use std::cell::Cell;
    use std::fs::metadata;
    use std::os::unix::fs::MetadataExt;
    use std::path::PathBuf;

    #[test]
    fn cleaning_keeps_what_a_path_names() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        for place in ["a/b/a", "b/a/b"] {
            std::fs::create_dir_all(base.join(place)).unwrap();
        }
        for file in ["a/c", "a/b/c", "b/c", "b/a/b/c"] {
            std::fs::write(base.join(file), "").unwrap();
        }
        let existing = Cell::new(0);
        let name = prop::sample::select(vec!["a", "a", "b", "b", "c", ".", "..", ""]);
        let config = ProptestConfig {
            cases: 4_000,
            failure_persistence: None,
            ..Default::default()
        };
        TestRunner::new(config)
            .run(&prop::collection::vec(name, 0..10), |names| {
                let path = PathBuf::from(format!("{}/{}", base.display(), names.join("/")));
                if let Ok(found) = metadata(&path) {
                    existing.set(existing.get() + 1);
                    let clean = metadata(normalize(&path)).unwrap();
                    prop_assert_eq!(
                        (found.dev(), found.ino()),
                        (clean.dev(), clean.ino()),
                        "{:?}",
                        path
                    );
                }
                Ok(())
            })
            .unwrap();
        assert!(
            existing.get() > 400,
            "the generator must find files: {existing:?}"
        );
    }
}
