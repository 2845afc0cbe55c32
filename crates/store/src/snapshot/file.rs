//! The file of a snapshot: opened, locked, written to.

use super::format::{HEAD, MAGIC, OWNER_AT, VERSION, head};
use crate::{Error, ErrorKind};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What a snapshot is written to. Tests have one that is full.
pub(super) trait Medium: Send {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    fn truncate(&mut self, length: u64) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
    /// Whether the file is what `path` names.
    fn is_named(&self, path: &Path) -> bool;
}

impl Medium for File {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(offset))?;
        self.write_all(bytes)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn is_named(&self, path: &Path) -> bool {
        is_same(self, path).unwrap_or(false)
    }
}

/// A file that this handle alone may write to.
pub(super) struct Held {
    pub(super) file: File,
    /// There was nothing in it.
    pub(super) is_new: bool,
    /// Others than its owner may read or write it.
    pub(super) is_exposed: bool,
}

/// Times that a file is opened anew because its name was given to another meanwhile.
const TRIES: usize = 16;

const OPEN: &str = "open the snapshot";

/// Opens and locks the file, which is made with mode 0600 if there is none.
pub(super) fn hold(path: &Path) -> Result<Held, Error> {
    for _ in 0..TRIES {
        let mut file = open(path, true)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let process = owner(&file);
                return Err(Error::new(OPEN, path, ErrorKind::Locked { process }));
            }
            Err(TryLockError::Error(error)) => return Err(Error::io(OPEN, path, error)),
        }
        // Whoever held it may have put a compacted file in its place before letting go of this one.
        if !is_same(&file, path).map_err(|error| Error::io(OPEN, path, error))? {
            continue;
        }
        let is_new = is_new(&file, path)?;
        let head = head(std::process::id());
        let (at, bytes) = match is_new {
            true => (0, &head[..]),
            false => (OWNER_AT, &head[OWNER_AT as usize..]),
        };
        let owned = file.write_at(at, bytes);
        owned.map_err(|error| Error::io("write the snapshot", path, error))?;
        let is_exposed = is_exposed(&file);
        return Ok(Held {
            file,
            is_new,
            is_exposed,
        });
    }
    Err(Error::new(OPEN, path, ErrorKind::Replaced))
}

/// Opens the file to be read only, whoever holds it.
pub(super) fn look(path: &Path) -> Result<File, Error> {
    let file = open(path, false)?;
    if is_new(&file, path)? {
        return Err(Error::new(OPEN, path, ErrorKind::NotASnapshot));
    }
    Ok(file)
}

/// A new file for what is to replace the snapshot, of mode 0600 and locked before anybody can see it under its name.
pub(super) fn replacement(path: &Path) -> io::Result<(PathBuf, File)> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".compact");
    let temporary = path.with_file_name(name);
    // Left over by a process that died: the lock of the snapshot says that nobody is writing to it.
    match std::fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = options(true).create_new(true).open(&temporary)?;
    file.try_lock().map_err(io::Error::from)?;
    Ok((temporary, file))
}

/// Makes the names in the folder of `path` durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn options(writes: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(writes);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits() as i32);
    }
    options
}

fn open(path: &Path, writes: bool) -> Result<File, Error> {
    let opened = options(writes).create(writes).open(path);
    let file = opened.map_err(|error| match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => Error::new(OPEN, path, ErrorKind::SymbolicLink),
        Ok(found) if !found.is_file() => Error::new(OPEN, path, ErrorKind::NotRegular),
        _ => Error::io(OPEN, path, error),
    })?;
    let metadata = file
        .metadata()
        .map_err(|error| Error::io(OPEN, path, error))?;
    match metadata.is_file() {
        true => Ok(file),
        false => Err(Error::new(OPEN, path, ErrorKind::NotRegular)),
    }
}

/// Whether nothing was written to it yet, or not even all of its head; an error if it is something else, or of another
/// version.
fn is_new(mut file: &File, path: &Path) -> Result<bool, Error> {
    let mut head = Vec::new();
    let read = file
        .seek(SeekFrom::Start(0))
        .and_then(|_| file.take(HEAD).read_to_end(&mut head));
    read.map_err(|error| Error::io(OPEN, path, error))?;
    let magic = head.len().min(MAGIC.len());
    if head[..magic] != MAGIC[..magic] {
        return Err(Error::new(OPEN, path, ErrorKind::NotASnapshot));
    }
    let found = head.get(8..10).map(|it| u16::from_le_bytes([it[0], it[1]]));
    match found {
        Some(found) if found != VERSION => {
            let supported = VERSION;
            Err(Error::new(
                OPEN,
                path,
                ErrorKind::Version { found, supported },
            ))
        }
        _ => Ok(head.len() < HEAD as usize),
    }
}

/// The process that wrote its number into the head.
fn owner(mut file: &File) -> Option<u32> {
    let mut head = [0; HEAD as usize];
    file.seek(SeekFrom::Start(0)).ok()?;
    file.read_exact(&mut head).ok()?;
    let number = head[OWNER_AT as usize..].first_chunk()?;
    head.starts_with(MAGIC).then(|| u32::from_le_bytes(*number))
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata()?;
    match std::fs::symlink_metadata(path) {
        Ok(named) => Ok((ours.dev(), ours.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn is_same(_file: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}

#[cfg(unix)]
fn is_exposed(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata();
    metadata.is_ok_and(|it| it.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_exposed(_file: &File) -> bool {
    false
}
