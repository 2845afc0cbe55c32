//! The document as text: parts in one buffer, of which a change makes only some stale.
//!
//! Up to the first stale part the buffer holds header and parts in the order of the document. Behind
//! it parts lie anywhere, until [`Rendered::settle`] puts them in order again.

use std::collections::HashMap;

use crate::Stats;
use crate::model::Model;
use crate::render;
use crate::view::{Key, Part};

/// Garbage that a buffer may hold whatever its length.
const GARBAGE_MIN: usize = 4096;

/// The formatted parts of a document. Empty until text is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rendered {
    active: bool,
    buffer: String,
    /// The first key from which on the buffer is not the document, and the end of what is before it.
    stale: Option<(Key, usize)>,
    /// Where the footer starts, if nothing is stale.
    body: usize,
    /// The footer, while the buffer is not in order.
    footer: String,
    spans: Spans,
    scratch: String,
}

/// Where parts are in the buffer.
#[derive(Debug, Clone, Default)]
struct Spans {
    items: Vec<Span>,
    steps: HashMap<u32, [Span; 2]>,
    headings: HashMap<u32, Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// Of a part that is not formatted: none ends before it starts.
    const NONE: Span = Span { start: 1, end: 0 };
}

impl Rendered {
    /// Forgets everything, as after a change of the view.
    pub(crate) fn reset(&mut self) {
        *self = Rendered::default();
    }

    /// Notes, before the change, that nothing from `key` on is sure to hold.
    pub(crate) fn mark(&mut self, model: &Model, key: &Key) {
        if !self.active || self.stale.as_ref().is_some_and(|(stale, _)| stale <= key) {
            return;
        }
        // Whatever comes before the first stale part is in order, and knows where it starts.
        let next = model.walk(key).next();
        let offset = match (next, &self.stale) {
            (Some(part), None) => self.spans.get(part).start,
            (Some(part), Some((stale, offset))) => {
                let before = model.key(part).is_some_and(|key| key < *stale);
                if before {
                    self.spans.get(part).start
                } else {
                    *offset
                }
            }
            (None, Some((_, offset))) => *offset,
            (None, None) => self.body,
        };
        self.stale = Some((key.clone(), offset));
    }

    /// Forgets how a part was formatted; it is marked.
    pub(crate) fn forget(&mut self, part: Part) {
        if self.active {
            self.spans.remove(part);
        }
    }

    /// The document in one piece.
    pub(crate) fn text(&mut self, model: &Model, stats: &mut Stats) -> &str {
        self.start(model, stats);
        self.settle(model, stats);
        &self.buffer
    }

    /// The document in as few pieces as there are without moving what is formatted.
    pub(crate) fn segments(&mut self, model: &Model, stats: &mut Stats) -> Vec<&str> {
        self.start(model, stats);
        if self.is_appended(model) || self.is_garbage() {
            self.settle(model, stats);
        }
        let Some((key, offset)) = self.stale.clone() else {
            return vec![&self.buffer];
        };
        self.format(model, &key, stats);
        self.footer.clear();
        render::footer(model, &mut self.footer);
        stats.bytes_formatted += self.footer.len() as u64;
        let mut pieces = vec![Span {
            start: 0,
            end: offset,
        }];
        for part in model.walk(&key) {
            let span = self.spans.get(part);
            match pieces.last_mut() {
                Some(last) if last.end == span.start => last.end = span.end,
                _ => pieces.push(span),
            }
        }
        let pieces = pieces.iter().map(|span| &self.buffer[span.start..span.end]);
        pieces.chain([self.footer.as_str()]).collect()
    }

    /// Counts the text that is asked for, and begins with the header if it is the first.
    fn start(&mut self, model: &Model, stats: &mut Stats) {
        if !self.active {
            stats.full_builds += 1;
            self.active = true;
            render::header(model, &mut self.buffer);
            self.stale = Some((Key::FIRST, self.buffer.len()));
        } else if self.stale.is_some() {
            stats.incremental_updates += 1;
        } else {
            stats.reused += 1;
        }
    }

