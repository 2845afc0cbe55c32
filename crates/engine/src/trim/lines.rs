//! Which messages does a question need? One request a line, one reply a line.

use std::collections::HashMap;

use autoexec_memory_trimmer::relevance::{Document, Index, Item, Speaker, Weights, select};
use autoexec_memory_trimmer::{Encoding, ExactCounter, FRAMING_TOKENS, TokenCounter};
use serde::{Deserialize, Serialize};

/// Conversations that are remembered at once.
pub const MAX_CONVERSATIONS: usize = 4_096;

/// Answers requests about conversations, which it remembers.
///
/// A request is `{"conv":ID,"messages":[{"role","content","tokens"}…],"query":TEXT,"budget":N}`; the
/// reply `{"keep":[indices]}`, ascending: the messages that have most to do with the query, whose
/// tokens add up to at most the budget. A later request about the same conversation leaves `messages`
/// out. Where a message has no `tokens` those of `o200k_base` are
/// counted, with [`FRAMING_TOKENS`] on top. A request
/// that cannot be answered gets `{"error":TEXT}`.
#[derive(Debug, Default)]
pub struct Lines {
    conversations: HashMap<String, Conversation>,
}

#[derive(Debug)]
struct Conversation {
    index: Index,
    tokens: Vec<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    conv: String,
    messages: Option<Vec<Message>>,
    query: String,
    budget: u64,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    content: String,
    tokens: Option<u32>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Reply {
    Keep(Vec<usize>),
    Error(String),
}

impl Lines {
    /// Knows no conversation.
    pub fn new() -> Self {
        Lines::default()
    }

    /// The reply to a line, as one line without its end; none to a blank one.
    ///
    /// O(words) of messages that are new, and O(messages) to choose.
    pub fn answer(&mut self, line: &str) -> Option<String> {
        if line.trim().is_empty() {
            return None;
        }
        let reply = match serde_json::from_str(line) {
            Ok(request) => self.reply(request),
            Err(error) => Reply::Error(format!("failed to read the request: {error}")),
        };
        let text = serde_json::to_string(&reply);
        Some(text.expect("because numbers and text are JSON"))
    }

    fn reply(&mut self, request: Request) -> Reply {
        if let Some(messages) = request.messages {
            let full = self.conversations.len() >= MAX_CONVERSATIONS;
            if full && !self.conversations.contains_key(&request.conv) {
                let what =
                    format!("failed to remember more than {MAX_CONVERSATIONS} conversations");
                return Reply::Error(what);
            }
            let conversation = Conversation::of(&messages);
            self.conversations
                .insert(request.conv.clone(), conversation);
        }
        match self.conversations.get(&request.conv) {
            Some(conversation) => Reply::Keep(conversation.keep(&request.query, request.budget)),
            None => Reply::Error(format!(
                "failed to find conversation {:?}: its first request must have `messages`",
                request.conv
            )),
        }
    }
}

impl Conversation {
    fn of(messages: &[Message]) -> Self {
        let mut index = Index::new();
        let counter = ExactCounter::new(Encoding::O200k);
        let push = |message: &Message| {
            let count = || {
                counter
                    .count(&message.content)
                    .saturating_add(FRAMING_TOKENS)
            };
            let tokens = message.tokens.unwrap_or_else(count);
            index.push(Document::new(&message.content, tokens).by(speaker(&message.role)));
            tokens
        };
        let tokens = messages.iter().map(push).collect();
        Conversation { index, tokens }
    }

    fn keep(&self, query: &str, budget: u64) -> Vec<usize> {
        let weights = Weights::default();
        let mut scores = Vec::new();
        self.index.scores(query, budget, &weights, &mut scores);
        let items = scores.into_iter().zip(&self.tokens);
        let items: Vec<Item> = items
            .map(|(score, &tokens)| Item::new(score, tokens))
            .collect();
        select(&items, budget, &weights).keep
    }
}

fn speaker(role: &str) -> Speaker {
    match role {
        "user" | "human" => Speaker::User,
        "assistant" | "model" => Speaker::Assistant,
        _ => Speaker::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &mut Lines, request: &str, expect: &str) {
        assert_eq!(lines.answer(request).as_deref(), Some(expect), "{request}");
    }

    #[test]
    fn a_conversation_is_told_once() {
        let mut lines = Lines::new();
        let first = r#"{"conv":"a","messages":[
            {"role":"user","content":"My dog is called Rex.","tokens":10},
            {"role":"assistant","content":"Good.","tokens":10},
            {"role":"user","content":"I live in Turin.","tokens":10}],
            "query":"What is my dog called?","budget":10}"#;
        check(&mut lines, &first.replace('\n', " "), r#"{"keep":[0]}"#);
        let later = r#"{"conv":"a","query":"Where do I live?","budget":10}"#;
        check(&mut lines, later, r#"{"keep":[2]}"#);
        let none = r#"{"conv":"a","query":"Where do I live?","budget":9}"#;
        check(&mut lines, none, r#"{"keep":[]}"#);
        let all = r#"{"conv":"a","query":"Where do I live?","budget":30}"#;
        check(&mut lines, all, r#"{"keep":[0,1,2]}"#);
        assert_eq!(lines.answer(" \n"), None);
    }

    #[test]
    fn what_cannot_be_answered_says_why() {
        let mut lines = Lines::new();
        let unknown = r#"{"conv":"b","query":"?","budget":1}"#;
        let expect = r#"{"error":"failed to find conversation \"b\": its first request must have `messages`"}"#;
        check(&mut lines, unknown, expect);
        for bad in [
            "{",
            "[]",
            r#"{"conv":"b","query":"?","budget":-1}"#,
            &"[".repeat(100_000),
        ] {
            let reply = lines.answer(bad).unwrap_or_default();
            assert!(
                reply.starts_with(r#"{"error":"failed to read the request: "#),
                "{reply}"
            );
        }
    }
}
