//! Streams give the bytes of the file, in bounded memory, and say when they are not of one moment.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(unix)]

mod support;

use autoexec_file_cache::{
    Chunks, Error, ErrorKind, FileCache, Freshness, Options, Source, Stats, StreamOptions,
};
use proptest::prelude::*;
use std::fs::{self, File as StdFile, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use support::{Dir, rewrite};

fn cache() -> FileCache {
    FileCache::new(Options::default())
}

fn by(chunk_bytes: usize) -> StreamOptions<'static> {
    StreamOptions {
        chunk_bytes,
        ..StreamOptions::default()
    }
}

/// All chunks; each but the last must be full.
fn collect(mut chunks: Chunks<'_>, chunk_bytes: usize) -> Result<Vec<u8>, Error> {
    let (mut all, mut is_last) = (Vec::new(), false);
    while let Some(chunk) = chunks.next_chunk()? {
        assert!(
            !is_last && !chunk.is_empty(),
            "a chunk was short before the end"
        );
        is_last = chunk.len() < chunk_bytes.max(1);
        all.extend_from_slice(chunk);
    }
    assert!(
        chunks.next_chunk()?.is_none(),
        "after the end there is nothing"
    );
    Ok(all)
}

/// The sums that every set of counters keeps.
fn check_sums(stats: &Stats) {
    assert_eq!(stats.requests, stats.hits + stats.misses);
    assert_eq!(stats.misses, stats.loads + stats.coalesced + stats.errors);
    assert!(stats.streamed <= stats.skipped && stats.skipped <= stats.loads);
}

/// Row 0.14. The file is longer than the memory that the test may use, many times over.
#[cfg(target_os = "linux")]
#[test]
fn three_gigabytes_pass_through_a_few_hundred_kibibytes() {
    const SIZE: u64 = 3 << 30;
    let most_used = || -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kibibytes = line.unwrap().split_whitespace().nth(1).unwrap();
        kibibytes.parse::<u64>().unwrap() << 10
    };
    let dir = Dir::new();
    let path = dir.path("sparse");
    StdFile::create(&path).unwrap().set_len(SIZE).unwrap();
    let cache = cache();
    let before = most_used();
    let mut chunks = cache.stream(&path, &StreamOptions::default()).unwrap();
    assert_eq!(chunks.len(), SIZE);
    let mut seen = 0;
    while let Some(chunk) = chunks.next_chunk().unwrap() {
        assert_eq!((chunk[0], chunk.len()), (0, 256 << 10));
        seen += chunk.len() as u64;
    }
    assert_eq!(seen, SIZE);
    let grown = most_used() - before;
    assert!(grown < 16 << 20, "{grown} bytes more were used");
    let stats = cache.stats();
    check_sums(&stats);
    assert_eq!(
        (
            stats.loads,
            stats.skipped,
            stats.streamed,
            stats.resident_entries
        ),
        (1, 1, 1, 0)
    );
    assert_eq!((stats.bytes_loaded, stats.bytes_served), (SIZE, SIZE));
}

#[test]
fn an_empty_file_has_no_chunk() {
    let dir = Dir::new();
    let path = dir.write("empty", b"");
    let cache = cache();
    let chunks = cache.stream(&path, &by(0)).unwrap();
    assert!(chunks.is_empty());
    assert_eq!(collect(chunks, 0).unwrap(), b"");
    assert_eq!((cache.stats().loads, cache.stats().streamed), (1, 1));
}

/// How the next bytes are taken.
#[derive(Debug, Clone, Copy)]
enum Take {
    Chunk,
    Read(usize),
    Consume(usize),
}

fn take() -> impl Strategy<Value = Take> {
    prop_oneof![
        Just(Take::Chunk),
        (0..600_usize).prop_map(Take::Read),
        (0..600_usize).prop_map(Take::Consume),
    ]
}

