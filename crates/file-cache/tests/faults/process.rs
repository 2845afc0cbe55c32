//! Tests that need a process of their own: this binary again, with one test.

use std::ffi::OsStr;
use std::process::{Command, Output};

/// Names the test that a process was started for.
const INSIDE: &str = "AUTOEXEC_TEST_ALONE";

/// Whether this process was started for `test`.
pub(crate) fn is_inside(test: &str) -> bool {
    std::env::var_os(INSIDE).is_some_and(|inside| inside == OsStr::new(test))
}

/// A command that runs `test` alone, behind the words of `before`.
pub(crate) fn command(test: &str, before: &[&str]) -> Command {
    let own = std::env::current_exe().unwrap();
    let mut command = match before {
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments).arg(own);
            command
        }
        [] => Command::new(own),
    };
    command.args(["--exact", test, "--nocapture"]);
    command.env(INSIDE, test);
    command
}

/// What a process said, when it failed.
pub(crate) fn complaint(output: &Output) -> Option<String> {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (!output.status.success()).then(|| text(&output.stdout) + &text(&output.stderr))
}

/// Runs `test` alone; `true` in the process that is to do what it does.
pub(crate) fn alone(test: &str) -> bool {
    if is_inside(test) {
        return true;
    }
    let output = command(test, &[]).output().unwrap();
    assert_eq!(complaint(&output), None);
    false
}
