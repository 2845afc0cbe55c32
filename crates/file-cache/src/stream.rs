//! Large files, a chunk at a time.

use crate::cache::{Ask, key_of};
use crate::file::Source;
use crate::load::{check_limit, check_sort};
use crate::stats::add;
use crate::sys::{Fingerprint, Handle, Place};
use crate::wait::Wait;
use crate::{Error, ErrorKind, File, FileCache, Freshness, Opener};
use std::io;
use std::path::{Path, PathBuf};

/// Choices for one [`stream`](FileCache::stream).
#[derive(Clone, Copy)]
pub struct StreamOptions<'a> {
    /// Most bytes handed out, and held in memory, at once. 0 counts as 1. Default 256 KiB.
    pub chunk_bytes: usize,
    /// Refuse files longer than this many bytes. Default: none.
    pub limit: Option<u64>,
    /// How it is made sure that a file held in memory is fresh, in place of [`Options::freshness`](crate::Options).
    pub freshness: Option<Freshness>,
    /// Who opens the file. Default: the system, wherever the path leads.
    pub opener: Option<&'a dyn Opener>,
}

impl Default for StreamOptions<'_> {
    fn default() -> Self {
        Self {
            chunk_bytes: 256 << 10,
            limit: None,
            freshness: None,
            opener: None,
        }
    }
}

/// The contents of a file in order, a chunk at a time: see [`FileCache::stream`].
///
/// As a [`Read`](io::Read) or [`BufRead`](io::BufRead) it gives the same bytes, and the same errors as sources of
/// [`io::Error`]. The two ways may be mixed: each goes on where the other stopped.
#[must_use]
pub struct Chunks<'c> {
    cache: &'c FileCache,
    path: PathBuf,
    len: u64,
    chunk_bytes: usize,
    bytes: Bytes,
    /// What of the bytes at hand is not handed out yet.
    from: usize,
    to: usize,
    /// Once there is nothing more to come.
    ended: Option<Result<(), Error>>,
}

/// Where the chunks come from.
enum Bytes {
    Memory(File),
    Disk(OnDisk),
}

/// An open file and the chunk that was read last.
struct OnDisk {
    handle: Handle,
    /// Its state when it was opened.
    before: Fingerprint,
    limit: Option<u64>,
    chunk: Vec<u8>,
    /// Bytes read so far.
    offset: u64,
    /// Whether the request is counted already.
    counted: bool,
}

