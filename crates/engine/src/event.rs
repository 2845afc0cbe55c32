//! What happens in a run, as one stream. Whoever wants to show or keep it subscribes.

use crate::report::{AlertReport, RunReport, StepReport};

/// Something that happened. Steps are named by their index in the workflow.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// The run begins.
    RunStarted {
        /// The workflow's name.
        workflow: String,
        /// Id and title of each step.
        steps: Vec<(String, String)>,
    },
    /// A task of a step begins.
    TaskStarted {
        /// The step.
        step: usize,
        /// Which of its tasks.
        index: u32,
        /// How many it has.
        width: u32,
    },
    /// An attempt failed and another will follow.
    Retrying {
        /// The step.
        step: usize,
        /// Which of its tasks.
        index: u32,
        /// The attempt that follows.
        attempt: u32,
        /// Why the last one failed.
        error: String,
    },
    /// A task of a step ended.
    TaskEnded {
        /// The step.
        step: usize,
        /// Which of its tasks.
        index: u32,
    },
    /// A step ended, or was skipped.
    StepEnded {
        /// The step.
        step: usize,
        /// What it did.
        report: Box<StepReport>,
    },
    /// The run's figures raised or cleared an alert. Comes before the end.
    Alert {
        /// Which, and why.
        alert: AlertReport,
    },
    /// The run ended.
    RunEnded {
        /// What it did.
        report: Box<RunReport>,
    },
}

/// Sees every event of a run, in order, in one thread.
pub trait Subscriber: Send {
    /// Called for each event. A slow subscriber delays the others, not the steps.
    fn event(&mut self, event: &Event);
}

impl<F: FnMut(&Event) + Send> Subscriber for F {
    fn event(&mut self, event: &Event) {
        self(event);
    }
}
