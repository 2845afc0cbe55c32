//! A line of a terminal that shows a course.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// One block for each value, from the least (lowest block) to the greatest; a blank where a value is
/// not finite. Values that are all equal are shown half high.
pub fn sparkline(values: &[f64]) -> String {
    let Some((low, high)) = super::axis::extent(values.iter().copied()) else {
        return " ".repeat(values.len());
    };
    let block = |&value: &f64| {
        if !super::axis::drawable(value) {
            return ' ';
        }
        if low == high {
            return BLOCKS[3];
        }
        let share = (value - low) / (high - low);
        BLOCKS[(share * 7.0).round() as usize]
    };
    values.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_follow_the_values() {
        assert_eq!(sparkline(&[0.0, 1.0, 7.0, f64::NAN, 3.0]), "▁▂█ ▄");
        assert_eq!(sparkline(&[5.0, 5.0]), "▄▄");
        assert_eq!(sparkline(&[f64::INFINITY]), " ");
        assert_eq!(sparkline(&[-1e300, 1e300]), "▁█");
        assert_eq!(sparkline(&[]), "");
    }
}
