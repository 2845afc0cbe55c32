//! Where the parts of a document are in its text.

use crate::pages::Pages;
use crate::sorted::Sorted;
use crate::view::Part;

/// Where settled parts are in the buffer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spans {
    items: Pages<Span>,
    steps: Sorted<u32, [Span; 2]>,
    headings: Sorted<u32, Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    /// Of a part that is not settled: none ends before it starts.
    pub(crate) const NONE: Span = Span { start: 1, end: 0 };

    pub(crate) fn len(self) -> usize {
        self.end - self.start
    }

    pub(crate) fn of(self, text: &str) -> &str {
        &text[self.start..self.end]
    }
}

impl Spans {
    pub(crate) fn get(&self, part: Part) -> Span {
        let span = match part {
            Part::Item(index) => self.items.get(index as usize).copied(),
            Part::Prelude(step) => self.steps.get(&step).map(|spans| spans[0]),
            Part::Tail(step) => self.steps.get(&step).map(|spans| spans[1]),
            Part::Heading(group, _) => self.headings.get(&group).copied(),
        };
        span.unwrap_or(Span::NONE)
    }

    pub(crate) fn set(&mut self, part: Part, span: Span) {
        let none = || [Span::NONE; 2];
        match part {
            Part::Item(index) => {
                let index = index as usize;
                self.items.grow(index + 1, &Span::NONE);
                self.items[index] = span;
            }
            Part::Prelude(step) => self.steps.get_or_insert_with(step, none)[0] = span,
            Part::Tail(step) => self.steps.get_or_insert_with(step, none)[1] = span,
            Part::Heading(group, _) => self.headings.insert(group, span),
        }
    }

    /// Where a part is, which is not noted any more.
    pub(crate) fn take(&mut self, part: Part) -> Span {
        let span = match part {
            Part::Item(index) => self.items.get_mut(index as usize),
            Part::Prelude(step) => self.steps.get_mut(&step).map(|spans| &mut spans[0]),
            Part::Tail(step) => self.steps.get_mut(&step).map(|spans| &mut spans[1]),
            Part::Heading(group, _) => self.headings.get_mut(&group),
        };
        let Some(span) = span else {
            return Span::NONE;
        };
        let span = std::mem::replace(span, Span::NONE);
        match part {
            Part::Prelude(step) | Part::Tail(step)
                if self.steps.get(&step) == Some(&[Span::NONE; 2]) =>
            {
                self.steps.remove(&step);
            }
            Part::Heading(group, _) => drop(self.headings.remove(&group)),
            _ => {}
        }
        span
    }
}
