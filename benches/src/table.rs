//! A row of the table for people.

use crate::clock::Clock;
use crate::sampling::Samples;

/// The time of one iteration by the clock that decides, its deviation, the wall's, and the ratio to
/// the floor where one was measured before.
pub(crate) fn row(id: &str, clock: Clock, samples: &Samples, floor_ns: Option<f64>) -> String {
    let median_ns = samples.median_ns(clock);
    let deviation = 100.0 * samples.deviation_ns(clock) / median_ns;
    let to_floor = floor_ns.map_or("–".to_owned(), |floor| {
        format!("{:.2}×", median_ns / floor)
    });
    format!(
        "{id:<52} {:>10} {:<7} ± {deviation:>4.1} %  wall {:>10}  to floor {to_floor:>8}",
        time(median_ns),
        clock.word(),
        time(samples.median_ns(Clock::Wall)),
    )
}

/// `12.3 ns`, `4.56 µs`, `789 ms`: three digits.
fn time(ns: f64) -> String {
    let units = [("s", 1e9), ("ms", 1e6), ("µs", 1e3), ("ns", 1.0)];
    let (unit, size) = units
        .into_iter()
        .find(|(_, size)| ns >= *size)
        .unwrap_or(units[3]);
    let value = ns / size;
    let digits = if value < 10.0 {
        2
    } else {
        usize::from(value < 100.0)
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        let cases = [
            (0.5, "0.50 ns"),
            (12.34, "12.3 ns"),
            (4_560.0, "4.56 µs"),
            (7.89e8, "789 ms"),
        ];
        for (ns, expect) in cases {
            assert_eq!(time(ns), expect);
        }
    }
}
