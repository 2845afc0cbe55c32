//! Directions spread evenly over the simplex: where methods with reference directions look for a front.
//!
//! Source: Das & Dennis, "Normal-boundary intersection", SIAM J. Optim. 8 (1998); the second, inner layer for many
//! objectives: Deb & Jain, "An evolutionary many-objective optimization algorithm using reference-point-based
//! nondominated sorting approach, part I", IEEE TEC 18 (2014).

/// Up to `count` directions, row after row: each has `objectives` components that are not negative and add up to 1. There
/// are at least as many as objectives, one along each axis.
///
/// One layer has as many divisions as fit. Where they are fewer than objectives, so that no direction has only positive
/// components, what room is left is given to a layer halfway to the centre.
pub(crate) fn directions(objectives: usize, count: usize) -> Vec<f64> {
    let mut rows = Vec::new();
    let divisions = divisions(objectives, count).max(1);
    layer(objectives, divisions, 1.0, &mut rows);
    let left = count.saturating_sub(rows.len() / objectives);
    if divisions < objectives && left > 0 && objectives > 1 {
        match self::divisions(objectives, left) {
            0 => rows.extend(std::iter::repeat_n(1.0 / objectives as f64, objectives)),
            divisions => layer(objectives, divisions, 0.5, &mut rows),
        }
    }
    rows
}

/// The most divisions whose layer has at most `count` directions; 0 if even one division has more.
fn divisions(objectives: usize, count: usize) -> usize {
    if objectives == 1 {
        return 1;
    }
    let fits = |divisions: &usize| size(objectives, *divisions).is_some_and(|size| size <= count);
    (1..=count).take_while(fits).last().unwrap_or(0)
}

/// The number of directions of a layer, the binomial of divisions + objectives − 1 over objectives − 1.
fn size(objectives: usize, divisions: usize) -> Option<usize> {
    (1..objectives).try_fold(1_usize, |size, k| {
        Some(size.checked_mul(divisions + k)? / k)
    })
}

/// Appends all directions whose components are multiples of one division, shrunk towards the centre.
fn layer(objectives: usize, divisions: usize, shrink: f64, rows: &mut Vec<f64>) {
    let centre = (1.0 - shrink) / objectives as f64;
    let mut parts = vec![0; objectives];
    parts[objectives - 1] = divisions;
    loop {
        let share = |&part: &usize| centre + shrink * part as f64 / divisions as f64;
        rows.extend(parts.iter().map(share));
        // The next composition: one moves from the last part that has any to the part before, the rest to the end.
        let Some(from) = (1..objectives).rev().find(|&index| parts[index] > 0) else {
            return;
        };
        let rest = parts[from] - 1;
        parts[from] = 0;
        parts[from - 1] += 1;
        parts[objectives - 1] = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_have_all_compositions() {
        for objectives in 1..=5 {
            for divisions in 1..=6 {
                let mut rows = Vec::new();
                layer(objectives, divisions, 1.0, &mut rows);
                let mut distinct: Vec<Vec<u64>> = rows
                    .chunks(objectives)
                    .map(|row| row.iter().map(|x| (x * 1e6).round() as u64).collect())
                    .collect();
                distinct.sort_unstable();
                distinct.dedup();
                assert_eq!(Some(distinct.len()), size(objectives, divisions));
                assert_eq!(rows.len(), objectives * distinct.len());
                assert!(
                    rows.chunks(objectives)
                        .all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-12)
                );
            }
        }
    }

    #[test]
    fn as_many_as_fit() {
        let count = |objectives, count| directions(objectives, count).len() / objectives;
        assert_eq!(count(1, 100), 1);
        assert_eq!(count(2, 100), 100);
        assert_eq!(count(3, 100), 91);
        assert_eq!(count(8, 156), 120 + 36);
        assert_eq!(count(10, 5), 10);
        assert_eq!(count(3, 4), 4);
    }
}
