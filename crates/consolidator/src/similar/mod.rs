//! Near duplicates: how alike two texts are, and which of many are alike.

mod groups;
mod index;
mod profile;
mod sketch;
mod stop_words;
mod table;
mod words;

pub use groups::Group;
pub use index::{Match, SimilarIndex, SimilarOptions, SimilarStats};

pub(crate) use profile::stem;
pub(crate) use stop_words::is_stop_word;
pub(crate) use table::Mixed;
pub(crate) use words::{each_word, is_in_word, is_unspaced};

use profile::Profile;

/// How much two texts say the same, from 0 (no word in common) to 1 (the same words in the same order, whatever their
/// case and punctuation; also two empty texts). Symmetric, and the same on every machine.
///
/// Up to 32 words (the shorter text decides) it is the mean of two overlaps, each counted with repetitions and divided by
/// the larger count: of words without their endings, and of triples of letters within words, which forgive misspellings.
/// Numbers that contradict each other (each text has one that the other has not) take up to a fifth: two texts that differ
/// in their only number never score above 0.8. From 96 words on it is the cosine of the sets of words but stop words, which any
/// two long texts share, and to a quarter that of the sets of pairs of neighbouring words; in between it is a mixture. Texts beyond about a thousand different words are compared by a sample (hashes below a threshold, after Broder,
/// "On the resemblance and containment of documents", 1997), the same for both. O(bytes).
///
/// It knows no meaning: a `not` costs no more than any other word, and a synonym costs as much as any other word.
///
/// ```
/// use autoexec_consolidator::similarity;
///
/// let score = similarity("The lock is never released", "the locks are never released!");
/// assert!((0.6..1.0).contains(&score));
/// assert!(similarity("worker 17 timed out", "worker 18 timed out") < 0.8);
/// assert_eq!(similarity("", ""), 1.0);
/// assert_eq!(similarity("", "a"), 0.0);
/// ```
pub fn similarity(a: &str, b: &str) -> f32 {
    match a == b {
        true => 1.0,
        false => Profile::new(a).similarity(&Profile::new(b)),
    }
}
