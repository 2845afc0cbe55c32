//! The cache: validate, or load once for all who ask.

use crate::file::{File, Read, Source};
use crate::flight::{Flights, Key, Leader, Role, depends_on_limit};
use crate::load::{check_limit, load};
use crate::options::{Options, ReadOptions};
use crate::resident::{Resident, charge};
use crate::runs::Runs;
use crate::stats::{Counters, Stats, add};
use crate::{Error, sys};
use std::path::Path;

/// A bounded cache of file contents. Share it by reference or in an `Arc`; every method takes `&self`.
///
/// # What a read guarantees
///
/// The bytes handed out were the contents of the file at some moment between the call and its return, as far as
/// its fingerprint tells (see the crate's limitations). This holds for hits, which are validated by one `stat`;
/// for loads, which are kept only when the fingerprint was the same before and after; and for loads that
/// several threads share, which are confirmed after the last of them has joined. Only a file that never holds
/// still long enough to be read is handed out as it came, marked [`Source::Uncached`].
///
/// Errors are never kept.
pub struct FileCache {
    options: Options,
    /// How many threads the machine runs at once. Asked once, as asking reads several files.
    pub(crate) parallelism: usize,
    resident: Resident,
    flights: Flights,
    runs: Runs,
    counters: Counters,
}

