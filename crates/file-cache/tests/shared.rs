//! Reads for tasks: the runtime is never blocked, what is asked for together is looked at once, and what nobody waits
//! for is not read.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(unix)]

mod support;

use autoexec_file_cache::{
    ErrorKind, FileCache, Freshness, Opener, Options, SharedFileCache, SharedReadManyOptions,
    SharedReadOptions, Source,
};
use std::fs::File;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use support::{Dir, rewrite};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{spawn, yield_now};

/// An opener behind which files wait until a permit comes, or the sender of permits is gone.
struct Gate {
    permits: Mutex<Receiver<()>>,
    /// Files that wait or are through.
    begun: AtomicUsize,
    inside: AtomicUsize,
    most_inside: AtomicUsize,
}

impl Gate {
    fn new() -> (Sender<()>, Arc<Self>) {
        let (sender, permits) = channel();
        let gate = Self {
            permits: Mutex::new(permits),
            begun: AtomicUsize::new(0),
            inside: AtomicUsize::new(0),
            most_inside: AtomicUsize::new(0),
        };
        (sender, Arc::new(gate))
    }
}

impl Opener for Gate {
    fn open_file(&self, path: &Path) -> io::Result<File> {
        self.begun.fetch_add(1, SeqCst);
        let inside = self.inside.fetch_add(1, SeqCst) + 1;
        self.most_inside.fetch_max(inside, SeqCst);
        _ = self.permits.lock().unwrap().recv();
        self.inside.fetch_sub(1, SeqCst);
        File::open(path)
    }

    fn open_directory(&self, _: &Path) -> io::Result<File> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn through(gate: &Arc<Gate>) -> SharedReadOptions {
    SharedReadOptions {
        opener: Some(gate.clone()),
        ..SharedReadOptions::default()
    }
}

fn many_through(gate: &Arc<Gate>) -> SharedReadManyOptions {
    SharedReadManyOptions {
        opener: Some(gate.clone()),
        ..SharedReadManyOptions::default()
    }
}

fn shared(max_entries: usize) -> SharedFileCache {
    SharedFileCache::new(FileCache::new(Options {
        max_entries,
        ..Options::default()
    }))
}

async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        yield_now().await;
    }
}

/// Polls once.
fn peek<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn tasks_go_on_while_a_batch_waits_for_its_files() {
    let dir = Dir::new();
    let paths = dir.fill(2_000, 10);
    let (permits, gate) = Gate::new();
    let cache = shared(4_096);
    runtime().block_on(async {
        let (clone, options) = (cache.clone(), many_through(&gate));
        let batch = spawn(async move { clone.read_many_with(paths, &options).await });
        until(|| gate.begun.load(SeqCst) > 0).await;
        // Nothing can pass the gate, and yet this task runs, a thousand times.
        let ticks = spawn(async {
            for _ in 0..1_000 {
                yield_now().await;
            }
        });
        ticks.await.unwrap();
        assert!(!batch.is_finished());
        assert_eq!(cache.cache().stats().loads, 0);
        drop(permits);
        let answers = batch.await.unwrap();
        for (i, answer) in answers.into_iter().enumerate() {
            let read = answer.unwrap();
            assert_eq!((read.file[0], read.source), (i as u8, Source::Loaded));
        }
    });
    let stats = cache.cache().stats();
    assert_eq!((stats.requests, stats.loads), (2_000, 2_000));
}

