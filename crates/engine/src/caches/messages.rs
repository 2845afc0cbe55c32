//! Messages that conversations had no room for.

use autoexec_memory_trimmer::{Archive, Conversation, Dialect, Message};
use autoexec_store::Namespace;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Most messages held; the bytes bind first, unless the messages are short.
const MAX_MESSAGES: usize = 100_000;

/// Messages that were taken out of histories or shortened, as the JSON of a chat API, until room is needed: then the least
/// valuable go. Keys are `m1`, `m2`, …, and never come again. A clone is another handle to the same.
#[derive(Debug, Clone)]
pub struct MessageArchive {
    space: Namespace,
    last: Arc<AtomicU64>,
}

impl MessageArchive {
    /// An empty archive of at most so many bytes.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        Self {
            space: super::space("messages", MAX_MESSAGES, max_bytes, None),
            last: Arc::default(),
        }
    }

    /// The message with this key, as it was put. O(its length).
    #[must_use]
    pub fn recall(&self, key: &str) -> Option<Message> {
        unpack(std::str::from_utf8(&self.space.get(key)?).ok()?)
    }

    /// The number of messages held.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.space.stats().entries).unwrap_or(usize::MAX)
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Archive for MessageArchive {
    /// None if the message does not fit, or if no dialect can say all of it, as that its text is empty.
    fn put(&mut self, message: &Message) -> Option<String> {
        let packed = Dialect::ALL.iter().find_map(|it| pack(message, *it))?;
        let key = format!("m{}", self.last.fetch_add(1, Relaxed) + 1);
        self.space.insert(&key, packed.as_str()).then_some(key)
    }
}

/// A line with the dialect and what its JSON does not hold, and the JSON; none if anything of the message would be lost.
fn pack(message: &Message, dialect: Dialect) -> Option<String> {
    let conversation = Conversation::new(dialect, vec![message.clone()]);
    let (json, losses) = dialect.write_text(&conversation);
    let pinned = if message.is_pinned() { "pinned" } else { "" };
    let packed = format!("{} {} {pinned}\n{json}", dialect.name(), message.tokens());
    let is_whole = losses.is_empty() && unpack(&packed).as_ref() == Some(message);
    is_whole.then_some(packed)
}

fn unpack(packed: &str) -> Option<Message> {
    let (head, json) = packed.split_once('\n')?;
    let mut words = head.split(' ');
    let (name, tokens, pinned) = (words.next()?, words.next()?, words.next()?);
    let dialect = Dialect::ALL.into_iter().find(|it| it.name() == name)?;
    let [message] = <[Message; 1]>::try_from(dialect.read(json).ok()?.messages).ok()?;
    let message = message.with_tokens(tokens.parse().ok()?);
    Some(match pinned {
        "" => message,
        _ => message.pin(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoexec_memory_trimmer::{Compaction, History, Strategy, ToolCall};

    fn messages() -> Vec<Message> {
        let call = ToolCall::new("c1", "read", r#"{"path":"a.txt"}"#);
        vec![
            Message::system("Be brief."),
            Message::user("What is in a.txt?\n\"Quotes\" and ünïcode"),
            Message::assistant_calls("I look.", vec![call]),
            Message::tool("c1", "three lines\n".repeat(3)),
            Message::assistant("Three lines.").with_tokens(70).pin(),
        ]
    }

    #[test]
    fn what_was_put_comes_back_as_it_was() {
        let mut archive = MessageArchive::new(1 << 20);
        for message in messages() {
            let key = archive.put(&message).expect("it fits");
            assert_eq!(archive.recall(&key), Some(message));
        }
        assert_eq!(archive.len(), 5);
        assert_eq!((archive.recall("m0"), archive.recall("m6")), (None, None));
        // No API tells a message of an empty text from one without.
        assert_eq!(archive.put(&Message::assistant("")), None);
    }

    #[test]
    fn messages_of_every_dialect_come_back() {
        let texts = [
            r#"{"messages":[{"role":"user","name":"ann","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}}]}]}"#,
            r#"{"input":[{"type":"reasoning","id":"r1","summary":[{"type":"summary_text","text":"so"}],"encrypted_content":"xyz"}]}"#,
            r#"{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"out","is_error":true}]}]}"#,
        ];
        let mut archive = MessageArchive::new(1 << 20);
        for text in texts {
            let conversation = Conversation::read(text).expect("it is one");
            for message in conversation.messages {
                let key = archive.put(&message).expect("some dialect can say it");
                assert_eq!(archive.recall(&key), Some(message), "{text}");
            }
        }
    }

    #[test]
    fn a_compaction_spills_into_it_and_it_forgets_when_full() {
        let mut archive = MessageArchive::new(1 << 20);
        let say = |n: usize| Message::user(format!("{n} is a number with words behind it"));
        let mut history: History = (0..50).map(say).collect();
        let done = Compaction::new(200)
            .with(Strategy::DropOldest)
            .archive(&mut archive)
            .run(&mut history);
        assert_eq!(
            (done.keys.len(), done.dropped.len()),
            (50 - history.len(), 50 - history.len())
        );
        let recalled = done.keys.iter().map(|key| archive.recall(key));
        assert!(recalled.eq(done.dropped.iter().cloned().map(Some)));

        let mut small = MessageArchive::new(4 << 10);
        let keys: Vec<_> = (0..200).filter_map(|n| small.put(&say(n))).collect();
        assert_eq!(keys.len(), 200);
        let held = keys
            .iter()
            .filter(|key| small.recall(key).is_some())
            .count();
        assert!(held == small.len() && held > 0 && held < 50, "{held}");
        assert_eq!(small.put(&Message::user("x".repeat(8 << 10))), None);
    }
}
