//! The one task that owns the truth of a run: it folds events into the report and passes them on.

use tokio::sync::mpsc::UnboundedReceiver;

use crate::event::{Event, Subscriber};
use crate::report::StepReport;

/// What the events of a run add up to.
pub(crate) struct Collected {
    /// By index of the step.
    pub(crate) steps: Vec<Option<StepReport>>,
    pub(crate) subscribers: Vec<Box<dyn Subscriber>>,
}

/// Takes events until the senders are gone.
pub(crate) async fn collect(
    mut events: UnboundedReceiver<Event>,
    steps: usize,
    mut subscribers: Vec<Box<dyn Subscriber>>,
) -> Collected {
    let mut reports: Vec<Option<StepReport>> = vec![None; steps];
    while let Some(event) = events.recv().await {
        if let Event::StepEnded { step, report } = &event {
            assert!(
                reports[*step].is_none(),
                "because the scheduler completes a step once"
            );
            reports[*step] = Some((**report).clone());
        }
        subscribers.iter_mut().for_each(|s| s.event(&event));
    }
    Collected {
        steps: reports,
        subscribers,
    }
}