#[test]
fn ten_thousand_tasks_that_ask_for_a_path_cost_one_load_and_one_look() {
    const TASKS: usize = 10_000;
    let dir = Dir::new();
    let path = dir.write("file", b"contents");
    let (permits, gate) = Gate::new();
    let cache = shared(128);
    runtime().block_on(async {
        let asked = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let (cache, path, asked) = (cache.clone(), path.clone(), asked.clone());
                let options = through(&gate);
                spawn(async move {
                    asked.fetch_add(1, SeqCst);
                    cache.read_with(path, &options).await
                })
            })
            .collect();
        until(|| asked.load(SeqCst) == TASKS && gate.begun.load(SeqCst) == 1).await;
        drop(permits);
        let mut loaded = 0;
        for task in tasks {
            let read = task.await.unwrap().unwrap();
            assert_eq!(read.file.bytes(), b"contents");
            loaded += usize::from(read.source == Source::Loaded);
        }
        assert_eq!(loaded, 1);
    });
    assert_eq!(gate.begun.load(SeqCst), 1);
    let stats = cache.cache().stats();
    assert_eq!((stats.requests, stats.loads), (TASKS as u64, 1));
    assert!(stats.hits_validated <= 1, "{stats:?}");
    assert_eq!(
        stats.coalesced + stats.hits_repeated + stats.hits_validated,
        TASKS as u64 - 1
    );
    assert_eq!(stats.bytes_served, 8 * TASKS as u64);
}

/// Whoever asks while a look is under way must not get an answer that is older than the question.
#[test]
fn an_answer_is_never_older_than_the_question() {
    let dir = Dir::new();
    let path = dir.write("file", b"one");
    let (permits, gate) = Gate::new();
    let cache = shared(128);
    runtime().block_on(async {
        let options = through(&gate);
        let mut first = pin!(cache.read_with(&path, &options));
        assert!(peek(first.as_mut()).is_pending());
        until(|| gate.begun.load(SeqCst) == 1).await;
        permits.send(()).unwrap();
        assert_eq!(first.await.unwrap().file.bytes(), b"one");
        rewrite(&path, b"two");
        let mut first = pin!(cache.read_with(&path, &options));
        assert!(peek(first.as_mut()).is_pending());
        until(|| gate.begun.load(SeqCst) == 2).await;
        rewrite(&path, b"six");
        let mut second = pin!(cache.read_with(&path, &options));
        assert!(peek(second.as_mut()).is_pending());
        drop(permits);
        assert_eq!(second.await.unwrap().file.bytes(), b"six");
        assert_eq!(first.await.unwrap().file.bytes(), b"six");
    });
}

#[test]
fn all_who_ask_for_what_is_missing_get_the_error_and_are_counted() {
    let dir = Dir::new();
    let path = dir.path("missing");
    let (permits, gate) = Gate::new();
    let cache = shared(128);
    runtime().block_on(async {
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let (cache, path, options) = (cache.clone(), path.clone(), through(&gate));
                spawn(async move { cache.read_with(path, &options).await })
            })
            .collect();
        until(|| gate.begun.load(SeqCst) == 1).await;
        drop(permits);
        for task in tasks {
            let error = task.await.unwrap().unwrap_err();
            assert_eq!((error.kind(), error.path()), (ErrorKind::NotFound, &*path));
        }
    });
    let stats = cache.cache().stats();
    assert_eq!((stats.requests, stats.errors), (100, 100));
}

#[test]
fn other_choices_are_other_questions() {
    let dir = Dir::new();
    let path = dir.write("file", b"contents");
    let cache = shared(128);
    runtime().block_on(async {
        let limited = SharedReadOptions {
            limit: Some(7),
            ..SharedReadOptions::default()
        };
        let (clone, same) = (cache.clone(), path.clone());
        let all = spawn(async move { clone.read(same).await });
        let (clone, same) = (cache.clone(), path.clone());
        let part = spawn(async move { clone.read_with(same, &limited).await });
        let too_large = ErrorKind::TooLarge { size: 8, limit: 7 };
        assert_eq!(part.await.unwrap().unwrap_err().kind(), too_large);
        assert_eq!(all.await.unwrap().unwrap().file.bytes(), b"contents");
    });
}

