//! Header and bytes in one allocation, which the bytes are read into.

use std::io;
use std::mem::MaybeUninit;
use triomphe::{Arc, HeaderSlice, HeaderWithLength, ThinArc, UniqueArc};

/// A shared, immutable header with bytes behind it: one pointer, one allocation.
pub(crate) type Shared<H> = ThinArc<H, u8>;

/// Room for bytes that nobody else sees yet, filled from the front.
pub(crate) struct Buffer<H> {
    room: UniqueArc<HeaderSlice<HeaderWithLength<H>, [MaybeUninit<u8>]>>,
    filled: usize,
}

impl<H> Buffer<H> {
    /// Room for `capacity` bytes, or an error where an allocation for `Vec` would end the process.
    pub(crate) fn new(header: H, capacity: usize) -> io::Result<Self> {
        let header = HeaderWithLength::new(header, capacity);
        let room = UniqueArc::try_from_header_and_uninit_slice(header, capacity)
            .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        Ok(Self { room, filled: 0 })
    }

    pub(crate) fn is_full(&self) -> bool {
        self.filled == self.room.slice.len()
    }

    pub(crate) fn filled(&self) -> usize {
        self.filled
    }

    pub(crate) fn header_mut(&mut self) -> &mut H {
        &mut self.room.header.header
    }

    /// Has `read` write to the front of the free room, which it gives back as far as it wrote. An interrupted read is
    /// begun anew.
    pub(crate) fn fill(
        &mut self,
        mut read: impl for<'r> FnMut(&'r mut [MaybeUninit<u8>]) -> io::Result<&'r mut [u8]>,
    ) -> io::Result<usize> {
        let room = &mut self.room.slice[self.filled..];
        let (start, free) = (room.as_ptr().addr(), room.len());
        let written = loop {
            match read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => break written?,
            }
        };
        assert!(
            written.as_ptr().addr() == start && written.len() <= free,
            "because what is given back is the front of the room"
        );
        let count = written.len();
        self.filled += count;
        Ok(count)
    }

    /// The same bytes with twice the room.
    pub(crate) fn grown(self) -> io::Result<Self>
    where
        H: Default,
    {
        let capacity = self.filled * 2;
        self.moved(capacity)
    }

    /// The same bytes with no more room than they need.
    pub(crate) fn shrunk(self) -> io::Result<Self>
    where
        H: Default,
    {
        let capacity = self.filled;
        if self.is_full() {
            Ok(self)
        } else {
            self.moved(capacity)
        }
    }

    fn moved(mut self, capacity: usize) -> io::Result<Self>
    where
        H: Default,
    {
        let mut moved = Self::new(std::mem::take(self.header_mut()), capacity)?;
        moved.room.slice[..self.filled].copy_from_slice(&self.room.slice[..self.filled]);
        moved.filled = self.filled;
        Ok(moved)
    }

    /// Shares the bytes. Room that was not filled is given up, for which they are copied.
    ///
    /// # Errors
    ///
    /// Where there is no memory for the copy.
    #[allow(
        unsafe_code,
        reason = "the bytes were initialised one read after the other"
    )]
    pub(crate) fn share(self) -> io::Result<Shared<H>>
    where
        H: Default,
    {
        let full = self.shrunk()?;
        // SAFETY: the buffer is full, and each byte that counts as filled was given back by a reader as a byte.
        let bytes = unsafe { full.room.assume_init_slice_with_header() };
        Ok(Arc::into_thin(bytes.shareable()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(buffer: &mut Buffer<u64>, bytes: &[u8]) {
        let count = buffer
            .fill(|room| Ok(room[..bytes.len()].write_copy_of_slice(bytes)))
            .unwrap();
        assert_eq!(count, bytes.len());
    }

    #[test]
    fn a_full_buffer_and_one_cut_short_hold_what_was_read() {
        for (capacity, parts) in [
            (6, &["abc", "def"][..]),
            (9, &["abc", "def"]),
            (0, &[]),
            (5, &[]),
        ] {
            let mut buffer = Buffer::new(7, capacity).unwrap();
            parts
                .iter()
                .for_each(|part| put(&mut buffer, part.as_bytes()));
            *buffer.header_mut() += 1;
            let shared = buffer.share().unwrap();
            assert_eq!(
                (shared.header.header, &shared.slice),
                (8, parts.concat().as_bytes())
            );
        }
    }

    #[test]
    #[cfg_attr(
        miri,
        ignore = "its allocator ends the process where the real one answers null"
    )]
    fn a_size_that_cannot_be_had_is_an_error() {
        assert!(Buffer::new(0_u8, usize::MAX / 2 - 64).is_err());
    }
}
