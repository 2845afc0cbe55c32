//! The index and the selection against naive models, and against bad input.

use autoexec_memory_trimmer::relevance::{
    Document, DocumentId, Index, Item, Selection, Speaker, Weights, select,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Words that are their own stems, with a few that the boosts look at.
const WORDS: [&str; 14] = [
    "kayak", "oslo", "river", "guitar", "remind", "i", "you", "the", "how", "many", "7", "anna",
    "Bo: ", "Anna: ",
];

#[derive(Debug, Clone)]
struct Message {
    text: String,
    tokens: u32,
    speaker: Speaker,
}

#[derive(Debug, Clone)]
enum Step {
    Push(Message),
    /// Removes the message at this share of the conversation.
    Remove(u8),
    PopFront(usize),
    /// Keeps the messages whose positions are no multiples.
    Retain(usize),
}

fn text() -> impl Strategy<Value = String> {
    vec(0..WORDS.len(), 0..9).prop_map(|words| {
        let words: Vec<&str> = words.into_iter().map(|at| WORDS[at]).collect();
        words.join(" ").replace(":  ", ": ")
    })
}

fn step(text: impl Strategy<Value = String>) -> impl Strategy<Value = Step> {
    let speaker = prop::sample::select(vec![Speaker::User, Speaker::Assistant, Speaker::Other]);
    let push = (text, 0_u32..90, speaker).prop_map(|(text, tokens, speaker)| {
        Step::Push(Message {
            text,
            tokens,
            speaker,
        })
    });
    prop_oneof![
        12 => push,
        2 => any::<u8>().prop_map(Step::Remove),
        1 => (0_usize..4).prop_map(Step::PopFront),
        1 => (2_usize..5).prop_map(Step::Retain),
    ]
}

/// An index, and the messages that should be in it.
#[derive(Default)]
struct Both {
    index: Index,
    messages: Vec<(DocumentId, Message)>,
}

impl Both {
    fn take(steps: Vec<Step>) -> Self {
        let mut both = Both::default();
        for step in steps {
            both.step(step);
            let ids: Vec<DocumentId> = both.messages.iter().map(|(id, _)| *id).collect();
            assert_eq!(both.index.ids().collect::<Vec<_>>(), ids);
            assert_eq!(both.index.len(), ids.len());
        }
        both
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Push(message) => {
                let id = push(&mut self.index, &message);
                self.messages.push((id, message));
            }
            Step::Remove(share) if !self.messages.is_empty() => {
                let at = usize::from(share) * self.messages.len() / 256;
                let (id, _) = self.messages.remove(at);
                assert!(self.index.remove(id) && !self.index.remove(id));
            }
            Step::Remove(_) => {}
            Step::PopFront(count) => {
                self.index.pop_front(count);
                self.messages.drain(..count.min(self.messages.len()));
            }
            Step::Retain(multiples) => {
                self.index.retain(|at| at % multiples > 0);
                let mut at = 0..;
                (self.messages).retain(|_| at.next().is_some_and(|at| at % multiples > 0));
            }
        }
    }
}

fn push(index: &mut Index, message: &Message) -> DocumentId {
    index.push(Document::new(&message.text, message.tokens).by(message.speaker))
}

fn scores(index: &Index, query: &str, budget: u64) -> Vec<f32> {
    let mut scores = vec![f32::NAN];
    index.scores(query, budget, &Weights::default(), &mut scores);
    scores
}

