//! ROUGE of digests against references, on your copy of the data.
//!
//! `rouge DOCUMENTS REFERENCES [WORDS]`: for each file `name.*` of the first folder the references are the files of
//! `REFERENCES/name/`, or else the file of the same name in REFERENCES, or `name.txt`. The budget is WORDS, or else the mean length of the
//! references. Prints the mean F1 of ROUGE-1, ROUGE-2 (Lin, "ROUGE: a package for automatic evaluation of summaries", 2004;
//! words in lower case, no stemming; several references: their mean) and ROUGE-L (longest common subsequence of the whole)
//! for the first words, a TF-IDF centroid, and the crate's digest.
#![allow(clippy::print_stdout, reason = "an example shows its output")]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use autoexec_consolidator::{Budget, Source, Summariser, UnitKind, count_words, units};

type System = fn(&str, usize) -> String;

const SYSTEMS: [(&str, System); 3] = [
    ("first words", lead),
    ("TF-IDF centroid", centroid),
    ("digest", digest),
];

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(documents), Some(references)) = (arguments.next(), arguments.next()) else {
        println!("usage: rouge DOCUMENTS REFERENCES [WORDS]");
        return Ok(());
    };
    let words: Option<usize> = arguments.next().and_then(|words| words.parse().ok());
    let mut sums = [[0.0; 3]; SYSTEMS.len()];
    let mut count = 0;
    for path in files(Path::new(&documents))? {
        let text = read(&path)?;
        let references = references_of(&path, Path::new(&references))?;
        if references.is_empty() {
            println!("no reference for {}", path.display());
            continue;
        }
        let length: usize = references.iter().map(|r| count_words(r)).sum();
        let budget = words.unwrap_or(length / references.len());
        for (sums, (_, system)) in sums.iter_mut().zip(SYSTEMS) {
            let found = scores(&system(&text, budget), &references);
            sums.iter_mut()
                .zip(found)
                .for_each(|(sum, score)| *sum += score);
        }
        count += 1;
    }
    println!("{count} documents            ROUGE-1  ROUGE-2  ROUGE-L");
    for ((name, _), sums) in SYSTEMS.iter().zip(sums) {
        let [one, two, longest] = sums.map(|sum| 100.0 * sum / f64::from(count.max(1)));
        println!("{name:<24} {one:7.1}  {two:7.1}  {longest:7.1}");
    }
    Ok(())
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
}

fn references_of(document: &Path, folder: &Path) -> io::Result<Vec<String>> {
    let name = document.file_name().unwrap_or_default().to_string_lossy();
    for (dot, _) in name.rmatch_indices('.') {
        let beside = folder.join(&*name);
        let paths = match folder.join(&name[..dot]) {
            inside if inside.is_dir() => files(&inside)?,
            _ if beside.is_file() => vec![beside],
            stem if stem.with_added_extension("txt").is_file() => {
                vec![stem.with_added_extension("txt")]
            }
            _ => continue,
        };
        return paths.iter().map(|path| read(path)).collect();
    }
    Ok(Vec::new())
}

fn digest(text: &str, words: usize) -> String {
    let sources = [Source { name: "", text }];
    let extract = Summariser::new().summarise(&sources, Budget::Words(words));
    extract.texts(&sources).collect::<Vec<_>>().join("\n")
}

fn lead(text: &str, words: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().take(words).collect();
    words.join(" ")
}

/// The sentences nearest to the centroid of all, by the cosine of TF-IDF vectors.
fn centroid(text: &str, words: usize) -> String {
    let sentences: Vec<&str> = units(text)
        .filter(|unit| unit.kind == UnitKind::Sentence)
        .map(|unit| &text[unit.range])
        .collect();
    let mut in_sentences: BTreeMap<String, f64> = BTreeMap::new();
    for sentence in &sentences {
        for (word, _) in counts(sentence) {
            *in_sentences.entry(word).or_default() += 1.0;
        }
    }
    let all = sentences.len() as f64;
    let vector = |sentence: &&str| -> BTreeMap<String, f64> {
        let weigh = |(word, n): (String, f64)| {
            let weight = n * (((1.0 + all) / (1.0 + in_sentences[&word])).ln() + 1.0);
            (word, weight)
        };
        let vector: BTreeMap<String, f64> = counts(sentence).into_iter().map(weigh).collect();
        let length = vector.values().map(|v| v * v).sum::<f64>().sqrt();
        vector
            .into_iter()
            .map(|(word, v)| (word, v / length))
            .collect()
    };
    let vectors: Vec<BTreeMap<String, f64>> = sentences.iter().map(vector).collect();
    let mut sum: HashMap<&str, f64> = HashMap::new();
    for (word, value) in vectors.iter().flatten() {
        *sum.entry(word).or_default() += value;
    }
    let score = |at: &usize| -> f64 { vectors[*at].iter().map(|(w, v)| v * sum[w.as_str()]).sum() };
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    order.sort_by(|a, b| score(b).total_cmp(&score(a)).then(a.cmp(b)));
    let ranked: Vec<&str> = order.into_iter().map(|at| sentences[at]).collect();
    lead(&ranked.join("\n"), words)
}

fn counts(text: &str) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    for token in tokens(text) {
        *counts.entry(token).or_default() += 1.0;
    }
    counts
}

fn tokens(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn scores(found: &str, references: &[String]) -> [f64; 3] {
    let found = tokens(found);
    let mut sums = [0.0; 3];
    for reference in references {
        let reference = tokens(reference);
        sums[0] += grams(&found, &reference, 1);
        sums[1] += grams(&found, &reference, 2);
        sums[2] += f1(
            longest_common(&found, &reference),
            found.len(),
            reference.len(),
        );
    }
    sums.map(|sum| sum / references.len() as f64)
}

/// F1 of runs of `n` words.
fn grams(found: &[String], reference: &[String], n: usize) -> f64 {
    let mut left: HashMap<&[String], usize> = HashMap::new();
    reference
        .windows(n)
        .for_each(|gram| *left.entry(gram).or_default() += 1);
    let mut shared = 0;
    for gram in found.windows(n) {
        if let Some(count) = left.get_mut(gram).filter(|count| **count > 0) {
            *count -= 1;
            shared += 1;
        }
    }
    f1(shared, found.windows(n).len(), reference.windows(n).len())
}

fn f1(shared: usize, a: usize, b: usize) -> f64 {
    2.0 * shared as f64 / (a + b).max(1) as f64
}

fn longest_common(a: &[String], b: &[String]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for x in a {
        let mut corner = 0;
        for (at, y) in b.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = match x == y {
                true => corner + 1,
                false => above.max(row[at]),
            };
            corner = above;
        }
    }
    row[b.len()]
}
