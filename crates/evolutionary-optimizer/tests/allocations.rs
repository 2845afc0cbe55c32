//! A search in steady state allocates nothing.
#![allow(
    unsafe_code,
    reason = "an allocator that counts is an unsafe trait's implementation"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use autoexec_evolutionary_optimizer::{
    Algorithm, Candidate, Generation, Goal, Observer, Optimizer, Options, Space, Value,
    optimize_with,
};

struct Counting;

thread_local! {
    /// Allocations of this thread: the test's harness has threads too.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // Counts nothing while a thread ends.
    let _ = ALLOCATIONS.try_with(|made| made.set(made.get() + 1));
}

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Reads the counter after each generation.
struct Reader(Vec<u64>);

impl Observer for Reader {
    fn generation(&mut self, _: &Generation, _: &Optimizer) {
        self.0.push(ALLOCATIONS.get());
    }
}

fn sphere(candidate: &Candidate) -> f64 {
    let squares = candidate.values().iter().map(|value| match *value {
        Value::Real(x) => x * x,
        _ => 0.0,
    });
    squares.sum()
}

#[test]
fn no_generation_in_steady_state_allocates() {
    let space = (0..10)
        .fold(Space::new(), |space, n| {
            space.real(format!("x{n}"), -5.0..=5.0)
        })
        .categorical("c", ["a", "b", "c"])
        .build()
        .unwrap();
    for name in Algorithm::names() {
        for objectives in [1, 2, 3] {
            let options = Options {
                algorithm: name.parse::<Algorithm>().unwrap(),
                goals: vec![Goal::Minimize; objectives],
                evaluations: Some(10_000),
                ..Options::default()
            };
            if Optimizer::new(&space, &options).is_err() {
                continue;
            }
            let mut reader = Reader(Vec::with_capacity(10_000));
            let outcome = optimize_with(
                &space,
                &options,
                |candidate| vec_free(candidate, objectives),
                &mut reader,
            );
            assert_eq!(outcome.unwrap().evaluations, 10_000);
            // The first quarter makes room.
            let steady = &reader.0[reader.0.len() / 4..];
            let grown = steady.windows(2).filter(|pair| pair[1] > pair[0]);
            // What restarts makes room for another population then.
            let restarts = if ["auto", "cma-es", "l-shade"].contains(name) {
                4
            } else {
                0
            };
            let grown = grown.count();
            assert!(
                grown <= restarts,
                "{grown} of {}: {name} with {objectives}",
                steady.len()
            );
        }
    }
}

/// One to three objectives, without a vector.
fn vec_free(candidate: &Candidate, objectives: usize) -> Either {
    match objectives {
        1 => Either::One(sphere(candidate)),
        2 => Either::Two([sphere(candidate), 100.0 - sphere(candidate)]),
        _ => {
            let (x, y) = (candidate.real("x0"), candidate.real("x1"));
            Either::Three([sphere(candidate), (x - 2.0).abs(), (y + 3.0).abs()])
        }
    }
}

enum Either {
    One(f64),
    Two([f64; 2]),
    Three([f64; 3]),
}

impl autoexec_evolutionary_optimizer::Measured for Either {
    fn write(
        &self,
        objectives: &mut [f64],
        constraints: &mut [f64],
    ) -> autoexec_evolutionary_optimizer::Written {
        match self {
            Self::One(value) => value.write(objectives, constraints),
            Self::Two(values) => values.write(objectives, constraints),
            Self::Three(values) => values.write(objectives, constraints),
        }
    }
}
