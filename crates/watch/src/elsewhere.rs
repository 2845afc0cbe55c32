//! Systems without notifications that come before the change returns: there is no watcher.

use crate::mark::{Proof, Ticket, Watched};
use crate::{Begun, Error, Interest, Options, Refusal, Stats, Subject};
use std::convert::Infallible;
use std::marker::PhantomData;
use std::path::Path;

#[derive(Debug)]
pub(crate) struct Inner<T> {
    never: Infallible,
    items: PhantomData<fn(T)>,
}

impl<T: Watched> Inner<T> {
    pub(crate) fn new(_: Interest, _: Options) -> Result<Self, Error> {
        Err(Error::unsupported())
    }

    pub(crate) fn refresh(&self) -> Proof {
        match self.never {}
    }

    pub(crate) fn begin(&self, _: &Path) -> Result<Begun, Refusal> {
        match self.never {}
    }

    pub(crate) fn follow(&self, _: &Path) -> Result<Begun, Refusal> {
        match self.never {}
    }

    pub(crate) fn arm(&self, _: &Begun, _: &Subject<'_>, _: &T) -> Result<Ticket, Refusal> {
        match self.never {}
    }

    pub(crate) fn renew(&self, _: &Begun, _: u64, _: &T) -> bool {
        match self.never {}
    }

    pub(crate) fn release(&self, _: &T) {
        match self.never {}
    }

    pub(crate) fn stats(&self) -> Stats {
        match self.never {}
    }
}
