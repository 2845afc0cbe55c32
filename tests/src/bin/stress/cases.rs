//! One thing of each kind, very large.

use std::fmt::Write;
use std::fs;
use std::sync::Arc;

use autoexec_consolidator::{Consolidator, Finding, Step};
use autoexec_engine::report::{RunOutcome, RunReport};
use autoexec_engine::{Engine, RunOptions, Settings, parse};
use autoexec_memory_trimmer::{History, Message, Thresholds, ToolCall};
use autoexec_tests::Folder;
use tokio::runtime::Runtime;

use crate::{Case, Done};

const MB: u64 = 1_000_000;

pub(crate) fn all(is_quick: bool) -> Vec<Case> {
    let size = |quick, full| if is_quick { quick } else { full };
    let (messages, files) = (size(10_000, 100_000), size(2_000, 10_000));
    let (steps, findings) = (size(1_000, 10_000), size(20_000, 100_000));
    vec![
        Case::new("a workflow file of 16 MiB", 60 * MB, |_| largest_document()),
        Case::new("a workflow file of one byte more", 60 * MB, |_| {
            too_large_document()
        }),
        Case::new("an input of 8 MB in an expression", 60 * MB, large_input),
        Case::new("a message of 20 tool calls", MB, |_| tool_calls(20)),
        Case::new("a message of 1,000 tool calls", 2 * MB, |_| {
            tool_calls(1_000)
        }),
        Case::new(format!("{messages} messages"), MB, move |_| {
            many_messages(messages)
        }),
        Case::new(format!("{files} files"), 50 * MB, move |it| {
            many_files(it, files)
        }),
        Case::new(format!("a fan of {steps} steps"), 120 * MB, move |it| {
            many_steps(it, steps, false)
        }),
        Case::new(format!("a chain of {steps} steps"), 120 * MB, move |it| {
            many_steps(it, steps, true)
        }),
        Case::new(format!("{findings} findings"), 120 * MB, move |_| {
            many_findings(findings)
        }),
        Case::new("a line of 9 MB, searched", 80 * MB, long_line),
        Case::new("a command that prints 64 MB", 10 * MB, much_output),
    ]
}

pub(crate) fn go(
    runtime: &Runtime,
    engine: &Engine,
    text: &str,
    options: RunOptions,
) -> Result<RunReport, Box<dyn std::error::Error>> {
    let document = parse("stress.yaml", text).map_err(|errors| errors.to_string())?;
    Ok(runtime.block_on(engine.run(Arc::new(document), options))?)
}

fn succeeded(report: RunReport) -> Result<RunReport, String> {
    if report.outcome == RunOutcome::Succeeded {
        return Ok(report);
    }
    let step = report.steps.iter().find(|step| step.error.is_some());
    Err(format!(
        "the run {:?}: {step:?}, {:?}",
        report.outcome, report.errors
    ))
}

/// Filled up to the limit by a comment, so that the number of nodes is small.
fn document_of(bytes: usize) -> String {
    let mut text = "steps:\n  - {id: a, run: [echo, fine]}\n# ".to_owned();
    let rest = bytes - text.len();
    text.extend(std::iter::repeat_n('x', rest));
    text
}

fn largest_document() -> Done {
    let text = document_of(autoexec_engine::document::yaml::MAX_BYTES);
    let parsed = parse("large.yaml", &text).map_err(|errors| errors.to_string())?;
    Ok(format!("{} step", parsed.workflow.steps.len()))
}

fn too_large_document() -> Done {
    let text = document_of(autoexec_engine::document::yaml::MAX_BYTES + 1);
    match parse("large.yaml", &text) {
        Ok(_) => Err("it was accepted".into()),
        Err(errors) => Ok(format!("refused: {}", first_line(&errors.to_string()))),
    }
}

fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(80)
        .collect()
}

fn large_input(runtime: &Runtime) -> Done {
    let folder = Folder::with(&[]);
    let mut options = RunOptions::new(folder.path());
    options
        .inputs
        .insert("text".to_owned(), "word ".repeat(1_600_000));
    let text = "inputs: {text: {required: true}}\nsteps: [{id: a, run: [echo, fine]}]\noutputs: {length: '${{ inputs.text | length }}'}";
    let report = succeeded(go(
        runtime,
        &Engine::new(Settings::default()),
        text,
        options,
    )?)?;
    match report.outputs["length"].as_str() {
        "8000000" => Ok("all of it".to_owned()),
        other => Err(format!("its length came out as {other}").into()),
    }
}

/// A turn with many calls stays whole when everything before it goes.
fn tool_calls(count: usize) -> Done {
    let mut history =
        History::with_messages([Message::system("rules"), Message::user("call them all")]);
    let call = |n: usize| {
        ToolCall::new(
            format!("call-{n}"),
            "read",
            format!("{{\"path\":\"file-{n}\"}}"),
        )
    };
    history.push(Message::assistant_calls("", (0..count).map(call).collect()));
    (0..count).for_each(|n| {
        history.push(Message::tool(
            format!("call-{n}"),
            "the content of the file",
        ))
    });
    history.push(Message::assistant("done"));
    let before = history.len();
    history.fit(history.tokens() / 2);
    history
        .validate()
        .map_err(|violations| format!("{violations:?}"))?;
    Ok(format!(
        "{} of {before} messages stay, which an API accepts",
        history.len()
    ))
}

