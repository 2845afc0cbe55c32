//! Histories that are empty, tiny, huge or broken, by every strategy.

use autoexec_memory_trimmer::{
    Compacted, Compaction, FRAMING_TOKENS, History, HistoryIndex, MemoryArchive, Message, Part,
    Relevance, Repair, Rules, Strategy, Summarise, Thresholds, ToolCall, estimate_tokens, fit,
};

struct Fails;

impl Summarise for Fails {
    fn summarise(
        &mut self,
        _: &[&Message],
        _: u32,
    ) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        Err("the model is not there".into())
    }
}

/// Every strategy, mildest first, to a budget.
fn compact(history: &mut History, budget: u64) -> Compacted {
    let mut fails = Fails;
    Compaction::new(budget)
        .with(Strategy::Duplicates { min_tokens: 0 })
        .with(Strategy::ClearResults {
            keep_last: 0,
            min_tokens: 0,
        })
        .with(Strategy::Extract {
            query: "what was said",
            max_tokens: 0,
        })
        .with(Strategy::HeadAndTail { max_tokens: 0 })
        .with(Strategy::Summarise {
            by: Box::new(&mut fails),
            keep_last: 0,
            max_tokens: 0,
        })
        .with(Strategy::Relevance(Relevance::to("what was said")))
        .with(Strategy::Window { first: 0, last: 0 })
        .with(Strategy::DropOldest)
        .with(Strategy::CutLast)
        .run(history)
}

#[test]
fn an_empty_history_stays_empty() {
    for budget in [0, 1, 1_000] {
        let mut history = History::new();
        assert_eq!(compact(&mut history, budget), Compacted::default());
        assert!(!history.repair(Repair::Drop).changed());
    }
}

#[test]
fn one_message_is_cut_to_its_budget_and_no_further() {
    let text = "Some words of a long story. ".repeat(500);
    for budget in [0, 1, 2, 5, 10, 100, 1_000] {
        let mut history = History::with_messages([Message::user(text.clone())]);
        let done = compact(&mut history, budget);
        assert_eq!(history.len(), 1, "the last message stays");
        assert!(!history.get(0).is_some_and(|m| m.text().trim().is_empty()));
        assert_eq!(history.validate(), Ok(()));
        // Less than its frame and a word is no message.
        let least = u64::from(FRAMING_TOKENS) + 1;
        assert!(
            history.tokens() <= budget.max(least),
            "{budget}: {}",
            history.tokens()
        );
        assert_eq!(
            done.over_budget,
            history
                .tokens()
                .checked_sub(budget)
                .filter(|&over| over > 0)
        );
        assert_eq!(
            done.originals.first().map(|m| m.text().into_owned()),
            Some(text.clone())
        );
    }
}

#[test]
fn a_budget_that_is_kept_changes_nothing() {
    let mut history: History = ["a", "b"].map(Message::user).into_iter().collect();
    let before: Vec<Message> = history.messages().cloned().collect();
    assert!(!compact(&mut history, 100).changed());
    assert!(history.messages().eq(&before));
}

#[test]
fn a_summary_that_fails_is_a_problem_and_not_a_loss() {
    let mut history: History = (0..9)
        .map(|n| Message::user(format!("message {n}")))
        .collect();
    let mut fails = Fails;
    let by = Strategy::Summarise {
        by: Box::new(&mut fails),
        keep_last: 2,
        max_tokens: 9,
    };
    let done = Compaction::new(20).with(by).run(&mut history);
    assert_eq!((done.changed(), history.len()), (false, 9));
    assert_eq!(
        done.problems,
        ["failed to summarise: the model is not there"]
    );
    assert!(done.over_budget.is_some());
}

