//! Workflows through the engine: what steps yield, in what order, and what happens when they fail.

use autoexec_engine::report::{RunOutcome, StepOutcome};
use autoexec_engine::workflow::model::OnFailure;
use autoexec_engine::{Engine, RunOptions};
use autoexec_tests::{Folder, run, run_with, settings, step};

fn nothing() -> Folder {
    Folder::with(&[])
}

#[test]
fn reading_searching_asking_consolidating() {
    let folder = Folder::with(&[
        ("src/a.rs", "fn a() {\n    // TODO: write it\n}\r\n"),
        ("src/b.rs", "// fine\n// TODO first TODO second\n"),
        (
            "README.md",
            "# Thing\n\nThis thing counts the sheep of the shepherd. It is small.\n",
        ),
    ]);
    let report = run(
        &folder,
        "
name: review
steps:
  - {id: sources, read: 'src/**/*.rs'}
  - {id: readme, read: README.md}
  - {id: todos, search: {in: sources, pattern: TODO, severity: low}}
  - {id: digest, ask: {prompt: What does it count?, context: [readme, todos]}}
  - {id: all, consolidate: {from: [digest, todos], title: Result, output: out/report.md}}
outputs:
  todos: ${{ steps.todos.count }}
  first: ${{ steps.todos.findings[0].file }}:${{ steps.todos.findings[0].line }}
",
    );
    assert_eq!(report.outcome, RunOutcome::Succeeded, "{report:#?}");
    assert_eq!(report.outputs["todos"], "2");
    assert_eq!(report.outputs["first"], "src/a.rs:2");
    let text = std::fs::read_to_string(folder.join("out/report.md")).expect("written");
    assert!(text.starts_with("# Result"), "{text}");
    assert!(
        text.contains("src/a.rs:2") || (text.contains("src/a.rs") && text.contains("write it")),
        "{text}"
    );
    assert!(text.contains("no language model"), "{text}");
    assert_eq!(folder.names(), ["README.md", "out", "src"]);
    let tokens = report.tokens.expect("somebody was asked");
    assert!(tokens.input > 0 && tokens.output > 0 && tokens.estimated);
}

/// One set of findings in every format: told by the file's name, or by `format`.
#[test]
fn consolidating_into_every_format() {
    let folder = Folder::with(&[
        ("a b.rs", "// TODO: write it\n"),
        ("c.rs", "// TODO: too\n"),
    ]);
    let report = run(
        &folder,
        r"
name: review
steps:
  - {id: sources, read: '*.rs'}
  - {id: todos, search: {in: sources, pattern: TODO, severity: high}}
  - {id: sarif, consolidate: {from: todos, output: r.sarif.json}}
  - {id: json, consolidate: {from: todos, output: r.json}}
  - {id: text, consolidate: {from: todos, output: r.txt, by: severity}}
  - {id: files, consolidate: {from: todos, output: r.out, format: text, by: file}}
outputs: {sarif: '${{ steps.sarif.text }}'}
",
    );
    assert_eq!(report.outcome, RunOutcome::Succeeded, "{report:#?}");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("written");
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let sarif = read("r.sarif.json");
    assert_eq!(report.outputs["sarif"], sarif);
    let result = &json(&sarif)["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "todos");
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b.rs");
    assert_eq!(place["region"]["startLine"], 1);
    assert_eq!(
        json(&read("r.json"))["steps"][0]["findings"][1]["places"][0]["file"],
        "c.rs"
    );
    let text = read("r.txt");
    assert!(text.contains("\nHigh (2)\n\n  high a b.rs:1:4 "), "{text}");
    let files = read("r.out");
    assert!(files.contains("\nc.rs (1)\n\n  high line 1:4 "), "{files}");
}

#[test]
fn a_second_run_in_one_process_reads_no_file_twice() {
    let files: Vec<(String, String)> = (0..500)
        .map(|i| (format!("d{}/f{i}.txt", i % 7), format!("file {i} TODO\n")))
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(p, t)| (p.as_str(), t.as_str()))
        .collect();
    let folder = Folder::with(&files);
    // Timestamps as young as the kernel's clock tick may be validated by reading again; a step back in time settles them.
    let workflow = "steps: [{id: r, read: '**/*.txt'}, {id: s, search: {in: r, pattern: TODO}}, {id: t, search: {in: r, pattern: file}}]";
    let engine = Engine::new(settings());
    let first = run_with(&engine, workflow, RunOptions::new(folder.path()));
    assert_eq!((first.files.loads, first.files.redundant_reads), (500, 0));
    assert_eq!((first.files.requests, first.files.hits), (1500, 1000));
    assert_eq!(first.files.redundant_reads_avoided, 1000);
    let second = run_with(&engine, workflow, RunOptions::new(folder.path()));
    assert_eq!((second.files.loads, second.files.hits), (0, 1500));
    assert_eq!(second.files.hit_rate, Some(1.0));
    folder.write("d0/f0.txt", b"changed\n");
    let third = run_with(&engine, workflow, RunOptions::new(folder.path()));
    assert_eq!((third.files.loads, third.files.stale), (1, 1));
    assert_eq!(step(&third, "s").summary, "499 matches in 499 of 500 files");
}

