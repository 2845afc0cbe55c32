//! Cleaning any bytes: it ends, cleaning again changes nothing, what is borrowed was clean, and the answer neither grows
//! by more than a guard nor becomes absolute or relative on the way.
#![no_main]

use autoexec_path_cache::{Syntax, normalize_bytes};
use libfuzzer_sys::fuzz_target;
use std::borrow::Cow;

fuzz_target!(|path: &[u8]| {
    for syntax in [Syntax::Posix, Syntax::Windows] {
        let clean = normalize_bytes(path, syntax);
        assert!(!clean.is_empty());
        assert!(clean.len() <= path.len() + 3);
        if let Cow::Borrowed(same) = clean {
            assert_eq!(same, path);
        }
        let again = normalize_bytes(&clean, syntax);
        assert_eq!(again, clean);
        assert!(matches!(again, Cow::Borrowed(_)), "a clean path needs no copy");
    }
    let posix = normalize_bytes(path, Syntax::Posix);
    assert_eq!(posix.starts_with(b"/"), path.starts_with(b"/"));
    assert!(posix.starts_with(b"..") || !posix.windows(4).any(|part| part == b"/../"));
});
