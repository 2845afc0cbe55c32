//! A step as it is kept: what it says beside its findings, and counts of these.

use crate::names::{NameId, Names, Use};
use crate::record::{names_of, same_names};
use crate::{Confidence, Step};

/// One step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) meta: Meta,
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

/// What a step says beside its findings. All but the title is behind one pointer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meta {
    pub(crate) title: Box<str>,
    more: Option<Box<More>>,
}

#[derive(Debug, Clone, Default)]
struct More {
    text: Box<str>,
    hypothesis: Option<Box<str>>,
    checked: Box<[NameId]>,
    relevant: Box<[NameId]>,
    omitted: u64,
    confidence: u16,
}

impl Meta {
    /// Packs a step without its findings; takes what it holds of names.
    pub(crate) fn new(step: &mut Step, names: &mut Names) -> Self {
        let title = std::mem::take(&mut step.title).into_boxed_str();
        let text = std::mem::take(&mut step.text).into_boxed_str();
        let hypothesis = step.hypothesis.take().map(String::into_boxed_str);
        let files = step.files_checked.len() + step.relevant_files.len();
        let confidence = Confidence::pack(step.confidence);
        let omitted = step.omitted;
        if text.is_empty() && hypothesis.is_none() && files == 0 && omitted == 0 && confidence == 0
        {
            return Meta { title, more: None };
        }
        let mut take = |files: &[String], reason| -> Box<[NameId]> {
            files.iter().map(|file| names.take(file, reason)).collect()
        };
        let more = Some(Box::new(More {
            checked: take(&step.files_checked, Use::Checked),
            relevant: take(&step.relevant_files, Use::Relevant),
            text,
            hypothesis,
            omitted,
            confidence,
        }));
        Meta { title, more }
    }

    /// Gives back what it holds of names.
    pub(crate) fn release(&self, names: &mut Names) {
        (self.checked().iter()).for_each(|id| names.give_back(*id, Use::Checked));
        (self.relevant().iter()).for_each(|id| names.give_back(*id, Use::Relevant));
    }

    /// The step without its findings.
    pub(crate) fn unpack(&self, names: &Names) -> Step {
        Step {
            title: self.title.as_ref().to_owned(),
            text: self.text().to_owned(),
            findings: Vec::new(),
            omitted: self.omitted(),
            files_checked: names_of(self.checked(), names),
            relevant_files: names_of(self.relevant(), names),
            hypothesis: self.hypothesis().map(str::to_owned),
            confidence: Confidence::unpack(self.confidence()),
        }
    }

    /// Whether it says nothing.
    pub(crate) fn is_silent(&self) -> bool {
        let hypothesis = self.hypothesis().unwrap_or_default();
        let texts = [&self.title, self.text(), hypothesis];
        let files = self.checked().is_empty() && self.relevant().is_empty();
        let numbers = self.omitted() == 0 && self.confidence() == 0;
        texts.iter().all(|text| text.is_empty()) && files && numbers
    }

    /// Whether this is what packing the step would give.
    pub(crate) fn is(&self, step: &Step, names: &Names) -> bool {
        *self.title == *step.title
            && *self.text() == *step.text
            && self.hypothesis() == step.hypothesis.as_deref()
            && self.omitted() == step.omitted
            && Confidence::unpack(self.confidence()) == step.confidence
            && same_names(self.checked(), &step.files_checked, names)
            && same_names(self.relevant(), &step.relevant_files, names)
    }

    pub(crate) fn text(&self) -> &str {
        self.more.as_ref().map_or("", |more| &more.text)
    }

    pub(crate) fn hypothesis(&self) -> Option<&str> {
        self.more.as_ref()?.hypothesis.as_deref()
    }

    pub(crate) fn checked(&self) -> &[NameId] {
        self.more.as_ref().map_or(&[], |more| &more.checked)
    }

    pub(crate) fn relevant(&self) -> &[NameId] {
        self.more.as_ref().map_or(&[], |more| &more.relevant)
    }

    pub(crate) fn omitted(&self) -> u64 {
        self.more.as_ref().map_or(0, |more| more.omitted)
    }

    /// Packed.
    pub(crate) fn confidence(&self) -> u16 {
        self.more.as_ref().map_or(0, |more| more.confidence)
    }
}
