//! Whatever may change what a path leads to takes the proof away; nothing else does.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(target_os = "linux")]

mod support;

use autoexec_watch::{Options, Refusal, Subject, Watched};
use rustix::fs::{CWD, RenameFlags};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use support::Bench;

/// Each happening, to `a/b/file`, which has a hard link `other/link`, and to which `way/file` leads by a link.
#[test]
fn every_happening_is_noticed() {
    type Happening = fn(&Bench);
    let happenings: &[(&str, Happening)] = &[
        ("rewritten", |b| {
            fs::write(b.path("a/b/file"), "two").unwrap()
        }),
        ("truncated", |b| {
            let file = OpenOptions::new()
                .write(true)
                .open(b.path("other/link"))
                .unwrap();
            file.set_len(1).unwrap();
        }),
        ("appended to", |b| {
            let mut file = OpenOptions::new()
                .append(true)
                .open(b.path("a/b/file"))
                .unwrap();
            file.write_all(b"more").unwrap();
        }),
        ("written through a hard link elsewhere", |b| {
            let file = OpenOptions::new()
                .write(true)
                .open(b.path("other/link"))
                .unwrap();
            file.write_all_at(b"TWO", 0).unwrap();
        }),
        ("linked", |b| {
            fs::hard_link(b.path("a/b/file"), b.path("other/third")).unwrap()
        }),
        ("mode", |b| {
            fs::set_permissions(b.path("a/b/file"), fs::Permissions::from_mode(0o600)).unwrap();
        }),
        ("removed", |b| fs::remove_file(b.path("a/b/file")).unwrap()),
        ("removed while open", |b| {
            let file = File::open(b.path("other/link")).unwrap();
            fs::remove_file(b.path("a/b/file")).unwrap();
            std::mem::forget(file);
        }),
        ("renamed away", |b| {
            fs::rename(b.path("a/b/file"), b.path("a/b/gone")).unwrap()
        }),
        ("replaced", |b| {
            fs::rename(b.write("next", "two"), b.path("a/b/file")).unwrap()
        }),
        ("directory renamed", |b| {
            fs::rename(b.path("a/b"), b.path("a/c")).unwrap()
        }),
        ("directory above renamed", |b| {
            fs::rename(b.path("a"), b.path("c")).unwrap()
        }),
        ("directories swapped", |b| {
            b.write("x/file", "two");
            exchange(&b.path("a/b"), &b.path("x"));
        }),
        ("directory closed to others", |b| {
            fs::set_permissions(b.path("a"), fs::Permissions::from_mode(0o700)).unwrap();
        }),
        ("opened for writing", |b| {
            OpenOptions::new()
                .write(true)
                .open(b.path("a/b/file"))
                .unwrap();
        }),
    ];
    for (name, happening) in happenings {
        let bench = Bench::new();
        let path = bench.write("a/b/file", "one");
        bench.write("other/neighbour", "one");
        fs::hard_link(&path, bench.path("other/link")).unwrap();
        symlink("a/b", bench.path("way")).unwrap();
        symlink("a/b/file", bench.path("direct")).unwrap();
        let items =
            [&path, &bench.path("way/file"), &bench.path("direct")].map(|it| bench.armed(it));
        happening(&bench);
        for item in items {
            assert!(!bench.holds(&item), "{name}: {item:?}");
        }
    }
}

fn exchange(a: &Path, b: &Path) {
    rustix::fs::renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE).unwrap();
}

/// Links on the way: each is replaced at one stroke, or goes and comes back.
#[test]
fn replaced_links_are_noticed() {
    for link in ["way", "direct"] {
        for at_one_stroke in [true, false] {
            let bench = Bench::new();
            bench.write("a/file", "one");
            bench.write("b/file", "two");
            symlink("a", bench.path("way")).unwrap();
            symlink("way/file", bench.path("direct")).unwrap();
            let item = bench.armed(&bench.path("direct"));
            let target = if link == "way" { "b" } else { "b/file" };
            if at_one_stroke {
                symlink(target, bench.path("new")).unwrap();
                fs::rename(bench.path("new"), bench.path(link)).unwrap();
            } else {
                fs::remove_file(bench.path(link)).unwrap();
                symlink(target, bench.path(link)).unwrap();
            }
            assert!(
                !bench.holds(&item),
                "{link}, at one stroke: {at_one_stroke}"
            );
            assert_eq!(bench.arm(&item), Ok(true));
            assert!(bench.holds(&item));
        }
    }
}

