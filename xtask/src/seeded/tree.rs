//! The files of the last commit in a work tree of their own, and a seed put into them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::file;
use super::table::Seed;
use crate::git::{self, git};

/// A work tree of the last commit, which nobody else may use meanwhile.
pub(super) struct Tree {
    folder: PathBuf,
    commit: String,
}

/// A seed that is in the tree, until it is pulled out or dropped.
pub(super) struct Planted {
    path: PathBuf,
    whole: String,
    is_in: bool,
}

impl Tree {
    /// Puts the files of the last commit of `root` into `folder`.
    ///
    /// # Errors
    /// Without git or a commit, and when the folder cannot be written.
    pub(super) fn check_out(root: &Path, folder: &Path) -> Result<Self> {
        let commit = git(root, &["rev-parse", "--verify", "HEAD"])?;
        let commit = commit.trim().to_owned();
        git::check_out(root, folder, &commit)?;
        Ok(Self {
            folder: folder.to_owned(),
            commit,
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn commit(&self) -> &str {
        &self.commit
    }

    /// Replaces the text of a seed.
    ///
    /// # Errors
    /// When it does not stand in the file exactly once, or the file cannot be written.
    pub(super) fn plant(&self, seed: &Seed) -> Result<Planted> {
        let path = file(&self.folder, seed);
        let whole =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let seeded = replaced(&whole, seed)?;
        fs::write(&path, seeded).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Planted {
            path,
            whole,
            is_in: true,
        })
    }
}

impl Planted {
    /// Restores the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn pull_out(mut self) -> Result<()> {
        self.is_in = false;
        self.restore()
            .with_context(|| format!("cannot restore {}", self.path.display()))
    }

    fn restore(&self) -> std::io::Result<()> {
        fs::write(&self.path, &self.whole)
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        if self.is_in {
            // The next run checks the tree out anew.
            let _ = self.restore();
        }
    }
}

/// The text of a file with the seed in it.
pub(super) fn replaced(whole: &str, seed: &Seed) -> Result<String> {
    match whole.matches(seed.find).count() {
        1 => Ok(whole.replacen(seed.find, seed.replace, 1)),
        count => bail!(
            "what `{}` replaces stands {count} times in {}, and has to stand there once",
            seed.name,
            seed.file
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_stands_in_the_tree_until_it_is_pulled_out_or_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let seed = Seed {
            krate: "one",
            file: "lib.rs",
            find: "a()",
            replace: "a(); a()",
            ..Seed::TEST
        };
        let path = file(root, &seed);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "fn f() { a() }").unwrap();
        git(root, &["init", "--quiet"]).unwrap();
        git(root, &["add", "."]).unwrap();
        let who = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        git(
            root,
            &[&who[..], &["commit", "--quiet", "--no-verify", "-m", "one"]].concat(),
        )
        .unwrap();

        let tree = Tree::check_out(root, &root.join("target/tree")).unwrap();
        let copy = file(tree.folder(), &seed);
        let planted = tree.plant(&seed).unwrap();
        assert_eq!(fs::read_to_string(&copy).unwrap(), "fn f() { a(); a() }");
        assert!(tree.plant(&seed).is_err(), "it stands there twice now");
        planted.pull_out().unwrap();
        drop(tree.plant(&seed).unwrap());
        assert_eq!(fs::read_to_string(&copy).unwrap(), "fn f() { a() }");
        // What a run that was ended left behind is gone with the next.
        fs::write(&copy, "left behind").unwrap();
        Tree::check_out(root, &root.join("target/tree")).unwrap();
        assert_eq!(fs::read_to_string(&copy).unwrap(), "fn f() { a() }");
        assert_eq!(fs::read_to_string(&path).unwrap(), "fn f() { a() }");
    }
}
