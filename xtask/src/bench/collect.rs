//! Reads what a bench binary writes: lists, samples, and the names of what failed.

use autoexec_metrics::stats::{mad, median};

use super::clock::{Clock, Times};

/// Turns a median absolute deviation into what a standard deviation would be for normal samples.
const NORMAL: f64 = 1.4826;

/// A benchmark as its binary lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Benchmark {
    pub(crate) id: String,
    pub(crate) clock: Clock,
}

/// One benchmark in one pass.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) target: String,
    pub(crate) id: String,
    pub(crate) clock: Clock,
    /// Of one iteration, by the clock that decides.
    pub(crate) median_ns: f64,
    /// How far samples lie from it, as a standard deviation.
    pub(crate) mad_ns: f64,
    /// Median time of one iteration on the wall.
    pub(crate) wall_ns: f64,
}

impl Sample {
    pub(crate) fn group(&self) -> &str {
        group_of(&self.id)
    }

    pub(crate) fn is_floor(&self) -> bool {
        name_of(&self.id) == "floor"
    }

    #[cfg(test)]
    pub(crate) fn of(group: &str, function: &str, median_ns: f64) -> Self {
        Self {
            target: "test".to_owned(),
            id: format!("{group}/{function}"),
            clock: Clock::Cpu,
            median_ns,
            mad_ns: median_ns * 0.02,
            wall_ns: median_ns * 1.5,
        }
    }
}

/// The group of a benchmark: its id without the last part.
pub(crate) fn group_of(id: &str) -> &str {
    id.rsplit_once('/').map_or(id, |(group, _)| group)
}

/// Whether it shows what others could cost at least, and is no code of ours: the floor of its group, or another
/// one, whose name says of what.
pub(crate) fn is_any_floor(id: &str) -> bool {
    name_of(id) == "floor" || name_of(id).starts_with("floor-")
}

fn name_of(id: &str) -> &str {
    id.rsplit_once('/').map_or("", |(_, name)| name)
}

/// What a binary said, line by line. Lines of other kinds are left out.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Said {
    /// `id`, a tab, and a clock.
    pub(crate) benchmarks: Vec<Benchmark>,
    /// One for all the `sample` lines of a benchmark.
    pub(crate) samples: Vec<Sample>,
    /// `failed`, a tab, and the name of a benchmark or a group.
    pub(crate) failed: Vec<String>,
}

pub(crate) fn parse(target: &str, text: &str) -> Said {
    let mut said = Said::default();
    let mut times: Vec<(Benchmark, Vec<(f64, f64)>)> = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[..] {
            ["failed", name] => said.failed.push(name.to_owned()),
            ["sample", id, word, ..] => {
                let Some((clock, each)) = sample_line(word, &fields[3..]) else {
                    continue;
                };
                match times.last_mut().filter(|(last, _)| last.id == id) {
                    Some((_, all)) => all.push(each),
                    None => times.push((benchmark(id, clock), vec![each])),
                }
            }
            [id, word] => {
                let known = Clock::from_word(word).map(|clock| benchmark(id, clock));
                said.benchmarks.extend(known);
            }
            _ => {}
        }
    }
    let sample = |(benchmark, times)| summarise(target, benchmark, times);
    said.samples = times.into_iter().filter_map(sample).collect();
    said
}

fn benchmark(id: &str, clock: Clock) -> Benchmark {
    let id = id.to_owned();
    Benchmark { id, clock }
}

/// The clock and the nanoseconds of one iteration, by it and on the wall.
fn sample_line(word: &str, numbers: &[&str]) -> Option<(Clock, (f64, f64))> {
    let clock = Clock::from_word(word)?;
    let (iterations, times) = numbers.split_first()?;
    let iterations: f64 = iterations.parse().ok().filter(|&it| it >= 1.0)?;
    let times = Times::parse(&times.join(" "))?;
    let each = (
        times.by(clock) as f64 / iterations,
        times.wall_ns as f64 / iterations,
    );
    Some((clock, each))
}

fn summarise(target: &str, benchmark: Benchmark, times: Vec<(f64, f64)>) -> Option<Sample> {
    let (mut ns, mut wall): (Vec<f64>, Vec<f64>) = times.into_iter().unzip();
    Some(Sample {
        target: target.to_owned(),
        id: benchmark.id,
        clock: benchmark.clock,
        median_ns: median(&mut ns)?,
        mad_ns: NORMAL * mad(&mut ns)?,
        wall_ns: median(&mut wall)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_name_benchmarks_and_what_decides() {
        let said = parse(
            "t",
            "a/b\tcpu\nnoise\na/c d\tprocess\nfailed\tbad\na/e\tmoon\n",
        );
        let ids: Vec<&str> = said.benchmarks.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(ids, ["a/b", "a/c d"]);
        assert_eq!(said.benchmarks[1].clock, Clock::Process);
        assert_eq!(said.failed, ["bad"]);
    }

    #[test]
    fn samples_become_medians_of_one_iteration() {
        let text = "sample\ta/b\tcpu\t10\t100\t500\t1000\n\
            sample\ta/b\tcpu\t10\t300\t500\t3000\nsample\ta/b\tcpu\t10\t120\t500\t2000\n\
            sample\ta/w\twall\t2\t1\t1\t50\n";
        let said = parse("t", text);
        assert_eq!(said.samples.len(), 2);
        let first = &said.samples[0];
        assert_eq!((first.median_ns, first.wall_ns), (12.0, 200.0));
        assert!((first.mad_ns - NORMAL * 2.0).abs() < 1e-9);
        assert_eq!(said.samples[1].median_ns, 25.0);
    }

    #[test]
    fn broken_sample_lines_are_left_out() {
        for bad in [
            "sample\ta/b\tcpu\t0\t1\t1\t1",
            "sample\ta/b\tcpu\t1\t1\t1",
            "sample\ta/b\tcpu\tx\t1\t1\t1",
        ] {
            assert_eq!(parse("t", bad), Said::default(), "{bad}");
        }
    }

    #[test]
    fn the_group_is_all_but_the_last_part() {
        assert_eq!(group_of("a/b/floor"), "a/b");
        assert!(is_any_floor("a/b/floor") && is_any_floor("a/b/floor-by-two"));
        assert!(!is_any_floor("a/b/floors") && !is_any_floor("floor") && !is_any_floor("floor/b"));
    }
}
