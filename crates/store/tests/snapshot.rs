//! Snapshots through the public API: other processes, clocks, modes, and what a save costs.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use autoexec_store::{
    Autosave, Damage, Entry, ErrorKind, Fingerprint, LoadReport, Namespace, Options, Snapshot,
    SnapshotOptions, Store,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use support::ManualClock;

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    Place {
        path: folder.path().join("cache"),
        _folder: folder,
    }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

fn space(max_entries: usize) -> Namespace {
    let options = Options {
        max_entries,
        shards: Some(1),
        ..Options::default()
    };
    Store::new(options).unwrap().namespace("s")
}

fn open(namespace: &Namespace, path: &Path) -> (Snapshot, LoadReport) {
    Snapshot::open(namespace, path, at(0), SnapshotOptions::default(), None).unwrap()
}

fn refused(path: &Path) -> ErrorKind {
    let options = SnapshotOptions::default();
    Snapshot::open(&space(10), path, at(0), options, None)
        .unwrap_err()
        .kind()
}

#[test]
fn what_is_saved_is_there_again_with_all_that_belongs_to_it() {
    let place = place();
    let namespace = space(100);
    let (snapshot, report) = open(&namespace, &place.path);
    assert!(report.is_new);
    let entry = Entry::new("value")
        .with_tag("t")
        .with_file("a.rs", Fingerprint(7));
    namespace.insert("linked", entry);
    namespace.insert("empty", "");
    namespace.insert("gone", "soon");
    let saved = snapshot.save(at(0)).unwrap();
    assert_eq!((saved.entries, saved.removals), (3, 0));
    namespace.remove("gone");
    let saved = snapshot.save(at(0)).unwrap();
    assert_eq!((saved.entries, saved.removals), (0, 1));
    assert_eq!(snapshot.save(at(0)).unwrap().bytes, 0, "nothing changed");
    drop(snapshot);

    let again = space(100);
    let options = SnapshotOptions::default();
    let same = |_: &[u8]| Some(Fingerprint(7));
    let (snapshot, report) =
        Snapshot::open(&again, &place.path, at(0), options, Some(&same)).unwrap();
    assert_eq!(
        (report.loaded, report.is_new, report.damage),
        (2, false, None)
    );
    assert_eq!(report.to_string(), "2 entries loaded");
    assert_eq!(again.get("empty").unwrap(), "");
    assert_eq!(
        snapshot.save(at(0)).unwrap().bytes,
        0,
        "what was loaded need not be saved"
    );
    assert_eq!(again.remove_tag("t"), 1);
    assert_eq!(snapshot.save(at(0)).unwrap().removals, 1);
}

#[test]
fn what_came_from_files_is_loaded_only_if_they_are_as_they_were() {
    let place = place();
    let namespace = space(100);
    let (snapshot, _) = open(&namespace, &place.path);
    namespace.insert("a", Entry::new("value").with_file("a.rs", Fingerprint(7)));
    namespace.insert("b", Entry::new("value").with_file("b.rs", Fingerprint(7)));
    snapshot.save(at(0)).unwrap();
    let read = |dependencies| {
        let namespace = space(100);
        let report = Snapshot::read(&namespace, &place.path, at(0), dependencies).unwrap();
        (report.loaded, report.stale)
    };
    assert_eq!(read(None), (0, 2), "nobody can say");
    let changed = |file: &[u8]| Some(Fingerprint(if file == b"a.rs" { 7 } else { 8 }));
    assert_eq!(read(Some(&changed)), (1, 1));
}

/// An entry of 100 s, saved after 40 s of its life, found when the wall clock has moved so far.
fn check_remaining(moved: i64, expect: Option<u64>) {
    let place = place();
    let clock = ManualClock::default();
    let options = || Options {
        clock: Arc::new(clock.clone()),
        ..Options::default()
    };
    let namespace = Store::new(options()).unwrap().namespace("s");
    let (snapshot, _) = open(&namespace, &place.path);
    namespace.insert("key", Entry::new("v").with_ttl(Duration::from_secs(100)));
    clock.advance(40_000);
    snapshot.save(at(1_000)).unwrap();
    let again = Store::new(options()).unwrap().namespace("s");
    let now = at((1_000 + moved) as u64);
    let report = Snapshot::read(&again, &place.path, now, None).unwrap();
    let Some(expect) = expect else {
        assert_eq!((report.loaded, report.expired), (0, 1), "{moved}");
        return;
    };
    assert!(again.get("key").is_some(), "{moved}");
    clock.advance(1_000 * expect - 1);
    assert!(again.get("key").is_some(), "{moved}");
    clock.advance(1);
    assert!(again.get("key").is_none(), "{moved}");
}