#[test]
fn a_directory_removed_while_it_is_held_open_is_noticed() {
    let bench = Bench::new();
    let path = bench.write("a/b/file", "one");
    let item = bench.armed(&path);
    let held = File::open(bench.path("a/b")).unwrap();
    fs::rename(&path, bench.path("file")).unwrap();
    fs::remove_dir(bench.path("a/b")).unwrap();
    assert!(!bench.holds(&item));
    let before = bench.watcher.stats().path_changes;
    assert!(before >= 1, "the parent told of the directory");
    drop(held);
}

#[test]
fn reading_neighbours_and_neighbours_of_the_way_do_not_disturb() {
    let bench = Bench::new();
    let item = bench.armed(&bench.write("a/b/file", "one"));
    bench.write("a/b/neighbour", "one");
    bench.write("a/neighbour", "one");
    fs::remove_file(bench.path("a/neighbour")).unwrap();
    fs::create_dir(bench.path("a/x")).unwrap();
    fs::remove_dir(bench.path("a/x")).unwrap();
    fs::rename(bench.path("a/b/neighbour"), bench.path("a/b/moved")).unwrap();
    fs::metadata(bench.path("a/b/file")).unwrap();
    assert!(bench.holds(&item));
    let stats = bench.watcher.stats();
    assert_eq!((stats.path_changes, stats.losses), (0, 0));
}

/// A store through a mapping comes without a notification: whoever could make one is seen before.
#[test]
fn who_has_a_file_open_for_writing_keeps_it_from_being_watched() {
    let bench = Bench::new();
    let path = bench.write("file", "one");
    let item = Bench::item(&path);
    let writer = OpenOptions::new().write(true).open(&path).unwrap();
    assert_eq!(bench.arm(&item), Err(Refusal::Writer));
    assert!(!bench.holds(&item));
    drop(writer);
    assert_eq!(bench.arm(&item), Ok(true));
    assert!(bench.holds(&item));
    let writer = OpenOptions::new().write(true).open(&path).unwrap();
    assert!(!bench.holds(&item), "opening is noticed");
    assert_eq!(bench.arm(&item), Err(Refusal::Writer));
    drop(writer);
}

#[test]
fn changes_between_arming_and_confirming_are_noticed() {
    let bench = Bench::new();
    let path = bench.write("a/file", "one");
    for _ in 0..2 {
        // The way, then the item: whatever happens after its arming comes too late to be missed.
        let begun = bench.watcher.begin(&bench.path("a")).unwrap();
        fs::rename(bench.path("a"), bench.path("old")).unwrap();
        bench.write("a/file", "two");
        let item = Bench::item(&path);
        assert_eq!(bench.arm_begun(&begun, &item), Ok(false));
        assert!(!bench.holds(&item), "the way changed");
        fs::remove_dir_all(bench.path("old")).unwrap();
    }
}

/// While the directory is another one, the file of that one is watched in place of the one that was opened.
#[test]
fn a_directory_exchanged_and_back_while_a_file_is_armed_is_noticed() {
    let bench = Bench::new();
    let (path, _) = (bench.write("a/file", "one"), bench.write("b/file", "two"));
    let item = Bench::item(&path);
    let begun = bench.watcher.begin(&bench.path("a")).unwrap();
    let file = File::open(&path).unwrap();
    let device = file.metadata().unwrap().dev();
    exchange(&bench.path("a"), &bench.path("b"));
    let subject = Subject {
        path: &path,
        file: file.as_fd(),
        device,
    };
    let ticket = bench.watcher.arm(&begun, &subject, &item).unwrap();
    exchange(&bench.path("a"), &bench.path("b"));
    assert!(!bench.watcher.confirm(ticket, &item));
    fs::write(&path, "six").unwrap();
    assert!(!bench.holds(&item));
    assert_eq!(item.mark().seen(), None, "it must not be renewed either");
}

