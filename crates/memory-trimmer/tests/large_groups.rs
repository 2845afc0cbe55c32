//! 10⁵ of everything: nothing here may be quadratic, or these tests take hours. Fewer where the build is
//! not optimised.

use autoexec_memory_trimmer::{
    Block, Compaction, History, Message, Part, Reasoning, Repair, Role, Rules, Strategy, ToolCall,
    fit,
};

const MANY: usize = if cfg!(debug_assertions) {
    20_000
} else {
    100_000
};

fn calls(ids: impl Iterator<Item = usize>) -> Message {
    let call = |id: usize| ToolCall::new(id.to_string(), "read", "{}");
    Message::assistant_calls("", ids.map(call).collect())
}

fn result(id: usize) -> Message {
    Message::tool(
        id.to_string(),
        format!("result {id} of many, which is long enough to be cleared "),
    )
}

/// One group of so many calls, and their results from the last to the first or in order.
fn group(results: impl Iterator<Item = usize>) -> History {
    let mut history = History::with_rules(Rules::ANTHROPIC);
    history.push(Message::user("go"));
    history.push(calls(0..MANY));
    history.extend(results.map(result));
    history
}

fn check(results: impl Iterator<Item = usize>) {
    let mut history = group(results);
    assert_eq!(history.validate(), Ok(()));
    assert!(!history.repair(Repair::Drop).changed());
    history.push(Message::user("and?"));
    let whole = history.tokens();
    let (keep_last, min_tokens) = (2, 1);
    let done = Compaction::new(1)
        .with(Strategy::Duplicates { min_tokens })
        .with(Strategy::ClearResults {
            keep_last,
            min_tokens,
        })
        .with(Strategy::HeadAndTail { max_tokens: 8 })
        .run(&mut history);
    assert!(!done.originals.is_empty() && history.tokens() < whole);
    assert_eq!(history.fit(100).messages_after, 1);
}

#[test]
fn results_in_order() {
    check(0..MANY);
}

#[test]
fn results_in_reverse() {
    check((0..MANY).rev());
}

#[test]
fn results_that_are_missing_or_of_nothing() {
    for how in [Repair::Answer, Repair::Drop] {
        let mut history = group((MANY / 2..MANY * 3 / 2).rev());
        history.push(Message::user("and?"));
        assert!(history.repair(how).changed());
        assert_eq!(history.validate(), Ok(()));
    }
}

#[test]
fn ids_that_are_all_the_same() {
    let mut history = History::with_rules(Rules::ANTHROPIC);
    history.push(Message::user("go"));
    for _ in 0..MANY / 2 {
        history.push(calls(std::iter::once(0)));
        history.push(result(0));
    }
    history.push(calls(std::iter::repeat_n(0, MANY / 2)));
    history.extend(std::iter::repeat_n(result(0), MANY / 2));
    assert!(history.validate().is_err());
    history.repair(Repair::Drop);
    assert_eq!(history.validate(), Ok(()));
    assert_eq!(history.len(), 2 + MANY * 3 / 2);
}

#[test]
fn thoughts_that_lead_nowhere() {
    let thought = Block::Reasoning(Reasoning::default());
    let mut history = History::new();
    history.push(Message::user("go"));
    history.extend(std::iter::repeat_n(
        Message::new(Role::Assistant, vec![thought]),
        MANY,
    ));
    history.extend((0..MANY).map(result));
    history.push(Message::user("and?"));
    history.repair(Repair::Drop);
    assert_eq!((history.len(), history.validate()), (2, Ok(())));
}

/// One text of 2,000 tokens that stands everywhere: each time that its place goes the next one has it.
#[test]
fn a_text_that_moves_from_one_to_the_next() {
    let text = "word ".repeat(2_000);
    let mut history: History = (0..MANY / 10)
        .map(|_| Message::user(text.clone()))
        .collect();
    let budget = text.len() as u64;
    let dedupe = Strategy::Duplicates { min_tokens: 20 };
    let done = Compaction::new(budget).with(dedupe).run(&mut history);
    assert_eq!(done.originals.len(), MANY / 10 - 2);
    let budget = history.tokens() / 2;
    history.fit(budget);
    assert!(history.tokens() <= budget && history.len() > 1);
}

/// One part in five matters most, and all of those are too large.
#[test]
fn parts_that_do_not_fit_at_all() {
    let text = "A sentence of some words. And one more of them. ".repeat(4);
    let parts = vec![Part::new(&text); MANY / 4];
    let fitted = fit(&parts, "words", 2_000);
    assert!(
        fitted.tokens <= 2_000 && fitted.tokens > 1_500,
        "{}",
        fitted.tokens
    );
}