#[test]
fn commands_environment_and_inputs() {
    let mut options = RunOptions::new(nothing().path());
    let folder = nothing();
    options.base = folder.path().into();
    options.out = folder.path().into();
    options
        .inputs
        .insert("who".into(), "it's; echo hacked".into());
    let workflow = "
inputs: {who: {required: true}}
env: {GREETING: hello}
steps:
  - {id: env, run: 'echo $GREETING $NAME', env: {NAME: '${{ inputs.who }}'}}
  - {id: quoted, run: 'echo ${{ inputs.who | quote }}'}
  - {id: argv, run: [echo, '${{ inputs.who }}']}
  - {id: stdin, run: {shell: cat, stdin: 'x${{ steps.env.exit_code }}'}}
  - {id: code, run: {shell: exit 3, success_codes: [0, 3]}}
outputs:
  all: ${{ steps.env.stdout }}${{ steps.quoted.stdout }}${{ steps.argv.stdout }}${{ steps.stdin.stdout }}${{ steps.code.exit_code }}
";
    let report = run_with(&Engine::new(settings()), workflow, options);
    assert_eq!(report.outcome, RunOutcome::Succeeded, "{report:#?}");
    assert_eq!(
        report.outputs["all"],
        "hello it's; echo hacked\nit's; echo hacked\nit's; echo hacked\nx03"
    );
}

#[test]
fn inputs_that_are_missing_or_unknown_are_bad_input() {
    let folder = nothing();
    let document = autoexec_engine::parse(
        "w",
        "inputs: {who: {required: true}}\nsteps: [{id: a, run: x}]",
    )
    .expect("valid");
    let document = std::sync::Arc::new(document);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let engine = Engine::new(settings());
    let missing = runtime
        .block_on(engine.run(document.clone(), RunOptions::new(folder.path())))
        .expect_err("missing");
    assert!(
        missing.to_string().contains("`who` must be given"),
        "{missing}"
    );
    let mut options = RunOptions::new(folder.path());
    options.inputs.insert("woh".into(), "x".into());
    options.inputs.insert("who".into(), "x".into());
    let unknown = runtime
        .block_on(engine.run(document, options))
        .expect_err("unknown");
    assert!(
        unknown.to_string().contains("did you mean `who`?"),
        "{unknown}"
    );
}

#[test]
fn foreach_runs_once_per_element() {
    let report = run(
        &nothing(),
        "
steps:
  - {id: list, run: 'printf \"a\\nb\\nc\\n\"'}
  - {id: each, foreach: steps.list.stdout | lines, run: [echo, '${{ index }}=${{ item }}']}
  - {id: none, foreach: [], run: 'exit 1'}
  - {id: fixed, foreach: [x, y], run: [echo, '${{ item }}']}
outputs:
  all: ${{ steps.each.items | map(attribute='stdout') | join }}
  none: ${{ steps.none.items | length }}
",
    );
    assert_eq!(report.outcome, RunOutcome::Succeeded, "{report:#?}");
    assert_eq!(report.outputs["all"], "0=a\n1=b\n2=c\n");
    assert_eq!(report.outputs["none"], "0");
    assert_eq!(
        (step(&report, "each").tasks, step(&report, "none").tasks),
        (3, 0)
    );
}

