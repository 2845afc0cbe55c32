//! Lines over two axes.

use super::axis::{Axis, drawable, extent, short};
use super::frame::Frame;
use super::svg::{Anchor, Canvas, WIDTH, colour, dash, escape, fit, width};

/// How many points of a line are marked and tell their numbers.
const MARKED_MAX: usize = 60;
/// How many points of a line are drawn: a few for each column of pixels.
const DRAWN_MAX: usize = 2_000;

/// One line: its points in the order in which they are joined.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// What the legend calls it.
    pub name: &'a str,
    /// `(x, y)`. A point that is not finite interrupts the line.
    pub points: &'a [(f64, f64)],
}

/// Lines of one or more series, as SVG. Labels name quantity and unit, as in `"time (s)"`. The y axis
/// starts at zero unless all values lie far above it. Of more than 2,000 points of a series, the lowest
/// and the highest of each run of neighbours are drawn.
pub fn lines(title: &str, x_label: &str, y_label: &str, series: &[Series<'_>]) -> String {
    let mut canvas = Canvas::titled(title);
    let top = legend(&mut canvas, series);
    let points = || series.iter().flat_map(|s| s.points).filter(|&&p| good(p));
    let ends = extent(points().map(|p| p.0)).zip(extent(points().map(|p| p.1)));
    let Some(((left, right), (low, high))) = ends else {
        canvas.nothing(top + 40.0);
        return canvas.finish(top + 70.0, &format!("{title}: no data"));
    };
    let x = Axis::linear(left, right, 6);
    let y = Axis::linear(from_zero(low, high), high, 5);
    let frame = Frame::draw(&mut canvas, top, (x, x_label), (y, y_label));
    for (n, one) in series.iter().enumerate() {
        draw(&mut canvas, &frame, n, one);
    }
    let label = format!(
        "{title}: {} over {x_label}, {} to {} {y_label}",
        names(series),
        short(low),
        short(high)
    );
    canvas.finish(frame.end, &label)
}

fn good((x, y): (f64, f64)) -> bool {
    drawable(x) && drawable(y)
}

/// Zero for values that are not negative and begin below half of the greatest.
pub(crate) fn from_zero(low: f64, high: f64) -> f64 {
    match low >= 0.0 && low < high / 2.0 {
        true => 0.0,
        false => low,
    }
}

fn names(series: &[Series<'_>]) -> String {
    let names: Vec<&str> = series.iter().map(|s| s.name).collect();
    names.join(", ")
}

/// One entry for each series if there are several. Gives the first free place below.
fn legend(canvas: &mut Canvas, series: &[Series<'_>]) -> f64 {
    let (mut x, mut y) = (8.0, Canvas::TOP + 12.0);
    if series.len() < 2 {
        return Canvas::TOP;
    }
    for (n, one) in series.iter().enumerate() {
        let name = fit(one.name, 200.0);
        let room = 26.0 + width(&name) + 16.0;
        if x > 8.0 && x + room > WIDTH {
            (x, y) = (8.0, y + 18.0);
        }
        let (class, dash) = (format!("line {}", colour(n)), dash(n));
        canvas.push(format_args!(
            r#"<path class="{class}" style="fill:none" stroke-dasharray="{dash}" d="M{x:.1} {:.1}h20"/>"#,
            y - 4.0
        ));
        canvas.text("", (x + 26.0, y), Anchor::Start, &name);
        x += room;
    }
    y + 8.0
}

fn draw(canvas: &mut Canvas, frame: &Frame, n: usize, series: &Series<'_>) {
    let (class, dash) = (colour(n), dash(n));
    let points = thinned(series.points);
    let path = path(frame, &points);
    let name = escape(series.name);
    canvas.push(format_args!(
        r#"<path class="line {class}" style="fill:none" stroke-dasharray="{dash}" stroke-linecap="round" d="{path}"><title>{name}</title></path>"#
    ));
    if points.len() > MARKED_MAX {
        return;
    }
    for &(x, y) in points.iter().filter(|&&p| good(p)) {
        let tip = escape(&format!("{}: {} at {}", series.name, short(y), short(x)));
        let (x, y) = (frame.x.at(x), frame.y.at(y));
        canvas.push(format_args!(
            r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="2.5"><title>{tip}</title></circle>"#
        ));
    }
}

/// The line, interrupted where a point is missing; a point alone is a dot.
fn path(frame: &Frame, points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for run in points.split(|&point| !good(point)) {
        for (n, &(x, y)) in run.iter().enumerate() {
            let command = if n == 0 { 'M' } else { 'L' };
            path += &format!("{command}{:.1} {:.1}", frame.x.at(x), frame.y.at(y));
        }
        if run.len() == 1 {
            path += "h0";
        }
    }
    path
}

/// The lowest and the highest point of each run, in their order; the first gap of a run is kept too.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= DRAWN_MAX {
        return points.to_vec();
    }
    let run = points.len().div_ceil(DRAWN_MAX / 2);
    points.chunks(run).flat_map(ends).collect()
}

fn ends(run: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let good_ones = || (0..run.len()).filter(|&n| good(run[n]));
    let by_height = |&a: &usize, &b: &usize| run[a].1.total_cmp(&run[b].1);
    let gap = run.iter().position(|&point| !good(point));
    let mut kept: Vec<usize> = [
        good_ones().min_by(by_height),
        good_ones().max_by(by_height),
        gap,
    ]
    .into_iter()
    .flatten()
    .collect();
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter().map(|n| run[n]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: &[(f64, f64)]) -> String {
        lines("t", "x", "y", &[Series { name: "s", points }])
    }

    #[test]
    fn a_point_that_is_no_number_interrupts_the_line() {
        let svg = plot(&[(0.0, 0.0), (1.0, f64::NAN), (2.0, 4.0), (3.0, 2.0)]);
        let path = svg.split(" d=\"").nth(1).unwrap();
        let path = &path[..path.find('"').unwrap()];
        assert_eq!(path.matches('M').count(), 2, "{path}");
        assert_eq!(path.matches('L').count(), 1, "{path}");
        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn nothing_to_draw_is_said() {
        for points in [&[][..], &[(f64::INFINITY, 1.0)], &[(0.0, f64::NAN)]] {
            assert!(plot(points).contains(">no data</text>"));
        }
        assert!(lines("t", "x", "y", &[]).contains(">no data</text>"));
    }

    #[test]
    fn many_points_are_thinned_but_their_extremes_stay() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|n| (f64::from(n), 1.0)).collect();
        points[54_321].1 = 9.0;
        let thin = thinned(&points);
        assert!(thin.len() <= 2 * DRAWN_MAX);
        assert!(thin.contains(&(54_321.0, 9.0)));
        assert!(thin.is_sorted_by(|a, b| a.0 < b.0));
        assert!(plot(&points).len() < 60_000);
    }
}
