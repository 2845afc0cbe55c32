//! Bad input: nothing panics, nothing breaks the document, nothing is lost.

use std::io::{self, Write};

use autoexec_consolidator::{
    By, Confidence, Consolidator, Error, Finding, Format, Place, Step, Tool, View,
};

fn views() -> impl Iterator<Item = View> {
    let all = [Format::Markdown, Format::Plain];
    all.into_iter().flat_map(|format| {
        let by = [By::Step, By::Severity, By::File];
        by.into_iter().map(move |by| View { format, by })
    })
}

/// Every view of a document with this finding beside an innocent one: the text is the same however it
/// comes about, holds no control character, and as many sections as the innocent alone would have.
fn check(finding: Finding) {
    let innocent = || Finding::new("innocent").at("z.rs", 1);
    for view in views() {
        let mut document = Consolidator::new();
        document.set_view(view);
        document.add(1, innocent());
        document.text();
        let id = document.add(1, finding.clone());
        let text = document.text().to_owned();
        assert_eq!(text, document.full_text());
        let seen = |c: char| c == '\n' || !c.is_control();
        assert!(text.chars().all(seen), "{text:?}");
        if view == View::default() {
            assert_eq!(text.matches("\n## ").count(), 1, "{text}");
            assert_eq!(text.matches("\n---\n").count(), 1, "{text}");
            let items = text.lines().filter(|line| line.starts_with("- **"));
            assert_eq!(items.count(), 2, "{text}");
        }
        let (mut json, mut sarif) = (Vec::new(), Vec::new());
        (document.write_json(&mut json)).expect("a vector takes all");
        (document.write_sarif(&mut sarif, &Tool::default())).expect("a vector takes all");
        for bytes in [json, sarif] {
            serde_json::from_slice::<serde_json::Value>(&bytes).expect("JSON");
        }
        assert!(document.remove_finding(id).is_some());
        let mut expect = Consolidator::new();
        expect.set_view(view);
        expect.add(1, innocent());
        assert_eq!(document.text(), expect.text());
        assert_eq!(document.digest(), expect.digest());
    }
}

#[test]
fn a_confidence_that_is_no_number_from_0_to_1_is_refused() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1, 1.1] {
        let error = Confidence::number(value).unwrap_err();
        assert_eq!(error, Error::ConfidenceOutOfRange(value.to_string()));
    }
    assert_eq!(Confidence::number(-0.0), Confidence::number(0.0));
}

#[test]
fn empty_findings() {
    check(Finding::default());
    check(Finding::new(" \n\t").also_at(Place::default()).kind(" "));
    check(
        Finding::new("")
            .evidence("", Place::default())
            .hypothesis(""),
    );
}

#[test]
fn control_characters_and_directions() {
    let nasty = "\0\u{1b}[2J\r\n\u{7f}\u{85}\u{2028}\u{202e}gnp.exe";
    check(
        Finding::new(nasty)
            .kind(nasty)
            .at(nasty, 1)
            .hypothesis(nasty),
    );
    check(Finding::new("x").evidence(nasty, Place::file(nasty)));
}

#[test]
fn names_of_files_that_are_no_plain_names() {
    for name in [
        "a b.rs",
        "ü/日本.rs",
        "../../etc/passwd",
        "a\nb",
        "`",
        "``a`",
        "-",
        "#",
        "\\",
        "C:\\x",
    ] {
        check(Finding::new("x").at(name, 1).also_at(Place::file(name)));
    }
}

#[test]
fn lines_that_are_no_lines() {
    for line in [0, u32::MAX] {
        check(Finding::new("x").also_at(Place::new("a.rs", line).to(0).column(line)));
        check(Finding::new("x").also_at(Place::new("", line).to(line)));
    }
}

#[test]
fn markdown_in_texts() {
    let nasty = "x\n## y\n---\n```\n<!-- \n- **high** z\n<script>\n|a|\n>";
    check(
        Finding::new(nasty)
            .kind(nasty)
            .at(nasty, 1)
            .hypothesis(nasty),
    );
    check(Finding::new("x").evidence(nasty, Place::default()));
}

#[test]
fn a_huge_text() {
    let text = "0123456789abcde\n".repeat(1 << 18);
    let mut document = Consolidator::new();
    document.add(1, Finding::new(text.clone()).at("a.rs", 1));
    document.set(
        2,
        Step {
            text,
            ..Step::default()
        },
    );
    assert!(document.text().len() > 2 * (1 << 22));
    assert_eq!(document.full_text(), document.text());
}

#[test]
fn a_hundred_thousand_findings_come_and_go() {
    let mut document = Consolidator::new();
    let finding = |n: u32| Finding::new(format!("case {n}")).at("a.rs", n);
    let ids: Vec<_> = (0..100_000).map(|n| document.add(1, finding(n))).collect();
    assert_eq!(document.summary().findings, 100_000);
    assert_eq!(document.text().lines().count(), 100_008);
    for id in ids.iter().rev().step_by(2) {
        assert!(document.remove_finding(*id).is_some());
    }
    for id in ids.iter().step_by(2) {
        assert!(
            document
                .replace(*id, Finding::new("changed").at("b.rs", id_line(&ids, *id)))
                .is_some()
        );
    }
    assert_eq!(document.summary().findings, 50_000);
    assert_eq!(document.full_text(), document.text());
    assert!(document.remove(1).is_some());
    assert_eq!(document.digest(), Consolidator::new().digest());
}

fn id_line<T: Ord>(ids: &[T], id: T) -> u32 {
    ids.binary_search(&id)
        .expect("ids of a new document ascend") as u32
}

/// Fails once it has taken so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let count = bytes.len().min(self.0);
        self.0 -= count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_is_full_is_told_of_in_every_format() {
    let mut document = Consolidator::new();
    for n in 0..1000 {
        document.add(1, Finding::new("x".repeat(200)).at("a.rs", n));
    }
    for room in [0, 10, 100_000] {
        let errors = [
            document.write_to(&mut Full(room)).unwrap_err(),
            document.write_json(&mut Full(room)).unwrap_err(),
            document
                .write_sarif(&mut Full(room), &Tool::default())
                .unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        }
    }
    assert_eq!(document.full_text(), document.text());
}

#[test]
fn ids_of_what_is_gone_name_nothing() {
    let mut document = Consolidator::new();
    let gone = document.add(1, Finding::new("x"));
    document.remove_finding(gone);
    let new = document.add(1, Finding::new("x"));
    assert_ne!(new, gone);
    assert_eq!(document.finding(gone), None);
    assert_eq!(document.replace(gone, Finding::new("y")), None);
    assert_eq!(document.remove_finding(gone), None);
    assert_eq!((document.leader(gone), document.count(gone)), (None, 0));
    assert_eq!(document.fingerprint(gone), None);
    assert!(!document.merge(gone, new) && !document.merge(new, gone) && !document.unmerge(gone));
    assert_eq!(document.finding(new), Some(Finding::new("x")));
    assert_eq!(document.step_of(new), Some(1));
}
