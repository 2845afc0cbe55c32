//! Row 0.7: a context is cut only if it is over its budget, and only as far as needed; as written, the
//! guide's function cut a task of one token too much to a fifth.

use autoexec_memory_trimmer::{Fitted, Part, Stage, estimate_tokens, fit};
use proptest::collection::vec;
use proptest::prelude::*;

fn texts<'a>(fitted: &'a Fitted<'_>) -> Vec<&'a str> {
    fitted.parts.iter().map(|part| part.text.as_ref()).collect()
}

fn tokens(texts: &[&str]) -> u64 {
    texts
        .iter()
        .map(|text| u64::from(estimate_tokens(text)))
        .sum()
}

const NOTES: [&str; 5] = [
    "The river froze in January.",
    "The bridge was closed for repairs on Monday.",
    "Bread is sold out by noon.",
    "Repairs of the bridge cost two million.",
    "The library opens at nine.",
];

fn check(budget: u64, expect: &[&str], stage: Option<Stage>) {
    let parts = NOTES.map(Part::new);
    let fitted = fit(&parts, "What do the repairs of the bridge cost?", budget);
    assert_eq!((texts(&fitted).as_slice(), fitted.stage), (expect, stage));
    assert_eq!(fitted.over_budget, None);
}

#[test]
fn what_fits_is_not_touched() {
    check(tokens(&NOTES), &NOTES, None);
    check(u64::MAX, &NOTES, None);
}

#[test]
fn one_token_too_many_costs_one_part() {
    let fitted = fit(&NOTES.map(Part::new), "bridge", tokens(&NOTES) - 1);
    assert_eq!(fitted.parts.len(), 4);
    assert!(texts(&fitted).contains(&NOTES[1]) && texts(&fitted).contains(&NOTES[3]));
}

#[test]
fn the_most_relevant_stay() {
    check(
        tokens(&[NOTES[1], NOTES[3]]),
        &[NOTES[1], NOTES[3]],
        Some(Stage::Pareto),
    );
    check(tokens(&NOTES[3..4]), &NOTES[3..4], Some(Stage::Pareto));
}

#[test]
fn nothing_fits_nothing() {
    check(0, &[], Some(Stage::Compression));
    assert_eq!(fit(&[], "q", 0), Fitted::default());
    let blank = fit(&[Part::new("")], "q", 0);
    assert_eq!((blank.parts.len(), blank.tokens), (1, 0));
}

#[test]
fn redundancy_goes_before_anything_is_compressed() {
    let shared = "The pump failed because of a worn bearing in its lower housing. ";
    let first = format!("{shared}The pump was bought in 2019 by the city.");
    let second = format!("{shared}The pump runs at night only.");
    let parts = [Part::new(&first), Part::new(&second)].map(|part| Part {
        required: part.text.len() == first.len(),
        ..part
    });
    let all = tokens(&[&first, &second]);
    let fitted = fit(&parts, "Why did the pump fail?", all - 4);
    assert_eq!(
        texts(&fitted),
        [first.as_str(), "The pump runs at night only."]
    );
    assert_eq!(fitted.stage, Some(Stage::Redundancy));
}

#[test]
fn the_last_resort_is_compression() {
    let seen = |n: usize| format!("At minute {n} of the night the guard saw nothing. ");
    let log: String = (0..30).map(seen).collect();
    let text = format!("{log}At four the alarm was raised by the guard. {log}");
    let fitted = fit(&[Part::new(&text)], "When was the alarm raised?", 40);
    assert_eq!(fitted.stage, Some(Stage::Compression));
    assert!(
        texts(&fitted)[0].contains("At four the alarm was raised"),
        "{fitted:?}"
    );
    assert!(fitted.tokens <= 40);
}

#[test]
fn required_parts_stay_and_say_by_how_much_they_exceed() {
    let fitted = fit(&[Part::new(NOTES[0]), Part::required(NOTES[1])], "river", 3);
    assert_eq!(texts(&fitted), [NOTES[1]]);
    assert_eq!(fitted.over_budget, Some(tokens(&NOTES[1..2]) - 3));
}

proptest! {
    #[test]
    fn budgets_hold_and_nothing_is_cut_below_what_fits(
        sizes in vec((0usize..5, 0usize..12, prop::bool::weighted(0.1)), 0..12),
        budget in 0u64..600,
        query in prop::sample::select(vec!["", "bridge repairs", "zzz"]),
    ) {
        let texts: Vec<String> = sizes
            .iter()
            .map(|&(note, times, _)| format!("{} ", NOTES[note]).repeat(times))
            .collect();
        let parts: Vec<Part> = texts.iter().zip(&sizes)
            .map(|(text, &(_, _, required))| Part { text, required })
            .collect();
        let fitted = fit(&parts, query, budget);
        let required: u64 = parts.iter().filter(|part| part.required)
            .map(|part| u64::from(estimate_tokens(part.text)))
            .sum();
        prop_assert!(fitted.tokens <= budget.max(required));
        prop_assert_eq!(fitted.over_budget, required.checked_sub(budget).filter(|&over| over > 0));
        let sum: u64 = fitted.parts.iter().map(|part| u64::from(estimate_tokens(&part.text))).sum();
        prop_assert_eq!(fitted.tokens, sum);
        prop_assert!(fitted.parts.is_sorted_by(|a, b| a.index < b.index));
        for part in &fitted.parts {
            prop_assert!(!parts[part.index].required || part.text == parts[part.index].text);
        }
        // No part that was dropped would still fit.
        let room = budget.saturating_sub(fitted.tokens);
        for (index, part) in parts.iter().enumerate() {
            let kept = fitted.parts.iter().any(|kept| kept.index == index);
            let tokens = u64::from(estimate_tokens(part.text));
            prop_assert!(kept || tokens == 0 || tokens > room, "{} of {}", tokens, room);
        }
    }
}
