//! The faults of the public system (rows 1.19–1.23), each made impossible, through the public API.

use std::io::{self, IoSlice, Write};

use autoexec_consolidator::{
    Change, Confidence, Consolidator, Evidence, Finding, Place, Severity, Step,
};

/// A step whose text has the same length for every six-digit number.
fn step(number: u32) -> Step {
    Step {
        title: format!("Step {number}"),
        text: format!("{number} ").repeat(20),
        findings: (0..4)
            .map(|n| Finding::new(format!("finding {number}")).at(format!("src/{n}.rs"), 10))
            .collect(),
        files_checked: (0..4).map(|n| format!("src/{n}.rs")).collect(),
        relevant_files: vec!["src/0.rs".into()],
        hypothesis: Some("something holds".into()),
        confidence: Some(Confidence::Low),
        ..Step::default()
    }
}

/// Bytes formatted and copied by the last of `count` steps, each followed by a text.
fn cost_of_last(count: u32) -> (u64, u64) {
    let mut document = Consolidator::new();
    let mut before = document.stats();
    for number in 0..count {
        before = document.stats();
        document.set(100_000 + number, step(100_000 + number));
        document.text();
    }
    let after = document.stats();
    (
        after.bytes_formatted - before.bytes_formatted,
        after.bytes_copied - before.bytes_copied,
    )
}

#[test]
fn output_has_header_blocks_and_footer() {
    let mut document = Consolidator::with_title("Review of x");
    document.set(2, step(2));
    document.set(1, step(1));
    let text = document.text();
    assert!(
        text.starts_with("# Review of x\n\n## 1. Step 1\n"),
        "{text}"
    );
    assert!(text.find("## 1.") < text.find("## 2."), "ordered by number");
    let footer = "\n---\n\n**2 steps, 4 files checked, 1 relevant, 8 findings** (8 info)\n";
    assert!(text.ends_with(footer), "{text}");
}

#[test]
fn an_empty_document_says_so() {
    let mut document = Consolidator::new();
    let expect =
        "# Consolidated findings\n\n---\n\n**0 steps, 0 files checked, 0 relevant, 0 findings**\n";
    assert_eq!(document.text(), expect);
    assert_eq!(document.full_text(), expect);
    assert!(document.is_empty());
    document.set(1, Step::default());
    assert!(!document.is_empty());
}

/// Row 1.20: the incremental branch of the public system is dead, its count 0 in every run; had it
/// run, steps would have stood after the footer.
#[test]
fn updates_are_incremental_and_stand_before_the_footer() {
    let mut document = Consolidator::new();
    for number in 1..=20 {
        document.set(number, step(number));
        let text = document.text();
        assert_eq!(text.matches("\n---\n").count(), 1);
        assert!(text.rfind("## ") < text.find("\n---\n"));
    }
    let stats = document.stats();
    assert_eq!((stats.full_builds, stats.incremental_updates), (1, 19));
}

/// A step that is taken for the one that is there is lost.
#[test]
fn what_differs_in_one_thing_is_another_step() {
    let full = |step: &mut Step| {
        let finding = Finding::new("text").kind("todo").at("a.rs", 3);
        step.findings[0] = Finding {
            relevant_files: vec!["a.rs".into()],
            ..finding.evidence("quoted", Place::file("c.rs"))
        };
    };
    let changes: [fn(&mut Step); 21] = [
        |step| step.title = "other".into(),
        |step| step.text = "other".into(),
        |step| step.omitted = 1,
        |step| step.hypothesis = None,
        |step| step.confidence = Some(Confidence::High),
        |step| step.files_checked[3] = "other.rs".into(),
        |step| step.files_checked.swap(0, 1),
        |step| step.files_checked.truncate(3),
        |step| step.relevant_files[0] = "other.rs".into(),
        |step| step.relevant_files.push("other.rs".into()),
        |step| step.findings.swap(0, 1),
        |step| step.findings.truncate(3),
        |step| step.findings[0].text = "other".into(),
        |step| step.findings[0].kind = "other".into(),
        |step| step.findings[0].severity = Severity::High,
        |step| step.findings[0].places[0].column = 1,
        |step| step.findings[0].relevant_files[0] = "other.rs".into(),
        |step| step.findings[0].hypothesis = Some("other".into()),
        |step| step.findings[0].confidence = Some(Confidence::High),
        |step| step.findings[0].evidence[0].text = "other".into(),
        |step| step.findings[0].evidence[0].place.line = 1,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut document = Consolidator::new();
        let mut given = step(1);
        full(&mut given);
        document.set(1, given.clone());
        change(&mut given);
        assert_eq!(document.set(1, given.clone()), Change::Replaced, "{number}");
        assert_eq!(document.get(1).as_ref(), Some(&given), "{number}");
        assert_eq!(document.set(1, given), Change::Unchanged, "{number}");
    }
}

