//! A search on disk: what was asked and told, from which the same search is made again.
//!
//! Bytes, integers little-endian: the magic `aexeopt` and the version 1 in the eighth byte; a hash of the space and of
//! the options that the search depends on (8); the length of the log (8) and the log; the fingerprint of the search (8);
//! a hash of all before (8). In the log, numbers are LEB128: `1 count` for candidates that were asked, `2 id` with 8
//! bytes for each objective and constraint for a trial that was told, `3 id` for one that failed, `4` where trials were
//! recalled.

use crate::error::Error;
use crate::evaluation::Written;
use crate::optimizer::Optimizer;
use crate::options::Options;
use crate::record::Fingerprint;
use crate::space::Space;

const MAGIC: [u8; 8] = *b"aexeopt\x01";
/// Magic, hash and length.
const HEAD: usize = 24;
/// Fingerprint and hash.
const TAIL: usize = 16;
/// The most bytes that are reserved before anything is told.
const RESERVED: u64 = 64 << 20;

const ASKED: u8 = 1;
const TOLD: u8 = 2;
const FAILED: u8 = 3;
const RECALLED: u8 = 4;

/// What was asked and told, in order.
#[derive(Debug)]
pub(crate) struct Log(Vec<u8>);

impl Log {
    /// With room for a known budget, so that a search in steady state allocates nothing.
    pub(crate) fn new(options: &Options) -> Self {
        let numbers = (options.goals.len() + options.constraints) as u64;
        let each = 8 * numbers + 9;
        let wanted = options.evaluations.unwrap_or(0).saturating_mul(each);
        Self(Vec::with_capacity(wanted.min(RESERVED) as usize))
    }

    pub(crate) fn asked(&mut self, count: u64) {
        self.0.push(ASKED);
        self.number(count);
    }

    /// `numbers` are the objectives and constraints; none for a failure.
    pub(crate) fn told(&mut self, id: u64, numbers: Option<(&[f64], &[f64])>) {
        self.0.push(if numbers.is_some() { TOLD } else { FAILED });
        self.number(id);
        if let Some((objectives, constraints)) = numbers {
            for number in objectives.iter().chain(constraints) {
                self.0.extend(number.to_bits().to_le_bytes());
            }
        }
    }

    pub(crate) fn recalled(&mut self) {
        self.0.push(RECALLED);
    }

    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

/// What was told of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The trial.
    pub id: u64,
    /// Objectives and constraints as they were told, or none for a failure.
    pub measured: Option<(Vec<f64>, Vec<f64>)>,
}

/// Reads a log.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn double(&mut self) -> Option<f64> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(f64::from_bits(u64::from_le_bytes(*first)))
    }

    fn doubles(&mut self, count: usize) -> Option<Vec<f64>> {
        (0..count).map(|_| self.double()).collect()
    }
}

impl Optimizer {
    /// The search as bytes, from which [`load`](Self::load) continues it exactly. Some 10 bytes an evaluation of one
    /// objective.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] unless [`Options::resumable`] is set.
    pub fn save(&self) -> Result<Vec<u8>, Error> {
        let what = "it was not kept, because `resumable` is not set";
        let log = self.log.as_ref().ok_or(Error::Checkpoint { what })?;
        let mut bytes = Vec::with_capacity(HEAD + log.0.len() + TAIL);
        bytes.extend(MAGIC);
        bytes.extend(identity(&self.space, &self.options).to_le_bytes());
        bytes.extend((log.0.len() as u64).to_le_bytes());
        bytes.extend(&log.0);
        bytes.extend(self.fingerprint().to_le_bytes());
        bytes.extend(hash(&bytes).to_le_bytes());
        Ok(bytes)
    }

    /// All that was told, in that order, with what was told before the search was saved and loaded. Nothing unless
    /// [`Options::resumable`] is set. O(evaluations).
    #[must_use]
    pub fn told(&self) -> Vec<Told> {
        let log = self.log.as_ref().map_or(&[][..], |log| &log.0);
        let mut reader = Reader(log);
        let mut told = Vec::new();
        while let Some(what) = reader.byte() {
            let is_next = self.read_told(what, &mut reader, &mut told);
            is_next.expect("because the log is our own");
        }
        told
    }

