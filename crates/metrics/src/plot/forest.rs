//! Effects with their intervals, one a row.

use super::axis::{Axis, drawable, extent, short};
use super::svg::{Anchor, Canvas, WIDTH, escape, fit};

const ROW: f64 = 40.0;

/// An estimate with its interval.
#[derive(Clone, Copy, Debug)]
pub struct Effect<'a> {
    /// What was compared.
    pub name: &'a str,
    /// Lower end of the interval.
    pub low: f64,
    /// The estimate, between both ends.
    pub estimate: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Drawn in the colour of warnings and in bold.
    pub highlight: bool,
}

/// A forest plot, as SVG: for each effect its interval, its estimate, and both as text, over an axis
/// with a line at zero. `x_label` names quantity and unit, as in `"change of time (%)"`. Effects with a
/// number that is not finite are left out, and the plot says how many. The axis has room for all estimates
/// and for nine of ten intervals on either side: one that goes on ends in an arrow.
pub fn forest(title: &str, x_label: &str, effects: &[Effect<'_>]) -> String {
    let mut canvas = Canvas::titled(title);
    let good = |e: &&Effect<'_>| [e.low, e.estimate, e.high].into_iter().all(drawable);
    let drawn: Vec<&Effect<'_>> = effects.iter().filter(good).collect();
    let missing = effects.len() - drawn.len();
    let Some((low, high)) = span(&drawn) else {
        canvas.nothing(Canvas::TOP + 30.0);
        note(&mut canvas, Canvas::TOP + 48.0, missing);
        return canvas.finish(Canvas::TOP + 64.0, &format!("{title}: no data"));
    };
    let mut x = Axis::linear(low, high, 6);
    x.lay(24.0, WIDTH - 24.0);
    let bottom = Canvas::TOP + drawn.len() as f64 * ROW + 6.0;
    grid(&mut canvas, &x, x_label, bottom);
    for (n, effect) in drawn.iter().enumerate() {
        row(&mut canvas, &x, Canvas::TOP + n as f64 * ROW, effect);
    }
    note(&mut canvas, bottom + 54.0, missing);
    let height = bottom + 46.0 + if missing > 0 { 16.0 } else { 0.0 };
    let label = format!(
        "{title}: {} effects, {} highlighted, on {x_label}",
        drawn.len(),
        drawn.iter().filter(|e| e.highlight).count()
    );
    canvas.finish(height, &label)
}

/// What the axis reaches over.
fn span(effects: &[&Effect<'_>]) -> Option<(f64, f64)> {
    // Of ten, none is left out: a few are no crowd that one could hide.
    let most = effects.len() * 9 / 10 + 1;
    let nth = |mut ends: Vec<f64>| {
        ends.sort_by(f64::total_cmp);
        ends.get(most.min(ends.len()).checked_sub(1)?).copied()
    };
    let high = nth(effects.iter().map(|e| e.high).collect())?;
    let low = -nth(effects.iter().map(|e| -e.low).collect())?;
    extent(effects.iter().map(|e| e.estimate).chain([0.0, low, high]))
}

fn grid(canvas: &mut Canvas, x: &Axis, label: &str, bottom: f64) {
    for (value, text) in &x.ticks {
        let class = if *value == 0.0 { "axis" } else { "grid" };
        let at = x.at(*value);
        canvas.rule(class, (at, Canvas::TOP), (at, bottom));
        canvas.text("dim", (at, bottom + 16.0), Anchor::Middle, text);
    }
    let middle = (WIDTH / 2.0, bottom + 36.0);
    canvas.text("dim", middle, Anchor::Middle, &fit(label, WIDTH - 16.0));
}

fn row(canvas: &mut Canvas, x: &Axis, top: f64, effect: &Effect<'_>) {
    let (class, weight) = match effect.highlight {
        true => ("c1", "bold"),
        false => ("c0", "normal"),
    };
    let numbers = format!(
        "{} [{}, {}]",
        signed(effect.estimate),
        signed(effect.low),
        signed(effect.high)
    );
    let name = fit(effect.name, WIDTH - 190.0);
    let tip = escape(&format!("{}: {numbers}", effect.name));
    canvas.push(format_args!(
        r#"<g font-weight="{weight}"><title>{tip}</title>"#
    ));
    canvas.text("halo", (8.0, top + 15.0), Anchor::Start, &name);
    canvas.text("halo", (WIDTH - 8.0, top + 15.0), Anchor::End, &numbers);
    let y = top + 28.0;
    let (low, at, high) = (x.at(effect.low), x.at(effect.estimate), x.at(effect.high));
    let end = |value: f64, outwards: f64| match x.reaches(value) {
        true => format!("M{:.1} {:.1}v10", x.at(value), y - 5.0),
        false => format!(
            "M{:.1} {:.1}l{outwards} 5l{} 5",
            x.at(value) - outwards,
            y - 5.0,
            -outwards
        ),
    };
    let ends = end(effect.low, -5.0) + &end(effect.high, 5.0);
    canvas.push(format_args!(
        r#"<path class="line {class}" d="M{low:.1} {y:.1}H{high:.1}{ends}"/><circle class="{class}" cx="{at:.1}" cy="{y:.1}" r="5"/></g>"#
    ));
}

fn note(canvas: &mut Canvas, y: f64, missing: usize) {
    if missing > 0 {
        let text = format!("{missing} without a number");
        canvas.text("dim", (WIDTH / 2.0, y), Anchor::Middle, &text);
    }
}

fn signed(value: f64) -> String {
    let text = short(value);
    match value > 0.0 && text != "0" {
        true => format!("+{text}"),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(name: &str, low: f64, estimate: f64, high: f64) -> Effect<'_> {
        Effect {
            name,
            low,
            estimate,
            high,
            highlight: low > 0.0,
        }
    }

    #[test]
    fn effects_show_their_numbers_and_those_without_are_counted() {
        let svg = forest(
            "Changes",
            "time (%)",
            &[
                effect("a<b", 3.0, 5.25, 7.5),
                effect("fine", -1.0, 0.0, 1.5),
                effect("none", f64::NEG_INFINITY, 0.0, 1.0),
            ],
        );
        assert!(svg.contains("a&lt;b: +5.25 [+3, +7.5]"), "{svg}");
        assert!(svg.contains("fine: 0 [-1, +1.5]"), "{svg}");
        assert!(svg.contains(">1 without a number</text>"));
        assert!(svg.contains("2 effects, 1 highlighted"));
        assert_eq!(svg.matches("font-weight=\"bold\"").count(), 1);
        assert!(forest("t", "x", &[]).contains(">no data</text>"));
    }

    #[test]
    fn one_wide_interval_does_not_hide_the_others() {
        let mut effects = vec![effect("narrow", -1.0, 0.5, 2.0); 20];
        effects.push(effect("wide", -300.0, 1.0, 200.0));
        let all: Vec<&Effect<'_>> = effects.iter().collect();
        assert_eq!(span(&all), Some((-1.0, 2.0)));
        let svg = forest("t", "x", &effects);
        let arrows =
            |svg: &str| svg.matches("l5 5l-5 5").count() + svg.matches("l-5 5l5 5").count();
        assert!(
            svg.contains("wide: +1 [-300, +200]") && arrows(&svg) == 2,
            "{svg}"
        );
        // One of few is shown whole, and so is an estimate wherever it lies.
        assert_eq!(span(&all[12..]), Some((-300.0, 200.0)));
        assert_eq!(arrows(&forest("t", "x", &effects[12..])), 0);
        effects[0] = effect("far", 88.0, 90.0, 95.0);
        let all: Vec<&Effect<'_>> = effects.iter().collect();
        assert_eq!(span(&all), Some((-1.0, 90.0)));
    }
}
