//! Evidence recall: how much of what a question needs is kept at a budget of tokens.
//!
//! ```text
//! cargo run --release --example evidence -- convs.jsonl cases.jsonl [--times]
//! ```
//!
//! A line of the first file is a conversation,
//! `{"conv","dataset","messages":[{"role","content","tokens"}]}`, of the second a question,
//! `{"conv","dataset","query","evidence":[positions of messages]}`. Printed is, by data set and
//! budget, the mean over the questions of (evidence kept / evidence), and how much of the budget
//! is used; without files, over one invented dialogue. `--times` prints what adding a message and a choice among 1,000 messages take.
#![allow(clippy::print_stdout, reason = "an example shows its output")]

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::time::Instant;

use autoexec_memory_trimmer::relevance::{Document, Index, Item, Speaker, Weights, select};
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const BUDGETS: [u64; 4] = [500, 2_000, 8_000, 32_000];

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (conversations, cases) = match (args.next(), args.next()) {
        (Some(conversations), Some(cases)) => (
            fs::read_to_string(conversations)?,
            fs::read_to_string(cases)?,
        ),
        _ => invented(),
    };
    let conversations = Conversation::read(&conversations)?;
    let cases = Case::read(&cases)?;
    let methods: [(&str, Option<Weights>); 3] = [
        ("last-N window", None),
        ("plain BM25", Some(Weights::bm25())),
        ("relevance", Some(Weights::default())),
    ];
    println!(
        "| data set | method | 500 | 2,000 | 8,000 | 32,000 | budget used at 500 |\n{}|",
        "|---".repeat(7)
    );
    for (name, weights) in methods {
        for (dataset, [recall, used]) in evaluate(&conversations, &cases, weights.as_ref())? {
            let recall = recall.map(|percent| format!("{percent:.1}")).join(" | ");
            println!("| {dataset} | {name} | {recall} | {:.1} % |", used[0]);
        }
    }
    if args.next().is_some_and(|arg| arg == "--times") {
        times(&conversations, &cases);
    }
    Ok(())
}

/// Without files: one dialogue of 200 turns, in which four hold what four questions need.
fn invented() -> (String, String) {
    let facts = [
        (
            20,
            "My sister Vera moved to Lisbon in March.",
            "Where does my sister live?",
        ),
        (
            61,
            "The boiler was repaired for 340 euros.",
            "What did the repair of the boiler cost?",
        ),
        (
            104,
            "I am allergic to walnuts.",
            "Which nuts am I allergic to?",
        ),
        (
            150,
            "We named the boat Albatross.",
            "What is the boat called?",
        ),
    ];
    let turn = |n: usize| {
        let fact = facts.iter().find(|(at, ..)| *at == n);
        let small_talk = format!("Turn {n} was about the weather, as were most of them.");
        let content = fact.map_or(small_talk, |(_, said, _)| (*said).to_owned());
        let role = if n.is_multiple_of(2) {
            "user"
        } else {
            "assistant"
        };
        json!({"role": role, "content": content, "tokens": 20})
    };
    let messages: Vec<Value> = (0..200).map(turn).collect();
    let conversation = json!({"conv": "a", "dataset": "invented", "messages": messages});
    let case = |(at, _, query): &(usize, &str, &str)| {
        json!({"conv": "a", "query": query, "evidence": [at]}).to_string()
    };
    let cases: Vec<String> = facts.iter().map(case).collect();
    (conversation.to_string(), cases.join("\n"))
}

struct Conversation {
    dataset: String,
    /// Text, tokens, and by whom.
    messages: Vec<(String, u32, Speaker)>,
    index: Index,
}

impl Conversation {
    fn read(lines: &str) -> Result<HashMap<String, Self>> {
        let read = |line: &str| {
            let value: Value = serde_json::from_str(line)?;
            let messages = value["messages"].as_array().ok_or("no messages")?;
            let messages: Vec<_> = messages.iter().map(message).collect::<Result<_>>()?;
            let mut index = Index::new();
            for (text, tokens, speaker) in &messages {
                index.push(Document::new(text, *tokens).by(*speaker));
            }
            let dataset = text(&value, "dataset")?;
            Ok((
                text(&value, "conv")?,
                Conversation {
                    dataset,
                    messages,
                    index,
                },
            ))
        };
        lines.lines().map(read).collect()
    }

    fn keep(&self, query: &str, budget: u64, weights: Option<&Weights>) -> (Vec<usize>, u64) {
        let mut scores = vec![0.0; self.messages.len()];
        let mut tokens = self.messages.iter().map(|message| message.1);
        let Some(weights) = weights else {
            let mut left = budget;
            let fits = |tokens: u32| {
                left.checked_sub(tokens.into())
                    .map(|rest| left = rest)
                    .is_some()
            };
            let count = tokens.rev().map(fits).take_while(|fits| *fits).count();
            let kept = self.messages.len() - count..self.messages.len();
            return (kept.collect(), budget - left);
        };
        self.index.scores(query, budget, weights, &mut scores);
        let item = |score: f32| Item::new(score, tokens.next().unwrap_or(0));
        let items: Vec<Item> = scores.into_iter().map(item).collect();
        let selection = select(&items, budget, weights);
        (selection.keep, selection.tokens)
    }
}

