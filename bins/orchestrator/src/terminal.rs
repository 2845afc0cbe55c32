//! Writing to the terminal without ever failing because of it.

use std::io::{self, BufRead, Write};

use anyhow::{Context, Result};

use crate::exit::Exit;

/// Prints on standard output. A closed pipe (`| head`) is not an error.
pub(crate) fn print(text: &str) -> Result<Exit> {
    let mut out = anstream::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e).context("cannot print"),
        _ => Ok(Exit::Success),
    }
}

/// Prints on standard error; where that cannot be written there is nobody left to tell.
pub(crate) fn tell(text: &str) {
    _ = anstream::stderr().write_all(text.as_bytes());
}

/// Replies to each line of a request until the input ends or an answer says that it is the last. Each reply is written
/// before the next request is read: the other side may wait for it. Whoever closes the replies wants no more of them.
pub(crate) fn answer_lines(
    mut requests: impl BufRead,
    mut replies: impl Write,
    mut answer: impl FnMut(&str) -> Answer,
) -> Result<Exit> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = requests.read_until(b'\n', &mut line);
        if read.context("cannot read standard input")? == 0 {
            return Ok(Exit::Success);
        }
        let answer = answer(&String::from_utf8_lossy(&line));
        if let Some(reply) = answer.reply {
            let written = writeln!(replies, "{reply}").and_then(|()| replies.flush());
            match written {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    return Ok(Exit::Success);
                }
                written => written.context("cannot write the reply")?,
            }
        }
        if answer.is_last {
            return Ok(Exit::Success);
        }
    }
}

/// What becomes of a line.
pub(crate) struct Answer {
    /// The reply, without its end; none to a blank line.
    pub(crate) reply: Option<String>,
    /// Whether no more lines are wanted.
    pub(crate) is_last: bool,
}
