//! What the documents show is true: their workflows are valid, and so are the examples.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_path_buf()
}

/// The blocks of `language` in a Markdown text.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn every_workflow_in_the_documents_is_valid() {
    let mut seen = 0;
    for file in ["README.md", "docs/workflows.md"] {
        let text = std::fs::read_to_string(root().join(file)).expect(file);
        for block in blocks(&text, "yaml") {
            autoexec_engine::parse(file, &block).unwrap_or_else(|e| panic!("{e}"));
            seen += 1;
        }
    }
    assert!(seen >= 2);
}

#[test]
fn every_example_is_valid() {
    let examples = std::fs::read_dir(root().join("examples")).expect("examples");
    let files: Vec<PathBuf> = examples
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "yaml"))
        .collect();
    assert!(!files.is_empty());
    for file in files {
        autoexec_engine::load(&file).unwrap_or_else(|e| panic!("{e}"));
    }
}
