//! Caches of what models were asked and answered, on `autoexec-store`: answers, embeddings, contexts; and the messages that
//! conversations had no room for.
//!
//! Each compares whole keys, so that no two inputs share an answer; evicts one entry at a time, by value; and is handed to
//! whoever needs it. Nothing here reads a clock: saving takes the wall clock as `now`.

mod context;
mod embedding;
mod messages;
mod prompt;

pub use context::{ContextCache, ContextCacheOptions};
pub use embedding::{EmbeddingCache, EmbeddingCacheOptions, Opened};
pub use messages::MessageArchive;
pub use prompt::{Prompt, PromptCache, PromptCacheOptions};

use autoexec_store::{Namespace, Options, Store};
use std::time::Duration;

/// A store of its own for one cache, in one shard: its bound on entries is exact.
fn space(name: &str, max_entries: usize, max_bytes: u64, ttl: Option<Duration>) -> Namespace {
    let options = Options {
        max_entries,
        max_bytes,
        ttl,
        shards: Some(1),
        ..Options::default()
    };
    let store = Store::new(options).expect("because no namespace has a share");
    store.namespace(name)
}

#[cfg(test)]
mod tests;