#[test]
fn conditions_failures_and_what_follows() {
    let workflow = "
on_failure: continue
steps:
  - {id: ok, run: 'true'}
  - {id: bad, run: 'echo reason >&2; exit 3'}
  - {id: no, if: 'false', run: 'true'}
  - {id: after_no, needs: no, run: 'true'}
  - {id: after_bad, needs: bad, run: 'true'}
  - {id: cleanup, needs: bad, if: always(), run: 'true'}
  - {id: alarm, needs: bad, if: failure(), run: 'true'}
  - {id: calm, needs: ok, if: failure(), run: 'true'}
  - {id: told, if: '${{ steps.ok.outcome == \"succeeded\" }}', run: 'true'}
";
    let report = run(&nothing(), workflow);
    let outcomes: Vec<(&str, StepOutcome)> = report
        .steps
        .iter()
        .map(|s| (s.id.as_str(), s.outcome))
        .collect();
    use StepOutcome::{Failed, Skipped, Succeeded};
    assert_eq!(
        outcomes,
        [
            ("ok", Succeeded),
            ("bad", Failed),
            ("no", Skipped),
            ("after_no", Skipped),
            ("after_bad", Skipped),
            ("cleanup", Succeeded),
            ("alarm", Succeeded),
            ("calm", Skipped),
            ("told", Succeeded),
        ]
    );
    assert_eq!(report.outcome, RunOutcome::Failed);
    assert_eq!(
        step(&report, "bad").error.as_deref(),
        Some("exit code 3; it said: reason")
    );
    assert!(
        step(&report, "after_bad")
            .error
            .as_deref()
            .is_some_and(|e| e.contains("`bad`"))
    );
}

#[test]
fn stop_is_the_default_and_can_be_overridden() {
    let folder = nothing();
    let workflow = "
limits: {cpu: 1}
steps:
  - {id: bad, run: 'exit 1', priority: 1}
  - {id: free, run: 'touch ran', priority: 9}
";
    let report = run(&folder, workflow);
    assert_eq!(step(&report, "free").outcome, StepOutcome::Cancelled);
    assert!(folder.names().is_empty());
    let mut options = RunOptions::new(folder.path());
    options.on_failure = Some(OnFailure::Continue);
    let report = run_with(&Engine::new(settings()), workflow, options);
    assert_eq!(
        (report.outcome, step(&report, "free").outcome),
        (RunOutcome::Failed, StepOutcome::Succeeded)
    );
    assert_eq!(folder.names(), ["ran"]);
}

#[test]
fn retries_until_it_works_and_not_for_what_cannot() {
    let folder = nothing();
    let script = "echo x >> tries; test $(wc -l < tries) -ge 3";
    let workflow = format!(
        "
on_failure: continue
steps:
  - {{id: flaky, run: '{script}', retry: {{attempts: 5, backoff: 1ms}}}}
  - {{id: missing, run: [autoexec-no-such-program], retry: {{attempts: 5, backoff: 1ms}}}}
"
    );
    let report = run(&folder, &workflow);
    assert_eq!(
        (
            step(&report, "flaky").outcome,
            step(&report, "flaky").attempts
        ),
        (StepOutcome::Succeeded, 3)
    );
    assert_eq!(
        (
            step(&report, "missing").outcome,
            step(&report, "missing").attempts
        ),
        (StepOutcome::Failed, 1)
    );
    assert_eq!(
        step(&report, "missing").error.as_deref(),
        Some("command not found: `autoexec-no-such-program`")
    );
}

#[test]
fn independent_steps_run_at_the_same_time() {
    // Each waits for the other's mark: one after the other they would never end before their timeout.
    let wait = |mine: &str, other: &str| {
        format!("touch {mine}; while [ ! -e {other} ]; do sleep 0.01; done")
    };
    let workflow = format!(
        "limits: {{cpu: 2}}\nsteps:\n  - {{id: a, run: '{}', timeout: 20s}}\n  - {{id: b, run: '{}', timeout: 20s}}\n",
        wait("a", "b"),
        wait("b", "a")
    );
    assert_eq!(run(&nothing(), &workflow).outcome, RunOutcome::Succeeded);
}

#[test]
fn a_class_bounds_how_many_run_at_once() {
    let folder = nothing();
    let script = "mkdir lock && sleep 0.02 && rmdir lock";
    let steps: String = (0..6)
        .map(|i| format!("  - {{id: s{i}, class: memory, run: '{script}'}}\n"))
        .collect();
    let report = run(
        &folder,
        &format!("limits: {{memory: 1, cpu: 4}}\nsteps:\n{steps}"),
    );
    assert_eq!(report.outcome, RunOutcome::Succeeded, "{report:#?}");
}

