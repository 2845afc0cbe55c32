//! Texts that stand once and are referred to: whatever is done to the history afterwards, a reference
//! is true, and what it refers to is there.

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use autoexec_memory_trimmer::{
    Compacted, Compaction, History, MemoryArchive, Message, Relevance, Rules, Strategy, ToolCall,
};

fn long(name: &str) -> String {
    format!("Line of the file {name}, which is rather long.\n").repeat(40)
}

fn call(id: &str, arguments: &str) -> Message {
    Message::assistant_calls("", vec![ToolCall::new(id, "read", arguments)])
}

/// A history of reads: each an argument and what came of it.
fn reads(reads: &[(&str, String)]) -> History {
    let mut history = History::with_messages([Message::user("go")]);
    for (n, (arguments, text)) in reads.iter().enumerate() {
        history.push(call(&n.to_string(), arguments));
        history.push(Message::tool(n.to_string(), text.clone()));
    }
    history.push(Message::user("and?"));
    history
}

fn run(history: &mut History, budget: u64, strategy: Strategy<'_>) -> Compacted {
    Compaction::new(budget).with(strategy).run(history)
}

fn deduplicate(history: &mut History) -> Compacted {
    let budget = history.tokens() / 100;
    run(history, budget, Strategy::Duplicates { min_tokens: 20 })
}

/// The results, shortened to a word that says what they are.
fn results(history: &History) -> Vec<String> {
    let results = history.messages().filter(|m| m.results().next().is_some());
    let word = |message: &Message| match message.text() {
        text if text.starts_with("[the same as") => text.into_owned(),
        text if text.starts_with("[result cleared") => "cleared".to_owned(),
        text if text.contains("left out") => "shortened".to_owned(),
        text => text
            .split(' ')
            .nth(4)
            .unwrap_or("")
            .trim_end_matches(',')
            .to_owned(),
    };
    results.map(word).collect()
}

const SAME: &str = "[the same as the earlier result of read a]";

/// The last result stays, and so does what it refers to.
#[test]
fn what_a_result_that_stays_refers_to_is_not_cleared() {
    let mut history = reads(&[("a", long("a")), ("b", long("b")), ("a", long("a"))]);
    deduplicate(&mut history);
    assert_eq!(results(&history), ["a", "b", SAME]);
    let (keep_last, min_tokens) = (1, 20);
    let clear = Strategy::ClearResults {
        keep_last,
        min_tokens,
    };
    let budget = history.tokens() / 100;
    run(&mut history, budget, clear);
    assert_eq!(results(&history), ["a", "cleared", SAME]);
}

#[test]
fn all_are_cleared_where_none_stays() {
    let mut history = reads(&[("a", long("a")), ("a", long("a")), ("a", long("a"))]);
    deduplicate(&mut history);
    let (keep_last, min_tokens) = (0, 20);
    run(
        &mut history,
        1,
        Strategy::ClearResults {
            keep_last,
            min_tokens,
        },
    );
    assert_eq!(results(&history), ["cleared"; 3]);
    history.fit(1);
    assert_eq!(history.len(), 1);
}

#[test]
fn a_text_that_is_shortened_is_no_longer_referred_to() {
    for max_tokens in [1, 20, 60] {
        let mut history = reads(&[("a", long("a")), ("a", long("a")), ("a", long("a"))]);
        deduplicate(&mut history);
        let budget = history.tokens() - 20;
        run(&mut history, budget, Strategy::HeadAndTail { max_tokens });
        for (at, result) in results(&history).iter().enumerate() {
            let whole = results(&history)[..at].iter().any(|before| before == "a");
            assert!(result != SAME || whole, "{:?}", results(&history));
        }
        assert_eq!(
            history
                .messages()
                .map(|m| u64::from(m.tokens()))
                .sum::<u64>(),
            history.tokens()
        );
    }
}

/// The same call came to something else in between: "the earlier result" would be that.
#[test]
fn a_reference_is_not_ambiguous() {
    let mut history = reads(&[("a", long("a")), ("a", long("b")), ("a", long("a"))]);
    deduplicate(&mut history);
    assert_eq!(results(&history), ["a", "b", "a"]);
    let mut history = reads(&[
        ("a", long("a")),
        ("a", long("b")),
        ("a", long("a")),
        ("a", long("a")),
    ]);
    deduplicate(&mut history);
    assert_eq!(results(&history), ["a", "b", "a", SAME]);
}

