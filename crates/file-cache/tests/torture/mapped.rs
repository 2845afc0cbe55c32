//! What the kernel tells of in no way, or in one way only. Stores through shared memory maps: what is documented holds,
//! and no more is promised (`Freshness`, "What no cache can see"). And files cut short by their path, which are not
//! opened for it.

use autoexec_file_cache::{FileCache, Freshness, Options, ReadOptions, Source};
use std::fs::{File, OpenOptions};
use std::path::Path;

/// The first page of a file, mapped for reading and writing; and `truncate`.
#[allow(unsafe_code, reason = "there is no safe way to map a file")]
mod map {
    use std::ffi::{CString, c_char, c_int, c_long, c_void};
    use std::fs::File;
    use std::os::fd::AsRawFd;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    const PAGE: usize = 4096;
    const READ_WRITE: c_int = 3;
    const SHARED: c_int = 1;
    const SYNCHRONOUS: c_int = 4;

    unsafe extern "C" {
        fn mmap(
            at: *mut c_void,
            len: usize,
            protection: c_int,
            flags: c_int,
            file: c_int,
            offset: c_long,
        ) -> *mut c_void;
        fn msync(at: *mut c_void, len: usize, flags: c_int) -> c_int;
        fn munmap(at: *mut c_void, len: usize) -> c_int;
        fn truncate(path: *const c_char, len: c_long) -> c_int;
    }

    /// Cuts a file short without opening it.
    pub(super) fn cut(path: &Path, len: c_long) {
        let path = CString::new(path.as_os_str().as_bytes()).unwrap();
        // SAFETY: the string ends with a NUL and lives until the call returns.
        assert_eq!(unsafe { truncate(path.as_ptr(), len) }, 0);
    }

    pub(super) struct Map(*mut u8);

    impl Map {
        pub(super) fn of(file: &File) -> Self {
            let file = file.as_raw_fd();
            // SAFETY: the kernel chooses a place that nothing else is at.
            let at = unsafe { mmap(std::ptr::null_mut(), PAGE, READ_WRITE, SHARED, file, 0) };
            assert!(at.addr() != usize::MAX, "the file can be mapped");
            Self(at.cast())
        }

        /// Stores into the whole page.
        pub(super) fn fill(&self, byte: u8) {
            // SAFETY: the page is mapped until `self` is dropped, and the file is as long.
            unsafe { self.0.write_bytes(byte, PAGE) }
        }

        pub(super) fn synchronise(&self) {
            // SAFETY: the page is mapped.
            assert_eq!(unsafe { msync(self.0.cast(), PAGE, SYNCHRONOUS) }, 0);
        }
    }

    impl Drop for Map {
        fn drop(&mut self) {
            // SAFETY: the page is mapped, and nobody uses it any more.
            unsafe { munmap(self.0.cast(), PAGE) };
        }
    }
}

struct Bench {
    dir: tempfile::TempDir,
    cache: FileCache,
    freshness: Freshness,
}

impl Bench {
    /// A file of one page, which the cache holds.
    fn new(freshness: Freshness) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), [b'a'; 4096]).unwrap();
        let cache = FileCache::new(Options::default());
        let bench = Self {
            dir,
            cache,
            freshness,
        };
        assert_eq!(bench.read(), (b'a', Source::Loaded));
        assert_eq!(bench.read(), (b'a', Source::Hit));
        bench
    }

    fn open(&self) -> File {
        let path = self.dir.path().join("file");
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .unwrap()
    }

    /// The byte that the whole file holds.
    fn read(&self) -> (u8, Source) {
        let options = ReadOptions {
            freshness: Some(self.freshness),
            ..ReadOptions::default()
        };
        let path: &Path = &self.dir.path().join("file");
        let read = self.cache.read_with(path, &options).unwrap();
        assert!(read.file.iter().all(|byte| *byte == read.file[0]), "torn");
        (read.file[0], read.source)
    }

    /// Whether the first store into a page tells by a time stamp, as it does where pages are written back to a disk.
    fn tells_of_first_stores(&self) -> bool {
        let disks = [0xef53, 0x5846_5342, 0x9123_683e];
        let about = rustix::fs::statfs(self.dir.path()).unwrap();
        disks.contains(&about.f_type)
    }
}

/// Who has opened the file may store into it untold, from then on until nobody has it open for writing: no hit is proven.
#[test]
fn a_file_that_is_open_for_writing_is_never_proven() {
    let bench = Bench::new(Freshness::Watch);
    assert_eq!(bench.cache.stats().hits_proven, 1);
    let file = bench.open();
    let map = map::Map::of(&file);
    drop(file);
    for _ in 0..20 {
        assert_eq!(bench.read().0, b'a');
    }
    let stats = bench.cache.stats();
    assert_eq!((stats.hits_proven, stats.hits_validated), (1, 20));
    drop(map);
}

/// The first store into a page that is not waiting to be written back, and the first after it was synchronised.
#[test]
fn first_stores_through_a_map_are_seen() {
    for freshness in [Freshness::Validate, Freshness::Watch] {
        let bench = Bench::new(freshness);
        if !bench.tells_of_first_stores() {
            return eprintln!("skipped: this file system gives mapped stores no time stamps");
        }
        let map = map::Map::of(&bench.open());
        for byte in b"bcdefghi" {
            map.fill(*byte);
            assert_eq!(bench.read().0, *byte, "{freshness:?}");
            map.synchronise();
            assert_eq!(bench.read().0, *byte, "{freshness:?}");
        }
    }
}

/// The second store comes without a trace; once the writer is gone the file is read for good before it is proven.
#[test]
fn what_a_writer_through_a_map_left_behind_is_read_once_it_is_gone() {
    let bench = Bench::new(Freshness::Watch);
    let map = map::Map::of(&bench.open());
    map.fill(b'b');
    assert_eq!(bench.read().0, b'b');
    map.fill(b'c');
    map.synchronise();
    drop(map);
    let proven = bench.cache.stats().hits_proven;
    let mut seen = Vec::new();
    while bench.cache.stats().hits_proven == proven {
        seen.push(bench.read().0);
        assert!(seen.len() < 100, "it is watched again");
    }
    assert_eq!(seen.last(), Some(&b'c'), "{seen:?}");
}

/// Of all changes of contents this is the one that comes without the file being opened.
#[test]
fn a_file_cut_short_by_its_path_is_seen() {
    for freshness in [Freshness::Validate, Freshness::Watch] {
        let bench = Bench::new(freshness);
        let path = bench.dir.path().join("file");
        for len in [4_095, 100, 1] {
            map::cut(&path, len);
            let options = ReadOptions {
                freshness: Some(freshness),
                ..ReadOptions::default()
            };
            for _ in 0..3 {
                let read = bench.cache.read_with(&path, &options).unwrap();
                assert_eq!(read.file.bytes(), vec![b'a'; len as usize], "{freshness:?}");
            }
        }
    }
}
