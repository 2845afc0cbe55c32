//! From the samples of each pass to one entry per benchmark.

use super::collect::Sample;
use super::report::{Entry, Ratio};
use super::stats::{median, spread};

/// One entry per benchmark that any pass measured, by group, the floor first.
pub(crate) fn entries(passes: &[Vec<Sample>]) -> Vec<Entry> {
    let mut known: Vec<&Sample> = Vec::new();
    for sample in passes.iter().flatten() {
        if !known.iter().any(|one| one.id == sample.id) {
            known.push(sample);
        }
    }
    known.sort_by_key(|sample| {
        (
            &sample.target,
            &sample.group,
            &sample.value,
            !sample.is_floor(),
            &sample.id,
        )
    });
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
    let over = |figure: fn(&Sample) -> f64| {
        samples
            .iter()
            .map(|sample| figure(sample))
            .collect::<Vec<f64>>()
    };
    let (passes_ns, fastest) = (
        over(|sample| sample.median_ns),
        over(|sample| sample.fastest_ns),
    );
    Some(Entry {
        id: first.id.clone(),
        group: first.group.clone(),
        target: first.target.clone(),
        is_floor: first.is_floor(),
        median_ns: median(&passes_ns)?,
        low_ns: median(&over(|sample| sample.low_ns))?,
        high_ns: median(&over(|sample| sample.high_ns))?,
        mad_share: median(&over(|sample| sample.mad_ns / sample.median_ns))?,
        spread: spread(&passes_ns),
        passes_ns,
        fastest_ns: median(&fastest)?,
        fastest_passes_ns: fastest,
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
    let floor = passes.iter().find_map(|pass| floor_of(of, pass))?;
    let over = |figure: fn(&Sample) -> f64| {
        let both = |pass| Some(figure(find(pass, &of.id)?) / figure(find(pass, &floor.id)?));
        passes
            .iter()
            .filter_map(|pass| both(pass))
            .collect::<Vec<f64>>()
    };
    let (ratios, fastest) = (
        over(|sample| sample.median_ns),
        over(|sample| sample.fastest_ns),
    );
    Some(Ratio {
        id: floor.id.clone(),
        ratio: median(&ratios)?,
        spread: spread(&ratios),
        passes: ratios,
        fastest: median(&fastest)?,
        fastest_passes: fastest,
    })
}

/// The floor of the same group: the one for the same parameter, else one without any.
fn floor_of<'a>(of: &Sample, pass: &'a [Sample]) -> Option<&'a Sample> {
    let floors = || {
        pass.iter()
            .filter(|sample| sample.is_floor() && sample.group == of.group)
    };
    floors()
        .find(|floor| floor.value == of.value)
        .or_else(|| floors().find(|floor| floor.value.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_within_a_pass() {
        // The machine is three times slower in the second pass: the ratio does not notice.
        let pass = |scale: f64| {
            vec![
                Sample::of("g", "ours", None, 20.0 * scale),
                Sample::of("g", "floor", None, 10.0 * scale),
            ]
        };
        let entries = entries(&[pass(1.0), pass(3.0), pass(1.0)]);
        assert_eq!(
            entries
                .iter()
                .map(|entry| entry.id.as_str())
                .collect::<Vec<_>>(),
            ["g/floor", "g/ours"]
        );
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
    fn each_parameter_has_its_own_floor_or_the_common_one() {
        let pass = vec![
            Sample::of("g", "floor", Some("9"), 9.0),
            Sample::of("g", "floor", None, 1.0),
            Sample::of("g", "ours", Some("9"), 18.0),
            Sample::of("g", "ours", Some("7"), 7.0),
            Sample::of("other", "ours", None, 7.0),
        ];
        let entries = entries(&[pass]);
        let ratio = |id: &str| {
            entries
                .iter()
                .find(|entry| entry.id == id)
                .unwrap()
                .floor
                .as_ref()
                .map(|floor| floor.ratio)
        };
        assert_eq!(ratio("g/ours/9"), Some(2.0));
        assert_eq!(ratio("g/ours/7"), Some(7.0));
        assert_eq!(ratio("other/ours"), None);
    }

    #[test]
    fn one_pass_has_no_spread_and_a_pass_may_lack_a_benchmark() {
        let both = vec![
            Sample::of("g", "floor", None, 2.0),
            Sample::of("g", "ours", None, 4.0),
        ];
        let half = vec![Sample::of("g", "ours", None, 6.0)];
        let entries = entries(&[half, both]);
        let ours = entries.iter().find(|entry| entry.id == "g/ours").unwrap();
        assert_eq!(
            (
                ours.median_ns,
                ours.floor.as_ref().unwrap().passes.as_slice()
            ),
            (5.0, &[2.0][..])
        );
        assert_eq!(ours.floor.as_ref().unwrap().spread, None);
    }
}
