//! Where a derivative is measured.

/// How a gradient is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Differences {
    Forward,
    Central,
}

/// How wide differences are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Width {
    /// What follows from the last step.
    wide: f64,
    /// What rounding asks for is this times the root of the noise over the curvature.
    least: f64,
    noise: f64,
}

impl Width {
    /// From what rounding may change in a cost, and the last step, if there was one: forward differences take this share of
    /// its longest coordinate, central ones a tenth, and neither more than `widest`.
    pub(crate) fn new(
        differences: Differences,
        forward: f64,
        step: Option<&[f64]>,
        widest: f64,
        noise: f64,
    ) -> Self {
        let (least, share) = match differences {
            Differences::Forward => (2.0, forward),
            Differences::Central => (30.0, 0.1),
        };
        let longest = |step: &[f64]| step.iter().fold(0.0, |a: f64, s| a.max(s.abs()));
        Self {
            wide: step.map_or(widest, |step| (share * longest(step)).min(widest)),
            least,
            noise,
        }
    }

    /// Along a coordinate in which the cost bends like this.
    pub(crate) fn of(self, curvature: f64) -> f64 {
        let narrow = self.least * (self.noise / curvature.abs().max(1e-300)).sqrt();
        self.wide.max(narrow.min(1e-4))
    }
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
