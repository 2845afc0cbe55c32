//! One conversation, as a chat API takes it, made to fit a budget.

use std::str::FromStr;

use autoexec_memory_trimmer::{
    Compacted, Compaction, Conversation, Dialect, Encoding, Estimate, ExactCounter, History,
    Message, ReadError, Relevance, Repair, Strategy, TokenCounter,
};

/// Results that stay when older ones are cleared, and texts that are too small to touch.
const KEEP_LAST_RESULTS: usize = 3;
const SMALL_TOKENS: u32 = 120;
/// What is left of a large text: an eighth of the budget, within these.
const LARGE_TOKENS: std::ops::RangeInclusive<u64> = 60..=600;

/// What counts tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Count {
    /// Exactly, as the models that use `o200k_base` do.
    #[default]
    O200k,
    /// Exactly, as the models that use `cl100k_base` do.
    Cl100k,
    /// By a formula, for models whose vocabulary is not known.
    Estimate,
}

/// A way to make a conversation smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// Texts that come again refer to the first.
    Duplicates,
    /// Old tool results give way to a line that says what they were.
    ClearResults,
    /// Large texts keep their head and tail.
    HeadAndTail,
    /// Large texts keep the sentences that have most to do with the question.
    Extract,
    /// What has least to do with the question goes; without one what is oldest, the task excepted.
    Relevance,
    /// The oldest messages go.
    Oldest,
}

impl Way {
    /// Every way.
    pub const ALL: [Way; 6] = [
        Way::Duplicates,
        Way::ClearResults,
        Way::HeadAndTail,
        Way::Extract,
        Way::Relevance,
        Way::Oldest,
    ];

    /// Its name: `duplicates`, `clear-results`, `head-and-tail`, `extract`, `relevance` or `oldest`.
    pub fn name(self) -> &'static str {
        match self {
            Way::Duplicates => "duplicates",
            Way::ClearResults => "clear-results",
            Way::HeadAndTail => "head-and-tail",
            Way::Extract => "extract",
            Way::Relevance => "relevance",
            Way::Oldest => "oldest",
        }
    }
}

impl FromStr for Way {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Way::ALL.into_iter().find(|way| way.name() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = Way::ALL.into_iter().map(Way::name).collect();
            format!("expected one of {}", names.join(", "))
        })
    }
}

/// How a conversation is trimmed.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Tokens that may be left.
    pub budget: u64,
    /// What the messages are needed for; empty where that is not known.
    pub query: String,
    /// The form of the input; detected where none is given.
    pub from: Option<Dialect>,
    /// The form of the output; that of the input where none is given.
    pub to: Option<Dialect>,
    /// The ways to take, in order, each only as far as needed. None for [`Relevance`](Way::Relevance)
    /// where there is a question, else [`Duplicates`](Way::Duplicates),
    /// [`ClearResults`](Way::ClearResults), [`HeadAndTail`](Way::HeadAndTail) and
    /// [`Relevance`](Way::Relevance), which then keeps the task and the latest that fit.
    pub ways: Vec<Way>,
    /// What becomes of calls without a result.
    pub repair: Repair,
    /// What counts tokens.
    pub count: Count,
}

/// A trimmed conversation.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Trimmed {
    /// The conversation as JSON.
    pub json: String,
    /// The messages that were dropped, and those that were changed as they were, as JSON.
    pub dropped_json: String,
    /// What went.
    pub report: Report,
}

/// What a trim did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The form of the input.
    pub from: Dialect,
    /// Messages of the input, and those that are left.
    pub messages: (usize, usize),
    /// Tokens of the input, and those that are left; without tools and other fields of the request.
    pub tokens: (u64, u64),
    /// Messages that were shortened.
    pub shortened: usize,
    /// Messages that were dropped, changed, added or moved because the input broke a rule of its API.
    pub repaired: usize,
    /// Rules of the API that the output breaks still, as the input did.
    pub broken: Vec<String>,
    /// What the form of the output has no place for.
    pub losses: Vec<String>,
    /// The ways that were needed.
    pub ways: Vec<&'static str>,
    /// Tokens over the budget: what must stay is more than that.
    pub over_budget: Option<u64>,
}

