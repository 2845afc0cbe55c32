//! Finding the places where a path may need work, many bytes at a time.

use super::clean::Rules;

/// Whether nothing in `names` hints at work: most paths pass here without being cut into names.
/// It has no early exit so that the compiler turns it into vector code.
///
/// A hint may be a false alarm (`/.git`), its absence never is. `names` is what follows the root.
pub(super) fn looks_clean<R: Rules>(names: &[u8]) -> bool {
    let (Some(&first), Some(&last)) = (names.first(), names.last()) else {
        return false;
    };
    let pairs = names.iter().zip(&names[1..]);
    let hint = pairs.fold(false, |hint, (&a, &b)| {
        let special = (b == R::SEPARATOR) | (b == b'.');
        hint | ((a == R::SEPARATOR) & special) | R::is_foreign(a)
    });
    !(hint | R::separates(last) | R::separates(first) | (first == b'.'))
}

/// The offset of the first stop in `path` from `from` on, or the length of `path`. A stop is a separator that is
/// to be written differently, or is followed by a separator or a `.`. Between two stops all can be copied.
pub(super) fn next_stop<R: Rules>(path: &[u8], mut from: usize) -> usize {
    while let (Some(here), Some(next)) = (word(path, from), word(path, from + 1)) {
        let stops = stops_in::<R>(here, next);
        if stops != 0 {
            return from + first_byte(stops);
        }
        from += WORD;
    }
    let mut tail = [0; WORD + 1];
    let rest = &path[from.min(path.len())..];
    tail[..rest.len()].copy_from_slice(rest);
    let [here, next] =
        [0, 1].map(|at| word(&tail, at).expect("because the tail is a word and a byte"));
    let stops = stops_in::<R>(here, next);
    if stops == 0 {
        path.len()
    } else {
        from + first_byte(stops)
    }
}

const WORD: usize = size_of::<u64>();
const LOW: u64 = u64::MAX / 0xff;
const HIGH: u64 = LOW << 7;

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let chunk = bytes.get(at..)?.first_chunk::<WORD>()?;
    Some(u64::from_le_bytes(*chunk))
}

/// The high bit of each byte of `here` that is a stop, given the bytes that follow them.
fn stops_in<R: Rules>(here: u64, next: u64) -> u64 {
    let separators = equal(here, R::SEPARATOR);
    let special = equal(next, R::SEPARATOR) | equal(next, b'.');
    match R::FOREIGN {
        None => separators & special,
        Some(foreign) => (separators & (special | equal(next, foreign))) | equal(here, foreign),
    }
}

/// The high bit of each byte that equals `byte`. Exact: a sum of seven bits never carries into the next byte.
fn equal(word: u64, byte: u8) -> u64 {
    let differs = word ^ (LOW * u64::from(byte));
    !(((differs & !HIGH) + !HIGH) | differs) & HIGH
}

fn first_byte(high_bits: u64) -> usize {
    high_bits.trailing_zeros() as usize / 8
}
