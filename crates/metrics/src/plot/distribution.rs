//! Distributions: how many values lie where, and how great the rare ones are.

use super::axis::{Axis, drawable, extent, short};
use super::frame::Frame;
use super::lines::from_zero;
use super::svg::{Canvas, escape};

/// A bin of a histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Lower edge.
    pub low: f64,
    /// Upper edge, above the lower.
    pub high: f64,
    /// How many values lie in it.
    pub count: u64,
}

/// A histogram, as SVG: a column for each bin, as high as its count. The axis is logarithmic when the
/// edges are above zero and span a factor of 10 and more. Bins with edges that are not finite are left
/// out.
pub fn histogram(title: &str, x_label: &str, bins: &[Bin]) -> String {
    let mut canvas = Canvas::titled(title);
    let good = |bin: &&Bin| drawable(bin.low) && drawable(bin.high) && bin.low <= bin.high;
    let drawn: Vec<&Bin> = bins.iter().filter(good).collect();
    let Some((low, high)) = extent(drawn.iter().flat_map(|bin| [bin.low, bin.high])) else {
        return empty(canvas, title);
    };
    let most = drawn.iter().map(|bin| bin.count).max().unwrap_or(0);
    let x = match low > 0.0 && high / low >= 10.0 {
        true => Axis::log(low, high),
        false => Axis::linear(low, high, 6),
    };
    let y = Axis::linear(0.0, most as f64, 5);
    let frame = Frame::draw(&mut canvas, Canvas::TOP, (x, x_label), (y, "values"));
    for bin in &drawn {
        let (left, right) = (frame.x.at(bin.low), frame.x.at(bin.high));
        let (top, bottom) = (frame.y.at(bin.count as f64), frame.bottom);
        let tip = format!(
            "{} from {} to {}",
            bin.count,
            short(bin.low),
            short(bin.high)
        );
        // A gap between columns, unless they are too thin for one.
        let width = (right - left - 0.5).max(1.0);
        canvas.bar("c0", (left, top), (width, bottom - top), &tip);
    }
    let total = drawn
        .iter()
        .fold(0u64, |sum, bin| sum.saturating_add(bin.count));
    let label = format!(
        "{title}: {total} values from {} to {} {x_label}",
        short(low),
        short(high)
    );
    canvas.finish(frame.end, &label)
}

/// Quantiles, as SVG: `(fraction, value)` with fractions from 0 up to, not including, 1, on an axis on which each further
/// nine (90 %, 99 %, 99.9 %) takes the same room. Other points are left out.
pub fn quantiles(title: &str, y_label: &str, points: &[(f64, f64)]) -> String {
    let mut canvas = Canvas::titled(title);
    let good = |&&(share, value): &&(f64, f64)| (0.0..1.0).contains(&share) && drawable(value);
    let drawn: Vec<(f64, f64)> = points.iter().filter(good).copied().collect();
    let Some((low, high)) = extent(drawn.iter().map(|p| p.1)) else {
        return empty(canvas, title);
    };
    let most = drawn.iter().map(|p| nines(p.0)).fold(1.0, f64::max);
    // The logarithm of 0.0001 is not quite -4.
    let nines = (most - 1e-6).ceil();
    let x = Axis::with_ticks(0.0, nines, nine_ticks(nines));
    let y = Axis::linear(from_zero(low, high), high, 5);
    let frame = Frame::draw(
        &mut canvas,
        Canvas::TOP,
        (x, "of all values at most"),
        (y, y_label),
    );
    let mut path = String::new();
    for (n, &(share, value)) in drawn.iter().enumerate() {
        let command = if n == 0 { 'M' } else { 'L' };
        let (x, y) = (frame.x.at(self::nines(share)), frame.y.at(value));
        path += &format!("{command}{x:.1} {y:.1}");
    }
    canvas.push(format_args!(
        r#"<path class="line c0" style="fill:none" d="{path}"/>"#
    ));
    for &(share, value) in drawn.iter().take(60) {
        let (x, y) = (frame.x.at(self::nines(share)), frame.y.at(value));
        let tip = escape(&format!("{}: {} {y_label}", percent(share), short(value)));
        canvas.push(format_args!(
            r#"<circle class="c0" cx="{x:.1}" cy="{y:.1}" r="2.5"><title>{tip}</title></circle>"#
        ));
    }
    let label = format!(
        "{title}: quantiles from {} to {} {y_label}",
        short(low),
        short(high)
    );
    canvas.finish(frame.end, &label)
}

fn empty(mut canvas: Canvas, title: &str) -> String {
    canvas.nothing(Canvas::TOP + 30.0);
    canvas.finish(Canvas::TOP + 60.0, &format!("{title}: no data"))
}

/// 1 for 0.9, 2 for 0.99 …
fn nines(share: f64) -> f64 {
    -(1.0 - share).log10()
}

fn nine_ticks(nines: f64) -> Vec<(f64, String)> {
    let half = (self::nines(0.5), "50%".to_owned());
    let whole = (1..=nines as i32).map(|n| {
        let share = 1.0 - 10f64.powi(-n);
        (f64::from(n), percent(share))
    });
    // Beside many nines there is no room for it.
    let none = (nines <= 3.0).then(|| (0.0, "0%".to_owned()));
    none.into_iter().chain([half]).chain(whole).collect()
}

/// As many decimals as the nines need.
fn percent(share: f64) -> String {
    let text = format!("{:.6}", share * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_have_the_decimals_they_need() {
        assert_eq!(
            [0.0, 0.5, 0.9, 0.999, 0.99999].map(percent),
            ["0%", "50%", "90%", "99.9%", "99.999%"]
        );
    }

    #[test]
    fn columns_say_what_they_hold() {
        let bins = [(1.0, 2.0, 3), (2.0, 500.0, 0), (f64::NAN, 1.0, 4)];
        let bins = bins.map(|(low, high, count)| Bin { low, high, count });
        let svg = histogram("t", "ms", &bins);
        assert!(svg.contains("<title>3 from 1 to 2</title>"));
        assert_eq!(svg.matches("<rect").count(), 2);
        assert!(svg.contains(">20</text>"), "the axis is logarithmic");
        assert!(histogram("t", "ms", &[]).contains(">no data</text>"));
    }

    #[test]
    fn shares_outside_are_left_out() {
        let points = [
            (0.0, 1.0),
            (0.5, 2.0),
            (0.99, 9.0),
            (1.0, 9.0),
            (f64::NAN, 1.0),
            (0.2, f64::NAN),
        ];
        let svg = quantiles("t", "ms", &points);
        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(svg.contains(">99%</text>") && !svg.contains("99.9"));
        assert!(quantiles("t", "ms", &points[3..]).contains(">no data</text>"));
    }
}
