//! Who goes first in a turn, drawn from a seed.

/// SplitMix64 (Steele, Lea and Flood 2014): any seed is a good one.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn coin(&mut self) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coins_fall_on_both_sides_alike() {
        let mut random = Random::new(7);
        let heads = (0..10_000).filter(|_| random.coin()).count();
        assert!((4_800..5_200).contains(&heads), "{heads}");
    }
}
