//! Files, commands and folders that go wrong: one clear error each, nothing lost, nothing left behind.

use std::time::Duration;

use autoexec_engine::report::{RunOutcome, StepOutcome};
use autoexec_engine::{Engine, RunOptions};
use autoexec_tests::{Folder, run, run_with, settings, step};
use tokio_util::sync::CancellationToken;

/// The error of step `a` of a workflow.
#[track_caller]
fn error(folder: &Folder, workflow: &str) -> String {
    let report = run(folder, workflow);
    let a = step(&report, "a");
    assert_eq!(a.outcome, StepOutcome::Failed, "{report:#?}");
    assert_eq!(report.outcome, RunOutcome::Failed);
    a.error.clone().expect("a failed step has an error")
}

#[track_caller]
fn check(folder: &Folder, workflow: &str, expect: &str) {
    let error = error(folder, workflow);
    assert!(error.contains(expect), "`{error}` lacks `{expect}`");
}

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::with(&[
        ("a.txt", "abc"),
        ("dir/x.txt", "x"),
        ("big.txt", &"x".repeat(2000)),
    ]);
    check(
        &folder,
        "steps: [{id: a, read: nope.txt}]",
        "`nope.txt` no such file",
    );
    check(&folder, "steps: [{id: a, read: dir}]", "`dir` is a folder");
    check(
        &folder,
        "steps: [{id: a, read: '*.rs'}]",
        "`*.rs` matches no file",
    );
    check(
        &folder,
        "steps: [{id: a, read: {files: big.txt, max_file_size: 1 KiB}}]",
        "`big.txt` has 1.95 KiB, more than the limit of 1.00 KiB",
    );
    let skipped = run(
        &folder,
        "steps: [{id: a, read: {files: ['*.txt', nope], max_file_size: 1 KiB, on_problem: skip}}]",
    );
    assert_eq!(skipped.outcome, RunOutcome::Succeeded);
    let subjects: Vec<&str> = step(&skipped, "a")
        .problems
        .iter()
        .map(|p| p.subject.as_str())
        .collect();
    assert_eq!(subjects, ["nope", "big.txt"]);
    assert_eq!(step(&skipped, "a").summary, "1 file, 3 B");
    let empty = run(
        &folder,
        "steps: [{id: a, read: {files: ['*.rs', nope], allow_empty: true}}]",
    );
    assert_eq!(
        (empty.outcome, step(&empty, "a").summary.as_str()),
        (RunOutcome::Succeeded, "0 files, 0 B")
    );
}

/// A folder that was read is exchanged for a link out of the root before its files are asked for again.
#[cfg(unix)]
#[test]
fn a_folder_that_becomes_a_link_out_of_the_root_is_not_followed() {
    for freshness in ["validate", "watch"] {
        let outside = Folder::with(&[("f.txt", "secret"), ("g.txt", "secret")]);
        let folder = Folder::with(&[("d/f.txt", "public"), ("d/g.txt", "public")]);
        let text = format!("[files]\nfreshness = \"{freshness}\"\n");
        let settings = autoexec_engine::Settings::from_toml(&text).expect("valid settings");
        let workflow = format!(
            "steps:
  - {{id: a, read: 'd/*.txt'}}
  - {{id: b, run: 'mv d e && ln -s {} d', needs: [a]}}
  - {{id: s, search: {{in: a, pattern: 'secret|public'}}, needs: [b]}}
  - {{id: q, ask: {{prompt: 'secret or public?', context: [a]}}, needs: [b]}}
  - {{id: r, consolidate: {{from: [s, q], output: report.md}}}}",
            outside.path().display()
        );
        let report = run_with(
            &Engine::new(settings),
            &workflow,
            RunOptions::new(folder.path()),
        );
        let search = step(&report, "s");
        assert_eq!(search.summary, "0 matches in 0 of 0 files", "{report:#?}");
        let problems: Vec<_> = search
            .problems
            .iter()
            .map(|p| (p.subject.as_str(), p.message.as_str()))
            .collect();
        assert_eq!(
            problems,
            [
                ("d/f.txt", "leads out of the root"),
                ("d/g.txt", "leads out of the root")
            ]
        );
        let written = std::fs::read_to_string(folder.join("report.md")).expect("a report");
        assert!(!written.contains("> secret"), "{written}");
    }
}

