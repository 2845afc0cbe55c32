//! Faults that need a disk of our own making. What goes through the public API stands in `tests/snapshot.rs`.

use super::*;
use crate::{Options, Store};
use proptest::prelude::*;
use std::cell::Cell;
use std::time::Duration;

thread_local! {
    /// Bytes that the disk of this thread still takes.
    static ROOM: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// A disk that is full when `ROOM` is used up, in the middle of a write as real ones are.
struct Limited(File);

impl Medium for Limited {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let fits = ROOM.get().min(bytes.len() as u64);
        ROOM.set(ROOM.get() - fits);
        self.0.write_at(offset, &bytes[..fits as usize])?;
        match fits < bytes.len() as u64 {
            true => Err(io::Error::from(io::ErrorKind::StorageFull)),
            false => Ok(()),
        }
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.truncate(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }

    fn is_named(&self, path: &Path) -> bool {
        self.0.is_named(path)
    }
}

thread_local! {
    /// How often this thread waited for the disk.
    static WAITED: Cell<u32> = const { Cell::new(0) };
}

/// A disk that counts who waits for it.
struct WaitedFor(File);

impl Medium for WaitedFor {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, bytes)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.truncate(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        WAITED.set(WAITED.get() + 1);
        self.0.sync()
    }

    fn is_named(&self, path: &Path) -> bool {
        self.0.is_named(path)
    }
}

/// What the system says when a disk is full.
#[cfg(target_os = "linux")]
struct DevFull(File);

#[cfg(target_os = "linux")]
impl Medium for DevFull {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        File::options()
            .write(true)
            .open("/dev/full")?
            .write_at(offset, bytes)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.truncate(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }

    fn is_named(&self, path: &Path) -> bool {
        self.0.is_named(path)
    }
}

const NOW: Duration = Duration::from_secs(1_800_000_000);

fn now() -> SystemTime {
    UNIX_EPOCH + NOW
}

fn space() -> Namespace {
    Store::new(Options::default()).unwrap().namespace("s")
}

fn open(namespace: &Namespace, path: &Path, wrap: fn(File) -> Box<dyn Medium>) -> Snapshot {
    let options = SnapshotOptions {
        every: 10,
        ..SnapshotOptions::default()
    };
    let opened = Snapshot::open_with(namespace, path, now(), options, None, wrap);
    opened.unwrap().0
}

fn loaded(path: &Path) -> (Vec<(String, String)>, LoadReport) {
    let namespace = space();
    let report = Snapshot::read(&namespace, path, now(), None).unwrap();
    (contents(&namespace), report)
}

fn contents(namespace: &Namespace) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let pair = |key: KeyBytes| (text(&key), text(&namespace.peek(&*key).unwrap()));
    namespace.keys().into_iter().map(pair).collect()
}

fn insert(namespace: &Namespace, keys: std::ops::Range<usize>) {
    keys.for_each(|i| assert!(namespace.insert(&format!("k{i:03}"), format!("value {i}"))));
}

#[test]
fn a_full_disk_is_told_of_once_and_mended_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let namespace = space();
    let snapshot = open(&namespace, &path, |file| Box::new(Limited(file)));
    insert(&namespace, 0..10);
    assert!(matches!(snapshot.autosave(now()), Autosave::Saved(_)));
    let good = std::fs::read(&path).unwrap();
    for (turn, room) in [100, 0, 250].into_iter().enumerate() {
        ROOM.set(room);
        assert!(matches!(snapshot.autosave(now()), Autosave::Idle));
        insert(&namespace, 10..20);
        let came_of_it = snapshot.autosave(now());
        match (turn, &came_of_it) {
            (0, Autosave::Failed(error)) | (1.., Autosave::StillFailing(error)) => {
                assert_eq!(error.kind(), ErrorKind::DiskFull);
            }
            _ => panic!("{came_of_it:?}"),
        }
        assert_eq!(
            std::fs::read(&path).unwrap(),
            good,
            "cut back to what is whole"
        );
        assert_eq!(
            namespace.get("k015").unwrap(),
            "value 15",
            "the cache goes on"
        );
    }
    ROOM.set(u64::MAX);
    namespace.remove("k003");
    insert(&namespace, 20..30);
    let Autosave::Saved(report) = snapshot.autosave(now()) else {
        panic!("there is room again")
    };
    assert_eq!((report.entries, report.removals), (20, 1));
    let (found, report) = loaded(&path);
    assert_eq!(found, contents(&namespace));
    assert_eq!((report.loaded, report.damage), (29, None));
}

