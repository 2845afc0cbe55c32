//! Budgets are kept while anything may go, and nothing goes that fits.

use autoexec_memory_trimmer::{
    Archive, Block, Compaction, History, MemoryArchive, Message, Relevance, Repair, Role, Rules,
    Strategy, ToolCall, ToolResult,
};

fn run(history: &mut History, budget: u64, strategy: Strategy<'_>) {
    Compaction::new(budget).with(strategy).run(history);
}

/// Small messages of user and assistant by turns.
fn chat(messages: usize) -> History {
    let message = |n: usize| match n % 2 {
        0 => Message::user(format!("question {n} on the pump")),
        _ => Message::assistant(format!("answer {n} on the valve")),
    };
    (0..messages).map(message).collect()
}

/// The question to a pinned answer comes along, and others go for it.
#[test]
fn a_question_that_must_stay_counts() {
    let mut history = History::with_messages([
        Message::user("a question of some length, which no one needs ".repeat(4)),
        Message::assistant("pinned").pin(),
    ]);
    history.extend((0..20).map(|n| Message::assistant(format!("answer {n} on the pump"))));
    history.push(Message::user("What of the pump?"));
    for budget in 90..200 {
        let mut history = history.clone();
        let by = Relevance::to("pump").keep_task(false);
        run(&mut history, budget, Strategy::Relevance(by));
        assert!(
            history.tokens() <= budget,
            "{} of {budget}",
            history.tokens()
        );
        assert_eq!(history.validate(), Ok(()));
    }
}

#[test]
fn small_groups_fill_the_budget() {
    for budget in (200..4_000).step_by(190) {
        for strategy in [
            Strategy::DropOldest,
            Strategy::Relevance(Relevance::to("the valve")),
        ] {
            let name = strategy.name();
            let mut history = chat(1_000);
            run(&mut history, budget, strategy);
            let used = history.tokens() * 100 / budget;
            assert!(
                (95..=100).contains(&used),
                "{name} used {used} % of {budget}"
            );
        }
    }
}

/// No rule can be kept by dropping all of it.
#[test]
fn a_history_without_a_question_is_not_emptied() {
    let history: History = (0..200)
        .map(|n| Message::assistant(format!("note {n} on the pump")))
        .collect();
    let budget = history.tokens() / 2;
    for strategy in [
        Strategy::DropOldest,
        Strategy::Relevance(Relevance::to("pump")),
        Strategy::Window {
            first: 50,
            last: 50,
        },
    ] {
        let name = strategy.name();
        let mut history = history.clone();
        run(&mut history, budget, strategy);
        assert!(
            (95..=100).contains(&history.len()),
            "{name}: {}",
            history.len()
        );
    }
}

#[test]
fn a_window_keeps_so_many_messages_and_what_is_pinned() {
    for (first, last) in [(0, 2), (1, 1), (2, 3), (4, 6)] {
        let mut history = chat(12);
        let (before, window) = (history.tokens(), Strategy::Window { first, last });
        let done = Compaction::new(1).with(window).run(&mut history);
        assert_eq!(history.len(), first + last);
        let tokens = (done.tokens_before, done.tokens_after);
        assert_eq!(tokens, (before, history.tokens()));
    }
    for (hello, stays) in [
        (Message::assistant("hello").pin(), true),
        (Message::assistant("hello"), false),
    ] {
        let mut history = History::with_messages([hello]);
        history.extend(chat(3).into_messages());
        let (first, last) = (1, 1);
        run(&mut history, 1, Strategy::Window { first, last });
        let texts: Vec<_> = history.messages().map(Message::text).collect();
        let expect = ["hello", "question 2 on the pump"];
        assert_eq!(texts, expect[usize::from(!stays)..]);
    }
}

