//! The cache: see that what is held is fresh, or load once for all who ask.

use crate::clock::{Clock, SystemClock};
use crate::file::{File, Header, Read, Source};
use crate::flight::{Flights, Key, Leader, Role, is_the_leaders};
use crate::load::{Loaded, Loader, State, check_limit};
use crate::options::{Freshness, Options, ReadOptions};
use crate::remembered::Remembered;
use crate::resident::{Gone, Resident, charge};
use crate::runs::Runs;
use crate::settle::FileSystems;
use crate::stats::{Counters, How, Stats, add};
use crate::sys::{Fingerprint, Place};
use crate::wait::Wait;
use crate::watch::{self, Armed, Worth};
use crate::{Error, ErrorKind, Opener};
use autoexec_watch::{Proof, Watched, Watcher};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};

/// A bounded cache of file contents. Share it by reference or in an `Arc`; every method takes `&self`.
///
/// # What a read guarantees
///
/// With [`Freshness::Validate`] and [`Freshness::Watch`], the bytes handed out were the contents of the file at some
/// moment between the call and its return (see there for the two exceptions that no cache can see). This holds for
/// hits; for loads, which are kept only when their fingerprint vouches for them; and for loads that several threads
/// share, which are confirmed after the last of them has joined. Only a file that does not hold still for 100 ms, or
/// about which nothing can be known, is handed out as it came, marked [`Source::Uncached`] to whoever read it.
///
/// Errors are kept only where [`Options::error_ttl`] says so.
pub struct FileCache {
    options: Options,
    clock: Arc<dyn Clock>,
    /// How many threads the machine runs at once. Asked once, as asking reads several files.
    pub(crate) parallelism: usize,
    pub(crate) resident: Resident,
    flights: Flights,
    systems: FileSystems,
    /// Made when something is first to be watched.
    watcher: OnceLock<Option<Watcher<Armed>>>,
    worth: Worth,
    /// Grows whenever something is forgotten on demand: a load that was under way then is not kept.
    forgotten: AtomicU64,
    remembered: Option<Remembered>,
    pub(crate) runs: Runs,
    pub(crate) counters: Counters,
}

/// What is asked for: the choices of a read or a batch, with nothing left open.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) freshness: Freshness,
    pub(crate) limit: Option<u64>,
    pub(crate) opener: Option<&'a dyn Opener>,
    pub(crate) cancel: Option<&'a AtomicBool>,
    /// Of a batch: one for all its paths.
    pub(crate) proof: Option<Proof>,
    /// Of a batch: who wants to know in which order its places are answered.
    pub(crate) told: Option<&'a (dyn Fn(usize) + Sync)>,
}

impl Ask<'_> {
    /// A place of the batch is answered.
    pub(crate) fn tell(&self, place: usize) {
        if let Some(told) = self.told {
            told(place);
        }
    }
}

/// A read that is not counted yet, and for a hit why it counts as fresh.
pub(crate) type Obtained = Result<(Read, How), Error>;