#[test]
fn after_a_change_of_the_way_items_need_only_be_renewed() {
    let bench = Bench::new();
    let path = bench.write("a/file", "one");
    let other = bench.armed(&bench.write("b/file", "one"));
    let item = bench.armed(&path);
    fs::rename(bench.path("a"), bench.path("c")).unwrap();
    fs::rename(bench.path("c"), bench.path("a")).unwrap();
    for item in [&item, &other] {
        assert!(!bench.holds(item));
        let seen = item.mark().seen().expect("nothing touched the file itself");
        let begun = bench.watcher.begin(&bench.path("a")).unwrap();
        assert!(bench.watcher.renew(&begun, seen, item));
        assert!(bench.holds(item));
    }
    fs::write(&path, "two").unwrap();
    assert!(!bench.holds(&item) && bench.holds(&other));
    assert_eq!(item.mark().seen(), None);
}

#[test]
fn lost_notifications_make_everything_doubtful() {
    let bench = Bench::new();
    let item = bench.armed(&bench.write("quiet", "one"));
    let noisy = ["x", "y"].map(|name| bench.write(name, "one"));
    let _items = noisy.each_ref().map(|path| bench.armed(path));
    let most: usize = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events")
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let files = noisy.map(|path| OpenOptions::new().write(true).open(path).unwrap());
    for turn in 0..most + 10 {
        files[turn % 2].write_all_at(b"z", 0).unwrap();
    }
    assert!(!bench.holds(&item));
    assert_eq!(item.mark().seen(), None, "what happened to it is not known");
    assert_eq!(bench.watcher.stats().losses, 1);
    assert_eq!(bench.arm(&item), Ok(true));
    assert!(bench.holds(&item));
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let bench = Bench::with(Options { max_watches: 64 });
    assert_eq!(
        bench.watcher.begin(Path::new("relative")).unwrap_err(),
        Refusal::Relative
    );
    assert_eq!(
        bench.watcher.begin(Path::new("/proc/self")).unwrap_err(),
        Refusal::FileSystem
    );
    assert_eq!(
        bench.watcher.begin(&bench.path("missing")).unwrap_err(),
        Refusal::Unreachable
    );
    symlink("loop", bench.path("loop")).unwrap();
    assert_eq!(
        bench.watcher.follow(&bench.path("loop")).unwrap_err(),
        Refusal::Unreachable
    );
    let items: Vec<_> = (0..100)
        .map(|i| Bench::item(&bench.write(&i.to_string(), "one")))
        .collect();
    let refused = items
        .iter()
        .filter(|item| bench.arm(item) == Err(Refusal::Limit))
        .count();
    assert!(
        refused > 36 && bench.watcher.stats().watches <= 64,
        "{refused}"
    );
    items.iter().for_each(|item| bench.watcher.release(item));
    assert_eq!(
        bench.arm(&items[99]),
        Ok(true),
        "released watches are free again"
    );
}

#[test]
fn as_many_links_are_followed_as_the_system_follows() {
    let bench = Bench::new();
    bench.write("0", "one");
    for i in 1..=41 {
        symlink((i - 1).to_string(), bench.path(&i.to_string())).unwrap();
    }
    for (links, is_followed) in [(1, true), (39, true), (40, true), (41, false)] {
        let path = bench.path(&links.to_string());
        assert_eq!(
            fs::metadata(&path).is_ok(),
            is_followed,
            "{links}, by the system"
        );
        assert_eq!(
            bench.watcher.follow(&path).is_ok(),
            is_followed,
            "{links}, by us"
        );
    }
}

#[test]
fn released_items_prove_nothing_and_disturb_nobody() {
    let bench = Bench::new();
    let path = bench.write("file", "one");
    let (kept, item) = (bench.armed(&bench.write("kept", "one")), bench.armed(&path));
    let before = bench.watcher.stats().watches;
    fs::write(&path, "two").unwrap();
    bench.watcher.release(&item);
    assert_eq!(bench.watcher.stats().watches, before - 1);
    assert!(!bench.holds(&item) && bench.holds(&kept));
    let stats = bench.watcher.stats();
    assert_eq!(
        (stats.losses, stats.path_changes),
        (0, 0),
        "late notifications are known for what they are"
    );
}