#[test]
fn a_disk_that_fills_while_compacting_leaves_the_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let namespace = space();
    let snapshot = open(&namespace, &path, |file| Box::new(Limited(file)));
    insert(&namespace, 0..50);
    snapshot.save(now()).unwrap();
    let good = std::fs::read(&path).unwrap();
    for room in [0, 13, 14, 500] {
        ROOM.set(room);
        let error = snapshot.compact(now()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DiskFull);
        assert_eq!(std::fs::read(&path).unwrap(), good);
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing is left over"
        );
    }
    ROOM.set(u64::MAX);
    insert(&namespace, 50..60);
    snapshot.save(now()).unwrap();
    assert_eq!(loaded(&path).0, contents(&namespace));
}

#[test]
#[cfg(target_os = "linux")]
fn the_systems_own_full_disk_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let namespace = space();
    let snapshot = open(&namespace, &path, |file| Box::new(DevFull(file)));
    insert(&namespace, 0..10);
    let Autosave::Failed(error) = snapshot.autosave(now()) else {
        panic!("it is full")
    };
    assert_eq!(error.kind(), ErrorKind::DiskFull);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), HEAD);
}

/// What stands in the file, changed while the disk was full, and went before there was room again must not come back.
#[test]
fn what_goes_after_a_failed_save_is_gone_from_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let namespace = space();
    let snapshot = open(&namespace, &path, |file| Box::new(Limited(file)));
    insert(&namespace, 0..3);
    snapshot.save(now()).unwrap();
    insert(&namespace, 0..2);
    ROOM.set(0);
    assert!(snapshot.save(now()).is_err());
    assert!(namespace.remove("k001").is_some());
    ROOM.set(u64::MAX);
    let report = snapshot.save(now()).unwrap();
    assert_eq!((report.entries, report.removals), (1, 1));
    assert_eq!(loaded(&path).0, contents(&namespace));
}

/// While saves fail, keys that come and go must not pile up.
#[test]
fn what_is_to_be_saved_stays_bounded_while_the_disk_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        max_entries: 10,
        ..Options::default()
    };
    let namespace = Store::new(options).unwrap().namespace("s");
    let path = folder.path().join("cache");
    let snapshot = open(&namespace, &path, |file| Box::new(Limited(file)));
    insert(&namespace, 0..10);
    snapshot.save(now()).unwrap();
    ROOM.set(0);
    for i in 1..50 {
        insert(&namespace, 10 * i..10 * i + 10);
        assert!(snapshot.save(now()).is_err());
    }
    assert!(namespace.take_changes().len() <= 20);
}

thread_local! {
    /// Where something is inserted when the next file is made.
    static MEANWHILE: Cell<Option<Namespace>> = const { Cell::new(None) };
}

/// An entry that comes while the file is written anew is in it, and must be known to be when it goes.
#[test]
fn what_comes_during_a_compaction_and_goes_after_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let namespace = space();
    let snapshot = open(&namespace, &path, |file| {
        if let Some(namespace) = MEANWHILE.take() {
            assert!(namespace.insert("late", "value"));
        }
        Box::new(file)
    });
    insert(&namespace, 0..3);
    MEANWHILE.set(Some(namespace.clone()));
    assert_eq!(snapshot.compact(now()).unwrap().entries, 4);
    assert!(namespace.remove("late").is_some());
    assert_eq!(snapshot.save(now()).unwrap().removals, 1);
    assert_eq!(loaded(&path).0, contents(&namespace));
}

/// A snapshot of five records, what each leaves behind, and where each ends.
fn history(path: &Path) -> (Vec<Vec<(String, String)>>, Vec<u64>) {
    let namespace = space();
    let snapshot = open(&namespace, path, |file| Box::new(file));
    let (mut states, mut ends) = (vec![Vec::new()], vec![HEAD]);
    let steps: [&dyn Fn(); 5] = [
        &|| assert!(namespace.insert("a", "first")),
        &|| assert!(namespace.insert("b", "second")),
        &|| assert!(namespace.insert("a", "third")),
        &|| assert!(namespace.remove("b").is_some()),
        &|| assert!(namespace.insert("c", "")),
    ];
    for step in steps {
        step();
        snapshot.save(now()).unwrap();
        states.push(contents(&namespace));
        ends.push(std::fs::metadata(path).unwrap().len());
    }
    (states, ends)
}

