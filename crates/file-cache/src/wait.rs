//! Waiting for file descriptors.

use crate::stats::{Counters, add};
use crate::sys::{self, Handle, Place};
use crate::{Error, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// The longest pause between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// What a read does when descriptors have run out: it waits until somebody closes one.
pub(crate) struct Wait<'a> {
    pub(crate) at_most: Duration,
    pub(crate) cancel: Option<&'a AtomicBool>,
    pub(crate) counters: &'a Counters,
}

impl Wait<'_> {
    /// Opens, and waits where that needs a descriptor.
    pub(crate) fn open(&self, place: Place<'_>) -> Result<Handle, Error> {
        match place.open() {
            Ok(handle) => Ok(handle),
            Err(error) if sys::means_out_of_descriptors(&error) => self.open_later(place),
            Err(error) => Err(refused(place, error)),
        }
    }

    #[cold]
    fn open_later(&self, place: Place<'_>) -> Result<Handle, Error> {
        add(&self.counters.descriptor_waits, 1);
        let started = Instant::now();
        let mut pause = Duration::from_micros(100);
        loop {
            thread::sleep(pause);
            pause = (pause * 2).min(PAUSE);
            if self.cancel.is_some_and(|cancel| cancel.load(Relaxed)) {
                return Err(Error::new(ErrorKind::Cancelled, place.path));
            }
            match place.open() {
                Ok(handle) => return Ok(handle),
                Err(error) if !sys::means_out_of_descriptors(&error) => {
                    return Err(refused(place, error));
                }
                Err(error) if started.elapsed() >= self.at_most => {
                    return Err(Error::with(
                        ErrorKind::NoDescriptors,
                        place.path,
                        Some(error),
                    ));
                }
                Err(_) => {}
            }
        }
    }
}

fn refused(place: Place<'_>, source: std::io::Error) -> Error {
    if sys::means_irregular(&source) {
        return Error::new(ErrorKind::NotRegular, place.path);
    }
    Error::io(place.path, source)
}
