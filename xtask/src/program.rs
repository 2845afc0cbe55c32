//! Programs of this workspace that tasks start: building one, and where it then is.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use cargo_metadata::Message;

use crate::process;
use crate::workspace::Workspace;

/// Which program, and how it is built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    pub(crate) package: &'static str,
    /// The name of its `[[bin]]`, or of the example.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) profile: &'static str,
    /// Features of the package, separated by commas; empty for none.
    pub(crate) features: &'static str,
}

/// What cargo calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bin,
    Example,
}

impl Program {
    /// Builds it and says where it is.
    ///
    /// # Errors
    /// When the build fails; the compiler's messages have gone to the terminal.
    pub(crate) fn build(&self, workspace: &Workspace) -> Result<PathBuf> {
        self.build_with(workspace, &[])
    }

    /// The same with settings in the environment of cargo.
    ///
    /// # Errors
    /// As of `build`.
    pub(crate) fn build_with(
        &self,
        workspace: &Workspace,
        settings: &[(&str, &str)],
    ) -> Result<PathBuf> {
        let mut cargo = process::cargo(workspace.root());
        cargo.envs(settings.iter().copied());
        cargo.args(["build", "--quiet", "--package", self.package]);
        let kind = match self.kind {
            Kind::Bin => "--bin",
            Kind::Example => "--example",
        };
        cargo.args([kind, self.name, "--profile", self.profile]);
        cargo.arg("--message-format=json-render-diagnostics");
        if !self.features.is_empty() {
            cargo.args(["--features", self.features]);
        }
        let output = cargo
            .stderr(Stdio::inherit())
            .output()
            .context("cannot start cargo")?;
        if !output.status.success() {
            bail!("`{}` does not build ({})", self.name, output.status);
        }
        let built = Message::parse_stream(output.stdout.as_slice())
            .filter_map(Result::ok)
            .find_map(|message| match message {
                Message::CompilerArtifact(it) if it.target.name == self.name => it.executable,
                _ => None,
            });
        let built = built.with_context(|| format!("cargo built no program `{}`", self.name))?;
        Ok(built.into_std_path_buf())
    }
}

/// The target triple and the version of the compiler that builds here.
///
/// # Errors
/// When there is no compiler, or it does not say.
pub(crate) fn toolchain(workspace: &Workspace) -> Result<(String, String)> {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = process::capture(process::command(program, workspace.root()).arg("-vV"))?;
    parse_toolchain(&said).context("`rustc -vV` names no host or no release")
}

fn parse_toolchain(said: &str) -> Option<(String, String)> {
    let field = |name| said.lines().find_map(|line| line.strip_prefix(name));
    Some((field("host: ")?.to_owned(), field("release: ")?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_toolchain_is_what_the_compiler_says() {
        let said =
            "rustc 1.95.0 (x 2026)\nbinary: rustc\nhost: aarch64-apple-darwin\nrelease: 1.95.0\n";
        let expect = ("aarch64-apple-darwin".to_owned(), "1.95.0".to_owned());
        assert_eq!(parse_toolchain(said), Some(expect));
        assert_eq!(parse_toolchain("rustc 1.95.0\n"), None);
    }
}
