//! Runs a workflow given as text, in a folder made for it, and prints what it yielded.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::sync::Arc;

use autoexec_engine::{Engine, RunOptions, Settings, parse};

const WORKFLOW: &str = "
name: example
steps:
  - id: notes
    read: notes.txt
  - id: wanted
    search: { in: notes, pattern: TODO }
  - id: greet
    foreach: [world, moon]
    run: [echo, 'hello ${{ item }}']
outputs:
  found: ${{ steps.wanted.count }}
  greeted: ${{ steps.greet.items[1].stdout | trim }}
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    std::fs::write(
        folder.path().join("notes.txt"),
        "TODO: write\nfine\nTODO: read\n",
    )?;
    let document = Arc::new(parse("example.yaml", WORKFLOW)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let engine = Engine::new(Settings::default());
    let report = runtime.block_on(engine.run(document, RunOptions::new(folder.path())))?;
    for step in &report.steps {
        println!("{:8} {:?} {}", step.id, step.outcome, step.summary);
    }
    assert_eq!(report.outputs["found"], "2");
    assert_eq!(report.outputs["greeted"], "hello moon");
    println!("{:?}", report.outputs);
    Ok(())
}
