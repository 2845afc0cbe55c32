//! Files and directories that go, or are swapped, at the worst moment; openers that panic; batches that are cancelled.

use crate::hook::{Hook, Manual};
use crate::support::{Dir, replace, rewrite};
use autoexec_file_cache::{
    Error, ErrorKind, FileCache, Freshness, Options, Read, ReadManyOptions, ReadOptions, Source,
};
use rustix::fs::{CWD, RenameFlags};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

fn cache() -> FileCache {
    FileCache::new(Options {
        max_entries: 1_000,
        ..Options::default()
    })
}

fn read_through<'a>(cache: &FileCache, path: &Path, hook: &'a Hook<'a>) -> Result<Read, Error> {
    let options = ReadOptions {
        opener: Some(hook),
        ..ReadOptions::default()
    };
    cache.read_with(path, &options)
}

fn text(result: Result<Read, Error>) -> Result<String, ErrorKind> {
    result
        .map(|read| read.file.text().unwrap().to_owned())
        .map_err(|error| error.kind())
}

fn texts(results: Vec<Result<Read, Error>>) -> Vec<Result<String, ErrorKind>> {
    results.into_iter().map(text).collect()
}

#[test]
fn a_file_that_goes_between_stat_and_open_is_missing() {
    let dir = Dir::new();
    let path = dir.write("file", b"one");
    let cache = cache();
    cache.read(&path).unwrap();
    rewrite(&path, b"two");
    let hook = Hook {
        before_file: &|path| fs::remove_file(path).unwrap(),
        ..Hook::default()
    };
    let error = read_through(&cache, &path, &hook).unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::NotFound, &*path));
    let stats = cache.stats();
    assert_eq!((stats.stale_vanished, stats.resident_entries), (1, 0));
}

/// What happens to a file after it was opened, what the read that opened it may give, and what the next gives.
#[test]
fn a_file_that_changes_between_open_and_read() {
    type Row = (
        &'static str,
        fn(&Path),
        &'static [&'static str],
        Result<&'static str, ErrorKind>,
    );
    let happenings: [Row; 4] = [
        (
            "removed",
            |path| fs::remove_file(path).unwrap(),
            &["one"],
            Err(ErrorKind::NotFound),
        ),
        (
            "replaced",
            |path| replace(path, b"two"),
            &["one", "two"],
            Ok("two"),
        ),
        (
            "rewritten",
            |path| rewrite(path, b"two"),
            &["two"],
            Ok("two"),
        ),
        (
            "truncated",
            |path| {
                let file = OpenOptions::new().write(true).open(path).unwrap();
                file.set_len(0).unwrap();
            },
            &[""],
            Ok(""),
        ),
    ];
    for freshness in [Freshness::Validate, Freshness::Watch] {
        for (name, happen, now, then) in happenings {
            let dir = Dir::new();
            let path = dir.write("file", b"one");
            let cache = cache();
            let once = AtomicBool::new(false);
            let hook = Hook {
                after_file: &|path| {
                    if !once.swap(true, SeqCst) {
                        happen(path);
                    }
                },
                ..Hook::default()
            };
            let options = ReadOptions {
                freshness: Some(freshness),
                opener: Some(&hook),
                ..ReadOptions::default()
            };
            let read = text(cache.read_with(&path, &options)).unwrap();
            assert!(now.contains(&read.as_str()), "{name}: {read}");
            for _ in 0..3 {
                let next = text(cache.read_with(&path, &options));
                assert_eq!(next.as_deref().map_err(|it| *it), then, "{name}");
            }
        }
    }
}

