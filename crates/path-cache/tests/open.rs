//! Opening below a root, case by case, by the kernel and by the walk.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod yard;

use autoexec_path_cache::{ErrorKind, Root};
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use yard::{By, Yard, identity_of, yard};

/// Both ways to open `path` say that it is `expect`, relative to the root, or why it is not opened.
fn check(yard: &Yard, path: impl AsRef<OsStr>, expect: Result<&str, ErrorKind>) {
    let path = Path::new(path.as_ref());
    for by in [By::Kernel, By::Walk] {
        let opened = yard.root_by(by).open(path).map(|file| identity_of(&file));
        let opened = opened.map_err(|error| error.kind());
        let expect = expect.map(|name| {
            let file = fs::File::open(yard.base.join("app").join(name)).unwrap();
            identity_of(&file)
        });
        assert_eq!(opened, expect, "{by:?} {path:?}");
    }
}

fn refused(yard: &Yard, path: impl AsRef<OsStr>, kind: ErrorKind) {
    check(yard, path, Err(kind));
}

#[test]
fn what_is_inside_is_opened() {
    let yard = yard();
    let ways = [
        ("in/file", "in/file"),
        ("./in//deep/../file", "in/file"),
        ("self/self/in/file", "in/file"),
        ("in/deep/far", "in/file"),
        ("round/leaf", "in/deep/leaf"),
        ("trailing/file", "in/file"),
        ("in/...", "in/..."),
        ("in/new\nline", "in/new\nline"),
        ("", ""),
        (".", ""),
        ("in/..", ""),
        ("in/deep/../../in/", "in"),
    ];
    for (path, expect) in ways {
        check(&yard, path, Ok(expect));
    }
    let name = OsStr::from_bytes(b"in/\xff\xfe");
    for by in [By::Kernel, By::Walk] {
        let mut text = String::new();
        let mut file = yard.root_by(by).open(Path::new(name)).unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "public");
    }
}

#[test]
fn absolute_ways_below_the_root_are_opened() {
    let yard = yard();
    let base = yard.base.display();
    for spelling in ["app", "alias", "./app/", "app/."] {
        check(&yard, format!("{base}/{spelling}/in/file"), Ok("in/file"));
    }
    check(&yard, format!("{base}/app"), Ok(""));
    check(&yard, format!("//{base}/app/"), Ok(""));
    for link in ["abs-file", "abs-in/file", "abs-alias/../file"] {
        check(&yard, link, Ok("in/file"));
    }
    for path in [
        "app/../app/in/file",
        "application/secret",
        "app-evil/secret",
        "",
    ] {
        refused(&yard, format!("{base}/{path}"), ErrorKind::Escapes);
    }
}

#[test]
fn what_leads_out_is_refused() {
    let yard = yard();
    let ways = [
        "..",
        "../outside/secret",
        "../application/secret",
        "../app-evil/secret",
        "in/../../outside/secret",
        "out",
        "out/secret",
        "in/hop/more",
        "in/deep/leak",
        "in/deep/dangling",
        "evil",
        "up",
        "abs-out/secret",
        "abs-evil",
        "abs-climb",
        "abs-base",
        "slash",
        "slash/etc/passwd",
        "cwd",
        "magic/etc/passwd",
        "/etc/passwd",
        "/proc/self/root/etc/passwd",
        "/no such file",
        "../no such file",
        // These end inside, but nobody can vouch for the way.
        "../app/in/file",
        "up/app/in/file",
        "outback",
    ];
    for path in ways {
        refused(&yard, path, ErrorKind::Escapes);
    }
    for depth in [1, 2, 10, 1000] {
        refused(&yard, "../".repeat(depth), ErrorKind::Escapes);
        refused(
            &yard,
            format!("in/deep/../..{}", "/..".repeat(depth)),
            ErrorKind::Escapes,
        );
    }
}

#[test]
fn other_refusals_have_their_kinds() {
    let yard = yard();
    refused(&yard, "in/missing", ErrorKind::NotFound);
    refused(&yard, "missing/../in/file", ErrorKind::NotFound);
    refused(&yard, "abs-dangling", ErrorKind::NotFound);
    refused(&yard, "in/file/below", ErrorKind::NotADirectory);
    refused(&yard, "in/file/..", ErrorKind::NotADirectory);
    for path in [
        "in/file/",
        "in/file/.",
        "abs-file/",
        "in/deep/inner/",
        "filetrail",
    ] {
        refused(&yard, path, ErrorKind::NotADirectory);
    }
    refused(&yard, "loop", ErrorKind::Loop);
    refused(&yard, "ping/x", ErrorKind::Loop);
    refused(&yard, "n".repeat(256), ErrorKind::TooLong);
    refused(&yard, "./".repeat(2048), ErrorKind::TooLong);
    refused(&yard, "in/file\0", ErrorKind::Other);
    check(
        &yard,
        format!("in/{}", "n".repeat(255)),
        Ok(&format!("in/{}", "n".repeat(255))),
    );
    check(
        &yard,
        format!("{}in/file", "./".repeat(2040)),
        Ok("in/file"),
    );
}