#[cfg(unix)]
#[test]
fn links_out_of_the_root_and_strange_files() {
    use std::os::unix::fs::symlink;
    let outside = Folder::with(&[("secret.txt", "secret"), ("d/secret.txt", "secret")]);
    let folder = Folder::with(&[("in.txt", "fine")]);
    symlink(outside.join("secret.txt"), folder.join("link.txt")).expect("a link");
    symlink(outside.join("d"), folder.join("linkdir")).expect("a link");
    symlink("in.txt", folder.join("inner.txt")).expect("a link");
    symlink("loop.txt", folder.join("loop.txt")).expect("a link");
    check(
        &folder,
        "steps: [{id: a, read: link.txt}]",
        "`link.txt` leads out of the root",
    );
    check(
        &folder,
        "steps: [{id: a, read: linkdir/secret.txt}]",
        "leads out of the root",
    );
    check(
        &folder,
        "steps: [{id: a, read: 'linkdir/*.txt'}]",
        "leads out of the root",
    );
    check(&folder, "steps: [{id: a, read: loop.txt}]", "loop");
    check(
        &folder,
        "inputs: {p: ../x}\nsteps: [{id: a, read: '${{ inputs.p }}'}]",
        "leads out of its folder",
    );
    check(
        &folder,
        "steps: [{id: a, run: {shell: pwd, cwd: linkdir}}]",
        "cwd",
    );
    let all = run(
        &folder,
        "steps: [{id: a, read: {files: '**/*.txt', on_problem: skip}}, {id: s, search: {in: a, pattern: secret}}]",
    );
    assert_eq!(step(&all, "s").summary, "0 matches in 0 of 1 file");
    let mut subjects: Vec<&str> = step(&all, "a")
        .problems
        .iter()
        .map(|p| p.subject.as_str())
        .collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["link.txt", "loop.txt"]);
}

#[cfg(unix)]
#[test]
fn a_fifo_is_refused_and_does_not_hang() {
    let folder = Folder::with(&[("x.txt", "x")]);
    let made = std::process::Command::new("mkfifo")
        .arg(folder.join("pipe.txt"))
        .status()
        .expect("mkfifo");
    assert!(made.success());
    check(
        &folder,
        "steps: [{id: a, read: '*.txt', timeout: 20s}]",
        "`pipe.txt` is not a regular file",
    );
}

#[test]
fn binary_files_and_invalid_utf8() {
    let folder = Folder::with(&[]);
    folder.write("bin.dat", b"TODO\0\x01\x02");
    folder.write("latin.dat", b"caf\xe9 TODO\r\n\xef\xbb\xbfTODO");
    let report = run(
        &folder,
        "steps: [{id: r, read: '*.dat'}, {id: s, search: {in: r, pattern: TODO}}]\noutputs: {t: '${{ steps.s.findings[0].text }}'}",
    );
    assert_eq!(report.outcome, RunOutcome::Succeeded);
    assert_eq!(step(&report, "s").summary, "2 matches in 1 of 1 file");
    assert_eq!(step(&report, "s").problems[0].subject, "bin.dat");
    assert_eq!(report.outputs["t"], "caf\u{fffd} TODO");
}

#[test]
fn commands_that_fail() {
    let folder = Folder::with(&[("data.txt", "not a program")]);
    check(
        &folder,
        "steps: [{id: a, run: 'echo out; exit 3'}]",
        "exit code 3; it said: out",
    );
    check(
        &folder,
        "steps: [{id: a, run: [autoexec-no-such-program]}]",
        "command not found: `autoexec-no-such-program`",
    );
    check(
        &folder,
        "steps: [{id: a, run: [./data.txt]}]",
        "may not be executed",
    );
    check(
        &folder,
        "steps: [{id: a, run: 'kill -9 $$'}]",
        "killed by SIGKILL (9)",
    );
    check(
        &folder,
        "steps: [{id: a, run: 'kill -TERM $$'}]",
        "killed by SIGTERM (15)",
    );
    check(
        &folder,
        "steps: [{id: a, run: {shell: x, cwd: nope}}]",
        "cwd",
    );
    check(
        &folder,
        "steps: [{id: a, run: sleep 60, timeout: 50ms}]",
        "timed out after 50ms",
    );
    check(
        &folder,
        "steps: [{id: a, foreach: [0, 5], run: 'exit ${{ item }}'}]",
        "1 of 2 tasks failed; task 1: exit code 5",
    );
    check(
        &folder,
        "steps: [{id: a, foreach: '1 + 1', run: x}]",
        "not a list",
    );
    check(
        &folder,
        "steps: [{id: b, run: 'true'}, {id: a, run: 'echo ${{ steps.b.stdout.nope.x }}'}]",
        "`steps.b.stdout.nope.x`",
    );
}

#[test]
fn a_timeout_ends_the_whole_process_group() {
    let folder = Folder::with(&[]);
    let workflow = "steps: [{id: a, timeout: 200ms, run: '(trap \"\" TERM; sleep 1.5; touch late) & (sleep 1.5; touch late) & wait'}]";
    check(&folder, workflow, "timed out after 200ms");
    std::thread::sleep(Duration::from_millis(1800));
    assert!(
        folder.names().is_empty(),
        "a child of the command outlived it"
    );
}

