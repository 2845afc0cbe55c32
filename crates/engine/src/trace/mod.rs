//! Traces: what a run asked of its caches, classes and providers, with sizes and times, for tuning and replays.
//!
//! A trace holds no contents. Files, paths and questions are numbers, with hashes by which traces of one folder can be
//! joined; names only where they were asked for. The bytes: `design.md`.
//!
//! A run collects while it goes on, where [`RunOptions::trace`](crate::RunOptions::trace) says so; [`write()`] and [`read()`] are
//! the file, [`Folder`] is where traces are kept, [`Figures`] is what one or several of them come to.

mod folder;
mod format;
mod model;
mod read;
pub(crate) mod record;
mod seam;
mod stat;
#[cfg(test)]
pub(crate) mod tests;

pub use folder::{Folder, TraceOptions};
pub use model::{
    Access, Conversation, Entry, FileAnswer, FileRead, Header, Held, PathLookup, Question, Setup,
    Step, Task, Trace, What,
};
pub use read::read;
pub use stat::{
    ClassFigures, ConversationFigures, CurvePoint, Figures, FileFigures, QuestionFigures,
    StepFigures,
};

pub(crate) use seam::{Answered, Order, TaskTrace, Told, ToldPaths, Tracer};

use std::io;
use std::path::Path;

/// Writes a trace so that its name stands for the whole of it or for what was there before. O(accesses).
///
/// # Errors
/// Whatever the file system says.
pub fn write(trace: &Trace, path: &Path) -> io::Result<()> {
    crate::output::write_privately(path, |w| format::write(trace, w))
}
