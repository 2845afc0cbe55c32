//! The document as text: parts in one buffer, and the patches that changes have put on it.
//!
//! The buffer holds header and parts in the order of the document as it was when [`Rendered::settle`]
//! last put them in order. A change notes which stretch of the buffer its parts take the place of:
//! all that follows stays where it is. What stands behind everything is appended instead.

use std::collections::BTreeMap;

use crate::Stats;
use crate::model::Model;
use crate::render;
use crate::spans::{Span, Spans};
use crate::view::{Key, Part};

/// Garbage that patches may hold whatever the length of the document.
const GARBAGE_MIN: usize = 4096;
/// Patches that are handed out again and again, however short the document is.
const PATCHES_MIN: usize = 64;

/// The formatted parts of a document. Empty until text is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rendered {
    active: bool,
    /// Whether something has changed since text was asked for.
    stale: bool,
    buffer: String,
    /// Whether the buffer is the document, footer included.
    whole: bool,
    /// Where parts end in the buffer.
    body: usize,
    /// The first key from which on nothing is in the buffer.
    rest: Option<Key>,
    /// What has changed before that, in the order of the document.
    patches: BTreeMap<Key, Patch>,
    patch_text: String,
    /// Patches that were there when text was last asked for.
    known: usize,
    /// The footer, while there are patches.
    footer: String,
    spans: Spans,
    scratch: String,
}

/// A part that takes the place of a stretch of the buffer, or of nothing.
#[derive(Debug, Clone)]
struct Patch {
    replaced: Span,
    /// Where its text is; [`Span::NONE`] while it is not formatted, empty once the part is gone.
    text: Span,
    gone: bool,
}

impl Rendered {
    /// Forgets everything, as after a change of the view.
    pub(crate) fn reset(&mut self) {
        *self = Rendered::default();
    }

    /// Whether text was asked for, so that changes have to be marked.
    pub(crate) fn is_active(&self) -> bool {
        self.active
    }

    /// Notes, before the change, that a part changes, comes or goes. O(log parts).
    pub(crate) fn mark(&mut self, model: &Model, key: &Key, part: Part) {
        if !self.active {
            return;
        }
        self.stale = true;
        let settled = self.spans.take(part);
        if self.rest.as_ref().is_some_and(|rest| rest <= key) {
            return;
        }
        if let Some(patch) = self.patches.get_mut(key) {
            patch.text = Span::NONE;
            return;
        }
        let replaced = match settled {
            Span::NONE => self.place(model, key),
            settled => settled,
        };
        if replaced.start == self.body {
            self.rest = Some(key.clone());
            return;
        }
        let (text, gone) = (Span::NONE, false);
        let patch = Patch {
            replaced,
            text,
            gone,
        };
        self.patches.insert(key.clone(), patch);
    }

    /// Where the buffer would have a part that it lacks: before the next one that it has. Whatever
    /// lies between has a patch, which knows.
    fn place(&self, model: &Model, key: &Key) -> Span {
        let settled = model.walk(key).next().map(|part| self.spans.get(part));
        let settled = settled.filter(|span| *span != Span::NONE);
        let patch = self.patches.range(key..).next();
        let patch = patch.map(|(_, patch)| patch.replaced);
        let starts = settled.into_iter().chain(patch).map(|span| span.start);
        let start = starts.min().unwrap_or(self.body);
        Span { start, end: start }
    }

    /// The document in one piece.
    pub(crate) fn text(&mut self, model: &Model, stats: &mut Stats) -> &str {
        self.start(model, stats);
        self.settle(model, stats);
        &self.buffer
    }

    /// The document in as few pieces as there are, without moving what is formatted unless that is due.
    pub(crate) fn segments(&mut self, model: &Model, stats: &mut Stats) -> Vec<&str> {
        let changed = self.start(model, stats);
        if self.patches.is_empty() || changed && self.is_worn(model) {
            self.settle(model, stats);
            return vec![&self.buffer];
        }
        if changed {
            self.append(model, stats);
            self.format(model, stats);
            self.footer.clear();
            render::footer(model, &mut self.footer);
            stats.bytes_formatted += self.footer.len() as u64;
        }
        self.known = self.patches.len();
        self.pieces()
    }

