//! Who opens files.

use std::fs::File;
use std::io;
use std::path::Path;

/// Opens files in place of the cache, to confine them to a folder, say. A hit is opened by nobody: it is compared with
/// the state of the file that was opened when it was loaded.
pub trait Opener: Sync {
    /// Opens a file for reading, without waiting for a writer of a FIFO.
    ///
    /// # Errors
    ///
    /// What the system says; an error of another sort reaches the caller as [`ErrorKind::Io`](crate::ErrorKind::Io).
    fn open_file(&self, path: &Path) -> io::Result<File>;

    /// Opens a directory, of which only names are looked up. On Unix the batch opens files by their names in it;
    /// those that are links are given to [`open_file`](Self::open_file).
    ///
    /// # Errors
    ///
    /// After any error the files of this directory are given to [`open_file`](Self::open_file) one by one.
    fn open_directory(&self, path: &Path) -> io::Result<File>;

    /// A number for all openers that open the same files in the same way while they live: they share the loads that are
    /// under way. Default: the address of this one, which shares with nobody else (an opener of no size has no address of its
    /// own, and should say a number).
    fn identity(&self) -> usize {
        std::ptr::from_ref(self).cast::<()>().addr()
    }
}