/// Trims a conversation in the JSON of a chat API: a request's body, or its list of messages.
///
/// What is left is valid by the rules of that API: tool calls keep their results, the system message
/// stays. At last the texts of the last turn are cut, where nothing else is left. O(bytes).
///
/// # Errors
///
/// Where the text is no such JSON.
pub fn trim(text: &str, options: &Options) -> Result<Trimmed, ReadError> {
    let mut conversation = match options.from {
        Some(dialect) => dialect.read(text)?,
        None => Conversation::read(text)?,
    };
    let from = conversation.dialect;
    let counter = counter(options.count);
    let count = |text: &str| counter.count(text);
    let mut history = History::with_rules(from.rules());
    let messages = std::mem::take(&mut conversation.messages);
    history.extend(messages.into_iter().map(|message| message.counted(&count)));
    let before = (history.len(), history.tokens());

    let repaired = history.repair(options.repair);
    if repaired.changed() {
        history = recounted(history, &count);
    }
    let mut gone = repaired.dropped.clone();
    gone.extend(repaired.originals.iter().cloned());
    let compacted = compact(&mut history, options, &count);
    gone.extend(compacted.dropped.iter().cloned());
    gone.extend(compacted.originals.iter().cloned());
    let broken = history.validate().err().unwrap_or_default();
    let after = (history.len(), history.tokens());
    conversation.messages = history.into_messages();

    let to = options.to.unwrap_or(from);
    let (json, losses) = to.write_text(&conversation);
    let (dropped_json, _) = to.write_text(&as_list(from, gone));
    let report = Report {
        from,
        messages: (before.0, after.0),
        tokens: (before.1, after.1),
        shortened: compacted.originals.len(),
        repaired: repaired.dropped.len()
            + repaired.originals.len()
            + repaired.answered
            + repaired.moved,
        broken: broken.iter().map(ToString::to_string).collect(),
        losses: losses.iter().map(ToString::to_string).collect(),
        ways: compacted.steps.iter().map(|step| step.strategy).collect(),
        over_budget: compacted.over_budget,
    };
    Ok(Trimmed {
        json,
        dropped_json,
        report,
    })
}

/// What a repair added and changed was estimated.
fn recounted(history: History, count: &dyn Fn(&str) -> u32) -> History {
    let mut recounted = History::with_rules(*history.rules());
    let messages = history.into_messages().into_iter();
    recounted.extend(messages.map(|message| message.counted(count)));
    recounted
}

fn counter(count: Count) -> Box<dyn TokenCounter> {
    match count {
        Count::O200k => Box::new(ExactCounter::new(Encoding::O200k)),
        Count::Cl100k => Box::new(ExactCounter::new(Encoding::Cl100k)),
        Count::Estimate => Box::new(Estimate),
    }
}

fn as_list(dialect: Dialect, messages: Vec<Message>) -> Conversation {
    let mut list = Conversation::new(dialect, messages);
    list.envelope = None;
    list
}

fn compact(history: &mut History, options: &Options, count: &dyn Fn(&str) -> u32) -> Compacted {
    let ways: &[Way] = match (options.ways.as_slice(), options.query.trim().is_empty()) {
        ([], true) => &[
            Way::Duplicates,
            Way::ClearResults,
            Way::HeadAndTail,
            Way::Relevance,
        ],
        ([], false) => &[Way::Relevance],
        (ways, _) => ways,
    };
    let mut compaction = Compaction::new(options.budget).count(count);
    let large = (options.budget / 8).clamp(*LARGE_TOKENS.start(), *LARGE_TOKENS.end()) as u32;
    for way in ways {
        compaction = compaction.with(strategy(*way, &options.query, large));
    }
    compaction.with(Strategy::CutLast).run(history)
}

