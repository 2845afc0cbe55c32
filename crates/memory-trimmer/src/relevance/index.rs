//! The words of the messages, kept up to date as messages come and go.

use std::collections::HashMap;

use super::vocabulary::{Vocabulary, Word};
use super::words::for_each_word;

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Speaker {
    /// The one whose "I" a query means.
    User,
    /// The one whom a query addresses as "you".
    Assistant,
    /// Neither: a tool, the system.
    #[default]
    Other,
}

/// A message as the index sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document<'a> {
    text: &'a str,
    tokens: u32,
    speaker: Speaker,
}

impl<'a> Document<'a> {
    /// A message of so many tokens, by neither the user nor the assistant.
    pub fn new(text: &'a str, tokens: u32) -> Self {
        Document {
            text,
            tokens,
            speaker: Speaker::Other,
        }
    }

    /// Says who wrote it.
    #[must_use]
    pub fn by(self, speaker: Speaker) -> Self {
        Document { speaker, ..self }
    }
}

/// A message in an [`Index`]. Later messages have greater ids, and none is used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(u64);

/// An inverted index over the messages of one conversation.
///
/// Adding a message costs O(its words), removing one O(log n), plus, amortised, O(its words): what
/// was removed is swept out when it outweighs what is left. Memory: 4 bytes for each word of a
/// message that is no stop word, 32 for each message, and about 110 for each distinct word.
///
/// ```
/// use autoexec_memory_trimmer::relevance::{Document, Index, Speaker, Weights};
///
/// let mut index = Index::new();
/// index.push(Document::new("I bought a red kayak in Oslo.", 9).by(Speaker::User));
/// index.push(Document::new("Nice! What else is new?", 7).by(Speaker::Assistant));
/// index.push(Document::new("Nothing much.", 3).by(Speaker::User));
/// let mut scores = Vec::new();
/// index.scores("Where did I buy my kayak?", 500, &Weights::default(), &mut scores);
/// assert!(scores[0] > scores[1] && scores[1] > scores[2]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Index {
    pub(super) vocabulary: Vocabulary,
    /// For each term the slots whose messages have it, in order, once for each time they do.
    pub(super) postings: Vec<Vec<u32>>,
    /// One for each message, oldest first, and for those removed since the last sweep.
    pub(super) slots: Vec<Slot>,
    pub(super) names: HashMap<Box<str>, u32>,
    /// How many messages begin with a name.
    pub(super) name_counts: Vec<u32>,
    /// No slot before this one is alive.
    first: usize,
    pub(super) live: Totals,
    dead: Totals,
    next_id: u64,
}

/// Sums over slots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) documents: usize,
    pub(super) words: u64,
    pub(super) tokens: u64,
}

impl Totals {
    fn add(&mut self, slot: &Slot) {
        self.documents += 1;
        self.words += u64::from(slot.words);
        self.tokens += u64::from(slot.tokens);
    }

    fn subtract(&mut self, slot: &Slot) {
        self.documents -= 1;
        self.words -= u64::from(slot.words);
        self.tokens -= u64::from(slot.tokens);
    }

    /// What sweeping over them costs.
    fn work(&self) -> u64 {
        self.documents as u64 + self.words
    }
}

#[derive(Debug, Clone)]
pub(super) struct Slot {
    id: DocumentId,
    /// Words that are no stop words.
    pub(super) words: u32,
    tokens: u32,
    /// The share of words in the first person, of all words.
    pub(super) first_person: f32,
    pub(super) name: Option<u32>,
    pub(super) speaker: Speaker,
    pub(super) number: bool,
    pub(super) alive: bool,
}

/// Below this much, removed messages are not worth a sweep.
const SWEEP_WORK_MIN: u64 = 64;

impl Index {
    /// An index of nothing.
    pub fn new() -> Self {
        Index::default()
    }

    /// The number of messages.
    pub fn len(&self) -> usize {
        self.live.documents
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The messages, oldest first: the order of [`scores`](Self::scores).
    pub fn ids(&self) -> impl Iterator<Item = DocumentId> {
        self.alive().map(|slot| slot.id)
    }

    /// Adds a message behind all others. O(its words).
    pub fn push(&mut self, document: Document<'_>) -> DocumentId {
        let at = u32::try_from(self.slots.len()).expect("because so many slots fit no memory");
        let id = DocumentId(self.next_id);
        let mut slot = Slot {
            id,
            words: 0,
            tokens: document.tokens,
            first_person: 0.0,
            name: self.intern_name(document.text),
            speaker: document.speaker,
            number: false,
            alive: true,
        };
        let (mut all, mut first_person) = (0_u32, 0_u32);
        for_each_word(document.text, |word| {
            all += 1;
            slot.number |= word.starts_with(char::is_numeric);
            match self.vocabulary.intern(word) {
                Word::Stop => {}
                Word::FirstPerson => first_person += 1,
                Word::Term(term) => {
                    slot.words += 1;
                    if self.postings.len() == term as usize {
                        self.postings.push(Vec::new());
                    }
                    self.postings[term as usize].push(at);
                }
            }
        });
        slot.first_person = first_person as f32 / all.max(1) as f32;
        self.live.add(&slot);
        self.slots.push(slot);
        self.next_id += 1;
        id
    }

    /// Removes a message; `false` if it is not, or no longer, there.
    pub fn remove(&mut self, id: DocumentId) -> bool {
        let found = self.slots.binary_search_by_key(&id, |slot| slot.id);
        let removed = found.is_ok_and(|at| self.bury(at));
        self.sweep_if_due();
        removed
    }

    /// Removes the `count` oldest messages, or all if there are fewer.
    pub fn pop_front(&mut self, count: usize) {
        let mut left = count.min(self.len());
        while left > 0 {
            left -= usize::from(self.bury(self.first));
        }
        self.sweep_if_due();
    }

    /// Keeps the messages of which `keep`, given their positions in order, says so. O(messages).
    pub fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        let mut position = 0;
        for at in self.first..self.slots.len() {
            if self.slots[at].alive {
                if !keep(position) {
                    self.bury(at);
                }
                position += 1;
            }
        }
        self.sweep_if_due();
    }

