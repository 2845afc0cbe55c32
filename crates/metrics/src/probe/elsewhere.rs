//! Platforms without `/proc`: nothing is known, and nothing made up.

/// Never made: there is nothing to read here.
#[derive(Debug)]
pub(super) enum Statm {}

impl Statm {
    pub(super) fn open() -> Option<Self> {
        None
    }

    pub(super) fn resident_bytes(&self) -> Option<u64> {
        match *self {}
    }
}

pub(super) fn peak_bytes() -> Option<u64> {
    None
}

pub(super) fn reset_peak() -> bool {
    false
}

/// Never made.
#[derive(Debug)]
pub(super) enum Io {}

impl Io {
    pub(super) fn open() -> Option<Self> {
        None
    }

    pub(super) fn each(&self, _: impl FnMut(&str, u64)) {
        match *self {}
    }
}

#[derive(Debug)]
pub(super) struct Tables;

impl Tables {
    pub(super) fn open() -> Self {
        Self
    }

    pub(super) fn descriptors(&self) -> Option<u64> {
        None
    }

    pub(super) fn threads(&self) -> Option<u64> {
        None
    }
}
