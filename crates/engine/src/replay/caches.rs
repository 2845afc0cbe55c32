//! The caches of a session, without what they stand on.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use autoexec_file_cache::{Options as FileOptions, Simulation as Files, Source};
use autoexec_memory_trimmer::{History, Message, Thresholds};
use autoexec_path_cache::{Options as PathOptions, Simulation as Paths};
use autoexec_store::{Clock, KeyParts, Namespace, Options as StoreOptions, Store};

use crate::trace::{FileAnswer, Setup};

use super::Outcome;
use super::cost::Batch;
use super::plan::{FilesPlan, Player, QuestionPlan, Run};

/// A trace may say anything: no cache is replayed with more entries, nor that of answers, which are really held, with more
/// bytes, or a longer time to live than ten years.
const MOST_ENTRIES: u64 = 1 << 24;
const MOST_ANSWER_BYTES: u64 = 256 << 20;
const LONGEST_TTL_NS: u64 = 3_650 * 86_400 * 1_000_000_000;

/// What the runs of a session share.
pub(super) struct Caches {
    files: Files,
    /// By number: when a file was last validated or loaded, and whether it was ever loaded.
    checked: Vec<Option<u64>>,
    paths: Paths,
    answers: Option<Answers>,
    setup: Setup,
    answer_bytes: u64,
    peak_bytes: u64,
    /// Of each file asked for since somebody took them, whether it was held.
    hits: Vec<bool>,
}

/// The store of answers, whose values are zeros of the recorded sizes.
struct Answers {
    space: Namespace,
    clock: Arc<Virtual>,
    largest: u64,
}

#[derive(Debug, Default)]
struct Virtual(AtomicU64);

impl Clock for Virtual {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Relaxed))
    }
}

/// What conversations of one run have said so far, in messages without words.
pub(super) type Talks = HashMap<u32, History>;

impl Caches {
    pub(super) fn new(player: &Player, setup: &Setup) -> Self {
        let mut files = FileOptions::default();
        files.max_entries = usize::try_from(setup.files_entries).unwrap_or(usize::MAX);
        files.max_bytes = setup.files_bytes;
        files.max_file_bytes = setup.files_max_file_size.max(files.max_file_bytes);
        let paths = PathOptions {
            capacity: setup.paths_entries.min(MOST_ENTRIES) as usize,
            ..PathOptions::default()
        };
        Self {
            files: Files::new(&files, setup.processors as usize),
            checked: vec![None; player.files.len()],
            paths: Paths::new(&paths),
            answers: Answers::new(setup),
            setup: *setup,
            answer_bytes: 0,
            peak_bytes: 0,
            hits: Vec::new(),
        }
    }

    /// Fills the caches as they were at the start of a run.
    pub(super) fn warm(&mut self, player: &Player, run: &Run, now: u64) {
        for &(file, bytes) in &run.warm_files {
            let (identity, name_bytes) = player.files[file as usize];
            self.files.read(identity, u64::from(name_bytes), bytes);
            self.checked[file as usize] = Some(now);
        }
        for &path in &run.warm_paths {
            self.paths.resolve(path);
        }
    }

