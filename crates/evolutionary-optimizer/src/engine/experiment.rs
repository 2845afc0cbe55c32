//! What the methods reach on test problems, printed. Run by hand: `cargo test --release --lib experiment -- --ignored
//! --nocapture`, with words on standard input that choose: `cases=zdt1,uf engines=nsga2 budgets=10000 seeds=5`.

use super::trial::{Case, main_cases, many_cases, other_cases, run};
use super::{Engine, Nsga2Options, Problem, SmsEmoaOptions};
use crate::rng::Rng;

pub(crate) type Make = Box<dyn Fn(&Problem, Rng) -> Box<dyn Engine>>;

pub(crate) fn engines() -> Vec<(&'static str, Make)> {
    vec![
        (
            "nsga2",
            Box::new(|problem, rng| {
                Box::new(super::nsga2::Nsga2::new(
                    problem,
                    &Nsga2Options::default(),
                    rng,
                ))
            }),
        ),
        (
            "nsga3",
            Box::new(|problem, rng| {
                Box::new(super::nsga3::Nsga3::new(
                    problem,
                    &super::Nsga3Options::default(),
                    rng,
                ))
            }),
        ),
        (
            "moead",
            Box::new(|problem, rng| {
                Box::new(super::moead::Moead::new(
                    problem,
                    &super::MoeadOptions::default(),
                    rng,
                ))
            }),
        ),
        (
            "auto",
            Box::new(|problem, rng| Box::new(super::auto_many::AutoMany::new(problem, rng))),
        ),
        (
            "sms",
            Box::new(|problem, rng| {
                Box::new(super::sms_emoa::SmsEmoa::new(
                    problem,
                    &SmsEmoaOptions::default(),
                    rng,
                ))
            }),
        ),
    ]
}

/// What standard input says after `name=`.
fn setting(input: &str, name: &str, default: &str) -> String {
    let words = input.split_whitespace();
    let found = words
        .filter_map(|word| word.split_once('='))
        .find(|(key, _)| *key == name);
    found.map_or(default, |(_, value)| value).to_owned()
}

fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let (middle, last) = (values[values.len() / 2], values[values.len() - 1]);
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    format!("{:.4} {middle:.4} {last:.4} mean {mean:.4}", values[0])
}

fn report(case: &Case, name: &str, make: &Make, budget: u64, seeds: u64) {
    let trials: Vec<_> = (1..=seeds)
        .map(|seed| run(case, budget, make.as_ref(), seed))
        .collect();
    let column = |of: fn(&super::trial::Trial) -> f64| trials.iter().map(of).collect::<Vec<_>>();
    let cost = column(|trial| trial.cost)
        .into_iter()
        .fold(f64::INFINITY, f64::min);
    println!(
        "{budget:>6} {:<11} {name:<8} archive {}  population {}  {:.2} µs",
        case.name,
        spread(column(|trial| trial.archive)),
        spread(column(|trial| trial.population)),
        cost / 1000.0,
    );
}

#[test]
#[ignore = "an experiment, run by hand"]
fn experiment() {
    let input = std::io::read_to_string(std::io::stdin()).unwrap();
    let setting = |name, default| setting(&input, name, default);
    let cases = setting("cases", "main");
    let chosen: Vec<Case> = match cases.as_str() {
        "main" => main_cases(),
        "other" => other_cases(),
        "many" => many_cases(),
        "all" => [main_cases(), other_cases()].concat(),
        names => {
            let all = [main_cases(), other_cases(), many_cases()]
                .concat()
                .into_iter();
            let is_named = |case: &Case| {
                names
                    .split(',')
                    .any(|name| case.name.starts_with(&name.replace('_', " ")))
            };
            all.filter(is_named).collect()
        }
    };
    let wanted = setting("engines", "");
    let seeds: u64 = setting("seeds", "11").parse().unwrap();
    for budget in setting("budgets", "10000,25000").split(',') {
        for case in &chosen {
            for (name, make) in engines() {
                if wanted.is_empty() || wanted.split(',').any(|wanted| wanted == name) {
                    report(case, name, &make, budget.parse().unwrap(), seeds);
                }
            }
        }
    }
}