fn message(value: &Value) -> Result<(String, u32, Speaker)> {
    let speaker = match value["role"].as_str() {
        Some("user") => Speaker::User,
        Some("assistant") => Speaker::Assistant,
        _ => Speaker::Other,
    };
    let tokens = value["tokens"].as_u64().ok_or("no tokens")?;
    Ok((text(value, "content")?, tokens.try_into()?, speaker))
}

fn text(value: &Value, key: &str) -> Result<String> {
    Ok(value[key]
        .as_str()
        .ok_or_else(|| format!("no {key}"))?
        .to_owned())
}

struct Case {
    conv: String,
    query: String,
    evidence: Vec<usize>,
}

impl Case {
    fn read(lines: &str) -> Result<Vec<Self>> {
        let read = |line: &str| {
            let value: Value = serde_json::from_str(line)?;
            let evidence = value["evidence"].as_array().ok_or("no evidence")?;
            let positions = evidence
                .iter()
                .filter_map(Value::as_u64)
                .map(|at| at as usize);
            Ok(Case {
                conv: text(&value, "conv")?,
                query: text(&value, "query")?,
                evidence: positions.collect(),
            })
        };
        lines.lines().map(read).collect()
    }
}

/// By data set the percentages at each budget: evidence kept, and budget used.
fn evaluate(
    conversations: &HashMap<String, Conversation>,
    cases: &[Case],
    weights: Option<&Weights>,
) -> Result<BTreeMap<String, [[f64; 4]; 2]>> {
    let mut sums: BTreeMap<String, (f64, [[f64; 4]; 2])> = BTreeMap::new();
    for case in cases {
        let conversation = conversations
            .get(&case.conv)
            .ok_or("no such conversation")?;
        let sum = sums.entry(conversation.dataset.clone()).or_default();
        sum.0 += 1.0;
        for (at, budget) in BUDGETS.into_iter().enumerate() {
            let (keep, tokens) = conversation.keep(&case.query, budget, weights);
            let kept = keep
                .iter()
                .map(|&at| u64::from(conversation.messages[at].1));
            assert!(
                tokens <= budget && kept.sum::<u64>() == tokens,
                "over the budget"
            );
            let found = case.evidence.iter().filter(|at| keep.contains(at)).count();
            sum.1[0][at] += 100.0 * found as f64 / case.evidence.len() as f64;
            sum.1[1][at] += 100.0 * tokens as f64 / budget as f64;
        }
    }
    let mean = |(count, sums): (f64, [[f64; 4]; 2])| sums.map(|sums| sums.map(|sum| sum / count));
    Ok(sums
        .into_iter()
        .map(|(dataset, sums)| (dataset, mean(sums)))
        .collect())
}

/// What it takes to add a message, and to choose among 1,000, by data set.
fn times(conversations: &HashMap<String, Conversation>, cases: &[Case]) {
    let mut ordered: Vec<_> = conversations.iter().collect();
    ordered.sort_by_key(|(conv, _)| *conv);
    for dataset in ["locomo", "lme_s"] {
        let of_set = || ordered.iter().filter(|(_, c)| c.dataset == dataset);
        let messages: Vec<_> = of_set()
            .flat_map(|(_, c)| &c.messages)
            .cycle()
            .take(1_000)
            .collect();
        let queries: Vec<_> = cases
            .iter()
            .filter(|c| conversations[&c.conv].dataset == dataset)
            .collect();
        let (mut adding, mut index) = (Vec::new(), Index::new());
        for _ in 0..20 {
            index = Index::new();
            let start = Instant::now();
            for (text, tokens, speaker) in &messages {
                index.push(Document::new(text, *tokens).by(*speaker));
            }
            adding.push(start.elapsed().as_nanos() as f64 / 1e3 / messages.len() as f64);
        }
        let (mut choosing, mut scores) = (Vec::new(), Vec::new());
        for case in queries.iter().cycle().take(500) {
            let start = Instant::now();
            index.scores(&case.query, 2_000, &Weights::default(), &mut scores);
            let items = scores
                .iter()
                .zip(&messages)
                .map(|(score, m)| Item::new(*score, m.1));
            let items: Vec<_> = items.collect();
            black_box(select(&items, 2_000, &Weights::default()));
            choosing.push(start.elapsed().as_nanos() as f64 / 1e3);
        }
        adding.sort_by(f64::total_cmp);
        choosing.sort_by(f64::total_cmp);
        let tokens: u32 = messages.iter().map(|m| m.1).sum();
        println!(
            "{dataset}, 1,000 messages of {} tokens: adding one {:.2} µs at best; \
             choosing {:.0} µs at the median, {:.0} at the 90th percentile",
            tokens / 1_000,
            adding[0],
            choosing[250],
            choosing[450]
        );
    }
}
