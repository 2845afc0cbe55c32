//! A report that grows step by step, is corrected, and is written from its segments.
#![allow(clippy::print_stdout, reason = "an example shows its output")]

use std::io;

use autoexec_consolidator::{Confidence, Consolidator, Finding, Severity, Step};

fn main() -> io::Result<()> {
    let mut report = Consolidator::with_title("Why does the service stop?");
    report.set(1, search());
    report.text(); // Whoever shows progress asks after each step.
    report.set(2, verdict(Confidence::Medium));
    report.text();

    // The second step is taken up again: it replaces what it said before.
    report.set(2, verdict(Confidence::Certain));
    report.write_to(&mut io::stdout().lock())?;

    let stats = report.stats();
    println!("\ndigest {}", report.digest());
    println!(
        "{} full build, {} incremental updates, {} bytes formatted",
        stats.full_builds, stats.incremental_updates, stats.bytes_formatted
    );
    Ok(())
}

fn search() -> Step {
    Step {
        title: "Search for unwrap".into(),
        findings: vec![
            Finding::new("let pool = POOL.lock().unwrap();")
                .at("src/pool.rs", 42)
                .severity(Severity::High),
            Finding::new("let port: Option<u16> = args.next().unwrap();")
                .at("src/main.rs", 7)
                .severity(Severity::Low),
        ],
        omitted: 3,
        files_checked: vec!["src/main.rs".into(), "src/pool.rs".into()],
        ..Step::default()
    }
}

fn verdict(confidence: Confidence) -> Step {
    Step {
        title: "Verdict".into(),
        text: "A worker panics while it holds the lock; every later request panics too.".into(),
        relevant_files: vec!["src/pool.rs".into()],
        hypothesis: Some("a poisoned lock stops the service".into()),
        confidence: Some(confidence),
        ..Step::default()
    }
}
