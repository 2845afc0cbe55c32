//! Says what each path given is, cleaned and resolved, and whether it stays in the root.
//!
//! `cargo run -p autoexec-path-cache --example resolve -- ROOT PATH...`
//! Without arguments it makes a small tree to show itself on.
#![allow(clippy::print_stdout, reason = "an example prints")]

use autoexec_path_cache::{Options, PathCache, Root, normalize};
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    if let Some(root) = arguments.next() {
        return report(
            &std::fs::canonicalize(root)?,
            &arguments.collect::<Vec<_>>(),
        );
    }
    let dir = tempfile::tempdir()?;
    std::fs::create_dir(dir.path().join("docs"))?;
    std::fs::write(dir.path().join("docs/guide.md"), "# Guide")?;
    let paths = [
        "docs/guide.md",
        "docs//./guide.md",
        "docs/../../etc/passwd",
        "/etc/passwd",
        "missing",
    ];
    report(dir.path(), &paths.map(PathBuf::from))
}

fn report(dir: &Path, paths: &[PathBuf]) -> Result<(), Box<dyn std::error::Error>> {
    let root = Root::new(dir)?;
    let cache = PathCache::new(Options::default());
    for path in paths {
        println!("{}", path.display());
        println!("  cleaned   {}", normalize(path).display());
        for _ in 0..2 {
            match cache.resolve(&root.path().join(path)) {
                Ok(real) => println!("  resolved  {}", real.display()),
                Err(error) => println!("  failed to {error}"),
            }
        }
        match root.resolve(path) {
            Ok(_) => println!("  inside    yes"),
            Err(error) => println!("  inside    no: failed to {error}"),
        }
    }
    let stats = cache.stats();
    println!(
        "{} hits, {} misses, {} errors",
        stats.hits, stats.misses, stats.errors
    );
    Ok(())
}
