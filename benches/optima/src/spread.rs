//! Medians and what lies around them.

/// The least, the middle and the greatest of some numbers.
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) greatest: f64,
}

impl Spread {
    /// Of at least one number.
    pub(crate) fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        let count = numbers.len();
        Self {
            least: numbers[0],
            median: 0.5 * (numbers[(count - 1) / 2] + numbers[count / 2]),
            greatest: numbers[count - 1],
        }
    }
}
