//! Where a derivative is measured.

/// How a gradient is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Differences {
    Forward,
    Central,
}

/// The offsets at which a coordinate `x` is measured with differences of this width: one, or two of which the second is
/// the opposite if there is room.
pub(crate) fn offsets(x: f64, width: f64, differences: Differences) -> (f64, f64) {
    let inwards = if x > 0.5 { -width } else { width };
    if differences == Differences::Forward {
        (inwards, 0.0)
    } else if x - width < 0.0 || x + width > 1.0 {
        (inwards, 2.0 * inwards)
    } else {
        (width, -width)
    }
}

/// Slope and curvature of the parabola through a known value and those at two offsets.
pub(crate) fn parabola(here: f64, offsets: (f64, f64), values: (f64, f64)) -> (f64, f64) {
    let (a, b) = offsets;
    let (p, q) = ((values.0 - here) / a, (values.1 - here) / b);
    ((p * b - q * a) / (b - a), 2.0 * (p - q) / (a - b))
}
