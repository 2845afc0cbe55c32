//! A root with secrets beside it, and links of every kind between them. Its names are any bytes, and it counts on
//! 40 links to a path: this is for Linux.
#![allow(dead_code, reason = "each test takes what it needs")]

use autoexec_path_cache::Root;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

/// What no file outside the root may be read to contain.
pub(crate) const SECRET: &str = "secret";

/// What tells one file from another.
pub(crate) type Identity = (u64, u64);

/// The root is `app`, opened by the link `alias`. Beside it stand other directories, each with a secret in it.
pub(crate) struct Yard {
    _dir: tempfile::TempDir,
    pub(crate) base: PathBuf,
    pub(crate) root: Root,
}

/// Which code opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// `openat2` where the system has it.
    Kernel,
    /// The walk in user space.
    Walk,
}

pub(crate) fn yard() -> Yard {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    for place in ["app/in/deep", "application", "app-evil", "outside/more"] {
        fs::create_dir_all(base.join(place)).unwrap();
    }
    for place in ["application", "app-evil", "outside", "outside/more"] {
        fs::write(base.join(place).join("secret"), SECRET).unwrap();
    }
    fs::write(base.join("secret"), SECRET).unwrap();
    plant_files(&base.join("app"));
    plant_links(&base);
    symlink("app", base.join("alias")).unwrap();
    let root = Root::new(&base.join("alias")).unwrap();
    Yard {
        _dir: dir,
        base,
        root,
    }
}

fn plant_files(app: &Path) {
    let long = "n".repeat(255);
    let names: [&[u8]; 6] = [
        b"in/file",
        b"in/deep/leaf",
        b"in/new\nline",
        b"in/\xff\xfe",
        b"in/ ",
        b"in/...",
    ];
    for name in names {
        fs::write(app.join(OsStr::from_bytes(name)), "public").unwrap();
    }
    fs::write(app.join("in").join(long), "public").unwrap();
}

fn plant_links(base: &Path) {
    let app = base.join("app");
    let relative = [
        ("out", "../outside"),
        ("up", ".."),
        ("self", "."),
        ("loop", "loop"),
        ("ping", "pong"),
        ("pong", "ping"),
        ("round", "in/../in/deep"),
        ("outback", "../app/in/file"),
        ("trailing", "in/"),
        ("filetrail", "in/file/"),
        ("in/hop", "../out"),
        ("in/deep/leak", "../../../outside/secret"),
        ("in/deep/dangling", "../../../outside/new"),
        ("in/deep/inner", "../file"),
        ("in/deep/far", "../../in/deep/inner"),
        ("evil", "../app-evil/secret"),
        ("slash", "/"),
        ("magic", "/proc/self/root"),
        ("cwd", "/proc/self/cwd"),
    ];
    for (link, target) in relative {
        symlink(target, app.join(link)).unwrap();
    }
    let absolute = [
        ("abs-out", "outside"),
        ("abs-evil", "app-evil/secret"),
        ("abs-base", ""),
        ("abs-in", "app/in"),
        ("abs-file", "app/in/file"),
        ("abs-alias", "alias/in/deep"),
        ("abs-climb", "app/../outside/secret"),
        ("abs-dangling", "app/in/nothing"),
    ];
    for (link, target) in absolute {
        symlink(base.join(target), app.join(link)).unwrap();
    }
    chain(&app, 40);
}

/// Links `chain1`, `chain2`... of which each names the one before, and the first a file: `chainN` follows N links.
pub(crate) fn chain(app: &Path, length: usize) {
    for n in 1..=length {
        let before = if n == 1 {
            "in/file".into()
        } else {
            format!("chain{}", n - 1)
        };
        symlink(before, app.join(format!("chain{n}"))).unwrap();
    }
}

impl Yard {
    /// The same root, opening by one code or the other.
    pub(crate) fn root_by(&self, by: By) -> Root {
        let root = Root::new(&self.base.join("alias")).unwrap();
        if by == By::Walk {
            root.only_walk();
        }
        root
    }

    /// All that lies below the root, and the root.
    pub(crate) fn inside(&self) -> HashSet<Identity> {
        let mut found = HashSet::new();
        let mut waiting = vec![self.base.join("app")];
        while let Some(path) = waiting.pop() {
            let metadata = fs::symlink_metadata(&path).unwrap();
            found.insert(identity(&metadata));
            if metadata.is_dir() {
                waiting.extend(
                    fs::read_dir(&path)
                        .unwrap()
                        .map(|entry| entry.unwrap().path()),
                );
            }
        }
        found
    }
}

pub(crate) fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

pub(crate) fn identity_of(file: &File) -> Identity {
    identity(&file.metadata().unwrap())
}
