//! Random sequences of changes against a naive model and a rebuild from nothing.

mod naive;

use autoexec_consolidator::{
    By, Change, Confidence, Consolidator, Evidence, Finding, Format, Place, Severity, Step, View,
};
use naive::Naive;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

#[derive(Debug, Clone)]
enum Op {
    Set(u32, Step),
    /// Sets what is there, with one finding changed.
    Edit(u32, Index, Finding),
    Remove(u32),
    Add(u32, Finding),
    Replace(Index, Finding),
    RemoveFinding(Index),
    Merge(Index, Index),
    Unmerge(Index),
    Show(View),
    Text,
    Segments,
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-d]\\.rs", "[ab`<\\\\\n é#-]{0,12}", "\\PC{0,8}"]
}

fn place() -> impl Strategy<Value = Place> {
    let file = prop_oneof![
        select(vec!["a.rs", "b.rs", ""]).prop_map(String::from),
        name()
    ];
    (file, 0u32..4, 0u32..6, 0u32..3).prop_map(|(file, line, end_line, column)| Place {
        file,
        line,
        end_line,
        column,
    })
}

fn confidence() -> impl Strategy<Value = Option<Confidence>> {
    let number = (0u32..=100).prop_map(|n| Confidence::number(f64::from(n) / 100.0).expect("0–1"));
    option::of(prop_oneof![select(&Confidence::ALL[..]), number])
}

/// Few texts and places, so that many findings repeat others.
fn plain_finding() -> impl Strategy<Value = Finding> {
    let text = select(vec!["x", "x y", " x\n y", "z", "`z`"]);
    let kind = select(vec!["", "todo"]);
    let place = (select(vec!["a.rs", "b.rs", ""]), 0u32..3, 0u32..2);
    (text, kind, place, select(&Severity::ALL[..])).prop_map(|(text, kind, place, severity)| {
        let place = Place::new(place.0, place.1).column(place.2);
        Finding::new(text)
            .kind(kind)
            .severity(severity)
            .also_at(place)
    })
}

fn rich_finding() -> impl Strategy<Value = Finding> {
    let evidence = (name(), place()).prop_map(|(text, place)| Evidence { text, place });
    let words = (name(), name(), option::of(name()), confidence());
    let lists = (vec(place(), 0..4), vec(name(), 0..3), vec(evidence, 0..2));
    (select(&Severity::ALL[..]), words, lists).prop_map(|(severity, words, lists)| Finding {
        severity,
        kind: words.0,
        text: words.1,
        places: lists.0,
        relevant_files: lists.1,
        hypothesis: words.2,
        confidence: words.3,
        evidence: lists.2,
    })
}

fn finding() -> impl Strategy<Value = Finding> {
    prop_oneof![3 => plain_finding(), 1 => rich_finding()]
}

fn step() -> impl Strategy<Value = Step> {
    let words = (name(), name(), vec(finding(), 0..8), 0u64..3);
    let files = (vec(name(), 0..16), vec(name(), 0..4));
    (words, files, option::of(name()), confidence()).prop_map(
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

fn view() -> impl Strategy<Value = View> {
    let format = select(vec![Format::Markdown, Format::Plain]);
    let by = select(vec![By::Step, By::Severity, By::File]);
    (format, by).prop_map(|(format, by)| View { format, by })
}

fn op() -> impl Strategy<Value = Op> {
    let any = any::<Index>;
    prop_oneof![
        3 => (0u32..6, step()).prop_map(|(number, step)| Op::Set(number, step)),
        2 => (0u32..6, any(), finding()).prop_map(|(number, at, f)| Op::Edit(number, at, f)),
        1 => (0u32..6).prop_map(Op::Remove),
        4 => (0u32..6, finding()).prop_map(|(number, finding)| Op::Add(number, finding)),
        3 => (any(), finding()).prop_map(|(at, finding)| Op::Replace(at, finding)),
        3 => any().prop_map(Op::RemoveFinding),
        4 => (any(), any()).prop_map(|(a, b)| Op::Merge(a, b)),
        1 => any().prop_map(Op::Unmerge),
        1 => view().prop_map(Op::Show),
        2 => Just(Op::Text),
        2 => Just(Op::Segments),
    ]
}

fn apply(document: &mut Consolidator, naive: &mut Naive, op: Op) {
    let ids: Vec<_> = document.findings().collect();
    let pick = |at: Index| (!ids.is_empty()).then(|| ids[at.index(ids.len())]);
    match op {
        Op::Set(number, step) => set(document, naive, number, step),
        Op::Edit(number, at, finding) => {
            let Some(mut step) = document.get(number) else {
                return;
            };
            if !step.findings.is_empty() {
                let at = at.index(step.findings.len());
                step.findings[at] = finding;
            }
            set(document, naive, number, step);
        }
        Op::Remove(number) => assert_eq!(document.remove(number), naive.remove(number)),
        Op::Add(number, finding) => {
            let id = document.add(number, finding.clone());
            naive.add(number, id, finding);
        }
        Op::Replace(at, finding) => {
            let Some(id) = pick(at) else { return };
            assert_eq!(
                document.replace(id, finding.clone()),
                Some(naive.replace(id, finding))
            );
        }
        Op::RemoveFinding(at) => {
            let Some(id) = pick(at) else { return };
            assert_eq!(document.remove_finding(id), Some(naive.remove_finding(id)));
            assert_eq!(document.remove_finding(id), None);
        }
        Op::Merge(a, b) => {
            let (Some(a), Some(b)) = (pick(a), pick(b)) else {
                return;
            };
            assert_eq!(document.merge(a, b), naive.merge(a, b));
        }
        Op::Unmerge(at) => {
            let Some(id) = pick(at) else { return };
            assert_eq!(document.unmerge(id), naive.unmerge(id));
        }
        Op::Show(view) => document.set_view(view),
        Op::Text => assert_eq!(document.full_text(), document.text()),
        Op::Segments => assert_eq!(document.full_text(), document.segments().concat()),
    }
}

fn set(document: &mut Consolidator, naive: &mut Naive, number: u32, step: Step) {
    let before: Vec<_> = document.findings_of(number).collect();
    let old = naive.get(number);
    let change = document.set(number, step.clone());
    let after: Vec<_> = document.findings_of(number).collect();
    naive.set(number, step, &after);
    let expect = match old {
        None => Change::Added,
        Some(old) if Some(&old) == naive.get(number).as_ref() => Change::Unchanged,
        Some(_) => Change::Replaced,
    };
    assert_eq!(change, expect);
    if change == Change::Unchanged {
        assert_eq!(before, after);
    }
}

/// Everything that can be asked, against the model.
fn check(document: &mut Consolidator, naive: &Naive) {
    assert_eq!(
        document.steps().map(|(n, _)| n).collect::<Vec<_>>(),
        naive.numbers()
    );
    for (number, step) in document.steps() {
        assert_eq!(Some(step), naive.get(number));
    }
    assert_eq!(document.summary().findings, naive.findings().len() as u64);
    naive.check_counts(document.summary());
    let mut shown = 0;
    for (id, _) in naive.findings() {
        let leader = naive.leader(id);
        assert_eq!(document.leader(id), Some(leader));
        assert_eq!(document.count(id), naive.count(leader));
        assert_eq!(
            document.followers(leader).count() as u64,
            naive.count(leader) - 1
        );
        shown += u64::from(leader == id);
    }
    let summary = document.summary();
    assert_eq!(summary.findings - summary.duplicates, shown);
}

/// Text by every way, from a copy, so that the document's own text stays as stale as it is.
fn check_text(document: &Consolidator) {
    let expect = document.full_text();
    assert_eq!(document.clone().text(), expect);
    assert_eq!(document.clone().segments().concat(), expect);
    let mut written = Vec::new();
    let count = (document.clone().write_to(&mut written)).expect("a vector takes all");
    assert_eq!(count, expect.len() as u64);
    assert_eq!(String::from_utf8(written).expect("text"), expect);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_point_equals_a_rebuild(ops in vec((op(), any::<bool>()), 1..40)) {
        let mut document = Consolidator::with_title("T");
        let mut naive = Naive::default();
        for (op, look) in ops {
            apply(&mut document, &mut naive, op);
            check(&mut document, &naive);
            if look {
                check_text(&document);
            }
        }
        check_text(&document);
    }

    /// Without folds, the document depends on what is held and on nothing that happened.
    #[test]
    fn history_leaves_no_trace(ops in vec(op(), 1..40)) {
        let mut document = Consolidator::with_title("T");
        let mut naive = Naive::default();
        let mut seen: Vec<(_, String)> = Vec::new();
        for op in ops.into_iter().filter(|op| !matches!(op, Op::Merge(..))) {
            apply(&mut document, &mut naive, op);
            let mut fresh = Consolidator::with_title("T");
            fresh.set_view(document.view());
            for (number, step) in document.steps().rev() {
                fresh.set(number, step);
            }
            let mut json = (Vec::new(), Vec::new());
            document.write_json(&mut json.0).expect("a vector takes all");
            fresh.write_json(&mut json.1).expect("a vector takes all");
            prop_assert_eq!(&json.0, &json.1);
            prop_assert_eq!(document.full_text(), fresh.full_text());
            prop_assert_eq!(document.digest(), fresh.digest());
            seen.push((document.digest(), String::from_utf8(json.0).expect("text")));
        }
        for (digest, json) in &seen {
            for (other, other_json) in &seen {
                prop_assert_eq!(digest == other, json == other_json);
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
