//! Writing to the terminal without ever failing because of it.

use std::io::Write;

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
