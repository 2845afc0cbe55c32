//! Builds make-believe packages: two compilers at once, one linker, tests as a wide step, one
//! failure, and a clean-up that runs nevertheless.
//!
//! `cargo run -p autoexec-scheduler --example build_order`
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::sync::Arc;
use std::time::Duration;

use autoexec_scheduler::{
    Error, Graph, GraphBuilder, Node, OnFailure, Options, Outcome, Prepare, Runner, StepId, Task,
    Trigger, run,
};

/// Name, class, and what it needs.
const STEPS: [(&str, Class, &[&str]); 7] = [
    ("compile core", Class::Compiler, &[]),
    ("compile net", Class::Compiler, &[]),
    ("compile gui", Class::Compiler, &[]),
    (
        "link server",
        Class::Linker,
        &["compile core", "compile net"],
    ),
    (
        "link desktop",
        Class::Linker,
        &["compile core", "compile gui"],
    ),
    ("test server", Class::Any, &["link server"]),
    ("clean up", Class::Any, &["test server", "link desktop"]),
];

#[derive(Clone, Copy)]
enum Class {
    Any,
    Compiler,
    Linker,
}

fn graph() -> Result<Graph, Error> {
    let mut builder = GraphBuilder::new(8);
    let classes = [Default::default(), builder.class(2), builder.class(1)];
    for (name, class, needs) in STEPS {
        let all_done = name == "clean up";
        let step = builder.step(Node {
            class: classes[class as usize],
            trigger: if all_done {
                Trigger::AllDone
            } else {
                Trigger::AllSucceeded
            },
            ..Node::default()
        });
        for (before, _) in (0..)
            .zip(STEPS)
            .filter(|(_, other)| needs.contains(&other.0))
        {
            builder.edge(StepId(before), step);
        }
    }
    builder.build()
}

struct Builder;

impl Runner for Builder {
    type Output = String;
    type Error = String;

    fn prepare(&self, step: StepId) -> Prepare<String> {
        let is_test = STEPS[step.index()].0.starts_with("test");
        Prepare::Run {
            width: if is_test { 3 } else { 1 },
        }
    }

    async fn run(&self, task: Task) -> Result<String, String> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        match STEPS[task.step.index()].0 {
            "compile gui" => Err("no display".to_owned()),
            _ => Ok(format!("part {} of {}", task.index + 1, task.width)),
        }
    }

    fn started(&self, step: StepId, index: u32) {
        println!("  start  {} [{index}]", STEPS[step.index()].0);
    }

    fn completed(&self, step: StepId, _: &Outcome<String, String>) {
        println!("  end    {}", STEPS[step.index()].0);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let options = Options {
        on_failure: OnFailure::Continue,
        ..Options::default()
    };
    let report = run(Arc::new(graph()?), Arc::new(Builder), options).await;
    println!();
    for ((name, ..), outcome) in STEPS.iter().zip(&report.outcomes) {
        match outcome {
            Outcome::Succeeded(parts) => println!("{name:13} succeeded: {}", parts.join(", ")),
            Outcome::Skipped(skip) => println!("{name:13} skipped: {skip:?}"),
            Outcome::Cancelled => println!("{name:13} cancelled"),
            Outcome::Failed(_) => {
                let failure = outcome.failure().map(|(_, failure)| failure.to_string());
                println!("{name:13} failed: {}", failure.unwrap_or_default());
            }
        }
    }
    println!("{:?}", report.stats);
    Ok(())
}
