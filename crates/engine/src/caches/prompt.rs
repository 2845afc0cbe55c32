//! Answers by what was asked.

use autoexec_store::{Entry, Fingerprint, KeyParts, Namespace, Stats, Value};
use std::future::Future;
use std::time::Duration;

/// Choices for a [`PromptCache`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptCacheOptions {
    /// Most answers held. Default 1,000.
    pub max_entries: usize,
    /// Most bytes held, those of the questions included. Default 64 MiB.
    pub max_bytes: u64,
    /// How long an answer holds. Default 7,200 s; none for as long as there is room.
    pub ttl: Option<Duration>,
}

impl Default for PromptCacheOptions {
    fn default() -> Self {
        Self {
            max_entries: 1_000,
            max_bytes: 64 << 20,
            ttl: Some(Duration::from_secs(7_200)),
        }
    }
}

/// All that an answer depends on.
#[derive(Debug, Clone, Copy)]
pub struct Prompt<'a> {
    /// The model.
    pub model: &'a str,
    /// What else changes the answer: temperature, longest answer, tools.
    pub parameters: &'a str,
    /// The conversation, the question last: role and text of each turn.
    pub turns: &'a [(&'a str, &'a str)],
}

impl Prompt<'_> {
    fn key(&self) -> KeyParts {
        let key = KeyParts::new().text(self.model).text(self.parameters);
        let add = |key: KeyParts, (role, text): &(&str, &str)| key.text(role).text(text);
        self.turns.iter().fold(key, add)
    }
}

/// Answers by the whole of what was asked: model, parameters and every turn, compared byte by byte. A clone is another
/// handle to the same.
///
/// An empty answer is an answer. What is handed out is shared and does not change. Memory and costs:
/// [`autoexec_store`].
#[derive(Debug, Clone)]
pub struct PromptCache(Namespace);

impl PromptCache {
    /// An empty cache.
    #[must_use]
    pub fn new(options: &PromptCacheOptions) -> Self {
        let bytes = options.max_bytes;
        Self(super::space(
            "prompts",
            options.max_entries,
            bytes,
            options.ttl,
        ))
    }

    /// The answer, if it is held.
    #[must_use]
    pub fn get(&self, prompt: &Prompt<'_>) -> Option<Value> {
        self.0.get(&prompt.key())
    }

    /// Holds an answer; says whether it is held. Files that it was computed from belong to the entry.
    pub fn insert<'e>(&self, prompt: &Prompt<'_>, answer: impl Into<Entry<'e>>) -> bool {
        self.0.insert(&prompt.key(), answer)
    }

    /// The answer, asked for if it is not held: once, however many tasks want it. If asking fails or is cancelled, one of
    /// those who wait asks anew.
    ///
    /// # Errors
    ///
    /// That of `ask`.
    pub async fn get_or_ask<'e, T: Into<Entry<'e>>, E>(
        &self,
        prompt: &Prompt<'_>,
        ask: impl Future<Output = Result<T, E>>,
    ) -> Result<Value, E> {
        self.0.get_or_compute_async(&prompt.key(), ask).await
    }

    /// Holds what is not held yet; says how many.
    pub fn preload<'p, 'e, T: Into<Entry<'e>>>(
        &self,
        answers: impl IntoIterator<Item = (Prompt<'p>, T)>,
    ) -> u64 {
        let keyed = answers.into_iter().map(|(prompt, it)| (prompt.key(), it));
        self.0.preload(keyed)
    }

    /// Removes all answers of a model; says how many.
    pub fn remove_model(&self, model: &str) -> u64 {
        self.0.remove_prefix(&KeyParts::new().text(model))
    }

    /// Removes all answers computed from `file` in another state than `now`, `None` when it is gone; says how many.
    pub fn file_changed(&self, file: impl AsRef<[u8]>, now: Option<Fingerprint>) -> u64 {
        self.0.file_changed(file, now)
    }

    /// Removes all answers; says how many.
    pub fn clear(&self) -> u64 {
        self.0.clear()
    }

    /// What happened so far, and what is held now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }
}