#[test]
fn time_goes_on_while_nobody_runs_and_steps_of_the_clock_prolong_nothing() {
    check_remaining(0, Some(60));
    check_remaining(10, Some(50));
    check_remaining(59, Some(1));
    check_remaining(60, None);
    check_remaining(1_000_000, None);
    check_remaining(-900, Some(60));
}

#[test]
fn a_second_handle_is_told_who_has_the_file_and_may_read_it() {
    let place = place();
    let namespace = space(100);
    let (snapshot, _) = open(&namespace, &place.path);
    namespace.insert("key", "value");
    snapshot.save(at(0)).unwrap();
    let other = space(100);
    let options = SnapshotOptions::default();
    let error = Snapshot::open(&other, &place.path, at(0), options, None).unwrap_err();
    let process = Some(std::process::id());
    assert_eq!(error.kind(), ErrorKind::Locked { process });
    assert!(
        error
            .to_string()
            .ends_with(&format!("process {} holds it", std::process::id()))
    );
    assert_eq!(
        Snapshot::read(&other, &place.path, at(0), None)
            .unwrap()
            .loaded,
        1
    );
    snapshot.compact(at(0)).unwrap();
    assert_eq!(
        refused(&place.path),
        ErrorKind::Locked { process },
        "the new file is held too"
    );
    drop(snapshot);
    assert_eq!(open(&other, &place.path).1.superseded, 1, "it is free");
}

/// Not a test of its own: what the other process of the next test does.
#[test]
fn as_another_process() {
    let Some(path) = std::env::var_os("STORE_SNAPSHOT") else {
        return;
    };
    let namespace = space(100);
    let (snapshot, _) = open(&namespace, path.as_ref());
    namespace.insert("key", "of the other process");
    snapshot.save(at(0)).unwrap();
    println!("held");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    // Not even a killed process keeps others out.
    std::process::abort();
}

#[test]
fn a_file_is_one_processes_at_a_time_and_outlives_it() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    let place = place();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["as_another_process", "--exact", "--nocapture"])
        .env("STORE_SNAPSHOT", &place.path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("held")));
    let process = Some(child.id());
    assert_eq!(refused(&place.path), ErrorKind::Locked { process });
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert!(!child.wait().unwrap().success());
    let namespace = space(100);
    let (_snapshot, report) = open(&namespace, &place.path);
    assert_eq!((report.loaded, report.damage), (1, None));
    assert_eq!(namespace.get("key").unwrap(), "of the other process");
}

#[test]
fn a_namespace_has_one_snapshot_at_a_time() {
    let (place, namespace) = (place(), space(100));
    let (snapshot, _) = open(&namespace, &place.path);
    let other = place.path.with_file_name("other");
    let options = SnapshotOptions::default();
    let error = Snapshot::open(&namespace, &other, at(0), options, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SavedElsewhere);
    drop(snapshot);
    namespace.insert("key", "value");
    let (snapshot, _) = open(&namespace, &other);
    assert_eq!(
        snapshot.save(at(0)).unwrap().entries,
        1,
        "what was held before counts"
    );
}

