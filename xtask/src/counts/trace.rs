//! Running a program under ptrace, and counting its system calls by name.

use std::process::Command;

use anyhow::Result;

use super::snapshot::Counts;

/// What came of it.
pub(super) enum Traced {
    /// What the program said, and its system calls.
    Ran(String, Counts),
    /// Why nobody may trace here; the program did not run.
    #[cfg_attr(
        not(all(target_os = "linux", target_env = "gnu")),
        expect(dead_code, reason = "elsewhere nothing else is made")
    )]
    Refused(String),
}

/// Runs the program to its end, all its threads traced; children that are processes of their own are not.
///
/// # Errors
/// When it cannot be started, or fails. What it says on standard error goes to the terminal.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn run(_: &mut Command) -> Result<Traced> {
    let why = "this system has no `PTRACE_GET_SYSCALL_INFO`";
    Ok(Traced::Refused(why.to_owned()))
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) use linux::run;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod linux {
    use std::collections::{BTreeMap, BTreeSet};
    use std::io::{self, Read};
    use std::os::unix::process::CommandExt;
    use std::process::Stdio;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use anyhow::{Context, bail};
    use nix::errno::Errno;
    use nix::libc;
    use nix::sys::ptrace::{self, Options};
    use nix::sys::signal::{self, Signal};
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    use nix::unistd::Pid;

    use super::*;
    use crate::counts::names;

    /// As the other `run` says.
    pub(in super::super) fn run(command: &mut Command) -> Result<Traced> {
        ask_to_be_traced(command);
        let spawned = command.stdout(Stdio::piped()).spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) if is_refusal(&error) => {
                return Ok(Traced::Refused(format!(
                    "the system refuses ptrace ({error})"
                )));
            }
            Err(error) => return Err(error).context("cannot start the program of counts"),
        };
        let mut pipe = child
            .stdout
            .take()
            .expect("because it was asked to be piped");
        let pid = Pid::from_raw(i32::try_from(child.id()).context("a process id out of range")?);
        // It says one short line, which the pipe holds until the end.
        let Some(calls) = Tracer::default().follow(pid)? else {
            let why = "the system does not tell which calls are made (`PTRACE_GET_SYSCALL_INFO`)";
            return Ok(Traced::Refused(why.to_owned()));
        };
        let mut said = String::new();
        pipe.read_to_string(&mut said)
            .context("cannot read what the program of counts said")?;
        Ok(Traced::Ran(said, calls))
    }

    #[allow(unsafe_code, reason = "`pre_exec` cannot be called without")]
    fn ask_to_be_traced(command: &mut Command) {
        // SAFETY: between fork and exec only one system call is made, and an error number put into an `io::Error`, which
        // allocates nothing: both are allowed in a process that was forked from one with threads.
        unsafe {
            command.pre_exec(|| ptrace::traceme().map_err(io::Error::from));
        }
    }

    fn is_refusal(error: &io::Error) -> bool {
        let refusals = [libc::EPERM, libc::EACCES, libc::ENOSYS];
        error
            .raw_os_error()
            .is_some_and(|it| refusals.contains(&it))
    }

    /// How long a scenario may take.
    const PATIENCE: Duration = Duration::from_secs(300);

    /// Ends a process that hangs, unless it is dropped before.
    struct Watch(#[expect(dead_code, reason = "dropping it is what is heard")] mpsc::Sender<()>);

    impl Watch {
        fn over(process: Pid) -> Self {
            let (sender, ended) = mpsc::channel();
            thread::spawn(move || {
                if ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                    let _ = signal::kill(process, Signal::SIGKILL);
                }
            });
            Self(sender)
        }
    }

    /// The name of a `write` that only wakes a thread through an eventfd.
    const WAKE: &str = "wake";

    #[derive(Default)]
    struct Tracer {
        /// By number.
        calls: BTreeMap<u64, i64>,
        /// What would be `write`, but only wakes a thread.
        wakes: i64,
        /// Threads that have begun: each is stopped once before that, which is no signal for it.
        known: BTreeSet<Pid>,
    }

    impl Tracer {
        /// Lets the process run to its end. Absent when no call was seen: nobody ends without one.
        fn follow(mut self, process: Pid) -> Result<Option<Counts>> {
            // Only what this thread started or traces: other children of ours are somebody else's to wait for.
            let ours = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
            match waitpid(process, Some(ours)).context("cannot wait for the program of counts")? {
                WaitStatus::Stopped(..) => {}
                other => bail!("the program of counts did not begin: {other:?}"),
            }
            let _watch = Watch::over(process);
            let options = Options::PTRACE_O_TRACESYSGOOD
                | Options::PTRACE_O_TRACECLONE
                | Options::PTRACE_O_EXITKILL;
            ptrace::setoptions(process, options).context("cannot trace the program of counts")?;
            self.known.insert(process);
            go_on(process, None)?;
            loop {
                let status = waitpid(None, Some(ours));
                match status.context("cannot wait for the program of counts")? {
                    WaitStatus::Exited(pid, 0) if pid == process => break,
                    WaitStatus::Exited(pid, code) if pid == process => {
                        bail!("it failed (exit code {code})")
                    }
                    WaitStatus::Signaled(pid, signal, _) if pid == process => {
                        bail!("it was ended by {signal}")
                    }
                    other => self.step(other)?,
                }
            }
            let mut counts = names::by_name(self.calls);
            if self.wakes > 0 {
                counts.insert(WAKE.to_owned(), self.wakes);
            }
            Ok(Some(counts).filter(|it| !it.is_empty()))
        }

        fn step(&mut self, status: WaitStatus) -> Result<()> {
            match status {
                WaitStatus::PtraceSyscall(pid) => {
                    match entered(pid) {
                        Some(call) if call.is_wake(pid) => self.wakes += 1,
                        Some(call) => *self.calls.entry(call.number).or_default() += 1,
                        None => {}
                    }
                    go_on(pid, None)
                }
                WaitStatus::PtraceEvent(pid, ..) => go_on(pid, None),
                WaitStatus::Stopped(pid, signal) if self.known.insert(pid) => {
                    go_on(pid, (signal != Signal::SIGSTOP).then_some(signal))
                }
                WaitStatus::Stopped(pid, signal) => go_on(pid, Some(signal)),
                _ => Ok(()),
            }
        }
    }

    /// A system call that a thread is about to make.
    struct Call {
        number: u64,
        descriptor: u64,
        /// Its third argument: of a `write` the length.
        length: u64,
    }

    impl Call {
        /// Whether this only wakes what waits for an eventfd: how often is up to who sleeps at that moment.
        fn is_wake(&self, pid: Pid) -> bool {
            let is_write = u64::try_from(libc::SYS_write) == Ok(self.number);
            if !is_write || self.length != 8 {
                return false;
            }
            let link = format!("/proc/{pid}/fd/{}", self.descriptor);
            std::fs::read_link(link).is_ok_and(|to| to.as_os_str() == "anon_inode:[eventfd]")
        }
    }

    /// What a thread is about to call; absent on its way back.
    #[allow(unsafe_code, reason = "the answer is a union of C")]
    fn entered(pid: Pid) -> Option<Call> {
        let info = ptrace::syscall_info(pid).ok()?;
        if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
            return None;
        }
        // SAFETY: the kernel fills in `entry` when it says that this is an entry, and every value of its bits is a number.
        let entry = unsafe { info.u.entry };
        Some(Call {
            number: entry.nr,
            descriptor: entry.args[0],
            length: entry.args[2],
        })
    }

    fn go_on(pid: Pid, signal: Option<Signal>) -> Result<()> {
        match ptrace::syscall(pid, signal) {
            // It was killed meanwhile; the next wait says so.
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(error) => Err(error).context("cannot let the program of counts go on"),
        }
    }

    #[cfg(test)]
    mod tests {
        use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

        use super::*;

        fn traced(script: &str) -> Result<Option<(String, Counts)>> {
            let mut command = Command::new("sh");
            match run(command.args(["-c", script]))? {
                Traced::Ran(said, calls) => Ok(Some((said, calls))),
                // Where nobody may trace, there is nothing to test.
                Traced::Refused(_) => Ok(None),
            }
        }

        #[test]
        fn calls_are_counted_by_name() {
            let count = |script| {
                let traced = traced(script).unwrap();
                traced.map(|(said, calls)| {
                    (said.len(), calls.get("write").copied().unwrap_or_default())
                })
            };
            let (Some(none), Some(three)) = (count(":"), count("echo a; echo b; echo c")) else {
                return;
            };
            assert_eq!((none.0, three.0), (0, 6));
            assert_eq!(three.1 - none.1, 3);
        }

        #[test]
        #[allow(unsafe_code, reason = "the standard library makes no eventfd")]
        fn only_what_is_written_to_an_eventfd_is_a_wake() {
            // SAFETY: the call takes two numbers, and nobody else has the descriptor that it answers with.
            let made = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
            // SAFETY: as above; what is no descriptor was refused and panics.
            let event = unsafe { OwnedFd::from_raw_fd(made) };
            let (reader, _writer) = std::io::pipe().unwrap();
            let write = u64::try_from(libc::SYS_write).unwrap();
            let call = |number, fd: RawFd, length| Call {
                number,
                descriptor: u64::try_from(fd).unwrap(),
                length,
            };
            let ours = Pid::this();
            assert!(call(write, event.as_raw_fd(), 8).is_wake(ours));
            assert!(!call(write, event.as_raw_fd(), 9).is_wake(ours));
            assert!(!call(write, reader.as_raw_fd(), 8).is_wake(ours));
            assert!(!call(write + 1, event.as_raw_fd(), 8).is_wake(ours));
        }

        #[test]
        fn a_program_that_fails_or_is_killed_is_an_error() {
            for (script, expect) in [("exit 3", "exit code 3"), ("kill -9 $$", "SIGKILL")] {
                match traced(script) {
                    Err(error) => assert!(error.to_string().contains(expect), "{error}"),
                    Ok(traced) => assert!(traced.is_none(), "{script}"),
                }
            }
        }
    }
}
