//! Findings as SARIF on standard output, or in the format named: `sarif`, `json`, `text`, `markdown`.
#![allow(clippy::print_stdout, reason = "an example shows its output")]

use std::io;

use autoexec_consolidator::{By, Consolidator, Finding, Format, Place, Severity, Tool, View};

fn main() -> io::Result<()> {
    let mut report = Consolidator::with_title("Review of the pool");
    let lock = Finding::new("`unwrap` on a lock: one panic stops every later request")
        .kind("unwrap-on-lock")
        .severity(Severity::High)
        .at("src/pool.rs", 42)
        .column(17)
        .evidence(
            "let pool = POOL.lock().unwrap();",
            Place::new("src/pool.rs", 42),
        );
    report.add(1, lock.clone());
    let spaces = Place::new("docs/how to.md", 3).to(5);
    report.add(
        2,
        Finding::new("TODO: explain").kind("todo").also_at(spaces),
    );
    // A second reviewer finds the same, and something near.
    report.add(3, lock);
    let near = report.add(
        3,
        Finding::new("unwrap of a mutex")
            .kind("unwrap-on-lock")
            .at("src/db.rs", 7),
    );
    let first = report.findings().next().expect("because one was added");
    report.merge(near, first);

    let view = |format| View {
        format,
        by: By::Severity,
    };
    let out = &mut io::stdout().lock();
    let tool = Tool {
        name: "example",
        version: env!("CARGO_PKG_VERSION"),
        information_uri: "",
    };
    match std::env::args().nth(1).as_deref() {
        None | Some("sarif") => report.write_sarif(out, &tool)?,
        Some("json") => report.write_json(out)?,
        Some("text") => {
            report.set_view(view(Format::Plain));
            report.write_to(out)?
        }
        Some(_) => {
            report.set_view(view(Format::Markdown));
            report.write_to(out)?
        }
    };
    Ok(())
}
