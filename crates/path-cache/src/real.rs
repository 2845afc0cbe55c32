//! Finding out where a path really leads.

use crate::Error;
use crate::sys::Identity;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A real path, and the file that is there.
pub(crate) struct Real {
    pub(crate) path: Arc<Path>,
    pub(crate) identity: Option<Identity>,
    /// What was found, open as a place. It serves to watch it.
    #[cfg(target_os = "linux")]
    pub(crate) file: Option<std::os::fd::OwnedFd>,
}

/// Where `path` leads, with all symbolic links followed.
///
/// On Linux the kernel is asked for the path of the file once it is open (`/proc/self/fd`): three system calls however
/// many names there are. `realpath`, which `std::fs::canonicalize` is, makes one for each.
pub(crate) fn resolve(path: &Path) -> Result<Real, Error> {
    #[cfg(target_os = "linux")]
    if let Some(real) = kernel::resolve(path) {
        return real.map_err(|source| Error::io(path, source));
    }
    let path = std::fs::canonicalize(path).map_err(|source| Error::io(path, source))?;
    Ok(Real {
        identity: crate::sys::identity(&path),
        path: path.into(),
        #[cfg(target_os = "linux")]
        file: None,
    })
}

/// Whether `path` still leads to `real`, where that is `identity`. As [`resolve`], but allocates nothing.
pub(crate) fn still_leads(path: &Path, real: &Path, identity: Option<Identity>) -> bool {
    #[cfg(target_os = "linux")]
    if let Some(same) = kernel::leads(path, real, identity) {
        return same;
    }
    identity.is_some()
        && resolve(path).is_ok_and(|now| *now.path == *real && now.identity == identity)
}

/// Whether `path` still leads nowhere: the error that says why.
pub(crate) fn still_fails(path: &Path) -> Option<io::Error> {
    std::fs::metadata(path).err()
}

#[cfg(target_os = "linux")]
mod kernel {
    use super::Real;
    use crate::sys::Identity;
    use rustix::fs::{Mode, OFlags};
    use rustix::io::Errno;
    use std::ffi::OsStr;
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    /// As long as the kernel's answers get.
    const LONGEST: usize = 4096;

    /// Opens without opening: only as a place.
    fn open(path: &Path) -> Result<OwnedFd, Errno> {
        rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
    }

    /// `None` where the kernel cannot be asked: no descriptors, no `/proc`, an answer that is no path.
    pub(super) fn resolve(path: &Path) -> Option<io::Result<Real>> {
        let file = match open(path) {
            Ok(file) => file,
            Err(Errno::MFILE | Errno::NFILE) => return None,
            Err(errno) => return Some(Err(errno.into())),
        };
        let identity = Identity::of(&rustix::fs::fstat(&file).ok()?);
        let path = with_path(&file, |path| path.into())?;
        Some(Ok(Real {
            path,
            identity: Some(identity),
            file: Some(file),
        }))
    }

    pub(super) fn leads(path: &Path, real: &Path, identity: Option<Identity>) -> Option<bool> {
        let file = match open(path) {
            Ok(file) => file,
            Err(Errno::MFILE | Errno::NFILE) => return None,
            Err(_) => return Some(false),
        };
        let now = Identity::of(&rustix::fs::fstat(&file).ok()?);
        let same = with_path(&file, |path| path.as_os_str() == real.as_os_str())?;
        Some(same && identity == Some(now))
    }

    /// The path of an open file, as long as it has one: that of a removed file ends as below, and that of a file out of
    /// reach does not begin with a slash. A living file of such a name has to be looked for in the other way.
    fn with_path<R>(file: &OwnedFd, each: impl FnOnce(&Path) -> R) -> Option<R> {
        let mut link = *b"/proc/self/fd/\0\0\0\0\0\0\0\0\0\0\0\0";
        let digits = write_number(&mut link["/proc/self/fd/".len()..], file.as_raw_fd());
        let link =
            std::ffi::CStr::from_bytes_until_nul(&link[..="/proc/self/fd/".len() + digits]).ok()?;
        let mut buffer = [MaybeUninit::uninit(); LONGEST];
        let (path, rest) = rustix::fs::readlinkat_raw(rustix::fs::CWD, link, &mut buffer).ok()?;
        let is_whole = !rest.is_empty() && path.starts_with(b"/") && !path.ends_with(b" (deleted)");
        is_whole.then(|| each(Path::new(OsStr::from_bytes(path))))
    }

    /// Writes a number that is not negative; says how many digits it has.
    fn write_number(to: &mut [u8], number: i32) -> usize {
        let digits = number.checked_ilog10().map_or(1, |log| log as usize + 1);
        let mut left = number;
        for place in to[..digits].iter_mut().rev() {
            *place = b'0' + (left % 10) as u8;
            left /= 10;
        }
        digits
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// Without its answer everything is found all the same, by many more system calls: no other test would notice.
        #[test]
        fn the_kernel_is_asked_and_declines_only_what_looks_removed() {
            let folder = tempfile::tempdir().unwrap();
            let folder = std::fs::canonicalize(folder.path()).unwrap();
            let (plain, odd) = (folder.join("plain"), folder.join("odd (deleted)"));
            for path in [&plain, &odd] {
                std::fs::write(path, "").unwrap();
            }
            let real = resolve(&plain).unwrap().unwrap();
            assert_eq!(*real.path, *plain);
            assert_eq!(leads(&plain, &plain, real.identity), Some(true));
            assert_eq!(leads(&plain, &folder, real.identity), Some(false));
            assert!(resolve(&odd).is_none() && leads(&odd, &odd, real.identity).is_none());
            assert!(resolve(&folder.join("missing")).unwrap().is_err());
        }

        #[test]
        fn numbers_are_written() {
            for number in [0, 7, 10, 99, 100, 65_535, i32::MAX] {
                let mut text = [0; 12];
                let digits = write_number(&mut text, number);
                assert_eq!(&text[..digits], number.to_string().as_bytes());
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn agrees_with_canonicalize_also_on_names_that_look_removed() {
        let dir = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(dir.path()).unwrap();
        for name in ["plain", "gone (deleted)", " (deleted)", "new\nline", "d"] {
            fs::write(base.join(name), "").unwrap();
            std::os::unix::fs::symlink(name, base.join("link")).unwrap();
            let real = resolve(&base.join("link")).unwrap();
            assert_eq!(*real.path, *fs::canonicalize(base.join("link")).unwrap());
            assert!(still_leads(&base.join("./link"), &real.path, real.identity));
            assert!(!still_leads(&base.join("link"), &base, real.identity));
            fs::remove_file(base.join("link")).unwrap();
            assert!(!still_leads(&base.join("link"), &real.path, real.identity));
        }
    }
}