    pub(super) fn alive(&self) -> impl Iterator<Item = &Slot> {
        self.slots[self.first..].iter().filter(|slot| slot.alive)
    }

    fn intern_name(&mut self, text: &str) -> Option<u32> {
        let name = name_of(text)?.to_lowercase();
        let next = u32::try_from(self.names.len()).expect("because so many names fit no memory");
        let number = *self.names.entry(name.into()).or_insert(next);
        if number == next {
            self.name_counts.push(0);
        }
        self.name_counts[number as usize] += 1;
        Some(number)
    }

    fn bury(&mut self, at: usize) -> bool {
        let slot = &mut self.slots[at];
        let alive = std::mem::replace(&mut slot.alive, false);
        if alive {
            self.live.subtract(slot);
            self.dead.add(slot);
            if let Some(name) = slot.name {
                self.name_counts[name as usize] -= 1;
            }
        }
        if at == self.first {
            self.first += 1;
        }
        alive
    }

    fn sweep_if_due(&mut self) {
        if self.dead.work() > self.live.work().max(SWEEP_WORK_MIN) {
            self.sweep();
        }
    }

    /// Forgets what was removed, with the words and names that only it had.
    fn sweep(&mut self) {
        let mut next = 0;
        let moved = self.slots.iter().map(|slot| {
            next += u32::from(slot.alive);
            slot.alive.then(|| next - 1)
        });
        let moved: Vec<Option<u32>> = moved.collect();
        for slots in &mut self.postings {
            slots.retain_mut(|slot| match moved[*slot as usize] {
                Some(to) => {
                    *slot = to;
                    true
                }
                None => false,
            });
            slots.shrink_to_fit();
        }
        let renumber = renumber(self.postings.iter().map(|slots| !slots.is_empty()));
        self.vocabulary.retain(&renumber);
        self.postings.retain(|slots| !slots.is_empty());
        self.slots.retain(|slot| slot.alive);
        self.sweep_names();
        (self.first, self.dead) = (0, Totals::default());
    }

    fn sweep_names(&mut self) {
        let renumber = renumber(self.name_counts.iter().map(|&count| count > 0));
        self.names
            .retain(|_, number| match renumber[*number as usize] {
                Some(to) => {
                    *number = to;
                    true
                }
                None => false,
            });
        self.name_counts.retain(|&count| count > 0);
        for slot in &mut self.slots {
            slot.name = slot.name.and_then(|name| renumber[name as usize]);
        }
    }
}

/// New numbers, from 0 on, for those that stay.
fn renumber(stays: impl Iterator<Item = bool>) -> Vec<Option<u32>> {
    let mut next = 0;
    let number = stays.map(|stays| {
        next += u32::from(stays);
        stays.then(|| next - 1)
    });
    number.collect()
}

/// The most bytes of a name.
const NAME_MAX: usize = 64;

/// The name that a text begins with, as in "Caroline: Hello!".
fn name_of(text: &str) -> Option<&str> {
    let head = &text[..text.floor_char_boundary(NAME_MAX)];
    let (name, _) = head.split_once(": ")?;
    let mut letters = name.chars();
    let capital = letters.next().is_some_and(char::is_uppercase);
    let word = letters.clone().all(|c| c.is_alphanumeric() || c == '_');
    (capital && word && letters.next().is_some()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_before_a_colon() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(name_of(text), expect, "{text}");
        check("Caroline: Hello!", Some("Caroline"));
        check("Åse: Hei", Some("Åse"));
        check("note: this", None);
        check("A: this", None);
        check("To do: this", None);
        check("Caroline:x", None);
        check("", None);
        check(&format!("A{}: long", "ä".repeat(40)), None);
    }

    #[test]
    fn what_was_removed_leaves_no_memory() {
        let mut index = Index::new();
        for n in 0..20_000 {
            index.push(Document::new(&format!("Name{n}: word{n} stays"), 9));
            index.pop_front(index.len().saturating_sub(10));
        }
        assert_eq!(index.len(), 10);
        assert!(index.slots.len() < 200 && index.postings.len() < 400);
        assert!(index.names.len() < 200 && index.name_counts.len() == index.names.len());
    }
}
