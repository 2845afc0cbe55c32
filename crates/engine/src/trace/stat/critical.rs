//! Chains of steps, and tasks at once.

use crate::trace::model::Step;

/// The longest chain of steps that need each other, each as long as its longest task. Steps in a circle count as if they
/// needed nothing: a trace that was made by a run has none. O(steps + needs).
pub(super) fn path_ns(steps: &[Step]) -> u64 {
    let mut waiting: Vec<usize> = steps.iter().map(|it| it.needs.len()).collect();
    let mut dependants: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for (index, step) in steps.iter().enumerate() {
        for &need in &step.needs {
            dependants[need as usize].push(index);
        }
    }
    let mut ends: Vec<u64> = vec![0; steps.len()];
    let mut ready: Vec<usize> = (0..steps.len()).filter(|it| waiting[*it] == 0).collect();
    while let Some(index) = ready.pop() {
        let longest = steps[index].tasks.iter().map(|it| it.ns).max();
        ends[index] = ends[index].saturating_add(longest.unwrap_or(0));
        for &after in &dependants[index] {
            ends[after] = ends[after].max(ends[index]);
            waiting[after] -= 1;
            if waiting[after] == 0 {
                ready.push(after);
            }
        }
    }
    ends.into_iter().max().unwrap_or(0)
}

/// Of spans of time: how many there are at once at most, and for how long there is any. O(n log n).
pub(super) fn at_once(spans: &[(u64, u64)]) -> (u64, u64) {
    let mut moments: Vec<(u64, i64)> = Vec::with_capacity(2 * spans.len());
    for &(start, end) in spans.iter().filter(|(start, end)| start < end) {
        moments.extend([(start, 1), (end, -1)]);
    }
    // At the same moment one ends before another starts.
    moments.sort_unstable();
    let (mut now, mut peak, mut any, mut since) = (0i64, 0, 0, 0);
    for (moment, change) in moments {
        if now == 0 && change > 0 {
            since = moment;
        }
        now += change;
        peak = peak.max(now);
        if now == 0 {
            any += moment - since;
        }
    }
    (peak.max(0) as u64, any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tests::{step, task};

    #[test]
    fn the_longest_chain_counts_the_longest_task_of_each_step() {
        let steps = [
            step("a", &[], vec![task(0, 0, 5)]),
            step("b", &[0], vec![task(0, 5, 2), task(1, 7, 4)]),
            step("c", &[0], vec![task(0, 5, 3)]),
            step("d", &[1, 2], vec![]),
        ];
        assert_eq!(path_ns(&steps), 9);
        assert_eq!(path_ns(&[]), 0);
        let circle = [
            step("a", &[1], vec![task(0, 0, 5)]),
            step("b", &[0], vec![task(0, 0, 5)]),
        ];
        assert_eq!(path_ns(&circle), 0);
    }

    #[test]
    fn spans_that_touch_are_not_at_once() {
        assert_eq!(at_once(&[(0, 5), (5, 9)]), (1, 9));
        assert_eq!(at_once(&[(0, 5), (4, 9), (20, 21)]), (2, 10));
        assert_eq!(at_once(&[(3, 3)]), (0, 0));
        assert_eq!(at_once(&[]), (0, 0));
    }
}
