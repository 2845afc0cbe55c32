//! Random histories against a naive model of what a trim keeps.

use std::ops::Range;

use autoexec_memory_trimmer::{History, Message, Role, Thresholds, ToolCall, Trimmed, validate};
use proptest::collection::vec;
use proptest::prelude::*;

/// A sound history made from bytes: each adds a turn, an answer, or a round of tool calls.
fn sound(bytes: &[u8], in_flight: bool) -> Vec<Message> {
    let mut messages = Vec::new();
    for (n, &byte) in bytes.iter().enumerate() {
        let pinned = byte % 23 == 0;
        let weight = u32::from(byte) * u32::from(byte % 5) / 4 + 1;
        let add = |messages: &mut Vec<Message>, mut message: Message, pinned: bool| {
            if pinned {
                message = message.pin();
            }
            messages.push(message.with_tokens(weight));
        };
        if n == 0 && byte % 4 > 0 {
            add(&mut messages, Message::system("s"), false);
        }
        let opened = messages.last().is_some_and(|m| m.role() != Role::System);
        match byte % 7 {
            _ if !opened => add(&mut messages, Message::user(n.to_string()), pinned),
            0 | 1 => add(&mut messages, Message::user(n.to_string()), pinned),
            2 | 3 => add(&mut messages, Message::assistant(n.to_string()), pinned),
            count => round(&mut messages, n, count - 3, weight, pinned),
        }
    }
    if in_flight && messages.last().is_some_and(|m| m.role() != Role::System) {
        round(&mut messages, bytes.len(), 3, 7, false);
        messages.pop();
    }
    messages
}

/// An assistant message with `count` calls, and their results in reverse.
fn round(messages: &mut Vec<Message>, n: usize, count: u8, weight: u32, pinned: bool) {
    let id = |call: u8| format!("{n}/{call}");
    let calls = (0..count)
        .map(|call| ToolCall::new(id(call), "t", ""))
        .collect();
    messages.push(Message::assistant_calls(n.to_string(), calls).with_tokens(weight));
    for call in (0..count).rev() {
        let mut result = Message::tool(id(call), format!("{n}/{call}")).with_tokens(weight);
        if pinned && call == 0 {
            result = result.pin();
        }
        messages.push(result);
    }
}

/// Any sequence of roles, with results that mostly answer nothing.
fn broken(bytes: &[u8]) -> Vec<Message> {
    let message = |(n, &byte): (usize, &u8)| {
        let id = (byte / 8 % 3).to_string();
        let call = |id: &String| vec![ToolCall::new(id, "t", "")];
        let mut message = match byte % 8 {
            0 => Message::system(n.to_string()),
            1 | 2 => Message::user(n.to_string()),
            3 => Message::assistant(n.to_string()),
            4 | 5 => Message::assistant_calls(n.to_string(), call(&id)),
            _ => Message::tool(&id, n.to_string()),
        };
        if byte % 41 == 0 {
            message = message.pin();
        }
        message.with_tokens(u32::from(byte))
    };
    bytes.iter().enumerate().map(message).collect()
}

/// The model: indices of the messages that should stay of a sound history.
struct Model<'a> {
    messages: &'a [Message],
    groups: Vec<Range<usize>>,
    max_messages: usize,
    max_tokens: u64,
    drop_system: bool,
}

impl<'a> Model<'a> {
    fn new(
        messages: &'a [Message],
        max_messages: usize,
        max_tokens: u64,
        drop_system: bool,
    ) -> Self {
        let starts = (0..messages.len()).filter(|&at| messages[at].role() != Role::Tool);
        let starts: Vec<usize> = starts.collect();
        let ends = starts.iter().skip(1).copied().chain([messages.len()]);
        Model {
            messages,
            groups: starts
                .iter()
                .copied()
                .zip(ends)
                .map(|(a, b)| a..b)
                .collect(),
            max_messages,
            max_tokens,
            drop_system,
        }
    }

    fn role(&self, group: usize) -> Role {
        self.messages[self.groups[group].start].role()
    }

    fn stays_anyway(&self, group: usize) -> bool {
        let pinned = self.messages[self.groups[group].clone()]
            .iter()
            .any(|m| m.is_pinned());
        pinned || (self.role(group) == Role::System && !self.drop_system)
    }

