//! Running commands: streamed, captured, or both.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

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

/// Runs a command silently to its end, which has to come within the patience.
///
/// # Errors
/// When it cannot be started, or was ended because it hung.
pub(crate) fn output(command: &mut Command, patience: Duration) -> Result<Output> {
    let name = shown(command);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    let (out, errors) = (drained(child.stdout.take()), drained(child.stderr.take()));
    let status = end_of(&mut child, patience).with_context(|| format!("`{name}`"))?;
    let all = |reader: thread::JoinHandle<Vec<u8>>| reader.join().unwrap_or_default();
    Ok(Output {
        status,
        stdout: all(out),
        stderr: all(errors),
    })
}

/// Reads it to its end beside what else is done, so that the child is never held up by a full pipe.
fn drained(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

/// Waits for a child, and ends it when that takes too long.
fn end_of(child: &mut Child, patience: Duration) -> Result<ExitStatus> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait().context("cannot be waited for")? {
            return Ok(status);
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            bail!("did not end within {} s", patience.as_secs());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Runs a command and gives each line of its standard output to `take` as it comes. Standard error goes
/// to the terminal.
///
/// # Errors
/// When it cannot be started, when it was ended because it said nothing for longer than the patience, and
/// those of `take`, which end it too.
pub(crate) fn lines(
    command: &mut Command,
    patience: Duration,
    take: &mut dyn FnMut(&str) -> Result<()>,
) -> Result<ExitStatus> {
    let name = shown(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    let pipe = child
        .stdout
        .take()
        .expect("because it was asked to be piped");
    let (sender, said) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    let ended = loop {
        match said.recv_timeout(patience) {
            Ok(line) => {
                if let Err(error) = take(&line) {
                    break Err(error);
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break Ok(()),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                break Err(anyhow::anyhow!(
                    "`{name}` said nothing for {} s",
                    patience.as_secs()
                ));
            }
        }
    };
    if let Err(error) = ended {
        let _ = child.kill();
        let _ = child.wait();
        return Err(error);
    }
    end_of(&mut child, patience).with_context(|| format!("`{name}`"))
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

    const SOON: Duration = Duration::from_millis(50);
    const LATE: Duration = Duration::from_secs(60);

    #[test]
    fn what_hangs_is_ended_and_named() {
        let error = output(&mut sh("exec sleep 60"), SOON).unwrap_err();
        assert!(format!("{error:#}").contains("did not end"), "{error:#}");
        let mut take = |_: &str| Ok(());
        let error = lines(&mut sh("echo one; exec sleep 60"), SOON, &mut take).unwrap_err();
        assert!(error.to_string().contains("said nothing"), "{error}");
    }

    #[test]
    fn all_output_of_what_ends_is_there_however_much() {
        let all = output(
            &mut sh("head -c 300000 /dev/zero; echo why >&2; exit 3"),
            LATE,
        );
        let all = all.unwrap();
        assert_eq!((all.status.code(), all.stdout.len()), (Some(3), 300_000));
        assert_eq!(all.stderr, b"why\n");
        let mut count = 0;
        let mut take = |_: &str| {
            count += 1;
            Ok(())
        };
        let status = lines(&mut sh("seq 1000; exit 4"), LATE, &mut take).unwrap();
        assert_eq!((status.code(), count), (Some(4), 1_000));
        let mut refuse = |line: &str| bail!("no {line}");
        let error = lines(&mut sh("echo x; exec sleep 60"), LATE, &mut refuse).unwrap_err();
        assert_eq!(error.to_string(), "no x");
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
