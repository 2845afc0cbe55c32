//! Reading one file from disk, and knowing whether what was read may be kept.
//!
//! # When a fingerprint vouches for bytes
//!
//! A load asks for the state of the open file, waits for writers, reads, and asks again. `write` takes the lock of the
//! file, sets its time stamps, copies the bytes, and gives the lock back. So if the two states are equal:
//!
//! - a write that had begun when the writers were waited for was over when the reading began: its bytes are all there;
//! - a write that began later had set a new time stamp before it copied a byte, so that the second state would tell,
//!   if any of its bytes had been read.
//!
//! Without the waiting, a load falls into the gap between time stamp and bytes of a write under way: then it sees
//! equal states around old or mixed bytes, and would keep them until the next change. (Tried on ext4 with two writers
//! of 4 KiB: 1,130 of 296,040 reads that two equal states had vouched for were torn; with the waiting 0 of 414,675.)
//! That a new time stamp differs from the last is `settle`'s matter.

use crate::bytes::Buffer;
use crate::file::Header;
use crate::settle::FileSystems;
use crate::sys::{self, Fingerprint, Handle, Place, Sort};
use crate::wait::Wait;
use crate::watch::Armed;
use crate::{Error, ErrorKind};
use autoexec_watch::{Begun, Ticket, Watcher};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a file that changes while it is read is read again, before it is given to the caller as it came.
const PATIENCE: Duration = Duration::from_millis(100);

/// How often it is tried at least.
const ATTEMPTS: u32 = 4;

/// How many bytes are asked for at once when a file does not say its size.
const CHUNK: usize = 4 << 10;

/// What a load works with.
#[derive(Clone, Copy)]
pub(crate) struct Loader<'a> {
    pub(crate) systems: &'a FileSystems,
    /// Who watches what is loaded, if that is wanted.
    pub(crate) watcher: Option<&'a Watcher<Armed>>,
    /// Longer files are refused.
    pub(crate) limit: Option<u64>,
    /// Longer files are not watched.
    pub(crate) watch_limit: u64,
    /// What to do when descriptors run out.
    pub(crate) wait: &'a Wait<'a>,
}

/// The bytes of a file and what is known about them.
pub(crate) struct Loaded {
    pub(crate) bytes: Buffer<Header>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) state: State,
    /// What the watcher holds for it, whether confirmed or not.
    pub(crate) armed: Option<Armed>,
    /// Whether it was armed before it was read, and so nobody had it open for writing.
    pub(crate) is_unwritten: bool,
    /// All bytes that were read from disk, those of earlier attempts included.
    pub(crate) read_bytes: u64,
}

/// Whether the fingerprint vouches for the bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// It does.
    Settled,
    /// The file was written to while it was read: the bytes may be a mixture.
    #[default]
    Changing,
    /// The file changed so shortly before that a further change may leave no trace.
    Racy,
    /// The file did not yield as many bytes as it claimed to have, though nobody wrote, or is of a file system that
    /// makes contents up (`/proc`, `/sys`): its fingerprint says nothing about them.
    Opaque,
}

/// A way that is armed, and the item at its end.
struct Arming<'a> {
    watcher: &'a Watcher<Armed>,
    begun: Begun,
    armed: &'a Armed,
}

