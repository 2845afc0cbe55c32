//! The document: steps and findings that come, change and go, and the text that shows them.

use std::io::{self, IoSlice, Write};

use crate::model::Model;
use crate::record::{FindingId, State};
use crate::rendered::Rendered;
use crate::view::{By, Key, Rank, View};
use crate::{Digest, Finding, Stats, Step, Summary, render};

/// The title of a document that was given none.
const TITLE: &str = "Consolidated findings";
/// Slices handed to one vectored write; the usual limit of a system call is 1,024.
const SLICES_MAX: usize = 1024;

/// What [`Consolidator::set`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// The number was new.
    Added,
    /// The number was taken by a different step, which is gone now.
    Replaced,
    /// The same step was there already; nothing was changed.
    Unchanged,
}

/// Consolidates steps and their findings into one document.
///
/// See the [crate documentation](crate) for costs and an example.
#[derive(Debug, Clone)]
pub struct Consolidator {
    pub(crate) model: Model,
    pub(crate) rendered: Rendered,
    pub(crate) stats: Stats,
}

impl Default for Consolidator {
    fn default() -> Self {
        Consolidator::with_title(TITLE)
    }
}

impl Consolidator {
    /// An empty document titled "Consolidated findings".
    pub fn new() -> Self {
        Consolidator::default()
    }

    /// An empty document with a title, shown on one line.
    pub fn with_title(title: impl Into<String>) -> Self {
        Consolidator {
            model: Model {
                title: title.into(),
                ..Model::default()
            },
            rendered: Rendered::default(),
            stats: Stats::default(),
        }
    }

    /// Puts a step at a number: added, or in place of the one that was there. Steps show in the order
    /// of their numbers, whatever the order in which they are set. Findings that are what they were,
    /// up to the first that is not, keep their ids.
    ///
    /// O(length of the step + log findings). Formats nothing.
    pub fn set(&mut self, number: u32, mut step: Step) -> Change {
        if self.model.is(number, &step) {
            self.stats.unchanged += 1;
            return Change::Unchanged;
        }
        let change = if self.model.steps.contains_key(&number) {
            self.stats.replaced += 1;
            Change::Replaced
        } else {
            self.stats.added += 1;
            Change::Added
        };
        self.put_meta(number, &mut step);
        let kept = self.keep_prefix(number, &step);
        self.push_findings(number, step.findings.into_iter().skip(kept));
        change
    }

    /// Takes a step out, with its findings. O(length of the step + its findings × log findings).
    pub fn remove(&mut self, number: u32) -> Option<Step> {
        let step = self.get(number)?;
        self.drop_step(number);
        self.stats.removed += 1;
        Some(step)
    }

    /// The step at a number, as it was given but for places that say nothing. O(length of the step).
    pub fn get(&self, number: u32) -> Option<Step> {
        let entry = self.model.steps.get(&number)?;
        Some(self.model.unpack(number, entry))
    }

