//! Quotes the sentences that stand for files: `summarise [--words N] [--query TEXT] FILE…`.
#![allow(clippy::print_stdout, reason = "an example shows its output")]

use std::{env, fs, io};

use autoexec_consolidator::{Budget, Source, Summariser};

const SAMPLE: &str = "# Notes on the stall\n\nThe weather was mild. The pool lock is held while the queue is drained, e.g. by \
    `pool.rs`. Every reader waits for the pool lock. Nobody said much about it.\n\n- The queue is drained in 1.5 s.\n- Releasing \
    the lock before draining the queue ends the stall.\n";

fn main() -> io::Result<()> {
    let (mut words, mut query, mut files) = (40, String::new(), Vec::new());
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--words" => {
                words = arguments
                    .next()
                    .and_then(|n| n.parse().ok())
                    .unwrap_or(words)
            }
            "--query" => query = arguments.next().unwrap_or_default(),
            _ => files.push((argument.clone(), fs::read_to_string(&argument)?)),
        }
    }
    if files.is_empty() {
        files.push(("notes.md".into(), SAMPLE.into()));
    }
    let sources: Vec<Source<'_>> = files
        .iter()
        .map(|(name, text)| Source { name, text })
        .collect();
    let digest = Summariser::new()
        .query(&query)
        .summarise(&sources, Budget::Words(words));
    for (quote, text) in digest.quotes.iter().zip(digest.texts(&sources)) {
        println!(
            "{}:{:?} {:.2}\n    {text}",
            sources[quote.source].name, quote.range, quote.score
        );
    }
    println!(
        "{} of {} sentences, {} words",
        digest.quotes.len(),
        digest.ranked,
        digest.spent
    );
    Ok(())
}
