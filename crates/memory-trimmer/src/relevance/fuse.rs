//! Lexical scores joined with those of an embedder.

/// Mixes `external` scores, such as cosine similarities to the query, into `scores`: both are
/// brought to 0…1, and the mix is `(1 − weight) · own + weight · external`.
///
/// The scores are divided by the highest; of the external ones the lowest is 0, as similarities of
/// unrelated texts seldom are. A convex mix needs one parameter and beats rank fusion (Bruch, Gai
/// and Ingber, *An Analysis of Fusion Functions for Hybrid Retrieval*, 2023); 0.5 is a sound start.
/// What is not a finite number counts as the lowest, and so does what `external` is too short for.
/// `weight` is clamped to 0…1. O(n).
pub fn fuse(scores: &mut [f32], external: &[f32], weight: f32) {
    let weight = if weight.is_nan() {
        0.0
    } else {
        weight.clamp(0.0, 1.0)
    };
    let finite = || external.iter().copied().filter(|x| x.is_finite());
    let low = finite().fold(f32::INFINITY, f32::min);
    let range = finite().fold(0.0, |range: f32, x| range.max(x - low));
    let high = (scores.iter().copied().filter(|x| x.is_finite())).fold(0.0, f32::max);
    for (at, score) in scores.iter_mut().enumerate() {
        let other = external.get(at).copied().filter(|x| x.is_finite());
        *score = (1.0 - weight) * share(*score, high)
            + weight * share(other.unwrap_or(low) - low, range);
    }
}

fn share(value: f32, of: f32) -> f32 {
    let share = value / of;
    if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_mixed_by_weight() {
        let check = |own: &[f32], external: &[f32], weight, expect: &[f32]| {
            let mut scores = own.to_vec();
            fuse(&mut scores, external, weight);
            assert_eq!(scores, expect);
        };
        check(&[4.0, 2.0, 0.0], &[0.2, 0.6, 0.6], 0.5, &[0.5, 0.75, 0.5]);
        check(&[4.0, 2.0], &[0.2, 0.6], 0.0, &[1.0, 0.5]);
        check(&[4.0, 2.0], &[-1.0, 1.0], 9.0, &[0.0, 1.0]);
        check(&[0.0, 0.0], &[1.0], 0.5, &[0.0, 0.0]);
        check(&[1.0, f32::NAN], &[f32::NAN, 1.0], 0.5, &[0.5, 0.0]);
        check(
            &[f32::INFINITY, 1.0],
            &[f32::INFINITY],
            f32::NAN,
            &[0.0, 1.0],
        );
        check(&[], &[1.0], 0.5, &[]);
    }
}