/// Texts of the last turn are cut to one size, from what they were, and are listed once.
#[test]
fn the_last_turn_is_cut_no_further_than_needed() {
    let text = |n: usize| format!("A line of result {n}, one of many.\n").repeat(100);
    let ids = ["a", "b", "c"];
    let messages = || {
        let calls = ids.map(|id| ToolCall::new(id, "read", "{}")).to_vec();
        let results = ids.iter().enumerate();
        let results = results.map(|(n, id)| Block::ToolResult(ToolResult::new(*id, text(n))));
        [
            Message::user("go"),
            Message::assistant_calls("", calls),
            Message::new(Role::User, results.collect()),
        ]
    };
    let whole = History::with_messages(messages()).tokens();
    for share in 2..20 {
        let budget = whole * share / 20;
        let mut history = History::with_messages(messages());
        let mut archive = MemoryArchive::new();
        let done = Compaction::new(budget)
            .with(Strategy::CutLast)
            .archive(&mut archive)
            .run(&mut history);
        assert!(history.tokens() <= budget && history.tokens() * 100 >= budget * 90);
        assert_eq!(done.originals, [messages()[2].clone()]);
        assert_eq!((done.keys, archive.len()), (vec!["m1".to_owned()], 1));
        let message = history.get(2).map(Message::text).unwrap_or_default();
        assert_eq!(
            message.matches("left out; recall: m1").count(),
            3,
            "{message}"
        );
    }
}

/// Keys as long as their texts.
struct LongKeys;

impl Archive for LongKeys {
    fn put(&mut self, message: &Message) -> Option<String> {
        Some(message.text().replace(' ', "_"))
    }
}

#[test]
fn a_line_is_not_longer_than_what_it_stands_for() {
    let (keep_last, min_tokens) = (0, 0);
    for strategy in [
        Strategy::ClearResults {
            keep_last,
            min_tokens,
        },
        Strategy::HeadAndTail { max_tokens: 30 },
    ] {
        let mut history = History::with_messages([Message::user("go")]);
        for n in 0..10 {
            let call = ToolCall::new(n.to_string(), "read", "{}");
            history.push(Message::assistant_calls("", vec![call]));
            let text = "some words of a result ".repeat(n);
            history.push(Message::tool(n.to_string(), text));
        }
        history.push(Message::user("and?"));
        let before: Vec<u32> = history.messages().map(Message::tokens).collect();
        let mut archive = LongKeys;
        let compaction = Compaction::new(1).with(strategy);
        compaction.archive(&mut archive).run(&mut history);
        for (message, before) in history.messages().zip(before) {
            assert!(message.tokens() <= before, "{message:?}");
        }
    }
}

/// Stated tokens stay stated, whatever the estimate says, and sums do not run below zero.
#[test]
fn mended_messages_keep_their_measure() {
    let blocks = |text: &str| {
        let result = Block::ToolResult(ToolResult::new("none", text));
        vec![
            result,
            Block::text("and go on, with all that is needed for it"),
        ]
    };
    for tokens in [1, 1_000] {
        let text = "a result of nothing, and long ".repeat(10);
        let mut history = History::with_messages([
            Message::new(Role::User, blocks(&text)).with_tokens(tokens),
            Message::user("go").with_tokens(100),
        ]);
        let mut trimmed = history.clone();
        history.repair(Repair::Drop);
        assert!(
            history.tokens() <= u64::from(tokens) + 100,
            "{}",
            history.tokens()
        );
        assert!(history.tokens() > 100 + u64::from(tokens) / 20);
        let done = trimmed.fit(100);
        assert_eq!(done.tokens_dropped(), u64::from(tokens));
    }
}

/// A second trim of what a trim under strict turns left, with texts that stood once.
#[test]
fn turns_and_references_stay_within_the_budget() {
    for share in 1..20 {
        let mut history = History::with_rules(Rules::TURNS);
        history.push(Message::user("the task"));
        for n in 0..12 {
            let text = format!("Line of file {}, which is rather long.\n", n % 3);
            history.push(Message::assistant(text.repeat(40)));
            history.push(Message::user(format!("question {n} on the pump")));
        }
        let whole = history.tokens();
        let low = history.tokens() / 100;
        run(&mut history, low, Strategy::Duplicates { min_tokens: 20 });
        let budget = whole * share / 40;
        let by = Relevance::to("question 7 on the pump");
        run(&mut history, budget, Strategy::Relevance(by));
        assert!(
            history.tokens() <= budget,
            "{} of {budget}",
            history.tokens()
        );
        assert_eq!(history.validate(), Ok(()));
    }
}