impl FileCache {
    /// The contents of the file at `path`, of whatever length, with no more than a chunk of it in memory.
    ///
    /// A file that the cache holds fresh is handed out from memory, and counts as a hit. Any other is read from disk and
    /// not kept; it counts as a load when it ends or is dropped, and as `skipped` and `streamed`. Several streams of one
    /// file read it several times.
    ///
    /// What was handed out is one state of the file only if the stream came to its end without an error: then nobody
    /// touched the file meanwhile, neither its bytes nor its metadata (as far as time stamps tell; see
    /// [`Timestamps`](crate::Timestamps) for where they are coarse). A file that says its size is read to that size, one
    /// that does not, to its end.
    ///
    /// Takes one allocation, of a chunk or of the file's size, whichever is less; per chunk one system call.
    ///
    /// # Errors
    ///
    /// As [`read_with`](Self::read_with); errors that the cache remembers are not asked for.
    pub fn stream(&self, path: &Path, options: &StreamOptions<'_>) -> Result<Chunks<'_>, Error> {
        self.open_stream(path, options)
            .inspect_err(|_| add(&self.counters.errors, 1))
    }

    /// The first `lines` lines of the file at `path`, line ends included: what stands in front of an agent's definition,
    /// say. Reads no chunk beyond the last of these lines.
    ///
    /// # Errors
    ///
    /// As [`stream`](Self::stream). That the file changed meanwhile is told only if its end was reached.
    pub fn first_lines(
        &self,
        path: &Path,
        lines: usize,
        options: &StreamOptions<'_>,
    ) -> Result<Vec<u8>, Error> {
        let (mut chunks, mut first, mut left) = (self.stream(path, options)?, Vec::new(), lines);
        while left > 0
            && let Some(chunk) = chunks.next_chunk()?
        {
            let mut end = 0;
            while left > 0
                && let Some(at) = chunk[end..].iter().position(|&byte| byte == b'\n')
            {
                (end, left) = (end + at + 1, left - 1);
            }
            first.extend_from_slice(if left == 0 { &chunk[..end] } else { chunk });
        }
        Ok(first)
    }

    fn open_stream(&self, path: &Path, options: &StreamOptions<'_>) -> Result<Chunks<'_>, Error> {
        let place = Place::at(path, options.opener);
        let ask = Ask {
            freshness: options.freshness.unwrap_or(self.options().freshness),
            limit: options.limit,
            opener: options.opener,
            cancel: None,
            proof: None,
            told: None,
        };
        let held = self.resident.get(key_of(path));
        let fresh = held.as_ref().and_then(|file| {
            self.without_asking(file, ask.freshness, None)
                .or_else(|| self.freshness_of(place, file, &ask))
        });
        let (len, bytes) = match (held, fresh) {
            (Some(file), Some(how)) => {
                check_limit(path, file.len() as u64, ask.limit)?;
                self.counters
                    .hit(how, 0, file.asked_in(self.runs.current()));
                (file.len() as u64, Bytes::Memory(file))
            }
            (stale, _) => {
                let opened = self.open_on_disk(place, options);
                let now = opened.as_ref().ok().map(|disk| &disk.before);
                self.drop_stale(key_of(path), stale.as_ref(), now);
                let disk = opened?;
                (disk.before.size, Bytes::Disk(disk))
            }
        };
        Ok(Chunks {
            cache: self,
            path: path.to_owned(),
            len,
            chunk_bytes: options.chunk_bytes.max(1),
            bytes,
            from: 0,
            to: 0,
            ended: None,
        })
    }

    fn open_on_disk(&self, place: Place<'_>, options: &StreamOptions<'_>) -> Result<OnDisk, Error> {
        let wait = Wait {
            at_most: self.options().descriptor_wait,
            cancel: None,
            counters: &self.counters,
        };
        let handle = wait.open(place)?;
        let failed = |source| Error::io(place.path, source);
        let (sort, before) = handle.stat().map_err(failed)?;
        check_sort(place.path, sort)?;
        check_limit(place.path, before.size, options.limit)?;
        // From here on a change shows in the state of the file: see `load`.
        handle.wait_for_writers();
        Ok(OnDisk {
            handle,
            before,
            limit: options.limit,
            chunk: room(options.chunk_bytes.max(1), before.size).map_err(failed)?,
            offset: 0,
            counted: false,
        })
    }
}

/// Room for a chunk. A file that does not say its size gets a whole one.
fn room(chunk_bytes: usize, size: u64) -> io::Result<Vec<u8>> {
    let needed = usize::try_from(size).map_or(chunk_bytes, |size| size.min(chunk_bytes));
    let needed = if size == 0 { chunk_bytes } else { needed };
    let mut chunk = Vec::new();
    chunk
        .try_reserve_exact(needed)
        .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    chunk.resize(needed, 0);
    Ok(chunk)
}

impl Chunks<'_> {
    /// The next bytes: `chunk_bytes` of them, fewer only at the end or after a part was taken through
    /// [`Read`](io::Read); `None` when all were handed out.
    ///
    /// # Errors
    ///
    /// What the system says; [`Changed`](ErrorKind::Changed) in place of the end, if the file was written to since it was
    /// opened; [`TooLarge`](ErrorKind::TooLarge) for a file that did not say its size and exceeds the limit, of which no
    /// byte beyond the limit is handed out. An error is given again by each further call.
    pub fn next_chunk(&mut self) -> Result<Option<&[u8]>, Error> {
        self.fill()?;
        let (from, to) = (self.from, self.to);
        self.from = to;
        self.cache.counters.served(to - from);
        Ok((from < to).then(|| &self.at_hand()[from..to]))
    }

    /// The size of the file in bytes when it was opened; 0 also where a file does not say its size (`/proc`).
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file said that it was empty when it was opened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// [`Hit`](Source::Hit) when the bytes come from memory, [`Uncached`](Source::Uncached) when from disk.
    #[must_use]
    pub fn source(&self) -> Source {
        match self.bytes {
            Bytes::Memory(_) => Source::Hit,
            Bytes::Disk(_) => Source::Uncached,
        }
    }

    fn at_hand(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Memory(file) => file.bytes(),
            Bytes::Disk(disk) => &disk.chunk,
        }
    }

