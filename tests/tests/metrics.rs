//! What the engine counts of runs, against what their reports say.

use autoexec_engine::catalogue::{Kind, METRICS};
use autoexec_engine::report::RunOutcome;
use autoexec_engine::{Engine, RunOptions, RunReport, Settings};
use autoexec_tests::{Folder, run_with, settings};

fn counted(engine: &Engine, key: &str) -> Option<u64> {
    let metrics = engine.metrics().expect("because they are switched on");
    metrics.counters.get(key).copied()
}

fn load_and_run(engine: &Engine, folder: &Folder, name: &str) -> RunReport {
    let document = autoexec_engine::load(&folder.join(name)).unwrap_or_else(|e| panic!("{e}"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let run = engine.run(document.into(), RunOptions::new(folder.path()));
    runtime.block_on(run).expect("ran")
}

#[test]
fn tokens_count_once_however_deep_the_question_is_nested() {
    let ask = "steps: [{id: why, ask: {prompt: What is it?, provider: extractive}}]\n";
    let call = |name: &str| format!("steps: [{{id: call, workflow: {name}}}]\n");
    let folder = Folder::with(&[
        ("inner.yaml", ask),
        ("middle.yaml", &call("inner.yaml")),
        ("outer.yaml", &call("middle.yaml")),
    ]);
    let engine = Engine::new(settings());
    let report = load_and_run(&engine, &folder, "outer.yaml");
    let tokens = report.tokens.expect("somebody was asked");
    assert!(tokens.input > 0 && tokens.output > 0);
    for (kind, count) in [("input", tokens.input), ("output", tokens.output)] {
        let key = format!("tokens{{type=\"{kind}\"}}");
        assert_eq!(counted(&engine, &key), Some(count), "{kind}");
    }
    // Whoever calls a workflow is a step as well; the run is one.
    assert_eq!(counted(&engine, r#"steps{outcome="succeeded"}"#), Some(3));
    assert_eq!(counted(&engine, r#"runs{outcome="succeeded"}"#), Some(1));
}

#[test]
fn attempts_that_fail_are_counted_by_task() {
    let folder = Folder::with(&[]);
    // The first task works the third time, the others never do.
    let script = "echo x >> ${{ item }}; test ${{ item }} = a -a $(wc -l < ${{ item }}) -ge 3";
    let workflow = format!(
        "
on_failure: continue
steps:
  - {{id: flaky, foreach: [a, b, c], run: '{script}', retry: {{attempts: 3, backoff: 1ms}}}}
  - {{id: unready, foreach: '${{{{ 7 }}}}', run: echo}}
"
    );
    let engine = Engine::new(settings());
    let report = run_with(&engine, &workflow, RunOptions::new(folder.path()));
    assert_eq!(report.outcome, RunOutcome::Failed, "{report:#?}");
    let (flaky, unready) = (&report.steps[0], &report.steps[1]);
    assert_eq!((flaky.attempts, unready.attempts), (9, 0), "{report:#?}");
    // Two of the first, three of each other, and the step that no attempt could be made of.
    assert_eq!(counted(&engine, "errors"), Some(2 + 3 + 3 + 1));
    assert_eq!(counted(&engine, "errors_recovered"), Some(2));
}

/// Each rule that the settings accept is raised by a run that does all that there is to measure.
#[test]
fn every_rule_that_is_accepted_can_be_raised() {
    let folder = Folder::with(&[("a.txt", "The shed opens with the brass key.")]);
    let workflow = "
on_failure: continue
steps:
  - {id: texts, read: a.txt}
  - {id: why, ask: {prompt: Which key?, context: [texts], provider: extractive}}
";
    let (mut text, mut names) = (String::new(), Vec::new());
    for metric in METRICS {
        let statistic = match metric.kind {
            Kind::Timer | Kind::Histogram => "mean",
            Kind::Counter | Kind::Gauge => "value",
        };
        let name = metric.name;
        let rule = format!(
            "[alerts.{name}]\nmetric = \"{name}\"\nstatistic = \"{statistic}\"\nabove = -1e18\n"
        );
        if Settings::from_toml(&rule).is_ok() {
            text += &rule;
            names.push(name);
        }
    }
    assert!(names.len() >= 20, "{names:?}");
    let engine = Engine::new(Settings::from_toml(&text).unwrap_or_else(|e| panic!("{e}")));
    // The fourth is the first that is compared with those before it.
    let runs = (0..4).map(|_| run_with(&engine, workflow, RunOptions::new(folder.path())));
    let runs: Vec<RunReport> = runs.collect();
    let last = runs.last().expect("four");
    assert_eq!(last.outcome, RunOutcome::Succeeded, "{last:#?}");
    let peak = last.memory.and_then(|memory| memory.peak_bytes);
    for name in names {
        let is_raised = last
            .alerts
            .iter()
            .any(|alert| alert.rule == name && alert.is_raised);
        // The kernel does not tell everywhere.
        let is_told = name != "memory_peak" || peak.is_some();
        assert!(is_raised || !is_told, "{name}: {:#?}", last.alerts);
    }
}

/// Prometheus takes the first number that it sees of a series for where counting began.
#[test]
fn what_is_counted_by_outcome_begins_at_0() {
    let engine = Engine::new(settings());
    let outcomes = ["succeeded", "failed", "interrupted"];
    let runs = outcomes.map(|outcome| format!("runs{{outcome=\"{outcome}\"}}"));
    let outcomes = ["succeeded", "failed", "skipped", "cancelled"];
    let steps = outcomes.map(|outcome| format!("steps{{outcome=\"{outcome}\"}}"));
    let severities = ["info", "warning", "critical"];
    let alerts = severities.map(|severity| format!("alerts{{severity=\"{severity}\"}}"));
    let others = ["errors", "errors_recovered"].map(str::to_owned);
    for key in runs.iter().chain(&steps).chain(&alerts).chain(&others) {
        assert_eq!(counted(&engine, key), Some(0), "{key}");
    }
    let folder = Folder::with(&[]);
    let workflow = "steps: [{id: a, run: 'exit 1'}, {id: b, needs: [a], run: echo}]";
    run_with(&engine, workflow, RunOptions::new(folder.path()));
    let counts = runs.iter().chain(&steps).map(|key| counted(&engine, key));
    let counts: Vec<u64> = counts.map(|n| n.expect("still there")).collect();
    assert_eq!(counts, [0, 1, 0, 0, 1, 1, 0]);
}

#[test]
fn a_gauge_of_an_earlier_run_is_no_figure_of_this_one() {
    let folder = Folder::with(&[]);
    let rule = "[alerts.any]\nmetric = \"run_time_use\"\nabove = -1\nfor_runs = 2\n";
    let engine = Engine::new(Settings::from_toml(rule).unwrap_or_else(|e| panic!("{e}")));
    let workflow = "steps: [{id: a, run: 'exit ${{ env.CODE }}'}]";
    // Runs that fail are compared with none, as are the first three.
    let told = ["0", "0", "0", "0", "1", "0"].map(|code| {
        let mut options = RunOptions::new(folder.path());
        options.env = [("CODE".to_owned(), code.to_owned())].into();
        let report = run_with(&engine, workflow, options);
        let expect = match code {
            "0" => RunOutcome::Succeeded,
            _ => RunOutcome::Failed,
        };
        assert_eq!(report.outcome, expect, "{report:#?}");
        report.alerts.iter().any(|alert| alert.rule == "any")
    });
    assert_eq!(told, [false, false, false, false, false, true]);
}
