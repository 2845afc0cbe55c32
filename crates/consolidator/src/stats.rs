//! What the work so far has cost.

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
    /// Findings that were exact duplicates of one that was there when they came.
    pub duplicates: u64,
    /// Texts made from nothing: the first, and the first after the view was changed.
    pub full_builds: u64,
    /// Texts made from the one before, formatting only what had changed.
    pub incremental_updates: u64,
    /// Texts handed out again as they were.
    pub reused: u64,
    /// Bytes formatted: each part once for each change, and a footer for each text.
    pub bytes_formatted: u64,
    /// Bytes of parts moved so that the text is in one piece.
    pub bytes_copied: u64,
}

impl Stats {
    /// Texts handed out: full, incremental and reused.
    pub fn texts(&self) -> u64 {
        self.full_builds + self.incremental_updates + self.reused
    }

    /// The share of texts that were handed out again as they were; 0 if there were none.
    pub fn reused_share(&self) -> f64 {
        let texts = self.texts().max(1);
        self.reused as f64 / texts as f64
    }
}
