//! How well scores tell pairs that say the same from pairs that do not, on your copy of the data; and what an index groups.
//!
//! `near_duplicates pairs.tsv` reads `label<TAB>a<TAB>b` a line (label 1: the same, 0: not), for example from the Microsoft
//! Research Paraphrase Corpus or the Corpus of Plagiarised Short Answers, and prints the area under the ROC curve of the
//! crate's `similarity` and of word Jaccard. Without an argument it groups a few findings.
#![allow(clippy::print_stdout, reason = "an example shows its output")]

use std::collections::BTreeSet;
use std::{env, fs, io};

use autoexec_consolidator::{SimilarIndex, similarity};

fn main() -> io::Result<()> {
    match env::args().nth(1) {
        Some(path) => measure(&fs::read_to_string(path)?),
        None => group(),
    }
    Ok(())
}

fn measure(table: &str) {
    let (mut ours, mut jaccard) = (Vec::new(), Vec::new());
    for line in table.lines() {
        let mut cells = line.split('\t');
        let (Some(label), Some(a), Some(b)) = (cells.next(), cells.next(), cells.next()) else {
            continue;
        };
        ours.push((similarity(a, b), label == "1"));
        jaccard.push((word_jaccard(a, b), label == "1"));
    }
    let same = ours.iter().filter(|(_, same)| *same).count();
    println!("{} pairs, {same} the same", ours.len());
    println!("similarity    AUC {:.3}", auc(&mut ours));
    println!("word Jaccard  AUC {:.3}", auc(&mut jaccard));
}

/// The share of (same, different) pairs of pairs that the score orders rightly; half of those it does not order.
fn auc(scored: &mut [(f32, bool)]) -> f64 {
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ranks, mut below) = (0.0, 0);
    for tied in scored.chunk_by(|a, b| a.0 == b.0) {
        let middle = below as f64 + (tied.len() + 1) as f64 / 2.0;
        ranks += middle * tied.iter().filter(|(_, same)| *same).count() as f64;
        below += tied.len();
    }
    let same = scored.iter().filter(|(_, same)| *same).count() as f64;
    let other = scored.len() as f64 - same;
    (ranks - same * (same + 1.0) / 2.0) / (same * other)
}

fn word_jaccard(a: &str, b: &str) -> f32 {
    let words = |text: &str| -> BTreeSet<String> {
        text.split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|w| !w.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let (a, b) = (words(a), words(b));
    a.intersection(&b).count() as f32 / a.union(&b).count().max(1) as f32
}

fn group() {
    let findings = [
        "`unwrap` on a lock in the pool: a poisoned lock stops the service",
        "unwrap on a lock in the pool; a poisoned lock stops the services",
        "The queue is drained under the lock",
        "Worker 17 timed out after 3 attempts",
        "Worker 18 timed out after 3 attempts",
        "The queue is drained under the lock.",
    ];
    let mut index = SimilarIndex::new();
    for (number, finding) in findings.iter().enumerate() {
        for near in index.insert(number, finding) {
            println!("{number} is near {} ({:.2})", near.id, near.score);
        }
    }
    for group in index.groups() {
        println!("{:?} {}", group.members, findings[group.leader]);
    }
}
