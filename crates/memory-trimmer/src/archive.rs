//! Where messages go that a compaction takes out or shortens.

use std::collections::BTreeMap;

use crate::Message;

/// Keeps what is taken out of a history, so that it can be had again.
pub trait Archive {
    /// Keeps a message as it was, and returns the key to recall it by; none if it cannot be kept.
    fn put(&mut self, message: &Message) -> Option<String>;
}

/// An archive in memory. Keys are `m1`, `m2`, …
#[derive(Debug, Clone, Default)]
pub struct MemoryArchive {
    messages: BTreeMap<u64, Message>,
    last: u64,
    tokens: u64,
    max_tokens: Option<u64>,
}

impl MemoryArchive {
    /// An archive without a limit.
    pub fn new() -> Self {
        MemoryArchive::default()
    }

    /// An archive that forgets the oldest messages beyond so many tokens.
    pub fn with_max_tokens(max_tokens: u64) -> Self {
        MemoryArchive {
            max_tokens: Some(max_tokens),
            ..MemoryArchive::default()
        }
    }

    /// The message with this key. O(log messages).
    pub fn recall(&self, key: &str) -> Option<&Message> {
        self.messages.get(&key.strip_prefix('m')?.parse().ok()?)
    }

    /// The number of messages.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there is no message.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

impl Archive for MemoryArchive {
    fn put(&mut self, message: &Message) -> Option<String> {
        let tokens = u64::from(message.tokens());
        if self.max_tokens.is_some_and(|max| tokens > max) {
            return None;
        }
        self.last += 1;
        self.tokens += tokens;
        self.messages.insert(self.last, message.clone());
        while self.max_tokens.is_some_and(|max| self.tokens > max) {
            let Some((_, oldest)) = self.messages.pop_first() else {
                break;
            };
            self.tokens -= u64::from(oldest.tokens());
        }
        Some(format!("m{}", self.last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_recalled_until_the_limit() {
        let message = |n: u32| Message::user(n.to_string()).with_tokens(40);
        let mut archive = MemoryArchive::with_max_tokens(100);
        let keys: Vec<_> = (0..3).filter_map(|n| archive.put(&message(n))).collect();
        assert_eq!(keys, ["m1", "m2", "m3"]);
        assert_eq!(archive.recall("m1"), None, "forgotten");
        assert_eq!(archive.recall("m3"), Some(&message(2)));
        assert_eq!(archive.recall("x3"), None);
        let huge = message(9).with_tokens(101);
        assert_eq!((archive.put(&huge), archive.len()), (None, 2));
    }
}