impl Loader<'_> {
    /// Reads the file at `place`, unless it is too long.
    pub(crate) fn load(&self, place: Place<'_>) -> Result<Loaded, Error> {
        let armed = self.watcher.map(|_| Armed::new());
        let result = self.load_settled(place, armed.as_ref());
        match result {
            Ok(loaded) if loaded.state == State::Settled => Ok(Loaded { armed, ..loaded }),
            other => {
                self.watcher
                    .zip(armed.as_ref())
                    .into_iter()
                    .for_each(|(watcher, armed)| watcher.release(armed));
                other
            }
        }
    }

    fn load_settled(&self, place: Place<'_>, armed: Option<&Armed>) -> Result<Loaded, Error> {
        until_settled(|| self.attempt(place, armed), Instant::now)
    }

    fn attempt(&self, place: Place<'_>, armed: Option<&Armed>) -> Result<Loaded, Error> {
        let failed = |source| Error::io(place.path, source);
        let now = sys::clock_of_timestamps();
        let arming = self.begin(place.path, armed);
        let handle = self.wait.open(place)?;
        let (sort, before) = handle.stat().map_err(failed)?;
        check_sort(place.path, sort)?;
        check_limit(place.path, before.size, self.limit)?;
        let arming = arming.filter(|_| before.size <= self.watch_limit);
        let ticket = arming
            .as_ref()
            .and_then(|arming| arming.arm(place.path, &handle, &before));
        let is_unwritten = ticket.is_some();
        handle.wait_for_writers();
        let bytes = match before.size {
            0 => read_unsized(&handle, self.limit),
            size => read_sized(&handle, size),
        };
        let bytes = bytes.map_err(failed)?;
        check_limit(place.path, bytes.filled() as u64, self.limit)?;
        let confirmed = ticket
            .zip(arming)
            .is_some_and(|(ticket, arming)| arming.confirm(ticket, place.path, &before));
        let after = if confirmed {
            before
        } else {
            handle.stat().map_err(failed)?.1
        };
        let state = self.judge(&handle, bytes.filled() as u64, &before, &after, now);
        let read_bytes = bytes.filled() as u64;
        Ok(Loaded {
            bytes,
            fingerprint: after,
            state,
            armed: None,
            is_unwritten,
            read_bytes,
        })
    }

    fn begin<'a>(&'a self, path: &Path, armed: Option<&'a Armed>) -> Option<Arming<'a>> {
        let (watcher, armed) = self.watcher.zip(armed)?;
        let begun = armed.begin(watcher, path).ok()?;
        Some(Arming {
            watcher,
            begun,
            armed,
        })
    }

    fn judge(
        &self,
        handle: &Handle,
        len: u64,
        before: &Fingerprint,
        after: &Fingerprint,
        now: (i64, i64),
    ) -> State {
        match (before == after, len == after.size) {
            (false, _) => State::Changing,
            (true, false) => State::Opaque,
            // A made-up file may hold something else the next time, without a trace.
            (true, true) if self.systems.is_made_up(handle, after) => State::Opaque,
            (true, true) if self.systems.is_racy(handle, after, now) => State::Racy,
            (true, true) => State::Settled,
        }
    }
}

impl Arming<'_> {
    fn arm(&self, path: &Path, handle: &Handle, state: &Fingerprint) -> Option<Ticket> {
        self.armed
            .arm(self.watcher, &self.begun, path, handle, state)
            .ok()
    }

    fn confirm(self, ticket: Ticket, path: &Path, state: &Fingerprint) -> bool {
        self.armed.is_unchanged(&self.begun, path, state) && {
            // An event that came first leaves the item doubtful, and the bytes as good as they are.
            _ = self.watcher.confirm(ticket, self.armed);
            true
        }
    }
}

/// Reads once, and again while the file changes and patience lasts. The last attempt is the answer, with the bytes of
/// all of them counted.
fn until_settled(
    mut attempt: impl FnMut() -> Result<Loaded, Error>,
    now: impl Fn() -> Instant,
) -> Result<Loaded, Error> {
    let mut loaded = attempt()?;
    if loaded.state != State::Changing {
        return Ok(loaded);
    }
    let started = now();
    let mut attempts = 1;
    while loaded.state == State::Changing
        && (attempts < ATTEMPTS || now().duration_since(started) < PATIENCE)
    {
        let read_before = loaded.read_bytes;
        loaded = attempt()?;
        loaded.read_bytes += read_before;
        attempts += 1;
    }
    Ok(loaded)
}

pub(crate) fn check_sort(path: &Path, sort: Sort) -> Result<(), Error> {
    match sort {
        Sort::Regular => Ok(()),
        Sort::Directory => Err(Error::new(ErrorKind::IsADirectory, path)),
        Sort::Other => Err(Error::new(ErrorKind::NotRegular, path)),
    }
}

