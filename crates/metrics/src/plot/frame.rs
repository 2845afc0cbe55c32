//! The box with two axes that lines and distributions are drawn in.

use super::axis::Axis;
use super::svg::{Anchor, Canvas, WIDTH, fit};

/// Height of the inside of the box.
const INSIDE: f64 = 190.0;
const RIGHT: f64 = WIDTH - 16.0;

/// Both axes, laid out.
pub(crate) struct Frame {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// The y of the lower edge.
    pub(crate) bottom: f64,
    /// The y of the first free place below.
    pub(crate) end: f64,
}

impl Frame {
    /// Draws grid, ticks and labels, beginning at `top`.
    pub(crate) fn draw(
        canvas: &mut Canvas,
        top: f64,
        (mut x, x_label): (Axis, &str),
        (mut y, y_label): (Axis, &str),
    ) -> Self {
        let left = y.label_width() + 16.0;
        let (upper, bottom) = (top + 26.0, top + 26.0 + INSIDE);
        y.lay(bottom, upper);
        x.lay(left, RIGHT);
        canvas.text(
            "dim",
            (8.0, top + 12.0),
            Anchor::Start,
            &fit(y_label, WIDTH - 16.0),
        );
        for (value, text) in &y.ticks {
            let at = y.at(*value);
            canvas.rule("grid", (left, at), (RIGHT, at));
            canvas.text("dim", (left - 6.0, at + 4.0), Anchor::End, text);
        }
        let last = x.ticks.len().saturating_sub(1);
        for (n, (value, text)) in x.ticks.iter().enumerate() {
            let at = x.at(*value);
            canvas.rule("axis", (at, bottom), (at, bottom + 4.0));
            // The last text would leave the canvas if it were centred.
            let (at, anchor) = match n == last && at > RIGHT - 20.0 {
                true => (RIGHT + 10.0, Anchor::End),
                false => (at, Anchor::Middle),
            };
            canvas.text("dim", (at, bottom + 18.0), anchor, text);
        }
        canvas.rule("axis", (left, bottom), (RIGHT, bottom));
        let middle = ((left + RIGHT) / 2.0, bottom + 36.0);
        canvas.text("dim", middle, Anchor::Middle, &fit(x_label, RIGHT - left));
        let end = bottom + 46.0;
        Self { x, y, bottom, end }
    }
}
