//! What the tests of the binary have in common.

use std::process::Command;

use autoexec_tests::{Folder, outcome};

/// The binary, without colours, and without settings from the environment of the tests.
pub(crate) fn orchestrator() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orchestrator"));
    command
        .env_remove("AUTOEXEC_CONFIG")
        .env_remove("AUTOEXEC_LOG")
        .env("NO_COLOR", "1");
    command
}

/// Runs it in a folder: exit code, standard output, standard error.
pub(crate) fn run(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = orchestrator();
    let command = command.current_dir(folder.path()).args(arguments);
    outcome(&command.output().expect("it runs"))
}
