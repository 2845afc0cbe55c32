//! Exact duplicates join, near ones are folded on demand, and nothing is dropped.

use autoexec_consolidator::{
    By, Comparison, Consolidator, Finding, Fingerprint, Format, Place, Severity, View,
};

fn todo(text: &str, file: &str, line: u32) -> Finding {
    Finding::new(text).kind("todo").at(file, line)
}

fn items(document: &mut Consolidator) -> Vec<String> {
    let text = document.full_text();
    assert_eq!(document.text(), text);
    let items = text.lines().filter(|line| line.starts_with("- "));
    items.map(str::to_owned).collect()
}

#[test]
fn exact_duplicates_are_counted_with_all_their_places() {
    let mut document = Consolidator::new();
    let first = document.add(2, todo("fix  it", "a.rs", 3).severity(Severity::Low));
    let second = document.add(1, todo("fix it\n", "a.rs", 3).column(7));
    let third = document.add(3, todo("fix it", "a.rs", 3).also_at(Place::new("b.rs", 9)));
    document.add(3, todo("fix it", "a.rs", 4));
    assert_eq!(
        items(&mut document),
        [
            "- **low** `a.rs:3:7` fix it (`todo`, 3 times, also at `a.rs:3`, `b.rs:9`)",
            "- 1 finding is listed with the one that it repeats",
            "- **info** `a.rs:4` fix it (`todo`)",
            "- 1 finding is listed with the one that it repeats",
        ]
    );
    assert_eq!(document.leader(first), Some(second));
    assert_eq!(
        document.followers(second).collect::<Vec<_>>(),
        [first, third]
    );
    assert_eq!(document.stats().duplicates, 2);
    assert!(
        document
            .text()
            .contains("4 findings** (1 low, 3 info; 2 duplicates)")
    );

    // The one that stands for the others goes: the next stands for the rest.
    document.remove_finding(second);
    assert_eq!(
        items(&mut document),
        [
            "- **low** `a.rs:3` fix it (`todo`, 2 times, also at `b.rs:9`)",
            "- **info** `a.rs:4` fix it (`todo`)",
            "- 1 finding is listed with the one that it repeats",
        ]
    );
    document.replace(third, todo("fix that", "a.rs", 3));
    assert_eq!(
        items(&mut document),
        [
            "- **low** `a.rs:3` fix it (`todo`)",
            "- **info** `a.rs:3` fix that (`todo`)",
            "- **info** `a.rs:4` fix it (`todo`)",
        ]
    );
}

#[test]
fn kind_text_and_place_tell_findings_apart() {
    let mut document = Consolidator::new();
    let ids = [
        document.add(1, todo("x", "a.rs", 3)),
        document.add(1, todo("x", "a.rs", 4)),
        document.add(1, todo("x", "b.rs", 3)),
        document.add(1, todo("y", "a.rs", 3)),
        document.add(1, todo("x", "a.rs", 3).kind("other")),
        document.add(1, Finding::new("x")),
    ];
    for id in ids {
        assert_eq!((document.leader(id), document.count(id)), (Some(id), 1));
    }
}

#[test]
fn folds_last_as_long_as_what_they_are_folded_into() {
    let mut document = Consolidator::new();
    let a = document.add(1, todo("an unwrap of a lock", "a.rs", 3));
    let b = document.add(
        2,
        todo("unwrap of a lock", "b.rs", 4).severity(Severity::High),
    );
    let c = document.add(3, todo("unwraps a lock", "c.rs", 5));
    assert!(document.merge(c, b));
    assert!(!document.merge(c, b), "it is there already");
    assert!(document.merge(b, a), "and takes c along");
    assert_eq!(
        items(&mut document),
        [
            "- **high** `a.rs:3` an unwrap of a lock (`todo`, 3 times, also at `c.rs:5`, `b.rs:4`)",
            "- 1 finding is listed with the one that it repeats",
            "- 1 finding is listed with the one that it repeats",
        ]
    );
    assert!(!document.merge(a, a));
    assert!(document.unmerge(b));
    assert_eq!(
        (document.count(a), document.count(b), document.count(c)),
        (2, 1, 2)
    );
    assert!(!document.unmerge(b));
    assert!(document.merge(a, c), "a led c: now c leads a");
    assert_eq!((document.leader(a), document.leader(c)), (Some(c), Some(c)));
    document.remove_finding(c);
    assert_eq!((document.leader(a), document.count(a)), (Some(a), 1));
    assert!(!document.merge(c, a), "c is gone");
    assert_eq!(items(&mut document).len(), 2);
}

