//! Without the allocator there are no counts, not zeros.
#![cfg(feature = "alloc")]

use autoexec_metrics::alloc;

#[test]
fn counts_are_absent() {
    assert_eq!(alloc::process_counts(), None);
    assert_eq!(alloc::thread_counts(), None);
    assert_eq!(alloc::measure(|| vec![1u8; 10]), (vec![1u8; 10], None));
}
