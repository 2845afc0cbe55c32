//! Documents that grow step by step, and near duplicates.

use autoexec_consolidator::{Confidence, Consolidator, Finding, SimilarIndex, Step, Tool};

use crate::run::{Run, Scenario};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "consolidator/append",
        times: 200,
        does: "adds a step of eight findings to two hundred others, and asks for the text",
        run: append,
    },
    Scenario {
        id: "consolidator/replace",
        times: 50,
        does: "replaces a step in the middle of two hundred, and asks for the text",
        run: replace,
    },
    Scenario {
        id: "consolidator/sarif",
        times: 3,
        does: "writes 1,600 findings as SARIF",
        run: sarif,
    },
    Scenario {
        id: "consolidator/similar",
        times: 200,
        does: "looks for what is near to a text among those before it",
        run: similar,
    },
];

/// Steps that are there before.
const STEPS: u32 = 200;

fn step(number: u32) -> Step {
    let file = |n: u32| format!("crates/engine/src/module_{}.rs", number + n);
    let text = |n: u32| {
        format!(
            "{:05}: the lock is held while the queue is drained",
            number * 8 + n
        )
    };
    Step {
        title: format!("Search number {number}"),
        findings: (0..8)
            .map(|n| Finding::new(text(n)).at(file(n), number + 1))
            .collect(),
        files_checked: (0..8).map(file).collect(),
        hypothesis: Some("readers wait for writers".into()),
        confidence: Some(Confidence::Medium),
        ..Step::default()
    }
}

fn document() -> Consolidator {
    let mut document = Consolidator::new();
    (0..STEPS).for_each(|number| _ = document.set(number, step(number)));
    document.text();
    document
}

fn counted(run: &mut Run, document: &Consolidator) {
    let stats = document.stats();
    run.count("bytes_formatted", stats.bytes_formatted);
    run.count("bytes_copied", stats.bytes_copied);
    run.count("full_builds", stats.full_builds);
    run.count("findings", document.findings().count() as u64);
}

fn append(run: &mut Run) {
    let mut document = document();
    run.repeat(|time| {
        let number = STEPS + time as u32;
        document.set(number, step(number));
        assert!(document.text().len() > 100_000);
    });
    assert_eq!(document.full_text(), document.text());
    counted(run, &document);
}

fn replace(run: &mut Run) {
    let mut document = document();
    run.repeat(|time| {
        document.set(STEPS / 2, step(time as u32 + 1_000));
        assert!(document.text().len() > 100_000);
    });
    counted(run, &document);
}

fn sarif(run: &mut Run) {
    let document = document();
    let mut bytes = 0;
    run.repeat(|_| {
        let mut out = Vec::new();
        let written = document.write_sarif(&mut out, &Tool::default());
        bytes += written.expect("because a vector takes all");
    });
    run.count("bytes_written", bytes);
}

fn similar(run: &mut Run) {
    let mut index = SimilarIndex::new();
    let nouns = [
        "lock", "queue", "bridge", "parser", "train", "recipe", "invoice",
    ];
    run.repeat(|time| {
        let (a, b) = (nouns[time as usize % 7], nouns[time as usize / 7 % 7]);
        let text =
            format!("the {a} of file {time} waits while the {b} beside it is drained slowly");
        index.insert(time, &text);
    });
    run.count("compared", index.stats().compared);
    run.count("near", index.stats().near);
}
