//! Whatever is trimmed, the APIs accept what is left: random histories of every kind of block, under the
//! rules of every API, by every strategy.

use autoexec_memory_trimmer::{
    Block, Compaction, History, Image, ImageSource, MemoryArchive, Message, Other, Reasoning,
    Relevance, Repair, Role, Rules, Strategy as How, Summarise, Thresholds, ToolCall, ToolResult,
    Violation, validate_by,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// 100,000 histories under each of the rules where the build is optimised, which takes minutes.
const CASES: u32 = if cfg!(debug_assertions) { 60 } else { 100_000 };

const RULES: [Rules; 5] = [
    Rules::STRICT,
    Rules::OPENAI_CHAT,
    Rules::OPENAI_RESPONSES,
    Rules::ANTHROPIC,
    Rules::TURNS,
];

/// Texts of different sizes, some of which come again.
fn text(byte: u8, n: usize) -> String {
    match byte % 5 {
        0 => format!("message {n}"),
        1 => format!("Line {n} of a log. Nothing else happened.\n")
            .repeat(usize::from(byte % 16) + 1),
        2 => "The same long text stands here again and again. ".repeat(8),
        3 => "x".repeat(usize::from(byte) + 1),
        _ => format!("Short answer {n}."),
    }
}

fn message(role: Role, blocks: Vec<Block>, byte: u8) -> Message {
    let message = Message::new(role, blocks);
    match byte % 19 {
        0 => message.pin(),
        1 => message.with_tokens(u32::from(byte) * 10),
        _ => message,
    }
}

fn result(id: String, byte: u8, n: usize) -> Block {
    let mut result = ToolResult::new(id, text(byte, n));
    result.is_error = byte.is_multiple_of(11);
    if byte.is_multiple_of(7) {
        result.content.push(image(byte));
    }
    Block::ToolResult(result)
}

fn image(byte: u8) -> Block {
    Block::Image(Image {
        source: ImageSource::File("file-1".into()),
        tokens: byte.is_multiple_of(2).then_some(u32::from(byte)),
        extra: None,
    })
}

fn thought(n: usize) -> Block {
    Block::Reasoning(Reasoning {
        text: format!("let me see {n}"),
        opaque: Some("c2lnbmVk".into()),
        extra: None,
    })
}

/// A history that keeps these rules, and may end with calls that wait when told to.
fn sound(bytes: &[u8], rules: &Rules, in_flight: bool) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    let heads = usize::from(bytes.first().is_some_and(|byte| byte % 3 > 0));
    messages.extend((0..heads).map(|_| Message::system("You are terse.")));
    messages.push(message(Role::User, vec![Block::text("the task")], 3));
    for (n, pair) in bytes.chunks(2).enumerate() {
        let (kind, byte) = (pair[0], *pair.last().unwrap_or(&0));
        let last = messages.last().map(Message::role);
        match kind % 6 {
            0 if last != Some(Role::User) || !rules.alternate => {
                let picture = byte.is_multiple_of(6).then(|| image(byte));
                let blocks = std::iter::once(Block::text(text(byte, n))).chain(picture);
                messages.push(message(Role::User, blocks.collect(), byte));
            }
            1 if last != Some(Role::Assistant) || !rules.alternate => {
                let mut blocks = vec![Block::text(text(byte, n))];
                if byte.is_multiple_of(9) {
                    let (kind, json) = ("audio".into(), r#"{"type":"audio"}"#.into());
                    blocks.push(Block::Other(Other { kind, json }));
                }
                messages.push(message(Role::Assistant, blocks, byte));
            }
            2 if !rules.system_first => messages.push(Message::system(text(byte, n))),
            _ if last != Some(Role::Assistant) || !rules.alternate => {
                round(&mut messages, rules, n, byte);
            }
            _ => {}
        }
    }
    if in_flight && messages.last().is_some_and(|m| m.role() != Role::Assistant) {
        let call = ToolCall::new("waits", "read", "{}");
        messages.push(Message::assistant_calls("", vec![call]));
    }
    messages
}

/// Reasoning, calls and their results, in one of the forms that the rules allow.
fn round(messages: &mut Vec<Message>, rules: &Rules, n: usize, byte: u8) {
    let count = 1 + usize::from(byte % 3);
    let id = |call: usize| match rules.unique_ids || byte.is_multiple_of(2) {
        true => format!("{n}/{call}"),
        false => format!("call {call}"),
    };
    let call = |at: usize| Block::ToolCall(ToolCall::new(id(at), "read", format!("{{\"n\":{n}}}")));
    let apart = rules.assistant_runs && !rules.alternate && byte.is_multiple_of(4);
    let reasons = byte.is_multiple_of(5);
    if apart {
        let alone = reasons.then(|| message(Role::Assistant, vec![thought(n)], byte));
        messages.extend(alone);
        messages.extend((0..count).map(|at| message(Role::Assistant, vec![call(at)], byte + 1)));
    } else {
        let blocks = reasons.then(|| thought(n)).into_iter();
        messages.push(message(
            Role::Assistant,
            blocks.chain((0..count).map(call)).collect(),
            byte,
        ));
    }
    let mut results: Vec<Block> = (0..count).rev().map(|at| result(id(at), byte, n)).collect();
    if byte % 8 < 3 && !rules.alternate {
        results.extend(byte.is_multiple_of(2).then(|| Block::text("and go on")));
        messages.push(message(Role::User, results, byte));
    } else {
        let tool = |block| message(Role::Tool, vec![block], byte / 2);
        messages.extend(results.into_iter().map(tool));
    }
}

/// A summary of constant length, or none.
struct Told(bool);

impl Summarise for Told {
    fn summarise(
        &mut self,
        messages: &[&Message],
        _: u32,
    ) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        match self.0 {
            true => Ok(format!("{} messages were exchanged.", messages.len())),
            false => Err("no model is there".into()),
        }
    }
}

