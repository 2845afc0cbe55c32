//! Where things are: the workspace root, its target directory, its packages.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand, Package};

/// What the packages' names begin with; a crate's folder is its name less this.
pub(crate) const PREFIX: &str = "autoexec-";
/// The package that holds the benchmarks.
pub(crate) const BENCHES: &str = "autoexec-benches";
/// The package that compares with what others wrote.
pub(crate) const PEERS: &str = "autoexec-peers";

/// The workspace as cargo sees it.
pub(crate) struct Workspace {
    pub(crate) metadata: Metadata,
}

impl Workspace {
    /// The members alone: quick, needs no registry.
    pub(crate) fn load() -> Result<Self> {
        Self::from(MetadataCommand::new().no_deps())
    }

    /// The members and everything they depend on.
    pub(crate) fn load_with_dependencies() -> Result<Self> {
        Self::from(&mut MetadataCommand::new())
    }

    fn from(command: &mut MetadataCommand) -> Result<Self> {
        let metadata = command
            .exec()
            .context("cannot read the workspace with `cargo metadata`")?;
        Ok(Self { metadata })
    }

    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Where benchmarks leave their reports; follows `CARGO_TARGET_DIR` as cargo does.
    pub(crate) fn bench_dir(&self) -> PathBuf {
        self.metadata.target_directory.as_std_path().join("bench")
    }

    /// A file's path below the root with `/` between its parts; one from elsewhere stays as it is.
    pub(crate) fn relative(&self, path: &Path) -> String {
        let Ok(inside) = path.strip_prefix(self.root()) else {
            return path.display().to_string();
        };
        let parts = inside
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned());
        parts.collect::<Vec<_>>().join("/")
    }

    /// The folder of a package, relative to the root: `crates/metrics`.
    pub(crate) fn folder(&self, package: &Package) -> String {
        let manifest = package.manifest_path.as_std_path();
        self.relative(manifest.parent().unwrap_or(manifest))
    }

    /// The member packages in order of their folders.
    pub(crate) fn members(&self) -> Vec<&Package> {
        let mut members = self.metadata.workspace_packages();
        members.sort_by(|a, b| a.manifest_path.cmp(&b.manifest_path));
        members
    }
}
