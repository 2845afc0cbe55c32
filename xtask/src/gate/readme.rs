//! Runs the commands that README.md tells a stranger to type.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::Gate;
use crate::markdown::Document;
use crate::{files, out, process};

const FILE: &str = "README.md";
/// What makes a line a command to try; others show output or install things.
const STARTS: &[&str] = &["cargo ", "./target/"];
/// These would start the gate again, or take minutes; tidy checks that they exist.
const LEFT_OUT: &[&str] = &[
    "cargo xtask test",
    "cargo xtask bench",
    "cargo xtask regress",
    "cargo xtask torture",
];

pub(super) fn run(gate: &mut Gate) -> Result<()> {
    let text = files::read_text(&gate.root().join(FILE))?.context("README.md is not text")?;
    let commands = commands(&text);
    if commands.is_empty() {
        bail!("{FILE} shows no command in a ```sh block");
    }
    for (line, command) in commands {
        let start = Instant::now();
        let mut shell = process::command("sh", gate.root());
        process::capture(shell.args(["-c", &command]))
            .with_context(|| format!("{FILE}:{line}: `{command}`"))?;
        out::line(&format!(
            "ok {:>9}  {command}",
            out::seconds(start.elapsed())
        ));
    }
    Ok(())
}

/// Line and text of each command in the ```sh blocks; a trailing backslash joins lines.
fn commands(readme: &str) -> Vec<(usize, String)> {
    let document = Document::parse(readme);
    let mut found: Vec<(usize, String)> = Vec::new();
    for block in document
        .blocks
        .iter()
        .filter(|block| block.language == "sh")
    {
        let mut continues = false;
        for (number, text) in &block.lines {
            match found.last_mut().filter(|_| continues) {
                Some((_, command)) => *command += &format!("\n{text}"),
                None => found.push((*number, text.clone())),
            }
            continues = text.ends_with('\\');
        }
    }
    found.retain(|(_, command)| is_tried(command));
    found
}

fn is_tried(command: &str) -> bool {
    let begins = |starts: &[&str]| starts.iter().any(|start| command.starts_with(start));
    begins(STARTS) && !begins(LEFT_OUT)
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn commands_are_those_of_sh_blocks() {
        let readme = "cargo no\n```sh\n# comment\ncargo run -- \\\n  x\nls\ncargo xtask test\n./target/release/o check\ncargo xtask tidy # fine\n```\n```text\ncargo no\n```\n";
        let expect = [
            (4, "cargo run -- \\\n  x".to_owned()),
            (8, "./target/release/o check".to_owned()),
            (9, "cargo xtask tidy # fine".to_owned()),
        ];
        assert_eq!(commands(readme), expect);
    }

    #[test]
    fn what_would_start_the_gate_again_is_left_out() {
        let readme = "```sh\ncargo xtask test\ncargo xtask bench --quick\ncargo xtask regress\n```";
        assert_eq!(commands(readme), []);
    }
}