/// A file that was unlinked before it was first asked about leaves no trace in the clock of time stamps: who gets its
/// inode next, within a tick, has the same state.
#[test]
fn the_next_file_in_the_inode_of_one_that_was_read_unlinked_is_seen() {
    for freshness in [Freshness::Validate, Freshness::Watch] {
        let dir = Dir::new();
        let (path, cache) = (dir.path("file"), cache());
        let hook = Hook {
            after_file: &|path| fs::remove_file(path).unwrap(),
            ..Hook::default()
        };
        for round in 0..200 {
            cache.clear();
            let contents = |turn: u32| format!("{:08}", 2 * round + turn);
            dir.write("file", contents(0).as_bytes());
            let options = ReadOptions {
                freshness: Some(freshness),
                opener: Some(&hook),
                ..ReadOptions::default()
            };
            assert_eq!(text(cache.read_with(&path, &options)), Ok(contents(0)));
            dir.write("file", contents(1).as_bytes());
            let options = ReadOptions {
                freshness: Some(freshness),
                ..ReadOptions::default()
            };
            let next = text(cache.read_with(&path, &options));
            assert_eq!(next, Ok(contents(1)), "{freshness:?}, round {round}");
            fs::remove_file(&path).unwrap();
        }
    }
}

/// Says who it is, and waits until a thread of this process sleeps.
fn own_thread() -> PathBuf {
    fs::read_link("/proc/thread-self").unwrap()
}

fn wait_until_it_sleeps(thread: &Path) {
    let stat = Path::new("/proc").join(thread).join("stat");
    let sleeps = || {
        let text = fs::read_to_string(&stat).unwrap();
        text.rsplit(") ").next().unwrap().starts_with('S')
    };
    while !sleeps() {
        thread::yield_now();
    }
}

#[test]
fn an_opener_that_panics_leaves_its_followers_an_error_and_the_cache_intact() {
    let dir = Dir::new();
    let path = dir.write("file", b"one");
    let cache = cache();
    let (leads, leading) = mpsc::channel();
    let (follows, following) = mpsc::channel::<PathBuf>();
    let following = std::sync::Mutex::new(following);
    let hook = Hook {
        before_file: &|_| {
            leads.send(()).unwrap();
            wait_until_it_sleeps(&following.lock().unwrap().recv().unwrap());
            panic!("on purpose");
        },
        ..Hook::default()
    };
    thread::scope(|scope| {
        let (cache, path, hook) = (&cache, &path, &hook);
        let follower = scope.spawn(move || {
            leading.recv().unwrap();
            follows.send(own_thread()).unwrap();
            read_through(cache, path, hook)
        });
        let leader = catch_unwind(AssertUnwindSafe(|| read_through(cache, path, hook)));
        assert!(leader.is_err());
        let error = follower.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().contains("panicked"), "{error}");
    });
    assert_eq!(text(cache.read(&path)).as_deref(), Ok("one"));
}

#[test]
fn an_opener_that_panics_in_a_batch_ends_the_batch_and_nothing_else() {
    let dir = Dir::new();
    let paths = dir.fill(100, 10);
    let cache = cache();
    let opened = AtomicUsize::new(0);
    let hook = Hook {
        before_file: &|_| assert!(opened.fetch_add(1, SeqCst) != 50, "on purpose"),
        after_directory: &|_| false,
        ..Hook::default()
    };
    for workers in [1, 4] {
        opened.store(0, SeqCst);
        cache.clear();
        let options = ReadManyOptions {
            workers: Some(workers),
            opener: Some(&hook),
            ..ReadManyOptions::default()
        };
        let batch = catch_unwind(AssertUnwindSafe(|| cache.read_many_with(&paths, &options)));
        assert!(batch.is_err());
        let results = cache.read_many(&paths);
        assert!(results.iter().all(Result::is_ok));
    }
}

/// `count` files in `name`, each with this text.
fn fill(dir: &Dir, name: &str, count: usize, text: &str) -> Vec<PathBuf> {
    fs::create_dir(dir.path(name)).unwrap();
    (0..count)
        .map(|i| dir.write(&format!("{name}/{i}"), text.as_bytes()))
        .collect()
}

