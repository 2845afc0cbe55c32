//! Commands in process groups of their own: bounded output, ended as a whole.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What to run.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(crate) argv: Vec<String>,
    pub(crate) cwd: PathBuf,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) stdin: Option<String>,
    /// Bytes kept of each stream.
    pub(crate) output_limit: usize,
    /// Between asking the group to end and killing it.
    pub(crate) kill_grace: Duration,
    pub(crate) leftovers: Leftovers,
}

/// What becomes of what a command left running in its group when it ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leftovers {
    /// What holds the output open is killed after `kill_grace`. What closed it is its own business.
    Spared,
    /// All of it is killed, after this time if it holds the output open, else at once.
    Killed(Duration),
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Captured,
    pub(crate) stderr: Captured,
    /// Whether it was ended because `stop` was cancelled.
    pub(crate) stopped: bool,
}

/// The head and the tail of a stream.
#[derive(Debug, Default)]
pub(crate) struct Captured {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    half: usize,
    /// Bytes in all.
    pub(crate) total: u64,
}

impl Captured {
    fn new(limit: usize) -> Self {
        Self {
            half: (limit / 2).max(1),
            ..Self::default()
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let room = self.half.saturating_sub(self.head.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        self.head.extend_from_slice(first);
        let rest = &rest[rest.len().saturating_sub(self.half)..];
        let over = (self.tail.len() + rest.len()).saturating_sub(self.half);
        self.tail.drain(..over);
        self.tail.extend(rest);
    }

    /// Bytes that were not kept.
    pub(crate) fn dropped(&self) -> u64 {
        self.total - (self.head.len() + self.tail.len()) as u64
    }

    /// The text; invalid UTF-8 is replaced, and what is missing is said.
    pub(crate) fn text(mut self) -> String {
        let dropped = self.dropped();
        let tail = self.tail.make_contiguous();
        if dropped == 0 {
            self.head.extend_from_slice(tail);
            return String::from_utf8_lossy(&self.head).into_owned();
        }
        let (head, tail) = (
            String::from_utf8_lossy(&self.head),
            String::from_utf8_lossy(tail),
        );
        format!("{head}\n[… {dropped} bytes left out …]\n{tail}")
    }
}

/// Kills the group when the future that waits for it is dropped.
struct Group(Option<Pid>);

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.0 {
            // The group may be gone already; then there is nothing left to end.
            _ = kill_process_group(pid, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Runs a command to its end, or ends its whole process group when `stop` is cancelled: SIGTERM, a pause, SIGKILL.
///
/// Children that outlive the command and hold its output open get a pause, then are killed: a step ends when its command
/// has. From then on `stop` only cuts the pause short. A child that makes a session of its own leaves the group, and is not
/// reached.
///
/// # Errors
/// Spawning failed.
pub(crate) async fn run(command: &Command, stop: &CancellationToken) -> io::Result<Ended> {
    let mut child = spawn(command)?;
    let mut group = Group(child.id().and_then(|id| Pid::from_raw(id as i32)));
    let feeder = feed(child.stdin.take(), command.stdin.clone());
    let stdout = capture(child.stdout.take(), command.output_limit);
    let stderr = capture(child.stderr.take(), command.output_limit);
    let mut stopped = false;
    let status = tokio::select! {
        status = child.wait() => status?,
        () = stop.cancelled() => {
            stopped = true;
            group.signal(Signal::TERM);
            match tokio::time::timeout(command.kill_grace, child.wait()).await {
                Ok(status) => status?,
                Err(_) => {
                    group.signal(Signal::KILL);
                    child.wait().await?
                }
            }
        }
    };
    feeder.abort();
    let grace = match command.leftovers {
        _ if stopped => Duration::ZERO,
        Leftovers::Spared => command.kill_grace,
        Leftovers::Killed(grace) => grace,
    };
    let (stdout, stderr) = drain(stdout, stderr, grace, &group, stop).await;
    if !stopped && command.leftovers == Leftovers::Spared {
        group.0 = None;
    }
    Ok(Ended {
        status,
        stdout,
        stderr,
        stopped,
    })
}

fn spawn(command: &Command) -> io::Result<tokio::process::Child> {
    let (program, arguments) = command
        .argv
        .split_first()
        .ok_or(io::ErrorKind::InvalidInput)?;
    let mut builder = tokio::process::Command::new(program);
    builder
        .args(arguments)
        .current_dir(&command.cwd)
        .envs(command.env.iter().map(|(k, v)| (k, v)));
    builder.stdin(if command.stdin.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    builder
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    builder.process_group(0);
    builder.spawn()
}

fn feed(stdin: Option<tokio::process::ChildStdin>, text: Option<String>) -> JoinHandle<()> {
    tokio::spawn(async move {
        if let (Some(mut stdin), Some(text)) = (stdin, text) {
            // A command that does not read to the end closes the pipe; that is not an error.
            _ = stdin.write_all(text.as_bytes()).await;
        }
    })
}

/// A stream that is being captured: what came so far is there even if the end never comes.
struct Capture {
    task: JoinHandle<()>,
    captured: std::sync::Arc<std::sync::Mutex<Captured>>,
}

fn capture<R: AsyncRead + Unpin + Send + 'static>(stream: Option<R>, limit: usize) -> Capture {
    let captured = std::sync::Arc::new(std::sync::Mutex::new(Captured::new(limit)));
    let sink = captured.clone();
    let task = tokio::spawn(async move {
        let Some(mut stream) = stream else { return };
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            lock(&sink).push(&buffer[..read]);
        }
    });
    Capture { task, captured }
}

fn lock(captured: &std::sync::Mutex<Captured>) -> std::sync::MutexGuard<'_, Captured> {
    captured
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

async fn drain(
    mut out: Capture,
    mut err: Capture,
    grace: Duration,
    group: &Group,
    stop: &CancellationToken,
) -> (Captured, Captured) {
    let both = async {
        _ = (&mut out.task).await;
        _ = (&mut err.task).await;
    };
    let ended = tokio::select! {
        ended = tokio::time::timeout(grace, both) => ended.is_ok(),
        () = stop.cancelled(), if !grace.is_zero() => false,
    };
    if !ended {
        group.signal(Signal::KILL);
        // After the kill the pipes close, unless a child left the group: then what came so far has to do.
        for task in [&mut out.task, &mut err.task] {
            if !task.is_finished()
                && tokio::time::timeout(Duration::from_millis(250), &mut *task)
                    .await
                    .is_err()
            {
                task.abort();
            }
        }
    }
    (
        std::mem::take(&mut *lock(&out.captured)),
        std::mem::take(&mut *lock(&err.captured)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shell(script: &str, limit: usize) -> Command {
        Command {
            argv: vec!["sh".into(), "-c".into(), script.into()],
            cwd: std::env::temp_dir(),
            env: vec![("GREETING".into(), "hello".into())],
            stdin: None,
            output_limit: limit,
            kill_grace: Duration::from_millis(300),
            leftovers: Leftovers::Spared,
        }
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(future)
    }

    #[test]
    fn streams_status_environment_and_input() {
        let mut command = shell("cat; echo $GREETING >&2; exit 3", 1 << 20);
        command.stdin = Some("given".into());
        let ended = block_on(run(&command, &CancellationToken::new())).expect("ran");
        assert_eq!(ended.status.code(), Some(3));
        assert_eq!(
            (ended.stdout.text(), ended.stderr.text()),
            ("given".into(), "hello\n".into())
        );
    }

    #[test]
    fn a_hundred_megabytes_pass_through_a_bounded_buffer() {
        let command = shell(
            "head -c 100000000 /dev/zero | tr '\\0' x; echo END",
            64 << 10,
        );
        let ended = block_on(run(&command, &CancellationToken::new())).expect("ran");
        assert_eq!(ended.stdout.total, 100_000_004);
        let text = ended.stdout.text();
        assert!(text.len() < 70_000 && text.ends_with("END\n") && text.contains("bytes left out"));
    }

    #[test]
    fn stopping_ends_the_whole_group() {
        let folder = tempfile::tempdir().expect("a folder");
        let mark = folder.path().join("late");
        // The grandchild ignores SIGTERM; only SIGKILL to the group can stop it from leaving its mark.
        let script = format!(
            "(trap '' TERM; sleep 2; touch {}) & echo started; wait",
            mark.display()
        );
        let ended = block_on(async {
            let stop = CancellationToken::new();
            let (command, handle) = (shell(&script, 1000), stop.clone());
            let task = tokio::spawn(async move { run(&command, &handle).await });
            tokio::time::sleep(Duration::from_millis(300)).await;
            stop.cancel();
            task.await.expect("joined").expect("ran")
        });
        assert!(ended.stopped);
        std::thread::sleep(Duration::from_millis(2200));
        assert!(!mark.exists());
    }

    #[test]
    fn a_child_left_behind_does_not_hold_the_step() {
        let ended = block_on(run(
            &shell("sleep 60 & echo done", 1000),
            &CancellationToken::new(),
        ))
        .expect("ran");
        assert!(!ended.stopped && ended.status.success());
        assert_eq!(ended.stdout.text(), "done\n");
    }

    #[test]
    fn what_is_left_behind_may_still_say_something() {
        let mut command = shell("(sleep 0.2; echo late) & echo early", 1000);
        command.leftovers = Leftovers::Killed(Duration::from_secs(600));
        let ended = block_on(run(&command, &CancellationToken::new())).expect("ran");
        assert_eq!(ended.stdout.text(), "early\nlate\n");
    }

    #[test]
    fn what_is_left_behind_is_waited_for_no_longer_once_stopped() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = shell("echo $$ > new; mv new pid; sleep 600 & echo done", 1000);
        command.cwd = folder.path().to_owned();
        command.leftovers = Leftovers::Killed(Duration::from_secs(600));
        let has_ended = || {
            let pid = std::fs::read_to_string(folder.path().join("pid")).ok()?;
            let pid = Pid::from_raw(pid.trim().parse().ok()?)?;
            rustix::process::test_kill_process(pid).err()
        };
        let ended = block_on(async {
            let stop = CancellationToken::new();
            let (ended, ()) = tokio::join!(run(&command, &stop), async {
                while has_ended().is_none() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                stop.cancel();
            });
            ended.expect("ran")
        });
        assert!(ended.status.success() && !ended.stopped, "{ended:?}");
        assert_eq!(ended.stdout.text(), "done\n");
    }

    #[test]
    fn a_missing_program_is_an_error() {
        let mut command = shell("", 10);
        command.argv = vec!["autoexec-no-such-program".into()];
        let error = block_on(run(&command, &CancellationToken::new())).expect_err("missing");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    proptest! {
        #[test]
        fn captured_keeps_the_head_and_the_tail(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20), limit in 2usize..100) {
            let all: Vec<u8> = chunks.concat();
            let mut captured = Captured::new(limit);
            chunks.iter().for_each(|c| captured.push(c));
            prop_assert_eq!(captured.total, all.len() as u64);
            prop_assert!(all.starts_with(&captured.head));
            let tail: Vec<u8> = captured.tail.iter().copied().collect();
            prop_assert!(all.ends_with(&tail));
            prop_assert!(captured.head.len() + tail.len() <= limit + 1);
            if all.len() <= limit / 2 * 2 { prop_assert_eq!(captured.dropped(), 0); }
        }
    }
}
