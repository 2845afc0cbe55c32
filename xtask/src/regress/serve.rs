//! A process that runs iterations of one benchmark when told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::clock::Times;

/// How long an answer may take: nobody waits for one that hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long one that failed may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);

/// A running `--turns ID`. Dropping it ends it.
pub(super) struct Server {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    complaints: Option<JoinHandle<String>>,
}

impl Server {
    /// Starts a bench binary; `command` lacks only the arguments. It is not waited for.
    pub(super) fn start(mut command: Command, id: &str) -> Result<Self> {
        let mut child = command
            .args(["--turns", id])
            // What it says when it panics is quoted; the way there would fill a screen.
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("the bench binary cannot be started")?;
        let output = child.stdout.take().context("it has no output")?;
        let mut errors = child.stderr.take().context("it has no standard error")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let complaints = thread::spawn(move || {
            let mut text = Vec::new();
            let _ = errors.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Ok(Self {
            input: child.stdin.take(),
            child,
            lines,
            complaints: Some(complaints),
        })
    }

    /// Waits until it has prepared what it needs.
    pub(super) fn ready(&mut self) -> Result<()> {
        match self.line()?.as_str() {
            "ready" => Ok(()),
            _ => Err(self.ended("its preparation")),
        }
    }

    /// Has it run so many iterations.
    pub(super) fn ask(&mut self, iterations: u64) -> Result<Times> {
        let input = self.input.as_mut().context("it was told to end")?;
        if writeln!(input, "{iterations}").is_err() {
            return Err(self.ended("its turns"));
        }
        let line = self.line()?;
        match Times::parse(&line) {
            Some(times) => Ok(times),
            None if line.starts_with("failed\t") => Err(self.ended("its turns")),
            None => bail!("it answered `{line}`"),
        }
    }

    /// Ends it, and hears whether what it checks at its end is right.
    pub(super) fn finish(mut self) -> Result<()> {
        drop(self.input.take());
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().context("it cannot be waited for")? {
                Some(status) if status.success() => return Ok(()),
                Some(_) => return Err(self.ended("its end")),
                None if Instant::now() > deadline => bail!("it does not end"),
                None => thread::sleep(Duration::from_micros(500)),
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Ok(line),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                bail!("no answer within {} s", PATIENCE.as_secs())
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(self.ended("its turns")),
        }
    }

    /// How it ended: by itself if it is about to, else by us.
    fn status(&mut self) -> std::io::Result<ExitStatus> {
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.child.kill()?;
        self.child.wait()
    }

    /// The error of a process that has ended, or is about to: what it said.
    fn ended(&mut self, during: &str) -> anyhow::Error {
        drop(self.input.take());
        let status = self.status();
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        let said = self.complaints.take().and_then(|it| it.join().ok());
        anyhow::anyhow!(
            "failed in {during} ({status})\n{}",
            said.unwrap_or_default().trim_end()
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.input.take());
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::path::Path;

    fn serve(script: &str) -> Server {
        let mut shell = crate::process::command("sh", Path::new("."));
        shell.args(["-c", script, "sh"]);
        Server::start(shell, "a/b").expect("because there is a shell")
    }

    #[test]
    fn turns_are_asked_for_and_answered() {
        let mut server =
            serve(r#"[ "$*" = "--turns a/b" ] && echo ready; while read n; do echo $n 2 3; done"#);
        server.ready().unwrap();
        for iterations in [7, 8] {
            assert_eq!(server.ask(iterations).unwrap().thread_ns, iterations);
        }
        server.finish().unwrap();
    }

    #[test]
    fn who_panics_is_quoted_wherever_it_happens() {
        let mut early = serve("echo the reason >&2; exit 101");
        assert!(
            early
                .ready()
                .unwrap_err()
                .to_string()
                .contains("the reason")
        );
        let mut amid = serve("echo ready; read n; echo the reason >&2; exit 101");
        amid.ready().unwrap();
        assert!(amid.ask(1).unwrap_err().to_string().contains("the reason"));
        let mut late =
            serve("echo ready; while read n; do echo 1 2 3; done; echo the reason >&2; exit 1");
        late.ready().unwrap();
        late.ask(1).unwrap();
        assert!(
            late.finish()
                .unwrap_err()
                .to_string()
                .contains("the reason")
        );
    }

    #[test]
    fn nonsense_is_no_answer() {
        let mut server = serve("echo ready; read n; echo soon; read n");
        server.ready().unwrap();
        assert!(server.ask(1).unwrap_err().to_string().contains("`soon`"));
    }
}
