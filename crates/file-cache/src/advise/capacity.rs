//! How much room a run needs, and how much it may have.

use super::{Change, Surroundings};
use crate::{ENTRY_OVERHEAD, Options, Stats};

/// With less memory free than this, nothing grows.
pub(super) const LITTLE_FREE: u64 = 1 << 30;

/// Bounds on bytes are whole multiples of this.
const STEP: u64 = 1 << 20;

/// The bounds that would hold everything that the run loads: what has to be raised, as far as memory allows.
///
/// An entry takes the larger of its shares of the two bounds. With a bound on bytes of twice what the run needs, only
/// files of more than twice the average size take more than their share of the bound on entries.
pub(super) fn raised(stats: &Stats, options: &Options, surroundings: &Surroundings) -> Vec<Change> {
    let entry = bytes_of_an_entry(stats);
    let (max_entries, max_bytes) = (options.max_entries as u64, options.max_bytes);
    let spare = match surroundings.free_bytes {
        Some(free) if free < LITTLE_FREE => return Vec::new(),
        Some(free) => stats.resident_bytes.saturating_add(free / 2),
        None => u64::MAX,
    };
    let fits = stats.run_paths.min(spare / entry);
    let mut changes = Vec::new();
    if fits > max_entries {
        changes.push(change("max_entries", max_entries, fits));
    }
    let roomy = (fits.saturating_mul(2 * entry))
        .next_multiple_of(STEP)
        .min(spare);
    if roomy > max_bytes {
        changes.push(change("max_bytes", max_bytes, roomy));
    }
    if changes.is_empty() && stats.evictions > 0 {
        // Each run fits, but not what several of them have in common.
        changes.extend(doubled(stats, options, spare));
    }
    changes
}

/// The bound that is nearer to being reached, doubled.
fn doubled(stats: &Stats, options: &Options, spare: u64) -> Option<Change> {
    let (max_entries, max_bytes) = (options.max_entries as u64, options.max_bytes);
    let used = |held: u64, bound: u64| held as f64 / bound as f64;
    let by_bytes =
        used(stats.resident_bytes, max_bytes) > used(stats.resident_entries, max_entries);
    if stats.resident_bytes.saturating_mul(2) > spare {
        None
    } else if by_bytes {
        Some(change("max_bytes", max_bytes, max_bytes.saturating_mul(2)))
    } else {
        Some(change(
            "max_entries",
            max_entries,
            max_entries.saturating_mul(2),
        ))
    }
}

/// What an entry takes on average: of those held, or else of those loaded.
fn bytes_of_an_entry(stats: &Stats) -> u64 {
    let held = stats.resident_bytes.checked_div(stats.resident_entries);
    let loaded = || stats.bytes_loaded.checked_div(stats.loads).unwrap_or(0);
    held.unwrap_or_else(|| ENTRY_OVERHEAD + loaded()).max(1)
}

/// What is left of the bounds where little memory is free: a sixteenth of it.
pub(super) fn lowered_to_free(free: u64, options: &Options) -> Option<Change> {
    let to = (free / 16 / STEP).max(1) * STEP;
    (to < options.max_bytes).then(|| change("max_bytes", options.max_bytes, to))
}

/// Half of what is held.
pub(super) fn halved(stats: &Stats, options: &Options) -> Change {
    let to = (stats.resident_bytes / 2 / STEP).max(1) * STEP;
    change("max_bytes", options.max_bytes, to)
}

/// Room for larger files: twice the present limit, up to eight times where those skipped seem to be that large. Nothing
/// where memory is short.
pub(super) fn larger_files(
    stats: &Stats,
    options: &Options,
    surroundings: &Surroundings,
) -> Vec<Change> {
    let (limit, max_bytes) = (options.max_file_bytes, options.max_bytes);
    // Of what was loaded most bytes are of the largest files.
    let seem = stats.bytes_loaded.checked_div(stats.skipped).unwrap_or(0);
    let to = seem
        .checked_next_power_of_two()
        .unwrap_or(u64::MAX)
        .clamp(limit.saturating_mul(2), limit.saturating_mul(8));
    let room = to.saturating_mul(4);
    let free = surroundings.free_bytes.unwrap_or(u64::MAX);
    if free < LITTLE_FREE || (room > max_bytes && room - max_bytes > free / 2) {
        return Vec::new();
    }
    let mut changes = vec![change("max_file_bytes", limit, to)];
    if room > max_bytes {
        changes.push(change("max_bytes", max_bytes, room));
    }
    changes
}

pub(super) fn change(setting: &'static str, from: u64, to: u64) -> Change {
    Change { setting, from, to }
}
