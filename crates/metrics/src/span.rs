//! Spans of `tracing` as timers.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Instant;

use tracing::Subscriber;
use tracing::span::{Attributes, Id};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::recorder::Recorder;
use crate::timer::Timer;
use crate::unit::Unit;

/// A layer that records how long each span lived, from its creation until its last handle is gone,
/// into the timer `span_duration` whose label `span` is the name of the span.
///
/// A span costs two clock readings, a look-up of its name in a table of those seen, and a record. More
/// names than the recorder tells apart share a timer, as with any label. Fields of spans are not looked
/// at, so they cannot blow up the number of series. Put a filter on the layer to time some spans only.
#[derive(Debug)]
pub struct SpanTimers {
    recorder: Recorder,
    /// By name. Names of spans are constants of the program, so there are only so many.
    timers: RwLock<HashMap<&'static str, Timer>>,
}

impl SpanTimers {
    /// The timer that all spans record into, each name as one series.
    pub const NAME: &str = "span_duration";

    /// Records into `recorder`.
    pub fn new(recorder: &Recorder) -> Self {
        recorder.describe(Self::NAME, Unit::Seconds, "How long spans lived.");
        Self {
            recorder: recorder.clone(),
            timers: RwLock::default(),
        }
    }

    fn timer(&self, name: &'static str) -> Timer {
        let timers = self.timers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(timer) = timers.get(name) {
            return timer.clone();
        }
        drop(timers);
        let mut timers = self.timers.write().unwrap_or_else(PoisonError::into_inner);
        let make = || self.recorder.timer_with(Self::NAME, &[("span", name)]);
        timers.entry(name).or_insert_with(make).clone()
    }
}

/// What a span carries while it lives.
struct Started {
    timer: Timer,
    at: Instant,
    /// Of another layer of this kind: a span has one place for all of them.
    before: Option<Box<Started>>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for SpanTimers {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if !self.recorder.is_enabled() {
            return;
        }
        if let Some(span) = context.span(id) {
            let timer = self.timer(attributes.metadata().name());
            let mut extensions = span.extensions_mut();
            let before = extensions.remove().map(Box::new);
            let at = Instant::now();
            extensions.insert(Started { timer, at, before });
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        // The first layer that hears of the end records for all.
        let mut next = span.extensions_mut().remove::<Started>();
        while let Some(started) = next {
            started.timer.record(started.at.elapsed());
            next = started.before.map(|it| *it);
        }
    }
}
