//! A namespace in a file, to which a save adds what changed. The bytes: `design.md`.

mod file;
mod format;
mod load;
mod report;
#[cfg(test)]
mod tests;

pub use report::{Autosave, Damage, LoadReport, SaveReport};

use crate::key::KeyBytes;
use crate::{Dependencies, Error, ErrorKind, Namespace, Value};
use file::Medium;
use format::{HEAD, Put, Record};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Choices for a [`Snapshot`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotOptions {
    /// How many inserts make an [`autosave`](Snapshot::autosave) due. 0 counts as 1. Default 100.
    pub every: u64,
    /// Whether a save waits until the disk has what was written. Without, a save survives the end of the process, but not
    /// that of the machine before the system has written it, usually within half a minute; what is cut short by
    /// that is found when the file is loaded. Compaction always waits. Default: no.
    pub sync: bool,
}

impl Default for SnapshotOptions {
    fn default() -> Self {
        Self {
            every: 100,
            sync: false,
        }
    }
}

/// A namespace in a file.
///
/// A save appends the entries that changed and the keys of those that are gone, so that its cost is that of what changed.
/// When more of the file is outdated than not, and at least 64 KiB, [`autosave`](Self::autosave) and
/// [`compact`](Self::compact) write it anew: over time at most one byte for each appended.
///
/// The file has mode 0600 from the moment it is made, and is locked: a second handle, in this process or another, gets
/// an error that names the process, and may [`read`](Self::read) it. Symbolic links are refused. A save takes locks of the
/// store only for moments; neither hits nor inserts wait for the disk.
///
/// Snapshots are not secret, and a checksum is no signature: whoever can write the file decides what is loaded.
pub struct Snapshot {
    namespace: Namespace,
    path: PathBuf,
    options: SnapshotOptions,
    state: Mutex<State>,
    /// What is written to is a file, but in tests.
    wrap: fn(File) -> Box<dyn Medium>,
}

struct State {
    medium: Box<dyn Medium>,
    /// Where the next frame will stand.
    end: u64,
    /// Something may stand behind `end`: a frame that was not written whole.
    has_torn_end: bool,
    /// The file is to be written anew.
    is_damaged: bool,
    /// What holds in the file: keys and the lengths of their frames.
    live: HashMap<KeyBytes, u64>,
    live_bytes: u64,
    /// How many inserts there had been when a save was last tried.
    inserts: u64,
    is_failing: bool,
}

/// What a write is split into: few enough bytes to be written from the processor's cache.
const CHUNK: usize = 64 << 10;
/// Files with less outdated than this are not compacted.
const LEAST_GARBAGE: u64 = 64 << 10;

const SAVE: &str = "save the snapshot";

impl Snapshot {
    /// Opens `path`, makes it if there is none, puts what is sound and still holds into `namespace`, and saves its changes
    /// from now on. Entries that are held already are kept, and will be saved. `now` is the wall clock; entries that
    /// were computed from files are loaded only if `dependencies` says that these are as they were. O(bytes of the file).
    ///
    /// # Errors
    ///
    /// Another handle holds the file; it is no snapshot, or one of another version (neither is touched), a symbolic link, or
    /// not a regular file; another snapshot saves the namespace; the file cannot be read or written.
    pub fn open(
        namespace: &Namespace,
        path: &Path,
        now: SystemTime,
        options: SnapshotOptions,
        dependencies: Option<&dyn Dependencies>,
    ) -> Result<(Self, LoadReport), Error> {
        Self::open_with(namespace, path, now, options, dependencies, |file| {
            Box::new(file)
        })
    }

    fn open_with(
        namespace: &Namespace,
        path: &Path,
        now: SystemTime,
        options: SnapshotOptions,
        dependencies: Option<&dyn Dependencies>,
        wrap: fn(File) -> Box<dyn Medium>,
    ) -> Result<(Self, LoadReport), Error> {
        let held = file::hold(path)?;
        let contents = load::read(&held.file);
        let contents = contents.map_err(|error| Error::io("read the snapshot", path, error))?;
        if !namespace.track_changes() {
            return Err(Error::new(
                "open the snapshot",
                path,
                ErrorKind::SavedElsewhere,
            ));
        }
        let entries = contents.entries.values();
        let live: HashMap<_, _> = entries.map(|it| (it.key.clone(), it.frame)).collect();
        let mut report = contents.report;
        (report.is_new, report.is_exposed) = (held.is_new, held.is_exposed);
        load::fill(
            namespace,
            contents.entries,
            millis(now),
            dependencies,
            &mut report,
        );
        // What is in the file and not held, or held otherwise, is to be written.
        for key in live.keys() {
            namespace.note(key, |it| it.in_file(key));
        }
        let state = State {
            medium: wrap(held.file),
            end: contents.end,
            has_torn_end: matches!(report.damage, Some(Damage::CutShort { .. })),
            is_damaged: held.is_exposed
                || report.frames_damaged > 0
                || matches!(report.damage, Some(Damage::FrameHead { .. })),
            live_bytes: live.values().sum(),
            live,
            inserts: namespace.inserts(),
            is_failing: false,
        };
        let snapshot = Self {
            namespace: namespace.clone(),
            path: path.to_owned(),
            options,
            state: Mutex::new(state),
            wrap,
        };
        Ok((snapshot, report))
    }

    /// Puts what is sound in the file into `namespace`, as [`open`](Self::open) does, and lets go of the file: for those who
    /// find it held by another. It may be written to meanwhile.
    ///
    /// # Errors
    ///
    /// There is no such file, it is no snapshot of this version, or it cannot be read.
    pub fn read(
        namespace: &Namespace,
        path: &Path,
        now: SystemTime,
        dependencies: Option<&dyn Dependencies>,
    ) -> Result<LoadReport, Error> {
        let contents = load::read(&file::look(path)?);
        let contents = contents.map_err(|error| Error::io("read the snapshot", path, error))?;
        let mut report = contents.report;
        load::fill(
            namespace,
            contents.entries,
            millis(now),
            dependencies,
            &mut report,
        );
        Ok(report)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends what changed since the last save; writes the file anew if it was found damaged or readable by others. `now` is
    /// the wall clock. O(what changed).
    ///
    /// # Errors
    ///
    /// The disk is full or fails: what was to be saved is kept for the next time, and what stands in the file stays
    /// readable. Or the file was removed or replaced by somebody else, and nothing was written.
    pub fn save(&self, now: SystemTime) -> Result<SaveReport, Error> {
        let mut state = self.lock();
        self.save_locked(&mut state, millis(now))
    }

    /// Saves if as many inserts have been made since the last time as [`SnapshotOptions::every`] says, and compacts if that
    /// pays. Call it after inserts, best from a thread that nobody waits for: it costs nothing much when nothing is due, and never
    /// waits for another thread that saves.
    pub fn autosave(&self, now: SystemTime) -> Autosave {
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Autosave::Idle,
        };
        if self.namespace.inserts() - state.inserts < self.options.every.max(1) {
            return Autosave::Idle;
        }
        let now = millis(now);
        let saved = self.save_locked(&mut state, now).and_then(|mut report| {
            if state.compaction_pays() {
                report.bytes += self.rewrite(&mut state, now)?.bytes;
                report.compacted = true;
            }
            Ok(report)
        });
        let was_failing = std::mem::replace(&mut state.is_failing, saved.is_err());
        match saved {
            Ok(report) => Autosave::Saved(report),
            Err(error) if was_failing => Autosave::StillFailing(error),
            Err(error) => Autosave::Failed(error),
        }
    }

    /// Writes the file anew, with nothing outdated in it: another file beside it, which takes its name when the disk
    /// has it. O(entries held).
    ///
    /// # Errors
    ///
    /// As [`save`](Self::save). The file stays as it was.
    pub fn compact(&self, now: SystemTime) -> Result<SaveReport, Error> {
        let mut state = self.lock();
        self.rewrite(&mut state, millis(now))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save_locked(&self, state: &mut State, now: u64) -> Result<SaveReport, Error> {
        if state.is_damaged {
            return self.rewrite(state, now);
        }
        state.inserts = self.namespace.inserts();
        self.check_name(state)?;
        let changed = self.namespace.take_changes();
        let mut writer = Writer::new(state.end, now);
        let written = state.mend().and_then(|()| {
            for key in &changed {
                let is_live = state.live.contains_key(key);
                writer.add(&self.namespace, key, is_live, &mut *state.medium)?;
            }
            writer.flush(&mut *state.medium)?;
            if self.options.sync && writer.report.bytes > 0 {
                state.medium.sync()?;
            }
            Ok(())
        });
        if let Err(error) = written {
            state.has_torn_end = true;
            // Frees what a full disk needs most.
            _ = state.mend();
            self.put_back(state, changed);
            return Err(Error::io(SAVE, &self.path, error));
        }
        state.end = writer.end();
        for (key, frame) in &writer.changes {
            state.apply(key, *frame);
            if frame.is_none() {
                self.namespace.note(key, |it| it.removed(key));
            }
        }
        Ok(writer.report)
    }

    fn rewrite(&self, state: &mut State, now: u64) -> Result<SaveReport, Error> {
        state.inserts = self.namespace.inserts();
        self.check_name(state)?;
        let changed = self.namespace.take_changes();
        let replaced = file::replacement(&self.path).and_then(|(temporary, file)| {
            let replaced = self.replace(&temporary, file, now);
            replaced.inspect_err(|_| _ = std::fs::remove_file(&temporary))
        });
        match replaced {
            Ok((writer, medium)) => {
                for key in changed.iter().chain(state.live.keys()) {
                    if !writer.changes.contains_key(key) {
                        self.namespace.note(key, |it| it.removed(key));
                    }
                }
                state.end = writer.end();
                state.live.clear();
                state.live_bytes = 0;
                for (key, frame) in &writer.changes {
                    state.apply(key, *frame);
                }
                (state.medium, state.has_torn_end, state.is_damaged) = (medium, false, false);
                Ok(writer.report)
            }
            Err(error) => {
                self.put_back(state, changed);
                Err(Error::io("compact the snapshot", &self.path, error))
            }
        }
    }

    fn replace(
        &self,
        temporary: &Path,
        file: File,
        now: u64,
    ) -> io::Result<(Writer, Box<dyn Medium>)> {
        let mut medium = (self.wrap)(file);
        medium.write_at(0, &format::head(std::process::id()))?;
        let mut writer = Writer::new(HEAD, now);
        for key in self.namespace.keys() {
            self.namespace.note(&key, |it| it.may_be_saved(&key));
            writer.add(&self.namespace, &key, false, &mut *medium)?;
        }
        writer.flush(&mut *medium)?;
        medium.sync()?;
        std::fs::rename(temporary, &self.path)?;
        // The file has its name; should only this fail, the old one may be back after a power failure.
        _ = file::sync_folder(&self.path);
        writer.report.compacted = true;
        Ok((writer, medium))
    }

    fn put_back(&self, state: &State, changed: Vec<KeyBytes>) {
        for key in changed {
            let is_live = state.live.contains_key(&key);
            self.namespace
                .visit_one(&key, |it| it.not_saved(&key, is_live));
        }
    }

    fn check_name(&self, state: &State) -> Result<(), Error> {
        match state.medium.is_named(&self.path) {
            true => Ok(()),
            false => Err(Error::new(SAVE, &self.path, ErrorKind::Replaced)),
        }
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.namespace.forget_changes();
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("path", &self.path)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl State {
    /// Cuts off what stands behind the last frame.
    fn mend(&mut self) -> io::Result<()> {
        if self.has_torn_end {
            self.medium.truncate(self.end)?;
            self.has_torn_end = false;
        }
        Ok(())
    }

    fn apply(&mut self, key: &KeyBytes, frame: Option<u64>) {
        let before = match frame {
            Some(frame) => {
                self.live_bytes += frame;
                self.live.insert(key.clone(), frame)
            }
            None => self.live.remove(key),
        };
        self.live_bytes -= before.unwrap_or(0);
    }

    fn compaction_pays(&self) -> bool {
        let garbage = self.end - HEAD - self.live_bytes;
        garbage > self.live_bytes.max(LEAST_GARBAGE)
    }
}

/// Gathers frames, and writes them in chunks.
struct Writer {
    offset: u64,
    buffer: Vec<u8>,
    now: u64,
    /// The lengths of the frames of entries; none where an entry is gone.
    changes: HashMap<KeyBytes, Option<u64>>,
    report: SaveReport,
}

impl Writer {
    fn new(offset: u64, now: u64) -> Self {
        Self {
            offset,
            buffer: Vec::new(),
            now,
            changes: HashMap::new(),
            report: SaveReport::default(),
        }
    }

    fn end(&self) -> u64 {
        self.offset + self.buffer.len() as u64
    }

    /// Adds what is held under `key`, or that nothing is, if that is news.
    fn add(
        &mut self,
        namespace: &Namespace,
        key: &KeyBytes,
        is_live: bool,
        medium: &mut dyn Medium,
    ) -> io::Result<()> {
        let held = namespace.peek(key);
        let frame = held.and_then(|value| {
            let put = put(namespace, key, &value, self.now);
            let frame = format::frame(&Record::Put(put), self.end(), &mut self.buffer);
            self.report.too_long += u64::from(frame.is_none());
            frame
        });
        self.report.entries += u64::from(frame.is_some());
        if frame.is_none() && is_live {
            let gone = format::frame(&Record::Remove(key), self.end(), &mut self.buffer);
            self.report.removals += u64::from(gone.is_some());
        }
        if frame.is_some() || is_live {
            self.changes.insert(key.clone(), frame);
        }
        match self.buffer.len() < CHUNK {
            true => Ok(()),
            false => self.flush(medium),
        }
    }

    fn flush(&mut self, medium: &mut dyn Medium) -> io::Result<()> {
        if !self.buffer.is_empty() {
            medium.write_at(self.offset, &self.buffer)?;
        }
        let bytes = self.buffer.len() as u64;
        self.offset += bytes;
        self.report.bytes += bytes;
        self.buffer.clear();
        Ok(())
    }
}

fn put<'a>(namespace: &Namespace, key: &'a [u8], value: &'a Value, now: u64) -> Put<'a> {
    let remaining = namespace.remaining(value);
    Put {
        key,
        value,
        saved_at: now,
        remaining: remaining.map(|it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX)),
        tags: value.tags().collect(),
        files: value.files().map(|(file, it)| (file, it.0)).collect(),
    }
}

/// Milliseconds since 1970; 0 for what was before.
fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
