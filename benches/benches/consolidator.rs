//! What one step costs in a long document, beside formatting and copying its own text.

use std::fmt::Write;
use std::hint::black_box;

use autoexec_benches::{BatchSize, Harness, Stopwatch, Times, bench_main};
use autoexec_consolidator::{Change, Confidence, Consolidator, Finding, Step, Tool};

/// Steps set in one timed stretch.
const BATCH: u32 = 64;

bench_main!(append, insert, unchanged, replace, sarif);

/// Makes a step by its number.
type Make = fn(u32) -> Step;

/// A step of one finding of 1 KB.
fn one(number: u32) -> Step {
    let text = "The lock is taken while the queue is drained, so every reader waits. ".repeat(15);
    let text = format!("{number}: {}", text.trim_end());
    Step {
        title: format!("Search number {number}"),
        findings: vec![Finding::new(text).at("crates/engine/src/pool.rs", number)],
        ..Step::default()
    }
}

/// A step of eight findings of 128 bytes in eight files.
fn eight(number: u32) -> Step {
    let file = |n: u32| format!("crates/engine/src/module_{}.rs", number + n);
    let text = |n: u32| {
        let text = "the lock is taken while the queue is drained, so every reader of the pool waits for as long as the writers take";
        format!("{:0>9}: {text:.117}", number * 8 + n)
    };
    Step {
        title: format!("Search number {number}"),
        findings: (0..8)
            .map(|n| Finding::new(text(n)).at(file(n), number))
            .collect(),
        files_checked: (0..8).map(file).collect(),
        hypothesis: Some("the queue is drained under the lock".into()),
        confidence: Some(Confidence::Medium),
        ..Step::default()
    }
}

/// A step of about 1 KB: text, eight findings that say the same, seventeen names of files.
fn step(number: u32) -> Step {
    let file = |n: u32| format!("crates/engine/src/module_{}.rs", number + n);
    let text = "The lock is taken while the queue is drained, so every reader waits.";
    Step {
        title: format!("Search number {number}"),
        text: "What was looked at, and why it was worth a look. ".repeat(4),
        findings: (0..8)
            .map(|n| Finding::new(text).at(file(n), number))
            .collect(),
        files_checked: (0..8).map(file).collect(),
        relevant_files: vec![file(0)],
        hypothesis: Some("the queue is drained under the lock".into()),
        confidence: Some(Confidence::Medium),
        ..Step::default()
    }
}

fn document(steps: u32) -> Consolidator {
    document_of(step, steps)
}

fn document_of(make: Make, steps: u32) -> Consolidator {
    let mut document = Consolidator::new();
    for number in 0..steps {
        document.set(number, make(number));
    }
    let expect = document.full_text();
    assert_eq!(document.text(), expect);
    document
}

fn append(harness: &mut Harness<'_>) {
    let makes: [(&str, Make); 3] = [("mixed", step), ("eight", eight), ("one", one)];
    for (kind, make) in makes {
        for steps in [20, 200, 2000, 20_000] {
            harness.group(format!("consolidator/append-{kind}-at-{steps}"), |group| {
                let mut document = document_of(make, steps);
                group.bench_function("floor", |b| {
                    b.iter_custom(|rounds| time_floor(make, steps, rounds))
                });
                group.bench_function("append", |b| {
                    b.iter_custom(|rounds| time_append(&mut document, make, steps, rounds))
                });
            });
        }
    }
}

/// Formats each step's text with `write!` behind what is there, and drops the step.
fn time_floor(make: Make, steps: u32, rounds: u64) -> Times {
    let mut check = document(0);
    check.set(steps, make(steps));
    let mut expect = String::new();
    format_step(&mut expect, steps, &make(steps));
    assert!(check.text().contains(&expect));
    let mut time = Times::default();
    for _ in 0..rounds.div_ceil(u64::from(BATCH)) {
        let batch: Vec<Step> = (0..BATCH).map(|n| make(steps + n)).collect();
        let mut text = String::with_capacity(1 << 20);
        let start = Stopwatch::start();
        for (number, step) in (steps..).zip(batch) {
            format_step(&mut text, number, &step);
        }
        time += start.stop();
        black_box(text.len());
    }
    per_rounds(time, rounds)
}

