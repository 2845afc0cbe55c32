//! Files that are written whole or not at all.

use std::fs::Permissions;
use std::io::{self, Write};
use std::path::Path;

/// Writes a file so that at every instant its name stands for the old contents or the new ones.
///
/// The bytes go to a temporary file beside the target, are synced, and renamed over it. On any error the temporary
/// file is removed and the target is as it was.
///
/// # Errors
/// Whatever the file system says: full, read-only, no such folder.
pub(crate) fn write_atomically(
    target: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let permissions = permissions_of(target).or_else(readable_by_others);
    let file = written_beside(target, permissions, write)?;
    file.as_file().sync_all()?;
    file.persist(target).map_err(|e| e.error)?;
    Ok(())
}

/// The same for a file of the owner's alone that nobody misses after a loss of power: it is not synced, which costs more
/// than many a run.
pub(crate) fn write_privately(
    target: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let file = written_beside(target, None, write)?;
    file.persist(target).map_err(|e| e.error)?;
    Ok(())
}

/// A temporary file with the bytes.
fn written_beside(
    target: &Path,
    permissions: Option<Permissions>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<tempfile::NamedTempFile> {
    let folder = target
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".autoexec-").suffix(".tmp");
    if let Some(permissions) = permissions {
        builder.permissions(permissions);
    }
    let file = builder.tempfile_in(folder)?;
    let mut writer = io::BufWriter::with_capacity(64 << 10, file);
    write(&mut writer)?;
    writer.into_inner().map_err(io::IntoInnerError::into_error)
}

/// A file that is replaced keeps its permissions.
fn permissions_of(target: &Path) -> Option<Permissions> {
    std::fs::metadata(target).ok().map(|m| m.permissions())
}

/// Temporary files are private by default; a report is as readable as the umask allows.
#[cfg(unix)]
fn readable_by_others() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn readable_by_others() -> Option<Permissions> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("report.md");
        write_atomically(&target, |w| w.write_all(b"old")).expect("written");
        let failed = write_atomically(&target, |w| {
            w.write_all(&[b'x'; 1 << 20])?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        });
        assert_eq!(
            failed.expect_err("failed").kind(),
            io::ErrorKind::StorageFull
        );
        assert_eq!(std::fs::read(&target).expect("read"), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).expect("list").count(), 1);
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(write_atomically(&folder.path().join("no/report.md"), |_| Ok(())).is_err());
    }
}
