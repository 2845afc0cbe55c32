//! Asking git, and work trees of a commit below the target directory.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::process;

/// What git tells its hooks of the repository they run for, and takes for its own in any folder.
const OF_A_HOOK: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
];

/// What git says about the repository that the folder is in, also when a hook of another started us.
///
/// # Errors
/// Without git, and when it fails: what it said.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> Result<String> {
    let mut command = process::command("git", folder);
    for name in OF_A_HOOK {
        command.env_remove(name);
    }
    process::capture(command.args(arguments))
}

/// Puts the files of a commit of `root` into a detached work tree, which later runs use again.
/// Whatever else lies there is removed, but for what git ignores.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn check_out(root: &Path, folder: &Path, commit: &str) -> Result<()> {
    // A work tree whose folder somebody removed is still registered.
    let _ = git(root, &["worktree", "prune"]);
    if is_work_tree_of(root, folder) {
        git(
            folder,
            &["checkout", "--quiet", "--force", "--detach", commit],
        )?;
        git(folder, &["clean", "-ffdq"])?;
        return Ok(());
    }
    if folder.exists() {
        // Of a clone that has moved, or that another shares its target directory with.
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
    }
    let place = folder
        .to_str()
        .context("the target directory has a name that git cannot take")?;
    let add = ["worktree", "add", "--quiet", "--force", "--detach"];
    git(root, &[&add[..], &[place, commit]].concat())?;
    Ok(())
}

fn is_work_tree_of(root: &Path, folder: &Path) -> bool {
    let repository = |folder: &Path| {
        let ask = ["rev-parse", "--path-format=absolute", "--git-common-dir"];
        git(folder, &ask).ok()
    };
    folder.join(".git").exists()
        && repository(folder).is_some_and(|it| Some(it) == repository(root))
}

/// Keeps others out of a folder until it is dropped, or this process has ended.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // To close the file would not do: a process that is just being started has it open until it runs.
        let _ = self.file.unlock();
    }
}

impl Lock {
    /// # Errors
    /// When another process has it, or it cannot be written.
    pub(crate) fn take(folder: &Path) -> Result<Self> {
        let path = folder.join("lock");
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let file =
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => bail!(
                "another run is at work in {}: wait for its end, or choose another target directory with `CARGO_TARGET_DIR`",
                folder.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        git(root, &["init", "--quiet", "--initial-branch=main"]).unwrap();
        fs::write(root.join("file"), "one").unwrap();
        git(root, &["add", "file"]).unwrap();
        let who = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        let what = ["commit", "--quiet", "--no-verify", "-m", "one"];
        git(root, &[&who[..], &what[..]].concat()).unwrap();
        let commit = git(root, &["rev-parse", "HEAD"]).unwrap();
        (folder, commit.trim().to_owned())
    }

    #[test]
    fn a_work_tree_of_another_clone_is_made_anew() {
        let ((a, commit_a), (b, commit_b)) = (repository(), repository());
        let shared = tempfile::tempdir().unwrap();
        let tree = shared.path().join("tree");
        for (root, commit) in [(&a, &commit_a), (&b, &commit_b), (&b, &commit_b)] {
            check_out(root.path(), &tree, commit).unwrap();
            assert!(is_work_tree_of(root.path(), &tree));
            assert_eq!(fs::read_to_string(tree.join("file")).unwrap(), "one");
            fs::write(tree.join("file"), "spoilt").unwrap();
        }
        // The clone it belongs to is gone.
        drop(b);
        check_out(a.path(), &tree, &commit_a).unwrap();
        assert_eq!(fs::read_to_string(tree.join("file")).unwrap(), "one");
    }

    #[test]
    fn a_folder_is_locked_once() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap();
        let error = Lock::take(folder.path()).unwrap_err().to_string();
        assert!(error.contains("another run is at work"), "{error}");
        drop(first);
        Lock::take(folder.path()).unwrap();
    }
}
