//! Answers: from the cache, from somebody who asks the same at this moment, or from the provider.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use autoexec_memory_trimmer::{Message, Role};

use crate::caches::Prompt;
use crate::error::StepError;
use crate::provider::{self, Answer, Question, Source};
use crate::trace::Answered;

use super::actions::One;

/// A question of more than this part of the cache's bytes is not held: it would push out too many others.
pub(crate) const LARGEST: u64 = 16;

/// An answer, and where it came from.
pub(super) struct Given {
    pub(super) answer: Answer,
    /// `is_hit`: it was taken from another who asked the very same.
    pub(super) told: Answered,
}

impl Given {
    /// Of an answer that the cache was not asked for.
    fn uncached(answer: Answer) -> Self {
        Self {
            answer,
            told: Answered::default(),
        }
    }
}

/// All that an answer depends on.
pub(super) struct Asked {
    pub(super) provider: String,
    pub(super) max_tokens: u32,
    /// The conversation, the question last.
    pub(super) history: Vec<Message>,
    pub(super) prompt: String,
    pub(super) sources: Vec<Source>,
}

impl Asked {
    /// Role and text of every message, the prompt, name and text of every source. No source can be taken for a message:
    /// no role is called so.
    fn turns<'a>(&'a self, texts: &'a [Cow<'a, str>]) -> Vec<(&'a str, &'a str)> {
        let history = self.history.iter().zip(texts);
        let history = history.map(|(message, text)| (role(message), &**text));
        let prompt = [("prompt", self.prompt.as_str())];
        let sources = self.sources.iter();
        let sources = sources.flat_map(|s| [("source", s.name.as_str()), ("text", &s.text)]);
        history.chain(prompt).chain(sources).collect()
    }
}

fn role(message: &Message) -> &'static str {
    match message.role() {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    }
}

impl One<'_> {
    /// The answer, and where it came from.
    pub(super) async fn answer(&self, asked: Asked) -> Result<Given, StepError> {
        let asked = Arc::new(asked);
        let deterministic = || provider::is_deterministic(&asked.provider);
        let may_cache = self.step.cache.unwrap_or_else(deterministic);
        let shared = &self.runner.shared;
        let Some(cache) = shared.prompts.as_ref().filter(|_| may_cache) else {
            return Ok(Given::uncached(self.put(asked).await?));
        };
        let texts: Vec<Cow<'_, str>> = asked.history.iter().map(Message::text).collect();
        let turns = asked.turns(&texts);
        let bytes: usize = turns
            .iter()
            .map(|(role, text)| role.len() + text.len())
            .sum();
        if bytes as u64 > shared.settings.caches.prompt_bytes / LARGEST {
            return Ok(Given::uncached(self.put(asked.clone()).await?));
        }
        let parameters = format!("max_tokens={}", asked.max_tokens);
        let number = self.trace.as_ref().map(|trace| {
            let first = [asked.provider.as_str(), &parameters];
            let texts = turns.iter().flat_map(|(role, text)| [*role, text]);
            let parts = first.into_iter().chain(texts);
            trace.prompt(parts.map(str::as_bytes))
        });
        let prompt = Prompt {
            model: &asked.provider,
            parameters: &parameters,
            turns: &turns,
        };
        let is_asking = AtomicBool::new(false);
        let put = async {
            is_asking.store(true, Relaxed);
            self.put(asked.clone()).await.map(|answer| pack(&answer))
        };
        let held = cache.get_or_ask(&prompt, put);
        tokio::pin!(held);
        let held = tokio::select! {
            held = &mut held => held,
            // Whoever asks is told to stop as well, and awaited; who waits for another goes.
            () = self.stop.cancelled() => match is_asking.load(Relaxed) {
                true => held.await,
                false => Err(StepError::Stopped),
            },
        };
        let held = held?;
        Ok(Given {
            answer: unpack(&held)?,
            told: Answered {
                prompt: number,
                is_hit: !is_asking.load(Relaxed),
                answer_bytes: held.len() as u64,
            },
        })
    }

    /// Asks the provider.
    async fn put(&self, asked: Arc<Asked>) -> Result<Answer, StepError> {
        let (stop, telemetry) = (self.stop.clone(), self.runner.shared.telemetry.clone());
        self.blocking(move || {
            let started = Instant::now();
            let question = Question {
                history: &asked.history,
                prompt: &asked.prompt,
                sources: &asked.sources,
                max_tokens: asked.max_tokens,
                is_stopped: &|| stop.is_cancelled(),
            };
            let answer = provider::ask(&asked.provider, &question).map_err(StepError::Invalid);
            // An answer that was cut short is none.
            if stop.is_cancelled() {
                return Err(StepError::Stopped);
            }
            answer.inspect(|answer| {
                telemetry.model_call(&asked.provider, started.elapsed(), answer);
            })
        })
        .await
    }
}

fn pack(answer: &Answer) -> Vec<u8> {
    serde_json::to_vec(answer).expect("because an answer has only string keys")
}

fn unpack(bytes: &[u8]) -> Result<Answer, StepError> {
    serde_json::from_slice(bytes)
        .map_err(|e| StepError::Failed(format!("the cache of answers holds something else: {e}")))
}
