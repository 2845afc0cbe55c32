//! The random stream: xoshiro256++ with its jump, seeded by SplitMix64.
//!
//! Owned here, rather than taken from `rand`, because the stream is part of the result: the same seed must give the
//! same optimum for as long as this crate keeps its major version, while `rand` may change how it draws a range in any
//! release. It also keeps the crate free of dependencies.
//!
//! Sources: Blackman & Vigna, "Scrambled linear pseudorandom number generators" (2021), and Steele, Lea & Flood,
//! "Fast splittable pseudorandom number generators" (2014), for the seeding; Lemire, "Fast random integer generation in
//! an interval" (2019), for [`Rng::below`].

/// A stream of random numbers with period 2²⁵⁶ − 1.
#[derive(Clone, Debug)]
pub(crate) struct Rng([u64; 4]);

impl Rng {
    /// The stream of `seed`: four successive outputs of SplitMix64, which are never all zero.
    pub(crate) fn new(seed: u64) -> Self {
        let mut state = seed;
        Self(std::array::from_fn(|_| split_mix(&mut state)))
    }

    /// The next 64 bits.
    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        let s = &mut self.0;
        let output = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        output
    }

    /// A number in `0.0..1.0`, a multiple of 2⁻⁵³.
    #[inline]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// True with this probability: never at 0.0, always at 1.0.
    #[inline]
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A fair coin.
    #[inline]
    pub(crate) fn coin(&mut self) -> bool {
        self.next() >> 63 == 1
    }

    /// An unbiased integer in `0..bound`; `bound` is at least 1.
    #[inline]
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        debug_assert!(bound > 0, "an empty range has no element to draw");
        let mut product = u128::from(self.next()) * u128::from(bound);
        if (product as u64) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u64) < threshold {
                product = u128::from(self.next()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// A draw of the standard normal distribution, by Marsaglia's polar method; the other one of the pair is dropped, so
    /// that a stream has no state besides its own.
    pub(crate) fn gaussian(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * (-2.0 * crate::elementary::ln(s) / s).sqrt();
            }
        }
    }

    /// A stream of its own for each number, far from this one and from each other.
    pub(crate) fn fork(&mut self) -> Self {
        let forked = self.clone();
        self.jump();
        forked
    }

    /// Skips 2¹²⁸ draws: streams that far apart never overlap, whatever their use.
    pub(crate) fn jump(&mut self) {
        const POLYNOMIAL: [u64; 4] = [
            0x180e_c6d3_3cfd_0aba,
            0xd5a6_1266_f0c9_392c,
            0xa958_2618_e03f_c9aa,
            0x39ab_dc45_29b1_661c,
        ];
        let mut jumped = [0_u64; 4];
        for word in POLYNOMIAL {
            for bit in 0..64 {
                if word >> bit & 1 == 1 {
                    for (sum, state) in jumped.iter_mut().zip(self.0) {
                        *sum ^= state;
                    }
                }
                self.next();
            }
        }
        self.0 = jumped;
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs of the published C code from the state 1, 2, 3, 4.
    #[test]
    fn matches_the_published_stream() {
        let mut rng = Rng([1, 2, 3, 4]);
        let drawn: [u64; 4] = std::array::from_fn(|_| rng.next());
        assert_eq!(
            drawn,
            [
                41_943_041,
                58_720_359,
                3_588_806_011_781_223,
                3_591_011_842_654_386
            ]
        );
    }

    /// The first outputs of the published SplitMix64 from the seed 1234567.
    #[test]
    fn split_mix_matches_the_published_stream() {
        let mut state = 1_234_567;
        let drawn: [u64; 3] = std::array::from_fn(|_| split_mix(&mut state));
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    /// The state update is linear over GF(2), so that a jump must commute with a step.
    #[test]
    fn a_jump_commutes_with_a_step() {
        let mut jumped_first = Rng::new(9);
        jumped_first.jump();
        jumped_first.next();
        let mut stepped_first = Rng::new(9);
        stepped_first.next();
        stepped_first.jump();
        assert_eq!(jumped_first.0, stepped_first.0);
        assert_ne!(jumped_first.0, Rng::new(9).0);
    }

    #[test]
    fn gaussian_has_the_moments_of_the_normal_distribution() {
        let mut rng = Rng::new(8);
        let draws: Vec<f64> = (0..100_000).map(|_| rng.gaussian()).collect();
        let moment = |power| draws.iter().map(|x| x.powi(power)).sum::<f64>() / draws.len() as f64;
        assert!(moment(1).abs() < 0.02, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.02, "{}", moment(2));
        assert!((moment(4) - 3.0).abs() < 0.1, "{}", moment(4));
    }

    #[test]
    fn below_is_uniform_and_in_range() {
        let mut rng = Rng::new(3);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[rng.below(6) as usize] += 1;
        }
        assert!(
            counts.iter().all(|&count| (9_500..10_500).contains(&count)),
            "{counts:?}"
        );
        assert_eq!(rng.below(1), 0);
    }

    #[test]
    fn chance_is_certain_at_both_ends() {
        let mut rng = Rng::new(4);
        assert!((0..1000).all(|_| rng.chance(1.0) && !rng.chance(0.0)));
        assert!((0..1000).all(|_| (0.0..1.0).contains(&rng.unit())));
    }
}
