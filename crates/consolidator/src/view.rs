//! What the document looks like: its format, its sections, and the order of its parts.

use crate::Severity;

/// How a document is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Markdown, in which foreign text cannot break the structure.
    #[default]
    Markdown,
    /// Text for a terminal or a log, without markup.
    Plain,
}

/// What the findings are listed by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum By {
    /// Each with its step, in the order of the steps.
    #[default]
    Step,
    /// By severity, worst first, then as by step; what steps say beside findings follows.
    Severity,
    /// By the file of the first place, in the order of names, then as by step; findings without a
    /// file come last, and what steps say beside findings follows.
    File,
}

/// A format and an order: what [`Consolidator::text`](crate::Consolidator::text) shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct View {
    /// How it is written.
    pub format: Format,
    /// What findings are listed by.
    pub by: By,
}

/// A stretch of the document under one heading, in the order in which they come.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    /// Findings of one severity; 0 is the worst.
    Severity(u8),
    File(Box<str>),
    Elsewhere,
    Step(u32),
}

impl Section {
    pub(crate) fn of_severity(severity: Severity) -> Self {
        Section::Severity(Severity::Critical as u8 - severity as u8)
    }

    /// The severity of a section of that kind.
    pub(crate) fn severity(rank: u8) -> Severity {
        Severity::ALL[usize::from(Severity::Critical as u8 - rank)]
    }
}

/// Where a part stands in the document: keys are ordered as parts are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) section: Section,
    pub(crate) rank: Rank,
}

/// Where a part stands in its section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// A heading, or what a step says before its findings.
    Head,
    Item(u64),
    /// What a step says after its findings.
    Tail,
}

impl Key {
    /// Before every part.
    pub(crate) const FIRST: Key = Key {
        section: Section::Severity(0),
        rank: Rank::Head,
    };

    pub(crate) fn head(section: Section) -> Self {
        Key {
            section,
            rank: Rank::Head,
        }
    }

    pub(crate) fn step(number: u32, rank: Rank) -> Self {
        Key {
            section: Section::Step(number),
            rank,
        }
    }
}

/// A part of the document that is formatted by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The heading of a section of severity or file: its group, and how many findings it has.
    Heading(u32, u32),
    /// What a step says before its findings.
    Prelude(u32),
    /// A finding, by its index.
    Item(u32),
    /// What a step says after its findings.
    Tail(u32),
}
