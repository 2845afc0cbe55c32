//! What a trim costs beside freeing what it drops, by age and by relevance, an append beside a push, an
//! estimate and a count of tokens beside a scan of the bytes, and sanitising beside telling that the
//! bytes are UTF-8.

use std::collections::VecDeque;
use std::hint::black_box;

use autoexec_benches::{BatchSize, Harness, Stopwatch, Times, bench_main};
use autoexec_memory_trimmer::{
    Compaction, Encoding, ExactCounter, History, HistoryIndex, Limits, Message, Relevance,
    Strategy, Thresholds, TokenCounter, ToolCall, estimate_tokens, sanitise,
};

bench_main!(
    trim,
    relevance,
    append,
    estimate,
    exact_count,
    exact_append,
    sanitising
);

/// A system message, then turns of a question, a call, its result, and an answer of 90 characters.
fn messages(count: usize) -> Vec<Message> {
    let text =
        "The result shows that every reader waits while the writer holds the lock of the queue.";
    let turn = |n: usize| match n % 4 {
        1 => Message::user(text),
        2 => Message::assistant_calls("", vec![ToolCall::new(n.to_string(), "read", "{}")]),
        3 => Message::tool((n - 1).to_string(), text),
        _ => Message::assistant(text),
    };
    let turns = (1..count).map(turn);
    std::iter::once(Message::system("rules"))
        .chain(turns)
        .collect()
}

fn trim(harness: &mut Harness<'_>) {
    for count in [308, 10_000] {
        harness.group(format!("memory-trimmer/trim-{count}"), |group| {
            let messages = messages(count);
            let history = History::with_messages(messages.clone());
            let thresholds = Thresholds::default();
            let trimmed = history.clone().trim(&thresholds);
            assert!(
                (234..=241).contains(&trimmed.messages_after),
                "{}",
                trimmed.messages_after
            );
            let goes = &messages[1..=trimmed.dropped.len()];
            assert_eq!(trimmed.dropped, goes);

            group.bench_function("floor", |b| {
                b.iter_batched(|| goes.to_vec(), drop, BatchSize::LargeInput);
            });
            group.bench_function("trim", |b| {
                b.iter_batched_ref(
                    || history.clone(),
                    |history| drop(history.trim(&thresholds)),
                    BatchSize::LargeInput,
                );
            });
        });
    }
}

/// A trim of 1,000 messages, half of which stay, to what a question needs: looked up in an index that
/// is up to date, or read anew. The floor frees as many messages.
fn relevance(harness: &mut Harness<'_>) {
    harness.group("memory-trimmer/relevance-1000", |group| {
        let subjects = [
            "lock", "queue", "bridge", "garden", "invoice", "parser", "train", "recipe",
        ];
        let say = |n: usize| {
            let (a, b) = (subjects[n % 8], subjects[n / 8 % 8]);
            let text = format!(
                "Turn {n}: the {a} was seen beside the {b}, and all the others agreed to wait."
            );
            if n.is_multiple_of(2) {
                Message::user(text)
            } else {
                Message::assistant(text)
            }
        };
        let messages: Vec<Message> = (0..1_000).map(say).collect();
        let history = History::with_messages(messages.clone());
        let budget = history.tokens() / 2;
        let mut index = HistoryIndex::new();
        index.update(&history);
        let run = |history: &mut History, index: Option<&mut HistoryIndex>| {
            let by = Relevance::to("What about the invoice for the bridge?");
            let by = match index {
                Some(index) => by.index(index),
                None => by,
            };
            Compaction::new(budget)
                .with(Strategy::Relevance(by))
                .run(history)
        };
        let done = run(&mut history.clone(), None);
        assert!(done.tokens_after <= budget && done.tokens_after > budget * 95 / 100);
        let goes = done.dropped;

        group.bench_function("floor", |b| {
            b.iter_batched(|| goes.clone(), drop, BatchSize::LargeInput);
        });
        group.bench_function("indexed", |b| {
            b.iter_batched_ref(
                || (history.clone(), index.clone()),
                |(history, index)| drop(run(history, Some(index))),
                BatchSize::LargeInput,
            );
        });
        group.bench_function("read-anew", |b| {
            b.iter_batched_ref(
                || history.clone(),
                |history| drop(run(history, None)),
                BatchSize::LargeInput,
            );
        });
    });
}

/// An append with a look at the thresholds, and the trims that come due, at 100,000 messages.
fn append(harness: &mut Harness<'_>) {
    harness.group("memory-trimmer/append-at-100000", |group| {
        let messages: Vec<Message> = messages(100_000);
        let thresholds = Thresholds {
            max_pairs: 40_000,
            ..Thresholds::default()
        };
        let mut deque = VecDeque::from(messages.clone());
        group.bench_function("floor", |b| {
            b.iter_custom(|rounds| {
                timed(rounds, |message| {
                    deque.push_back(message);
                    deque.pop_front();
                })
            });
        });
        let mut history = History::with_messages(messages);
        group.bench_function("push-and-trim", |b| {
            b.iter_custom(|rounds| {
                timed(rounds, |message| {
                    history.push(message);
                    black_box(history.trim(&thresholds).changed());
                })
            });
        });
        assert!(history.len() <= thresholds.trigger_messages());
        assert_eq!(history.validate(), Ok(()));
        // Nothing is dropped within the timed part.
        let never = Thresholds {
            max_pairs: usize::MAX / 8,
            max_tokens: Some(u64::MAX),
            ..Thresholds::default()
        };
        let full = history.tokens();
        group.bench_function("push-and-check", |b| {
            b.iter_custom(|rounds| {
                let mut time = Times::default();
                for _ in 0..rounds.div_ceil(1_000) {
                    time += timed(1_000, |message| {
                        history.push(message);
                        black_box(history.needs_trim(&never));
                    });
                    history.fit(full);
                }
                time.scaled(rounds as f64 / (rounds.div_ceil(1_000) * 1_000) as f64)
            });
        });
    });
}

