//! Where traces are kept: a folder with a salt, the newest traces, and a bound on their bytes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

use super::model::Trace;

/// The name of the salt in the folder.
const SALT: &str = "salt";
/// How names of traces end.
const ENDING: &str = "trace";

/// Keys the hashes of a folder, so that who has a trace and not the salt cannot try names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Salt(u64, u64);

impl Salt {
    /// SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012). O(bytes).
    #[expect(
        deprecated,
        reason = "its successor cannot be keyed; it will not go away"
    )]
    pub(super) fn hash(self, bytes: &[u8]) -> u64 {
        use std::hash::Hasher;
        let mut hasher = std::hash::SipHasher::new_with_keys(self.0, self.1);
        hasher.write(bytes);
        hasher.finish()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (first, second) = bytes.split_first_chunk::<8>()?;
        let second: [u8; 8] = second.try_into().ok()?;
        Some(Self(u64::from_le_bytes(*first), u64::from_le_bytes(second)))
    }

    /// A new one, from what the system gives the standard library for its hash tables.
    fn new() -> Self {
        use std::hash::{BuildHasher, RandomState};
        let word = |n: u8| RandomState::new().hash_one(n);
        Self(word(0), word(1))
    }

    fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0.to_le_bytes());
        bytes[8..].copy_from_slice(&self.1.to_le_bytes());
        bytes
    }
}

/// Whether and where a run writes its trace.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TraceOptions {
    /// Where the salt is, and the trace unless [`file`](Self::file) says otherwise.
    pub folder: Folder,
    /// Write the trace to this file instead.
    pub file: Option<PathBuf>,
    /// Whether names of files and paths stand in the trace too.
    pub names: bool,
    /// When the run begins, in milliseconds since 1970. It names the file, and nothing depends on it otherwise.
    pub started_unix_ms: u64,
    /// Equal for runs that share caches; see [`Header::session`](super::Header::session).
    pub session: u64,
    /// Which run of the session it is, from 1.
    pub round: u32,
    written: Arc<OnceLock<Result<PathBuf, String>>>,
}

impl TraceOptions {
    /// Options of a run that writes its trace below `folder`.
    #[must_use]
    pub fn new(folder: Folder) -> Self {
        Self {
            folder,
            file: None,
            names: false,
            started_unix_ms: 0,
            session: 0,
            round: 1,
            written: Arc::default(),
        }
    }

    /// Where it will stand which file was written, or why none was. Ask after the run.
    #[must_use]
    pub fn written(&self) -> Arc<OnceLock<Result<PathBuf, String>>> {
        self.written.clone()
    }

    /// The salt of the folder; one that is not kept if none can be read or written there.
    pub(crate) fn salt(&self) -> Salt {
        self.folder.salt().unwrap_or_else(|_| Salt::new())
    }

    /// Writes the trace and says so.
    pub(crate) fn put(&self, trace: &Trace, run_id: &str) {
        let written = match &self.file {
            Some(file) => super::write(trace, file)
                .map(|()| file.clone())
                .map_err(|e| format!("{}: {e}", file.display())),
            None => (self.folder.put(trace, run_id))
                .map_err(|e| format!("{}: {e}", self.folder.path.display())),
        };
        let left_out = trace.header.left_out;
        let written = written.and_then(|path| match left_out {
            0 => Ok(path),
            n => Err(format!(
                "{} ends early: {n} accesses were too many to be recorded",
                path.display()
            )),
        });
        _ = self.written.set(written);
    }
}

/// A folder of traces.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Folder {
    /// Its path; absolute. It is made when something is written.
    pub path: PathBuf,
    /// Most traces kept; older ones go. 0 keeps all.
    pub keep: usize,
    /// Most bytes of traces kept; older ones go, the newest stays whatever its size.
    pub bytes: u64,
}

impl Folder {
    /// A folder that keeps 50 traces of 64 MiB in all.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            keep: 50,
            bytes: 64 << 20,
        }
    }

    /// The traces in it, the oldest first. None if there is no such folder.
    ///
    /// # Errors
    /// Whatever else the file system says.
    pub fn traces(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut traces = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|it| it == ENDING) {
                traces.push(path);
            }
        }
        // Their names begin with the time.
        traces.sort();
        Ok(traces)
    }

    /// Makes the folder. The topmost one that is new says to git that nothing in it is to be kept.
    fn make(&self) -> io::Result<()> {
        if self.path.is_dir() {
            return Ok(());
        }
        let is_new = |folder: &&Path| !folder.exists();
        let topmost = self.path.ancestors().take_while(is_new).last();
        let topmost = topmost.map(Path::to_path_buf);
        fs::create_dir_all(&self.path)?;
        match topmost {
            Some(folder) => fs::write(folder.join(".gitignore"), "*\n"),
            None => Ok(()),
        }
    }

    fn salt(&self) -> io::Result<Salt> {
        let path = self.path.join(SALT);
        if let Some(salt) = read_salt(&path)? {
            return Ok(salt);
        }
        self.make()?;
        let salt = Salt::new();
        crate::output::write_privately(&path, |w| w.write_all(&salt.to_bytes()))?;
        // Of two processes that make one, the last is heard.
        Ok(read_salt(&path)?.unwrap_or(salt))
    }

    fn put(&self, trace: &Trace, run_id: &str) -> io::Result<PathBuf> {
        let path = self.path.join(name_of(trace, run_id));
        match super::write(trace, &path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.make()?;
                super::write(trace, &path)?;
            }
            written => written?,
        }
        self.prune(&path)?;
        Ok(path)
    }

    /// Removes the oldest traces as long as there are too many, or too many bytes.
    fn prune(&self, newest: &Path) -> io::Result<()> {
        let (mut count, mut bytes) = (0, 0u64);
        for path in self.traces()?.iter().rev() {
            count += 1;
            let mut is_over = self.keep > 0 && count > self.keep;
            if !is_over {
                let size = fs::metadata(path).map_or(0, |it| it.len());
                bytes = bytes.saturating_add(size);
                is_over = bytes > self.bytes;
            }
            if is_over && path != newest {
                // Somebody else may have removed it.
                _ = fs::remove_file(path);
            }
        }
        Ok(())
    }
}

/// The salt in a file; none if there is no such file, or it was cut off.
fn read_salt(path: &Path) -> io::Result<Option<Salt>> {
    match fs::read(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => Ok(Salt::from_bytes(&bytes?)),
    }
}

/// The time first, so that names are in the order of runs.
fn name_of(trace: &Trace, run_id: &str) -> String {
    let moment = UNIX_EPOCH.checked_add(Duration::from_millis(trace.header.started_unix_ms));
    let time = humantime::format_rfc3339_millis(moment.unwrap_or(UNIX_EPOCH)).to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let id: String = run_id.chars().filter(|c| plain(*c)).take(40).collect();
    format!("{}-{id}.{ENDING}", time.replace(':', ""))
}