#[test]
fn jobs_are_bounded_and_those_that_nobody_waits_for_are_left_out() {
    let dir = Dir::new();
    let paths = dir.fill(10, 10);
    let (permits, gate) = Gate::new();
    let cache = SharedFileCache::with_jobs(FileCache::new(Options::default()), 2);
    runtime().block_on(async {
        let mut tasks: Vec<_> = paths
            .iter()
            .map(|path| {
                let (cache, path, options) = (cache.clone(), path.clone(), through(&gate));
                spawn(async move { cache.read_with(path, &options).await })
            })
            .collect();
        until(|| gate.inside.load(SeqCst) == 2).await;
        let dropped = tasks.split_off(5);
        dropped.iter().for_each(|task| task.abort());
        for task in dropped {
            assert!(task.await.unwrap_err().is_cancelled());
        }
        drop(permits);
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        // The queue is worked off in order: when this is through, the dropped ones were passed over.
        cache.read_with(&paths[0], &through(&gate)).await.unwrap();
    });
    assert_eq!(gate.most_inside.load(SeqCst), 2);
    assert_eq!(gate.begun.load(SeqCst), 5);
    assert_eq!(cache.cache().stats().requests, 6);
}

#[test]
fn a_batch_whose_future_is_dropped_reads_nothing_more() {
    let dir = Dir::new();
    let paths = dir.fill(2_000, 10);
    let (permits, gate) = Gate::new();
    let cache = shared(4_096);
    let cancel = Arc::new(AtomicBool::new(false));
    runtime().block_on(async {
        let options = SharedReadManyOptions {
            cancel: Some(cancel.clone()),
            ..many_through(&gate)
        };
        {
            let mut batch = pin!(cache.read_many_with(paths.clone(), &options));
            assert!(peek(batch.as_mut()).is_pending());
            until(|| gate.begun.load(SeqCst) > 0).await;
            assert!(!cancel.load(SeqCst));
        }
        assert!(cancel.load(SeqCst));
        drop((permits, options));
        // When the job is over it gives up its opener.
        until(|| Arc::strong_count(&gate) == 1).await;
    });
    let stats = cache.cache().stats();
    let begun = gate.begun.load(SeqCst) as u64;
    assert!(begun <= 8, "{begun} files were begun");
    assert_eq!((stats.requests, stats.loads), (begun, begun));
}

#[test]
fn a_batch_can_be_cancelled_and_gives_what_it_has() {
    let dir = Dir::new();
    let paths = dir.fill(10, 10);
    let cache = shared(128);
    let cancelled = || SharedReadManyOptions {
        cancel: Some(Arc::new(AtomicBool::new(true))),
        freshness: Some(Freshness::Pinned),
        ..SharedReadManyOptions::default()
    };
    runtime().block_on(async {
        cache.cache().read_many(&paths);
        let answers = cache.read_many_with(paths.clone(), &cancelled()).await;
        assert!(
            answers
                .iter()
                .all(|it| it.as_ref().unwrap_err().kind() == ErrorKind::Cancelled)
        );
        let not = Arc::new(AtomicBool::new(false));
        let options = SharedReadManyOptions {
            cancel: Some(not.clone()),
            ..SharedReadManyOptions::default()
        };
        let answers = cache.read_many_with(paths.clone(), &options).await;
        assert!(answers.iter().all(Result::is_ok));
        assert!(
            !not.load(SeqCst),
            "a batch that came to its end cancels nobody"
        );
    });
}

#[test]
fn what_needs_no_look_is_answered_at_once_and_the_rest_needs_a_runtime() {
    let dir = Dir::new();
    let (path, other) = (dir.write("file", b"one"), dir.write("other", b"two"));
    let cache = shared(128);
    cache.cache().read(&path).unwrap();
    let pinned = SharedReadOptions {
        freshness: Some(Freshness::Pinned),
        ..SharedReadOptions::default()
    };
    let many = |paths: &[&PathBuf]| {
        let options = SharedReadManyOptions {
            freshness: Some(Freshness::Pinned),
            ..SharedReadManyOptions::default()
        };
        let paths = paths.iter().map(|path| path.to_path_buf()).collect();
        let answers = peek(pin!(cache.read_many_with(paths, &options)));
        let Poll::Ready(answers) = answers else {
            panic!("there is nothing to wait for")
        };
        answers.into_iter().map(|it| it.is_ok()).collect::<Vec<_>>()
    };
    // Polled outside any runtime.
    let Poll::Ready(read) = peek(pin!(cache.read_with(&path, &pinned))) else {
        panic!("it is held and pinned")
    };
    assert_eq!(read.unwrap().source, Source::Hit);
    assert_eq!(many(&[&path, &path]), [true, true]);
    assert_eq!(many(&[&path, &other]), [false, false]);
    let Poll::Ready(read) = peek(pin!(cache.read(&path))) else {
        panic!("there is no runtime to wait for")
    };
    let error = read.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().ends_with("there is no tokio runtime"));
    assert_eq!(cache.cache().stats().hits_unasked, 3);
}