    /// Stretches of the buffer, with patches between them.
    fn pieces(&self) -> Vec<&str> {
        let mut pieces = Vec::with_capacity(2 * self.patches.len() + 2);
        let mut at = 0;
        // Texts that were formatted one after the other are one piece.
        let mut open = Span { start: 0, end: 0 };
        for patch in self.patches.values() {
            if patch.replaced.start > at {
                pieces.push(open.of(&self.patch_text));
                pieces.push(&self.buffer[at..patch.replaced.start]);
                open = patch.text;
            } else if patch.text.start == open.end {
                open.end = patch.text.end;
            } else if patch.text.len() > 0 {
                pieces.push(open.of(&self.patch_text));
                open = patch.text;
            }
            at = patch.replaced.end;
        }
        pieces.push(open.of(&self.patch_text));
        pieces.extend([&self.buffer[at..self.body], &self.footer]);
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    /// Counts the text that is asked for, and begins with the header if it is the first. Returns
    /// whether anything has changed.
    fn start(&mut self, model: &Model, stats: &mut Stats) -> bool {
        let stale = std::mem::take(&mut self.stale);
        if !self.active {
            stats.full_builds += 1;
            self.active = true;
            render::header(model, &mut self.buffer);
            self.body = self.buffer.len();
            self.rest = Some(Key::FIRST);
            return true;
        }
        self.whole &= !stale;
        match stale {
            true => stats.incremental_updates += 1,
            false => stats.reused += 1,
        }
        stale
    }

    /// Whether so much was patched that putting all in order costs less than going on.
    fn is_worn(&self, model: &Model) -> bool {
        let parts = model.records.len() + 2 * model.steps.len();
        self.patch_text.len() > self.body + GARBAGE_MIN
            || self.known > PATCHES_MIN + 2 * parts.isqrt()
    }

    /// Formats what stands behind everything in the buffer.
    fn append(&mut self, model: &Model, stats: &mut Stats) {
        let Some(key) = self.rest.take() else {
            return;
        };
        let (buffer, spans) = (&mut self.buffer, &mut self.spans);
        buffer.truncate(self.body);
        model.walk(&key).for_each(|part| {
            let start = buffer.len();
            render::part(model, part, buffer);
            let end = buffer.len();
            spans.set(part, Span { start, end });
        });
        stats.bytes_formatted += (buffer.len() - self.body) as u64;
        self.body = buffer.len();
    }

    /// Formats the patches that are not, and drops those that change nothing any more.
    fn format(&mut self, model: &Model, stats: &mut Stats) {
        let out = &mut self.patch_text;
        let before = out.len();
        self.patches.retain(|key, patch| {
            if patch.text == Span::NONE {
                let start = out.len();
                let part = model.part_at(key);
                patch.gone = part.is_none();
                if let Some(part) = part {
                    render::part(model, part, out);
                }
                let end = out.len();
                patch.text = Span { start, end };
            }
            !patch.gone || patch.replaced.len() > 0
        });
        stats.bytes_formatted += (out.len() - before) as u64;
    }

    /// Puts the buffer in order: what was patched, and what is behind it, is copied.
    fn settle(&mut self, model: &Model, stats: &mut Stats) {
        if self.whole {
            return;
        }
        self.append(model, stats);
        self.format(model, stats);
        self.buffer.truncate(self.body);
        let patches = std::mem::take(&mut self.patches);
        if let Some((key, first)) = patches.first_key_value() {
            let offset = first.replaced.start;
            self.scratch.push_str(&self.buffer[offset..self.body]);
            self.buffer.truncate(offset);
            let mut at = offset;
            for patch in patches.values() {
                let kept = &self.scratch[at - offset..patch.replaced.start - offset];
                self.buffer.push_str(kept);
                self.buffer.push_str(patch.text.of(&self.patch_text));
                at = patch.replaced.end;
            }
            self.buffer.push_str(&self.scratch[at - offset..]);
            self.body = self.buffer.len();
            stats.bytes_copied += (self.body - offset) as u64;
            self.place_from(model, key, offset, &patches);
        }
        (self.whole, self.known, self.patch_text) = (true, 0, String::new());
        self.scratch.clear();
        self.scratch.shrink_to(GARBAGE_MIN);
        render::footer(model, &mut self.buffer);
        stats.bytes_formatted += (self.buffer.len() - self.body) as u64;
    }

    /// Notes where the parts from a key on are, in order from an offset on.
    fn place_from(
        &mut self,
        model: &Model,
        key: &Key,
        offset: usize,
        patches: &BTreeMap<Key, Patch>,
    ) {
        let mut start = offset;
        let mut patches = patches.values().filter(|patch| !patch.gone);
        model.walk(key).for_each(|part| {
            let length = match self.spans.get(part) {
                Span::NONE => patches.next().map_or(0, |patch| patch.text.len()),
                settled => settled.len(),
            };
            let end = start + length;
            self.spans.set(part, Span { start, end });
            start = end;
        });
        debug_assert_eq!(start, self.body, "every part has its place");
    }
}
