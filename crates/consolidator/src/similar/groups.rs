//! Groups of near duplicates.

use std::cmp::Reverse;

use super::index::SimilarIndex;

/// Texts that say nearly the same.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Group<K> {
    /// The text that stands for the others: each of them is near to it.
    pub leader: K,
    /// The ids of all the texts, the leader's among them, in order.
    pub members: Vec<K>,
    /// The least similarity of a member to the leader.
    pub least: f32,
}

impl<K: Ord + Clone> SimilarIndex<K> {
    /// Every id in exactly one group, in the order of their leaders; a text that is like no other is a group of its own.
    ///
    /// The text with most near ones leads first (copies count; then the least id), and takes those that no other has taken
    /// yet: "star clustering" (Aslam, Pelekhov and Rus, "The star clustering algorithm", 2004). So every member is near to
    /// its leader, and no chain of small steps joins texts that differ. The order of insertion plays no part, unless a
    /// bucket is so full that the bounds of the index hold. O(texts × candidates).
    pub fn groups(&self) -> Vec<Group<K>> {
        let mut stars: Vec<Star<'_, K>> = self
            .entries()
            .map(|(at, entry)| {
                let near = self.neighbours(at).0;
                let copies = |at: u32| self.ids(at).len();
                let size = copies(at) + near.iter().map(|(at, _)| copies(*at)).sum::<usize>();
                let first = entry.ids.first();
                Star {
                    at,
                    near,
                    size,
                    first,
                }
            })
            .collect();
        stars.sort_by(|a, b| (Reverse(a.size), a.first).cmp(&(Reverse(b.size), b.first)));
        let places = stars.iter().map(|s| s.at + 1).max().unwrap_or(0);
        let mut taken = vec![false; places as usize];
        let mut groups: Vec<Group<K>> = Vec::new();
        for star in &stars {
            if std::mem::replace(&mut taken[star.at as usize], true) {
                continue;
            }
            let mut members: Vec<K> = self.ids(star.at).iter().cloned().collect();
            let leader = members[0].clone();
            let mut least = 1.0f32;
            for (at, score) in &star.near {
                if !std::mem::replace(&mut taken[*at as usize], true) {
                    members.extend(self.ids(*at).iter().cloned());
                    least = least.min(*score);
                }
            }
            members.sort_unstable();
            groups.push(Group {
                leader,
                members,
                least,
            });
        }
        groups.sort_by(|a, b| a.leader.cmp(&b.leader));
        groups
    }
}

struct Star<'a, K> {
    at: u32,
    near: Vec<(u32, f32)>,
    size: usize,
    first: Option<&'a K>,
}