/// Threads with a runtime each: no wake-up is lost, and every request is counted once.
#[test]
fn runtimes_share_a_cache() {
    const THREADS: usize = 4;
    const READS: usize = 1_500;
    let dir = Dir::new();
    let paths = dir.fill(20, 100);
    let cache = SharedFileCache::with_jobs(
        FileCache::new(Options {
            max_entries: 10,
            ..Options::default()
        }),
        3,
    );
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (cache, paths) = (cache.clone(), &paths);
            scope.spawn(move || {
                runtime().block_on(async {
                    let tasks: Vec<_> = (0..READS)
                        .map(|turn| {
                            let file = (turn * 7 + thread) % paths.len();
                            let (cache, path) = (cache.clone(), paths[file].clone());
                            spawn(async move {
                                let read = cache.read(path).await.unwrap();
                                assert_eq!(read.file[0], file as u8);
                            })
                        })
                        .collect();
                    for task in tasks {
                        task.await.unwrap();
                    }
                });
            });
        }
    });
    let stats = cache.cache().stats();
    assert_eq!(stats.requests, (THREADS * READS) as u64);
    assert_eq!(stats.bytes_served, (THREADS * READS * 100) as u64);
}

struct Panics;

impl Opener for Panics {
    fn open_file(&self, _: &Path) -> io::Result<File> {
        panic!("on purpose");
    }

    fn open_directory(&self, _: &Path) -> io::Result<File> {
        panic!("on purpose");
    }
}

#[test]
fn a_panic_is_an_error_and_the_next_read_is_well() {
    let dir = Dir::new();
    let paths = dir.fill(10, 10);
    let cache = shared(128);
    runtime().block_on(async {
        let options = SharedReadOptions {
            opener: Some(Arc::new(Panics)),
            ..SharedReadOptions::default()
        };
        let error = cache.read_with(&paths[0], &options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().ends_with("panicked"), "{error}");
        let options = SharedReadManyOptions {
            opener: options.opener,
            ..SharedReadManyOptions::default()
        };
        let answers = cache.read_many_with(paths.clone(), &options).await;
        assert_eq!(answers.len(), 10);
        assert!(answers.iter().all(Result::is_err));
        cache.read(&paths[0]).await.unwrap();
        assert!(cache.read_many(paths).await.iter().all(Result::is_ok));
    });
}

#[test]
fn a_runtime_that_has_ended_is_an_error_and_the_next_one_is_not() {
    let dir = Dir::new();
    let paths = dir.fill(3, 10);
    let cache = shared(128);
    let ended = {
        let runtime = runtime();
        runtime.handle().clone()
    };
    {
        let _entered = ended.enter();
        let Poll::Ready(read) = peek(pin!(cache.read(&paths[0]))) else {
            panic!("there is no thread to wait for")
        };
        let error = read.unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Io, &*paths[0]));
        assert!(error.to_string().ends_with("ended before it was read"));
        let Poll::Ready(answers) = peek(pin!(cache.read_many(paths.clone()))) else {
            panic!("there is no thread to wait for")
        };
        for (answer, path) in answers.into_iter().zip(&paths) {
            assert_eq!(answer.unwrap_err().path(), path);
        }
    }
    runtime().block_on(async {
        for path in &paths {
            cache.read(path).await.unwrap();
        }
        assert!(cache.read_many(paths).await.iter().all(Result::is_ok));
    });
}
