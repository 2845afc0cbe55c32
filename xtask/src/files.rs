//! The files of the repository, and writing them whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::git::git;

/// Paths, below the root, of all files that are or would be committed.
///
/// Asks git; an unpacked archive has none, so there everything counts but `target` and dot folders.
pub(crate) fn committed(root: &Path) -> Result<Vec<String>> {
    let list = [
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ];
    let mut paths = match git(root, &list) {
        Ok(list) => list
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .collect(),
        Err(_) => walk(root)?,
    };
    // Deleted but not yet committed as such: git still lists them.
    paths.retain(|path| root.join(path).is_file());
    paths.sort();
    paths.dedup();
    Ok(paths)
}

fn walk(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let here = root.join(&folder);
        for entry in
            fs::read_dir(&here).with_context(|| format!("cannot list {}", here.display()))?
        {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            if entry.file_type()?.is_dir() {
                if name != "target" && !(name.starts_with('.') && name != ".ci" && name != ".cargo")
                {
                    folders.push(path);
                }
            } else {
                found.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    Ok(found)
}

/// The text of a file, or `None` when it is not text.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0')))
}

/// Writes a file through a neighbour and a rename: a reader sees the old text or the new one.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let draft = path.with_file_name(name);
    let result = fs::write(&draft, text).and_then(|()| fs::rename(&draft, path));
    if result.is_err() {
        let _ = fs::remove_file(&draft);
    }
    result.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_replaces_and_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/report.json");
        write(&path, "one").unwrap();
        write(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn write_onto_a_folder_fails_and_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        let error = write(&path, "text").unwrap_err();
        assert!(error.to_string().contains("taken"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn binary_files_are_not_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        for (bytes, text) in [
            (&b"a\xff"[..], None),
            (b"a\0b", None),
            (b"plain", Some("plain".to_owned())),
        ] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(read_text(&path).unwrap(), text);
        }
    }

    #[test]
    fn without_git_the_target_folder_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["src/a.rs", "target/b.o", ".git/c", ".ci/run"] {
            write(&folder.path().join(path), "x").unwrap();
        }
        let mut found = walk(folder.path()).unwrap();
        found.sort();
        assert_eq!(found, [".ci/run", "src/a.rs"]);
    }
}