/// The same text as the document's, by the shortest code.
fn format_step(out: &mut String, number: u32, step: &Step) {
    let _ = write!(out, "\n## {number}. {}\n", step.title);
    if let Some(hypothesis) = &step.hypothesis {
        let _ = write!(
            out,
            "\n> **Hypothesis (confidence: medium):** {hypothesis}\n"
        );
    }
    if !step.text.is_empty() {
        let _ = write!(out, "\n{}\n", step.text.trim_end());
    }
    out.push('\n');
    for f in &step.findings {
        let place = &f.places[0];
        let (file, line) = (&place.file, place.line);
        let _ = writeln!(out, "- **{}** `{file}:{line}` {}", f.severity, f.text);
    }
    for (label, files) in [
        ("Relevant", &step.relevant_files),
        ("Checked", &step.files_checked),
    ] {
        for (at, file) in files.iter().enumerate() {
            let _ = match at {
                0 => write!(out, "\n{label}: `{file}`"),
                _ => write!(out, ", `{file}`"),
            };
        }
        if !files.is_empty() {
            out.push('\n');
        }
    }
}

/// Sets steps at the end and asks for the text after each; takes them out again untimed.
fn time_append(document: &mut Consolidator, make: Make, steps: u32, rounds: u64) -> Times {
    let mut time = Times::default();
    for _ in 0..rounds.div_ceil(u64::from(BATCH)) {
        let batch: Vec<Step> = (0..BATCH).map(|n| make(steps + n)).collect();
        let start = Stopwatch::start();
        for (number, step) in (steps..).zip(batch) {
            document.set(number, step);
            black_box(document.text().len());
        }
        time += start.stop();
        for number in (steps..steps + BATCH).rev() {
            assert!(document.remove(number).is_some());
        }
        document.text();
    }
    per_rounds(time, rounds)
}

/// The share of `rounds` in a time that was taken over whole batches.
fn per_rounds(time: Times, rounds: u64) -> Times {
    let done = rounds.next_multiple_of(u64::from(BATCH));
    time.scaled(rounds as f64 / done as f64)
}

/// Setting steps in the middle of others and asking for the pieces once, by step.
fn insert(harness: &mut Harness<'_>) {
    for steps in [20, 2000, 20_000] {
        harness.group(format!("consolidator/insert-in-{steps}"), |group| {
            let mut document = document(steps);
            let middle = step(steps / 2);
            group.bench_function("set", |b| {
                b.iter_custom(|rounds| {
                    let mut time = Times::default();
                    for _ in 0..rounds {
                        document.remove(steps / 2);
                        let middle = middle.clone();
                        let start = Stopwatch::start();
                        assert_eq!(document.set(steps / 2, middle), Change::Added);
                        time += start.stop();
                    }
                    time
                });
            });
            group.bench_function("segments", |b| {
                b.iter_custom(|rounds| {
                    let mut time = Times::default();
                    for _ in 0..rounds {
                        document.remove(steps / 2);
                        document.set(steps / 2, middle.clone());
                        let start = Stopwatch::start();
                        black_box(document.segments().len());
                        time += start.stop();
                    }
                    time
                });
            });
        });
    }
}

/// SARIF of 16,000 findings, beside copying as many bytes.
fn sarif(harness: &mut Harness<'_>) {
    harness.group("consolidator/sarif", |group| {
        let document = document(2000);
        let mut out = Vec::new();
        let write = |out: &mut Vec<u8>| {
            out.clear();
            let tool = Tool::default();
            (document.write_sarif(out, &tool)).expect("because a vector takes all")
        };
        write(&mut out);
        let expect = out.clone();
        group.bench_function("floor", |b| {
            b.iter(|| {
                out.clear();
                out.extend_from_slice(black_box(&expect));
            });
        });
        group.bench_function("write", |b| b.iter(|| write(&mut out)));
        assert_eq!(out, expect);
    });
}

/// Setting a step to what it is, beside comparing the two and dropping one.
fn unchanged(harness: &mut Harness<'_>) {
    harness.group("consolidator/unchanged", |group| {
        let mut document = document(2000);
        let (known, same) = (step(1000), step(1000));
        group.bench_function("floor", |b| {
            b.iter_batched(
                || same.clone(),
                |same| assert!(black_box(&known) == black_box(&same)),
                BatchSize::SmallInput,
            );
        });
        group.bench_function("set", |b| {
            b.iter_batched(
                || same.clone(),
                |same| assert_eq!(document.set(1000, same), Change::Unchanged),
                BatchSize::SmallInput,
            );
        });
    });
}

/// Replacing a step in the middle and asking for the text, beside copying the half behind it.
fn replace(harness: &mut Harness<'_>) {
    harness.group("consolidator/replace-in-the-middle", |group| {
        let mut document = document(2000);
        let half = document.text().len() / 2;
        let source = document.text().as_bytes()[half..].to_vec();
        let mut target = vec![0; source.len()];
        group.bench_function("floor", |b| {
            b.iter(|| black_box(&mut target).copy_from_slice(black_box(&source)));
        });
        let mut number = 0;
        group.bench_function("replace", |b| {
            b.iter(|| {
                number += 1;
                assert_eq!(document.set(1000, step(number)), Change::Replaced);
                document.text().len()
            });
        });
    });
}
