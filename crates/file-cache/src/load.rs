//! Reading one file from disk, and knowing whether what was read may be kept.

use crate::sys::{self, Fingerprint, Handle, Sort};
use crate::{Error, ErrorKind};
use std::io;
use std::path::Path;

/// How often a file that changes while it is read is read again before it is given up to the caller as it came.
const ATTEMPTS: usize = 4;

/// How many bytes are asked for at once when a file does not say its size.
const CHUNK: usize = 4 << 10;

/// The bytes of a file and what is known about them.
pub(crate) struct Loaded {
    pub(crate) bytes: Vec<u8>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) state: State,
    /// All bytes that were read from disk, those of earlier attempts included.
    pub(crate) read_bytes: u64,
}

/// Whether the fingerprint vouches for the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The fingerprint was the same before and after the bytes were read.
    Settled,
    /// The file was written to in between: the bytes may be a mixture.
    Changing,
    /// The file did not yield as many bytes as it claimed to have, though nobody wrote: its fingerprint says
    /// nothing about its contents (`/proc`, `/sys`).
    Opaque,
}

/// Reads the file at `path`, unless it is longer than `limit` bytes.
pub(crate) fn load(path: &Path, limit: Option<u64>) -> Result<Loaded, Error> {
    let mut loaded = attempt(path, limit)?;
    for _ in 1..ATTEMPTS {
        if loaded.state != State::Changing {
            break;
        }
        let read_before = loaded.read_bytes;
        loaded = attempt(path, limit)?;
        loaded.read_bytes += read_before;
    }
    Ok(loaded)
}

fn attempt(path: &Path, limit: Option<u64>) -> Result<Loaded, Error> {
    let failed = |source| Error::io(path, source);
    let handle = Handle::open(path).map_err(|source| refused(path, source))?;
    let (sort, before) = handle.stat().map_err(failed)?;
    match sort {
        Sort::Regular => {}
        Sort::Directory => return Err(Error::new(ErrorKind::IsADirectory, path)),
        Sort::Other => return Err(Error::new(ErrorKind::NotRegular, path)),
    }
    check_limit(path, before.size, limit)?;
    let bytes = match before.size {
        0 => read_unsized(&handle, limit).map_err(failed)?,
        size => read_sized(&handle, size).map_err(failed)?,
    };
    check_limit(path, bytes.len() as u64, limit)?;
    let (_, after) = handle.stat().map_err(failed)?;
    let state = match (before == after, bytes.len() as u64 == after.size) {
        // On a file system that makes contents up, a file may be empty now and not later, without a trace.
        (true, true) if after.size == 0 && handle.is_made_up() => State::Opaque,
        (true, true) => State::Settled,
        (true, false) => State::Opaque,
        (false, _) => State::Changing,
    };
    let read_bytes = bytes.len() as u64;
    Ok(Loaded {
        bytes,
        fingerprint: after,
        state,
        read_bytes,
    })
}

fn refused(path: &Path, source: io::Error) -> Error {
    if sys::means_irregular(&source) {
        return Error::new(ErrorKind::NotRegular, path);
    }
    Error::io(path, source)
}

pub(crate) fn check_limit(path: &Path, size: u64, limit: Option<u64>) -> Result<(), Error> {
    match limit {
        Some(limit) if size > limit => Err(Error::new(ErrorKind::TooLarge { size, limit }, path)),
        _ => Ok(()),
    }
}

/// Reads up to `size` bytes into a buffer of exactly that size. Whether the file has grown meanwhile, the second
/// `fstat` tells.
fn read_sized(handle: &Handle, size: u64) -> io::Result<Vec<u8>> {
    let size = usize::try_from(size).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    let mut bytes = reserve(Vec::new(), size)?;
    while bytes.len() < size {
        if handle.read(&mut bytes)? == 0 {
            break;
        }
    }
    Ok(bytes)
}

/// Reads a file that claims to be empty, which those of `/proc` do, stopping soon after `limit`.
fn read_unsized(handle: &Handle, limit: Option<u64>) -> io::Result<Vec<u8>> {
    let mut bytes = reserve(Vec::new(), CHUNK)?;
    while handle.read(&mut bytes)? > 0 && limit.is_none_or(|limit| bytes.len() as u64 <= limit) {
        if bytes.len() == bytes.capacity() {
            let more = bytes.len();
            bytes = reserve(bytes, more)?;
        }
    }
    bytes.shrink_to_fit();
    Ok(bytes)
}

/// Room for `more` bytes, or an error where `Vec` would abort the process.
fn reserve(mut bytes: Vec<u8>, more: usize) -> io::Result<Vec<u8>> {
    bytes
        .try_reserve_exact(more)
        .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    Ok(bytes)
}

#[cfg(test)]
impl Loaded {
    pub(crate) fn for_test(bytes: &[u8]) -> Self {
        let (bytes, fingerprint) = (bytes.to_vec(), Fingerprint::default());
        Self {
            bytes,
            fingerprint,
            state: State::Settled,
            read_bytes: 0,
        }
    }
}
