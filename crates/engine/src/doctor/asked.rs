//! Questions: asked twice, or with more conversation than question.

use std::collections::HashMap;

use crate::trace::{Question, Trace, What};

use super::group::Group;
use super::model::{Change, Concern, Finding, Measured, Severity, Topic};
use super::rules::{BLOAT, FEWEST_QUESTIONS, REPEATED, SMALL_CONVERSATION, TRIMS};

/// The defaults of the settings, which are proposed where the cache is off.
const DEFAULT_PROMPTS: u64 = 1_000;

pub(super) fn examine(group: &Group, findings: &mut Vec<Finding>) {
    let setup = group.setup();
    let is_off = setup.prompts == 0 || setup.prompt_bytes == 0 || setup.prompt_ttl_ns == 0;
    findings.extend(match is_off {
        true => asked_without_cache(group),
        false => asked_in_spite_of_cache(group),
    });
    findings.extend(bloat(group));
    findings.extend(trims(group));
}

fn questions(run: &Trace) -> impl Iterator<Item = (u64, u32, u32, &Question)> {
    let started = run.header.started_unix_ms.saturating_mul(1_000_000);
    run.accesses.iter().filter_map(move |it| match &it.what {
        What::Question(question) => {
            Some((started.saturating_add(it.at_ns), it.step, it.task, question))
        }
        _ => None,
    })
}

fn tokens(question: &Question) -> u64 {
    question.input_tokens.saturating_add(question.output_tokens)
}

/// Questions that were asked again, and their tokens.
#[derive(Default)]
struct Again {
    questions: u64,
    tokens: u64,
    /// Longest between two of the same, in nanoseconds.
    gap_ns: u64,
    /// Of these, asked later than answers hold.
    late: u64,
}

/// With the cache off questions are not numbered. Those of the same task with the same tokens of question, conversation and
/// answer are taken for the same, and said to be.
fn asked_without_cache(group: &Group) -> Option<Finding> {
    let mut again = Again::default();
    for runs in group.sessions() {
        let mut seen = std::collections::HashSet::new();
        for (_, step, task, it) in runs.into_iter().flat_map(questions) {
            let said = (it.conversation.question_tokens, it.conversation.kept_tokens);
            let key = (step, task, said, it.input_tokens, it.output_tokens);
            if it.answered && !seen.insert(key) {
                again.questions += 1;
                again.tokens += tokens(it);
            }
        }
    }
    if again.questions == 0 {
        return None;
    }
    let (setup, asked) = (group.setup(), &group.figures.questions);
    let evidence = vec![
        Measured::count("questions", asked.asked),
        Measured::count(
            "with step, task and all tokens of an earlier one of the process",
            again.questions,
        ),
        Measured::count("tokens of these", again.tokens),
        Measured::count("tokens of all", asked.input_tokens + asked.output_tokens),
        Measured::count("caches.prompts", setup.prompts),
    ];
    let changes = [
        ("caches.prompts", setup.prompts, DEFAULT_PROMPTS),
        ("caches.prompt_bytes", setup.prompt_bytes, 64 << 20),
        ("caches.prompt_ttl", setup.prompt_ttl_ns, 7_200_000_000_000),
    ];
    let changes = changes.into_iter().filter(|it| it.1 == 0);
    let changes = changes.map(|(setting, from, to)| match setting {
        "caches.prompt_bytes" => Change::bytes(setting, from, to),
        "caches.prompt_ttl" => Change::time(setting, from, to),
        _ => Change::count(setting, from, to),
    });
    let kinds = (Topic::RepeatedQuestions, Severity::Warning, Concern::Tokens);
    let title = "the same seems to be asked again, and the cache of answers is off";
    let finding = Finding::new(group, kinds, REPEATED, title, evidence, "");
    let mut finding = finding.with_changes(group, changes.collect());
    // Questions without numbers are not found in the cache of a replay either.
    finding.replayed = None;
    Some(finding)
}

