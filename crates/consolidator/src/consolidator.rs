//! The document: steps in order, their rendered segments, and the joined text.

use std::collections::BTreeMap;
use std::io::{self, IoSlice, Write};

use crate::digest::{of_header, of_step};
use crate::summary::Tally;
use crate::{Digest, Step, Summary, render};

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
    /// The same step was there already; nothing was formatted.
    Unchanged,
}

/// What the work so far has cost. All counts only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Steps added.
    pub added: u64,
    /// Steps replaced by a different one.
    pub replaced: u64,
    /// Steps removed.
    pub removed: u64,
    /// Steps set to what they were.
    pub unchanged: u64,
    /// Texts joined from the first segment on: the first one.
    pub full_builds: u64,
    /// Texts made from the one before by exchanging its end.
    pub incremental_updates: u64,
    /// Texts handed out again as they were.
    pub reused: u64,
    /// Bytes of Markdown formatted: each step once for each change, and a footer for each text.
    pub bytes_formatted: u64,
    /// Bytes of segments copied into the joined text.
    pub bytes_copied: u64,
}

/// Consolidates steps into one Markdown document.
///
/// See the [crate documentation](crate) for costs and an example.
#[derive(Debug, Clone)]
pub struct Consolidator {
    title: String,
    header: String,
    entries: BTreeMap<u32, Entry>,
    tally: Tally,
    /// Sum of the digests of all steps: adding and taking away is all that a change costs.
    digest: u128,
    joined: Option<Joined>,
    stats: Stats,
}

#[derive(Debug, Clone)]
struct Entry {
    step: Step,
    segment: String,
    digest: u128,
    /// Where the segment starts in the joined text, if it is joined and not stale.
    start: usize,
}

/// The text that was handed out last: header and segments, then the footer.
#[derive(Debug, Clone)]
struct Joined {
    text: String,
    /// Where the footer starts.
    body: usize,
    stale: Option<Stale>,
}

