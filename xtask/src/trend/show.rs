//! Courses as a table for the terminal, and as a page of plots.

use autoexec_metrics::plot::{self, Series, sparkline};

use super::history::{Course, Unit};
use crate::out;

/// The runs that a line of the terminal shows.
const COLUMNS: usize = 40;

pub(super) fn table(courses: &[Course]) -> String {
    let head = ["benchmark", "latest runs", "runs", "last", "change"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(courses.iter().map(row));
    out::table(&rows)
}

fn row(it: &Course) -> Vec<String> {
    let values: Vec<f64> = it.points.iter().map(|it| it.1).collect();
    let latest = &values[values.len().saturating_sub(COLUMNS)..];
    let last = values.last().copied().unwrap_or(f64::NAN);
    vec![
        it.name.clone(),
        sparkline(latest),
        values.len().to_string(),
        match it.unit {
            Unit::Ratio => format!("{last:.2} ×"),
            Unit::Nanoseconds => format!("{last:.0} ns"),
        },
        match it.change() {
            Some(change) => format!("{:+.1} %", change * 100.0),
            None => "-".to_owned(),
        },
    ]
}

/// So many runs, in words.
pub(super) fn many(runs: usize) -> String {
    format!("{runs} {}", if runs == 1 { "run" } else { "runs" })
}

/// A page that holds all it needs: the table, and a plot for each benchmark.
pub(super) fn page(courses: &[Course], runs: usize) -> String {
    let heads = ["benchmark", "", "runs", "last", "change"];
    let rows: Vec<Vec<String>> = courses.iter().map(row).collect();
    let plots: String = courses.iter().map(plotted).collect();
    let note = format!(
        "<p class=\"note\">{}, the oldest first. Beside a floor: multiples of it, whatever the machine; others: \
         time, a line for each machine. Change: the last run beside the median of those before.</p>",
        many(runs)
    );
    let body = format!(
        "{note}\n{}<div class=\"plots\">\n{plots}</div>",
        plot::table(&heads, &rows)
    );
    plot::page("Benchmarks from run to run", &body)
}

fn plotted(it: &Course) -> String {
    let unit = match it.unit {
        Unit::Ratio => "multiple of the floor",
        Unit::Nanoseconds => "time (ns)",
    };
    let series = [Series {
        name: &it.name,
        points: &it.points,
    }];
    plot::lines(&it.name, "run", unit, &series)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course() -> Course {
        Course {
            name: "store/hit <1000>".to_owned(),
            unit: Unit::Ratio,
            points: vec![(1.0, 2.0), (2.0, 2.0), (3.0, 3.0)],
        }
    }

    #[test]
    fn a_course_is_a_line() {
        let text = table(&[course()]);
        assert!(text.contains("store/hit <1000>  "), "{text}");
        assert!(text.contains("▁▁█     3  3.00 ×  +50.0 %"), "{text}");
    }

    #[test]
    fn one_run_is_no_runs() {
        assert_eq!([0, 1, 2].map(many), ["0 runs", "1 run", "2 runs"]);
        assert!(page(&[course()], 1).contains(">1 run, the oldest first"));
    }

    #[test]
    fn the_page_has_a_plot_for_each_and_escapes_names() {
        let html = page(&[course(), course()], 3);
        assert_eq!(html.matches("<svg").count(), 2);
        assert!(html.contains("store/hit &lt;1000&gt;") && !html.contains("<1000>"));
    }
}
