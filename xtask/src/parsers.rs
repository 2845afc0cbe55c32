//! `cargo xtask parsers`: what the reports of metrics write, read by the parsers of others.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{Outcome, out, process};

/// Which parsers, and of which versions.
const REQUIREMENTS: &str = "xtask/parsers/requirements.txt";
const SCRIPT: &str = "xtask/parsers/validate.py";

pub(crate) fn run() -> Result<Outcome> {
    let workspace = Workspace::load()?;
    let root = workspace.root();
    let target = workspace.metadata.target_directory.as_std_path();
    let folder = target.join("parsers");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let python = environment(root, &folder)?;
    let written = folder.join("written");
    write_formats(root, &written)?;
    let mut script = process::command(python, root);
    script.arg(SCRIPT).arg(&written);
    let status = script.status().context("cannot start the script")?;
    match status.code() {
        Some(0) => Ok(Outcome::Good),
        Some(1) => Ok(Outcome::Bad),
        _ => anyhow::bail!("`{}` failed ({status})", process::shown(&script)),
    }
}

/// The interpreter of a virtual environment that holds the parsers; made anew when others are asked for.
fn environment(root: &Path, folder: &Path) -> Result<PathBuf> {
    let wanted = std::fs::read_to_string(root.join(REQUIREMENTS))
        .with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    let (venv, stamp) = (folder.join("venv"), folder.join("installed.txt"));
    let python = interpreter(&venv);
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && python.exists()
    {
        return Ok(python);
    }
    // What is half made must not pass for whole.
    let _ = std::fs::remove_file(&stamp);
    out::line("making a virtual environment and asking PyPI for the parsers");
    let mut make = process::command(system_python(), root);
    make.args(["-m", "venv", "--clear"]).arg(&venv);
    process::capture(&mut make).context("Python 3 with venv is needed, and is not there")?;
    let mut install = process::command(&python, root);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        REQUIREMENTS,
    ]);
    process::capture(&mut install)
        .context("the parsers cannot be installed; is there a network?")?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(python)
}

fn system_python() -> &'static str {
    if cfg!(windows) { "python" } else { "python3" }
}

fn interpreter(venv: &Path) -> PathBuf {
    match cfg!(windows) {
        true => venv.join("Scripts").join("python.exe"),
        false => venv.join("bin").join("python"),
    }
}

fn write_formats(root: &Path, folder: &Path) -> Result<()> {
    let mut cargo = process::cargo(root);
    cargo.args([
        "run",
        "--quiet",
        "-p",
        "autoexec-metrics",
        "--features",
        "otlp",
    ]);
    cargo.args(["--example", "formats", "--"]).arg(folder);
    process::stream(&mut cargo).context("the example that writes the reports failed")
}