fn many_messages(count: usize) -> Done {
    let thresholds = Thresholds::default();
    let mut history = History::new();
    let (mut most, mut dropped) = (0, 0);
    for n in 0..count {
        let text = format!("message {n}: every reader waits while the writer holds the lock");
        history.push(if n % 2 == 0 {
            Message::user(text)
        } else {
            Message::assistant(text)
        });
        dropped += history.trim(&thresholds).dropped.len();
        most = most.max(history.len());
    }
    history
        .validate()
        .map_err(|violations| format!("{violations:?}"))?;
    if most > thresholds.trigger_messages() + 1 || dropped + history.len() != count {
        return Err(format!("{most} were held at a time, {dropped} dropped").into());
    }
    Ok(format!("at most {most} held, {dropped} dropped"))
}

fn many_files(runtime: &Runtime, count: usize) -> Done {
    let folder = Folder::with(&[]);
    for n in 0..count {
        let text = format!("fn f{n}() {{}} // TODO: say why\n").repeat(1 + n % 50);
        folder.write(&format!("part-{}/file-{n}.rs", n % 100), text.as_bytes());
    }
    let text = "steps: [{id: all, read: '**/*.rs'}, {id: todos, search: {in: all, pattern: TODO, limit: 1000}}, {id: out, consolidate: {from: todos, output: r.md}}]";
    let engine = Engine::new(Settings::default());
    let mut loads = Vec::new();
    for _ in 0..2 {
        let report = succeeded(go(runtime, &engine, text, RunOptions::new(folder.path()))?)?;
        loads.push(report.files.loads);
    }
    if loads != [count as u64, 0] {
        return Err(format!("{loads:?} files were read from disk in two runs").into());
    }
    Ok("each read once in two runs".to_owned())
}

fn many_steps(runtime: &Runtime, count: usize, is_chain: bool) -> Done {
    let mut text = "steps:\n".to_owned();
    for n in 0..count {
        let needs = if is_chain && n > 0 {
            format!("s{}", n - 1)
        } else {
            String::new()
        };
        writeln!(
            text,
            "  - {{id: s{n}, needs: [{needs}], cache: false, ask: 'what is {n}?'}}"
        )?;
    }
    let folder = Folder::with(&[]);
    let engine = Engine::new(Settings::default());
    let report = succeeded(go(runtime, &engine, &text, RunOptions::new(folder.path()))?)?;
    match report.actions["ask"].count {
        asked if asked == count as u64 => Ok("all of them".to_owned()),
        asked => Err(format!("{asked} were asked").into()),
    }
}

fn many_findings(count: usize) -> Done {
    let mut document = Consolidator::new();
    for step in 0..100 {
        let finding = |n: usize| {
            let text = format!("finding {} of step {step}: the lock is held too long", n);
            Finding::new(text).at(format!("src/file-{}.rs", n % 997), n as u32 + 1)
        };
        let findings = (0..count / 100).map(finding).collect();
        document.set(
            step,
            Step {
                title: format!("step {step}"),
                findings,
                ..Step::default()
            },
        );
        document.text();
    }
    let (found, bytes) = (document.findings().count(), document.text().len());
    if found != count || document.full_text() != document.text() {
        return Err(format!("{found} findings in {bytes} bytes that are not the text").into());
    }
    Ok(format!("{:.1} MB of text", bytes as f64 / 1e6))
}

fn long_line(runtime: &Runtime) -> Done {
    let folder = Folder::with(&[]);
    let mut line = "word ".repeat(1_800_000);
    line.push_str("needle");
    folder.write("long.txt", line.as_bytes());
    let text = "steps: [{id: all, read: long.txt}, {id: found, search: {in: all, pattern: needle}}, {id: out, consolidate: {from: found, output: r.md}}]\noutputs: {count: '${{ steps.found.count }}'}";
    let engine = Engine::new(Settings::default());
    let report = succeeded(go(runtime, &engine, text, RunOptions::new(folder.path()))?)?;
    let bytes = fs::metadata(folder.join("r.md"))?.len();
    match report.outputs["count"].as_str() {
        "1" => Ok(format!("found, in a report of {bytes} bytes")),
        other => Err(format!("{other} were found").into()),
    }
}

fn much_output(runtime: &Runtime) -> Done {
    let folder = Folder::with(&[]);
    let text = "steps: [{id: a, run: 'head -c 64000000 /dev/zero'}]\noutputs: {bytes: '${{ steps.a.stdout_bytes }}'}";
    let engine = Engine::new(Settings::default());
    let report = succeeded(go(runtime, &engine, text, RunOptions::new(folder.path()))?)?;
    match report.outputs["bytes"].as_str() {
        "64000000" => Ok("counted, the middle not kept".to_owned()),
        other => Err(format!("{other} bytes were counted").into()),
    }
}
