//! Prints how many of the same reads each cache answers: `cargo run -p autoexec-peers --release --bin hit-rates`.

use autoexec_peers::{FILES, READS, hit_rates, table};
use std::io::{self, Write};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "hit rates of {READS} reads over {FILES} files, by Zipf's law with exponent 1"
    )?;
    write!(out, "{}", table(&hit_rates()))
}
