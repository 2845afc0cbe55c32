//! What the tests have in common.

use autoexec_store::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

/// A clock that goes only when it is told to.
#[derive(Debug, Clone, Default)]
pub(crate) struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// Lets so many milliseconds go by.
    pub(crate) fn advance(&self, milliseconds: u64) {
        self.0.fetch_add(milliseconds, SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(SeqCst))
    }
}
