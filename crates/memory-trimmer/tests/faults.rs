//! The numbers of the guide (rows 4.1–4.4), and the faults of the public system (4.5–4.7, 4.9),
//! each made impossible.

use autoexec_memory_trimmer::{
    FRAMING_TOKENS, History, Level, Message, Role, Thresholds, TokenBudgets, ToolCall, Trimmed,
    validate,
};

/// A system message and `messages - 1` of user and assistant by turns.
fn chat(messages: usize) -> History {
    let turns = (1..messages).map(|n| match n % 2 {
        1 => Message::user(format!("question {n}")),
        _ => Message::assistant(format!("answer {n}")),
    });
    std::iter::once(Message::system("rules"))
        .chain(turns)
        .collect()
}

fn call(id: &str) -> Message {
    Message::assistant_calls("", vec![ToolCall::new(id, "read", "{}")])
}

/// `rounds` of a call and its result, in the turn of one question.
fn tool_loop(rounds: usize) -> History {
    let mut history = chat(2);
    for round in 0..rounds {
        let id = round.to_string();
        history.push(call(&id));
        history.push(Message::tool(id, "result"));
    }
    history
}

fn contents(history: &History) -> Vec<String> {
    history.messages().map(|m| m.text().into_owned()).collect()
}

fn thresholds(max_pairs: usize) -> Thresholds {
    Thresholds {
        max_pairs,
        ..Thresholds::default()
    }
}

/// Rows 4.1 and 4.3: more than 307.5 messages, and more than twice the safe 205.
#[test]
fn the_trigger_is_at_308_and_the_emergency_at_411() {
    let default = Thresholds::default();
    for (messages, expect) in [
        (205, None),
        (307, None),
        (308, Some(Level::Trim)),
        (410, Some(Level::Trim)),
        (411, Some(Level::Emergency)),
    ] {
        assert_eq!(chat(messages).needs_trim(&default), expect, "{messages}");
    }
    let mut below = chat(307);
    assert_eq!(below.trim(&default).messages_after, 307);
}

/// Row 4.2: the system message and the last 240.
#[test]
fn a_trim_leaves_241() {
    let mut history = chat(309);
    let last: Vec<Message> = history.messages().skip(309 - 240).cloned().collect();
    let trimmed = history.trim(&Thresholds::default());
    assert_eq!(
        (trimmed.messages_before, trimmed.messages_after),
        (309, 241)
    );
    assert_eq!(trimmed.dropped.len(), 68);
    assert_eq!(trimmed.level, Some(Level::Trim));
    assert_eq!(trimmed.repaired, 0);
    assert_eq!(
        trimmed.tokens_before - trimmed.tokens_after,
        trimmed.tokens_dropped()
    );
    assert_eq!(history.get(0), Some(&Message::system("rules")));
    assert!(history.messages().skip(1).eq(&last));
}

/// At 308 the last 240 begin with an answer: its question is gone, so it goes too.
#[test]
fn an_answer_does_not_open_the_history() {
    let mut history = chat(308);
    assert_eq!(history.trim(&Thresholds::default()).messages_after, 240);
    assert_eq!(history.get(1).map(|m| m.role()), Some(Role::User));
    assert_eq!(history.validate(), Ok(()));
}

/// Row 4.4: the factors are configuration, in three presets.
#[test]
fn presets_trim_to_their_levels() {
    for (preset, trigger, left) in [
        (Thresholds::production(), 309, 241),
        (Thresholds::development(), 91, 61),
        (Thresholds::high_throughput(), 137, 111),
    ] {
        let mut history = chat(trigger);
        assert_eq!(history.trim(&preset).messages_after, left, "{preset:?}");
    }
}

/// Row 4.5: it fires in the middle of a turn as well as at its end.
#[test]
fn one_long_turn_is_trimmed_and_keeps_its_question() {
    let mut history = tool_loop(200);
    let trimmed = history.trim(&Thresholds::default());
    assert_eq!(
        (trimmed.messages_before, trimmed.messages_after),
        (402, 240)
    );
    assert_eq!(contents(&history)[..3], ["rules", "question 1", ""]);
    assert_eq!(history.validate(), Ok(()));
}

