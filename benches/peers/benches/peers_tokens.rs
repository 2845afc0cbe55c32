//! Exact token counts beside the fastest crates that have them, on the same texts: this workspace's files
//! and, repeated by every round and small enough to be remembered whole, the samples of our tests.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use autoexec_benches::{Harness, bench_main};
use autoexec_memory_trimmer::{Encoding, ExactCounter, TokenCounter};
use toktok::Tokenizer;

bench_main!(count);

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

fn texts() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let all = |ending: &str| {
        let mut text = String::new();
        files(&root, ending, &mut text);
        text
    };
    let samples = fs::read_dir(root.join("crates/memory-trimmer/tests/texts"));
    let mut texts: Vec<(String, String)> = samples
        .expect("the samples are there")
        .map(|entry| {
            let path = entry.expect("the samples are readable").path();
            let name = path.file_stem().expect("a file has a name");
            let text = fs::read_to_string(&path).expect("the samples are UTF-8");
            (format!("sample-{}", name.display()), text)
        })
        .collect();
    texts.sort();
    texts.push(("rust".to_owned(), all("rs")));
    texts.push(("markdown".to_owned(), all("md")));
    texts
}

fn count(harness: &mut Harness<'_>) {
    for (encoding, name) in [
        (Encoding::O200k, "o200k_base"),
        (Encoding::Cl100k, "cl100k_base"),
    ] {
        let ours = ExactCounter::new(encoding);
        let toktok = Tokenizer::builtin(name).expect("it is built in");
        let tiktoken = tiktoken::get_encoding(name).expect("it is built in");
        for (kind, text) in texts() {
            harness.group(format!("peers/tokens-{name}-{kind}"), |group| {
                let tokens = ours.count(&text) as usize;
                let theirs = [toktok.count(text.as_bytes()), tiktoken.count(&text)];
                assert_eq!([tokens; 2], theirs, "{name} {kind}");
                group.bench_function("toktok", |b| {
                    b.iter(|| toktok.count(black_box(text.as_bytes())));
                });
                group.bench_function("tiktoken", |b| b.iter(|| tiktoken.count(black_box(&text))));
                group.bench_function("ours", |b| b.iter(|| ours.count(black_box(&text))));
            });
        }
    }
}
