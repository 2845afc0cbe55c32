//! The system calls of a load, and the one of a hit.

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use crate::open::Opener;

/// The state of a file as far as `stat` tells it. Equal fingerprints are taken for equal contents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint {
    pub(crate) device: u64,
    inode: u64,
    pub(crate) size: u64,
    modified: (i64, i64),
    pub(crate) changed: (i64, i64),
    /// Whether no name leads to it any more. Its inode may then be used again within the tick of its last change, and
    /// the new file have the same state but for this.
    is_unlinked: bool,
}

/// What sort of thing a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Regular,
    Directory,
    Other,
}

/// How a file is reached: by its path, or by its name in a directory that is open already.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) path: &'a Path,
    directory: Option<(&'a Directory, &'a Path)>,
    opener: Option<&'a dyn Opener>,
}

/// An open directory. Names in it are found without walking the path to it.
pub(crate) struct Directory {
    descriptor: OwnedFd,
    /// When it was opened, by the cache's clock: what is found in it later may have been at its path no longer.
    opened: Duration,
}

impl Fingerprint {
    /// Whether both are states of one and the same file.
    pub(crate) fn is_same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

impl<'a> Place<'a> {
    pub(crate) fn at(path: &'a Path, opener: Option<&'a dyn Opener>) -> Self {
        Self {
            path,
            directory: None,
            opener,
        }
    }

    /// `path` is `name` in `directory`.
    pub(crate) fn within(
        directory: &'a Directory,
        name: &'a Path,
        path: &'a Path,
        opener: Option<&'a dyn Opener>,
    ) -> Self {
        Self {
            path,
            directory: Some((directory, name)),
            opener,
        }
    }

    /// When the path led here at the latest as far as is known, if that is not now.
    pub(crate) fn known_at(&self) -> Option<Duration> {
        self.directory.map(|(directory, _)| directory.opened)
    }

    /// The same by its path.
    pub(crate) fn by_path(self) -> Self {
        Self {
            directory: None,
            ..self
        }
    }

    /// One `stat` that follows symbolic links.
    pub(crate) fn stat(&self) -> io::Result<(Sort, Fingerprint)> {
        Ok(describe(&match self.directory {
            Some((directory, name)) => {
                rustix::fs::statat(&directory.descriptor, name, AtFlags::empty())?
            }
            None => rustix::fs::stat(self.path)?,
        }))
    }

    /// One `stat` that does not follow a symbolic link of the last name.
    pub(crate) fn stat_of_the_name(path: &Path) -> io::Result<Fingerprint> {
        Ok(describe(&rustix::fs::lstat(path)?).1)
    }

    /// Opens without waiting: a FIFO without a writer would otherwise block for ever.
    pub(crate) fn open(&self) -> io::Result<Handle> {
        match (self.directory, self.opener) {
            // What a link leads to may not be what an opener would open.
            (Some((directory, name)), Some(opener)) => {
                match open(directory.descriptor.as_fd(), name, OFlags::NOFOLLOW) {
                    Err(Errno::LOOP) => opener.open_file(self.path).map(Handle::from),
                    opened => Ok(Handle(opened?)),
                }
            }
            (Some((directory, name)), None) => Ok(Handle(open(
                directory.descriptor.as_fd(),
                name,
                OFlags::empty(),
            )?)),
            (None, Some(opener)) => opener.open_file(self.path).map(Handle::from),
            (None, None) => Ok(Handle(open(CWD, self.path, OFlags::empty())?)),
        }
    }
}

fn open(directory: BorrowedFd<'_>, name: &Path, more: OFlags) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY | more;
    loop {
        match rustix::fs::openat(directory, name, flags, Mode::empty()) {
            Err(Errno::INTR) => {}
            opened => return opened,
        }
    }
}

impl Directory {
    pub(crate) fn open(
        path: &Path,
        opener: Option<&dyn Opener>,
        opened: Duration,
    ) -> io::Result<Self> {
        let of = |descriptor| Self { descriptor, opened };
        if let Some(opener) = opener {
            return opener.open_directory(path).map(|file| of(file.into()));
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(of(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// Whether `path` still leads to this directory.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        let identity = |stat: Stat| (stat.st_dev, stat.st_ino);
        let here = rustix::fs::fstat(&self.descriptor).map(identity);
        here.is_ok() && here == rustix::fs::stat(path).map(identity)
    }
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
        is_unlinked: stat.st_nlink == 0,
    };
    (sort, fingerprint)
}

/// An open file.
pub(crate) struct Handle(OwnedFd);

impl From<std::fs::File> for Handle {
    fn from(file: std::fs::File) -> Self {
        Self(file.into())
    }
}

impl Handle {
    pub(crate) fn stat(&self) -> io::Result<(Sort, Fingerprint)> {
        Ok(describe(&rustix::fs::fstat(&self.0)?))
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Returns when no `write` to the file is half done, on file systems that look for data under the lock which a
    /// write holds from its new time stamp to its last byte (ext4, btrfs and tmpfs; xfs reads under it). It costs
    /// about as much as an `fstat`. Where it cannot be asked nothing is known; see `settle`.
    pub(crate) fn wait_for_writers(&self) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            _ = rustix::fs::seek(&self.0, rustix::fs::SeekFrom::Data(0));
        }
    }

    /// The number of the file system, of Linux's `statfs(2)`; 0 where there is none.
    pub(crate) fn file_system(&self) -> u32 {
        // The width and sign of the field differ between architectures; the low half holds the number.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        return rustix::fs::fstatfs(&self.0).map_or(0, |about| about.f_type as u32);
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        return 0;
    }

    /// Reads at `offset` into the front of `bytes`, which must not be empty; nothing at the end of the file.
    pub(crate) fn read_at<'b>(
        &self,
        bytes: &'b mut [MaybeUninit<u8>],
        offset: u64,
    ) -> io::Result<&'b mut [u8]> {
        Ok(rustix::io::pread(&self.0, bytes, offset)?.0)
    }

    /// As [`read_at`](Self::read_at), into bytes that are initialised.
    pub(crate) fn read_over(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(rustix::io::pread(&self.0, bytes, offset)?)
    }
}

/// Whether the kernel gives a file that was asked about a new time stamp with every change, however short the time in
/// between: Linux from 6.13 on, on some file systems.
pub(crate) fn has_multigrain_timestamps() -> bool {
    if !cfg!(target_os = "linux") {
        return false;
    }
    let name = rustix::system::uname();
    let mut numbers = name
        .release()
        .to_str()
        .unwrap_or_default()
        .split(['.', '-'])
        .map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (6_u32, 13_u32),
        _ => false,
    }
}

/// The clock that time stamps are taken from, in seconds and nanoseconds.
pub(crate) fn clock_of_timestamps() -> (i64, i64) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let id = rustix::time::ClockId::RealtimeCoarse;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let id = rustix::time::ClockId::Realtime;
    let now = rustix::time::clock_gettime(id);
    (now.tv_sec, now.tv_nsec)
}

/// Whether a failed `open` means that the path names no regular file: sockets and devices without a driver.
pub(crate) fn means_irregular(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::NXIO | Errno::NODEV | Errno::OPNOTSUPP)
    )
}

/// Whether descriptors have run out, of the process or of the system.
pub(crate) fn means_out_of_descriptors(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::MFILE | Errno::NFILE)
    )
}
