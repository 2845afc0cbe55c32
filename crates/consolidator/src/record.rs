//! A finding as it is kept: 64 bytes and its text.

use crate::names::{NameId, Names, Use};
use crate::render::is_plain;
use crate::{Confidence, Evidence, Finding, Place, Severity};

/// No group.
pub(crate) const NONE: u32 = u32::MAX;

/// Of a record whose text is shown as it stands: noted once, since a look at each byte costs more
/// than copying them. No packed confidence is so large.
const PLAIN: u16 = 1 << 15;

/// A finding that stays the same through every change of others: hand it back to name the finding.
///
/// A removed finding's id is never given to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// One finding. What most findings lack is behind one pointer.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) text: Box<str>,
    pub(crate) rare: Option<Box<Rare>>,
    pub(crate) place: Packed,
    pub(crate) kind: NameId,
    pub(crate) step: u32,
    /// The position in the step: only the order counts.
    pub(crate) position: u32,
    pub(crate) generation: u32,
    /// The group of duplicates, or [`NONE`].
    pub(crate) group: u32,
    /// The confidence, packed; and [`PLAIN`].
    flags: u16,
    pub(crate) severity: Severity,
    pub(crate) state: State,
}

/// What a record is to the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// No finding: the slot waits for one.
    Free,
    /// A finding that is listed with another, which it repeats.
    Folded,
    /// A finding that is listed.
    Shown,
}

/// A place with its file's number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Packed {
    pub(crate) file: NameId,
    pub(crate) line: u32,
    pub(crate) end_line: u32,
    pub(crate) column: u32,
}

/// What few findings have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rare {
    /// The places after the first.
    pub(crate) places: Box<[Packed]>,
    pub(crate) relevant: Box<[NameId]>,
    pub(crate) hypothesis: Option<Box<str>>,
    pub(crate) evidence: Box<[(Box<str>, Packed)]>,
}

/// What lists a finding belongs to, in the order of steps and positions.
pub(crate) fn order(step: u32, position: u32) -> u64 {
    u64::from(step) << 32 | u64::from(position)
}

impl Record {
    /// Packs a finding; takes what it holds of names.
    pub(crate) fn new(finding: Finding, step: u32, position: u32, names: &mut Names) -> Self {
        let mut places = Vec::new();
        let mut first = Packed::default();
        for (at, place) in finding.known_places().enumerate() {
            let packed = Packed::new(place, names);
            if at == 0 {
                first = packed;
            } else {
                places.push(packed);
            }
        }
        Record {
            kind: names.take(&finding.kind, Use::Named),
            flags: Confidence::pack(finding.confidence)
                | if is_plain(&finding.text) { PLAIN } else { 0 },
            severity: finding.severity,
            place: first,
            rare: Rare::new(
                places,
                finding.relevant_files,
                finding.hypothesis,
                finding.evidence,
                names,
            ),
            text: finding.text.into_boxed_str(),
            step,
            position,
            generation: 0,
            group: NONE,
            state: State::Free,
        }
    }

    /// Gives back what it holds of names.
    pub(crate) fn release(&self, names: &mut Names) {
        names.give_back(self.kind, Use::Named);
        for place in self.places() {
            names.give_back(place.file, Use::Named);
        }
        if let Some(rare) = &self.rare {
            (rare.relevant.iter()).for_each(|id| names.give_back(*id, Use::Relevant));
            (rare.evidence.iter()).for_each(|(_, place)| names.give_back(place.file, Use::Named));
        }
    }

    /// The finding as it was given, without places that say nothing.
    pub(crate) fn unpack(&self, names: &Names) -> Finding {
        let place = |packed: &Packed| packed.unpack(names);
        let known = |packed: &&Packed| **packed != Packed::default();
        let rare = self.rare.as_deref();
        Finding {
            severity: self.severity,
            kind: names.get(self.kind).to_owned(),
            text: self.text.as_ref().to_owned(),
            places: self.places().filter(known).map(place).collect(),
            relevant_files: rare.map_or_else(Vec::new, |rare| names_of(&rare.relevant, names)),
            hypothesis: rare.and_then(|rare| rare.hypothesis.as_deref().map(str::to_owned)),
            confidence: self.confidence(),
            evidence: (rare.into_iter().flat_map(|rare| &rare.evidence))
                .map(|(text, at)| Evidence {
                    text: text.as_ref().to_owned(),
                    place: place(at),
                })
                .collect(),
        }
    }