    fn user_before(&self, group: usize) -> Option<usize> {
        (0..group).rev().find(|&at| self.role(at) == Role::User)
    }

    /// The groups that stay when all from `cut` on do.
    fn kept(&self, cut: usize) -> Vec<usize> {
        let mut kept: Vec<usize> = Vec::new();
        for group in (0..cut).filter(|&group| self.stays_anyway(group)) {
            let spoken = matches!(self.role(group), Role::Assistant | Role::Tool);
            if spoken && !kept.iter().any(|&at| self.role(at) == Role::User) {
                kept.extend(self.user_before(group));
            }
            kept.push(group);
        }
        if self.role(cut) != Role::User {
            let opener = self.user_before(cut);
            kept.extend(opener.filter(|opener| !kept.contains(opener)));
        }
        kept.extend(cut..self.groups.len());
        kept.sort_unstable();
        kept
    }

    fn fits(&self, kept: &[usize], cut: usize) -> bool {
        let messages = self.expanded(kept);
        let tokens: u64 = messages
            .iter()
            .map(|&at| u64::from(self.messages[at].tokens()))
            .sum();
        let user_before = kept
            .iter()
            .any(|&at| at < cut && self.role(at) == Role::User);
        let user_ahead = kept
            .iter()
            .any(|&at| at > cut && self.role(at) == Role::User);
        let spoken = matches!(self.role(cut), Role::Assistant | Role::Tool);
        messages.len() <= self.max_messages
            && tokens <= self.max_tokens
            && !(spoken && !user_before && user_ahead)
    }

    fn expanded(&self, kept: &[usize]) -> Vec<usize> {
        kept.iter()
            .flat_map(|&group| self.groups[group].clone())
            .collect()
    }

    /// The smallest cut that fits, before a group that could go, or else before the last group.
    fn answer(&self) -> Vec<Message> {
        let last = self.groups.len() - 1;
        let fits = |&cut: &usize| !self.stays_anyway(cut) && self.fits(&self.kept(cut), cut);
        let cut = (0..last).find(fits).unwrap_or(last);
        let kept = self.expanded(&self.kept(cut));
        kept.into_iter()
            .map(|at| self.messages[at].clone())
            .collect()
    }
}

/// What holds after every trim, of sound and of broken histories.
fn check_invariants(before: &[Message], history: &History, trimmed: &Trimmed, drop_system: bool) {
    let after: Vec<&Message> = history.messages().collect();
    let sum = |messages: &[&Message]| messages.iter().map(|m| u64::from(m.tokens())).sum::<u64>();
    assert_eq!(history.tokens(), sum(&after));
    assert_eq!(trimmed.tokens_after, sum(&after));
    assert_eq!(trimmed.messages_after, after.len());
    assert_eq!(
        trimmed.tokens_before,
        sum(&before.iter().collect::<Vec<_>>())
    );
    assert_eq!(trimmed.messages_before, before.len());
    assert_eq!(trimmed.dropped.len(), before.len() - after.len());
    assert_eq!(
        trimmed.tokens_dropped(),
        sum(&trimmed.dropped.iter().collect::<Vec<_>>())
    );
    let mut rest = before.iter();
    for message in &after {
        assert!(rest.any(|old| old == *message), "order is kept");
    }
    let must = |m: &&Message| m.is_pinned() || (m.role() == Role::System && !drop_system);
    let musts = |messages: &mut dyn Iterator<Item = &Message>| messages.filter(must).count();
    assert_eq!(musts(&mut before.iter()), musts(&mut after.iter().copied()));
    let sound = before.len() - trimmed.repaired;
    assert_eq!(after.is_empty(), sound == 0, "something sound stays");
}

