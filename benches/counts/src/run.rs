//! One run of a scenario, and what it counted.

use std::collections::BTreeMap;

use autoexec_metrics::alloc::{AllocationCounts, process_counts};

/// Something that can be done any number of times.
pub(crate) struct Scenario {
    /// `crate/what`.
    pub(crate) id: &'static str,
    /// How often it is done when it is compared: enough that what happens once shows, few enough to be quick.
    pub(crate) times: u64,
    /// What it does, in a line.
    pub(crate) does: &'static str,
    pub(crate) run: fn(&mut Run),
}

/// How often a scenario is to be done, and what was counted while it was.
#[derive(Debug)]
pub(crate) struct Run {
    times: u64,
    counts: BTreeMap<&'static str, u64>,
}

impl Run {
    pub(crate) fn new(times: u64) -> Self {
        Self {
            times,
            counts: BTreeMap::new(),
        }
    }

    /// Does `body` as often as asked for, with the number of the time, and counts what it allocates.
    pub(crate) fn repeat(&mut self, mut body: impl FnMut(u64)) {
        let before = so_far();
        (0..self.times).for_each(&mut body);
        let meanwhile = so_far().since(&before);
        self.count("allocations", meanwhile.allocations);
        self.count("allocated_bytes", meanwhile.bytes_allocated);
    }

    /// Adds to a count of the scenario's own.
    pub(crate) fn count(&mut self, name: &'static str, value: u64) {
        *self.counts.entry(name).or_default() += value;
    }

    /// One line: an object of numbers by name. Names hold nothing that JSON would escape.
    pub(crate) fn json(&self) -> String {
        let pairs: Vec<String> = self
            .counts
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}\n", pairs.join(","))
    }
}

/// Of all threads, for some work is done by others.
fn so_far() -> AllocationCounts {
    process_counts().expect("because this program installs the allocator that counts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_those_of_the_body() {
        let mut run = Run::new(10);
        let mut kept = Vec::with_capacity(10);
        run.repeat(|time| kept.push(vec![time as u8; 100]));
        run.count("kept", kept.len() as u64);
        // Other tests of this process may allocate meanwhile, so these are the least.
        assert!(run.counts["allocations"] >= 10 && run.counts["allocated_bytes"] >= 1_000);
        assert_eq!(run.counts["kept"], 10);
        assert!(run.json().ends_with(",\"kept\":10}\n"));
    }

    #[test]
    fn not_at_all_is_zero_and_not_absent() {
        let mut run = Run::new(0);
        run.repeat(|_| unreachable!("it is done no time"));
        assert!(run.counts.contains_key("allocations"));
    }
}