/// The time of `rounds` appends, of messages that are made untimed.
fn timed(rounds: u64, mut append: impl FnMut(Message)) -> Times {
    let mut time = Times::default();
    for batch in 0..rounds.div_ceil(1000) {
        let count = (rounds - batch * 1000).min(1000);
        let batch: Vec<Message> = (0..count).map(|_| Message::user("a question")).collect();
        let start = Stopwatch::start();
        batch.into_iter().for_each(&mut append);
        time += start.stop();
    }
    time
}

fn estimate(harness: &mut Harness<'_>) {
    harness.group("memory-trimmer/estimate", |group| {
        let text = include_str!("../../crates/memory-trimmer/src/history.rs").repeat(8);
        assert!((text.len() / 6..text.len() / 3).contains(&(estimate_tokens(&text) as usize)));
        group.bench_function("floor", |b| {
            b.iter(|| {
                let bytes = black_box(&text).as_bytes();
                bytes.iter().fold(0u64, |sum, &byte| sum + u64::from(byte))
            });
        });
        group.bench_function("estimate_tokens", |b| {
            b.iter(|| estimate_tokens(black_box(&text)));
        });
    });
}

/// Sources of this workspace, which repeat themselves no more than sources do.
fn code() -> String {
    [
        include_str!("../../crates/memory-trimmer/src/history.rs"),
        include_str!("../../crates/memory-trimmer/src/thresholds.rs"),
        include_str!("../../crates/consolidator/src/lib.rs"),
        include_str!("../../crates/scheduler/src/lib.rs"),
        include_str!("../../crates/metrics/src/lib.rs"),
    ]
    .concat()
}

/// The fastest crates that count exactly stand beside it in `peers_tokens`.
fn exact_count(harness: &mut Harness<'_>) {
    harness.group("memory-trimmer/exact-count", |group| {
        let text = code();
        let counter = ExactCounter::new(Encoding::O200k);
        let tokens = counter.count(&text);
        assert!((text.len() / 6..text.len() / 3).contains(&(tokens as usize)));
        group.bench_function("floor", |b| {
            b.iter(|| {
                let bytes = black_box(&text).as_bytes();
                bytes.iter().fold(0u64, |sum, &byte| sum + u64::from(byte))
            });
        });
        group.bench_function("count", |b| b.iter(|| counter.count(black_box(&text))));
        group.bench_function("count-up-to-100", |b| {
            b.iter(|| counter.count_up_to(black_box(&text), 100));
        });
        group.bench_function("load-and-count-a-word", |b| {
            b.iter(|| ExactCounter::new(Encoding::O200k).count(black_box("word")));
        });
    });
}

/// Twenty bytes more, behind a short and a long text.
fn exact_append(harness: &mut Harness<'_>) {
    harness.group("memory-trimmer/exact-append", |group| {
        let counter = ExactCounter::new(Encoding::O200k);
        group.bench_function("floor", |b| {
            b.iter(|| counter.count(black_box(" and twenty bytes, \n")));
        });
        for times in [1, 100] {
            let mut appending = counter.appending();
            appending.push(&code().repeat(times));
            group.bench_function(format!("behind-{times}-times-the-code"), |b| {
                b.iter(|| appending.push(black_box(" and twenty bytes, \n")));
            });
        }
    });
}

/// Texts in which there is nothing to remove, in ASCII and beyond, and one that is full of it.
fn texts() -> [(&'static str, String); 3] {
    let mixed = [
        include_str!("../../crates/memory-trimmer/tests/texts/chinese.txt"),
        include_str!("../../crates/memory-trimmer/tests/texts/russian.txt"),
        include_str!("../../crates/memory-trimmer/tests/texts/prose.txt"),
        include_str!("../../crates/memory-trimmer/tests/texts/korean.txt"),
        include_str!("../../crates/memory-trimmer/tests/texts/german.txt"),
    ]
    .concat();
    let dirty = mixed.replace('e', "e\u{200b}");
    [("ascii", code()), ("mixed", mixed), ("dirty", dirty)]
}

fn sanitising(harness: &mut Harness<'_>) {
    let limits = Limits {
        chars_max: usize::MAX,
    };
    for (name, text) in texts() {
        harness.group(format!("memory-trimmer/sanitise-{name}"), |group| {
            let text = text.repeat(20);
            let clean = sanitise(&text, &limits);
            assert_eq!(clean.removed.invisible, text.matches('\u{200b}').count());
            group.bench_function("floor", |b| {
                b.iter(|| std::str::from_utf8(black_box(text.as_bytes())).is_ok());
            });
            group.bench_function("sanitise", |b| {
                b.iter(|| sanitise(black_box(&text), &limits))
            });
        });
    }
}
