//! What counts how much.

/// How [`Index::scores`](super::Index::scores) and [`select`](super::select) weigh what they see.
///
/// The defaults are one setting for short chat turns and for long answers alike. They were chosen
/// on samples of two public sets: LoCoMo (231 questions about two dialogues of short turns) and
/// LongMemEval-S (24 questions about as many conversations of some 480 messages, half of them long
/// answers; each question also in five more conversations with its evidence set among their
/// messages). They lie on plateaus: changed by a third, no single one moves a figure by more than
/// 1.5 points. The points below are those of evidence recall around 500 tokens that the value
/// brings, against 0 where nothing else is said. `examples/evidence.rs` prints the recall itself.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Weights {
    /// BM25's saturation: 1.0. How much the second and third mention of a word add. No figure moves
    /// by more than half a point between 0.7 and 1.3.
    pub k1: f32,
    /// BM25's share of a message's length: 0.6, from 0 (none) to 1; as flat.
    pub b: f32,
    /// The power of a word's rarity: 1.25. Rare words decide more than in plain BM25 (1.0): 1.1
    /// points on short turns.
    pub rarity: f32,
    /// What words about the conversation itself count ("remind", "discussed", "many"): 0.2. Counted
    /// as others they cost 0.6 points on both sets.
    pub filler: f32,
    /// The share of the score of the messages before and after: 0.5. An answer often has none of
    /// the words of what it answers: 9.4 points on short turns, 1.7 among long answers.
    pub neighbour: f32,
    /// The share of that for the messages after next: 0.5, 2 points on short turns.
    pub neighbour_decay: f32,
    /// As many messages of mean length must fit the budget before neighbours count in full: 10;
    /// below, they count in proportion. Where only two or three fit, direct hits should be among
    /// them: 0.4 points among long answers.
    pub neighbour_room: f32,
    /// The boost for messages whose speaker the query names: 0.75, 3.2 points where messages begin
    /// with names ("Caroline: …"). At least two messages must begin with it.
    pub name: f32,
    /// The boost for the user's messages when the query says "I", "me" or "my": 0.3, 0.7 points.
    pub asker: f32,
    /// The boost for the assistant's messages when the query says "you" or "your": 0.2, 0.5 points.
    pub answerer: f32,
    /// The boost for messages in which the speaker talks of themselves, in proportion to the share
    /// of "I", "me", "my", "we" and "our", in full from a tenth of the words on: 0.5, 1 point on
    /// both sets. Facts are stated there rather than in advice.
    pub statement: f32,
    /// The boost for messages with a number when the query asks "how many", "how long" and the
    /// like: 0.3, 1.5 points among long answers.
    pub number: f32,
    /// The boost of the last message, falling linearly to none for the first: 0, as the evidence of
    /// these sets lies anywhere. Among equal scores the later message comes first in any case.
    pub recency: f32,
    /// The power of a message's tokens by which its score is divided: 0.55. With 0, long messages
    /// crowd out what several short ones say (1.8 points at 500 tokens, 3.6 at 2,000); with 1,
    /// small ones the best (2.5 points on both sets).
    pub length_power: f32,
    /// Added to the tokens before: 20, so that a message of one word does not rank by its size: 0.7
    /// and 1.7 points.
    pub length_floor: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Weights {
            k1: 1.0,
            b: 0.6,
            rarity: 1.25,
            filler: 0.2,
            neighbour: 0.5,
            neighbour_decay: 0.5,
            neighbour_room: 10.0,
            name: 0.75,
            asker: 0.3,
            answerer: 0.2,
            statement: 0.5,
            number: 0.3,
            recency: 0.0,
            length_power: 0.55,
            length_floor: 20.0,
        }
    }
}

impl Weights {
    /// Plain BM25 with k1 = 1.5 and b = 0.75, and no other signal: what to compare with.
    pub fn bm25() -> Self {
        Weights {
            k1: 1.5,
            b: 0.75,
            rarity: 1.0,
            filler: 1.0,
            neighbour: 0.0,
            name: 0.0,
            asker: 0.0,
            answerer: 0.0,
            statement: 0.0,
            number: 0.0,
            length_power: 0.0,
            length_floor: 0.0,
            ..Weights::default()
        }
    }
}