#[test]
fn forty_links_are_followed_and_no_more() {
    let yard = yard();
    check(&yard, "chain40", Ok("in/file"));
    symlink("chain40", yard.base.join("app/chain41")).unwrap();
    refused(&yard, "chain41", ErrorKind::Loop);
    refused(&yard, "self/chain40", ErrorKind::Loop);
    // The same by absolute links, which the kernel leaves to the walk.
    let deep = yard.base.join("app/in/deep");
    symlink(yard.base.join("app/chain38"), deep.join("a")).unwrap();
    symlink("a", deep.join("b")).unwrap();
    symlink("b", deep.join("c")).unwrap();
    check(&yard, "in/deep/b", Ok("in/file"));
    refused(&yard, "in/deep/c", ErrorKind::Loop);
}

#[test]
fn a_fifo_does_not_block() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let yard = yard();
    mknodat(
        CWD,
        yard.base.join("app/fifo"),
        FileType::Fifo,
        Mode::RWXU,
        0,
    )
    .unwrap();
    for by in [By::Kernel, By::Walk] {
        let mut file = yard.root_by(by).open(Path::new("fifo")).unwrap();
        assert_eq!(file.read(&mut [0; 8]).unwrap(), 0, "{by:?}");
    }
}

#[test]
fn directories_are_opened_as_places_to_start_from() {
    let yard = yard();
    for by in [By::Kernel, By::Walk] {
        let root = yard.root_by(by);
        for path in ["in", "abs-in", "in/deep/..", "trailing"] {
            let directory = root.open_dir(Path::new(path)).unwrap();
            let stat = rustix::fs::statat(&directory, "file", rustix::fs::AtFlags::empty());
            assert!(stat.is_ok(), "{by:?} {path}");
        }
        let kind = |path: &str| root.open_dir(Path::new(path)).unwrap_err().kind();
        assert_eq!(kind("in/file"), ErrorKind::NotADirectory);
        assert_eq!(kind("abs-file"), ErrorKind::NotADirectory);
        assert_eq!(kind("out"), ErrorKind::Escapes);
        assert_eq!(kind("in/missing"), ErrorKind::NotFound);
    }
}

/// Links in `/proc` lead to files by themselves, not by their text; nobody may jump by them.
#[test]
fn magic_links_do_not_lead_out() {
    let process = Root::new(Path::new("/proc/self")).unwrap();
    for walk in [false, true] {
        if walk {
            process.only_walk();
        }
        for path in ["root/etc/passwd", "cwd", "exe", "task/../root"] {
            let refused = process.open(Path::new(path)).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Escapes, "{path}");
        }
        assert!(process.open(Path::new("status")).is_ok());
    }
}

#[test]
fn the_whole_file_system_may_be_a_root() {
    let yard = yard();
    for walk in [false, true] {
        let all = Root::new(Path::new("/")).unwrap();
        if walk {
            all.only_walk();
        }
        let file = all.open(&yard.base.join("app/abs-file")).unwrap();
        let expect = fs::File::open(yard.base.join("app/in/file")).unwrap();
        assert_eq!(identity_of(&file), identity_of(&expect));
        let refused = all.open(Path::new("../etc")).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Escapes);
    }
}

#[test]
fn a_root_that_was_renamed_is_still_the_root() {
    let yard = yard();
    fs::rename(yard.base.join("app"), yard.base.join("moved")).unwrap();
    fs::create_dir(yard.base.join("app")).unwrap();
    assert!(yard.root.open(Path::new("in/file")).is_ok());
    assert!(yard.root.resolve(Path::new("in/file")).is_err());
}

#[test]
fn roots_are_compared_by_their_paths() {
    let yard = yard();
    let again = yard.root_by(By::Walk);
    assert_eq!(again, yard.root);
    assert_eq!(again.clone(), again);
    let real = Root::new(&yard.base.join("app")).unwrap();
    assert_ne!(real, yard.root, "it was given by another path");
    assert!(format!("{real:?}").contains("given"));
}
