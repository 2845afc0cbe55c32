//! Why something is to be changed, in figures of the traces that are not held out.

use crate::document::units::grouped;

use super::judge::Judged;

/// A difference in time, tokens or rates that is worth a word, as a share.
const TOLD: f64 = 0.001;

/// What a change does alone, and what it does beside the others where alone it gains no time.
pub(super) fn reason(before: &Judged, alone: &Judged, after: &Judged, without: &Judged) -> String {
    let does = effects(before, alone);
    let mut told = match does.is_empty() {
        true => Vec::new(),
        false => vec![format!("alone: {}", does.join(", "))],
    };
    if alone.time_ratio(before) > 1.0 - TOLD {
        let does = effects(without, after);
        told.push(match does.is_empty() {
            false => format!("beside the others: {}", does.join(", ")),
            true => "beside the others too little to tell".into(),
        });
    }
    told.join("; ")
}

/// What is told of a difference; nothing if there is none.
pub(super) fn effects(from: &Judged, to: &Judged) -> Vec<String> {
    let (a, b) = (&from.outcome, &to.outcome);
    let mut told = Vec::new();
    for (name, from, to) in [
        ("hits", (a.hits, a.reads), (b.hits, b.reads)),
        (
            "folders held",
            (a.path_hits, a.path_lookups),
            (b.path_hits, b.path_lookups),
        ),
        (
            "answers held",
            (a.prompt_hits, a.cacheable),
            (b.prompt_hits, b.cacheable),
        ),
    ] {
        let rate = |it: (u64, u64)| it.0 as f64 / it.1.max(1) as f64;
        let (from, to) = (rate(from), rate(to));
        if (to - from).abs() >= TOLD {
            told.push(format!("{name} {} -> {}", percent(from), percent(to)));
        }
    }
    let (spent, spends) = (from.all_tokens(), to.all_tokens());
    if spent != spends {
        let [spent, spends] = [spent, spends].map(|it| grouped(it as u64));
        told.push(format!("tokens {spent} -> {spends}"));
    }
    let time = to.time_ratio(from) - 1.0;
    if time.abs() >= TOLD {
        told.push(format!("time {:+.1} %", 100.0 * time));
    }
    told
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
