//! Round ticks, and numbers for people.

/// From values to places on the canvas.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    log: bool,
    from: f64,
    to: f64,
    /// Where a tick stands (a value), and what it says.
    pub(crate) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis whose ends are ticks, so that all values from `low` to `high` lie on it.
    pub(crate) fn linear(low: f64, high: f64, wanted: usize) -> Self {
        let (low, high) = widened(low, high);
        let step = nice((high - low) / wanted as f64);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        // More than three ticks too many are none: the numbers are too close for their size.
        let n = ((last - first).max(1.0) as usize).min(3 * wanted);
        let values: Vec<f64> = (0..=n).map(|i| (first + i as f64) * step).collect();
        let texts = labels(&values, step);
        let (low, high) = (low.min(values[0]), high.max(values[n]));
        Self::new((low, high), false, values.into_iter().zip(texts).collect())
    }

    /// A logarithmic axis from `low` to `high`, both above zero, with ticks at powers of ten or, over a
    /// few of them, at 1, 2 and 5 of each.
    pub(crate) fn log(low: f64, high: f64) -> Self {
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let factors: &[f64] = if last - first <= 3 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let every = (last - first + 6) / 7;
        let powers = (first..=last).filter(|power| (power - first) % every == 0);
        let ticks = powers.flat_map(|power| factors.iter().map(move |f| f * 10f64.powi(power)));
        let inside = ticks.filter(|tick| (low * 0.999..=high * 1.001).contains(tick));
        let ticks = inside.map(|value| (value, short(value))).collect();
        Self::new((low, high), true, ticks)
    }

    /// A linear axis with ticks of the caller's.
    pub(crate) fn with_ticks(low: f64, high: f64, ticks: Vec<(f64, String)>) -> Self {
        Self::new((low, high), false, ticks)
    }

    fn new((low, high): (f64, f64), log: bool, ticks: Vec<(f64, String)>) -> Self {
        let (from, to) = (0.0, 1.0);
        Self {
            low,
            high,
            log,
            from,
            to,
            ticks,
        }
    }

    /// Lays the axis from one place to another.
    pub(crate) fn lay(&mut self, from: f64, to: f64) {
        (self.from, self.to) = (from, to);
    }

    /// The place of a value; of one beyond the ends, the end.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let share = match self.log {
            true if value <= 0.0 => 0.0,
            true => (value / self.low).log10() / (self.high / self.low).log10(),
            false => (value - self.low) / (self.high - self.low),
        };
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// Whether a value lies between the ends.
    pub(crate) fn reaches(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Room that the widest tick needs.
    pub(crate) fn label_width(&self) -> f64 {
        let widths = self.ticks.iter().map(|(_, text)| super::svg::width(text));
        widths.fold(0.0, f64::max)
    }
}

/// Whether a number can be drawn: finite, and small enough that differences are too.
pub(crate) fn drawable(value: f64) -> bool {
    value.abs() <= 1e300
}

/// The least and the greatest drawable value.
pub(crate) fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .filter(|&v| drawable(v))
        .fold(None, |ends, v| match ends {
            None => Some((v, v)),
            Some((low, high)) => Some((v.min(low), v.max(high))),
        })
}

/// A range that is not empty.
fn widened(low: f64, high: f64) -> (f64, f64) {
    // Beneath this, ticks of the range could not be told apart by a double.
    if high - low > 1e-12 * low.abs().max(high.abs()).max(1e-290) {
        return (low, high);
    }
    match low {
        0.0 => (0.0, 1.0),
        _ => (low - low.abs() * 0.1, high + high.abs() * 0.1),
    }
}

/// 1, 2 or 5 times a power of ten, at least about as great as asked for.
fn nice(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|f| step <= f * power * 1.0001);
    factor.unwrap_or(10.0) * power
}

const PREFIXES: [(i32, &str); 8] = [
    (15, "P"),
    (12, "T"),
    (9, "G"),
    (6, "M"),
    (3, "k"),
    (-3, "m"),
    (-6, "µ"),
    (-9, "n"),
];

