//! The four system calls of a load and the one of a hit.

use rustix::buffer::spare_capacity;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// The state of a file as far as `stat` tells it. Equal fingerprints are taken for equal contents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint {
    device: u64,
    inode: u64,
    pub(crate) size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// What sort of thing a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Regular,
    Directory,
    Other,
}

/// One `stat` that follows symbolic links.
pub(crate) fn stat(path: &Path) -> io::Result<(Sort, Fingerprint)> {
    Ok(describe(&rustix::fs::stat(path)?))
}

// The width and sign of the fields differ between systems; any lossless image of them will do.
#[allow(
    clippy::unnecessary_cast,
    clippy::useless_conversion,
    reason = "the types differ between systems"
)]
fn describe(stat: &Stat) -> (Sort, Fingerprint) {
    let sort = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Sort::Regular,
        FileType::Directory => Sort::Directory,
        _ => Sort::Other,
    };
    let fingerprint = Fingerprint {
        device: stat.st_dev as u64,
        inode: stat.st_ino as u64,
        size: stat.st_size as u64,
        modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
        changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
    };
    (sort, fingerprint)
}

/// An open file.
pub(crate) struct Handle(OwnedFd);

impl Handle {
    /// Opens without waiting: a FIFO without a writer would otherwise block for ever.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        loop {
            match rustix::fs::open(path, flags, Mode::empty()) {
                Ok(descriptor) => return Ok(Self(descriptor)),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    pub(crate) fn stat(&self) -> io::Result<(Sort, Fingerprint)> {
        Ok(describe(&rustix::fs::fstat(&self.0)?))
    }

    /// Whether the file system makes its contents up when they are read, as `/proc` does. Asked only of files that
    /// claim to be empty. The numbers are those of Linux's `statfs(2)`.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn is_made_up(&self) -> bool {
        const MADE_UP: [u32; 10] = [
            0x0000_9fa0, // proc
            0x6265_6572, // sysfs
            0x6462_6720, // debugfs
            0x7472_6163, // tracefs
            0x0027_e0eb, // cgroup
            0x6367_7270, // cgroup2
            0x7363_6673, // securityfs
            0x6265_6570, // configfs
            0xcafe_4a11, // bpf
            0x6165_676c, // pstore
        ];
        // The width and sign of the field differ between architectures; the low half holds the number.
        rustix::fs::fstatfs(&self.0).is_ok_and(|about| MADE_UP.contains(&(about.f_type as u32)))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(crate) fn is_made_up(&self) -> bool {
        false
    }

    /// Reads into the spare capacity of `bytes`, which must not be empty; 0 at the end of the file.
    pub(crate) fn read(&self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        loop {
            match rustix::io::read(&self.0, spare_capacity(bytes)) {
                Ok(count) => return Ok(count),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

/// Whether a failed `open` means that the path names no regular file: sockets and devices without a driver.
pub(crate) fn means_irregular(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::NXIO | Errno::NODEV | Errno::OPNOTSUPP)
    )
}
