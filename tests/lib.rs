//! Helpers shared by the end-to-end tests.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use autoexec_engine::report::{RunReport, StepReport};
use autoexec_engine::{Engine, RunOptions, Settings, parse};

/// A folder with files in it, gone at the end.
#[derive(Debug)]
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// A folder with these files; folders of paths are made.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        files
            .iter()
            .for_each(|(path, text)| folder.write(path, text.as_bytes()));
        folder
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A path in it.
    pub fn join(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Writes a file in it.
    pub fn write(&self, path: &str, bytes: &[u8]) {
        let target = self.join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, bytes).unwrap();
    }

    /// Names of the files directly in it, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// Runs a workflow given as text in `folder`.
pub fn run(folder: &Folder, workflow: &str) -> RunReport {
    run_with(
        &Engine::new(settings()),
        workflow,
        RunOptions::new(folder.path()),
    )
}

/// Settings with a short grace, so that tests that kill do not wait.
pub fn settings() -> Settings {
    Settings::from_toml("[commands]\nkill_grace = \"300ms\"\n").unwrap()
}

/// Runs a workflow given as text.
pub fn run_with(engine: &Engine, workflow: &str, options: RunOptions) -> RunReport {
    let document = parse("test.yaml", workflow).unwrap_or_else(|e| panic!("{e}"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(engine.run(Arc::new(document), options))
        .unwrap()
}

/// The step called `id`.
pub fn step<'a>(report: &'a RunReport, id: &str) -> &'a StepReport {
    report.steps.iter().find(|s| s.id == id).unwrap()
}

/// Exit code, standard output, standard error.
pub fn outcome(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}