/// The power of a thousand in which a number is written, and its prefix; `None` if it has none.
fn prefix(magnitude: f64) -> Option<(i32, &'static str)> {
    if magnitude == 0.0 || (1e-3..1e4).contains(&magnitude) {
        return Some((0, ""));
    }
    let power = ((magnitude.log10() + 1e-9) / 3.0).floor() as i32 * 3;
    let known = PREFIXES.into_iter().find(|&(known, _)| known == power);
    known.or((power == 0).then_some((0, "")))
}

/// Texts of ticks: all in the same power of a thousand and with the same decimals.
fn labels(values: &[f64], step: f64) -> Vec<String> {
    let greatest = values.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    let Some((power, unit)) = prefix(greatest) else {
        return values.iter().map(|v| format!("{v:.2e}")).collect();
    };
    let scale = 10f64.powi(-power);
    let decimals = (-((step * scale).log10() + 1e-9).floor()).clamp(0.0, 9.0) as usize;
    let text = |&v: &f64| match v {
        0.0 => "0".to_owned(),
        v => format!("{:.decimals$}{unit}", v * scale),
    };
    values.iter().map(text).collect()
}

/// A number with three to four significant digits: `0.25`, `12.5`, `1234`, `1.5M`.
pub(crate) fn short(value: f64) -> String {
    let Some((power, unit)) = prefix(value.abs()) else {
        return format!("{value:.2e}");
    };
    let scaled = value * 10f64.powi(-power);
    let digits = scaled.abs().max(1e-3).log10().floor() as i32;
    let decimals = (2 - digits).clamp(0, 5) as usize;
    let text = format!("{scaled:.decimals$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check((low, high): (f64, f64), expect: &[&str]) {
        let axis = Axis::linear(low, high, 5);
        let texts: Vec<&str> = axis.ticks.iter().map(|(_, text)| &**text).collect();
        assert_eq!(texts, expect);
    }

    #[test]
    fn ticks_are_round_and_enclose_the_values() {
        check((0.0, 9.3), &["0", "2", "4", "6", "8", "10"]);
        check((0.0, 1.0), &["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        check((-3.0, 4.0), &["-4", "-2", "0", "2", "4"]);
        check(
            (1.2e6, 3.1e6),
            &["1.0M", "1.5M", "2.0M", "2.5M", "3.0M", "3.5M"],
        );
        check((0.0, 0.004), &["0", "0.001", "0.002", "0.003", "0.004"]);
        check((0.0, 0.0004), &["0", "100µ", "200µ", "300µ", "400µ"]);
        check((7.0, 7.0), &["6.0", "6.5", "7.0", "7.5", "8.0"]);
        check((0.0, 0.0), &["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    }

    #[test]
    fn any_range_gives_a_few_ticks_and_places_inside() {
        for (low, high) in [
            (-1e300, 1e300),
            (1e16, 1e16 + 2.0),
            (5e-324, 1e-320),
            (1.0, 1.0 + 1e-15),
            (-0.0, 0.0),
            (-1e-9, 1e300),
        ] {
            let mut axis = Axis::linear(low, high, 5);
            axis.lay(10.0, 20.0);
            assert!((2..=16).contains(&axis.ticks.len()), "{low} {high}");
            for value in [low, high] {
                assert!((10.0..=20.0).contains(&axis.at(value)), "{low} {high}");
            }
        }
    }

    #[test]
    fn logarithmic_ticks_are_few_and_inside() {
        let texts = |low, high| {
            let ticks = Axis::log(low, high).ticks.into_iter();
            ticks.map(|(_, text)| text).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(texts(3.0, 400.0), "5 10 20 50 100 200");
        assert_eq!(texts(3.0, 40_000.0), "10 100 1000 10k");
        assert!(Axis::log(1e-300, 1e300).ticks.len() <= 8);
    }

    #[test]
    fn numbers_are_short() {
        let texts = [
            0.0, 0.25, 12.5, 1_234.0, 1.5e6, -2.71499, 2e-5, 1e40, 0.001_234, 99.95,
        ]
        .map(short);
        assert_eq!(
            texts,
            [
                "0", "0.25", "12.5", "1234", "1.5M", "-2.71", "20µ", "1.00e40", "0.00123", "100"
            ]
        );
    }
}
