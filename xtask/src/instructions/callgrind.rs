//! Running a program under callgrind.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::workspace::Workspace;

/// How long a scenario may take under valgrind, where everything is fifty times slower.
const PATIENCE: Duration = Duration::from_secs(1_200);

pub(super) struct Callgrind {
    /// Where its output goes: `callgrind_annotate` shows it function by function.
    folder: PathBuf,
}

impl Callgrind {
    /// # Errors
    /// When valgrind is not there, or the folder cannot be made.
    pub(super) fn find(workspace: &Workspace) -> Result<Self> {
        process::capture(process::command("valgrind", workspace.root()).arg("--version"))?;
        let folder = workspace.bench_dir().join("callgrind");
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// The instructions of all threads of a program, from its start to its end; those of the kernel are not seen.
    pub(super) fn count(&self, program: &Command, name: &str) -> Result<u64> {
        let file = self.folder.join(format!("{name}.out"));
        let mut command = Command::new("valgrind");
        command
            .args(["--quiet", "--tool=callgrind"])
            .arg(format!("--callgrind-out-file={}", file.display()))
            .arg(program.get_program())
            .args(program.get_args())
            .envs(
                program
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .stdin(Stdio::null());
        let ended = process::output(&mut command, PATIENCE)?;
        if !ended.status.success() {
            bail!(
                "`{}` failed under valgrind ({})\n{}",
                process::shown(program),
                ended.status,
                String::from_utf8_lossy(&ended.stderr).trim_end()
            );
        }
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        total(&text).with_context(|| format!("{} has no total", file.display()))
    }
}

fn total(text: &str) -> Option<u64> {
    let line = |name| text.lines().rev().find_map(|line| line.strip_prefix(name));
    let totals = line("totals:").or_else(|| line("summary:"))?;
    totals.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_the_sum_of_all_events() {
        let text = "# callgrind format\nevents: Ir\nsummary: 12\nfn=(1) main\n1 12\n\ntotals: 34\n";
        assert_eq!(total(text), Some(34));
        assert_eq!(total("summary: 12 3\n"), Some(12));
        assert_eq!(total("events: Ir\n"), None);
    }
}
