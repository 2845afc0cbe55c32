//! Reads 2,000 files by Zipf's law through the default cache, prints what it advises, does so, and reads again.
//!
//! `cargo run --release -p autoexec-file-cache --example advise`
#![allow(clippy::print_stdout, reason = "an example prints")]

use autoexec_file_cache::{Advice, Error, FileCache, Options, Surroundings};
use std::path::PathBuf;

const FILES: usize = 2_000;
const REQUESTS: usize = 50_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let paths: Vec<PathBuf> = (0..FILES).map(|i| dir.path().join(i.to_string())).collect();
    for (i, path) in paths.iter().enumerate() {
        std::fs::write(path, "line\n".repeat(100 + i % 500))?;
    }
    let surroundings = Surroundings {
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        free_bytes: None,
        process_growth_bytes: None,
    };

    let cache = FileCache::new(Options::default());
    read(&cache, &paths)?;
    let before = cache.stats();
    let advice = cache.advise(&surroundings);
    tell("with the defaults", before.hit_rate(), &advice);

    let (mut max_entries, mut max_bytes) = (cache.options().max_entries, cache.options().max_bytes);
    for change in advice.iter().flat_map(|advice| &advice.changes) {
        match change.setting {
            "max_entries" => max_entries = usize::try_from(change.to)?,
            "max_bytes" => max_bytes = change.to,
            _ => {}
        }
    }
    cache.resize(max_entries, max_bytes);
    read(&cache, &paths)?;
    let after = cache.stats().since(&before);
    let options = Options {
        max_entries,
        max_bytes,
        ..Options::default()
    };
    let advice = autoexec_file_cache::advise(&after, &options, &surroundings);
    tell("as advised", after.hit_rate(), &advice);
    Ok(())
}

fn tell(what: &str, hit_rate: Option<f64>, advice: &[Advice]) {
    let rate = hit_rate.unwrap_or_default() * 100.0;
    println!("{what}: hit rate {rate:.1} %");
    advice.iter().for_each(|advice| println!("  {advice}"));
    if advice.is_empty() {
        println!("  nothing to change");
    }
}

/// One run: the file of rank r is asked for in proportion to 1/r.
fn read(cache: &FileCache, paths: &[PathBuf]) -> Result<(), Error> {
    cache.begin_run();
    let mut sum = 0.0;
    let sums: Vec<f64> = (1..=paths.len())
        .map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        })
        .collect();
    let mut state = 1_u64;
    for _ in 0..REQUESTS {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let at = (state >> 11) as f64 / (1_u64 << 53) as f64 * sum;
        cache.read(&paths[sums.partition_point(|sum| *sum < at)])?;
    }
    Ok(())
}
