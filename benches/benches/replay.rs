//! Replays: a recorded run of 10,000 reads with other settings, against a look-up for each read.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use autoexec_benches::{Harness, bench_main};
use autoexec_engine::replay::{CostModel, Player};
use autoexec_engine::trace::{Folder, Trace, TraceOptions, What, read};
use autoexec_engine::{Engine, RunOptions, parse};

/// One step reads 500 files, 19 search them: 10,000 reads in 20 steps.
fn recorded() -> Trace {
    let mut workflow = String::from("steps:\n  - {id: all, read: '**/*.txt'}\n");
    for n in 1..20 {
        workflow += &format!("  - {{id: s{n}, search: {{in: all, pattern: 'word {n}'}}}}\n");
    }
    let folder = tempfile::tempdir().expect("a folder");
    for n in 0..500 {
        let path = folder.path().join(format!("d{}", n % 7));
        std::fs::create_dir_all(&path).expect("because the folder is ours");
        let text = "a word and another\n".repeat(n % 97);
        std::fs::write(path.join(format!("{n}.txt")), text).expect("because the folder is ours");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut options = RunOptions::new(folder.path());
    let trace = TraceOptions::new(Folder::new(folder.path().join("traces")));
    let written = trace.written();
    options.trace = Some(trace);
    let document = Arc::new(parse("w", &workflow).expect("valid"));
    let engine = Engine::new(autoexec_engine::Settings::default());
    runtime
        .block_on(engine.run(document, options))
        .expect("ran");
    let path = written.get().expect("said").clone().expect("written");
    read(&path).expect("read")
}

fn files_of(trace: &Trace) -> Vec<u64> {
    let reads = trace.accesses.iter().filter_map(|it| match &it.what {
        What::Files(reads) => Some(reads),
        _ => None,
    });
    let identity = |file: u32| trace.files[file as usize].identity;
    reads.flatten().map(|it| identity(it.file)).collect()
}

/// A cache with room for three fifths of the files; the floor looks each up in a map with room for all.
fn replay(harness: &mut Harness<'_>) {
    harness.group("replay/10000-reads", |group| {
        let trace = recorded();
        let files = files_of(&trace);
        assert_eq!(files.len(), 10_000);
        let mut setup = trace.header.setup;
        setup.files_entries = 300;
        let (player, cost) = (
            Player::new(&[trace]).expect("no circle"),
            CostModel::default(),
        );
        let first = player.replay(&setup, &cost);
        assert!(
            first.reads == 10_000 && first.hits > 1_000 && first.evictions > 1_000,
            "{first:?}"
        );
        group.bench_function("floor", |b| {
            b.iter(|| {
                let mut held: HashMap<u64, u64> = HashMap::new();
                let mut loads = 0;
                for file in black_box(&files) {
                    loads += u64::from(held.insert(*file, 1).is_none());
                }
                assert_eq!(loads, 500);
            });
        });
        group.bench_function("replay", |b| {
            b.iter(|| assert_eq!(player.replay(black_box(&setup), &cost), first));
        });
    });
}

bench_main!(replay);
