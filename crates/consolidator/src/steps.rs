//! A step as it is kept: what it says beside its findings, and counts of these.

use crate::names::{NameId, Names, Use};
use crate::record::{names_of, same_names};
use crate::{Confidence, Step};

/// One step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) meta: Box<Meta>,
    /// The position of the next finding.
    pub(crate) next: u32,
    /// Findings held.
    pub(crate) count: u32,
    /// Findings that are listed themselves, not with one that they repeat.
    pub(crate) shown: u32,
    /// Digest of the order of the findings; holds if `chained`.
    pub(crate) chain: u64,
    pub(crate) chained: bool,
}

/// What a step says beside its findings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meta {
    pub(crate) title: Box<str>,
    pub(crate) text: Box<str>,
    pub(crate) hypothesis: Option<Box<str>>,
    pub(crate) checked: Box<[NameId]>,
    pub(crate) relevant: Box<[NameId]>,
    pub(crate) omitted: u64,
    pub(crate) confidence: u16,
}

impl Meta {
    /// Packs a step without its findings; takes what it holds of names.
    pub(crate) fn new(step: &mut Step, names: &mut Names) -> Self {
        let mut take = |files: &[String], reason| -> Box<[NameId]> {
            files.iter().map(|file| names.take(file, reason)).collect()
        };
        Meta {
            checked: take(&step.files_checked, Use::Checked),
            relevant: take(&step.relevant_files, Use::Relevant),
            title: std::mem::take(&mut step.title).into_boxed_str(),
            text: std::mem::take(&mut step.text).into_boxed_str(),
            hypothesis: step.hypothesis.take().map(String::into_boxed_str),
            omitted: step.omitted,
            confidence: Confidence::pack(step.confidence),
        }
    }

    /// Gives back what it holds of names.
    pub(crate) fn release(&self, names: &mut Names) {
        (self.checked.iter()).for_each(|id| names.give_back(*id, Use::Checked));
        (self.relevant.iter()).for_each(|id| names.give_back(*id, Use::Relevant));
    }

    /// The step without its findings.
    pub(crate) fn unpack(&self, names: &Names) -> Step {
        Step {
            title: self.title.as_ref().to_owned(),
            text: self.text.as_ref().to_owned(),
            findings: Vec::new(),
            omitted: self.omitted,
            files_checked: names_of(&self.checked, names),
            relevant_files: names_of(&self.relevant, names),
            hypothesis: self.hypothesis.as_deref().map(str::to_owned),
            confidence: Confidence::unpack(self.confidence),
        }
    }

    /// Whether it says nothing.
    pub(crate) fn is_silent(&self) -> bool {
        let texts = [
            &self.title,
            &self.text,
            self.hypothesis.as_ref().unwrap_or(&self.text),
        ];
        let files = self.checked.is_empty() && self.relevant.is_empty();
        texts.iter().all(|text| text.is_empty())
            && files
            && self.omitted == 0
            && self.confidence == 0
    }

    /// Whether this is what packing the step would give.
    pub(crate) fn is(&self, step: &Step, names: &Names) -> bool {
        *self.title == *step.title
            && *self.text == *step.text
            && self.hypothesis.as_deref() == step.hypothesis.as_deref()
            && self.omitted == step.omitted
            && Confidence::unpack(self.confidence) == step.confidence
            && same_names(&self.checked, &step.files_checked, names)
            && same_names(&self.relevant, &step.relevant_files, names)
    }
}