    /// The steps in order, each made when it is asked for.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = (u32, Step)> + ExactSizeIterator {
        let unpack = |(number, entry)| (number, self.model.unpack(number, entry));
        self.model.steps.iter().map(unpack)
    }

    /// The number of steps.
    pub fn len(&self) -> usize {
        self.model.steps.len()
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.model.steps.is_empty()
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.model.title
    }

    /// Adds a finding at the end of a step; an untitled step, if none has the number.
    ///
    /// O(length of the finding + log findings), whatever the step holds.
    pub fn add(&mut self, step: u32, finding: Finding) -> FindingId {
        if !self.model.steps.contains_key(&step) {
            self.put_meta(step, &mut Step::default());
            self.stats.added += 1;
        }
        let index = self.push_findings(step, [finding]);
        self.model.id(index.expect("because one was given"))
    }

    /// Puts another finding where one is, under the same id, and returns the old one; `None`, and
    /// nothing is done, if it is gone. O(length of both + log findings).
    pub fn replace(&mut self, id: FindingId, finding: Finding) -> Option<Finding> {
        let index = self.model.index(id)?;
        let old = self.model.record(index).unpack(&self.model.names);
        if !self.model.record(index).is(&finding, &self.model.names) {
            self.exchange(index, finding);
        }
        Some(old)
    }

    /// Takes a finding out; its step stays. If others repeat it, the next of its exact duplicates is
    /// listed in its place; what was folded into it alone is listed by itself again.
    ///
    /// O(length of the finding + findings folded into it + log findings).
    pub fn remove_finding(&mut self, id: FindingId) -> Option<Finding> {
        let index = self.model.index(id)?;
        let old = self.model.record(index).unpack(&self.model.names);
        self.drop_finding(index);
        Some(old)
    }

    /// The finding of an id, as it was given but for places that say nothing.
    pub fn finding(&self, id: FindingId) -> Option<Finding> {
        let index = self.model.index(id)?;
        Some(self.model.record(index).unpack(&self.model.names))
    }

    /// The step that a finding belongs to.
    pub fn step_of(&self, id: FindingId) -> Option<u32> {
        Some(self.model.record(self.model.index(id)?).step)
    }

    /// The ids of all findings in the order of steps.
    pub fn findings(&self) -> impl DoubleEndedIterator<Item = FindingId> {
        (self.model.items.values()).map(|index| self.model.id(*index))
    }

    /// The ids of a step's findings in their order.
    pub fn findings_of(&self, step: u32) -> impl DoubleEndedIterator<Item = FindingId> {
        (self.model.indexes_of(step)).map(|index| self.model.id(index))
    }

    /// How the document is shown.
    pub fn view(&self) -> View {
        self.model.view
    }

    /// Shows the document otherwise. The next text is made from nothing; with other sections, this
    /// sorts the findings. O(1) if the view is what it was, else O(findings × log findings).
    pub fn set_view(&mut self, view: View) {
        if view == self.model.view {
            return;
        }
        let by = std::mem::replace(&mut self.model.view, view).by;
        self.rendered.reset();
        if by != view.by {
            self.model.list_all();
        }
    }

    /// The document: header, sections, footer.
    ///
    /// Formats what has changed and nothing else; moves what comes behind the first change. After a
    /// step at the end of a document that is shown by step, that is the new step and a footer.
    pub fn text(&mut self) -> &str {
        self.rendered.text(&self.model, &mut self.stats)
    }

    /// The document in pieces that make up [`text`](Self::text): formats what has changed, and puts it
    /// between long stretches of what has not.
    ///
    /// O(length of what has changed + pieces × log parts). Once pieces are many (a few times the square root
    /// of the number of parts) a later call puts the document in order, which copies it.
    pub fn segments(&mut self) -> Vec<&str> {
        self.rendered.segments(&self.model, &mut self.stats)
    }

    /// The document, formatted from nothing but steps and findings; equal to [`text`](Self::text)
    /// always. O(length of the document), and not counted in [`stats`](Self::stats).
    pub fn full_text(&self) -> String {
        let mut text = String::new();
        render::header(&self.model, &mut text);
        for part in self.model.walk(&Key::FIRST) {
            render::part(&self.model, part, &mut text);
        }
        render::footer(&self.model, &mut text);
        text
    }

    /// Writes the document and returns its length in bytes: its [`segments`](Self::segments), with
    /// vectored writes.
    ///
    /// # Errors
    ///
    /// The writer's own error, with part of the document written.
    pub fn write_to(&mut self, w: &mut impl Write) -> io::Result<u64> {
        write_all_vectored(w, &self.segments())
    }

    /// A digest over everything that is held, and its order. O(1) after steps are set and findings
    /// added; else O(length of the findings of steps in which one was replaced or removed).
    ///
    /// Equal content has an equal digest whatever the order in which it was set; different content
    /// has a different one unless hashes collide (128 bits; 64 for the order in a step). It is no
    /// defence against an adversary. Folds and the view are not content.
    pub fn digest(&mut self) -> Digest {
        Digest::new(self.model.digest())
    }

    /// Counts over the document. O(1).
    pub fn summary(&self) -> Summary {
        self.model.summary()
    }

    /// What the work so far has cost.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Removes the findings of a step from the first on that is not what `step` has there, and
    /// returns how many are left.
    fn keep_prefix(&mut self, number: u32, step: &Step) -> usize {
        if self.model.steps[&number].count == 0 {
            return 0;
        }
        let held: Vec<u32> = self.model.indexes_of(number).collect();
        let pairs = held.iter().zip(&step.findings);
        let kept = (pairs.take_while(|(index, finding)| {
            self.model.record(**index).is(finding, &self.model.names)
        }))
        .count();
        self.touch(number, Rank::Tail);
        for index in held[kept..].iter().rev() {
            self.drop_finding(*index);
        }
        kept
    }
}

impl Model {
    /// Lists every finding anew, as after a change of the view.
    fn list_all(&mut self) {
        (self.listed, self.sections) = Default::default();
        if self.view.by == By::Step {
            return;
        }
        for index in 0..self.records.len() as u32 {
            if self.record(index).state == State::Shown {
                let (section, group) = self.section(index);
                self.sections.entry(section).or_insert((group, 0)).1 += 1;
                let order = self.record(index).order();
                self.listed.insert((group, order), index);
            }
        }
    }
}

/// Writes all parts in order, as many at once as the writer takes.
fn write_all_vectored(w: &mut impl Write, parts: &[&str]) -> io::Result<u64> {
    let mut written = 0;
    for chunk in parts.chunks(SLICES_MAX) {
        let mut slices: Vec<_> = chunk.iter().map(|p| IoSlice::new(p.as_bytes())).collect();
        let mut left = &mut slices[..];
        IoSlice::advance_slices(&mut left, 0); // Skips empty ones, which a write could only return 0 for.
        while !left.is_empty() {
            match w.write_vectored(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    written += count as u64;
                    IoSlice::advance_slices(&mut left, count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(written)
}