/// Row 4.6: the public system cuts between a call and its result, and between calls of one turn.
#[test]
fn a_call_is_never_separated_from_its_results() {
    for rounds in 0..12 {
        for max in 0..200 {
            let mut history = tool_loop(rounds);
            history.fit(max);
            assert_eq!(history.validate(), Ok(()), "{rounds} rounds to {max}");
        }
    }
}

#[test]
fn calls_in_flight_stay_with_the_results_they_have() {
    let mut history = tool_loop(50);
    let calls = ["a", "b"].map(|id| ToolCall::new(id, "read", "{}"));
    history.push(Message::assistant_calls("two", calls.into()));
    history.push(Message::tool("b", "second"));
    history.fit(0);
    assert_eq!(contents(&history), ["rules", "question 1", "two", "second"]);
    assert_eq!(history.validate().unwrap_err().len(), 1);
    history.push(Message::tool("a", "first"));
    assert_eq!(history.validate(), Ok(()));
}

/// Row 4.7: with `max_pairs` 0, five messages became six.
#[test]
fn no_pairs_at_all() {
    for messages in 0..30 {
        let mut history = chat(messages.max(1));
        let before = history.len();
        let trimmed = history.trim(&thresholds(0));
        assert_eq!(trimmed.messages_after, history.len());
        match before {
            0..8 => assert_eq!(history.len(), before),
            // The last answer, with its question.
            _ if before % 2 == 1 => assert_eq!(history.len(), 3),
            _ => assert_eq!(history.len(), 2),
        }
        assert_eq!(history.validate(), Ok(()));
    }
}

/// Row 4.7: the first message was pinned whatever it was.
#[test]
fn the_first_message_is_special_only_if_it_is_the_systems() {
    let mut history = History::with_messages(chat(310).into_messages().split_off(1));
    history.trim(&Thresholds::default());
    assert!(!contents(&history).contains(&"question 1".to_owned()));
    assert_eq!(history.len(), 241);
    assert_eq!(history.validate(), Ok(()));
}

#[test]
fn the_system_message_goes_only_when_told() {
    let mut history = chat(309);
    let told = Thresholds {
        drop_system: true,
        ..Thresholds::default()
    };
    history.trim(&told);
    assert_eq!(history.get(0).map(|m| m.role()), Some(Role::User));
    assert_eq!(history.validate(), Ok(()));
    let mut history = chat(309);
    history.fit(0);
    assert_eq!(history.get(0).map(|m| m.role()), Some(Role::System));
}

/// Row 4.7: a result of 1 MB counted as one message.
#[test]
fn one_huge_message_triggers_by_its_tokens() {
    let mut history = tool_loop(3);
    history.push(call("big"));
    history.push(Message::tool("big", "error: no such file\n".repeat(50_000)));
    history.push(Message::assistant("done"));
    let limit = Thresholds {
        max_tokens: Some(100_000),
        ..Thresholds::default()
    };
    assert_eq!(history.needs_trim(&limit), Some(Level::Emergency));
    let trimmed = history.trim(&limit);
    assert_eq!(contents(&history), ["rules", "question 1", "done"]);
    assert_eq!(trimmed.over_budget, None);
    assert!(trimmed.tokens_dropped() > 100_000);
    assert_eq!(history.needs_trim(&limit), None);
}

#[test]
fn what_must_stay_may_exceed_the_budget_and_says_by_how_much() {
    let mut history = chat(101);
    history.push(Message::user("x".repeat(40_000)));
    let trimmed = history.fit(100);
    assert_eq!(trimmed.messages_after, 2, "the rules and the question");
    assert_eq!(trimmed.over_budget, Some(history.tokens() - 100));
    assert_eq!(trimmed.level, None);
}

