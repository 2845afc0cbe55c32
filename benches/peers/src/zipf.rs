//! Which file is read next: the first most often, the second half as often, the third a third as often.

/// A stream of `len` items below `items`, drawn with Zipf's law (exponent 1) from `seed`.
pub fn zipf(seed: u64, items: usize, len: usize) -> Vec<usize> {
    let upto = cumulated(items);
    let mut random = SplitMix(seed);
    let draw = |_| {
        let target = random.unit();
        upto.partition_point(|&share| share <= target)
            .min(items - 1)
    };
    (0..len).map(draw).collect()
}

/// For each item the share that it and those before it have of all draws.
fn cumulated(items: usize) -> Vec<f64> {
    let weight = |item: usize| 1.0 / (item + 1) as f64;
    let whole: f64 = (0..items).map(weight).sum();
    let mut sum = 0.0;
    let add = |item| {
        sum += weight(item);
        sum / whole
    };
    (0..items).map(add).collect()
}

/// Sebastiano Vigna's SplitMix64: short, seeded, the same everywhere.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// At least 0 and less than 1, in 2⁵³ steps.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        let mut random = SplitMix(0);
        assert_eq!(random.next(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.next(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn streams_repeat_and_follow_the_law() {
        let stream = zipf(7, 1_000, 200_000);
        assert_eq!(stream, zipf(7, 1_000, 200_000));
        assert_ne!(stream, zipf(8, 1_000, 200_000));
        let count = |item| stream.iter().filter(|&&one| one == item).count() as f64;
        let whole: f64 = (1..=1_000).map(|rank| 1.0 / f64::from(rank)).sum();
        for rank in [1.0, 2.0, 3.0, 10.0] {
            let expect = 200_000.0 / rank / whole;
            let found = count(rank as usize - 1);
            assert!(
                (found / expect - 1.0).abs() < 0.05,
                "{rank}: {found}, {expect}"
            );
        }
        assert!(stream.iter().all(|&item| item < 1_000));
    }

    #[test]
    fn one_item_is_all_there_is() {
        assert_eq!(zipf(1, 1, 3), [0, 0, 0]);
    }
}
