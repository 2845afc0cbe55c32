//! What a soak found, as a table with a line for each quantity.

use autoexec_metrics::plot::sparkline;

use super::Sample;
use super::judge::{Judgement, PER};
use crate::out;

/// As many columns as a line of the table can spare.
const COLUMNS: usize = 24;

pub(super) fn progress(sample: &Sample) -> String {
    format!(
        "{:.0} s: {} iterations, heap {}, resident {}",
        sample.seconds,
        sample.iteration,
        sample.heap_bytes.map_or("-".to_owned(), bytes),
        sample.rss_bytes.map_or("-".to_owned(), bytes)
    )
}

pub(super) fn report(samples: &[Sample], judgements: &[Judgement]) -> String {
    let Some(last) = samples.last() else {
        return "nothing was sampled\n".to_owned();
    };
    let mut text = format!(
        "{} iterations in {:.0} s, {} samples; growth is per {PER} iterations, after the first 40 %\n\n",
        last.iteration,
        last.seconds,
        samples.len()
    );
    let head = [
        "",
        "over time",
        "first",
        "last",
        "most",
        "growth",
        "99.9 % interval",
        "allowed",
        "",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(judgements.iter().map(row));
    text += &out::table(&rows);
    let grown = judgements.iter().filter(|it| it.grows());
    let grown: Vec<&str> = grown.map(|it| it.quantity.name).collect();
    let is_judged = judgements.iter().all(|it| it.growth.is_some());
    text += &match grown[..] {
        [] if !is_judged => String::new(),
        [] => "\nnothing grows\n".to_owned(),
        _ => format!("\nthis grows: {}\n", grown.join(", ")),
    };
    text
}

fn row(it: &Judgement) -> Vec<String> {
    let show = |value: f64| {
        if it.quantity.is_bytes {
            bytes(value)
        } else {
            format!("{value:.0}")
        }
    };
    let most = it.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let end = |value: Option<&f64>| value.map_or("-".to_owned(), |it| show(*it));
    let (growth, interval) = match it.growth {
        Some((growth, within)) => (
            show(growth),
            format!("{} to {}", show(within.low), show(within.high)),
        ),
        None => ("-".to_owned(), "-".to_owned()),
    };
    vec![
        it.quantity.name.to_owned(),
        sparkline(&thinned(&it.values)),
        end(it.values.first()),
        end(it.values.last()),
        show(most),
        growth,
        interval,
        show(it.quantity.limit),
        match (it.growth.is_some(), it.grows()) {
            (false, _) => "too few samples",
            (true, true) => "GROWS",
            (true, false) => "flat",
        }
        .to_owned(),
    ]
}

/// The greatest of each run of neighbours.
fn thinned(values: &[f64]) -> Vec<f64> {
    let size = values.len().div_ceil(COLUMNS).max(1);
    let greatest = |run: &[f64]| run.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    values.chunks(size).map(greatest).collect()
}

fn bytes(value: f64) -> String {
    if value.abs() >= 1e6 {
        format!("{:.1} MB", value / 1e6)
    } else {
        format!("{:.0} kB", value / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::super::judge::{QUANTITIES, judge};
    use super::*;

    #[test]
    fn what_grows_is_named() {
        let samples: Vec<Sample> = (1..=100)
            .map(|n| Sample {
                iteration: n * 10,
                seconds: n as f64,
                descriptors: Some(40.0 + n as f64),
                ..Sample::default()
            })
            .collect();
        let points: Vec<(f64, f64)> = (1..=100)
            .map(|n| (f64::from(n) * 10.0, 40.0 + f64::from(n)))
            .collect();
        let text = report(&samples, &[judge(&QUANTITIES[2], &points).unwrap()]);
        assert!(
            text.starts_with("1000 iterations in 100 s, 100 samples"),
            "{text}"
        );
        assert!(
            text.contains("GROWS") && text.ends_with("this grows: descriptors\n"),
            "{text}"
        );
        assert!(report(&samples, &[]).ends_with("nothing grows\n"));
        assert_eq!(report(&[], &[]), "nothing was sampled\n");
    }

    #[test]
    fn bytes_read_well() {
        assert_eq!(
            (bytes(1.5e6).as_str(), bytes(-300.0).as_str()),
            ("1.5 MB", "-0 kB")
        );
        assert_eq!(thinned(&[1.0; 100]).len(), 20);
    }
}
