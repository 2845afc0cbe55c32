//! Files are opened below the root, whatever happens to the way there meanwhile.

use std::fs::File;
use std::io;
use std::path::Path;

use autoexec_file_cache::Opener;
use autoexec_path_cache::{Error, ErrorKind, Root};

/// Opens for the file cache what lies below the root, and nothing else.
pub(super) struct Confined<'a>(pub(super) &'a Root);

impl Opener for Confined<'_> {
    fn open_file(&self, path: &Path) -> io::Result<File> {
        self.0.open(path).map_err(io_error)
    }

    fn open_directory(&self, path: &Path) -> io::Result<File> {
        #[cfg(unix)]
        return self.0.open_dir(path).map(File::from).map_err(io_error);
        #[cfg(not(unix))]
        self.0.open(path).map_err(io_error)
    }

    /// Steps that read below the same root share their loads.
    fn identity(&self) -> usize {
        std::ptr::from_ref(self.0).addr()
    }
}

/// What the system said, where it was the system that refused.
fn io_error(error: Error) -> io::Error {
    use std::error::Error as _;
    let source = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>());
    match source.and_then(io::Error::raw_os_error) {
        Some(code) if error.kind() != ErrorKind::Escapes => io::Error::from_raw_os_error(code),
        _ => io::Error::other(error),
    }
}

/// Whether a file was refused because the way to it leads out of the root.
pub(super) fn escapes(error: &autoexec_file_cache::Error) -> bool {
    use std::error::Error as _;
    let source = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>());
    let inner = source.and_then(io::Error::get_ref);
    inner
        .and_then(|inner| inner.downcast_ref::<Error>())
        .is_some_and(|error| error.kind() == ErrorKind::Escapes)
}
