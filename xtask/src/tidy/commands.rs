//! The commands that documents name exist: `orchestrator <subcommand>`, `cargo xtask <task>`.

use std::collections::BTreeSet;

use super::Violation;
use super::tree::Tree;
use crate::markdown::Document;
use crate::source;

/// Where the binary's arguments are defined.
const BINARY: &str = "bins/orchestrator/src";
/// Languages of the blocks that hold commands; the others hold output or code.
const SHELLS: &[&str] = &["sh", "bash", "console", "shell"];

pub(super) fn check(tree: &Tree, tasks: &[String]) -> Vec<Violation> {
    let subcommands = subcommands(tree);
    let mut found = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| is_guide(path)) {
        for (line, command) in commands(text) {
            let place = || format!("{path}:{line}");
            match command {
                Command::Task(name) if !tasks.contains(&name) => {
                    found.push(Violation::new(
                        place(),
                        format!(
                            "`cargo xtask {name}` does not exist; there are {}",
                            tasks.join(", ")
                        ),
                    ));
                }
                Command::Orchestrator(name) if subcommands.is_empty() => {
                    found.push(Violation::new(place(), format!("`orchestrator {name}` cannot be checked: no `derive(Subcommand)` below {BINARY}")));
                }
                Command::Orchestrator(name) if !subcommands.contains(&name) => {
                    let known = subcommands.iter().cloned().collect::<Vec<_>>().join(", ");
                    found.push(Violation::new(
                        place(),
                        format!("`orchestrator {name}` does not exist; there are {known}"),
                    ));
                }
                _ => {}
            }
        }
    }
    found
}

fn is_guide(path: &str) -> bool {
    let readme =
        path.ends_with("/README.md") && (path.starts_with("crates/") || path.starts_with("bins/"));
    let page = path.starts_with("docs/") && path.ends_with(".md");
    readme || page || matches!(path, "README.md" | "ARCHITECTURE.md" | "CONTRIBUTING.md")
}

#[derive(Debug, PartialEq, Eq)]
enum Command {
    Task(String),
    Orchestrator(String),
}

fn commands(text: &str) -> Vec<(usize, Command)> {
    let document = Document::parse(text);
    let shell = |language: &str| language.is_empty() || SHELLS.contains(&language);
    let blocks = document
        .blocks
        .iter()
        .filter(|block| shell(&block.language));
    let lines = document
        .spans
        .iter()
        .chain(blocks.flat_map(|block| &block.lines));
    lines
        .flat_map(|(line, text)| {
            commands_of(text)
                .into_iter()
                .map(|command| (*line, command))
        })
        .collect()
}

/// The commands in one line, which may chain several with `&&`, `||`, `;` or `|`.
fn commands_of(line: &str) -> Vec<Command> {
    let code = line.split(" #").next().unwrap_or_default();
    code.split(['&', '|', ';']).filter_map(command_of).collect()
}

fn command_of(text: &str) -> Option<Command> {
    let is_assignment = |word: &&str| word.contains('=') && !word.starts_with('-');
    let words: Vec<&str> = text
        .split_whitespace()
        .skip_while(|word| *word == "$" || is_assignment(word))
        .collect();
    match words.as_slice() {
        ["cargo", "xtask", name, ..] => Some(Command::Task(plain(name)?)),
        ["cargo", "run", rest @ ..] => {
            let named = |word: &&str| {
                matches!(
                    *word,
                    "orchestrator" | "autoexec-orchestrator" | "--bin=orchestrator"
                )
            };
            let after = rest.iter().position(|word| *word == "--")?;
            let ours = rest[..after].iter().any(named);
            Some(Command::Orchestrator(plain(
                rest.get(after + 1).filter(|_| ours)?,
            )?))
        }
        [program, name, ..] if program.rsplit('/').next() == Some("orchestrator") => {
            Some(Command::Orchestrator(plain(name)?))
        }
        _ => None,
    }
}

/// A word that can only be a subcommand; options, placeholders and paths are none.
fn plain(word: &str) -> Option<String> {
    let letters = word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    (letters && !word.starts_with('-')).then(|| word.to_owned())
}

/// The variants of every enum that derives `Subcommand` in the binary, as clap names them.
fn subcommands(tree: &Tree) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in tree.below(BINARY) {
        let text = tree.text(path).unwrap_or_default();
        let code = source::code_only(text);
        for (at, _) in code.match_indices("Subcommand") {
            if code[..at]
                .rfind("#[derive(")
                .is_some_and(|open| !code[open..at].contains(']'))
            {
                names.extend(variants(&code[at..]));
            }
        }
    }
    if !names.is_empty() {
        names.insert("help".to_owned());
    }
    names
}

/// The variants of the next enum, in kebab case.
fn variants(code: &str) -> Vec<String> {
    let Some(open) = code
        .find("enum ")
        .and_then(|at| code[at..].find('{').map(|brace| at + brace))
    else {
        return Vec::new();
    };
    let (mut depth, mut word, mut names) = (0, String::new(), Vec::new());
    for c in code[open..].chars() {
        if depth == 1 && (c.is_alphanumeric() || c == '_') {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            names.push(kebab(&std::mem::take(&mut word)));
        }
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn kebab(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(c.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: &str = "/// Commands.\n#[derive(Debug, Subcommand)]\nenum Command {\n    /// Runs a workflow.\n    #[command(name = \"x\")]\n    Run(RunArgs),\n    Check { file: PathBuf },\n    DryRun,\n}\nfn f() {}";

    fn check_guide(text: &str) -> Vec<String> {
        let tree = Tree::of(&[("bins/orchestrator/src/main.rs", MAIN), ("README.md", text)]);
        check(&tree, &["test".to_owned()])
            .into_iter()
            .map(|violation| violation.to_string())
            .collect()
    }

    #[test]
    fn subcommands_come_from_the_source() {
        let names = subcommands(&Tree::of(&[("bins/orchestrator/src/args.rs", MAIN)]));
        assert_eq!(
            names.into_iter().collect::<Vec<_>>(),
            ["check", "dry-run", "help", "run"]
        );
    }

    #[test]
    fn commands_that_exist_pass() {
        let text = "`orchestrator run` `cargo xtask test` `orchestrator --version` `orchestrator <command>`\n\n\
            ```sh\n$ RUST_LOG=info ./target/release/orchestrator check a.yaml && cargo xtask test\n\
            cargo run --release --bin orchestrator -- dry-run x # then orchestrator rest\n```\n\
            ```text\norchestrator finished\n```\nThe orchestrator does things.";
        assert_eq!(check_guide(text), Vec::<String>::new());
    }

    #[test]
    fn commands_that_do_not_exist_are_named_with_their_line() {
        let bad = [
            (
                "`orchestrator replay`",
                "README.md:1: `orchestrator replay` does not exist; there are check, dry-run, help, run",
            ),
            (
                "\n```sh\nls\ncargo xtask soak\n```",
                "README.md:4: `cargo xtask soak` does not exist; there are test",
            ),
        ];
        for (text, expect) in bad {
            assert_eq!(check_guide(text), [expect]);
        }
        let others = [
            "`./orchestrator replay x`",
            "```sh\ncargo run -p autoexec-orchestrator -- serve\n```",
            "```\nls; orchestrator serve\n```",
        ];
        for text in others {
            assert_eq!(check_guide(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn without_a_definition_nothing_is_believed() {
        let tree = Tree::of(&[("docs/a.md", "`orchestrator run`")]);
        assert!(check(&tree, &[])[0].what.contains("cannot be checked"));
    }
}
