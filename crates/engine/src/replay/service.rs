//! What recorded times were as work, apart from how busy the machine was.

use crate::trace::{Trace, What};

use super::cost::{Batch, CostModel};

/// How much of the processors a thread had had by each moment of a run: less than the time that passed while more threads
/// computed than there are processors. The replay adds that delay again, as its own schedule has it.
pub(super) struct Service {
    /// Moments, with the service up to them and the share from then on.
    moments: Vec<(u64, f64, f64)>,
}

impl Service {
    /// Tasks that compute count as one thread each, batches of files as those that read them.
    pub(super) fn new(trace: &Trace) -> Self {
        let setup = &trace.header.setup;
        let mut changes: Vec<(u64, i64)> = Vec::new();
        let mut add = |from: u64, ns: u64, threads: i64| {
            changes.extend([(from, threads), (from.saturating_add(ns), -threads)]);
        };
        for step in trace.steps.iter().filter(|it| it.action != "run") {
            step.tasks.iter().for_each(|it| add(it.at_ns, it.ns, 1));
        }
        for access in &trace.accesses {
            if let What::Files(reads) = &access.what {
                let mut batch = Batch::default();
                reads
                    .iter()
                    .for_each(|it| batch.add_recorded(it.answer, it.bytes, setup));
                let threads = CostModel::default().threads(&batch, setup);
                add(access.at_ns, access.ns, i64::from(threads) - 1);
            }
        }
        changes.sort_unstable();
        let processors = f64::from(setup.processors.max(1));
        let (mut moments, mut service, mut threads, mut last) = (Vec::new(), 0.0, 0i64, 0);
        let mut rate = 1.0;
        for (moment, change) in changes {
            service += (moment - last) as f64 * rate;
            threads += change;
            rate = (processors / threads.max(1) as f64).min(1.0);
            last = moment;
            moments.push((moment, service, rate));
        }
        Self { moments }
    }

    fn up_to(&self, moment: u64) -> f64 {
        let next = self.moments.partition_point(|it| it.0 <= moment);
        match next.checked_sub(1).map(|it| self.moments[it]) {
            Some((from, service, rate)) => service + (moment - from) as f64 * rate,
            None => moment as f64,
        }
    }

    /// The service between two moments, in nanoseconds of a processor.
    pub(super) fn between(&self, from: u64, to: u64) -> u64 {
        (self.up_to(to) - self.up_to(from)).round() as u64
    }
}
