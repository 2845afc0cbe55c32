//! The walk over the folders.

use super::globs::{check_glob, glob_set, is_glob, is_hidden, last_name, literal_base};
use super::{FindOptions, Target};
use crate::{Error, ErrorKind};
use globset::{Candidate, GlobSet};
use ignore::{DirEntry, WalkBuilder};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// What a walk looks for, and where.
pub(super) struct Walk {
    root: PathBuf,
    include: GlobSet,
    /// Of each glob: whether its last name begins with a dot, and whether it matched something.
    globs: Vec<(bool, AtomicBool)>,
    exclude: GlobSet,
    /// Folders left out whole.
    pruned: GlobSet,
    /// The literal folders that the globs begin in.
    bases: Vec<PathBuf>,
    hidden: bool,
}

impl Walk {
    pub(super) fn new(root: &Path, globs: &[&str], options: &FindOptions<'_>) -> io::Result<Self> {
        let exclude = options.exclude;
        for glob in globs.iter().chain(exclude) {
            check_glob(glob)?;
        }
        let is_dotted = |glob: &&str| last_name(glob).starts_with('.');
        Ok(Self {
            root: root.canonicalize()?,
            include: glob_set(globs.iter().copied())?,
            globs: (globs.iter())
                .map(|glob| (is_dotted(glob), AtomicBool::new(false)))
                .collect(),
            exclude: glob_set(exclude.iter().copied())?,
            pruned: glob_set(exclude.iter().filter_map(|glob| glob.strip_suffix("/**")))?,
            bases: globs.iter().map(|glob| literal_base(glob)).collect(),
            hidden: options.hidden,
        })
    }

    /// Whether this glob found anything, be it an error.
    pub(super) fn has_matched(&self, glob: usize) -> bool {
        self.globs[glob].1.load(Relaxed)
    }

    /// What the globs, of which this was made, find.
    pub(super) fn run(
        self: &Arc<Self>,
        globs: &[&str],
        options: &FindOptions<'_>,
        errors: &mut Vec<Error>,
    ) -> Vec<Target> {
        let mut targets = Vec::new();
        let mut left = false;
        for (glob, (_, matched)) in globs.iter().zip(&self.globs) {
            if is_glob(glob) && !self.root.join(glob).is_file() {
                left = true;
                continue;
            }
            matched.store(true, Relaxed);
            match self.named(glob) {
                Ok(target) => targets.push(target),
                Err(error) => errors.push(error),
            }
        }
        if left {
            self.walk(options, &mut targets, errors);
        }
        targets
    }

    /// A file that is asked for by its name.
    fn named(&self, name: &str) -> Result<Target, Error> {
        let path = self.root.join(name);
        let failed = |source| Error::io(&path, source);
        let real = path.canonicalize().map_err(failed)?;
        if !real.starts_with(&self.root) {
            return Err(failed(leads_out()));
        }
        if real.is_dir() {
            return Err(Error::new(ErrorKind::IsADirectory, &path));
        }
        Ok(Target {
            path: real,
            name: name.strip_prefix("./").unwrap_or(name).into(),
        })
    }

    /// Walks from the root down, so that its ignore files count, and no others.
    fn walk(
        self: &Arc<Self>,
        options: &FindOptions<'_>,
        targets: &mut Vec<Target>,
        errors: &mut Vec<Error>,
    ) {
        let mut builder = WalkBuilder::new(&self.root);
        builder
            .standard_filters(false)
            .follow_links(false)
            .require_git(false)
            .ignore(options.gitignore)
            .git_ignore(options.gitignore)
            .git_exclude(options.gitignore);
        let walk = self.clone();
        builder.filter_entry(move |entry| !walk.prunes(entry));
        for entry in builder.build() {
            if (options.read.cancel).is_some_and(|cancel| cancel.load(Relaxed)) {
                break;
            }
            match entry {
                Ok(entry) => match self.target(&entry) {
                    Ok(target) => targets.extend(target),
                    Err(source) => errors.push(Error::io(entry.path(), source)),
                },
                Err(error) => errors.push(self.walk_error(error)),
            }
        }
    }

    /// The file to read for an entry, if it is one and looked for.
    fn target(&self, entry: &DirEntry) -> io::Result<Option<Target>> {
        let (Some(sort), Ok(name)) = (entry.file_type(), entry.path().strip_prefix(&self.root))
        else {
            return Ok(None);
        };
        if sort.is_dir() || !self.wants(name) {
            return Ok(None);
        }
        let mut path = entry.path().to_owned();
        if sort.is_symlink() {
            path = path.canonicalize()?;
            if path.is_dir() {
                return Ok(None);
            }
            if !path.starts_with(&self.root) {
                return Err(leads_out());
            }
        }
        let name = name.to_owned();
        Ok(Some(Target { path, name }))
    }

    fn walk_error(&self, error: ignore::Error) -> Error {
        match error {
            ignore::Error::WithPath { path, err } => Error::io(&path, into_io(*err)),
            ignore::Error::WithDepth { err, .. } => self.walk_error(*err),
            other => Error::io(&self.root, into_io(other)),
        }
    }

    /// Folders that lead to no base, are left out, or are hidden and not named by a glob.
    fn prunes(&self, entry: &DirEntry) -> bool {
        let Ok(name) = entry.path().strip_prefix(&self.root) else {
            return true;
        };
        if !entry.file_type().is_some_and(|sort| sort.is_dir()) || name.as_os_str().is_empty() {
            return false;
        }
        let leads = |base: &PathBuf| base.starts_with(name) || name.starts_with(base);
        let named = || self.bases.iter().any(|base| base.starts_with(name));
        !self.bases.iter().any(leads)
            || self.pruned.is_match(name)
            || (!self.hidden && is_hidden(name) && !named())
    }

    fn wants(&self, name: &Path) -> bool {
        let candidate = Candidate::new(name);
        let may = self.hidden || !is_hidden(name);
        let mut hits = self.include.matches_candidate(&candidate);
        hits.retain(|&glob| may || self.globs[glob].0);
        if hits.is_empty() || self.exclude.is_match_candidate(&candidate) {
            return false;
        }
        (hits.iter()).for_each(|&glob| self.globs[glob].1.store(true, Relaxed));
        true
    }

    /// Leaves out files whose folder was swapped for a link out of the root since the walk went through it.
    pub(super) fn confine(&self, targets: &mut Vec<Target>, errors: &mut Vec<Error>) {
        let mut inside: HashMap<PathBuf, bool> = HashMap::new();
        targets.retain(|target| {
            let folder = target.path.parent().unwrap_or(&self.root);
            let is_inside = inside.entry(folder.to_owned()).or_insert_with(|| {
                (folder.canonicalize()).is_ok_and(|real| real.starts_with(&self.root))
            });
            if !*is_inside {
                errors.push(Error::io(&target.path, leads_out()));
            }
            *is_inside
        });
    }
}

fn leads_out() -> io::Error {
    io::Error::other("it leads out of the root")
}

fn into_io(error: ignore::Error) -> io::Error {
    let text = error.to_string();
    (error.into_io_error()).unwrap_or_else(|| io::Error::other(text))
}