#[test]
fn other_files_are_refused_and_left_as_they_are() {
    let place = place();
    let version = |version: u16| [&b"AEXSTORE"[..], &version.to_le_bytes(), &[0; 4]].concat();
    let check = |bytes: &[u8], expect: ErrorKind| {
        fs::write(&place.path, bytes).unwrap();
        assert_eq!(refused(&place.path), expect);
        let read = Snapshot::read(&space(10), &place.path, at(0), None);
        assert_eq!(read.unwrap_err().kind(), expect);
        assert_eq!(fs::read(&place.path).unwrap(), bytes);
    };
    check(b"hello", ErrorKind::NotASnapshot);
    check(&[0; 5_000], ErrorKind::NotASnapshot);
    for found in [0, 2, 9] {
        let supported = 1;
        check(&version(found), ErrorKind::Version { found, supported });
    }
    let options = SnapshotOptions::default();
    let error = Snapshot::open(&space(10), &place.path, at(0), options, None).unwrap_err();
    let expect = format!(
        "open the snapshot {}: it is of version 9, not 1; it was left as it is",
        place.path.display()
    );
    assert_eq!(error.to_string(), expect);
    fs::remove_file(&place.path).unwrap();
    fs::create_dir(&place.path).unwrap();
    assert_eq!(refused(&place.path), ErrorKind::NotRegular);
    let nowhere = place.path.join("no/such/folder");
    assert_eq!(refused(&nowhere), ErrorKind::Io);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_file_is_its_owners_alone() {
        let (place, namespace) = (place(), space(100));
        let (snapshot, _) = open(&namespace, &place.path);
        assert_eq!(mode(&place.path), 0o600);
        namespace.insert("key", "value");
        snapshot.compact(at(0)).unwrap();
        assert_eq!(mode(&place.path), 0o600);
        drop(snapshot);
        fs::set_permissions(&place.path, fs::Permissions::from_mode(0o644)).unwrap();
        let (snapshot, report) = open(&space(100), &place.path);
        assert!(report.is_exposed);
        assert!(snapshot.save(at(0)).unwrap().compacted);
        assert_eq!(mode(&place.path), 0o600, "it is another file");
    }

    #[test]
    fn links_and_pipes_are_refused() {
        let place = place();
        let target = place.path.with_file_name("target");
        for exists in [false, true] {
            if exists {
                fs::write(&target, "precious").unwrap();
            }
            symlink(&target, &place.path).unwrap();
            assert_eq!(refused(&place.path), ErrorKind::SymbolicLink);
            fs::remove_file(&place.path).unwrap();
        }
        assert_eq!(fs::read(&target).unwrap(), b"precious");
        let made = std::process::Command::new("mkfifo")
            .arg(&place.path)
            .status();
        if made.is_ok_and(|it| it.success()) {
            assert_eq!(refused(&place.path), ErrorKind::NotRegular);
        }
    }

    #[test]
    fn a_file_that_was_replaced_is_not_written_to() {
        let (place, namespace) = (place(), space(100));
        let (snapshot, _) = open(&namespace, &place.path);
        namespace.insert("key", "value");
        fs::remove_file(&place.path).unwrap();
        assert_eq!(
            snapshot.save(at(0)).unwrap_err().kind(),
            ErrorKind::Replaced
        );
        fs::write(&place.path, "somebody else's").unwrap();
        assert_eq!(
            snapshot.compact(at(0)).unwrap_err().kind(),
            ErrorKind::Replaced
        );
        assert_eq!(fs::read(&place.path).unwrap(), b"somebody else's");
        assert_eq!(namespace.get("key").unwrap(), "value");
    }

    #[test]
    fn what_a_dead_compaction_left_is_cleared_away() {
        let (place, namespace) = (place(), space(100));
        let target = place.path.with_file_name("target");
        fs::write(&target, "precious").unwrap();
        symlink(&target, place.path.with_file_name(".cache.compact")).unwrap();
        let (snapshot, _) = open(&namespace, &place.path);
        namespace.insert("key", "value");
        snapshot.compact(at(0)).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"precious");
        assert_eq!(
            fs::read_dir(place.path.parent().unwrap()).unwrap().count(),
            2
        );
    }
}

#[test]
fn a_save_writes_what_changed_and_no_more() {
    let (place, namespace) = (place(), space(5_000));
    let (snapshot, _) = open(&namespace, &place.path);
    let insert = |from: u32, to: u32| {
        (from..to).for_each(|i| assert!(namespace.insert(&i.to_le_bytes(), vec![1; 4_096])));
    };
    insert(0, 4_900);
    let first = snapshot.save(at(0)).unwrap();
    assert_eq!(first.entries, 4_900);
    let length = fs::metadata(&place.path).unwrap().len();
    insert(4_900, 5_000);
    let Autosave::Saved(report) = snapshot.autosave(at(0)) else {
        panic!("a hundred are due")
    };
    assert_eq!(
        (report.entries, report.removals, report.compacted),
        (100, 0, false)
    );
    assert!(report.bytes < 100 * (4_096 + 64), "{report:?}");
    assert_eq!(
        fs::metadata(&place.path).unwrap().len(),
        length + report.bytes
    );
}

