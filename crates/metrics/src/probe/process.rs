//! Processor time, context switches, page faults, input and output, descriptors and threads.

use std::time::Duration;

use super::platform::{Io, Tables};
use super::usage::usage;

/// Measures what the process uses from [`ProcessProbe::start`] on.
///
/// Holds three descriptors on Linux, and counts itself: its own reads are in the numbers (one call and
/// about 100 bytes for each reading). A reading is four system calls.
///
/// ```
/// use autoexec_metrics::ProcessProbe;
///
/// let probe = ProcessProbe::start();
/// let sum: u64 = (0..100_000).sum();
/// let used = probe.finish();
/// // Absent where the platform cannot tell.
/// assert!(used.threads.is_none_or(|threads| threads >= 1), "{sum}");
/// ```
#[derive(Debug)]
pub struct ProcessProbe {
    io: Option<Io>,
    tables: Tables,
    start: ProcessUse,
}

/// What a process used. What the platform cannot tell, or does not let this process know, is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessUse {
    /// Processor time in the program itself, of all threads.
    pub cpu_user: Option<Duration>,
    /// Processor time that the kernel spent for it.
    pub cpu_system: Option<Duration>,
    /// How often a thread gave up its processor to wait.
    pub voluntary_switches: Option<u64>,
    /// How often a processor was taken away.
    pub involuntary_switches: Option<u64>,
    /// Page faults that needed no input.
    pub minor_faults: Option<u64>,
    /// Page faults that had to read from storage.
    pub major_faults: Option<u64>,
    /// Bytes that calls such as read returned, from the page cache, pipes and sockets too (`rchar`).
    pub read_bytes: Option<u64>,
    /// Bytes that calls such as write took (`wchar`).
    pub written_bytes: Option<u64>,
    /// How many calls such as read (`syscr`).
    pub read_calls: Option<u64>,
    /// How many calls such as write (`syscw`).
    pub write_calls: Option<u64>,
    /// Bytes that had to be fetched from storage (`read_bytes`).
    pub storage_read_bytes: Option<u64>,
    /// Bytes that went, or will go, to storage (`write_bytes`).
    pub storage_written_bytes: Option<u64>,
    /// Descriptors open now, also in a difference.
    pub descriptors: Option<u64>,
    /// Threads alive now, also in a difference.
    pub threads: Option<u64>,
}

impl ProcessProbe {
    /// Measures for the first time. Never fails: what cannot be measured is absent.
    pub fn start() -> Self {
        let mut probe = Self {
            io: Io::open(),
            tables: Tables::open(),
            start: ProcessUse::default(),
        };
        probe.start = probe.total();
        probe
    }

    /// What was used since the start; descriptors and threads are those of now. May be called again.
    pub fn finish(&self) -> ProcessUse {
        self.total().since(&self.start)
    }

    /// What the process used in all its life.
    pub fn total(&self) -> ProcessUse {
        let usage = usage();
        let mut found = ProcessUse {
            cpu_user: usage.map(|it| it.user),
            cpu_system: usage.map(|it| it.system),
            voluntary_switches: usage.map(|it| it.voluntary_switches),
            involuntary_switches: usage.map(|it| it.involuntary_switches),
            minor_faults: usage.map(|it| it.minor_faults),
            major_faults: usage.map(|it| it.major_faults),
            descriptors: self.tables.descriptors(),
            threads: self.tables.threads(),
            ..ProcessUse::default()
        };
        if let Some(io) = &self.io {
            io.each(|name, number| found.set_io(name, number));
        }
        found
    }
}

impl ProcessUse {
    /// Processor time in program and kernel together.
    pub fn cpu(&self) -> Option<Duration> {
        self.cpu_user?.checked_add(self.cpu_system?)
    }

    /// What was used after `earlier`; descriptors and threads stay those of `self`. Zero where a number
    /// went backwards.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let time = |now: Option<Duration>, then: Option<Duration>| Some(now?.saturating_sub(then?));
        let count = |now: Option<u64>, then: Option<u64>| Some(now?.saturating_sub(then?));
        Self {
            cpu_user: time(self.cpu_user, earlier.cpu_user),
            cpu_system: time(self.cpu_system, earlier.cpu_system),
            voluntary_switches: count(self.voluntary_switches, earlier.voluntary_switches),
            involuntary_switches: count(self.involuntary_switches, earlier.involuntary_switches),
            minor_faults: count(self.minor_faults, earlier.minor_faults),
            major_faults: count(self.major_faults, earlier.major_faults),
            read_bytes: count(self.read_bytes, earlier.read_bytes),
            written_bytes: count(self.written_bytes, earlier.written_bytes),
            read_calls: count(self.read_calls, earlier.read_calls),
            write_calls: count(self.write_calls, earlier.write_calls),
            storage_read_bytes: count(self.storage_read_bytes, earlier.storage_read_bytes),
            storage_written_bytes: count(self.storage_written_bytes, earlier.storage_written_bytes),
            descriptors: self.descriptors,
            threads: self.threads,
        }
    }

    fn set_io(&mut self, name: &str, number: u64) {
        let field = match name {
            "rchar" => &mut self.read_bytes,
            "wchar" => &mut self.written_bytes,
            "syscr" => &mut self.read_calls,
            "syscw" => &mut self.write_calls,
            "read_bytes" => &mut self.storage_read_bytes,
            "write_bytes" => &mut self.storage_written_bytes,
            _ => return,
        };
        *field = Some(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_at_either_end_has_no_difference() {
        let known = ProcessUse {
            cpu_user: Some(Duration::from_secs(3)),
            read_bytes: Some(5),
            threads: Some(2),
            ..ProcessUse::default()
        };
        assert_eq!(known.since(&ProcessUse::default()).read_bytes, None);
        assert_eq!(ProcessUse::default().since(&known), ProcessUse::default());
        let same = known.since(&known);
        assert_eq!(
            (same.cpu_user, same.read_bytes),
            (Some(Duration::ZERO), Some(0))
        );
        assert_eq!(
            (same.threads, same.cpu_system, same.cpu()),
            (Some(2), None, None)
        );
    }

    #[test]
    fn a_count_that_went_backwards_is_zero() {
        let of = |n| ProcessUse {
            read_calls: Some(n),
            ..ProcessUse::default()
        };
        assert_eq!(of(3).since(&of(5)).read_calls, Some(0));
    }
}
