//! Several benchmarks at a time, where that does no harm.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does a piece of work for each item, in so many threads; the answers come in the order of the items.
pub(super) fn each<T: Sync, R: Send>(
    lanes: usize,
    items: &[T],
    work: &(dyn Fn(&T) -> R + Sync),
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let lane = || {
        while let Some((at, item)) = take(&next, items) {
            let answer = work(item);
            done.lock()
                .expect("because nobody panics while holding it")
                .push((at, answer));
        }
    };
    thread::scope(|scope| {
        for _ in 0..lanes.max(1) {
            scope.spawn(lane);
        }
    });
    let mut done = done
        .into_inner()
        .expect("because nobody panics while holding it");
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, answer)| answer).collect()
}

fn take<'a, T>(next: &AtomicUsize, items: &'a [T]) -> Option<(usize, &'a T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    items.get(at).map(|item| (at, item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_order_and_none_is_lost() {
        let items: Vec<usize> = (0..100).collect();
        for lanes in [0, 1, 2, 7] {
            assert_eq!(each(lanes, &items, &|n| n * n).len(), 100);
            assert_eq!(each(lanes, &items, &|n| n + 1)[99], 100);
        }
        assert!(each(2, &[] as &[usize], &|n| *n).is_empty());
    }
}
