//! Reads a file through a directory that another thread keeps exchanging for a link to a secret.
//!
//! `cargo run --release -p autoexec-path-cache --example confine`
//!
//! Resolving first and opening then is a race that is sometimes lost. `Root::open` has nothing to lose.
#![allow(clippy::print_stdout, reason = "an example prints")]

#[cfg(unix)]
use std::{error::Error, fs, io, path::Path};

#[cfg(unix)]
fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let at = |name: &str| dir.path().join(name);
    fs::create_dir_all(at("root/docs"))?;
    fs::create_dir(at("outside"))?;
    fs::write(at("root/docs/page"), "public")?;
    fs::write(at("outside/page"), "secret")?;
    std::os::unix::fs::symlink("../outside", at("root/link"))?;
    let root = autoexec_path_cache::Root::new(&at("root"))?;

    let page = Path::new("docs/page");
    exchanging(root.path(), || {
        report("resolve, then open", || {
            Ok(io::read_to_string(fs::File::open(root.resolve(page)?)?)?)
        });
        report("open", || Ok(io::read_to_string(root.open(page)?)?));
    });
    Ok(())
}

#[cfg(not(unix))]
fn main() {
    println!("Only on Unix can this system be raced.");
}

/// Runs `act` while `docs` becomes a link and a directory again.
#[cfg(unix)]
fn exchanging(root: &Path, act: impl FnOnce()) {
    let done = std::sync::atomic::AtomicBool::new(false);
    let (docs, link, aside) = (root.join("docs"), root.join("link"), root.join("aside"));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                for (from, to) in [
                    (&docs, &aside),
                    (&link, &docs),
                    (&docs, &link),
                    (&aside, &docs),
                ] {
                    fs::rename(from, to).expect("because nobody else renames here");
                }
            }
        });
        act();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[cfg(unix)]
fn report(how: &str, read: impl Fn() -> Result<String, Box<dyn Error>>) {
    let (mut public, mut secret, mut refused) = (0, 0, 0);
    for _ in 0..50_000 {
        match read().as_deref() {
            Ok("secret") => secret += 1,
            Ok(_) => public += 1,
            Err(_) => refused += 1,
        }
    }
    println!("{how}: public page {public} times, refused {refused} times, secret {secret} times");
}
