//! Horizontal bars, one a name.

use super::axis::{Axis, drawable, extent, short};
use super::svg::{Anchor, Canvas, WIDTH, fit};

const ROW: f64 = 36.0;

/// Bars from zero, as SVG, in the order given; each with its name and its number in `unit`. Values that
/// are not finite are named without a bar.
pub fn bars(title: &str, unit: &str, values: &[(&str, f64)]) -> String {
    let mut canvas = Canvas::titled(title);
    let Some((low, high)) = extent(values.iter().map(|v| v.1)) else {
        canvas.nothing(Canvas::TOP + 30.0);
        return canvas.finish(Canvas::TOP + 60.0, &format!("{title}: no data"));
    };
    let mut x = Axis::linear(low.min(0.0), high.max(0.0), 5);
    x.lay(24.0, WIDTH - 24.0);
    let bottom = Canvas::TOP + values.len() as f64 * ROW + 4.0;
    for (value, text) in &x.ticks {
        let at = x.at(*value);
        let class = if *value == 0.0 { "axis" } else { "grid" };
        canvas.rule(class, (at, Canvas::TOP), (at, bottom));
        canvas.text("dim", (at, bottom + 16.0), Anchor::Middle, text);
    }
    let middle = (WIDTH / 2.0, bottom + 36.0);
    canvas.text("dim", middle, Anchor::Middle, &fit(unit, WIDTH - 16.0));
    for (n, (name, value)) in values.iter().enumerate() {
        row(
            &mut canvas,
            &x,
            Canvas::TOP + n as f64 * ROW,
            (name, *value),
            unit,
        );
    }
    let label = format!(
        "{title}: {} bars, {} to {} {unit}",
        values.len(),
        short(low),
        short(high)
    );
    canvas.finish(bottom + 46.0, &label)
}

fn row(canvas: &mut Canvas, x: &Axis, top: f64, (name, value): (&str, f64), unit: &str) {
    let number = match drawable(value) {
        true => format!("{} {unit}", short(value)),
        false => "no number".to_owned(),
    };
    let room = WIDTH - 40.0 - super::svg::width(&number);
    canvas.text("halo", (8.0, top + 15.0), Anchor::Start, &fit(name, room));
    canvas.text("halo", (WIDTH - 8.0, top + 15.0), Anchor::End, &number);
    if drawable(value) {
        let (zero, at) = (x.at(0.0), x.at(value));
        let place = (zero.min(at), top + 20.0);
        let tip = format!("{name}: {number}");
        canvas.bar("c0", place, ((at - zero).abs(), 12.0), &tip);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_value_and_starts_at_zero() {
        let svg = bars(
            "t",
            "ms",
            &[("a", 10.0), ("b", 5.0), ("c", f64::NAN), ("d", 0.0)],
        );
        let widths: Vec<f64> = svg
            .match_indices("width=\"")
            .filter_map(|(at, _)| svg[at + 7..].split('"').next()?.parse().ok())
            .collect();
        assert_eq!(widths, [432.0, 216.0, 0.0]);
        assert!(svg.contains("<title>a: 10 ms</title>"));
        assert!(svg.contains(">no number</text>"));
        assert!(bars("t", "ms", &[("c", f64::NAN)]).contains(">no data</text>"));
    }
}