/// Row 1.21: unchanged calls cost nothing.
#[test]
fn unchanged_calls_format_and_copy_nothing() {
    let mut document = Consolidator::new();
    document.set(1, step(1));
    document.text();
    let (before, digest) = (document.stats(), document.digest());
    assert_eq!(document.set(1, step(1)), Change::Unchanged);
    document.text();
    let after = document.stats();
    assert_eq!(after.bytes_formatted, before.bytes_formatted);
    assert_eq!(after.bytes_copied, before.bytes_copied);
    assert_eq!((after.unchanged, after.reused), (1, 1));
    assert_eq!(document.digest(), digest);
}

/// Row 1.21: the public digest ignores files, relevant files and confidence.
#[test]
fn the_digest_covers_every_field() {
    let digest_of = |change: &dyn Fn(&mut Step)| {
        let mut changed = step(1);
        change(&mut changed);
        let mut document = Consolidator::new();
        document.set(1, changed);
        document.digest()
    };
    let many = |last: &str| {
        let mut files: Vec<String> = (0..40).map(|n| format!("{n}.rs")).collect();
        files.push(last.to_owned());
        files
    };
    let digests = [
        digest_of(&|_| {}),
        digest_of(&|s| s.title.push('x')),
        digest_of(&|s| s.text.push('x')),
        digest_of(&|s| s.findings[3].text.push('x')),
        digest_of(&|s| s.findings[3].severity = Severity::High),
        digest_of(&|s| s.findings[3].kind.push('x')),
        digest_of(&|s| s.findings[3].places.clear()),
        digest_of(&|s| s.findings[3].places[0].line = 11),
        digest_of(&|s| s.findings[3].places[0].end_line = 11),
        digest_of(&|s| s.findings[3].places[0].column = 11),
        digest_of(&|s| s.findings[3].places.push(Place::new("z", 1))),
        digest_of(&|s| s.findings[3].relevant_files.push("z".into())),
        digest_of(&|s| s.findings[3].hypothesis = Some("z".into())),
        digest_of(&|s| s.findings[3].confidence = Some(Confidence::Low)),
        digest_of(&|s| s.findings[3].confidence = Confidence::number(0.3).ok()),
        digest_of(&|s| s.findings[3].evidence.push(Evidence::default())),
        digest_of(&|s| s.findings.reverse()),
        digest_of(&|s| {
            // What two findings say is exchanged, one field at a time.
            s.findings[2].places[0].file = "src/3.rs".into();
            s.findings[3].places[0].file = "src/2.rs".into();
        }),
        digest_of(&|s| s.omitted = 1),
        digest_of(&|s| s.files_checked.push("y".into())),
        digest_of(&|s| s.files_checked = many("y")),
        digest_of(&|s| s.files_checked = many("z")),
        digest_of(&|s| s.relevant_files = many("z")),
        digest_of(&|s| std::mem::swap(&mut s.files_checked, &mut s.relevant_files)),
        digest_of(&|s| s.hypothesis = None),
        digest_of(&|s| s.confidence = Some(Confidence::Certain)),
        Consolidator::new().digest(),
        Consolidator::with_title("other").digest(),
    ];
    for (at, digest) in digests.iter().enumerate() {
        assert!(!digests[..at].contains(digest), "change {at} does not show");
    }
    assert_eq!(digests[0].to_string().len(), 32);
}