fn words(text: &str) -> Vec<String> {
    let words = text.split([' ', ':']).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

fn terms(text: &str) -> Vec<String> {
    let is_stop = |word: &String| ["i", "you", "the", "how"].contains(&word.as_str());
    let words = words(text).into_iter();
    words.filter(|word| !is_stop(word)).collect()
}

fn name(text: &str) -> Option<String> {
    let name = text.split_once(": ")?.0.to_lowercase();
    (name == "anna" || name == "bo").then_some(name)
}

/// The scores as the module's documentation gives them, for texts and queries of `WORDS`.
fn naive_scores(messages: &[Message], query: &str, budget: u64) -> Vec<f64> {
    let own = naive_bm25(messages, query);
    let tokens = messages.iter().map(|m| f64::from(m.tokens)).sum::<f64>();
    let mean_tokens = tokens / messages.len().max(1) as f64;
    let share = 0.5 * (budget as f64 / mean_tokens.max(1.0) / 10.0).min(1.0);
    let own_at = |at: isize| {
        usize::try_from(at)
            .ok()
            .and_then(|at| own.get(at))
            .unwrap_or(&0.0)
    };
    let score = |(at, message): (usize, &Message)| {
        let at = at as isize;
        let next = own_at(at - 1) + own_at(at + 1);
        let after_next = own_at(at - 2) + own_at(at + 2);
        let near = own_at(at) + share * next + share * 0.5 * after_next;
        near * naive_boost(messages, message, query)
    };
    messages.iter().enumerate().map(score).collect()
}

fn naive_bm25(messages: &[Message], query: &str) -> Vec<f64> {
    let count = messages.len() as f64;
    let length = |m: &Message| terms(&m.text).len();
    let mean_length = messages.iter().map(length).sum::<usize>().max(1) as f64 / count.max(1.0);
    let mut asked = terms(query);
    asked.sort();
    asked.dedup();
    let score = |message: &Message| {
        let of_term = |term: &String| {
            let filler = ["remind", "many"].contains(&term.as_str());
            let mentions = |m: &Message| terms(&m.text).iter().filter(|t| *t == term).count();
            let with_it = messages.iter().filter(|m| mentions(m) > 0).count() as f64;
            let idf = (1.0 + (count - with_it + 0.5) / (with_it + 0.5)).ln();
            let (f, length) = (
                mentions(message) as f64,
                length(message) as f64 / mean_length,
            );
            let filler = if filler { 0.2 } else { 1.0 };
            filler * idf.powf(1.25) * f * 2.0 / (f + 0.4 + 0.6 * length)
        };
        asked.iter().map(of_term).sum()
    };
    messages.iter().map(score).collect()
}

fn naive_boost(messages: &[Message], message: &Message, query: &str) -> f64 {
    let (asked, all) = (words(query), words(&message.text));
    let asks = |word: &str| asked.iter().any(|asked| asked == word);
    let factor = |is: bool, boost: f64| if is { 1.0 + boost } else { 1.0 };
    let first_person = all.iter().filter(|word| *word == "i").count() as f64;
    let named = name(&message.text).is_some_and(|by| {
        let same = messages
            .iter()
            .filter(|m| name(&m.text).as_ref() == Some(&by));
        asks(&by) && same.count() >= 2
    });
    let (user, assistant) = (Speaker::User, Speaker::Assistant);
    let number = asks("how") && asks("many") && all.iter().any(|word| word == "7");
    (1.0 + 0.5 * (first_person / all.len().max(1) as f64 / 0.1).min(1.0))
        * factor(named, 0.75)
        * factor(asks("you") && message.speaker == assistant, 0.2)
        * factor(asks("i") && !asks("you") && message.speaker == user, 0.3)
        * factor(number, 0.3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn scores_are_those_of_the_formula(
        steps in vec(step(text()), 0..80),
        query in text(),
        budget in 0_u64..900,
    ) {
        let both = Both::take(steps);
        let messages: Vec<Message> = both.messages.into_iter().map(|(_, m)| m).collect();
        let expect = naive_scores(&messages, &query, budget);
        let scores = scores(&both.index, &query, budget);
        prop_assert_eq!(scores.len(), expect.len());
        for (score, expect) in scores.iter().zip(&expect) {
            let error = (f64::from(*score) - expect).abs();
            prop_assert!(error <= 1e-4 * (1.0 + expect), "{} for {}", score, expect);
        }
    }

    #[test]
    fn scores_are_those_of_a_fresh_index(
        steps in vec(step("\\PC{0,40}"), 0..120),
        query in "\\PC{0,40}",
    ) {
        let both = Both::take(steps);
        let mut fresh = Index::new();
        for (_, message) in &both.messages {
            push(&mut fresh, message);
        }
        let texts = both.messages.iter().map(|(_, message)| message.text.as_str());
        for query in texts.take(5).chain([query.as_str()]) {
            prop_assert_eq!(scores(&both.index, query, 99), scores(&fresh, query, 99));
        }
    }

    #[test]
    fn selections_keep_the_constraints(items in vec(item(), 0..40), budget in 0_u64..600) {
        let selection = select(&items, budget, &Weights::default());
        let kept = |at: &usize| selection.keep.contains(at);
        prop_assert!(selection.keep.is_sorted_by(|a, b| a < b));
        prop_assert_eq!(tokens(&items, &selection.keep), selection.tokens);
        let over = selection.tokens.saturating_sub(budget);
        prop_assert_eq!(selection.over_budget.unwrap_or(0), over);
        for group in groups(&items) {
            let required = group.iter().any(|&at| items[at].required);
            let whole = group.iter().all(kept);
            prop_assert_eq!(whole, group.iter().any(kept));
            if required {
                prop_assert!(whole);
            } else if whole {
                prop_assert_eq!(over, 0);
            } else {
                prop_assert!(selection.tokens + tokens(&items, &group) > budget);
            }
        }
    }

    #[test]
    fn selections_reach_half_of_the_best(items in vec(item(), 0..11), budget in 0_u64..250) {
        let alone = |item: Item| Item::new(item.score, item.tokens);
        let items: Vec<Item> = items.into_iter().map(alone).collect();
        let mut weights = Weights::default();
        (weights.length_power, weights.length_floor) = (1.0, 0.0);
        let value = |keep: &[usize]| keep.iter().map(|&at| items[at].score).sum::<f32>();
        let choice = |set: u32| (0..items.len()).filter(move |at| set >> at & 1 == 1).collect();
        let choices = (0..1 << items.len()).map(choice);
        let best = choices
            .filter(|keep: &Vec<usize>| tokens(&items, keep) <= budget)
            .map(|keep| value(&keep))
            .fold(0.0, f32::max);
        let reached = value(&select(&items, budget, &weights).keep);
        prop_assert!(reached >= 0.5 * best - 1e-3, "{} of {}", reached, best);
    }

    #[test]
    fn selections_use_the_budget(items in vec(item(), 60..200), budget in 1_000_u64..1_500) {
        let small = |item: Item| Item::new(item.score, 20 + item.tokens % 31);
        let items: Vec<Item> = items.into_iter().map(small).collect();
        let Selection { tokens, .. } = select(&items, budget, &Weights::default());
        prop_assert!(tokens <= budget);
        prop_assert!(tokens as f64 >= 0.95 * budget as f64, "{} of {}", tokens, budget);
    }
}

fn tokens(items: &[Item], positions: &[usize]) -> u64 {
    positions
        .iter()
        .map(|&at| u64::from(items[at].tokens))
        .sum()
}

fn item() -> impl Strategy<Value = Item> {
    let group = prop::option::weighted(0.3, 0_u32..4);
    (0_u8..9, 0_u32..90, group, prop::bool::weighted(0.05)).prop_map(
        |(score, tokens, group, required)| {
            let item = Item::new(f32::from(score), tokens);
            let item = group.map_or(item, |group| item.in_group(group));
            if required { item.required() } else { item }
        },
    )
}

/// The positions of the items of each group; items of none are one each.
fn groups(items: &[Item]) -> Vec<Vec<usize>> {
    let all = 0..items.len();
    let alone = all.clone().filter(|&at| items[at].group.is_none());
    let of = |group: u32| {
        let members = all.clone().filter(|&at| items[at].group == Some(group));
        members.collect::<Vec<_>>()
    };
    let groups = alone.map(|at| vec![at]).chain((0..4).map(of));
    groups.filter(|group| !group.is_empty()).collect()
}

fn index(texts: &[&str]) -> Index {
    let mut index = Index::new();
    for text in texts {
        index.push(Document::new(text, 10));
    }
    index
}

/// The position of the message with the highest score.
fn best(texts: &[&str], query: &str) -> Option<usize> {
    let scores = scores(&index(texts), query, 1_000);
    let best = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]))?;
    (scores[best] > 0.0).then_some(best)
}

