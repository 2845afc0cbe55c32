//! MinHash signatures, cut into bands.

/// Minima in a band. Texts whose sets of stems have the Jaccard index j share a band with probability j⁴.
const ROWS: usize = 4;
/// Bands of a signature: of pairs with j = 0.6 one in 30 shares none, of pairs with j = 0.15 one in 80 shares any.
pub(crate) const BANDS: usize = 24;

/// One key for each band; texts with equal keys are candidates. Different bands have different keys.
pub(crate) type Keys = [u32; BANDS];

/// The keys before any were computed.
pub(crate) const NONE: Keys = [0; BANDS];

/// The keys of a set of hashes. O(hashes × 96).
///
/// Broder, "On the resemblance and containment of documents" (1997); banding after Leskovec, Rajaraman and Ullman, "Mining
/// of Massive Datasets", chapter 3.
pub(crate) fn keys(hashes: &[u32]) -> Keys {
    let mut minima = [u32::MAX; ROWS * BANDS];
    for hash in hashes {
        for (at, least) in minima.iter_mut().enumerate() {
            let (factor, offset) = MULTIPLIERS[at];
            let mixed = u64::from(*hash).wrapping_mul(factor).wrapping_add(offset);
            *least = (*least).min((mixed >> 32) as u32);
        }
    }
    std::array::from_fn(|band| {
        let rows = &minima[band * ROWS..][..ROWS];
        let mixed = rows
            .iter()
            .fold(band as u64 + 1, |key, row| mix(key ^ u64::from(*row)));
        (mixed >> 32) as u32
    })
}

static MULTIPLIERS: [(u64, u64); ROWS * BANDS] = multipliers();

/// Odd factors and offsets from SplitMix64 with a fixed seed.
const fn multipliers() -> [(u64, u64); ROWS * BANDS] {
    let mut out = [(0, 0); ROWS * BANDS];
    let mut at = 0;
    while at < out.len() {
        let seed = 2 * at as u64;
        out[at] = (mix(seed) | 1, mix(seed + 1));
        at += 1;
    }
    out
}

/// The output function of SplitMix64 (Steele, Lea and Flood, 2014).
const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of 24 bands two sets share that have `shared` elements in common and `own` each for itself.
    fn bands(shared: u32, own: u32, round: u32) -> usize {
        let hash = |n: u32| (mix(u64::from(n) + u64::from(round) * 1_000_003) >> 32) as u32;
        let set = |from: u32| -> Vec<u32> {
            let own = (0..own).map(|n| hash(from + n));
            (0..shared).map(hash).chain(own).collect()
        };
        let (a, b) = (keys(&set(1_000)), keys(&set(2_000)));
        a.iter().zip(b).filter(|(a, b)| **a == *b).count()
    }

    #[test]
    fn bands_are_shared_as_often_as_the_theory_says() {
        for (shared, own) in [(10, 0), (18, 6), (9, 8), (30, 10)] {
            let jaccard = f64::from(shared) / f64::from(shared + 2 * own);
            let rounds = 400;
            let found: usize = (0..rounds).map(|round| bands(shared, own, round)).sum();
            let share = found as f64 / (f64::from(rounds) * BANDS as f64);
            assert!(
                (share - jaccard.powi(4)).abs() < 0.03,
                "{jaccard}: {share} of the bands"
            );
        }
    }
}
