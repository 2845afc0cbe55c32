//! No path gets out of a root.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(unix)]

use autoexec_path_cache::{ErrorKind, Root};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::Cell;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// `app` is the root. Beside it stand `application` and `outside`, which no path may reach.
struct Yard {
    _dir: tempfile::TempDir,
    base: PathBuf,
    root: Root,
}

const SECRETS: [&str; 2] = ["application/secret", "outside/secret"];

fn yard() -> Yard {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    for place in ["app/in/deep", "application", "outside/more"] {
        fs::create_dir_all(base.join(place)).unwrap();
    }
    for secret in SECRETS {
        fs::write(base.join(secret), "secret").unwrap();
    }
    fs::write(base.join("app/in/file"), "public").unwrap();
    let links = [
        ("out", "../outside"),
        ("up", ".."),
        ("self", "."),
        ("loop", "loop"),
        ("in/hop", "../out"),
        ("in/deep/leak", "../../../outside/secret"),
        ("in/deep/dangling", "../../../outside/new"),
        ("in/deep/inner", "../file"),
    ];
    for (link, target) in links {
        symlink(target, base.join("app").join(link)).unwrap();
    }
    symlink(base.join("outside"), base.join("app/absolute")).unwrap();
    let root = Root::new(&base.join("app")).unwrap();
    Yard {
        _dir: dir,
        base,
        root,
    }
}

impl Yard {
    fn kind(&self, path: &str) -> ErrorKind {
        self.root.resolve(Path::new(path)).unwrap_err().kind()
    }

    fn kind_new(&self, path: &str) -> ErrorKind {
        self.root.resolve_new(Path::new(path)).unwrap_err().kind()
    }
}

#[test]
fn what_is_inside_is_found() {
    let yard = yard();
    let file = yard.base.join("app/in/file");
    for path in [
        "in/file",
        "./in//deep/../file",
        "self/in/file",
        "in/deep/inner",
        "../app/in/file",
        "up/app/in/file",
    ] {
        assert_eq!(yard.root.resolve(Path::new(path)).unwrap(), file, "{path}");
    }
    assert_eq!(yard.root.resolve(&file).unwrap(), file);
    assert_eq!(yard.root.resolve(Path::new("")).unwrap(), yard.root.path());
}

#[test]
fn what_is_outside_is_refused() {
    let yard = yard();
    for path in [
        "..",
        "../outside/secret",
        "out",
        "out/secret",
        "in/hop/more",
        "in/deep/leak",
        "absolute/secret",
        "up",
    ] {
        assert_eq!(yard.kind(path), ErrorKind::Escapes, "{path}");
    }
    assert_eq!(yard.kind("/etc/passwd"), ErrorKind::Escapes);
    // Whether a file exists out there is nobody's business.
    assert_eq!(yard.kind("../outside/no such file"), ErrorKind::Escapes);
    assert_eq!(yard.kind("/no such file"), ErrorKind::Escapes);
    assert_eq!(yard.kind("in/no such file"), ErrorKind::NotFound);
    assert_eq!(yard.kind("loop"), ErrorKind::Loop);
    assert_eq!(yard.kind("in/file/below"), ErrorKind::NotADirectory);
}

/// Row 1.14: a test of prefixes as text takes `/application` for a part of `/app`.
#[test]
fn a_longer_name_is_another_name() {
    let yard = yard();
    assert!(yard.root.contains(&yard.base.join("app")));
    assert!(yard.root.contains(&yard.base.join("app/in/file")));
    assert!(!yard.root.contains(&yard.base.join("application/secret")));
    assert!(!yard.root.contains(&yard.base.join("app/../outside/secret")));
    assert!(!yard.root.contains(Path::new("in/file")));
    assert_eq!(yard.kind("../application/secret"), ErrorKind::Escapes);
}

