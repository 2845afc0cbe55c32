//! What is compared in each round, and the builds for it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::super::build::{self, FOLDER, Source};
use super::super::examine::{Binary, Variant};
use super::super::load::Load;
use crate::bench::collect::{Benchmark, is_any_floor};
use crate::bench::targets::Target;
use crate::out;
use crate::workspace::Workspace;

/// The bench target of the self-test, and its benchmarks.
const OWN: &str = "selftest";
const HASH: &str = "selftest/hash";
const READ: &str = "selftest/read-1000-files";
/// What tells a benchmark of the self-test how much of its work to do.
const PERCENT: &str = "AUTOEXEC_SELFTEST_PERCENT";
/// Layouts that are linked anew for a suspect, of either side.
pub(super) const RELINKS: u32 = 2;

/// What is compared with what, and what should come of it.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) slower: bool,
}

pub(super) const KINDS: [Kind; 6] = [
    Kind {
        name: "same build, hash or files",
        slower: false,
    },
    Kind {
        name: "same build, a benchmark of ours",
        slower: false,
    },
    Kind {
        name: "other layout, hash or files",
        slower: false,
    },
    Kind {
        name: "other layout, a benchmark of ours",
        slower: false,
    },
    Kind {
        name: "5 % more bytes hashed",
        slower: true,
    },
    Kind {
        name: "10 % more files read",
        slower: true,
    },
];

/// One comparison.
pub(super) struct Case {
    pub(super) kind: &'static str,
    pub(super) target: String,
    pub(super) benchmark: Benchmark,
    /// Layouts of base and head, the first measured first and the others after linking anew.
    layouts: Vec<(u32, u32)>,
    /// How much of its work the head does, in percent.
    percent: &'static str,
}

impl Case {
    pub(super) fn variants(
        &self,
        layouts: &mut Layouts,
        which: Range<usize>,
    ) -> Result<Vec<Variant>> {
        let variant = |&(base, head): &(u32, u32)| {
            let head = layouts
                .binary(&self.target, head)?
                .with(PERCENT, self.percent);
            Ok((layouts.binary(&self.target, base)?, head))
        };
        self.layouts[which].iter().map(variant).collect()
    }
}

/// The bench binaries of the working tree in `2 × SIDE` layouts: those of the bases, then the heads'.
pub(super) struct Layouts {
    source: Source,
    /// Where the files are that are read. All may share them, for nobody watches them.
    files: PathBuf,
    known: BTreeMap<(String, u32), Binary>,
}

/// Layouts of a side: the one that is built at once, and those that are linked anew.
pub(super) const SIDE: u32 = 1 + RELINKS;

impl Layouts {
    pub(super) fn new(workspace: &Workspace) -> Self {
        let place = super::super::place(workspace);
        Self {
            source: Source::new("head", workspace.root(), &place),
            files: build::shared_files(&place, OWN),
            known: BTreeMap::new(),
        }
    }

    /// Builds what is always needed, and answers with what there is to compare.
    pub(super) fn prepare(&mut self) -> Result<Vec<Target>> {
        let mut targets = self.build(0, None)?;
        self.build(SIDE, None)?;
        for layout in (0..2 * SIDE).filter(|layout| layout % SIDE != 0) {
            self.build(layout, Some(OWN))?;
        }
        for target in &mut targets {
            for failure in target.list() {
                out::error(&failure);
            }
        }
        Ok(targets)
    }

    fn build(&mut self, layout: u32, only: Option<&str>) -> Result<Vec<Target>> {
        out::error(&format!(
            "building layout {layout} of {}",
            only.unwrap_or("all")
        ));
        let targets = self.source.build(layout, only)?;
        let known = targets
            .iter()
            .map(|it| ((it.name.clone(), layout), Binary::of(it)));
        self.known.extend(known);
        Ok(targets)
    }

    /// A bench binary, linked now if it was not needed before.
    fn binary(&mut self, target: &str, layout: u32) -> Result<Binary> {
        let name = (target.to_owned(), layout);
        if !self.known.contains_key(&name) {
            self.build(layout, Some(target))?;
        }
        let missing = || format!("there is no bench binary `{target}`");
        let binary = self.known.get(&name).with_context(missing)?;
        let binary = binary.clone();
        if target == OWN {
            return Ok(binary.with(FOLDER, &self.files.display().to_string()));
        }
        Ok(binary)
    }
}

pub(super) fn cases(targets: &[Target]) -> Vec<Case> {
    let mut cases = Vec::new();
    for target in targets {
        for benchmark in target
            .benchmarks
            .iter()
            .filter(|one| !is_any_floor(&one.id))
        {
            let mut add = |kind: &Kind, apart: u32, percent| {
                cases.push(Case {
                    kind: kind.name,
                    target: target.name.clone(),
                    benchmark: benchmark.clone(),
                    layouts: (0..SIDE).map(|it| (it, it + apart)).collect(),
                    percent,
                });
            };
            let kinds = if target.name == OWN { [0, 2] } else { [1, 3] };
            add(&KINDS[kinds[0]], 0, "100");
            add(&KINDS[kinds[1]], SIDE, "100");
            match benchmark.id.as_str() {
                HASH => add(&KINDS[4], 0, "105"),
                READ => add(&KINDS[5], 0, "110"),
                _ => {}
            }
        }
    }
    cases
}

/// Two that compute, and one that reads files.
pub(super) fn loads(layouts: &mut Layouts) -> Result<[Load; 3]> {
    let binary = layouts.binary(OWN, 0)?;
    Ok([
        Load::start(&binary, HASH, 100_000)?,
        Load::start(&binary, HASH, 100_000)?,
        Load::start(&binary, READ, 20)?,
    ])
}
