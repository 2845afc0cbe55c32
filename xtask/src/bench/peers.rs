//! The peers: which packages a run needs, how often each cache hits, and the table in the documentation.

use anyhow::Result;

use super::report::{Entry, Report};
use super::show::{time, times};
use super::targets::Target;
use crate::workspace::{BENCHES, PEERS, Workspace};
use crate::{marked, process};

/// Where the table stands, below the root.
pub(crate) const DOCUMENT: &str = "docs/performance.md";
/// What the lines around it name.
const MARK: &str = "peers";

/// The bench target whose caches the table of hit rates is about.
const CACHES: &str = "peers_caches";
/// The program that prints that table.
const HIT_RATES: &str = "hit-rates";

/// The packages that have to be built: where the filter names a target, the one that has it; else the
/// benches, and the peers when they are asked for.
pub(crate) fn packages(
    filter: Option<&str>,
    asked: bool,
    declares: &dyn Fn(&str, &str) -> bool,
) -> Vec<&'static str> {
    let named = |package| filter.is_some_and(|name| declares(package, name));
    if named(PEERS) {
        vec![PEERS]
    } else if named(BENCHES) || !asked {
        vec![BENCHES]
    } else {
        vec![BENCHES, PEERS]
    }
}

/// The hit rates of the caches; absent when these were not measured.
///
/// # Errors
/// When they cannot be found out, with all that the program said.
pub(crate) fn hit_rates(workspace: &Workspace, measured: &[Target]) -> Result<Option<String>> {
    if !measured.iter().any(|target| target.name == CACHES) {
        return Ok(None);
    }
    // Built already, beside the benches and as they are.
    let mut cargo = process::cargo(workspace.root());
    cargo.args([
        "run",
        "-q",
        "--profile=bench",
        "-p",
        PEERS,
        "--bin",
        HIT_RATES,
    ]);
    process::capture(&mut cargo).map(Some)
}

/// Rewrites the table in the documentation from a run of all peers.
///
/// # Errors
/// When the document lacks the marks, or cannot be written.
pub(crate) fn document(
    workspace: &Workspace,
    report: &Report,
    rates: Option<&str>,
    notes: &[&str],
) -> Result<()> {
    let notes: String = notes.iter().map(|note| format!("\n{note}\n")).collect();
    let rates = rates.map_or(String::new(), |table| {
        format!(
            "\nHow often each cache hits:\n\n```text\n{}\n```\n",
            table.trim_end()
        )
    });
    let path = workspace.root().join(DOCUMENT);
    marked::replace(&path, MARK, &(markdown(report) + &notes + &rates))
}

/// The table: each member of a group with its time, and as a multiple of ours.
fn markdown(report: &Report) -> String {
    let commit = report
        .commit
        .as_ref()
        .map_or("an unknown commit", |it| &it.id);
    let mut text = format!(
        "Measured {} at commit {} in {} passes on {}.\n\n\
        | question | who | by | time | × ours | wall |\n|---|---|---|--:|--:|--:|\n",
        report.date.split('T').next().unwrap_or_default(),
        commit.get(..12).unwrap_or(commit),
        report.passes,
        report.host,
    );
    for entry in &report.entries {
        let (group, who) = entry.id.rsplit_once('/').unwrap_or((&entry.id, ""));
        let ours = report.entry(&format!("{group}/ours"));
        let ratio = ours.map_or("–".to_owned(), |ours| times(relative(entry, ours)));
        let (by, took) = (entry.clock.word(), time(entry.median_ns));
        let wall = time(entry.wall_ns);
        text += &format!("| {group} | {who} | {by} | {took} | {ratio} | {wall} |\n");
    }
    text
}

fn relative(entry: &Entry, ours: &Entry) -> f64 {
    entry.median_ns / ours.median_ns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages_of(filter: Option<&str>, asked: bool) -> Vec<&'static str> {
        let declares = |package: &str, name: &str| {
            matches!(
                (package, name),
                (BENCHES, "path_cache") | (PEERS, "peers_paths")
            )
        };
        packages(filter, asked, &declares)
    }

    #[test]
    fn peers_are_built_when_asked_for() {
        assert_eq!(packages_of(None, false), [BENCHES]);
        assert_eq!(packages_of(None, true), [BENCHES, PEERS]);
        assert_eq!(packages_of(Some("peers/hit"), false), [BENCHES]);
        assert_eq!(packages_of(Some("peers/hit"), true), [BENCHES, PEERS]);
    }

    #[test]
    fn a_targets_name_needs_its_package_alone() {
        for asked in [false, true] {
            assert_eq!(packages_of(Some("peers_paths"), asked), [PEERS]);
            assert_eq!(packages_of(Some("path_cache"), asked), [BENCHES]);
        }
    }

    #[test]
    fn the_table_compares_each_with_ours() {
        let report = super::super::report::tests::report(&[
            ("peers/hit", "floor", &[10.0]),
            ("peers/hit", "ours", &[20.0]),
            ("peers/hit", "moka", &[50.0]),
            ("peers/alone", "theirs", &[1.0]),
        ]);
        let text = markdown(&report);
        let rows: Vec<&str> = text.lines().skip(4).collect();
        assert_eq!(
            rows,
            [
                "| peers/alone | theirs | cpu | 1.00 ns | – | 1.50 ns |",
                "| peers/hit | floor | cpu | 10.0 ns | 0.50× | 15.0 ns |",
                "| peers/hit | moka | cpu | 50.0 ns | 2.50× | 75.0 ns |",
                "| peers/hit | ours | cpu | 20.0 ns | 1.00× | 30.0 ns |",
            ]
        );
        assert!(text.contains("on test, 2 cores, linux x86_64."));
    }
}
