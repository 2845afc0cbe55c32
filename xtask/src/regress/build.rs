//! Both sides, built alike: the same flags, functions aligned, each in a target directory of its own.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::bench::targets::{self, Build, Target};
use crate::workspace::BENCHES;

/// Functions begin where a cache line does, so that one that grows moves the others by whole lines.
const ALIGN: &str = "-Cllvm-args=-align-all-functions=6";

/// One side of a comparison.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// `base` or `head`.
    pub(super) name: &'static str,
    /// The root of its workspace.
    pub(super) root: PathBuf,
    /// Where its target directory and its binaries are.
    pub(super) place: PathBuf,
    /// Whether the processes that run its benchmarks share the folders of files that they only read, one after
    /// the other.
    shares_files: bool,
}

/// What tells a bench binary where these folders are.
pub(super) const FOLDER: &str = "AUTOEXEC_BENCH_FOLDER";

/// Where they are.
pub(super) fn shared_files(place: &Path, name: &str) -> PathBuf {
    place.join("files").join(name)
}

/// Removes them.
pub(super) fn forget_shared_files(place: &Path) -> Result<()> {
    let files = place.join("files");
    match fs::remove_dir_all(&files) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", files.display()))
        }
        _ => Ok(()),
    }
}

impl Source {
    pub(super) fn new(name: &'static str, root: &Path, place: &Path) -> Self {
        Self {
            name,
            root: root.to_owned(),
            place: place.to_owned(),
            shares_files: false,
        }
    }

    /// Both, with files that the processes of each side share, unless one of them does not know how to.
    pub(super) fn sharing_files(mut both: [Self; 2]) -> [Self; 2] {
        let knows_how = |side: &Self| side.root.join("benches/src/folder.rs").is_file();
        let share = both.iter().all(knows_how);
        both.iter_mut().for_each(|side| side.shares_files = share);
        both
    }

    /// Builds its bench binaries with so much padding, and copies them to where no later build
    /// replaces them.
    ///
    /// # Errors
    /// When it does not build, or nothing can be written.
    pub(super) fn build(&self, padding: u32, only: Option<&str>) -> Result<Vec<Target>> {
        let how = Build {
            root: &self.root,
            settings: self.settings(padding)?,
        };
        let built = targets::compile(&how, BENCHES, only)
            .with_context(|| format!("the benches of the {} cannot be had", self.name))?;
        let kept = built.into_iter().map(|target| self.keep(target, padding));
        let mut kept = kept.collect::<Result<Vec<_>>>()?;
        kept.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(kept)
    }

    /// Whether it has a bench binary of this name.
    pub(super) fn declares(&self, name: &str) -> bool {
        let file = format!("benches/benches/{name}.rs");
        self.root.join(file).is_file()
    }

    fn settings(&self, padding: u32) -> Result<Vec<(&'static str, String)>> {
        let target = self.place.join(format!("{}-target", self.name));
        fs::create_dir_all(&target)
            .with_context(|| format!("cannot create {}", target.display()))?;
        // Names of files in messages would differ between the two, and with them the binaries.
        let remap = format!("--remap-path-prefix={}=workspace", self.root.display());
        Ok(vec![
            ("CARGO_TARGET_DIR", target.display().to_string()),
            ("CARGO_INCREMENTAL", "0".to_owned()),
            ("CARGO_PROFILE_BENCH_CODEGEN_UNITS", "1".to_owned()),
            // It would optimise everything anew for each of a dozen binaries, and for each link.
            ("CARGO_PROFILE_BENCH_LTO", "off".to_owned()),
            ("CARGO_ENCODED_RUSTFLAGS", format!("{ALIGN}\x1f{remap}")),
            ("AUTOEXEC_PADDING", padding.to_string()),
        ])
    }

    fn keep(&self, target: Target, padding: u32) -> Result<Target> {
        let folder = self
            .place
            .join("bin")
            .join(format!("{}-{padding}", self.name));
        let executable = folder.join(&target.name);
        let copy = || -> std::io::Result<()> {
            fs::create_dir_all(&folder)?;
            // One that is still running somewhere cannot be written to, but it can be removed.
            let _ = fs::remove_file(&executable);
            fs::copy(&target.executable, &executable).map(|_| ())
        };
        copy().with_context(|| format!("cannot write {}", executable.display()))?;
        let shared = self.shares_files.then(|| {
            let folder = shared_files(&self.place, self.name);
            (FOLDER, folder.display().to_string())
        });
        Ok(Target {
            executable,
            settings: shared.into_iter().collect(),
            ..target
        })
    }
}

/// Whether two binaries are the same to the byte: then there is nothing to measure.
pub(super) fn identical(a: &Target, b: &Target) -> bool {
    match (fs::read(&a.executable), fs::read(&b.executable)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_built_with_the_same_flags_but_for_their_paths() {
        let folder = tempfile::tempdir().unwrap();
        let settings = |name, root| {
            let source = Source::new(name, Path::new(root), folder.path());
            source.settings(3).unwrap()
        };
        let (base, head) = (settings("base", "/a"), settings("head", "/b"));
        let differing: Vec<&str> = base
            .iter()
            .zip(&head)
            .filter(|(base, head)| base != head)
            .map(|(base, _)| base.0)
            .collect();
        assert_eq!(differing, ["CARGO_TARGET_DIR", "CARGO_ENCODED_RUSTFLAGS"]);
        assert!(base[4].1.ends_with("--remap-path-prefix=/a=workspace"));
        assert_eq!(base[5], ("AUTOEXEC_PADDING", "3".to_owned()));
    }

    #[test]
    fn a_target_directory_that_cannot_be_made_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        fs::write(&taken, "").unwrap();
        let source = Source::new("head", folder.path(), &taken);
        let error = source.build(0, None).unwrap_err().to_string();
        assert!(
            error.contains("cannot create") && error.contains("taken"),
            "{error}"
        );
    }
}
