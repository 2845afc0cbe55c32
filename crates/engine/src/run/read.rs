//! `read`: patterns → files below the root, through the caches.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use autoexec_file_cache::{ErrorKind, FileCache, ReadManyOptions};
use autoexec_path_cache::{PathCache, Root};
use globset::{Candidate, GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::{DirEntry, WalkBuilder, WalkState};
use tokio_util::sync::CancellationToken;

use crate::error::StepError;
use crate::report::StepCache;
use crate::trace::{TaskTrace, ToldPaths};
use crate::workflow::model::{OnProblem, Read};

use super::confined::{Confined, escapes};
use super::output::{FileEntry, Problem, ReadOutput};
use super::search::Files;

/// Files asked of the cache at once; between two batches a stop is seen.
pub(super) const BATCH: usize = 512;

/// What reading works with.
pub(super) struct Reader<'a> {
    pub(super) files: &'a FileCache,
    pub(super) paths: &'a PathCache,
    pub(super) root: &'a Root,
    pub(super) max_file_size: u64,
    pub(super) workers: usize,
    pub(super) stop: &'a CancellationToken,
    pub(super) trace: Option<&'a TaskTrace>,
}

/// Files found so far, and what went wrong.
#[derive(Default)]
struct Found {
    files: Vec<FileEntry>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// Finds and reads. `patterns` and `exclude` are `read`'s, with their expressions replaced.
    pub(super) fn read(
        &self,
        read: &Read,
        patterns: &[String],
        exclude: &[String],
    ) -> Result<(ReadOutput, StepCache), StepError> {
        for pattern in patterns.iter().chain(exclude) {
            crate::workflow::check_pattern(pattern).map_err(StepError::Invalid)?;
        }
        let mut found = Found::default();
        let (globs, plain): (Vec<_>, Vec<_>) = patterns
            .iter()
            .partition(|p| is_glob(p) && !self.is_file(p));
        for path in plain {
            self.explicit(path, read.allow_empty, &mut found);
        }
        if !globs.is_empty() {
            self.walk(read, &globs, exclude, &mut found)?;
        }
        found
            .files
            .sort_by(|a, b| (&a.path, &a.name).cmp(&(&b.path, &b.name)));
        found.files.dedup_by(|a, b| a.path == b.path);
        let (output, cache) = self.load(found)?;
        if read.on_problem == OnProblem::Fail && !output.problems.is_empty() {
            return Err(StepError::Problems(output.problems));
        }
        Ok((output, cache))
    }

    /// Whether a pattern is the name of a file, whatever signs it holds.
    fn is_file(&self, pattern: &str) -> bool {
        let real = self.root.resolve(Path::new(pattern));
        real.is_ok_and(|real| real.is_file())
    }

    fn explicit(&self, path: &str, may_miss: bool, found: &mut Found) {
        match self.root.resolve(Path::new(path)) {
            Ok(real) if real.is_dir() => {
                found.problems.push(Problem::new(
                    path,
                    format!("is a folder; write `{path}/**` for the files in it"),
                ));
            }
            Ok(real) => found.files.push(FileEntry {
                name: path.trim_start_matches("./").to_owned(),
                path: real,
            }),
            Err(e) if may_miss && e.kind() == autoexec_path_cache::ErrorKind::NotFound => {}
            Err(e) => found.problems.push(Problem::new(path, reason(&e))),
        }
    }

    fn walk(
        &self,
        read: &Read,
        globs: &[&String],
        exclude: &[String],
        found: &mut Found,
    ) -> Result<(), StepError> {
        let walk = Arc::new(Walk::new(read, globs, exclude, self.root.path())?);
        for base in walk.bases.iter().filter(|b| !b.as_os_str().is_empty()) {
            if let Err(e) = self.root.resolve(base)
                && e.kind() == autoexec_path_cache::ErrorKind::Escapes
            {
                found
                    .problems
                    .push(Problem::new(base.to_string_lossy(), reason(&e)));
            }
        }
        let (sender, receiver) = mpsc::channel();
        self.builder(read, walk.clone()).build_parallel().run(|| {
            let (sender, walk) = (sender.clone(), &walk);
            Box::new(move |entry| {
                if self.stop.is_cancelled() {
                    return WalkState::Quit;
                }
                if let Some(item) = self.visit(entry, walk) {
                    // The receiver outlives the walk, so sending cannot fail.
                    _ = sender.send(item);
                }
                WalkState::Continue
            })
        });
        drop(sender);
        for item in receiver {
            match item {
                Ok(file) => found.files.push(file),
                Err(problem) => found.problems.push(problem),
            }
        }
        if self.stop.is_cancelled() {
            return Err(StepError::Stopped);
        }
        self.confine(found);
        if !read.allow_empty && found.problems.is_empty() {
            found.problems.extend(walk.unmatched(globs));
        }
        Ok(())
    }