fn strategy(way: Way, query: &str, large: u32) -> Strategy<'_> {
    match way {
        Way::Duplicates => Strategy::Duplicates {
            min_tokens: SMALL_TOKENS,
        },
        Way::ClearResults => Strategy::ClearResults {
            keep_last: KEEP_LAST_RESULTS,
            min_tokens: SMALL_TOKENS,
        },
        Way::HeadAndTail => Strategy::HeadAndTail { max_tokens: large },
        Way::Extract => Strategy::Extract {
            query,
            max_tokens: large,
        },
        Way::Relevance => Strategy::Relevance(Relevance::to(query)),
        Way::Oldest => Strategy::DropOldest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAT: &str = r#"{"model":"m","messages":[
        {"role":"system","content":"Be brief."},
        {"role":"user","content":"My parrot is called Ada."},
        {"role":"assistant","content":"A fine name for a parrot."},
        {"role":"user","content":"What does the log say?"},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",
            "function":{"name":"read","arguments":"{\"path\":\"a.log\"}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"LOG"},
        {"role":"assistant","content":"Nothing of note."},
        {"role":"user","content":"Thank you."}]}"#;

    fn check(query: &str, budget: u64, expect: &[&str]) -> Report {
        let text = CHAT.replace(
            "LOG",
            &"all is well in every line of this log\\n".repeat(60),
        );
        let options = Options {
            query: query.to_owned(),
            budget,
            ..Options::default()
        };
        let trimmed = trim(&text, &options).expect("because it is a conversation");
        let json: serde_json::Value = serde_json::from_str(&trimmed.json).expect("JSON");
        assert_eq!(json["model"], "m");
        let messages = json["messages"].as_array().expect("a list");
        let said: Vec<&str> = messages
            .iter()
            .map(|message| message["content"].as_str().unwrap_or("-"))
            .map(|text| &text[..text.len().min(16)])
            .collect();
        assert_eq!(said, expect);
        assert_eq!(trimmed.report.messages, (8, expect.len()));
        assert!(trimmed.report.tokens.1 <= budget);
        assert_eq!(
            (trimmed.report.broken.len(), trimmed.report.over_budget),
            (0, None)
        );
        trimmed.report
    }

    #[test]
    fn a_question_keeps_what_it_needs() {
        let expect = [
            "Be brief.",
            "My parrot is cal",
            "A fine name for ",
            "Thank you.",
        ];
        let report = check("What is my parrot called?", 38, &expect);
        assert_eq!((report.ways, report.shortened), (vec!["relevance"], 0));
    }

    #[test]
    fn without_a_question_the_task_and_the_latest_stay() {
        let report = check("", 30, &["Be brief.", "My parrot is cal", "Thank you."]);
        assert_eq!(
            report.ways,
            ["duplicates", "clear results", "head and tail", "relevance"]
        );
    }

    #[test]
    fn what_fits_comes_back_as_it_was() {
        let options = Options {
            budget: 1_000_000,
            ..Options::default()
        };
        let trimmed = trim(CHAT, &options).expect("because it is a conversation");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(value(&trimmed.json), value(CHAT));
        assert_eq!(value(&trimmed.dropped_json), serde_json::json!([]));
        assert_eq!(trimmed.report.ways, [""; 0]);
    }

    #[test]
    fn the_last_message_is_cut_where_it_is_too_large_alone() {
        let story = "One more sentence of the story. ".repeat(400);
        let text = format!(r#"[{{"role":"user","content":"{story}"}}]"#);
        let options = Options {
            budget: 100,
            ..Options::default()
        };
        let trimmed = trim(&text, &options).expect("because it is a conversation");
        assert!(trimmed.report.tokens.1 <= 100 && trimmed.report.tokens.1 > 80);
        assert_eq!(
            (trimmed.report.shortened, trimmed.report.messages),
            (1, (1, 1))
        );
    }

    /// What a repair takes out of a message is among what was dropped, and what it adds is counted.
    #[test]
    fn repairs_are_told_and_counted() {
        let text = r#"{"system":"s","max_tokens":1,"messages":[
            {"role":"user","content":[
                {"type":"tool_result","tool_use_id":"none","content":"of nothing"},
                {"type":"text","text":"Go."}]},
            {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"read","input":{}}]},
            {"role":"user","content":"And?"}]}"#;
        let options = Options {
            budget: 1_000,
            repair: Repair::Answer,
            ..Options::default()
        };
        let trimmed = trim(text, &options).expect("because it is a conversation");
        assert!(trimmed.dropped_json.contains("of nothing"));
        let again = trim(&trimmed.json, &options).expect("because it is a conversation");
        assert_eq!(again.report.tokens.0, trimmed.report.tokens.1);
        assert_eq!((trimmed.report.repaired, again.report.repaired), (2, 0));
    }

    #[test]
    fn bad_input_is_named_by_its_place() {
        let options = Options::default();
        let error = |text: &str| trim(text, &options).map(drop).unwrap_err().to_string();
        assert!(
            error("{").starts_with("read line 1, column "),
            "{}",
            error("{")
        );
        let role = error(r#"[{"role":"asistant","content":"x"}]"#);
        assert!(
            role.contains("[0].role") && role.contains("assistant"),
            "{role}"
        );
    }

    #[test]
    fn names_of_ways_are_read_back() {
        for way in Way::ALL {
            assert_eq!(way.name().parse(), Ok(way));
        }
        assert!("oldes".parse::<Way>().is_err());
    }
}
