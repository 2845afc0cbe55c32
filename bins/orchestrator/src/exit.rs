//! Exit codes.

use std::process::ExitCode;

use autoexec_engine::report::RunOutcome;

/// What `--help` says about exit codes.
pub(crate) const HELP: &str = "Exit codes:
  0    everything succeeded
  1    a step failed, or all evaluations did; the report could not be printed, or metrics, a plot, a table or a state not be
       written in the end; what must stay exceeds the budget of a trim; with --fail-on-alert an alert is raised, with
       report --fail something became worse, with doctor --fail there is a warning, with tune --apply no gain is shown
  2    bad input: arguments, settings, the workflow file, its inputs; nothing was run
  130  interrupted by SIGINT, SIGTERM or SIGHUP; what finished is reported";

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Success,
    StepFailed,
    BadInput,
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::StepFailed => 1,
            Exit::BadInput => 2,
            Exit::Interrupted => 130,
        })
    }
}

impl From<RunOutcome> for Exit {
    fn from(outcome: RunOutcome) -> Self {
        match outcome {
            RunOutcome::Succeeded => Self::Success,
            RunOutcome::Failed => Self::StepFailed,
            RunOutcome::Interrupted => Self::Interrupted,
        }
    }
}

/// Says what is wrong with the input.
pub(crate) fn bad_input(message: &str) -> ExitCode {
    crate::report::error(message);
    Exit::BadInput.into()
}