impl FileCache {
    /// An empty cache.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            parallelism: std::thread::available_parallelism().map_or(1, usize::from),
            resident: Resident::new(options.max_entries, options.max_bytes),
            flights: Flights::default(),
            runs: Runs::default(),
            counters: Counters::default(),
            options,
        }
    }

    /// The contents of the file at `path`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) tells a missing file, a forbidden one, a directory, and a FIFO, socket or
    /// device apart. None of them makes the call wait.
    pub fn read(&self, path: &Path) -> Result<Read, Error> {
        self.read_with(path, &ReadOptions::default())
    }

    /// As [`read`](Self::read), with choices.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and [`TooLarge`](crate::ErrorKind::TooLarge) for a file over the limit.
    pub fn read_with(&self, path: &Path, options: &ReadOptions) -> Result<Read, Error> {
        let key = path.as_os_str().as_encoded_bytes();
        let found = self.resident.get(key);
        let answer = match found {
            Some(file) if still_holds(path, &file) => {
                check_limit(path, file.len() as u64, options.limit).map(|()| Read::hit(file))
            }
            stale => self.fetch(path, key, options.limit, stale.as_ref()),
        };
        self.count(path, answer)
    }

    /// Loads the file, or follows a thread that is loading it.
    fn fetch(
        &self,
        path: &Path,
        key: &[u8],
        limit: Option<u64>,
        stale: Option<&File>,
    ) -> Result<Read, Error> {
        let key: Key = key.into();
        loop {
            match self.flights.join(&key, path) {
                Role::Leader(leader) => return self.lead(leader, path, &key, limit, stale),
                Role::Follower(flight) => {
                    let outcome = flight.wait();
                    if depends_on_limit(&outcome) {
                        continue; // The leader's limit is not ours: ask for ourselves.
                    }
                    let file = outcome?;
                    check_limit(path, file.len() as u64, limit)?;
                    return Ok(Read {
                        file,
                        source: Source::Coalesced,
                    });
                }
            }
        }
    }

    fn lead(
        &self,
        mut leader: Leader<'_>,
        path: &Path,
        key: &Key,
        limit: Option<u64>,
        stale: Option<&File>,
    ) -> Result<Read, Error> {
        let mut answer = match self.loaded_meanwhile(path, key, limit, stale) {
            Some(answer) => answer,
            None => self.load_and_keep(path, key, limit, stale),
        };
        if leader.close() {
            // Those who joined may have asked after we looked at the file: look once more for them.
            let holds = answer
                .as_ref()
                .is_ok_and(|read| still_holds(path, &read.file));
            if !holds {
                let stale = answer.ok().map(|read| read.file);
                answer = self.load_and_keep(path, key, limit, stale.as_ref());
            }
            leader.land(answer.clone().map(|read| read.file));
        }
        answer
    }

    /// The entry that another thread made between our lookup and our taking the lead.
    fn loaded_meanwhile(
        &self,
        path: &Path,
        key: &Key,
        limit: Option<u64>,
        stale: Option<&File>,
    ) -> Option<Result<Read, Error>> {
        let file = self.resident.get(key)?;
        if stale.is_some_and(|stale| stale.is(&file)) || !still_holds(path, &file) {
            return None;
        }
        Some(check_limit(path, file.len() as u64, limit).map(|()| Read::hit(file)))
    }

    /// Reads the file from disk and keeps it under `key` where that is allowed, in place of what is stale there.
    fn load_and_keep(
        &self,
        path: &Path,
        key: &Key,
        limit: Option<u64>,
        stale: Option<&File>,
    ) -> Result<Read, Error> {
        let loaded = load(path, limit).inspect_err(|_| self.drop_stale(key, stale))?;
        add(&self.counters.bytes_loaded, loaded.read_bytes);
        let charge = charge(key, loaded.bytes.len());
        let file = File::new(loaded, charge, self.runs.current());
        if self.may_keep(&file) && self.resident.insert(key.clone(), &file) {
            return Ok(Read {
                file,
                source: Source::Loaded,
            });
        }
        self.drop_stale(key, stale);
        Ok(Read {
            file,
            source: Source::Uncached,
        })
    }

    fn may_keep(&self, file: &File) -> bool {
        file.is_settled() && file.len() as u64 <= self.options.max_file_bytes
    }

    fn drop_stale(&self, key: &[u8], stale: Option<&File>) {
        if let Some(stale) = stale {
            self.resident.remove_stale(key, stale);
        }
    }

    /// Counts one answer. Every request passes here exactly once.
    pub(crate) fn count(&self, path: &Path, answer: Result<Read, Error>) -> Result<Read, Error> {
        let counters = &self.counters;
        let Ok(read) = &answer else {
            add(&counters.errors, 1);
            return answer;
        };
        match read.source {
            Source::Hit => {
                add(&counters.hits, 1);
                if read.file.asked_in(self.runs.current()) {
                    add(&counters.redundant_reads_avoided, 1);
                }
            }
            Source::Coalesced => add(&counters.coalesced, 1),
            Source::Loaded | Source::Uncached => self.count_load(path, read),
        }
        add(&counters.bytes_served, read.file.len() as u64);
        answer
    }

    fn count_load(&self, path: &Path, read: &Read) {
        let counters = &self.counters;
        add(&counters.loads, 1);
        if !read.file.is_settled() {
            add(&counters.unsettled, 1);
            return;
        }
        if read.source == Source::Uncached {
            add(&counters.skipped, 1);
        }
        if self
            .runs
            .is_redundant(path.as_os_str().as_encoded_bytes(), read.file.fingerprint())
        {
            add(&counters.redundant_reads, 1);
        }
    }

    /// Begins a run, say of a workflow: from now on a file counts as asked for the first time again. The first
    /// run begins with the cache. Runs of one cache do not overlap; threads that still read for the last one are
    /// counted towards this one.
    pub fn begin_run(&self) {
        self.runs.begin();
    }

    /// Forgets `path`, whatever became of the file; says whether it was held.
    pub fn invalidate(&self, path: &Path) -> bool {
        self.resident.remove(path.as_os_str().as_encoded_bytes())
    }

    /// Forgets every file. The counters stay.
    pub fn clear(&self) {
        self.resident.clear();
    }

    /// The number of files held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.resident.ledger().entries as usize
    }

    /// Whether no file is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The choices it was made with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The counters now. While other threads read, they are not all of one moment, but their sums hold.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.counters.snapshot(self.resident.ledger())
    }
}

impl Read {
    pub(crate) fn hit(file: File) -> Self {
        Self {
            file,
            source: Source::Hit,
        }
    }
}

impl std::fmt::Debug for FileCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileCache")
            .field("options", &self.options)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// The validation of a hit: one `stat`.
fn still_holds(path: &Path, file: &File) -> bool {
    file.is_settled() && sys::stat(path).is_ok_and(|(_, now)| now == *file.fingerprint())
}
