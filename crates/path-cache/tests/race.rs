//! Opening while others exchange directories for links: the answer may be a refusal, never a secret.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![allow(clippy::print_stdout, reason = "the counts are to be seen")]

mod yard;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::{fs, thread};
use yard::{By, SECRET, Yard, yard};

const OPENERS: usize = 4;
const OPENS: usize = 20_000;

/// Exchanges what two paths name, at once where the file system can, else by a third name.
fn exchange(one: &Path, other: &Path) {
    if renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_err() {
        let aside = one.with_extension("aside");
        fs::rename(one, &aside).unwrap();
        fs::rename(other, one).unwrap();
        fs::rename(&aside, other).unwrap();
    }
}

/// Opens `paths` from several threads while `disturb` runs in one of its own, and says how often each came out.
fn race(yard: &Yard, by: By, paths: &[&str], disturb: impl Fn() + Sync) -> (usize, usize, usize) {
    let root = yard.root_by(by);
    let done = AtomicBool::new(false);
    let (opened, refused, disturbed) = (
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    thread::scope(|scope| {
        let openers: Vec<_> = (0..OPENERS)
            .map(|_| {
                scope.spawn(|| {
                    for path in paths.iter().cycle().take(OPENS / OPENERS) {
                        match root.open(Path::new(path)) {
                            Err(_) => refused.fetch_add(1, Relaxed),
                            Ok(mut file) => {
                                let mut text = String::new();
                                file.read_to_string(&mut text).unwrap();
                                assert_ne!(text, SECRET, "{path}");
                                opened.fetch_add(1, Relaxed)
                            }
                        };
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            while !done.load(Relaxed) {
                disturb();
                disturbed.fetch_add(1, Relaxed);
            }
        });
        let ended: Vec<_> = openers.into_iter().map(|opener| opener.join()).collect();
        done.store(true, Relaxed);
        assert!(ended.iter().all(Result::is_ok), "an opener read a secret");
    });
    (
        opened.into_inner(),
        refused.into_inner(),
        disturbed.into_inner(),
    )
}

fn report(what: &str, by: By, (opened, refused, disturbed): (usize, usize, usize)) {
    println!(
        "{what} ({by:?}): opened {opened}, refused {refused}, exchanged {disturbed} times; secrets read = 0"
    );
    assert_eq!(opened + refused, OPENS);
    assert!(disturbed > 0);
}

#[test]
fn a_directory_and_a_file_that_become_links() {
    for by in [By::Kernel, By::Walk] {
        let yard = yard();
        let app = yard.base.join("app");
        let at = |name: &str| app.join(name);
        fs::create_dir(at("swap")).unwrap();
        fs::write(at("swap/secret"), "public").unwrap();
        symlink("../outside", at("swap-link")).unwrap();
        fs::write(at("leaf"), "public").unwrap();
        symlink("../outside/secret", at("leaf-link")).unwrap();
        let paths = [
            "swap/secret",
            "leaf",
            "in/../swap/secret",
            "self/swap/./secret",
            "swap/../leaf",
        ];
        let counts = race(&yard, by, &paths, || {
            exchange(&at("swap"), &at("swap-link"));
            exchange(&at("leaf"), &at("leaf-link"));
        });
        report("exchange", by, counts);
    }
}

/// A `..` that asked the file system would arrive beside the secret when the directory was moved meanwhile.
#[test]
fn a_directory_that_is_moved_out() {
    for by in [By::Kernel, By::Walk] {
        let yard = yard();
        let home = yard.base.join("app/in/mover");
        let away = yard.base.join("outside/mover");
        fs::create_dir_all(home.join("below")).unwrap();
        fs::write(yard.base.join("app/in/secret"), "public").unwrap();
        let paths = [
            "in/mover/../secret",
            "in/mover/below/../../secret",
            "in/mover/below/../../more/secret",
        ];
        let counts = race(&yard, by, &paths, || {
            fs::rename(&home, &away).unwrap();
            fs::rename(&away, &home).unwrap();
        });
        report("move", by, counts);
    }
}
