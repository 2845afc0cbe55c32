//! Each bad space and each bad option has one clear error.

use autoexec_evolutionary_optimizer::{
    Algorithm, Error, GeneticOptions, Islands, Literal, Noise, Options, Parameter, Space,
    SpaceBuilder, Stagnation, Value, optimize,
};

fn check_space(builder: SpaceBuilder, expect: &str) {
    assert_eq!(
        builder
            .build()
            .expect_err("because the space is wrong")
            .to_string(),
        expect
    );
}

#[test]
#[expect(clippy::reversed_empty_ranges, reason = "they are what is refused")]
fn bad_spaces() {
    let names = ["a"; 2];
    check_space(Space::new(), "build a space: it has no parameter");
    check_space(
        Space::new().boolean("b").boolean("b"),
        "build a space: two parameters are named `b`",
    );
    check_space(
        Space::new().categorical("c", names),
        "build a space: categorical parameter `c` offers `a` twice",
    );
    check_space(
        Space::new().categorical("c", Vec::<String>::new()),
        "build a space: categorical parameter `c` has no choices",
    );
    let bounds = |text: &str| {
        format!(
            "build a space: parameter `x` has bounds {text}, which must be finite, in order, and a finite distance apart"
        )
    };
    check_space(Space::new().real("x", 1.0..=0.0), &bounds("1.0..=0.0"));
    check_space(Space::new().real("x", f64::NAN..=0.0), &bounds("NaN..=0.0"));
    check_space(
        Space::new().real("x", 0.0..=f64::INFINITY),
        &bounds("0.0..=inf"),
    );
    check_space(
        Space::new().real("x", f64::MIN..=f64::MAX),
        &bounds("-1.7976931348623157e308..=1.7976931348623157e308"),
    );
    check_space(Space::new().integer("x", 2..=1), &bounds("2.0..=1.0"));
    let log = |low: &str| {
        format!(
            "build a space: parameter `x` starts at {low}, and a logarithmic scale only starts above zero"
        )
    };
    check_space(Space::new().log_real("x", 0.0..=1.0), &log("0.0"));
    check_space(Space::new().log_real("x", -1.0..=1.0), &log("-1.0"));
    check_space(Space::new().log_integer("x", 0..=9), &log("0.0"));
    check_space(
        Space::new().integer("x", 0..=i64::MAX),
        "build a space: integer parameter `x` has bounds 0..=9223372036854775807, which must lie within ±2^53",
    );
}

#[test]
fn bad_options() {
    let check = |change: fn(&mut Options), option: &str, accepted: &str| {
        let mut options = Options {
            evaluations: Some(1000),
            islands: Some(Islands::default()),
            ..Options::genetic()
        };
        change(&mut options);
        let space = Space::new().boolean("b").build().unwrap();
        let never = |_: &_| -> f64 { panic!("the objective is not called with bad options") };
        let error = optimize(&space, &options, never).expect_err("because the options are wrong");
        let Error::Option {
            option: name,
            accepted: text,
            ..
        } = &error
        else {
            panic!("{error:?}")
        };
        assert_eq!((*name, *text), (option, accepted));
        assert!(
            error
                .to_string()
                .starts_with(&format!("start an optimization: `{option}` is ")),
            "{error}"
        );
    };
    let rate = "within 0.0..=1.0";
    let one = "at least 1";
    fn genetic(options: &mut Options) -> &mut GeneticOptions {
        match &mut options.algorithm {
            Algorithm::Genetic(genetic) => genetic,
            other => panic!("{other:?}"),
        }
    }
    check(|o| genetic(o).population = 0, "population", one);
    check(|o| genetic(o).tournament = 0, "tournament", one);
    check(|o| genetic(o).mutation = -0.1, "mutation", rate);
    check(|o| genetic(o).mutation = f64::NAN, "mutation", rate);
    check(|o| genetic(o).crossover = 1.1, "crossover", rate);
    check(|o| genetic(o).elitism = 2.0, "elitism", rate);
    check(
        |o| genetic(o).diversity_floor = -1.0,
        "diversity_floor",
        rate,
    );
    check(|o| o.threads = 0, "threads", one);
    check(|o| o.front = 0, "front", one);
    check(|o| o.goals.clear(), "goals", one);
    check(|o| o.noise = Noise::Averaged(0), "noise", one);
    check(
        |o| o.initial = vec![vec![Value::Real(1.0)]],
        "initial",
        "a point of the space",
    );
    check(
        |o| {
            (o.evaluations, o.generations, o.stagnation) = (None, None, None);
        },
        "evaluations",
        "given, or generations, time, target or stagnation must be",
    );
    check(|o| o.target = Some(f64::NAN), "target", "finite");
    check(
        |o| {
            o.stagnation = Some(Stagnation {
                tolerance: f64::NAN,
                generations: 1,
            })
        },
        "stagnation.tolerance",
        "finite and not negative",
    );
    check(
        |o| {
            o.islands = Some(Islands {
                count: 0,
                ..Islands::default()
            })
        },
        "islands.count",
        one,
    );
    check(
        |o| {
            o.islands = Some(Islands {
                population: 0,
                ..Islands::default()
            })
        },
        "islands.population",
        one,
    );
    check(
        |o| {
            o.islands = Some(Islands {
                interval: 0,
                ..Islands::default()
            })
        },
        "islands.interval",
        one,
    );
    check(
        |o| {
            o.islands = Some(Islands {
                rate: 1.5,
                ..Islands::default()
            })
        },
        "islands.rate",
        rate,
    );
    check(
        |o| o.evaluations = Some(3),
        "evaluations",
        "at least the number of islands",
    );
    check(
        |o| (o.evaluations, o.islands) = (Some(0), None),
        "evaluations",
        one,
    );
    // The options of islands are looked at, too; and a share of nothing is nothing.
    check(
        |o| {
            let never = GeneticOptions {
                tournament: 0,
                ..GeneticOptions::default()
            };
            let islands = o.islands.as_mut().expect("because it was given");
            islands.algorithms = vec![Algorithm::Genetic(never)];
        },
        "tournament",
        one,
    );
}

