//! The commit to compare with, and its files in a work tree of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::git::{self, git};

/// A commit and where its files are.
#[derive(Debug)]
pub(super) struct Base {
    /// Its full id.
    pub(super) commit: String,
    pub(super) folder: PathBuf,
}

/// Finds the commit and puts its files into a detached work tree, which later runs use again.
///
/// # Errors
/// Without git, for a name that git does not know, and when the folder cannot be written.
pub(super) fn check_out(root: &Path, wanted: Option<&str>, folder: &Path) -> Result<Base> {
    let commit = match wanted {
        Some(name) => {
            commit(root, name).with_context(|| format!("git knows no commit named `{name}`"))?
        }
        None => default(root)?,
    };
    git::check_out(root, folder, &commit)?;
    Ok(Base {
        commit,
        folder: folder.to_owned(),
    })
}

/// Where this branch left main. On main itself that is its last commit, with which the working tree
/// is then compared.
fn default(root: &Path) -> Result<String> {
    let head = commit(root, "HEAD").context("there is no commit to compare with")?;
    let main = ["main", "origin/main"]
        .iter()
        .find_map(|name| commit(root, name).ok());
    let main =
        main.context("there is no `main` here to compare with: name a commit with `--base`")?;
    match git(root, &["merge-base", &head, &main]) {
        Ok(base) => Ok(base.trim().to_owned()),
        Err(_) => bail!("this branch and main have no common commit; name one with `--base`"),
    }
}

fn commit(root: &Path, name: &str) -> Result<String> {
    let name = format!("{name}^{{commit}}");
    let id = git(
        root,
        &[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &name,
        ],
    )?;
    Ok(id.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A repository with two commits on main, and one more on a branch that left after the first.
    fn repository() -> (tempfile::TempDir, [String; 3]) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        git(root, &["init", "--quiet", "--initial-branch=main"]).unwrap();
        let save = |text: &str| {
            fs::write(root.join("file"), text).unwrap();
            git(root, &["add", "file"]).unwrap();
            let who = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
            let what = ["commit", "--quiet", "--no-verify", "-m", text];
            git(root, &[&who[..], &what[..]].concat()).unwrap();
            commit(root, "HEAD").unwrap()
        };
        let first = save("first");
        let second = save("second");
        git(root, &["checkout", "--quiet", "-b", "topic", &first]).unwrap();
        let topic = save("topic");
        (folder, [first, second, topic])
    }

    fn checked_out(root: &Path, name: Option<&str>) -> Result<(String, String)> {
        let base = check_out(root, name, &root.join("target/regress/base"))?;
        Ok((
            base.commit,
            fs::read_to_string(base.folder.join("file")).unwrap(),
        ))
    }

    #[test]
    fn the_default_is_where_the_branch_left_main() {
        let (folder, [first, second, _]) = repository();
        let root = folder.path();
        assert_eq!(
            checked_out(root, None).unwrap(),
            (first, "first".to_owned())
        );
        git(root, &["checkout", "--quiet", "main"]).unwrap();
        // On main it is the last commit, whatever the working tree holds; the work tree is used again.
        fs::write(root.join("file"), "changed").unwrap();
        assert_eq!(
            checked_out(root, None).unwrap(),
            (second, "second".to_owned())
        );
    }

    #[test]
    fn any_commit_can_be_named_and_a_removed_work_tree_is_made_anew() {
        let (folder, [first, second, topic]) = repository();
        let root = folder.path();
        assert_eq!(checked_out(root, Some("main")).unwrap().0, second);
        assert_eq!(checked_out(root, Some(&topic[..10])).unwrap().0, topic);
        fs::remove_dir_all(root.join("target")).unwrap();
        assert_eq!(
            checked_out(root, Some("main~1")).unwrap(),
            (first, "first".to_owned())
        );
    }

    #[test]
    fn what_lies_in_the_work_tree_is_removed() {
        let (folder, _) = repository();
        let base = folder.path().join("target/regress/base");
        checked_out(folder.path(), None).unwrap();
        fs::write(base.join("file"), "spoilt").unwrap();
        fs::write(base.join("more"), "spoilt").unwrap();
        assert_eq!(checked_out(folder.path(), None).unwrap().1, "first");
        assert!(!base.join("more").exists());
    }

    #[test]
    fn unknown_names_and_no_repository_are_said() {
        let (folder, _) = repository();
        let error = checked_out(folder.path(), Some("nobody"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("`nobody`"), "{error}");
        let empty = tempfile::tempdir().unwrap();
        git(empty.path(), &["init", "--quiet"]).unwrap();
        let error = checked_out(empty.path(), None).unwrap_err().to_string();
        assert!(error.contains("no commit to compare with"), "{error}");
        // A clone of one branch: all would be the same, and nothing would be said.
        git(folder.path(), &["branch", "--quiet", "-D", "main"]).unwrap();
        let error = checked_out(folder.path(), None).unwrap_err().to_string();
        assert!(error.contains("`--base`"), "{error}");
    }
}
