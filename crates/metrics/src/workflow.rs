//! One run of a workflow: steps, file reads, consolidations and memory.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::json::Object;
use crate::probe::{MemoryProbe, MemoryUse};
use crate::recorder::Recorder;
use crate::shard::lock;
use crate::sync::Mutex;
use crate::timer::{Timer, TimerSummary};

/// The measures of a workflow, kept in a [`Recorder`]: the timers `workflow`, `workflow/step`,
/// `workflow/file-read`, `workflow/consolidation`, and one `step/NAME` for each name of a step.
///
/// Clones share everything. Memory is read at the start and the end of the run only, and its peak
/// comes from the kernel, so a step costs two clock readings and two records.
#[derive(Clone, Debug)]
pub struct Workflow(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    recorder: Recorder,
    run: Timer,
    step: Timer,
    file_read: Timer,
    consolidation: Timer,
    last_run: Mutex<Option<Run>>,
}

/// A run that has ended.
#[derive(Clone, Copy, Debug)]
struct Run {
    time: Duration,
    memory: Option<MemoryUse>,
}

impl Default for Workflow {
    fn default() -> Self {
        Self::new(&Recorder::new())
    }
}

impl Workflow {
    /// Records into `recorder`. Two of these over one recorder share their timers.
    pub fn new(recorder: &Recorder) -> Self {
        Self(Arc::new(Inner {
            recorder: recorder.clone(),
            run: recorder.timer("workflow"),
            step: recorder.timer("workflow/step"),
            file_read: recorder.timer("workflow/file-read"),
            consolidation: recorder.timer("workflow/consolidation"),
            last_run: Mutex::new(None),
        }))
    }

    /// Where all of this is recorded; its snapshot has the percentiles.
    pub fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    /// Starts the clock and the memory probe. The run ends when the guard is dropped.
    pub fn start_workflow(&self) -> WorkflowGuard {
        WorkflowGuard {
            workflow: Arc::clone(&self.0),
            memory: MemoryProbe::start(),
            started: Instant::now(),
        }
    }

    /// Ends the run, and tells its duration.
    pub fn end_workflow(&self, run: WorkflowGuard) -> Duration {
        let elapsed = run.started.elapsed();
        drop(run);
        elapsed
    }

    /// Starts a step, which ends when the guard is dropped. Steps may overlap.
    pub fn start_step(&self, name: &str) -> StepGuard {
        let named = self.0.recorder.timer(&format!("step/{name}"));
        StepGuard {
            all: self.0.step.clone(),
            named,
            started: Some(Instant::now()),
        }
    }

    /// Ends a step, and tells its duration.
    pub fn end_step(&self, mut step: StepGuard) -> Duration {
        step.end()
    }

    /// Notes that one file was read, and how long that took.
    pub fn record_file_read(&self, duration: Duration) {
        self.0.file_read.record(duration);
    }

    /// Notes that findings were consolidated once, and how long that took.
    pub fn record_consolidation(&self, duration: Duration) {
        self.0.consolidation.record(duration);
    }

    /// The numbers so far. Time and memory of the workflow are those of the run that ended last.
    pub fn summary(&self) -> WorkflowSummary {
        let run = *lock(&self.0.last_run);
        let memory = run.and_then(|run| run.memory);
        let steps = self.0.step.summary();
        let reads = self.0.file_read.summary();
        let consolidations = self.0.consolidation.summary();
        WorkflowSummary {
            total_time: run.map(|run| run.time),
            step_count: count(&steps),
            step_time_total: steps.map(|s| s.sum),
            step_time_avg: steps.map(|s| s.mean),
            step_time_min: steps.map(|s| s.min),
            step_time_max: steps.map(|s| s.max),
            file_read_count: count(&reads),
            file_read_time_total: reads.map(|r| r.sum),
            file_read_time_avg: reads.map(|r| r.mean),
            consolidation_count: count(&consolidations),
            consolidation_time_total: consolidations.map(|c| c.sum),
            consolidation_time_avg: consolidations.map(|c| c.mean),
            memory_start_bytes: memory.map(|m| m.start_bytes),
            memory_end_bytes: memory.map(|m| m.end_bytes),
            memory_delta_bytes: memory.map(|m| m.delta_bytes),
            memory_peak_bytes: memory.and_then(|m| m.peak_bytes),
        }
    }

    /// [`Self::summary`] as lines for people.
    pub fn summary_text(&self) -> String {
        self.summary().text()
    }

    /// Forgets all runs, steps, file reads and consolidations. The timers of single steps
    /// (`step/NAME`) and all else in the recorder stay.
    pub fn clear(&self) {
        let inner = &self.0;
        for timer in [
            &inner.run,
            &inner.step,
            &inner.file_read,
            &inner.consolidation,
        ] {
            timer.clear();
        }
        *lock(&inner.last_run) = None;
    }
}

fn count(summary: &Option<TimerSummary>) -> u64 {
    summary.map_or(0, |summary| summary.count)
}