    /// Whether this is what packing the finding would give. No allocation.
    pub(crate) fn is(&self, finding: &Finding, names: &Names) -> bool {
        let rare = self.rare.as_deref();
        let known = self.places().filter(|packed| **packed != Packed::default());
        *self.text == *finding.text
            && self.severity == finding.severity
            && self.confidence() == finding.confidence
            && names.get(self.kind) == finding.kind
            && known
                .map(|p| p.view(names))
                .eq(finding.known_places().map(view))
            && rare.and_then(|r| r.hypothesis.as_deref()) == finding.hypothesis.as_deref()
            && same_names(
                rare.map_or(&[], |r| &r.relevant),
                &finding.relevant_files,
                names,
            )
            && (rare.into_iter().flat_map(|r| &r.evidence))
                .map(|(text, at)| (&**text, at.view(names)))
                .eq((finding.evidence.iter()).map(|e| (e.text.as_str(), view(&e.place))))
    }

    /// All places; the first may say nothing.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Packed> {
        std::iter::once(&self.place).chain(self.rare.iter().flat_map(|rare| &rare.places))
    }

    pub(crate) fn confidence(&self) -> Option<Confidence> {
        Confidence::unpack(self.flags & !PLAIN)
    }

    /// Whether the text is shown as it stands, in every format.
    pub(crate) fn is_plain(&self) -> bool {
        self.flags & PLAIN != 0
    }

    pub(crate) fn order(&self) -> u64 {
        order(self.step, self.position)
    }
}

impl Rare {
    fn new(
        places: Vec<Packed>,
        relevant: Vec<String>,
        hypothesis: Option<String>,
        evidence: Vec<Evidence>,
        names: &mut Names,
    ) -> Option<Box<Self>> {
        let plain = places.is_empty() && relevant.is_empty() && evidence.is_empty();
        if plain && hypothesis.is_none() {
            return None;
        }
        let take = |name: &String, names: &mut Names| names.take(name, Use::Relevant);
        Some(Box::new(Rare {
            places: places.into(),
            relevant: relevant.iter().map(|name| take(name, names)).collect(),
            hypothesis: hypothesis.map(String::into_boxed_str),
            evidence: (evidence.into_iter())
                .map(|e| (e.text.into_boxed_str(), Packed::new(&e.place, names)))
                .collect(),
        }))
    }
}

impl Packed {
    fn new(place: &Place, names: &mut Names) -> Self {
        Packed {
            file: names.take(&place.file, Use::Named),
            line: place.line,
            end_line: place.end_line,
            column: place.column,
        }
    }

    fn unpack(&self, names: &Names) -> Place {
        Place {
            file: names.get(self.file).to_owned(),
            line: self.line,
            end_line: self.end_line,
            column: self.column,
        }
    }

    fn view<'a>(&self, names: &'a Names) -> (&'a str, [u32; 3]) {
        (
            names.get(self.file),
            [self.line, self.end_line, self.column],
        )
    }
}

fn view(place: &Place) -> (&str, [u32; 3]) {
    (&place.file, [place.line, place.end_line, place.column])
}

pub(crate) fn names_of(ids: &[NameId], names: &Names) -> Vec<String> {
    ids.iter().map(|id| names.get(*id).to_owned()).collect()
}

pub(crate) fn same_names(ids: &[NameId], given: &[String], names: &Names) -> bool {
    ids.len() == given.len() && ids.iter().map(|id| names.get(*id)).eq(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_unpacked_as_it_was_packed() {
        let full = Finding::new("text")
            .kind("todo")
            .severity(Severity::High)
            .confidence(Confidence::Low)
            .hypothesis("h")
            .at("a.rs", 3)
            .also_at(Place::new("b.rs", 4).to(6).column(2))
            .evidence("quoted", Place::file("c.rs"))
            .evidence("alone", Place::default());
        let full = Finding {
            relevant_files: vec!["".into(), "a.rs".into()],
            ..full
        };
        let mut names = Names::default();
        for finding in [full.clone(), Finding::default(), Finding::new("x")] {
            let record = Record::new(finding.clone(), 1, 2, &mut names);
            assert_eq!(record.unpack(&names), finding);
            assert!(record.is(&finding, &names));
            assert_eq!(record.is(&full, &names), finding == full);
            record.release(&mut names);
        }
        assert_eq!(names.distinct(Use::Named), 0);
        assert_eq!(names.distinct(Use::Relevant), 0);
    }

    #[test]
    fn a_record_is_64_bytes() {
        assert_eq!(size_of::<Record>(), 64);
    }
}
