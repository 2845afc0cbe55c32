//! Measuring again what seems slower: with new processes, then with binaries that are linked anew.

use std::collections::BTreeSet;

use anyhow::Result;

use super::build::Source;
use super::decide::{Change, Rule};
use super::examine::{self, Binary, Effort, Variant};
use super::report::Finding;
use super::sides::{Both, Compared};
use crate::bench::targets::Target;
use crate::cli::RegressOptions;
use crate::out;

/// Pairs of a second measurement; twice as many while it is not clear, and four times while it looks serious.
pub(super) const PAIRS_AGAIN: u32 = 6;
/// Pairs of each layout in a third; likewise.
pub(super) const PAIRS_PER_LAYOUT: u32 = 3;

/// Measures again all that are suspected, and gives every finding its verdict.
///
/// # Errors
/// When a side that has been built cannot be linked anew.
pub(super) fn confirm(
    options: &RegressOptions,
    sources: &[Source; 2],
    compared: &mut Compared,
    findings: &mut [Finding],
) -> Result<()> {
    let rule = |one: &Finding| Rule {
        threshold: one.threshold,
    };
    again(
        compared,
        findings,
        &|one| rule(one).suspects(one.change),
        &|both| (vec![both.variant()], Effort::of(options).again(PAIRS_AGAIN)),
    );
    let stands = |one: &Finding| {
        !one.again.is_empty() && one.again.iter().all(|change| rule(one).is_slower(*change))
    };
    let slower: Vec<&Finding> = findings.iter().filter(|one| stands(one)).collect();
    if options.relinks > 0 && !slower.is_empty() {
        let names: BTreeSet<String> = slower.iter().map(|one| one.target.clone()).collect();
        let layouts = relink(sources, options.relinks, &names)?;
        again(compared, findings, &stands, &|both| {
            let variants = layouts
                .iter()
                .filter_map(|layout| variant(layout, &both.base.name));
            let pairs = PAIRS_PER_LAYOUT * options.relinks;
            (variants.collect(), Effort::of(options).again(pairs))
        });
    }
    for one in findings {
        one.verdict = rule(one).verdict(one.change, &one.again);
    }
    Ok(())
}

/// Base and head of every target, linked with some padding.
type Layout = [Vec<Target>; 2];

fn variant([base, head]: &Layout, name: &str) -> Option<Variant> {
    let find = |targets: &[Target]| targets.iter().find(|it| it.name == name).map(Binary::of);
    Some((find(base)?, find(head)?))
}

/// Links the bench binaries of these names so many times, with another padding each time.
fn relink(sources: &[Source; 2], times: u32, names: &BTreeSet<String>) -> Result<Vec<Layout>> {
    out::error(&format!(
        "linking {} anew, {times} times",
        names.iter().cloned().collect::<Vec<_>>().join(", ")
    ));
    let build = |source: &Source, padding| -> Result<Vec<Target>> {
        let mut targets = Vec::new();
        for name in names {
            targets.extend(source.build(padding, Some(name))?);
        }
        Ok(targets)
    };
    (1..=times)
        .map(|padding| Ok([build(&sources[0], padding)?, build(&sources[1], padding)?]))
        .collect()
}

/// Measures those findings again that are meant, one at a time.
fn again(
    compared: &mut Compared,
    findings: &mut [Finding],
    meant: &dyn Fn(&Finding) -> bool,
    how: &dyn Fn(&Both) -> (Vec<Variant>, Effort),
) {
    for one in findings.iter_mut().filter(|one| meant(one)) {
        let Some(both) = compared
            .both
            .iter()
            .find(|both| both.benchmark.id == one.id)
        else {
            continue;
        };
        let (variants, effort) = how(both);
        out::error(&format!("{} suspected, measuring again", one.id));
        let seed = 2 + one.again.len() as u64;
        let rule = Rule {
            threshold: one.threshold,
        };
        match measure(both, &variants, effort, rule, seed) {
            Ok(change) => one.again.push(change),
            Err(error) => compared.fail(&one.id, &error),
        }
    }
}

fn measure(
    both: &Both,
    variants: &[Variant],
    effort: Effort,
    rule: Rule,
    seed: u64,
) -> Result<Change> {
    let settled = |change, pairs| rule.is_enough(change, pairs, effort.usual_pairs());
    let measured = examine::examine(&both.benchmark, variants, effort, &settled, seed)?;
    Ok(measured.change)
}
