//! What holds for every document and every graph, against naive models.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use autoexec_engine::report::{RunOutcome, StepOutcome};
use autoexec_engine::{Engine, RunOptions, Settings, parse};
use proptest::prelude::*;

/// Texts that look a little like workflows.
fn almost_yaml() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("steps:\n"),
        Just("- id: a\n"),
        Just("  run: x\n"),
        Just("  needs: [a, b]\n"),
        Just("inputs: {x: 1}\n"),
        Just("${{ inputs.x }}"),
        Just("'"),
        Just("\""),
        Just(": "),
        Just("{"),
        Just("]"),
        Just("&a "),
        Just("*a"),
        Just("|\n"),
        Just("é\t"),
        Just("- "),
        Just("\n"),
        Just("  "),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Steps as (needs among earlier ones, fails).
fn steps() -> impl Strategy<Value = Vec<(BTreeSet<usize>, bool)>> {
    prop::collection::vec(
        (
            prop::collection::btree_set(0..12usize, 0..4),
            prop::bool::weighted(0.2),
        ),
        1..12,
    )
    .prop_map(|mut steps| {
        for (i, (needs, _)) in steps.iter_mut().enumerate() {
            needs.retain(|n| *n < i);
        }
        steps
    })
}

fn workflow(steps: &[(BTreeSet<usize>, bool)]) -> String {
    let mut text = String::from("on_failure: continue\nsteps:\n");
    for (i, (needs, fails)) in steps.iter().enumerate() {
        let needs: Vec<String> = needs.iter().map(|n| format!("s{n}")).collect();
        let files = if *fails { "no-such-file" } else { "there" };
        text += &format!(
            "  - {{id: s{i}, needs: [{}], read: {files}}}\n",
            needs.join(", ")
        );
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_makes_the_check_panic_and_every_error_has_a_place_in_it(text in almost_yaml()) {
        match parse("w.yaml", &text) {
            Ok(document) => prop_assert!(!document.workflow.steps.is_empty()),
            Err(errors) => {
                prop_assert!(!errors.errors.is_empty());
                let lines = text.split('\n').count();
                for place in errors.errors.iter().filter_map(|e| e.place) {
                    prop_assert!(place.line >= 1 && place.line <= lines + 1 && place.column >= 1, "{place:?}\n{text}");
                }
                prop_assert!(errors.to_string().starts_with("error: "));
            }
        }
    }

    #[test]
    fn any_bytes_as_text(text in ".{0,80}") {
        _ = parse("w.yaml", &text);
    }

    #[test]
    fn the_canonical_form_is_a_workflow_with_the_same_canonical_form(steps in steps()) {
        let once = parse("w.yaml", &workflow(&steps)).unwrap();
        let model: autoexec_engine::workflow::model::Workflow = serde_json::from_str(&once.canonical()).unwrap();
        prop_assert_eq!(&model, &once.workflow);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_step_runs_if_and_only_if_all_it_needs_succeeded(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("there"), "x").unwrap();
        let document = Arc::new(parse("w.yaml", &workflow(&steps)).unwrap());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let engine = Engine::new(Settings::default());
        let report = runtime.block_on(engine.run(document, RunOptions::new(folder.path()))).unwrap();

        let mut model: BTreeMap<usize, StepOutcome> = BTreeMap::new();
        for (i, (needs, fails)) in steps.iter().enumerate() {
            let ready = needs.iter().all(|n| model[n] == StepOutcome::Succeeded);
            model.insert(i, match (ready, fails) {
                (false, _) => StepOutcome::Skipped,
                (true, true) => StepOutcome::Failed,
                (true, false) => StepOutcome::Succeeded,
            });
        }
        let outcomes: Vec<StepOutcome> = report.steps.iter().map(|s| s.outcome).collect();
        prop_assert_eq!(outcomes, model.values().copied().collect::<Vec<_>>());
        let failed = model.values().any(|o| *o == StepOutcome::Failed);
        prop_assert_eq!(report.outcome, if failed { RunOutcome::Failed } else { RunOutcome::Succeeded });
        let reads = model.values().filter(|o| **o == StepOutcome::Succeeded).count() as u64;
        prop_assert_eq!((report.files.requests, report.files.loads), (reads, reads.min(1)));
    }
}