#[test]
fn workflows_call_workflows() {
    let folder = Folder::with(&[
        (
            "outer.yaml",
            "steps:\n  - {id: inner, workflow: {path: sub/inner.yaml, inputs: {word: hi}}}\n  - {id: use, run: [echo, '${{ steps.inner.outputs.said }}']}\noutputs: {said: '${{ steps.use.stdout }}'}\n",
        ),
        (
            "sub/inner.yaml",
            "inputs: {word: {required: true}}\nsteps:\n  - {id: say, run: [echo, -n, '${{ inputs.word }}!']}\noutputs: {said: '${{ steps.say.stdout }}'}\n",
        ),
        ("self.yaml", "steps: [{id: a, workflow: self.yaml}]"),
        (
            "wrong.yaml",
            "steps: [{id: a, workflow: {path: sub/inner.yaml, inputs: {wrod: x}}}]",
        ),
        ("missing.yaml", "steps: [{id: a, workflow: nope.yaml}]"),
        ("broken.yaml", "steps:\n- {id: a, runn: x}\n"),
        ("calls.yaml", "steps: [{id: a, workflow: broken.yaml}]"),
    ]);
    let load = |name: &str| autoexec_engine::load(&folder.join(name));
    let document = load("outer.yaml").unwrap_or_else(|e| panic!("{e}"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let engine = Engine::new(settings());
    let report = runtime
        .block_on(engine.run(document.into(), RunOptions::new(folder.path())))
        .expect("ran");
    assert_eq!(report.outputs["said"], "hi!\n", "{report:#?}");
    let error = |name| load(name).expect_err(name).to_string();
    assert!(error("self.yaml").contains("calls itself"));
    let calls = error("calls.yaml");
    assert!(
        calls.contains("broken.yaml:2:11: unknown key `runn`"),
        "{calls}"
    );
    assert!(
        error("wrong.yaml").contains("no input `wrod`")
            && error("wrong.yaml").contains("needs the input `word`")
    );
    assert!(error("missing.yaml").contains("cannot read the workflow"));
}

#[test]
fn a_workflow_of_ten_thousand_steps() {
    let mut text = String::from("on_failure: continue\nsteps:\n");
    for i in 0..10_000 {
        let needs = if i >= 100 {
            format!(", needs: [s{}]", i - 100)
        } else {
            String::new()
        };
        text += &format!(
            "  - {{id: s{i}, if: 'index_is_unused is not defined'{needs}, ask: {{prompt: 'question {i}'}}}}\n"
        );
    }
    let found =
        autoexec_engine::parse("big.yaml", &text).expect_err("an unknown name in every step");
    assert_eq!(found.errors.len(), 10_000);
    let text = text.replace("if: 'index_is_unused is not defined'", "if: 'true'");
    let report = run(&nothing(), &text);
    assert_eq!(report.outcome, RunOutcome::Succeeded);
    assert_eq!(report.steps.len(), 10_000);
    assert_eq!(report.actions["ask"].count, 10_000);
}

#[test]
fn a_conversation_is_shared_by_the_asks_that_name_it() {
    let ask = |id: &str, needs: &str| {
        format!(
            "  - {{id: {id}, needs: [{needs}], cache: false, ask: {{prompt: 'what is {id}?', conversation: talk}}}}\n"
        )
    };
    let workflow = format!(
        "steps:\n{}{}  - {{id: alone, cache: false, ask: {{prompt: what is a?}}}}\n",
        ask("a", ""),
        ask("b", "a")
    );
    let report = run(&nothing(), &workflow);
    let input = |id| step(&report, id).tokens.expect("asked").input;
    assert!(
        input("b") > input("a"),
        "the second question is asked with the first in its history"
    );
    assert!(input("alone") <= input("a"));
}

/// Loads a file and what it calls, and runs it.
fn load_and_run(folder: &Folder, name: &str) -> autoexec_engine::RunReport {
    let document = autoexec_engine::load(&folder.join(name)).unwrap_or_else(|e| panic!("{e}"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut options = RunOptions::new(folder.path());
    options.env.insert("FROM_OUTSIDE".into(), "seen".into());
    runtime
        .block_on(Engine::new(settings()).run(document.into(), options))
        .expect("ran")
}

#[test]
fn a_called_workflow_has_the_callers_environment_and_its_errors_are_told() {
    let folder = Folder::with(&[
        (
            "outer.yaml",
            "env: {OUTER: outer}\nsteps: [{id: in, workflow: inner.yaml, env: {STEP: step}}]\noutputs: {all: '${{ steps.in.outputs.all }}'}",
        ),
        (
            "inner.yaml",
            "steps: [{id: say, run: 'echo $OUTER $STEP ${{ env.OUTER }} ${{ env.FROM_OUTSIDE }}'}]\noutputs: {all: '${{ steps.say.stdout }}'}",
        ),
        ("fails.yaml", "steps: [{id: in, workflow: bad.yaml}]"),
        (
            "bad.yaml",
            "steps: [{id: ok, run: 'true'}]\noutputs: {x: '${{ steps.ok.stdout.nope.x }}'}",
        ),
        ("left.yaml", "steps: [{id: in, workflow: out.yaml}]"),
        (
            "out.yaml",
            "steps: [{id: r, read: {files: [nope, out.yaml], on_problem: skip}}]",
        ),
    ]);
    assert_eq!(
        load_and_run(&folder, "outer.yaml").outputs["all"],
        "outer step outer seen\n"
    );
    let fails = load_and_run(&folder, "fails.yaml");
    let error = step(&fails, "in").error.as_deref().unwrap_or_default();
    assert!(
        error.contains("bad.yaml") && error.contains("`steps.ok.stdout.nope.x`"),
        "{error}"
    );
    assert_eq!(
        step(&load_and_run(&folder, "left.yaml"), "in").problems[0].subject,
        "nope"
    );
}

#[test]
fn an_output_that_cannot_be_had_fails_the_run_and_keeps_the_report() {
    let report = run(
        &nothing(),
        "steps: [{id: a, run: 'true'}]\noutputs: {x: '${{ steps.a.stdout.nope.x }}', y: '${{ steps.a.exit_code }}'}",
    );
    assert_eq!(
        (report.outcome, report.outputs["y"].as_str()),
        (RunOutcome::Failed, "0")
    );
    assert!(
        report.errors[0].contains("`x`") && report.errors[0].contains("steps.a.stdout.nope.x"),
        "{:?}",
        report.errors
    );
}

#[test]
fn failure_is_seen_through_steps_that_were_skipped_for_it() {
    let report = run(
        &nothing(),
        "
on_failure: continue
steps:
  - {id: a, run: exit 1}
  - {id: b, needs: a, run: 'true'}
  - {id: c, needs: b, if: failure(), run: 'true'}
  - {id: d, needs: b, if: always() and success(), run: 'true'}
  - {id: e, if: 'false', run: 'true'}
  - {id: f, needs: e, if: failure(), run: 'true'}
",
    );
    let outcomes: Vec<StepOutcome> = report.steps.iter().map(|s| s.outcome).collect();
    use StepOutcome::{Failed, Skipped, Succeeded};
    assert_eq!(
        outcomes,
        [Failed, Skipped, Succeeded, Skipped, Skipped, Skipped]
    );
}

#[test]
fn each_task_that_asks_has_a_history_of_its_own() {
    let tokens = |foreach: &str| {
        let report = run(
            &nothing(),
            &format!("steps: [{{id: a, {foreach} cache: false, ask: what is this?}}]"),
        );
        step(&report, "a").tokens.expect("asked").input
    };
    assert_eq!(tokens("foreach: [1, 2, 3, 4],"), 4 * tokens(""));
}

#[test]
fn hidden_and_ignored_files_do_not_depend_on_the_other_patterns() {
    let folder = Folder::with(&[
        ("a.txt", ""),
        (".hidden.txt", ""),
        (".github/ci.yml", ""),
        (".github/deep/x.yml", ""),
        ("skip/b.txt", ""),
        ("keep/b.txt", ""),
        ("pages/[id].txt", ""),
        (".gitignore", "skip/\n"),
    ]);
    let names = |files: &str| {
        let workflow = format!(
            "steps: [{{id: r, read: {{files: {files}, allow_empty: true}}}}]\noutputs: {{f: '${{{{ steps.r.files | join(\" \") }}}}'}}"
        );
        run(&folder, &workflow).outputs["f"].clone()
    };
    assert_eq!(names("['**/*.txt']"), "a.txt keep/b.txt pages/[id].txt");
    assert_eq!(names("['.github/*.yml']"), ".github/ci.yml");
    assert_eq!(names("['*.txt', '.github/*.yml']"), ".github/ci.yml a.txt");
    assert_eq!(
        names("['.github/**/*.yml']"),
        ".github/ci.yml .github/deep/x.yml"
    );
    assert_eq!(names("['.*.txt']"), ".hidden.txt");
    assert_eq!(names("['skip/*.txt', '*/b.txt']"), "keep/b.txt");
    assert_eq!(names("['pages/[id].txt']"), "pages/[id].txt");
    let outside = Folder::with(&[(".gitignore", "*.txt\n"), ("root/a.txt", "")]);
    let report = run(&outside, "root: root\nsteps: [{id: r, read: '*.txt'}]");
    assert_eq!(
        report.outcome,
        RunOutcome::Succeeded,
        "an ignore file above the root is obeyed"
    );
}

#[test]
fn inputs_have_types() {
    let workflow = "
inputs: {flag: {default: false}, n: {default: 3}, k: 0, word: '7', code: 007, given: {type: number}}
steps:
  - {id: flagged, if: inputs.flag, run: 'true'}
  - {id: zero, if: not inputs.k, run: 'true'}
outputs:
  sum: ${{ inputs.n + 1 + inputs.given }}
  word: ${{ inputs.word ~ inputs.code }}
";
    let run_given = |flag: &str, given: &str| {
        let folder = nothing();
        let mut options = RunOptions::new(folder.path());
        options.inputs.insert("flag".into(), flag.into());
        options.inputs.insert("given".into(), given.into());
        let document = autoexec_engine::parse("w", workflow).unwrap_or_else(|e| panic!("{e}"));
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(Engine::new(settings()).run(document.into(), options))
    };
    let report = run_given("false", "2").expect("ran");
    assert_eq!(step(&report, "flagged").outcome, StepOutcome::Skipped);
    assert_eq!(step(&report, "zero").outcome, StepOutcome::Succeeded);
    assert_eq!(
        (
            report.outputs["sum"].as_str(),
            report.outputs["word"].as_str()
        ),
        ("6", "7007")
    );
    assert_eq!(
        step(&run_given("true", "1.5").expect("ran"), "flagged").outcome,
        StepOutcome::Succeeded
    );
    for (flag, given, expect) in [
        (
            "yes",
            "2",
            "`flag`: it must be `true` or `false`, not `yes`",
        ),
        ("true", "nan", "a number, not `nan`"),
    ] {
        let e = run_given(flag, given).expect_err("wrong type").to_string();
        assert!(e.contains(expect), "{e}");
    }
}

#[test]
fn what_a_failed_command_said_is_there_for_handlers_and_in_the_report() {
    let report = run(
        &nothing(),
        "
on_failure: continue
steps:
  - {id: a, run: 'for i in 1 2 3 4 5; do echo line $i; done; echo oops >&2; exit 9'}
  - {id: b, if: failure(), run: [echo, -n, '${{ steps.a.exit_code }} ${{ steps.a.stderr | trim }} ${{ steps.a.outcome }}'], needs: a}
outputs: {said: '${{ steps.b.stdout }}'}
",
    );
    assert_eq!(report.outputs["said"], "9 oops failed");
    let a = step(&report, "a");
    assert_eq!(a.exit_code, Some(9));
    assert_eq!(
        a.said.as_deref(),
        Some("line 1\nline 2\nline 3\nline 4\nline 5\noops")
    );
}

/// A cache that cannot hold what the run asks for says what to change, in the words of the settings; the default is content.
#[test]
fn a_cache_too_small_for_the_run_is_told_of() {
    let files: Vec<(String, String)> = (0..100)
        .map(|i| (format!("f{i}.txt"), format!("text {i}")))
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let folder = Folder::with(&files);
    let workflow = "steps:
  - {id: a, read: '*.txt'}
  - {id: s, search: {in: a, pattern: text}}
  # After the other: side by side each may find what the other has just loaded.
  - {id: t, needs: s, search: {in: a, pattern: none}}";
    let advice = |settings: &str| {
        let settings = autoexec_engine::Settings::from_toml(settings).expect("valid settings");
        run_with(
            &Engine::new(settings),
            workflow,
            RunOptions::new(folder.path()),
        )
        .advice
    };
    let told = advice("[files]\nentries = 10\n");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].ends_with("100 files were loaded in this run and the cache holds 10; raise files.entries from 10 to 100"),
        "{told:?}"
    );
    assert_eq!(advice(""), Vec::<String>::new());
}