#[test]
fn output_of_a_hundred_megabytes() {
    let folder = Folder::with(&[]);
    let report = run(
        &folder,
        "steps: [{id: a, run: {shell: 'head -c 100000000 /dev/zero | tr \"\\0\" x; echo END', output_limit: 64 KiB}}]\noutputs: {tail: '${{ steps.a.stdout[-4:] }}', bytes: '${{ steps.a.stdout_bytes }}', cut: '${{ steps.a.truncated }}'}",
    );
    assert_eq!(report.outcome, RunOutcome::Succeeded, "{report:#?}");
    assert_eq!(
        (
            report.outputs["tail"].as_str(),
            report.outputs["bytes"].as_str(),
            report.outputs["cut"].as_str()
        ),
        ("END\n", "100000004", "true")
    );
}

#[test]
fn cancelling_ends_commands_and_reports_what_finished() {
    let folder = Folder::with(&[]);
    let mut options = RunOptions::new(folder.path());
    options.cancel = CancellationToken::new();
    let cancel = options.cancel.clone();
    let mark = folder.join("started");
    let canceller = std::thread::spawn(move || {
        while !mark.exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        cancel.cancel();
    });
    let workflow = "
steps:
  - {id: first, run: 'true'}
  - {id: long, needs: first, run: 'touch started; sleep 60; touch late'}
  - {id: never, needs: long, run: 'touch late'}
";
    let report = run_with(&Engine::new(settings()), workflow, options);
    canceller.join().expect("joined");
    assert_eq!(report.outcome, RunOutcome::Interrupted);
    let outcomes: Vec<StepOutcome> = report.steps.iter().map(|s| s.outcome).collect();
    assert_eq!(
        outcomes,
        [
            StepOutcome::Succeeded,
            StepOutcome::Cancelled,
            StepOutcome::Cancelled
        ]
    );
    assert_eq!(folder.names(), ["started"]);
}

#[test]
fn a_report_that_cannot_be_written() {
    let folder = Folder::with(&[("x.txt", "x"), ("file", "in the way"), ("taken/keep", "")]);
    let write = |output: &str| {
        format!(
            "steps: [{{id: r, read: x.txt}}, {{id: a, consolidate: {{from: r, output: {output}}}}}]"
        )
    };
    check(&folder, &write("file/report.md"), "cannot write");
    check(&folder, &write("taken"), "cannot write");
    assert_eq!(folder.names(), ["file", "taken", "x.txt"]);
    check(
        &folder,
        "inputs: {o: ../o.md}\nsteps: [{id: r, read: x.txt}, {id: a, consolidate: {from: r, output: '${{ inputs.o }}'}}]",
        "leads out",
    );
}

#[cfg(unix)]
#[test]
fn a_link_cannot_carry_the_report_out_of_its_folder() {
    let outside = Folder::with(&[("victim.md", "mine")]);
    let folder = Folder::with(&[("x.txt", "x")]);
    std::os::unix::fs::symlink(outside.path(), folder.join("out")).expect("a link");
    std::os::unix::fs::symlink(outside.join("victim.md"), folder.join("report.md"))
        .expect("a link");
    let write = |output: &str| {
        format!(
            "steps: [{{id: r, read: x.txt}}, {{id: a, consolidate: {{from: r, output: {output}}}}}]"
        )
    };
    check(&folder, &write("out/report.md"), "cannot write");
    check(&folder, &write("report.md"), "cannot write");
    check(&folder, &write("out/deep/er/report.md"), "cannot write");
    assert_eq!(outside.names(), ["victim.md"]);
    assert_eq!(
        std::fs::read_to_string(outside.join("victim.md")).expect("read"),
        "mine"
    );
}

#[test]
fn a_question_or_a_search_that_takes_long_can_be_stopped() {
    let text: String = (0..19_000)
        .map(|i| format!("Sentence w{i} a{} b{} c{} ends.\n\n", i * 7, i * 11, i * 13))
        .collect();
    let folder = Folder::with(&[("t.md", &text), ("big.txt", &"use x\n".repeat(400_000))]);
    check(
        &folder,
        "steps: [{id: r, read: t.md}, {id: a, timeout: 300ms, ask: {prompt: x, context: r, max_tokens: 1000000}}]",
        "timed out",
    );
    check(
        &folder,
        "steps: [{id: r, read: big.txt}, {id: a, timeout: 300ms, search: {in: r, pattern: '(?s)use.*'}}]",
        "timed out",
    );
}

#[test]
fn a_replaced_report_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with(&[("x.txt", "x"), ("report.md", "old")]);
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(folder.join("report.md"), mode).expect("set");
    let report = run(
        &folder,
        "steps: [{id: r, read: x.txt}, {id: a, consolidate: {from: r, output: report.md}}]",
    );
    assert_eq!(report.outcome, RunOutcome::Succeeded);
    let mode = std::fs::metadata(folder.join("report.md"))
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}
