//! `trim`: conversations on standard input.

use std::io::{self, BufRead, Write};

use anyhow::{Context, Result};
use autoexec_engine::trim::Lines;

use crate::arguments::Trim;
use crate::exit::Exit;

pub(crate) fn trim(_trim: &Trim) -> Result<Exit> {
    answer_lines(io::stdin().lock(), io::stdout().lock())
}

/// Each reply is written before the next request is read: the other side may wait for it.
fn answer_lines(mut requests: impl BufRead, mut replies: impl Write) -> Result<Exit> {
    let mut lines = Lines::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = requests.read_until(b'\n', &mut line);
        if read.context("cannot read standard input")? == 0 {
            return Ok(Exit::Success);
        }
        let Some(reply) = lines.answer(&String::from_utf8_lossy(&line)) else {
            continue;
        };
        let written = writeln!(replies, "{reply}").and_then(|()| replies.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Success),
            written => written.context("cannot write the reply")?,
        }
    }
}
