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
}

impl Packed {
    /// How many buckets.
    pub(crate) fn len(&self) -> usize {
        self.entries
    }

    pub(crate) fn iter(&self) -> Entries<'_> {
        Entries {
            bytes: self.bytes.iter(),
            index: 0,
            left: self.entries,
        }
    }
}

/// Writes entries one after the other. Adding to the index last written adds up.
#[derive(Default)]
pub(crate) struct Packer {
    bytes: Vec<u8>,
    entries: usize,
    /// The index written last.
    written: u32,
    /// Held back, as more may be added to it. A count of 0 stands for nothing.
    open: (u32, u64),
}

impl Packer {
    /// The indices come in order.
    pub(crate) fn push(&mut self, index: u32, count: u64) {
        debug_assert!(index >= self.open.0, "buckets come in order");
        if index == self.open.0 {
            self.open.1 = self.open.1.saturating_add(count);
        } else {
            self.flush();
            self.open = (index, count);
        }
    }

    /// Leaves nothing behind but the memory, for the next one.
    pub(crate) fn take(&mut self) -> Packed {
        self.flush();
        let packed = Packed {
            bytes: self.bytes.as_slice().into(),
            entries: self.entries,
        };
        self.bytes.clear();
        (self.entries, self.written, self.open) = (0, 0, (0, 0));
        packed
    }

    fn flush(&mut self) {
        let (index, count) = self.open;
        if count > 0 {
            self.number(u64::from(index - self.written));
            self.number(count);
            self.entries += 1;
            self.written = index;
        }
    }

    fn number(&mut self, mut number: u64) {
        while number >= 128 {
            self.bytes.push(number as u8 | 128);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

impl FromIterator<(u32, u64)> for Packed {
    fn from_iter<I: IntoIterator<Item = (u32, u64)>>(entries: I) -> Self {
        let mut packer = Packer::default();
        for (index, count) in entries {
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
        fn what_is_packed_comes_out_again(
            entries in prop::collection::btree_map(0..56_320u32, prop_oneof![1..300u64, 1..=u64::MAX], 0..60)
        ) {
            let packed: Packed = entries.clone().into_iter().collect();
            prop_assert_eq!((packed.len(), packed.iter().len()), (entries.len(), entries.len()));
            prop_assert_eq!(packed.iter().collect::<BTreeMap<_, _>>(), entries);
        }
    }

    #[test]
    fn counts_of_one_bucket_add_up_and_nothing_is_left_out() {
        let mut packer = Packer::default();
        for (index, count) in [(0, 1), (0, 2), (7, u64::MAX), (7, 1), (9, 0), (56_319, 3)] {
            packer.push(index, count);
        }
        let expect = [(0, 3), (7, u64::MAX), (56_319, 3)];
        assert_eq!(packer.take().iter().collect::<Vec<_>>(), expect);
        assert_eq!(packer.take(), Packed::default(), "and it begins anew");
    }
}
