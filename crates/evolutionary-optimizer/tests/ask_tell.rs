//! Whoever evaluates, and in whatever order, the search is the same.

use std::collections::HashSet;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use autoexec_evolutionary_optimizer::{
    Algorithm, Candidate, Error, Goal, Islands, Noise, Optimizer, Options, Outcome, Space,
    Stagnation, Stop, Told, Trial, optimize, optimize_async,
};

fn space() -> Space {
    Space::new()
        .real("x", -5.0..=5.0)
        .log_real("y", 1e-3..=1e3)
        .integer("n", -100..=100)
        .ordinal("size", ["small", "medium", "large"])
        .categorical("c", ["a", "b", "c"])
        .boolean("b")
        .build()
        .expect("because the bounds are in order")
}

fn objective(candidate: &Candidate) -> f64 {
    let penalty = f64::from(u8::from(candidate.boolean("b"))) + candidate.choice("c") as f64;
    (candidate.real("x") - 1.5).powi(2)
        + (candidate.real("y") - 20.0).abs() / 10.0
        + (candidate.integer("n") as f64 - 33.0).abs() / 20.0
        + (candidate.level("size") as f64 - 1.0).abs()
        + penalty
}

/// Two that pull apart.
fn objectives(candidate: &Candidate) -> [f64; 2] {
    [objective(candidate), (candidate.real("x") + 2.0).abs()]
}

/// Every algorithm that takes one objective, alone and on islands.
fn all() -> Vec<Options> {
    let names = Algorithm::names().iter();
    let algorithms = names.map(|name| name.parse::<Algorithm>().expect("because it is listed"));
    let mut all = Vec::new();
    for algorithm in algorithms {
        for islands in [None, Some(Islands::default())] {
            all.push(Options {
                algorithm: algorithm.clone(),
                islands,
                seed: 5,
                evaluations: Some(1500),
                ..Options::default()
            });
        }
    }
    all
}

/// The options with as many objectives as they can take.
fn is_suitable(options: &Options) -> bool {
    Optimizer::new(&space(), options).is_ok()
}

