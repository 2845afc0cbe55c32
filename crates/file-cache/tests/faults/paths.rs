//! What a path may be, and what it may lead to.

use crate::process::{command, complaint, is_inside};
use crate::support::Dir;
use autoexec_file_cache::{
    Error, ErrorKind, FileCache, Freshness, Options, Read, ReadManyOptions, ReadOptions, Source,
};
use rustix::fs::{CWD, Mode};
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

type Outcome = Result<Vec<u8>, ErrorKind>;

fn outcome(result: Result<Read, Error>) -> Outcome {
    result
        .map(|read| read.file.to_vec())
        .map_err(|error| error.kind())
}

/// Enough names for a batch to open their directory.
const MANY: usize = 200;

/// Reads `paths` in each way there is, by a new cache each, twice; all must give the same.
fn read_in_each_way(paths: &[PathBuf]) -> Vec<Outcome> {
    let one_by_one = |cache: &FileCache, freshness| {
        let options = ReadOptions {
            freshness: Some(freshness),
            ..ReadOptions::default()
        };
        let read = |path: &PathBuf| outcome(cache.read_with(path, &options));
        paths.iter().map(read).collect::<Vec<Outcome>>()
    };
    let at_once = |cache: &FileCache, freshness, workers| {
        let options = ReadManyOptions {
            freshness: Some(freshness),
            workers: Some(workers),
            ..ReadManyOptions::default()
        };
        let results = cache.read_many_with(paths, &options);
        results.into_iter().map(outcome).collect::<Vec<Outcome>>()
    };
    let expect = one_by_one(&FileCache::new(Options::default()), Freshness::Validate);
    for freshness in [Freshness::Validate, Freshness::Watch, Freshness::Pinned] {
        for workers in [1, 4] {
            let cache = FileCache::new(Options::default());
            for _ in 0..2 {
                assert_eq!(at_once(&cache, freshness, workers), expect);
                assert_eq!(one_by_one(&cache, freshness), expect);
            }
        }
    }
    expect
}

/// The one outcome of `paths`, in each way.
fn only_outcome(paths: &[PathBuf]) -> Outcome {
    let outcomes = read_in_each_way(paths);
    assert!(outcomes.iter().all(|it| *it == outcomes[0]));
    outcomes[0].clone()
}

/// `MANY` names in a directory of their own, each made by `make`.
fn many(dir: &Dir, make: impl Fn(&Path)) -> Vec<PathBuf> {
    let of_dir = dir.path("many");
    fs::create_dir(&of_dir).unwrap();
    let path = |i: usize| {
        let path = of_dir.join(i.to_string());
        make(&path);
        path
    };
    (0..MANY).map(path).collect()
}

/// In directories that a batch opens, and one by one.
#[test]
fn what_is_no_file_is_refused_in_each_way_and_nothing_waits() {
    let fifo = |path: &Path| {
        rustix::fs::mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
    };
    let socket = |path: &Path| drop(std::os::unix::net::UnixListener::bind(path).unwrap());
    let directory = |path: &Path| fs::create_dir(path).unwrap();
    let to_device = |path: &Path| symlink("/dev/zero", path).unwrap();
    let to_itself = |path: &Path| symlink(path.file_name().unwrap(), path).unwrap();
    let dangling = |path: &Path| symlink("nowhere", path).unwrap();
    type Row<'a> = (&'a str, &'a dyn Fn(&Path), ErrorKind);
    let makes: [Row<'_>; 6] = [
        ("fifo", &fifo, ErrorKind::NotRegular),
        ("socket", &socket, ErrorKind::NotRegular),
        ("directory", &directory, ErrorKind::IsADirectory),
        ("link to a device", &to_device, ErrorKind::NotRegular),
        ("link to itself", &to_itself, ErrorKind::Io),
        ("link to nothing", &dangling, ErrorKind::NotFound),
    ];
    for (name, make, kind) in makes {
        let dir = Dir::new();
        assert_eq!(only_outcome(&many(&dir, make)), Err(kind), "{name}");
    }
    let devices = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random"].map(PathBuf::from);
    assert_eq!(only_outcome(&devices), Err(ErrorKind::NotRegular));
}

