//! `ask`: a question with its context, in a conversation that is kept in budget.

use std::sync::Arc;

use autoexec_file_cache::ReadOptions;
use autoexec_memory_trimmer::Message;

use crate::error::StepError;
use crate::provider::Source;
use crate::report::StepCache;
use crate::workflow::model::Ask;

use super::actions::One;
use super::answer::Asked;
use super::confined::Confined;
use super::conversation::{Bounds, Talk};
use super::output::{AskOutput, Output, ReadOutput};
use super::runner::Done;

/// Bytes of files that are given with a question, at most.
const CONTEXT_BYTES: usize = 16 << 20;

impl One<'_> {
    /// The texts of the steps given with a question. The third is whether something was left out.
    async fn sources(&self, ids: &[String]) -> Result<(Vec<Source>, StepCache, bool), StepError> {
        let (mut sources, mut cache, mut cut, mut room) =
            (Vec::new(), StepCache::default(), false, CONTEXT_BYTES);
        for id in ids {
            for output in self.outputs(id) {
                match output {
                    Output::Read(read) => {
                        let (texts, counts, left) = self.texts(read, room).await?;
                        cut |= left.is_none();
                        room = left.unwrap_or(0);
                        cache.hits += counts.hits;
                        cache.loads += counts.loads;
                        sources.extend(texts);
                    }
                    other => sources.push(Source {
                        name: self.title(id),
                        text: text_of(other),
                    }),
                }
            }
        }
        Ok((sources, cache, cut))
    }

    /// The texts of files while there is room, and the room left; none if some did not fit.
    async fn texts(
        &self,
        read: &ReadOutput,
        room: usize,
    ) -> Result<(Vec<Source>, StepCache, Option<usize>), StepError> {
        let (shared, root, files, stop) = (
            self.runner.shared.clone(),
            self.runner.root.clone(),
            read.files.clone(),
            self.stop.clone(),
        );
        self.blocking(move || {
            let confined = Confined(&root);
            let options = ReadOptions {
                opener: Some(&confined),
                ..ReadOptions::default()
            };
            let (mut texts, mut cache, mut room) = (Vec::new(), StepCache::default(), room);
            for entry in files.iter() {
                if stop.is_cancelled() {
                    return Err(StepError::Stopped);
                }
                // A file that vanished since it was read has nothing to say.
                let Ok(read) = shared.files.read_with(&entry.path, &options) else {
                    continue;
                };
                super::read::count(&mut cache, &read);
                if read.file.is_binary() {
                    continue;
                }
                let Some(left) = room.checked_sub(read.file.len()) else {
                    return Ok((texts, cache, None));
                };
                room = left;
                texts.push(Source {
                    name: entry.name.clone(),
                    text: read.file.text_lossy().into_owned(),
                });
            }
            Ok((texts, cache, Some(room)))
        })
        .await
    }

    pub(super) async fn ask(&self, ask: &Ask) -> Result<Done, StepError> {
        let prompt = self.render(&ask.prompt)?;
        let (sources, cache, cut) = self.sources(&ask.context).await?;
        let conversation = self.conversation(ask);
        // Questions of one conversation follow each other; the lock is held until the answer stands in the history.
        let mut talk = tokio::select! {
            talk = conversation.lock() => talk,
            () = self.stop.cancelled() => return Err(StepError::Stopped),
        };
        // A question that is not answered leaves the conversation as it was.
        let mut next = talk.clone();
        let dropped = next.ask(&prompt, self.bounds());
        tracing::debug!(step = self.step.id, dropped = dropped.count, "asking");
        let asked = Asked {
            provider: ask.provider.clone(),
            max_tokens: ask.max_tokens,
            history: next.history.messages().cloned().collect(),
            prompt,
            sources,
        };
        let (mut answer, cached) = self.answer(asked).await?;
        next.history.push(Message::assistant(answer.text.clone()));
        *talk = next;
        if cut {
            answer.text += "\n(Some files of the context did not fit and were not looked at.)\n";
        }
        let output = AskOutput {
            text: answer.text,
            provider: ask.provider.clone(),
            input_tokens: answer.input_tokens,
            output_tokens: answer.output_tokens,
            estimated: answer.estimated,
            cached,
            dropped: dropped.count,
            recall: dropped.keys,
        };
        let cache = (cache.hits + cache.loads > 0).then_some(cache);
        Ok(Done {
            output: Output::Ask(output),
            cache,
        })
    }

    /// The conversation that the question belongs to; one of its own if it names none.
    fn conversation(&self, ask: &Ask) -> Arc<tokio::sync::Mutex<Talk>> {
        let own = || format!(" {} {}", self.step.id, self.index);
        let name = ask.conversation.clone().unwrap_or_else(own);
        let all = self.runner.conversations.lock();
        let mut all = all.unwrap_or_else(std::sync::PoisonError::into_inner);
        all.entry(name).or_default().clone()
    }

    fn bounds(&self) -> Bounds {
        let shared = &self.runner.shared;
        Bounds {
            thresholds: shared.settings.thresholds(),
            keep: shared.settings.history.keep,
            archive: shared.archive.clone(),
        }
    }
}

/// What a step's output is as a text to ask about.
pub(super) fn text_of(output: &Output) -> String {
    match output {
        Output::Search(s) => s
            .findings
            .iter()
            .map(|m| format!("- {}:{}: {}\n", m.file, m.line, m.text))
            .collect(),
        Output::Run(r) => r.stdout.clone(),
        Output::Ask(a) => a.text.clone(),
        Output::Consolidate(c) => c.text.clone(),
        Output::Workflow(w) => w
            .outputs
            .iter()
            .map(|(k, v)| format!("{k}: {v}\n"))
            .collect(),
        Output::Read(_) => String::new(),
    }
}
