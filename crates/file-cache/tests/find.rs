//! What globs find: as a shell and git would have it, in order, and nothing outside the root.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(unix)]

mod support;

use autoexec_file_cache::{
    ErrorKind, FileCache, FindOptions, FoundFiles, Options, ReadManyOptions, Source,
};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use support::Dir;

/// A tree in which each file holds its own name.
fn tree(files: &[&str]) -> Dir {
    let dir = Dir::new();
    for name in files {
        fs::create_dir_all(dir.path(name).parent().unwrap()).unwrap();
        dir.write(name, name.as_bytes());
    }
    dir
}

fn find(dir: &Dir, globs: &[&str], options: &FindOptions<'_>) -> FoundFiles {
    let cache = FileCache::new(Options::default());
    let found = cache.read_glob(&dir.path(""), globs, options).unwrap();
    let stats = cache.stats();
    assert_eq!(stats.requests, stats.loads + stats.errors);
    found
}

fn names(found: &FoundFiles) -> Vec<&str> {
    found
        .files
        .iter()
        .map(|it| it.name.to_str().unwrap())
        .collect()
}

/// The names that globs find without any error.
fn check(dir: &Dir, globs: &[&str], options: &FindOptions<'_>, expect: &[&str]) {
    let found = find(dir, globs, options);
    assert_eq!(names(&found), expect, "{globs:?}");
    assert!(found.errors.is_empty(), "{globs:?}: {:?}", found.errors);
}

#[test]
fn globs_mean_what_they_mean_in_workflows() {
    let dir = tree(&[
        "b.md",
        "a.md",
        "a.txt",
        "docs/c.md",
        "docs/deep/d.md",
        "docs/deep/e.txt",
        ".hidden.md",
        ".github/f.md",
        ".github/deep/g.md",
        "docs/.h.md",
        "odd[1].md",
    ]);
    let plain = FindOptions::default();
    let check = |globs: &[&str], expect: &[&str]| check(&dir, globs, &plain, expect);
    check(&["*.md"], &["a.md", "b.md", "odd[1].md"]);
    check(&["./*.txt"], &["a.txt"]);
    check(
        &["**/*.md"],
        &["a.md", "b.md", "docs/c.md", "docs/deep/d.md", "odd[1].md"],
    );
    check(
        &["docs/**"],
        &["docs/c.md", "docs/deep/d.md", "docs/deep/e.txt"],
    );
    check(
        &["docs/*/*.{md,txt}"],
        &["docs/deep/d.md", "docs/deep/e.txt"],
    );
    check(&["a.*", "a.md", "a.?d"], &["a.md", "a.txt"]);
    // Names with a dot in front only where the glob writes it.
    check(&[".*.md"], &[".hidden.md"]);
    check(&["**/.*.md"], &[".hidden.md", "docs/.h.md"]);
    check(&[".github/*"], &[".github/f.md"]);
    check(&[".github/**"], &[".github/deep/g.md", ".github/f.md"]);
    // The name of a file means that file.
    check(&["odd[1].md", ".hidden.md"], &[".hidden.md", "odd[1].md"]);
    let hidden = FindOptions {
        hidden: true,
        exclude: &["docs/**", "**/*.txt", ".github/deep/*"],
        ..plain
    };
    let expect = [".github/f.md", ".hidden.md", "a.md", "b.md", "odd[1].md"];
    self::check(&dir, &["**"], &hidden, &expect);
}

#[test]
fn ignore_files_count_from_the_root_down_without_a_repository() {
    let dir = tree(&[
        "root/a.log",
        "root/b.md",
        "root/build/c.md",
        "root/sub/d.md",
        "root/sub/e.md",
        "root/sub/keep.log",
    ]);
    dir.write(".gitignore", b"b.md\n");
    dir.write("root/.gitignore", b"*.log\n/build/\n");
    dir.write("root/sub/.ignore", b"e.md\n!keep.log\n");
    let cache = FileCache::new(Options::default());
    let find = |globs: &[&str], gitignore| {
        let options = FindOptions {
            gitignore,
            ..FindOptions::default()
        };
        let found = cache.read_glob(&dir.path("root"), globs, &options).unwrap();
        names(&found).join(" ")
    };
    assert_eq!(find(&["**"], true), "b.md sub/d.md sub/keep.log");
    assert_eq!(
        find(&["**"], false),
        "a.log b.md build/c.md sub/d.md sub/e.md sub/keep.log"
    );
    assert_eq!(find(&["a.log"], true), "a.log", "asked for by its name");
}

