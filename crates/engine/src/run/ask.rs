//! `ask`: a question with its context, in a conversation that is kept in budget.

use std::sync::Arc;
use std::time::Instant;

use autoexec_file_cache::ReadOptions;
use autoexec_memory_trimmer::Message;

use crate::error::StepError;
use crate::provider::Source;
use crate::report::StepCache;
use crate::trace::{Answered, Conversation, Question, Told};
use crate::workflow::model::Ask;

use super::actions::One;
use super::answer::{Asked, Given};
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
        let (shared, root, files, stop, trace) = (
            self.runner.shared.clone(),
            self.runner.root.clone(),
            read.files.clone(),
            self.stop.clone(),
            self.trace.clone(),
        );
        self.blocking(move || {
            let confined = Confined(&root);
            let options = ReadOptions {
                opener: Some(&confined),
                ..ReadOptions::default()
            };
            let (mut texts, mut cache, mut room) = (Vec::new(), StepCache::default(), room);
            let mut told = Told::new(trace.as_ref());
            for entry in files.iter() {
                if stop.is_cancelled() {
                    return Err(StepError::Stopped);
                }
                // A file that vanished since it was read has nothing to say.
                let Ok(read) = told.of(&entry.path, || {
                    shared.files.read_with(&entry.path, &options)
                }) else {
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
        let said = dropped.said(&next);
        let asked = Asked {
            provider: ask.provider.clone(),
            max_tokens: ask.max_tokens,
            history: next.history.messages().cloned().collect(),
            prompt,
            sources,
        };
        let started = Instant::now();
        let given = self.answer(asked).await;
        let reply = given
            .as_ref()
            .ok()
            .map(|given| Message::assistant(given.answer.text.clone()));
        if let Some(trace) = &self.trace {
            let question = told_question(given.as_ref().ok(), reply.as_ref(), said);
            trace.question(started, &self.conversation_name(ask), question);
        }
        let (mut answer, cached) = given.map(|it| (it.answer, it.told.is_hit))?;
        next.history.extend(reply);
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
        let name = self.conversation_name(ask);
        let all = self.runner.conversations.lock();
        let mut all = all.unwrap_or_else(std::sync::PoisonError::into_inner);
        all.entry(name).or_default().clone()
    }

    fn conversation_name(&self, ask: &Ask) -> String {
        let own = || format!(" {} {}", self.step.id, self.index);
        ask.conversation.clone().unwrap_or_else(own)
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

/// What the trace is told of a question.
fn told_question(given: Option<&Given>, reply: Option<&Message>, said: Conversation) -> Question {
    let tokens = given.zip(reply).map(|(given, reply)| {
        let answer = &given.answer;
        (answer.input_tokens, answer.output_tokens, reply.tokens())
    });
    let nothing = Answered::default();
    Question::new(given.map_or(&nothing, |it| &it.told), tokens, said)
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