#[test]
fn a_fit_uses_the_budget() {
    let mut history = chat(1001);
    let trimmed = history.fit(2_000);
    assert!(trimmed.tokens_after <= 2_000 && trimmed.tokens_after >= 1_900);
    assert_eq!(history.fit(2_000).dropped, []);
}

#[test]
fn pinned_messages_stay_with_what_they_belong_to() {
    let mut history = chat(101);
    history.push(Message::user("the task"));
    history.push(call("1"));
    history.push(Message::tool("1", "pinned result").pin());
    history.push(Message::user("next"));
    history.push(Message::assistant("last"));
    history.fit(0);
    let expect = ["rules", "the task", "", "pinned result", "next", "last"];
    assert_eq!(contents(&history), expect);
    assert_eq!(history.validate(), Ok(()));
}

#[test]
fn a_greeting_goes_before_it_opens_the_history() {
    let mut history = History::with_messages([
        Message::system("rules"),
        Message::assistant("Hello! How can I help?"),
        Message::user("question"),
        Message::assistant("answer"),
    ]);
    history.fit(history.tokens() - 1);
    assert_eq!(contents(&history), ["rules", "question", "answer"]);
}

#[test]
fn what_was_broken_is_repaired_only_when_trimming() {
    let mut history = chat(201);
    history.push(Message::tool("lost", "orphan"));
    for n in 0..120 {
        history.push(Message::user(format!("later {n}")));
    }
    assert!(history.validate().is_err());
    assert_eq!(history.fit(u64::MAX), untouched(&history));
    let trimmed = history.trim(&Thresholds::default());
    assert_eq!(trimmed.repaired, 1);
    assert_eq!(trimmed.dropped[0].text(), "orphan");
    assert_eq!(history.len(), 241);
    assert_eq!(history.validate(), Ok(()));
}

fn untouched(history: &History) -> Trimmed {
    let mut same = history.clone();
    let trimmed = same.fit(u64::MAX);
    assert!(!trimmed.changed());
    assert_eq!(trimmed.messages_before, history.len());
    assert_eq!(trimmed.tokens_after, history.tokens());
    trimmed
}

#[test]
fn small_histories() {
    let nothing = Thresholds {
        max_tokens: Some(1),
        ..thresholds(0)
    };
    let mut empty = History::new();
    assert_eq!(empty.trim(&nothing), Trimmed::default());
    assert_eq!(empty.fit(0), Trimmed::default());
    let mut single = History::with_messages([Message::user("hello")]);
    assert_eq!(single.trim(&nothing).over_budget, Some(single.tokens() - 1));
    assert_eq!(single.len(), 1, "the last message stays");
    assert_eq!(single.tokens(), u64::from(FRAMING_TOKENS) + 1);
}

/// Row 4.10: in the steady state the public system trims every 67 messages.
#[test]
fn trims_are_rare() {
    let (mut history, mut trims) = (chat(1), 0);
    for n in 0..5000 {
        history.push(match n % 2 {
            0 => Message::user("question"),
            _ => Message::assistant("answer"),
        });
        trims += usize::from(history.trim(&Thresholds::default()).changed());
    }
    assert_eq!(trims, (5001 - 241) / 68);
}

/// Row 0.6.
#[test]
fn budgets_by_complexity() {
    let budgets = TokenBudgets::default();
    let mut history = chat(2001);
    for budget in [budgets.complex, budgets.moderate, budgets.simple] {
        assert!(history.fit(budget).tokens_after <= budget);
    }
    assert_eq!(
        (budgets.simple, budgets.moderate, budgets.complex),
        (500, 2000, 8000)
    );
}

#[test]
fn counted_tokens_are_taken_as_given() {
    let message = Message::user("some words").with_tokens(1234);
    assert_eq!(message.tokens(), 1234);
    let history = History::with_messages([message]);
    assert_eq!(history.tokens(), 1234);
    assert_eq!(validate(history.messages()), Ok(()));
    let calling = call("an-id");
    assert!(
        calling.tokens() > 2 * FRAMING_TOKENS,
        "{}",
        calling.tokens()
    );
}
