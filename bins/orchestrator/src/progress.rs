//! Live progress: one line per running step, gone when the run ends.

use std::collections::BTreeMap;
use std::time::Duration;

use autoexec_engine::report::StepOutcome;
use autoexec_engine::{Event, Subscriber};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Lines shown at once; further running steps are only counted.
const LINES: usize = 12;

/// Draws on standard error.
pub(crate) struct Progress {
    lines: MultiProgress,
    total: ProgressBar,
    names: Vec<String>,
    running: BTreeMap<usize, Line>,
}

struct Line {
    bar: Option<ProgressBar>,
    started: u32,
    ended: u32,
    width: u32,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let lines = MultiProgress::new();
        let total = lines.add(ProgressBar::new(0));
        total.set_style(style("{elapsed:>6} {pos}/{len} steps {msg}"));
        Self {
            lines,
            total,
            names: Vec::new(),
            running: BTreeMap::new(),
        }
    }

    fn started(&mut self, step: usize, width: u32) {
        let shown = self.running.values().filter(|l| l.bar.is_some()).count();
        let line = self.running.entry(step).or_insert_with(|| {
            let bar = (shown < LINES).then(|| {
                let bar = self
                    .lines
                    .insert_before(&self.total, ProgressBar::new_spinner());
                bar.set_style(style("{elapsed:>6} {spinner} {msg}"));
                bar.enable_steady_tick(Duration::from_millis(120));
                bar
            });
            Line {
                bar,
                started: 0,
                ended: 0,
                width,
            }
        });
        line.started += 1;
        self.describe(step, "");
    }

    fn describe(&self, step: usize, note: &str) {
        let (Some(line), Some(name)) = (self.running.get(&step), self.names.get(step)) else {
            return;
        };
        if let Some(bar) = &line.bar {
            let tasks = if line.width > 1 {
                format!(" {}/{}", line.ended, line.width)
            } else {
                String::new()
            };
            bar.set_message(format!("{name}{tasks}{note}"));
        }
    }

    fn ended(&mut self, step: usize) {
        if let Some(bar) = self.running.remove(&step).and_then(|l| l.bar) {
            bar.finish_and_clear();
            self.lines.remove(&bar);
        }
        self.total.inc(1);
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl Subscriber for Progress {
    fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted { steps, .. } => {
                self.names = steps.iter().map(|(_, name)| name.clone()).collect();
                self.total.set_length(steps.len() as u64);
            }
            Event::TaskStarted { step, width, .. } => self.started(*step, *width),
            Event::TaskEnded { step, .. } => {
                if let Some(line) = self.running.get_mut(step) {
                    line.ended += 1;
                }
                self.describe(*step, "");
            }
            Event::Retrying {
                step,
                attempt,
                error,
                ..
            } => {
                let why: String = error.chars().take(60).collect();
                self.describe(*step, &format!(" (attempt {attempt}, after: {why})"));
            }
            Event::StepEnded { step, report } => {
                if report.outcome == StepOutcome::Failed {
                    self.total.set_message(format!("({} failed)", report.id));
                }
                self.ended(*step);
            }
            Event::RunEnded { .. } => {
                self.total.finish_and_clear();
                _ = self.lines.clear();
            }
            _ => {}
        }
    }
}
