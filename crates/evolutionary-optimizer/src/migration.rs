//! The exchange of members between islands.

use crate::island::Island;
use crate::options::{Islands, Topology, share_of};
use crate::population::Population;

/// Sends copies of each island's best members to its neighbours, where they replace the worst.
///
/// All emigrants are chosen before any arrives, and islands are served in order, so that the result does not depend on
/// which of them finished first. At most half of an island is replaced: the best of each neighbour come first, then the
/// second best. An island that has spent its budget takes none, because it will not breed again.
pub(crate) fn migrate(islands: &mut [Island], options: &Islands) {
    let emigrants: Vec<Population> = islands
        .iter()
        .map(|island| best_of(island, options.rate))
        .collect();
    for destination in 0..islands.len() {
        if islands[destination].is_exhausted() {
            continue;
        }
        let sources = neighbours(options.topology, destination, islands.len());
        let most = emigrants.iter().map(Population::len).max().unwrap_or(0);
        let arrivals = (0..most).flat_map(|rank| sources.iter().map(move |&source| (source, rank)));
        let arrivals = arrivals.filter(|&(source, rank)| rank < emigrants[source].len());
        let residents = islands[destination].members.len();
        for (taken, (source, rank)) in arrivals.take(residents / 2).enumerate() {
            let members = &mut islands[destination].members;
            let worst = members.ranked(residents - 1 - taken);
            members.replace(
                worst,
                emigrants[source].row(rank),
                emigrants[source].costs[rank],
            );
            islands[destination].migrants_in += 1;
            islands[source].migrants_out += 1;
        }
        islands[destination].members.rank();
    }
}

/// Copies of the best members, best first.
fn best_of(island: &Island, rate: f64) -> Population {
    let members = &island.members;
    let count = share_of(members.len(), rate);
    let mut best = Population::new(members.row(0).len(), count);
    for rank in 0..count {
        let row = members.ranked(rank);
        best.push(members.row(row), members.costs[row]);
    }
    best
}

/// The islands that send to `destination`, in order.
fn neighbours(topology: Topology, destination: usize, count: usize) -> Vec<usize> {
    let others = (0..count).filter(|&source| source != destination);
    match topology {
        Topology::Ring => others
            .filter(|source| (source + 1) % count == destination)
            .collect(),
        Topology::Full => others.collect(),
        Topology::Star => others
            .filter(|&source| source == 0 || destination == 0)
            .collect(),
        Topology::None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topologies_connect_as_documented() {
        let all = |topology, count| -> Vec<Vec<usize>> {
            (0..count)
                .map(|destination| neighbours(topology, destination, count))
                .collect()
        };
        assert_eq!(all(Topology::Ring, 4), [[3], [0], [1], [2]]);
        assert_eq!(all(Topology::Full, 3), [[1, 2], [0, 2], [0, 1]]);
        assert_eq!(
            all(Topology::Star, 4),
            [vec![1, 2, 3], vec![0], vec![0], vec![0]]
        );
        assert_eq!(all(Topology::None, 2), [[0; 0]; 2]);
        for topology in [Topology::Ring, Topology::Full, Topology::Star] {
            assert!(
                all(topology, 1)[0].is_empty(),
                "an island alone has no neighbour"
            );
        }
    }
}
