//! The buckets of one power of two.
//!
//! A count has 16 bits, so that a snapshot touches a quarter of the memory, and so does a recorder hold.
//! What is beyond 65,535 is counted in a second array, had when it is first needed: the count of a bucket
//! is the sum of both. A bucket once full stays so. Both numbers only grow, so whatever a reader finds
//! between two stores of the writer is a count that was not more than the true one, nor less than any
//! that was read before.

use std::sync::OnceLock;

use crate::layout::CHUNK;
use crate::packed::Packer;
use crate::sync::Ordering::{Acquire, Relaxed, Release};
use crate::sync::{AtomicU16, AtomicU64, AtomicUsize};

/// How many bytes may still be allocated for chunks, by all cells of a recorder.
pub(crate) struct Budget(AtomicUsize);

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(AtomicUsize::new(bytes))
    }

    /// A new one of these, if its bytes are left.
    pub(crate) fn take<T: Default>(&self) -> Option<Box<T>> {
        let less = |left: usize| left.checked_sub(size_of::<T>());
        let taken = self.0.fetch_update(Relaxed, Relaxed, less);
        taken.is_ok().then(Box::default)
    }
}

/// Counts that one thread writes and others read.
#[repr(align(128))]
pub(crate) struct Chunk {
    /// One bit for each count that is not 0, so that a reader skips the rest.
    used: [AtomicU64; CHUNK / 64],
    counts: [AtomicU16; CHUNK],
    /// `None` when the budget was used up when it was first needed.
    beyond: OnceLock<Option<Box<Beyond>>>,
}

/// What the counts that are full could not take.
#[repr(align(128))]
struct Beyond([AtomicU64; CHUNK]);

impl Default for Chunk {
    fn default() -> Self {
        Self {
            used: std::array::from_fn(|_| AtomicU64::new(0)),
            counts: std::array::from_fn(|_| AtomicU16::new(0)),
            beyond: OnceLock::new(),
        }
    }
}

impl Default for Beyond {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Chunk {
    /// Counts `n` more, unless the count has no room for them: then nothing is done.
    #[inline]
    pub(crate) fn add(&self, at: usize, n: u64) -> bool {
        let count = &self.counts[at];
        let before = count.load(Relaxed);
        let Some(now) = u16::try_from(n).ok().and_then(|n| before.checked_add(n)) else {
            return false;
        };
        count.store(now, Release);
        if before == 0 {
            self.mark(at);
        }
        true
    }

    /// Counts `n` more, more than none, and tells for how many there was no memory.
    pub(crate) fn add_many(&self, at: usize, n: u64, budget: &Budget) -> u64 {
        if self.add(at, n) {
            return 0;
        }
        let before = self.counts[at].load(Relaxed);
        if before < u16::MAX {
            self.counts[at].store(u16::MAX, Release);
            self.mark(at);
        }
        let rest = n - u64::from(u16::MAX - before);
        match self.beyond.get_or_init(|| budget.take()) {
            Some(beyond) => {
                add(&beyond.0[at], rest);
                0
            }
            None => rest,
        }
    }

    fn mark(&self, at: usize) {
        let used = &self.used[at / 64];
        used.store(used.load(Relaxed) | 1 << (at % 64), Release);
    }

    /// The count of one bucket.
    #[inline]
    fn get(&self, at: usize) -> u64 {
        match self.counts[at].load(Acquire) {
            u16::MAX => self.get_beyond(at).saturating_add(u16::MAX.into()),
            count => count.into(),
        }
    }

    #[inline(never)]
    fn get_beyond(&self, at: usize) -> u64 {
        let beyond = self.beyond.get().and_then(Option::as_ref);
        beyond.map_or(0, |beyond| beyond.0[at].load(Acquire))
    }

    /// Writes the counts of all these together, which begin at `first`, and `beside` more in the last
    /// bucket. O(buckets that are not empty × chunks).
    pub(crate) fn pack(first: usize, chunks: &[&Self], beside: u64, packer: &mut Packer) {
        for word in 0..CHUNK / 64 {
            let first = (first + word * 64) as u32;
            let beside = if word == CHUNK / 64 - 1 { beside } else { 0 };
            // Most series are recorded by one thread.
            if let ([chunk], 0) = (chunks, beside) {
                let used = chunk.used[word].load(Acquire);
                pack_word(first, used, packer, |bit| chunk.get(word * 64 + bit));
                continue;
            }
            let used = chunks.iter().map(|chunk| chunk.used[word].load(Acquire));
            let used = used.fold(u64::from(beside > 0) << 63, |all, bits| all | bits);
            pack_word(first, used, packer, |bit| {
                let counts = chunks.iter().map(|chunk| chunk.get(word * 64 + bit));
                counts.fold(if bit == 63 { beside } else { 0 }, u64::saturating_add)
            });
        }
    }
}

/// The counts of 64 buckets, of which `used` are not 0.
#[inline]
fn pack_word(first: u32, mut used: u64, packer: &mut Packer, count: impl Fn(usize) -> u64) {
    while used != 0 {
        let bit = used.trailing_zeros();
        used &= used - 1;
        packer.push(first + bit, count(bit as usize));
    }
}

/// Adds to what nobody else writes. Stops at `u64::MAX`.
#[inline]
pub(crate) fn add(counter: &AtomicU64, n: u64) {
    let before = counter.load(Relaxed);
    counter.store(before.saturating_add(n), Release);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_costs_what_the_docs_say() {
        assert_eq!((size_of::<Chunk>(), size_of::<Beyond>()), (2_304, 8_192));
    }
}
