//! From the samples of each pass to one entry per benchmark.

use autoexec_metrics::stats;

use super::collect::Sample;
use super::report::{Entry, Ratio};

/// One entry per benchmark that any pass measured, by group, the floor first.
pub(crate) fn entries(passes: &[Vec<Sample>]) -> Vec<Entry> {
    let mut known: Vec<&Sample> = Vec::new();
    for sample in passes.iter().flatten() {
        if !known.iter().any(|one| one.id == sample.id) {
            known.push(sample);
        }
    }
    known.sort_by_key(|one| (&one.target, one.group(), !one.is_floor(), &one.id));
    known
        .into_iter()
        .filter_map(|sample| entry(sample, passes))
        .collect()
}

fn entry(first: &Sample, passes: &[Vec<Sample>]) -> Option<Entry> {
    let samples: Vec<&Sample> = passes
        .iter()
        .filter_map(|pass| find(pass, &first.id))
        .collect();
    let over = |figure: fn(&Sample) -> f64| -> Vec<f64> {
        samples.iter().map(|sample| figure(sample)).collect()
    };
    let passes_ns = over(|sample| sample.median_ns);
    Some(Entry {
        id: first.id.clone(),
        group: first.group().to_owned(),
        target: first.target.clone(),
        is_floor: first.is_floor(),
        clock: first.clock,
        median_ns: median(&passes_ns)?,
        wall_ns: median(&over(|sample| sample.wall_ns))?,
        mad_share: median(&over(|sample| sample.mad_ns / sample.median_ns))?,
        spread: spread(&passes_ns),
        passes_ns,
        floor: ratio(first, passes),
    })
}

fn find<'a>(pass: &'a [Sample], id: &str) -> Option<&'a Sample> {
    pass.iter().find(|sample| sample.id == id)
}

/// The ratio within each pass first: what slows the machine for a while slows both.
fn ratio(of: &Sample, passes: &[Vec<Sample>]) -> Option<Ratio> {
    if of.is_floor() {
        return None;
    }
    let floor = format!("{}/floor", of.group());
    let over = |figure: fn(&Sample) -> f64| -> Vec<f64> {
        let both =
            |pass: &Vec<Sample>| Some(figure(find(pass, &of.id)?) / figure(find(pass, &floor)?));
        passes.iter().filter_map(both).collect()
    };
    let ratios = over(|sample| sample.median_ns);
    Some(Ratio {
        ratio: median(&ratios)?,
        spread: spread(&ratios),
        wall: median(&over(|sample| sample.wall_ns))?,
        passes: ratios,
        id: floor,
    })
}

fn median(samples: &[f64]) -> Option<f64> {
    stats::median(&mut samples.to_vec())
}

/// How far the extremes lie apart, as a share of the median. Absent for fewer than two samples.
fn spread(samples: &[f64]) -> Option<f64> {
    let middle = median(samples).filter(|_| samples.len() > 1)?;
    let least = samples.iter().copied().fold(f64::INFINITY, f64::min);
    let most = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some((most - least) / middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_within_a_pass() {
        // The machine is three times slower in the second pass: the ratio does not notice.
        let pass = |scale: f64| {
            vec![
                Sample::of("g", "ours", 20.0 * scale),
                Sample::of("g", "floor", 10.0 * scale),
            ]
        };
        let entries = entries(&[pass(1.0), pass(3.0), pass(1.0)]);
        let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids, ["g/floor", "g/ours"]);
        let ours = &entries[1];
        assert_eq!((ours.median_ns, ours.spread), (20.0, Some(2.0)));
        let ratio = ours.floor.as_ref().unwrap();
        assert_eq!(
            (ratio.id.as_str(), ratio.ratio, ratio.spread),
            ("g/floor", 2.0, Some(0.0))
        );
        assert!(entries[0].floor.is_none() && entries[0].is_floor);
    }

    #[test]
    fn a_group_without_a_floor_has_no_ratio_and_a_floor_is_of_its_group_alone() {
        let pass = vec![
            Sample::of("g", "floor", 9.0),
            Sample::of("g/deeper", "ours", 18.0),
        ];
        let entries = entries(&[pass]);
        assert!(entries.iter().all(|entry| entry.floor.is_none()));
    }

    #[test]
    fn one_pass_has_no_spread_and_a_pass_may_lack_a_benchmark() {
        let both = vec![Sample::of("g", "floor", 2.0), Sample::of("g", "ours", 4.0)];
        let half = vec![Sample::of("g", "ours", 6.0)];
        let entries = entries(&[half, both]);
        let ours = entries.iter().find(|entry| entry.id == "g/ours").unwrap();
        let ratio = ours.floor.as_ref().unwrap();
        assert_eq!((ours.median_ns, ratio.passes.as_slice()), (5.0, &[2.0][..]));
        assert_eq!(ratio.spread, None);
    }
}