    fn read_told(&self, what: u8, reader: &mut Reader, told: &mut Vec<Told>) -> Option<()> {
        if what == RECALLED {
            return Some(());
        }
        let id = reader.number()?;
        let measured = match what {
            ASKED => return Some(()),
            FAILED => None,
            _ => {
                let objectives = reader.doubles(self.objectives.len())?;
                Some((objectives, reader.doubles(self.constraints.len())?))
            }
        };
        told.push(Told { id, measured });
        Some(())
    }

    /// Continues a search that was saved. Space and options are those that it was begun with; what only says when to
    /// end (generations, time, target, stagnation), threads and the size of the front may differ.
    ///
    /// It is made again from what was asked and told: that takes the time that the search took, less its evaluations.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] if the bytes are damaged or cut, are of another version, or belong to another search; and
    /// as [`Optimizer::new`].
    pub fn load(space: &Space, options: &Options, bytes: &[u8]) -> Result<Self, Error> {
        let wrong = |what| Error::Checkpoint { what };
        if !bytes.starts_with(&MAGIC[..7]) {
            return Err(wrong("this is none"));
        }
        if bytes.get(7) != Some(&MAGIC[7]) {
            return Err(wrong("it is of another version"));
        }
        let cut = || wrong("it is damaged or cut short");
        let (body, sum) = bytes.split_last_chunk().ok_or_else(cut)?;
        if hash(body) != u64::from_le_bytes(*sum) || body.len() < HEAD + TAIL - 8 {
            return Err(cut());
        }
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| body[at + byte]));
        let log = &body[HEAD..body.len() - 8];
        if word(16) != log.len() as u64 {
            return Err(cut());
        }
        if word(8) != identity(space, options) {
            return Err(wrong("it belongs to another space or other options"));
        }
        let mut optimizer = Self::new(space, options)?;
        optimizer
            .replay_without_ends(log)
            .ok_or_else(|| wrong("its log makes no sense"))?;
        if optimizer.fingerprint() != word(body.len() - 8) {
            return Err(wrong("another version of this crate made it"));
        }
        Ok(optimizer)
    }

    /// What only says when to end may have changed: it is asked once all is told.
    fn replay_without_ends(&mut self, log: &[u8]) -> Option<()> {
        let endless = Options {
            generations: None,
            target: None,
            stagnation: None,
            ..self.options.clone()
        };
        let options = std::mem::replace(&mut self.options, endless);
        let replayed = self.replay(log);
        self.options = options;
        self.end_if_due();
        replayed
    }

    fn replay(&mut self, log: &[u8]) -> Option<()> {
        let mut reader = Reader(log);
        while let Some(what) = reader.byte() {
            if what == RECALLED {
                self.recall();
                continue;
            }
            let number = reader.number()?;
            match what {
                ASKED => {
                    for index in 0..number {
                        self.issue(index == 0)?;
                    }
                    self.log.iter_mut().for_each(|log| log.asked(number));
                }
                TOLD => {
                    for index in 0..self.objectives.len() {
                        self.objectives[index] = reader.double()?;
                    }
                    for index in 0..self.constraints.len() {
                        self.constraints[index] = reader.double()?;
                    }
                    self.take(number, false).ok()?;
                }
                FAILED => self.take(number, true).ok()?,
                _ => return None,
            }
        }
        Some(())
    }
}

/// A hash of all that decides what is asked.
fn identity(space: &Space, options: &Options) -> u64 {
    let Options {
        algorithm,
        goals,
        constraints,
        noise,
        seed,
        evaluations,
        initial,
        islands,
        ..
    } = options;
    let decisive = (
        algorithm,
        goals,
        constraints,
        noise,
        seed,
        evaluations,
        initial,
        islands,
    );
    let mut hash = Fingerprint::default();
    hash.bytes(format!("{space:?} {decisive:?}").as_bytes());
    hash.0
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hash = Fingerprint::default();
    hash.bytes(bytes);
    hash.0
}

/// What a measured value has to be for the log.
impl Optimizer {
    /// Takes what a runner measured, without a public trial.
    pub(crate) fn settle(&mut self, id: u64, written: Written) -> Result<(), Error> {
        self.arity(written)?;
        self.take(id, written == Written::Failed)
    }
}