    /// A walk from the root down, so that its ignore files count, and no others.
    fn builder(&self, read: &Read, walk: Arc<Walk>) -> WalkBuilder {
        let mut builder = WalkBuilder::new(self.root.path());
        builder
            .standard_filters(false)
            .follow_links(false)
            .require_git(false);
        builder
            .ignore(read.gitignore)
            .git_ignore(read.gitignore)
            .git_exclude(read.gitignore);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        builder.threads(self.workers.min(processors));
        builder.filter_entry(move |entry| !walk.prunes(entry));
        builder
    }

    fn visit(
        &self,
        entry: Result<DirEntry, ignore::Error>,
        walk: &Walk,
    ) -> Option<Result<FileEntry, Problem>> {
        let entry = match entry {
            Ok(entry) => entry,
            Err(e) => return Some(Err(self.walk_error(e))),
        };
        let kind = entry.file_type()?;
        let relative = entry.path().strip_prefix(self.root.path()).ok()?;
        if kind.is_dir() || !walk.wants(relative) {
            return None;
        }
        let name = relative.to_string_lossy().into_owned();
        if kind.is_symlink() {
            return self.link(name, entry.path());
        }
        // FIFOs and devices are left to the cache, which refuses them without opening.
        Some(Ok(FileEntry {
            name,
            path: entry.into_path(),
        }))
    }

    fn walk_error(&self, error: ignore::Error) -> Problem {
        match error {
            ignore::Error::WithPath { path, err } => {
                let relative = path.strip_prefix(self.root.path()).unwrap_or(&path);
                Problem::new(relative.to_string_lossy(), err)
            }
            ignore::Error::WithDepth { err, .. } => self.walk_error(*err),
            other => Problem::new(".", other),
        }
    }

    /// A symbolic link counts as the file that it leads to, if that lies below the root. Linked folders are not entered.
    fn link(&self, name: String, path: &Path) -> Option<Result<FileEntry, Problem>> {
        match self.root.resolve(path) {
            Ok(real) if real.is_dir() => None,
            Ok(real) => Some(Ok(FileEntry { name, path: real })),
            Err(e) => Some(Err(Problem::new(name, reason(&e)))),
        }
    }

    /// Every folder that files were found in is resolved again. The walk enters no links; this tells of a folder that was
    /// swapped for one meanwhile. What is swapped later is not opened (see `Confined`).
    fn confine(&self, found: &mut Found) {
        let mut last: Option<(PathBuf, bool)> = None;
        let (paths, root, problems) = (self.paths, self.root, &mut found.problems);
        let mut told = ToldPaths::new(self.trace);
        found.files.sort_by(|a, b| a.path.cmp(&b.path));
        found.files.retain(|file| {
            let folder = file.path.parent().unwrap_or(root.path());
            if last.as_ref().is_none_or(|(seen, _)| seen != folder) {
                let real = told.of(folder, || paths.resolve_and_tell(folder));
                let inside = real.is_ok_and(|real| root.contains(&real));
                last = Some((folder.to_path_buf(), inside));
            }
            let inside = last.as_ref().is_some_and(|(_, inside)| *inside);
            if !inside {
                problems.push(Problem::new(&file.name, "its folder leads out of the root"));
            }
            inside
        });
    }

    fn load(&self, found: Found) -> Result<(ReadOutput, StepCache), StepError> {
        let Found {
            files,
            mut problems,
        } = found;
        let confined = Confined(self.root);
        let options = ReadManyOptions {
            workers: Some(self.workers),
            limit: Some(self.max_file_size),
            opener: Some(&confined),
            ..Default::default()
        };
        let from = Files {
            cache: self.files,
            root: self.root,
            trace: self.trace,
        };
        let (mut cache, mut bytes) = (StepCache::default(), 0);
        let mut kept = Vec::with_capacity(files.len());
        let mut rest = files;
        while !rest.is_empty() {
            if self.stop.is_cancelled() {
                return Err(StepError::Stopped);
            }
            let later = rest.split_off(rest.len().min(BATCH));
            let paths: Vec<&Path> = rest.iter().map(|f| f.path.as_path()).collect();
            let results = from.read(&paths, &options);
            for (file, result) in rest.into_iter().zip(results) {
                match result {
                    Ok(read) => {
                        count(&mut cache, &read);
                        bytes += read.file.len() as u64;
                        kept.push(file);
                    }
                    Err(e) => problems.push(Problem::new(&file.name, why(&e))),
                }
            }
            rest = later;
        }
        let output = ReadOutput {
            count: kept.len(),
            files: Arc::new(kept),
            bytes,
            problems,
        };
        Ok((output, cache))
    }
}

/// Counts where a read came from.
pub(super) fn count(cache: &mut StepCache, read: &autoexec_file_cache::Read) {
    match read.source {
        autoexec_file_cache::Source::Loaded | autoexec_file_cache::Source::Uncached => {
            cache.loads += 1
        }
        _ => cache.hits += 1,
    }
}

