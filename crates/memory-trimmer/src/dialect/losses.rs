//! What a dialect has no place for.

use std::collections::BTreeSet;

use super::content;
use super::extra::{Kept, is_foreign, is_own};
use super::json::{Object, parse_object};
use super::{Dialect, Loss};
use crate::{Block, ImageSource, Message, Other, Reasoning, Role, Text, ToolResult};

/// What becomes of a block.
pub(super) enum Verdict {
    Keep,
    /// It goes, for a reason.
    Drop(String),
    /// It is written as another one, for reasons.
    Change(Block, Vec<String>),
}

/// What becomes of a block of this dialect, or of another one if `convert` says so.
pub(super) fn judge(block: &Block, role: Role, dialect: Dialect, convert: bool) -> Verdict {
    match block {
        Block::Text(_) | Block::ToolCall(_) => Verdict::Keep,
        Block::ToolResult(result) => judge_result(result, dialect, convert),
        Block::Image(image) => {
            let file = matches!(image.source, ImageSource::File(_));
            let lost =
                file && (dialect == Dialect::OpenAiChat || is_foreign(&image.extra, dialect));
            let misplaced = convert && !holds_images(role, dialect);
            match (lost, misplaced) {
                (true, _) => Verdict::Drop("an image that only its provider holds".to_owned()),
                (_, true) => Verdict::Drop(format!("an image in a message of role {role:?}")),
                _ => Verdict::Keep,
            }
        }
        Block::Reasoning(thought) => judge_thought(thought, dialect),
        Block::Other(other) => judge_other(other, role, dialect),
    }
}

/// Whether nothing becomes of any of the blocks.
pub(super) fn all_stay(blocks: &[Block], role: Role, dialect: Dialect, convert: bool) -> bool {
    let stays = |block| matches!(judge(block, role, dialect, convert), Verdict::Keep);
    blocks.iter().all(stays)
}

fn holds_images(role: Role, dialect: Dialect) -> bool {
    match role {
        Role::User => true,
        Role::Tool => dialect != Dialect::OpenAiChat,
        Role::System | Role::Assistant => false,
    }
}

fn judge_result(result: &ToolResult, dialect: Dialect, convert: bool) -> Verdict {
    let failed = result.is_error && dialect != Dialect::Anthropic;
    let mut reasons = Vec::new();
    if failed {
        reasons.push(format!(
            "that the tool failed, in the result of {:?}",
            result.call_id
        ));
    }
    let judged = result.content.iter();
    let verdicts: Vec<Verdict> = judged
        .map(|block| judge(block, Role::Tool, dialect, convert))
        .collect();
    if !failed
        && verdicts
            .iter()
            .all(|verdict| matches!(verdict, Verdict::Keep))
    {
        return Verdict::Keep; // Most do: their text is not copied.
    }
    let mut content = Vec::with_capacity(result.content.len());
    for (block, verdict) in result.content.iter().zip(verdicts) {
        match verdict {
            Verdict::Keep => content.push(block.clone()),
            Verdict::Drop(reason) => reasons.push(format!("{reason}, of a result")),
            Verdict::Change(block, more) => {
                content.push(block);
                reasons.extend(more);
            }
        }
    }
    let result = ToolResult {
        extra: result.extra.clone(),
        call_id: result.call_id.clone(),
        content,
        is_error: result.is_error && !failed,
    };
    Verdict::Change(Block::ToolResult(result), reasons)
}

/// Reasoning means something only to the provider that signed it; responses take its text from others.
fn judge_thought(thought: &Reasoning, dialect: Dialect) -> Verdict {
    let own = || is_own(&thought.extra, dialect);
    let foreign = || is_foreign(&thought.extra, dialect);
    match dialect {
        Dialect::OpenAiChat if own() => Verdict::Keep,
        Dialect::Anthropic if own() || (thought.opaque.is_some() && !foreign()) => Verdict::Keep,
        Dialect::OpenAiResponses if thought.opaque.is_none() || !foreign() => {
            match thought.text.is_empty() && foreign() {
                true => Verdict::Drop("reasoning without text".to_owned()),
                false => Verdict::Keep,
            }
        }
        Dialect::OpenAiResponses if !thought.text.is_empty() => {
            let block = Block::Reasoning(Reasoning {
                opaque: None,
                ..thought.clone()
            });
            Verdict::Change(block, vec!["the signature of reasoning".to_owned()])
        }
        _ => Verdict::Drop("reasoning of another provider".to_owned()),
    }
}

fn judge_other(other: &Other, role: Role, dialect: Dialect) -> Verdict {
    if content::of_other(other, dialect).is_some() {
        return Verdict::Keep;
    }
    let kind = other
        .kind
        .split_once(':')
        .map_or(&*other.kind, |(_, kind)| kind);
    if kind.is_empty() && role == Role::Tool {
        let block = Block::text(&*other.json);
        return Verdict::Change(block, vec!["an untyped part, which is text now".to_owned()]);
    }
    Verdict::Drop(format!("a block of type {kind:?}"))
}

/// The names of fields that only other dialects have, of a message and of all in it.
pub(super) fn foreign_fields(message: &Message, dialect: Dialect) -> Option<String> {
    let mut names = BTreeSet::new();
    collect(message.extra(), dialect, &mut names);
    collect_all(message.blocks(), dialect, &mut names);
    let names: Vec<String> = names.into_iter().collect();
    (!names.is_empty()).then(|| format!("fields {}", names.join(", ")))
}

fn collect_all(blocks: &[Block], dialect: Dialect, names: &mut BTreeSet<String>) {
    for block in blocks {
        let extra = match block {
            Block::Text(Text { extra, .. }) => extra,
            Block::ToolCall(call) => &call.extra,
            Block::ToolResult(result) => {
                collect_all(&result.content, dialect, names);
                &result.extra
            }
            Block::Image(image) => &image.extra,
            Block::Reasoning(thought) => &thought.extra,
            Block::Other(_) => &None,
        };
        collect(extra.as_deref(), dialect, names);
    }
}

fn collect(extra: Option<&str>, dialect: Dialect, names: &mut BTreeSet<String>) {
    let Some(extra) = extra.filter(|extra| parse_object(extra).is_some()) else {
        return;
    };
    for other in Dialect::ALL.into_iter().filter(|other| *other != dialect) {
        let kept = Kept::unpack(Some(extra), other);
        let fields = kept.rest.into_iter().chain(kept.item.into_iter().flatten());
        // The type of an item is known without it.
        names.extend(fields.map(|(key, _)| key).filter(|key| key != "type"));
    }
}

/// The fields of a request that do not go along.
pub(super) fn of_envelope(envelope: Option<&Object>) -> Option<Loss> {
    let names: Vec<&str> = envelope?.keys().map(String::as_str).collect();
    let loss = || Loss {
        message: None,
        what: format!("fields of the request: {}", names.join(", ")),
    };
    (!names.is_empty()).then(loss)
}