/// A batch opens a directory, which is then moved away; another is put in its place, or none.
#[test]
fn a_directory_that_moves_in_the_middle_of_a_batch() {
    for (freshness, workers, replaced) in [
        (Freshness::Validate, 1, true),
        (Freshness::Validate, 4, true),
        (Freshness::Watch, 1, true),
        (Freshness::Pinned, 1, true),
        (Freshness::Validate, 1, false),
        (Freshness::Watch, 4, false),
    ] {
        let dir = Dir::new();
        let paths = fill(&dir, "a", 200, "old");
        fill(&dir, "b", 200, "new");
        let moved = AtomicBool::new(false);
        let hook = Hook {
            after_directory: &|path| {
                if !moved.swap(true, SeqCst) {
                    fs::rename(path, dir.path("away")).unwrap();
                    if replaced {
                        fs::rename(dir.path("b"), path).unwrap();
                    }
                }
                true
            },
            ..Hook::default()
        };
        let options = ReadManyOptions {
            freshness: Some(freshness),
            workers: Some(workers),
            opener: Some(&hook),
            ..ReadManyOptions::default()
        };
        let cache = cache();
        let expect = if replaced {
            Ok("new".to_owned())
        } else {
            Err(ErrorKind::NotFound)
        };
        let first = texts(cache.read_many_with(&paths, &options));
        assert!(moved.into_inner(), "the batch opened the directory");
        // With several workers some files may have been read before it moved.
        let at_once =
            |it: &Result<String, _>| *it == expect || workers > 1 && *it == Ok("old".to_owned());
        assert!(first.iter().all(at_once), "{freshness:?}: {first:?}");
        let again = texts(cache.read_many(&paths));
        assert_eq!(again, vec![expect; 200], "{freshness:?}");
    }
}

#[test]
fn a_batch_that_is_cancelled_in_the_middle_gives_what_it_has() {
    let dir = Dir::new();
    let paths = dir.fill(100, 10);
    let (opened, cancel) = (AtomicUsize::new(0), AtomicBool::new(false));
    let hook = Hook {
        after_file: &|_| {
            let is_last = opened.fetch_add(1, SeqCst) + 1 == 40;
            cancel.fetch_or(is_last, SeqCst);
        },
        after_directory: &|_| false,
        ..Hook::default()
    };
    let options = ReadManyOptions {
        workers: Some(1),
        cancel: Some(&cancel),
        opener: Some(&hook),
        ..ReadManyOptions::default()
    };
    let cache = cache();
    let results = cache.read_many_with(&paths, &options);
    let kinds: Vec<_> = results
        .into_iter()
        .map(|it| it.map(|read| read.source).map_err(|error| error.kind()))
        .collect();
    let expect = [
        vec![Ok(Source::Loaded); 40],
        vec![Err(ErrorKind::Cancelled); 60],
    ];
    assert_eq!(kinds, expect.concat());
    assert_eq!((cache.stats().requests, cache.stats().loads), (40, 40));
    let rest = cache.read_many(&paths);
    assert!(rest.iter().all(Result::is_ok));
    assert_eq!((cache.stats().hits, cache.stats().loads), (40, 100));
}

/// The directory of a file is exchanged after the file was opened, and again after it was armed: what is watched has to
/// be the file that was opened, and not the one that was at its path in between.
#[test]
fn a_directory_that_is_exchanged_and_back_while_a_file_is_armed() {
    const LONG: usize = 8 << 20; // The second exchange has to come while it is read.
    for _ in 0..8 {
        let dir = Dir::new();
        fill(&dir, "b", 1, "other");
        let path = fill(&dir, "a", 1, &"1".repeat(LONG)).remove(0);
        let exchange = || {
            let (a, b, flags) = (dir.path("a"), dir.path("b"), RenameFlags::EXCHANGE);
            rustix::fs::renameat_with(CWD, a, CWD, b, flags).unwrap();
        };
        let cache = cache();
        let (opened, watches) = (AtomicBool::new(false), AtomicUsize::new(0));
        let hook = Hook {
            after_file: &|_| {
                if !opened.load(SeqCst) {
                    exchange();
                    watches.store(cache.stats().watches as usize, SeqCst);
                    opened.store(true, SeqCst);
                }
            },
            ..Hook::default()
        };
        let (freshness, loaded) = (Some(Freshness::Watch), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                let armed = || cache.stats().watches as usize > watches.load(SeqCst);
                while !opened.load(SeqCst) || !armed() && !loaded.load(SeqCst) {
                    std::hint::spin_loop();
                }
                exchange();
            });
            let options = ReadOptions {
                freshness,
                opener: Some(&hook),
                ..ReadOptions::default()
            };
            let first = cache.read_with(&path, &options).unwrap();
            assert_eq!(first.file.len(), LONG);
            loaded.store(true, SeqCst);
        });
        let options = ReadOptions {
            freshness,
            ..ReadOptions::default()
        };
        (0..3).for_each(|_| _ = cache.read_with(&path, &options).unwrap());
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(b"2", 0).unwrap();
        assert_eq!(cache.read_with(&path, &options).unwrap().file[0], b'2');
    }
}

