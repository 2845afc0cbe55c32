//! A workflow as a picture: Mermaid and Graphviz DOT.

use std::fmt::Write as _;

use super::model::{Step, Workflow};

/// A Mermaid flowchart, as GitHub shows it in Markdown.
pub fn mermaid(workflow: &Workflow) -> String {
    let mut out = String::from("flowchart LR\n");
    for step in &workflow.steps {
        let label = label(step).replace('"', "#quot;");
        _ = writeln!(out, "    {}[\"{label}\"]", node_name(&step.id));
    }
    for (before, after) in edges(workflow) {
        _ = writeln!(out, "    {} --> {}", node_name(before), node_name(after));
    }
    out
}

/// A Graphviz digraph.
pub fn dot(workflow: &Workflow) -> String {
    let mut out = format!(
        "digraph \"{}\" {{\n    rankdir=LR;\n    node [shape=box];\n",
        escape(&workflow.name)
    );
    for step in &workflow.steps {
        _ = writeln!(
            out,
            "    \"{}\" [label=\"{}\"];",
            step.id,
            escape(&label(step))
        );
    }
    for (before, after) in edges(workflow) {
        _ = writeln!(out, "    \"{before}\" -> \"{after}\";");
    }
    out.push_str("}\n");
    out
}

fn edges(workflow: &Workflow) -> impl Iterator<Item = (&str, &str)> {
    workflow
        .steps
        .iter()
        .flat_map(|s| s.needs.iter().map(|n| (n.as_str(), s.id.as_str())))
}

fn label(step: &Step) -> String {
    let wide = if step.foreach.is_some() { " ×n" } else { "" };
    let condition = if step.condition.is_some() { " ?" } else { "" };
    format!("{} ({}{wide}{condition})", step.name, step.action.name())
}

/// Mermaid takes some words for keywords; a prefix keeps ids apart from them.
fn node_name(id: &str) -> String {
    format!("s_{id}")
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', " ")
}
