//! Translating between two systems loses nothing and lets nothing out.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use autoexec_path_cache::{Prefix, PrefixError, PrefixMap, Side, Syntax, normalize_bytes};
use proptest::prelude::*;

/// Pairs of which none lies under another, on either side.
fn disjoint() -> PrefixMap {
    let pairs = [
        (r"C:\app", "/app"),
        (r"D:\", "/mnt/d"),
        (r"\\nas\media", "/srv/media"),
        (r"\\?\E:\deep\down", "/e"),
    ];
    PrefixMap::new(pairs.map(|(outer, inner)| (Prefix::windows(outer), Prefix::posix(inner))))
        .unwrap()
}

const OUTER: [&str; 8] = [
    r"C:\app",
    "c:/APP",
    r"D:\",
    "d:",
    r"\\nas\media",
    "//NAS/media",
    r"\\?\E:\deep\down",
    "E:",
];
const INNER: [&str; 6] = ["/app", "/application", "/mnt/d", "/srv/media", "/e", "/"];

fn path(starts: &'static [&'static str]) -> impl Strategy<Value = String> {
    let names = [
        "..",
        "..",
        ".",
        "",
        "app",
        "application",
        "x",
        "Y z",
        ".git",
        "é",
        "a:b",
    ];
    let name = (prop::sample::select(names.to_vec()), any::<bool>());
    (
        prop::sample::select(starts),
        prop::collection::vec(name, 0..7),
    )
        .prop_map(|(start, names)| {
            let backslash = start.contains('\\');
            names.iter().fold(start.to_owned(), |path, (name, other)| {
                path + if backslash && !other { r"\" } else { "/" } + name
            })
        })
}

/// A clean Windows path, its case and the separator at its end aside.
fn folded(path: &[u8]) -> Vec<u8> {
    let path = path.strip_suffix(br"\").unwrap_or(path);
    path.to_ascii_lowercase()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn there_and_back(path in path(&OUTER)) {
        let map = disjoint();
        let clean = normalize_bytes(path.as_bytes(), Syntax::Windows);
        if let Some(inner) = map.to_inner(&path) {
            prop_assert_eq!(&*normalize_bytes(&inner, Syntax::Posix), &*inner, "the answer is clean");
            let back = map.to_outer(&inner).unwrap();
            prop_assert_eq!(folded(&back), folded(&clean), "{} is {}", path, String::from_utf8_lossy(&inner));
            prop_assert_eq!(map.to_inner(&back), Some(inner));
        }
    }

    #[test]
    fn back_and_there(path in path(&INNER)) {
        let map = disjoint();
        let clean = normalize_bytes(path.as_bytes(), Syntax::Posix);
        if let Some(outer) = map.to_outer(&path) {
            prop_assert_eq!(&*normalize_bytes(&outer, Syntax::Windows), &*outer, "the answer is clean");
            let back = map.to_inner(&outer);
            prop_assert_eq!(back.as_deref(), Some(&*clean));
        }
    }

    /// What maps lies under a prefix once it is cleaned, and what it maps to under the other one of the pair.
    #[test]
    fn nothing_climbs_out(path in path(&INNER)) {
        let map = disjoint();
        let clean = normalize_bytes(path.as_bytes(), Syntax::Posix);
        let under = |prefix: &str| {
            let rest = clean.strip_prefix(prefix.as_bytes());
            rest.is_some_and(|rest| rest.first().is_none_or(|&byte| byte == b'/'))
        };
        let expect = ["/app", "/mnt/d", "/srv/media", "/e"].iter().any(|prefix| under(prefix));
        prop_assert_eq!(map.to_outer(&path).is_some(), expect, "{}", path);
    }
}

#[test]
fn the_generator_reaches_what_maps_and_what_does_not() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let map = disjoint();
    let mapped = (0..1_000).filter(|_| {
        let path = path(&OUTER).new_tree(&mut runner).unwrap().current();
        map.to_inner(path).is_some()
    });
    let mapped = mapped.count();
    assert!((200..800).contains(&mapped), "{mapped}");
}

/// A Windows host, WSL and a container, as they really see each other.
#[test]
fn as_wsl_mounts_drives() {
    let map = PrefixMap::new([
        (Prefix::windows(r"C:\"), Prefix::posix("/mnt/c")),
        (Prefix::windows(r"E:\"), Prefix::posix("/mnt/e")),
        (
            Prefix::windows(r"\\wsl.localhost\Debian"),
            Prefix::posix("/"),
        ),
    ])
    .unwrap();
    let pairs = [
        (r"C:\Users\me\notes.txt", "/mnt/c/Users/me/notes.txt"),
        (r"E:\data", "/mnt/e/data"),
        (r"\\wsl.localhost\Debian\srv\me", "/srv/me"),
        (r"\\wsl.localhost\Debian", "/"),
    ];
    for (outer, inner) in pairs {
        assert_eq!(map.to_inner_str(outer).as_deref(), Some(inner));
        assert_eq!(map.to_outer_str(inner).as_deref(), Some(outer));
    }
    assert_eq!(
        map.to_outer_str("/mnt/cd").as_deref(),
        Some(r"\\wsl.localhost\Debian\mnt\cd")
    );
    assert_eq!(
        map.to_inner_str(r"\\wsl.localhost\Debian\..\Ubuntu\x")
            .as_deref(),
        Some("/Ubuntu/x")
    );
    assert_eq!(map.to_inner_str(r"\\wsl.localhost\Ubuntu\x"), None);
}

#[test]
fn errors_say_which_side() {
    let twice = [
        (Prefix::windows(r"C:\a"), Prefix::posix("/a")),
        (Prefix::windows(r"C:\b"), Prefix::posix("/a")),
    ];
    assert_eq!(
        PrefixMap::new(twice),
        Err(PrefixError::Duplicate {
            side: Side::Inner,
            prefix: Prefix::posix("/a")
        })
    );
    // The same text in two syntaxes is two prefixes.
    let both = [
        (Prefix::windows("//h/s"), Prefix::posix("/w")),
        (Prefix::posix("//h/s"), Prefix::posix("/p")),
    ];
    assert!(PrefixMap::new(both).is_ok());
    assert_eq!(PrefixMap::new([]).unwrap().to_inner("/x"), None);
}
