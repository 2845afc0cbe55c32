//! Exact token counts beside the fastest crate that has them.
#![allow(
    missing_docs,
    reason = "criterion's macros generate undocumented items"
)]

use std::fs;
use std::hint::black_box;
use std::path::Path;

use autoexec_memory_trimmer::{Encoding, ExactCounter, TokenCounter};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use toktok::Tokenizer;

criterion_group!(benches, count);
criterion_main!(benches);

/// What the files of this workspace hold that have an ending, one behind the other.
fn files(folder: &Path, ending: &str, text: &mut String) {
    for entry in fs::read_dir(folder).expect("the workspace is readable") {
        let path = entry.expect("the workspace is readable").path();
        let hidden = |name: &str| name.starts_with('.') || name == "target";
        let name = path.file_name().and_then(|name| name.to_str());
        if path.is_dir() && !name.is_none_or(hidden) {
            files(&path, ending, text);
        } else if path.extension().is_some_and(|other| other == ending) {
            text.push_str(&fs::read_to_string(&path).unwrap_or_default());
        }
    }
}

fn texts() -> [(&'static str, String); 4] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let all = |ending: &str| {
        let mut text = String::new();
        files(&root, ending, &mut text);
        text
    };
    let sample = |name: &str| {
        let folder = root.join("crates/memory-trimmer/tests/texts");
        fs::read_to_string(folder.join(name)).expect("the samples are there")
    };
    let asian = ["chinese.txt", "japanese.txt", "korean.txt"].map(sample);
    [
        ("code", all("rs")),
        ("prose", all("md")),
        ("asian", asian.concat()),
        ("base64", sample("base64.txt")),
    ]
}

fn count(c: &mut Criterion) {
    for (encoding, name) in [
        (Encoding::O200k, "o200k_base"),
        (Encoding::Cl100k, "cl100k_base"),
    ] {
        let ours = ExactCounter::new(encoding);
        let toktok = Tokenizer::builtin(name).expect("it is built in");
        for (kind, text) in texts() {
            assert_eq!(ours.count(&text) as usize, toktok.count(text.as_bytes()));
            let mut group = c.benchmark_group(format!("peers/tokens-{name}-{kind}"));
            group.throughput(Throughput::Bytes(text.len() as u64));
            group.bench_function("toktok", |b| {
                b.iter(|| toktok.count(black_box(text.as_bytes())));
            });
            group.bench_function("autoexec", |b| b.iter(|| ours.count(black_box(&text))));
            group.finish();
        }
    }
}