    /// Asks for a batch of files; says what it was.
    pub(super) fn files(
        &mut self,
        player: &Player,
        (plan, recorded): (&FilesPlan, &Setup),
        refused: &mut [bool],
        now: u64,
        out: &mut Outcome,
    ) -> Batch {
        let mut batch = Batch::default();
        for read in &plan.reads {
            let number = read.file as usize;
            // What a read step refuses is not asked for by those that work with its files.
            if !plan.is_limited && refused[number] {
                continue;
            }
            out.reads += 1;
            if plan.is_limited && self.refuses(read.answer, read.bytes, recorded) {
                refused[number] = true;
                out.refused += 1;
                batch.validated += 1;
                continue;
            }
            refused[number] = false;
            if read.answer == FileAnswer::Failed
                || (read.answer == FileAnswer::Refused && !plan.is_limited)
            {
                out.failed += 1;
                batch.validated += 1;
                continue;
            }
            let (identity, name_bytes) = player.files[number];
            let source = match is_unsettled(read.answer, read.bytes, recorded) {
                // Nothing vouched for its contents, so no cache would keep it.
                true => {
                    self.files.forget(identity);
                    Source::Uncached
                }
                false => self.files.read(identity, u64::from(name_bytes), read.bytes),
            };
            self.hits.push(source == Source::Hit);
            if source == Source::Hit {
                out.hits += 1;
                self.count_hit(number, now, &mut batch);
                continue;
            }
            batch.loads += 1;
            batch.watched += u64::from(self.setup.files_watch);
            batch.bytes_loaded = batch.bytes_loaded.saturating_add(read.bytes);
            out.loads += 1;
            out.bytes_loaded = out.bytes_loaded.saturating_add(read.bytes);
            out.redundant_loads += u64::from(self.checked[number].is_some());
            self.checked[number] = Some(now);
        }
        self.note_peak();
        batch
    }

    /// Whether a read step refuses a file: by the limit of these settings, where it was the settings' limit.
    fn refuses(&self, answer: FileAnswer, bytes: u64, recorded: &Setup) -> bool {
        let own_limit = match answer {
            FileAnswer::Refused => bytes <= recorded.files_max_file_size,
            _ => bytes > recorded.files_max_file_size,
        };
        match own_limit {
            true => answer == FileAnswer::Refused,
            false => bytes > self.setup.files_max_file_size,
        }
    }

    fn count_hit(&mut self, number: usize, now: u64, batch: &mut Batch) {
        let ttl = self.setup.files_ttl_ns;
        let checked = self.checked[number].unwrap_or(0);
        let is_unasked = self.setup.files_watch || (ttl > 0 && now.saturating_sub(checked) < ttl);
        if is_unasked {
            batch.unasked += 1;
        } else {
            self.checked[number] = Some(now);
            batch.validated += 1;
        }
    }

    /// Whether the path cache has a folder.
    pub(super) fn path(&mut self, identity: u64) -> bool {
        self.paths.resolve(identity)
    }

    /// Asks a question: whether its answer was held. Adds what it cost, and what it did to its conversation.
    pub(super) fn question(
        &mut self,
        plan: &QuestionPlan,
        talks: &mut Talks,
        now: u64,
        out: &mut Outcome,
    ) -> bool {
        let kept = self.trim(plan, talks, out);
        let question = &plan.question;
        if question.answered {
            let answer = message(plan.said().answer_tokens, false);
            talks.entry(plan.said().number).or_default().push(answer);
        }
        let is_hit = match (question.prompt, &self.answers) {
            (Some(_), Some(answers)) => answers.ask(plan, kept, now, out),
            _ => false,
        };
        if !is_hit {
            let context = question
                .input_tokens
                .saturating_sub(plan.said().kept_tokens);
            let input = if question.answered {
                context.saturating_add(kept)
            } else {
                0
            };
            out.input_tokens = out.input_tokens.saturating_add(input);
            out.output_tokens = out.output_tokens.saturating_add(question.output_tokens);
        }
        self.answer_bytes = self.answers.as_ref().map_or(0, |it| it.space.stats().bytes);
        self.note_peak();
        is_hit
    }

    /// Adds the question to its conversation and trims it; the tokens left.
    fn trim(&self, plan: &QuestionPlan, talks: &mut Talks, out: &mut Outcome) -> u64 {
        let mut talk = talks.remove(&plan.said().number).unwrap_or_default();
        let before = talk.clone();
        talk.push(message(plan.said().question_tokens, true));
        let thresholds = thresholds(&self.setup);
        if talk.needs_trim(&thresholds).is_some() {
            let trimmed = talk.trim(&thresholds);
            out.trims += u64::from(!trimmed.dropped.is_empty());
            out.dropped_messages += trimmed.dropped.len() as u64;
        }
        let kept = talk.tokens();
        out.kept_tokens = out.kept_tokens.saturating_add(kept);
        // A question that is not answered leaves the conversation as it was.
        let left = if plan.question.answered { talk } else { before };
        talks.insert(plan.said().number, left);
        kept
    }

