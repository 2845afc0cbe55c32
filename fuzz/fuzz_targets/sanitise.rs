//! Sanitising any bytes: the answer is clean, within its limit, and cleaning it again changes nothing.
#![no_main]

use autoexec_memory_trimmer::{Limits, sanitise, sanitise_bytes, validate_input};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { chars_max: 100 };
    let clean = sanitise_bytes(bytes, &limits);
    assert!(clean.text.chars().count() <= 100);
    assert_eq!(validate_input(clean.text.as_bytes(), &limits, 10), []);
    assert_eq!(sanitise(&clean.text, &limits).text, clean.text);
});
