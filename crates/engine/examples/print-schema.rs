//! Prints the JSON Schema of workflow files, as `docs/workflow.schema.json` holds it.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

fn main() {
    println!("{:#}", autoexec_engine::workflow::spec::json_schema());
}