/// The kernel ends the watch of an inode that is gone; it must not count against the limit for ever.
#[test]
fn watches_of_what_is_gone_are_free_again() {
    let bench = Bench::new();
    let (kept, gone) = (bench.write("kept", "one"), bench.write("gone", "one"));
    let kept = bench.armed(&kept);
    let before = bench.watcher.stats().watches;
    for _ in 0..3 {
        fs::write(&gone, "one").unwrap();
        let item = bench.armed(&gone);
        assert_eq!(bench.watcher.stats().watches, before + 1);
        fs::remove_file(&gone).unwrap();
        assert!(!bench.holds(&item) && bench.holds(&kept));
        assert_eq!(bench.watcher.stats().watches, before);
        bench.watcher.release(&item);
        assert_eq!(bench.watcher.stats().watches, before);
    }
}

/// Threads refresh and arm while one writes: a proof is never given for what was written before it was asked for.
#[test]
fn proofs_of_many_threads_are_true() {
    const ROUNDS: u64 = 3_000;
    let bench = Bench::new();
    let path = bench.write("file", "0");
    let written = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut held: Option<(u64, support::Item)> = None;
                let mut proofs = 0;
                while written.load(SeqCst) < ROUNDS {
                    let oldest = written.load(SeqCst);
                    if let Some((version, item)) = &held
                        && bench.holds(item)
                    {
                        assert!(*version >= oldest, "{version} < {oldest}");
                        proofs += 1;
                        continue;
                    }
                    let item = Bench::item(&path);
                    let begun = bench.watcher.begin(path.parent().unwrap()).unwrap();
                    let armed = bench.arm_begun(&begun, &item);
                    if let Some((_, old)) = held.take() {
                        bench.watcher.release(&old);
                    }
                    if armed == Ok(true) {
                        // Read after it was confirmed: at least as new as what it is proven to be.
                        let version = fs::read_to_string(&path).unwrap().parse().unwrap();
                        held = Some((version, item));
                    } else {
                        bench.watcher.release(&item);
                    }
                }
                proofs
            });
        }
        for version in 1..=ROUNDS {
            let next = bench.path("next");
            fs::write(&next, version.to_string()).unwrap();
            fs::rename(&next, &path).unwrap();
            written.store(version, SeqCst);
        }
    });
}

/// Runs this test binary again in a mount namespace of its own, where that is allowed.
#[test]
fn mounts_over_the_way_are_noticed() {
    const INSIDE: &str = "AUTOEXEC_TEST_IN_NAMESPACE";
    if std::env::var_os(INSIDE).is_none() {
        let own = std::env::current_exe().unwrap();
        let status = std::process::Command::new("unshare")
            .arg("--mount")
            .arg(own)
            .args(["--exact", "mounts_over_the_way_are_noticed", "--nocapture"])
            .env(INSIDE, "1")
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .output();
        match status {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(said.contains("Operation not permitted"), "{said}");
                eprintln!("skipped: no mount namespace is to be had");
            }
            Err(_) => eprintln!("skipped: there is no `unshare` command"),
        }
        return;
    }
    let bench = Bench::new();
    let path = bench.write("a/file", "one");
    let item = bench.armed(&path);
    let flags = rustix::mount::MountFlags::empty();
    rustix::mount::mount("none", bench.path("a"), "tmpfs", flags, None).unwrap();
    // Each thread looks for itself, the first time with nothing to compare with.
    thread::scope(|scope| {
        let holds = |_| scope.spawn(|| bench.holds(&item)).join().unwrap();
        assert_eq!([0; 10].map(holds), [false; 10]);
    });
    assert!(!bench.holds(&item));
    fs::write(&path, "two").unwrap();
    let above = bench.armed(&path);
    rustix::mount::unmount(bench.path("a"), rustix::mount::UnmountFlags::DETACH).unwrap();
    assert!(!bench.holds(&above));
}
