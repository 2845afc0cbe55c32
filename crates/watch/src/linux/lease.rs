//! Whether anybody has a file open for writing.

use std::os::fd::{AsRawFd, BorrowedFd};

/// From `fcntl.h` of Linux, the same on all architectures that Rust runs on; the `libc` crate does not name it.
const F_SETSIG: libc::c_int = 10;

/// Whether nobody has the file of this read-only descriptor open for writing, a shared writable mapping included.
///
/// A read lease is had only on such a file; it is given back at once (`fcntl(2)`, "Leases"). Somebody who opens the
/// file for writing just in between is held up until then, and the signal that the kernel sends us for it is made
/// `SIGURG`, which processes ignore unless they ask for it. `false` also where leases are not to be had: on files of
/// other users, and on file systems without them.
#[allow(unsafe_code, reason = "there is no safe wrapper of leases")]
pub(super) fn has_no_writer(file: BorrowedFd<'_>) -> bool {
    let file = file.as_raw_fd();
    // SAFETY: these commands of fcntl take an integer and touch no memory of ours, and the descriptor is borrowed,
    // hence open.
    unsafe {
        if libc::fcntl(file, F_SETSIG, libc::SIGURG) != 0
            || libc::fcntl(file, libc::F_SETLEASE, libc::F_RDLCK) != 0
        {
            return false;
        }
        libc::fcntl(file, libc::F_SETLEASE, libc::F_UNLCK);
    }
    true
}