#[test]
fn new_files() {
    let yard = yard();
    let new = |path: &str| yard.root.resolve_new(Path::new(path));
    assert_eq!(new("in/new").unwrap(), yard.base.join("app/in/new"));
    assert_eq!(new("self/in/file").unwrap(), yard.base.join("app/in/file"));
    assert_eq!(new("in/deep/inner").unwrap(), yard.base.join("app/in/file"));
    for path in [
        "../new",
        "out/new",
        "in/hop/new",
        "in/deep/leak",
        "/new",
        "no/../../new",
        "out",
    ] {
        assert_eq!(yard.kind_new(path), ErrorKind::Escapes, "{path}");
    }
    for path in ["", "in/", "in/.", "in/deep/.."] {
        assert_eq!(yard.kind_new(path), ErrorKind::NotAName, "{path}");
    }
    assert_eq!(yard.kind_new("no/new"), ErrorKind::NotFound);
    assert_eq!(yard.kind_new("in/file/new"), ErrorKind::NotADirectory);
    assert_eq!(yard.kind_new("in/deep/dangling"), ErrorKind::NotFound);
}

#[test]
fn the_root_itself() {
    let yard = yard();
    let kind = |path: &Path| Root::new(path).unwrap_err().kind();
    assert_eq!(kind(Path::new("app")), ErrorKind::NotAbsolute);
    assert_eq!(
        kind(&yard.base.join("app/in/file")),
        ErrorKind::NotADirectory
    );
    assert_eq!(kind(&yard.base.join("none")), ErrorKind::NotFound);
    let by_link = Root::new(&yard.base.join("app/up/app")).unwrap();
    assert_eq!(by_link.path(), yard.root.path());
    // An absolute path through the link the root was opened by is a path inside, found or not.
    let missing = by_link
        .resolve(&yard.base.join("app/up/app/missing"))
        .unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert_eq!(missing.root(), Some(by_link.path()));
    assert!(
        Root::new(Path::new("/"))
            .unwrap()
            .contains(Path::new("/etc"))
    );
}

fn hostile(base: &Path) -> impl Strategy<Value = PathBuf> + use<> {
    let names = [
        "..",
        "..",
        "..",
        ".",
        "",
        "in",
        "deep",
        "file",
        "out",
        "up",
        "self",
        "loop",
        "hop",
        "leak",
        "dangling",
        "inner",
        "absolute",
        "app",
        "application",
        "outside",
        "more",
        "secret",
        "new",
    ];
    let starts = [
        "".into(),
        "/".into(),
        format!("{}/", base.display()),
        format!("{}/app/", base.display()),
    ];
    (
        prop::sample::select(starts.to_vec()),
        prop::collection::vec(prop::sample::select(names.to_vec()), 1..9),
    )
        .prop_map(|(start, parts)| PathBuf::from(start + &parts.join("/")))
}

#[test]
fn ten_thousand_hostile_paths_stay_inside() {
    let yard = yard();
    let outside_before = fs::read_dir(yard.base.join("outside")).unwrap().count();
    let (inside, refused) = (Cell::new(0), Cell::new(0));
    let config = ProptestConfig {
        cases: 10_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&hostile(&yard.base), |path| {
            let inner = yard.base.join("app");
            match yard.root.resolve(&path) {
                Ok(real) => {
                    inside.set(inside.get() + 1);
                    prop_assert_eq!(&real, &fs::canonicalize(inner.join(&path)).unwrap());
                    prop_assert!(
                        real.strip_prefix(&inner).is_ok(),
                        "{:?} led to {:?}",
                        path,
                        real
                    );
                }
                Err(error) => {
                    refused.set(refused.get() + i32::from(error.kind() == ErrorKind::Escapes));
                    let within = fs::canonicalize(inner.join(&path))
                        .is_ok_and(|real| real.starts_with(&inner));
                    prop_assert!(!within, "{:?} was refused: {}", path, error);
                }
            }
            if let Ok(new) = yard.root.resolve_new(&path) {
                // A directory of that name cannot be written to; whatever else happens must happen inside.
                let _ = fs::write(&new, "written");
            }
            for secret in SECRETS {
                prop_assert_eq!(fs::read(yard.base.join(secret)).unwrap(), b"secret");
            }
            prop_assert_eq!(
                fs::read_dir(yard.base.join("outside")).unwrap().count(),
                outside_before
            );
            Ok(())
        })
        .unwrap();
    assert!(
        inside.get() > 100 && refused.get() > 100,
        "the generator must reach both answers: {inside:?}, {refused:?}"
    );
}
