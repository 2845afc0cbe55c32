//! What a step costs after others, and what a finding takes beyond its text: bytes and allocations.
#![allow(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use autoexec_consolidator::{By, Consolidator, Finding, Format, Severity, Step, View};

struct Counting;

thread_local! {
    /// Bytes held and allocations made by this thread.
    static HELD: Cell<(i64, u64)> = const { Cell::new((0, 0)) };
}

fn count(bytes: i64, allocations: u64) {
    // Counts nothing while a thread ends.
    let _ = HELD.try_with(|held| {
        let (before, made) = held.get();
        held.set((before + bytes, made + allocations));
    });
}

// SAFETY: everything is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64, 1);
        // SAFETY: the caller's layout.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64), 0);
        // SAFETY: the caller's pointer and layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64, 1);
        // SAFETY: the caller's pointer, layout and size.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn held() -> i64 {
    HELD.get().0
}

/// As full a table as 100,000 would have, in a quarter of the time.
const FINDINGS: u32 = 25_000;

fn finding_in(number: u32, files: u32) -> Finding {
    let severity = Severity::ALL[number as usize % 5];
    Finding::new(format!(
        "a lock is held while the queue is drained, case {number}"
    ))
    .kind(["todo", "unwrap", "lock"][number as usize % 3])
    .at(
        format!("crates/engine/src/module_{}.rs", number % files),
        number,
    )
    .severity(severity)
}

fn finding(number: u32) -> Finding {
    finding_in(number, FINDINGS / 200)
}

/// Bytes held for each finding beyond its text, after `also`.
fn overhead(per_step: u32, files: u32, also: impl FnOnce(&mut Consolidator)) -> f64 {
    let start = held();
    let mut document = Consolidator::new();
    let mut text = 0;
    for number in 0..FINDINGS {
        let finding = finding_in(number, files);
        text += finding.text.len() as i64;
        document.add(number / per_step, finding);
    }
    also(&mut document);
    let overhead = (held() - start - text) as f64 / f64::from(FINDINGS);
    assert_eq!(document.summary().findings, u64::from(FINDINGS));
    overhead
}

/// The limit is 150 bytes, the names of files included, however many findings a step has and
/// a file; that the document is not shown is the case here.
#[test]
fn a_finding_takes_little_beyond_its_text() {
    let few = FINDINGS / 200;
    for (per_step, files, limit) in [
        (FINDINGS, few, 100.0),
        (100, few, 100.0),
        (10, few, 105.0),
        (1, few, 150.0),
        (100, FINDINGS, 150.0),
    ] {
        let bytes = overhead(per_step, files, |_| {});
        assert!(
            bytes < limit,
            "{bytes} bytes with {per_step} findings a step in {files} files"
        );
    }
}

/// Shown in any view, it takes 16 bytes more, the index of the view, and the document itself.
#[test]
fn a_view_takes_little_beside_the_document() {
    for by in [By::Step, By::Severity, By::File] {
        let mut length = 0;
        let bytes = overhead(100, FINDINGS / 200, |document| {
            let format = Format::Markdown;
            document.set_view(View { format, by });
            length = document.text().len();
        });
        // A string doubles as it grows.
        let document = 2.0 * length as f64 / f64::from(FINDINGS);
        assert!(
            bytes - document < 150.0,
            "{bytes} bytes and {document} of text by {by:?}"
        );
    }
}

#[test]
fn nothing_is_left_of_what_was_removed() {
    let start = held();
    let mut document = Consolidator::new();
    for round in 0..20 {
        for number in 0..1000 {
            document.add(number % 7, finding(round * 1000 + number));
        }
        document.text();
        let all: Vec<_> = document.findings().collect();
        let mut order: Vec<_> = all.iter().copied().step_by(2).collect();
        order.extend(all.iter().copied().skip(1).step_by(2).rev());
        for id in order {
            assert!(document.remove_finding(id).is_some());
        }
        document.text();
    }
    for number in 0..7 {
        document.remove(number);
    }
    // Vectors and tables keep room for the 1,000 findings that were there at once, and their text.
    let left = held() - start;
    assert!(left < 1000 * 500, "{left} bytes");
    drop(document);
    assert_eq!(held(), start);
}

fn step(number: u32) -> Step {
    Step {
        title: format!("Step {number}"),
        text: "0123456789 ".repeat(8),
        findings: (0..4).map(|n| finding(number * 4 + n)).collect(),
        files_checked: (0..4)
            .map(|n| format!("crates/engine/src/module_{n}.rs"))
            .collect(),
        ..Step::default()
    }
}

/// A document of so many steps, shown.
fn document(steps: u32, by: By) -> Consolidator {
    let mut document = Consolidator::new();
    let format = Format::Markdown;
    document.set_view(View { format, by });
    for number in 0..steps {
        document.set(1_000_000 + 10 * number, step(1_000_000 + 10 * number));
    }
    document.segments();
    document
}

/// Bytes formatted and copied, and allocations made, by a step that is set and the document obtained.
/// The median of a few steps: tables that grow are not every step's cost.
fn cost(document: &mut Consolidator, at: impl Fn(u32) -> u32) -> (u64, u64, u64) {
    let mut costs: Vec<_> = (0..9)
        .map(|n| {
            let number = at(n);
            let step = step(number);
            let (stats, made) = (document.stats(), HELD.get().1);
            document.set(number, step);
            let pieces = document.segments().len() as u64;
            assert!(pieces > 0);
            let (after, made) = (document.stats(), HELD.get().1 - made);
            let formatted = after.bytes_formatted - stats.bytes_formatted;
            (formatted, after.bytes_copied - stats.bytes_copied, made)
        })
        .collect();
    costs.sort_unstable();
    costs[costs.len() / 2]
}

/// Row 1.22: what a step costs does not grow with what came before, at the end or in the middle.
#[test]
fn a_step_costs_the_same_after_20_and_after_20000() {
    for (by, counts) in [
        (By::Step, [20, 200, 20_000]),
        (By::Severity, [20, 200, 2000]),
        (By::File, [20, 200, 2000]),
    ] {
        let mut documents = counts.map(|steps| document(steps, by));
        let ends = (documents.each_mut()).map(|document| cost(document, |at| 9_000_000 + at));
        // In the middle of the first twenty.
        let middles = documents.map(|mut document| cost(&mut document, |at| 1_000_051 + at));
        for costs in [ends, middles] {
            for (formatted, copied, made) in costs {
                // Counts in headings and footer grow by a few digits, tables by a few nodes.
                assert!(formatted.abs_diff(costs[0].0) <= 40, "by {by:?}: {costs:?}");
                assert!(made.abs_diff(costs[0].2) <= 24, "by {by:?}: {costs:?}");
                assert_eq!(copied, 0, "by {by:?}: {costs:?}");
            }
        }
    }
}

/// Row 1.20: one change in the middle is itself, what is before, what is behind, and the footer.
#[test]
fn a_change_in_the_middle_costs_what_changed() {
    let costs = [200, 5000].map(|steps| {
        let mut document = document(steps, By::Step);
        let mut made: Vec<u64> = (0..9)
            .map(|round| {
                document.set(1_000_100, step(round));
                let before = HELD.get().1;
                assert_eq!(document.segments().len(), 4);
                HELD.get().1 - before
            })
            .collect();
        made.sort_unstable();
        made[made.len() / 2]
    });
    assert_eq!(costs[0], costs[1]);
}