fn compact<'a>(
    history: &mut History,
    budget: u64,
    archive: &'a mut MemoryArchive,
    strategies: Vec<How<'a>>,
) {
    let compaction = Compaction::new(budget).archive(archive);
    strategies
        .into_iter()
        .fold(compaction, Compaction::with)
        .run(history);
}

/// The number of ways in which [`shrink`] makes a history smaller.
const WAYS: usize = 12;

/// Makes a history smaller in one way.
fn shrink(history: &mut History, way: usize, budget: u64, small: u32) {
    let mut archive = MemoryArchive::new();
    let archive = &mut archive;
    let min_tokens = small;
    let keep_last = (small % 3) as usize;
    let last = (small % 7) as usize;
    let clear = How::ClearResults {
        keep_last,
        min_tokens,
    };
    let window = How::Window {
        first: keep_last,
        last,
    };
    let duplicates = How::Duplicates { min_tokens };
    let shorten = How::HeadAndTail { max_tokens: small };
    match way {
        0 => drop(history.fit(budget)),
        1 => drop(history.trim(&Thresholds {
            max_pairs: small as usize % 9,
            max_tokens: Some(budget.max(1)),
            ..Thresholds::default()
        })),
        2 => compact(history, budget, archive, vec![window]),
        3 => compact(history, budget, archive, vec![clear]),
        4 => compact(history, budget, archive, vec![duplicates]),
        5 => compact(history, budget, archive, vec![shorten]),
        6 => compact(
            history,
            budget,
            archive,
            vec![duplicates, clear, shorten, window],
        ),
        8 => compact(
            history,
            budget,
            archive,
            vec![How::Relevance(Relevance::to("short answer 3"))],
        ),
        10 => compact(
            history,
            budget,
            archive,
            vec![How::DropOldest, How::CutLast],
        ),
        9 => compact(
            history,
            budget,
            archive,
            vec![How::Extract {
                query: "",
                max_tokens: small,
            }],
        ),
        7 => compact(history, budget, archive, vec![duplicates, How::DropOldest]),
        _ => {
            let by = Box::new(Told(!small.is_multiple_of(4)));
            let (keep_last, max_tokens) = (last, 20);
            let summarise = How::Summarise {
                by,
                keep_last,
                max_tokens,
            };
            drop(Compaction::new(budget).with(summarise).run(history));
        }
    }
}

/// What is left of calls in flight may still be answered; anything else is a violation.
fn violations(history: &History) -> Vec<Violation> {
    let found = history.validate().err().unwrap_or_default();
    let goes_on = |m: &Message| m.role() == Role::Assistant || m.results().next().is_some();
    let run = history.messages().rev().take_while(|m| goes_on(m)).count();
    let waits = |violation: &Violation| matches!(violation, Violation::UnansweredCall { index, .. } if index + run >= history.len());
    found
        .into_iter()
        .filter(|violation| !waits(violation))
        .collect()
}