/// Takes in the given ways, in turn, until there is nothing more.
fn mixed(mut chunks: Chunks<'_>, takes: &[Take]) -> Vec<u8> {
    let mut all = Vec::new();
    for take in takes.iter().cycle() {
        match *take {
            Take::Chunk => match chunks.next_chunk().unwrap() {
                Some(chunk) => all.extend_from_slice(chunk),
                None => return all,
            },
            Take::Read(count) => {
                let mut bytes = vec![0; count];
                let count = chunks.read(&mut bytes).unwrap();
                all.extend_from_slice(&bytes[..count]);
            }
            Take::Consume(count) => {
                let bytes = chunks.fill_buf().unwrap();
                let count = count.min(bytes.len());
                all.extend_from_slice(&bytes[..count]);
                chunks.consume(count);
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn streams_give_what_std_reads(
        size in prop_oneof![0..10_usize, 0..5_000_usize],
        chunk_bytes in prop_oneof![0..10_usize, 1..6_000_usize],
        takes in prop::collection::vec(take(), 0..8),
    ) {
        let dir = Dir::new();
        let contents: Vec<u8> = (0..size).map(|i| (i * 7 % 251) as u8).collect();
        let path = dir.write("file", &contents);
        let cache = cache();
        let takes = [&takes[..], &[Take::Chunk]].concat();
        for source in [Source::Uncached, Source::Hit] {
            let stream = || cache.stream(&path, &by(chunk_bytes)).unwrap();
            prop_assert_eq!(stream().source(), source);
            prop_assert_eq!(stream().len(), size as u64);
            prop_assert_eq!(&collect(stream(), chunk_bytes).unwrap(), &fs::read(&path).unwrap());
            prop_assert_eq!(&mixed(stream(), &takes), &contents);
            check_sums(&cache.stats());
            cache.read(&path).unwrap();
        }
        let stats = cache.stats();
        prop_assert_eq!((stats.streamed, stats.loads, stats.hits), (4, 5, 5));
        prop_assert_eq!(stats.bytes_served, 6 * size as u64);
    }
}

#[test]
fn whatever_happens_to_the_file_meanwhile_is_told_at_the_end() {
    type Happening = (&'static str, fn(&Path));
    let happenings: [Happening; 4] = [
        ("rewritten", |path| rewrite(path, &[2; 10_000])),
        ("cut short", |path| rewrite(path, &[1; 5_000])),
        ("longer", |path| rewrite(path, &[1; 20_000])),
        ("made empty", |path| rewrite(path, b"")),
    ];
    for (name, happen) in happenings {
        let dir = Dir::new();
        let path = dir.write("file", &[1; 10_000]);
        let cache = cache();
        let mut chunks = cache.stream(&path, &by(4_096)).unwrap();
        assert_eq!(chunks.next_chunk().unwrap().unwrap(), [1; 4_096], "{name}");
        happen(&path);
        let error = loop {
            match chunks.next_chunk() {
                Ok(chunk) => assert!(
                    chunk.is_some(),
                    "{name}: it ended as if nothing had happened"
                ),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Changed, "{name}");
        assert_eq!(error.path(), path);
        assert!(chunks.next_chunk().is_err(), "{name}: and so it stays");
        drop(chunks);
        let stats = cache.stats();
        check_sums(&stats);
        assert_eq!((stats.errors, stats.loads), (1, 0), "{name}");
    }
}

#[test]
fn errors_reach_readers_with_ours_as_source() {
    let dir = Dir::new();
    let path = dir.write("file", &[1; 10_000]);
    let cache = cache();
    let mut chunks = cache.stream(&path, &by(1_000)).unwrap();
    chunks.read_exact(&mut [0; 1_500]).unwrap();
    rewrite(&path, &[2; 10_000]);
    let error = std::io::copy(&mut chunks, &mut std::io::sink()).unwrap_err();
    let ours = error.get_ref().unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!(ours.kind(), ErrorKind::Changed);
    assert_eq!(
        error.to_string(),
        format!("read {}: it changed while it was streamed", path.display())
    );
}

#[test]
fn what_is_held_fresh_is_streamed_from_memory_and_what_is_stale_from_disk() {
    let dir = Dir::new();
    let path = dir.write("file", b"one two three");
    for freshness in [Freshness::Validate, Freshness::Watch] {
        let cache = FileCache::new(Options {
            freshness,
            ..Options::default()
        });
        rewrite(&path, b"one two three");
        cache.read(&path).unwrap();
        let chunks = cache.stream(&path, &by(5)).unwrap();
        assert_eq!((chunks.source(), chunks.len()), (Source::Hit, 13));
        rewrite(&path, b"four");
        assert_eq!(collect(chunks, 5).unwrap(), b"one two three");
        let chunks = cache.stream(&path, &by(5)).unwrap();
        assert_eq!(chunks.source(), Source::Uncached);
        assert_eq!(collect(chunks, 5).unwrap(), b"four");
        let stats = cache.stats();
        check_sums(&stats);
        assert_eq!(
            (
                stats.hits,
                stats.loads,
                stats.streamed,
                stats.stale_changed,
                stats.resident_entries
            ),
            (1, 2, 1, 1, 0)
        );
    }
    let pinned = StreamOptions {
        freshness: Some(Freshness::Pinned),
        ..StreamOptions::default()
    };
    let cache = cache();
    cache.read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(
        collect(cache.stream(&path, &pinned).unwrap(), 256 << 10).unwrap(),
        b"four"
    );
    assert_eq!(cache.stats().hits_unasked, 1);
}

#[test]
fn streams_of_one_file_in_one_run_are_redundant_reads() {
    let dir = Dir::new();
    let path = dir.write("file", b"contents");
    let cache = cache();
    for _ in 0..2 {
        collect(cache.stream(&path, &by(3)).unwrap(), 3).unwrap();
    }
    // Given up before the end, it counts as a load, of which nothing is known.
    let mut chunks = cache.stream(&path, &by(3)).unwrap();
    chunks.next_chunk().unwrap();
    assert_eq!(cache.stats().loads, 2, "not while it is under way");
    drop(chunks);
    let stats = cache.stats();
    check_sums(&stats);
    assert_eq!(
        (stats.loads, stats.streamed, stats.redundant_reads),
        (3, 3, 1)
    );
    assert_eq!((stats.bytes_loaded, stats.bytes_served), (19, 19));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_hides_its_size_is_streamed_to_its_end_or_to_the_limit() {
    let (cache, path) = (cache(), Path::new("/proc/self/limits"));
    let chunks = cache.stream(path, &by(100)).unwrap();
    assert_eq!(chunks.len(), 0);
    let all = collect(chunks, 100).unwrap();
    assert_eq!(all, fs::read(path).unwrap());
    let limited = StreamOptions {
        limit: Some(250),
        ..by(100)
    };
    let mut chunks = cache.stream(path, &limited).unwrap();
    for _ in 0..2 {
        assert_eq!(chunks.next_chunk().unwrap().unwrap().len(), 100);
    }
    let kind = chunks.next_chunk().unwrap_err().kind();
    assert_eq!(
        kind,
        ErrorKind::TooLarge {
            size: 300,
            limit: 250
        }
    );
    drop(chunks);
    check_sums(&cache.stats());
}

#[test]
fn what_is_no_regular_file_or_too_long_is_refused_unread() {
    let dir = Dir::new();
    let cache = cache();
    let fifo = dir.path("fifo");
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    )
    .unwrap();
    let kind = |path: &Path, limit| {
        let options = StreamOptions {
            limit,
            ..StreamOptions::default()
        };
        cache.stream(path, &options).unwrap_err().kind()
    };
    assert_eq!(kind(&fifo, None), ErrorKind::NotRegular);
    assert_eq!(kind(Path::new("/dev/zero"), None), ErrorKind::NotRegular);
    assert_eq!(kind(&dir.path(""), None), ErrorKind::IsADirectory);
    assert_eq!(kind(&dir.path("missing"), None), ErrorKind::NotFound);
    let file = dir.write("file", &[0; 100]);
    let too_large = ErrorKind::TooLarge {
        size: 100,
        limit: 99,
    };
    assert_eq!(kind(&file, Some(99)), too_large);
    cache.read(&file).unwrap();
    assert_eq!(kind(&file, Some(99)), too_large, "also from memory");
    let stats = cache.stats();
    check_sums(&stats);
    assert_eq!((stats.errors, stats.loads, stats.streamed), (6, 1, 0));
}

#[test]
fn no_room_for_a_chunk_is_an_error_only_where_the_file_needs_it() {
    let dir = Dir::new();
    let (small, empty) = (dir.write("small", b"x"), dir.write("empty", b""));
    let cache = cache();
    let chunks = cache.stream(&small, &by(usize::MAX)).unwrap();
    assert_eq!(collect(chunks, usize::MAX).unwrap(), b"x");
    let error = cache.stream(&empty, &by(usize::MAX)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
}

#[test]
fn lines_are_those_of_std() {
    let dir = Dir::new();
    let path = dir.path("file");
    let mut file = StdFile::create(&path).unwrap();
    for line in 0..500 {
        write!(
            file,
            "{}{line}{}",
            "é".repeat(line % 40),
            ["\n", "\r\n"][line % 2]
        )
        .unwrap();
    }
    file.write_all(b"no end of line").unwrap();
    drop(file);
    let expect: Vec<String> = BufReader::new(OpenOptions::new().read(true).open(&path).unwrap())
        .lines()
        .map(Result::unwrap)
        .collect();
    let cache = cache();
    for chunk_bytes in [1, 7, 64, 1 << 20] {
        let lines = cache.stream(&path, &by(chunk_bytes)).unwrap().lines();
        assert_eq!(lines.map(Result::unwrap).collect::<Vec<_>>(), expect);
    }
}

/// Row 2.27: the public system reads 21 lines where it says 20, and the whole file for them.
#[test]
fn the_first_lines_are_read_and_no_more() {
    let dir = Dir::new();
    let text: String = (1..=50)
        .map(|line| format!("line {line}\r\n"))
        .collect::<String>()
        + &"x".repeat(1 << 20);
    let path = dir.write("agent.md", text.as_bytes());
    let cache = FileCache::new(Options::default());
    let options = StreamOptions {
        chunk_bytes: 100,
        ..StreamOptions::default()
    };
    for lines in [0, 1, 20, 50] {
        let first = cache.first_lines(&path, lines, &options).unwrap();
        let expect: Vec<u8> = text
            .split_inclusive('\n')
            .take(lines)
            .collect::<String>()
            .into_bytes();
        assert_eq!(first, expect, "{lines}");
    }
    assert!(cache.stats().bytes_loaded < 2_000, "{:?}", cache.stats());
    assert_eq!(
        cache.first_lines(&path, 51, &options).unwrap(),
        text.as_bytes()
    );
    let held = cache.read(&path).unwrap().file;
    assert_eq!(cache.first_lines(&path, 2, &options).unwrap(), held[..16]);
}