#[test]
fn overwriting_at_a_round_number_is_not_a_save_each_time() {
    let (place, namespace) = (place(), space(5_000));
    let (snapshot, _) = open(&namespace, &place.path);
    let mut saves = 0;
    for turn in 0..300_u32 {
        // A hundred keys, and then one of them again and again.
        namespace.insert(&turn.min(99).to_le_bytes(), "value");
        match snapshot.autosave(at(0)) {
            Autosave::Saved(_) => saves += 1,
            Autosave::Idle => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(saves, 3);
}

#[test]
fn the_file_stays_within_a_multiple_of_what_it_holds() {
    let (place, namespace) = (place(), space(50));
    let (snapshot, _) = open(&namespace, &place.path);
    let (mut most, mut compactions, mut written) = (0, 0, 0);
    for turn in 0..20_000_u32 {
        namespace.insert(&turn.to_le_bytes(), vec![1; 4_000]);
        if let Autosave::Saved(report) = snapshot.autosave(at(0)) {
            compactions += u32::from(report.compacted);
            written += report.bytes;
            most = most.max(fs::metadata(&place.path).unwrap().len());
        }
    }
    let held = 50 * 4_100;
    assert!(compactions > 5 && most < 5 * held, "{compactions} {most}");
    assert!(written < 3 * 20_000 * 4_100, "{written}");
    let again = space(50);
    assert_eq!(
        Snapshot::read(&again, &place.path, at(0), None)
            .unwrap()
            .loaded,
        50
    );
    for turn in 19_950..20_000_u32 {
        let (one, other) = (
            namespace.peek(&turn.to_le_bytes()),
            again.peek(&turn.to_le_bytes()),
        );
        assert_eq!(one.map(|it| it.to_vec()), other.map(|it| it.to_vec()));
    }
}

#[test]
fn a_file_of_more_than_there_is_room_for_fills_what_there_is() {
    let place = place();
    let large = space(1_000);
    let (snapshot, _) = open(&large, &place.path);
    (0..1_000_u32).for_each(|i| assert!(large.insert(&i.to_le_bytes(), "value")));
    snapshot.save(at(0)).unwrap();
    drop(snapshot);
    let small = space(100);
    let (snapshot, report) = open(&small, &place.path);
    assert_eq!((report.loaded, small.stats().entries), (1_000, 100));
    assert_eq!(snapshot.save(at(0)).unwrap().removals, 900);
    drop(snapshot);
    assert_eq!(open(&space(1_000), &place.path).1.loaded, 100);
}

#[test]
fn saves_go_on_beside_inserts_removals_and_hits() {
    let (place, namespace) = (place(), space(300));
    let options = SnapshotOptions {
        every: 20,
        ..SnapshotOptions::default()
    };
    let (snapshot, _) = Snapshot::open(&namespace, &place.path, at(0), options, None).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3_u32 {
            let (namespace, snapshot) = (&namespace, &snapshot);
            scope.spawn(move || {
                for turn in 0..3_000_u32 {
                    let key = (turn * 7 % 500 + thread).to_le_bytes();
                    match turn % 5 {
                        0 => _ = namespace.remove(&key),
                        1 => _ = namespace.get(&key),
                        _ => _ = namespace.insert(&key, (turn + thread).to_le_bytes().to_vec()),
                    }
                    assert!(!matches!(
                        snapshot.autosave(at(0)),
                        Autosave::Failed(_) | Autosave::StillFailing(_)
                    ));
                    if turn % 1_000 == 500 {
                        snapshot.compact(at(0)).unwrap();
                    }
                }
            });
        }
    });
    snapshot.save(at(0)).unwrap();
    let again = space(1_000);
    let report = Snapshot::read(&again, &place.path, at(0), None).unwrap();
    assert_eq!(
        (report.loaded, report.damage),
        (namespace.stats().entries, None)
    );
    for key in 0..503_u32 {
        let (one, other) = (
            namespace.peek(&key.to_le_bytes()),
            again.peek(&key.to_le_bytes()),
        );
        assert_eq!(one.map(|it| it.to_vec()), other.map(|it| it.to_vec()));
    }
}

#[test]
fn what_was_lost_is_said() {
    let (place, namespace) = (place(), space(100));
    let (snapshot, _) = open(&namespace, &place.path);
    namespace.insert("one", "value");
    namespace.insert("two", "value");
    snapshot.save(at(0)).unwrap();
    drop(snapshot);
    let mut bytes = fs::read(&place.path).unwrap();
    let length = bytes.len() as u64;
    bytes.truncate(bytes.len() - 1);
    fs::write(&place.path, bytes).unwrap();
    let report = open(&space(100), &place.path).1;
    let offset = (14 + length) / 2;
    assert_eq!(report.damage, Some(Damage::CutShort { offset }));
    let expect = format!(
        "1 entries loaded; cut short in the record at byte {offset}: {} bytes lost",
        length - 1 - offset
    );
    assert_eq!(report.to_string(), expect);
}