/// A reference names the call whose result it repeats; when that goes, another has the text, by
/// another call.
#[test]
fn a_reference_names_a_call_that_is_there() {
    let mut history = reads(&[
        ("a", long("a")),
        ("./a", long("a")),
        ("../a", long("a")),
        ("./a", long("a")),
    ]);
    deduplicate(&mut history);
    assert_eq!(results(&history), ["a", SAME, SAME, SAME]);
    history.fit(history.tokens() - 1);
    let called: Vec<String> = (history.messages().flat_map(Message::calls))
        .map(|call| {
            format!(
                "[the same as the earlier result of read {}]",
                call.arguments
            )
        })
        .collect();
    for (at, result) in results(&history).iter().enumerate() {
        let named = called[..at].contains(result);
        assert!(result == "a" || named, "{:?}", results(&history));
    }
}

/// What comes back to a message when its source goes counts against the budget.
#[test]
fn relevance_keeps_its_budget_when_texts_come_back() {
    for share in 1..20 {
        let mut history = History::with_messages([Message::user("the task")]);
        for n in 0..12 {
            history.push(Message::user(format!("question {n} on the pump")));
            history.push(Message::assistant(long(["a", "b"][n % 2])));
        }
        history.push(Message::user("Which pump?"));
        let whole = history.tokens();
        deduplicate(&mut history);
        let budget = whole * share / 40;
        let by = Relevance::to("What of question 7 on the pump?");
        let done = run(&mut history, budget, Strategy::Relevance(by));
        assert_eq!(done.over_budget, None, "{share}");
    }
}

#[test]
fn turns_are_kept_within_the_budget_too() {
    for share in 1..20 {
        let mut history = History::with_rules(Rules::TURNS);
        history.push(Message::user("the task"));
        for n in 0..12 {
            history.push(Message::assistant(long(["a", "b", "c"][n % 3])).with_id("x"));
            history.push(Message::user(format!("question {n}")));
        }
        let whole = history.tokens();
        deduplicate(&mut history);
        let (first, last) = (1, 5);
        let by = Strategy::Window { first, last };
        let budget = whole * share / 40;
        let done = Compaction::new(budget)
            .with(by)
            .with(Strategy::DropOldest)
            .run(&mut history);
        assert_eq!(
            (done.over_budget, history.validate()),
            (None, Ok(())),
            "{share}"
        );
    }
}

/// Joining turns gives the texts back to those that refer to them, for which others have to go.
#[test]
fn a_fit_keeps_its_budget_when_turns_are_joined() {
    for share in 1..40 {
        let mut history = History::with_rules(Rules::TURNS);
        for n in 0..12 {
            let question = Message::user(format!("question {n}"));
            history.push(if n == 1 { question.pin() } else { question });
            history.push(Message::assistant(long(["a", "b", "c"][n % 3])));
        }
        history.push(Message::user("and?"));
        let whole = history.tokens();
        deduplicate(&mut history);
        let fitted = history.fit(whole * share / 80);
        assert_eq!(
            (fitted.over_budget, history.validate()),
            (None, Ok(())),
            "{share}"
        );
    }
}

/// What is dropped comes out whole, and so the archive has it: once.
#[test]
fn what_is_dropped_is_no_reference() {
    let (first, last) = (0, 0);
    for strategy in [
        Strategy::DropOldest,
        Strategy::Window { first, last },
        Strategy::Relevance(Relevance::to("and?").keep_task(false)),
    ] {
        let mut history = reads(&[("a", long("a")), ("b", long("b")), ("a", long("a"))]);
        let before: Vec<Message> = history.messages().cloned().collect();
        let mut archive = MemoryArchive::new();
        let min_tokens = 20;
        let done = Compaction::new(10)
            .with(Strategy::Duplicates { min_tokens })
            .with(strategy)
            .archive(&mut archive)
            .run(&mut history);
        assert_eq!(done.dropped, before[..before.len() - 1]);
        assert_eq!(
            (archive.len(), done.keys.len()),
            (before.len() - 1, before.len() - 1)
        );
    }
}

