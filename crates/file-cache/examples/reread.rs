//! Reads every file under a directory three times through one cache and says what that cost.
//!
//! `cargo run --release -p autoexec-file-cache --example reread -- DIRECTORY`
#![allow(clippy::print_stdout, reason = "an example prints")]

use autoexec_file_cache::{FileCache, Options};
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let dir = std::env::args_os()
        .nth(1)
        .map_or_else(|| PathBuf::from("."), PathBuf::from);
    let mut paths = Vec::new();
    collect(&dir, &mut paths)?;
    let cache = FileCache::new(Options {
        max_entries: 1 << 17,
        max_bytes: 1 << 30,
        ..Options::default()
    });
    for run in 1..=3 {
        let before = cache.stats();
        cache.begin_run();
        let started = Instant::now();
        let failed = cache
            .read_many(&paths)
            .iter()
            .filter(|result| result.is_err())
            .count();
        let elapsed = started.elapsed();
        let stats = cache.stats().since(&before);
        println!(
            "run {run}: {} files in {elapsed:.1?}, {} hits, {} loads, {} bytes read, {} bytes served, {failed} failed",
            stats.requests, stats.hits, stats.loads, stats.bytes_loaded, stats.bytes_served,
        );
    }
    let stats = cache.stats();
    println!(
        "held: {} files, {} bytes",
        stats.resident_entries, stats.resident_bytes
    );
    Ok(())
}

/// All regular files below `dir`; symbolic links and hidden directories are left out.
fn collect(dir: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let sort = entry.file_type()?;
        if sort.is_file() {
            paths.push(entry.path());
        } else if sort.is_dir() && !entry.file_name().as_encoded_bytes().starts_with(b".") {
            collect(&entry.path(), paths)?;
        }
    }
    Ok(())
}