/// The part of a joined text that no longer holds: every step from `number` on, which is everything
/// from `offset` on.
#[derive(Debug, Clone, Copy)]
struct Stale {
    number: u32,
    offset: usize,
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
        let title = title.into();
        let header = render::header(&title);
        Consolidator {
            title,
            header,
            entries: BTreeMap::new(),
            tally: Tally::default(),
            digest: 0,
            joined: None,
            stats: Stats::default(),
        }
    }

    /// Puts a step at a number: added, or in place of the one that was there. Steps show in the order
    /// of their numbers, whatever the order in which they are set.
    ///
    /// O(length of the step + log steps). Formats the step once, unless it is what it was.
    pub fn set(&mut self, number: u32, step: Step) -> Change {
        let known = self.entries.get(&number);
        if known.is_some_and(|entry| entry.step == step) {
            self.stats.unchanged += 1;
            return Change::Unchanged;
        }
        let entry = Entry::new(number, step);
        self.stats.bytes_formatted += entry.segment.len() as u64;
        self.mark_stale(number);
        self.tally.add(&entry.step);
        self.digest = self.digest.wrapping_add(entry.digest);
        match self.entries.insert(number, entry) {
            None => {
                self.stats.added += 1;
                Change::Added
            }
            Some(old) => {
                self.forget(&old);
                self.stats.replaced += 1;
                Change::Replaced
            }
        }
    }

    /// Takes a step out. O(length of the step + log steps).
    pub fn remove(&mut self, number: u32) -> Option<Step> {
        if !self.entries.contains_key(&number) {
            return None;
        }
        self.mark_stale(number);
        let old = self.entries.remove(&number)?;
        self.forget(&old);
        self.stats.removed += 1;
        Some(old.step)
    }

    /// The step at a number.
    pub fn get(&self, number: u32) -> Option<&Step> {
        self.entries.get(&number).map(|entry| &entry.step)
    }

    /// The steps in order.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = (u32, &Step)> + ExactSizeIterator {
        (self.entries.iter()).map(|(number, entry)| (*number, &entry.step))
    }

    /// The number of steps.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The document: header, a block per step, footer.
    ///
    /// Costs the copying of every segment from the first changed step on, and a footer: after an
    /// append at the end that is the new step alone. Nothing is formatted again.
    pub fn text(&mut self) -> &str {
        let stats = &mut self.stats;
        match &self.joined {
            None => stats.full_builds += 1,
            Some(joined) if joined.stale.is_some() => stats.incremental_updates += 1,
            Some(_) => stats.reused += 1,
        }
        let joined = (self.joined).get_or_insert_with(|| Joined::new(&self.header));
        if joined.stale.is_some() {
            stats.bytes_copied += joined.catch_up(&mut self.entries);
            let footer = render::footer(&self.tally.summary());
            stats.bytes_formatted += footer.len() as u64;
            joined.text.push_str(&footer);
        }
        &joined.text
    }

    /// The document, formatted from nothing but the steps; equal to [`text`](Self::text) always.
    /// O(length of the document), and not counted in [`stats`](Self::stats).
    pub fn full_text(&self) -> String {
        let mut text = render::header(&self.title);
        let mut tally = Tally::default();
        for (number, entry) in &self.entries {
            text.push_str(&render::step(*number, &entry.step));
            tally.add(&entry.step);
        }
        text.push_str(&render::footer(&tally.summary()));
        text
    }

    /// Writes the document and returns its length in bytes. Writes the segments where they are, with
    /// vectored writes, unless they are joined already.
    ///
    /// # Errors
    ///
    /// The writer's own error, with part of the document written.
    pub fn write_to(&mut self, w: &mut impl Write) -> io::Result<u64> {
        if let Some(joined) = self.joined.as_ref().filter(|joined| joined.stale.is_none()) {
            w.write_all(joined.text.as_bytes())?;
            return Ok(joined.text.len() as u64);
        }
        let footer = render::footer(&self.summary());
        self.stats.bytes_formatted += footer.len() as u64;
        let segments = self.entries.values().map(|entry| entry.segment.as_str());
        let parts = std::iter::once(self.header.as_str()).chain(segments);
        write_all_vectored(w, parts.chain([footer.as_str()]))
    }

    /// A digest over everything that shows and every file that is named. O(1).
    ///
    /// Equal content has an equal digest whatever the order in which it was set; different content
    /// has a different one unless 128-bit hashes collide. It is no defence against an adversary.
    pub fn digest(&self) -> Digest {
        Digest::new(self.digest.wrapping_add(of_header(&self.header)))
    }

    /// Counts over the document. O(1).
    pub fn summary(&self) -> Summary {
        self.tally.summary()
    }

    /// What the work so far has cost.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    fn forget(&mut self, old: &Entry) {
        self.tally.remove(&old.step);
        self.digest = self.digest.wrapping_sub(old.digest);
    }

    /// Notes, before the change, that the joined text no longer holds from `number` on.
    fn mark_stale(&mut self, number: u32) {
        let Some(joined) = &mut self.joined else {
            return;
        };
        let bound = joined.stale.map_or(u32::MAX, |stale| stale.number);
        if joined.stale.is_some() && bound <= number {
            return;
        }
        // Steps from `number` up to the first stale one are joined, and know where they start.
        let next = self.entries.range(number..).next();
        let offset = match (next, joined.stale) {
            (Some((_, entry)), None) => entry.start,
            (Some((at, entry)), Some(stale)) if *at < stale.number => entry.start,
            (_, Some(stale)) => stale.offset,
            (None, None) => joined.body,
        };
        joined.stale = Some(Stale { number, offset });
    }
}

impl Entry {
    fn new(number: u32, step: Step) -> Self {
        let segment = render::step(number, &step);
        Entry {
            digest: of_step(&segment, &step),
            segment,
            step,
            start: 0,
        }
    }
}

impl Joined {
    /// A text of the header alone, with every step still to come.
    fn new(header: &str) -> Self {
        let offset = header.len();
        Joined {
            text: header.to_owned(),
            body: offset,
            stale: Some(Stale { number: 0, offset }),
        }
    }

    /// Exchanges what is stale, and the footer, for the current segments; returns the bytes copied.
    fn catch_up(&mut self, entries: &mut BTreeMap<u32, Entry>) -> u64 {
        let Some(stale) = self.stale.take() else {
            return 0;
        };
        self.text.truncate(stale.offset);
        for entry in entries.range_mut(stale.number..).map(|(_, entry)| entry) {
            entry.start = self.text.len();
            self.text.push_str(&entry.segment);
        }
        self.body = self.text.len();
        (self.body - stale.offset) as u64
    }
}

/// Writes all parts in order, as many at once as the writer takes.
fn write_all_vectored<'a>(
    w: &mut impl Write,
    parts: impl Iterator<Item = &'a str>,
) -> io::Result<u64> {
    let parts: Vec<&str> = parts.collect();
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
