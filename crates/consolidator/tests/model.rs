//! Random sequences of set and remove against a naive rebuild.

use std::collections::{BTreeMap, BTreeSet};

use autoexec_consolidator::{Change, Confidence, Consolidator, Finding, Severity, Step};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Op {
    Set(u32, Step),
    /// Sets what is there already.
    Again(u32),
    Remove(u32),
    Text,
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-d]\\.rs", "[ab`<\\\\\n é#-]{0,12}", "\\PC{0,8}"]
}

fn finding() -> impl Strategy<Value = Finding> {
    let severity = prop::sample::select(&Severity::ALL[..]);
    let place = (
        option::of(name()),
        option::of(0u64..99),
        option::of(0u64..99),
    );
    (severity, name(), place).prop_map(|(severity, text, (file, line, column))| Finding {
        severity,
        text,
        file,
        line,
        column,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let words = (name(), name(), vec(finding(), 0..30), 0u64..3);
    let files = (vec(name(), 0..16), vec(name(), 0..4));
    let confidence = option::of(prop::sample::select(&Confidence::ALL[..]));
    (words, files, option::of(name()), confidence).prop_map(
        |(words, files, hypothesis, confidence)| Step {
            title: words.0,
            text: words.1,
            findings: words.2,
            omitted: words.3,
            files_checked: files.0,
            relevant_files: files.1,
            hypothesis,
            confidence,
        },
    )
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0u32..12, step()).prop_map(|(number, step)| Op::Set(number, step)),
        1 => (0u32..12).prop_map(Op::Again),
        2 => (0u32..12).prop_map(Op::Remove),
        2 => Just(Op::Text),
    ]
}

fn apply(document: &mut Consolidator, model: &mut BTreeMap<u32, Step>, op: Op) {
    match op {
        Op::Set(number, step) => {
            let expect = match model.insert(number, step.clone()) {
                None => Change::Added,
                Some(old) if old == step => Change::Unchanged,
                Some(_) => Change::Replaced,
            };
            assert_eq!(document.set(number, step), expect);
        }
        Op::Again(number) => {
            if let Some(step) = model.get(&number) {
                assert_eq!(document.set(number, step.clone()), Change::Unchanged);
            }
        }
        Op::Remove(number) => assert_eq!(document.remove(number), model.remove(&number)),
        Op::Text => drop(document.text().to_owned()),
    }
}

fn distinct<'a>(files: impl Iterator<Item = &'a Vec<String>>) -> u64 {
    files.flatten().collect::<BTreeSet<_>>().len() as u64
}

fn check_summary(document: &Consolidator, model: &BTreeMap<u32, Step>) {
    let summary = document.summary();
    assert_eq!(summary.steps, model.len() as u64);
    assert_eq!(
        summary.files_checked,
        distinct(model.values().map(|s| &s.files_checked))
    );
    assert_eq!(
        summary.relevant_files,
        distinct(model.values().map(|s| &s.relevant_files))
    );
    assert_eq!(
        summary.omitted,
        model.values().map(|s| s.omitted).sum::<u64>()
    );
    let findings: Vec<&Finding> = model.values().flat_map(|s| &s.findings).collect();
    assert_eq!(summary.findings, findings.len() as u64);
    for severity in Severity::ALL {
        let count = findings.iter().filter(|f| f.severity == severity).count();
        assert_eq!(summary.of(severity), count as u64);
    }
}

fn check_text(document: &mut Consolidator, fresh: &Consolidator) {
    let expect = fresh.full_text();
    assert_eq!(document.full_text(), expect);
    for joined in [false, true] {
        let mut written = Vec::new();
        let count = (document.clone().write_to(&mut written)).expect("a vector takes all");
        assert_eq!(count, expect.len() as u64);
        assert_eq!(
            String::from_utf8(written).expect("text"),
            expect,
            "joined: {joined}"
        );
        if joined {
            assert_eq!(document.text(), expect);
        } else {
            // A clone is asked, so that the document's own text stays as stale as it was.
            assert_eq!(document.clone().text(), expect);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_point_equals_a_rebuild(ops in vec((op(), any::<bool>()), 1..24)) {
        let mut document = Consolidator::with_title("T");
        let mut model = BTreeMap::new();
        let mut seen = Vec::new();
        for (op, look) in ops {
            apply(&mut document, &mut model, op);
            let mut fresh = Consolidator::with_title("T");
            for (number, step) in model.iter().rev() {
                fresh.set(*number, step.clone());
            }
            prop_assert_eq!(document.digest(), fresh.digest());
            check_summary(&document, &model);
            if look {
                check_text(&mut document, &fresh);
            }
            seen.push((document.digest(), model.clone(), fresh.full_text()));
        }
        check_text(&mut document.clone(), &document);
        for (digest, _, text) in &seen {
            for (other, _, other_text) in &seen {
                if digest == other {
                    prop_assert_eq!(text, other_text);
                }
            }
        }
        for pair in seen.windows(2) {
            if pair[0].2 != pair[1].2 {
                prop_assert_ne!(pair[0].0, pair[1].0);
            }
            if pair[0].1 == pair[1].1 {
                prop_assert_eq!(pair[0].0, pair[1].0);
            }
        }
    }

    #[test]
    fn foreign_text_stays_inside_its_step(step in step(), more in step()) {
        let mut document = Consolidator::new();
        document.set(1, Step { text: String::new(), ..step });
        document.set(2, Step { text: String::new(), ..more });
        let text = document.text();
        prop_assert_eq!(text.lines().filter(|l| l.starts_with("## ")).count(), 2);
        prop_assert_eq!(text.lines().filter(|&l| l == "---").count(), 1);
        prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    }
}
