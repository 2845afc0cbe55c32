//! Counts of buckets in few bytes: most distributions are read never or once, and a window holds many.
//!
//! Each entry is the step from the index before and the count, both as LEB128, so 2 or 3 bytes where a
//! pair of numbers takes 16. The memory that a snapshot touches is what it costs.

use std::sync::Arc;

/// Indices of buckets and their counts (not 0), sorted. Clones share the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Packed {
    bytes: Arc<[u8]>,
    entries: usize,
    total: u64,
}

impl Packed {
    /// How many buckets.
    pub(crate) fn len(&self) -> usize {
        self.entries
    }

    /// All counts together. Stops at `u64::MAX`.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn iter(&self) -> Entries<'_> {
        Entries {
            bytes: self.bytes.iter(),
            index: 0,
            left: self.entries,
        }
    }
}

/// Writes entries one after the other.
#[derive(Default)]
pub(crate) struct Packer {
    bytes: Vec<u8>,
    entries: usize,
    total: u64,
    /// The index written last.
    written: u32,
}

impl Packer {
    /// The indices come in order, each once, and no count is 0.
    #[inline]
    pub(crate) fn push(&mut self, index: u32, count: u64) {
        debug_assert!(count > 0 && (self.entries == 0 || index > self.written));
        let step = index - self.written;
        (self.written, self.entries) = (index, self.entries + 1);
        self.total = self.total.saturating_add(count);
        if step < 128 && count < 128 {
            self.bytes.extend_from_slice(&[step as u8, count as u8]);
        } else {
            self.number(u64::from(step));
            self.number(count);
        }
    }

    /// Leaves nothing behind but the memory, for the next one.
    pub(crate) fn take(&mut self) -> Packed {
        let packed = Packed {
            bytes: self.bytes.as_slice().into(),
            entries: self.entries,
            total: self.total,
        };
        self.bytes.clear();
        (self.entries, self.total, self.written) = (0, 0, 0);
        packed
    }

    fn number(&mut self, mut number: u64) {
        while number >= 128 {
            self.bytes.push(number as u8 | 128);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

/// The indices come in order; counts of the same one add up, and those of 0 are left out.
impl FromIterator<(u32, u64)> for Packed {
    fn from_iter<I: IntoIterator<Item = (u32, u64)>>(entries: I) -> Self {
        let mut packer = Packer::default();
        let mut entries = entries
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .peekable();
        while let Some((index, mut count)) = entries.next() {
            while let Some((_, more)) = entries.next_if(|(next, _)| *next == index) {
                count = count.saturating_add(more);
            }
            packer.push(index, count);
        }
        packer.take()
    }
}

/// The entries of a [`Packed`].
#[derive(Clone)]
pub(crate) struct Entries<'a> {
    bytes: std::slice::Iter<'a, u8>,
    index: u32,
    left: usize,
}

impl Entries<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.next()?;
            number |= u64::from(byte & 127) << shift;
            if byte < 128 {
                break;
            }
        }
        Some(number)
    }
}

impl Iterator for Entries<'_> {
    type Item = (u32, u64);

    fn next(&mut self) -> Option<(u32, u64)> {
        self.index += self.number()? as u32;
        let count = self.number()?;
        self.left -= 1;
        Some((self.index, count))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Entries<'_> {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        #[cfg_attr(miri, ignore = "hundreds of cases: minutes")]
        fn what_is_packed_comes_out_again(
            entries in prop::collection::btree_map(0..56_320u32, prop_oneof![1..300u64, 1..=u64::MAX], 0..60)
        ) {
            let packed: Packed = entries.clone().into_iter().collect();
            prop_assert_eq!((packed.len(), packed.iter().len()), (entries.len(), entries.len()));
            let total = entries.values().fold(0, |sum: u64, count| sum.saturating_add(*count));
            prop_assert_eq!(packed.total(), total);
            prop_assert_eq!(packed.iter().collect::<BTreeMap<_, _>>(), entries);
        }
    }

    #[test]
    fn counts_of_one_bucket_add_up_and_nothing_is_left_out() {
        let entries = [(0, 1), (0, 2), (7, u64::MAX), (7, 1), (9, 0), (56_319, 3)];
        let packed: Packed = entries.into_iter().collect();
        let expect = [(0, 3), (7, u64::MAX), (56_319, 3)];
        assert_eq!(packed.iter().collect::<Vec<_>>(), expect);
    }

    #[test]
    fn a_packer_begins_anew() {
        let mut packer = Packer::default();
        packer.push(500, 1_000);
        assert_eq!(packer.take().len(), 1);
        packer.push(0, 2);
        assert_eq!(packer.take().iter().collect::<Vec<_>>(), [(0, 2)]);
    }
}