/// Row 1.22: the public cost of a step grows with what came before.
#[test]
fn a_step_costs_the_same_after_20_and_after_2000() {
    let (formatted_20, copied_20) = cost_of_last(20);
    let (formatted_2000, copied_2000) = cost_of_last(2000);
    assert_eq!(copied_2000, copied_20);
    // The footer's numbers grow by a few digits.
    assert!(
        formatted_2000 - formatted_20 <= 10,
        "{formatted_20} and {formatted_2000}"
    );
}

#[test]
fn replacing_in_the_middle_formats_only_the_new_step() {
    let mut document = Consolidator::new();
    for number in 100..200 {
        document.set(number, step(number));
    }
    document.text();
    let before = document.stats();
    assert_eq!(document.set(150, step(999)), Change::Replaced);
    document.text();
    let after = document.stats();
    let formatted = after.bytes_formatted - before.bytes_formatted;
    let one = 2 * (document.text().len() as u64 / 100);
    assert!(formatted < one, "{formatted} bytes for one step");
    let expect = document.full_text();
    assert_eq!(document.text(), expect);
}

/// Row 1.23: a duplicate or edited step was appended a second time.
#[test]
fn an_edited_step_replaces_the_old_one() {
    let mut document = Consolidator::new();
    document.set(1, step(1));
    document.set(2, step(2));
    document.text();
    let mut edited = step(1);
    edited.text = "edited".into();
    edited.files_checked = vec!["other.rs".into()];
    assert_eq!(document.set(1, edited.clone()), Change::Replaced);
    assert_eq!(document.text().matches("## 1.").count(), 1);
    assert!(document.text().contains("edited"));
    assert_eq!(document.get(1), Some(edited));
    assert_eq!(document.remove(2), Some(step(2)));
    assert_eq!(document.remove(2), None);
    assert!(!document.text().contains("## 2."));
    assert_eq!(document.summary().files_checked, 1);
    assert_eq!(document.len(), 1);
}

#[test]
fn omitted_counts_do_not_overflow() {
    let mut document = Consolidator::new();
    let omits = Step {
        omitted: u64::MAX,
        ..Step::default()
    };
    document.set(1, omits.clone());
    document.set(2, omits);
    assert_eq!(document.summary().omitted, u64::MAX);
    assert_eq!(document.summary().findings_total(), u64::MAX);
    document.remove(1);
    document.remove(2);
    assert_eq!(document.summary().omitted, 0);
}

#[test]
fn foreign_text_cannot_break_the_document() {
    let mut document = Consolidator::new();
    document.set(
        1,
        Step {
            title: "a\n## 9. false".into(),
            text: "```\nopen\n# not a heading".into(),
            findings: vec![Finding::new("x\n---\n# y").at("odd`\nname", 1)],
            relevant_files: vec!["a\nb".into()],
            hypothesis: Some("h\n\n# z".into()),
            ..Step::default()
        },
    );
    document.set(2, step(2));
    let text = document.text();
    let headings: Vec<&str> = text.lines().filter(|l| l.starts_with("## ")).collect();
    assert_eq!(headings, ["## 1. a ## 9. false", "## 2. Step 2"]);
    assert_eq!(text.matches("```").count(), 2, "the open fence is closed");
    assert_eq!(text.lines().filter(|&line| line == "---").count(), 1);
}

/// Takes at most three bytes at a time, is interrupted often, and fails when it is full.
struct Reluctant {
    taken: Vec<u8>,
    calls: usize,
    room: usize,
}

impl Write for Reluctant {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = bytes.len().min(3).min(self.room - self.taken.len());
        self.taken.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn short_interrupted_and_failing_writes() {
    let mut document = Consolidator::new();
    for number in 1..5 {
        document.set(number, step(number));
    }
    let expect = document.full_text();
    let mut writer = Reluctant {
        taken: Vec::new(),
        calls: 0,
        room: usize::MAX,
    };
    let written = document.write_to(&mut writer).unwrap();
    assert_eq!(written, expect.len() as u64);
    assert_eq!(String::from_utf8(writer.taken).unwrap(), expect);

    let mut full = Reluctant {
        taken: Vec::new(),
        calls: 0,
        room: 100,
    };
    let error = document.write_to(&mut full).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WriteZero);
}