/// Sums and pins hold as well: what a history says of itself is so, and pinned messages are untouched.
fn check_sums(history: &History, before: &[Message]) {
    let sum: u64 = history.messages().map(|m| u64::from(m.tokens())).sum();
    assert_eq!(history.tokens(), sum);
    if history.rules().alternate {
        return; // Joined messages are others.
    }
    let stays = |m: &&Message| m.is_pinned() || m.role() == Role::System;
    let mut left = history.messages();
    for message in before.iter().filter(stays) {
        assert!(left.any(|m| m == message), "gone: {message:?}");
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(CASES))]

    /// 20,000 histories under each of five rules, in every way and once more in another: 10⁵ histories
    /// times every strategy.
    #[test]
    fn no_strategy_breaks_a_sound_history(
        bytes in vec(any::<u8>(), 0..60),
        in_flight in prop::bool::weighted(0.2),
        share in 0u64..100,
        small in 0u32..200,
        then in 0..WAYS,
    ) {
        for rules in RULES {
            let before = sound(&bytes, &rules, in_flight);
            let mut whole = History::with_rules(rules);
            whole.extend(before.iter().cloned());
            prop_assert_eq!(violations(&whole), [], "the generator is right: {:#?}", before);
            for way in 0..WAYS {
                let mut history = whole.clone();
                shrink(&mut history, way, whole.tokens() * share / 100, small);
                prop_assert_eq!(violations(&history), [], "way {} by {:?}", way, rules);
                check_sums(&history, &before);
                let budget = history.tokens() * share / 100;
                shrink(&mut history, then, budget, small);
                prop_assert_eq!(violations(&history), [], "way {} then {}", way, then);
                check_sums(&history, &before);
            }
        }
    }
}

/// Any blocks in any role, with ids that mostly do not match.
fn broken(bytes: &[u8]) -> Vec<Message> {
    let roles = [Role::System, Role::User, Role::Assistant, Role::Tool];
    let block = |byte: u8| {
        let id = (byte / 16 % 3).to_string();
        match byte % 6 {
            0 | 1 => Block::text(if byte.is_multiple_of(5) { "" } else { "text" }),
            2 => Block::ToolCall(ToolCall::new(id, "t", "{}")),
            3 | 4 => Block::ToolResult(ToolResult::new(id, "r")),
            _ => thought(1),
        }
    };
    let message = |pair: &[u8]| {
        let blocks = pair[1..].iter().map(|&byte| block(byte)).collect();
        Message::new(roles[usize::from(pair[0]) % 4], blocks)
    };
    bytes.chunks(3).map(message).collect()
}

proptest! {
    #![proptest_config(config(CASES))]

    /// What was broken is sound behind a repair, and a second repair finds nothing.
    #[test]
    fn a_repair_mends_everything(bytes in vec(any::<u8>(), 0..60), answer in any::<bool>()) {
        let how = if answer { Repair::Answer } else { Repair::Drop };
        for rules in RULES {
            let mut history = History::with_rules(rules);
            history.extend(broken(&bytes));
            let was_broken = history.validate().is_err();
            let before = history.len();
            let repaired = history.repair(how);
            let asks = history
                .messages()
                .any(|m| m.role() == Role::User && m.results().next().is_none());
            let left = violations(&history).into_iter().filter(|violation| match violation {
                // Nobody asks at all.
                Violation::FirstNotUser { .. } => asks,
                // The assistant has not spoken yet.
                Violation::ReasoningAlone { index } => index + 1 < history.len(),
                _ => true,
            });
            prop_assert_eq!(left.collect::<Vec<_>>(), [], "by {:?}: {:#?}", rules, history);
            prop_assert!(was_broken || !repaired.changed());
            if !rules.alternate {
                let sum = history.len() + repaired.dropped.len();
                prop_assert_eq!(sum, before + repaired.answered);
            }
            let again = history.repair(how);
            prop_assert!(!again.changed(), "{:?}", again);
            let messages: Vec<Message> = history.messages().cloned().collect();
            prop_assert_eq!(validate_by(&rules, &messages), history.validate());
        }
    }
}
