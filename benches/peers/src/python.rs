//! Peers that are written in Python: scripts of this package, each of which times itself.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use autoexec_benches::Times;

/// Names the interpreter to use, of a virtual environment for instance; `python3` otherwise.
const VARIABLE: &str = "AUTOEXEC_PEERS_PYTHON";

/// An interpreter that can import what a script needs.
#[derive(Debug)]
pub struct Python {
    program: String,
}

impl Python {
    /// The one that would be used.
    pub fn program() -> String {
        std::env::var(VARIABLE).unwrap_or_else(|_| "python3".to_owned())
    }

    /// The interpreter, if it is there and has this module.
    pub fn with(module: &str) -> Option<Self> {
        let program = Self::program();
        let mut asked = Command::new(&program);
        asked.args(["-c", &format!("import {module}")]);
        let answer = asked.stdin(Stdio::null()).stderr(Stdio::null()).status();
        answer
            .is_ok_and(|status| status.success())
            .then_some(Self { program })
    }

    /// Starts a script of `benches/peers/python`, and waits until it is ready.
    ///
    /// # Panics
    /// When it does not get that far; it has said why on standard error.
    pub fn start(&self, script: &str, arguments: &[&str]) -> Script {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("python")
            .join(script);
        let mut command = Command::new(&self.program);
        // Without `-B` it would leave files beside the scripts.
        command.arg("-B").arg(path).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .expect("because it was asked for a module before");
        let input = child.stdin.take().expect("because it is piped");
        let output = BufReader::new(child.stdout.take().expect("because it is piped"));
        let mut script = Script {
            child,
            input: Some(input),
            output,
        };
        assert_eq!(script.line(), "ready", "what {script:?} says first");
        script
    }
}

/// A script that runs; it ends when this is dropped.
#[derive(Debug)]
pub struct Script {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Script {
    /// Has it do so many rounds, and answers what they took by its own clocks.
    ///
    /// # Panics
    /// When it has ended, or says something else.
    pub fn turn(&mut self, rounds: u64) -> Times {
        let input = self
            .input
            .as_mut()
            .expect("because it is taken when dropped");
        writeln!(input, "{rounds}").expect("because it listens until its input ends");
        let said = self.line();
        times(&said).unwrap_or_else(|| panic!("it said `{said}`"))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output
            .read_line(&mut line)
            .expect("because it writes text");
        line.trim_end().to_owned()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // It ends with its input.
        self.input = None;
        let _ = self.child.wait();
    }
}

/// Nanoseconds of the thread, the process and the wall.
fn times(said: &str) -> Option<Times> {
    let mut numbers = said.split(' ').map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some(Times {
        thread_ns: next()?,
        process_ns: next()?,
        wall_ns: next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_numbers_are_times_and_nothing_else_is() {
        let expect = Times {
            thread_ns: 1,
            process_ns: 2,
            wall_ns: 3,
        };
        assert_eq!(times("1 2 3"), Some(expect));
        for bad in ["", "1 2", "1 2 x", "Traceback (most recent call last):"] {
            assert_eq!(times(bad), None, "{bad}");
        }
    }
}