/// Files of a directory that a batch opens again and again, long enough to be met while they are read.
const SOME: usize = 96;

/// Who reads beside a batch asks for what the path leads to now, not for what is in the directory that the batch has
/// opened before: neither when it joins a load of the batch, nor from what the batch has put into the cache.
#[test]
fn who_reads_beside_a_batch_is_not_told_of_a_directory_that_has_gone() {
    const TTL: Duration = Duration::from_secs(10);
    let each = [Freshness::Validate, Freshness::Watch, Freshness::Ttl(TTL)];
    for freshness in each.repeat(4) {
        let dir = Dir::new();
        let paths = fill(&dir, "a", SOME, &"old".repeat(100_000));
        fill(&dir, "b", SOME, "new");
        let (moved, over) = (AtomicBool::new(false), AtomicBool::new(false));
        let clock = Arc::new(Manual::default());
        let hook = Hook {
            after_directory: &|path| {
                if !moved.load(SeqCst) {
                    fs::rename(path, dir.path("away")).unwrap();
                    fs::rename(dir.path("b"), path).unwrap();
                    clock.advance(TTL); // What was there before is too old from now on.
                    moved.store(true, SeqCst);
                }
                true
            },
            ..Hook::default()
        };
        let batch = ReadManyOptions {
            workers: Some(1),
            opener: Some(&hook),
            ..ReadManyOptions::default()
        };
        let options = Options {
            max_entries: 1_000,
            freshness,
            ..Options::default()
        };
        let cache = FileCache::with_clock(options, clock.clone());
        let is_new = |result| text(result) == Ok("new".to_owned());
        thread::scope(|scope| {
            scope.spawn(|| {
                while !moved.load(SeqCst) {
                    std::hint::spin_loop();
                }
                let first = paths[..SOME / 8].iter().cycle();
                for path in first.take_while(|_| !over.load(SeqCst)) {
                    assert!(is_new(cache.read(path)), "{freshness:?}");
                }
            });
            let results = cache.read_many_with(&paths, &batch);
            over.store(true, SeqCst);
            assert!(results.into_iter().all(is_new), "{freshness:?}");
        });
    }
}

/// What is missing in a directory that has gone is no error of the path.
#[test]
fn errors_of_a_directory_that_has_gone_are_not_given_again() {
    let dir = Dir::new();
    let paths = fill(&dir, "a", SOME, "old");
    fill(&dir, "b", SOME, "new");
    let moved = AtomicBool::new(false);
    let hook = Hook {
        after_directory: &|path| {
            if !moved.swap(true, SeqCst) {
                fs::rename(path, dir.path("away")).unwrap();
                fs::rename(dir.path("b"), path).unwrap();
                fs::remove_dir_all(dir.path("away")).unwrap();
            }
            true
        },
        ..Hook::default()
    };
    let options = ReadManyOptions {
        workers: Some(1),
        opener: Some(&hook),
        ..ReadManyOptions::default()
    };
    let cache = FileCache::new(Options {
        error_ttl: Some(Duration::from_secs(3_600)),
        ..Options::default()
    });
    let results = texts(cache.read_many_with(&paths, &options));
    assert_eq!(results, vec![Ok("new".to_owned()); SOME]);
}