#[test]
fn cut_anywhere_it_loads_what_precedes_the_cut_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let (states, ends) = history(&path);
    let bytes = std::fs::read(&path).unwrap();
    for cut in 0..=bytes.len() {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let whole = ends.iter().filter(|end| **end <= cut as u64).count();
        let namespace = space();
        let options = SnapshotOptions::default();
        let (snapshot, report) = Snapshot::open(&namespace, &path, now(), options, None).unwrap();
        let (state, lost) = match whole {
            0 => (&states[0], 0),
            _ => (&states[whole - 1], cut as u64 - ends[whole - 1]),
        };
        assert_eq!(&contents(&namespace), state, "cut at {cut}");
        assert_eq!(
            (report.bytes_lost, report.is_new),
            (lost, whole == 0),
            "cut at {cut}"
        );
        assert_eq!(report.damage.is_some(), lost > 0, "cut at {cut}");
        namespace.insert("z", "last");
        snapshot.save(now()).unwrap();
        let (found, report) = loaded(&path);
        assert_eq!(found, contents(&namespace), "cut at {cut}");
        assert_eq!(report.damage, None);
    }
}

#[test]
fn a_damaged_payload_is_lost_alone_and_the_next_save_leaves_it_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let (_, ends) = history(&path);
    let bytes = std::fs::read(&path).unwrap();
    for frame in ends.windows(2) {
        let mut damaged = bytes.clone();
        damaged[frame[1] as usize - 1] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        let namespace = space();
        let options = SnapshotOptions::default();
        let (snapshot, report) = Snapshot::open(&namespace, &path, now(), options, None).unwrap();
        let offset = frame[0];
        assert_eq!(report.damage, Some(Damage::Payload { offset }));
        assert_eq!(
            (report.frames_damaged, report.bytes_lost),
            (1, frame[1] - frame[0])
        );
        assert!(snapshot.save(now()).unwrap().compacted, "at {offset}");
        let (found, report) = loaded(&path);
        assert_eq!((found, report.damage), (contents(&namespace), None));
    }
}

#[test]
fn a_save_waits_for_the_disk_if_told_to_and_a_compaction_always() {
    for (sync, expect) in [(true, 1), (false, 0)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        let namespace = space();
        let options = SnapshotOptions {
            sync,
            ..SnapshotOptions::default()
        };
        let wrap = |file| -> Box<dyn Medium> { Box::new(WaitedFor(file)) };
        let opened = Snapshot::open_with(&namespace, &path, now(), options, None, wrap);
        let snapshot = opened.unwrap().0;
        insert(&namespace, 0..3);
        WAITED.set(0);
        for turn in ["what came is written", "nothing is written"] {
            snapshot.save(now()).unwrap();
            assert_eq!(WAITED.get(), expect, "{turn}");
        }
        snapshot.compact(now()).unwrap();
        assert_eq!(WAITED.get(), expect + 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever happens to bytes behind the head, nothing is loaded that did not hold at some time, no key holds what
    /// was replaced later in a record that can still be read, and the next save mends the file.
    #[test]
    fn damage_never_makes_anything_up(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        let (states, _) = history(&path);
        let mut bytes = std::fs::read(&path).unwrap();
        let before = bytes.clone();
        for (at, mask) in &flips {
            let at = at.index(bytes.len() - HEAD as usize) + HEAD as usize;
            bytes[at] ^= mask;
        }
        std::fs::write(&path, &bytes).unwrap();
        let namespace = space();
        let options = SnapshotOptions::default();
        let (snapshot, report) = Snapshot::open(&namespace, &path, now(), options, None).unwrap();
        prop_assert_eq!(report.damage.is_some(), bytes != before);
        for pair in contents(&namespace) {
            prop_assert!(states.iter().any(|state| state.contains(&pair)), "{:?}", pair);
        }
        if !matches!(report.damage, Some(Damage::FrameHead { .. } | Damage::CutShort { .. })) {
            // Every head could be read, so that every record counts or takes what it was about with it.
            let found = contents(&namespace);
            prop_assert!(!found.contains(&("a".into(), "first".into())));
            prop_assert!(found.iter().all(|(key, _)| key != "b"));
        }
        namespace.insert("z", "last");
        prop_assert!(snapshot.save(now()).unwrap().entries > 0);
        let (found, report) = loaded(&path);
        prop_assert_eq!(found, contents(&namespace));
        prop_assert_eq!(report.damage, None);
    }
}
