//! Reading what globs find.

mod globs;
mod walk;

use crate::{Error, FileCache, Read, ReadManyOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use walk::Walk;

/// Choices for one [`read_glob`](FileCache::read_glob).
#[derive(Clone, Copy)]
pub struct FindOptions<'a> {
    /// Globs of what is left out; one that ends in `/**` leaves out a folder without looking into it. Default: none.
    pub exclude: &'a [&'a str],
    /// Whether `.gitignore` and `.ignore` files from the root down are honoured, be there a repository or not, and
    /// the root's `.git/info/exclude`. Default: yes.
    pub gitignore: bool,
    /// Whether names that begin with a dot are found though the glob does not write the dot. Default: no.
    pub hidden: bool,
    /// How the files are read.
    pub read: ReadManyOptions<'a>,
}

impl Default for FindOptions<'_> {
    fn default() -> Self {
        Self {
            exclude: &[],
            gitignore: true,
            hidden: false,
            read: ReadManyOptions::default(),
        }
    }
}

/// A file that was found and read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Found {
    /// Where it was found, relative to the root. A link has its own name here.
    pub name: PathBuf,
    /// Where it was read: below the canonical root, links followed.
    pub path: PathBuf,
    /// Its contents.
    pub read: Read,
}

/// What globs found.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct FoundFiles {
    /// The files, each once, in the order of their paths, byte by byte within a name.
    pub files: Vec<Found>,
    /// What could not be looked into or read, or lies elsewhere, in the order of the paths.
    pub errors: Vec<Error>,
    /// The globs that matched nothing, which most often are slips, by their place among those given.
    pub unmatched: Vec<usize>,
}

/// A file to be read.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    path: PathBuf,
    name: PathBuf,
}

impl FileCache {
    /// Reads all files below `root` that match one of `globs`, as one batch.
    ///
    /// A glob without signs, or one that is the name of a file, means that file, ignored or not. In others `*` does not
    /// cross `/`, and `**` does; `?`, `{a,b}` and `[ab]` are known. Names that begin with a dot are found where the glob
    /// writes the dot. A linked file is read if it leads to one below the root; linked folders are not entered.
    ///
    /// What cannot be read is an error beside the files that can. So is a file whose folder leads out of the root by
    /// the time that the walk is over. What is swapped for a link between that look and the read is followed, though:
    /// an [`opener`](ReadManyOptions::opener) can prevent that.
    ///
    /// Takes a walk of the folders that the globs lead to, one `realpath` per folder and link found, and
    /// a sort; all contents are held until the result is dropped.
    ///
    /// # Errors
    ///
    /// Where the root is not to be found, and for a glob that is wrong, absolute, or has `..` in it
    /// ([`Io`](crate::ErrorKind::Io), of the kind [`InvalidInput`](std::io::ErrorKind::InvalidInput)).
    ///
    /// ```
    /// use autoexec_file_cache::{FileCache, FindOptions, Options};
    /// let dir = tempfile::tempdir()?;
    /// for name in ["a.md", "b.md", "b.txt", ".ignore"] {
    ///     std::fs::write(dir.path().join(name), "b.md")?;
    /// }
    /// let cache = FileCache::new(Options::default());
    /// let found = cache.read_glob(dir.path(), &["**/*.md"], &FindOptions::default())?;
    /// assert_eq!(found.files.len(), 1);
    /// assert_eq!(found.files[0].name.to_str(), Some("a.md"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_glob(
        &self,
        root: &Path,
        globs: &[&str],
        options: &FindOptions<'_>,
    ) -> Result<FoundFiles, Error> {
        let failed = |source| Error::io(root, source);
        let walk = Arc::new(Walk::new(root, globs, options).map_err(failed)?);
        let mut found = FoundFiles::default();
        let mut targets = walk.run(globs, options, &mut found.errors);
        targets.sort();
        targets.dedup_by(|next, kept| next.path == kept.path);
        walk.confine(&mut targets, &mut found.errors);
        found.unmatched = (0..globs.len())
            .filter(|&glob| !walk.has_matched(glob))
            .collect();
        self.read_targets(targets, &options.read, &mut found);
        found.errors.sort_by(|a, b| a.path().cmp(b.path()));
        Ok(found)
    }

    fn read_targets(
        &self,
        targets: Vec<Target>,
        options: &ReadManyOptions<'_>,
        found: &mut FoundFiles,
    ) {
        let paths: Vec<&Path> = targets.iter().map(|target| target.path.as_path()).collect();
        let answers = self.read_many_with(&paths, options);
        for (Target { path, name }, answer) in targets.into_iter().zip(answers) {
            match answer {
                Ok(read) => found.files.push(Found { name, path, read }),
                Err(error) => found.errors.push(error),
            }
        }
    }
}

impl std::fmt::Debug for FindOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FindOptions")
            .field("exclude", &self.exclude)
            .field("gitignore", &self.gitignore)
            .field("hidden", &self.hidden)
            .finish_non_exhaustive()
    }
}