/// Why a file could not be read, without its name, which stands beside it.
pub(super) fn why(error: &autoexec_file_cache::Error) -> String {
    match error.kind() {
        _ if escapes(error) => "leads out of the root".into(),
        ErrorKind::NotFound => "no such file".into(),
        ErrorKind::PermissionDenied => "permission denied".into(),
        ErrorKind::IsADirectory => "is a folder".into(),
        ErrorKind::NotRegular => "is not a regular file".into(),
        ErrorKind::TooLarge { size, limit } => {
            use crate::document::units::short_size;
            format!(
                "has {}, more than the limit of {}",
                short_size(size),
                short_size(limit)
            )
        }
        _ => error.to_string(),
    }
}

fn reason(error: &autoexec_path_cache::Error) -> String {
    use autoexec_path_cache::ErrorKind as K;
    match error.kind() {
        K::NotFound => "no such file".into(),
        K::PermissionDenied => "permission denied".into(),
        K::Escapes => "leads out of the root".into(),
        K::Loop => "is a loop of symbolic links".into(),
        _ => error.to_string(),
    }
}

fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?', '[', '{'])
}

/// The folders in front of the first component that holds a glob sign.
fn literal_base(glob: &str) -> String {
    let components: Vec<&str> = glob.split('/').filter(|c| *c != ".").collect();
    let folders = components.len().saturating_sub(1);
    components
        .iter()
        .take(folders)
        .take_while(|c| !is_glob(c) && !c.contains('\\'))
        .copied()
        .collect::<Vec<_>>()
        .join("/")
}

fn glob_set<'a>(globs: impl Iterator<Item = &'a str>) -> Result<GlobSet, StepError> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let glob = glob.strip_prefix("./").unwrap_or(glob);
        set.add(
            GlobBuilder::new(glob)
                .literal_separator(true)
                .build()
                .map_err(|e| StepError::Invalid(e.to_string()))?,
        );
    }
    set.build().map_err(|e| StepError::Invalid(e.to_string()))
}

/// What a walk looks for, and where.
struct Walk {
    include: GlobSet,
    /// Of each glob: whether its last component begins with a dot, and whether it matched something.
    globs: Vec<(bool, AtomicBool)>,
    exclude: GlobSet,
    /// Folders that a glob ending in `/**` leaves out whole.
    pruned: GlobSet,
    /// The literal folders that globs begin in, relative to the root.
    bases: BTreeSet<PathBuf>,
    hidden: bool,
    root: PathBuf,
}

impl Walk {
    fn new(
        read: &Read,
        globs: &[&String],
        exclude: &[String],
        root: &Path,
    ) -> Result<Self, StepError> {
        let last_is_hidden =
            |glob: &&String| glob.rsplit('/').next().is_some_and(|c| c.starts_with('.'));
        Ok(Self {
            include: glob_set(globs.iter().map(|g| g.as_str()))?,
            globs: globs
                .iter()
                .map(|g| (last_is_hidden(g), AtomicBool::new(false)))
                .collect(),
            exclude: glob_set(exclude.iter().map(String::as_str))?,
            pruned: glob_set(exclude.iter().filter_map(|g| g.strip_suffix("/**")))?,
            bases: globs
                .iter()
                .map(|g| PathBuf::from(literal_base(g)))
                .collect(),
            hidden: read.hidden,
            root: root.to_path_buf(),
        })
    }

    /// Folders that lead to no base, are left out, or are hidden and not named by a glob.
    fn prunes(&self, entry: &DirEntry) -> bool {
        let Ok(relative) = entry.path().strip_prefix(&self.root) else {
            return true;
        };
        if !entry.file_type().is_some_and(|t| t.is_dir()) || relative.as_os_str().is_empty() {
            return false;
        }
        let leads = |base: &PathBuf| base.starts_with(relative) || relative.starts_with(base);
        let named = || self.bases.iter().any(|base| base.starts_with(relative));
        !self.bases.iter().any(leads)
            || self.pruned.is_match(relative)
            || (!self.hidden && is_hidden(relative) && !named())
    }

    /// Whether a file is looked for. Names that begin with a dot must be written so, as in a shell.
    fn wants(&self, relative: &Path) -> bool {
        let candidate = Candidate::new(relative);
        let may = self.hidden || !is_hidden(relative);
        let mut hits = self.include.matches_candidate(&candidate);
        hits.retain(|i| may || self.globs[*i].0);
        if hits.is_empty() || self.exclude.is_match_candidate(&candidate) {
            return false;
        }
        hits.iter()
            .for_each(|i| self.globs[*i].1.store(true, Ordering::Relaxed));
        true
    }

    /// A glob that matches nothing is most often a slip.
    fn unmatched(&self, globs: &[&String]) -> Vec<Problem> {
        let none = globs
            .iter()
            .zip(&self.globs)
            .filter(|(_, (_, hit))| !hit.load(Ordering::Relaxed));
        let why = "matches no file (`allow_empty: true` would accept that)";
        none.map(|(glob, _)| Problem::new(glob.as_str(), why))
            .collect()
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().first() == Some(&b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_begins_in_its_literal_folders() {
        let check = |glob: &str, base: &str| assert_eq!(literal_base(glob), base, "{glob}");
        check("**/*.rs", "");
        check("src/**/*.rs", "src");
        check("./a/b/c*.rs", "a/b");
        check("a/{b,c}/d", "a");
        check("*.md", "");
    }
}