    /// Makes sure that there are bytes at hand, unless all were handed out.
    fn fill(&mut self) -> Result<(), Error> {
        if self.from < self.to {
            return Ok(());
        }
        if let Some(ended) = &self.ended {
            return ended.clone();
        }
        let count = match &mut self.bytes {
            Bytes::Memory(file) => Ok(file.len().saturating_sub(self.to).min(self.chunk_bytes)),
            Bytes::Disk(disk) => {
                (self.from, self.to) = (0, 0);
                let offset = disk.offset;
                let count = disk.read_chunk(&self.path);
                self.cache.counters.loaded(disk.offset - offset);
                count
            }
        };
        match count {
            Ok(0) => self.end(Ok(())),
            Ok(count) => {
                self.to += count;
                Ok(())
            }
            Err(error) => self.end(Err(error)),
        }
    }

    /// Notes that there is nothing more to come, and counts a file from disk.
    fn end(&mut self, ended: Result<(), Error>) -> Result<(), Error> {
        let Bytes::Disk(disk) = &mut self.bytes else {
            return self.ended.insert(ended).clone();
        };
        let ended = ended.and_then(|()| disk.check_unchanged(&self.path));
        disk.counted = true;
        match &ended {
            Err(_) => add(&self.cache.counters.errors, 1),
            Ok(()) => self.cache.count_stream(&self.path, Some(&disk.before)),
        }
        self.ended.insert(ended).clone()
    }
}

impl FileCache {
    /// Counts a file that was streamed from disk; its state, if it was streamed to the end.
    fn count_stream(&self, path: &Path, state: Option<&Fingerprint>) {
        self.counters.load();
        add(&self.counters.skipped, 1);
        add(&self.counters.streamed, 1);
        if state.is_some_and(|state| self.runs.is_redundant(key_of(path), state)) {
            add(&self.counters.redundant_reads, 1);
        }
    }
}

impl Drop for Chunks<'_> {
    fn drop(&mut self) {
        if let Bytes::Disk(disk) = &self.bytes
            && !disk.counted
        {
            self.cache.count_stream(&self.path, None);
        }
    }
}

impl OnDisk {
    /// Reads until the chunk is full or the file is at its end; says how many bytes.
    fn read_chunk(&mut self, path: &Path) -> Result<usize, Error> {
        let room = match self.before.size {
            0 => self.chunk.len(),
            size => (size - self.offset).min(self.chunk.len() as u64) as usize,
        };
        let mut filled = 0;
        while filled < room {
            match self
                .handle
                .read_over(&mut self.chunk[filled..room], self.offset)
            {
                Ok(0) => break,
                Ok(count) => {
                    filled += count;
                    self.offset += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io(path, error)),
            }
        }
        check_limit(path, self.offset, self.limit)?;
        Ok(filled)
    }

    fn check_unchanged(&self, path: &Path) -> Result<(), Error> {
        let after = self
            .handle
            .stat()
            .map_err(|source| Error::io(path, source))?
            .1;
        if after == self.before {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Changed, path))
    }
}

impl io::Read for Chunks<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = io::Read::read(&mut io::BufRead::fill_buf(self)?, bytes)?;
        io::BufRead::consume(self, count);
        Ok(count)
    }
}

impl io::BufRead for Chunks<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.fill()?;
        Ok(&self.at_hand()[self.from..self.to])
    }

    fn consume(&mut self, count: usize) {
        let count = count.min(self.to - self.from);
        self.from += count;
        self.cache.counters.served(count);
    }
}

impl std::fmt::Debug for Chunks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chunks")
            .field("path", &self.path)
            .field("len", &self.len)
            .field("source", &self.source())
            .finish_non_exhaustive()
    }
}

/// The error as the source of one of the standard library, of the kind that comes nearest.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::NotFound => io::ErrorKind::NotFound,
            ErrorKind::PermissionDenied => io::ErrorKind::PermissionDenied,
            ErrorKind::IsADirectory => io::ErrorKind::IsADirectory,
            ErrorKind::TooLarge { .. } => io::ErrorKind::FileTooLarge,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