#[test]
fn the_message_that_answers_is_found() {
    let check =
        |texts: &[&str], query: &str, expect| assert_eq!(best(texts, query), expect, "{query}");
    let trips = [
        "We bought a tent.",
        "She flew to Rome.",
        "It rains.",
        "A kayak? No.",
        "He plays chess.",
    ];
    check(&trips, "What did you buy?", Some(0));
    check(&trips, "flying to rome", Some(1));
    check(&trips, "", None);
    check(&trips, "the and of", None);
    check(&trips, "zebra ?!", None);
    check(
        &["我住在北京", "今天下雨", "他在上海工作"],
        "谁在上海?",
        Some(2),
    );
    check(&["ฉันชอบแมว", "วันนี้ฝนตก"], "แมว", Some(0));
    check(&["Das Größte", "Er schläft"], "GRÖSSTE größte", Some(0));
    check(&[], "anything", None);
}

#[test]
fn an_empty_query_keeps_the_latest() {
    let scores = scores(&index(&["a tent", "a kayak", "a boat"]), "", 20);
    let items: Vec<Item> = scores
        .into_iter()
        .map(|score| Item::new(score, 10))
        .collect();
    assert_eq!(select(&items, 20, &Weights::default()).keep, [1, 2]);
}

#[test]
fn weights_that_are_no_numbers_leave_finite_scores() {
    let index = index(&["a tent", "a kayak"]);
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0, 0.0] {
        let mut weights = Weights::default();
        weights.k1 = value;
        weights.neighbour_room = value;
        weights.recency = value;
        weights.length_power = value;
        let mut scores = Vec::new();
        index.scores("how many tents", u64::MAX, &weights, &mut scores);
        assert!(
            scores
                .iter()
                .all(|score| score.is_finite() && *score >= 0.0)
        );
        let items: Vec<Item> = scores
            .into_iter()
            .map(|score| Item::new(score, 10))
            .collect();
        assert_eq!(select(&items, 10, &weights).keep.len(), 1);
    }
}

#[test]
fn a_million_messages() {
    let mut index = Index::new();
    for n in 0..1_000_000_u32 {
        index.push(Document::new(
            if n % 1_000 == 7 { "kayak" } else { "ok" },
            u32::MAX,
        ));
    }
    let scores = scores(&index, "kayak", u64::MAX);
    assert_eq!(
        scores.iter().filter(|score| **score >= scores[7]).count(),
        1_000
    );
    let items: Vec<Item> = scores.iter().map(|score| Item::new(*score, 1)).collect();
    let selection = select(&items, 1_000, &Weights::default());
    assert!(selection.keep.len() == 1_000 && selection.keep.iter().all(|at| at % 1_000 == 7));
    index.pop_front(999_999);
    assert_eq!((index.len(), index.ids().count()), (1, 1));
}

#[test]
fn one_huge_message() {
    let text = "kayak ".repeat(1 << 20);
    let scores = scores(&index(&[&text, "kayak", "boat"]), "kayak", 10);
    assert!(scores[1] > scores[2] && scores.iter().all(|score| score.is_finite()));
}
