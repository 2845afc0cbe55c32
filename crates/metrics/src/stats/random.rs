//! A small generator, so that the same seed resamples alike everywhere.

/// SplitMix64 (Steele, Lea, Flood 2014): one addition and a mixer; 2⁶⁴ numbers before it repeats.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`, which must not be 0, each alike but for a bias of less than n / 2⁶⁴.
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers() {
        // The first two of the reference implementation for the seed 1234567.
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn all_of_a_few_are_drawn() {
        let mut random = Random::new(0);
        let mut drawn = [0; 5];
        (0..10_000).for_each(|_| drawn[random.below(5)] += 1);
        assert!(
            drawn.iter().all(|n| (1_800..2_200).contains(n)),
            "{drawn:?}"
        );
    }
}
