//! Running commands: streamed, captured, or both.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

/// The cargo that started this task, in the workspace root, reading nothing from the terminal.
pub(crate) fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    command(program, root)
}

/// Any program in the workspace root, reading nothing from the terminal.
pub(crate) fn command(program: impl AsRef<OsStr>, root: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root).stdin(Stdio::null());
    command
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs a command whose output goes straight to the terminal.
pub(crate) fn stream(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start `{}`", shown(command)))?;
    succeeded(command, status)
}

/// Runs a command, copying its standard output to `screen` as it comes, and returns it too.
///
/// Standard error goes to the terminal as it is, so that cargo keeps its colours.
pub(crate) fn tee(command: &mut Command, screen: &mut dyn Write) -> Result<(ExitStatus, String)> {
    let name = shown(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    let mut pipe = BufReader::new(
        child
            .stdout
            .take()
            .expect("because standard output was asked to be piped"),
    );
    let mut bytes = Vec::new();
    loop {
        let start = bytes.len();
        if pipe
            .read_until(b'\n', &mut bytes)
            .with_context(|| format!("cannot read from `{name}`"))?
            == 0
        {
            break;
        }
        // Whoever closes the screen still wants to know how the command ends.
        let _ = screen
            .write_all(&bytes[start..])
            .and_then(|()| screen.flush());
    }
    let status = child
        .wait()
        .with_context(|| format!("cannot wait for `{name}`"))?;
    Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
}

/// Runs a command silently; its standard output is the answer, all it said is part of the error.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let name = shown(command);
    let output = command
        .output()
        .with_context(|| format!("cannot start `{name}`"))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    bail!("`{name}` failed ({})\n{stdout}{stderr}", output.status)
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!("`{}` failed ({status})", shown(command))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut shell = command("sh", Path::new("."));
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn tee_shows_and_returns_output_and_status_of_a_failing_command() {
        let mut screen = Vec::new();
        let (status, text) = tee(&mut sh("echo one; printf two; exit 3"), &mut screen).unwrap();
        assert_eq!(screen, b"one\ntwo");
        assert_eq!((status.code(), text.as_str()), (Some(3), "one\ntwo"));
    }

    #[test]
    fn capture_puts_both_streams_into_the_error() {
        assert_eq!(capture(&mut sh("echo fine")).unwrap(), "fine\n");
        let error = capture(&mut sh("echo said; echo why >&2; exit 1"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("said\nwhy"), "{error}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = stream(&mut command("no-such-program", Path::new("."))).unwrap_err();
        assert!(
            error.to_string().contains("cannot start `no-such-program`"),
            "{error}"
        );
    }
}