#[test]
fn every_island_has_something_to_evaluate() {
    let options = Options {
        evaluations: Some(6),
        noise: Noise::Averaged(3),
        islands: Some(Islands::default()),
        ..Options::default()
    };
    let space = Space::new().real("x", 0.0..=1.0).build().unwrap();
    let error = optimize(&space, &options, |it| it.real("x")).expect_err("because 2 are too few");
    assert!(
        error
            .to_string()
            .contains("at least one candidate for each island"),
        "{error}"
    );
}

#[test]
fn bad_ordinals_and_conditions() {
    check_space(
        Space::new().ordinal("o", Vec::<String>::new()),
        "build a space: categorical parameter `o` has no choices",
    );
    check_space(
        Space::new().parameter("c", Parameter::Categorical { choices: 1 << 40 }),
        "build a space: parameter `c` offers 1099511627776 choices, and 1048576 are the most",
    );
    let conditional = |parent: &str, value: &str| {
        Space::new()
            .categorical("kind", ["a", "b"])
            .real("x", 0.0..=1.0)
            .only_if(parent, [value])
    };
    assert!(conditional("kind", "a").build().is_ok());
    let text = |parent: &str, what: &str| {
        format!("build a space: `x` depends on `{parent}`, which {what}")
    };
    check_space(
        conditional("later", "a"),
        &text("later", "is not a parameter before it"),
    );
    check_space(
        conditional("x", "a"),
        &text("x", "is not a parameter before it"),
    );
    check_space(
        conditional("kind", "c"),
        &text("kind", "cannot have one of the values"),
    );
    check_space(
        Space::new()
            .boolean("on")
            .boolean("x")
            .only_if("on", Vec::<bool>::new()),
        &text("on", "is given no value to have"),
    );
    check_space(
        Space::new().only_if("on", [true]),
        "build a space: it has no parameter",
    );
}

#[test]
fn bad_points() {
    let space = Space::new()
        .integer("n", 1..=5)
        .ordinal("size", ["small", "large"])
        .build()
        .unwrap();
    let check = |values: &[(&str, Literal)], expect: &str| {
        let error = space
            .point(values.iter().cloned())
            .expect_err("because it is wrong");
        assert_eq!(
            error.to_string(),
            format!("read a point: parameter {expect}")
        );
    };
    let n = || ("n", Literal::from(3));
    check(&[("m", Literal::from(1))], "`m` is not in the space");
    check(&[n(), n()], "`n` is given twice");
    check(&[n()], "`size` is missing");
    let outside = "has a value outside its range";
    check(&[("n", Literal::from(6))], &format!("`n` {outside}"));
    check(&[("n", Literal::from(2.5))], &format!("`n` {outside}"));
    check(
        &[n(), ("size", Literal::from("huge"))],
        &format!("`size` {outside}"),
    );
    let point = space.point([n(), ("size", Literal::from("large"))]);
    assert_eq!(point.unwrap(), [Value::Integer(3), Value::Level(1)]);
}
