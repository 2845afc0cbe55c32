//! `run`: a command, and how its end becomes an output or an error.

use std::path::Path;
use std::time::Instant;

use crate::error::StepError;
use crate::trace::What;
use crate::workflow::model::Run;

use super::actions::One;
use super::output::{Output, RunOutput};
use super::process;

impl One<'_> {
    pub(super) async fn run(&self, run: &Run) -> Result<Output, StepError> {
        let argv = match &run.shell {
            Some(line) => vec!["sh".to_owned(), "-c".to_owned(), self.render(line)?],
            None => self.render_all(&run.argv)?,
        };
        let cwd = self.render(&run.cwd)?;
        let root = &self.runner.root;
        let folder = root
            .resolve(Path::new(&cwd))
            .map_err(|e| StepError::Invalid(format!("cwd: failed to {e}")))?;
        let mut env = self.runner.env.clone();
        env.extend(self.render_map(&self.step.env)?);
        let settings = &self.runner.shared.settings.commands;
        let command = process::Command {
            cwd: folder,
            env: env.into_iter().collect(),
            stdin: run.stdin.as_deref().map(|t| self.render(t)).transpose()?,
            output_limit: run.output_limit.unwrap_or(settings.output_limit) as usize,
            kill_grace: settings.kill_grace,
            leftovers: process::Leftovers::Spared,
            argv,
        };
        let started = Instant::now();
        let ended = process::run(&command, self.stop)
            .await
            .map_err(|e| spawn_error(&command, &e))?;
        let bytes = ended.stdout.total + ended.stderr.total;
        let result = self.ended(run, &command, ended);
        if let Some(trace) = &self.trace {
            let succeeded = result.is_ok();
            trace.other(started, What::Command { bytes, succeeded });
        }
        result
    }

    /// Success by the exit code, or the error with everything that was said.
    fn ended(
        &self,
        run: &Run,
        command: &process::Command,
        ended: process::Ended,
    ) -> Result<Output, StepError> {
        if ended.stopped {
            return Err(StepError::Stopped);
        }
        let shown = run
            .shell
            .as_ref()
            .and_then(|_| command.argv.get(2))
            .cloned();
        let output = RunOutput {
            command: shown.unwrap_or_else(|| command.argv.join(" ")),
            exit_code: ended.status.code(),
            truncated: ended.stdout.dropped() + ended.stderr.dropped() > 0,
            stdout_bytes: ended.stdout.total,
            stderr_bytes: ended.stderr.total,
            stdout: ended.stdout.text(),
            stderr: ended.stderr.text(),
        };
        let why = match output.exit_code {
            Some(code) if run.success_codes.contains(&code) => return Ok(Output::Run(output)),
            Some(code) => format!("exit code {code}"),
            None => format!("killed by {}", signal_name(&ended.status)),
        };
        Err(StepError::Command(
            format!("{why}{}", said(&output)),
            Box::new(output),
        ))
    }
}

fn spawn_error(command: &process::Command, error: &std::io::Error) -> StepError {
    let program = command.argv.first().map(String::as_str).unwrap_or_default();
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            StepError::Invalid(format!("command not found: `{program}`"))
        }
        std::io::ErrorKind::PermissionDenied => {
            StepError::Invalid(format!("`{program}` may not be executed"))
        }
        _ => StepError::Failed(format!("cannot run `{program}`: {error}")),
    }
}

/// The last lines that a command said, as a hint why it failed.
fn said(output: &RunOutput) -> String {
    let stream = if output.stderr.trim().is_empty() {
        &output.stdout
    } else {
        &output.stderr
    };
    let lines: Vec<&str> = stream.lines().filter(|l| !l.trim().is_empty()).collect();
    match lines.as_slice() {
        [] => String::new(),
        lines => {
            let last = lines[lines.len().saturating_sub(3)..].join(" / ");
            format!("; it said: {}", last.chars().take(400).collect::<String>())
        }
    }
}

#[cfg(unix)]
fn signal_name(status: &std::process::ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    let name = |n| match n {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        6 => "SIGABRT",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => "a signal",
    };
    status.signal().map_or_else(
        || "an unknown cause".into(),
        |n| format!("{} ({n})", name(n)),
    )
}

#[cfg(not(unix))]
fn signal_name(_: &std::process::ExitStatus) -> String {
    "an unknown cause".into()
}