/// Counts calls and takes all that it is given.
struct Counting(usize, u64);

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0 += 1;
        let count: usize = slices.iter().map(|slice| slice.len()).sum();
        self.1 += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Row 1.20: a step put in the middle formats itself, moves nothing, and joins what is around it.
#[test]
fn a_step_in_the_middle_is_one_more_segment() {
    let mut document = Consolidator::new();
    for number in (0..4000).filter(|number| *number != 1000) {
        document.set(number, step(number));
    }
    assert_eq!(document.segments().len(), 1);
    let before = document.stats();
    document.set(1000, step(1000));
    assert_eq!(
        document.segments().len(),
        4,
        "before, the step, behind, footer"
    );
    let mut writer = Counting(0, 0);
    let written = document.write_to(&mut writer).unwrap();
    assert_eq!(writer.0, 1);
    assert_eq!(written, writer.1);
    assert_eq!(written, document.full_text().len() as u64);
    let after = document.stats();
    assert_eq!(after.bytes_copied, before.bytes_copied);
    let formatted = after.bytes_formatted - before.bytes_formatted;
    assert!(
        formatted < 1000,
        "{formatted} bytes for one step and two footers"
    );
}

#[test]
fn a_step_is_formatted_and_counted_once() {
    let mut document = Consolidator::new();
    for number in 10_000..10_100 {
        document.set(10 * number, step(10 * number));
    }
    document.segments();
    let costs = [100_011, 100_021, 100_031, 200_001, 200_002].map(|number| {
        let before = document.stats().bytes_formatted;
        document.set(number, step(number));
        document.segments();
        document.stats().bytes_formatted - before
    });
    assert_eq!(costs, [costs[0]; 5], "in the middle or at the end");
}

#[test]
fn many_segments_take_few_writes() {
    let mut document = Consolidator::new();
    for number in 0..4000 {
        document.set(number, step(number));
    }
    document.segments();
    for number in (0..4000).step_by(2) {
        document.set(number, step(number + 4000));
    }
    let pieces = document.segments().len();
    assert!(pieces > 4000, "{pieces}");
    let mut writer = Counting(0, 0);
    let written = document.write_to(&mut writer).unwrap();
    assert_eq!(writer.0, pieces.div_ceil(1024));
    assert_eq!(written, document.full_text().len() as u64);
}

/// Text that was replaced over and over does not pile up.
#[test]
fn garbage_is_bounded() {
    let mut document = Consolidator::new();
    for number in 0..100 {
        document.set(number, step(number));
    }
    document.segments();
    for round in 0..1000 {
        document.set(0, step(round));
        document.segments();
    }
    let copied = document.stats().bytes_copied;
    let length = document.full_text().len() as u64;
    assert!(copied > 0, "the buffer was put in order at times");
    assert!(copied < 20 * length, "{copied} bytes moved in 1,000 rounds");
    let expect = document.full_text();
    assert_eq!(document.segments().concat(), expect);
}

/// Changes all over the document do not make ever more pieces.
#[test]
fn pieces_are_bounded() {
    let mut document = Consolidator::new();
    for number in 0..1000 {
        document.set(number, step(number));
    }
    document.segments();
    let mut most = 0;
    for number in 0..1000 {
        document.set(number * 7 % 1000, step(number + 5000));
        most = most.max(document.segments().len());
        if number % 50 == 0 {
            assert_eq!(document.segments().concat(), document.full_text());
        }
    }
    assert_eq!(document.segments().concat(), document.full_text());
    assert!((20..500).contains(&most), "{most} pieces");
}

/// A change that is undone before anyone looks is no change to the document.
#[test]
fn what_came_and_went_leaves_no_trace() {
    let mut document = Consolidator::new();
    for number in 0..3 {
        document.set(number, step(number));
    }
    let expect = document.text().to_owned();
    for _ in 0..2 {
        let id = document.add(1, Finding::new("not for long").at("src/other.rs", 7));
        assert!(document.remove_finding(id).is_some());
        assert_eq!(document.segments().concat(), expect);
        assert_eq!(document.text(), expect);
    }
}