fn thresholds() -> impl Strategy<Value = Thresholds> {
    let factors = (1.0..2.5f64, 0.0..2.0f64);
    let tokens = prop::option::of(1u64..3000);
    (0usize..12, factors, tokens, any::<bool>()).prop_map(
        |(max_pairs, factors, max_tokens, drop_system)| Thresholds {
            max_pairs,
            trim_threshold: factors.0,
            safe_trim_level: factors.1,
            emergency: factors.0 + 0.5,
            max_tokens,
            drop_system,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn sound_histories_stay_sound(
        bytes in vec(any::<u8>(), 1..80),
        in_flight in prop::bool::weighted(0.2),
        thresholds in thresholds(),
    ) {
        let before = sound(&bytes, in_flight);
        let violations = validate(&before).map_or_else(|found| found.len(), |()| 0);
        let mut history = History::with_messages(before.clone());
        let due = history.needs_trim(&thresholds);
        let trimmed = history.trim(&thresholds);
        check_invariants(&before, &history, &trimmed, thresholds.drop_system);
        prop_assert_eq!(trimmed.level, due);
        prop_assert_eq!(trimmed.repaired, 0);
        // Only the calls in flight are still open, and they stay to be answered.
        let left = history.validate().map_or_else(|found| found.len(), |()| 0);
        prop_assert_eq!(left, violations);

        let max_tokens = thresholds.max_tokens.unwrap_or(u64::MAX);
        let over = trimmed.tokens_before > max_tokens;
        let level_tokens = thresholds.level_tokens().unwrap_or(u64::MAX);
        let many = before.len() >= thresholds.trigger_messages();
        let model = Model::new(
            &before,
            if many { thresholds.level_messages() } else { usize::MAX },
            if over { level_tokens } else { max_tokens },
            thresholds.drop_system,
        );
        let expect = if due.is_some() { model.answer() } else { before.clone() };
        prop_assert!(history.messages().eq(&expect), "{:?}\n{:?}", history, expect);

        let again = history.trim(&thresholds);
        prop_assert!(!again.changed(), "{:?}", again.dropped);
    }

    #[test]
    fn budgets_hold(
        bytes in vec(any::<u8>(), 1..80),
        in_flight in prop::bool::weighted(0.2),
        max_tokens in 0u64..4000,
    ) {
        let before = sound(&bytes, in_flight);
        let mut history = History::with_messages(before.clone());
        let trimmed = history.fit(max_tokens);
        check_invariants(&before, &history, &trimmed, false);
        let excess = history.tokens().checked_sub(max_tokens).filter(|&over| over > 0);
        prop_assert_eq!(trimmed.over_budget, excess);
        let model = Model::new(&before, usize::MAX, max_tokens, false);
        let expect = if trimmed.tokens_before > max_tokens { model.answer() } else { before };
        prop_assert!(history.messages().eq(&expect), "{:?}\n{:?}", history, expect);
        prop_assert!(!history.fit(max_tokens).changed());
    }

    #[test]
    fn broken_histories_are_repaired(
        bytes in vec(any::<u8>(), 0..60),
        more in vec(any::<u8>(), 0..20),
        max_tokens in 0u64..4000,
    ) {
        let before = broken(&bytes);
        let mut history = History::with_messages(before.clone());
        let trimmed = history.fit(max_tokens);
        check_invariants(&before, &history, &trimmed, false);
        prop_assert!(!history.fit(max_tokens).changed());
        if trimmed.tokens_before > max_tokens && !before.iter().any(|m| m.is_pinned()) {
            // What can be left is what no trim may touch: system messages out of place, a history
            // without any question, and calls at the end that wait for their results.
            let waits = history.messages().rev().find(|m| m.role() != Role::Tool).cloned();
            let questions = history.messages().filter(|m| m.role() == Role::User).count();
            for violation in history.validate().err().unwrap_or_default() {
                use autoexec_memory_trimmer::Violation as V;
                match violation {
                    V::SystemNotFirst { .. } => {}
                    V::FirstNotUser { .. } => prop_assert_eq!(questions, 0),
                    V::UnansweredCall { index, .. } => {
                        prop_assert_eq!(history.get(index), waits.as_ref());
                    }
                    other => prop_assert!(false, "{}", other),
                }
            }
        }
        // The history goes on as if it had been built from what is left.
        let mut fresh = History::with_messages(history.messages().cloned());
        history.extend(broken(&more));
        fresh.extend(broken(&more));
        history.fit(max_tokens / 2);
        fresh.fit(max_tokens / 2);
        prop_assert!(history.messages().eq(fresh.messages()));
    }
}
