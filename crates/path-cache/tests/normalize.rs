//! Normalising against a naive stack of components.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(unix)]

use autoexec_path_cache::normalize;
use proptest::prelude::*;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

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

fn check(path: &[u8]) {
    let path = Path::new(OsStr::from_bytes(path));
    let cleaned = normalize(path);
    let bytes = cleaned.as_os_str().as_bytes();
    assert_eq!(
        bytes,
        model(path.as_os_str().as_bytes()),
        "cleaning {path:?}"
    );
    let unchanged = cleaned.as_os_str() == path.as_os_str();
    assert_eq!(
        matches!(cleaned, Cow::Borrowed(_)),
        unchanged,
        "borrowed iff unchanged: {path:?}"
    );
    assert!(
        matches!(normalize(&cleaned), Cow::Borrowed(_)),
        "idempotent: {path:?}"
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn agrees_with_the_model(parts in prop::collection::vec(component(), 0..10)) {
        check(&parts.join(&b'/'));
    }

    #[test]
    fn agrees_on_arbitrary_bytes(path in prop::collection::vec(
        prop_oneof![Just(b'/'), Just(b'.'), any::<u8>()], 0..24)) {
        check(&path);
    }
}

/// Every path of up to seven bytes over the alphabet that matters: nothing short is left to chance.
#[test]
fn agrees_on_every_short_path() {
    let alphabet = [b'/', b'.', b'a'];
    let mut paths: Vec<Vec<u8>> = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..7 {
        let to = paths.len();
        for i in from..to {
            paths.extend(alphabet.map(|byte| [paths[i].as_slice(), &[byte]].concat()));
        }
        from = to;
    }
    paths.iter().for_each(|path| check(path));
    assert_eq!(paths.len(), (3_usize.pow(8) - 1) / 2);
}

/// On a tree without links, cleaning never changes what a path names.
#[test]
fn names_the_same_file_where_there_are_no_links() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    std::fs::create_dir_all(base.join("a/b")).unwrap();
    std::fs::write(base.join("a/b/c"), "").unwrap();
    for messy in [
        "a/b/c",
        "a//b/./c",
        "a/b/../b/c",
        "./a/../a/b//c",
        "a/b/../../a/b/c",
    ] {
        let path = base.join(messy);
        assert_eq!(normalize(&path), path.canonicalize().unwrap(), "{messy}");
    }
}
