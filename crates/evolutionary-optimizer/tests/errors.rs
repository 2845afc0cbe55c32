//! Each bad space and each bad option has one clear error.

use autoexec_evolutionary_optimizer::{
    Convergence, Error, Islands, Options, Space, SpaceBuilder, optimize,
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
            islands: Some(Islands::default()),
            ..Options::default()
        };
        change(&mut options);
        let space = Space::new().boolean("b").build().unwrap();
        let never = |_: &_| panic!("the objective is not called with bad options");
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
    check(|o| o.population = 0, "population", one);
    check(|o| o.tournament = 0, "tournament", one);
    check(|o| o.threads = Some(0), "threads", one);
    check(|o| o.mutation = -0.1, "mutation", rate);
    check(|o| o.mutation = f64::NAN, "mutation", rate);
    check(|o| o.crossover = 1.1, "crossover", rate);
    check(|o| o.elitism = 2.0, "elitism", rate);
    check(|o| o.diversity_floor = -1.0, "diversity_floor", rate);
    check(|o| o.target = Some(f64::NAN), "target", "finite");
    check(
        |o| {
            o.convergence = Convergence {
                tolerance: f64::NAN,
                generations: 1,
            }
        },
        "convergence.tolerance",
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
    let budget = "at least 1, and at least the number of islands";
    check(|o| o.max_evaluations = Some(3), "max_evaluations", budget);
    check(
        |o| (o.max_evaluations, o.islands) = (Some(0), None),
        "max_evaluations",
        budget,
    );
}
