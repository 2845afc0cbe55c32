//! A cache of embeddings that is saved as it grows, and found again.
#![allow(clippy::print_stdout, reason = "it is what a program is for")]

use autoexec_store::{Autosave, Options, Snapshot, SnapshotOptions, Store};
use std::convert::Infallible;
use std::error::Error;
use std::time::SystemTime;

const DIMENSIONS: usize = 1_024;

/// Stands for a model.
fn embed(text: &str) -> Vec<u8> {
    let mut state = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let numbers = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    });
    numbers
        .take(DIMENSIONS)
        .flat_map(f32::to_le_bytes)
        .collect()
}

fn store() -> Result<Store, autoexec_store::Error> {
    Store::new(Options {
        max_entries: 5_000,
        shards: Some(1),
        ..Options::default()
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("embeddings");
    let (options, now) = (SnapshotOptions::default(), SystemTime::now());

    let embeddings = store()?.namespace("embeddings");
    let (snapshot, _) = Snapshot::open(&embeddings, &path, now, options, None)?;
    for number in 0..450 {
        // Every third text was asked for before.
        let text = format!("text {}", if number % 3 == 2 { number / 2 } else { number });
        embeddings.get_or_compute(&text, || Ok::<_, Infallible>(embed(&text)))?;
        if let Autosave::Saved(report) = snapshot.autosave(now) {
            println!("saved {} entries: {} bytes", report.entries, report.bytes);
        }
    }
    let last = snapshot.save(now)?;
    println!("saved {} entries: {} bytes", last.entries, last.bytes);
    let stats = embeddings.stats();
    println!("{} hits, {} computed", stats.hits, stats.loads);
    drop(snapshot);

    let again = store()?.namespace("embeddings");
    let (_snapshot, found) = Snapshot::open(&again, &path, now, options, None)?;
    println!("again: {found}");
    assert_eq!(found.loaded, stats.loads);
    assert_eq!(again.get("text 0").as_deref(), Some(&embed("text 0")[..]));
    Ok(())
}