#[test]
fn links_are_read_if_they_lead_below_the_root() {
    let dir = tree(&["root/z.md", "root/sub/a.md", "root2/secret.md"]);
    let link = |to: &str, name: &str| symlink(to, dir.path(name)).unwrap();
    link("z.md", "root/link.md");
    link("../root2/secret.md", "root/out.md");
    link("../root2", "root/folder.md");
    link("nowhere", "root/broken.md");
    link("sub", "root/sub2");
    let root = dir.path("root");
    let cache = FileCache::new(Options::default());
    let found = cache
        .read_glob(&root, &["**/*.md"], &FindOptions::default())
        .unwrap();
    // A file is read once, under the first of its names.
    assert_eq!(names(&found), ["sub/a.md", "link.md"]);
    assert_eq!(
        found.files[1].path,
        root.canonicalize().unwrap().join("z.md")
    );
    assert_eq!(found.files[1].read.file.bytes(), b"root/z.md");
    let errors: Vec<_> = (found.errors.iter())
        .map(|error| {
            (
                error.path().file_name().unwrap().to_str().unwrap(),
                error.kind(),
            )
        })
        .collect();
    assert_eq!(
        errors,
        [
            ("broken.md", ErrorKind::NotFound),
            ("out.md", ErrorKind::Io)
        ]
    );
    assert!(
        found.errors[1]
            .to_string()
            .ends_with("leads out of the root")
    );
    // By its name neither.
    let globs = ["out.md", "sub2/a.md", "sub", "missing"];
    let found = cache
        .read_glob(&root, &globs, &FindOptions::default())
        .unwrap();
    assert_eq!(names(&found), ["sub2/a.md"]);
    let kinds: Vec<_> = found.errors.iter().map(|error| error.kind()).collect();
    assert_eq!(
        kinds,
        [ErrorKind::NotFound, ErrorKind::Io, ErrorKind::IsADirectory]
    );
    assert!(found.unmatched.is_empty());
}

#[test]
fn what_cannot_be_read_is_told_beside_what_can() {
    let dir = tree(&["a.md", "b.md", "long.md"]);
    dir.write("long.md", &[b'x'; 100]);
    rustix::fs::mkfifoat(rustix::fs::CWD, dir.path("fifo.md"), rustix::fs::Mode::RUSR).unwrap();
    let options = FindOptions {
        read: ReadManyOptions {
            limit: Some(10),
            ..ReadManyOptions::default()
        },
        ..FindOptions::default()
    };
    let found = find(&dir, &["*.txt", "*.md", "x/*.md"], &options);
    assert_eq!(names(&found), ["a.md", "b.md"]);
    let kinds: Vec<_> = found.errors.iter().map(|error| error.kind()).collect();
    let too_large = ErrorKind::TooLarge {
        size: 100,
        limit: 10,
    };
    assert_eq!(kinds, [ErrorKind::NotRegular, too_large]);
    assert_eq!(found.unmatched, [0, 2]);
}

#[test]
fn globs_that_lead_out_or_are_wrong_are_refused() {
    let dir = tree(&["a.md"]);
    let cache = FileCache::new(Options::default());
    let kind = |root: &Path, globs: &[&str], exclude: &[&str]| {
        let options = FindOptions {
            exclude,
            ..FindOptions::default()
        };
        cache.read_glob(root, globs, &options).unwrap_err()
    };
    let root = dir.path("");
    for glob in ["../*", "a/../../b", "/etc/*", "[", "{a"] {
        for (globs, exclude) in [(&[glob][..], &[][..]), (&["*"], &[glob])] {
            let error = kind(&root, globs, exclude);
            assert_eq!(error.kind(), ErrorKind::Io, "{glob}");
            assert_eq!(error.path(), root);
        }
    }
    let error = kind(&root, &["../*"], &[]).to_string();
    assert!(
        error.ends_with("the glob `../*` leads out of the root"),
        "{error}"
    );
    let missing = kind(&dir.path("missing"), &["*"], &[]);
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

#[test]
fn a_second_look_is_served_from_memory() {
    let dir = tree(&["a.md", "b.md"]);
    let cache = FileCache::new(Options::default());
    for source in [Source::Loaded, Source::Hit] {
        let found = cache
            .read_glob(&dir.path(""), &["*"], &FindOptions::default())
            .unwrap();
        assert!(found.files.iter().all(|found| found.read.source == source));
        assert_eq!(names(&found), ["a.md", "b.md"]);
    }
    assert!(find(&dir, &[], &FindOptions::default()).files.is_empty());
}

#[test]
fn many_files_are_in_order() {
    let dir = Dir::new();
    dir.fill(1_200, 3);
    let found = find(&dir, &["*"], &FindOptions::default());
    let mut sorted = names(&found);
    sorted.sort_unstable();
    assert_eq!(names(&found), sorted);
    assert_eq!(sorted.len(), 1_200);
}