    fn note_peak(&mut self) {
        self.peak_bytes = self
            .peak_bytes
            .max(self.files.bytes().saturating_add(self.answer_bytes));
    }

    pub(super) fn peak_bytes(&self) -> u64 {
        self.peak_bytes
    }

    pub(super) fn take_hits(&mut self) -> Vec<bool> {
        std::mem::take(&mut self.hits)
    }

    /// Adds what only the end of a session tells.
    pub(super) fn finish(&self, out: &mut Outcome) {
        out.evictions += self.files.evictions();
        out.peak_bytes = out.peak_bytes.max(self.peak_bytes);
    }
}

/// A load that was not kept although there was room for it.
fn is_unsettled(answer: FileAnswer, bytes: u64, recorded: &Setup) -> bool {
    let most = FileOptions::default().max_file_bytes;
    answer == FileAnswer::Uncached && bytes <= recorded.files_max_file_size.max(most)
}

fn message(tokens: u32, is_question: bool) -> Message {
    let message = match is_question {
        true => Message::user("x"),
        false => Message::assistant("x"),
    };
    message.with_tokens(tokens)
}

/// The thresholds of conversations by these settings.
pub(crate) fn thresholds(setup: &Setup) -> Thresholds {
    let mut thresholds = Thresholds::production();
    thresholds.max_pairs = usize::try_from(setup.history_max_pairs).unwrap_or(usize::MAX);
    thresholds.trim_threshold = setup.history_trim_threshold;
    thresholds.safe_trim_level = setup.history_safe_trim_level;
    thresholds.emergency = setup.history_emergency;
    thresholds.max_tokens = Some(setup.history_max_tokens);
    thresholds
}

impl Answers {
    /// None if one of the bounds is 0, as in the engine.
    fn new(setup: &Setup) -> Option<Self> {
        if setup.prompts == 0 || setup.prompt_bytes == 0 || setup.prompt_ttl_ns == 0 {
            return None;
        }
        let clock = Arc::new(Virtual::default());
        let ttl = Duration::from_nanos(setup.prompt_ttl_ns.min(LONGEST_TTL_NS));
        let options = StoreOptions {
            max_entries: setup.prompts.min(MOST_ENTRIES) as usize,
            max_bytes: setup.prompt_bytes.min(MOST_ANSWER_BYTES),
            ttl: Some(ttl),
            shards: Some(1),
            clock: clock.clone(),
            ..StoreOptions::default()
        };
        let store = Store::new(options).expect("because no namespace has a share");
        Some(Self {
            space: store.namespace("prompts"),
            clock,
            largest: setup.prompt_bytes.min(MOST_ANSWER_BYTES) / crate::run::LARGEST_QUESTION,
        })
    }

    /// The question is another one where something else is left of its conversation.
    fn ask(&self, plan: &QuestionPlan, kept: u64, now: u64, out: &mut Outcome) -> bool {
        if plan.key_bytes > self.largest {
            return false;
        }
        self.clock.0.store(now, Relaxed);
        out.cacheable += 1;
        let key = KeyParts::new().number(plan.identity).number(kept);
        let rest = plan.key_bytes.saturating_sub(key.as_ref().len() as u64 + 8);
        let key = key.bytes(&vec![0; rest as usize]);
        let is_hit = self.space.get(&key).is_some();
        out.prompt_hits += u64::from(is_hit);
        if !is_hit && plan.question.answered && plan.question.answer_bytes <= MOST_ANSWER_BYTES {
            let answer = vec![0u8; plan.question.answer_bytes as usize];
            self.space.insert(&key, answer.as_slice());
        }
        is_hit
    }
}