/// What was compacted to a budget is left alone by the same compaction, and so is the archive.
#[test]
fn a_second_compaction_changes_nothing() {
    for max_tokens in [0, 1, 5, 30, 100] {
        let text = format!("{}{}", " \n".repeat(400), long("c"));
        let mut history = reads(&[
            ("a", long("a")),
            ("b", long("b")),
            ("a", long("a")),
            ("c", text),
        ]);
        let mut archive = MemoryArchive::new();
        let mut compact = |history: &mut History| {
            let (keep_last, min_tokens) = (1, 20);
            Compaction::new(1)
                .with(Strategy::Duplicates { min_tokens })
                .with(Strategy::ClearResults {
                    keep_last,
                    min_tokens,
                })
                .with(Strategy::HeadAndTail { max_tokens })
                .with(Strategy::Extract {
                    query: "line",
                    max_tokens,
                })
                .archive(&mut archive)
                .run(history)
        };
        compact(&mut history);
        let before: Vec<Message> = history.messages().cloned().collect();
        let again = compact(&mut history);
        assert!(history.messages().eq(&before), "{max_tokens}");
        assert_eq!(
            (again.changed(), again.keys.len()),
            (false, 0),
            "{max_tokens}"
        );
    }
}

/// Every reference names the last result of its call before it, which has the text.
fn check_references(history: &History, texts: &[String]) -> Result<(), String> {
    let mut latest: Vec<(String, String)> = Vec::new();
    for message in history.messages() {
        let Some(result) = message.results().next() else {
            continue;
        };
        let arguments = (history.messages().flat_map(Message::calls))
            .find(|call| call.id == result.call_id)
            .map(|call| call.arguments.clone())
            .ok_or("no call")?;
        let text = message.text().into_owned();
        if let Some(what) = text.strip_prefix("[the same as the earlier result of read ") {
            let named = latest.iter().rev().find(|(a, _)| format!("{a}]") == what);
            let whole = &texts[result.call_id.parse::<usize>().map_err(|e| e.to_string())?];
            // Where a reference is the last of its call it leads on.
            // Both may have been shortened to the same before.
            let head = |text: &str| {
                text.split("\n[…")
                    .next()
                    .unwrap_or("")
                    .trim_end()
                    .to_owned()
            };
            let found = named.map(|(_, text)| head(text)).unwrap_or_default();
            if found.is_empty() || found.starts_with('[') || !whole.starts_with(&found) {
                return Err(format!("{text} leads to {found:?}"));
            }
            latest.push((arguments, whole.clone()));
        } else {
            latest.push((arguments, text));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn references_are_true_whatever_is_done(
        steps in vec((0usize..3, 0usize..3, any::<bool>()), 1..25),
        ways in vec((0usize..8, 1u64..100, 1u32..120), 1..6),
    ) {
        let of = |&(a, t, _): &(usize, usize, bool)| (["a", "b", "c"][a], long(["x", "y", "z"][t]));
        let steps: Vec<_> = steps.iter().map(|step| (of(step), step.2)).collect();
        let texts: Vec<String> = steps.iter().map(|((_, text), _)| text.clone()).collect();
        let mut history = History::with_messages([Message::user("go")]);
        for (n, ((arguments, text), asks)) in steps.iter().enumerate() {
            history.push(call(&n.to_string(), arguments));
            history.push(Message::tool(n.to_string(), text.clone()));
            history.extend(asks.then(|| Message::user(format!("question {n}"))));
        }
        history.push(Message::user("and?"));
        for (way, share, small) in ways {
            let budget = history.tokens() * share / 100;
            let (keep_last, min_tokens, max_tokens) = (small as usize % 4, 20, small);
            let strategy = match way {
                0..3 => Strategy::Duplicates { min_tokens },
                3 => Strategy::ClearResults { keep_last, min_tokens },
                4 => Strategy::HeadAndTail { max_tokens },
                5 => Strategy::Window { first: keep_last, last: small as usize % 20 },
                6 => Strategy::Relevance(Relevance::to("question 3")),
                _ => Strategy::DropOldest,
            };
            let fits = matches!(way, 6 | 7);
            let done = run(&mut history, budget, strategy);
            let found = check_references(&history, &texts);
            prop_assert!(found.is_ok(), "{:?}: {:?}", done.steps, found);
            prop_assert_eq!(history.validate(), Ok(()));
            let sum: u64 = history.messages().map(|m| u64::from(m.tokens())).sum();
            prop_assert_eq!(history.tokens(), sum);
            // The last message, and the task where it is small, are all that must stay.
            prop_assert!(!fits || history.tokens() <= budget || history.len() <= 2, "{:?}", done);
        }
    }
}
