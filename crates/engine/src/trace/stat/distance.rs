//! Reuse distances: what a cache that drops the least recently used would hit at any size, from one pass over the accesses.
//!
//! An access hits in such a cache if what was asked for since the last access to the same has room beside it (Mattson,
//! Gecsei, Slutz, Traiger: "Evaluation techniques for storage hierarchies", 1970). A Fenwick tree over moments holds what was
//! asked for last at each (Bennett, Kruskal: "LRU stack processing", 1975), so a distance is the difference of two sums.

use std::collections::HashMap;

use serde::Serialize;

use crate::trace::model::{Trace, What};

/// Most points of a curve.
const MOST_POINTS: u32 = 12;

/// What a cache of some capacity would hit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CurvePoint {
    /// Entries, or bytes.
    pub capacity: u64,
    /// Hits in all reads.
    pub hit_rate: f64,
}

/// Curves by entries and by bytes. Caches begin empty with each session. O(reads × log reads).
pub(super) fn curves(traces: &[Trace]) -> (Vec<CurvePoint>, Vec<CurvePoint>) {
    let mut by_session: Vec<(u64, Vec<(u64, u64)>)> = Vec::new();
    for trace in traces {
        let session = trace.header.session;
        let reads = reads(trace);
        match by_session.iter_mut().find(|(it, _)| *it == session) {
            Some((_, all)) => all.extend(reads),
            None => by_session.push((session, reads)),
        }
    }
    let (mut entries, mut bytes, mut total) = (Vec::new(), Vec::new(), 0);
    for (_, reads) in by_session {
        total += reads.len() as u64;
        entries.extend(distances(reads.iter().map(|(file, _)| (*file, 1))));
        bytes.extend(distances(reads.into_iter()));
    }
    (curve(entries, total, 4), curve(bytes, total, 1 << 16))
}

/// Identity and charge of each file that was had, in order.
fn reads(trace: &Trace) -> Vec<(u64, u64)> {
    let batches = trace.accesses.iter().filter_map(|it| match &it.what {
        What::Files(reads) => Some(reads),
        _ => None,
    });
    let had = batches.flatten().filter(|it| it.answer.is_had());
    let charge = |read: &crate::trace::FileRead| {
        let file = &trace.files[read.file as usize];
        let overhead = autoexec_file_cache::ENTRY_OVERHEAD + u64::from(file.name_bytes);
        (file.identity, read.bytes.saturating_add(overhead))
    };
    had.map(charge).collect()
}

/// For each access that is not the first to its key, the weight of all that was asked for since, its own included.
fn distances(accesses: impl ExactSizeIterator<Item = (u64, u64)>) -> Vec<u64> {
    let mut tree = vec![0u64; accesses.len() + 1];
    let mut last: HashMap<u64, (usize, u64)> = HashMap::new();
    let (mut found, mut total) = (Vec::new(), 0u64);
    for (at, (key, weight)) in (1..).zip(accesses) {
        if let Some((before, held)) = last.insert(key, (at, weight)) {
            found.push(
                total
                    .wrapping_sub(sum(&tree, before))
                    .saturating_add(weight),
            );
            add(&mut tree, before, held.wrapping_neg());
            total = total.wrapping_sub(held);
        }
        add(&mut tree, at, weight);
        total = total.wrapping_add(weight);
    }
    found
}

fn add(tree: &mut [u64], mut at: usize, weight: u64) {
    while at < tree.len() {
        tree[at] = tree[at].wrapping_add(weight);
        at += at & at.wrapping_neg();
    }
}

fn sum(tree: &[u64], mut at: usize) -> u64 {
    let mut sum = 0u64;
    while at > 0 {
        sum = sum.wrapping_add(tree[at]);
        at &= at - 1;
    }
    sum
}

/// Points at `first` and its multiples by four, up to where nothing more is hit.
fn curve(mut distances: Vec<u64>, total: u64, first: u64) -> Vec<CurvePoint> {
    distances.sort_unstable();
    let mut points = Vec::new();
    for exponent in 0..MOST_POINTS {
        let capacity = first << (2 * exponent);
        let hits = distances.partition_point(|it| *it <= capacity);
        if total > 0 {
            points.push(CurvePoint {
                capacity,
                hit_rate: hits as f64 / total as f64,
            });
        }
        if hits == distances.len() {
            break;
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hits of a list that drops from its end what has no room.
    fn hits(accesses: &[(u64, u64)], capacity: u64) -> usize {
        let mut list: Vec<(u64, u64)> = Vec::new();
        let mut hits = 0;
        for &(key, weight) in accesses {
            let at = list.iter().position(|it| it.0 == key);
            let mut room = capacity.checked_sub(weight);
            // What stands before it must have room beside it.
            for it in list.iter().take(at.unwrap_or(0)) {
                room = room.and_then(|room| room.checked_sub(it.1));
            }
            hits += usize::from(at.is_some() && room.is_some());
            if let Some(at) = at {
                list.remove(at);
            }
            list.insert(0, (key, weight));
        }
        hits
    }

    proptest! {
        #[test]
        fn as_a_list_finds_it(
            keys in proptest::collection::vec((0u64..8, 1u64..5), 0..60),
            capacity in 0u64..30,
        ) {
            let found = distances(keys.clone().into_iter());
            let expect = hits(&keys, capacity);
            prop_assert_eq!(found.iter().filter(|it| **it <= capacity).count(), expect);
        }
    }

    #[test]
    fn a_cycle_hits_only_where_it_fits() {
        let cycle: Vec<(u64, u64)> = (0..10).cycle().take(100).map(|key| (key, 1)).collect();
        let points = curve(distances(cycle.into_iter()), 100, 4);
        let expect = [(4, 0.0), (16, 0.9)];
        let points: Vec<(u64, f64)> = points.iter().map(|it| (it.capacity, it.hit_rate)).collect();
        assert_eq!(points, expect);
    }
}
