//! Conversations: growing, trimmed by age, by relevance.

use autoexec_memory_trimmer::{
    Compaction, History, HistoryIndex, Message, Relevance, Strategy, Thresholds, ToolCall,
    estimate_tokens,
};

use crate::run::{Run, Scenario};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "memory-trimmer/push-and-trim",
        times: 2_000,
        does: "adds a message, and trims when that comes due",
        run: push,
    },
    Scenario {
        id: "memory-trimmer/trim-308",
        times: 10,
        does: "trims 308 messages by age",
        run: trim,
    },
    Scenario {
        id: "memory-trimmer/relevance-1000",
        times: 3,
        does: "keeps of 1,000 messages the half that a question needs",
        run: relevance,
    },
    Scenario {
        id: "memory-trimmer/estimate",
        times: 100,
        does: "estimates the tokens of ten kilobytes",
        run: estimate,
    },
];

fn message(n: usize) -> Message {
    let text = "The result shows that every reader waits while the writer holds the lock.";
    match n % 4 {
        1 => Message::user(text),
        2 => Message::assistant_calls("", vec![ToolCall::new(n.to_string(), "read", "{}")]),
        3 => Message::tool((n - 1).to_string(), text),
        _ => Message::assistant(text),
    }
}

fn conversation(count: usize) -> History {
    let system = std::iter::once(Message::system("rules"));
    History::with_messages(system.chain((1..count).map(message)))
}

fn push(run: &mut Run) {
    let mut history = conversation(1);
    let thresholds = Thresholds::default();
    let (mut trims, mut dropped) = (0, 0);
    run.repeat(|time| {
        history.push(message(time as usize + 1));
        let done = history.trim(&thresholds);
        trims += u64::from(done.changed());
        dropped += done.dropped.len() as u64;
    });
    run.count("trims", trims);
    run.count("dropped", dropped);
    run.count("kept", history.len() as u64);
}

fn trim(run: &mut Run) {
    let history = conversation(308);
    let thresholds = Thresholds::default();
    let (mut kept, mut tokens) = (0, 0);
    run.repeat(|_| {
        let done = history.clone().trim(&thresholds);
        assert!(done.changed());
        kept += done.messages_after as u64;
        tokens += done.tokens_after;
    });
    run.count("kept", kept);
    run.count("tokens_kept", tokens);
}

fn relevance(run: &mut Run) {
    let subjects = [
        "lock", "queue", "bridge", "garden", "invoice", "parser", "train", "recipe",
    ];
    let say = |n: usize| {
        let (a, b) = (subjects[n % 8], subjects[n / 8 % 8]);
        let text = format!("Turn {n}: the {a} was seen beside the {b}, and all agreed to wait.");
        match n % 2 {
            0 => Message::user(text),
            _ => Message::assistant(text),
        }
    };
    let history = History::with_messages((0..1_000).map(say));
    let budget = history.tokens() / 2;
    let mut index = HistoryIndex::new();
    index.update(&history);
    let (mut kept, mut tokens) = (0, 0);
    run.repeat(|_| {
        let mut history = history.clone();
        let by = Relevance::to("What about the invoice for the bridge?").index(&mut index);
        let done = Compaction::new(budget)
            .with(Strategy::Relevance(by))
            .run(&mut history);
        assert!(done.tokens_after <= budget);
        kept += history.len() as u64;
        tokens += done.tokens_after;
    });
    run.count("kept", kept);
    run.count("tokens_kept", tokens);
}

fn estimate(run: &mut Run) {
    let text = "Every reader waits, while the writer holds the lock; {\"n\": 17}.\n".repeat(160);
    let mut tokens = 0;
    run.repeat(|_| tokens += u64::from(estimate_tokens(&text)));
    run.count("tokens", tokens);
}
