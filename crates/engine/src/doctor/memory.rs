//! What the caches may hold, beside what the machine has.

use super::Machine;
use super::cache::needed;
use super::group::Group;
use super::model::{Change, Concern, Finding, Measured, Severity, Topic};
use super::rules::LITTLE_MEMORY;

/// No cache of files is made smaller than that: it must hold a few of the largest files that may be read.
const LEAST_FILES: u64 = 4;

pub(super) fn examine(group: &Group, machine: &Machine, findings: &mut Vec<Finding>) {
    findings.extend(cache_beside_memory(group, machine));
}

fn cache_beside_memory(group: &Group, machine: &Machine) -> Option<Finding> {
    let free = machine.free_memory?;
    let setup = group.setup();
    let ((_, bytes), bound) = (needed(group), setup.files_bytes);
    let least = setup.files_max_file_size.saturating_mul(LEAST_FILES);
    let to = bytes.saturating_mul(2).max(least);
    let to = to.checked_next_multiple_of(1 << 20).unwrap_or(to);
    if free as f64 >= LITTLE_MEMORY.limit || bound <= free || to >= bound {
        return None;
    }
    let evidence = vec![
        Measured::bytes("free memory now", free),
        Measured::bytes("files.bytes", bound),
        Measured::bytes("bytes that one process needs", bytes),
        Measured::bytes("files.max_file_size", setup.files_max_file_size),
    ];
    let kinds = (Topic::CacheBesideMemory, Severity::Warning, Concern::Memory);
    let title = "the file cache may take more memory than is free";
    let finding = Finding::new(group, kinds, LITTLE_MEMORY, title, evidence, "");
    Some(finding.with_changes(group, vec![Change::bytes("files.bytes", bound, to)]))
}