/// Ends the run of a workflow when dropped.
#[must_use = "a guard dropped at once measures an empty run"]
#[derive(Debug)]
pub struct WorkflowGuard {
    workflow: Arc<Inner>,
    memory: MemoryProbe,
    started: Instant,
}

impl Drop for WorkflowGuard {
    fn drop(&mut self) {
        let time = self.started.elapsed();
        let memory = self.memory.finish();
        self.workflow.run.record(time);
        *lock(&self.workflow.last_run) = Some(Run { time, memory });
    }
}

/// Ends a step when dropped.
#[must_use = "a guard dropped at once measures an empty step"]
#[derive(Debug)]
pub struct StepGuard {
    all: Timer,
    named: Timer,
    /// `None` once the step has ended.
    started: Option<Instant>,
}

impl StepGuard {
    fn end(&mut self) -> Duration {
        let elapsed = self.started.take().map(|started| started.elapsed());
        if let Some(elapsed) = elapsed {
            self.named.record(elapsed);
            self.all.record(elapsed);
        }
        elapsed.unwrap_or_default()
    }
}

impl Drop for StepGuard {
    fn drop(&mut self) {
        self.end();
    }
}

/// The numbers of a workflow. What was not measured is `None`, never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "the names say what, of what, and in which unit"
)]
pub struct WorkflowSummary {
    pub total_time: Option<Duration>,
    pub step_count: u64,
    pub step_time_total: Option<Duration>,
    pub step_time_avg: Option<Duration>,
    pub step_time_min: Option<Duration>,
    pub step_time_max: Option<Duration>,
    pub file_read_count: u64,
    pub file_read_time_total: Option<Duration>,
    pub file_read_time_avg: Option<Duration>,
    pub consolidation_count: u64,
    pub consolidation_time_total: Option<Duration>,
    pub consolidation_time_avg: Option<Duration>,
    pub memory_start_bytes: Option<u64>,
    pub memory_end_bytes: Option<u64>,
    pub memory_delta_bytes: Option<i64>,
    pub memory_peak_bytes: Option<u64>,
}

impl WorkflowSummary {
    /// One line for each number that was measured, aligned.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for (key, value) in self.lines() {
            if let Some(value) = value {
                writeln!(out, "{key:<24}  {value:>12}")
                    .expect("because writing to a string cannot fail");
            }
        }
        out
    }

    /// One JSON object; durations in whole nanoseconds (`_ns`), memory in bytes (`_bytes`), and no
    /// key for what was not measured.
    pub fn json(&self) -> String {
        let nanos = |time: Option<Duration>| time.map(|time| time.as_nanos());
        Object::new()
            .maybe("total_time_ns", nanos(self.total_time))
            .raw("step_count", self.step_count)
            .maybe("step_time_total_ns", nanos(self.step_time_total))
            .maybe("step_time_avg_ns", nanos(self.step_time_avg))
            .maybe("step_time_min_ns", nanos(self.step_time_min))
            .maybe("step_time_max_ns", nanos(self.step_time_max))
            .raw("file_read_count", self.file_read_count)
            .maybe("file_read_time_total_ns", nanos(self.file_read_time_total))
            .maybe("file_read_time_avg_ns", nanos(self.file_read_time_avg))
            .raw("consolidation_count", self.consolidation_count)
            .maybe(
                "consolidation_time_total_ns",
                nanos(self.consolidation_time_total),
            )
            .maybe(
                "consolidation_time_avg_ns",
                nanos(self.consolidation_time_avg),
            )
            .maybe("memory_start_bytes", self.memory_start_bytes)
            .maybe("memory_end_bytes", self.memory_end_bytes)
            .maybe("memory_delta_bytes", self.memory_delta_bytes)
            .maybe("memory_peak_bytes", self.memory_peak_bytes)
            .end()
    }

    fn lines(&self) -> [(&'static str, Option<String>); 16] {
        let time = |time: Option<Duration>| time.map(|time| format!("{time:.2?}"));
        let bytes = |bytes: Option<u64>| bytes.map(|bytes| megabytes(bytes as f64));
        let delta = self.memory_delta_bytes;
        [
            ("workflow time", time(self.total_time)),
            ("steps", Some(self.step_count.to_string())),
            ("step time total", time(self.step_time_total)),
            ("step time avg", time(self.step_time_avg)),
            ("step time min", time(self.step_time_min)),
            ("step time max", time(self.step_time_max)),
            ("file reads", Some(self.file_read_count.to_string())),
            ("file read time total", time(self.file_read_time_total)),
            ("file read time avg", time(self.file_read_time_avg)),
            ("consolidations", Some(self.consolidation_count.to_string())),
            (
                "consolidation time total",
                time(self.consolidation_time_total),
            ),
            ("consolidation time avg", time(self.consolidation_time_avg)),
            ("memory start", bytes(self.memory_start_bytes)),
            ("memory end", bytes(self.memory_end_bytes)),
            ("memory delta", delta.map(|bytes| megabytes(bytes as f64))),
            ("memory peak", bytes(self.memory_peak_bytes)),
        ]
    }
}

fn megabytes(bytes: f64) -> String {
    format!("{:.2} MB", bytes / 1e6)
}