impl FileCache {
    /// An empty cache.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self::with_clock(options, Arc::new(SystemClock::default()))
    }

    /// An empty cache whose times to live are measured by `clock`.
    #[must_use]
    pub fn with_clock(options: Options, clock: Arc<dyn Clock>) -> Self {
        let parallelism = std::thread::available_parallelism().map_or(1, usize::from);
        let Options {
            max_entries,
            max_bytes,
            max_file_bytes,
            ..
        } = options;
        Self {
            parallelism,
            resident: Resident::new(max_entries, max_bytes, max_file_bytes, parallelism),
            flights: Flights::default(),
            systems: FileSystems::new(options.timestamps),
            watcher: OnceLock::new(),
            worth: Worth::default(),
            forgotten: AtomicU64::new(0),
            remembered: options.error_ttl.map(Remembered::new),
            runs: Runs::default(),
            counters: Counters::default(),
            clock,
            options,
        }
    }

    /// The contents of the file at `path`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`] tells a missing file, a forbidden one, a directory, and a FIFO, socket or
    /// device apart. None of them makes the call wait.
    pub fn read(&self, path: &Path) -> Result<Read, Error> {
        self.read_with(path, &ReadOptions::default())
    }

    /// As [`read`](Self::read), with choices.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and [`TooLarge`](crate::ErrorKind::TooLarge) for a file over the limit.
    pub fn read_with(&self, path: &Path, options: &ReadOptions<'_>) -> Result<Read, Error> {
        let freshness = options.freshness.unwrap_or(self.options.freshness);
        let Some(file) = self.resident.get(key_of(path)) else {
            return self.read_further(path, options, freshness, None);
        };
        if let Some(how) = self.without_asking(&file, freshness, None) {
            if let Err(error) = check_limit(path, file.len() as u64, options.limit) {
                return self.account(path, Err(error));
            }
            self.counters
                .hit(how, file.len(), file.asked_in(self.runs.current()));
            return Ok(Read::hit(file));
        }
        self.read_further(path, options, freshness, Some(file))
    }

    /// A read that has to look at the path.
    fn read_further(
        &self,
        path: &Path,
        options: &ReadOptions<'_>,
        freshness: Freshness,
        held: Option<File>,
    ) -> Result<Read, Error> {
        let (limit, opener) = (options.limit, options.opener);
        let ask = Ask {
            freshness,
            limit,
            opener,
            cancel: None,
            proof: None,
            told: None,
        };
        self.account(path, self.obtain(Place::at(path, opener), &ask, held))
    }

    /// A hit on what is held, or a load. The answer is still to be accounted for.
    pub(crate) fn obtain(&self, place: Place<'_>, ask: &Ask<'_>, held: Option<File>) -> Obtained {
        let how = held
            .as_ref()
            .and_then(|file| self.freshness_of(place, file, ask));
        match (held, how) {
            (Some(file), Some(how)) => {
                check_limit(place.path, file.len() as u64, ask.limit)?;
                Ok((Read::hit(file), how))
            }
            (stale, _) => self
                .fetch(place, ask, stale.as_ref())
                .map(|read| (read, How::Validated)),
        }
    }

    /// Counts an answer. Every request passes here exactly once, but for what is fresh in a batch at first sight.
    pub(crate) fn account(&self, path: &Path, obtained: Obtained) -> Result<Read, Error> {
        let counters = &self.counters;
        let (read, how) = match obtained {
            Ok(obtained) => obtained,
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => {
                add(&counters.errors, 1);
                return Err(error);
            }
        };
        match read.source {
            Source::Hit => {
                counters.hit(
                    how,
                    read.file.len(),
                    read.file.asked_in(self.runs.current()),
                );
                return Ok(read);
            }
            Source::Coalesced => add(&counters.coalesced, 1),
            Source::Loaded | Source::Uncached => self.count_load(path, &read),
        }
        counters.served(read.file.len());
        Ok(read)
    }

    /// Why a file that does not count as fresh without a look at its path does so with one.
    pub(crate) fn freshness_of(&self, place: Place<'_>, file: &File, ask: &Ask<'_>) -> Option<How> {
        let holds = match (ask.freshness, self.watcher(ask.freshness)) {
            (Freshness::Watch, Some(watcher)) => self.validate_watched(watcher, place, file),
            (Freshness::Ttl(_), _) => {
                let now = place.known_at().unwrap_or_else(|| self.clock.now());
                let holds = still_holds(place, file);
                if holds {
                    file.set_checked(now);
                }
                holds
            }
            _ => still_holds(place, file),
        };
        holds.then_some(How::Validated)
    }

    /// Why the file counts as fresh, if that takes no look at its path.
    #[inline]
    pub(crate) fn without_asking(
        &self,
        file: &File,
        freshness: Freshness,
        proof: Option<Proof>,
    ) -> Option<How> {
        match freshness {
            Freshness::Validate => None,
            Freshness::Pinned => Some(How::Unasked),
            Freshness::Ttl(ttl) => file
                .checked_within(ttl, self.clock.now())
                .then_some(How::Unasked),
            Freshness::Watch => {
                let armed = file.armed()?;
                let proof = proof.or_else(|| self.watcher(freshness).map(Watcher::refresh))?;
                proof.covers(armed.mark()).then_some(How::Proven)
            }
        }
    }

    /// Validates a file that no proof covers, and arms it again where it is time to.
    fn validate_watched(&self, watcher: &Watcher<Armed>, place: Place<'_>, file: &File) -> bool {
        if let Some((armed, seen)) = file
            .armed()
            .and_then(|armed| Some((armed, armed.mark().seen()?)))
            && let Ok(begun) = armed.begin(watcher, place.path)
            && armed.is_unchanged(&begun, place.path, file.fingerprint())
        {
            _ = watcher.renew(&begun, seen, armed);
            return true;
        }
        if !still_holds(place, file) {
            return false;
        }
        if file.tries_again()
            && self.worth.pays()
            && file.arm().arm_again(watcher, place, file.fingerprint())
        {
            // Who had it open for writing while it was read may have stored to it since: now it can be read for good.
            let is_good = file.is_unwritten();
            if !is_good || !self.resident.holds(key_of(place.path), file) {
                // Or it was evicted meanwhile, and let go of before it was armed.
                watcher.release(file.arm());
            }
            return is_good;
        }
        true
    }

    /// The watcher, if watching is asked for and possible.
    pub(crate) fn watcher(&self, freshness: Freshness) -> Option<&Watcher<Armed>> {
        match freshness {
            Freshness::Watch => self.watcher.get_or_init(watch::watcher).as_ref(),
            _ => None,
        }
    }

    /// Loads the file, or follows a thread that is loading it.
    fn fetch(&self, place: Place<'_>, ask: &Ask<'_>, stale: Option<&File>) -> Result<Read, Error> {
        if ask.opener.is_none()
            && let Some(remembered) = &self.remembered
            && let Some(error) = remembered.get(key_of(place.path), self.clock.now())
        {
            add(&self.counters.errors_remembered, 1);
            return Err(error);
        }
        let key: Key = key_of(place.path).into();
        let opener = ask.opener.map_or(0, Opener::identity);
        let route = (key.clone(), opener);
        let answer = loop {
            match self.flights.join(&route, place.path) {
                Role::Leader(leader) => break self.lead(leader, place, &key, ask, stale),
                Role::Follower(flight) => {
                    let outcome = flight.wait();
                    if is_the_leaders(&outcome) {
                        continue; // His limit is not ours, nor that he was cancelled: ask for ourselves.
                    }
                    break outcome.and_then(|file| {
                        check_limit(place.path, file.len() as u64, ask.limit)?;
                        Ok(Read {
                            file,
                            source: Source::Coalesced,
                        })
                    });
                }
            }
        };
        // What is missing in an open directory may be at its path: the batch finds out.
        if let Err(error) = &answer
            && place.known_at().is_none()
        {
            self.remember(place.path, error, ask);
        }
        answer
    }

    /// Gives the error out again for a while, where that was asked for.
    pub(crate) fn remember(&self, path: &Path, error: &Error, ask: &Ask<'_>) {
        // What an opener refuses others may open.
        if ask.opener.is_none()
            && let Some(remembered) = &self.remembered
            && is_worth_remembering(error)
            && remembered.get(key_of(path), self.clock.now()).is_none()
        {
            remembered.put(key_of(path).into(), error, self.clock.now());
        }
    }

    pub(crate) fn now(&self) -> std::time::Duration {
        self.clock.now()
    }

    fn lead(
        &self,
        mut leader: Leader<'_>,
        place: Place<'_>,
        key: &Key,
        ask: &Ask<'_>,
        stale: Option<&File>,
    ) -> Result<Read, Error> {
        let mut answer = match self.loaded_meanwhile(place, key, ask, stale) {
            Some(answer) => answer,
            None => self.load_and_keep(place, key, ask, stale),
        };
        if leader.close() {
            // Those who joined may have asked after we looked at the file: look once more for them.
            let place = place.by_path();
            let holds = answer
                .as_ref()
                .is_ok_and(|read| still_holds(place, &read.file));
            if !holds {
                let stale = answer.ok().map(|read| read.file);
                answer = self.load_and_keep(place, key, ask, stale.as_ref());
            }
            leader.land(answer.clone().map(|read| read.file));
        }
        answer
    }

    /// The entry that another thread made between our lookup and our taking the lead.
    fn loaded_meanwhile(
        &self,
        place: Place<'_>,
        key: &Key,
        ask: &Ask<'_>,
        stale: Option<&File>,
    ) -> Option<Result<Read, Error>> {
        let file = self.resident.get(key)?;
        if stale.is_some_and(|stale| stale.is(&file)) || !still_holds(place, &file) {
            return None;
        }
        Some(check_limit(place.path, file.len() as u64, ask.limit).map(|()| Read::hit(file)))
    }

    /// Reads the file from disk and keeps it under `key` where that is allowed, in place of what is stale there.
    fn load_and_keep(
        &self,
        place: Place<'_>,
        key: &Key,
        ask: &Ask<'_>,
        stale: Option<&File>,
    ) -> Result<Read, Error> {
        let forgotten = self.forgotten.load(SeqCst);
        let now = place.known_at().unwrap_or_else(|| self.clock.now());
        let wait = Wait {
            at_most: self.options.descriptor_wait,
            cancel: ask.cancel,
            counters: &self.counters,
        };
        let loader = Loader {
            systems: &self.systems,
            watcher: self.watcher(ask.freshness).filter(|_| self.worth.pays()),
            limit: ask.limit,
            watch_limit: self.options.max_file_bytes,
            wait: &wait,
        };
        let loaded = loader
            .load(place)
            .inspect_err(|_| self.drop_stale(key, stale, None))?;
        self.counters.loaded(loaded.read_bytes);
        let (state, fingerprint) = (loaded.state, loaded.fingerprint);
        let file = self
            .make(loaded, key, now)
            .map_err(|source| Error::io(place.path, source))?;
        if state == State::Settled && file.len() as u64 <= self.options.max_file_bytes {
            let gone = self.resident.insert(key.clone(), &file);
            let kept = !gone.has(&file);
            self.let_go(gone);
            if kept && self.forgotten.load(SeqCst) == forgotten {
                return Ok(Read {
                    file,
                    source: Source::Loaded,
                });
            }
            if kept {
                self.let_go(self.resident.remove_exactly(key, &file));
                return Ok(Read {
                    file,
                    source: Source::Loaded,
                });
            }
        } else {
            self.let_go(Gone(vec![file.clone()]));
        }
        self.drop_stale(key, stale, Some(&fingerprint));
        Ok(Read {
            file,
            source: Source::Uncached,
        })
    }

    fn make(&self, loaded: Loaded, key: &Key, now: std::time::Duration) -> std::io::Result<File> {
        let mut bytes = loaded.bytes;
        let charge = charge(key, bytes.filled());
        let header = Header::new(
            loaded.fingerprint,
            loaded.state,
            charge,
            self.runs.current(),
            now,
        );
        *bytes.header_mut() = header.with_armed(loaded.armed, loaded.is_unwritten);
        bytes.share().map(File::new)
    }

    pub(crate) fn drop_stale(&self, key: &[u8], stale: Option<&File>, now: Option<&Fingerprint>) {
        if let Some(stale) = stale {
            self.let_go(self.resident.remove_stale(key, stale, now));
        }
    }

    /// Has the watcher forget files that left the cache.
    fn let_go(&self, gone: Gone) {
        let Some(Some(watcher)) = self.watcher.get() else {
            return;
        };
        let armed: Vec<&Armed> = gone.0.iter().filter_map(File::armed).collect();
        if !armed.is_empty() {
            armed.iter().for_each(|armed| watcher.release(armed));
            self.worth
                .note_departures(armed.len() as u64, || self.counters.proven());
        }
    }

    fn count_load(&self, path: &Path, read: &Read) {
        let counters = &self.counters;
        counters.load();
        match read.file.state() {
            State::Settled => {}
            State::Racy => return add(&counters.racy, 1),
            State::Changing | State::Opaque => return add(&counters.unsettled, 1),
        }
        if read.source == Source::Uncached {
            add(&counters.skipped, 1);
        }
        if self
            .runs
            .is_redundant(key_of(path), read.file.fingerprint())
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

    /// Changes both bounds, while others read: they hold when the call returns. What is held stays as far as there is
    /// room. Takes time proportional to the number of entries.
    ///
    /// The number of shards stays as it was made for the first bounds (see the crate's documentation): a cache that was
    /// made for many files and is left with room for few keeps fewer than it could.
    pub fn resize(&self, max_entries: usize, max_bytes: u64) {
        self.let_go(self.resident.resize(max_entries, max_bytes));
    }

    /// Forgets `path`, whatever became of the file; says whether it was held.
    pub fn invalidate(&self, path: &Path) -> bool {
        self.forgotten.fetch_add(1, SeqCst);
        let gone = self.resident.remove(key_of(path));
        let held = !gone.0.is_empty();
        self.let_go(gone);
        if let Some(remembered) = &self.remembered {
            remembered.forget(key_of(path));
        }
        held
    }

    /// Forgets every file. The counters stay.
    pub fn clear(&self) {
        self.forgotten.fetch_add(1, SeqCst);
        self.let_go(self.resident.clear());
        if let Some(remembered) = &self.remembered {
            remembered.clear();
        }
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

    /// The choices it was made with. The bounds may have been [changed](Self::resize) since.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Whether files can be watched here. Makes the watcher if there was none yet.
    #[must_use]
    pub fn can_watch(&self) -> bool {
        self.watcher(Freshness::Watch).is_some()
    }

    /// The counters now. While other threads read, they are not all of one moment, but their sums hold.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut stats = self.counters.snapshot(self.resident.ledger());
        stats.run_paths = self.runs.paths();
        if let Some(Some(watcher)) = self.watcher.get() {
            let watched = watcher.stats();
            (stats.watches, stats.watch_losses) = (watched.watches, watched.losses);
        }
        stats
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

pub(crate) fn key_of(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// The validation of a hit: one `stat`.
fn still_holds(place: Place<'_>, file: &File) -> bool {
    file.is_settled()
        && place
            .stat()
            .is_ok_and(|(_, now)| now == *file.fingerprint())
}

/// Errors that tell of the path, and not of this call.
fn is_worth_remembering(error: &Error) -> bool {
    use ErrorKind::{Io, IsADirectory, NotFound, NotRegular, PermissionDenied};
    matches!(
        error.kind(),
        NotFound | PermissionDenied | IsADirectory | NotRegular | Io
    )
}
