//! The choices a caller has.

use crate::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Choices for a [`Store`](crate::Store).
#[derive(Debug, Clone)]
pub struct Options {
    /// Most entries held. 0 holds none. Default 1,000; more than 2²⁴ counts as 2²⁴.
    pub max_entries: usize,
    /// Most bytes held, keys and [`ENTRY_OVERHEAD`](crate::ENTRY_OVERHEAD) included; 2 to 3 % of
    /// them at most are left to what the table remembers of evicted keys. 0 holds none. Default 64 MiB; more than 2³⁸ counts
    /// as 2³⁸.
    pub max_bytes: u64,
    /// How long entries live of which nobody says otherwise. Default: until they are evicted or removed.
    pub ttl: Option<Duration>,
    /// Parts that are locked one by one, each with its part of both bounds; rounded to a power of two, and lowered where a
    /// part would hold fewer than 32 entries. Default `None`: as many as leave each 1,024 entries and 16 MiB, at most four
    /// per processor.
    pub shards: Option<usize>,
    /// Namespaces that differ from the rest, by name.
    pub namespaces: BTreeMap<String, NamespaceOptions>,
    /// Who tells the time. Default: [`SystemClock`].
    pub clock: Arc<dyn Clock>,
}

/// Choices for a [`Namespace`](crate::Namespace).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct NamespaceOptions {
    /// How long its entries live, in place of [`Options::ttl`].
    pub ttl: Option<Duration>,
    /// The share of both bounds, above 0 and at most 1, that is this namespace's own: it never holds more, nor do
    /// others take from it. Those without a share have together what is left. Default: none.
    pub share: Option<f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_entries: 1_000,
            max_bytes: 64 << 20,
            ttl: None,
            shards: None,
            namespaces: BTreeMap::new(),
            clock: Arc::new(SystemClock::default()),
        }
    }
}

/// How short of memory the process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pressure {
    /// Half of what is held goes.
    Warning,
    /// Three quarters of what is held go.
    Critical,
}

impl Pressure {
    /// The share of what is held that stays, 0 to 1.
    #[must_use]
    pub fn share_kept(self) -> f64 {
        match self {
            Self::Warning => 0.5,
            Self::Critical => 0.25,
        }
    }
}