#[test]
fn a_fold_survives_while_an_exact_duplicate_of_its_leader_is_left() {
    let mut document = Consolidator::new();
    let leader = document.add(1, todo("x", "a.rs", 1));
    let twin = document.add(2, todo("x", "a.rs", 1));
    let near = document.add(3, todo("x!", "a.rs", 1));
    document.merge(near, twin);
    assert_eq!(document.leader(near), Some(leader));
    document.remove_finding(leader);
    assert_eq!(
        (document.leader(near), document.count(near)),
        (Some(twin), 2)
    );
    document.remove(2);
    assert_eq!(
        (document.leader(near), document.count(near)),
        (Some(near), 1)
    );
}

#[test]
fn the_worst_severity_of_a_group_decides_its_section() {
    let mut document = Consolidator::new();
    document.set_view(View {
        format: Format::Plain,
        by: By::Severity,
    });
    document.add(1, todo("x", "a.rs", 1));
    let worse = document.add(2, todo("x", "a.rs", 1).severity(Severity::Critical));
    assert!(
        document
            .text()
            .contains("\nCritical (1)\n\n  critical a.rs:1 x (todo, 2 times)\n")
    );
    document.remove_finding(worse);
    assert!(
        document
            .text()
            .contains("\nInfo (1)\n\n  info a.rs:1 x (todo)\n")
    );
    assert!(!document.text().contains("Critical"));
}

#[test]
fn many_duplicates_cost_no_more_than_few() {
    let formatted_by = |count: u32| {
        let mut document = Consolidator::new();
        let at = |step: u32| todo("x", "a.rs", 1).column(step + 1_000_000);
        for step in 0..count {
            document.add(step + 1_000_000, at(step));
        }
        document.segments();
        let before = document.stats();
        document.add(count + 1_000_000, at(count));
        document.segments();
        document.stats().bytes_formatted - before.bytes_formatted
    };
    let (few, many) = (formatted_by(20), formatted_by(20_000));
    // The counts in item, tail and footer grow by a few digits.
    assert!(many <= few + 32, "{few} and {many}");
}

#[test]
fn runs_are_compared_by_text_and_file_not_by_line() {
    let mut before = Consolidator::new();
    before.add(1, todo("kept", "a.rs", 3));
    before.add(1, todo("gone", "a.rs", 4));
    before.add(1, todo("twice", "a.rs", 5));
    before.add(1, todo("twice", "a.rs", 6));
    let previous: Vec<Fingerprint> = before.fingerprints().collect();
    assert_eq!(previous.len(), 4);

    let mut after = Consolidator::new();
    let kept = after.add(7, todo(" kept ", "a.rs", 33).severity(Severity::High));
    let twice = after.add(7, todo("twice", "a.rs", 36));
    let elsewhere = after.add(7, todo("kept", "b.rs", 3));
    let other_kind = after.add(8, todo("kept", "a.rs", 3).kind("other"));
    after.add(9, todo("kept", "a.rs", 33)); // A duplicate counts once.
    let expect = Comparison {
        new: vec![elsewhere, other_kind],
        known: vec![kept, twice],
        gone: vec![previous[1], previous[3]],
    };
    assert_eq!(after.compare(previous.iter().copied()), expect);
    assert_eq!(after.fingerprint(kept), Some(previous[0]));
    let stored = previous[0].to_string();
    assert_eq!(stored.parse(), Ok(previous[0]));
    assert_eq!(Fingerprint::from_u128(previous[0].as_u128()), previous[0]);
    assert!("+123".repeat(8).parse::<Fingerprint>().is_err());
    assert_eq!(Consolidator::new().compare(previous.clone()).gone, previous);
}