pub(crate) fn check_limit(path: &Path, size: u64, limit: Option<u64>) -> Result<(), Error> {
    match limit {
        Some(limit) if size > limit => Err(Error::new(ErrorKind::TooLarge { size, limit }, path)),
        _ => Ok(()),
    }
}

/// Reads up to `size` bytes into room of exactly that size. Whether the file has grown meanwhile, its second state
/// tells.
fn read_sized(handle: &Handle, size: u64) -> io::Result<Buffer<Header>> {
    let size = usize::try_from(size).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    let mut bytes = Buffer::new(Header::default(), size)?;
    while !bytes.is_full() {
        let offset = bytes.filled() as u64;
        if bytes.fill(|room| handle.read_at(room, offset))? == 0 {
            break;
        }
    }
    Ok(bytes)
}

/// Reads a file that claims to be empty, which those of `/proc` do, stopping soon after `limit`.
fn read_unsized(handle: &Handle, limit: Option<u64>) -> io::Result<Buffer<Header>> {
    let mut bytes = Buffer::new(Header::default(), CHUNK)?;
    loop {
        let offset = bytes.filled() as u64;
        let count = bytes.fill(|room| handle.read_at(room, offset))?;
        if count == 0 || limit.is_some_and(|limit| bytes.filled() as u64 > limit) {
            return bytes.shrunk();
        }
        if bytes.is_full() {
            bytes = bytes.grown()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn ten_bytes(state: State) -> Loaded {
        Loaded {
            bytes: Buffer::new(Header::default(), 0).expect("because no bytes need no room"),
            fingerprint: Fingerprint::default(),
            state,
            armed: None,
            is_unwritten: false,
            read_bytes: 10,
        }
    }

    /// A file that is in these states one after the other and then stays in the last, each attempt taking so many
    /// milliseconds and reading ten bytes: the state that is answered, the number of attempts, and the bytes.
    fn answered(states: &[State], attempt_ms: u64) -> (State, usize, u64) {
        let (begin, attempts) = (Instant::now(), Cell::new(0));
        let attempt = || {
            let at = attempts.replace(attempts.get() + 1);
            assert!(at < 100, "it is read for ever");
            Ok(ten_bytes(states[at.min(states.len() - 1)]))
        };
        let now = || begin + Duration::from_millis(attempt_ms) * attempts.get() as u32;
        let loaded = until_settled(attempt, now).expect("because no attempt fails");
        (loaded.state, attempts.get(), loaded.read_bytes)
    }

    #[test]
    fn a_file_that_does_not_change_is_read_once() {
        for state in [State::Settled, State::Racy, State::Opaque] {
            assert_eq!(
                answered(&[state, State::Changing], 0),
                (state, 1, 10),
                "{state:?}"
            );
        }
    }

    #[test]
    fn a_file_that_changed_while_it_was_read_is_read_until_it_rests() {
        for state in [State::Settled, State::Racy, State::Opaque] {
            let states = [State::Changing, State::Changing, state, State::Changing];
            assert_eq!(answered(&states, 1), (state, 3, 30), "{state:?}");
        }
    }

    #[test]
    fn a_file_that_never_rests_is_given_as_it_came_when_patience_and_attempts_are_over() {
        let changing = |attempt_ms| answered(&[State::Changing], attempt_ms);
        // Patience is counted from the end of the first attempt.
        assert_eq!(changing(10), (State::Changing, 11, 110));
        assert_eq!(changing(99), (State::Changing, 4, 40));
        assert_eq!(changing(5_000), (State::Changing, 4, 40));
    }

    #[test]
    fn a_file_that_cannot_be_read_again_is_an_error() {
        let mut attempts = 0;
        let attempt = || {
            attempts += 1;
            match attempts {
                1 => Ok(ten_bytes(State::Changing)),
                _ => Err(Error::new(ErrorKind::NotRegular, Path::new("was a file"))),
            }
        };
        assert!(until_settled(attempt, Instant::now).is_err());
        assert_eq!(attempts, 2);
    }
}