/// Results before their call, ids that come again, and results of nothing.
#[test]
fn a_history_in_disorder_is_mended_or_reported() {
    let call = |id: &str| Message::assistant_calls("", vec![ToolCall::new(id, "read", "{}")]);
    let messages = [
        Message::tool("early", "result before its call"),
        Message::user("go"),
        call("early"),
        call("twice"),
        Message::tool("twice", "first"),
        call("twice"),
        Message::tool("twice", "second"),
        Message::tool("never", "of nothing"),
        Message::assistant("done"),
    ];
    let mut history = History::with_rules(Rules::ANTHROPIC);
    history.extend(messages.clone());
    let found = history.validate().err().unwrap_or_default();
    assert_eq!(found.len(), 5, "{found:?}");
    let repaired = history.repair(Repair::Answer);
    assert_eq!(history.validate(), Ok(()));
    assert_eq!((repaired.answered, repaired.dropped.len()), (1, 2));
    let ids: Vec<String> = (history.messages().flat_map(Message::calls))
        .map(|call| call.id.to_string())
        .collect();
    assert_eq!(ids, ["early", "twice", "twice-2"]);
}

/// 10⁶ messages, appended, indexed and trimmed: nothing here is quadratic. 10⁵ where the build is not
/// optimised.
#[test]
fn a_million_messages() {
    let message = |n: usize| match n % 4 {
        0 => Message::user(format!("question {n}")),
        1 => Message::assistant_calls("", vec![ToolCall::new(n.to_string(), "read", "{}")]),
        2 => Message::tool(
            (n - 1).to_string(),
            "the same result, every time, word for word: ".repeat(4),
        ),
        _ => Message::assistant("an answer"),
    };
    let count = if cfg!(debug_assertions) {
        100_000
    } else {
        1_000_000
    };
    let mut history: History = (0..count).map(message).collect();
    let mut index = HistoryIndex::new();
    let mut archive = MemoryArchive::with_max_tokens(10_000);
    let whole = history.tokens();
    let done = Compaction::new(whole * 9 / 10)
        .with(Strategy::Duplicates { min_tokens: 8 })
        .archive(&mut archive)
        .run(&mut history);
    assert!(done.originals.len() > count / 20 && done.over_budget.is_none());
    let done = Compaction::new(whole / 2)
        .with(Strategy::Relevance(
            Relevance::to("question 40000").index(&mut index),
        ))
        .run(&mut history);
    assert!(done.over_budget.is_none());
    assert!(history.messages().any(|m| m.text() == "question 40000"));
    let trimmed = history.trim(&Thresholds::default());
    assert!(trimmed.messages_after <= 241);
    assert_eq!(history.validate(), Ok(()));
}

/// A message of 100 MB, cut and dropped; of 10 where the build is not optimised.
#[test]
fn a_message_of_100_megabytes() {
    let text = "Nothing happened in this line of the log, as in the one before it.\n".repeat(
        if cfg!(debug_assertions) {
            150_000
        } else {
            1_500_000
        },
    );
    assert!(text.len() > 10_000_000);
    let messages = || {
        [
            Message::user("go"),
            Message::assistant(text.clone()).with_tokens(20_000_000),
            Message::user("and?"),
        ]
    };
    let mut history = History::with_messages(messages());
    let shorten = Strategy::HeadAndTail { max_tokens: 100 };
    let done = Compaction::new(1_000).with(shorten).run(&mut history);
    assert_eq!((history.len(), done.originals.len()), (3, 1));
    assert!(history.tokens() <= 1_000);
    let mut history = History::with_messages(messages());
    assert_eq!((history.fit(100).dropped.len(), history.len()), (2, 1));
}

#[test]
fn a_single_word_of_a_megabyte_is_cut_too() {
    let word = "x".repeat(1_000_000);
    let fitted = fit(&[Part::new(&word)], "x", 50);
    assert!(fitted.tokens <= 50 && !fitted.parts.is_empty());
    let mut history: History = [Message::user(word), Message::user("?")]
        .into_iter()
        .collect();
    let shorten = Strategy::HeadAndTail { max_tokens: 50 };
    Compaction::new(100).with(shorten).run(&mut history);
    assert!(history.tokens() <= 100);
    assert!(estimate_tokens(&history.get(0).map(|m| m.text()).unwrap_or_default()) <= 50);
}