fn asked_in_spite_of_cache(group: &Group) -> Option<Finding> {
    let setup = group.setup();
    let mut again = Again::default();
    let mut distinct = 0;
    for runs in group.sessions() {
        // Identity, and when the answer was last put into the cache.
        let mut last: HashMap<u64, u64> = HashMap::new();
        for run in runs {
            for (at, _, _, it) in questions(run) {
                let Some(number) = it.prompt.filter(|_| it.answered && !it.is_hit) else {
                    continue;
                };
                let identity = run.prompts[number as usize].identity;
                if let Some(before) = last.insert(identity, at) {
                    let gap = at.saturating_sub(before);
                    again.questions += 1;
                    again.tokens += tokens(it);
                    again.gap_ns = again.gap_ns.max(gap);
                    again.late += u64::from(gap >= setup.prompt_ttl_ns);
                }
            }
            distinct = distinct.max(last.len() as u64);
        }
    }
    if again.questions == 0 {
        return None;
    }
    let evidence = vec![
        Measured::count(
            "questions that the cache could answer",
            group.figures.questions.cacheable,
        ),
        Measured::count("asked again all the same", again.questions),
        Measured::count("tokens of these", again.tokens),
        Measured::count("later than caches.prompt_ttl", again.late),
        Measured::time("caches.prompt_ttl", setup.prompt_ttl_ns),
        Measured::time("longest time between two", again.gap_ns),
        Measured::count("different questions of one process", distinct),
        Measured::count("caches.prompts", setup.prompts),
    ];
    let mut changes = Vec::new();
    if again.late > 0 {
        let to = again.gap_ns.saturating_mul(2);
        let to = to.checked_next_multiple_of(1_000_000_000).unwrap_or(to);
        changes.push(Change::time("caches.prompt_ttl", setup.prompt_ttl_ns, to));
    }
    if again.late < again.questions && distinct > setup.prompts {
        let to = (2 * distinct).next_power_of_two();
        changes.push(Change::count("caches.prompts", setup.prompts, to));
    } else if again.late < again.questions {
        let to = setup.prompt_bytes.saturating_mul(2);
        changes.push(Change::bytes("caches.prompt_bytes", setup.prompt_bytes, to));
    }
    let kinds = (Topic::RepeatedQuestions, Severity::Warning, Concern::Tokens);
    let title = "answers are gone from the cache before the same is asked again";
    let finding = Finding::new(group, kinds, REPEATED, title, evidence, "");
    Some(finding.with_changes(group, changes))
}

fn bloat(group: &Group) -> Option<Finding> {
    let (mut earlier, mut sent, mut largest, mut asked) = (0u64, 0u64, 0, 0);
    for (_, _, _, it) in group.runs.iter().flat_map(questions) {
        let own = u64::from(it.conversation.question_tokens);
        earlier += it.conversation.kept_tokens.saturating_sub(own);
        // The context of a question is no part of its conversation.
        sent += it.input_tokens.max(it.conversation.kept_tokens);
        largest = largest.max(it.conversation.kept_tokens);
        asked += own;
    }
    let share = earlier as f64 / sent.max(1) as f64;
    if largest <= SMALL_CONVERSATION || share <= BLOAT.limit {
        return None;
    }
    let (setup, figures) = (group.setup(), &group.figures.questions);
    let evidence = vec![
        Measured::share("earlier turns in all tokens sent", share),
        Measured::count("tokens sent", sent),
        Measured::count("of these earlier turns", earlier),
        Measured::count("of these questions", asked),
        Measured::count("tokens of the largest conversation sent", largest),
        Measured::count(
            "questions of the longest conversation",
            figures.conversations.questions_max,
        ),
        Measured::count("trims", figures.conversations.trims),
        Measured::count("history.max_tokens", setup.history_max_tokens),
    ];
    let kinds = (Topic::ContextBloat, Severity::Warning, Concern::Tokens);
    let title = "questions carry more of their conversation than of themselves";
    let to = (largest / 2).clamp(
        SMALL_CONVERSATION,
        setup.history_max_tokens.max(SMALL_CONVERSATION),
    );
    let change = Change::count("history.max_tokens", setup.history_max_tokens, to);
    let remedy = match setup.history_keeps_relevant {
        true => "or give steps that do not build on each other conversations of their own",
        false => {
            "or keep what is relevant (history.keep = \"relevant\"), or give steps that do not build on each other conversations of their own"
        }
    };
    let finding = Finding::new(group, kinds, BLOAT, title, evidence, remedy);
    match change.from == change.to {
        true => Some(finding),
        false => Some(finding.with_changes(group, vec![change])),
    }
}

fn trims(group: &Group) -> Option<Finding> {
    let asked = &group.figures.questions;
    let trims = asked.conversations.trims;
    let share = trims as f64 / asked.asked.max(1) as f64;
    if asked.asked < FEWEST_QUESTIONS || share <= TRIMS.limit {
        return None;
    }
    let setup = group.setup();
    let evidence = vec![
        Measured::share("questions with a trim", share),
        Measured::count("questions", asked.asked),
        Measured::count("trims", trims),
        Measured::count("messages dropped", asked.dropped_messages),
        Measured::count(
            "tokens of the largest conversation before a trim",
            asked.conversations.tokens_max,
        ),
        Measured::count("history.max_tokens", setup.history_max_tokens),
        Measured::count("history.max_pairs", setup.history_max_pairs),
    ];
    let kinds = (Topic::FrequentTrims, Severity::Hint, Concern::Correctness);
    let title = "conversations are trimmed nearly each time something is asked";
    let remedy = "leave more room (history.max_tokens, history.max_pairs), trim deeper (history.safe_trim_level), or ask less in one conversation";
    Some(Finding::new(group, kinds, TRIMS, title, evidence, remedy))
}