    /// Whether nothing that is formatted would have to move for the buffer to be in order.
    fn is_appended(&self, model: &Model) -> bool {
        let Some((key, _)) = &self.stale else {
            return true;
        };
        model
            .walk(key)
            .all(|part| self.spans.get(part) == Span::NONE)
    }

    /// Whether more of the buffer is garbage than not, by a guess that costs nothing.
    fn is_garbage(&self) -> bool {
        self.buffer.len() > 2 * self.body + GARBAGE_MIN
    }

    /// Formats what is not formatted from `key` on, behind everything else.
    fn format(&mut self, model: &Model, key: &Key, stats: &mut Stats) {
        for part in model.walk(key) {
            if self.spans.get(part) == Span::NONE {
                self.push(model, part, stats);
            }
        }
    }

    /// Puts the buffer in order: keeps what is before the first stale part, then copies what is
    /// formatted and formats what is not.
    fn settle(&mut self, model: &Model, stats: &mut Stats) {
        let Some((key, offset)) = self.stale.take() else {
            return;
        };
        self.scratch.push_str(&self.buffer[offset..]);
        self.buffer.truncate(offset);
        for part in model.walk(&key) {
            let old = self.spans.get(part);
            if old == Span::NONE {
                self.push(model, part, stats);
                continue;
            }
            let start = self.buffer.len();
            (self.buffer).push_str(&self.scratch[old.start - offset..old.end - offset]);
            let end = self.buffer.len();
            stats.bytes_copied += (end - start) as u64;
            self.spans.set(part, Span { start, end });
        }
        self.scratch.clear();
        self.scratch.shrink_to(GARBAGE_MIN);
        self.body = self.buffer.len();
        render::footer(model, &mut self.buffer);
        stats.bytes_formatted += (self.buffer.len() - self.body) as u64;
    }

    /// Formats a part at the end of the buffer.
    fn push(&mut self, model: &Model, part: Part, stats: &mut Stats) {
        let start = self.buffer.len();
        render::part(model, part, &mut self.buffer);
        let end = self.buffer.len();
        stats.bytes_formatted += (end - start) as u64;
        self.spans.set(part, Span { start, end });
    }
}

impl Spans {
    fn get(&self, part: Part) -> Span {
        let span = match part {
            Part::Item(index) => self.items.get(index as usize).copied(),
            Part::Prelude(step) => self.steps.get(&step).map(|spans| spans[0]),
            Part::Tail(step) => self.steps.get(&step).map(|spans| spans[1]),
            Part::Heading(group, _) => self.headings.get(&group).copied(),
        };
        span.unwrap_or(Span::NONE)
    }

    fn set(&mut self, part: Part, span: Span) {
        let none = [Span::NONE; 2];
        match part {
            Part::Item(index) => {
                let index = index as usize;
                if index >= self.items.len() {
                    let more = index + 1 - self.items.len();
                    self.items.reserve_exact(more.max(self.items.len() / 8));
                    self.items.resize(index + 1, Span::NONE);
                }
                self.items[index] = span;
            }
            Part::Prelude(step) => self.steps.entry(step).or_insert(none)[0] = span,
            Part::Tail(step) => self.steps.entry(step).or_insert(none)[1] = span,
            Part::Heading(group, _) => drop(self.headings.insert(group, span)),
        }
    }

    fn remove(&mut self, part: Part) {
        match part {
            Part::Item(index) => {
                if let Some(span) = self.items.get_mut(index as usize) {
                    *span = Span::NONE;
                }
            }
            Part::Prelude(step) | Part::Tail(step) => {
                if let Some(spans) = self.steps.get_mut(&step) {
                    spans[usize::from(part == Part::Tail(step))] = Span::NONE;
                    if *spans == [Span::NONE; 2] {
                        self.steps.remove(&step);
                    }
                }
            }
            Part::Heading(group, _) => drop(self.headings.remove(&group)),
        }
    }
}