fn of_one(options: &Options) -> Outcome {
    optimize(&space(), options, objective).expect("because the options are in range")
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for options in all().into_iter().filter(is_suitable) {
        let one = of_one(&options);
        for threads in [2, 8] {
            let other = of_one(&Options {
                threads,
                ..options.clone()
            });
            assert_eq!(
                other.fingerprint, one.fingerprint,
                "{:?}",
                options.algorithm
            );
            assert_eq!(other, one);
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit_of_two_objectives() {
    for options in all() {
        let options = Options {
            goals: vec![Goal::Minimize; 2],
            ..options
        };
        let Ok(one) = optimize(&space(), &options, objectives) else {
            continue;
        };
        let threads = Options {
            threads: 8,
            ..options
        };
        let other = optimize(&space(), &threads, objectives).unwrap();
        assert_eq!(other.fingerprint, one.fingerprint);
        assert_eq!(other, one);
    }
}

/// Asks in pieces of `pieces`, in turn, and tells each piece in the order that `order` makes of it.
fn by_hand(options: &Options, pieces: &[usize], order: impl Fn(&mut Vec<Trial>)) -> Optimizer {
    let mut optimizer = Optimizer::new(&space(), options).expect("because they are in range");
    let mut pieces = pieces.iter().cycle();
    while !optimizer.is_done() {
        let mut trials = optimizer.ask(*pieces.next().expect("because it is a cycle"));
        order(&mut trials);
        for trial in trials {
            let value = objective(&trial.candidate);
            optimizer
                .tell(trial.id, value)
                .expect("because it was asked");
        }
    }
    optimizer
}

#[test]
fn asking_in_pieces_and_telling_in_any_order_change_no_bit() {
    for options in all().into_iter().filter(is_suitable) {
        let closure = of_one(&options);
        for pieces in [vec![1], vec![7], vec![1000], vec![3, 1, 40]] {
            let forwards = by_hand(&options, &pieces, |_| {});
            let backwards = by_hand(&options, &pieces, |trials| trials.reverse());
            for optimizer in [forwards, backwards] {
                assert_eq!(
                    optimizer.outcome().unwrap(),
                    closure,
                    "pieces of {pieces:?}"
                );
            }
        }
    }
}

#[test]
fn trials_beside_a_generation_are_new_and_count() {
    let options = Options {
        algorithm: "ga".parse().unwrap(),
        evaluations: Some(500),
        ..Options::default()
    };
    let run = || {
        let mut optimizer = Optimizer::new(&space(), &options).unwrap();
        let mut calls = 0;
        // Forty workers, of whom one always waits: generations of a hundred never end when somebody asks.
        let mut waiting: Vec<Trial> = optimizer.ask(1);
        while !optimizer.is_done() {
            let trials = optimizer.ask(39);
            assert!(!trials.is_empty() || optimizer.evaluations() + 1 == 500);
            if trials.is_empty() || calls > 150 {
                for late in waiting.drain(..) {
                    calls += 1;
                    optimizer.tell(late.id, objective(&late.candidate)).unwrap();
                }
            }
            for trial in trials {
                calls += 1;
                optimizer
                    .tell(trial.id, objective(&trial.candidate))
                    .unwrap();
            }
        }
        assert_eq!(calls, 500);
        optimizer.outcome().unwrap()
    };
    let outcome = run();
    assert_eq!(outcome.evaluations, 500);
    assert_eq!(outcome, run());
}

#[test]
fn wrong_tells_are_refused_and_change_nothing() {
    let options = Options {
        evaluations: Some(300),
        ..Options::default()
    };
    let mut optimizer = Optimizer::new(&space(), &options).unwrap();
    let mut told_twice = HashSet::new();
    while !optimizer.is_done() {
        let trials = optimizer.ask(50);
        for trial in &trials {
            let id = trial.id;
            let arity = Error::Arity {
                what: "objectives",
                expected: 1,
                found: 2,
            };
            assert_eq!(optimizer.tell(id, [1.0, 2.0]), Err(arity));
            let arity = Error::Arity {
                what: "constraints",
                expected: 0,
                found: 1,
            };
            assert_eq!(optimizer.tell(id, (1.0, [2.0])), Err(arity));
            optimizer.tell(id, objective(&trial.candidate)).unwrap();
            assert_eq!(optimizer.tell(id, 0.0), Err(Error::ToldTwice { id }));
            assert_eq!(optimizer.fail(id), Err(Error::ToldTwice { id }));
            told_twice.insert(id);
            let id = 1 << 40;
            assert_eq!(optimizer.tell(id, 0.0), Err(Error::UnknownTrial { id }));
        }
    }
    assert_eq!(told_twice.len(), 300);
    let plain = by_hand(&options, &[50], |_| {});
    assert_eq!(optimizer.outcome(), plain.outcome());
}

#[test]
fn failures_count_as_the_worst() {
    for options in all().into_iter().filter(is_suitable) {
        let options = Options {
            evaluations: Some(600),
            ..options
        };
        let fails = |candidate: &Candidate| candidate.real("x") < 0.0;
        let outcome = optimize(&space(), &options, |candidate| {
            (!fails(candidate)).then(|| objective(candidate))
        });
        let outcome = outcome.unwrap();
        assert!(!fails(&outcome.best) && outcome.value.is_finite());
        let all = optimize(&space(), &options, |_| Err::<f64, _>("it never works")).unwrap();
        assert_eq!((all.evaluations, all.value), (600, f64::INFINITY));
    }
}

#[test]
fn recalled_trials_are_asked_again() {
    let options = Options {
        algorithm: "ga".parse().unwrap(),
        evaluations: Some(400),
        ..Options::default()
    };
    let mut optimizer = Optimizer::new(&space(), &options).unwrap();
    let mut round = 0;
    while !optimizer.is_done() {
        round += 1;
        let trials = optimizer.ask(30);
        let lost = if round % 3 == 0 { 10 } else { 0 };
        for trial in &trials[..trials.len().saturating_sub(lost)] {
            optimizer
                .tell(trial.id, objective(&trial.candidate))
                .unwrap();
        }
        if lost > 0 {
            optimizer.recall();
            let id = trials[trials.len() - 1].id;
            assert_eq!(optimizer.tell(id, 0.0), Err(Error::ToldTwice { id }));
        }
    }
    let outcome = optimizer.outcome().unwrap();
    assert_eq!(
        outcome,
        by_hand(&options, &[400], |_| {}).outcome().unwrap()
    );
}

#[test]
fn a_loaded_search_knows_what_was_told_and_what_is_open() {
    let options = Options {
        algorithm: "ga".parse().unwrap(),
        evaluations: Some(100),
        constraints: 1,
        ..Options::default()
    };
    let mut optimizer = Optimizer::new(&space(), &options).unwrap();
    let mut expect = Vec::new();
    let mut open = Vec::new();
    for round in 0..6 {
        // More than a generation, so that there are some beside it.
        open = optimizer.ask(20);
        open.extend(optimizer.ask(round));
        for trial in open.drain(..15) {
            let measured = (trial.id % 3 > 0).then(|| (vec![trial.id as f64], vec![-0.5]));
            optimizer.tell(trial.id, &measured).unwrap();
            expect.push(Told {
                id: trial.id,
                measured,
            });
        }
        if round < 5 {
            optimizer.recall();
            assert_eq!(optimizer.open(), []);
        }
    }
    let bytes = optimizer.save().unwrap();
    let loaded = Optimizer::load(&space(), &options, &bytes).unwrap();
    for optimizer in [&optimizer, &loaded] {
        assert_eq!(optimizer.told(), expect);
        assert_eq!(optimizer.open(), open);
        assert_eq!(optimizer.next_id(), open[open.len() - 1].id + 1);
    }
    let forgetful = Options {
        resumable: false,
        ..options
    };
    let mut optimizer = Optimizer::new(&space(), &forgetful).unwrap();
    let id = optimizer.ask(1)[0].id;
    optimizer.fail(id).unwrap();
    assert_eq!(optimizer.told(), []);
}

/// Wakes the thread that waits.
struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Is ready when it was polled so many times.
struct Later(u32);

impl Future for Later {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[test]
fn futures_give_what_the_closure_gives() {
    for options in all().into_iter().filter(is_suitable) {
        let closure = of_one(&options);
        for concurrency in [1, 3, 64] {
            let space = space();
            let outcome = optimize_async(&space, &options, concurrency, |candidate| async move {
                // The later ones end first.
                Later(candidate.integer("n").unsigned_abs() as u32 % 5).await;
                objective(&candidate)
            });
            assert_eq!(block_on(outcome).unwrap(), closure);
        }
    }
}

#[test]
fn a_search_that_was_saved_goes_on_exactly() {
    for options in all().into_iter().filter(is_suitable) {
        let whole = of_one(&options);
        for told in [0, 1, 99, 100, 101, 777, 1500] {
            let mut optimizer = Optimizer::new(&space(), &options).unwrap();
            while optimizer.evaluations() < told {
                let left = (told - optimizer.evaluations()) as usize;
                for trial in optimizer.ask(left.min(13)) {
                    optimizer
                        .tell(trial.id, objective(&trial.candidate))
                        .unwrap();
                }
            }
            // What was asked and not told is lost, as in a crash.
            let bytes = optimizer.save().unwrap();
            let mut loaded = Optimizer::load(&space(), &options, &bytes).unwrap();
            assert_eq!(loaded.evaluations(), told);
            assert_eq!(loaded.best(), optimizer.best());
            let outcome = loaded.run(objective, &mut ()).unwrap();
            assert_eq!(outcome, whole, "after {told}");
        }
    }
}

#[test]
fn a_checkpoint_that_is_cut_or_damaged_anywhere_is_refused() {
    let options = Options {
        evaluations: Some(60),
        ..Options::default()
    };
    let optimizer = by_hand(&options, &[7], |_| {});
    let bytes = optimizer.save().unwrap();
    let load = |bytes: &[u8]| Optimizer::load(&space(), &options, bytes);
    assert!(load(&bytes).is_ok());
    for length in 0..bytes.len() {
        assert!(
            matches!(load(&bytes[..length]), Err(Error::Checkpoint { .. })),
            "cut at {length}"
        );
    }
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x10;
        assert!(
            matches!(load(&damaged), Err(Error::Checkpoint { .. })),
            "damaged at {place}"
        );
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(load(&longer).is_err());

    let version = "it is of another version";
    let mut newer = bytes.clone();
    newer[7] = 2;
    assert_eq!(
        load(&newer).unwrap_err(),
        Error::Checkpoint { what: version }
    );
    let other = Options {
        seed: 1,
        ..options.clone()
    };
    let what = "it belongs to another space or other options";
    let error = Optimizer::load(&space(), &other, &bytes).unwrap_err();
    assert_eq!(error, Error::Checkpoint { what });
    let forgetful = Options {
        resumable: false,
        ..options.clone()
    };
    assert!(
        Optimizer::new(&space(), &forgetful)
            .unwrap()
            .save()
            .is_err()
    );
}

#[test]
fn means_of_several_evaluations_do_not_depend_on_the_order() {
    let options = Options {
        algorithm: "ga".parse().unwrap(),
        noise: Noise::Averaged(3),
        evaluations: Some(1000),
        ..Options::default()
    };
    let noisy = |trial: &Trial| objective(&trial.candidate) + (trial.id % 7) as f64;
    let run = |order: fn(&mut Vec<Trial>)| {
        let mut optimizer = Optimizer::new(&space(), &options).unwrap();
        while !optimizer.is_done() {
            let mut trials = optimizer.ask(11);
            order(&mut trials);
            for trial in trials {
                optimizer.tell(trial.id, noisy(&trial)).unwrap();
            }
        }
        optimizer.outcome().unwrap()
    };
    let forwards = run(|_| {});
    assert_eq!(forwards.evaluations, 1000);
    assert_eq!(forwards, run(|trials| trials.reverse()));
}

/// A noise of ±1 on values that differ by less: the best single value is luck.
#[test]
fn a_noisy_search_ends_with_means() {
    let space = Space::new().real("x", -2.0..=2.0).build().unwrap();
    let options = Options {
        algorithm: "ga".parse().unwrap(),
        noise: Noise::Present,
        evaluations: Some(1000),
        ..Options::default()
    };
    let mut optimizer = Optimizer::new(&space, &options).unwrap();
    let (mut evaluations, mut last) = (0, Vec::new());
    while !optimizer.is_done() {
        for trial in optimizer.ask(100) {
            let noise = (trial.id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64
                / (1_u64 << 52) as f64
                - 1.0;
            let value = trial.candidate.real("x").powi(2) + noise;
            evaluations += 1;
            if evaluations > 900 {
                last.push((trial.candidate.clone(), value));
            }
            optimizer.tell(trial.id, value).unwrap();
        }
    }
    let best = optimizer.best().unwrap();
    let values: Vec<f64> = last
        .iter()
        .filter(|(candidate, _)| *candidate == best.candidate)
        .map(|(_, value)| *value)
        .collect();
    assert!(
        values.len() >= 12,
        "a share of the hundred that were kept: {}",
        values.len()
    );
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    assert!((best.objectives[0] - mean).abs() < 1e-12);
    assert_eq!(
        (evaluations, optimizer.stop()),
        (1000, Some(Stop::Evaluations))
    );
}

#[test]
fn nothing_is_evaluated_twice_in_a_discrete_space() {
    let space = Space::new()
        .integer("n", 0..=9)
        .categorical("c", ["a", "b", "c"])
        .boolean("b")
        .build()
        .unwrap();
    for name in Algorithm::names() {
        let options = Options {
            algorithm: name.parse().unwrap(),
            evaluations: Some(1000),
            ..Options::default()
        };
        let Ok(mut optimizer) = Optimizer::new(&space, &options) else {
            continue;
        };
        let mut seen = Vec::new();
        while !optimizer.is_done() {
            for trial in optimizer.ask(10) {
                assert!(
                    !seen.contains(&trial.candidate),
                    "{name}: {:?}",
                    trial.candidate
                );
                seen.push(trial.candidate.clone());
                optimizer
                    .tell(trial.id, trial.candidate.integer("n") as f64)
                    .unwrap();
            }
        }
        assert_eq!(
            (seen.len(), optimizer.stop()),
            (60, Some(Stop::Exhausted)),
            "{name}"
        );
    }
}

/// Near the end of the budget a generation may hold rows that wait between rows that are known.
#[test]
fn any_budget_of_a_discrete_space_is_spent() {
    let space = (0..12).fold(Space::new(), |space, n| space.boolean(format!("b{n}")));
    let space = space.build().unwrap();
    for name in Algorithm::names() {
        for budget in (1..400).step_by(7) {
            let options = Options {
                algorithm: name.parse().unwrap(),
                evaluations: Some(budget),
                seed: budget,
                ..Options::default()
            };
            let ones = |candidate: &Candidate| {
                let values = (0..12).map(|n| candidate.boolean(&format!("b{n}")));
                values.filter(|it| *it).count() as f64
            };
            let Ok(outcome) = optimize(&space, &options, ones) else {
                // It takes no single objective.
                continue;
            };
            assert_eq!(outcome.evaluations, budget, "{name}");
        }
    }
}

#[test]
fn conditions_hide_parameters() {
    let space = Space::new()
        .categorical("kind", ["tree", "net"])
        .integer("depth", 1..=9)
        .only_if("kind", ["tree"])
        .integer("layers", 1..=3)
        .only_if("kind", ["net"])
        .boolean("bias")
        .only_if("layers", [2_i64, 3])
        .build()
        .unwrap();
    let options = Options {
        algorithm: "ga".parse().unwrap(),
        evaluations: Some(2000),
        ..Options::default()
    };
    let seen = std::cell::RefCell::new(Vec::new());
    let mut optimizer = Optimizer::new(&space, &options).unwrap();
    while !optimizer.is_done() {
        for trial in optimizer.ask(10) {
            let candidate = &trial.candidate;
            let is_tree = candidate.choice_name("kind") == "tree";
            assert_eq!(candidate.has("depth"), is_tree);
            assert_eq!(candidate.has("layers"), !is_tree);
            assert_eq!(
                candidate.has("bias"),
                !is_tree && candidate.integer("layers") > 1
            );
            assert!(space.contains(candidate.values()));
            let value = if is_tree {
                10.0 - candidate.integer("depth") as f64
            } else {
                candidate.integer("layers") as f64
            };
            seen.borrow_mut().push(candidate.clone());
            optimizer.tell(trial.id, value).unwrap();
        }
    }
    // 9 trees, and nets of one layer or of two or three with and without bias.
    assert_eq!(
        (seen.borrow().len(), optimizer.stop()),
        (9 + 1 + 4, Some(Stop::Exhausted))
    );
    let best = optimizer.best().unwrap();
    assert_eq!(best.objectives, [1.0]);
}

#[test]
fn constraints_come_first() {
    let space = Space::new()
        .real("x", 0.0..=10.0)
        .real("y", 0.0..=10.0)
        .build()
        .unwrap();
    let options = Options {
        algorithm: "ga".parse().unwrap(),
        constraints: 2,
        evaluations: Some(5000),
        ..Options::default()
    };
    let outcome = optimize(&space, &options, |candidate| {
        let (x, y) = (candidate.real("x"), candidate.real("y"));
        (x + y, [4.0 - x, 9.0 - x * y])
    });
    let outcome = outcome.unwrap();
    // On the line x y = 9 from x = 4 on, the least sum is at x = 4.
    assert_eq!(outcome.front[0].violation, 0.0);
    assert!((outcome.value - 6.25).abs() < 0.05, "{}", outcome.value);
}

#[test]
fn a_search_without_an_end_is_only_for_those_who_ask() {
    let options = Options {
        evaluations: None,
        ..Options::default()
    };
    assert!(optimize(&space(), &options, objective).is_err());
    let mut optimizer = Optimizer::new(&space(), &options).unwrap();
    let mut evaluations = 0;
    while evaluations < 3000 {
        for trial in optimizer.ask(10) {
            evaluations += 1;
            optimizer
                .tell(trial.id, objective(&trial.candidate))
                .unwrap();
        }
    }
    assert!(!optimizer.is_done());
    assert_eq!(optimizer.evaluations(), evaluations);
}

#[test]
fn tiny_budgets_are_spent() {
    for options in all().into_iter().filter(is_suitable) {
        for budget in [1, 2, 3, 5, 8] {
            let options = Options {
                evaluations: Some(budget),
                islands: None,
                ..options.clone()
            };
            assert_eq!(of_one(&options).evaluations, budget);
        }
    }
}

#[test]
fn initial_points_are_evaluated_first() {
    let known = space().sample(9, 3);
    for options in all().into_iter().filter(is_suitable) {
        let options = Options {
            initial: known.iter().map(|it| it.values().to_vec()).collect(),
            ..options
        };
        let mut optimizer = Optimizer::new(&space(), &options).unwrap();
        let trials = optimizer.ask(3);
        let asked: Vec<_> = trials.iter().map(|trial| trial.candidate.clone()).collect();
        assert_eq!(asked, known, "{:?}", options.algorithm);
    }
}

/// A plane whose best is at 0.
fn plane() -> Space {
    let plane = Space::new().real("x", -1.0..=1.0).real("y", -1.0..=1.0);
    plane.build().expect("because the bounds are in order")
}

fn distance(candidate: &Candidate) -> f64 {
    candidate.real("x").powi(2) + candidate.real("y").powi(2)
}

#[test]
fn a_noisy_search_has_a_best_whatever_the_budget() {
    for budget in 1..130 {
        for seed in 0..3 {
            let options = Options {
                noise: Noise::Present,
                evaluations: Some(budget),
                seed,
                ..Options::default()
            };
            let outcome = optimize(&plane(), &options, distance).unwrap();
            assert_eq!(
                (outcome.evaluations, outcome.stop),
                (budget, Stop::Evaluations)
            );
        }
    }
}

/// Trials beside generations, lost ones among them, before a noisy search's end and in it.
#[test]
fn whatever_is_lost_a_search_ends() {
    for (noise, told, lost) in [
        (Noise::Present, 5, 0),
        (Noise::Present, 5, 3),
        (Noise::Present, 0, 8),
        (Noise::None, 3, 5),
        (Noise::Averaged(3), 0, 0),
    ] {
        for budget in [60, 100, 150] {
            let options = Options {
                algorithm: "ga".parse().unwrap(),
                noise,
                evaluations: Some(budget),
                ..Options::default()
            };
            let space = Space::new()
                .integer("x", 0..=9)
                .integer("y", 0..=9)
                .build()
                .unwrap();
            let value =
                |it: &Candidate| (it.integer("x") - 3).abs() as f64 + it.integer("y") as f64;
            let mut optimizer = Optimizer::new(&space, &options).unwrap();
            let mut rounds = 0;
            while !optimizer.is_done() {
                rounds += 1;
                assert!(rounds < 2000, "{noise:?} {told} {lost} {budget} never ends");
                let trials = optimizer.ask(12);
                let beside = optimizer.ask(if rounds % 2 == 0 { told + lost } else { 0 });
                let kept = beside.len().saturating_sub(lost);
                for trial in trials.iter().skip(rounds % 3).chain(&beside[..kept]) {
                    let told = optimizer.tell(trial.id, value(&trial.candidate));
                    assert!(told.is_ok(), "{told:?}");
                }
                optimizer.recall();
                let bytes = optimizer.save().unwrap();
                let loaded = Optimizer::load(&space, &options, &bytes).unwrap();
                assert_eq!(loaded.fingerprint(), optimizer.fingerprint());
                assert_eq!(loaded.best(), optimizer.best());
            }
            assert!(optimizer.best().is_some());
            assert!(optimizer.evaluations() <= budget);
        }
    }
}

#[test]
fn one_late_value_is_nothing_beside_means() {
    let options = Options {
        algorithm: "ga".parse().unwrap(),
        noise: Noise::Present,
        evaluations: Some(200),
        ..Options::default()
    };
    let mut optimizer = Optimizer::new(&plane(), &options).unwrap();
    let first = optimizer.ask(1000);
    let late = optimizer.ask(1);
    for trial in first {
        optimizer
            .tell(trial.id, distance(&trial.candidate))
            .unwrap();
    }
    while !optimizer.is_done() {
        for trial in optimizer.ask(50) {
            optimizer
                .tell(trial.id, distance(&trial.candidate))
                .unwrap();
        }
    }
    let best = optimizer.best();
    optimizer.tell(late[0].id, -5.0).unwrap();
    assert_eq!(optimizer.best(), best);
}

#[test]
fn what_is_told_beside_a_generation_is_in_the_front() {
    let options = Options {
        goals: vec![Goal::Minimize; 2],
        evaluations: Some(40),
        ..Options::default()
    };
    let mut optimizer = Optimizer::new(&plane(), &options).unwrap();
    let all = optimizer.ask(39);
    assert!(!all.is_empty());
    let beside = optimizer.ask(1);
    for trial in &all {
        optimizer.tell(trial.id, [1.0, 1.0]).unwrap();
    }
    optimizer.tell(beside[0].id, [0.0, 0.0]).unwrap();
    assert_eq!(optimizer.front(5)[0].objectives, [0.0, 0.0]);
}

#[test]
fn a_panic_leaves_a_search_that_can_be_saved() {
    let options = Options {
        evaluations: Some(120),
        ..Options::default()
    };
    let calls = std::sync::atomic::AtomicU32::new(0);
    let objective = |candidate: &Candidate| {
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        assert!(call != 30, "once");
        distance(candidate)
    };
    let mut optimizer = Optimizer::new(&plane(), &options).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        optimizer.run(objective, &mut ()).is_ok()
    }));
    assert!(panicked.is_err());
    let outcome = optimizer.run(objective, &mut ()).unwrap();
    let bytes = optimizer.save().unwrap();
    let loaded = Optimizer::load(&plane(), &options, &bytes).unwrap();
    assert_eq!(loaded.outcome().unwrap(), outcome);
}

#[test]
fn a_loaded_search_may_end_sooner() {
    let options = Options {
        evaluations: Some(400),
        ..Options::default()
    };
    let mut optimizer = Optimizer::new(&plane(), &options).unwrap();
    while optimizer.evaluations() < 200 {
        for trial in optimizer.ask(10) {
            optimizer
                .tell(trial.id, distance(&trial.candidate))
                .unwrap();
        }
    }
    let bytes = optimizer.save().unwrap();
    let sooner = Options {
        target: Some(1.0),
        ..options
    };
    let mut loaded = Optimizer::load(&plane(), &sooner, &bytes).unwrap();
    let outcome = loaded.run(distance, &mut ()).unwrap();
    assert_eq!(outcome.stop, Stop::Target);
}

/// The nearer to what is allowed, the more it costs.
#[test]
fn coming_nearer_to_what_is_allowed_is_no_stagnation() {
    let options = Options {
        algorithm: "ga".parse().unwrap(),
        constraints: 1,
        evaluations: Some(5000),
        stagnation: Some(Stagnation {
            tolerance: 0.001,
            generations: 3,
        }),
        ..Options::default()
    };
    let outcome = optimize(&plane(), &options, |it| {
        let sum = it.real("x") + it.real("y");
        (sum, [1.99 - sum])
    });
    assert_eq!(outcome.unwrap().front[0].violation, 0.0);
}