/// Reading it fails, though it is a file and can be opened.
#[test]
fn a_file_that_cannot_be_read_is_an_error_and_never_contents() {
    let path = Path::new("/proc/self/mem");
    let cache = FileCache::new(Options::default());
    for asked in 1..=2 {
        let error = cache.read(path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        let source = std::error::Error::source(&error).unwrap();
        let source = source.downcast_ref::<std::io::Error>().unwrap();
        let eio = rustix::io::Errno::IO.raw_os_error();
        assert_eq!(source.raw_os_error(), Some(eio));
        let stats = cache.stats();
        assert_eq!(
            (stats.errors, stats.loads, stats.resident_entries),
            (asked, 0, 0)
        );
    }
    assert_eq!(only_outcome(&[path.to_owned()]), Err(ErrorKind::Io));
}

#[test]
fn empty_files_are_kept_and_are_empty() {
    let dir = Dir::new();
    let paths = many(&dir, |path| fs::write(path, "").unwrap());
    assert_eq!(only_outcome(&paths), Ok(Vec::new()));
    let cache = FileCache::new(Options::default());
    cache.read(&paths[0]).unwrap();
    assert_eq!(cache.read(&paths[0]).unwrap().source, Source::Hit);
}

/// It has no blocks: who read it would read for a long time.
#[test]
fn a_sparse_file_over_the_limit_is_refused_unread() {
    const SIZE: u64 = 3 << 30;
    let dir = Dir::new();
    let path = dir.write("sparse", b"");
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(SIZE).unwrap();
    let cache = FileCache::new(Options::default());
    let kind = ErrorKind::TooLarge {
        size: SIZE,
        limit: 1 << 20,
    };
    for freshness in [Freshness::Validate, Freshness::Watch] {
        let single = ReadOptions {
            freshness: Some(freshness),
            limit: Some(1 << 20),
            ..ReadOptions::default()
        };
        assert_eq!(outcome(cache.read_with(&path, &single)), Err(kind));
        let batch = ReadManyOptions {
            freshness: Some(freshness),
            limit: Some(1 << 20),
            ..ReadManyOptions::default()
        };
        for result in cache.read_many_with(&[&path, &path], &batch) {
            assert_eq!(outcome(result), Err(kind));
        }
    }
    let stats = cache.stats();
    assert_eq!((stats.bytes_loaded, stats.loads, stats.errors), (0, 0, 6));
}

#[test]
fn names_may_hold_whatever_the_system_allows() {
    let dir = Dir::new();
    let names: [&[u8]; 6] = [
        b"two\nlines",
        b"\xff\xfe\x80",
        b" ",
        b"-n",
        b"\\ \"'$*?",
        "\u{fc}\u{202e}".as_bytes(),
    ];
    let longest = [b'n'; 255];
    let names = names.into_iter().chain([&longest[..]]);
    let paths: Vec<PathBuf> = names
        .map(|name| dir.path("").join(OsStr::from_bytes(name)))
        .collect();
    for (i, path) in paths.iter().enumerate() {
        fs::write(path, i.to_string()).unwrap();
    }
    let expect: Vec<Outcome> = (0..paths.len())
        .map(|i| Ok(i.to_string().into_bytes()))
        .collect();
    assert_eq!(read_in_each_way(&paths), expect);
    let missing = dir.path("").join(OsStr::from_bytes(b"\xff\nmissing"));
    let error = FileCache::new(Options::default())
        .read(&missing)
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::NotFound, &*missing)
    );
    let too_long = dir.path(&"n".repeat(256));
    assert_eq!(only_outcome(&[too_long]), Err(ErrorKind::Io));
    let with_nul = dir.path("a\0b");
    assert_eq!(only_outcome(&[with_nul]), Err(ErrorKind::Io));
    assert_eq!(only_outcome(&[PathBuf::new()]), Err(ErrorKind::NotFound));
}

/// A directory whose path has so many bytes.
fn deep(dir: &Dir, len: usize) -> PathBuf {
    let mut path = dir.path("deep");
    while path.as_os_str().len() + 202 < len {
        path.push("d".repeat(200));
    }
    let rest = len - path.as_os_str().len() - 1;
    path.push("e".repeat(rest));
    fs::create_dir_all(&path).unwrap();
    assert_eq!(path.as_os_str().len(), len);
    path
}

#[test]
fn the_longest_path_works_and_a_longer_one_is_an_error() {
    let dir = Dir::new();
    let directory = deep(&dir, 4_091);
    let path = directory.join("abc");
    assert_eq!(path.as_os_str().len(), 4_095);
    fs::write(&path, "at the end").unwrap();
    assert_eq!(only_outcome(&[path]), Ok(b"at the end".to_vec()));
    let longer = directory.join("abcd");
    assert_eq!(only_outcome(&[longer]), Err(ErrorKind::Io));
    let far_longer = directory.join("x".repeat(100_000));
    assert_eq!(only_outcome(&[far_longer]), Err(ErrorKind::Io));
}

/// A batch finds names in an open directory, where a single read has to name the whole path: it may read more.
#[test]
fn many_paths_that_are_too_long_are_read_or_refused() {
    let dir = Dir::new();
    let directory = deep(&dir, 4_091);
    let paths: Vec<PathBuf> = (1_000..1_000 + MANY)
        .map(|i| directory.join(i.to_string()))
        .collect();
    let cache = FileCache::new(Options::default());
    for result in cache.read_many(&paths) {
        let kind = outcome(result).unwrap_err();
        assert!(
            matches!(kind, ErrorKind::NotFound | ErrorKind::Io),
            "{kind:?}"
        );
    }
    assert_eq!(outcome(cache.read(&paths[0])), Err(ErrorKind::Io));
}

/// Nobody, in most systems.
const OTHER_USER: u32 = 65_534;

fn check_permissions() {
    let dir = Dir::new();
    let paths = many(&dir, |path| fs::write(path, "x").unwrap());
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let denied = Err(ErrorKind::PermissionDenied);
    paths.iter().for_each(|path| mode(path, 0o000));
    assert_eq!(only_outcome(&paths), denied);
    paths.iter().for_each(|path| mode(path, 0o644));
    assert_eq!(only_outcome(&paths), Ok(b"x".to_vec()));
    for closed in [0o000, 0o600] {
        mode(&dir.path("many"), closed);
        assert_eq!(only_outcome(&paths), denied, "{closed:o}");
    }
    // It may be searched and not be listed, which is enough to read what is in it and not to watch it.
    mode(&dir.path("many"), 0o300);
    assert_eq!(only_outcome(&paths), Ok(b"x".to_vec()));
    mode(&dir.path("many"), 0o755);
}

/// Whoever may read everything has to become somebody else to be refused.
#[test]
fn what_may_not_be_read_is_refused() {
    const TEST: &str = "paths::what_may_not_be_read_is_refused";
    if is_inside(TEST) || !rustix::process::geteuid().is_root() {
        return check_permissions();
    }
    let output = command(TEST, &[]).uid(OTHER_USER).output();
    match output {
        Ok(output) => assert_eq!(complaint(&output), None),
        Err(error) => eprintln!("skipped: this test cannot be run by another user: {error}"),
    }
}
