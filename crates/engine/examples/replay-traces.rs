//! Replays traces by the settings of their runs and by others, with costs measured from the traces themselves.
//!
//! `cargo run --release -p autoexec-engine --example replay-traces -- .autoexec/traces`
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use autoexec_engine::document::units::{grouped, short_duration, short_size};
use autoexec_engine::replay::{CostModel, Player};
use autoexec_engine::trace::{Folder, Trace, read};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let from = std::env::args().nth(1);
    let from = PathBuf::from(from.unwrap_or_else(|| ".autoexec/traces".to_owned()));
    let paths = match from.is_dir() {
        true => Folder::new(from).traces()?,
        false => vec![from],
    };
    let traces = paths.iter().map(|it| read(it));
    let traces = traces.collect::<Result<Vec<Trace>, _>>()?;
    let Some(newest) = traces.last() else {
        return Err("there is no trace".into());
    };
    let cost = CostModel::fit(&traces);
    println!("{cost:#?}\n");

    let player = Player::new(&traces).map_err(|e| format!("failed to {e}"))?;
    let recorded = newest.header.setup;
    println!("entries   hits     loads   peak      time by the virtual clock");
    for share in [1, 8, 64, 256] {
        let mut setup = recorded;
        setup.files_entries = recorded.files_entries / share;
        let out = player.replay(&setup, &cost);
        println!(
            "{:<9} {:<8} {:<7} {:<9} {}",
            grouped(setup.files_entries),
            grouped(out.hits),
            grouped(out.loads),
            short_size(out.peak_bytes),
            short_duration(Duration::from_nanos(out.makespan_ns)),
        );
    }
    let total: u64 = traces.iter().map(|it| it.header.duration_ns).sum();
    println!(
        "as recorded: {}",
        short_duration(Duration::from_nanos(total))
    );

    let (started, mut replays) = (Instant::now(), 0u32);
    while started.elapsed() < Duration::from_secs(1) {
        std::hint::black_box(player.replay(&recorded, &cost));
        replays += 1;
    }
    let reads = player.replay(&recorded, &cost).reads;
    println!(
        "{} a replay of {} traces with {} reads",
        short_duration(started.elapsed() / replays),
        traces.len(),
        grouped(reads)
    );
    Ok(())
}
