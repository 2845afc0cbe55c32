//! Translating any path by a few prefixes: what is translated lies below the other side's prefix, and comes back.
#![no_main]

use autoexec_path_cache::{Prefix, PrefixMap, Syntax, normalize_bytes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|path: &[u8]| {
    let map = PrefixMap::new([
        (Prefix::windows(r"C:\Users\me\project"), Prefix::posix("/app")),
        (Prefix::windows(r"E:\"), Prefix::posix("/mnt/e")),
        (Prefix::windows(r"\\server\share"), Prefix::posix("/srv/share")),
    ])
    .expect("they are absolute and differ");
    if let Some(inner) = map.to_inner(path) {
        let below = |prefix: &[u8]| inner.strip_prefix(prefix).is_some_and(|rest| rest.first().is_none_or(|&byte| byte == b'/'));
        assert!([&b"/app"[..], b"/mnt/e", b"/srv/share"].into_iter().any(below), "{inner:?}");
        assert_eq!(*normalize_bytes(&inner, Syntax::Posix), *inner);
        let outer = map.to_outer(&inner).expect("it came from there");
        assert!(outer.eq_ignore_ascii_case(&normalize_bytes(path, Syntax::Windows)), "{outer:?}");
    }
    if let Some(outer) = map.to_outer(path) {
        assert_eq!(*normalize_bytes(&outer, Syntax::Windows), *outer);
        assert_eq!(map.to_inner(&outer).as_deref(), Some(&*normalize_bytes(path, Syntax::Posix)));
    }
});
