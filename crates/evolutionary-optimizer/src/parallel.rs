//! Work shared between threads that must not change its result.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Calls `work` with each item, on the calling thread and `threads − 1` others, whichever is free taking the next.
///
/// Where the system refuses a thread, fewer do the work. When a call panics, `abort` is set, every thread is joined, and
/// the panic goes on in the caller: the first one by thread, with its own payload.
pub(crate) fn for_each<T: Send>(
    threads: usize,
    items: impl ExactSizeIterator<Item = T> + Send,
    abort: &AtomicBool,
    work: impl Fn(T) + Sync,
) {
    let threads = threads.min(items.len());
    if threads <= 1 {
        return items.for_each(work);
    }
    let queue = Mutex::new(items);
    // The lock is never held during `work`, so that a panic cannot poison it.
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let worker = || {
        catch_unwind(AssertUnwindSafe(|| {
            while !abort.load(Ordering::Relaxed)
                && let Some(item) = next()
            {
                work(item);
            }
        }))
        .inspect_err(|_| abort.store(true, Ordering::Relaxed))
    };
    let result = thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, worker).ok();
        let others: Vec<_> = (1..threads).filter_map(spawn).collect();
        let own = worker();
        others.into_iter().fold(own, |result, other| {
            result.and(other.join().unwrap_or_else(Err))
        })
    });
    if let Err(payload) = result {
        resume_unwind(payload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    #[test]
    fn each_item_is_worked_on_once() {
        for threads in [1, 2, 7, 100] {
            let mut counts = [0_u32; 40];
            for_each(
                threads,
                counts.iter_mut(),
                &AtomicBool::new(false),
                |count| *count += 1,
            );
            assert_eq!(counts, [1; 40]);
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_with_its_payload() {
        let abort = AtomicBool::new(false);
        let done = AtomicU64::new(0);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            for_each(3, 0..100, &abort, |item| {
                if item == 5 {
                    std::panic::panic_any(1234_u32);
                }
                done.fetch_add(1, Ordering::Relaxed);
            });
        }));
        assert_eq!(
            caught.expect_err("because item 5 panics").downcast_ref(),
            Some(&1234_u32)
        );
        assert!(abort.load(Ordering::Relaxed));
    }
}
